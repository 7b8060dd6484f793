"""How often an origin was refused lately, kept in the store for all hosts: a flood of windows locks the origin out for a while.

Refused are denials, time-outs, windows that are taken back and three wrong passphrases. Ten of them, each within five minutes
of the one before, lock an origin out for a minute; each further one for twice as long as the last, up to an hour. A yes, or a
passphrase, ends the count: a person gave it.

Failed tries at a slot are counted as well, until it opens, and the person is told how many there were. After ten, each
further try has to wait: a second, then twice as long each time, up to a quarter of an hour. That slows down who guesses by way
of the host; whoever has the file guesses elsewhere, at the cost of the slot's own key derivation.
The rows are not secret and not authenticated: who can edit the file can do worse than ask often.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite3 import Connection

TOLERATED = 10
WINDOW_MS = 5 * 60 * 1000
FIRST_PAUSE_MS = 60 * 1000
LONGEST_PAUSE_MS = 60 * 60 * 1000
FIRST_WAIT_MS = 1000
LONGEST_WAIT_MS = 15 * 60 * 1000
MOST = 2**31


def pause_seconds(connection: Connection, origin: str, at: int) -> int:
    """For how many seconds, rounded up, the origin is locked out; 0 if it is not."""
    count, until = _row(connection, _name(origin), at, LONGEST_PAUSE_MS)
    return 0 if count < TOLERATED or until <= at else -(-(until - at) // 1000)


def count_refusal(connection: Connection, origin: str, at: int) -> None:
    """Count one more, inside the caller's transaction. ``until``: when the count, or the pause, runs out."""
    before, until = _row(connection, _name(origin), at, LONGEST_PAUSE_MS)
    count = before + 1 if until + (WINDOW_MS if before >= TOLERATED else 0) > at else 1
    pause = min(FIRST_PAUSE_MS << min(max(count - TOLERATED, 0), 16), LONGEST_PAUSE_MS) if count >= TOLERATED else WINDOW_MS
    connection.execute("INSERT OR REPLACE INTO counters VALUES (?, ?, ?)", (_name(origin), count, at + pause))


def end_count(connection: Connection, origin: str) -> None:
    """Forget the count, inside the caller's transaction."""
    connection.execute("DELETE FROM counters WHERE name = ?", (_name(origin),))


def count_failure(connection: Connection, slot_id: bytes, at: int) -> None:
    """Count one more failed try at a slot, inside the caller's transaction."""
    count = _row(connection, _slot_name(slot_id), at, LONGEST_WAIT_MS)[0] + 1
    pause = min(FIRST_WAIT_MS << min(count - TOLERATED, 16), LONGEST_WAIT_MS) if count >= TOLERATED else 0
    connection.execute("INSERT OR REPLACE INTO counters VALUES (?, ?, ?)", (_slot_name(slot_id), count, at + pause))


def failures(connection: Connection, slot_id: bytes, at: int) -> tuple[int, int]:
    """How many tries at a slot have failed, and for how many seconds, rounded up, it takes no further one."""
    count, until = _row(connection, _slot_name(slot_id), at, LONGEST_WAIT_MS)
    return count, max(0, -(-(until - at) // 1000))


def end_failures(connection: Connection, slot_id: bytes) -> None:
    """Forget the failed tries at a slot, inside the caller's transaction."""
    connection.execute("DELETE FROM counters WHERE name = ?", (_slot_name(slot_id),))


def _row(connection: Connection, name: str, at: int, longest: int) -> tuple[int, int]:
    """The count, and until when it holds or pauses; zeros without one. An end that is further away than the longest pause was written by
    a clock that has been set back since, or by somebody else: it is as good as over."""
    row = connection.execute(
        "SELECT count, until FROM counters WHERE name = ? AND typeof(count) = 'integer' AND typeof(until) = 'integer'", (name,)
    ).fetchone()
    count, until = row or (0, 0)
    return min(max(count, 0), MOST), until if until - at <= longest else at


def _slot_name(slot_id: bytes) -> str:
    return f"slot:{slot_id.hex()}"


def _name(origin: str) -> str:
    return f"refused:{origin}"
