"""The real window of a real host of a real browser, on a virtual screen, with a person's keys and clicks by xdotool."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.companion import MESSAGE, Companion
from tests.browser.conftest import Launch, need
from tests.browser.real_browsers import until, wait
from tests.browser.signatures import derive_addresses, is_valid
from tests.window.conftest import Screen, Window

PROGRAMS = ("Xvfb", "openbox", "xdotool", "import")
WORDS = "legal winner thank year wave sausage worth useful legal winner thank yellow"  # BIP39, trezor vectors, 2nd of 12 words
PASSPHRASE = "four words that nobody guesses"


class Person(Window):
    """Who sits at the screen: sees the windows of whichever host, types and clicks."""

    def __init__(self, screen: Screen) -> None:
        # The process of the window is the host's, not this test's.
        self.screen = screen
        self._answered: set[str] = set()

    def wait_next(self) -> None:
        """Wait until a window that was not there before has the keyboard."""
        until(lambda: self.has_keyboard() and not self._answered.issuperset(self.ids()), "the next window")
        self._answered.update(self.ids())

    def read(self) -> None:
        """Read what is asked to its end, and wait until it may be approved."""
        self.key("End")
        self.wait_armed()

    def keep(self, file: Path) -> None:
        """Write what the screen looks like, as PNG."""
        subprocess.run(["import", "-silent", "-window", "root", str(file)], env=self.screen.environ, check=True)

    def wait_gone(self) -> None:
        """Wait until no window is left."""
        until(lambda: not self.is_open(), "the window's end")


@pytest.fixture
def person() -> Iterator[Person]:
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    if missing:
        reason = f"not installed: {', '.join(missing)} (apt-get install xvfb openbox xdotool imagemagick)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    with Screen(dpi=96, width=960, height=864) as screen:
        yield Person(screen)


@pytest.mark.window
def test_a_person_restores_a_wallet_and_approves_a_signature(person: Person, tmp_path: Path, launch: Launch, artefacts: Path) -> None:
    """Passphrase and words are typed in the host's window only, Enter approves nothing, and the click that does makes a signature."""
    need("chromium")
    companion = Companion("chromium", tmp_path, launch, artefacts)
    companion.environment["DISPLAY"] = person.screen.display
    companion.attach()
    companion.install()
    browser = companion.start()

    companion.see("Set up Strongroom")
    browser.press("Set up")
    person.wait_next()
    person.read()
    person.keep(artefacts / "window-chromium-setup.png")
    person.click_main_button()
    person.wait_next()
    person.type(PASSPHRASE)
    person.key("Return")
    person.type(PASSPHRASE)
    person.key("Return")
    person.wait_next()
    person.keep(artefacts / "window-chromium-recovery.png")
    person.key("Escape")  # no recovery code

    companion.see("No wallet yet")
    browser.press("Restore from recovery words")
    person.wait_next()
    person.read()
    person.click_main_button()
    person.wait_next()
    person.type(WORDS)
    person.key("Return")
    person.wait_next()
    person.key("Return")  # no extra passphrase
    assert derive_addresses(WORDS) == companion.see_accounts()
    assert "Approvals are answered by a program" not in companion.text()
    browser.shot(artefacts / "popup-attended-chromium.png")

    companion.compose("Ethereum")
    browser.press("Sign")
    person.wait_next()
    person.read()
    person.keep(artefacts / "window-chromium-review.png")
    person.key("Escape")
    wait(browser, "document.querySelector('.alert') !== null")
    assert "Not approved" in companion.text()

    browser.press("Sign")
    person.wait_next()
    person.read()
    person.key("Tab", "Return")  # on Approve; on Deny, where the focus is at first, it denies
    person.wait_armed()
    assert person.is_open()
    person.click_main_button()
    signature = companion.signature()
    assert is_valid("Ethereum", derive_addresses(WORDS)["Ethereum"], MESSAGE, signature)
    person.wait_gone()
    companion.run("audit", "verify")
