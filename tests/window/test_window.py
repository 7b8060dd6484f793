"""The approval window, used as a person uses it: keys and clicks on a real screen, and the answers that the host gets."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.window.conftest import Window

WORDS = "legal winner thank year wave sausage worth useful legal winner thank yellow"  # BIP39, trezor vectors, 2nd of 12 words
REVIEW: dict[str, Any] = {
    "id": 1,
    "kind": "review",
    "method": "signMessage",
    "title": "Sign a message",
    "caller": {"origin": "chrome-extension://knldjmfmopnpolahpmmgbagdohdnhkik/", "evidence": ["Started by Chromium."]},
    "key": {"label": "Savings", "alg": "ES256K"},
    "facts": [{"label": "Message", "value": "hello", "kind": "message"}],
    "warnings": ["This is blind."],
    "grants": [{"id": "session-5", "text": "Allow 5 more until locked"}],
}
LONG = {**REVIEW, "facts": [{"label": "Message", "value": "\n".join(f"Clause {n}" for n in range(300)), "kind": "message"}]}
ENDLESS = {**REVIEW, "facts": [{"label": "Message", "value": "A" * 1_000_000, "kind": "message"}]}
ALLOWED = {"id": 1, "verdict": "allow"}
DENIED = {"id": 1, "verdict": "deny"}
HOST_PATIENCE = 30.0


pytestmark = pytest.mark.window


def wait_for(condition: Callable[[], object]) -> None:
    end = time.monotonic() + HOST_PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_approved_by_a_click(window: Window) -> None:
    """Approve, once armed, allows this time; the window closes."""
    window.ask(REVIEW)
    window.wait_armed()
    window.click_main_button()
    assert window.answer() == ALLOWED
    wait_for(lambda: not window.is_open())


def test_approved_by_the_keyboard(window: Window) -> None:
    """Tab goes from Deny, which has the keyboard first, to Approve, and Space presses it."""
    window.ask(REVIEW)
    window.wait_armed()
    window.key("Tab", "space")
    assert window.answer() == ALLOWED


def test_a_choice_is_taken_with_the_approval(window: Window) -> None:
    """The second choice, taken by keyboard, is answered as its grant."""
    window.ask(REVIEW)
    window.wait_armed()
    window.key("shift+Tab", "space", "Tab", "Tab", "space")
    assert window.answer() == {**ALLOWED, "grant": "session-5"}


def test_clicks_approve_only_after_the_delay(window: Window) -> None:
    """Somebody who clicks without pause at the place of Approve approves after a second, not before."""
    window.send(REVIEW)
    without_keyboard = time.monotonic()
    while not window.has_keyboard():
        without_keyboard = time.monotonic()
    while not window.answered():
        window.click_main_button()
    assert window.answer() == ALLOWED
    assert time.monotonic() - without_keyboard >= 1.0


OTHER_PROGRAM = "import tkinter; root = tkinter.Tk(className='Other'); root.focus_force(); root.mainloop()"


def test_the_delay_starts_again_with_the_focus(window: Window) -> None:
    """An armed window that lost the keyboard to another program and gets it back is not armed at once."""
    window.ask(REVIEW)
    window.wait_armed()
    with subprocess.Popen([sys.executable, "-I", "-c", OTHER_PROGRAM], env=window.screen.environ) as other:
        wait_for(lambda: window.is_open() and not window.has_keyboard())
        without_keyboard = time.monotonic()
        window.screen.xdotool("windowactivate", window.own_id())
        while not window.answered():
            window.click_main_button()
        waited = time.monotonic() - without_keyboard
        other.kill()
    assert window.answer() == ALLOWED
    assert waited >= 1.0


def test_enter_never_approves(window: Window) -> None:
    """Enter on an armed Approve, on the text and on the choices does nothing; Escape then denies."""
    window.ask(REVIEW)
    window.wait_armed()
    window.key("Tab", "Return", "KP_Enter", "Tab", "Return", "Tab", "Return", "Tab", "Return")
    time.sleep(0.3)
    assert not window.answered()
    window.key("Escape")
    assert window.answer() == DENIED


def test_enter_on_deny_denies(window: Window) -> None:
    """Deny has the keyboard first, and is the one button that Enter presses."""
    window.ask(REVIEW)
    window.key("Return")
    assert window.answer() == DENIED


@pytest.mark.parametrize("key", ["Escape", "alt+F4"])
def test_leaving_denies(window: Window, key: str) -> None:
    """Escape denies, and so does closing the window."""
    window.ask(REVIEW)
    window.key(key)
    assert window.answer() == DENIED


def test_space_before_the_delay_approves_nothing(window: Window) -> None:
    """Keys that were meant for another window: blanks and Enter, from the moment on at which it has the keyboard, approve nothing."""
    window.ask(REVIEW)
    window.key("Tab", "space", "Return", "space", "Return", "Escape")
    assert window.answer() == DENIED


def test_a_long_message_must_be_seen_to_its_end(window: Window) -> None:
    """Approve is armed once the end was on the screen, reached by the keyboard."""
    window.ask(LONG)
    window.key("Next", "Next", "End")
    window.wait_armed()
    window.click_main_button()
    assert window.answer() == ALLOWED


def test_a_message_in_one_endless_line_is_shown(window: Window) -> None:
    """A million characters without a space open like others, and their end can be reached."""
    window.ask(ENDLESS)
    window.key("End")
    window.wait_armed()
    window.key("Escape")
    assert window.answer() == DENIED


def test_withdraw_closes_the_window_unanswered(window: Window) -> None:
    """The window of a withdrawn ask goes away; the next answer is to the next ask."""
    window.ask(REVIEW)
    window.send({"id": 1, "kind": "withdraw"})
    wait_for(lambda: not window.is_open())
    window.ask({**REVIEW, "id": 2})
    window.key("Escape")
    assert window.answer() == {"id": 2, "verdict": "deny"}


def test_one_window_at_a_time(window: Window) -> None:
    """A second ask waits; it gets its window when the first one is answered."""
    window.ask(REVIEW)
    window.send({**REVIEW, "id": 2})
    window.wait_armed()
    assert len(window.ids()) == 1
    window.key("Escape")
    assert window.answer() == DENIED
    window.wait_open()
    window.key("Escape")
    assert window.answer() == {"id": 2, "verdict": "deny"}


def test_a_passphrase_is_typed(window: Window) -> None:
    """What was typed is the answer; Enter continues."""
    window.ask({"id": 1, "kind": "askSecret", "purpose": "unlock", "title": "Unlock", "hint": "Wrong passphrase. 2 tries left."})
    window.type("correct horse")
    window.key("Return")
    assert window.answer() == {"id": 1, "secret": "correct horse"}


def test_an_empty_passphrase_is_no_answer(window: Window) -> None:
    """Enter on an empty field does nothing."""
    window.ask({"id": 1, "kind": "askSecret", "purpose": "unlock", "title": "Unlock"})
    window.key("Return", "Escape")
    assert window.answer() == DENIED


def test_an_extra_passphrase_may_be_empty(window: Window) -> None:
    """BIP39's extra passphrase is none for most people."""
    window.ask({"id": 1, "kind": "askSecret", "purpose": "bip39Passphrase", "title": "Restore"})
    window.key("Return")
    assert window.answer() == {"id": 1, "secret": ""}


