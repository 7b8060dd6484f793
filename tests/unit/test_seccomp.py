"""The filter of system calls: what it says, on both architectures, and that the kernel takes it."""

from __future__ import annotations

import errno
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from native_host.confinement import seccomp
from native_host.confinement.seccomp import ARCHITECTURES, DENIED, UNKNOWN, Instruction

HEADERS = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),  # aarch64's own includes this one
}
NEWER_THAN_HEADERS = {"open_tree_attr", "fchmodat2", "setxattrat", "removexattrat", "file_setattr"}
BOTH = pytest.mark.parametrize("machine", list(ARCHITECTURES))
TCP, UDP, SEQPACKET = 1, 2, 5

INSTALL = """
import ctypes, json, os, socket, sys, threading
from native_host.confinement import seccomp
waiting, done = threading.Event(), threading.Event()
found = {}
def attempt(name, work):
    try:
        work()
    except OSError as error:
        found[name] = error.errno
    else:
        found[name] = 0
def elsewhere():
    waiting.wait()
    attempt("thread that was there", lambda: socket.socket(socket.AF_INET))
    done.set()
threading.Thread(target=elsewhere).start()
row = seccomp.architecture_of(os.uname().machine)
ctypes.CDLL(None).prctl(38, 1, 0, 0, 0)
assert seccomp.install(seccomp.program(row, network="network" in sys.argv), row)
waiting.set()
done.wait()
attempt("unix", lambda: socket.socket(socket.AF_UNIX).close())
attempt("pair", lambda: socket.socketpair())
attempt("tcp", lambda: socket.socket(socket.AF_INET).close())
attempt("udp", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close())
attempt("new thread", lambda: threading.Thread(target=int).start())
attempt("fork", os.fork)
attempt("exec", lambda: os.execv("/bin/true", ["true"]))
print(json.dumps(found))
"""


def run(program: list[Instruction], *, arch: int, number: int, arguments: tuple[int, ...] = ()) -> int:
    """What a filter returns: classic BPF as the kernel runs it, for the instructions that ours has."""
    data = {0: number, 4: arch}
    for place, argument in enumerate((*arguments, *[0] * 6)[:6]):
        data[16 + 8 * place], data[20 + 8 * place] = argument & 0xFFFFFFFF, argument >> 32
    accumulator = at = 0
    while True:
        code, if_true, if_false, k = program[at]
        at += 1
        if code == seccomp.LOAD:
            accumulator = data[k]
        elif code == seccomp.AND:
            accumulator &= k
        elif code == seccomp.RETURN:
            return k
        else:
            holds = {seccomp.EQUAL: accumulator == k, seccomp.AT_LEAST: accumulator >= k, seccomp.HAS_BITS: bool(accumulator & k)}[code]
            at += if_true if holds else if_false


def says(machine: str, number: int, *arguments: int, network: bool = False) -> int | None:
    """The errno that a call fails with; ``None`` if it goes through."""
    row = ARCHITECTURES[machine]
    verdict = run(seccomp.program(row, network=network), arch=row.audit, number=number, arguments=arguments)
    return None if verdict == seccomp.ALLOW else verdict & 0xFFFF


def numbers_of(machine: str) -> dict[str, int]:
    header = HEADERS[machine]
    if not header.exists():
        from tests.parts.missing import absent

        absent("The kernel's headers are not here. On Debian, as root: apt-get install linux-libc-dev")
    text = header.read_text(encoding="ascii")
    return {name: int(number) for name, number in re.findall(r"^#define __NR(?:3264)?_(\w+)\s+(\d+)$", text, re.MULTILINE)}


@BOTH
def test_every_number_is_the_kernels(machine: str) -> None:
    """A row with a wrong number would deny another call, and let the one that it names go."""
    known = numbers_of(machine)
    column = ARCHITECTURES[machine].column
    named: dict[str, Any] = {
        **DENIED,
        **UNKNOWN,
        "socket": seccomp.SOCKET,
        "socketpair": seccomp.SOCKETPAIR,
        "clone": seccomp.CLONE,
        "ioctl": seccomp.IOCTL,
        "prctl": seccomp.PRCTL,
        "prlimit64": seccomp.PRLIMIT,
    }
    rows = {name: numbers[column] for name, numbers in named.items() if name in known or name not in NEWER_THAN_HEADERS}
    assert {name: number for name, number in rows.items() if number is not None} == {
        name: known[name] for name, number in rows.items() if number is not None
    }
    assert known["seccomp"] == ARCHITECTURES[machine].seccomp
    assert not {name for name, number in rows.items() if number is None and name in known}


@BOTH
def test_what_is_denied(machine: str) -> None:
    """Each row, by its own errno; and what Python needs goes through."""
    column = ARCHITECTURES[machine].column
    for rows, error in ((DENIED, errno.EPERM), (UNKNOWN, errno.ENOSYS)):
        for name, numbers in rows.items():
            number = numbers[column]
            if number is not None:
                assert error == says(machine, number), name
    known = numbers_of(machine)
    for name in ("read", "write", "openat", "close", "mmap", "mprotect", "futex", "exit_group", "getrandom", "connect", "sendmsg", "fsync"):
        assert says(machine, known[name]) is None, name


