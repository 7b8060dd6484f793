"""What the store vouches for besides its records: its slots, its wrapped keys and its settings, each row by a digest.

The list of digests stands in the store's settings under its own name, and the audit chain holds the digest of the list: so a row
that was added, taken out, edited or put back by somebody without the store's keys is noticed at the next unlocking, and named.
The slots vouch for themselves as well, but each for itself only: one that was removed and is put back would open as before.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any, Literal

from msgspec import MsgspecError
from msgspec.msgpack import decode, encode

from native_host.keystore.chain import VOUCHED
from native_host.value import Value

if TYPE_CHECKING:
    from sqlite3 import Connection

LIST = "vouched"
_TABLES = (
    ("slot", "SELECT slot_id, label, slot_id, kind, label, parameters, wrapped, created_at FROM slots ORDER BY slot_id"),
    ("key", "SELECT purpose, '', purpose, wrapped FROM deks ORDER BY purpose"),
    ("setting", "SELECT name, '', name, value FROM meta WHERE name <> 'vouched' ORDER BY name"),
)

What = Literal["slot", "key", "setting"]


class Vouched(Value, frozen=True, kw_only=True, array_like=True):
    """One row of the store's own tables: which one it is, what it is called, and SHA-256 over it."""

    what: What
    name: bytes
    label: str
    digest: bytes


class Difference(Value, frozen=True, kw_only=True):
    """A row that is not as the store left it. ``label`` is a slot's name, or a setting's."""

    what: What
    how: Literal["added", "removed", "changed"]
    label: str


def write_list(connection: Connection) -> bytes:
    """Vouch for what is there now, inside the caller's transaction; the digest is for the audit chain."""
    listed = encode(_present(connection))
    connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (LIST, listed))
    return _digest(listed)


def present(connection: Connection) -> bytes:
    """A digest over what is there now."""
    return _digest(encode(_present(connection)))


def differences(connection: Connection, newest: bytes | None) -> list[Difference]:
    """What is not as the newest row of the chain about it says; nothing is known of a store that never vouched."""
    if newest is None:
        return []
    row = connection.execute("SELECT value FROM meta WHERE name = ?", (LIST,)).fetchone()
    listed = row[0] if row is not None else None
    if not isinstance(listed, bytes) or _digest(listed) != newest:
        return [Difference(what="setting", how="removed" if row is None else "changed", label=LIST)]
    try:
        then = {(one.what, one.name): one for one in decode(listed, type=list[Vouched])}
    except MsgspecError:
        return [Difference(what="setting", how="changed", label=LIST)]
    now = {(one.what, one.name): one for one in _present(connection)}
    return [
        Difference(what=one.what, how=_how(key, then, now), label=one.label)
        for key, one in sorted({**now, **then}.items())
        if then.get(key) != now.get(key)
    ]


def _how(key: Any, then: dict[Any, Vouched], now: dict[Any, Vouched]) -> Literal["added", "removed", "changed"]:
    return "added" if key not in then else "removed" if key not in now else "changed"


def _present(connection: Connection) -> list[Vouched]:
    found = []
    for what, select in _TABLES:
        for name, label, *columns in connection.execute(select):
            exact = name if isinstance(name, bytes) else str(name).encode()
            found.append(Vouched(what=what, name=exact, label=str(label or name), digest=sha256(encode(columns)).digest()))  # type: ignore[arg-type]
    return found


def _digest(listed: bytes) -> bytes:
    return sha256(VOUCHED + listed).digest()
