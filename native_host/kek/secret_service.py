"""The login keyring as a slot: a random KEK kept by the Secret Service of this person's session (GNOME Keyring, KWallet, KeePassXC).

Implements: Secret Service API (freedesktop.org, draft 0.2), as ``native_host.kek.login_keyring`` speaks it.

The keyring encrypts what it keeps under the login password, so a copy of the keystore's file, or of the disk, opens nothing
without that password. While the keyring is unlocked every program on the session's bus can read every item: the API knows no
owner of an item. This slot therefore stops nobody who runs as this person.
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
    from native_host.kek.login_keyring import Keyring
    from native_host.kek.provider import Ask, Settings

KIND = "secret_service"
LABEL = "Login keyring"
ITEM_LABEL = "Strongroom keystore key"
APPLICATION = "strongroom"
SLOT_BYTES = 16
LOOK_SECONDS = 3.0
"""For finding out whether there is a keyring at all."""

GONE = "Your login keyring no longer has the key of this keystore. Open the keystore another way, remove this slot and add it anew."
DOUBLED = "Your login keyring has several keys of this slot. Open the keystore another way, remove this slot and add it anew."
NOT_KEPT = "Your login keyring did not keep the key that it was given. Choose another way to open the keystore."
LOCKED_NOTE = "It is locked now; your desktop will ask you to unlock it."


class ItemParameters(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``slot``: the attribute that names the item."""

    slot: Annotated[bytes, Meta(min_length=SLOT_BYTES, max_length=SLOT_BYTES)]


class Slots:
    """The provider of slots in the login keyring."""

    def __init__(self, settings: Settings) -> None:
        return

    def devices(self) -> list[Device]:
        if bus_address() is None:
            return []
        from native_host.kek.login_keyring import default_keyring, visited

        try:
            with visited(LOOK_SECONDS) as keyring:
                found = default_keyring(keyring)
        except DeviceAbsent:
            return []
        if found is None:
            return []
        label, locked = found
        return [Device(device_id=KIND, label=label, note=LOCKED_NOTE if locked else "", suggested=not locked)]

    def enrol(self, device: Device, choice: Choice, ask: Ask) -> Enrolled:
        if choice != Choice():
            raise Unsupported("A login keyring has no PIN, and nothing to choose.", detail=KIND)
        from native_host.kek.login_keyring import visited

        slot = os.urandom(SLOT_BYTES)
        kek = SecretBytes(os.urandom(KEY_BYTES))
        try:
            with ask.waits(), visited() as keyring:
                keyring.unlock(keyring.default())
                item = keyring.make(ITEM_LABEL, _attributes(slot), bytes(kek.buffer))
                # Not every daemon keeps bytes as they are, and this slot may one day be the only one.
                with _secret(keyring, slot) as kept:
                    if kept != kek:
                        item.delete()
                        raise DeviceRefuses(NOT_KEPT, detail=KIND)
        except BaseException:
            kek.wipe()
            raise
        return Enrolled(kek=SymmetricKek(kek), parameters=encode(ItemParameters(slot=slot)), label=LABEL)

    def asks(self, parameters: bytes) -> bool:
        return False

    def is_here(self, parameters: bytes) -> bool:
        return bus_address() is not None

    def open(self, parameters: bytes, ask: Ask) -> SymmetricKek:
        slot = _read(parameters)
        from native_host.kek.login_keyring import visited

        with ask.waits(), visited() as keyring:
            kek = _secret(keyring, slot)
        if len(kek) != KEY_BYTES:
            kek.wipe()
            raise CannotUnseal
        return SymmetricKek(kek)

    def forget(self, parameters: bytes, ask: Ask) -> None:
        slot = _read(parameters)
        from native_host.kek.login_keyring import visited

        with ask.waits(), visited() as keyring:
            for item in keyring.find(_attributes(slot)):
                keyring.unlock(item)
                item.delete()


def bus_address() -> str | None:
    """The address of the session's bus, as D-Bus writes it: where the session says, or where systemd puts it."""
    said = os.environ.get("DBUS_SESSION_BUS_ADDRESS")
    if said:
        return said
    socket = os.path.join(os.environ.get("XDG_RUNTIME_DIR", ""), "bus")
    return f"unix:path={socket}" if os.path.isabs(socket) and os.path.exists(socket) else None


def _secret(keyring: Keyring, slot: bytes) -> SecretBytes:
    """What the slot's one item holds, of whatever length."""
    items = keyring.find(_attributes(slot))
    if len(items) != 1:
        raise DeviceRefuses(DOUBLED if items else GONE, detail=KIND)
    keyring.unlock(items[0])
    return SecretBytes(items[0].get_secret())


def _read(parameters: bytes) -> bytes:
    return decode_parameters(parameters, ItemParameters).slot


def _attributes(slot: bytes) -> dict[str, str]:
    return {"application": APPLICATION, "slot": slot.hex()}
