"""Landlock: a process that takes away from itself the files, ports and signals that it does not need.

Implements: landlock(7), by system call, for every version (*ABI*) of it: what a kernel does not know yet is left out. There is no
wrapper in the C library; the one Python package for it is a development release without ports and scopes.

Nothing may be executed at all: that right is handled and granted nowhere. A library is mapped, which is reading.
"""

from __future__ import annotations

import ctypes
import os
import stat
import struct
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from native_host.confinement.reach import Reach

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446  # the same on every architecture
VERSION_FLAG: Final = 1
RULE_PATH_BENEATH, RULE_NET_PORT = 1, 2

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR, REMOVE_DIR, REMOVE_FILE = (1 << bit for bit in range(6))
MAKE_DIR, MAKE_REG, REFER, TRUNCATE, IOCTL_DEV = 1 << 7, 1 << 8, 1 << 13, 1 << 14, 1 << 15
BIND_TCP, CONNECT_TCP = 1, 2
SCOPE_ABSTRACT_UNIX, SCOPE_SIGNAL = 1, 2

FS_BITS_BY_ABI = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
"""How many of the rights on files a version knows; later ones know as many as the fifth."""
NET_SINCE, SCOPES_SINCE = 4, 6

READS = READ_FILE | READ_DIR
WRITES = READS | WRITE_FILE | TRUNCATE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | REFER
DEVICES = READS | WRITE_FILE | IOCTL_DEV
ON_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV
"""The rights that a rule about a file, not a folder, can have."""


def abi() -> int:
    """The version that the kernel offers; 0 where there is none, or it may not be used."""
    return max(_call(CREATE_RULESET, None, ctypes.c_size_t(0), VERSION_FLAG), 0)


def restrict(reach: Reach) -> int:
    """Leave this thread, and every one that it starts, with ``reach`` alone; for good. The version of what is in force, 0 for nothing.

    The caller has set ``PR_SET_NO_NEW_PRIVS``. Other threads stay as they are: there should be none.
    """
    version = abi()
    if not version:
        return 0
    handled = handled_by(version)
    ruleset = _call(CREATE_RULESET, *_ruleset(version, handled, reach), 0)
    if ruleset < 0:
        return 0
    try:
        for path, rights in _paths(reach):
            _allow_path(ruleset, path, rights & handled)
        if version >= NET_SINCE:
            for port in reach.ports:
                _add(ruleset, RULE_NET_PORT, struct.pack("=QQ", CONNECT_TCP, port))
        return version if _call(RESTRICT_SELF, ruleset, 0) == 0 else 0
    finally:
        os.close(ruleset)


def handled_by(version: int) -> int:
    """Every right on files that a version of the interface knows: what is handled and not granted is refused."""
    return (1 << FS_BITS_BY_ABI.get(version, max(FS_BITS_BY_ABI.values()))) - 1


def _ruleset(version: int, handled: int, reach: Reach) -> tuple[bytes, ctypes.c_size_t]:
    """``struct landlock_ruleset_attr``, as long as the version knows it."""
    scoped = SCOPE_SIGNAL | (0 if reach.abstract else SCOPE_ABSTRACT_UNIX)
    fields = [handled]
    if version >= NET_SINCE:
        fields.append(BIND_TCP | CONNECT_TCP)
    if version >= SCOPES_SINCE:
        fields.append(scoped)
    packed = struct.pack(f"={len(fields)}Q", *fields)
    return packed, ctypes.c_size_t(len(packed))


def _paths(reach: Reach) -> Iterator[tuple[str, int]]:
    for paths, rights in ((reach.reads, READS), (reach.writes, WRITES), (reach.devices, DEVICES)):
        yield from ((path, rights) for path in paths)


def _allow_path(ruleset: int, path: str, rights: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:  # not here, and so not needed
        return
    try:
        if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
            rights &= ON_FILES
        _add(ruleset, RULE_PATH_BENEATH, struct.pack("=Qi", rights, descriptor))
    finally:
        os.close(descriptor)


def _add(ruleset: int, kind: int, rule: bytes) -> None:
    # A rule that the kernel does not take is a right that is missing: nothing opens by it.
    _call(ADD_RULE, ruleset, kind, rule, 0)


def _call(number: int, *arguments: object) -> int:
    return int(ctypes.CDLL(None).syscall(number, *arguments))
