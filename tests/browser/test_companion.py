"""From a click in a real browser to a signature whose key never left the host: companion, host and approver together."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from native_host.testing.scripted import ScriptedApprover
from tests.browser.conftest import Launch, extension_id_of, need
from tests.browser.real_browsers import SCHEMES, Browser, until, wait
from tests.browser.signatures import derive_addresses, is_valid

EXTENSION = Path(__file__).parents[2] / "extension" / "dist"
FAMILIES = ["chromium", "firefox"]
MESSAGE = "Grüße from a real browser ✓"

HEADING = "document.querySelector('h1')?.textContent"
CARDS = """Object.fromEntries([...document.querySelectorAll('li.card')].map((card) =>
    [card.querySelector('h2').textContent, card.querySelector('.address').textContent]))"""


class Companion:
    """The companion extension in one real browser, on a machine of its own: a home, a keystore and an approver."""

    def __init__(self, family: str, folder: Path, launch: Launch, artefacts: Path) -> None:
        self.family = family
        self.home, self.strongroom, self.artefacts = folder / "home", folder / "strongroom", artefacts
        self.home.mkdir()
        self.approver = ScriptedApprover(self.strongroom, folder / "approver")
        self.extension = built_extension(family)
        extension_id = extension_id_of(family, self.extension)
        self.origin = f"chrome-extension://{extension_id}/" if family == "chromium" else f"moz-extension:{extension_id}"
        self.environment = {"STRONGROOM_HOME": str(self.strongroom)}
        self._launch = launch
        self.browser: Browser

    def run(self, *arguments: str) -> str:
        """Run the person's program, as they would before they start the browser; its output."""
        environment = {**os.environ, "HOME": str(self.home), **self.environment}
        command = [sys.executable, "-I", "-m", "native_host.cli", *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False, timeout=90)
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

    def ask_to_sign(self, chain: str) -> None:
        """Write the message and press Sign."""
        self.browser.press(f"Sign a message with {chain}")
        self.see("Sign a message")
        self.browser.type("#message", MESSAGE)
        self.browser.press("Sign")

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


@pytest.fixture(params=FAMILIES)
def companion(request: pytest.FixtureRequest, tmp_path: Path, launch: Launch, artefacts: Path) -> Companion:
    need(request.param)
    return Companion(request.param, tmp_path, launch, artefacts)


def test_from_nothing_to_signatures_of_every_account(companion: Companion) -> None:
    """Set up, make a wallet, sign with each account: addresses and signatures are right by libraries that are not ours."""
    companion.attach()
    companion.install()
    browser = companion.start()
    companion.see("Set up Strongroom")
    companion.picture("setup")
    browser.press("Set up")
    companion.see("No wallet yet")
    companion.picture("empty")
    browser.press("Create a new wallet")

    addresses = companion.see_accounts()
    companion.picture("accounts")
    assert derive_addresses(companion.approver.words or "") == addresses

    for chain, address in addresses.items():
        browser.press(f"Sign a message with {chain}")
        companion.see("Sign a message")
        browser.type("#message", MESSAGE)
        companion.picture(f"compose-{chain.lower()}")
        browser.press("Sign")
        companion.see("Message signed")
        companion.picture(f"signed-{chain.lower()}")
        signature = browser.js("document.querySelector('.signature').textContent")
        assert (True, False) == (is_valid(chain, address, MESSAGE, signature), is_valid(chain, address, MESSAGE + ".", signature))
        browser.press("Done")
        companion.see("Accounts")

    reviews = [ask for ask in companion.approver.asked if ask["kind"] == "review" and ask["method"] == "signMessage"]
    assert [MESSAGE] * 3 == [fact["value"] for ask in reviews for fact in ask["facts"] if fact["kind"] == "message"]
    assert {companion.origin} == {ask["caller"]["origin"] for ask in reviews}


def test_an_unattended_keystore_is_flagged(companion: Companion) -> None:
    """Set up through a configured program: the popup says so from then on, before and after a new connection."""
    companion.set_up()
    flag = "Approvals are answered by a program, not by you."
    assert flag in companion.text()
    companion.browser.stop_background()
    companion.see("Locked")
    assert flag in companion.text()


