"""The windows of PINs, recovery codes and shares, used as a person uses them: keys on a real screen."""

from __future__ import annotations

import tkinter as tk
from typing import TYPE_CHECKING, Any

import pytest

from native_host.approval.window.codes import open_show_code
from native_host.approval.window.words import open_show
from native_host.protocol.approver import ShowSecret
from tests.window.test_sheet import bench, button, widgets  # noqa: F401  # the fixture

if TYPE_CHECKING:
    from tests.window.conftest import Window
    from tests.window.test_sheet import Bench

CODE = "000G 40R4 0M30 E209 185G R38E 1W8F"
SHARE = "duckling enlarge academic academic agency result length solution fridge kidney coal piece deal husband erode duke ajar critical decision keyboard"  # fmt: skip  # SLIP-0039, 1st vector
DENIED = {"id": 1, "verdict": "deny"}

pytestmark = pytest.mark.window


def asked(purpose: str) -> dict[str, Any]:
    return {"id": 1, "kind": "askSecret", "purpose": purpose, "title": "Type it"}


def test_a_recovery_code_is_typed(window: Window) -> None:
    """A wrong character keeps Enter from continuing; corrected, the code is the answer, in the host's own form."""
    window.ask(asked("recoveryCode"))
    window.type(CODE.lower().replace(" ", "-")[:-1] + "g")
    window.key("Return", "BackSpace")
    window.type("f")
    window.key("Return")
    assert {"id": 1, "secret": CODE} == window.answer()


def test_a_share_is_typed(window: Window) -> None:
    """Four letters of each word, Enter once they are all on the list; whole words are the answer."""
    window.ask(asked("share"))
    window.type(" ".join(word[:4] for word in SHARE.split())[:-1])
    window.key("Return")
    window.type("b")
    window.key("Return")
    assert {"id": 1, "secret": SHARE} == window.answer()


def test_a_new_pin_is_typed_twice_the_same(window: Window) -> None:
    """Too short and different are not taken; the same twice is."""
    window.ask(asked("newPin"))
    window.type("123")
    window.key("Return")
    window.type("123")
    window.key("Return", "shift+Tab", "End")
    window.type("4")
    window.key("Return", "Return", "End")
    window.type("4")
    window.key("Return")
    assert {"id": 1, "secret": "1234"} == window.answer()


@pytest.mark.parametrize("purpose", ["recoveryCode", "share", "newPin", "backup", "pin"])
def test_nothing_typed_is_no_answer(window: Window, purpose: str) -> None:
    """Enter on what is empty does nothing, and Escape says no."""
    window.ask(asked(purpose))
    window.key("Return", "Escape")
    assert DENIED == window.answer()


@pytest.mark.parametrize(("purpose", "secret"), [("recoveryCode", CODE), ("share", SHARE)])
def test_done_only_after_it_was_shown(window: Window, purpose: str, secret: str) -> None:
    """The button that says it is written down cannot be pressed before Show was, nor at once, nor by Enter."""
    window.ask({"id": 1, "kind": "showSecret", "purpose": purpose, "title": "Write it down", "secret": secret})
    window.key("Tab", "Tab", "space", "Return", "shift+Tab", "shift+Tab", "space")
    window.wait_armed()
    window.key("Tab", "Tab", "Return")
    assert not window.answered()
    window.key("space")
    assert {"id": 1, "verdict": "done"} == window.answer()


@pytest.mark.parametrize(
    ("ask", "form", "name", "part"),
    [
        (ShowSecret(id=1, purpose="recoveryCode", title="Code", secret=CODE), open_show_code, "code", "E209"),
        (ShowSecret(id=1, purpose="share", title="Share 1 of 3", secret=SHARE), open_show, "words", "academic"),
    ],
)
def test_what_is_hidden_is_nowhere_in_the_window(bench: Bench, ask: ShowSecret, form: Any, name: str, part: str) -> None:  # noqa: F811
    """Until Show is pressed no widget holds it, and after Hide none holds it any more."""
    sheet = bench.open(ask, form)

    def shown() -> bool:
        return any(part in str(widget.cget("text")) for widget in widgets(sheet.window, tk.Label))

    assert not shown()
    button(sheet, f"Show the {name}").invoke()
    assert shown()
    button(sheet, f"Hide the {name}").invoke()
    assert not shown()
