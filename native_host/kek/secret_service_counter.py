"""Counters in the login keyring: one item a store, which holds a decimal number.

Implements: Secret Service API (freedesktop.org, draft 0.2), as ``native_host.kek.login_keyring`` speaks it; the name on the bus
that serves as a lock is D-Bus's own ``RequestName`` (D-Bus Specification, Bus Names).

It tells an older copy of the keystore's folder from the latest one. It does not stop who can write to the keyring, nor who puts
back the keyring's own file together with the folder.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, MsgspecError
from msgspec.msgpack import decode, encode

from native_host.kek.counters import CounterGone
from native_host.kek.provider import DeviceAbsent, DeviceRefuses
from native_host.kek.secret_service import APPLICATION, KIND, bus_address
from native_host.value import Value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from secretstorage import Item

    from native_host.kek.login_keyring import Keyring
    from native_host.kek.provider import Settings

ITEM_LABEL = "Strongroom keystore version"
STORE_BYTES = 16
HIGHEST = 2**48 - 1
"""No keystore gets as far. What is above it was put there, and the keystore's own version could not go above it."""
SECONDS = 1.0
"""For everything that one call asks: a counter is read at each unlocking and raised at each write."""

GONE = "Your login keyring no longer has the version of this keystore."
LOCKED = "Your login keyring is locked, so the keystore's version cannot be compared. Unlock it, or log in again."


class CounterParameters(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``store``: the attribute that names the item."""

    store: Annotated[bytes, Meta(min_length=STORE_BYTES, max_length=STORE_BYTES)]


class Counters:
    """The counters of this person's login keyring. It asks nobody: a keyring that is locked is as one that is not there."""

    def __init__(self, settings: Settings) -> None:
        return

    def is_here(self) -> bool:
        if bus_address() is None:
            return False
        from native_host.kek.login_keyring import default_keyring

        try:
            with _visited() as keyring:
                found = default_keyring(keyring)
        except DeviceAbsent:
            return False
        return found is not None and not found[1]

    def create(self, store_id: bytes) -> tuple[bytes, int]:
        parameters = encode(CounterParameters(store=store_id))
        with _visited() as keyring, keyring.alone(_lock_name(store_id)):
            items = _items(keyring, store_id)
            if not items:
                keyring.make(ITEM_LABEL, _attributes(store_id), b"1")
            # One that the same store left behind goes on from where it is.
            value = max([1, *(_value(item) for item in items)])
            _raise(items, value)
        return parameters, value

    def read(self, parameters: bytes) -> int:
        store_id = _read(parameters)
        with _visited() as keyring:
            return _highest(_items(keyring, store_id))

    def raise_to(self, parameters: bytes, value: int) -> None:
        store_id = _read(parameters)
        # The API has no compare-and-set: without the lock a slower process could put its lower number over a higher one.
        with _visited() as keyring, keyring.alone(_lock_name(store_id)):
            items = _items(keyring, store_id)
            _raise(items, max(value, _highest(items)))

    def remove(self, parameters: bytes) -> None:
        try:
            store_id = _read(parameters)
        except CounterGone:
            return
        with _visited() as keyring, keyring.alone(_lock_name(store_id)):
            for item in _items(keyring, store_id):
                item.delete()


@contextmanager
def _visited() -> Iterator[Keyring]:
    """The keyring for a block; whatever is wrong with it makes it absent to a counter."""
    from native_host.kek.login_keyring import visited

    try:
        with visited(SECONDS) as keyring:
            yield keyring
    except DeviceRefuses as error:
        raise DeviceAbsent(str(error), detail=KIND) from None


def _items(keyring: Keyring, store_id: bytes) -> list[Item]:
    items = keyring.find(_attributes(store_id))
    if any(item.is_locked() for item in items):
        raise DeviceAbsent(LOCKED, detail=KIND)
    return items


def _highest(items: list[Item]) -> int:
    """Of several the highest: a copy that was put beside the item must not lower it."""
    value = max((_value(item) for item in items), default=0)
    if not value:
        raise CounterGone(GONE, detail=KIND)
    return value


def _raise(items: list[Item], value: int) -> None:
    for item in items:
        if _value(item) < value:
            item.set_secret(str(value).encode())


def _value(item: Item) -> int:
    """What an item holds; 0 if that is no counter."""
    written = item.get_secret()
    value = int(written) if written.isdigit() and len(written) <= len(str(HIGHEST)) else 0
    return value if value <= HIGHEST else 0


def _read(parameters: bytes) -> bytes:
    try:
        return decode(parameters, type=CounterParameters).store
    except (MsgspecError, UnicodeDecodeError, RecursionError):
        raise CounterGone(GONE, detail=KIND) from None


def _attributes(store_id: bytes) -> dict[str, str]:
    return {"application": APPLICATION, "counter": store_id.hex()}


def _lock_name(store_id: bytes) -> str:
    return f"io.strongroom.counter.s{store_id.hex()}"
