"""systemd-logind itself, on a bus of the tests' own, with a service manager that only says yes.

It runs in a mount namespace where ``/run/systemd`` is its own and the kernel seems to be able to sleep. What would put the machine to
sleep is asked of the service manager, which notes it and does nothing.
"""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from jeepney import DBusAddress, HeaderFields, MessageType, new_error, new_method_return, new_signal
from jeepney.io.blocking import DBusConnection

from native_host.watching.linux import LOGIN, MANAGER, MANAGER_PATH, SESSION
from tests.parts.login_manager import DRIVER, WAIT_SECONDS, Buses, call
from tests.parts.missing import impossible, need

SYSTEMD, SYSTEMD_PATH = "org.freedesktop.systemd1", "/org/freedesktop/systemd1"
LOGIND = "/lib/systemd/systemd-logind"
# A file where the kernel has one without a word in it, as in a container.
NAMESPACE = """
set -e
mount -t tmpfs tmpfs /run/systemd
mkdir -p /run/systemd/seats /run/systemd/sessions /run/systemd/users
mount --bind "$1" /sys/power/state
exec "$2"
"""
UNITS = ("StartUnit", "StartTransientUnit", "StopUnit")


class ServiceManager:
    """org.freedesktop.systemd1, as far as logind asks it; ``at_start`` is called before a unit's start is answered."""

    def __init__(self, connection: DBusConnection) -> None:
        self._connection = connection
        self._jobs = 0
        self.at_start: Callable[[str], None] = lambda _unit: None
        assert call(connection, DRIVER, "RequestName", "su", SYSTEMD, 4) == (1,)
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                message = self._connection.receive()
                if message.header.message_type is MessageType.method_call:
                    self._answer(message, message.header.fields[HeaderFields.member])

    def _answer(self, message: Any, method: str) -> None:
        if method in UNITS:
            self.at_start(message.body[0])
            self._jobs += 1
            job = f"{SYSTEMD_PATH}/job/{self._jobs}"
            self._connection.send(new_method_return(message, "o", (job,)))
            done = (self._jobs, job, message.body[0], "done")
            self._connection.send(new_signal(DBusAddress(SYSTEMD_PATH, interface=f"{SYSTEMD}.Manager"), "JobRemoved", "uoss", done))
        elif method == "Get":
            state = "loaded" if message.body[1] == "LoadState" else "active"
            self._connection.send(new_method_return(message, "v", (("s", state),)))
        elif method == "Subscribe":
            self._connection.send(new_method_return(message))
        else:
            self._connection.send(new_error(message, f"{SYSTEMD}.NoSuchUnit", "s", ("There is none.",)))


class Logind:
    """It, with one session, as a login program makes it."""

    def __init__(self, both: Buses, connection: DBusConnection, manager: ServiceManager) -> None:
        self.service_manager = manager
        self._connection = connection
        self._login = DBusAddress(MANAGER_PATH, LOGIN, MANAGER)
        wanted: tuple[Any, ...] = ("login", "tty", "user", "", "", 0, "", "", False, "", "", [])
        made = self.ask("CreateSession", "uusssssussbssa(sv)", os.getuid(), os.getpid(), *wanted)
        self.session, self._path, self._held = made[0], made[1], made[3]
        self.environment = {**both.environment, "XDG_SESSION_ID": self.session}

    def end(self) -> None:
        """The session's program is gone."""
        self._held.close()

    def ask(self, method: str, signature: str = "", *body: Any) -> Any:
        """A call of its manager."""
        return call(self._connection, self._login, method, signature, *body)

    def say_locked(self) -> None:
        """As a screen locker says it."""
        call(self._connection, DBusAddress(self._path, LOGIN, SESSION), "SetLockedHint", "b", True)

    def inhibitors(self) -> list[str]:
        """Who holds sleep back now."""
        return [who for what, who, *_ in self.ask("ListInhibitors")[0] if what == "sleep"]


@contextmanager
def logind(both: Buses, folder: Path) -> Iterator[Logind]:
    """It, for a block; the test is skipped where it cannot run."""
    need(LOGIND, "systemd")
    state = folder / "state"
    state.write_text("mem\n", encoding="ascii")
    command = ["unshare", "--mount", "sh", "-c", NAMESPACE, "sh", str(state)]
    if subprocess.run([*command, "true"], check=False, capture_output=True).returncode:
        impossible("Mounts of its own need more rights than there are here.")
    with both.connect("system") as systemd, both.connect("system", descriptors=True) as connection:
        manager = ServiceManager(systemd)
        with (folder / "logind.log").open("wb") as log:
            daemon = subprocess.Popen([*command, LOGIND], env={**os.environ, **both.environment}, stdout=log, stderr=log)
        try:
            deadline = time.monotonic() + WAIT_SECONDS
            while call(connection, DRIVER, "NameHasOwner", "s", LOGIN) != (True,):
                assert daemon.poll() is None, (folder / "logind.log").read_text()
                assert time.monotonic() < deadline
                time.sleep(0.01)
            running = Logind(both, connection, manager)
            try:
                yield running
            finally:
                running.end()
        finally:
            daemon.kill()
            daemon.wait()
            systemd.sock.shutdown(2)
