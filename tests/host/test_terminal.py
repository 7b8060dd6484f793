"""The terminal approver, driven through a real pseudo-terminal as a person's would be."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from typing import Any

import pytest

WORDS = "legal winner thank year wave sausage worth useful legal winner thank yellow"  # BIP39, trezor vectors, 2nd of 12 words
PATIENCE_SECONDS = 60.0

REVIEW = {
    "id": 1,
    "kind": "review",
    "method": "signMessage",
    "title": "Sign a message",
    "caller": {"origin": "chrome-extension://abcdefghijklmnopabcdefghijklmnop/", "evidence": ["Started by Chromium."]},
    "facts": [
        {"label": "Account", "value": "0x52908400098527886E0F7030069857D2E4169EE7", "kind": "address"},
        {"label": "Message", "value": "first line\nsecond \u202eline", "kind": "message"},
    ],
    "warnings": ["This is blind."],
    "grants": [{"id": "g1", "text": "Allow 5 more until lock"}],
}


class Terminal:
    """The approver process with a pseudo-terminal of its own; the test is both the host and the person."""

    def __init__(self) -> None:
        self.person, slave = os.openpty()
        name = os.ttyname(slave)
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-m", "native_host.approval.terminal"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "TERM": "xterm"},
            start_new_session=True,
            preexec_fn=lambda: os.close(os.open(name, os.O_RDWR)),
        )
        self.slave = slave
        self.screen = ""

    def ask(self, message: dict[str, Any]) -> None:
        body = json.dumps(message).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(len(body).to_bytes(4, sys.byteorder) + body)
        self.process.stdin.flush()

    def answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        ready, _, _ = select.select([self.process.stdout], [], [], PATIENCE_SECONDS)
        assert ready, self.screen
        length = int.from_bytes(self.process.stdout.read(4), sys.byteorder)
        answer: dict[str, Any] = json.loads(self.process.stdout.read(length))
        return answer

    def wait_for(self, text: str) -> str:
        """Read the screen until ``text`` stands on it; what was read up to and with it. What comes after waits for the next look."""
        end = time.monotonic() + PATIENCE_SECONDS
        while text not in self.screen:
            ready, _, _ = select.select([self.person], [], [], max(0.0, end - time.monotonic()))
            assert ready, self.screen
            self.screen += os.read(self.person, 65536).decode()
        end_of_text = self.screen.index(text) + len(text)
        read, self.screen = self.screen[:end_of_text], self.screen[end_of_text:]
        return read

    def type(self, line: str) -> None:
        os.write(self.person, line.encode() + b"\n")

    def echoes(self) -> bool:
        return bool(termios.tcgetattr(self.slave)[3] & termios.ECHO)

    def end(self) -> int:
        """Close the host's end; the exit status."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait(PATIENCE_SECONDS)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()
        os.close(self.person)
        os.close(self.slave)


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    terminal = Terminal()
    yield terminal
    terminal.close()


def test_warnings_are_said_before_the_facts(terminal: Terminal) -> None:
    """The warning, then who asks, then what is asked, and the address in groups of four with nothing left out."""
    terminal.ask(REVIEW)
    said = terminal.wait_for("Your answer: ")
    account = "Account: 0x5290 8400 0985 2788 6E0F 7030 0698 57D2 E416 9EE7"
    parts = ["Warning 1 of 1: This is blind.", "chrome-extension://abcdef", account, "> first line", "approve 1", "Your answer"]
    places = [said.index(part) for part in parts]
    assert sorted(places) == places
    assert "> second ⟨U+202E⟩line" in said


@pytest.mark.parametrize("word", ["approve", "APPROVE "])
def test_approve_in_full_allows(terminal: Terminal, word: str) -> None:
    """The word approve, typed in full, allows this time and grants nothing."""
    terminal.ask(REVIEW)
    terminal.wait_for("Your answer: ")
    terminal.type(word)
    assert terminal.answer() == {"id": 1, "verdict": "allow"}


@pytest.mark.parametrize("word", ["", "y", "yes", "a", "approv", "approve 2", "approve approve", "deny"])
def test_anything_else_denies(terminal: Terminal, word: str) -> None:
    """No shorter or other word allows, nor an empty line."""
    terminal.ask(REVIEW)
    terminal.wait_for("Your answer: ")
    terminal.type(word)
    assert terminal.answer() == {"id": 1, "verdict": "deny"}


def test_a_grant_is_chosen_by_its_number(terminal: Terminal) -> None:
    """``approve 1`` allows with the first grant that was offered."""
    terminal.ask(REVIEW)
    terminal.wait_for("Your answer: ")
    terminal.type("approve 1")
    assert terminal.answer() == {"id": 1, "verdict": "allow", "grant": "g1"}


