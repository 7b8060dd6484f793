"""A login manager and a screen saver of the tests' own, on two real buses: what a person does to a session, as systemd documents it.

org.freedesktop.login1 here has what the host uses: ``Inhibit`` with a descriptor, the ways to a session, its properties and signals.
"""

from __future__ import annotations

import os
import select
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from jeepney import DBusAddress, HeaderFields, Message, MessageType, new_error, new_method_call, new_method_return, new_signal
from jeepney.io.blocking import DBusConnection, open_dbus_connection

from native_host.watching.linux import LOGIN, MANAGER, MANAGER_PATH, PROPERTIES, SCREEN_SAVERS, SESSION, USER
from tests.parts.missing import need
from tests.parts.secret_service import BUS

WAIT_SECONDS = 60.0
SESSION_ID, SESSION_PATH = "c7", "/org/freedesktop/login1/session/c7"
USER_PATH = "/org/freedesktop/login1/user/_1000"
DRIVER = DBusAddress("/org/freedesktop/DBus", "org.freedesktop.DBus", "org.freedesktop.DBus")
STATS = DBusAddress("/org/freedesktop/DBus", "org.freedesktop.DBus", "org.freedesktop.DBus.Debug.Stats")


class Buses:
    """A system's bus and a session's; ``environment`` is what says where they are."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._daemons: dict[str, subprocess.Popen[bytes]] = {}
        self.addresses = {name: self._start(name) for name in ("system", "session")}
        self.environment = {f"DBUS_{name.upper()}_BUS_ADDRESS": address for name, address in self.addresses.items()}
        # What the machine that runs the tests has of a session is not to be found.
        self.environment |= {"XDG_SESSION_ID": "", "XDG_RUNTIME_DIR": str(folder)}

    def connect(self, bus: str, *, descriptors: bool = False) -> DBusConnection:
        """One more program on a bus."""
        return open_dbus_connection(self.addresses[bus], enable_fds=descriptors, auth_timeout=WAIT_SECONDS)

    def kill(self, bus: str) -> None:
        """End a bus as a crash does."""
        self._daemons[bus].kill()
        self._daemons[bus].wait()

    def restart(self, bus: str) -> None:
        """End a bus, and start it anew at the same place."""
        self.kill(bus)
        (self._folder / bus).unlink()
        self._start(bus)

    def wait_for_rules(self, bus: str, wanted: str, *, of: int) -> list[str]:
        """Wait until that many programs have asked a bus for signals of that description; their names on the bus."""
        with self.connect(bus) as connection:
            deadline = time.monotonic() + WAIT_SECONDS
            while True:
                (rules,) = call(connection, STATS, "GetAllMatchRules")
                found = [name for name, theirs in rules.items() if any(wanted in rule for rule in theirs)]
                if len(found) == of:
                    return found
                assert time.monotonic() < deadline, rules
                time.sleep(0.005)

    def end(self) -> None:
        """End both."""
        for daemon in self._daemons.values():
            daemon.kill()
            daemon.wait()

    def _start(self, name: str) -> str:
        socket = self._folder / name
        configuration = self._folder / f"{name}.conf"
        configuration.write_text(BUS.format(socket=socket))
        reading, writing = os.pipe()
        command = [need("dbus-daemon", "dbus"), f"--config-file={configuration}", "--nofork", f"--print-address={writing}"]
        with (self._folder / f"{name}.log").open("ab") as log:
            self._daemons[name] = subprocess.Popen(command, stdout=log, stderr=log, pass_fds=[writing])
        os.close(writing)
        with os.fdopen(reading, "rb") as said:
            assert said.readline(), "the bus did not start"
        return f"unix:path={socket}"


def call(connection: DBusConnection, address: DBusAddress, method: str, signature: str = "", *body: Any) -> Any:
    """The body of the reply to a call."""
    reply = connection.send_and_get_reply(new_method_call(address, method, signature, body), timeout=WAIT_SECONDS)
    assert reply.header.message_type is MessageType.method_return, reply.body
    return reply.body


class LoginManager:
    """org.freedesktop.login1 as a program of its own connection. ``knows`` are the ways by which it finds a session."""

    def __init__(self, buses: Buses, *, knows: Sequence[str], locked: bool, active: bool) -> None:
        self.knows = knows
        self.properties = {"LockedHint": ("b", locked), "Active": ("b", active)}
        self.asked: list[tuple[str, Any]] = []
        self.inhibitors: list[int] = []
        """Our ends: readable, at their end, once the other one is closed everywhere."""
        self._changed = threading.Condition()
        self._sending = threading.Lock()
        self._connection = buses.connect("system", descriptors=True)
        assert call(self._connection, DRIVER, "RequestName", "su", LOGIN, 4) == (1,)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def wait_for_inhibitor(self, number: int = 1) -> None:
        """Wait until so many were taken in all: the last that a listener does before it listens."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.inhibitors) >= number, WAIT_SECONDS)

    def is_held(self, number: int = 0) -> bool:
        """Whether that inhibitor holds sleep back."""
        return not select.select([self.inhibitors[number]], [], [], 0)[0]

    def wait_for_release(self, number: int = 0) -> None:
        """Wait until the computer may sleep, longer than the real one would."""
        assert select.select([self.inhibitors[number]], [], [], WAIT_SECONDS)[0]

    def sleep(self, *, begins: bool) -> None:
        """The computer goes to sleep, or wakes."""
        self.emit(MANAGER_PATH, MANAGER, "PrepareForSleep", "b", begins)

    def lock(self) -> None:
        """``loginctl lock-session``."""
        self.emit(SESSION_PATH, SESSION, "Lock")

    def change(self, **properties: bool) -> None:
        """Properties of the session change."""
        self.properties |= {name: ("b", value) for name, value in properties.items()}
        changed = {name: self.properties[name] for name in properties}
        self.emit(SESSION_PATH, PROPERTIES, "PropertiesChanged", "sa{sv}as", SESSION, changed, [])

    def remove_session(self, path: str = SESSION_PATH) -> None:
        """A session ends."""
        self.emit(MANAGER_PATH, MANAGER, "SessionRemoved", "so", SESSION_ID, path)

    def emit(self, path: str, interface: str, member: str, signature: str = "", *body: Any) -> None:
        """A signal."""
        with self._sending:
            self._connection.send(new_signal(DBusAddress(path, interface=interface), member, signature, body))

    def end(self) -> None:
        """Leave the bus."""
        with suppress(OSError):
            self._connection.sock.shutdown(2)
        self._thread.join(WAIT_SECONDS)
        self._connection.close()
        for inhibitor in self.inhibitors:
            os.close(inhibitor)

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                message = self._connection.receive()
                if message.header.message_type is MessageType.method_call:
                    self._answer(message)

    def _answer(self, message: Message) -> None:
        method = message.header.fields[HeaderFields.member]
        found, given = self._reply(method, message.body)
        with self._sending:
            self._connection.send(
                new_method_return(message, *found) if found else new_error(message, f"{LOGIN}.NoSuchSession", "s", ("There is none.",))
            )
        if given is not None:
            os.close(given)
        with self._changed:
            self.asked.append((method, message.body))
            self._changed.notify_all()

    def _reply(self, method: str, body: Any) -> tuple[tuple[str, tuple[Any, ...]] | None, int | None]:
        """Signature and body, ``None`` for an error; and the descriptor in it."""
        match method, body:
            case "Inhibit", ("sleep", _, _, "delay"):
                ours, theirs = os.pipe()
                with self._changed:
                    self.inhibitors.append(ours)
                return ("h", (theirs,)), theirs
            case ("GetSessionByPID", (_,)) | ("GetSession", ("c7",)) if method in self.knows:
                return ("o", (SESSION_PATH,)), None
            case "GetUser", (uid,) if method in self.knows and uid == os.getuid():
                return ("o", (USER_PATH,)), None
            case "Get", (of, "Display") if of == USER:
                return ("v", (("(so)", (SESSION_ID, SESSION_PATH)),)), None
            case "GetAll", (of,) if of == SESSION:
                return ("a{sv}", (self.properties,)), None
        return None, None


def screen_saver(connection: DBusConnection, name: str = SCREEN_SAVERS[0]) -> None:
    """Have a connection own a screen saver's name."""
    assert call(connection, DRIVER, "RequestName", "su", name, 4) == (1,)


def say_active(connection: DBusConnection, name: str = SCREEN_SAVERS[0], signature: str = "b", *body: Any) -> None:
    """What a screen saver says when the screen was locked."""
    connection.send(new_signal(DBusAddress("/org/freedesktop/ScreenSaver", interface=name), "ActiveChanged", signature, body or (True,)))


@contextmanager
def buses() -> Iterator[Buses]:
    """Both buses for a block."""
    # Not below pytest's own folder: the path of a socket has to be short.
    with tempfile.TemporaryDirectory() as folder:
        both = Buses(Path(folder))
        try:
            yield both
        finally:
            both.end()


@contextmanager
def login_manager(
    both: Buses, *, knows: Sequence[str] = ("GetSessionByPID",), locked: bool = False, active: bool = True
) -> Iterator[LoginManager]:
    """A login manager for a block."""
    manager = LoginManager(both, knows=knows, locked=locked, active=active)
    try:
        yield manager
    finally:
        manager.end()
