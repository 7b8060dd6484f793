"""Counters in the macOS keychain: one item a store, which holds a decimal number.

Implements: Apple's Keychain Services, as ``native_host.kek.security_framework`` calls them.

It tells an older copy of the keystore's folder from the latest one. It does not stop who is let into the keychain. Untested on
macOS, as ``native_host.kek.keychain`` says.
"""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, MsgspecError
from msgspec.msgpack import decode, encode

from native_host.errors import CannotUnseal
from native_host.kek import keychain
from native_host.kek.counters import CounterGone
from native_host.kek.keychain import KIND, added, query, refusing
from native_host.kek.provider import DeviceAbsent, DeviceRefuses
from native_host.value import Value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from native_host.kek.provider import Settings
    from native_host.kek.security_framework import Query

ITEM_LABEL = "Strongroom keystore version"
STORE_BYTES = 16
HIGHEST = 2**48 - 1
"""No keystore gets as far. What is above it was put there, and the keystore's own version could not go above it."""
WAIT_SECONDS = 1.0
USER_TEMPORARY_FOLDER = 65537
"""``_CS_DARWIN_USER_TEMP_DIR`` of confstr(3): a folder of this account alone, whatever the environment says."""

GONE = "The macOS keychain no longer has the version of this keystore."
BUSY = "Another program holds the version of this keystore in the macOS keychain."


class CounterParameters(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``store``: what names the item. ``data_protection``: which of the two keychains it is in."""

    store: Annotated[bytes, Meta(min_length=STORE_BYTES, max_length=STORE_BYTES)]
    data_protection: bool


class Counters:
    """The counters in this account's keychain. It asks nobody: a keychain that would have to ask is as one that is not there."""

    def __init__(self, settings: Settings) -> None:
        return

    def is_here(self) -> bool:
        return keychain.PLATFORM == "darwin"

    def create(self, store_id: bytes) -> tuple[bytes, int]:
        with _silently(), _alone(store_id):
            for data_protection in (True, False):
                value = _found(_item(store_id, data_protection=data_protection))
                if value is not None:
                    break
            else:
                data_protection, value = added(_account(store_id), ITEM_LABEL, bytearray(b"1")), 1
            if not value:
                value = 1
                _write(_item(store_id, data_protection=data_protection), value)
        return encode(CounterParameters(store=store_id, data_protection=data_protection)), value

    def read(self, parameters: bytes) -> int:
        item = _item_of(_read(parameters))
        with _silently():
            return _value(item)

    def raise_to(self, parameters: bytes, value: int) -> None:
        read = _read(parameters)
        item = _item_of(read)
        with _silently(), _alone(read.store):
            if _value(item) < value:
                _write(item, value)

    def remove(self, parameters: bytes) -> None:
        try:
            item = _item_of(_read(parameters))
        except CounterGone:
            return
        with _silently():
            from native_host.kek import security_framework as macos

            try:
                macos.delete(item)
            except macos.Refused as error:
                if error.status != macos.ERR_SEC_ITEM_NOT_FOUND:
                    raise


@contextmanager
def _silently() -> Iterator[None]:
    """Whatever is wrong with the keychain makes it absent to a counter."""
    try:
        with refusing():
            yield
    except (DeviceRefuses, CannotUnseal) as error:
        raise DeviceAbsent(str(error), detail=KIND) from None


@contextmanager
def _alone(store_id: bytes) -> Iterator[None]:
    """Of two processes that raise it at once, the slower one must not put its lower number over the higher one."""
    import fcntl

    path = os.path.join(os.confstr(USER_TEMPORARY_FOLDER) or "/var/empty", f"{keychain.SERVICE}.{store_id.hex()}.lock")
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise DeviceAbsent(BUSY, detail=KIND) from None
                time.sleep(0.01)
        yield
    finally:
        os.close(lock)


def _found(item: Query) -> int | None:
    """What an item holds, 0 if that is no counter; ``None`` if there is none."""
    from native_host.kek import security_framework as macos

    try:
        with macos.copy_data(item) as data:
            written = bytes(data.buffer)
    except macos.Refused as error:
        # Without the entitlement the data protection keychain holds nothing for us.
        if error.status in {macos.ERR_SEC_ITEM_NOT_FOUND, macos.ERR_SEC_MISSING_ENTITLEMENT}:
            return None
        raise
    value = int(written) if written.isdigit() and len(written) <= len(str(HIGHEST)) else 0
    return value if value <= HIGHEST else 0


def _value(item: Query) -> int:
    value = _found(item)
    if not value:
        raise CounterGone(GONE, detail=KIND)
    return value


def _write(item: Query, value: int) -> None:
    from native_host.kek.security_framework import update

    update(item, {"kSecValueData": bytearray(str(value).encode())})


def _read(parameters: bytes) -> CounterParameters:
    try:
        return decode(parameters, type=CounterParameters)
    except (MsgspecError, UnicodeDecodeError, RecursionError):
        raise CounterGone(GONE, detail=KIND) from None


def _item_of(parameters: CounterParameters) -> Query:
    return _item(parameters.store, data_protection=parameters.data_protection)


def _item(store_id: bytes, *, data_protection: bool) -> Query:
    from native_host.kek.security_framework import Constant

    # Asking nobody: what would need a window is answered errSecInteractionNotAllowed.
    silent = {"kSecUseAuthenticationUI": Constant("kSecUseAuthenticationUIFail")}
    return {**query(_account(store_id), data_protection=data_protection), **silent}


def _account(store_id: bytes) -> str:
    return f"counter {store_id.hex()}"
