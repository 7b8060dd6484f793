"""The process that starts a host's programs: what it starts, what it refuses, and how it ends."""

from __future__ import annotations

import array
import contextlib
import errno
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from native_host.confinement import Child, clean_environment, programs, starter
from native_host.confinement.starting import Starter
from tests.homes import until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="there is a starter on Linux only")

PATIENCE_SECONDS = 60.0
AS_NOBODY = """
import contextlib, ctypes, os, pkgutil, runpy, select, signal, sys, _socket
if os.getuid() == 0:
    os.setresuid(65534, 65534, 65534)
    ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)  # which changing the user has switched off
assert os.stat("/proc/self/fd").st_uid != 0
runpy.run_path(sys.argv[1], run_name="__main__")
"""
CAT = ["cat"]
SLEEP = [sys.executable, "-I", "-S", "-c", "import time; time.sleep(600)"]
TELL_CODE = """
import json, os
print(json.dumps({
    "environ": dict(os.environ), "cwd": os.getcwd(), "session": os.getsid(0), "open": sorted(os.listdir("/proc/self/fd"), key=int)
}))
"""
TELL = [sys.executable, "-I", "-S", "-c", TELL_CODE]
EXITS = [sys.executable, "-I", "-S", "-c", "raise SystemExit(7)"]
DIES = [sys.executable, "-I", "-S", "-c", "import os, signal; os.kill(os.getpid(), signal.SIGTERM)"]
MISSING = ["/nonexistent/program"]
SIGNALS = ["cat", "/proc/self/status"]
LISTED = [CAT, SLEEP, TELL, EXITS, DIES, MISSING, SIGNALS]
ENVIRONMENT = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "ONE": "two"}


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class Kept:
    """A starter of ours, and every program that was started: their pipes are closed at the end."""

    def __init__(self) -> None:
        self._starter = Starter(LISTED, ENVIRONMENT)
        self.pid = self._starter.pid
        self._children: list[Child] = []

    def start(self, argv: list[str]) -> Child:
        child = self._starter.start(argv)
        self._children.append(child)
        return child

    def tell(self) -> Any:
        return told_by(self.start(TELL))

    def close(self) -> None:
        self._starter.close()
        for child in self._children:
            close_pipes(child)


def told_by(child: Child) -> Any:
    assert child.stdout is not None
    return json.load(child.stdout)


def close_pipes(child: Child) -> None:
    for stream in (child.stdin, child.stdout):
        assert stream is not None
        stream.close()
    child.wait()


@pytest.fixture
def started() -> Iterator[Kept]:
    one = Kept()
    yield one
    one.close()


class Raw:
    """The starter as a host that was taken over speaks to it."""

    def __init__(self, command: list[str] | None = None) -> None:
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.process = subprocess.Popen(
            command or [sys.executable, "-I", "-S", starter.__file__],
            preexec_fn=lambda: os.dup2(theirs.fileno(), starter.CONTROL),
            pass_fds=[starter.CONTROL],
            env=ENVIRONMENT,
        )
        theirs.close()
        self.control.send(starter.encode_programs(LISTED))
        self._leashes: list[socket.socket] = []

    @property
    def last(self) -> socket.socket:
        """Our end of the last request's leash."""
        return self._leashes[-1]

    def ask(self, body: bytes, descriptors: list[int] | None = None, *, leash: bool = True) -> bytes:
        """What comes on the leash first: nothing if the request was dropped."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.settimeout(PATIENCE_SECONDS)
        nothing = os.open(os.devnull, os.O_RDWR)
        sent = [nothing, nothing, nothing] if descriptors is None else descriptors
        packed = array.array("i", [*sent, theirs.fileno()] if leash else sent)
        self.control.sendmsg([body], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, packed)] if packed else [])
        theirs.close()
        os.close(nothing)
        self._leashes.append(ours)
        return ours.recv(64)

    def close(self) -> None:
        self.control.close()
        self.process.wait(PATIENCE_SECONDS)
        for leash in self._leashes:
            leash.close()


@pytest.fixture
def raw() -> Iterator[Raw]:
    one = Raw()
    yield one
    one.close()


def number(argv: list[str]) -> bytes:
    return bytes([LISTED.index(argv)])


# what it does


def test_a_program_is_spoken_with(started: Kept) -> None:
    """Its pipes are ours, and it ends with its input."""
    child = started.start(CAT)
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(b"said")
    child.stdin.flush()
    assert b"said" == child.stdout.read(4)
    assert child.poll() is None
    child.stdin.close()
    assert (b"", 0, 0) == (child.stdout.read(), child.wait(), child.poll())


@pytest.mark.parametrize(("argv", "status"), [(EXITS, 7), (DIES, -signal.SIGTERM)])
def test_how_it_ended(started: Kept, argv: list[str], status: int) -> None:
    """As ``Popen.returncode`` has it."""
    child = started.start(argv)
    assert status == child.wait()
    child.kill()
    assert status == child.poll()


def test_kill(started: Kept) -> None:
    """It is gone, and waiting for it says by which signal."""
    child = started.start(SLEEP)
    with pytest.raises(subprocess.TimeoutExpired):
        child.wait(0.01)
    child.kill()
    assert -signal.SIGKILL == child.wait(PATIENCE_SECONDS)
    assert not is_running(child.pid)


def test_it_cannot_be_started(started: Kept) -> None:
    """The error is the system's own, and the next program starts."""
    with pytest.raises(FileNotFoundError):
        started.start(MISSING)
    assert 7 == started.start(EXITS).wait()


