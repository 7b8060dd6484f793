"""The Windows account as a slot: a random KEK, protected by the Data Protection API; the slot's parameters hold it so.

Implements: Windows API, ``CryptProtectData`` and ``CryptUnprotectData`` without any window of their own, as
``native_host.kek.windows_secrets`` calls them.

DPAPI encrypts under keys that hang on the account's password, so a copy of the keystore's file, or of the disk, opens nothing
without that password. Any program that runs as this account can have it decrypted; the entropy below is no secret, it only keeps
what others protected from being taken for ours.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta
from msgspec.msgpack import encode

from native_host.errors import CannotUnseal, Unsupported
from native_host.kek.provider import Choice, Device, DeviceAbsent, DeviceRefuses, Enrolled, decode_parameters
from native_host.kek.symmetric import SymmetricKek
from native_host.secret import SecretBytes
from native_host.sodium import KEY_BYTES
from native_host.value import Value

if TYPE_CHECKING:
    from native_host.kek.provider import Ask, Settings

KIND = "dpapi"
LABEL = "Windows account"
DESCRIPTION = "Strongroom keystore key"
ENTROPY = b"io.strongroom.host keystore key 1"
MOST_BYTES = 4096

ELSEWHERE = "This keystore has a slot of a Windows account, which opens on Windows alone. Open the keystore another way."
NOT_PROTECTED = "Windows did not protect a key for this account. Choose another way to open the keystore."
REFUSED = (
    "Windows does not open this slot for this account. This is another account or computer, or the password was reset by an administrator."
    " Open the keystore another way, remove this slot and add it anew."
)


class DpapiParameters(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``protected``: what DPAPI made of the KEK."""

    protected: Annotated[bytes, Meta(min_length=1, max_length=MOST_BYTES)]


class Slots:
    """The provider of slots of a Windows account."""

    def __init__(self, settings: Settings) -> None:
        return

    def devices(self) -> list[Device]:
        return [Device(device_id=KIND, label=LABEL)] if os.name == "nt" else []

    def enrol(self, device: Device, choice: Choice, ask: Ask) -> Enrolled:
        if choice != Choice():
            raise Unsupported("A Windows account has no PIN, and nothing to choose.", detail=KIND)
        _on_windows()
        from native_host.kek.windows_secrets import Refused, protect

        kek = SecretBytes(os.urandom(KEY_BYTES))
        try:
            with ask.waits():
                protected = protect(kek, description=DESCRIPTION, entropy=ENTROPY)
        except (Refused, OSError):
            kek.wipe()
            raise DeviceRefuses(NOT_PROTECTED, detail=KIND) from None
        return Enrolled(kek=SymmetricKek(kek), parameters=encode(DpapiParameters(protected=protected)), label=LABEL)

    def asks(self, parameters: bytes) -> bool:
        return False

    def is_here(self, parameters: bytes) -> bool:
        return os.name == "nt"

    def open(self, parameters: bytes, ask: Ask) -> SymmetricKek:
        protected = _read(parameters)
        _on_windows()
        with ask.waits():
            kek = _unprotected(protected)
        if len(kek) != KEY_BYTES:
            kek.wipe()
            raise CannotUnseal
        return SymmetricKek(kek)

    def forget(self, parameters: bytes, ask: Ask) -> None:
        return  # Windows keeps nothing for it


def _unprotected(protected: bytes) -> SecretBytes:
    from native_host.kek import windows_secrets as windows

    try:
        return windows.unprotect(protected, entropy=ENTROPY)
    except windows.Refused as error:
        # What is not DPAPI's, was changed or has another entropy; everything else is about the account and its keys.
        if error.code in {windows.ERROR_INVALID_DATA, windows.ERROR_INVALID_PARAMETER, windows.NTE_BAD_DATA}:
            raise CannotUnseal from None
        raise DeviceRefuses(REFUSED, detail=KIND) from None
    except OSError:
        # The access violation that ctypes makes an error of, or a library that is not there.
        raise DeviceRefuses(REFUSED, detail=KIND) from None


def _read(parameters: bytes) -> bytes:
    return decode_parameters(parameters, DpapiParameters).protected


def _on_windows() -> None:
    if os.name != "nt":
        raise DeviceAbsent(ELSEWHERE, detail=KIND)
