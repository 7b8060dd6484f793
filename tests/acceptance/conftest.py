"""Computers as their owners have them: the real programs, the real parts, and somebody who reads and types."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from native_host.keystore import chain
from native_host.opening import KEYSTORE_FILE
from native_host.testing.browser import BrowserEmulator
from native_host.testing.port import Port
from tests.backups.terminals import Terminal
from tests.homes import ADDON, HOST, origin_of
from tests.host.test_confirmed_program import ON_A_TERMINAL, Person
from tests.parts.secret_service import Desktop

PASSPHRASE = "a passphrase of its owner"
STRONGROOM = [sys.executable, "-m", "native_host.cli"]
NOT_PASSED_ON = ("DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR")


class Computer:
    """One machine: a folder, and what its configuration and environment name of devices. No screen; a terminal where one is asked for."""

    def __init__(self, folder: Path, *, config: str = "", session: Desktop | None = None) -> None:
        self.folder = folder
        self.home, self.person = folder / "strongroom", folder / "person"
        self.person.mkdir(parents=True)
        self.home.mkdir(mode=0o700, exist_ok=True)
        self.configure(config)
        kept = {name: value for name, value in os.environ.items() if name not in NOT_PASSED_ON}
        self.environ = {**kept, "STRONGROOM_HOME": str(self.home), "HOME": str(self.person), "TERM": "xterm"}
        if session is not None:
            self.environ |= {name: session.environment[name] for name in ("DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR")}
        self._emulators: list[BrowserEmulator] = []

    @property
    def database(self) -> Path:
        return self.home / KEYSTORE_FILE

    def configure(self, config: str) -> None:
        file = self.home / "config.toml"
        file.write_text(config)
        file.chmod(0o600)

    # the person's program

    def start(self, *arguments: str, typed: tuple[str, ...] | None = None, command: list[str] | None = None) -> subprocess.Popen[str]:
        """Without a terminal, as a script does. What is ``typed`` comes as lines of standard input."""
        options = () if typed is None else ("--secret-from-stdin",)
        with tempfile.TemporaryFile() as lines:
            lines.write("".join(f"{line}\n" for line in typed or ()).encode())
            lines.seek(0)
            # fmt: off
            return subprocess.Popen(
                [*(command or STRONGROOM), *arguments, *options], env=self.environ, text=True, start_new_session=True,
                stdin=lines, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            )
            # fmt: on

    def run(self, *arguments: str, typed: tuple[str, ...] | None = None, command: list[str] | None = None) -> tuple[int, str]:
        """Its status and all that it said: no traceback, and nothing that was typed."""
        return ended(self.start(*arguments, typed=typed, command=command), typed or ())

    def says(self, *arguments: str, typed: tuple[str, ...] | None = None) -> str:
        status, said = self.run(*arguments, typed=typed)
        assert 0 == status, said
        return said

    def refuses(self, *arguments: str, typed: tuple[str, ...] | None = None) -> str:
        status, said = self.run(*arguments, typed=typed)
        assert 1 == status, said
        return said

    @contextmanager
    def on_terminal(self, *arguments: str) -> Iterator[Terminal]:
        terminal = Terminal([*STRONGROOM, *arguments], self.environ)
        try:
            yield terminal
        finally:
            terminal.end()

    def writes_code_down(self, terminal: Terminal) -> str:
        """Read the code that is shown, copy it, and type it back."""
        terminal.reads("Your answer: ")
        terminal.types("show")
        code = "-".join(re.findall(r"Group \d: (\S+)", terminal.reads("Your answer: ")))
        terminal.types("done")
        terminal.reads("Code: ")
        terminal.types(code)
        return code

    # a browser

    def host(self, person: Person | None = None) -> Port:
        """A host that was said hello to; it asks ``person`` at their terminal, or has nobody to ask."""
        emulator = BrowserEmulator("chromium", home=self.person, environment={**self.environ, **dict.fromkeys(NOT_PASSED_ON[:2], "")})
        for name in NOT_PASSED_ON:
            if not self.environ.get(name):
                emulator.environment.pop(name, None)
        self._emulators.append(emulator)
        command = [sys.executable, "-c", ALONE] if person is None else [sys.executable, "-c", ON_A_TERMINAL, person.name]
        port = emulator.connect_command(command, ADDON)
        port.hello()
        return port

    def open(self) -> Port:
        """A host whose store opened by itself."""
        port = self.host()
        assert {"state": "unlocked"} == port.request("unlock")
        return port

    def attach(self) -> None:
        self.says("origins", "add", origin_of(ADDON))

    def quit(self) -> None:
        """End every host."""
        for emulator in self._emulators:
            emulator.quit()
        self._emulators.clear()

    # what an onlooker sees

    def slots(self) -> list[str]:
        """The kinds of the ways in, oldest first."""
        return [row["kind"] for row in json.loads(self.says("slots", "list", "--json"))]

    def is_whole(self) -> bool:
        """The audit chain and the file itself."""
        with closing(sqlite3.connect(self.database)) as connection:
            return chain.verify(connection) is None and connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)

    def copy_to(self, folder: Path, *, config: str = "", session: Desktop | None = None) -> Computer:
        """Another computer, with a copy of this one's folder as it is at this moment."""
        folder.mkdir(parents=True)
        copy_files(self.home, folder / "strongroom")
        return Computer(folder, config=config, session=session)


ALONE = f"import os, sys; os.setsid(); os.execv({HOST[0]!r}, {HOST!r} + sys.argv[1:])"
"""A host without a terminal, wherever the tests are run from."""


def ended(process: subprocess.Popen[str], typed: tuple[str, ...] = ()) -> tuple[int, str]:
    """The status and all that was said, none of which was typed."""
    out, err = process.communicate(timeout=120)
    said = out + err
    assert "Traceback" not in said, said
    assert not [line for line in typed if len(line) > len("replace") and line in said]
    return process.returncode, said


def copy_files(source: Path, target: Path) -> None:
    """The keystore's files, as whoever reads the disk gets them: also those that a host has open."""
    target.mkdir(mode=0o700, exist_ok=True)
    for file in source.glob(f"{KEYSTORE_FILE}*"):
        shutil.copy(file, target)


def put_back(source: Path, target: Path) -> None:
    """The keystore's files of another time in place of what is there."""
    for file in target.glob(f"{KEYSTORE_FILE}*"):
        file.unlink()
    copy_files(source, target)


def keys_of(port: Port) -> dict[str, Any]:
    """Every key by its label."""
    return {key.get("label"): key for key in port.request("listKeys", {"limit": 100})["keys"]}
