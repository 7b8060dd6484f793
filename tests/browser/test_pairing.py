"""Pairing in real browsers: the same code on both sides, a sealed channel from then on, and nothing said to whoever is not the paired host."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest

from native_host.testing.browser import BrowserEmulator
from native_host.testing.scripted import ScriptedApprover
from tests.browser import between
from tests.browser.companion import MESSAGE, Companion
from tests.browser.conftest import Launch, need
from tests.browser.real_browsers import until, wait
from tests.browser.signatures import is_valid

COMPARE = "Compare this with the code in Strongroom’s own window"
UNKNOWN = "Strongroom does not know this pairing"
CHANGED = "Something was changed on the way"
ANOTHER = "This is not the Strongroom you paired with"
CODE = "[...document.querySelectorAll('.code span')].map((one) => one.textContent).join(' ')"
ALERT = "document.querySelector('.alert strong')?.textContent"
OFFERED = "document.querySelector('.callout')?.innerText.includes('Pair with Strongroom') === true"
EXTRACTABLE = """new Promise((resolve) => {
    const opening = indexedDB.open('strongroom');
    opening.onsuccess = () => {
        const asking = opening.result.transaction('pairing').objectStore('pairing').get('host');
        asking.onsuccess = () => {
            resolve([asking.result.own.privateKey.type, asking.result.own.privateKey.extractable]);
            opening.result.close();
        };
    };
})"""
FORGOTTEN = """new Promise((resolve) => {
    const deleting = indexedDB.deleteDatabase('strongroom');
    deleting.onsuccess = () => resolve(true);
})"""


@pytest.fixture(params=["chromium", "firefox"])
def companion(request: pytest.FixtureRequest, tmp_path: Path, launch: Launch, artefacts: Path) -> Companion:
    need(request.param)
    return Companion(request.param, tmp_path, launch, artefacts)


@pytest.fixture
def approver(companion: Companion) -> ScriptedApprover:
    return companion.use_scripted_approver()


class Between:
    """Puts a program between the browser and the host that is registered with it, and takes it out again."""

    def __init__(self, companion: Companion, folder: Path) -> None:
        (self._manifest,) = (
            found / "io.strongroom.host.json"
            for found in BrowserEmulator(companion.family, home=companion.home).manifest_folders()
            if (found / "io.strongroom.host.json").exists()
        )
        self._real = json.loads(self._manifest.read_bytes())
        self._folder = folder
        self._log = folder / "frames.jsonl"

    def put(self, how: str) -> None:
        program = self._folder / f"between-{how}"
        command = [sys.executable, "-I", str(Path(between.__file__).resolve()), how, str(self._log), self._real["path"]]
        program.write_text(f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n', encoding="utf-8")
        program.chmod(0o755)
        self._manifest.write_text(json.dumps({**self._real, "path": str(program)}), encoding="utf-8")

    def change(self, side: str) -> None:
        """Have the program change what comes from there from now on."""
        Path(f"{self._log}.{side}").touch()

    def take_out(self) -> None:
        self._manifest.write_text(json.dumps(self._real), encoding="utf-8")

    def frames(self, direction: str) -> list[Any]:
        lines = self._log.read_text(encoding="utf-8").splitlines()
        return [frame for came_from, frame in map(json.loads, lines) if came_from == direction]


def pair(companion: Companion, approver: ScriptedApprover) -> str:
    """Pair, and see the code on both sides; the code."""
    gate = approver.hold(kind="compareCode")
    before = len([ask for ask in approver.asked if ask["kind"] == "compareCode"])
    companion.browser.press("Pair")
    companion.see(COMPARE)
    code = str(companion.browser.js(CODE))
    wait_for_question(approver, before + 1)
    companion.picture("pairing")
    gate.release()
    companion.see("Paired")
    return code


def wait_for_question(approver: ScriptedApprover, count: int) -> dict[str, Any]:
    until(lambda: len(questions(approver)) >= count, "the question")
    return questions(approver)[-1]


def questions(approver: ScriptedApprover) -> list[dict[str, Any]]:
    return [ask for ask in approver.asked if ask["kind"] == "compareCode"]


def done(companion: Companion) -> None:
    companion.browser.press("Done")
    companion.see_accounts()


def sign(companion: Companion) -> None:
    address = companion.see_accounts()["Ethereum"]
    companion.compose("Ethereum")
    companion.browser.press("Sign")
    assert is_valid("Ethereum", address, MESSAGE, companion.signature())
    companion.browser.press("Done")


def start_anew(companion: Companion) -> None:
    """The browser ends the background, and with it the host; the popup comes back with others."""
    companion.browser.stop_background()
    companion.browser.open("popup.html")


def test_both_sides_show_one_code_and_the_channel_outlives_the_browser(companion: Companion, approver: ScriptedApprover) -> None:
    """Offered, compared, kept: the background stops, the browser ends, and each time the channel is there before the keystore is open."""
    companion.set_up()
    wait(companion.browser, OFFERED)
    companion.picture("pairing-offered")
    code = pair(companion, approver)
    assert code == questions(approver)[-1]["code"]
    assert companion.origin in questions(approver)[-1]["title"]
    assert code == companion.browser.js(CODE)
    companion.picture("paired")
    done(companion)
    assert (False, True) == (companion.browser.js(OFFERED), "Paired with Strongroom" in companion.text())
    assert ["private", False] == companion.browser.js(EXTRACTABLE)
    sign(companion)

    start_anew(companion)
    companion.see("Locked")
    assert "Paired with Strongroom" in companion.text()
    companion.browser.press("Unlock")
    sign(companion)
    companion.browser.close()
    companion.start()
    companion.see("Locked")
    assert "Paired with Strongroom" in companion.text()
    companion.browser.press("Unlock")
    sign(companion)
    assert 1 == len(questions(approver))


def test_whoever_listens_in_between_reads_no_call_and_no_reply(companion: Companion, approver: ScriptedApprover, tmp_path: Path) -> None:
    """After the handshake every frame in either direction is sealed; of what was signed, and of the keys, nothing stands there."""
    companion.set_up()
    pair(companion, approver)
    done(companion)
    listener = Between(companion, tmp_path)
    listener.put("listen")
    start_anew(companion)
    companion.see("Locked")
    companion.browser.press("Unlock")
    sign(companion)

    asked, answered = listener.frames("wallet"), listener.frames("host")
    assert ["hello", "openChannel"] == [frame["method"] for frame in asked[:2]]
    assert {("sealed",)} == {tuple(frame) for frame in (*asked[2:], *answered[2:])}
    assert len(asked) > 5


def test_a_refused_code_pairs_nothing(companion: Companion, approver: ScriptedApprover) -> None:
    """The person refuses in the host's window: the popup says what that means, and goes on unpaired."""
    companion.set_up()
    approver.deny(kind="compareCode", times=1)
    companion.browser.press("Pair")
    wait(companion.browser, f"{ALERT} === 'Pairing refused'")
    companion.picture("pairing-refused")
    assert companion.browser.js(OFFERED)
    companion.browser.press("Dismiss")
    sign(companion)


