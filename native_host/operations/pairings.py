"""The pairings that the keystore knows: a sealed document, which is the truth, and its copy in the clear, for a store that is locked.

Every call is held against them anew, so one that is removed ends at the next call, also of a host that runs.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, MsgspecError
from msgspec.msgpack import Decoder, Encoder
from msgspec.structs import replace

from native_host.caller.identity import Caller, Evidence, Family, Level
from native_host.caller.pairing import PAIRING_ID_BYTES
from native_host.errors import CannotUnseal, Locked
from native_host.keystore import pairings as table
from native_host.language import sentence
from native_host.protocol.methods import METHODS
from native_host.session import PairingFault, Session, require_pairing
from native_host.value import Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from native_host.config import PairingConfig
    from native_host.keystore.store import KeyStore
    from native_host.operations.house import House
    from native_host.transport.jsonrpc import Call

DOCUMENT = "pairings"
MOST_OF_AN_ORIGIN = 32
SIGNAL = "pairing"

PAIRED = "This extension is paired with Strongroom since {since}, and this request came through their sealed channel."
CLAIMED = "This request came through a sealed channel. Whether its extension is paired can be checked once the keystore is open."
UNPAIRED = "This extension is not paired with Strongroom: another program on this computer could pose as it."
OUTSIDE = (
    "A copy of this extension is paired, and this request did not come through its channel. It may be the same extension in another"
    " profile of the browser, or a program that poses as it."
)
REMOVED = "The pairing of this extension was removed. Another program could pose as it."
UNREADABLE = "What the keystore knows of paired extensions was changed from outside. Whether this extension is paired cannot be told."


class Pairing(Value, frozen=True, kw_only=True, array_like=True, forbid_unknown_fields=True):
    """One paired copy of an extension. ``public`` is its static key for the channel; ``created_at`` in milliseconds since 1970."""

    pairing_id: Annotated[bytes, Meta(min_length=PAIRING_ID_BYTES, max_length=PAIRING_ID_BYTES)]
    wallet_id: Annotated[bytes, Meta(max_length=64)]
    origin: Annotated[str, Meta(max_length=512)]
    family: Family
    public: Annotated[bytes, Meta(min_length=32, max_length=32)]
    created_at: Annotated[int, Meta(ge=0, le=253_402_300_799_999)]


class Opened(Value, frozen=True, kw_only=True):
    """The pairing that an open channel was opened under, and the key that its other end has proved to hold."""

    pairing_id: bytes
    public: bytes


Judged = tuple[bytes | None, PairingFault | None, Evidence]
"""The pairing that a call came under, why it is refused what takes one, and what its window says."""

_encode = Encoder().encode


def read(store: KeyStore) -> tuple[Pairing, ...]:
    """Every pairing, oldest first; raises ``Locked``, ``CannotUnseal``."""
    return decoded(store.document(DOCUMENT))


def decoded(content: bytes | None) -> tuple[Pairing, ...]:
    """The pairings of a document; none if it was never written. Raises ``CannotUnseal`` for anything else."""
    if not content:
        return ()
    try:
        return Decoder(tuple[Pairing, ...]).decode(content)
    except (MsgspecError, UnicodeDecodeError, RecursionError):
        raise CannotUnseal from None


def write(store: KeyStore, pairings: Iterable[Pairing]) -> None:
    """Write the document and its copy inside a transaction that appends an audit row. No older file gives back what is left out here."""
    kept = tuple(pairings)
    store.write_document(_encode(kept), DOCUMENT)
    table.put_right(store.connection, map(_row, kept))
    store.settle()


def put_right(house: House, origin: str) -> None:
    """Hold the copy against the document of the store that was just opened, and have the log say that it was another, if it was."""
    store = house.store
    with suppress(CannotUnseal):  # every call is refused then, and says so
        rows = [_row(one) for one in read(store)]
        if table.rows(store.connection) != sorted(rows):
            with store.transaction():
                table.put_right(store.connection, rows)
                house.audit.happened(origin, "pairings", "the file told of other pairings than the keystore knows")


def remove(house: House, origin: str, removed: Sequence[Pairing]) -> None:
    """Take pairings away for good: their channels are refused from the next call on."""
    store, gone = house.store, {one.pairing_id for one in removed}
    with store.transaction():
        write(store, [one for one in read(store) if one.pairing_id not in gone])
        for _ in removed:
            house.audit.happened(origin, "removePairing", "the person's own program")


def _row(pairing: Pairing) -> table.Row:
    return pairing.pairing_id, pairing.origin, pairing.public


class Pairings:
    """How the calls of one port stand to the pairings. Used with the house lock held; asked at every call, so what was found is kept for as
    long as nothing changes."""

    def __init__(self, store: KeyStore, config: PairingConfig) -> None:
        self._store = store
        self._config = config
        self._known: tuple[bytes | None, tuple[Pairing, ...]] = (None, ())
        self._last: tuple[bytes | None, Opened | None, bytes, Judged] | None = None
        self._applied: tuple[Judged, Session, Session] | None = None

    def find(self, session: Session, pairing_id: bytes) -> bytes | None:
        """The public key of a pairing of this origin's; of a locked store it is worth no more than the file. Raises ``CannotUnseal``."""
        if not self._store.is_unlocked:
            return table.find(self._store.connection, pairing_id, session.caller.origin)
        return next((one.public for one in self._of(session) if one.pairing_id == pairing_id), None)

    def applied(self, session: Session, opened: Opened | None) -> Session:
        """The session, with what its channel and the pairings say of it. ``opened`` is ``None`` for a call outside of a channel."""
        judged, last = self._judged(session, opened), self._applied
        if last is None or last[0] is not judged or last[1] != session:
            pairing, fault, evidence = judged
            caller, reads = _with(session.caller, evidence), self._config.unpaired_reads
            known = replace(session, caller=caller, pairing=pairing, pairing_fault=fault, unpaired_reads=reads)
            self._applied = last = (judged, session, known)
        return last[2]

    def check_unchanged(self, session: Session, call: Call) -> None:
        """See that the pairing of a call that has waited for the person is one still, or that its extension has none still.

        Raises:
            NotPaired, CannotUnseal
        """
        if session.state != "unlocked" or not self._store.is_unlocked:
            return
        fault, known = session.pairing_fault, {one.pairing_id for one in self._of(session)}
        if session.pairing is None and known:
            fault = "outside"
        elif session.pairing is not None and session.pairing not in known:
            fault = "removed"
        require_pairing(replace(session, pairing_fault=fault), METHODS[call.method], call.params)

    def _judged(self, session: Session, opened: Opened | None) -> Judged:
        try:
            return self._judged_open(session, opened) if self._store.holds_keys else self._judged_locked(session, opened)
        except Locked:
            return self._judged_locked(session, opened)
        except CannotUnseal:
            return None, "unreadable", _evidence("contradicted", UNREADABLE)

    def _judged_open(self, session: Session, opened: Opened | None) -> Judged:
        content, last = self._store.document(DOCUMENT), self._last
        if last is None or last[0] is not content or last[1] is not opened or last[2] != session.wallet_id:
            judged = self._judged_by(self._of(session), opened)
            self._last = last = (content, opened, session.wallet_id, judged)
        return last[3]

    def _judged_by(self, pairings: tuple[Pairing, ...], opened: Opened | None) -> Judged:
        if opened is None:
            return self._outside(is_paired=bool(pairings))
        from native_host.encodings.date_time import in_words

        for one in pairings:
            if (one.pairing_id, one.public) == (opened.pairing_id, opened.public):
                # Not proved: the extension's key lies in the browser's profile, where programs of the same user can read it.
                day, month, year = in_words(one.created_at).partition(",")[0].split(" ")
                since = sentence("{day} {month} {rest}", day=day, month=sentence(month), rest=year)
                return one.pairing_id, None, _evidence("consistent", sentence(PAIRED, since=since))
        return None, "removed", _evidence("contradicted", REMOVED)

    def _judged_locked(self, session: Session, opened: Opened | None) -> Judged:
        connection, origin = self._store.connection, session.caller.origin
        if opened is None:
            return self._outside(is_paired=table.is_paired(connection, origin))
        if table.find(connection, opened.pairing_id, origin) != opened.public:
            return None, "removed", _evidence("contradicted", REMOVED)
        return opened.pairing_id, None, _evidence("unknown", CLAIMED)

    def _outside(self, *, is_paired: bool) -> Judged:
        if is_paired:
            return None, "outside", _evidence("unknown", OUTSIDE)
        return None, "required" if self._config.required else None, _evidence("unknown", UNPAIRED)

    def _of(self, session: Session) -> tuple[Pairing, ...]:
        """The pairings of this origin's in its wallet; of one that was attached to another wallet since, none."""
        content = self._store.document(DOCUMENT)
        if content is not self._known[0]:
            self._known = (content, decoded(content))
        origin, wallet_id = session.caller.origin, session.wallet_id
        return tuple(one for one in self._known[1] if (one.origin, one.wallet_id) == (origin, wallet_id))


def _with(caller: Caller, evidence: Evidence) -> Caller:
    """The caller with this evidence, behind whatever speaks against it."""
    against = [one for one in caller.evidence if one.level == "contradicted"]
    others = [one for one in caller.evidence if one.level != "contradicted"]
    first = evidence.level in {"consistent", "contradicted"}
    return replace(caller, evidence=(*against, evidence, *others) if first else (*against, *others, evidence))


def _evidence(level: Level, text: str) -> Evidence:
    return Evidence(signal=SIGNAL, level=level, text=text)
