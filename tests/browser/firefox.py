"""Firefox behind the surface of ``real_browsers``, driven through WebDriver BiDi.

Implements: the parts of WebDriver BiDi (W3C Working Draft) that the tests need.
"""

from __future__ import annotations

import base64
import contextlib
import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from tests.browser.real_browsers import FIREFOX_PROGRAMS, HEIGHT, PATIENCE_SECONDS, WIDTH, Scheme, ScriptError, find_program, until, wait

if TYPE_CHECKING:
    from websockets.sync.client import ClientConnection

FIREFOX_UUID = "11111111-2222-4333-8444-555555555555"


class Firefox:
    """Firefox with one temporary extension and a profile that is fresh, or was left by one before, over a WebDriver BiDi connection."""

    family: Literal["chromium", "firefox"] = "firefox"

    def __init__(self, *, extension: Path, extension_id: str, profile: Path, environment: Mapping[str, str]) -> None:
        program = find_program(FIREFOX_PROGRAMS)
        assert program, "Firefox is not installed"
        self._id = extension_id
        profile.mkdir(parents=True, exist_ok=True)
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
        # A temporary extension is gone with the browser; what it kept stays, as that of an installed one does.
        "extensions.webextensions.keepStorageOnUninstall": True,
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
