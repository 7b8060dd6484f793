"""seccomp: system calls that a host never makes, and whoever takes it over would.

Implements: seccomp(2), a filter in classic BPF over ``struct seccomp_data``, for x86_64 and aarch64 (both little-endian). The
program is a fixed table, so that libseccomp is not needed for it. Refused calls fail instead of killing the process, because
libraries try some of them and go on without: ``ENOSYS`` where there is an older call to fall back to, ``EPERM`` elsewhere.

A deny list: Python and the libraries that it loads late make calls that no list of ours would foresee. What it denies is what
leads out of the process: other programs, other processes' memory, the network, the kernel's larger attack surfaces.
"""

from __future__ import annotations

import ctypes
import errno
import struct
from typing import Final

from native_host.value import Value

ALLOW, ERRNO, KILL_PROCESS = 0x7FFF0000, 0x00050000, 0x80000000
LOAD, AND, RETURN = 0x20, 0x54, 0x06  # BPF_LD|BPF_W|BPF_ABS, BPF_ALU|BPF_AND|BPF_K, BPF_RET|BPF_K
EQUAL, AT_LEAST, HAS_BITS = 0x15, 0x35, 0x45  # BPF_JMP with BPF_JEQ, BPF_JGE, BPF_JSET, all with BPF_K
NUMBER_AT, ARCHITECTURE_AT, ARGUMENTS_AT = 0, 4, 16

SET_MODE_FILTER, FLAG_TSYNC = 1, 1
X32_BIT = 0x40000000

AF_UNIX, AF_INET, AF_INET6, SOCK_STREAM, TYPE_MASK, IPPROTO_TCP = 1, 2, 10, 1, 0xF, 6
CLONE_THREAD = 0x00010000
CLONE_NEW = 0x7E020000  # NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET
TIOCSTI, TIOCLINUX = 0x5412, 0x541C
PR_SET_DUMPABLE, PR_SET_PTRACER = 4, 0x59616D61

Instruction = tuple[int, int, int, int]


class Architecture(Value, frozen=True, kw_only=True):
    """``audit``: the AUDIT_ARCH number. ``column``: its place in ``DENIED``."""

    audit: int
    column: int
    seccomp: int


ARCHITECTURES = {
    "x86_64": Architecture(audit=0xC000003E, column=0, seccomp=317),
    "aarch64": Architecture(audit=0xC00000B7, column=1, seccomp=277),
}

DENIED: dict[str, tuple[int | None, int | None]] = {
    # other programs, and copies of this one
    "execve": (59, 221),
    "execveat": (322, 281),
    "fork": (57, None),
    "vfork": (58, None),
    # other processes, and being traced
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "kcmp": (312, 272),
    "setpriority": (141, 140),
    "migrate_pages": (256, 238),
    "move_pages": (279, 239),
    "pidfd_getfd": (438, 438),
    "personality": (135, 92),
    # large surfaces of the kernel
    "bpf": (321, 280),
    "userfaultfd": (323, 282),
    "perf_event_open": (298, 241),
    "modify_ldt": (154, None),
    "iopl": (172, None),
    "ioperm": (173, None),
    # the keys of the kernel's keyrings
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    # the file system around the rules of Landlock
    "open_by_handle_at": (304, 265),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "open_tree_attr": (467, 467),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    # what Landlock leaves out: whose a file is, who may read it, and when it was changed
    "chmod": (90, None),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, None),
    "lchown": (94, None),
    "fchown": (93, 55),
    "fchownat": (260, 54),
    "utime": (132, None),
    "utimes": (235, None),
    "futimesat": (261, None),
    "utimensat": (280, 88),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
    "setxattrat": (463, 463),
    "removexattrat": (466, 466),
    "file_setattr": (469, 469),
    "unshare": (272, 97),
    "setns": (308, 268),
    # the system as a whole
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "acct": (163, 89),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "vhangup": (153, 58),
}
UNKNOWN: dict[str, tuple[int, int]] = {
    "clone3": (435, 435),  # its flags stand in memory, where a filter cannot look: the C library then calls clone
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
}
"""Refused as if the kernel did not know them."""

SOCKET, SOCKETPAIR, CLONE, IOCTL, PRCTL = (41, 198), (53, 199), (56, 220), (16, 29), (157, 167)
PRLIMIT = (302, 261)


