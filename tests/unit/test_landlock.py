"""Landlock's rules: what they hold in each version of the kernel's interface, and what the kernel here makes of them."""

from __future__ import annotations

import errno
import json
import os
import socket
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from native_host.config import Config, Paths, TpmConfig
from native_host.confinement import landlock
from native_host.confinement.reach import Reach, reach_of
from tests.parts.missing import impossible

NOTHING = Reach(reads=(), writes=())
PATHS = Paths(config="/c", data="/d", state="/s")

ATTEMPTS = """
import ctypes, json, os, socket, sys
from native_host.confinement import landlock
from native_host.confinement.reach import Reach
base, port, other_port = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
found = {}
def attempt(name, work):
    try:
        work()
    except OSError as error:
        found[name] = error.errno
    else:
        found[name] = 0
def write(path):
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
def connect(number):
    with socket.socket() as end:
        end.connect(("127.0.0.1", number))
def bind():
    with socket.socket() as end:
        end.bind(("127.0.0.1", 0))
def abstract(text):
    with socket.socket(socket.AF_UNIX) as end:
        end.connect("\\0" + text)
reach = Reach(reads=(base + "/read", base + "/one", "/usr/bin", "/nowhere"), writes=(base + "/written",), ports=(port,), devices=("/dev/null",))
if "confined" in sys.argv:
    ctypes.CDLL(None).prctl(38, 1, 0, 0, 0)
    assert landlock.restrict(reach) == landlock.abi()
attempt("read in", lambda: open(base + "/read/file").close())
attempt("list in", lambda: os.listdir(base + "/read"))
attempt("read one", lambda: open(base + "/one").close())
attempt("write one", lambda: write(base + "/one"))
attempt("write where it reads", lambda: write(base + "/read/file"))
attempt("make where it reads", lambda: write(base + "/read/new"))
attempt("write", lambda: write(base + "/written/file"))
attempt("make", lambda: write(base + "/written/new"))
attempt("truncate", lambda: os.truncate(base + "/written/new", 0))
attempt("make folder", lambda: os.mkdir(base + "/written/folder"))
attempt("move", lambda: os.rename(base + "/written/new", base + "/written/folder/new"))
attempt("remove", lambda: os.remove(base + "/written/folder/new"))
attempt("remove folder", lambda: os.rmdir(base + "/written/folder"))
attempt("symbolic link", lambda: os.symlink("/etc/passwd", base + "/written/link"))
attempt("pipe", lambda: os.mkfifo(base + "/written/pipe"))
attempt("read out", lambda: open(base + "/outside/file").close())
attempt("through a link", lambda: open(base + "/read/link").close())
attempt("list out", lambda: os.listdir(base + "/outside"))
attempt("write out", lambda: write(base + "/outside/file"))
attempt("make out", lambda: write(base + "/outside/new"))
attempt("truncate out", lambda: os.truncate(base + "/outside/file", 0))
attempt("move out", lambda: os.rename(base + "/written/file", base + "/outside/moved"))
attempt("move in", lambda: os.rename(base + "/outside/file", base + "/written/moved"))
attempt("remove out", lambda: os.remove(base + "/outside/gone"))
attempt("write a device", lambda: write("/dev/null"))
attempt("another device", lambda: open("/dev/zero").close())
attempt("connect", lambda: connect(port))
attempt("connect elsewhere", lambda: connect(other_port))
attempt("bind", bind)
attempt("abstract", lambda: abstract(base))
attempt("signal", lambda: os.kill(os.getppid(), 0))
attempt("memory", lambda: open(f"/proc/{os.getppid()}/environ").close())
attempt("exec", lambda: os.execv("/usr/bin/true", ["true"]))
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    """What each attempt of a confined process came to: an errno, or 0."""
    if not landlock.abi():
        impossible("This kernel has no Landlock, or this container forbids it.")
    return attempts(tmp_path_factory.mktemp("confined"), "confined")


def attempts(base: Path, how: str) -> dict[str, int]:
    for name in ("read", "written", "outside"):
        (base / name).mkdir()
        (base / name / "file").write_text("x")
    (base / "one").write_text("x")
    (base / "outside/gone").write_text("x")
    (base / "read/link").symlink_to(base / "outside/file")
    with (
        socket.create_server(("127.0.0.1", 0)) as one,
        socket.create_server(("127.0.0.1", 0)) as other,
        socket.socket(socket.AF_UNIX) as local,
    ):
        local.bind(f"\0{base}")
        local.listen()
        ports = [str(server.getsockname()[1]) for server in (one, other)]
        done = subprocess.run([sys.executable, "-I", "-c", ATTEMPTS, str(base), *ports, how], capture_output=True, text=True, check=False)
    if how != "confined":
        return {}
    assert "" == done.stderr
    result: dict[str, int] = json.loads(done.stdout)
    return result


GOES = [
    "read in", "list in", "read one", "write", "make", "truncate", "make folder", "move", "remove", "remove folder", "write a device", "connect",
]  # fmt: skip
REFUSED = {
    **dict.fromkeys(
        [
            "write one", "write where it reads", "make where it reads", "symbolic link", "pipe", "read out", "through a link", "list out",
            "write out", "make out", "truncate out", "remove out", "another device", "connect elsewhere", "bind", "exec", "memory",
        ],
        errno.EACCES,
    ),
    **dict.fromkeys(["move out", "move in"], errno.EACCES),
    **dict.fromkeys(["abstract", "signal"], errno.EPERM),
}  # fmt: skip
SINCE = {"truncate out": 3, "bind": 4, "connect elsewhere": 4, "abstract": 6, "signal": 6}


@pytest.mark.parametrize("what", GOES)
def test_what_is_in_reach(found: dict[str, int], what: str) -> None:
    """It goes as before."""
    assert 0 == found[what]


@pytest.mark.parametrize("what", list(REFUSED))
def test_what_is_out_of_reach(found: dict[str, int], what: str) -> None:
    """The kernel refuses it."""
    if landlock.abi() < SINCE.get(what, 1):
        impossible("newer than this kernel")
    assert REFUSED[what] == found[what]


def test_without_it_all_of_it_would_go(tmp_path: Path) -> None:
    """The attempts are such as the system allows: unconfined, the last of them is another program, which prints nothing."""
    attempts(tmp_path, "unconfined")
    assert {"new", "moved"} <= set(os.listdir(tmp_path / "outside"))
    assert "link" in os.listdir(tmp_path / "written")


@pytest.mark.parametrize(("version", "fields"), [(1, 1), (2, 1), (3, 1), (4, 2), (5, 2), (6, 3), (7, 3), (99, 3)])
def test_each_version_gets_what_it_knows(version: int, fields: int) -> None:
    """A kernel refuses a structure with a field that it does not know, and nothing at all would be in force."""
    packed, size = landlock._ruleset(version, landlock.handled_by(version), NOTHING)
    assert (8 * fields, 8 * fields) == (len(packed), size.value)
    values = struct.unpack(f"={fields}Q", packed)
    known = {1: 0x1FFF, 2: 0x3FFF, 3: 0x7FFF, 4: 0x7FFF, 5: 0xFFFF}
    assert known.get(version, 0xFFFF) == values[0]
    assert (3,) * (fields - 1) == values[1:]


def test_a_daemon_that_listens_on_an_abstract_socket() -> None:
    """That scope alone is left out, and only where the session's bus needs it."""
    packed, _ = landlock._ruleset(7, 0xFFFF, Reach(reads=(), writes=(), abstract=True))
    assert (landlock.SCOPE_SIGNAL,) == struct.unpack("=3Q", packed)[2:]
    for address, abstract in (("unix:path=/run/user/1000/bus", False), ("unix:abstract=/tmp/dbus-1,guid=ab", True), ("", False)):
        assert abstract is reach_of(Config(), PATHS, {"DBUS_SESSION_BUS_ADDRESS": address}, plugged=False).abstract


