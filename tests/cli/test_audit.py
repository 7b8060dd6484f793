"""``strongroom audit``: what it finds, checkpoints, and accepting at a terminal what a script cannot accept."""

from __future__ import annotations

import os
import select
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from native_host.testing.approver import PASSPHRASE
from tests.cli.test_program import Program

PATIENCE_SECONDS = 30.0


@pytest.fixture
def owner(tmp_path: Path) -> Program:
    """A keystore that answers to nobody but its owner, on a machine without a place for a counter."""
    program = Program(tmp_path)
    program.environ.pop("DBUS_SESSION_BUS_ADDRESS", None)
    program.environ.pop("DISPLAY", None)
    program.says("init", secret=PASSPHRASE)
    return program


def edit(owner: Program, statement: str) -> None:
    with sqlite3.connect(owner.home / "keystore.db") as connection:
        connection.execute(statement)
    connection.close()


CUT = "DELETE FROM audit WHERE seq = 1"


def at_terminal(owner: Program, *arguments: str, types: list[tuple[str, str]]) -> tuple[int, str]:
    """The program at a terminal: after each text a line is typed."""
    person, other = os.openpty()
    process = subprocess.Popen(
        ["setsid", "--ctty", "--wait", sys.executable, "-m", "native_host.cli", *arguments],
        stdin=other,
        stdout=other,
        stderr=other,
        env=owner.environ,
    )
    os.close(other)
    screen, deadline = "", time.monotonic() + PATIENCE_SECONDS
    try:
        while True:
            ready, _, _ = select.select([person], [], [], max(0.0, deadline - time.monotonic()))
            assert ready, screen
            try:
                said = os.read(person, 65536)
            except OSError:
                break
            if not said:
                break
            screen += said.decode()
            while types and types[0][0] in screen:
                os.write(person, types.pop(0)[1].encode() + b"\n")
    finally:
        os.close(person)
        if time.monotonic() > deadline:
            process.kill()
        status = process.wait()
    return status, screen.replace("\r\n", "\n")


TYPED = ("Unlock your keystore:", PASSPHRASE)


def test_what_was_found_is_said_with_what_to_do(owner: Program) -> None:
    """Without a secret, and ending with status 1."""
    assert "is whole" in owner.says("audit", "verify")
    edit(owner, "INSERT INTO slots SELECT randomblob(16), kind, 'Another', parameters, wrapped, created_at FROM slots")
    done = owner.run("audit", "verify")
    assert 1 == done.returncode
    assert "A way in was added, or put back after you removed it: Another." in done.stdout
    assert "strongroom audit accept" in done.stdout


def test_a_command_does_not_open_it_by_the_way(owner: Program) -> None:
    """What is found is said, and where it is decided."""
    edit(owner, CUT)
    done = owner.run("keys", secret=PASSPHRASE)
    assert 1 == done.returncode
    assert "Broken at entry 1" in done.stderr
    assert "strongroom audit" in done.stderr


def test_no_script_accepts(owner: Program) -> None:
    """Neither with the passphrase on standard input nor with the word."""
    edit(owner, CUT)
    for text in ("", f"{PASSPHRASE}\naccept\n"):
        done = subprocess.run(
            [sys.executable, "-m", "native_host.cli", "audit", "accept"],
            input=text,
            capture_output=True,
            text=True,
            check=False,
            env=owner.environ,
        )
        assert (1, "not by a script" in done.stderr) == (done.returncode, True)
    assert 2 == owner.run("audit", "accept", "--secret-from-stdin").returncode
    assert 1 == owner.run("audit", "verify").returncode


def test_a_person_accepts_by_typing_the_word(owner: Program) -> None:
    """After having seen what was found; the keystore is then used as it is, and the record says who accepted what."""
    edit(owner, CUT)
    status, screen = at_terminal(owner, "audit", "accept", types=[TYPED, ("Type accept", "accept")])
    assert 0 == status, screen
    assert "Broken at entry 1" in screen
    assert "What it can mean" in screen
    assert "Accepted" in screen
    assert "is whole" in owner.says("audit", "verify")
    assert "acceptChanges" in owner.says("audit", "show", secret=PASSPHRASE)


@pytest.mark.parametrize("answer", ["", "ACCEPT"])
def test_anything_else_is_a_no(owner: Program, answer: str) -> None:
    """And leaves the keystore as it is."""
    edit(owner, CUT)
    status, screen = at_terminal(owner, "audit", "accept", types=[TYPED, ("Type accept", answer)])
    assert 1 == status, screen
    assert 1 == owner.run("audit", "verify").returncode


def test_there_is_nothing_to_accept(owner: Program) -> None:
    """Nobody is asked for the word."""
    status, screen = at_terminal(owner, "audit", "accept", types=[TYPED])
    assert (0, True, False) == (status, "Nothing was found" in screen, "Type accept" in screen)


def test_checkpoints(owner: Program, tmp_path: Path) -> None:
    """Printed by who opens the keystore, checked by anybody; a log that was cut no longer contains it."""
    key = owner.says("audit", "checkpoint", "--public", secret=PASSPHRASE).strip()
    file = tmp_path / "checkpoint"
    file.write_text(owner.says("audit", "checkpoint", secret=PASSPHRASE))
    assert "contains what the checkpoint says" in owner.says("audit", "verify", "--checkpoint", str(file), "--public-key", key)
    assert 2 == owner.run("audit", "verify", "--checkpoint", str(file)).returncode
    assert "not a checkpoint's public key" in owner.run("audit", "verify", "--checkpoint", str(file), "--public-key", key[:-2]).stderr
    edit(owner, "DELETE FROM audit WHERE seq > 2")
    done = owner.run("audit", "verify", "--checkpoint", str(file), "--public-key", key)
    assert 1 == done.returncode
    assert "The checkpoint was made when there were" in done.stdout
    file.write_bytes(b"\xff" * 10_000)
    assert "not a checkpoint" in owner.run("audit", "verify", "--checkpoint", str(file), "--public-key", key).stderr
