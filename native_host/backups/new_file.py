"""Putting down a file that was not there: all of it or nothing, for its owner alone, over nobody's file."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from secrets import token_hex

from native_host.backups.refused import BackupRefused

_EXISTS = "There is a file of that name already, and a backup never replaces one. Choose another name."


def check_new(path: str) -> None:
    """Raise ``BackupRefused`` if there is something at ``path``, or no folder to put it into: before anybody types a passphrase."""
    folder = os.path.dirname(os.path.abspath(path))
    if os.path.lexists(path):
        raise BackupRefused(_EXISTS)
    if not os.path.isdir(folder):
        raise BackupRefused("The folder for that file is not there. Make it first, or choose another one.")


def write_new(path: str, content: bytes | bytearray | memoryview) -> None:
    """Write a file (mode 0600) under a temporary name beside ``path``, make it durable, and give it its name.

    Raises:
        BackupRefused: there is a file of that name.
        OSError: it cannot be written; then nothing of it is left.
    """
    folder, name = os.path.split(os.path.abspath(path))
    temporary = os.path.join(folder, f".{name}.{token_hex(4)}.part")
    try:
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0), 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        _name(temporary, path)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(temporary)
    sync_folder(folder)


def _name(temporary: str, path: str) -> None:
    try:
        # A link is not made over a file, as a renaming would be.
        os.link(temporary, path)
    except FileExistsError:
        raise BackupRefused(_EXISTS) from None
    except OSError:
        # The file systems of memory sticks have no links.
        if os.path.lexists(path):
            raise BackupRefused(_EXISTS) from None
        os.rename(temporary, path)


def sync_folder(folder: str) -> None:
    """Make the names in a folder durable, where the system has that."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
