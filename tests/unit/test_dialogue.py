"""What the terminal says and takes for what is typed from paper and for PINs, at a console that is a list of lines."""

from __future__ import annotations

import math
from typing import Any

import pytest

from native_host.approval.terminal.dialogue import hold
from native_host.protocol.approver import Answer, SecretAsk, SecretPurpose, ShowSecret

CODE = "000G 40R4 0M30 E209 185G R38E 1W8F"
SHARE = "duckling enlarge academic academic agency result length solution fridge kidney coal piece deal husband erode duke ajar critical decision keyboard"  # fmt: skip  # SLIP-0039, 1st vector


class Lines:
    """A console: what was said, the lines still to be typed, and which of them were unseen."""

    def __init__(self, *typed: str) -> None:
        self.said: list[str] = []
        self.before: list[str] = []
        self.typed = list(typed)
        self.unseen: list[str] = []
        self.cleared = 0

    def say(self, text: str) -> None:
        self.said.append(text)

    def read_line(self, prompt: str, *, deadline: float, hidden: bool = False) -> str:
        assert deadline < math.inf
        self.said.append(prompt)
        line = self.typed.pop(0)
        if hidden:
            self.unseen.append(line)
        return line

    def clear(self) -> None:
        self.cleared += 1
        self.before += self.said
        self.said.clear()


def ask(purpose: SecretPurpose, *typed: str, **more: Any) -> tuple[Answer, Lines]:
    lines = Lines(*typed)
    answer = hold(SecretAsk(id=1, purpose=purpose, title="Type it", **more), lines)
    assert lines.typed == []
    return answer, lines


def show(purpose: SecretPurpose, secret: str, *typed: str) -> tuple[Answer, Lines]:
    lines = Lines(*typed)
    return hold(ShowSecret(id=1, purpose=purpose, title="Write it down", secret=secret), lines), lines


@pytest.mark.parametrize("typed", [CODE, CODE.lower().replace(" ", "-")])
def test_a_recovery_code_is_typed(typed: str) -> None:
    """What is passed on is the host's own form; it is typed seen, as it comes from paper, and taken off the screen afterwards."""
    answer, lines = ask("recoveryCode", typed)
    assert (answer, lines.unseen, lines.cleared) == (Answer(id=1, secret=CODE), [], 1)


def test_a_wrong_recovery_code_is_told() -> None:
    """By what is wrong with it, until it is right or the person gives up."""
    answer, lines = ask("recoveryCode", "000G 40", CODE[:-1] + "G", "000G 4U", "", hint="Tries left: 2.")
    assert answer == Answer(id=1, verdict="deny")
    said = "\n".join(lines.before)
    for part in ("Tries left: 2.", "6 of 28 characters", "checksum is wrong", "Group 2 has a character"):
        assert part in said


def test_a_share_is_typed_in_lines() -> None:
    """Until an empty line; four letters of each word do, and three words alone are taken too."""
    short = " ".join(word[:4] for word in SHARE.split())
    assert ask("share", short[:49], short[49:], "")[0] == Answer(id=1, secret=SHARE)
    assert ask("share", "acad", "result", "")[0] == Answer(id=1, secret="academic result")


def test_a_wrong_share_is_told() -> None:
    """A word that is not on the list by its place, never by itself."""
    answer, lines = ask("share", "academic swordfish", "", SHARE.replace("keyboard", "kidney"), "", "")
    assert answer == Answer(id=1, verdict="deny")
    said = "\n".join(lines.before)
    assert "not on the list: 2" in said
    assert "checksum is wrong" in said
    assert "swordfish" not in said


def test_a_new_pin_is_typed_twice() -> None:
    """Unseen; too short and different are told; nothing is a no."""
    answer, lines = ask("newPin", "123", "1234", "1235", "1234", "1234")
    assert answer == Answer(id=1, secret="1234")
    assert lines.unseen == ["123", "1234", "1235", "1234", "1234"]
    assert {"At least 4 characters.", "The two are not the same."} <= set(lines.said)
    assert ask("newPin", "")[0] == Answer(id=1, verdict="deny")


@pytest.mark.parametrize("purpose", ["pin", "backup", "unlock", "keyFilePassword"])
def test_one_line_unseen(purpose: SecretPurpose) -> None:
    """For everything that is known by heart; an empty line is a no."""
    answer, lines = ask(purpose, "x")
    assert (answer, lines.unseen) == (Answer(id=1, secret="x"), ["x"])
    assert ask(purpose, "")[0] == Answer(id=1, verdict="deny")


def test_nothing_is_an_extra_passphrase_too() -> None:
    """BIP39's alone may be empty."""
    assert ask("bip39Passphrase", "")[0] == Answer(id=1, secret="")


@pytest.mark.parametrize(
    ("purpose", "secret", "first"),
    [("recoveryCode", CODE, "Group 1: 000G"), ("share", SHARE, "1. duckling"), ("mnemonic", "legal winner", "1. legal")],
)
def test_what_is_shown_is_cleared_away(purpose: SecretPurpose, secret: str, first: str) -> None:
    """It comes after the word show, a part a line, and goes with the word done."""
    lines = Lines("show", "done")
    seen: list[str] = []
    lines.clear = lambda: seen.extend(lines.said)  # type: ignore[method-assign]
    answer = hold(ShowSecret(id=1, purpose=purpose, title="Write it down", secret=secret), lines)
    assert answer == Answer(id=1, verdict="done")
    assert first in seen
    assert all(part in "\n".join(seen) for part in secret.split())


@pytest.mark.parametrize(("typed", "cleared"), [(("no",), 0), (("show", "no"), 1)])
def test_a_no_to_what_is_shown(typed: tuple[str, ...], cleared: int) -> None:
    """Before it is on the screen, and after: it is taken off the screen either way."""
    answer, lines = show("recoveryCode", CODE, *typed)
    assert (answer, lines.cleared) == (Answer(id=1, verdict="deny"), cleared)
    assert not any("000G" in line for line in lines.said)
