"""Two real browsers behind one small surface: Chromium through Playwright, Firefox through WebDriver BiDi.

Implements: the parts of WebDriver BiDi (W3C Working Draft) that the tests need.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page, Playwright
    from websockets.sync.client import ClientConnection

Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")

PATIENCE_SECONDS = 90.0
"""How long anything may take on a loaded machine before a test fails; nothing waits that long when it works."""

CHROMIUM_PROGRAMS = ("/usr/lib/chromium/chromium", "/usr/lib64/chromium-browser/chromium-browser", "chromium", "google-chrome")
"""The program itself comes before Debian's wrapper, which adds extensions and variables of its own."""
FIREFOX_PROGRAMS = ("firefox-esr", "firefox")
FIREFOX_UUID = "11111111-2222-4333-8444-555555555555"

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


class Firefox:
    """Firefox with one temporary extension and a fresh profile, over a WebDriver BiDi connection."""

    family: Literal["chromium", "firefox"] = "firefox"

    def __init__(self, *, extension: Path, extension_id: str, profile: Path, environment: Mapping[str, str]) -> None:
        program = find_program(FIREFOX_PROGRAMS)
        assert program, "Firefox is not installed"
        self._id = extension_id
        profile.mkdir(parents=True)
        (profile / "user.js").write_text(_preferences(extension_id), encoding="utf-8")
        self._open = contextlib.ExitStack()
        self._log = self._open.enter_context((profile / "output.txt").open("wb"))
        # --remote-allow-system-access: without it WebDriver may not open moz-extension: pages.
        arguments = ["--headless", "--no-remote", "--profile", str(profile), "--remote-debugging-port=0", "--remote-allow-system-access"]
        self._process = subprocess.Popen([program, *arguments], env=dict(environment), stdout=self._log, stderr=subprocess.STDOUT)
        self.process_id = self._process.pid
        self._next_id = 0
        try:
            self._socket = self._connect(profile / "WebDriverBiDiServer.json")
            self._send("session.new", capabilities={})
            self._send("webExtension.install", extensionData={"type": "path", "path": str(extension)})
            self._page = self._send("browsingContext.getTree")["contexts"][0]["context"]
            self._send("browsingContext.setViewport", context=self._page, viewport={"width": WIDTH, "height": HEIGHT})
        except BaseException:
            self._process.kill()
            self._end_process()
            raise

    def _connect(self, file: Path) -> ClientConnection:
        from websockets.sync.client import connect

        def address() -> Any:
            if self._process.poll() is not None:
                raise RuntimeError(f"Firefox ended with {self._process.returncode}: {Path(self._log.name).read_text(errors='replace')}")
            with contextlib.suppress(OSError, ValueError):
                return json.loads(file.read_bytes())
            return None

        server = until(address, "Firefox listening")
        url = f"ws://{server['ws_host']}:{server['ws_port']}/session"
        return self._open.enter_context(connect(url, max_size=None, open_timeout=PATIENCE_SECONDS, ping_interval=None, proxy=None))

    def _send(self, method: str, **params: Any) -> Any:
        self._next_id += 1
        self._socket.send(json.dumps({"id": self._next_id, "method": method, "params": params}))
        while True:
            reply = json.loads(self._socket.recv(timeout=PATIENCE_SECONDS))
            if reply.get("id") == self._next_id:
                break
        if reply["type"] == "error":
            raise ScriptError(f"{method}: {reply['message']}")
        return reply["result"]

    def open(self, page: str) -> None:
        self._send("browsingContext.navigate", context=self._page, url=f"moz-extension://{FIREFOX_UUID}/{page}", wait="complete")

    def js(self, expression: str) -> Any:
        # JSON is the one form in which both browsers hand over a whole value.
        wrapped = f"(async () => JSON.stringify(await ({expression})))()"
        reply = self._send("script.evaluate", expression=wrapped, target={"context": self._page}, awaitPromise=True)
        if reply["type"] == "exception":
            raise ScriptError(reply["exceptionDetails"]["text"])
        value = reply["result"].get("value")
        return None if value is None else json.loads(value)

    def click(self, selector: str) -> None:
        self._click(f"document.querySelector({json.dumps(selector)})")

    def press(self, name: str) -> None:
        self._click(f"[...document.querySelectorAll('button')].find((b) => (b.ariaLabel ?? b.textContent.trim()) === {json.dumps(name)})")

    def _click(self, element: str) -> None:
        x, y = self._middle_of(element)
        pointer = [{"type": "pointerMove", "x": x, "y": y}, {"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}]
        self._act({"type": "pointer", "id": "mouse", "actions": pointer})

    def type(self, selector: str, text: str) -> None:
        self.click(selector)
        keys = [{"type": kind, "value": letter} for letter in text for kind in ("keyDown", "keyUp")]
        self._act({"type": "key", "id": "keyboard", "actions": keys})

    def _act(self, source: dict[str, Any]) -> None:
        self._send("input.performActions", context=self._page, actions=[source])
        self._send("input.releaseActions", context=self._page)

    def _middle_of(self, element: str) -> tuple[int, int]:
        """Where a click lands, once the element can be seen, is enabled and has stopped moving, as Playwright waits too."""
        where = """(async (e) => {
            if (!e || e.disabled) return null;
            e.scrollIntoView({block: "center"});
            const before = e.getBoundingClientRect();
            await new Promise((next) => setTimeout(next, 50));
            const box = e.getBoundingClientRect();
            const [x, y] = [Math.floor(box.x + box.width / 2), Math.floor(box.y + box.height / 2)];
            const top = document.elementFromPoint(x, y);
            return box.width && before.x === box.x && before.y === box.y && top && e.contains(top) ? [x, y] : null;
        })"""
        x, y = wait(self, f"{where}({element})")
        return int(x), int(y)

    def use_scheme(self, scheme: Scheme) -> None:
        # 0 is dark, 1 is light: what pages see as prefers-color-scheme.
        self._inside(f"Services.prefs.setIntPref('layout.css.prefers-color-scheme.content-override', {0 if scheme == 'dark' else 1})")

    def _inside(self, expression: str) -> None:
        """Evaluate in the browser's own window, which reaches what no page does."""
        chrome = self._send("browsingContext.getTree", **{"moz:scope": "chrome"})["contexts"][0]["context"]
        reply = self._send("script.evaluate", expression=expression, target={"context": chrome}, awaitPromise=True)
        if reply["type"] == "exception":
            raise ScriptError(reply["exceptionDetails"]["text"])

    def shot(self, file: Path) -> None:
        file.write_bytes(base64.b64decode(self._send("browsingContext.captureScreenshot", context=self._page)["data"]))

    def stop_background(self) -> None:
        # What the idle timer calls; the option makes it so although a native port is open.
        self._inside(f"WebExtensionPolicy.getByID({json.dumps(self._id)}).extension.terminateBackground({{disableResetIdleForTest: true}})")

    def close(self) -> None:
        with contextlib.suppress(Exception):
            self._send("browser.close")
        self._end_process()

    def _end_process(self) -> None:
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._open.close()


def _preferences(extension_id: str) -> str:
    values: dict[str, Any] = {
        # A fixed address for the extension's pages.
        "extensions.webextensions.uuids": json.dumps({extension_id: FIREFOX_UUID}),
        "extensions.background.idle.timeout": 600_000,
        "app.update.enabled": False,
        "browser.shell.checkDefaultBrowser": False,
        "browser.startup.page": 0,
        "datareporting.policy.dataSubmissionEnabled": False,
        "toolkit.telemetry.reportingpolicy.firstRun": False,
        "network.captive-portal-service.enabled": False,
        "network.connectivity-service.enabled": False,
        "layout.css.prefers-color-scheme.content-override": 1,
    }
    return "".join(f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in values.items())


@contextlib.contextmanager
def closing(browser: Browser) -> Iterator[Browser]:
    """Close ``browser`` at the end, whatever happens."""
    try:
        yield browser
    finally:
        browser.close()
