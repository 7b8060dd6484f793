"""The slot of a Windows account: the provider's own code, run by Windows' CPython under Wine; and what it says elsewhere."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest

from native_host.errors import CannotUnseal, Unsupported
from native_host.kek.dpapi import MOST_BYTES, Slots
from native_host.kek.provider import Choice, Device, DeviceAbsent, Settings
from tests.parts.asked_person import Person
from tests.parts.wine import Wine, wine

SLOTS = Slots(Settings())
ACCOUNT = Device(device_id="dpapi", label="Windows account")

# What each program below starts with.
BEGIN = """
import sys
from contextlib import nullcontext
from msgspec.msgpack import decode, encode
from native_host.errors import KmsError
from native_host.kek import dpapi, windows_secrets
from native_host.kek.provider import Choice, Settings
from native_host.secret import SecretBytes

class Ask:
    waits = nullcontext

SLOTS = dpapi.Slots(Settings())

def opened(parameters):
    try:
        with SLOTS.open(parameters, Ask()) as kek:
            return bytes(kek.unwrap(WRAPPED, aad=b"aad").buffer).decode()
    except KmsError as error:
        return type(error).__name__

(DEVICE,) = SLOTS.devices()
NEW = SLOTS.enrol(DEVICE, Choice(), Ask())
with NEW.kek as kek:
    WRAPPED = kek.wrap(SecretBytes(b"root key"), aad=b"aad")
PROTECTED = decode(NEW.parameters)["protected"]
"""


@pytest.fixture(scope="module")
def windows() -> Iterator[Wine]:
    with wine() as running:
        yield running


def test_the_key_that_was_enrolled_opens(windows: Wine) -> None:
    """What was wrapped under the enrolled key is unwrapped by the opened one, and nobody is asked."""
    code = "print(DEVICE.label, SLOTS.is_here(NEW.parameters), SLOTS.asks(NEW.parameters), opened(NEW.parameters))"
    assert "Windows account True False root key\n" == windows.run(BEGIN + code)


def test_another_process_opens_it(windows: Wine) -> None:
    """As any program of the account could."""
    parameters, wrapped = windows.run(BEGIN + "print(NEW.parameters.hex(), WRAPPED.hex())").split()
    code = "WRAPPED = bytes.fromhex(sys.argv[2])\nprint(opened(bytes.fromhex(sys.argv[1])))"
    assert "root key\n" == windows.run(BEGIN + code, parameters, wrapped)


def test_the_key_is_not_in_the_parameters(windows: Wine) -> None:
    """They hold what Windows made of it, of which a copy elsewhere opens nothing; they say in Windows' own way what it is."""
    code = """
with SLOTS.open(NEW.parameters, Ask()) as kek:
    print(bytes(kek._key.buffer) in NEW.parameters, len(kek._key), len(PROTECTED) < dpapi.MOST_BYTES // 4)
print(dpapi.DESCRIPTION.encode("utf-16-le") in PROTECTED)
"""
    assert "False 32 True\nTrue\n" == windows.run(BEGIN + code)


def test_a_changed_blob_does_not_open(windows: Wine) -> None:
    """Not one byte of what Windows authenticates may change, nothing be missing; whatever it says, the host stays up."""
    code = """
print(sorted({opened(encode({"protected": PROTECTED[:-cut]})) for cut in (1, 16, len(PROTECTED) - 1)}))
for at in range(0, len(PROTECTED), 7):
    changed = bytearray(PROTECTED)
    changed[at] ^= 1
    # Some bytes are text for a person, which nothing depends on.
    assert opened(encode({"protected": bytes(changed)})) in {"CannotUnseal", "DeviceRefuses", "root key"}, at
changed = bytearray(PROTECTED)
changed[-1] ^= 1
print(opened(encode({"protected": bytes(changed)})))
print({opened(encode({"protected": blob})) for blob in (b"x", bytes(300), b"\\xff" * 300)} <= {"CannotUnseal", "DeviceRefuses"})
"""
    assert "['CannotUnseal']\nCannotUnseal\nTrue\n" == windows.run(BEGIN + code)


def test_what_others_protected_is_not_taken_for_ours(windows: Wine) -> None:
    """The same key protected without our label, or with another one, is refused."""
    code = """
with SLOTS.open(NEW.parameters, Ask()) as kek:
    for label in (b"", b"another"):
        blob = windows_secrets.protect(kek._key, description="x", entropy=label)
        print(opened(encode({"protected": blob})))
"""
    assert "CannotUnseal\nCannotUnseal\n" == windows.run(BEGIN + code)


def test_a_secret_of_another_length_is_no_key(windows: Wine) -> None:
    """What Windows hands out has 32 bytes, or it is not the key."""
    code = """
for length in (0, 1, 31, 33, 2000):
    blob = windows_secrets.protect(SecretBytes(bytes(length)), description="x", entropy=dpapi.ENTROPY)
    print(length, opened(encode({"protected": blob})))
"""
    assert [f"{length} CannotUnseal" for length in (0, 1, 31, 33, 2000)] == windows.run(BEGIN + code).splitlines()


def test_what_windows_allocated_is_wiped_before_it_is_given_back(windows: Wine) -> None:
    """The key is not left in the heap's free memory."""
    code = """
import ctypes
seen = []
free = windows_secrets._kernel32().LocalFree
class Watching:
    def __getattr__(self, name):
        return getattr(kernel32, name)
    def LocalFree(self, pointer):
        seen.append(bytes(pointer[:32]))
        return free(pointer)
kernel32 = windows_secrets._kernel32()
windows_secrets._kernel32 = Watching
print(opened(NEW.parameters), seen == [bytes(32)])
"""
    assert "root key True\n" == windows.run(BEGIN + code)


# wherever it runs


@pytest.mark.parametrize(
    "parameters",
    [
        b"",
        b"\xc1",
        msgspec.msgpack.encode({}),
        msgspec.msgpack.encode({"protected": b""}),
        msgspec.msgpack.encode({"protected": "text"}),
        msgspec.msgpack.encode({"protected": bytes(MOST_BYTES + 1)}),
        msgspec.msgpack.encode([b"x"]),
        msgspec.msgpack.encode({"protected": bytes(16), "more": 1}),
        b"\x82\xa1\xff\x01" + msgspec.msgpack.encode({"protected": bytes(16)})[1:],
        b"\x82\xa1a" + b"\x91" * 100_000,
    ],
)
def test_parameters_of_another_form_are_refused(parameters: bytes) -> None:
    """Whatever a changed file says; before Windows sees any of it."""
    with pytest.raises(CannotUnseal):
        SLOTS.open(parameters, Person())


@pytest.mark.parametrize("choice", [Choice(pin=True), Choice(pcrs=(7,)), Choice(method="wrap"), Choice(mechanism="A256KW")])
def test_there_is_nothing_to_choose(choice: Choice) -> None:
    """A choice that it does not have is refused."""
    with pytest.raises(Unsupported):
        SLOTS.enrol(ACCOUNT, choice, Person())


def test_on_another_system_it_is_absent() -> None:
    """No device, nothing enrolled, and opening says where it would open; forgetting it needs nothing."""
    parameters = msgspec.msgpack.encode({"protected": b"x"})
    assert [] == SLOTS.devices()
    assert not SLOTS.is_here(parameters)
    with pytest.raises(DeviceAbsent, match="opens on Windows alone"):
        SLOTS.open(parameters, Person())
    with pytest.raises(DeviceAbsent):
        SLOTS.enrol(ACCOUNT, Choice(), Person())
    SLOTS.forget(parameters, Person())
