"""The window that asks for a key file: chosen from the disk, or pasted; nothing is taken before the person says so."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.window.conftest import wait_until

if TYPE_CHECKING:
    from tests.window.conftest import Window

ASK = {"id": 1, "kind": "askSecret", "purpose": "keyFile", "title": "Choose the key file, or paste its text"}
PEM = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g\n-----END PRIVATE KEY-----\n"

pytestmark = pytest.mark.window


def open_dialog(window: Window) -> None:
    """Press the button that has the keyboard first."""
    window.key("space")
    wait_until(
        lambda: focused(window) in window.screen.xdotool("search", "--class", "TkFDialog", check=False).split(), "the dialog is open"
    )


def focused(window: Window) -> str:
    return window.screen.xdotool("getwindowfocus", check=False) or "none"


def choose(window: Window, path: Path) -> None:
    """Press the button that has the keyboard first, name a file in the dialog, and wait until the window is back."""
    open_dialog(window)
    window.type(str(path))
    window.key("Return")
    wait_until(window.has_keyboard, "the window has the keyboard again")


def test_a_file_is_chosen(window: Window, tmp_path: Path) -> None:
    """It fills the field, and its text is the answer once the person goes on."""
    path = tmp_path / "key.pem"
    path.write_text(PEM, encoding="utf-8")
    window.ask(ASK)
    choose(window, path)
    assert not window.answered()
    window.wait_armed()
    window.click_main_button()
    assert {"id": 1, "secret": PEM} == window.answer()


def test_text_is_pasted(window: Window) -> None:
    """Enter is a line of the text; Tab leaves it for Cancel and then for the button that goes on."""
    window.ask(ASK)
    window.key("Tab")
    window.type("first\nsecond")
    window.key("Tab", "Tab", "space")
    assert {"id": 1, "secret": "first\nsecond"} == window.answer()


def test_what_is_no_key_file_is_not_taken(window: Window, tmp_path: Path) -> None:
    """A file that is no text leaves the field empty, and an empty field is no answer; Enter on Cancel is a no."""
    path = tmp_path / "picture"
    path.write_bytes(bytes(range(256)))
    window.ask(ASK)
    choose(window, path)
    window.key("Tab", "Tab", "Tab", "space")
    assert not window.answered()
    window.key("shift+Tab", "Return")
    assert {"id": 1, "verdict": "deny"} == window.answer()


@pytest.mark.parametrize("withdrawn", [True, False])
def test_the_host_goes_while_a_file_is_chosen(window: Window, *, withdrawn: bool) -> None:
    """The dialog goes with its window, and the process with its host."""
    window.ask(ASK)
    open_dialog(window)
    if withdrawn:
        window.send({"id": 1, "kind": "withdraw"})
        wait_until(lambda: not window.is_open(), "the window is gone")
        window.ask({**ASK, "id": 2})
        window.key("Escape")
        assert {"id": 2, "verdict": "deny"} == window.answer()
    assert 0 == window.end()