def test_locking_closes_and_unlocking_brings_back(companion: Companion) -> None:
    """Lock in the popup; unlocking takes the person's passphrase, and a wrong one says so."""
    companion.set_up()
    before = companion.see_accounts()
    companion.browser.press("Lock")
    companion.see("Locked")
    companion.picture("locked")
    companion.approver.type_secret("unlock", "not the passphrase", times=3)
    companion.browser.press("Unlock")
    wait(companion.browser, "document.querySelector('.alert')")
    companion.picture("wrong-passphrase")
    assert ("Locked", True) == (companion.browser.js(HEADING), "It did not open" in companion.text())

    companion.browser.press("Unlock")
    assert before == companion.see_accounts()


def test_an_extension_that_is_not_attached_learns_how_to_be(companion: Companion) -> None:
    """The browser may start the host, the host refuses: the popup shows the command that lets this very extension in."""
    companion.install()
    companion.start()
    companion.see("This extension has no wallet yet")
    companion.picture("not-attached")
    assert f"strongroom origins add {companion.origin} --development" in companion.text()

    companion.attach()
    companion.browser.press("Try again")
    companion.see("Set up Strongroom")


def test_without_a_host_the_popup_says_how_to_get_one(companion: Companion) -> None:
    """No manifest: commands to install; once they were run, Try again is enough."""
    companion.start()
    companion.see("Strongroom is not installed yet")
    companion.picture("host-missing")
    assert "strongroom install" in companion.text()

    companion.attach()
    companion.install()
    companion.browser.press("Try again")
    companion.see("Set up Strongroom")


def test_a_stopped_background_ends_its_host_and_goes_on_with_another(companion: Companion) -> None:
    """The browser stops the background: its host ends and locks with it; the popup goes on with a new one after unlocking."""
    companion.set_up()
    before = companion.see_accounts()
    hosts = host_processes(companion.browser.process_id)
    assert 1 == len(hosts)

    companion.browser.stop_background()

    companion.see("Locked")
    assert until(lambda: not hosts & host_processes(companion.browser.process_id), "the first host's end")
    companion.browser.press("Unlock")
    assert before == companion.see_accounts()


def test_a_waiting_approval_can_be_cancelled(companion: Companion) -> None:
    """Cancel while the person still thinks: the question is withdrawn, nothing is signed, and the wallet goes on."""
    companion.set_up()
    gate = companion.approver.hold(kind="review", method="signMessage")
    companion.ask_to_sign("Ethereum")
    companion.see("Waiting for your approval in the Strongroom window")
    asked = companion.approver.wait_for(kind="review", method="signMessage")
    companion.picture("waiting")

    companion.browser.press("Cancel")
    withdrawn = companion.approver.wait_for(kind="withdraw")
    companion.see("Sign a message")
    assert (asked["id"], MESSAGE) == (withdrawn["id"], companion.browser.js("document.querySelector('#message').value"))

    gate.release()
    companion.browser.press("Sign")
    companion.see("Message signed")


def test_a_denial_is_told_and_nothing_is_signed(companion: Companion) -> None:
    """The person says no: the popup says so and keeps the message."""
    companion.set_up()
    companion.approver.deny(kind="review", method="signMessage")
    companion.ask_to_sign("Solana")
    wait(companion.browser, "document.querySelector('.alert')")
    companion.picture("denied")
    assert "Not approved" in companion.text()
    assert ("Sign a message", None) == (companion.browser.js(HEADING), companion.browser.js("document.querySelector('.signature')"))


def test_closing_the_browser_ends_the_host(companion: Companion) -> None:
    """No host outlives its browser, and the keystore is whole afterwards."""
    companion.set_up()
    hosts = host_processes(companion.browser.process_id)
    companion.browser.close()
    until(lambda: not any(is_running(host) for host in hosts), "the host's end")
    companion.run("audit", "verify")


def host_processes(browser_process: int) -> set[int]:
    """The ids of the hosts that this browser has started and that still run."""
    found = set()
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and is_running(int(folder.name)):
            try:
                status = (folder / "status").read_text(encoding="utf-8")
                arguments = (folder / "cmdline").read_bytes()
            except OSError:
                continue
            if f"\nPPid:\t{browser_process}\n" in status and b"strongroom-host" in arguments:
                found.add(int(folder.name))
    return found


def is_running(process_id: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{process_id}/status").read_text(encoding="utf-8")
    except OSError:
        return False
