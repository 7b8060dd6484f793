"""A real Chromium whose installed wallet was changed on the disk: the host says so before anything is open, and signs nothing."""

from __future__ import annotations

import json
import shutil
import zlib
from pathlib import Path
from typing import Any

import pytest

from native_host.audit import entries
from native_host.keystore.store import KeyStore
from native_host.opening import KEYSTORE_FILE
from native_host.operations.extension_files import CONTRADICTED
from native_host.testing.scripted import ScriptedApprover
from tests.browser.companion import HEADING, Companion
from tests.browser.conftest import Launch, need
from tests.browser.real_browsers import CHROMIUM_PROGRAMS, find_program, wait
from tests.homes import now, unlock

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


def of_files(approver: ScriptedApprover) -> list[str]:
    """What the last question's window says of the extension's files."""
    asked = [ask for ask in approver.asked if "caller" in ask]
    return [text for text in asked[-1]["caller"]["evidence"] if "The extension's files" in text]


def start_again(companion: Companion) -> None:
    companion.browser.close()
    companion.start()
    companion.see("Locked")


def sign(companion: Companion) -> None:
    companion.compose("Ethereum")
    companion.browser.press("Sign")
    companion.signature()


def test_one_byte_changed_on_the_disk_keeps_the_keystore_closed(companion: Companion, approver: ScriptedApprover) -> None:
    """Known since the first unlocking after the browser wrote down where it lies; changed by one byte; refused; put back, good again."""
    companion.set_up()
    start_again(companion)
    companion.browser.press("Unlock")
    companion.see_accounts()
    sign(companion)
    start_again(companion)
    companion.browser.press("Unlock")
    companion.see_accounts()
    sign(companion)
    assert [f"The extension's files are those that were seen before (version {version(companion)})."] == of_files(approver)
    program = Path(find_program(CHROMIUM_PROGRAMS) or "").resolve()
    says = approver.asked[-1]["caller"]["evidence"]
    assert any(f"rogram file ({program})" in text for text in says)
    assert any(text.startswith("The browser was started by ") for text in says)

    code = companion.extension / "background.js"
    before = code.read_bytes()
    code.write_bytes(before + b" ")
    start_again(companion)
    signed = len(signing(approver))
    approver.deny(kind="review", title=TITLE)
    companion.browser.press("Unlock")
    wait(companion.browser, "document.querySelector('.alert') !== null")
    companion.picture("extension-changed")
    (question,) = [ask for ask in approver.asked if ask.get("title") == TITLE]
    facts = {fact["label"]: fact["value"] for fact in question["facts"]}
    assert ("background.js", str(companion.extension)) == (facts["Files changed"], facts["Where it lies"])
    assert ("Locked", signed) == (companion.browser.js(HEADING), len(signing(approver)))

    code.write_bytes(before)
    start_again(companion)
    companion.browser.press("Unlock")
    companion.see_accounts()
    assert 1 == len([ask for ask in approver.asked if ask.get("title") == TITLE])
    companion.browser.close()
    record = recorded(companion, approver)
    assert (2, 1, 1) == tuple(map(record.count, (("signMessage", "done"), ("unlock", "caller_changed"), ("noteExtension", "done"))))


def test_a_worker_changed_in_the_browsers_cache_is_refused(companion: Companion, approver: ScriptedApprover) -> None:
    """Chromium runs what it has kept of a worker, whatever the files are: the host sees it, asks nobody and opens nothing. Put back, it is good
    again."""
    companion.set_up()
    start_again(companion)
    companion.browser.press("Unlock")
    companion.see_accounts()
    companion.browser.close()
    entry = next((companion.home / ".config" / "chromium" / "Default" / "Service Worker" / "ScriptCache").glob("*_0"))
    kept = entry.read_bytes()
    entry.write_bytes(changed_entry(kept, (companion.extension / "background.js").read_bytes(), b"globalThis.changed = 1;"))
    compiled = entry.with_name(entry.name.replace("_0", "_1"))
    compiled.unlink()

    companion.start()
    companion.see("Locked")
    assert 1 == companion.browser._context.service_workers[0].evaluate("globalThis.changed")  # type: ignore[attr-defined]
    asked = len(approver.asked)
    companion.browser.press("Unlock")
    wait(companion.browser, "document.querySelector('.alert') !== null")
    assert "Something about this browser changed" in companion.text()
    companion.picture("worker-changed")
    assert ("Locked", asked) == (companion.browser.js(HEADING), len(approver.asked))

    companion.browser.close()
    entry.write_bytes(kept)
    compiled.unlink()
    companion.start()
    companion.see("Locked")
    companion.browser.press("Unlock")
    companion.see_accounts()
    companion.browser.close()
    assert 1 == recorded(companion, approver).count((CONTRADICTED, "done"))


def changed_entry(entry: bytes, source: bytes, code: bytes) -> bytes:
    """An entry of Chromium's cache with code in place of the script's first comment, with the checksum that goes with it."""
    start = entry.index(source)
    comment = source[source.index(b"//") :].partition(b"\n")[0]
    changed = source.replace(comment, code.ljust(len(comment)), 1)
    assert len(source) == len(changed)
    assert source != changed
    end = start + len(source)
    # The record behind it: a magic number and flags, then the CRC.
    return entry[:start] + changed + entry[end : end + 12] + zlib.crc32(changed).to_bytes(4, "little") + entry[end + 16 :]


def signing(approver: ScriptedApprover) -> list[dict[str, Any]]:
    return [ask for ask in approver.asked if ask.get("method") == "signMessage"]


def recorded(companion: Companion, approver: ScriptedApprover) -> list[tuple[str, str]]:
    """What the record of decisions says, by a keystore that is opened beside."""
    store = KeyStore(str(companion.strongroom / KEYSTORE_FILE), now)
    try:
        unlock(store, approver.passphrase)
        return [(one.entry.method, one.entry.outcome) for one in entries(store) if one.entry is not None]
    finally:
        store.close()


def version(companion: Companion) -> str:
    return str(json.loads((companion.extension / "manifest.json").read_bytes())["version"])
