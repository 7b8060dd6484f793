"""The slot in the login keyring, on a daemon that answers what it should not. Nothing on the bus is trusted to be what it says."""

from __future__ import annotations

import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from jeepney import DBusAddress, new_signal

from native_host.errors import CannotUnseal
from native_host.kek import login_keyring
from native_host.kek.provider import Choice, Device, DeviceAbsent, DeviceRefuses, Settings
from native_host.kek.secret_service import KIND, Slots
from tests.parts.asked_person import Person
from tests.parts.secret_service import Desktop, desktop
from tests.parts.secret_service_impostor import ITEM, Impostor, answers

if TYPE_CHECKING:
    from tests.parts.secret_service_impostor import Answers

SLOTS = Slots(Settings())


def secret(iv: bytes, value: bytes) -> Any:
    return "(oayays)", (("/session", iv, value, "text/plain"),)


PARAMETERS = msgspec.msgpack.encode({"slot": bytes(16)})
HOSTILE: dict[str, tuple[Answers, type[Exception]]] = {
    "no encryption": (answers(OpenSession="org.freedesktop.DBus.Error.NotSupported"), DeviceRefuses),
    "a session of another type": (answers(OpenSession=("vo", (("s", "key"), "/session"))), DeviceRefuses),
    "a session without a key": (answers(OpenSession=("s", ("no",))), DeviceRefuses),
    "a session that is an error": (answers(OpenSession="org.freedesktop.Secret.Error.Odd"), DeviceRefuses),
    "no list of items": (answers(SearchItems=("s", ("none",))), DeviceRefuses),
    "items that are numbers": (answers(SearchItems=("auau", ([1], []))), DeviceRefuses),
    "items without end": (answers(SearchItems=("aoao", ([ITEM] * 100_000, []))), DeviceRefuses),
    "an empty answer": (answers(SearchItems=("", ())), DeviceRefuses),
    "locked after all": (answers(GetSecret="org.freedesktop.Secret.Error.IsLocked"), DeviceRefuses),
    "access denied": (answers(GetSecret="org.freedesktop.DBus.Error.AccessDenied"), DeviceRefuses),
    "gone meanwhile": (answers(GetSecret="org.freedesktop.Secret.Error.NoSuchObject"), DeviceRefuses),
    "a secret that is text": (answers(GetSecret=("s", ("secret",))), DeviceRefuses),
    "an empty secret": (answers(GetSecret=secret(bytes(16), b"")), DeviceRefuses),
    "a secret of half a block": (answers(GetSecret=secret(bytes(16), bytes(40))), DeviceRefuses),
    "a short initialisation vector": (answers(GetSecret=secret(bytes(8), bytes(48))), DeviceRefuses),
    "a secret under another key": (answers(GetSecret=secret(bytes(16), b"x" * 48)), CannotUnseal),
    "a secret of a million bytes": (answers(GetSecret=secret(bytes(16), bytes(1 << 20))), CannotUnseal),
}


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desktop]:
    """A session whose keyring is ours to play."""
    with desktop(monkeypatch, logged_in=False) as empty:
        yield empty


def test_the_daemon_that_we_play_is_right_where_it_is_not_changed(session: Desktop) -> None:
    """So the refusals below come from what each changes."""
    with Impostor(session.environment["DBUS_SESSION_BUS_ADDRESS"], answers()), SLOTS.open(PARAMETERS, Person()) as kek:
        assert bytes(32) == bytes(kek._key.buffer)


@pytest.mark.parametrize(("daemon", "refusal"), HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_answers_are_refused(session: Desktop, daemon: Answers, refusal: type[Exception]) -> None:
    """Each with a sentence that says what to do, and the host stays up."""
    with Impostor(session.environment["DBUS_SESSION_BUS_ADDRESS"], daemon), pytest.raises(refusal):
        SLOTS.open(PARAMETERS, Person())


@pytest.mark.parametrize("silent", ["OpenSession", "SearchItems", "Get", "GetSecret"])
def test_silence_is_waited_for_no_longer_than_said(session: Desktop, silent: str) -> None:
    """A daemon that never answers is as one that is not there."""
    address = session.environment["DBUS_SESSION_BUS_ADDRESS"]
    with Impostor(address, answers(**{silent: None})), pytest.raises(DeviceAbsent), login_keyring.visited(0.3) as keyring:
        keyring.find({})[0].get_secret()


def test_a_prompt_without_end_is_a_locked_keyring(session: Desktop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The desktop's window is waited for as long as a person takes, and not for ever."""
    monkeypatch.setattr(login_keyring, "PROMPT_SECONDS", 0.3)
    daemon = answers(Get=("v", (("b", True),)), Unlock=("aoo", ([], "/prompt")), Prompt=("", ()))
    with Impostor(session.environment["DBUS_SESSION_BUS_ADDRESS"], daemon), pytest.raises(DeviceRefuses, match="is locked"):
        SLOTS.open(PARAMETERS, Person())


def test_a_daemon_that_keeps_something_else_gets_no_slot(session: Desktop) -> None:
    """What it was given is read back before a slot relies on it, and taken away again."""
    deleted: list[Any] = []
    daemon = answers(CreateItem=("oo", (ITEM, "/")))

    def delete(body: Any) -> Any:
        deleted.append(body)
        return "o", ("/",)

    daemon["Delete"] = delete
    with Impostor(session.environment["DBUS_SESSION_BUS_ADDRESS"], daemon), pytest.raises(DeviceRefuses, match="did not keep"):
        SLOTS.enrol(Device(device_id=KIND, label="Login"), Choice(), Person())
    assert [()] == deleted


# a bus that is none

AGREED = b"OK 0123456789abcdef0123456789abcdef\r\n"
SIGNAL = new_signal(DBusAddress("/a", interface="a.b"), "C")
NO_BUS: dict[str, tuple[bytes, bytes]] = {
    "silence": (b"", b""),
    "a refusal": (b"REJECTED\r\n", b""),
    "noise for a greeting": (b"\xff" * 4096, b""),
    "silence after the greeting": (AGREED, b""),
    "no message": (AGREED, b"\xff" * 4096),
    "a message without end": (AGREED, b"l\1\0\1\xff\xff\xff\x7f" + bytes(4096)),
    "messages without end": (AGREED, SIGNAL.serialise(serial=1) * 200),
}


@pytest.mark.parametrize(("greeting", "message"), NO_BUS.values(), ids=NO_BUS.keys())
def test_a_bus_that_is_none_holds_nobody_up(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, greeting: bytes, message: bytes
) -> None:
    """The environment names the bus: whatever listens there is not waited for longer than said, however much it sends."""
    with listener(greeting, message) as path:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={path}")
        with pytest.raises((DeviceAbsent, DeviceRefuses)), login_keyring.visited(0.3):
            pass


@contextmanager
def listener(greeting: bytes, message: bytes) -> Iterator[str]:
    """Something that listens where a bus should be: it greets once, and then says the same for ever."""
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listening:
        listening.bind(f"{folder}/bus")
        listening.listen()

        def serve() -> None:
            stream, _ = listening.accept()
            with stream, suppress(OSError):
                stream.recv(4096)
                stream.sendall(greeting)
                while message:
                    stream.sendall(message)
                while stream.recv(4096):
                    pass

        thread = Thread(target=serve)
        thread.start()
        yield f"{folder}/bus"
        thread.join()
