"""The slot of two factors: a passphrase around which a device stands."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from native_host.errors import CannotUnseal, Unsupported, UserRejected
from native_host.kek import fido2, passphrase
from native_host.kek.kinds import KINDS
from native_host.kek.provider import Choice, Device, DeviceAbsent, DeviceRefuses, Enrolled, Settings, WrongSecret
from native_host.kek.symmetric import SymmetricKek
from native_host.kek.two_factor import Slots, read_parameters
from native_host.keystore.store import KeyStore
from native_host.operations import unlocking
from native_host.secret import SecretBytes
from tests.parts.asked_person import CALLER, Person, house_of, store_with
from tests.parts.virtual_authenticator import VirtualKey

SLOTS = Slots(Settings(kdf_seconds=0.01))
PIN = "1234"
PASSPHRASE = "a long passphrase"
ROOT = bytes(range(32))


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> VirtualKey:
    """A security key with a PIN; while it is not ``plugged`` it is not there."""
    made = VirtualKey()
    made.authenticator.pin.set(PIN)
    found = fido2.Found(device_id="port0", label="Security key", device=made)
    monkeypatch.setattr(fido2, "list_devices", lambda: [found] if made.plugged else [])
    monkeypatch.setattr(fido2, "is_plugged_in", lambda: made.plugged)
    return made


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The least memory that is accepted, from the start: to measure how much there could be takes half a second."""
    monkeypatch.setattr(passphrase, "PREFERRED_MEMORY_KIB", passphrase.FLOOR_MEMORY_KIB)


def device() -> Device:
    (found,) = [one for one in SLOTS.devices() if one.device_id == "fido2:port0"]
    return found


def enrol(*answers: str) -> tuple[Enrolled, bytes]:
    new = SLOTS.enrol(device(), Choice(), Person(*(answers or (PASSPHRASE, PIN))))
    return new, new.kek.wrap(SecretBytes(ROOT), aad=b"aad")


def test_opened_with_both(key: VirtualKey) -> None:
    """The PIN and the touch first, and then the passphrase."""
    new, wrapped = enrol()
    person = Person(PIN, PASSPHRASE)
    with SLOTS.open(new.parameters, person) as kek:
        assert bytes(kek.unwrap(wrapped, aad=b"aad").buffer) == ROOT
    assert [purpose for purpose, _, _ in person.asked] == ["pin", "unlock"]
    assert new.label == "Passphrase and Security key"


def test_the_key_that_was_enrolled_opens_without_asking(key: VirtualKey) -> None:
    """For as long as it is in memory, both parts are."""
    new, wrapped = enrol()
    with new.kek as kek:
        assert bytes(kek.unwrap(wrapped, aad=b"aad").buffer) == ROOT


def test_either_part_alone_gives_nothing(key: VirtualKey) -> None:
    """What the device gives back is still encrypted, and without the device the passphrase's key meets nothing it could open."""
    new, wrapped = enrol()
    read = read_parameters(new.parameters)
    with fido2.Slots(Settings()).open(read.device, Person(PIN)) as outer, outer.unwrap(wrapped, aad=b"aad") as inside:
        assert ROOT not in bytes(inside.buffer)
        assert len(inside) == 72
    inner = SymmetricKek(passphrase.derive_kek(SecretBytes(PASSPHRASE.encode()), read.argon2))
    with pytest.raises(CannotUnseal):
        inner.unwrap(wrapped, aad=b"aad")


def test_a_wrong_passphrase_costs_no_try_of_the_pin(key: VirtualKey) -> None:
    """It is asked again by itself: one PIN, one touch, up to three passphrases; the third may still be right."""
    new, wrapped = enrol()
    touches = key.authenticator.touches
    person = Person(PIN, "wrong", "wrong again", PASSPHRASE)
    with SLOTS.open(new.parameters, person) as kek:
        assert bytes(kek.unwrap(wrapped, aad=b"aad").buffer) == ROOT
    assert [hint for purpose, _, hint in person.asked if purpose == "unlock"] == [
        None,
        "That is not the passphrase that belongs to this device. Tries left: 2.",
        "That is not the passphrase that belongs to this device. Tries left: 1.",
    ]
    assert key.authenticator.touches == touches + 1
    with SLOTS.open(new.parameters, Person(PIN, "a", "b", "c")) as kek, pytest.raises(WrongSecret) as wrong:
        kek.unwrap(wrapped, aad=b"aad")
    assert (wrong.value.tries_left, key.authenticator.pin.tries) == (0, 8)


