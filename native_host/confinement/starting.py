"""The host's end of the starter: the process that ``starter.py`` is, and the programs that it runs for us. POSIX only."""

from __future__ import annotations

import os
import sys
from _socket import AF_UNIX, SCM_RIGHTS, SHUT_WR, SOCK_SEQPACKET, SOL_SOCKET, socketpair
from _thread import allocate_lock
from contextlib import suppress
from select import POLLIN, poll
from typing import IO, TYPE_CHECKING

from native_host.confinement.starter import CONTROL, INT_BYTES, encode_programs

if TYPE_CHECKING:
    from _socket import socket
    from collections.abc import Mapping, Sequence

ANSWER_SECONDS = 10.0
"""The starter answers in milliseconds; one that was stopped is not to hold the host for good."""
KILLED = -9


class Started:
    """A program that the starter runs for us: see ``Child``."""

    def __init__(self, pid: int, leash: socket, stdin: int, stdout: int, bufsize: int) -> None:
        self.pid = pid
        self.stdin: IO[bytes] | None = os.fdopen(stdin, "wb", bufsize)
        self.stdout: IO[bytes] | None = os.fdopen(stdout, "rb", bufsize)
        self._leash = leash
        self._lock = allocate_lock()
        self._status: int | None = None

    def poll(self) -> int | None:
        if self._lock.acquire(blocking=False):  # else another thread waits for the end, so it runs
            try:
                self._receive(0.0)
            finally:
                self._lock.release()
        return self._status

    def wait(self, timeout: float | None = None) -> int:
        with self._lock:
            self._receive(timeout)
        if self._status is None:
            from subprocess import TimeoutExpired

            raise TimeoutExpired(str(self.pid), timeout or 0.0)
        return self._status

    def kill(self) -> None:
        with suppress(OSError):  # it has ended
            self._leash.shutdown(SHUT_WR)

    def _receive(self, seconds: float | None) -> None:
        """Take in the exit status, if it comes in that time."""
        if self._status is not None:
            return
        waiting = poll()
        waiting.register(self._leash, POLLIN)
        if not waiting.poll(None if seconds is None else seconds * 1000):
            return
        try:
            body = self._leash.recv(INT_BYTES)
        except OSError:
            body = b""
        # The starter ends what it runs when it ends itself; without its word the program is as good as killed.
        self._status = int.from_bytes(body, sys.byteorder, signed=True) if body else KILLED
        self._leash.close()


class Starter:
    """The host's end of the starter process; it ends when this is closed, or with the host."""

    def __init__(self, programs: Sequence[Sequence[str]], environ: Mapping[str, str]) -> None:
        """Spawn it, and wait for nothing.

        Raises:
            OSError: it cannot be started. ``ValueError``: a command line that none can be.
        """
        self._programs = [list(argv) for argv in programs]
        listed = encode_programs(self._programs)
        self._control, theirs = socketpair(AF_UNIX, SOCK_SEQPACKET)
        source = os.path.join(os.path.dirname(__file__), "starter.py")
        try:
            self.pid = os.posix_spawn(
                sys.executable,
                [sys.executable, "-I", "-S", source],
                dict(environ),
                file_actions=[(os.POSIX_SPAWN_DUP2, theirs.fileno(), CONTROL)],
            )
        finally:
            theirs.close()
        self._control.send(listed)

    def start(self, argv: Sequence[str], *, bufsize: int = -1) -> Started:
        """Start one of the programs.

        Raises:
            OSError: it is not in the list, cannot be started, or the starter is gone.
        """
        if list(argv) not in self._programs:
            raise PermissionError("this program was not in the list when the host started")
        stdin, ours_in = os.pipe()
        ours_out, stdout = os.pipe()
        leash, theirs = socketpair(AF_UNIX, SOCK_SEQPACKET)
        try:
            self._request(self._programs.index(list(argv)), [stdin, stdout, 2, theirs.fileno()])
            # Closed before the answer is waited for: where the request is dropped, that is what shows it.
            theirs.close()
            pid = _answer(leash)
        except BaseException:
            for descriptor in (ours_in, ours_out):
                os.close(descriptor)
            leash.close()
            raise
        finally:
            theirs.close()
            os.close(stdin)
            os.close(stdout)
        return Started(pid, leash, ours_in, ours_out, bufsize)

    def close(self) -> None:
        """End it and what it runs."""
        self._control.close()
        os.waitpid(self.pid, 0)

    def _request(self, number: int, descriptors: list[int]) -> None:
        packed = b"".join(descriptor.to_bytes(INT_BYTES, sys.byteorder) for descriptor in descriptors)
        self._control.sendmsg([bytes([number])], [(SOL_SOCKET, SCM_RIGHTS, packed)])


def _answer(leash: socket) -> int:
    leash.settimeout(ANSWER_SECONDS)
    body = leash.recv(INT_BYTES)
    leash.settimeout(None)
    if not body:
        raise PermissionError("the starter has refused, or is gone")
    number = int.from_bytes(body, sys.byteorder, signed=True)
    if number < 0:
        raise OSError(-number, os.strerror(-number))
    return number