def test_what_was_typed_before_the_question_does_not_count(terminal: Terminal) -> None:
    """A line that lay in the terminal before the question is thrown away."""
    terminal.type("approve")
    terminal.ask(REVIEW)
    terminal.wait_for("Your answer: ")
    terminal.type("no")
    assert terminal.answer() == {"id": 1, "verdict": "deny"}


def test_ctrl_c_and_ctrl_d_deny(terminal: Terminal) -> None:
    """Both usual ways to leave a question deny it, and the next question is asked."""
    for ask_id, key in ((1, b"\x03"), (2, b"\x04")):
        terminal.ask({**REVIEW, "id": ask_id})
        terminal.wait_for("Your answer: ")
        os.write(terminal.person, key)
        assert terminal.answer() == {"id": ask_id, "verdict": "deny"}


def test_ctrl_c_denies_though_it_was_ignored() -> None:
    """A host that was started in the background inherits that it is; the person's no is heard all the same."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        terminal = Terminal()
    finally:
        signal.signal(signal.SIGINT, before)
    try:
        terminal.ask(REVIEW)
        terminal.wait_for("Your answer: ")
        os.write(terminal.person, b"\x03")
        assert terminal.answer() == {"id": 1, "verdict": "deny"}
    finally:
        terminal.close()


def test_a_withdrawn_ask_is_answered_by_nobody(terminal: Terminal) -> None:
    """After ``withdraw`` the question is gone, and the next answer belongs to the next question."""
    terminal.ask(REVIEW)
    terminal.wait_for("Your answer: ")
    terminal.ask({"id": 1, "kind": "withdraw"})
    terminal.wait_for("withdrawn")
    terminal.ask({**REVIEW, "id": 2})
    terminal.wait_for("Your answer: ")
    terminal.type("approve")
    assert terminal.answer() == {"id": 2, "verdict": "allow"}


def test_questions_wait_their_turn(terminal: Terminal) -> None:
    """Two asks at once are put one after the other."""
    terminal.ask({**REVIEW, "id": 1, "title": "First"})
    terminal.ask({**REVIEW, "id": 2, "title": "Second"})
    assert "Second" not in terminal.wait_for("Your answer: ")
    terminal.type("approve")
    assert terminal.answer() == {"id": 1, "verdict": "allow"}
    assert "Second" in terminal.wait_for("Your answer: ")
    terminal.type("no")
    assert terminal.answer() == {"id": 2, "verdict": "deny"}


def test_an_ask_withdrawn_while_it_waits_is_never_put(terminal: Terminal) -> None:
    """Of an ask that was withdrawn behind another one, the person reads nothing."""
    terminal.ask({**REVIEW, "id": 1, "title": "First"})
    terminal.wait_for("Your answer: ")
    terminal.ask({**REVIEW, "id": 2, "title": "Second"})
    for ask_id in (2, 1):
        terminal.ask({"id": ask_id, "kind": "withdraw"})
    terminal.ask({**REVIEW, "id": 3, "title": "Third"})
    said = terminal.wait_for("withdrawn") + terminal.wait_for("Your answer: ")
    assert "Third" in said
    assert "Second" not in said


def test_a_passphrase_is_not_echoed(terminal: Terminal) -> None:
    """Echo is off while a passphrase is typed and on again afterwards."""
    terminal.ask({"id": 5, "kind": "askSecret", "purpose": "unlock", "title": "Unlock", "hint": "Wrong passphrase, 2 tries left."})
    said = terminal.wait_for("Passphrase: ")
    assert not terminal.echoes()
    terminal.type("correct horse ☂")
    assert terminal.answer() == {"id": 5, "secret": "correct horse ☂"}
    said += terminal.wait_for("Thank you.")
    assert "Wrong passphrase, 2 tries left." in said
    assert "correct" not in said
    assert terminal.echoes()


def test_echo_comes_back_when_the_ask_is_withdrawn(terminal: Terminal) -> None:
    """A withdrawn passphrase question leaves the terminal as it was."""
    terminal.ask({"id": 5, "kind": "askSecret", "purpose": "unlock", "title": "Unlock"})
    terminal.wait_for("Passphrase: ")
    terminal.ask({"id": 5, "kind": "withdraw"})
    terminal.wait_for("withdrawn")
    assert terminal.echoes()


def test_a_new_passphrase_is_typed_twice(terminal: Terminal) -> None:
    """A short one and two different ones are asked for again."""
    terminal.ask({"id": 6, "kind": "askSecret", "purpose": "newPassphrase", "title": "Choose a passphrase"})
    steps = (("New passphrase: ", "short"), ("New passphrase: ", "long enough"), ("once more: ", "not the same"))
    for prompt, line in (*steps, ("New passphrase: ", "long enough"), ("once more: ", "long enough")):
        terminal.wait_for(prompt)
        terminal.type(line)
    assert terminal.answer() == {"id": 6, "secret": "long enough"}


def test_an_empty_extra_passphrase_is_an_answer(terminal: Terminal) -> None:
    """BIP39's extra passphrase may be empty, which is not a denial."""
    terminal.ask({"id": 7, "kind": "askSecret", "purpose": "bip39Passphrase", "title": "Extra passphrase"})
    terminal.wait_for("(BIP39): ")
    terminal.type("")
    assert terminal.answer() == {"id": 7, "secret": ""}


