"""Real pinentries of Debian's: on a terminal and on a screen, a person reads the whole of a request, and types."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.parts.pinentry import Approver, OnTerminal, on_terminal, pinentry
from tests.window.conftest import Screen, wait_until

WORDS = "legal winner thank year wave sausage worth useful legal winner thank yellow"
REVIEW: dict[str, Any] = {
    "id": 1,
    "kind": "review",
    "method": "signTransaction",
    "title": "Send 1 ETH on Ethereum",
    "caller": {"origin": "chrome-extension://abcdefghijklmnopabcdefghijklmnop/", "evidence": ["Started by Chromium."]},
    "facts": [
        {"label": "Recipient", "value": "0x52908400098527886E0F7030069857D2E4169EE7", "kind": "address"},
        {"label": "Amount", "value": "1 ETH", "kind": "text"},
        {"label": "Data", "value": "%0AGETPIN\n\rOK\u202e", "kind": "text"},
    ],
    "warnings": ["This is blind."],
    "grants": [],
}
UNLOCK: dict[str, Any] = {"id": 2, "kind": "askSecret", "purpose": "unlock", "title": "Unlock your keystore"}
ON_TERMINALS = {"pinentry-curses": "\r", "pinentry-tty": "c\r"}
"""How each is told to go on to the next part."""


@pytest.fixture
def terminal() -> Iterator[Callable[[str], OnTerminal]]:
    with ExitStack() as stack:
        yield lambda name: stack.enter_context(on_terminal(name))


@pytest.mark.parametrize(("name", "on"), ON_TERMINALS.items())
def test_a_request_is_read_and_approved(terminal: Callable[[str], OnTerminal], name: str, on: str) -> None:
    """All of it is on the terminal, hostile text as what it is, and the word approves it; the pinentry is gone afterwards."""
    asked = terminal(name)
    asked.send(REVIEW)
    shown = asked.read_until("GETPIN⟨U+000A⟩⟨U+000D⟩OK⟨U+202E⟩")
    for text in (
        "part 1 of 2",
        "Send 1 ETH on Ethereum",
        "This is blind.",
        "Started by Chromium.",
        "0x5290 8400 0985 2788 6E0F 7030 0698",
        "%0A",
    ):
        assert text in shown
    asked.type(on)
    asked.read_until("part 2 of 2")
    asked.read_until("Your answer")
    assert not asked.answered()
    asked.type("approve\r")
    assert asked.answer() == {"id": 1, "verdict": "allow"}
    wait_until(lambda: not asked.children(), "the pinentry is gone")


@pytest.mark.parametrize(("name", "on"), ON_TERMINALS.items())
def test_enter_alone_denies(terminal: Callable[[str], OnTerminal], name: str, on: str) -> None:
    """Whoever only presses Enter has not agreed to anything."""
    asked = terminal(name)
    asked.send(REVIEW)
    asked.read_until("part 1 of 2")
    asked.read_until("U+202E")
    asked.type(on)
    asked.read_until("Your answer")
    asked.type("\r")
    assert asked.answer() == {"id": 1, "verdict": "deny"}


def test_leaving_denies(terminal: Callable[[str], OnTerminal]) -> None:
    """The other button, in any part, is a no to all of it."""
    asked = terminal("pinentry-curses")
    asked.send(REVIEW)
    asked.read_until("U+202E")
    asked.read_until("<Deny>")
    asked.type("\t\r")
    assert asked.answer() == {"id": 1, "verdict": "deny"}


@pytest.mark.parametrize("name", ON_TERMINALS)
def test_a_passphrase_arrives_as_it_was_typed(terminal: Callable[[str], OnTerminal], name: str) -> None:
    """Percent signs, spaces and letters beyond ASCII come through the protocol unchanged, and are on no screen."""
    asked = terminal(name)
    asked.send(UNLOCK)
    asked.read_until("Passphrase")
    asked.type("50% größer, %0A %25 \r")
    assert asked.answer() == {"id": 2, "secret": "50% größer, %0A %25 "}
    assert "größer" not in asked.screen


@pytest.mark.parametrize("name", ON_TERMINALS)
def test_what_is_withdrawn_goes_away(terminal: Callable[[str], OnTerminal], name: str) -> None:
    """The window of a call that was cancelled closes, nothing is answered, and the next one is asked."""
    asked = terminal(name)
    asked.send(UNLOCK)
    asked.read_until("Passphrase")
    asked.send({"id": 2, "kind": "withdraw"})
    wait_until(lambda: not asked.children(), "the pinentry is gone")
    assert not asked.answered()
    asked.send({**UNLOCK, "id": 3})
    asked.read_until("Passphrase")
    asked.type("next\r")
    assert asked.answer() == {"id": 3, "secret": "next"}


def test_it_ends_with_its_host(terminal: Callable[[str], OnTerminal]) -> None:
    """When the host is gone, so are the approver and the pinentry."""
    asked = terminal("pinentry-tty")
    asked.send(UNLOCK)
    asked.read_until("Passphrase")
    assert asked.end() == 0
    assert subprocess.run(["pgrep", "-P", str(asked.process.pid)], capture_output=True, check=False).stdout == b""


@pytest.mark.parametrize("name", ON_TERMINALS)
def test_recovery_words_are_on_no_terminal(terminal: Callable[[str], OnTerminal], name: str) -> None:
    """They are not shown in a window that is another program's: the person is told where they can be."""
    asked = terminal(name)
    asked.send({"id": 4, "kind": "showSecret", "purpose": "mnemonic", "title": "Write down your recovery words", "secret": WORDS})
    shown = asked.read_until("python3-tk")
    asked.type("\r")
    assert asked.answer() == {"id": 4, "verdict": "deny"}
    assert not [word for word in WORDS.split() if word in shown + asked.screen]