def test_what_is_wrong_is_told_as_if_the_file_were(key: VirtualKey) -> None:
    """A changed wrapping and another binding fail at the device, before any passphrase is asked for."""
    new, wrapped = enrol()
    changed = wrapped[:-1] + bytes([wrapped[-1] ^ 1])
    for aad, text in ((b"aad", changed), (b"other", wrapped), (b"aad", b"")):
        person = Person(PIN, PASSPHRASE)
        with SLOTS.open(new.parameters, person) as kek, pytest.raises(CannotUnseal):
            kek.unwrap(text, aad=aad)
        assert person.answers == [PASSPHRASE]


def test_what_the_device_refuses_with_is_passed_on(key: VirtualKey) -> None:
    """A wrong PIN with the tries left, a key that is not there, a no to the PIN, a no to the passphrase."""
    new, wrapped = enrol()
    with pytest.raises(WrongSecret) as wrong:
        SLOTS.open(new.parameters, Person("9999"))
    assert wrong.value.tries_left == 7
    with pytest.raises(UserRejected):
        SLOTS.open(new.parameters, Person())
    for answers in ((PIN,), (PIN, "")):
        with SLOTS.open(new.parameters, Person(*answers)) as kek, pytest.raises(UserRejected):
            kek.unwrap(wrapped, aad=b"aad")
    key.plugged = False
    assert not SLOTS.is_here(new.parameters)
    with pytest.raises(DeviceAbsent):
        SLOTS.open(new.parameters, Person())


def test_a_no_to_the_passphrase_leaves_nothing_in_the_device(key: VirtualKey) -> None:
    """It is asked for first; the device is not touched."""
    for answers in ((), ("",)):
        with pytest.raises(UserRejected):
            SLOTS.enrol(device(), Choice(), Person(*answers))
    assert key.authenticator.touches == 0


def test_what_the_device_does_not_enrol(key: VirtualKey) -> None:
    """Its refusals come through, and the choice is the device's."""
    with pytest.raises(Unsupported):
        SLOTS.enrol(device(), Choice(pcrs=(7,)), Person(PASSPHRASE, PIN))
    key.authenticator.pin.erase()
    with pytest.raises(DeviceRefuses, match="no PIN"):
        SLOTS.enrol(device(), Choice(pin=True), Person(PASSPHRASE))


@pytest.mark.parametrize("device_id", ["", "port0", "passphrase:passphrase", "recovery:recovery", "two_factor:fido2:port0", "other:x"])
def test_what_is_no_device(device_id: str) -> None:
    """A passphrase is none, nor a recovery code, nor two factors again."""
    with pytest.raises(DeviceAbsent):
        SLOTS.enrol(Device(device_id=device_id, label=""), Choice(), Person(PASSPHRASE))


def test_devices_are_those_of_every_kind(key: VirtualKey) -> None:
    """Each named with its kind first; none of what is no device."""
    kinds = {one.device_id.partition(":")[0] for one in SLOTS.devices()}
    assert "fido2" in kinds
    assert kinds <= {row.kind for row in KINDS.values() if row.device} - {"two_factor"}


def test_another_passphrase_with_the_same_device(key: VirtualKey) -> None:
    """The old one opens the new slot no more, and nothing new is made in the device."""
    new, _ = enrol()
    again = SLOTS.enrol_again(new.parameters, Person("another passphrase", PIN))
    wrapped = again.kek.wrap(SecretBytes(ROOT), aad=b"aad")
    assert read_parameters(again.parameters).device == read_parameters(new.parameters).device
    with SLOTS.open(again.parameters, Person(PIN, PASSPHRASE, "another passphrase")) as kek:
        assert bytes(kek.unwrap(wrapped, aad=b"aad").buffer) == ROOT


