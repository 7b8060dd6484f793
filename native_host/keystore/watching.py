"""Walking a long audit chain beside the open store, on a thread with a connection of its own, so that unlocking need not wait for it.

Every row's hash is looked at. A chain of a thousand rows is walked at once; see docs/performance.md for what that costs. A
longer one is walked with rests, because what the person does first would otherwise wait for it at every step: a hundred thousand rows
take about two seconds.
"""

from __future__ import annotations

import sqlite3
import sys
from _thread import start_new_thread
from time import sleep
from typing import TYPE_CHECKING

from native_host.keystore import evidence

if TYPE_CHECKING:
    from native_host.keystore.chain import Head
    from native_host.keystore.evidence import Finding

AT_ONCE = 1_024
"""Rows that are walked while unlocking: 3 ms."""
ROWS, REST_SECONDS = 128, 0.002
"""A third of a millisecond's work, and the rest behind it."""


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
        try:
            connection = sqlite3.connect(_address(path), uri=True, isolation_level=None)
            try:
                connection.execute("PRAGMA query_only = ON")
                found = evidence.in_passing(connection, known, rows=ROWS, rest=_rest)
            finally:
                connection.close()
        except sqlite3.Error:
            return  # A file that cannot be read is found by whoever uses it next.
        if self._turn == turn:
            self.found = found


def _address(path: str) -> str:
    """A path as SQLite has it in a URI ("The URI Path"), by which no file is made. pathlib's takes some milliseconds to import."""
    escaped = path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    return f"file:{escaped if sys.platform != 'win32' else '/' + escaped.replace(chr(92), '/')}?mode=rw"


def _rest() -> None:
    sleep(REST_SECONDS)


def is_short(connection: sqlite3.Connection) -> bool:
    """Whether the chain is walked at once, as one in memory is, which no other connection sees."""
    return not _file(connection) or connection.execute("SELECT 1 FROM audit LIMIT 1 OFFSET ?", (AT_ONCE,)).fetchone() is None


def _file(connection: sqlite3.Connection) -> str:
    return str(next(file for _, name, file in connection.execute("PRAGMA database_list") if name == "main") or "")