@pytest.fixture(scope="module")
def screen() -> Iterator[Screen]:
    with Screen(dpi=96, width=1024, height=900) as screen:
        yield screen


class OnScreen(Approver):
    """A pinentry with a window."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        super().__init__(pinentry("pinentry-gtk-2"), {**screen.environ, "LANG": "C.UTF-8"})

    def windows(self) -> list[str]:
        return self._screen.xdotool("search", "--onlyvisible", "--class", "pinentry", check=False).split()

    def press(self, *keys: str, typed: str = "") -> None:
        """Once its window has the keyboard: type, and press keys; wait until that window is gone."""
        wait_until(lambda: self._screen.xdotool("getwindowfocus", check=False) in self.windows(), "it has the keyboard")
        before = self.windows()
        if typed:
            self._screen.xdotool("type", typed)
        self._screen.xdotool("key", *keys)
        wait_until(lambda: self.windows() != before, "the window is gone")


@pytest.mark.window
def test_on_a_screen_a_request_is_approved(screen: Screen) -> None:
    """Part by part, and then by the word."""
    with OnScreen(screen) as asked:
        asked.send(REVIEW)
        asked.press("Tab", "space")
        assert not asked.answered()
        asked.press("Return", typed="approve")
        assert asked.answer() == {"id": 1, "verdict": "allow"}


@pytest.mark.window
@pytest.mark.parametrize("keys", [("Return",), ("Escape",), ("space",)])
def test_on_a_screen_what_is_pressed_without_reading_denies(screen: Screen, keys: tuple[str, ...]) -> None:
    """In its first window the keyboard is on the button that denies."""
    with OnScreen(screen) as asked:
        asked.send(REVIEW)
        asked.press(*keys)
        assert asked.answer() == {"id": 1, "verdict": "deny"}


@pytest.mark.window
def test_on_a_screen_a_passphrase_is_typed(screen: Screen) -> None:
    """And comes as it was typed."""
    with OnScreen(screen) as asked:
        asked.send(UNLOCK)
        asked.press("Return", typed="50% %0A pass")
        assert asked.answer() == {"id": 2, "secret": "50% %0A pass"}
