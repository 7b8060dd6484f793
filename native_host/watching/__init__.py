"""What the system says of the person's presence: the screen is locked, the computer goes to sleep, the session ends or another is in front.

A listener of the platform's runs on a thread of its own and calls ``lock`` with the reason. It only ever locks: whoever forges what it
hears closes the keystore, and nobody opens it that way. Each is imported after ``Watch.begin``, that is, at the first unlocking,
which does not wait for it.

What can no longer be heard counts as heard: a listener that was connected and is not any more locks once, and is started again by the
next unlocking. Where there is nothing to connect to, the idle time is what there is.
"""

from __future__ import annotations

import sys
from _thread import allocate_lock, start_new_thread
from time import sleep
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Lock = Callable[["Reason"], None]
    Listener = Callable[[Lock], None]

Reason = Literal["screen", "sleep", "user"]
Verdict = Literal["ok", "warn", "fail"]

HEAD_START_SECONDS = 0.05

NOTHING = "On this system nothing tells that the screen is locked or the computer sleeps: the keystore is locked by its idle time alone."


def listeners(platform: str = sys.platform) -> Sequence[Listener]:
    """This system's. Each blocks for as long as it listens; it returns, or raises anything, when it cannot, or no longer can."""
    if platform == "linux":
        from native_host.watching import linux

        return linux.LISTENERS
    if platform == "darwin":
        from native_host.watching import macos

        return macos.LISTENERS
    if platform == "win32":
        from native_host.watching import windows

        return windows.LISTENERS
    return ()


class Watch:
    """``lock`` is called on a listener's thread, and wipes what is secret before it returns."""

    def __init__(self, lock: Lock) -> None:
        self._lock = lock
        self._running: set[Listener] = set()
        self._beginning = allocate_lock()

    def begin(self) -> None:
        """Listen from now on, with each listener that does not yet, or no longer does. Returns at once."""
        start_new_thread(self._begin, ())

    def _begin(self) -> None:
        # Who unlocks is asked first: two threads that import at once hold each other up. How things are by then, each listener looks.
        sleep(HEAD_START_SECONDS)
        found = listeners()
        with self._beginning:
            for listener in found:
                if listener not in self._running:
                    self._running.add(listener)
                    start_new_thread(self._run, (listener,))

    def _run(self, listener: Listener) -> None:
        try:
            listener(self._lock)
        except Exception:  # noqa: BLE001, S110 - whatever a bus, a library or a system does, the host goes on without
            pass
        finally:
            self._running.discard(listener)


def describe(platform: str = sys.platform) -> list[tuple[Verdict, str]]:
    """A verdict and a sentence about each thing that is listened to here, for ``doctor``; tried out now, from this process."""
    if platform == "linux":
        from native_host.watching import linux

        return linux.describe()
    if platform == "darwin":
        from native_host.watching import macos

        return [("warn", macos.TEXT)]
    if platform == "win32":
        from native_host.watching import windows

        return [("ok", windows.TEXT)]
    return [("warn", NOTHING)]
