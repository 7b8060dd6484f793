"""The slot in the login keyring, on a real GNOME Keyring."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
import secretstorage

from native_host.errors import CannotUnseal, Unsupported
from native_host.kek import login_keyring
from native_host.kek.provider import Choice, Device, DeviceAbsent, DeviceRefuses, Enrolled, Settings
from native_host.kek.secret_service import ITEM_LABEL, KIND, Slots
from native_host.secret import SecretBytes
from tests.parts.asked_person import Person
from tests.parts.secret_service import Desktop, desktop

ROOT = Path(__file__).parents[2]
AAD = b"bound to"
SLOTS = Slots(Settings())
LOGIN = Device(device_id=KIND, label="Login")


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desktop]:
    """A session of its own, logged in, as this process's."""
    with desktop(monkeypatch) as logged_in:
        yield logged_in


def enrolled() -> Enrolled:
    return SLOTS.enrol(LOGIN, Choice(), Person())


def wrapped_by(new: Enrolled) -> bytes:
    with new.kek as kek, SecretBytes(b"root key") as root:
        return kek.wrap(root, aad=AAD)


def unwrapped(parameters: bytes, wrapped: bytes) -> bytes:
    with SLOTS.open(parameters, Person()) as kek, kek.unwrap(wrapped, aad=AAD) as root:
        return bytes(root.buffer)


class Other:
    """Another program of the session."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection

    def items(self) -> list[secretstorage.Item]:
        """What it sees of ours."""
        return list(secretstorage.search_items(self.connection, {"application": "strongroom"}))


@pytest.fixture
def other(session: Desktop) -> Iterator[Other]:
    with closing(secretstorage.dbus_init()) as connection:
        yield Other(connection)


def test_the_key_that_was_enrolled_opens(session: Desktop) -> None:
    """What was wrapped under the enrolled key is unwrapped by the opened one, and nobody is asked."""
    new = enrolled()
    wrapped = wrapped_by(new)
    assert b"root key" == unwrapped(new.parameters, wrapped)
    assert not SLOTS.asks(new.parameters)
    assert SLOTS.is_here(new.parameters)


def test_the_item_says_what_it_is(session: Desktop, other: Other) -> None:
    """One item of 32 random bytes, with a name that a person understands; the slot's parameters hold its attribute alone."""
    first, second = enrolled(), enrolled()
    found = other.items()
    assert [ITEM_LABEL, ITEM_LABEL] == [item.get_label() for item in found]
    assert [32, 32] == [len(item.get_secret()) for item in found]
    assert {msgspec.msgpack.decode(new.parameters)["slot"].hex() for new in (first, second)} == {
        item.get_attributes()["slot"] for item in found
    }


def test_two_slots_do_not_collide(session: Desktop) -> None:
    """Each opens what it wrapped, and not what the other did."""
    first, second = enrolled(), enrolled()
    wrapped = wrapped_by(first)
    assert b"root key" == unwrapped(first.parameters, wrapped)
    with pytest.raises(CannotUnseal):
        unwrapped(second.parameters, wrapped)


OTHER_PROCESS = """
import sys
from native_host.kek.provider import Settings
from native_host.kek.secret_service import Slots
from tests.parts.asked_person import Person
with Slots(Settings()).open(bytes.fromhex(sys.argv[1]), Person()) as kek, kek.unwrap(bytes.fromhex(sys.argv[2]), aad=b"bound to") as root:
    print(bytes(root.buffer).decode())
"""


def test_another_process_opens_it(session: Desktop) -> None:
    """As any program of the session could."""
    new = enrolled()
    command = [sys.executable, "-c", OTHER_PROCESS, new.parameters.hex(), wrapped_by(new).hex()]
    assert "root key\n" == subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def test_it_is_there_after_the_next_log_in(session: Desktop) -> None:
    """The keyring keeps it in its file."""
    new = enrolled()
    wrapped = wrapped_by(new)
    session.log_in()
    assert b"root key" == unwrapped(new.parameters, wrapped)


