"""The approver that asks through a pinentry, with a real pinentry of Debian's: on a pseudo-terminal, or on a virtual screen."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Self

from tests.parts.missing import need

PATIENCE_SECONDS = 30.0
PACKAGES = {"pinentry-curses": "pinentry-curses", "pinentry-tty": "pinentry-tty", "pinentry-gtk-2": "pinentry-gtk2"}
_MAIN = "import sys; from native_host.approval.pinentry import __main__ as program; program.find_pinentry = lambda _: {path!r}; sys.exit(program.main())"


def pinentry(name: str) -> str:
    """The path of a pinentry."""
    return need(f"/usr/bin/{name}", PACKAGES[name])


class Approver:
    """The approver's process; the test is the host. ``path`` takes the place of the pinentry that would be found."""

    def __init__(self, path: str, environ: dict[str, str], **started: Any) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", _MAIN.format(path=path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            env=environ,
            **started,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            with suppress(OSError):
                if stream is not None:
                    stream.close()

    def send(self, message: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        body = json.dumps(message).encode()
        rest = memoryview(len(body).to_bytes(4, sys.byteorder) + body)
        while rest:
            rest = rest[self.process.stdin.write(rest) or 0 :]

    def answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        ready, _, _ = select.select([self.process.stdout], [], [], PATIENCE_SECONDS)
        assert ready, "no answer"
        length = int.from_bytes(self.process.stdout.read(4), sys.byteorder)
        answer: dict[str, Any] = json.loads(self.process.stdout.read(length))
        return answer

    def answered(self) -> bool:
        assert self.process.stdout is not None
        return bool(select.select([self.process.stdout], [], [], 0)[0])

    def children(self) -> list[str]:
        """The programs that it runs."""
        found = subprocess.run(["ps", "--ppid", str(self.process.pid), "-o", "comm="], capture_output=True, text=True, check=False)
        return found.stdout.split()

    def end(self) -> int:
        """Close the host's end; the exit status."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait(PATIENCE_SECONDS)


class OnTerminal(Approver):
    """On a pseudo-terminal of 80 by 24 of its own."""

    def __init__(self, path: str, **environ: str) -> None:
        self.person, self.slave = os.openpty()
        name = os.ttyname(self.slave)
        import fcntl
        import struct
        import termios

        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.screen = ""
        plain = {key: value for key, value in os.environ.items() if key not in {"DISPLAY", "WAYLAND_DISPLAY", "STRONGROOM_HOME"}}
        super().__init__(
            path,
            {**plain, "TERM": "xterm", "LANG": "C.UTF-8", **environ},
            start_new_session=True,
            preexec_fn=lambda: os.close(os.open(name, os.O_RDWR)),  # it becomes the controlling terminal
        )

    def __exit__(self, *stopped: object) -> None:
        super().__exit__(*stopped)
        os.close(self.person)
        os.close(self.slave)

    def read_until(self, text: str) -> str:
        """What was drawn up to and with ``text``; from then on it counts anew."""
        end = time.monotonic() + PATIENCE_SECONDS
        while text not in self.screen:
            assert time.monotonic() < end, f"{text!r} did not come: {self.screen[-3000:]!r}"
            if select.select([self.person], [], [], 0.1)[0]:
                self.screen += os.read(self.person, 65536).decode("utf-8", "replace")
        before, after, self.screen = self.screen.partition(text)
        return before + after

    def type(self, text: str) -> None:
        os.write(self.person, text.encode())


@contextmanager
def on_terminal(name: str, **environ: str) -> Iterator[OnTerminal]:
    """The approver with a pinentry for terminals."""
    with OnTerminal(pinentry(name), **environ) as approver:
        yield approver
