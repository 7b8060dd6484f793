"""Attacks on the window of a request that moves money, with real keys and clicks: a prompt that comes under a click, and what goes with it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from tests.window.conftest import wait_until
from tests.window.money import ASKS, FRIEND, message_of

if TYPE_CHECKING:
    from tests.window.conftest import Window

PAY: dict[str, Any] = message_of(ASKS["pay"])
TYPED: dict[str, Any] = message_of(ASKS["pay-typed"])
GRANTED: dict[str, Any] = message_of(ASKS["pay-granted"])
LARGE: dict[str, Any] = {**message_of(ASKS["bitcoin-several"]), "id": 2}
ARM_SECONDS = 1.0
CLIPBOARD = (
    "import tkinter; root = tkinter.Tk(); root.withdraw(); root.clipboard_append('12500.5'); root.selection_handle(lambda *_: '12500.5');"
    " root.selection_own(); root.update(); print('ready', flush=True); root.mainloop()"
)
COVER = "import tkinter; r = tkinter.Tk(className='Cover'); r.overrideredirect(True); r.geometry('960x864+0+0'); r.update(); r.mainloop()"

pytestmark = pytest.mark.window


@contextmanager
def other_program(window: Window, source: str) -> Iterator[subprocess.Popen[str]]:
    """Another program on the same screen."""
    command = [sys.executable, "-I", "-c", source]
    with subprocess.Popen(command, env=window.screen.environ, stdout=subprocess.PIPE, text=True) as other:
        try:
            yield other
        finally:
            other.kill()


def read_to_the_end(window: Window) -> None:
    """The keys that scroll do so from wherever the keyboard is, but from a field."""
    window.key("End")
    window.wait_armed()


def replace(window: Window, after: dict[str, Any]) -> None:
    """The request on the screen is withdrawn, and another one shown in its place."""
    before = window.own_id()
    window.send({"id": 1, "kind": "withdraw"})
    window.send(after)
    wait_until(lambda: window.has_keyboard() and window.own_id() != before, "the other request is on the screen")


def nothing_happens(window: Window) -> None:
    time.sleep(0.3)
    assert not window.answered()


def test_a_click_under_way_counts_for_nothing(window: Window) -> None:
    """While the button of a mouse is down on an armed Approve, the request is replaced; letting it go approves nothing."""
    window.ask(PAY)
    read_to_the_end(window)
    x, y = window._place(40, 48)
    window.screen.xdotool("mousemove", "--window", window.own_id(), str(x), str(y), "mousedown", "1")
    replace(window, LARGE)
    window.screen.xdotool("mouseup", "1")
    nothing_happens(window)
    window.key("Escape")
    assert {"id": 2, "verdict": "deny"} == window.answer()


def test_a_click_just_after_counts_for_nothing(window: Window) -> None:
    """Clicks meant for the request before fall on the one that took its place, before it was read and before its delay."""
    window.ask(PAY)
    read_to_the_end(window)
    replace(window, {**PAY, "id": 2})
    begun = time.monotonic()
    while time.monotonic() - begun < ARM_SECONDS / 2:
        window.click_main_button()
    assert not window.answered()
    window.key("Escape")
    assert {"id": 2, "verdict": "deny"} == window.answer()


def test_a_key_under_way_counts_for_nothing(window: Window) -> None:
    """Space held down on Approve while the request is replaced presses nothing in the new one, where Deny has the keyboard:
    at most it denies."""
    window.ask(PAY)
    read_to_the_end(window)
    window.key("Tab")
    window.send({"id": 1, "kind": "withdraw"})
    window.send(LARGE)
    wait_until(window.has_keyboard, "a window")
    window.key("space", "space")
    answers = [window.answer()] if window.answered() else []
    assert {"id": 2, "verdict": "allow"} not in answers


def test_held_before_it_was_armed(window: Window) -> None:
    """The button of the mouse goes down before the delay is over and up after it: that is no press."""
    window.ask(PAY)
    window.key("End")
    x, y = window._place(40, 48)
    window.screen.xdotool("mousemove", "--window", window.own_id(), str(x), str(y), "mousedown", "1")
    window.wait_armed()
    window.screen.xdotool("mouseup", "1")
    nothing_happens(window)
    window.key("Escape")
    assert {"id": 1, "verdict": "deny"} == window.answer()


def test_a_window_that_was_covered_is_not_armed_at_once(window: Window) -> None:
    """Another program's window over it, then away: the delay starts again with each."""
    window.ask(PAY)
    read_to_the_end(window)
    with other_program(window, COVER):
        wait_until(lambda: window.screen.xdotool("search", "--onlyvisible", "--class", "Cover", check=False), "it is covered")
        window.screen.xdotool("windowraise", window.screen.xdotool("search", "--onlyvisible", "--class", "Cover").split()[0])
        time.sleep(0.3)
    uncovered = time.monotonic()
    while not window.answered():
        window.click_main_button()
    assert {"id": 1, "verdict": "allow"} == window.answer()
    assert time.monotonic() - uncovered >= ARM_SECONDS - 0.3