def test_the_device_is_the_keyring_of_the_session(session: Desktop) -> None:
    """One, under its own name; of a locked one it is said that it is locked."""
    (device,) = SLOTS.devices()
    assert (KIND, "Login", "") == (device.device_id, device.label, device.note)
    session.lock()
    (device,) = SLOTS.devices()
    assert "It is locked now; your desktop will ask you to unlock it." == device.note


@pytest.mark.parametrize("choice", [Choice(pin=True), Choice(pcrs=(7,)), Choice(method="wrap"), Choice(mechanism="A256KW")])
def test_there_is_nothing_to_choose(session: Desktop, other: Other, choice: Choice) -> None:
    """A choice that it does not have is refused, before anything is kept."""
    with pytest.raises(Unsupported):
        SLOTS.enrol(LOGIN, choice, Person())
    assert [] == other.items()


def test_forgetting_removes_the_item(session: Desktop, other: Other) -> None:
    """That slot's alone; forgetting it again is no error, and opening says what to do."""
    new, kept = enrolled(), enrolled()
    SLOTS.forget(new.parameters, Person())
    SLOTS.forget(new.parameters, Person())
    (left,) = other.items()
    assert msgspec.msgpack.decode(kept.parameters)["slot"].hex() == left.get_attributes()["slot"]
    with pytest.raises(DeviceRefuses, match=r"no longer has the key of this keystore. Open the keystore another way"):
        SLOTS.open(new.parameters, Person())


@pytest.mark.parametrize("length", [0, 1, 16, 31, 33, 4096])
def test_an_item_of_another_length_is_no_key(session: Desktop, other: Other, length: int) -> None:
    """It cannot have been the key."""
    new = enrolled()
    other.items()[0].set_secret(bytes(length))
    with pytest.raises(CannotUnseal):
        SLOTS.open(new.parameters, Person())


def test_a_changed_item_does_not_open(session: Desktop, other: Other) -> None:
    """Another key of the right length is found out when it unwraps."""
    new = enrolled()
    wrapped = wrapped_by(new)
    other.items()[0].set_secret(bytes(32))
    with pytest.raises(CannotUnseal):
        unwrapped(new.parameters, wrapped)


def test_a_second_item_of_the_same_name_is_refused(session: Desktop, other: Other) -> None:
    """Which of them is the key cannot be told."""
    new = enrolled()
    secretstorage.Collection(other.connection).create_item("copy", other.items()[0].get_attributes(), bytes(32))
    with pytest.raises(DeviceRefuses, match="several keys of this slot"):
        SLOTS.open(new.parameters, Person())


@pytest.mark.parametrize(
    "parameters",
    [
        b"",
        b"\xc1",
        b"\x00" * 40,
        msgspec.msgpack.encode({}),
        msgspec.msgpack.encode({"slot": bytes(15)}),
        msgspec.msgpack.encode({"slot": bytes(17)}),
        msgspec.msgpack.encode({"slot": "00" * 16}),
        msgspec.msgpack.encode([bytes(16)]),
        msgspec.msgpack.encode({"slot": bytes(16), "more": 1}),
        b"\x82\xa1\xff\x01" + msgspec.msgpack.encode({"slot": bytes(16)})[1:],
        b"\x82\xa1a" + b"\x91" * 100_000,
    ],
)
def test_parameters_of_another_form_are_refused(session: Desktop, parameters: bytes) -> None:
    """Whatever a changed file says, it names one item or nothing."""
    with pytest.raises(CannotUnseal):
        SLOTS.open(parameters, Person())
    with pytest.raises(CannotUnseal):
        SLOTS.forget(parameters, Person())


# locked


