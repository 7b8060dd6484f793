"""The copy in the clear of which extensions are paired, so that a channel opens while the store is locked.

It is worth no more than the file: whoever writes to the file writes here too. The truth is a sealed document, which the copy is held
against as soon as the store is open.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from sqlite3 import Connection

Row = tuple[bytes, str, bytes]
"""The pairing's id, the origin of the extension, its static public key."""


def find(connection: Connection, pairing_id: bytes, origin: str) -> bytes | None:
    """The public key of this pairing of this origin's, 32 bytes; ``None`` if there is none of that form."""
    row = connection.execute("SELECT public FROM pairings WHERE pairing_id = ? AND origin = ?", (pairing_id, origin)).fetchone()
    return row[0] if row is not None and isinstance(row[0], bytes) and len(row[0]) == 32 else None  # noqa: PLR2004


def is_paired(connection: Connection, origin: str) -> bool:
    """Whether there is any row of this origin's."""
    return connection.execute("SELECT 1 FROM pairings WHERE origin = ? LIMIT 1", (origin,)).fetchone() is not None


def rows(connection: Connection) -> list[Row]:
    """Every row, in the order of their ids; columns that somebody else wrote may hold anything."""
    found: list[Row] = connection.execute("SELECT pairing_id, origin, public FROM pairings ORDER BY pairing_id").fetchall()
    return found


def put_right(connection: Connection, wanted: Iterable[Row]) -> None:
    """Make these the rows, inside a transaction."""
    connection.execute("DELETE FROM pairings")
    connection.executemany("INSERT INTO pairings VALUES (?, ?, ?)", wanted)
