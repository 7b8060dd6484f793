"""The two browsers can be driven, and they treat native hosts as the emulator says: asked with the same bad hosts."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from native_host.testing.browser import BrowserEmulator
from native_host.testing.families import MEBIBYTE
from native_host.testing.manifest import ConnectError
from native_host.testing.port import PortClosed, PostError
from tests.browser.conftest import Launch, extension_id_of
from tests.browser.real_browsers import SCHEMES, Browser, ScriptError, until, wait
from tests.script_hosts import ECHO, FACTS, LATE, STUBBORN, write_host

FAMILIES = ["chromium", "firefox"]
FIREFOX_ID = "throwaway@example.org"
UNREAD = ("org.example.exits_at_once", "org.example.not_executable")
"""The rows whose host ends before it has read anything: see ``Family.exited_unread``."""


@pytest.fixture(params=FAMILIES)
def family(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def extension(family: str, tmp_path: Path) -> Path:
    """A throw-away extension with an id of its own."""
    folder = tmp_path / "extension"
    shutil.copytree(Path(__file__).with_name("throwaway"), folder)
    manifest: dict[str, Any] = {"manifest_version": 3, "name": "Throw-away", "version": "1", "permissions": ["nativeMessaging"]}
    if family == "chromium":
        public_key = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
        key = base64.b64encode(public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
        manifest |= {"key": key, "background": {"service_worker": "background.js"}}
    else:
        manifest |= {"browser_specific_settings": {"gecko": {"id": FIREFOX_ID}}, "background": {"scripts": ["background.js"]}}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


@pytest.fixture
def browser(family: str, extension: Path, tmp_path: Path, launch: Launch) -> Browser:
    return launch(family, extension=extension, home=tmp_path / "home")


class Registry:
    """Registers script hosts where both the real browser and the emulator look."""

    def __init__(self, family: str, extension: Path, folder: Path) -> None:
        self.extension_id = extension_id_of(family, extension)
        self.emulator = BrowserEmulator(family, home=folder / "home")
        self.hosts = folder / "hosts"
        self._folder = self.emulator.manifest_folders()[0]
        self._folder.mkdir(parents=True, exist_ok=True)

    def add(self, name: str, body: str, /, *, mode: int = 0o755, **changes: Any) -> None:
        """Write host and manifest of ``name``."""
        program = write_host(self.hosts / name, body)
        program.chmod(mode)
        if self.emulator.family.name == "chromium":
            allowed = {"allowed_origins": [f"chrome-extension://{self.extension_id}/"]}
        else:
            allowed = {"allowed_extensions": [self.extension_id]}
        manifest = {"name": name, "description": "test", "path": str(program), "type": "stdio", **allowed, **changes}
        (self._folder / f"{name}.json").write_text(json.dumps(manifest), encoding="utf-8")


@pytest.fixture
def registry(family: str, extension: Path, tmp_path: Path) -> Registry:
    return Registry(family, extension, tmp_path)


def test_a_page_can_be_driven_and_pictured(browser: Browser, artefacts: Path) -> None:
    """Open, type, click and see: keys and clicks arrive as a person's, light and dark are told apart."""
    pictures = []
    for scheme in SCHEMES:
        browser.use_scheme(scheme)
        browser.open("page.html")
        browser.type("#field", "Grüße 1")
        browser.press("Copy")
        assert "Grüße 1" == wait(browser, "document.getElementById('copy').textContent")
        picture = artefacts / f"facade-{browser.family}-{scheme}.png"
        browser.shot(picture)
        pictures.append(picture.read_bytes())
    assert pictures[0] != pictures[1]
    assert all(picture.startswith(b"\x89PNG") for picture in pictures)


def test_values_and_errors_come_back(browser: Browser) -> None:
    """Promises are awaited, null is None, and what throws is a ScriptError."""
    browser.open("page.html")
    assert {"a": [1, None, "ü"]} == browser.js("Promise.resolve({a: [1, null, 'ü']})")
    assert browser.js("null") is None
    with pytest.raises(ScriptError):
        browser.js("document.getElementById('absent').textContent")


def test_a_stopped_background_comes_back(browser: Browser, registry: Registry) -> None:
    """Stopping it ends its host by end-of-file, and the next message starts another life with another host."""
    registry.add("org.example.echo", ECHO + "leave('ended-' + str(os.getpid()))")
    connect = "(globalThis.browser ?? chrome).runtime.sendMessage({connect: 'org.example.echo'})"
    browser.open("page.html")
    first = browser.js(connect)
    assert first == browser.js("(globalThis.browser ?? chrome).runtime.sendMessage({})")

    browser.stop_background()

    assert until(lambda: list(registry.hosts.glob("*/ended-*")), "the host's end")
    assert first != browser.js(connect)


def test_the_emulator_says_what_the_browser_says(browser: Browser, registry: Registry) -> None:
    """Every row of the emulator's table, asked of the real browser: messages, closing, error texts, what the host sees."""
    rows = add_rows(registry)
    browser.open("page.html")
    real = {name: browser.js(f"converse('{name}', [{{id: 1}}], {enough})") for name, enough in rows.items()}
    emulated = {name: converse(registry, name, enough) for name, enough in rows.items()}
    for name in UNREAD:
        may_say = registry.emulator.family.exited_unread
        if {real[name]["error"], emulated[name]["error"]} <= may_say:
            real[name]["error"] = emulated[name]["error"]
    assert real == emulated


