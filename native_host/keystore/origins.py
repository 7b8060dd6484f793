"""Wallets and the origins attached to them.

They must be readable before the store is unlocked, so they stand in the clear; each attachment carries a MAC of the
store. One that has none, or a wrong one, was added by somebody who could not open the store: it is good for `hello`,
`getStatus` and `unlock` only, and the person confirms it when the store is unlocked for that origin.
"""

from __future__ import annotations

from os import urandom
from typing import TYPE_CHECKING

from native_host.value import Value

if TYPE_CHECKING:
    from sqlite3 import Connection

    from native_host.keystore.sealed import StoreKeys

FIRST_WALLET = "main"


class Attachment(Value, frozen=True, kw_only=True):
    """An origin on the wire's form and the one wallet it belongs to; times in milliseconds since 1970."""

    origin: str
    wallet_id: bytes
    wallet: str
    development: bool
    added_at: int
    expires_at: int | None
    mac: bytes | None

    def is_over(self, at: int) -> bool:
        """Whether it has expired."""
        return self.expires_at is not None and self.expires_at <= at

    def parts(self) -> tuple[bytes, ...]:
        """What the MAC covers."""
        expires = (self.expires_at or 0).to_bytes(8, "big")
        return self.origin.encode(), self.wallet_id, self.wallet.encode(), bytes((self.development,)), expires


_SELECT = (
    "SELECT o.origin, o.wallet_id, w.name, o.development, o.added_at, o.expires_at, o.mac FROM origins o JOIN wallets w USING (wallet_id)"
)


def read_attachment(connection: Connection, origin: str) -> Attachment | None:
    """The attachment of an origin, also one that has expired."""
    row = connection.execute(f"{_SELECT} WHERE o.origin = ?", (origin,)).fetchone()
    return _attachment(row) if row else None


def read_attachments(connection: Connection) -> list[Attachment]:
    """Every attachment, expired ones too, by origin."""
    return [_attachment(row) for row in connection.execute(f"{_SELECT} ORDER BY o.origin")]


def find_or_add_wallet(connection: Connection, name: str, at: int) -> bytes:
    """The id of the wallet of that name, made now if there is none."""
    row = connection.execute("SELECT wallet_id FROM wallets WHERE name = ?", (name,)).fetchone()
    if row is not None:
        return bytes(row[0])
    wallet_id = urandom(16)
    connection.execute("INSERT INTO wallets VALUES (?, ?, ?)", (wallet_id, name, at))
    return wallet_id


def attach(connection: Connection, origin: str, wallet_id: bytes, *, development: bool, at: int, expires_at: int | None) -> None:
    """Attach an origin, not yet confirmed. An attachment that stood before is replaced."""
    connection.execute("INSERT OR REPLACE INTO origins VALUES (?, ?, ?, ?, ?, NULL)", (origin, wallet_id, development, at, expires_at))


def detach(connection: Connection, origin: str) -> bool:
    """Whether there was such an attachment, which is now gone."""
    return connection.execute("DELETE FROM origins WHERE origin = ?", (origin,)).rowcount > 0


def is_confirmed(keys: StoreKeys, attachment: Attachment) -> bool:
    """Whether the person confirmed exactly this attachment while the store was open."""
    return keys.check_mac(attachment.mac, "origin", *attachment.parts())


def confirm(connection: Connection, keys: StoreKeys, attachment: Attachment) -> None:
    """Authenticate an attachment with the store's key, and note it among the settings."""
    mac = keys.mac("origin", *attachment.parts())
    connection.execute("UPDATE origins SET mac = ? WHERE origin = ?", (mac, attachment.origin))
    note(connection, attachment, mac)


def stands(connection: Connection, attachment: Attachment) -> bool:
    """Whether a confirmation still stands among the settings, which the store vouches for: one that was removed and is put back does not."""
    row = connection.execute("SELECT value FROM meta WHERE name = ?", (_setting(attachment.origin),)).fetchone()
    return row is not None and row[0] == attachment.mac


def note(connection: Connection, attachment: Attachment, mac: bytes) -> None:
    """Write a confirmation down among the settings, inside the caller's transaction."""
    connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (_setting(attachment.origin), mac))


def forget_removed(connection: Connection) -> int:
    """Take the confirmations of attachments that are gone from the settings, and what was seen of these extensions' files, inside the
    caller's transaction; how many there were."""
    return sum(
        connection.execute(
            "DELETE FROM meta WHERE name LIKE ? || '%' AND substr(name, ?) NOT IN (SELECT origin FROM origins)", (kind, len(kind) + 1)
        ).rowcount
        for kind in ("origin:", "extension:")
    )


def _setting(origin: str) -> str:
    return f"origin:{origin}"


def _attachment(row: tuple[str, bytes, str, int, int, int | None, bytes | None]) -> Attachment:
    return Attachment(
        origin=row[0], wallet_id=row[1], wallet=row[2], development=bool(row[3]), added_at=row[4], expires_at=row[5], mac=row[6]
    )
