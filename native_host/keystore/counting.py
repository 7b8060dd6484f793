"""The counter outside the file, raised after the store's version inside it.

The order is what makes it safe: the version is committed first, so that a crash leaves the file ahead, which is no fault.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import MsgspecError
from msgspec.msgpack import decode, encode

from native_host.errors import CannotUnseal
from native_host.value import Value

if TYPE_CHECKING:
    from sqlite3 import Connection

    from native_host.kek.counters import Counter
    from native_host.keystore.sealed import StoreKeys

SETTING = "counter"
_PLACE = (0, 0)
"""The parameters are sealed as an audit row would be that stands nowhere: whoever reads them could count up, or answer in a TPM's place."""


class Kept(Value, frozen=True, kw_only=True, array_like=True):
    """Which counter a store uses, as its settings hold it."""

    kind: str
    sealed: bytes


class Counting:
    """The counter of an open store. ``due`` is the version that it is to be told once that is committed."""

    def __init__(self, kind: str, counter: Counter, parameters: bytes) -> None:
        self.kind = kind
        self._counter = counter
        self._parameters = parameters
        self.due = 0

    def read(self) -> int:
        """Its value; raises what ``Counter.read`` raises."""
        return self._counter.read(self._parameters)

    def follow(self, connection: Connection) -> None:
        """Tell the counter what is due, if it was committed. That it cannot be told now is no fault: the file may be ahead.

        The file's write lock is held meanwhile: a TPM's counter goes up by steps, and two hosts that count at once would count too far.
        """
        due, self.due = self.due, 0
        try:
            connection.execute("BEGIN IMMEDIATE")
            try:
                (version,) = connection.execute("SELECT version FROM head").fetchone()
                if version >= due > 0:
                    self._counter.raise_to(self._parameters, due)
            finally:
                connection.execute("ROLLBACK")
        except Exception:  # noqa: BLE001 - what was committed has happened, whatever a device or another host makes of this
            return


def kept(connection: Connection) -> Kept | None:
    """Which counter the store says that it uses; ``None`` if it never had one. Raises ``CannotUnseal`` for what cannot be read."""
    row = connection.execute("SELECT value FROM meta WHERE name = ?", (SETTING,)).fetchone()
    try:
        return None if row is None else decode(row[0], type=Kept)
    except (MsgspecError, UnicodeDecodeError, RecursionError, TypeError):
        raise CannotUnseal from None


def keep(connection: Connection, keys: StoreKeys, kind: str, parameters: bytes) -> None:
    """Write down which counter the store uses, inside the caller's transaction."""
    value = encode(Kept(kind=kind, sealed=keys.seal_audit(*_PLACE, parameters)))
    connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (SETTING, value))


def parameters_of(keys: StoreKeys, found: Kept) -> bytes:
    """What names the counter to its place; raises ``CannotUnseal``."""
    return keys.unseal_audit(*_PLACE, found.sealed)