def test_a_name_that_is_no_name_is_refused_in_the_same_words(browser: Browser, registry: Registry) -> None:
    """Chromium tells it on the port, Firefox throws; the emulator has the text of both."""
    browser.open("page.html")
    try:
        real = browser.js("converse('Bad Name', [], 1)")["error"]
    except ScriptError as error:
        real = str(error).removeprefix("Error: ")
    with pytest.raises(ConnectError) as emulated:
        registry.emulator.connect_native("Bad Name", registry.extension_id)
    assert real == str(emulated.value)


def add_rows(registry: Registry) -> dict[str, int]:
    """Register one host for each fact; how many messages make its conversation complete."""
    rows: dict[str, int] = {}

    def row(name: str, body: str = ECHO, /, *, enough: int = 1, **changes: Any) -> None:
        registry.add(f"org.example.{name}", body, **changes)
        rows[f"org.example.{name}"] = enough

    row("echo")
    row("facts", FACTS)
    row("exits", "read()\nsys.exit(3)")
    row("exits_at_once", "")
    row("largest", f"read()\nraw(b'[' + b' ' * {MEBIBYTE - 3} + b'1]')\nread()")
    row("oversize", f"read()\nsignal.signal(signal.SIGPIPE, signal.SIG_DFL)\nraw(b'x' * {MEBIBYTE + 1})")
    row("declares_oversize", f"read()\nos.write(1, struct.pack('=I', {MEBIBYTE + 1}))\nread()")
    row("rubbish", "read()\nraw(b'rubbish')\nwrite('after')\nread()")
    row("nan", "read()\nraw(b'NaN')\nwrite('after')\nread()")
    row("empty_frame", "read()\nraw(b'')\nwrite('after')\nread()")
    row("scalar", "read()\nos.write(1, struct.pack('=I', 2) + b'42' + struct.pack('=I', 4) + b'true')\nread()", enough=2)
    row("bad_utf8", "read()\nraw(b'\"a\\xffb\"')\nread()")
    row("not_executable", mode=0o644)
    row("path_absent", path="/nonexistent/host")
    row("path_relative", path="host")
    row("other_name", name="org.example.someone_else")
    row("other_type", type="pkcs11")
    row("no_description", description=None)
    row("extra_member", surprise=1)
    if registry.emulator.family.name == "chromium":
        row("not_listed", allowed_origins=["chrome-extension://ponmlkjihgfedcbaponmlkjihgfedcba/"])
        row("wildcard", allowed_origins=["chrome-extension://*/"])
        row("no_slash", allowed_origins=[f"chrome-extension://{registry.extension_id}"])
        row("both_lists", allowed_extensions=[FIREFOX_ID])
    else:
        row("not_listed", allowed_extensions=["someone.else@example.org"])
        row("both_lists", allowed_origins=["chrome-extension://ponmlkjihgfedcbaponmlkjihgfedcba/"])
    rows["org.example.absent"] = 1
    return rows


def converse(registry: Registry, name: str, enough: int) -> dict[str, Any]:
    """The emulator's side of ``converse`` in page.js."""
    seen: dict[str, Any] = {"messages": [], "closed": False, "error": None, "thrown": None}
    with registry.emulator as emulator:
        try:
            port = emulator.connect_native(name, registry.extension_id)
        except ConnectError as error:
            # An extension gets a port all the same, that closes with this text.
            return {**seen, "closed": True, "error": str(error), "thrown": emulator.family.disconnected}
        with contextlib.suppress(PostError):
            port.post({"id": 1})
        try:
            seen["messages"] = [port.next_message(number) for number in range(enough)]
        except PortClosed as closed:
            seen |= {"messages": port.messages, "closed": True, "error": closed.text}
            with pytest.raises(PostError) as thrown:
                port.post({})
            seen["thrown"] = str(thrown.value)
    return seen


@pytest.mark.parametrize("family", ["chromium"])
def test_chromium_throws_at_a_message_that_is_too_large(browser: Browser, registry: Registry) -> None:
    """One byte over 64 MiB is an exception in the page, and the port lives on; the emulator says the same."""
    registry.add("org.example.echo", "while (call := read()) is not None:\n    write({'result': call})")
    browser.open("page.html")
    size = 64 * MEBIBYTE + 1
    real = browser.js(f"postLarge('org.example.echo', {size})")

    with registry.emulator as emulator:
        port = emulator.connect_native("org.example.echo", registry.extension_id)
        with pytest.raises(PostError) as thrown:
            port.post("x" * (size - 2))
        port.post({"id": 1})
        emulated = {"thrown": str(thrown.value), "after": port.next_message(0)["result"]}
    assert real == emulated


def is_running(process_id: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{process_id}/status").read_text(encoding="utf-8")
    except FileNotFoundError:
        return False


def test_the_browser_ends_stubborn_hosts_as_the_emulator_does(browser: Browser, registry: Registry) -> None:
    """A host that ignores end-of-file, and one that replies too late: ended alike, with or without a warning."""
    registry.add("org.example.stubborn", STUBBORN)
    registry.add("org.example.late", LATE)
    stubborn, late = registry.hosts / "org.example.stubborn", registry.hosts / "org.example.late"

    def outcome(run: Callable[[str], Any]) -> dict[str, Any]:
        for name in ("stubborn", "late"):
            run(f"org.example.{name}")
        process_id = int((stubborn / "pid").read_text())
        until(lambda: not is_running(process_id), "the end of the stubborn host")
        said = until(lambda: (late / "said").exists() and (late / "said").read_text(), "the late host's word")
        found = {"warned": (stubborn / "terminated").exists(), "said": said}
        for file in (stubborn / "terminated", stubborn / "pid", late / "said"):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(file)
        return found

    browser.open("page.html")
    real = outcome(lambda name: browser.js(f"converse('{name}', [{{id: 1}}], 1)"))
    emulated = outcome(lambda name: converse(registry, name, 1))
    assert real == emulated
