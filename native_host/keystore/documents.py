"""Documents: what a wallet owns besides its keys. Pairings, grants, limits, what was spent, a policy: each sealed as a whole, under a name.

A document's id is a keyed hash of its name, so the file tells how many there are and how large, and no more. Every read checks its digest
against the newest audit row about it, as the use of a record does: one that was edited, put back to an earlier state or taken out from
outside is refused. None is ever deleted: what is over is written empty.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from native_host.errors import CannotUnseal
from native_host.keystore import chain
from native_host.keystore.sealed import StoreKeys, bind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from sqlite3 import Connection

MOST_BYTES = 4 << 20
_MISSHAPEN = (TypeError, AttributeError, OverflowError)


def id_of(keys: StoreKeys, kind: str, name: bytes) -> bytes:
    """The id of a document, 16 bytes: it says nothing of its name to whoever has not the store's keys."""
    return keys.tag("document", kind.encode(), name)


def read(connection: Connection, keys: StoreKeys, document_id: bytes) -> bytes | None:
    """The content of a document; ``None`` if it was never written.

    Raises:
        CannotUnseal: it was changed, exchanged, rolled back or taken out from outside.
    """
    row = connection.execute("SELECT revision, sealed FROM documents WHERE document_id = ?", (document_id,)).fetchone()
    newest = chain.newest_digest(connection, keys, document_id)
    if row is None and newest is None:
        return None
    if row is None or digest_of(document_id, *row) != newest:
        raise CannotUnseal
    return bytes(keys.unseal_document(document_id, row[0], row[1]))


def write(connection: Connection, keys: StoreKeys, document_id: bytes, content: bytes) -> bytes:
    """Write a document inside the caller's transaction, and give its new digest for the audit chain."""
    if len(content) > MOST_BYTES:
        raise ValueError("a document is larger than one can be")
    row = connection.execute("SELECT revision FROM documents WHERE document_id = ?", (document_id,)).fetchone()
    before = row[0] if row is not None and isinstance(row[0], int) and 0 < row[0] < 2**31 else 0
    revision = before + 1
    sealed = keys.seal_document(document_id, revision, content)
    connection.execute("INSERT OR REPLACE INTO documents VALUES (?, ?, ?)", (document_id, revision, sealed))
    return sha256(bind(b"document", document_id, revision.to_bytes(4, "big"), sealed)).digest()


def digests(connection: Connection) -> Iterator[tuple[bytes, bytes | None]]:
    """Every document's id, and its digest as it stands; without one if a column holds a value of another type. Needs no key."""
    for document_id, revision, sealed in connection.execute("SELECT document_id, revision, sealed FROM documents ORDER BY document_id"):
        yield document_id, digest_of(document_id, revision, sealed)


def digest_of(document_id: bytes, revision: int, sealed: bytes) -> bytes | None:
    """The digest of a document as it stands; ``None`` if it is none."""
    try:
        return sha256(bind(b"document", document_id, revision.to_bytes(4, "big"), sealed)).digest()
    except _MISSHAPEN:
        return None
