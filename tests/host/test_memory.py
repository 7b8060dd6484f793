"""What is done about the memory of a process that holds keys."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from native_host.secret import in_force
from native_host.testing.port import Port
from tests.homes import Home
from tests.parts.missing import impossible

ASK_THE_KERNEL = "from native_host.secret import guard_memory; import ctypes; guard_memory(); print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))"
NOBODY = 65534
HOLD = """
import ctypes, os, resource, sys  # all of them before the change of user, who may not be able to read them
from native_host import secret_memory
from native_host.secret import guard_memory
if not os.getuid():
    os.setgroups([]), os.setgid(int(sys.argv[1])), os.setuid(int(sys.argv[1]))
ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)  # PR_SET_DUMPABLE: a change of user takes it away
if sys.argv[2] == "guarded":
    guard_memory()
print(flush=True)
sys.stdin.read()
"""
READ = """
import os, sys
if not os.getuid():
    os.setgroups([]), os.setgid(int(sys.argv[1])), os.setuid(int(sys.argv[1]))
try:
    open(f"/proc/{sys.argv[2]}/mem", "rb").close()
except PermissionError:
    print("refused")
else:
    print("read")
"""


def core_file_limit(pid: int) -> list[str]:
    (row,) = [row for row in Path(f"/proc/{pid}/limits").read_text(encoding="ascii").splitlines() if row.startswith("Max core file size")]
    return row.split()[4:6]


def secret_memory(port: Port) -> int:
    """How much memory of a host is taken out of the kernel's map, or locked; bytes."""
    process = Path(f"/proc/{port.process.pid}")
    if in_force() == "locked":
        (row,) = [row for row in (process / "status").read_text(encoding="ascii").splitlines() if row.startswith("VmLck:")]
        return int(row.split()[1]) * 1024
    ranges = [row.split()[0].split("-") for row in (process / "maps").read_text(encoding="utf-8").splitlines() if "/secretmem" in row]
    return sum(int(end, 16) - int(start, 16) for start, end in ranges)


def test_an_unlocked_host_leaves_no_core_file(home: Home) -> None:
    """Core files are switched off for good before the passphrase is asked for."""
    port = home.greet()
    assert {"state": "unlocked"} == port.request("unlock")
    assert ["0", "0"] == core_file_limit(port.process.pid)


def test_a_guarded_process_is_not_dumpable() -> None:
    """PR_GET_DUMPABLE is 0: no other process of the same user may read its memory or trace it (prctl(2))."""
    assert "0\n" == subprocess.run([sys.executable, "-I", "-c", ASK_THE_KERNEL], check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize(("guard", "outcome"), [("guarded", "refused"), ("as any process", "read")])
def test_another_process_of_the_same_user(guard: str, outcome: str) -> None:
    """It reads any process's memory, and is refused that of one that holds keys."""
    yama = Path("/proc/sys/kernel/yama/ptrace_scope")
    if outcome == "read" and yama.exists() and yama.read_text(encoding="ascii").strip() != "0":
        impossible("This kernel refuses it for every process (Yama).")
    user = str(NOBODY if os.getuid() == 0 else os.getuid())
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", HOLD, user, guard], stdin=pipe, stdout=pipe) as holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        assert b"\n" == holder.stdout.readline()
        reader = [sys.executable, "-c", READ, user, str(holder.pid)]
        assert f"{outcome}\n" == subprocess.run(reader, check=True, capture_output=True, text=True).stdout
        holder.stdin.close()


@pytest.mark.skipif(in_force() == "ordinary", reason="This process may lock no memory.")
def test_a_hosts_keys_lie_in_secret_memory(home: Home) -> None:
    """Also in a host that is confined. It is there while the store is open, and given back at a lock, so that the machine can hibernate."""
    port = home.greet()
    assert 0 == secret_memory(port)
    port.request("unlock")
    assert 0 < secret_memory(port) <= 256 * 1024
    key = port.request("generateKey", {"alg": "Ed25519"})["keyId"]
    port.request("sign", {"keyId": key, "data": "aGVsbG8"})
    port.request("lock")
    assert 0 == secret_memory(port)