def test_the_popup_makes_way_for_a_window_that_stays(companion: Companion, approver: ScriptedApprover) -> None:
    """Browsers close a popup when another window comes up: pairing goes on in one of its own, beside which the host's can be read."""
    companion.set_up()
    gate = approver.hold(kind="compareCode")
    wait(companion.browser, "chrome.action.openPopup().then(() => true)")
    in_popup = "chrome.extension.getViews({type: 'popup'})[0]?.document"
    wait(companion.browser, f"[...{in_popup}.querySelectorAll('button')].some((one) => one.textContent === 'Pair')")
    companion.browser.js(f"void [...{in_popup}.querySelectorAll('button')].find((one) => one.textContent === 'Pair').click()")
    code = wait_for_question(approver, 1)["code"]
    wait(companion.browser, "chrome.extension.getViews({type: 'popup'}).length === 0")
    wait(companion.browser, "chrome.windows.getAll().then((all) => all.filter(({type}) => type === 'popup').length === 1)")
    codes = (
        "chrome.extension.getViews({type: 'tab'}).map(({document}) => document.querySelector('.code')?.innerText.split(/\\s+/).join(' '))"
    )
    wait(companion.browser, f"{codes}.filter((one) => one === {code!r}).length === 2")
    gate.release()
    companion.see("Paired")