def program(architecture: Architecture, *, network: bool) -> list[Instruction]:
    """The filter. ``network``: TCP sockets may be made; to which ports they connect is Landlock's to say."""
    at = architecture.column
    out: list[Instruction] = [
        (LOAD, 0, 0, ARCHITECTURE_AT),
        (EQUAL, 1, 0, architecture.audit),
        # A 32-bit call by a 64-bit process has other numbers; nothing of ours makes one.
        (RETURN, 0, 0, KILL_PROCESS),
        (LOAD, 0, 0, NUMBER_AT),
        # On x86_64 the same calls have second numbers (x32).
        (AT_LEAST, 0, 1, X32_BIT),
        _refuse(errno.ENOSYS),
    ]
    for numbers in DENIED.values():
        number = numbers[at]
        if number is not None:
            out += _of(number, [_refuse(errno.EPERM)])
    for known in UNKNOWN.values():
        out += _of(known[at], [_refuse(errno.ENOSYS)])
    for numbers, rule in ((SOCKET, _families(network=network)), (SOCKETPAIR, _families(network=False)), *ARGUMENTS):
        out += _of(numbers[at], rule)
    return [*out, (RETURN, 0, 0, ALLOW)]


def _of(number: int, rule: list[Instruction]) -> list[Instruction]:
    """``rule``, which decides, for one call."""
    return [(EQUAL, 0, len(rule), number), *rule]


def _refuse(error: int) -> Instruction:
    return RETURN, 0, 0, ERRNO | error


def _argument(place: int) -> Instruction:
    """Load the lower half of an argument: the kernel takes these as ``int``."""
    return LOAD, 0, 0, ARGUMENTS_AT + 8 * place


_REFUSE: Final = _refuse(errno.EPERM)
_PERMIT: Final = (RETURN, 0, 0, ALLOW)


def _families(*, network: bool) -> list[Instruction]:
    if not network:
        return [_argument(0), (EQUAL, 0, 1, AF_UNIX), _PERMIT, _REFUSE]
    return [
        _argument(0),
        (EQUAL, 8, 0, AF_UNIX),
        (EQUAL, 1, 0, AF_INET),
        (EQUAL, 0, 7, AF_INET6),
        _argument(1),
        (AND, 0, 0, TYPE_MASK),
        (EQUAL, 0, 4, SOCK_STREAM),
        # Landlock knows the ports of TCP alone, and there are other protocols of streams.
        _argument(2),
        (EQUAL, 1, 0, 0),
        (EQUAL, 0, 1, IPPROTO_TCP),
        _PERMIT,
        _REFUSE,
    ]


ARGUMENTS: tuple[tuple[tuple[int, int], list[Instruction]], ...] = (
    # A thread, and neither a process nor another view of the system.
    (CLONE, [_argument(0), (HAS_BITS, 2, 0, CLONE_NEW), (HAS_BITS, 0, 1, CLONE_THREAD), _PERMIT, _REFUSE]),
    # Typing into a terminal that another program reads.
    (IOCTL, [_argument(1), (EQUAL, 1, 0, TIOCSTI), (EQUAL, 0, 1, TIOCLINUX), _REFUSE, _PERMIT]),
    # Limits of this process alone.
    (PRLIMIT, [_argument(0), (EQUAL, 0, 1, 0), _PERMIT, _REFUSE]),
    # What secret.guard_memory has switched off stays off.
    (
        PRCTL,
        [
            _argument(0),
            (EQUAL, 4, 0, PR_SET_PTRACER),
            (EQUAL, 0, 2, PR_SET_DUMPABLE),
            _argument(1),
            (EQUAL, 0, 1, 0),
            _PERMIT,
            _REFUSE,
        ],
    ),
)


def architecture_of(machine: str) -> Architecture | None:
    """The row of a machine as ``uname`` names it, for a process of 64 bits; ``None`` if there is no filter for it."""
    return ARCHITECTURES.get(machine) if struct.calcsize("P") == 8 else None  # noqa: PLR2004


def install(instructions: list[Instruction], architecture: Architecture) -> bool:
    """Have the kernel apply the filter to every thread of this process, for good; whether it does. Needs ``PR_SET_NO_NEW_PRIVS``."""
    packed = b"".join(struct.pack("=HBBI", *instruction) for instruction in instructions)
    code = ctypes.create_string_buffer(packed, len(packed))

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))

    header = Program(len(instructions), ctypes.addressof(code))
    return int(ctypes.CDLL(None).syscall(architecture.seccomp, SET_MODE_FILTER, FLAG_TSYNC, ctypes.byref(header))) == 0
