"""The programs that a host may start, and the ways to start them: through the starter once there is one, else directly."""

from __future__ import annotations

import os
import sys
from typing import IO, TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from native_host.confinement.starting import Starter

PROGRAMS = {
    "window": [sys.executable, "-I", "-m", "native_host.approval.window"],
    "terminal": [sys.executable, "-I", "-m", "native_host.approval.terminal"],
    "pinentry": [sys.executable, "-I", "-m", "native_host.approval.pinentry"],
    # Not by -m, which costs some milliseconds: the person waits for this one.
    "token": [sys.executable, "-I", "-c", "from native_host.tokens.worker_start import main; main()"],
}
"""Our own, by name. The person may configure one more, which asks in place of the window."""

_SCRUBBED = ("PYTHON", "LD_", "DYLD_", "GCONV_PATH", "LOCPATH", "OPENSSL_", "TCL", "TK_", "TIX_")
"""How the names begin of what says where code, or data that is taken for code, lies: of the interpreter, the loader, the C library, OpenSSL and
the window's toolkit."""


class Child(Protocol):
    """A running program, with as much of ``subprocess.Popen`` as its users need; ``stdin`` and ``stdout`` are pipes, and binary."""

    stdin: IO[bytes] | None
    stdout: IO[bytes] | None
    pid: int

    def poll(self) -> int | None:
        """The exit status, below zero for a signal's number; ``None`` while it runs."""

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end; the exit status. Raises ``subprocess.TimeoutExpired`` after ``timeout`` seconds."""

    def kill(self) -> None:
        """End it at once (SIGKILL); of one that has ended, nothing."""


def clean_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """``environ`` without what changes how programs load code."""
    return {name: value for name, value in environ.items() if not name.startswith(_SCRUBBED)}


_starter: Starter | None = None
_arguments: dict[str, list[str]] = {}


def prepare(configured: Sequence[str] | None, environ: Mapping[str, str], *, modules: str | None = None) -> None:
    """From now on programs are started by the starter, which knows our own and the ``configured`` one; only on Linux. ``modules`` is the
    list from which the token's process takes a module, and no other.

    Raises:
        OSError, ValueError: as ``Starter``.
    """
    global _starter  # noqa: PLW0603 - there is one starter to a process, as there is one confinement
    if sys.platform != "linux":
        return
    from native_host.confinement.starting import Starter

    if _starter is not None:
        _starter.close()
    _arguments["token"] = [modules] if modules else []
    known = [_command(name) for name in PROGRAMS]
    _starter = Starter([*known, *([configured] if configured else [])], clean_environment(environ))


def _command(name: str) -> list[str]:
    return [*PROGRAMS[name], *_arguments.get(name, ())]


def start(argv: Sequence[str], environ: Mapping[str, str], *, bufsize: int = -1) -> Child:
    """Start a program without a shell. Where there is a starter, only one of its list, in the environment that it was given.

    ``bufsize`` is that of the pipes, as ``open`` takes it. Raises ``OSError``: it cannot be started, or is not in the list.
    """
    if _starter is not None:
        return _starter.start(argv, bufsize=bufsize)
    from subprocess import PIPE, Popen

    return Popen(argv, stdin=PIPE, stdout=PIPE, env=environ, bufsize=bufsize)


def spawn(name: str, *, bufsize: int = -1) -> Child:
    """Start one of our own programs by its name in ``PROGRAMS``; otherwise as ``start``."""
    return start(_command(name), clean_environment(os.environ), bufsize=bufsize)
