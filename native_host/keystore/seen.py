"""What was seen of an extension's files when the store was last opened for it, by origin: content that only the host reads.

It stands in the clear, as attachments do, so that a locked store can tell of a change before anybody types a passphrase. The store vouches
for the row as for its settings, and a MAC over it still tells who wrote it when its owner goes on with a file that was changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite3 import Connection

    from native_host.keystore.store import KeyStore

MOST_BYTES = 1 << 20
_MAC_BYTES = 32


def claimed(connection: Connection, origin: str) -> bytes | None:
    """What the file says; needs no key and is worth no more than the file."""
    row = connection.execute("SELECT value FROM meta WHERE name = ?", (_setting(origin),)).fetchone()
    return row[0][_MAC_BYTES:] if row is not None and isinstance(row[0], bytes) and len(row[0]) <= MOST_BYTES else None


def known(store: KeyStore, origin: str) -> bytes | None:
    """What the open store wrote; empty if something stands there that it did not write, ``None`` if nothing does. Raises ``Locked``."""
    row = store.connection.execute("SELECT value FROM meta WHERE name = ?", (_setting(origin),)).fetchone()
    if row is None:
        return None
    value = row[0] if isinstance(row[0], bytes) and len(row[0]) <= MOST_BYTES else b""
    return value[_MAC_BYTES:] if store.keys.check_mac(value[:_MAC_BYTES], "extension", origin.encode(), value[_MAC_BYTES:]) else b""


def note(store: KeyStore, origin: str, content: bytes) -> None:
    """Remember this, inside a transaction that writes an audit row; raises ``ChangedOutside``."""
    store.check_vouched()
    mac = store.keys.mac("extension", origin.encode(), content)
    store.connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (_setting(origin), mac + content))
    store.vouch()


def _setting(origin: str) -> str:
    return f"extension:{origin}"