def test_a_new_passphrase_is_typed_twice_the_same(window: Window) -> None:
    """Too short and different are not taken; the same twice is."""
    window.ask({"id": 1, "kind": "askSecret", "purpose": "newPassphrase", "title": "Choose"})
    window.type("short")
    window.key("Return")
    window.type("short")
    window.key("Return")
    window.key("shift+Tab")
    window.type("shorter one")
    window.key("Return", "Return")
    window.type("er one")
    window.key("Return")
    assert window.answer() == {"id": 1, "secret": "shorter one"}


def test_recovery_words_are_typed(window: Window) -> None:
    """A wrong word keeps Enter from continuing; corrected, the words are the answer."""
    window.ask({"id": 1, "kind": "askSecret", "purpose": "mnemonic", "title": "Restore"})
    window.type(WORDS.replace("yellow", "yelow"))
    window.key("Return", "BackSpace", "BackSpace")
    window.type("low ")
    window.key("Return")
    assert window.answer() == {"id": 1, "secret": WORDS}


def test_words_are_done_only_after_they_were_shown(window: Window) -> None:
    """The button that says they are written down cannot be pressed before Show was."""
    show = {"id": 1, "kind": "showSecret", "purpose": "mnemonic", "title": "Your words", "secret": WORDS}
    window.ask(show)
    window.key("Tab", "Tab", "space", "shift+Tab", "shift+Tab", "space")
    window.wait_armed()
    window.key("Tab", "Tab", "space")
    assert window.answer() == {"id": 1, "verdict": "done"}


def test_a_code_is_allowed_or_denied(window: Window) -> None:
    """Allow, once armed, allows; Escape denies."""
    window.ask({"id": 1, "kind": "compareCode", "title": "Pair", "code": "48219937"})
    window.wait_armed()
    window.click_main_button()
    assert window.answer() == ALLOWED
    window.ask({"id": 2, "kind": "compareCode", "title": "Pair", "code": "48219937"})
    window.key("Escape")
    assert window.answer() == {"id": 2, "verdict": "deny"}


def test_the_end_of_the_host_ends_the_window(window: Window) -> None:
    """With a window open, the host's end closes it and the process."""
    window.ask(REVIEW)
    assert window.end() == 0
    assert not window.is_open()


def test_rubbish_ends_the_process(window: Window) -> None:
    """What is no ask is shown to nobody: the process ends with status 1, which denies."""
    window.send({"id": 1, "kind": "review"})
    assert window.process.wait(HOST_PATIENCE) == 1


def test_without_a_display_it_says_so() -> None:
    """A process without a display ends with status 3 and no frame."""
    environ = {name: value for name, value in os.environ.items() if name != "DISPLAY"}
    run = subprocess.run([sys.executable, "-I", "-m", "native_host.approval.window"], stdin=subprocess.DEVNULL, capture_output=True, env=environ, timeout=HOST_PATIENCE, check=False)  # fmt: skip
    assert (run.returncode, run.stdout) == (3, b"")
