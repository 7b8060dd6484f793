"""The record of every decision and its outcome, in the same transaction as the effect.

An entry says who asked, for what, with which key, who or what allowed it, and how it ended; it holds digests, never
what was signed. Public reads and refused frames leave no entry. Rows are sealed and chained by ``keystore.chain``.
"""

from __future__ import annotations

from contextlib import contextmanager
from hashlib import sha256
from typing import TYPE_CHECKING

from msgspec import UNSET, MsgspecError
from msgspec.json import Encoder as JsonEncoder
from msgspec.msgpack import Decoder, Encoder

from native_host.errors import CannotUnseal, DecryptionFailed, KmsError
from native_host.keystore import chain
from native_host.policy.past import Considered, considered
from native_host.protocol.wire import encode_hook
from native_host.value import Value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from native_host.approval.permit import Permit
    from native_host.keystore.store import KeyStore
    from native_host.policy import Facts, KeyView
    from native_host.session import Session
    from native_host.transport.jsonrpc import Call

"""The origin of what the keystore's owner did with a command of their own."""


class Entry(Value, frozen=True, kw_only=True):
    """One decision. ``request`` is SHA-256 over the params; ``outcome`` is ``done`` or the reason of an error; ``facts`` is what a policy would
    ask about, missing in entries of before there were policies."""

    origin: str
    wallet: str
    method: str
    request: bytes
    approved_by: str
    rule: str
    outcome: str
    key_id: str | None = None
    alg: str | None = None
    page: str | None = None
    evidence: tuple[str, ...] = ()
    facts: Considered | None = None


class AuditedEntry(Value, frozen=True, kw_only=True):
    """An entry with its place; ``at`` in milliseconds since 1970. ``entry`` is ``None`` if it cannot be read."""

    seq: int
    at: int
    while_locked: bool
    entry: Entry | None


_encode = Encoder().encode
_encode_params = JsonEncoder(enc_hook=encode_hook).encode


class Audit:
    """Writes entries into a store's chain."""

    def __init__(self, store: KeyStore) -> None:
        self._store = store

    @contextmanager
    def effect(self, permit: Permit) -> Iterator[None]:
        """The block's writes and the entry that says so, together or not at all; a refusal inside leaves its own entry.

        What does not decrypt has used the key all the same: the block's writes, which count that use, stay with its entry.
        """
        failed: DecryptionFailed | None = None
        try:
            with self._store.transaction():
                try:
                    yield
                except DecryptionFailed as error:
                    failed = error
                self._store.append_audit(_entry(permit, failed.reason if failed else "done"))
        except KmsError as error:
            if self._store.is_set_up:
                with self._store.transaction():
                    self._store.append_audit(_entry(permit, error.reason))
                error.is_recorded = True
            raise
        if failed is not None:
            failed.is_recorded = True
            raise failed

    def refused(self, session: Session, call: Call, facts: Facts, error: KmsError, rule: str = "") -> None:
        """The entry of a call that was refused; ``rule`` is what denied it before there was a permit for it, if one did. One that ``effect`` has
        written goes on with this."""
        if self._store.is_set_up:
            key = facts.key or facts.imported
            made = chain.CONTINUED if error.is_recorded else _encode(_made(session, call, facts, key, "nobody", rule, error.reason))
            with self._store.transaction():
                self._store.append_audit(made)

    def happened(self, origin: str, what: str, rule: str) -> None:
        """The entry of something that nobody called for: a refused origin, an idle lock."""
        if self._store.is_set_up:
            entry = Entry(origin=origin, wallet="", method=what, request=b"", approved_by="nobody", rule=rule, outcome="done")
            with self._store.transaction():
                self._store.append_audit(_encode(entry))


def entries(store: KeyStore) -> Iterator[AuditedEntry]:
    """Every entry in order, once; the store must be unlocked. Places are left out in between: rows that say only that a decision changed more."""
    decode = Decoder(Entry).decode  # here, because no start needs it
    for row in chain.rows(store.connection):
        try:
            content = store.read_audit(row)
            if content == chain.CONTINUED:
                continue
            entry: Entry | None = decode(content)
        except (CannotUnseal, MsgspecError, UnicodeDecodeError, RecursionError):
            entry = None
        yield AuditedEntry(seq=row.seq, at=row.at, while_locked=row.sealing == chain.SEALED_TO_BOX, entry=entry)


def _entry(permit: Permit, outcome: str) -> bytes:
    made = _made(permit.session, permit.call, permit.facts, permit.facts.key, permit.approved_by, permit.rule, outcome)
    return _encode(made)


def _made(session: Session, call: Call, facts: Facts, key: KeyView | None, approved_by: str, rule: str, outcome: str) -> Entry:
    page = getattr(call.params, "page", UNSET)
    return Entry(
        origin=session.caller.origin,
        wallet=session.wallet,
        method=call.method,
        request=sha256(_encode_params(call.params)).digest(),
        approved_by=approved_by,
        rule=rule,
        outcome=outcome,
        key_id=key.key_id if key else None,
        alg=key.alg if key else None,
        page=None if page is UNSET else page.origin,
        evidence=tuple(evidence.text for evidence in session.caller.evidence),
        # The person's own program is under no policy.
        facts=None if session.caller.family is None else considered(session, call, facts),
    )
