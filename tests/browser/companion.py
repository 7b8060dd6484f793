"""The companion extension in one real browser, on a machine of its own, as tests drive it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from native_host.testing.scripted import ScriptedApprover
from tests.browser.conftest import Launch, extension_id_of
from tests.browser.real_browsers import SCHEMES, Browser, wait

EXTENSION = Path(__file__).parents[2] / "extension" / "dist"
MESSAGE = "Grüße from a real browser ✓"

HEADING = "document.querySelector('h1')?.textContent"
CARDS = """Object.fromEntries([...document.querySelectorAll('li.card')].map((card) =>
    [card.querySelector('h2').textContent, card.querySelector('.address').textContent]))"""


class Companion:
    """A browser with the companion, and what belongs to it: a home folder and a keystore that is not there yet."""

    def __init__(self, family: str, folder: Path, launch: Launch, artefacts: Path) -> None:
        self.family = family
        self.home, self.strongroom, self.artefacts = folder / "home", folder / "strongroom", artefacts
        self.home.mkdir()
        self.extension = built_extension(family)
        extension_id = extension_id_of(family, self.extension)
        self.origin = f"chrome-extension://{extension_id}/" if family == "chromium" else f"moz-extension:{extension_id}"
        self.environment = {"STRONGROOM_HOME": str(self.strongroom), "DISPLAY": ""}
        self._launch = launch
        self.browser: Browser

    def use_scripted_approver(self) -> ScriptedApprover:
        """Have a program answer in place of the person. The keystore that is set up so stays unattended."""
        return ScriptedApprover(self.strongroom, self.strongroom.with_name("approver"))

    def run(self, *arguments: str, typed: str = "") -> str:
        """Run the person's program, as they would beside the browser; its output."""
        environment = {**os.environ, "HOME": str(self.home), **self.environment}
        command = [sys.executable, "-I", "-m", "native_host.cli", *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, input=typed, check=False, timeout=90)
        assert 0 == done.returncode, done.stdout + done.stderr
        return done.stdout

    def attach(self) -> None:
        """Let the extension in."""
        self.run("origins", "add", self.origin, "--development")

    def install(self) -> None:
        """Register the host with the browser."""
        self.run("install", "--browser", self.family, "--origin", self.origin)

    def start(self) -> Browser:
        """Start the browser and open the popup."""
        self.browser = self._launch(self.family, extension=self.extension, home=self.home, environment=self.environment)
        self.browser.open("popup.html")
        return self.browser

    def set_up(self) -> None:
        """Start with an extension that is let in, set the keystore up and make a wallet."""
        self.attach()
        self.install()
        self.start()
        self.see("Set up Strongroom")
        self.browser.press("Set up")
        self.see("No wallet yet")
        self.browser.press("Create a new wallet")
        self.see_accounts()

    def see(self, heading: str) -> None:
        """Wait for a screen."""
        wait(self.browser, f"{HEADING} === {heading!r}")

    def see_accounts(self) -> dict[str, str]:
        """Wait for the three accounts and return their addresses."""
        self.see("Accounts")
        wait(self.browser, "document.querySelectorAll('li.card').length === 3")
        cards: dict[str, str] = self.browser.js(CARDS)
        return cards

    def compose(self, chain: str) -> None:
        """Write the message, ready to be signed with the account of this chain."""
        self.browser.press(f"Sign a message with {chain}")
        self.see("Sign a message")
        self.browser.type("#message", MESSAGE)

    def signature(self) -> str:
        """Wait for a signature, in its chain's text form."""
        self.see("Message signed")
        return str(self.browser.js("document.querySelector('.signature').textContent"))

    def picture(self, name: str) -> None:
        """Keep what the popup looks like, light and dark."""
        for scheme in SCHEMES:
            self.browser.use_scheme(scheme)
            wait(self.browser, f"matchMedia('(prefers-color-scheme: {scheme})').matches")
            self.browser.shot(self.artefacts / f"popup-{name}-{self.family}-{scheme}.png")
        self.browser.use_scheme("light")

    def text(self) -> str:
        """All that the popup shows."""
        return str(self.browser.js("document.body.innerText"))


def built_extension(family: str) -> Path:
    """The unpacked companion for this browser."""
    folder = EXTENSION / family
    if not (folder / "manifest.json").exists():
        reason = "the extension is not built: make extension"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return folder
