"""The scripted approver speaks protocol section 8 and does what its script says."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import msgspec
import pytest

from native_host.protocol.approver import Answer, CallerFacts, CompareCode, GrantOffer, ReviewAsk, SecretAsk, ShowSecret, Withdraw
from native_host.testing.approver import PASSPHRASE, PIN
from native_host.testing.scripted import ScriptedApprover

WORDS = "legal winner thank year wave sausage worth useful legal winner thank yellow"


class Running:
    """One approver process and the host's end of its pipes."""

    def __init__(self, command: list[str]) -> None:
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.close()
        self.process.wait(60)
        self.process.stdout.close()

    def tell(self, ask: Any) -> None:
        """Send one question."""
        assert self.process.stdin
        body = msgspec.json.encode(ask)
        self.process.stdin.write(struct.pack("=I", len(body)) + body)

    def hear(self) -> bytes:
        """The next frame's body; empty at end of file."""
        assert self.process.stdout
        header = self.process.stdout.read(4)
        return self.process.stdout.read(struct.unpack("=I", header)[0]) if header else b""

    def ask(self, ask: Any) -> dict[str, Any]:
        """Ask and return the answer, which must be one that the host can read."""
        self.tell(ask)
        body = self.hear()
        msgspec.json.decode(body, type=Answer)
        answer: dict[str, Any] = json.loads(body)
        return answer


def review(ask_id: int = 1, method: str = "signMessage") -> ReviewAsk:
    return ReviewAsk(
        id=ask_id, method=method, title="Sign a message", caller=CallerFacts(origin="chrome-extension://x/", evidence=[]), facts=[], warnings=[],
        grants=[GrantOffer(id="g1", text="until lock")],
    )  # fmt: skip


def secret(purpose: Any, ask_id: int = 1, title: str = "t") -> SecretAsk:
    return SecretAsk(id=ask_id, purpose=purpose, title=title)


@pytest.fixture
def scripted(tmp_path: Path) -> ScriptedApprover:
    return ScriptedApprover(tmp_path / "home", tmp_path / "approver")


@pytest.fixture
def running(scripted: ScriptedApprover) -> Iterator[Running]:
    with Running(scripted.command) as process:
        yield process


def test_the_configuration_names_the_program(scripted: ScriptedApprover, tmp_path: Path) -> None:
    """config.toml holds the command, readable by its owner alone, and the script stands outside the home."""
    file = tmp_path / "home" / "config.toml"
    assert {"approval": {"program": scripted.command}} == tomllib.loads(file.read_text(encoding="utf-8"))
    assert 0o600 == file.stat().st_mode & 0o777
    assert ["config.toml"] == os.listdir(tmp_path / "home")


@pytest.mark.parametrize(
    ("ask", "expected"),
    [
        (review(), {"verdict": "allow"}),
        (CompareCode(id=1, title="t", code="12"), {"verdict": "allow"}),
        (ShowSecret(id=1, purpose="mnemonic", title="t", secret=WORDS), {"verdict": "done"}),
        (secret("unlock"), {"secret": PASSPHRASE}),
        (secret("newPassphrase"), {"secret": PASSPHRASE}),
        (secret("bip39Passphrase"), {"secret": ""}),
        (secret("pin"), {"secret": PIN}),
        (secret("mnemonic"), {"verdict": "deny"}),
    ],
    ids=["review", "compareCode", "showSecret", "unlock", "newPassphrase", "bip39Passphrase", "pin", "mnemonic"],
)
def test_without_rules_of_a_test_everything_is_allowed(running: Running, ask: Any, expected: dict[str, Any]) -> None:
    """A person who agrees; words that were never shown cannot be typed."""
    assert {"id": 1} | expected == running.ask(ask)


def test_words_that_were_shown_are_typed_back(running: Running, scripted: ScriptedApprover) -> None:
    """First showSecret, then askSecret of a mnemonic: the same words."""
    running.ask(ShowSecret(id=1, purpose="mnemonic", title="t", secret=WORDS))
    assert {"id": 2, "secret": WORDS} == running.ask(secret("mnemonic", 2))
    assert WORDS == scripted.words


def test_words_are_remembered_by_the_next_process(scripted: ScriptedApprover) -> None:
    """Each host process starts an approver of its own; they share what was shown."""
    with Running(scripted.command) as first:
        first.ask(ShowSecret(id=1, purpose="mnemonic", title="t", secret=WORDS))
    with Running(scripted.command) as second:
        assert {"id": 1, "secret": WORDS} == second.ask(secret("mnemonic"))


