"""The process that starts the host's programs, so that the host itself can give up starting any.

``python -I -S starter.py``, with a socket to the host as descriptor 3 (unix(7), ``SOCK_SEQPACKET``). The first message is the
list of command lines; nothing adds to it. Each message after it is one byte, a place in that list, and brings four descriptors
(``SCM_RIGHTS``): standard input, output and error of the program, and its *leash*. On the leash come the process id, or an
errno below zero, and at its end the exit status, as ``int`` in native order. Its end on the host's side, or whatever comes from
there, kills the program. With the host, everything ends.

What does not fit is dropped with its descriptors, which the host sees as the end of the leash: a host that was taken over can
start, with any input, what is in the list, and nothing else. The environment of all is this process's own.

Few modules are imported and no site is processed: it is up before the host needs it. ``signal`` and ``contextlib`` would double the
time that the interpreter takes.
"""

import _signal as signal  # type: ignore[import-not-found]
import errno
import os
import select
import sys
from _collections_abc import Callable
from _socket import CMSG_SPACE, MSG_CMSG_CLOEXEC, MSG_CTRUNC, MSG_NOSIGNAL, SCM_RIGHTS, SOL_SOCKET, socket

CONTROL = 3
INT_BYTES = 4
DESCRIPTORS = 4
LIST_BYTES = 128 * 1024
LIVE_PROGRAMS = 20
"""More than the host ever needs at once, which is a program that asks and one for each of sixteen modules of tokens; a host that was taken over
is not to fill the machine with windows."""


def encode_programs(programs: list[list[str]]) -> bytes:
    """The list as one message; raises ``ValueError`` for what no command line can hold."""
    for argument in (argument for argv in programs for argument in argv):
        if not argument or "\0" in argument:
            raise ValueError("an argument is empty or has a NUL in it")
    body = b"\0\0".join(b"\0".join(map(os.fsencode, argv)) for argv in programs)
    if len(body) > LIST_BYTES or any(not argv for argv in programs):
        raise ValueError("the command lines are too long, or one is empty")
    return body


def decode_programs(body: bytes) -> list[list[bytes]]:
    """What ``encode_programs`` encoded."""
    return [argv.split(b"\0") for argv in body.split(b"\0\0")]


class Starter:
    """One list of programs, those of them that run, and the host's socket."""

    def __init__(self, control: socket, programs: list[list[bytes]]) -> None:
        self._control = control
        self._programs = programs
        self._leashes: dict[int, socket] = {}  # by process id
        self._poll = select.poll()

    def serve(self) -> None:
        """Until the host is gone."""
        bell = _bell()
        for descriptor in (self._control.fileno(), bell):
            self._poll.register(descriptor, select.POLLIN)
        while True:
            for descriptor, _ in self._poll.poll():
                if descriptor == self._control.fileno():
                    if not self._take():
                        self._end()
                        return
                elif descriptor == bell:
                    os.read(bell, 64)
                    self._reap()
                else:
                    self._pull(descriptor)

    def _take(self) -> bool:
        """Take one request; false at the end of the host."""
        try:
            body, ancillary, flags, _ = self._control.recvmsg(2, CMSG_SPACE(DESCRIPTORS * INT_BYTES), MSG_CMSG_CLOEXEC)
        except OSError as error:
            return error.errno in {errno.EINTR, errno.EMFILE, errno.ENOBUFS}
        received = [
            int.from_bytes(data[at : at + INT_BYTES], sys.byteorder)
            for level, kind, data in ancillary
            if (level, kind) == (SOL_SOCKET, SCM_RIGHTS)
            for at in range(0, len(data) - INT_BYTES + 1, INT_BYTES)
        ]
        try:
            if len(body) == 1 and body[0] < len(self._programs) and len(received) == DESCRIPTORS and not flags & MSG_CTRUNC:
                self._start(self._programs[body[0]], received)
        finally:
            for descriptor in received:
                os.close(descriptor)
        return bool(body)

    def _start(self, argv: list[bytes], received: list[int]) -> None:
        if len(self._leashes) >= LIVE_PROGRAMS:
            return
        descriptor = os.dup(received[3])
        try:
            leash = socket(fileno=descriptor)
        except OSError:  # it is none
            os.close(descriptor)
            return
        leash.setblocking(False)
        try:
            pid = os.posix_spawnp(
                argv[0],
                argv,
                os.environ,
                file_actions=[(os.POSIX_SPAWN_DUP2, received[number], number) for number in range(3)],
                # What Python ignores, and a program expects not to be ignored.
                setsigdef=[signal.SIGPIPE, signal.SIGXFSZ],
            )
        except OSError as error:
            _tell(leash, -(error.errno or errno.EIO))
            leash.close()
            return
        self._leashes[pid] = leash
        self._poll.register(leash, select.POLLIN)
        _tell(leash, pid)

    def _pull(self, descriptor: int) -> None:
        """The host let a leash go, or half of it."""
        for pid, leash in self._leashes.items():
            if leash.fileno() == descriptor:
                # Not reaped yet, so the number is still this program's.
                _kill(pid)
                self._poll.unregister(leash)

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            leash = self._leashes.pop(pid, None)
            if leash is not None:
                _tell(leash, os.waitstatus_to_exitcode(status))
                _quietly(self._poll.unregister, leash)  # unless it was pulled
                leash.close()

    def _end(self) -> None:
        for pid in self._leashes:
            _kill(pid)


def _bell() -> int:
    """A descriptor that becomes readable when a program has ended."""
    reader, bell = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(bell, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, _heard)
    # Ctrl-C in a terminal is for the program that asks there. A handler, because what is ignored would be ignored in it as well.
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, _heard)
    return reader


def _heard(_number: int, _frame: object) -> None:
    return


def _tell(leash: socket, number: int) -> None:
    _quietly(leash.send, number.to_bytes(INT_BYTES, sys.byteorder, signed=True), MSG_NOSIGNAL)  # unless the host has let it go


def _kill(pid: int) -> None:
    _quietly(os.kill, pid, signal.SIGKILL)  # unless it became another user's


def _quietly(work: Callable[..., object], *arguments: object) -> None:
    try:
        work(*arguments)
    except (OSError, KeyError):
        return


def _guard() -> None:
    """As ``secret.guard_memory``: whoever traces this process chooses what asks the person."""
    import ctypes

    ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)  # PR_SET_DUMPABLE


def _close_others() -> None:
    """Whatever the browser left open in the host and the host did not mean for anybody."""
    for name in os.listdir("/proc/self/fd"):
        if int(name) > CONTROL:
            _quietly(os.close, int(name))  # the one of the listing itself is closed


def main() -> None:
    """Serve the socket that is descriptor 3."""
    os.set_inheritable(CONTROL, False)
    _close_others()
    _guard()
    control = socket(fileno=CONTROL)
    body = control.recv(LIST_BYTES)
    if body:
        Starter(control, decode_programs(body)).serve()


if __name__ == "__main__":
    main()
