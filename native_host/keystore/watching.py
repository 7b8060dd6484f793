"""Walking a long audit chain beside the open store, on a thread with a connection of its own, so that unlocking need not wait for it.

Every row's hash is looked at. A chain of a few thousand rows is walked at once; see docs/performance.md for what that costs.
"""

from __future__ import annotations

import sqlite3
from _thread import start_new_thread
from typing import TYPE_CHECKING

from native_host.keystore import evidence

if TYPE_CHECKING:
    from native_host.keystore.chain import Head
    from native_host.keystore.evidence import Finding

AT_ONCE = 16_384
"""Rows that are walked while unlocking: less than 50 ms."""


class Watch:
    """``found`` is what the last walk found, until the store is opened anew, by a walk that it waits for."""

    def __init__(self) -> None:
        self.found: Finding | None = None
        self._turn = 0

    def begin(self, connection: sqlite3.Connection, known: Head) -> None:
        """Walk the file of a connection on a thread; ``known`` is the head that was authentic at unlocking."""
        self._turn += 1
        start_new_thread(self._walk, (_file(connection), known, self._turn))

    def end(self) -> None:
        """What a walk that is under way finds from here on concerns nobody: the store is locked, and walked again before it opens."""
        self._turn += 1

    def _walk(self, path: str, known: Head, turn: int) -> None:
        from pathlib import Path

        try:
            connection = sqlite3.connect(f"{Path(path).as_uri()}?mode=rw", uri=True, isolation_level=None)
            try:
                connection.execute("PRAGMA query_only = ON")
                found = evidence.in_passing(connection, known)
            finally:
                connection.close()
        except sqlite3.Error:
            return  # A file that cannot be read is found by whoever uses it next.
        if self._turn == turn:
            self.found = found


def is_short(connection: sqlite3.Connection) -> bool:
    """Whether the chain is walked at once, as one in memory is, which no other connection sees."""
    return not _file(connection) or connection.execute("SELECT 1 FROM audit LIMIT 1 OFFSET ?", (AT_ONCE,)).fetchone() is None


def _file(connection: sqlite3.Connection) -> str:
    return str(next(file for _, name, file in connection.execute("PRAGMA database_list") if name == "main") or "")
