"""From a click in a real browser to a signature whose key never left the host: companion, host and approver together."""

from __future__ import annotations

from pathlib import Path

import pytest

from native_host.testing.scripted import ScriptedApprover
from tests.browser.companion import HEADING, MESSAGE, Companion
from tests.browser.conftest import Launch, need
from tests.browser.real_browsers import until, wait
from tests.browser.signatures import derive_addresses, is_valid


@pytest.fixture(params=["chromium", "firefox"])
def companion(request: pytest.FixtureRequest, tmp_path: Path, launch: Launch, artefacts: Path) -> Companion:
    need(request.param)
    return Companion(request.param, tmp_path, launch, artefacts)


@pytest.fixture
def approver(companion: Companion) -> ScriptedApprover:
    """A person who agrees to everything until told otherwise."""
    return companion.use_scripted_approver()


def test_from_nothing_to_signatures_of_every_account(companion: Companion, approver: ScriptedApprover) -> None:
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
    assert derive_addresses(approver.words or "") == addresses

    for chain, address in addresses.items():
        companion.compose(chain)
        companion.picture(f"compose-{chain.lower()}")
        browser.press("Sign")
        signature = companion.signature()
        companion.picture(f"signed-{chain.lower()}")
        assert (True, False) == (is_valid(chain, address, MESSAGE, signature), is_valid(chain, address, MESSAGE + ".", signature))
        browser.press("Done")
        companion.see("Accounts")

    reviews = [ask for ask in approver.asked if ask["kind"] == "review" and ask["method"] == "signMessage"]
    assert [MESSAGE] * 3 == [fact["value"] for ask in reviews for fact in ask["facts"] if fact["kind"] == "message"]
    assert {companion.origin} == {ask["caller"]["origin"] for ask in reviews}


def test_an_unattended_keystore_is_flagged(companion: Companion, approver: ScriptedApprover) -> None:
    """Set up through a configured program: the popup says so from then on, before and after a new connection."""
    companion.set_up()
    flag = "Approvals are answered by a program, not by you."
    assert flag in companion.text()
    companion.browser.stop_background()
    companion.see("Locked")
    assert flag in companion.text()


def test_locking_closes_and_unlocking_brings_back(companion: Companion, approver: ScriptedApprover) -> None:
    """Lock in the popup; unlocking takes the person's passphrase, and a wrong one says so."""
    companion.set_up()
    before = companion.see_accounts()
    companion.browser.press("Lock")
    companion.see("Locked")
    companion.picture("locked")
    approver.type_secret("unlock", "not the passphrase", times=3)
    companion.browser.press("Unlock")
    wait(companion.browser, "document.querySelector('.alert') !== null")
    companion.picture("wrong-passphrase")
    assert ("Locked", True) == (companion.browser.js(HEADING), "It did not open" in companion.text())

    companion.browser.press("Unlock")
    assert before == companion.see_accounts()


def test_an_extension_that_is_not_attached_learns_how_to_be(companion: Companion, approver: ScriptedApprover) -> None:
    """The browser may start the host, the host refuses: the popup shows the command that lets this very extension in."""
    companion.install()
    companion.start()
    companion.see("This extension has no wallet yet")
    companion.picture("not-attached")
    assert f"strongroom origins add {companion.origin} --development" in companion.text()

    companion.attach()
    companion.browser.press("Try again")
    companion.see("Set up Strongroom")


def test_without_a_host_the_popup_says_how_to_get_one(companion: Companion, approver: ScriptedApprover) -> None:
    """No manifest: commands to install; once they were run, Try again is enough."""
    companion.start()
    companion.see("Strongroom is not installed yet")
    companion.picture("host-missing")
    assert "strongroom install" in companion.text()

    companion.attach()
    companion.install()
    companion.browser.press("Try again")
    companion.see("Set up Strongroom")


def test_a_stopped_background_ends_its_host_and_goes_on_with_another(companion: Companion, approver: ScriptedApprover) -> None:
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


def test_a_waiting_approval_can_be_cancelled(companion: Companion, approver: ScriptedApprover) -> None:
    """Cancel while the person still thinks: the question is withdrawn, nothing is signed, and the wallet goes on."""
    companion.set_up()
    gate = approver.hold(kind="review", method="signMessage")
    companion.compose("Ethereum")
    companion.browser.press("Sign")
    companion.see("Waiting for your approval in the Strongroom window")
    asked = approver.wait_for(kind="review", method="signMessage")
    companion.picture("waiting")

    companion.browser.press("Cancel")
    withdrawn = approver.wait_for(kind="withdraw")
    companion.see("Sign a message")
    assert (asked["id"], MESSAGE) == (withdrawn["id"], companion.browser.js("document.querySelector('#message').value"))

    gate.release()
    companion.browser.press("Sign")
    companion.see("Message signed")


def test_a_denial_is_told_and_nothing_is_signed(companion: Companion, approver: ScriptedApprover) -> None:
    """The person says no: the popup says so and keeps the message."""
    companion.set_up()
    approver.deny(kind="review", method="signMessage")
    companion.compose("Solana")
    companion.browser.press("Sign")
    wait(companion.browser, "document.querySelector('.alert') !== null")
    companion.picture("denied")
    assert "Not approved" in companion.text()
    assert ("Sign a message", 0) == (companion.browser.js(HEADING), companion.browser.js("document.querySelectorAll('.signature').length"))


def test_closing_the_browser_ends_the_host(companion: Companion, approver: ScriptedApprover) -> None:
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
