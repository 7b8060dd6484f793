"""What is found of a file that somebody changed without the store's keys, each by a name, in words for its owner.

Most of it needs no secret: the hashes of the audit chain, and the digests in it of every record and of the store's own rows. That the chain's
head was written by an open store needs the store's keys; that the whole file is no older copy needs the counter outside it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from native_host.errors import CannotUnseal
from native_host.keystore import chain, documents, records, vouching
from native_host.language import sentence
from native_host.value import Value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from sqlite3 import Connection

    from native_host.keystore.chain import Broken, Head, Walked
    from native_host.keystore.sealed import StoreKeys
    from native_host.keystore.vouching import Difference

ABOUT_COUNTER = frozenset({"older_copy", "counter_gone", "counter_unreachable"})
"""Findings that need the counter outside the file, and that nothing in the file shows."""
DECIDE = "To decide whether to go on with it: strongroom audit accept"
HEAD_MISSING = "The mark that says where the record of decisions ends is missing."
HEAD_CHANGED = "The mark that says where the record of decisions ends was not made by your keystore."
END_CHANGED = "The end of the record of decisions is not as your keystore left it."
NEVER_VOUCHED = "What your keystore knows of its ways in and settings was taken out of its record."
LOG = "Broken at entry {seq} of the record of decisions: {text}."
KEY_REMOVED = "A key, or what your keystore knows of a pairing, grant, limit or policy, was taken out of the file."
KEY_CHANGED = "A key is not as your keystore left it: it was changed, exchanged, or put back to an earlier state."
KEY_UNKNOWN = "A key is in the file that your record of decisions does not know."
DOCUMENT_CHANGED = (
    "What your keystore knows of pairings, grants, limits or policies was changed, exchanged, or put back to an earlier state."
)
DOCUMENT_UNKNOWN = "Something is in the file among pairings, grants, limits and policies that your record of decisions does not know."
OWN = {
    ("slot", "added"): "A way in was added, or put back after you removed it: {label}.",
    ("slot", "removed"): "A way in was taken out: {label}.",
    ("slot", "changed"): "A way in was changed: {label}.",
    ("key", "added"): "A key of the keystore itself was put in: {label}.",
    ("key", "removed"): "A key of the keystore itself was taken out: {label}.",
    ("key", "changed"): "A key of the keystore itself was changed: {label}.",
    ("setting", "added"): "A setting of the keystore was put in: {label}.",
    ("setting", "removed"): "A setting of the keystore was taken out: {label}.",
    ("setting", "changed"): "A setting of the keystore was changed: {label}.",
}


class Finding(Value, frozen=True, kw_only=True):
    """One thing that is not as the store left it. ``good_at`` is the time of the last entry before it that is as it was written, in
    milliseconds since 1970; ``seq`` is that of an entry, ``record_id`` of what concerns one key, which is refused at its use."""

    name: str
    text: str
    seq: int | None = None
    good_at: int | None = None
    record_id: bytes | None = None


class ChangedOutside(CannotUnseal):
    """The KEK was right, and yet the file is not as an unlocked host left it; ``findings`` is what is known of that."""

    default_message = "The keystore was changed from outside. See what is wrong with: strongroom audit verify"

    def __init__(self, findings: Sequence[Finding] = ()) -> None:
        # What a counter says is in no file, and so nothing that verifying the file would show.
        outside = [finding.text for finding in findings if finding.name in ABOUT_COUNTER]
        super().__init__(" ".join((*outside, DECIDE)) if outside and len(outside) == len(findings) else None)
        self.findings = tuple(findings)


class Examined(Value, frozen=True, kw_only=True):
    """What can be told of a file without a secret."""

    rows: int
    findings: tuple[Finding, ...]


class Standing(Value, frozen=True, kw_only=True):
    """What stands in a file at one moment: a digest over the store's own rows, and each record's and document's. What a person was shown is what they go on
    with, and nothing that was put there while they read."""

    own: bytes
    records: dict[bytes, bytes | None]


def standing(connection: Connection) -> Standing:
    """What stands there now; needs no secret."""
    with _Snapshot(connection):
        return Standing(
            own=vouching.present(connection), records={**dict(records.digests(connection)), **dict(documents.digests(connection))}
        )


def examine(connection: Connection) -> Examined:
    """Everything that can be told without a secret."""
    with _Snapshot(connection):
        walked = chain.walk(connection)
        findings = (*_about_chain(walked.broken), *own(connection, walked.newest.get(chain.VOUCHED)), *of_records(connection, walked))
        return Examined(rows=walked.rows, findings=findings)


def at_unlocking(connection: Connection, keys: StoreKeys, *, whole: bool) -> list[Finding]:
    """What keeps the store closed until its owner decides; ``whole``: with a walk over the whole chain. Records are not looked at here:
    each is checked at its use, and one that was changed leaves the others usable."""
    with _Snapshot(connection):
        head = chain.authentic_head(connection, keys)
        found = list(_about_head(connection, head))
        # A store that never vouched is one of format 1, or one whose rows about it were hidden: that takes a walk to tell.
        whole = whole or chain.newest_digest(connection, keys, chain.VOUCHED) is None
        walked = chain.walk(connection, head) if whole else None
        if walked is not None:
            found += [one for one in _about_chain(walked.broken) if one.name not in {other.name for other in found}]
        elif head is not None and chain.checked_end(connection, keys) is None:
            found.append(Finding(name="log_truncated", text=END_CHANGED, seq=head.seq))
        newest = walked.newest.get(chain.VOUCHED) if walked else chain.newest_digest(connection, keys, chain.VOUCHED)
        found += own(connection, newest)
        if newest is None and head is not None and head.version:
            found.append(Finding(name="setting_removed", text=NEVER_VOUCHED))
        if not found and not _box_is_ours(connection, keys):
            found.append(_of(vouching.Difference(what="setting", how="changed", label="auditPublic")))
        return found


def in_passing(connection: Connection, known: Head, *, rows: int, rest: Callable[[], None]) -> Finding | None:
    """What a walk over the whole chain finds beside an open store, with a ``rest`` after every few ``rows``; ``known`` is the head that was
    authentic when it was opened."""
    with _Snapshot(connection):
        row = connection.execute("SELECT hash FROM audit WHERE seq = ?", (known.seq,)).fetchone() if known.seq else (chain.GENESIS,)
        if row is None or row[0] != known.hash:
            return Finding(name="log_truncated", text=END_CHANGED, seq=known.seq)
        return next(iter(_about_chain(chain.stroll(connection, rows=rows, rest=rest))), None)


def of_records(connection: Connection, walked: Walked) -> Iterator[Finding]:
    """Records and documents that are not as the newest row about them says."""
    missing = {record_id for record_id in walked.newest if record_id not in chain.OWN_NAMES}
    for record_id, digest in records.digests(connection):
        missing.discard(record_id)
        newest = walked.newest.get(record_id)
        if newest is None:
            yield Finding(name="key_unknown", text=KEY_UNKNOWN, record_id=record_id)
        elif digest != newest:
            yield Finding(name="key_changed", text=KEY_CHANGED, record_id=record_id)
    for document_id, digest in documents.digests(connection):
        missing.discard(document_id)
        newest = walked.newest.get(document_id)
        if newest is None:
            yield Finding(name="document_unknown", text=DOCUMENT_UNKNOWN, record_id=document_id)
        elif digest != newest:
            yield Finding(name="document_changed", text=DOCUMENT_CHANGED, record_id=document_id)
    for record_id in sorted(missing, key=repr):
        yield Finding(name="key_removed", text=KEY_REMOVED, record_id=record_id)


def _about_head(connection: Connection, head: Head | None) -> Iterator[Finding]:
    if head is not None:
        return
    if connection.execute("SELECT 1 FROM head").fetchone() is None:
        yield Finding(name="head_missing", text=HEAD_MISSING)
    else:
        yield Finding(name="head_changed", text=HEAD_CHANGED)


def _about_chain(broken: Broken | None) -> Iterator[Finding]:
    if broken is not None:
        good_at = broken.good_at if isinstance(broken.good_at, int) else None
        yield Finding(name=broken.name, text=sentence(LOG, seq=broken.seq, text=sentence(broken.text)), seq=broken.seq, good_at=good_at)


def own(connection: Connection, newest: bytes | None) -> list[Finding]:
    """Slots, wrapped keys and settings that are not as the newest row about them says; ``newest`` is its digest."""
    return [_of(difference) for difference in vouching.differences(connection, newest)]


def _of(difference: Difference) -> Finding:
    text = sentence(OWN[difference.what, difference.how], label=difference.label)
    return Finding(name=f"{'own_key' if difference.what == 'key' else difference.what}_{difference.how}", text=text)


def _box_is_ours(connection: Connection, keys: StoreKeys) -> bool:
    """Whether what happens while the store is locked is written down for its owner, and nobody else."""
    row = connection.execute("SELECT value FROM meta WHERE name = 'auditPublic'").fetchone()
    return row is not None and row[0] == keys.audit_public()


class _Snapshot:
    """One read transaction for a block: a host that writes meanwhile would make what is compared belong to different times."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __enter__(self) -> None:
        self._connection.execute("SAVEPOINT snapshot")

    def __exit__(self, *_: object) -> None:
        self._connection.execute("RELEASE snapshot")
