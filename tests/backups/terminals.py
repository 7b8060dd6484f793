"""The person's program on a terminal of its own, with a person who reads and types; and as a script runs it."""

from __future__ import annotations

import fcntl
import os
import re
import select
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PATIENCE_SECONDS = 60.0
COMMAND = [sys.executable, "-m", "native_host.cli"]


class Program:
    """``strongroom`` with a folder that is its STRONGROOM_HOME."""

    def __init__(self, home: Path) -> None:
        self.home = home
        person = home.parent / "person"
        person.mkdir(parents=True, exist_ok=True)
        hidden = {"DISPLAY", "WAYLAND_DISPLAY"}
        self.environ = {name: value for name, value in os.environ.items() if name not in hidden}
        self.environ |= {"STRONGROOM_HOME": str(home), "HOME": str(person), "TERM": "xterm"}

    def run(self, *arguments: str, typed: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
        """Run it as a script does; what is ``typed`` comes as lines of standard input, and must not come out again."""
        options = ("--secret-from-stdin",) if typed else ()
        done = subprocess.run(
            [*COMMAND, *arguments, *options],
            input="".join(f"{line}\n" for line in typed),
            capture_output=True,
            text=True,
            check=False,
            env=self.environ,
        )
        said = done.stdout + done.stderr
        assert "Traceback" not in said, said
        assert not [line for line in typed if len(line) > len("replace") and line in said]
        return done

    def says(self, *arguments: str, typed: tuple[str, ...] = ()) -> str:
        done = self.run(*arguments, typed=typed)
        assert 0 == done.returncode, done.stderr
        return done.stdout + done.stderr

    def refuses(self, *arguments: str, typed: tuple[str, ...] = ()) -> str:
        """One sentence, and status 1."""
        done = self.run(*arguments, typed=typed)
        assert 1 == done.returncode, done.stdout
        return done.stderr

    @contextmanager
    def on_terminal(self, *arguments: str) -> Iterator[Terminal]:
        terminal = Terminal([*COMMAND, *arguments], self.environ)
        try:
            yield terminal
        finally:
            terminal.end()


class Terminal:
    """A program whose controlling terminal is ours."""

    def __init__(self, command: list[str], environ: dict[str, str]) -> None:
        self._person, other = os.openpty()
        self.process = subprocess.Popen(
            command,
            stdin=other,
            stdout=other,
            stderr=other,
            env=environ,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(other)
        self._screen = ""
        self.read = ""

    def reads(self, text: str) -> str:
        """Everything up to ``text``, which is awaited."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while text not in self._screen:
            assert self._look(deadline), self.read + self._screen
        before, _, self._screen = self._screen.partition(text)
        self.read += before + text
        return before

    def types(self, line: str) -> None:
        os.write(self._person, line.encode() + b"\n")

    def types_words(self, words: str) -> None:
        """Words, when they are asked for, and the empty line after them."""
        self.reads("Words: ")
        self.types(words)
        self.reads("Words: ")
        self.types("")

    def writes_share_down(self) -> list[str]:
        """Have a share shown, copy its words, and say so."""
        self.reads("Your answer: ")
        self.types("show")
        shown = self.reads("Your answer: ")
        self.types("done")
        return re.findall(r"(?m)^\d+\. (\S+)\s*$", shown)

    def status(self) -> int:
        """How the program ends."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self._look(deadline):
            pass
        self.read += self._screen
        return self.process.wait(PATIENCE_SECONDS)

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._person)

    def _look(self, deadline: float) -> bool:
        ready, _, _ = select.select([self._person], [], [], max(0.0, deadline - time.monotonic()))
        try:
            read = os.read(self._person, 65536) if ready else b""
        except OSError:  # the other end of a terminal is closed
            read = b""
        self._screen += read.decode(errors="replace").replace("\r\n", "\n")
        return bool(read)
