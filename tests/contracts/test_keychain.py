"""The slot in the macOS keychain and its counters, against a library that answers as Apple documents. **Untested on macOS**:
no test here runs there, and none shows that macOS does what its documentation says."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import msgspec
import pytest

from native_host.errors import CannotUnseal, KmsError, Unsupported
from native_host.kek import keychain, keychain_counter
from native_host.kek.counters import CounterGone
from native_host.kek.keychain import UNTESTED, Slots
from native_host.kek.keychain_counter import Counters
from native_host.kek.provider import Choice, Device, DeviceAbsent, DeviceRefuses, Settings, WrongSecret
from native_host.kek.security_framework import Refused
from native_host.secret import SecretBytes
from tests.parts.asked_person import Person
from tests.parts.keychain import Mac, mac

SLOTS = Slots(Settings())
COUNTERS = Counters(Settings())
DEVICE = Device(device_id="keychain", label="macOS keychain")
AAD = b"bound to"
STORE = bytes(range(16))


@pytest.fixture(autouse=True)
def temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the account, which confstr(3) names on a Mac alone."""
    monkeypatch.setattr(os, "confstr", lambda name: str(tmp_path) if name == 65537 else None)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mac]:
    with mac(monkeypatch) as running:
        yield running


def enrolled() -> tuple[bytes, bytes]:
    """A new slot's parameters, and something wrapped under its key."""
    new = SLOTS.enrol(DEVICE, Choice(), Person())
    with new.kek as kek, SecretBytes(b"root key") as root:
        return new.parameters, kek.wrap(root, aad=AAD)


def unwrapped(parameters: bytes, wrapped: bytes) -> bytes:
    with SLOTS.open(parameters, Person()) as kek, kek.unwrap(wrapped, aad=AAD) as root:
        return bytes(root.buffer)


def test_it_says_that_it_is_untested(machine: Mac) -> None:
    """To whoever chooses it, and to whoever reads it."""
    (device,) = SLOTS.devices()
    assert UNTESTED == device.note
    assert "Untested on macOS" in (keychain.__doc__ or "")
    assert "Untested on" in (keychain_counter.__doc__ or "")


def test_the_key_that_was_enrolled_opens(machine: Mac) -> None:
    """What was wrapped under the enrolled key is unwrapped by the opened one; two slots do not collide."""
    parameters, wrapped = enrolled()
    other, _ = enrolled()
    assert SLOTS.is_here(parameters)
    assert not SLOTS.asks(parameters)
    assert b"root key" == unwrapped(parameters, wrapped)
    with pytest.raises(CannotUnseal):
        unwrapped(other, wrapped)


def test_an_item_is_bound_to_this_computer_while_it_is_unlocked(machine: Mac) -> None:
    """The attributes that are documented for it, with a name that a person understands, and no others."""
    enrolled()
    function, attributes = machine.calls[0]
    slot, key = attributes.pop("kSecAttrAccount"), attributes.pop("kSecValueData")
    assert "SecItemAdd" == function
    assert "slot " == slot[:5]
    assert (32, 32) == (len(slot[5:]), len(key))
    assert {
        "kSecClass": "kSecClassGenericPassword",
        "kSecAttrService": "io.strongroom.host",
        "kSecAttrLabel": "Strongroom keystore key",
        "kSecUseDataProtectionKeychain": True,
        "kSecAttrAccessible": "kSecAttrAccessibleWhenUnlockedThisDeviceOnly",
        "kSecAttrSynchronizable": False,
    } == attributes


@pytest.mark.parametrize("lacks", [{"entitled": False}, {"without": ("kSecUseDataProtectionKeychain",)}], ids=["unsigned", "before 10.15"])
def test_without_the_better_keychain_it_is_the_login_keychain(monkeypatch: pytest.MonkeyPatch, lacks: dict[str, Any]) -> None:
    """A program without the entitlement, or an older macOS: the item goes where it can, and is found there again."""
    with mac(monkeypatch, **lacks) as machine:
        parameters, wrapped = enrolled()
        assert [False] == [protected for protected, _, _ in machine.items]
        assert b"root key" == unwrapped(parameters, wrapped)
        SLOTS.forget(parameters, Person())
        assert {} == machine.items


def test_forgetting_removes_the_item(machine: Mac) -> None:
    """Forgetting it again is no error, and opening says what to do."""
    parameters, _ = enrolled()
    SLOTS.forget(parameters, Person())
    SLOTS.forget(parameters, Person())
    assert {} == machine.items
    with pytest.raises(DeviceRefuses, match="no longer has the key"):
        SLOTS.open(parameters, Person())


