"""The macOS keychain as a slot: a random KEK, kept as a generic password of this account and this computer alone.

Implements: Apple's Keychain Services, as ``native_host.kek.security_framework`` calls them. The item goes into the data protection
keychain (``kSecUseDataProtectionKeychain``, macOS 10.15), where it is unlocked with the account and never leaves the computer. That
one asks for a program signed with an entitlement; any other is answered ``errSecMissingEntitlement``, and its item goes into the
login keychain, which lets in the program that made it and asks the person about any other.

Untested on macOS: no such computer was at hand. It was written to Apple's documentation and run against a library that answers as
that says; nothing else is claimed for it.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta
from msgspec.msgpack import encode

from native_host.errors import CannotUnseal, Unsupported
from native_host.kek.provider import Choice, Device, DeviceAbsent, DeviceRefuses, Enrolled, WrongSecret, decode_parameters
from native_host.kek.symmetric import SymmetricKek
from native_host.secret import SecretBytes
from native_host.sodium import KEY_BYTES
from native_host.value import Value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from native_host.kek.provider import Ask, Settings
    from native_host.kek.security_framework import Content, Query

UNTESTED = "Written to Apple's documentation and not yet tried on a Mac: keep another way to open the keystore."

KIND = "keychain"
LABEL = "macOS keychain"
ITEM_LABEL = "Strongroom keystore key"
SERVICE = "io.strongroom.host"
SLOT_BYTES = 16
PLATFORM: str = sys.platform

ABSENT = "The macOS keychain is not here, or does not answer. Log in again and try once more, or open the keystore another way."
GONE = "The macOS keychain no longer has the key of this keystore. Open the keystore another way, remove this slot and add it anew."
LOCKED = "The macOS keychain is locked, or nobody could be asked. Unlock it, or log in again; or open the keystore another way."
NOT_LET_IN = "Access to the macOS keychain was refused at its own window. Try again, or open the keystore another way."
WRONG = "The macOS keychain did not accept what was typed."
NOT_KEPT = "The macOS keychain did not keep the key that it was given. Choose another way to open the keystore."
UNUSABLE = "The macOS keychain refused, with status {status}. Open the keystore another way."


class ItemParameters(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``slot``: what names the item. ``data_protection``: which of the two keychains it is in."""

    slot: Annotated[bytes, Meta(min_length=SLOT_BYTES, max_length=SLOT_BYTES)]
    data_protection: bool


class Slots:
    """The provider of slots in the macOS keychain."""

    def __init__(self, settings: Settings) -> None:
        return

    def devices(self) -> list[Device]:
        return [Device(device_id=KIND, label=LABEL, note=UNTESTED, suggested=False)] if PLATFORM == "darwin" else []

    def enrol(self, device: Device, choice: Choice, ask: Ask) -> Enrolled:
        if choice != Choice():
            raise Unsupported("The macOS keychain has no PIN of its own, and nothing to choose.", detail=KIND)
        slot = os.urandom(SLOT_BYTES)
        kek = SecretBytes(os.urandom(KEY_BYTES))
        try:
            with ask.waits(), refusing():
                data_protection = _kept(f"slot {slot.hex()}", kek)
        except BaseException:
            kek.wipe()
            raise
        parameters = ItemParameters(slot=slot, data_protection=data_protection)
        return Enrolled(kek=SymmetricKek(kek), parameters=encode(parameters), label=LABEL)

    def asks(self, parameters: bytes) -> bool:
        return False

    def is_here(self, parameters: bytes) -> bool:
        return PLATFORM == "darwin"

    def open(self, parameters: bytes, ask: Ask) -> SymmetricKek:
        item = _read(parameters)
        with ask.waits(), refusing():
            from native_host.kek.security_framework import copy_data

            kek = copy_data(item)
        if len(kek) != KEY_BYTES:
            kek.wipe()
            raise CannotUnseal
        return SymmetricKek(kek)

    def forget(self, parameters: bytes, ask: Ask) -> None:
        item = _read(parameters)
        with ask.waits(), refusing():
            from native_host.kek.security_framework import ERR_SEC_ITEM_NOT_FOUND, Refused, delete

            try:
                delete(item)
            except Refused as error:
                if error.status != ERR_SEC_ITEM_NOT_FOUND:
                    raise


