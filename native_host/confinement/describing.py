"""What the confinement gives on this machine, for ``doctor``: tried out in a process of its own, as a running host cannot be asked."""

from __future__ import annotations

import os
import sys
from tempfile import TemporaryDirectory
from typing import Literal

from msgspec import MsgspecError
from msgspec.json import decode

from native_host.confinement.landlock import NET_SINCE, SCOPES_SINCE
from native_host.value import Value

Verdict = Literal["ok", "warn", "fail"]
TRY_SECONDS = 60

ELSEWHERE = "On this system the host keeps the rights of your account: it is confined on Linux only, so far."
NOT_TRIED = "Whether the host can confine itself could not be tried out."
FILES = "A host reads its program and its own folders, and writes to its own folders alone (Landlock, version {abi})."
NO_LANDLOCK = "This kernel offers no Landlock (Linux 5.13 and later can): a host that was taken over could read and change your files."
NO_SCOPES = "This kernel's Landlock, version {abi}, does not cover {what} yet; a newer kernel's does."
CALLS = "A host starts no program but the one that asks you, opens no network connection and reads no other process (seccomp)."
NO_SECCOMP = (
    "seccomp cannot be used here (no such kernel, container or processor): a host that was taken over could open network connections."
)
NO_EFFECT = "The host's confinement was accepted by the kernel and has no effect: {what} was not refused."


class Tried(Value, frozen=True, kw_only=True):
    """What ``python -m native_host.confinement`` found: what is in force, and what was refused."""

    landlock: int
    seccomp: bool
    file: bool
    network: bool
    program: bool


def describe() -> list[tuple[Verdict, str]]:
    """A verdict and a sentence about each part; takes some tenths of a second."""
    if sys.platform != "linux":
        return [("ok", ELSEWHERE)]
    tried = _try()
    if tried is None:
        return [("warn", NOT_TRIED)]
    return [*_files(tried), *_calls(tried)]


def _files(tried: Tried) -> list[tuple[Verdict, str]]:
    if not tried.landlock:
        return [("warn", NO_LANDLOCK)]
    if not tried.file:
        return [("fail", NO_EFFECT.format(what="reading a file outside"))]
    found: list[tuple[Verdict, str]] = [("ok", FILES.format(abi=tried.landlock))]
    missing = [what for since, what in ((NET_SINCE, "TCP ports"), (SCOPES_SINCE, "signals and abstract sockets")) if tried.landlock < since]
    if missing:
        found.append(("warn", NO_SCOPES.format(abi=tried.landlock, what=" and ".join(missing))))
    return found


def _calls(tried: Tried) -> list[tuple[Verdict, str]]:
    if not tried.seccomp:
        return [("warn", NO_SECCOMP)]
    if not (tried.network and tried.program):
        return [("fail", NO_EFFECT.format(what="starting a program" if tried.network else "the network"))]
    return [("ok", CALLS)]


def _try() -> Tried | None:
    import subprocess

    with TemporaryDirectory(prefix="strongroom-") as base:
        folder, outside = os.path.join(base, "folder"), os.path.join(base, "outside")
        os.mkdir(folder)
        with open(outside, "wb"):
            pass
        command = [sys.executable, "-I", "-m", "native_host.confinement", folder, outside]
        try:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=TRY_SECONDS, check=False)
            return decode(done.stdout, type=Tried)
        except (OSError, subprocess.TimeoutExpired, MsgspecError):
            return None