def test_forgetting_is_the_devices(key: VirtualKey, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own parameters go to it."""
    forgotten: list[bytes] = []
    monkeypatch.setattr(fido2.Slots, "forget", lambda _, parameters, ask: forgotten.append(parameters))
    new, _ = enrol()
    SLOTS.forget(new.parameters, Person())
    assert forgotten == [read_parameters(new.parameters).device]


CHANGES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "no device": lambda read: {**read, "kind": "passphrase"},
    "two factors again": lambda read: {**read, "kind": "two_factor"},
    "an unknown kind": lambda read: {**read, "kind": "abacus"},
    "a path": lambda read: {**read, "kind": "../kek"},
    "a long kind": lambda read: {**read, "kind": "x" * 33},
    "a device beyond its bounds": lambda read: {**read, "device": bytes(16 * 1024 + 1)},
    "a device that is text": lambda read: {**read, "device": "x"},
    "another slot's device": lambda read: {**read, "device": b"\x80"},
    "all memory": lambda read: {**read, "argon2": {**read["argon2"], "memory_kib": 2**31}},
    "no work": lambda read: {**read, "argon2": {**read["argon2"], "iterations": 0}},
    "a short salt": lambda read: {**read, "argon2": {**read["argon2"], "salt": bytes(8)}},
    "no passphrase": lambda read: {"kind": read["kind"], "device": read["device"]},
    "one member more": lambda read: {**read, "more": 1},
    "a list": lambda read: list(read.values()),
}


@pytest.mark.parametrize("change", CHANGES)
def test_hostile_parameters(key: VirtualKey, change: str) -> None:
    """A changed file asks nobody, and its slot is not here or cannot be opened."""
    new, _ = enrol()
    parameters = msgspec.msgpack.encode(CHANGES[change](msgspec.msgpack.decode(new.parameters)))
    person = Person(PIN, PASSPHRASE)
    SLOTS.is_here(parameters)
    with pytest.raises(CannotUnseal):
        SLOTS.open(parameters, person)
    assert person.answers == [PIN, PASSPHRASE]


@pytest.mark.parametrize("parameters", [b"", b"\xc1", b"\x91" * 100_000])
def test_parameters_that_are_none(parameters: bytes) -> None:
    """Nothing, nonsense, and one nested without end."""
    assert not SLOTS.is_here(parameters)
    with pytest.raises(CannotUnseal):
        SLOTS.open(parameters, Person())


def test_only_what_fits_the_device_is_wrapped(key: VirtualKey) -> None:
    """72 bytes, which leave the device as many as it is made for; and a key that was only opened wraps nothing."""
    new, _ = enrol()
    assert new.kek.wrap(SecretBytes(bytes(72)), aad=b"")
    with pytest.raises(ValueError, match="72 bytes"):
        new.kek.wrap(SecretBytes(bytes(73)), aad=b"")
    with SLOTS.open(new.parameters, Person(PIN)) as kek, pytest.raises(ValueError, match="72 bytes"):
        kek.wrap(SecretBytes(ROOT), aad=b"")


def test_a_key_that_has_unwrapped_wraps(key: VirtualKey) -> None:
    """Another root key, for the same slot."""
    new, _ = enrol()
    wrapped = new.kek.wrap(SecretBytes(ROOT), aad=b"")
    with SLOTS.open(new.parameters, Person(PIN, PASSPHRASE)) as kek:
        kek.unwrap(wrapped, aad=b"").wipe()
        again = kek.wrap(SecretBytes(bytes(32)), aad=b"")
    with SLOTS.open(new.parameters, Person(PIN, PASSPHRASE)) as kek, kek.unwrap(again, aad=b"") as root:
        assert bytes(32) == bytes(root.buffer)


def opened(store: KeyStore, *answers: str) -> list[str]:
    """Open the store with these answers; those that were not needed."""
    store.forget_keys()
    person = Person(*answers)
    assert unlocking.open_store(house_of(store, person), CALLER, silently=True).kind == "two_factor"
    return [str(answer) for answer in person.answers]


def test_a_store_is_opened_with_both(key: VirtualKey, tmp_path: Path) -> None:
    """Also after a wrong PIN and a wrong passphrase; three wrong ones in a row end it, and are counted."""
    new = SLOTS.enrol(device(), Choice(), Person(PASSPHRASE, PIN))
    with store_with(tmp_path, "two_factor", new) as store:
        assert opened(store, PIN, PASSPHRASE) == []
        assert opened(store, "9999", PIN, "wrong", PASSPHRASE) == []
        with pytest.raises(CannotUnseal):
            opened(store, PIN, "a", "b", "c")
        assert store.failures(store.slots()[0].slot_id)[0] == 1
        key.plugged = False
        with pytest.raises(DeviceAbsent, match="Passphrase and Security key"):
            opened(store, PIN, PASSPHRASE)
