"""Two real browsers behind one small surface: Chromium, through Playwright, here, and Firefox in ``firefox``."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page, Playwright

Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")

PATIENCE_SECONDS = 90.0
"""How long anything may take on a loaded machine before a test fails; nothing waits that long when it works."""

CHROMIUM_PROGRAMS = ("/usr/lib/chromium/chromium", "/usr/lib64/chromium-browser/chromium-browser", "chromium", "google-chrome")
"""The program itself comes before Debian's wrapper, which adds extensions and variables of its own."""
FIREFOX_PROGRAMS = ("firefox-esr", "firefox")

WIDTH, HEIGHT = 380, 560


class Browser(Protocol):
    """What a test may do: one extension is loaded, one of its pages is open at a time."""

    family: Literal["chromium", "firefox"]
    process_id: int

    def open(self, page: str) -> None:
        """Load a page of the extension (``popup.html``) in a tab of a popup's size."""

    def use_scheme(self, scheme: Scheme) -> None:
        """Have pages see that the person prefers light or dark; light at first."""

    def js(self, expression: str) -> Any:
        """The JSON value of an expression in the page, awaited if it is a promise."""

    def click(self, selector: str) -> None:
        """Click the middle of the element as a mouse does."""

    def press(self, name: str) -> None:
        """Click the button of this name, as a screen reader tells it, once it can be clicked."""

    def type(self, selector: str, text: str) -> None:
        """Focus a field and type into it."""

    def shot(self, file: Path) -> None:
        """Write what the page looks like, as PNG."""

    def stop_background(self) -> None:
        """Make the browser end the extension's background, as it does when it thinks it is idle."""

    def close(self) -> None:
        """End the browser."""


def find_program(candidates: tuple[str, ...]) -> str | None:
    """The first of ``candidates`` that is installed, as an absolute path."""
    return next((found for found in map(shutil.which, candidates) if found), None)


def until(look: Callable[[], Any], what: str, timeout: float = PATIENCE_SECONDS) -> Any:
    """Call ``look`` until it gives something true, and return that."""
    deadline = time.monotonic() + timeout
    while not (found := look()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not happen in {timeout:.0f} s")
        time.sleep(0.05)
    return found


def wait(browser: Browser, expression: str, timeout: float = PATIENCE_SECONDS) -> Any:
    """Evaluate ``expression`` in the page until it is true, and return its value."""
    last: Exception | None = None

    def look() -> Any:
        nonlocal last
        try:
            return browser.js(expression)
        except ScriptError as error:
            # The page may be navigating, or its elements not there yet.
            last = error
            return None

    try:
        return until(look, expression, timeout)
    except TimeoutError:
        body = browser.js("document.body ? document.body.innerText : ''")
        raise TimeoutError(f"{expression} stayed false. Last error: {last}. The page says: {body}") from last


class ScriptError(Exception):
    """An expression threw in the page."""


class Chromium:
    """Chromium with one unpacked extension and a fresh profile."""

    family: Literal["chromium", "firefox"] = "chromium"

    def __init__(
        self, playwright: Playwright, *, extension: Path, extension_id: str, user_data_dir: Path, environment: Mapping[str, str]
    ) -> None:
        program = find_program(CHROMIUM_PROGRAMS)
        assert program, "Chromium is not installed"
        self._id = extension_id
        self._context: BrowserContext = playwright.chromium.launch_persistent_context(
            str(user_data_dir),
            executable_path=program,
            headless=True,
            chromium_sandbox=os.geteuid() != 0,
            env=dict(environment),
            viewport={"width": WIDTH, "height": HEIGHT},
            timeout=PATIENCE_SECONDS * 1000,
            # Playwright itself passes --disable-extensions, from which only --disable-extensions-except exempts ours.
            args=[
                "--disable-gpu", "--disable-quic", "--disable-component-update", "--disable-sync",
                f"--disable-extensions-except={extension}", f"--load-extension={extension}",
            ],
        )  # fmt: skip
        self._context.set_default_timeout(PATIENCE_SECONDS * 1000)
        self._page: Page = self._context.pages[0] if self._context.pages else self._context.new_page()
        self.process_id = int((user_data_dir / "SingletonLock").readlink().name.rpartition("-")[2])

    def open(self, page: str) -> None:
        self._page.goto(f"chrome-extension://{self._id}/{page}")

    def use_scheme(self, scheme: Scheme) -> None:
        self._page.emulate_media(color_scheme=scheme)

    def js(self, expression: str) -> Any:
        from playwright.sync_api import Error

        try:
            return self._page.evaluate(f"async () => ({expression})")
        except Error as error:
            raise ScriptError(error.message) from None

    def click(self, selector: str) -> None:
        self._page.click(selector)

    def press(self, name: str) -> None:
        self._page.get_by_role("button", name=name, exact=True).click()

    def type(self, selector: str, text: str) -> None:
        self._page.click(selector)
        self._page.keyboard.type(text)

    def shot(self, file: Path) -> None:
        self._page.screenshot(path=str(file))

    def stop_background(self) -> None:
        session = self._context.new_cdp_session(self._page)
        session.send("ServiceWorker.enable")
        session.send("ServiceWorker.stopAllWorkers")
        session.detach()

    def close(self) -> None:
        self._context.close()


@contextlib.contextmanager
def closing(browser: Browser) -> Iterator[Browser]:
    """Close ``browser`` at the end, whatever happens."""
    try:
        yield browser
    finally:
        browser.close()
