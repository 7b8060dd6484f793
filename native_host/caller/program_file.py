"""The browser's program file: who may write it, whether its package recorded it so, and what it is a digest of.

What this can prove is that the *file* which runs as our parent is the one that the system's package manager installed, because only the system's
administrator can write it. It proves nothing of what is in that process besides: a library that ``LD_PRELOAD`` loads, a debugger, an extension.

The digest of some hundred MiB takes half a second. So looking and digesting are apart: what is here opens the file and reads its record, quickly;
whoever holds the descriptor digests it when nobody waits.
"""

from __future__ import annotations

import hashlib
import os
import stat
from typing import TYPE_CHECKING

from native_host.caller.guarded import loose, owners_are_told
from native_host.caller.identity import Evidence
from native_host.caller.packages import Record, find_record
from native_host.language import sentence
from native_host.value import Value

if TYPE_CHECKING:
    from native_host.caller.identity import Level

SIGNAL = "program"
BEYOND = "What is loaded into it, extensions among it, is not shown by that."
MOST_BYTES = 2 << 30
CHUNK = 1 << 20
_DELETED = " (deleted)"

Identity = tuple[int, int, int, int, int]
"""Device, inode, size, and the times of the last change of content and of the inode in nanoseconds: of an unchanged file they are the same.
The last one cannot be set by programs."""


class Digests(Value, frozen=True, kw_only=True):
    """In hex."""

    sha256: str
    md5: str


class Program(Value, frozen=True, kw_only=True):
    """A program file. ``loose`` is what others than the system's administrator may write, ``fault`` what keeps it from being judged."""

    path: str
    identity: Identity = (0, 0, 0, 0, 0)
    loose: str = ""
    fault: str = ""
    snap: bool = False
    record: Record | None = None


def open_running(pid: int, *, proc: str = "/proc", root: str = "/", owner: int = 0) -> tuple[Program, int | None]:
    """The program file of a process, and a descriptor of it that the caller closes; without one if there is nothing to digest. Never raises."""
    try:
        path = os.fsdecode(os.readlink(os.fsencode(f"{proc}/{pid}/exe")))
        descriptor = os.open(f"{proc}/{pid}/exe", os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return Program(path="", fault="it cannot be read"), None
    program = _look(path, descriptor, root, owner)
    if program.fault:
        os.close(descriptor)
        return program, None
    return program, descriptor


def open_file(path: str, *, root: str = "/", owner: int = 0) -> tuple[Program, int | None]:
    """The same for a file that does not run."""
    try:
        real = os.path.realpath(path)
        descriptor = os.open(real, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return Program(path=path, fault="it cannot be read"), None
    program = _look(real, descriptor, root, owner)
    if program.fault:
        os.close(descriptor)
        return program, None
    return program, descriptor


def digest(descriptor: int) -> Digests | None:
    """SHA-256, and MD5 for records that have no other; ``None`` if it cannot be read, or is larger than programs are.

    The descriptor is read from its beginning. hashlib lets other threads run meanwhile.
    """
    sha256, md5, at = hashlib.sha256(), hashlib.md5(usedforsecurity=False), 0
    try:
        while chunk := os.pread(descriptor, CHUNK, at):
            at += len(chunk)
            if at > MOST_BYTES:
                return None
            sha256.update(chunk)
            md5.update(chunk)
    except OSError:
        return None
    return Digests(sha256=sha256.hexdigest(), md5=md5.hexdigest())


def program_evidence(program: Program, digests: Digests | None, *, uid: int) -> Evidence:
    """What the file shows. ``digests`` is ``None`` while they are not known; ``uid`` is the person's: root's own programs can write all of it."""
    level, text = _judged(program, digests)
    if level == "verified" and uid == 0:
        level, text = "consistent", sentence("{told} You are root here: any program of yours could have written it.", told=text)
    return Evidence(signal=SIGNAL, level=level, text=text)


def _judged(program: Program, digests: Digests | None) -> tuple[Level, str]:
    path, record = program.path[:300].encode("utf-8", "surrogateescape").decode("utf-8", "replace"), program.record
    if program.fault:
        text = "Nothing is known of the browser's program file{path}: {fault}."
        return "unknown", sentence(text, path=f" ({path})" if path else "", fault=sentence(program.fault))
    if program.loose:
        itself = program.loose == program.path
        where = sentence("it") if itself else program.loose.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        text = "The browser's program file ({path}) can be replaced by programs of yours, which may write {where}."
        return "unknown", sentence(text, path=path, where=where)
    if program.snap:
        text = "The browser's program file ({path}) is in a snap's read-only image, which the system mounted. {beyond}"
        return "consistent", sentence(text, path=path, beyond=sentence(BEYOND))
    if record is None:
        text = "Only the administrator can write the browser's program file ({path}). No package is known to have brought it."
        return "consistent", sentence(text, path=path)
    if digests is None:
        text = "Only the administrator can write the browser's program file ({path}), which is the package {package}'s."
        return "consistent", sentence(text, path=path, package=record.package)
    found = digests.sha256 if record.algorithm == "sha256" else digests.md5
    if found != record.digest:
        text = (
            "The browser's program file ({path}) is not the one that the package {package} brought: its sha256 is {sha256}."
            " Install the package anew."
        )
        return "contradicted", sentence(text, path=path, package=record.package, sha256=digests.sha256)
    text = "The browser's program file ({path}) is the one that the package {package} brought. {beyond}"
    return "verified", sentence(text, path=path, package=record.package, beyond=sentence(BEYOND))


def _look(path: str, descriptor: int, root: str, owner: int) -> Program:
    status = os.fstat(descriptor)
    identity = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    if path.endswith(_DELETED):
        fault = "it was replaced since the browser was started, as an update does. Start the browser anew"
        return Program(path=path.removesuffix(_DELETED), fault=fault)
    if not stat.S_ISREG(status.st_mode):
        return Program(path=path, fault="it is no plain file")
    if not owners_are_told():
        return Program(path=path, fault="Strongroom runs in a user namespace, where anybody's files can look like the administrator's")
    try:
        there = os.stat(path, follow_symlinks=False)
        if (there.st_dev, there.st_ino) != (status.st_dev, status.st_ino):
            return Program(path=path, fault="the browser sees other files than Strongroom does")
        replaceable = loose(path, root, owner)
        snap = path.startswith("/snap/") and bool(os.statvfs(path).f_flag & os.ST_RDONLY)
    except OSError:
        return Program(path=path, fault="the browser sees other files than Strongroom does")
    record = None if replaceable or snap else find_record(os.path.join("/", os.path.relpath(path, root)), root, owner)
    return Program(path=path, identity=identity, loose=replaceable, snap=snap, record=record)
