"""What a person without a display does at a terminal: sets a keystore up, with a recovery code or without one, and tries the demonstration."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.test_audit import at_terminal
from tests.cli.test_program import PASSPHRASE, Program

CHOSEN = [("Choose a passphrase", PASSPHRASE), ("Once more:", PASSPHRASE)]


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """On a machine with neither a display nor a place for a counter."""
    program = Program(tmp_path)
    for name in ("DBUS_SESSION_BUS_ADDRESS", "DISPLAY", "WAYLAND_DISPLAY"):
        program.environ.pop(name, None)
    return program


def test_a_recovery_code_is_offered_and_can_be_declined(program: Program) -> None:
    """The keystore is there, and says that nothing else opens it."""
    status, said = at_terminal(program, "init", types=[*CHOSEN, ("Make one now?", "n")])
    assert (0, True) == (status, "There is no recovery code: without what is named above" in said)
    assert "locked" in program.says("status", "--json")


def test_a_set_up_that_was_cancelled_says_how_to_begin_again(program: Program) -> None:
    """In the words of this program, and not of the protocol; there is no keystore."""
    status, said = at_terminal(program, "init", types=[*CHOSEN, ("Make one now?", "y"), ("Your answer:", "no")])
    assert (1, True) == (status, "there is no keystore. To begin again: strongroom init" in said)
    assert "uninitialized" in program.says("status", "--json")


def test_a_demonstration_that_is_denied_ends_in_peace(program: Program) -> None:
    """With a sentence, and nothing left behind."""
    status, said = at_terminal(program, "demo", types=[("Your answer:", "no")])
    assert (True, False) == ("You denied it, so it was not done" in said, "Traceback" in said)
    assert status