def test_what_a_program_gets(started: Kept) -> None:
    """The environment of the starter's birth, three descriptors, and the session of the host, in which its terminal is."""
    os.environ["LATER"] = "not there"
    secret, other = os.pipe()
    os.set_inheritable(secret, True)
    try:
        told = started.tell()
    finally:
        del os.environ["LATER"]
        os.close(secret)
        os.close(other)
    assert {**ENVIRONMENT, "LC_CTYPE": told["environ"].get("LC_CTYPE")} == {"LC_CTYPE": None, **told["environ"]}
    assert ["0", "1", "2", "3"] == told["open"]  # the last is that of the listing
    assert (os.getcwd(), os.getsid(0)) == (told["cwd"], told["session"])


def test_what_the_host_had_open_at_its_birth_is_closed_in_it() -> None:
    """Even what a browser left open for programs to inherit."""
    reader, writer = os.pipe()
    os.set_inheritable(writer, True)
    one = Kept()
    os.close(writer)
    assert 7 == one.start(EXITS).wait()
    assert b"" == os.read(reader, 1)
    one.close()
    os.close(reader)


def test_no_signal_is_ignored_in_a_program(started: Kept) -> None:
    """Python ignores SIGPIPE, and its programs expect that it is not."""
    child = started.start(SIGNALS)
    assert child.stdout is not None
    status = child.stdout.read().decode()
    ignored = int(next(line for line in status.splitlines() if line.startswith("SigIgn:")).split()[1], 16)
    assert not ignored & (1 << (signal.SIGPIPE - 1) | 1 << (signal.SIGINT - 1) | 1 << (signal.SIGCHLD - 1))


def test_ctrl_c_is_for_the_program_that_asks(started: Kept) -> None:
    """The starter is in the terminal's group as well, and stays."""
    assert 7 == started.start(EXITS).wait()
    os.kill(started.pid, signal.SIGINT)
    assert 7 == started.start(EXITS).wait()


def test_it_may_not_be_traced() -> None:
    """Whoever traces it chooses what asks the person. Of what may not be dumped, the folders in /proc are root's (proc(5)), even where
    the process is not: here it is nobody's if the test is root's."""
    one = Raw([sys.executable, "-I", "-S", "-c", AS_NOBODY, starter.__file__])
    assert int.from_bytes(one.ask(number(CAT)), sys.byteorder) > 0
    assert "Uid:\t0" not in Path(f"/proc/{one.process.pid}/status").read_text(encoding="utf-8")
    assert 0 == os.stat(f"/proc/{one.process.pid}/fd").st_uid
    one.close()


# what it refuses


@pytest.mark.parametrize("argv", [["ls"], ["cat", "/etc/passwd"], [], ["/bin/cat"], [*SLEEP, "more"]])
def test_no_other_program(started: Kept, argv: list[str]) -> None:
    """Not even one of the list with another argument."""
    with pytest.raises(PermissionError):
        started.start(argv)


@pytest.mark.parametrize(
    "body",
    [bytes([len(LISTED)]), b"\xff", b"\0\0", b"cat", starter.encode_programs([["ls"]]), b"\0" * 60_000],
    ids=["past the end", "255", "two numbers", "a name", "another list", "long"],
)
def test_a_request_that_is_none(raw: Raw, body: bytes) -> None:
    """It is dropped; a second list is none either."""
    assert b"" == raw.ask(body)
    assert int.from_bytes(raw.ask(number(EXITS)), sys.byteorder) > 0


def test_an_empty_request(raw: Raw) -> None:
    """To the kernel it is the end of such a socket, so it ends the starter."""
    raw.control.send(b"")
    assert 0 == raw.process.wait(PATIENCE_SECONDS)


@pytest.mark.parametrize("count", [0, 1, 2, 4, 10, 250])
def test_another_number_of_descriptors(raw: Raw, count: int) -> None:
    """None of them stays open in the starter."""
    reader, writer = os.pipe()
    assert b"" == raw.ask(number(CAT), [writer] * count)
    os.close(writer)
    assert b"" == os.read(reader, 1)
    os.close(reader)
    assert int.from_bytes(raw.ask(number(EXITS)), sys.byteorder) > 0


def test_no_descriptors_at_all(raw: Raw) -> None:
    """Nothing is started with those of the starter."""
    assert b"" == raw.ask(number(CAT), [], leash=False)
    assert int.from_bytes(raw.ask(number(EXITS)), sys.byteorder) > 0


def test_a_leash_that_is_no_socket(raw: Raw) -> None:
    """Nothing runs that could not be ended."""
    reader, writer = os.pipe()
    assert b"" == raw.ask(number(CAT), [reader, writer, writer, writer], leash=False)
    os.close(writer)
    assert b"" == os.read(reader, 1)
    os.close(reader)


