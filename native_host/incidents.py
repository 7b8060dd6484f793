"""What went wrong inside, written where a developer can find it: types and places, never values."""

from __future__ import annotations

import os
import sys
from time import gmtime, strftime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

FILE_NAME = "host.log"
LARGEST_BYTES = 256 * 1024


def new_incident() -> str:
    """A random id that the reply and the log share."""
    return os.urandom(6).hex()


def record(folder: str, incident: str, error: BaseException) -> None:
    """Add a line about ``error`` to the log in ``folder`` and to standard error; never raises.

    An exception's text can hold what it choked on, and a traceback's locals hold everything: neither is written.
    """
    line = f"{strftime('%Y-%m-%dT%H:%M:%SZ', gmtime())} incident {incident} {_chain(error)}\n"
    for write in (_to_stderr, lambda text: _to_file(folder, text)):
        try:
            write(line)
        except OSError:
            continue


def _chain(error: BaseException | None) -> str:
    parts = []
    while error is not None:
        parts.append(f"{type(error).__name__} at {_places(error.__traceback__)}")
        error = error.__cause__ or error.__context__
    return " from ".join(parts)


def _places(trace: TracebackType | None) -> str:
    places = []
    while trace is not None:
        places.append(f"{os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}")
        trace = trace.tb_next
    return " > ".join(places)


def _to_stderr(line: str) -> None:
    sys.stderr.write(line)
    sys.stderr.flush()


def _to_file(folder: str, line: str) -> None:
    path = os.path.join(folder, FILE_NAME)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0), 0o600)
    try:
        if os.fstat(descriptor).st_size > LARGEST_BYTES:
            os.ftruncate(descriptor, 0)
        os.write(descriptor, line.encode("utf-8", "replace"))
    finally:
        os.close(descriptor)
