"""Real browsers for tests: a fresh profile and home each, skipped with a reason where a person has none installed."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.firefox import Firefox
from tests.browser.real_browsers import CHROMIUM_PROGRAMS, FIREFOX_PROGRAMS, Browser, Chromium, closing, find_program

if TYPE_CHECKING:
    from playwright.sync_api import Playwright

INSTALL = {
    "chromium": (CHROMIUM_PROGRAMS, "apt-get install chromium"),
    "firefox": (FIREFOX_PROGRAMS, "apt-get install firefox-esr"),
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder drives a real browser."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """Playwright's driver, started once."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        yield started


Launch = Callable[..., Browser]


@pytest.fixture
def launch(request: pytest.FixtureRequest) -> Iterator[Launch]:
    """Starts a browser of a family with an unpacked extension and ``home`` as the person's folder; closes it at the end."""
    with contextlib.ExitStack() as stack:

        def start(family: str, *, extension: Path, home: Path, environment: Mapping[str, str] | None = None) -> Browser:
            need(family)
            variables = {**clean_environment(), "HOME": str(home), **(environment or {})}
            extension_id = extension_id_of(family, extension)
            browser: Browser
            if family == "chromium":
                playwright = request.getfixturevalue("playwright")
                folder = home / ".config" / "chromium"
                browser = Chromium(playwright, extension=extension, extension_id=extension_id, user_data_dir=folder, environment=variables)
            else:
                browser = Firefox(extension=extension, extension_id=extension_id, profile=home / "profile", environment=variables)
            return stack.enter_context(closing(browser))

        yield start


def need(family: str) -> None:
    """Skip where a person has not installed the browser; fail where tests are run for everybody."""
    programs, command = INSTALL[family]
    if find_program(programs) is None:
        reason = f"{family} is not installed: {command}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)


def clean_environment() -> dict[str, str]:
    """This process's environment without what would lead a browser or a host out of its own home folder."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "STRONGROOM_", "CHROME_", "DBUS_"))}


def extension_id_of(family: str, extension: Path) -> str:
    """The id that the browser will give to an unpacked extension, from its manifest.

    Chromium: the first 16 bytes of SHA-256 of the key, in the letters a to p for 0 to f.
    """
    manifest = json.loads((extension / "manifest.json").read_bytes())
    if family == "firefox":
        return str(manifest["browser_specific_settings"]["gecko"]["id"])
    digest = hashlib.sha256(base64.b64decode(manifest["key"])).hexdigest()
    return "".join(chr(ord("a") + int(digit, 16)) for digit in digest[:32])


@pytest.fixture
def artefacts() -> Path:
    """Where pictures are kept: ``STRONGROOM_ARTEFACTS``, or a folder that git ignores."""
    folder = Path(os.environ.get("STRONGROOM_ARTEFACTS") or Path(__file__).parents[2] / "build" / "artefacts")
    folder.mkdir(parents=True, exist_ok=True)
    return folder
