"""The keystore's file: what can be read of it without a key, and its transactions.

Several hosts share the file. SQLite's write lock orders their transactions; the *lock epoch* in it locks all of them
when one locks. The host opens no more than this to say hello.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from native_host.keystore import origins
from native_host.keystore.migrate import migrate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BUSY_SECONDS = 10.0
BUSY_MS = int(BUSY_SECONDS * 1000)
LAST_EPOCH = 2**62
NO_EPOCH = -2
"""Read in the place of what no host of ours writes; never a host's own."""


class StoreFile:
    """One open file. Not thread-safe: whoever shares it between threads holds one lock around every call.

    ``clock`` returns milliseconds since 1970.
    """

    def __init__(self, path: str, clock: Callable[[], int], opened: StoreFile | None = None) -> None:
        """Open the file, making it (mode 0600) if it is not there, and bring its format up to date; or take over one that is open.

        Raises:
            NewerFormat: if a newer Strongroom wrote it.
            sqlite3.Error: if it cannot be read or is no database.
        """
        self.path = path
        self._clock = clock
        self.connection: sqlite3.Connection = opened.connection if opened is not None else _open(path)
        self._batch: bool = opened is not None and opened.is_in_batch
        self._lost = False
        self._checked = False
        self._stamp = -1
        self._known_epoch: int | None = None
        self._known_unattended: bool | None = None
        self._known_kinds: tuple[str, ...] | None = None
        self._known_attachments: dict[str, origins.Attachment | None] = {}

    def close(self) -> None:
        """Close the file; an open transaction is undone."""
        self.connection.close()

    @property
    def is_in_batch(self) -> bool:
        """Whether transactions share a commit now."""
        return self._batch

    @property
    def is_set_up(self) -> bool:
        """Whether there is a slot, that is, whether the store has been set up."""
        return self.connection.execute("SELECT 1 FROM slots LIMIT 1").fetchone() is not None

    @property
    def unattended(self) -> bool:
        """Whether the store was set up through a configured program. Every slot vouches for it, so it cannot be edited."""
        self._look()
        if self._known_unattended is None:
            row = self.connection.execute("SELECT value FROM meta WHERE name = 'unattended'").fetchone()
            self._known_unattended = row is not None and row[0] == b"\x01"
        return self._known_unattended

    def slot_kinds(self) -> tuple[str, ...]:
        """The kind of each slot; any slot opens the store."""
        self._look()
        if self._known_kinds is None:
            self._known_kinds = tuple(row[0] for row in self.connection.execute("SELECT kind FROM slots"))
        return self._known_kinds

    def epoch(self) -> int:
        """The lock epoch: how often the store was locked, by any host."""
        if not (self._batch and self._checked):  # asked a dozen times for each call
            self._look()
        known = self._known_epoch
        if known is None:
            row = self.connection.execute("SELECT lock_epoch FROM state WHERE typeof(lock_epoch) = 'integer'").fetchone()
            known = self._known_epoch = row[0] if row is not None and 0 <= row[0] < LAST_EPOCH else NO_EPOCH
        return known

    def _look(self) -> None:
        """See whether another host has written, and if so forget what was remembered of the file.

        Once is enough inside a transaction, where nobody else can write, and in a batch, which lasts for microseconds and
        whose every write begins a transaction.
        """
        if self._checked and (self._batch or self.connection.in_transaction):
            return
        (stamp,) = self.connection.execute("PRAGMA data_version").fetchone()
        if stamp != self._stamp:
            self._stamp = stamp
            self._forget()
        self._checked = True

    def _forget(self) -> None:
        """Drop what was remembered of the file."""
        self._known_epoch = self._known_unattended = self._known_kinds = None
        self._known_attachments.clear()

    def raise_epoch(self) -> None:
        """Lock every host that shares the file, inside the caller's transaction; wipe this one's keys when it is committed."""
        epoch = self.epoch()
        # Adding to what is no epoch would not make another one of it.
        new = epoch + 1 if epoch != NO_EPOCH else int.from_bytes(os.urandom(6), "big")
        self.connection.execute("UPDATE state SET lock_epoch = ?", (new,))
        self._known_epoch = None

    # transactions

    def begin_batch(self) -> None:
        """From here to ``end_batch`` transactions share one commit; nothing may be answered before it."""
        self._batch = True
        self._lost = False
        self._checked = False

    def end_batch(self) -> None:
        """Make everything since ``begin_batch`` durable.

        Raises:
            sqlite3.Error: if it cannot be written; then none of it happened.
        """
        self._batch = False
        if self._lost:
            self.drop_batch()
            raise sqlite3.OperationalError("SQLite has undone what stood before one that failed")
        if self.connection.in_transaction:
            self._commit()

    def drop_batch(self) -> None:
        """Undo everything since ``begin_batch``."""
        self._batch = self._lost = False
        self._forget()
        if self.connection.in_transaction:
            self.connection.execute("ROLLBACK")

    def hurry(self) -> None:
        """From now on wait only briefly for other hosts' transactions: this one is about to end."""
        self.connection.execute("PRAGMA busy_timeout = 300")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of the block or none of it."""
        first = not self.connection.in_transaction
        if first:
            self.connection.execute("BEGIN IMMEDIATE")
            self._checked = False
        else:
            # Others of this batch stand before it in the same transaction, and stay if this one is undone.
            self.connection.execute("SAVEPOINT call")
        try:
            yield
            self._check_complete()
        except BaseException:
            self._undo(first=first)
            raise
        if not first:
            self.connection.execute("RELEASE call")
        elif not self._batch:
            self._commit()

    def _check_complete(self) -> None:
        """Where a transaction may find that its block left something out."""

    def _undo(self, *, first: bool) -> None:
        self._forget()
        # SQLite itself rolls back on some errors (disk full, input/output); then there is nothing left to undo, and whatever stood
        # before this one in the batch is gone as well.
        if not self.connection.in_transaction:
            self._lost = self._lost or not first
            return
        if first:
            self.connection.execute("ROLLBACK")
        else:
            self.connection.execute("ROLLBACK TO call")
            self.connection.execute("RELEASE call")

    def _commit(self) -> None:
        try:
            self.connection.execute("COMMIT")
        except sqlite3.Error:
            self._forget()
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
            raise

    # wallets and origins

    def attachment(self, origin: str) -> origins.Attachment | None:
        """The attachment of an origin that has not expired."""
        self._look()
        if origin not in self._known_attachments:
            self._known_attachments[origin] = origins.read_attachment(self.connection, origin)
        found = self._known_attachments[origin]
        return None if found is None or found.is_over(self._clock()) else found

    def attachments(self) -> list[origins.Attachment]:
        """Every attachment."""
        return origins.read_attachments(self.connection)

    def wallets(self) -> list[tuple[bytes, str]]:
        """Every wallet's id and name, oldest first."""
        return [(row[0], row[1]) for row in self.connection.execute("SELECT wallet_id, name FROM wallets ORDER BY created_at, name")]

    def attach(self, origin: str, wallet: str, *, development: bool, expires_at: int | None) -> None:
        """Attach an origin to the wallet of that name, unconfirmed, inside a transaction."""
        self._known_attachments.clear()
        now = self._clock()
        wallet_id = origins.find_or_add_wallet(self.connection, wallet, now)
        origins.attach(self.connection, origin, wallet_id, development=development, at=now, expires_at=expires_at)

    def detach(self, origin: str) -> bool:
        """Whether there was an attachment, which is now gone; inside a transaction."""
        self._known_attachments.clear()
        return origins.detach(self.connection, origin)


def _open(path: str) -> sqlite3.Connection:
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600))
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    # Text that is no UTF-8 was put there by somebody else: it is read as text that is nobody's, and judged, instead of failing.
    connection.text_factory = _text
    # FULL: what was answered survives a power cut. secure_delete: a destroyed secret does not linger in free pages.
    # wal_autocheckpoint, in pages: the log begins anew early, as a commit that makes its file longer waits for the disk half as long again.
    connection.executescript(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 200; PRAGMA secure_delete = ON; PRAGMA foreign_keys = ON"
    )
    migrate(connection)
    return connection


def _text(data: bytes) -> str:
    return data.decode(errors="replace")
