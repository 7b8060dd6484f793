"""What Windows says of the person's presence: the listener itself, in Windows' CPython under Wine, whose window gets the messages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from native_host.watching import windows
from tests.parts.wine import Wine, wine

# What each program below starts with: the listener on a thread, as in a host, and its window as another program finds it.
BEGIN = """
import ctypes, queue, threading, time
from ctypes import wintypes
from native_host.watching import Watch, windows

user = ctypes.WinDLL("user32")
user.FindWindowExW.restype = wintypes.HWND
user.FindWindowExW.argtypes = (wintypes.HWND, wintypes.HWND, wintypes.LPCWSTR, wintypes.LPCWSTR)
for name in ("SendMessageW", "PostMessageW"):
    getattr(user, name).argtypes = (wintypes.HWND, wintypes.UINT, wintypes.WPARAM, wintypes.LPARAM)
user.SendMessageW.restype = ctypes.c_ssize_t

heard = queue.Queue()
watch = Watch(heard.put)
watch.begin()

def find():
    deadline = time.monotonic() + 60
    while not (window := user.FindWindowExW(-3, None, None, windows.CLASS_NAME)):  # HWND_MESSAGE
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return window

window = find()

def send(message, parameter):
    answer = user.SendMessageW(window, message, parameter, 0)
    return answer, list(heard.queue)[-1:] if not heard.empty() else None, heard.queue.clear()
"""


@pytest.fixture(scope="module")
def running() -> Iterator[Wine]:
    with wine() as running:
        yield running


def test_what_is_heard(running: Wine) -> None:
    """Each message that says that nobody is there locks before it is answered; what says anything else does nothing."""
    code = """
for message, parameter in (
    (0x02B1, 0x7), (0x02B1, 0x2), (0x02B1, 0x4), (0x02B1, 0x6), (0x0218, 4),
    (0x02B1, 0x8), (0x02B1, 0x1), (0x02B1, 0x5), (0x02B1, 0xFFFF), (0x0218, 7), (0x0218, 18), (0x0400, 7),
):
    answer, reasons, _ = send(message, parameter)
    print(*(reasons or ["-"]), answer if message == 0x0218 and parameter == 4 else "")
"""
    said = [line.split() for line in running.run(BEGIN + code).splitlines()]
    assert [["screen"], ["user"], ["user"], ["user"], ["sleep", "1"], *[["-"]] * 7] == said


def test_the_end_of_the_window(running: Wine) -> None:
    """Locks, and the next unlocking listens anew, with a window of its own."""
    code = """
user.PostMessageW(window, 0x0010, 0, 0)
print(heard.get(timeout=60))
while watch._running:
    time.sleep(0.01)
watch.begin()
window = find()
print(send(0x02B1, 0x7)[1])
"""
    assert "user\n['screen']\n" == running.run(BEGIN + code)


REASONS = {
    "the screen is locked": (windows.WM_WTSSESSION_CHANGE, 7, "screen"),
    "it is unlocked": (windows.WM_WTSSESSION_CHANGE, 8, None),
    "the session ends": (windows.WM_WTSSESSION_CHANGE, 6, "user"),
    "the computer sleeps": (windows.WM_POWERBROADCAST, 4, "sleep"),
    "it wakes": (windows.WM_POWERBROADCAST, 7, None),
}


@pytest.mark.parametrize(("message", "parameter", "reason"), REASONS.values(), ids=REASONS.keys())
def test_the_table(message: int, parameter: int, reason: str | None) -> None:
    """Also without Wine."""
    assert reason == windows.reason_of(message, parameter)