def test_the_amount_is_typed(window: Window) -> None:
    """Before it stands there a click on Approve does nothing; then Enter still does nothing, and a click after the delay approves."""
    window.ask(TYPED)
    window.key("End", "shift+Tab")
    window.type("12500.4")
    window.key("Return")
    window.click_main_button()
    time.sleep(ARM_SECONDS)
    window.click_main_button()
    nothing_happens(window)
    window.click(from_right=400, from_bottom=85)
    window.key("End", "BackSpace")
    window.type("5")
    window.key("Return")
    window.wait_armed()
    window.key("Return")
    nothing_happens(window)
    window.click_main_button()
    assert {"id": 1, "verdict": "allow", "typed": "12500.5"} == window.answer()


@pytest.mark.parametrize("keys", [["ctrl+v"], ["shift+Insert"], ["ctrl+y"], []], ids=["Ctrl V", "Shift Insert", "Ctrl Y", "middle button"])
def test_the_amount_is_not_pasted(window: Window, keys: list[str]) -> None:
    """From another program's clipboard or selection: the field stays empty, so that one more digit is no amount."""
    with other_program(window, CLIPBOARD) as other:
        assert other.stdout is not None
        assert "ready" == other.stdout.readline().strip()
        window.ask(TYPED)
        window.key("End", "shift+Tab", *keys)
        if not keys:
            x, y = window._place(400, 85)
            window.screen.xdotool("mousemove", "--window", window.own_id(), str(x), str(y), "click", "2")
        time.sleep(ARM_SECONDS + 0.3)
        assert not window.main_button_is_armed()
        window.key("Escape")
        assert {"id": 1, "verdict": "deny"} == window.answer()


def test_comparing_by_keyboard(window: Window) -> None:
    """Alt and C, the address, Escape back, and then Escape denies: comparing never answers by itself."""
    window.ask(PAY)
    read_to_the_end(window)
    window.key("alt+c")
    window.type(FRIEND)
    window.key("Return")
    wait_until(lambda: not window.main_button_is_armed(), "nothing can be approved while comparing")
    window.click_main_button()
    nothing_happens(window)
    window.key("Escape")
    nothing_happens(window)
    window.wait_armed()
    window.key("Escape")
    assert {"id": 1, "verdict": "deny"} == window.answer()


def test_a_choice_by_keyboard(window: Window) -> None:
    """The last choice, reached backwards from Deny once it is on the screen, is answered with the approval; none is without it."""
    window.ask(GRANTED)
    read_to_the_end(window)
    window.key("shift+Tab", "space", "Tab", "Tab", "space")
    assert {"id": 1, "verdict": "allow", "grant": "100"} == window.answer()


def test_a_pairing_by_keyboard(window: Window) -> None:
    """They differ has the keyboard first; they are the same takes Tab and Space after the delay, and never Enter."""
    code = {"id": 1, "kind": "compareCode", "title": "Pair?", "code": "48219937"}
    window.ask(code)
    window.wait_armed()
    window.key("Tab", "Return")
    nothing_happens(window)
    window.key("space")
    assert {"id": 1, "verdict": "allow"} == window.answer()
    window.ask({**code, "id": 2})
    window.key("Return")
    assert {"id": 2, "verdict": "deny"} == window.answer()
