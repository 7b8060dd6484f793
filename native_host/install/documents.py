"""Reading small files that anybody may have put there: never through a link, never without end."""

from __future__ import annotations

import os
import stat
from typing import Any

from msgspec import DecodeError, json

_LARGEST = 65_536


def read_file(path: str) -> bytes | None:
    """The bytes of a regular file of ordinary size that is no link; nothing otherwise."""
    try:
        # O_NONBLOCK: opening a named pipe would wait for its writer.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        content = os.read(descriptor, _LARGEST + 1)
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return content if len(content) <= _LARGEST else None


def read_object(path: str) -> dict[str, Any] | None:
    """The JSON object in such a file, or nothing."""
    try:
        document = json.decode(read_file(path) or b"")
    except (DecodeError, RecursionError):
        return None
    return document if isinstance(document, dict) else None
