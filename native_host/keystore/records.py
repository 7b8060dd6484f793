"""Records: one key each, in two sealed blobs, metadata with the public key apart from the secret.

Listing and reviewing open the first blob only. A derived key is a record without a secret: its parent's id and a path.
Every use of a record checks its digest, over both blobs as they are stored, against the newest audit row about it.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from msgspec import MsgspecError
from msgspec.msgpack import Decoder, Encoder

from native_host.errors import CannotUnseal, KeyState
from native_host.keystore import chain
from native_host.keystore.sealed import StoreKeys, bind
from native_host.secret import SecretBytes
from native_host.value import Value

if TYPE_CHECKING:
    from collections.abc import Iterator
    from sqlite3 import Connection, Cursor

RECORD_ID_BYTES = 16
_MISSHAPEN = (TypeError, AttributeError, OverflowError)


class Metadata(Value, frozen=True, kw_only=True):
    """What is known of a key without opening its secret. ``version`` is the key's own, which a rotation would raise.

    ``public`` is the suite's raw public key. ``seed`` is a keyed hash of a seed's bytes, so that usages can be bound to
    (seed, curve, path) whatever record names the seed. ``expires_at`` in milliseconds since 1970; ``max_uses`` bounds the uses of
    the private key, ``uses`` is what a counter record holds. ``language`` is the word list of a seed's recovery words. ``key_storage`` is
    what an administrator says that a token's keys resist.
    """

    alg: str
    usages: tuple[str, ...]
    provenance: str
    state: str
    created_at: int
    version: int = 1
    backend: str = "local"
    protection: str = "software"
    label: str | None = None
    public: bytes | None = None
    address: str | None = None
    parent: bytes | None = None
    scheme: str | None = None
    path: str | None = None
    seed: bytes | None = None
    expires_at: int | None = None
    max_uses: int | None = None
    uses: int = 0
    language: str | None = None
    key_storage: str | None = None


class Record(Value, frozen=True, kw_only=True):
    """A record as it stands: ``revision`` counts its writes, ``position`` orders an owner's records by age, ``generation`` is that of the DEKs
    under which it is sealed."""

    record_id: bytes
    owner: bytes
    revision: int
    position: int
    metadata: Metadata
    generation: int


_encode = Encoder().encode
_decode = Decoder(Metadata).decode


def insert(
    connection: Connection,
    keys: StoreKeys,
    record_id: bytes,
    owner: bytes,
    metadata: Metadata,
    secret: bytearray | memoryview | None,
    identity: bytes | None,
    at: int,
) -> bytes:
    """Add a record and return its digest. ``identity`` is a keyed hash that no two records of the store may share.

    Raises:
        sqlite3.IntegrityError: if another record has that identity.
    """
    sealed = keys.seal_record("metadata", record_id, 1, b"", _encode(metadata))
    sealed_secret = None if secret is None else keys.seal_record("secret", record_id, metadata.version, metadata.alg.encode(), secret)
    connection.execute(
        "INSERT INTO records (record_id, owner, identity, version, changed_at, metadata, secret, sealing) VALUES (?, ?, ?, 1, ?, ?, ?, ?)",
        (record_id, owner, identity, at, sealed, sealed_secret, keys.generation),
    )
    return _digest(record_id, owner, 1, sealed, sealed_secret)


def update(connection: Connection, keys: StoreKeys, record: Record, metadata: Metadata, at: int) -> bytes:
    """Write new metadata over a record and return its new digest.

    Raises:
        KeyState: another host has written to it since it was read.
    """
    if record.generation != keys.generation:
        return bring_over(connection, keys, record, metadata, at)
    revision = record.revision + 1
    sealed = keys.seal_record("metadata", record.record_id, revision, b"", _encode(metadata))
    _check_written(
        connection.execute(
            "UPDATE records SET version = ?, changed_at = ?, metadata = ? WHERE record_id = ? AND version = ?",
            (revision, at, sealed, record.record_id, record.revision),
        )
    )
    (secret,) = connection.execute("SELECT secret FROM records WHERE record_id = ?", (record.record_id,)).fetchone()
    return _digest(record.record_id, record.owner, revision, sealed, secret)


def bring_over(connection: Connection, keys: StoreKeys, record: Record, metadata: Metadata, at: int) -> bytes:
    """Write a record anew, its secret with it, under the newest generation of DEKs, and return its new digest; raises as ``update`` does."""
    revision = record.revision + 1
    row = connection.execute(
        "SELECT secret FROM records WHERE record_id = ? AND version = ?", (record.record_id, record.revision)
    ).fetchone()
    secret = None
    if row is not None and row[0] is not None:
        with SecretBytes(_unseal_secret(keys, record, row[0])) as plain:
            secret = keys.seal_record("secret", record.record_id, metadata.version, metadata.alg.encode(), plain.buffer)
    sealed = keys.seal_record("metadata", record.record_id, revision, b"", _encode(metadata))
    _check_written(
        connection.execute(
            "UPDATE records SET version = ?, changed_at = ?, metadata = ?, secret = ?, sealing = ? WHERE record_id = ? AND version = ?",
            (revision, at, sealed, secret, keys.generation, record.record_id, record.revision),
        )
    )
    return _digest(record.record_id, record.owner, revision, sealed, secret)


def replace(
    connection: Connection,
    keys: StoreKeys,
    record: Record,
    metadata: Metadata,
    secret: bytearray | memoryview,
    identity: bytes | None,
    at: int,
) -> bytes:
    """Write a new secret, with its metadata and identity, over a record and return its new digest.

    Raises:
        KeyState: another host has written to it since it was read.
        sqlite3.IntegrityError: if another record has that identity.
    """
    revision = record.revision + 1
    sealed = keys.seal_record("metadata", record.record_id, revision, b"", _encode(metadata))
    sealed_secret = keys.seal_record("secret", record.record_id, metadata.version, metadata.alg.encode(), secret)
    _check_written(
        connection.execute(
            "UPDATE records SET version = ?, changed_at = ?, metadata = ?, secret = ?, identity = ?, sealing = ? WHERE record_id = ? AND version = ?",
            (revision, at, sealed, sealed_secret, identity, keys.generation, record.record_id, record.revision),
        )
    )
    return _digest(record.record_id, record.owner, revision, sealed, sealed_secret)


def destroy(connection: Connection, keys: StoreKeys, record: Record, metadata: Metadata, at: int) -> bytes:
    """Take the secret away for good and leave a tombstone that says so; return its digest. Raises ``KeyState`` as ``update`` does."""
    revision = record.revision + 1
    sealed = keys.seal_record("metadata", record.record_id, revision, b"", _encode(metadata))
    _check_written(
        connection.execute(
            "UPDATE records SET version = ?, changed_at = ?, metadata = ?, secret = NULL, identity = NULL, destroyed = 1, sealing = ?"
            " WHERE record_id = ? AND version = ?",
            (revision, at, sealed, keys.generation, record.record_id, record.revision),
        )
    )
    return _digest(record.record_id, record.owner, revision, sealed, None)


def read(connection: Connection, keys: StoreKeys, record_id: bytes) -> Record | None:
    """The record, its digest checked.

    Raises:
        CannotUnseal: if it was changed, exchanged, rolled back or taken out from outside.
    """
    row = connection.execute(f"{_SELECT} WHERE record_id = ?", (record_id,)).fetchone()
    if row is None:
        if chain.newest_digest(connection, keys, record_id) is not None:
            raise CannotUnseal  # The record of decisions knows of it: it was taken out from outside, as not even destroying does.
        return None
    return _open(connection, keys, row)


def page(connection: Connection, keys: StoreKeys, owner: bytes, *, after: int, limit: int) -> list[Record]:
    """Up to ``limit`` records of an owner that stand after position ``after``, oldest first; raises ``CannotUnseal``."""
    found = connection.execute(
        f"{_SELECT} WHERE owner = ? AND destroyed = 0 AND position > ? ORDER BY position LIMIT ?", (owner, after, limit)
    )
    return [_open(connection, keys, row) for row in found.fetchall()]


def count(connection: Connection, owner: bytes) -> int:
    """How many records an owner has, tombstones left out."""
    (number,) = connection.execute("SELECT count(*) FROM records WHERE owner = ? AND destroyed = 0", (owner,)).fetchone()
    return int(number)


def unseal_secret(connection: Connection, keys: StoreKeys, record: Record) -> bytearray:
    """The secret of a record that was read and checked, in a buffer to be wiped; raises ``CannotUnseal``."""
    row = connection.execute(
        "SELECT secret FROM records WHERE record_id = ? AND version = ?", (record.record_id, record.revision)
    ).fetchone()
    if row is None or row[0] is None:
        raise CannotUnseal
    return _unseal_secret(keys, record, row[0])


def behind(connection: Connection, keys: StoreKeys, *, limit: int) -> list[Record]:
    """Up to ``limit`` records, tombstones with them, that stand under an older generation of DEKs; raises ``CannotUnseal``."""
    found = connection.execute(f"{_SELECT} WHERE sealing != ? ORDER BY position LIMIT ?", (keys.generation, limit))
    return [_open(connection, keys, row) for row in found.fetchall()]


def _unseal_secret(keys: StoreKeys, record: Record, sealed: bytes) -> bytearray:
    metadata = record.metadata
    return keys.unseal_record(record.generation, "secret", record.record_id, metadata.version, metadata.alg.encode(), sealed)


def digests(connection: Connection) -> Iterator[tuple[bytes, bytes | None]]:
    """Every record's id, and its digest as it stands; without one if a column holds a value of another type. Needs no key."""
    for _, record_id, owner, revision, metadata, secret, _ in connection.execute(f"{_SELECT} ORDER BY position"):
        try:
            yield record_id, _digest(record_id, owner, revision, metadata, secret)
        except _MISSHAPEN:
            yield record_id, None


def _check_written(cursor: Cursor) -> None:
    if cursor.rowcount != 1:
        raise KeyState("The key was changed meanwhile. Ask again.")


_SELECT = "SELECT position, record_id, owner, version, metadata, secret, sealing FROM records"


def _open(connection: Connection, keys: StoreKeys, row: tuple[int, bytes, bytes, int, bytes, bytes | None, int]) -> Record:
    position, record_id, owner, revision, sealed, secret, generation = row
    try:
        digest = _digest(record_id, owner, revision, sealed, secret)
    except _MISSHAPEN:
        raise CannotUnseal from None  # A column holds a value of another type.
    if chain.newest_digest(connection, keys, record_id) != digest:
        raise CannotUnseal
    try:
        metadata = _decode(keys.unseal_record(generation, "metadata", record_id, revision, b"", sealed))
    except MsgspecError:
        raise CannotUnseal from None
    return Record(record_id=record_id, owner=owner, revision=revision, position=position, metadata=metadata, generation=generation)


def _digest(record_id: bytes, owner: bytes, revision: int, metadata: bytes, secret: bytes | None) -> bytes:
    return sha256(bind(record_id, owner, revision.to_bytes(4, "big"), metadata, secret or b"")).digest()
