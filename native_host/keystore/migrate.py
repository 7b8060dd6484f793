"""The file's format, one function per step; ``PRAGMA user_version`` says how many were taken.

A step is never edited once released: golden files of every old version stay in the tests.

What can be read without unlocking: ids, sizes, times, slots, attached origins with their wallet's name, which records
share an owner (a keyed hash) and counters. Everything else is sealed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from sqlite3 import Connection

_VERSION_1 = (
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID",
    "CREATE TABLE state (id INTEGER PRIMARY KEY CHECK (id = 1), lock_epoch INTEGER NOT NULL)",
    "INSERT INTO state VALUES (1, 0)",
    """CREATE TABLE slots (
        slot_id BLOB PRIMARY KEY, kind TEXT NOT NULL, label TEXT NOT NULL, parameters BLOB NOT NULL, wrapped BLOB NOT NULL,
        created_at INTEGER NOT NULL) WITHOUT ROWID""",
    "CREATE TABLE deks (purpose TEXT PRIMARY KEY, wrapped BLOB NOT NULL) WITHOUT ROWID",
    "CREATE TABLE wallets (wallet_id BLOB PRIMARY KEY, name TEXT NOT NULL UNIQUE, created_at INTEGER NOT NULL) WITHOUT ROWID",
    """CREATE TABLE origins (
        origin TEXT PRIMARY KEY, wallet_id BLOB NOT NULL REFERENCES wallets, development INTEGER NOT NULL,
        added_at INTEGER NOT NULL, expires_at INTEGER, mac BLOB) WITHOUT ROWID""",
    """CREATE TABLE records (
        position INTEGER PRIMARY KEY, record_id BLOB NOT NULL UNIQUE, owner BLOB NOT NULL, identity BLOB UNIQUE,
        version INTEGER NOT NULL, destroyed INTEGER NOT NULL DEFAULT 0, changed_at INTEGER NOT NULL,
        metadata BLOB NOT NULL, secret BLOB)""",
    "CREATE INDEX records_of_owner ON records (owner, position) WHERE destroyed = 0",
    """CREATE TABLE audit (
        seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, sealing INTEGER NOT NULL, sealed BLOB NOT NULL,
        record_id BLOB, record_digest BLOB, hash BLOB NOT NULL)""",
    "CREATE INDEX audit_of_record ON audit (record_id, seq) WHERE record_id IS NOT NULL",
    "CREATE TABLE head (id INTEGER PRIMARY KEY CHECK (id = 1), seq INTEGER NOT NULL, hash BLOB NOT NULL, mac BLOB NOT NULL)",
    "CREATE TABLE counters (name TEXT PRIMARY KEY, count INTEGER NOT NULL, until INTEGER NOT NULL) WITHOUT ROWID",
)


def _to_version_1(connection: Connection) -> None:
    for statement in _VERSION_1:
        connection.execute(statement)


_VERSION_2 = (
    # How often the store has said outside the file how new it is; authenticated together with the head. 0: never.
    "ALTER TABLE head ADD COLUMN version INTEGER NOT NULL DEFAULT 0",
    # The row up to which it last did.
    "ALTER TABLE head ADD COLUMN settled INTEGER NOT NULL DEFAULT 0",
    # Under which generation of the sealing keys a record stands.
    "ALTER TABLE records ADD COLUMN sealing INTEGER NOT NULL DEFAULT 1",
)


def _to_version_2(connection: Connection) -> None:
    for statement in _VERSION_2:
        connection.execute(statement)


_VERSION_3 = (
    # What a wallet owns besides its keys, each sealed as a whole: see ``documents``.
    "CREATE TABLE documents (document_id BLOB PRIMARY KEY, revision INTEGER NOT NULL, sealed BLOB NOT NULL) WITHOUT ROWID",
    # Public keys of paired extensions, for a handshake with a locked store: a copy of a document, and worth no more than the file.
    "CREATE TABLE pairings (pairing_id BLOB PRIMARY KEY, origin TEXT NOT NULL, public BLOB NOT NULL) WITHOUT ROWID",
)


def _to_version_3(connection: Connection) -> None:
    for statement in _VERSION_3:
        connection.execute(statement)


STEPS: tuple[Callable[[Connection], None], ...] = (_to_version_1, _to_version_2, _to_version_3)
VERSION = len(STEPS)


class NewerFormat(Exception):
    """The file was written by a newer Strongroom than this one."""


def migrate(connection: Connection) -> None:
    """Bring the file to the newest format, each step in a transaction of its own.

    Raises:
        NewerFormat: if the file's version is above ours; it is left as it is.
    """
    if _version(connection) == VERSION:
        return
    connection.execute("BEGIN IMMEDIATE")
    # Read again under the write lock: two hosts may have started at once, and one of them takes the steps.
    version = _version(connection)
    if version > VERSION:
        connection.execute("ROLLBACK")
        raise NewerFormat
    for step in STEPS[version:]:
        step(connection)
    connection.execute(f"PRAGMA user_version = {VERSION}")
    connection.execute("COMMIT")


def _version(connection: Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)