def test_allow_everything_needs_no_script(tmp_path: Path) -> None:
    """The program with --allow-everything, words included, as the module that is installed."""
    root = str(Path(__file__).parents[2])
    program = f"import runpy, sys; sys.path.insert(0, {root!r}); runpy.run_module('native_host.testing.approver', run_name='__main__', alter_sys=True)"
    with Running([sys.executable, "-I", "-c", program, "--allow-everything"]) as running:
        answers = [
            running.ask(review()),
            running.ask(ShowSecret(id=2, purpose="mnemonic", title="t", secret=WORDS)),
            running.ask(secret("mnemonic", 3)),
        ]
    assert [{"id": 1, "verdict": "allow"}, {"id": 2, "verdict": "done"}, {"id": 3, "secret": WORDS}] == answers
    assert [] == list(tmp_path.iterdir())


def test_the_newest_rule_wins(running: Running, scripted: ScriptedApprover) -> None:
    """Rules may change while the program runs."""
    first = running.ask(review())
    scripted.deny(kind="review", method="signMessage")
    second = running.ask(review(2))
    other = running.ask(review(3, "sign"))
    assert [{"id": 1, "verdict": "allow"}, {"id": 2, "verdict": "deny"}, {"id": 3, "verdict": "allow"}] == [first, second, other]


def test_a_rule_can_be_spent(running: Running, scripted: ScriptedApprover) -> None:
    """The limit counts across everything that was asked."""
    scripted.type_secret("unlock", "wrong", times=2)
    assert ["wrong", "wrong", PASSPHRASE] == [running.ask(secret("unlock", number))["secret"] for number in (1, 2, 3)]


def test_a_rule_can_ask_for_a_title(running: Running, scripted: ScriptedApprover) -> None:
    """Restoring and typing back have one purpose and differ by title."""
    scripted.type_secret("mnemonic", WORDS, title="Restore")
    assert {"id": 1, "secret": WORDS} == running.ask(secret("mnemonic", 1, "Restore a seed"))
    assert {"id": 2, "verdict": "deny"} == running.ask(secret("mnemonic", 2, "Type them back"))


def test_a_grant_is_taken(running: Running, scripted: ScriptedApprover) -> None:
    """The first grant on offer."""
    scripted.grant(method="signMessage")
    assert {"id": 1, "verdict": "allow", "grant": "g1"} == running.ask(review())


def test_an_answer_can_be_held_back(running: Running, scripted: ScriptedApprover) -> None:
    """Others are answered meanwhile; the gate lets the first one out."""
    gate = scripted.hold(method="signMessage")
    running.tell(review())
    other = running.ask(review(2, "sign"))
    gate.release()
    assert ({"id": 2, "verdict": "allow"}, {"id": 1, "verdict": "allow"}) == (other, json.loads(running.hear()))


def test_a_withdrawn_question_is_not_answered(running: Running, scripted: ScriptedApprover) -> None:
    """A withdrawal drops what waits, and is written down."""
    gate = scripted.hold(method="signMessage")
    running.tell(review())
    running.tell(Withdraw(id=1))
    assert "withdraw" == scripted.wait_for(kind="withdraw")["kind"]
    gate.release()
    assert {"id": 2, "verdict": "allow"} == running.ask(review(2, "sign"))
    assert ["review", "withdraw", "review"] == [ask["kind"] for ask in scripted.asked]


def test_it_can_hang(running: Running, scripted: ScriptedApprover) -> None:
    """No answer, while others are answered, until end of file."""
    scripted.misbehave("hang", method="signMessage")
    running.tell(review())
    assert {"id": 2, "verdict": "allow"} == running.ask(review(2, "sign"))
    assert [2] == [line["answer"]["id"] for line in scripted.lines if "answer" in line]


def test_it_can_answer_rubbish(running: Running, scripted: ScriptedApprover) -> None:
    """A frame that is not JSON."""
    scripted.misbehave("rubbish")
    running.tell(review())
    with pytest.raises(msgspec.DecodeError):
        msgspec.json.decode(running.hear())


def test_it_can_exit(running: Running, scripted: ScriptedApprover) -> None:
    """End of file in place of an answer."""
    scripted.misbehave("exit")
    running.tell(review())
    assert (b"", 1) == (running.hear(), running.process.wait(60))


def test_it_ends_with_its_host(scripted: ScriptedApprover) -> None:
    """End of file on its input ends it, even while an answer is held back."""
    scripted.hold()
    with Running(scripted.command) as process:
        process.tell(review())
        scripted.wait_for(kind="review")
    assert 0 == process.process.returncode
