"""What is done about the memory of a process that holds keys."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.homes import Home

ASK_THE_KERNEL = "from native_host.secret import guard_memory; import ctypes; guard_memory(); print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))"


def core_file_limit(pid: int) -> list[str]:
    (row,) = [row for row in Path(f"/proc/{pid}/limits").read_text(encoding="ascii").splitlines() if row.startswith("Max core file size")]
    return row.split()[4:6]


def test_an_unlocked_host_leaves_no_core_file(home: Home) -> None:
    """Core files are switched off for good before the passphrase is asked for."""
    port = home.greet()
    assert {"state": "unlocked"} == port.request("unlock")
    assert ["0", "0"] == core_file_limit(port.process.pid)


def test_a_guarded_process_is_not_dumpable() -> None:
    """PR_GET_DUMPABLE is 0: no other process of the same user may read its memory or trace it (prctl(2))."""
    assert "0\n" == subprocess.run([sys.executable, "-I", "-c", ASK_THE_KERNEL], check=True, capture_output=True, text=True).stdout
