"""The person's program as a person, or a script, runs it: what it says, and with which status it ends."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.homes import ADDON, Home, origin_of

PASSPHRASE = "a passphrase for a script"
ORIGIN = origin_of(ADDON)


class Program:
    """``strongroom`` with a home of its own."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "strongroom"
        (folder / "person").mkdir(exist_ok=True)
        self.environ = {**os.environ, "STRONGROOM_HOME": str(self.home), "HOME": str(folder / "person")}

    def run(self, *arguments: str, secret: str | None = None) -> subprocess.CompletedProcess[str]:
        typed = None if secret is None else f"{secret}\n"
        if secret is not None:
            arguments = (*arguments, "--secret-from-stdin")
        done = subprocess.run(
            [sys.executable, "-m", "native_host.cli", *arguments],
            input=typed or "",
            capture_output=True,
            text=True,
            check=False,
            env=self.environ,
        )
        assert "Traceback" not in done.stdout + done.stderr
        if secret:
            assert secret not in done.stdout + done.stderr
        return done

    def says(self, *arguments: str, secret: str | None = None) -> str:
        done = self.run(*arguments, secret=secret)
        assert 0 == done.returncode, done.stderr
        return done.stdout


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path)


@pytest.fixture
def owner(program: Program) -> Program:
    """With a keystore."""
    program.says("init", secret=PASSPHRASE)
    return program


def test_a_keystore_from_nothing(program: Program) -> None:
    """What there is not yet is said together with the command that makes it; what there is, is not made again."""
    for command in ("status", "keys", "lock"):
        done = program.run(command)
        assert 1 == done.returncode
        assert "strongroom init" in done.stderr
    assert "There is no recovery code" in program.says("init", secret=PASSPHRASE)
    assert 1 == program.run("init", secret=PASSPHRASE).returncode
    status = json.loads(program.says("status", "--json"))
    assert ("locked", False, []) == (status["state"], status["unattended"], status["weakSlots"])
    assert str(program.home) in program.says("status")


def test_an_empty_passphrase_sets_nothing_up(program: Program) -> None:
    """It is taken for a no."""
    assert 1 == program.run("init", secret="").returncode
    assert "not set up yet" in program.says("status")


def test_keys_need_the_passphrase(owner: Program) -> None:
    """A wrong one ends with one plain sentence, the right one lists."""
    wrong = owner.run("keys", secret="some other words")
    assert 1 == wrong.returncode
    assert "Wrong passphrase" in wrong.stderr
    assert "There are no keys yet.\n" == owner.says("keys", secret=PASSPHRASE)
    assert [] == json.loads(owner.says("keys", "--json", secret=PASSPHRASE))


def test_keys_of_every_wallet(home: Home, program: Program) -> None:
    """With algorithm, state and id."""
    port = home.open()
    key = port.request("generateKey", {"alg": "Ed25519", "label": "mine"})
    program.environ["STRONGROOM_HOME"] = str(home.folder)
    listed = program.says("keys", secret=home.approver.passphrase)
    assert f"{key['keyId']}  main  Ed25519   active" in listed
    (row,) = json.loads(program.says("keys", "--json", secret=home.approver.passphrase))
    assert ("main", key) == (row["wallet"], row["key"])


def test_origins(program: Program) -> None:
    """Attached before there is a keystore; to one wallet only; a development build until a date; detached again."""
    assert "No extension is attached" in program.says("origins", "list")
    program.says("origins", "add", ORIGIN)
    program.says("origins", "add", "moz-extension:you@example.com", "--wallet", "other", "--development")
    listed = program.says("origins", "list").splitlines()
    assert [f"{ORIGIN}  wallet main  not confirmed yet: the host asks when it first unlocks"] == [row for row in listed if ORIGIN in row]
    assert any("wallet other  development build, until 20" in row for row in listed)
    elsewhere = program.run("origins", "add", ORIGIN, "--wallet", "other")
    assert 1 == elsewhere.returncode
    assert "wallet main" in elsewhere.stderr
    program.says("origins", "remove", ORIGIN)
    assert 1 == program.run("origins", "remove", ORIGIN).returncode
    assert ORIGIN not in program.says("origins", "list")


@pytest.mark.parametrize("origin", ["", "https://example.org", ORIGIN[:-1], ORIGIN.upper(), "moz-extension:", "chrome-extension://short/"])
def test_what_is_no_origin(program: Program, origin: str) -> None:
    """Not understood: status 2, and the two forms that an origin has."""
    done = program.run("origins", "add", origin)
    assert 2 == done.returncode
    assert "chrome-extension://<id>/" in done.stderr


def test_audit(owner: Program) -> None:
    """The chain is checked without a secret, shown with one, and found broken after an edit."""
    assert "is whole" in owner.says("audit", "verify")
    shown = owner.says("audit", "show", secret=PASSPHRASE)
    assert "unlock" in shown
    assert "done" in shown
    rows = [json.loads(line) for line in owner.says("audit", "show", "--json", secret=PASSPHRASE).splitlines()]
    assert [*range(1, len(rows) + 1)] == [row["seq"] for row in rows]
    with sqlite3.connect(owner.home / "keystore.db") as connection:
        connection.execute("UPDATE audit SET at = at + 1 WHERE seq = 1")
    connection.close()
    broken = owner.run("audit", "verify")
    assert (1, "Broken at entry 1") == (broken.returncode, broken.stdout[:17])


def test_beside_a_running_host(home: Home, program: Program) -> None:
    """``audit verify`` works while a host is open, and ``lock`` locks it at once."""
    port = home.open()
    program.environ["STRONGROOM_HOME"] = str(home.folder)
    assert "is whole" in program.says("audit", "verify")
    assert "Locked everywhere.\n" == program.says("lock")
    port.wait_event("locked")
    assert "locked" == port.request("getStatus")["state"]


def test_doctor_warns_of_an_unattended_keystore(home: Home, program: Program) -> None:
    """And of a slot at the least work; as JSON too."""
    program.environ["STRONGROOM_HOME"] = str(home.folder)
    findings = json.loads(program.run("doctor", "--json").stdout)
    said = " ".join(finding["text"] for finding in findings if finding["check"] in {"approvals", "keystore", "slots"})
    assert "Unattended" in said
    assert "least work" in said


def test_the_demonstration(program: Program) -> None:
    """Without a terminal a script answers and says so; three signatures are verified by others."""
    said = program.says("demo")
    assert "A SCRIPT ANSWERS" in said
    assert 3 == said.count("verified by")
    assert "not the recovery words" in said


@pytest.mark.parametrize(
    "command",
    [
        *(
            [],
            ["demo"],
            ["init"],
            ["status"],
            ["keys"],
            ["lock"],
            ["install"],
            ["uninstall"],
            ["doctor"],
            ["import"],
            ["public-key"],
            ["xpub"],
        ),
        *(
            ["origins"],
            ["origins", "list"],
            ["origins", "add"],
            ["origins", "remove"],
            ["origins", "accept"],
            ["audit"],
            ["audit", "verify"],
            ["audit", "show"],
        ),
    ],
)
def test_every_command_explains_itself(program: Program, command: list[str]) -> None:
    """``--help`` says what it does, and creates nothing."""
    assert "Usage:" in program.says(*command, "--help")
    assert not program.home.exists()
