"""The keystore's file as a copy in memory, and back: taken at one moment, looked at as hostile input, poured over a file in one transaction.

A copy never lies on a disk under a name of its own, and a file is never exchanged under hosts that have it open: their write-ahead
log would be taken for that of the new one. What is poured is rows, so either all of them are there afterwards or none.
"""

from __future__ import annotations

import os
import sqlite3
from typing import TYPE_CHECKING, cast

from native_host.keystore.migrate import NewerFormat, migrate

if TYPE_CHECKING:
    from native_host.keystore.file import StoreFile

# SQLite file format, 1.3: the write and read versions; 1 is the rollback journal, 2 the write-ahead log, which memory does not have.
_VERSIONS = slice(18, 20)
_ROLLBACK_JOURNAL = b"\x01\x01"


class NotAKeystore(ValueError):
    """A copy is no SQLite file, is damaged, or has another structure than a keystore."""


class Loaded:
    """A copy in memory, as ``KeyStore`` takes over what is open."""

    is_in_batch = False

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def as_file(self) -> StoreFile:
        """What a ``KeyStore`` reads of an open file: its connection, and that no batch goes on."""
        return cast("StoreFile", self)


def take(connection: sqlite3.Connection) -> bytearray:
    """The file as it is now, with whatever stands in its write-ahead log."""
    memory = sqlite3.connect(":memory:")
    try:
        connection.backup(memory)
        content = bytearray(memory.serialize())
    finally:
        memory.close()
    content[_VERSIONS] = _ROLLBACK_JOURNAL
    return content


def load(content: bytes | bytearray) -> Loaded:
    """A copy as a database in memory, brought up to date.

    Raises:
        NotAKeystore
        NewerFormat: a newer Strongroom wrote it.
    """
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.deserialize(bytes(content))
        _check(connection)
        migrate(connection)
        if _schema(connection) != _schema_of_ours():
            raise NotAKeystore
    except (sqlite3.Error, sqlite3.Warning, OverflowError, MemoryError):
        connection.close()
        raise NotAKeystore from None
    except (NotAKeystore, NewerFormat):
        connection.close()
        raise
    return Loaded(connection)


def copy_aside(file: str, path: str) -> None:
    """Copy the file, as it was last committed, to a new one (mode 0600), durably; raises ``FileExistsError``.

    By a connection of its own: SQLite copies nothing for one that is in the middle of a transaction.
    """
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0), 0o600))
    original, copy = sqlite3.connect(file), sqlite3.connect(path)
    try:
        original.backup(copy)
    finally:
        original.close()
        copy.close()


def pour(source: sqlite3.Connection, target: sqlite3.Connection) -> None:
    """Put every row of ``source`` in the place of those of ``target``, inside the caller's transaction on ``target``."""
    target.execute("PRAGMA defer_foreign_keys = ON")
    names = [name for kind, name, _ in _schema(source) if kind == "table"]
    for name in names:
        target.execute(f'DELETE FROM "{name}"')  # noqa: S608  # names of our own tables: both schemas were compared
    for name in names:
        rows = source.execute(f'SELECT * FROM "{name}"')  # noqa: S608  # as above
        places = ", ".join("?" * len(rows.description))
        target.executemany(f'INSERT INTO "{name}" VALUES ({places})', rows)  # noqa: S608  # as above


def _check(connection: sqlite3.Connection) -> None:
    """Whole, and nothing in it that would run when it is written to: triggers and views are no part of a keystore."""
    if connection.execute("PRAGMA integrity_check(1)").fetchone() != ("ok",):
        raise NotAKeystore
    if {kind for kind, _, _ in _schema(connection)} - {"table", "index"}:
        raise NotAKeystore


def _schema(connection: sqlite3.Connection) -> list[tuple[str, str, str | None]]:
    return connection.execute("SELECT type, name, sql FROM sqlite_master ORDER BY type, name").fetchall()


def _schema_of_ours() -> list[tuple[str, str, str | None]]:
    fresh = sqlite3.connect(":memory:", isolation_level=None)
    try:
        migrate(fresh)
        return _schema(fresh)
    finally:
        fresh.close()