@BOTH
@pytest.mark.parametrize(
    ("family", "kind", "protocol", "alone", "with_network"),
    [
        (seccomp.AF_UNIX, TCP, 0, None, None),
        (seccomp.AF_UNIX, SEQPACKET, 0, None, None),
        (seccomp.AF_INET, TCP, 0, errno.EPERM, None),
        (seccomp.AF_INET6, TCP | 0o2000000, 6, errno.EPERM, None),  # SOCK_CLOEXEC
        (seccomp.AF_INET, TCP, 262, errno.EPERM, errno.EPERM),  # MPTCP, whose ports Landlock does not know
        (seccomp.AF_INET, TCP, 132, errno.EPERM, errno.EPERM),  # SCTP
        (seccomp.AF_INET, UDP, 0, errno.EPERM, errno.EPERM),
        (seccomp.AF_INET6, 3, 58, errno.EPERM, errno.EPERM),  # raw
        (16, 3, 0, errno.EPERM, errno.EPERM),  # netlink
        (38, SEQPACKET, 0, errno.EPERM, errno.EPERM),  # the kernel's cryptography
        (40, TCP, 0, errno.EPERM, errno.EPERM),  # the machine's host
        (17, 3, 0, errno.EPERM, errno.EPERM),  # packets
        (1 << 32 | seccomp.AF_INET, UDP, 0, errno.EPERM, errno.EPERM),  # the kernel looks at the lower half alone
    ],
)
def test_sockets(machine: str, family: int, kind: int, protocol: int, alone: int | None, with_network: int | None) -> None:
    """Of every family but the local one, none; with a configured port, TCP alone."""
    number = seccomp.SOCKET[ARCHITECTURES[machine].column]
    assert alone == says(machine, number, family, kind, protocol)
    assert with_network == says(machine, number, family, kind, protocol, network=True)
    pair = seccomp.SOCKETPAIR[ARCHITECTURES[machine].column]
    assert (None if family == seccomp.AF_UNIX else errno.EPERM) == says(machine, pair, family, kind, protocol, network=True)


THREAD = 0x3D0F00  # what the C library passes for a thread


@BOTH
@pytest.mark.parametrize(
    ("flags", "error"),
    [
        (THREAD, None),
        (17, errno.EPERM),  # SIGCHLD: fork
        (0x4111, errno.EPERM),  # CLONE_VM|CLONE_VFORK|SIGCHLD: posix_spawn
        (0x01200011, errno.EPERM),  # the C library's fork
        *[
            (THREAD | space, errno.EPERM)
            for space in (0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000)  # NEWNS to NEWNET
        ],
    ],
)
def test_clone_makes_threads_alone(machine: str, flags: int, error: int | None) -> None:
    """No process, and no thread in a namespace of its own."""
    assert error == says(machine, seccomp.CLONE[ARCHITECTURES[machine].column], flags)


@BOTH
@pytest.mark.parametrize(
    ("request_number", "error"),
    [(0x5412, errno.EPERM), (0x541C, errno.EPERM), (0x1_00005412, errno.EPERM), (0x5401, None), (0x5413, None), (0x80084803, None)],
)
def test_ioctl(machine: str, request_number: int, error: int | None) -> None:
    """TIOCSTI and TIOCLINUX are refused, whatever stands in the upper half; TCGETS, TIOCGWINSZ and HIDIOCGRAWINFO are not."""
    assert error == says(machine, seccomp.IOCTL[ARCHITECTURES[machine].column], 0, request_number)


@pytest.mark.parametrize("machine", ARCHITECTURES)
@pytest.mark.parametrize(("process", "error"), [(0, None), (1, errno.EPERM), (4_194_304, errno.EPERM)])
def test_limits_of_this_process_alone(machine: str, process: int, error: int | None) -> None:
    """Another one is not starved by bounding what it may open or use."""
    assert error == says(machine, seccomp.PRLIMIT[ARCHITECTURES[machine].column], process)


@BOTH
@pytest.mark.parametrize(
    ("option", "argument", "error"),
    [(4, 0, None), (4, 1, errno.EPERM), (4, 2, errno.EPERM), (0x59616D61, 1, errno.EPERM), (15, 1, None), (38, 1, None), (3, 0, None)],
)
def test_prctl(machine: str, option: int, argument: int, error: int | None) -> None:
    """A process that may not be dumped stays so, and invites no tracer."""
    assert error == says(machine, seccomp.PRCTL[ARCHITECTURES[machine].column], option, argument)


@BOTH
def test_calls_with_other_numbers(machine: str) -> None:
    """A 32-bit call, whose numbers are others, ends the process; an x32 one is unknown."""
    row = ARCHITECTURES[machine]
    program = seccomp.program(row, network=False)
    for arch in (0x40000003, 0x40000028, next(other.audit for name, other in ARCHITECTURES.items() if name != machine)):
        assert seccomp.KILL_PROCESS == run(program, arch=arch, number=11)
    execve = DENIED["execve"][row.column]
    assert execve is not None
    assert errno.ENOSYS == says(machine, seccomp.X32_BIT | execve)
    assert errno.ENOSYS == says(machine, seccomp.X32_BIT | seccomp.SOCKET[row.column], seccomp.AF_UNIX)


def test_no_filter_for_other_machines() -> None:
    """None is installed where the numbers are not known."""
    for machine in ("riscv64", "i686", "armv7l", "ppc64le", ""):
        assert seccomp.architecture_of(machine) is None


@pytest.mark.parametrize(("argument", "tcp"), [("alone", errno.EPERM), ("network", 0)])
def test_the_kernel_takes_it(argument: str, tcp: int) -> None:
    """It holds for a thread that was there before, and for what is made later; threads can still be started."""
    done = subprocess.run([sys.executable, "-I", "-c", INSTALL, argument], check=True, capture_output=True, text=True)
    assert {
        "thread that was there": tcp,
        "unix": 0,
        "pair": 0,
        "tcp": tcp,
        "udp": errno.EPERM,
        "new thread": 0,
        "fork": errno.EPERM,
        "exec": errno.EPERM,
    } == json.loads(done.stdout)
