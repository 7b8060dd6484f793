"""What an extension chose is printed so that a terminal only shows it, and a damaged keystore is told in one sentence."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from native_host.testing.approver import PASSPHRASE
from tests.homes import Home

HOSTILE = "rent\x1b]0;owned\x07\x1b[2J\u202egnp.exe\u200b\nsecond line"


def run(home: Home, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "native_host.cli", *arguments],
        input=f"{PASSPHRASE}\n",
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **home.environ},
    )


def test_a_name_does_not_reach_the_terminal_as_a_command(home: Home) -> None:
    """Control and bidirectional characters are shown as what they are, on the key's own line."""
    port = home.open()
    port.request("generateKey", {"alg": "Ed25519", "label": HOSTILE})
    shown = run(home, "keys", "--secret-from-stdin")
    assert 0 == shown.returncode
    assert [] == [character for character in shown.stdout if not character.isprintable() and character != "\n"]
    (line,) = [line for line in shown.stdout.splitlines() if "Ed25519" in line]
    assert "rent⟨U+001B⟩]0;owned⟨U+0007⟩" in line
    assert "second line" in line


@pytest.mark.parametrize(
    "command", [["keys", "--secret-from-stdin"], ["audit", "verify"], ["audit", "show", "--secret-from-stdin"], ["status"]]
)
def test_a_damaged_file(home: Home, command: list[str]) -> None:
    """It ends with status 1 and a sentence, not with a trace of the program."""
    home.open().request("generateKey", {"alg": "Ed25519"})
    home.quit()
    data = bytearray(home.database.read_bytes())
    data[4096:] = os.urandom(len(data) - 4096)
    home.database.write_bytes(data)
    for name in ("-wal", "-shm"):
        home.database.with_name(home.database.name + name).unlink(missing_ok=True)
    ended = run(home, *command)
    assert 1 == ended.returncode
    assert "Traceback" not in ended.stderr
    assert ended.stderr.startswith("strongroom: ")
