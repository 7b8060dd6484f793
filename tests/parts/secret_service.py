"""A real Secret Service: gnome-keyring-daemon on a bus of its own, with folders of its own."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jeepney import DBusAddress, MessageType, new_method_call
from jeepney.io.blocking import open_dbus_connection

from tests.parts.missing import need

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pytest

LOGIN_PASSWORD = "the login password"
NAME = "org.freedesktop.secrets"
WAIT_SECONDS = 60.0

# The session's usual configuration, without services that the bus starts: what is ended stays ended.
BUS = """<busconfig>
  <type>session</type>
  <listen>unix:path={socket}</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""


class Desktop:
    """A person's session: ``environment`` is what its programs have."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.runtime = folder / "runtime"
        self.runtime.mkdir(mode=0o700, parents=True)
        self.environment = {
            "HOME": str(folder),
            "XDG_RUNTIME_DIR": str(self.runtime),
            "XDG_DATA_HOME": str(folder / "data"),
            "DBUS_SESSION_BUS_ADDRESS": f"unix:path={self.runtime / 'bus'}",
            "PATH": os.environ["PATH"],
            "LC_ALL": "C.UTF-8",
        }
        self._programs: list[subprocess.Popen[bytes]] = []
        self._daemon: subprocess.Popen[bytes] | None = None
        self._start_bus()

    def start(self, *command: str, typed: bytes = b"", display: str | None = None) -> subprocess.Popen[bytes]:
        """A program of this session; it is ended with it."""
        environment = self.environment if display is None else {**self.environment, "DISPLAY": display}
        log = self.folder / f"{Path(command[0]).name}.log"
        with log.open("ab") as out:
            program = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=out, stderr=out, cwd=self.folder)
        self._programs.append(program)
        assert program.stdin is not None
        program.stdin.write(typed)
        program.stdin.close()
        return program

    def log_in(self) -> None:
        """Start the keyring's daemon, unlocked, as logging in does; one that is there already is ended first."""
        self.end_daemon()
        command = [need("gnome-keyring-daemon", "gnome-keyring"), "--foreground", "--unlock", "--components=secrets"]
        self._daemon = self.start(*command, typed=LOGIN_PASSWORD.encode())
        self.wait_for_owner(NAME)

    def end_daemon(self) -> None:
        """Kill the keyring's daemon."""
        if self._daemon is not None:
            self._daemon.kill()
            self._daemon.wait()
            self._daemon = None
            self.wait_for_owner(NAME, there=False)

    def lock(self) -> None:
        """Lock every keyring."""
        self.call(DBusAddress("/org/freedesktop/secrets", NAME, "org.freedesktop.Secret.Service"), "LockService")

    @contextmanager
    def prompter(self) -> Iterator[Callable[..., None]]:
        """The desktop's own window that asks for the login password, on a screen of its own; what is yielded types into the next one."""
        need("xdotool", "xdotool")
        with screen(self) as display:
            self.start(need("/usr/libexec/gcr-prompter", "gcr"), display=display)
            self.wait_for_owner("org.gnome.keyring.SystemPrompter")

            def type_in(*keys: str) -> None:
                typed = ["key", *keys] if keys else ["type", "--args", "1", LOGIN_PASSWORD, "key", "Return"]
                window = ["search", "--sync", "--onlyvisible", "--class", "gcr-prompter", "windowfocus", "--sync"]
                self.start("xdotool", *window, *typed, display=display)

            yield type_in

    def call(self, address: DBusAddress, method: str, signature: str = "", *body: Any) -> Any:
        """One call on this session's bus."""
        with open_dbus_connection(self.environment["DBUS_SESSION_BUS_ADDRESS"]) as connection:
            reply = connection.send_and_get_reply(new_method_call(address, method, signature, body), timeout=WAIT_SECONDS)
        assert reply.header.message_type is MessageType.method_return, reply.body
        return reply.body

    def wait_for_owner(self, name: str, *, there: bool = True) -> None:
        """Wait until a program owns a name of the bus, or none does."""
        deadline = time.monotonic() + WAIT_SECONDS
        bus = DBusAddress("/org/freedesktop/DBus", "org.freedesktop.DBus", "org.freedesktop.DBus")
        while self.call(bus, "NameHasOwner", "s", name) != (there,):
            if time.monotonic() > deadline:
                raise TimeoutError(name)
            time.sleep(0.005)

    def end(self) -> None:
        """End every program of the session."""
        for program in reversed(self._programs):
            program.kill()
            program.wait()

    def _start_bus(self) -> None:
        configuration = self.folder / "bus.conf"
        configuration.write_text(BUS.format(socket=self.runtime / "bus"))
        reading, writing = os.pipe()
        command = [need("dbus-daemon", "dbus"), f"--config-file={configuration}", "--nofork", f"--print-address={writing}"]
        with (self.folder / "bus.log").open("ab") as log:
            self._programs.append(subprocess.Popen(command, env=self.environment, stdout=log, stderr=log, pass_fds=[writing]))
        os.close(writing)
        with os.fdopen(reading, "rb") as said:
            assert said.readline(), "the bus did not start"


@contextmanager
def screen(session: Desktop) -> Iterator[str]:
    """A virtual screen of the session, by the name of its display."""
    reading, writing = os.pipe()
    command = [need("Xvfb", "xvfb"), "-displayfd", str(writing), "-screen", "0", "800x600x24", "-nolisten", "tcp"]
    with (session.folder / "screen.log").open("ab") as log:
        server = subprocess.Popen(command, env=session.environment, stdout=log, stderr=log, pass_fds=[writing])
    os.close(writing)
    try:
        with os.fdopen(reading, "rb") as said:
            yield f":{int(said.readline())}"
    finally:
        server.terminate()
        server.wait()


@contextmanager
def desktop(monkeypatch: pytest.MonkeyPatch, *, logged_in: bool = True) -> Iterator[Desktop]:
    """A session for a block, as this process's own; the keyring's daemon runs in it once somebody has logged in."""
    # Not below pytest's own folder: the path of a socket has to be short.
    with tempfile.TemporaryDirectory() as folder:
        session = Desktop(Path(folder))
        try:
            for name, value in session.environment.items():
                monkeypatch.setenv(name, value)
            if logged_in:
                session.log_in()
            yield session
        finally:
            session.end()
