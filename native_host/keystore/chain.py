"""The audit chain: sealed rows, each hashed over the one before, its head authenticated by a key of the store.

hash = SHA-256(bind(hash before, seq, at, sealing, sealed, record id, record digest)). A row that changes a record
carries the record's new digest in the clear, under the hash; the record's use looks its newest row up.
While the store is locked, rows are sealed to a public key of the store and follow the authenticated head unauthenticated,
until the next commit of an unlocked host covers them.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from native_host.keystore.sealed import StoreKeys, bind
from native_host.sodium import box_seal
from native_host.value import Value

if TYPE_CHECKING:
    from collections.abc import Iterator
    from sqlite3 import Connection

SEALED_WITH_KEY = 0
SEALED_TO_BOX = 1
GENESIS = bytes(32)


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
    """Whether the authenticated head stands where it says: no row before it was cut off or exchanged at the end."""
    head = connection.execute("SELECT seq, hash, mac FROM head").fetchone()
    if head is None:
        return False
    row = connection.execute("SELECT hash FROM audit WHERE seq = ?", (head[0],)).fetchone() if head[0] else (GENESIS,)
    return row is not None and row[0] == head[1] and keys.check_mac(head[2], "head", head[0].to_bytes(8, "big"), head[1])


def newest_digest(connection: Connection, record_id: bytes) -> bytes | None:
    """The digest that the newest row about a record names, if that row's own link holds; else ``None``."""
    found = connection.execute(
        "SELECT a.seq, a.at, a.sealing, a.sealed, a.record_id, a.record_digest, a.hash, b.hash"
        " FROM audit a LEFT JOIN audit b ON b.seq = a.seq - 1 WHERE a.record_id = ? ORDER BY a.seq DESC LIMIT 1",
        (record_id,),
    ).fetchone()
    if found is None:
        return None
    seq, at, sealing, sealed, _, digest, link, before = found
    return digest if link == _link(before or GENESIS, seq, at, sealing, sealed, record_id, digest) else None


def rows(connection: Connection, *, after: int = 0) -> Iterator[AuditRow]:
    """Every row in order, from the one after ``after``."""
    for row in connection.execute(
        "SELECT seq, at, sealing, sealed, record_id, record_digest, hash FROM audit WHERE seq > ? ORDER BY seq", (after,)
    ):
        yield AuditRow(seq=row[0], at=row[1], sealing=row[2], sealed=row[3], record_id=row[4], record_digest=row[5], hash=row[6])


def verify(connection: Connection) -> Broken | None:
    """Walk the whole chain without a secret: every link, no gap, and a head that stands on a row of it."""
    before, expected = GENESIS, 1
    head = connection.execute("SELECT seq, hash FROM head").fetchone()
    for row in rows(connection):
        if row.seq != expected:
            return Broken(seq=expected, text="a row is missing")
        if row.hash != _link(before, row.seq, row.at, row.sealing, row.sealed, row.record_id, row.record_digest):
            return Broken(seq=row.seq, text="a row, or its place in the chain, was changed")
        if head is not None and row.seq == head[0] and row.hash != head[1]:
            return Broken(seq=row.seq, text="the row is not the one that the head names")
        before, expected = row.hash, expected + 1
    if head is not None and head[0] >= expected:
        return Broken(seq=expected, text="the newest rows are missing")
    if head is None and expected > 1:
        return Broken(seq=expected, text="the head, which says where the rows end, is missing")
    return None


def _write_head(connection: Connection, keys: StoreKeys, seq: int, link: bytes) -> None:
    mac = keys.mac("head", seq.to_bytes(8, "big"), link)
    connection.execute("INSERT OR REPLACE INTO head VALUES (1, ?, ?, ?)", (seq, link, mac))


def _link(before: bytes, seq: int, at: int, sealing: int, sealed: bytes, record_id: bytes | None, digest: bytes | None) -> bytes:
    place = seq.to_bytes(8, "big") + at.to_bytes(8, "big") + bytes((sealing,))
    return sha256(bind(before, place, sealed, record_id or b"", digest or b"")).digest()