def _kept(account: str, kek: SecretBytes) -> bool:
    """Add the item, see that it was kept as it was given, and say whether it is in the data protection keychain."""
    from native_host.kek.security_framework import copy_data, delete

    data_protection = added(account, ITEM_LABEL, kek.buffer)
    item = query(account, data_protection=data_protection)
    with copy_data(item) as kept:
        if kept != kek:
            delete(item)
            raise DeviceRefuses(NOT_KEPT, detail=KIND)
    return data_protection


def query(account: str, *, data_protection: bool) -> Query:
    """What finds one item of ours, in one of the two keychains."""
    from native_host.kek.security_framework import Constant

    item: dict[str, Content] = {
        "kSecClass": Constant("kSecClassGenericPassword"),
        "kSecAttrService": SERVICE,
        "kSecAttrAccount": account,
    }
    if data_protection:
        item["kSecUseDataProtectionKeychain"] = True
    return item


def added(account: str, label: str, data: bytearray | memoryview) -> bool:
    """Add an item, to the better keychain that takes it; whether that was the data protection keychain. Raises ``Refused``."""
    from native_host.kek import security_framework as macos

    if macos.has("kSecUseDataProtectionKeychain"):
        bound: Query = {
            "kSecAttrAccessible": macos.Constant("kSecAttrAccessibleWhenUnlockedThisDeviceOnly"),
            "kSecAttrSynchronizable": False,
        }
        try:
            macos.add({**query(account, data_protection=True), **bound, "kSecAttrLabel": label, "kSecValueData": data})
        except macos.Refused as error:
            if error.status != macos.ERR_SEC_MISSING_ENTITLEMENT:
                raise
        else:
            return True
    # The login keychain heeds neither of the two bounds; it never leaves the computer but as a file.
    macos.add({**query(account, data_protection=False), "kSecAttrLabel": label, "kSecValueData": data})
    return False


@contextmanager
def refusing() -> Iterator[None]:
    """What macOS refuses with, as a refusal that a person can read."""
    if PLATFORM != "darwin":
        raise DeviceAbsent(ABSENT, detail=KIND)
    from native_host.kek import security_framework as macos

    try:
        yield
    except macos.Refused as error:
        match error.status:
            case macos.ERR_SEC_ITEM_NOT_FOUND:
                raise DeviceRefuses(GONE, detail=KIND) from None
            case macos.ERR_SEC_INTERACTION_NOT_ALLOWED | macos.ERR_SEC_INTERACTION_REQUIRED:
                raise DeviceRefuses(LOCKED, detail=KIND) from None
            case macos.ERR_SEC_USER_CANCELED:
                raise DeviceRefuses(NOT_LET_IN, detail=KIND) from None
            case macos.ERR_SEC_AUTH_FAILED:
                raise WrongSecret(WRONG) from None
            case macos.ERR_SEC_NOT_AVAILABLE | macos.ERR_SEC_NO_SUCH_KEYCHAIN | macos.ERR_SEC_NO_DEFAULT_KEYCHAIN:
                raise DeviceAbsent(ABSENT, detail=KIND) from None
            case status:
                raise DeviceRefuses(UNUSABLE.format(status=status), detail=KIND) from None
    except (OSError, ValueError, AttributeError):
        # A library, a constant or a function that this version of macOS does not have.
        raise DeviceAbsent(ABSENT, detail=KIND) from None


def _read(parameters: bytes) -> Query:
    read = decode_parameters(parameters, ItemParameters)
    return query(f"slot {read.slot.hex()}", data_protection=read.data_protection)