def test_a_locked_keyring_that_nobody_can_unlock_is_said_to_be_locked(session: Desktop) -> None:
    """Without a display the desktop cannot ask; opening, forgetting and enrolling say so and say what to do."""
    new = enrolled()
    session.lock()
    for attempt in (lambda: SLOTS.open(new.parameters, Person()), lambda: SLOTS.forget(new.parameters, Person()), enrolled):
        with pytest.raises(DeviceRefuses, match=r"is locked. Unlock it, or log in again"):
            attempt()


def test_the_desktop_asks_for_the_login_password(session: Desktop) -> None:
    """A locked keyring is unlocked by the person in the desktop's own window, and the slot opens."""
    new = enrolled()
    wrapped = wrapped_by(new)
    session.lock()
    with session.prompter() as type_password:
        type_password()
        assert b"root key" == unwrapped(new.parameters, wrapped)


def test_a_prompt_that_is_closed_is_a_locked_keyring(session: Desktop) -> None:
    """A no in the desktop's window is no unlocking; the other ways into the keystore stay open."""
    new = enrolled()
    session.lock()
    with session.prompter() as type_password:
        type_password("Escape")
        with pytest.raises(DeviceRefuses, match="is locked"):
            SLOTS.open(new.parameters, Person())


# gone


@pytest.mark.parametrize("address", ["", "unix:path=/nowhere/bus", "tcp:host=localhost,port=1", "autolaunch:", "unix:", "nonsense", ";"])
def test_without_a_bus_the_keyring_is_absent(session: Desktop, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """There is no device, and opening says so; whatever the environment has for an address."""
    new = enrolled()
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    assert [] == refused_or_none(SLOTS.devices)
    with pytest.raises((DeviceAbsent, DeviceRefuses), match="login keyring"):
        SLOTS.open(new.parameters, Person())
    assert bool(address) == SLOTS.is_here(new.parameters)


def refused_or_none(found: Callable[[], list[Device]]) -> list[Device]:
    try:
        return found()
    except DeviceRefuses:
        return []


def test_the_bus_is_found_where_systemd_puts_it(session: Desktop, monkeypatch: pytest.MonkeyPatch) -> None:
    """A browser may start the host without the bus's address in the environment."""
    new = enrolled()
    wrapped = wrapped_by(new)
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS")
    assert SLOTS.is_here(new.parameters)
    assert b"root key" == unwrapped(new.parameters, wrapped)


def test_a_killed_daemon_is_absent(session: Desktop) -> None:
    """A bus without the service: no device, and opening says what to do."""
    new = enrolled()
    session.end_daemon()
    assert [] == SLOTS.devices()
    with pytest.raises(DeviceAbsent, match=r"does not answer. Log in to your desktop again"):
        SLOTS.open(new.parameters, Person())


def test_a_daemon_killed_in_the_middle_is_absent(session: Desktop) -> None:
    """Between two of our calls."""
    new = enrolled()
    attributes = {"slot": msgspec.msgpack.decode(new.parameters)["slot"].hex()}
    with pytest.raises(DeviceAbsent), login_keyring.visited() as keyring:  # noqa: PT012
        session.end_daemon()
        keyring.find(attributes)


def test_a_bus_that_ends_in_the_middle_is_absent(session: Desktop) -> None:
    """The connection breaks."""
    with pytest.raises(DeviceAbsent), login_keyring.visited() as keyring:  # noqa: PT012
        session.end()
        keyring.default()


def test_nothing_is_imported_until_it_is_used() -> None:
    """The slot is found out to be here without D-Bus or what speaks it."""
    script = """
import sys
from native_host.kek.provider import Settings
from native_host.kek.secret_service import Slots
Slots(Settings()).is_here(b"")
print([name for name in ("secretstorage", "jeepney", "cryptography", "socket") if name in sys.modules])
"""
    assert "[]\n" == subprocess.run([sys.executable, "-I", "-c", script], cwd=ROOT, check=True, capture_output=True, text=True).stdout
