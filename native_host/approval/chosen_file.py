"""The key file that a person chose in the window or named in the terminal, read here so that no caller ever sees it."""

from __future__ import annotations

import os

from native_host.approval import texts
from native_host.protocol.approver import MAX_SECRET_CHARACTERS
from native_host.secret import wipe

_UTF8_BYTES = 4


class NoKeyFile(Exception):
    """What was chosen cannot be a key file; the text says why, to the person."""


def read_chosen_file(path: str) -> str:
    """The text of a file, of at most as many characters as an answer may have.

    Raises:
        NoKeyFile: it cannot be read, is empty, too long, or no text.
    """
    most = MAX_SECRET_CHARACTERS * _UTF8_BYTES
    try:
        # Not blocking: a pipe or a device that was named by mistake would hold the window up for good.
        descriptor = os.open(os.path.expanduser(path), os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with os.fdopen(descriptor, "rb", buffering=0) as file:
            content = bytearray(most + 1)
            length = file.readinto(content) or 0
    except (OSError, ValueError):
        raise NoKeyFile(texts.FILE_UNREADABLE) from None
    try:
        text = content[:length].decode("utf-8-sig")
    except UnicodeDecodeError:
        raise NoKeyFile(texts.FILE_TOO_LONG if length > most else texts.FILE_NO_TEXT) from None
    finally:
        wipe(content)
    if len(text) > MAX_SECRET_CHARACTERS:
        raise NoKeyFile(texts.FILE_TOO_LONG)
    if not text.strip():
        raise NoKeyFile(texts.FILE_EMPTY)
    if "\0" in text:
        raise NoKeyFile(texts.FILE_NO_TEXT)
    return text
