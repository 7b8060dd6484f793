"""Whether a file is one that programs of an ordinary user cannot write, and cannot put another one in the place of (inode(7), acl(5))."""

from __future__ import annotations

import os
import stat

OWNER_OF_ALL = 0


def loose(path: str, root: str = "/", owner: int = OWNER_OF_ALL) -> str:
    """The file or the nearest folder above it, up to ``root``, that another than ``owner`` may write to; empty if there is none.

    Links are followed to the end first; a folder in which others may write makes replaceable what lies in it. An access control list needs no
    look: what it gives to others shows in the group's bits. In a sticky folder only who owns an entry may exchange it.

    Raises:
        OSError: it cannot be looked at.
    """
    entry = os.path.realpath(path)
    end = os.path.realpath(root)
    while True:
        status = os.lstat(entry)
        sticky = stat.S_ISDIR(status.st_mode) and status.st_mode & stat.S_ISVTX
        group = status.st_mode & stat.S_IWGRP and status.st_gid != OWNER_OF_ALL
        if status.st_uid != owner or (not sticky and (status.st_mode & stat.S_IWOTH or group)):
            return entry
        if entry in {end, os.path.dirname(entry)}:
            return ""
        entry = os.path.dirname(entry)


def read_guarded(path: str, most: int, root: str = "/", owner: int = OWNER_OF_ALL) -> bytes | None:
    """The content of a plain file that only ``owner`` can write; ``None`` if it is no such file, is larger, or cannot be read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > most or loose(path, root, owner):
            return None
        with open(descriptor, "rb", closefd=False) as file:
            content = file.read(most + 1)
        return content if len(content) <= most else None
    except OSError:
        return None
    finally:
        os.close(descriptor)


def owners_are_told(uid_map: str = "/proc/self/uid_map") -> bool:
    """Whether a file's owner is what it seems: not in a user namespace (user_namespaces(7)), where anybody can make their own files look like root's."""
    try:
        with open(uid_map, "rb") as file:
            return file.read(4096).split() == [b"0", b"0", b"4294967295"]
    except OSError:
        return False
