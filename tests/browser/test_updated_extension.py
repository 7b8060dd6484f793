"""An extension that is updated while a real Chromium runs: the person is asked once about the change, and never refused for it."""

from __future__ import annotations

import contextlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Error as PlaywrightError

from native_host.review.extension_files import NOT_LOADED
from native_host.testing.scripted import ScriptedApprover
from tests.browser.companion import Companion
from tests.browser.conftest import Launch, need
from tests.browser.real_browsers import until, wait

TITLE = "This extension was changed. Go on with it?"


@pytest.fixture
def companion(tmp_path: Path, launch: Launch, artefacts: Path) -> Companion:
    """One whose files are its own: they are going to be changed."""
    need("chromium")
    companion = Companion("chromium", tmp_path, launch, artefacts)
    companion.extension = Path(shutil.copytree(companion.extension, tmp_path / "installed"))
    return companion


@pytest.fixture
def approver(companion: Companion) -> ScriptedApprover:
    return companion.use_scripted_approver()


def update(companion: Companion, version: str) -> None:
    """As its maker does: other code under another version."""
    code = companion.extension / "background.js"
    code.write_bytes(code.read_bytes() + f"globalThis.release = '{version}';".encode())
    manifest = companion.extension / "manifest.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_bytes()), "version": version}), encoding="utf-8")


def unlock(companion: Companion) -> None:
    companion.see("Locked")
    companion.browser.press("Unlock")
    companion.see_accounts()


def start_again(companion: Companion) -> None:
    companion.browser.close()
    companion.start()


def reload_extension(companion: Companion) -> None:
    """The button on the browser's page of extensions, where whoever loads unpacked ones has turned the developer's mode on."""
    page = companion.browser._context.new_page()  # type: ignore[attr-defined]
    page.goto("chrome://extensions")
    page.evaluate("chrome.developerPrivate.updateProfileConfiguration({inDeveloperMode: true})")
    page.evaluate("(id) => chrome.developerPrivate.reload(id, {failQuietly: false})", companion.browser._id)  # type: ignore[attr-defined]
    companion.browser._page = page  # type: ignore[attr-defined]

    def opened() -> bool:
        # Until it is loaded again, the browser blocks its pages.
        with contextlib.suppress(PlaywrightError):
            companion.browser.open("popup.html")
            return True
        return False

    until(opened, "the extension is loaded again")


def questions(approver: ScriptedApprover) -> list[dict[str, Any]]:
    return [ask for ask in approver.asked if ask.get("title") == TITLE]


def test_reloaded_while_the_browser_runs(companion: Companion, approver: ScriptedApprover) -> None:
    """Asked once for each release; from then on, and in a browser that is started again, it is as before."""
    companion.set_up()
    start_again(companion)
    unlock(companion)
    for number, version in enumerate(("99.0", "99.1"), start=1):
        update(companion, version)
        reload_extension(companion)
        unlock(companion)
        assert number == len(questions(approver))
        assert NOT_LOADED not in questions(approver)[-1]["warnings"]
        start_again(companion)
        unlock(companion)
        assert number == len(questions(approver))


def test_restarted_without_loading_it_anew(companion: Companion, approver: ScriptedApprover) -> None:
    """Of an unpacked build, Chromium goes on running the code of before: the question says what to do, and so does the doctor, and that mends it."""
    companion.set_up()
    start_again(companion)
    unlock(companion)
    update(companion, "99.0")
    start_again(companion)
    unlock(companion)
    (question,) = questions(approver)
    assert NOT_LOADED in question["warnings"]
    start_again(companion)
    companion.see("Locked")
    companion.browser.press("Unlock")
    wait(companion.browser, "document.querySelector('.alert') !== null")
    assert "strongroom doctor" in companion.text()
    assert "Reload the extension" in companion.run("origins", "list")
    reload_extension(companion)
    unlock(companion)
    assert 1 == len(questions(approver))
