"""One window at a time, for all hosts that share a keystore, and a pause for an origin that asks too often.

The turn is a lock on a file beside the store, which the system gives up when a host dies. The count of refusals stands
in the store, so that a new port, or another browser, does not begin again at none.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

POLL_SECONDS = 0.1


@contextmanager
def turn(path: str, *, sleep: Callable[[float], None], still_wanted: Callable[[], None]) -> Iterator[None]:
    """Wait until no other host asks, and hold that place for the block. ``still_wanted`` may raise to stop waiting."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
    try:
        while not _try_lock(descriptor):
            still_wanted()
            sleep(POLL_SECONDS)
        yield
    finally:
        os.close(descriptor)


if sys.platform == "win32":

    def _try_lock(descriptor: int) -> bool:
        import msvcrt

        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:

    def _try_lock(descriptor: int) -> bool:
        import fcntl

        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