@pytest.mark.parametrize("length", [0, 1, 31, 33, 4096])
def test_an_item_of_another_length_is_no_key(machine: Mac, length: int) -> None:
    """It cannot have been the key."""
    parameters, _ = enrolled()
    (item,) = machine.items.values()
    item["kSecValueData"] = bytes(length)
    with pytest.raises(CannotUnseal):
        SLOTS.open(parameters, Person())


def test_a_keychain_that_keeps_something_else_gets_no_slot(machine: Mac, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it was given is read back before a slot relies on it, and taken away again."""
    add = machine.SecItemAdd

    def forgetful(attributes: Any, result: None) -> int:
        status = add(attributes, result)
        for item in machine.items.values():
            item["kSecValueData"] = bytes(32)
        return status

    monkeypatch.setattr(machine, "SecItemAdd", forgetful)
    with pytest.raises(DeviceRefuses, match="did not keep"):
        enrolled()
    assert {} == machine.items


# Statuses as SecBase.h has them.
STATUSES: dict[str, tuple[int, type[KmsError], str]] = {
    "errSecItemNotFound": (-25300, DeviceRefuses, "no longer has the key"),
    "errSecInteractionNotAllowed": (-25308, DeviceRefuses, "is locked, or nobody could be asked"),
    "errSecInteractionRequired": (-25315, DeviceRefuses, "is locked, or nobody could be asked"),
    "errSecUserCanceled": (-128, DeviceRefuses, "was refused at its own window"),
    "errSecAuthFailed": (-25293, WrongSecret, "did not accept what was typed"),
    "errSecNotAvailable": (-25291, DeviceAbsent, "is not here, or does not answer"),
    "errSecNoSuchKeychain": (-25294, DeviceAbsent, "is not here, or does not answer"),
    "errSecNoDefaultKeychain": (-25307, DeviceAbsent, "is not here, or does not answer"),
    "errSecParam": (-50, DeviceRefuses, "with status -50"),
    "errSecDecode": (-26275, DeviceRefuses, "with status -26275"),
}


@pytest.mark.parametrize(("status", "refusal", "says"), STATUSES.values(), ids=STATUSES.keys())
def test_each_status_is_a_sentence(machine: Mac, status: int, refusal: type[KmsError], says: str) -> None:
    """That says what happened; the host stays up, and what was made for the call is released."""
    parameters, _ = enrolled()
    machine.status = dict.fromkeys(("SecItemAdd", "SecItemCopyMatching", "SecItemDelete"), status)
    with pytest.raises(refusal, match=says):
        SLOTS.open(parameters, Person())
    with pytest.raises(refusal, match=says):
        enrolled()
    if status != -25300:
        with pytest.raises(refusal, match=says):
            SLOTS.forget(parameters, Person())


def test_a_refusal_of_the_system_names_its_status_alone() -> None:
    """It holds nothing of what was asked."""
    assert "OSStatus -25293" == str(Refused(-25293))


@pytest.mark.parametrize(
    "parameters",
    [
        b"",
        b"\xc1",
        msgspec.msgpack.encode({"slot": bytes(16)}),
        b"\x82\xa1\xff\x01",
        b"\x82\xa1a" + b"\x91" * 100_000,
        msgspec.msgpack.encode({"slot": bytes(15), "data_protection": True}),
        msgspec.msgpack.encode({"slot": bytes(16), "data_protection": 1}),
        msgspec.msgpack.encode({"slot": "0" * 16, "data_protection": True}),
        msgspec.msgpack.encode({"slot": bytes(16), "data_protection": True, "more": 1}),
    ],
)
def test_parameters_of_another_form_are_refused(machine: Mac, parameters: bytes) -> None:
    """Whatever a changed file says, it names one item or nothing."""
    with pytest.raises(CannotUnseal):
        SLOTS.open(parameters, Person())
    with pytest.raises(CannotUnseal):
        SLOTS.forget(parameters, Person())
    assert [] == machine.calls


@pytest.mark.parametrize("choice", [Choice(pin=True), Choice(pcrs=(7,)), Choice(method="wrap"), Choice(mechanism="A256KW")])
def test_there_is_nothing_to_choose(machine: Mac, choice: Choice) -> None:
    """A choice that it does not have is refused, before anything is kept."""
    with pytest.raises(Unsupported):
        SLOTS.enrol(DEVICE, choice, Person())
    assert [] == machine.calls


@pytest.mark.skipif(sys.platform == "darwin", reason="this is about other systems")
def test_on_another_system_it_is_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    """No device, no counter; and where the frameworks are missing after all, opening says so."""
    parameters = msgspec.msgpack.encode({"slot": bytes(16), "data_protection": True})
    assert [] == SLOTS.devices()
    assert not SLOTS.is_here(parameters)
    assert not COUNTERS.is_here()
    for platform in ("linux", "darwin"):
        monkeypatch.setattr(keychain, "PLATFORM", platform)
        with pytest.raises(DeviceAbsent, match="is not here"):
            SLOTS.open(parameters, Person())


# counters


def test_it_counts_upwards(machine: Mac) -> None:
    """From 1, to what it is raised to, never down; one made anew goes on, and one that was removed is gone."""
    assert COUNTERS.is_here()
    parameters, value = COUNTERS.create(STORE)
    assert (1, 1) == (value, COUNTERS.read(parameters))
    for raised, reads in ((2, 2), (1_000, 1_000), (999, 1_000), (2**48 - 1, 2**48 - 1), (1, 2**48 - 1)):
        COUNTERS.raise_to(parameters, raised)
        assert reads == COUNTERS.read(parameters)
    assert (parameters, 2**48 - 1) == COUNTERS.create(STORE)
    COUNTERS.remove(parameters)
    COUNTERS.remove(parameters)
    with pytest.raises(CounterGone):
        COUNTERS.read(parameters)
    with pytest.raises(CounterGone):
        COUNTERS.raise_to(parameters, 3)


def test_a_counter_without_the_entitlement_is_found_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the login keychain, and made anew it goes on there."""
    with mac(monkeypatch, entitled=False) as machine:
        parameters, _ = COUNTERS.create(STORE)
        COUNTERS.raise_to(parameters, 7)
        assert (parameters, 7) == COUNTERS.create(STORE)
        assert [False] == [protected for protected, _, _ in machine.items]


def test_a_counter_never_has_the_person_asked(machine: Mac) -> None:
    """Every question about it says that no window may be shown; a keychain that would have to is absent."""
    parameters, _ = COUNTERS.create(STORE)
    COUNTERS.raise_to(parameters, 2)
    COUNTERS.read(parameters)
    asked = [given.get("kSecUseAuthenticationUI") for function, given in machine.calls if function != "SecItemAdd"]
    assert {"kSecUseAuthenticationUIFail"} == set(asked)
    machine.status = dict.fromkeys(("SecItemCopyMatching", "SecItemUpdate", "SecItemDelete"), -25308)
    attempts: list[Callable[[], Any]] = [
        lambda: COUNTERS.read(parameters),
        lambda: COUNTERS.raise_to(parameters, 3),
        lambda: COUNTERS.remove(parameters),
        lambda: COUNTERS.create(STORE),
    ]
    for attempt in attempts:
        with pytest.raises(DeviceAbsent):
            attempt()


@pytest.mark.parametrize("content", [b"", b"0", b"-1", b"1.5", b"12 ", b"9" * 20, b"9" * 1000, b"\xff\xfe"])
def test_what_is_no_counter_is_gone(machine: Mac, content: bytes) -> None:
    """Somebody changed it; that is told, and no number is made of it. Making it anew starts again."""
    parameters, _ = COUNTERS.create(STORE)
    (item,) = machine.items.values()
    item["kSecValueData"] = content
    with pytest.raises(CounterGone):
        COUNTERS.read(parameters)
    assert (parameters, 1) == COUNTERS.create(STORE)
    assert 1 == COUNTERS.read(parameters)


def test_a_slower_process_does_not_put_its_number_over_a_higher_one(machine: Mac, tmp_path: Path) -> None:
    """Who raises waits for who is raising, and only then reads what to compare with; no longer than a second."""
    parameters, _ = COUNTERS.create(STORE)
    with keychain_counter._alone(STORE):
        with pytest.raises(DeviceAbsent):
            COUNTERS.raise_to(parameters, 5)
        slower = Thread(target=COUNTERS.raise_to, args=(parameters, 5))
        slower.start()
        (item,) = machine.items.values()
        item["kSecValueData"] = b"9"
    slower.join()
    assert 9 == COUNTERS.read(parameters)


@pytest.mark.parametrize(
    "parameters",
    [
        b"",
        b"\xc1",
        msgspec.msgpack.encode({"store": bytes(16)}),
        msgspec.msgpack.encode({"slot": bytes(16)}),
        b"\x82\xa1\xff\x01",
        b"\x82\xa1a" + b"\x91" * 100_000,
    ],
)
def test_parameters_of_another_form_name_no_counter(machine: Mac, parameters: bytes) -> None:
    """Whatever a changed file says."""
    with pytest.raises(CounterGone):
        COUNTERS.read(parameters)
    with pytest.raises(CounterGone):
        COUNTERS.raise_to(parameters, 2)
    COUNTERS.remove(parameters)
