"""The audit chain: sealed rows, each hashed over the one before, its head authenticated by a key of the store.

hash = SHA-256(bind(hash before, seq, at, sealing, sealed, record id, record digest)). A row that changes a record
carries the record's new digest in the clear, under the hash; the record's use looks its newest row up.
While the store is locked, rows are sealed to a public key of the store and follow the authenticated head unauthenticated,
until the next commit of an unlocked host covers them.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

from native_host.keystore.sealed import StoreKeys, bind
from native_host.sodium import box_seal
from native_host.value import Value

if TYPE_CHECKING:
    from collections.abc import Iterator
    from sqlite3 import Connection

SEALED_WITH_KEY = 0
SEALED_TO_BOX = 1
GENESIS = bytes(32)
_MISSHAPEN = (TypeError, AttributeError, ValueError, OverflowError)
"""What comes of a column that holds a value of another type: SQLite keeps whatever somebody wrote there."""


class AuditRow(Value, frozen=True, kw_only=True):
    """One row as it is stored; ``at`` in milliseconds since 1970."""

    seq: int
    at: int
    sealing: int
    sealed: bytes
    record_id: bytes | None
    record_digest: bytes | None
    hash: bytes


class Broken(Value, frozen=True, kw_only=True):
    """What is wrong with a chain: at which row, in plain words."""

    seq: int
    text: str


def begin(connection: Connection, keys: StoreKeys) -> None:
    """Authenticate the empty chain of a new store, so that from then on there is a head whenever there is a store."""
    _write_head(connection, keys, 0, GENESIS)


def append(
    connection: Connection, keys: StoreKeys | None, box_public: bytes, at: int, content: bytes, change: tuple[bytes, bytes] | None = None
) -> bytes:
    """Add one row inside the caller's transaction and return its hash; ``change`` is a record's id and new digest."""
    row = connection.execute("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
    seq, before = (row[0] + 1, row[1]) if row else (1, GENESIS)
    sealing = SEALED_TO_BOX if keys is None else SEALED_WITH_KEY
    sealed = box_seal(box_public, content) if keys is None else keys.seal_audit(seq, at, content)
    record_id, digest = change or (None, None)
    link = _link(before, seq, at, sealing, sealed, record_id, digest)
    connection.execute("INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?)", (seq, at, sealing, sealed, record_id, digest, link))
    if keys is not None:
        _write_head(connection, keys, seq, link)
    return link


def head_is_authentic(connection: Connection, keys: StoreKeys) -> bool:
    """Whether the chain ends where an open store left it: its row is there, and rows behind it are such as a locked store writes."""
    seq, link = _authentic_head(connection, keys)
    row = connection.execute("SELECT hash FROM audit WHERE seq = ?", (seq,)).fetchone() if seq else (GENESIS,)
    # The hashes need no secret: whoever has the file can go on with them, and must not change a record by that.
    behind = connection.execute("SELECT 1 FROM audit WHERE seq > ? AND record_id IS NOT NULL LIMIT 1", (seq,)).fetchone()
    return row is not None and row[0] == link and behind is None


def newest_digest(connection: Connection, keys: StoreKeys, record_id: bytes) -> bytes | None:
    """The digest that the newest row about a record names; ``None`` if there is no such row.

    Of a row that an open store did not write as it stands, it is empty, and so no record's: its link does not hold, or it stands
    behind the authenticated head.
    """
    found = connection.execute(
        "SELECT a.seq, a.at, a.sealing, a.sealed, a.record_id, a.record_digest, a.hash, b.hash"
        " FROM audit a LEFT JOIN audit b ON b.seq = a.seq - 1 WHERE a.record_id = ? ORDER BY a.seq DESC LIMIT 1",
        (record_id,),
    ).fetchone()
    if found is None:
        return None
    *row, before = found
    holds = row[0] <= _authentic_head(connection, keys)[0] and _holds(_row(*row), before or GENESIS)
    digest: bytes = row[5]
    return digest if holds else b""


def rows(connection: Connection, *, after: int = 0) -> Iterator[AuditRow]:
    """Every row in order, from the one after ``after``."""
    for row in connection.execute(
        "SELECT seq, at, sealing, sealed, record_id, record_digest, hash FROM audit WHERE seq > ? ORDER BY seq", (after,)
    ):
        yield _row(*row)


def verify(connection: Connection) -> Broken | None:
    """Walk the whole chain without a secret: every link, no gap, and a head that stands on a row of it."""
    # One transaction: a host that writes meanwhile would move the head between the two questions.
    connection.execute("SAVEPOINT verify")
    try:
        head = connection.execute("SELECT seq, hash FROM head").fetchone()
        return _walk(rows(connection), head)
    finally:
        connection.execute("RELEASE verify")


def _walk(chain: Iterator[AuditRow], head: tuple[int, bytes] | None) -> Broken | None:
    before, expected = GENESIS, 1
    head_seq, head_hash = head or (0, GENESIS)
    found = head_seq == 0 and head_hash == GENESIS
    for row in chain:
        if row.seq != expected:
            return Broken(seq=expected, text="a row is missing")
        if not _holds(row, before):
            return Broken(seq=row.seq, text="a row, or its place in the chain, was changed")
        if row.record_id is not None and (row.sealing != SEALED_WITH_KEY or (head is not None and found and row.seq > head_seq)):
            return Broken(seq=row.seq, text="a row speaks of a key and was not written by an open keystore")
        if row.seq == head_seq:
            if row.hash != head_hash:
                return Broken(seq=row.seq, text="the row is not the one that the head names")
            found = True
        before, expected = row.hash, expected + 1
    if head is None and expected > 1:
        return Broken(seq=expected, text="the head, which says where the rows end, is missing")
    return None if found else Broken(seq=expected, text="the newest rows are missing")


def _authentic_head(connection: Connection, keys: StoreKeys) -> tuple[int, bytes]:
    """Where an open store left the chain; before its beginning if nothing says so that only an open store can have written."""
    head = connection.execute("SELECT seq, hash, mac FROM head").fetchone()
    try:
        authentic = head is not None and keys.check_mac(head[2], "head", head[0].to_bytes(8, "big"), head[1])
    except _MISSHAPEN:
        authentic = False
    return (head[0], head[1]) if authentic else (-1, b"")


def _write_head(connection: Connection, keys: StoreKeys, seq: int, link: bytes) -> None:
    mac = keys.mac("head", seq.to_bytes(8, "big"), link)
    connection.execute("INSERT OR REPLACE INTO head (id, seq, hash, mac) VALUES (1, ?, ?, ?)", (seq, link, mac))


def _row(*columns: Any) -> AuditRow:
    seq, at, sealing, sealed, record_id, record_digest, link = columns
    return AuditRow(seq=seq, at=at, sealing=sealing, sealed=sealed, record_id=record_id, record_digest=record_digest, hash=link)


def _holds(row: AuditRow, before: bytes) -> bool:
    """Whether a row's hash is over what it says and the hash before."""
    try:
        return row.hash == _link(before, row.seq, row.at, row.sealing, row.sealed, row.record_id, row.record_digest)
    except _MISSHAPEN:
        return False


def _link(before: bytes, seq: int, at: int, sealing: int, sealed: bytes, record_id: bytes | None, digest: bytes | None) -> bytes:
    place = seq.to_bytes(8, "big") + at.to_bytes(8, "big") + bytes((sealing,))
    return sha256(bind(before, place, sealed, record_id or b"", digest or b"")).digest()
