"""Counters among the Windows credentials of an account: one generic credential a store, which holds a decimal number.

Implements: Windows API, ``CredWriteW``, ``CredReadW`` and ``CredDeleteW``, kept on this computer and no other
(``CRED_PERSIST_LOCAL_MACHINE``), as ``native_host.kek.windows_secrets`` calls them.

It tells an older copy of the keystore's folder from the latest one. It does not stop any program that runs as this account.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, MsgspecError
from msgspec.msgpack import decode, encode

from native_host.kek.counters import CounterGone
from native_host.kek.provider import DeviceAbsent
from native_host.value import Value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from native_host.kek.provider import Settings

KIND = "credential_manager"
COMMENT = "Strongroom keystore version"
STORE_BYTES = 16
HIGHEST = 2**48 - 1
"""No keystore gets as far. What is above it was put there, and the keystore's own version could not go above it."""
WAIT_MILLISECONDS = 1000

GONE = "The Windows credentials of this account no longer have the version of this keystore."
ABSENT = "The Windows credentials of this account cannot be read or written now."


class CounterParameters(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``store``: what names the credential."""

    store: Annotated[bytes, Meta(min_length=STORE_BYTES, max_length=STORE_BYTES)]


class Counters:
    """The counters of this Windows account on this computer."""

    def __init__(self, settings: Settings) -> None:
        return

    def is_here(self) -> bool:
        if os.name != "nt":
            return False
        try:
            _value(bytes(STORE_BYTES))
        except CounterGone:
            return True
        except DeviceAbsent:
            return False
        return True

    def create(self, store_id: bytes) -> tuple[bytes, int]:
        with _alone(store_id):
            try:
                value = _value(store_id)  # one that the same store left behind goes on from where it is
            except CounterGone:
                value = 1
                _write(store_id, value)
        return encode(CounterParameters(store=store_id)), value

    def read(self, parameters: bytes) -> int:
        return _value(_read(parameters))

    def raise_to(self, parameters: bytes, value: int) -> None:
        store_id = _read(parameters)
        with _alone(store_id):
            if _value(store_id) < value:
                _write(store_id, value)

    def remove(self, parameters: bytes) -> None:
        from native_host.kek.windows_secrets import delete_credential

        try:
            store_id = _read(parameters)
            with _alone(store_id):
                delete_credential(_target(store_id))
        except CounterGone:
            return


@contextmanager
def _refusing() -> Iterator[None]:
    if os.name != "nt":
        raise DeviceAbsent(ABSENT, detail=KIND)
    from native_host.kek import windows_secrets as windows

    try:
        yield
    except windows.Refused as error:
        if error.code == windows.ERROR_NOT_FOUND:
            raise CounterGone(GONE, detail=KIND) from None
        raise DeviceAbsent(ABSENT, detail=KIND) from None
    except OSError:
        raise DeviceAbsent(ABSENT, detail=KIND) from None


@contextmanager
def _alone(store_id: bytes) -> Iterator[None]:
    """Of two processes that raise it at once, the slower one must not put its lower number over the higher one."""
    with _refusing():
        from native_host.kek.windows_secrets import alone

        with alone(_target(store_id), milliseconds=WAIT_MILLISECONDS):
            yield


def _value(store_id: bytes) -> int:
    with _refusing():
        from native_host.kek.windows_secrets import read_credential

        written = read_credential(_target(store_id))
    value = int(written) if written.isdigit() and len(written) <= len(str(HIGHEST)) else 0
    if not 0 < value <= HIGHEST:
        raise CounterGone(GONE, detail=KIND)
    return value


def _write(store_id: bytes, value: int) -> None:
    from native_host.kek.windows_secrets import write_credential

    with _refusing():
        write_credential(_target(store_id), str(value).encode(), comment=COMMENT)


def _read(parameters: bytes) -> bytes:
    try:
        return decode(parameters, type=CounterParameters).store
    except (MsgspecError, UnicodeDecodeError, RecursionError):
        raise CounterGone(GONE, detail=KIND) from None


def _target(store_id: bytes) -> str:
    return f"io.strongroom.counter.{store_id.hex()}"