@pytest.mark.parametrize(
    ("tcti", "ports", "device"),
    [
        (None, (), "/dev/tpmrm0"),
        ("device:/dev/tpm0", (), "/dev/tpm0"),
        ("device", (), "/dev/tpmrm0"),
        ("tabrmd", (), "/dev/tpmrm0"),
        ("swtpm:path=/tmp/x", (), "/dev/tpmrm0"),
        ("swtpm:host=127.0.0.1,port=4000", (4000, 4001), "/dev/tpmrm0"),
        ("mssim", (2321, 2322), "/dev/tpmrm0"),
        ("swtpm:port=65535", (65535,), "/dev/tpmrm0"),
        ("swtpm:port=99999999999999999999", (2321, 2322), "/dev/tpmrm0"),
        ("swtpm:port=²", (2321, 2322), "/dev/tpmrm0"),
        ("cmd:nc example.org 80", (), "/dev/tpmrm0"),
    ],
)
def test_what_a_tpm_needs(tcti: str | None, ports: tuple[int, ...], device: str) -> None:
    """Its device, or the two ports of a simulated one; anything else that is written there, nothing."""
    reach = reach_of(Config(tpm=TpmConfig(tcti=tcti)), PATHS, {}, plugged=False)
    assert ports == reach.ports
    assert device == reach.devices[-1]


def test_what_a_host_may_change() -> None:
    """Its data and its log; its configuration, which names a program that is started, it may only read."""
    reach = reach_of(Config(), PATHS, {}, plugged=False)
    assert ("/d", "/s") == reach.writes
    assert "/c" in reach.reads
    assert not {"/", os.path.expanduser("~"), "/tmp", "/proc", "/dev", "/home", "/root"} & {*reach.reads, *reach.writes, *reach.devices}


def test_all_devices_only_for_one_that_is_plugged_in() -> None:
    """The node of a security key is made when it is plugged in, so there is no naming it before."""
    reach = reach_of(Config(), PATHS, {}, plugged=True)
    assert ("/dev",) == reach.devices
    assert "/sys/class/hidraw" in reach.reads


def test_nothing_without_no_new_privileges() -> None:
    """Where the kernel refuses, it is said that nothing is in force (an ordinary user needs PR_SET_NO_NEW_PRIVS first)."""
    code = (
        "import os; from native_host.confinement import landlock; from native_host.confinement.reach import Reach;"
        "os.setresuid(65534, 65534, 65534) if os.getuid() == 0 else None; print(landlock.restrict(Reach(reads=(), writes=())))"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], check=True, capture_output=True, text=True)
    assert "0\n" == done.stdout


def test_describe(tmp_path: Path) -> None:
    """For doctor: here, both parts are in force and take effect."""
    found: Any = subprocess.run(
        [sys.executable, "-I", "-c", "import json; from native_host.confinement import describe; print(json.dumps(describe()))"],
        check=True,
        capture_output=True,
        cwd=tmp_path,
    )
    if not landlock.abi():
        impossible("no Landlock")
    verdicts = json.loads(found.stdout)
    assert {"ok"} == {verdict for verdict, _ in verdicts} or landlock.abi() < landlock.SCOPES_SINCE
    assert f"Landlock, version {landlock.abi()}" in verdicts[0][1]
    assert "seccomp" in verdicts[-1][1]