def test_recovery_words_are_checked_while_typed(terminal: Terminal) -> None:
    """A wrong word is named by its place; the right words, on several lines and in any case, are answered in one form."""
    terminal.ask({"id": 8, "kind": "askSecret", "purpose": "mnemonic", "title": "Restore"})
    terminal.wait_for("Words: ")
    terminal.type(WORDS.replace("year", "yaer"))
    terminal.wait_for("Words: ")
    terminal.type("")
    assert "not on the list: 4" in terminal.wait_for("again")
    terminal.wait_for("Words: ")
    terminal.type(WORDS[:28].upper())
    terminal.wait_for("Words: ")
    terminal.type(WORDS[28:])
    terminal.wait_for("Words: ")
    terminal.type("")
    assert terminal.answer() == {"id": 8, "secret": WORDS}


def test_shown_words_are_cleared_from_the_screen(terminal: Terminal) -> None:
    """The words appear only after ``show``, each with its number, and the screen and its scrolled-back part are cleared."""
    terminal.ask({"id": 9, "kind": "showSecret", "purpose": "mnemonic", "title": "Your recovery words", "secret": WORDS})
    assert "sausage" not in terminal.wait_for("Your answer: ")
    terminal.type("show")
    assert "6. sausage" in terminal.wait_for("12. yellow")
    terminal.wait_for("Your answer: ")
    terminal.type("done")
    assert terminal.answer() == {"id": 9, "verdict": "done"}
    assert "\x1b[2J\x1b[3J" in terminal.wait_for("Thank you.")


def test_a_code_is_allowed_by_the_word_only(terminal: Terminal) -> None:
    """The pairing code is said in two halves, with what to compare it with; the word same allows, and approve is not enough."""
    for ask_id, word, verdict in ((10, "approve", "deny"), (11, "same", "allow")):
        terminal.ask({"id": ask_id, "kind": "compareCode", "title": "Pair", "code": "48219937"})
        said = terminal.wait_for("Your answer: ")
        assert "4821 9937" in said
        assert "code in your browser" in said
        terminal.type(word)
        assert terminal.answer() == {"id": ask_id, "verdict": verdict}


def test_a_fingerprint_is_compared_as_it_is(terminal: Terminal) -> None:
    """A code that is none of pairing stands there whole; the word approve allows."""
    terminal.ask({"id": 10, "kind": "compareCode", "title": "Is it this one?", "code": "4821-99ab-cdef"})
    assert "4821-99ab-cdef" in terminal.wait_for("Your answer: ")
    terminal.type("approve")
    assert terminal.answer() == {"id": 10, "verdict": "allow"}


def test_how_many_wait_is_said(terminal: Terminal) -> None:
    """Before the question."""
    for ask_id in (1, 2, 3):
        terminal.ask({**REVIEW, "id": ask_id})
    terminal.wait_for("Your answer: ")
    terminal.type("no")
    assert terminal.answer() == {"id": 1, "verdict": "deny"}
    assert "1 more request waits behind this one" in terminal.wait_for("Your answer: ")


def test_who_refuses_again_and_again_is_told_what_happens(terminal: Terminal) -> None:
    """An extension that floods: from the fourth question on, that the host stops asking by itself."""
    for ask_id in range(1, 5):
        terminal.ask({**REVIEW, "id": ask_id})
        said = terminal.wait_for("Your answer: ")
        assert ("refused this extension 3 times" in said) == (ask_id == 4)
        terminal.type("no")
        assert terminal.answer() == {"id": ask_id, "verdict": "deny"}


def test_end_of_the_host_ends_the_process(terminal: Terminal) -> None:
    """With a question open and echo off, the host's end ends the process, and the terminal is as it was."""
    terminal.ask({"id": 5, "kind": "askSecret", "purpose": "unlock", "title": "Unlock"})
    terminal.wait_for("Passphrase: ")
    assert terminal.end() == 0
    assert terminal.echoes()


def test_rubbish_from_the_host_ends_the_process(terminal: Terminal) -> None:
    """What is no ask is answered by nobody: the process ends with status 1."""
    terminal.ask({"id": 1, "kind": "review"})
    assert terminal.process.wait(PATIENCE_SECONDS) == 1


def test_without_a_terminal_nothing_is_asked() -> None:
    """A process that has no terminal says so by status 3."""
    run = subprocess.run([sys.executable, "-I", "-m", "native_host.approval.terminal"], stdin=subprocess.DEVNULL, capture_output=True, start_new_session=True, timeout=PATIENCE_SECONDS, check=False)  # fmt: skip
    assert (run.returncode, run.stdout) == (3, b"")
