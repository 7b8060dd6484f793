"""A virtual screen with a window manager, the approval window on it, and a person's keys and clicks by xdotool."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from typing import Any, Self

import pytest

from native_host.approval.window.theme import LIGHT

PATIENCE_SECONDS = 30.0


def wait_until(condition: Callable[[], object], what: str) -> None:
    """Poll until ``condition`` holds."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < end, f"did not happen: {what}"
        time.sleep(0.02)


class Screen:
    """Xvfb on a display number of its own choice, with openbox."""

    def __init__(self, *, dpi: int, width: int, height: int) -> None:
        self.dpi = dpi
        reading, writing = os.pipe()
        size = ("-screen", "0", f"{width}x{height}x24", "-dpi", str(dpi))
        self._server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(writing), *size, "-nolisten", "tcp", "-noreset"], pass_fds=[writing], stderr=subprocess.DEVNULL
        )
        os.close(writing)
        with os.fdopen(reading) as number:
            self.display = f":{number.readline().strip()}"
        self.environ = {**os.environ, "DISPLAY": self.display, "GTK_THEME": "Adwaita"}
        for name in ("WAYLAND_DISPLAY", "STRONGROOM_HOME", "DBUS_SESSION_BUS_ADDRESS"):
            self.environ.pop(name, None)
        self._manager = subprocess.Popen(
            ["openbox", "--sm-disable"], env=self.environ, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        wait_until(lambda: self.xdotool("get_desktop", check=False).isdigit(), "a window manager")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in (self._manager, self._server):
            process.terminate()
            process.wait()

    def xdotool(self, *arguments: str, check: bool = True) -> str:
        run = subprocess.run(["xdotool", *arguments], env=self.environ, capture_output=True, text=True, check=False)
        assert run.returncode == 0 or not check, run.stderr
        return run.stdout.strip()


class Window:
    """The approver's process; the test is both the host and the person."""

    def __init__(self, screen: Screen, **environ: str) -> None:
        self.screen = screen
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-m", "native_host.approval.window"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            env={**screen.environ, **environ},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            assert stream is not None
            with suppress(BrokenPipeError):
                stream.close()

    def send(self, message: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        body = json.dumps(message).encode()
        rest = memoryview(len(body).to_bytes(4, sys.byteorder) + body)
        while rest:
            rest = rest[self.process.stdin.write(rest) :]

    def ask(self, message: dict[str, Any]) -> None:
        """Send an ask and wait until its window is on the screen and has the keyboard."""
        self.send(message)
        self.wait_open()

    def wait_open(self) -> None:
        wait_until(self.has_keyboard, "the window is open and active")

    def ids(self) -> list[str]:
        return self.screen.xdotool("search", "--onlyvisible", "--class", "Strongroom", check=False).split()

    def has_keyboard(self) -> bool:
        return bool(self.ids()) and self.screen.xdotool("getwindowfocus", check=False) in self.ids()

    def is_open(self) -> bool:
        return bool(self.ids())

    def answered(self) -> bool:
        assert self.process.stdout is not None
        return bool(select.select([self.process.stdout], [], [], 0)[0])

    def answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        ready, _, _ = select.select([self.process.stdout], [], [], PATIENCE_SECONDS)
        assert ready, "no answer"
        length = int.from_bytes(self.process.stdout.read(4), sys.byteorder)
        answer: dict[str, Any] = json.loads(self.process.stdout.read(length))
        return answer

    def key(self, *keys: str) -> None:
        self.screen.xdotool("key", *keys)

    def type(self, text: str) -> None:
        self.screen.xdotool("type", "--delay", "5", text)

    def own_id(self) -> str:
        (found,) = self.ids()
        return found

    def size(self) -> tuple[int, int]:
        """Width and height in pixels, without the window manager's frame."""
        values = dict(line.split("=") for line in self.screen.xdotool("getwindowgeometry", "--shell", self.own_id()).splitlines())
        return int(values["WIDTH"]), int(values["HEIGHT"])

    def corner(self) -> tuple[int, int]:
        """The upper left corner on the screen; the pointer is moved there, which tells it exactly."""
        told = self.screen.xdotool("mousemove", "--window", self.own_id(), "0", "0", "getmouselocation", "--shell")
        values = dict(line.split("=") for line in told.splitlines())
        return int(values["X"]), int(values["Y"])

    def click(self, *, from_right: float, from_bottom: float) -> None:
        """Click at a place given in points from the lower right corner of the window."""
        self.screen.xdotool("mousemove", "--window", self.own_id(), *map(str, self._place(from_right, from_bottom)), "click", "1")

    def _place(self, from_right: float, from_bottom: float) -> tuple[int, int]:
        width, height = self.size()
        scale = self.screen.dpi / 72
        return round(width - from_right * scale), round(height - from_bottom * scale)

    def click_main_button(self) -> None:
        """The right-most button: the one that says yes."""
        self.click(from_right=40, from_bottom=48)

    def main_button_is_armed(self) -> bool:
        """By its colour, near its corner, where no text is."""
        left, top = self._place(20, 57)
        return "#" + self._import("-crop", f"1x1+{left}+{top}", "-depth", "8", "rgb:-")[:3].hex() == LIGHT.accent

    def wait_armed(self) -> None:
        wait_until(self.main_button_is_armed, "the button that says yes is armed")

    def picture(self) -> bytes:
        """The window as a PNG, once nothing in it changes any more but the time left at its bottom."""
        before, now = b"", self._pixels()
        end = time.monotonic() + PATIENCE_SECONDS
        while before != now:
            assert time.monotonic() < end, "the window does not come to rest"
            time.sleep(0.25)
            before, now = now, self._pixels()
        return self._import("png:-")

    def _pixels(self) -> bytes:
        width, height = self.size()
        return self._import("-crop", f"{width}x{height - round(32 * self.screen.dpi / 72)}+0+0", "rgb:-")

    def _import(self, *arguments: str) -> bytes:
        take = ["import", "-silent", "-window", self.own_id(), *arguments]
        return subprocess.run(take, env=self.screen.environ, capture_output=True, check=True).stdout

    def end(self) -> int:
        """Close the host's end; the exit status."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait(PATIENCE_SECONDS)


@pytest.fixture(scope="session")
def screen_of() -> Iterator[Callable[[int], Screen]]:
    """Screens by their resolution in dots per inch, each started at first need."""
    screens: dict[int, Screen] = {}
    with ExitStack() as stack:

        def screen(dpi: int) -> Screen:
            if dpi not in screens:
                screens[dpi] = stack.enter_context(Screen(dpi=dpi, width=dpi * 10, height=dpi * 9))
            return screens[dpi]

        yield screen


@pytest.fixture
def window(screen_of: Callable[[int], Screen]) -> Iterator[Window]:
    """An approval window on a screen of ordinary resolution."""
    with Window(screen_of(96)) as window:
        yield window


@pytest.fixture
def window_on(screen_of: Callable[[int], Screen]) -> Iterator[Callable[..., Window]]:
    """Makes an approval window on a screen of a given resolution, with more environment variables."""
    with ExitStack() as stack:
        yield lambda dpi, **environ: stack.enter_context(Window(screen_of(dpi), **environ))