def test_so_many_at_once(raw: Raw) -> None:
    """A few programs run at once; more start only when one has ended."""
    leashes = []
    for _ in range(starter.LIVE_PROGRAMS):
        assert int.from_bytes(raw.ask(number(SLEEP)), sys.byteorder) > 0
        leashes.append(raw.last)
    assert b"" == raw.ask(number(SLEEP))
    leashes[0].shutdown(socket.SHUT_WR)
    assert -signal.SIGKILL == int.from_bytes(leashes[0].recv(4), sys.byteorder, signed=True)
    assert int.from_bytes(raw.ask(number(SLEEP)), sys.byteorder) > 0


def test_a_flood_on_the_leash(raw: Raw) -> None:
    """It ends the program, and harms nobody else."""
    pid = int.from_bytes(raw.ask(number(SLEEP)), sys.byteorder)
    raw.last.setblocking(False)
    with contextlib.suppress(BrokenPipeError, BlockingIOError, ConnectionResetError):
        for _ in range(10_000):
            raw.last.send(b"x" * 1000)
    until(lambda: not is_running(pid), what="the end of the program")
    assert int.from_bytes(raw.ask(number(EXITS)), sys.byteorder) > 0


@pytest.mark.parametrize("argv", [[], [""], ["a\0b"], ["cat", ""], ["x" * starter.LIST_BYTES]])
def test_a_command_line_that_is_none(argv: list[str]) -> None:
    """It is refused before there is a starter."""
    with pytest.raises(ValueError, match=r"argument|command"):
        Starter([CAT, argv], ENVIRONMENT)


# how it ends


@pytest.mark.parametrize("how", ["close", "leash"])
def test_a_program_ends_with_what_holds_it(raw: Raw, how: str) -> None:
    """With the leash, and with the host's end of the socket."""
    pid = int.from_bytes(raw.ask(number(SLEEP)), sys.byteorder)
    assert is_running(pid)
    (raw.last if how == "leash" else raw.control).close()
    until(lambda: not is_running(pid), what="the end of the program")
    if how == "close":
        assert 0 == raw.process.wait(PATIENCE_SECONDS)


def test_the_starter_is_killed(started: Kept) -> None:
    """What it ran counts as killed, whoever waits goes on, and the next start says that there is nobody."""
    child = started.start(CAT)
    os.kill(started.pid, signal.SIGKILL)
    assert -signal.SIGKILL == child.wait(PATIENCE_SECONDS)
    with pytest.raises(OSError) as caught:  # noqa: PT011 - which of them depends on how far the starter got
        started.start(CAT)
    assert caught.value.errno in {errno.EPIPE, errno.ECONNRESET, errno.EPERM, None}


def test_nothing_is_left_open(started: Kept) -> None:
    """Neither here nor there, however often something is started."""

    def count() -> int:
        return sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in ("self", started.pid))

    assert 7 == started.start(EXITS).wait()
    before = count()
    for _ in range(20):
        close_pipes(started.start(EXITS))
        with pytest.raises(FileNotFoundError):
            started.start(MISSING)
    until(lambda: count() <= before, what="the end of what was open")


def test_without_a_starter_it_is_the_systems_own_way() -> None:
    """As in the person's program: the same interface, and a clean environment."""
    assert programs._starter is None
    child = programs.start(TELL, programs.clean_environment({**ENVIRONMENT, "LD_PRELOAD": "x", "PYTHONPATH": "y", "DYLD_X": "z"}))
    told = told_by(child)
    close_pipes(child)
    assert not [name for name in told["environ"] if name.startswith(("LD_", "PYTHON", "DYLD_"))]
    with pytest.raises(FileNotFoundError):
        programs.start(MISSING, ENVIRONMENT)


def test_nothing_of_a_browsers_environment_says_where_code_lies() -> None:
    """``TCL_LIBRARY`` would name the script that the window's toolkit runs first, ``OPENSSL_CONF`` a library to load."""
    kept = {"DISPLAY": ":0", "HOME": "/home/person", "PATH": "/usr/bin", "LANG": "C.UTF-8", "XMODIFIERS": "@im=ibus"}
    loads = (
        "PYTHONPATH",
        "LD_PRELOAD",
        "TCL_LIBRARY",
        "TCLLIBPATH",
        "TK_LIBRARY",
        "OPENSSL_CONF",
        "OPENSSL_MODULES",
        "GCONV_PATH",
        "LOCPATH",
    )
    assert kept == clean_environment({**kept, **dict.fromkeys(loads, "/tmp/theirs")})


def test_our_own_programs_are_those_that_ask() -> None:
    """What ``choose`` would start is what the starter knows."""
    from native_host.approval.choose import built_in_program
    from native_host.errors import BackendUnavailable

    for prompt, environ in (("window", {"DISPLAY": ":0"}), ("terminal", {})):
        try:
            chosen = built_in_program(prompt, environ)
        except BackendUnavailable:  # there is no terminal here
            continue
        assert chosen in programs.PROGRAMS.values()