def test_who_stands_between_while_pairing_cannot_make_the_codes_the_same(
    companion: Companion, approver: ScriptedApprover, tmp_path: Path
) -> None:
    """It pairs with either side under keys of its own: two codes, and the person who sees that they differ has paired nothing."""
    companion.set_up()
    Between(companion, tmp_path).put("pose")
    start_anew(companion)
    companion.see("Locked")
    companion.browser.press("Unlock")
    companion.see_accounts()
    gate = approver.hold(do="deny", kind="compareCode")
    companion.browser.press("Pair")
    companion.see(COMPARE)
    theirs = wait_for_question(approver, 1)["code"]
    assert theirs != companion.browser.js(CODE)

    gate.release()
    wait(companion.browser, f"{ALERT} === 'Pairing refused'")
    assert companion.browser.js(OFFERED)


@pytest.mark.parametrize("side", ["wallet", "host"])
def test_one_letter_changed_on_the_way_ends_it(companion: Companion, approver: ScriptedApprover, tmp_path: Path, side: str) -> None:
    """A sealed call, or what the host says to it: the channel is over, and the popup says so. For a changed call nobody is asked; of what
    was said to one, the popup claims nothing.
    """
    companion.set_up()
    pair(companion, approver)
    done(companion)
    changer = Between(companion, tmp_path)
    changer.put("change")
    start_anew(companion)
    companion.see("Locked")
    companion.browser.press("Unlock")
    companion.see_accounts()
    companion.compose("Ethereum")
    changer.change(side)
    companion.browser.press("Sign")
    companion.see(CHANGED)
    companion.picture("changed-on-the-way")
    assert "It is not known whether the message was signed" in companion.text()
    assert side == "host" or not [ask for ask in approver.asked if ask.get("method") == "signMessage"]

    changer.take_out()
    companion.browser.press("Try again")
    companion.see("Locked")
    assert "Paired with Strongroom" in companion.text()


def test_another_host_in_its_place_is_told_loudly_and_asked_nothing(
    companion: Companion, approver: ScriptedApprover, tmp_path: Path
) -> None:
    """After pairing a program with keys of its own takes the host's place: only the handshake is said to it, and no button gets around that."""
    companion.set_up()
    pair(companion, approver)
    done(companion)
    impostor = Between(companion, tmp_path)
    impostor.put("pose")
    start_anew(companion)
    companion.see(ANOTHER)
    companion.picture("another-host")
    assert "strongroom doctor" in companion.text()
    companion.browser.press("Try again")
    companion.see(ANOTHER)
    companion.browser.press("Forget pairing")
    companion.see("Forget this pairing?")
    companion.picture("forget-pairing")
    companion.browser.press("Keep it")
    companion.see(ANOTHER)
    assert {"hello", "openChannel"} == {frame["method"] for frame in impostor.frames("wallet")}

    impostor.take_out()
    companion.browser.press("Try again")
    companion.see("Locked")
    companion.browser.press("Unlock")
    sign(companion)


def test_a_pairing_ended_at_the_host_is_told_and_can_be_made_anew(companion: Companion, approver: ScriptedApprover) -> None:
    """Removed by the person's program while the host runs: the next call says so; forgotten here as well, it can be made again."""
    companion.set_up()
    pair(companion, approver)
    done(companion)
    revoke(companion, approver)
    companion.compose("Ethereum")
    companion.browser.press("Sign")
    companion.see(UNKNOWN)
    companion.picture("pairing-ended")
    companion.browser.press("Try again")
    companion.see(UNKNOWN)

    companion.browser.press("Forget pairing")
    companion.see("Forget this pairing?")
    companion.browser.press("Forget pairing")
    companion.see("Locked")
    companion.browser.press("Unlock")
    companion.see_accounts()
    pair(companion, approver)
    done(companion)
    sign(companion)


def test_a_browser_that_lost_its_pairing_must_pair_again(companion: Companion, approver: ScriptedApprover) -> None:
    """What the browser kept is gone: the host answers this extension only in a pairing, and the popup asks for one."""
    companion.set_up()
    pair(companion, approver)
    done(companion)
    assert companion.browser.js(FORGOTTEN)
    start_anew(companion)
    companion.see("Locked")
    companion.browser.press("Unlock")
    companion.see("Pair with Strongroom")
    companion.picture("pairing-required")
    pair(companion, approver)
    done(companion)
    sign(companion)


def revoke(companion: Companion, approver: ScriptedApprover) -> None:
    """End every pairing of this extension, as the person does in a terminal."""
    companion.run("pairings", "remove", companion.origin, "--secret-from-stdin", typed=approver.passphrase)
