"""The person's terminal itself (``/dev/tty``, on Windows ``CONIN$`` and ``CONOUT$``), never standard input or output: those carry frames.

Lines are read in the terminal's own line mode, so that editing keys and screen readers work as the person is used to.
POSIX termios as in IEEE Std 1003.1 chapter 11.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Protocol

POLL_SECONDS = 0.05


class Interrupted(Exception):
    """The ask in front was withdrawn, or the host is gone, while the person was typing."""


class TimedOut(Exception):
    """The person did not answer in time."""


class Console(Protocol):
    """What a dialogue needs of a terminal."""

    def say(self, text: str) -> None:
        """Write one line."""

    def read_line(self, prompt: str, *, deadline: float, hidden: bool = False) -> str:
        """A line of the person, without its end; what was typed before the prompt does not count.

        Raises:
            Interrupted: if what is asked has lost its meaning.
            TimedOut: if ``deadline`` (``time.monotonic``) passes.
            EOFError: if the terminal is gone or the person ended the input.
        """

    def clear(self) -> None:
        """Take what was said off the screen and out of its scrolled-back part."""


def open_console(*, bell: int, interrupted: Callable[[], bool]) -> Console:
    """The terminal of this process. ``bell`` is a descriptor that becomes readable when ``interrupted`` is worth asking.

    Raises:
        OSError: if there is no terminal.
    """
    if sys.platform == "win32":
        return WindowsConsole(interrupted)
    return PosixConsole(bell, interrupted)


if sys.platform == "win32":
    import msvcrt
    import time

    class WindowsConsole:
        """The console of Windows, read key by key: a line read in one piece could not be interrupted."""

        def __init__(self, interrupted: Callable[[], bool]) -> None:
            self._interrupted = interrupted
            self._out = open("CONOUT$", "w", encoding="utf-8", errors="replace")  # noqa: SIM115 (lives as long as the process)

        def say(self, text: str) -> None:
            self._out.write(text + "\r\n")
            self._out.flush()

        def read_line(self, prompt: str, *, deadline: float, hidden: bool = False) -> str:
            while msvcrt.kbhit():
                msvcrt.getwch()
            self._write(prompt)
            typed: list[str] = []
            while (key := self._key(deadline)) not in "\r\n":
                self._edit(typed, key, hidden=hidden)
            self._write("\r\n")
            return "".join(typed)

        def clear(self) -> None:
            self._write("\x1b[H\x1b[2J\x1b[3J")

        def _write(self, text: str) -> None:
            self._out.write(text)
            self._out.flush()

        def _key(self, deadline: float) -> str:
            while not msvcrt.kbhit():
                if self._interrupted():
                    raise Interrupted
                if time.monotonic() > deadline:
                    raise TimedOut
                time.sleep(POLL_SECONDS)
            key = msvcrt.getwch()
            if key in "\x03\x1a":
                raise EOFError
            return key

        def _edit(self, typed: list[str], key: str, *, hidden: bool) -> None:
            if key in "\x00\xe0":
                msvcrt.getwch()
            elif key == "\b":
                if typed and not hidden:
                    self._write("\b \b")
                del typed[-1:]
            else:
                typed.append(key)
                if not hidden:
                    self._write(key)

else:
    import select
    import termios
    import time

    class PosixConsole:
        """``/dev/tty``. Echo is off only while a secret is typed, and back on whatever happens."""

        def __init__(self, bell: int, interrupted: Callable[[], bool]) -> None:
            self._tty = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
            self._bell = bell
            self._interrupted = interrupted

        def say(self, text: str) -> None:
            self._write(text + "\n")

        def read_line(self, prompt: str, *, deadline: float, hidden: bool = False) -> str:
            before = termios.tcgetattr(self._tty)
            quiet = before[:]
            if hidden:
                quiet[3] = (before[3] & ~termios.ECHO) | termios.ECHONL
            quiet[3] |= termios.ICANON
            termios.tcsetattr(self._tty, termios.TCSAFLUSH, quiet)
            try:
                self._write(prompt)
                return self._wait_line(deadline)
            finally:
                termios.tcsetattr(self._tty, termios.TCSAFLUSH, before)

        def clear(self) -> None:
            if os.environ.get("TERM", "dumb") == "dumb":
                self._write("\n" * 100)
            else:
                self._write("\x1b[H\x1b[2J\x1b[3J")

        def _write(self, text: str) -> None:
            rest = memoryview(text.encode("utf-8", "replace"))
            while rest:
                rest = rest[os.write(self._tty, rest) :]

        def _wait_line(self, deadline: float) -> str:
            while True:
                ready, _, _ = select.select([self._tty, self._bell], [], [], max(0.0, deadline - time.monotonic()))
                if not ready:
                    raise TimedOut
                if self._bell in ready and self._interrupted():
                    raise Interrupted
                if self._tty in ready:
                    return self._take_line()

        def _take_line(self) -> str:
            """Line mode hands out a whole line at once, at most 4096 bytes on Linux; control-D on an empty line hands out nothing."""
            line = os.read(self._tty, 65536)
            if not line:
                raise EOFError
            return line.decode("utf-8", "replace").rstrip("\r\n")
