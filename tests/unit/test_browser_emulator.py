"""The browser emulator treats a host as Chromium and Firefox do; the hosts here are real, small and mostly bad."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from native_host.testing.browser import BrowserEmulator
from native_host.testing.families import FAMILIES, MEBIBYTE, FamilyName
from native_host.testing.manifest import ConnectError
from native_host.testing.port import HostError, PortClosed, PostError
from tests.script_hosts import ECHO, FACTS, LATE, STUBBORN, write_host

NAME = "org.example.host"
IDS: dict[FamilyName, str] = {"chromium": "abcdefghijklmnopabcdefghijklmnop", "firefox": "wallet@example.org"}
BOTH: list[FamilyName] = ["chromium", "firefox"]


class Bench:
    """A browser with a home of its own, and the hosts registered there."""

    def __init__(self, family: FamilyName, folder: Path) -> None:
        self.folder = folder
        self.extension_id = IDS[family]
        self.browser = BrowserEmulator(family, home=folder / "home", root=folder / "root")
        self.system = self.browser.manifest_folders()[1]

    def script(self, body: str) -> Path:
        """A program that answers frames as ``body`` says."""
        return write_host(self.folder / "host folder", body)

    def manifest(self, program: Path, /, **changes: Any) -> dict[str, Any]:
        """A good manifest of this family, with ``changes``."""
        allowed = {
            "chromium": {"allowed_origins": [f"chrome-extension://{self.extension_id}/"]},
            "firefox": {"allowed_extensions": [self.extension_id]},
        }
        return {"name": NAME, "description": "test", "path": str(program), "type": "stdio", **allowed[self.browser.family.name], **changes}

    def register(self, manifest: dict[str, Any] | bytes, *, name: str = NAME, folder: Path | None = None) -> Path:
        """Write a manifest where the browser looks first."""
        folder = folder or self.browser.manifest_folders()[0]
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{name}.json"
        file.write_bytes(manifest if isinstance(manifest, bytes) else json.dumps(manifest).encode())
        return file

    def connect(self, body: str) -> Any:
        """Open a port to a host that does as ``body`` says."""
        self.register(self.manifest(self.script(body)))
        return self.browser.connect_native(NAME, self.extension_id)

    def refusal(self, name: str = NAME, extension_id: str | None = None) -> str:
        """The browser's words when it does not connect."""
        with pytest.raises(ConnectError) as caught:
            self.browser.connect_native(name, extension_id or self.extension_id)
        return str(caught.value)


@pytest.fixture
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    made = Bench(request.param, tmp_path)
    with made.browser:
        yield made


chromium = pytest.mark.parametrize("bench", ["chromium"], indirect=True)
firefox = pytest.mark.parametrize("bench", ["firefox"], indirect=True)
both = pytest.mark.parametrize("bench", BOTH, indirect=True)


@both
def test_a_call_is_answered(bench: Bench) -> None:
    """A request travels as one frame each way, and its result comes back."""
    port = bench.connect(ECHO)

    expected = {"jsonrpc": "2.0", "id": 1, "method": "greet", "params": {"name": "Ada ✓"}}
    assert expected == port.request("greet", {"name": "Ada ✓"})
    assert ["to host", "from host"] == [frame.direction for frame in port.seen]
    assert expected == json.loads(port.seen[0].body)


@both
def test_a_refusal_is_an_exception(bench: Bench) -> None:
    """An error reply carries code, reason and data."""
    port = bench.connect(
        'call = read()\nwrite({"jsonrpc": "2.0", "id": call["id"], "error": {"code": 5001, "message": "m", "data": {"reason": "locked"}}})\nread()'
    )

    with pytest.raises(HostError) as caught:
        port.request("listKeys")
    assert (5001, "locked", {"reason": "locked"}) == (caught.value.code, caught.value.reason, caught.value.data)


@both
def test_answers_out_of_order_find_their_calls(bench: Bench) -> None:
    """Replies are matched by id, alone or in a batch, and events stand beside them."""
    port = bench.connect(
        'a, b, c = read(), read(), read()\nwrite({"jsonrpc": "2.0", "method": "event", "params": {"type": "unlocked"}})\n'
        'write([{"jsonrpc": "2.0", "id": c["id"], "result": "c"}, {"jsonrpc": "2.0", "id": a["id"], "result": "a"}])\n'
        'write({"jsonrpc": "2.0", "id": b["id"], "result": "b"})\nread()'
    )
    calls = [port.begin("m"), port.begin("m", call_id="text"), port.begin("m")]

    assert ["a", "b", "c"] == [call.result() for call in calls]
    assert [{"type": "unlocked"}] == port.events
    assert {"type": "unlocked"} == port.wait_event("unlocked")


@chromium
def test_chromium_starts_a_host_with_the_origin(bench: Bench) -> None:
    """Chromium: argv is the path and the origin, cwd the folder of the path, only the three standard descriptors are open."""
    port = bench.connect(FACTS)

    expected = {
        "argv": [str(bench.folder / "host folder" / "host"), f"chrome-extension://{bench.extension_id}/"],
        "cwd": str(bench.folder / "host folder"),
        "descriptors": 3,
    }
    assert expected | {"home": str(bench.folder / "home")} == port.request("facts")


@firefox
def test_firefox_starts_a_host_with_its_manifest_and_a_leaked_pipe(bench: Bench) -> None:
    """Firefox: argv is the path, the manifest and the add-on id; a fourth descriptor is open."""
    port = bench.connect(FACTS)

    manifest = bench.folder / "home/.mozilla/native-messaging-hosts" / f"{NAME}.json"
    expected = {
        "argv": [str(bench.folder / "host folder" / "host"), str(manifest), bench.extension_id],
        "cwd": str(bench.folder / "host folder"),
        "descriptors": 4,
    }
    assert expected | {"home": str(bench.folder / "home")} == port.request("facts")


NOT_FOUND = {family: FAMILIES[family].not_found.format(name=NAME) for family in BOTH}


@both
def test_no_manifest_is_told_as_the_browser_tells_it(bench: Bench) -> None:
    """A host that is not registered: the browser's own sentence."""
    assert NOT_FOUND[bench.browser.family.name] == bench.refusal()


@pytest.mark.parametrize(
    ("bench", "expected"),
    [("chromium", "Access to the specified native messaging host is forbidden."), ("firefox", NOT_FOUND["firefox"])],
    indirect=["bench"],
)
def test_an_extension_that_is_not_listed_is_refused(bench: Bench, expected: str) -> None:
    """Chromium says forbidden; Firefox does not reveal that there is a host."""
    bench.register(bench.manifest(bench.script(ECHO)))
    assert expected == bench.refusal(extension_id="ponmlkjihgfedcbaponmlkjihgfedcba")


@both
@pytest.mark.parametrize(
    "changes",
    [{"name": "org.example.other"}, {"type": "pkcs11"}, {"path": 5}, {"path": "host"}, {"description": None}],
    ids=["name is not the file's", "type", "path no text", "path relative", "no description"],
)
def test_a_bad_manifest_is_as_good_as_none(bench: Bench, changes: dict[str, Any]) -> None:
    """What the browser cannot use, it does not find."""
    bench.register(bench.manifest(bench.script(ECHO), **changes))
    assert NOT_FOUND[bench.browser.family.name] == bench.refusal()


@both
@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff"], ids=["no JSON", "no object", "no UTF-8"])
def test_a_manifest_that_cannot_be_read_is_as_good_as_none(bench: Bench, content: bytes) -> None:
    """Rubbish in the manifest file."""
    bench.register(content)
    assert NOT_FOUND[bench.browser.family.name] == bench.refusal()


@chromium
@pytest.mark.parametrize("origin", ["chrome-extension://*/", "chrome-extension://abcdefghijklmnopabcdefghijklmnop", "https://example.org/"])
def test_chromium_refuses_a_manifest_with_a_bad_origin(bench: Bench, origin: str) -> None:
    """A wildcard or an origin without its slash spoils the whole manifest, whatever else it lists."""
    bench.register(bench.manifest(bench.script(ECHO), allowed_origins=[origin, f"chrome-extension://{bench.extension_id}/"]))
    assert NOT_FOUND["chromium"] == bench.refusal()


@chromium
def test_chromium_wants_a_path_that_exists(bench: Bench) -> None:
    """An absent program is not found."""
    bench.register(bench.manifest(bench.folder / "absent"))
    assert NOT_FOUND["chromium"] == bench.refusal()


@pytest.mark.parametrize(
    ("bench", "expected"), [("chromium", "Native host has exited."), ("firefox", "An unexpected error occurred")], indirect=["bench"]
)
def test_a_program_that_cannot_be_executed(bench: Bench, expected: str) -> None:
    """A path without the execute bit."""
    path = bench.script(ECHO)
    path.chmod(0o644)
    bench.register(bench.manifest(path))
    assert expected == bench.refusal()


@chromium
def test_chromium_ignores_members_it_does_not_know(bench: Bench) -> None:
    """A manifest that also lists Firefox's extensions is accepted."""
    bench.register(bench.manifest(bench.script(ECHO), allowed_extensions=["wallet@example.org"]))
    assert bench.browser.connect_native(NAME, bench.extension_id).request("greet")


@firefox
def test_firefox_refuses_members_it_does_not_know(bench: Bench) -> None:
    """A manifest that also lists Chromium's origins is refused."""
    bench.register(bench.manifest(bench.script(ECHO), allowed_origins=["chrome-extension://abcdefghijklmnopabcdefghijklmnop/"]))
    assert NOT_FOUND["firefox"] == bench.refusal()


@pytest.mark.parametrize(
    ("bench", "expected"),
    [
        ("chromium", "Invalid native messaging host name specified."),
        ("firefox", 'Type error for parameter application (String "Bad Name" must match /^\\w+(\\.\\w+)*$/) for runtime.connectNative.'),
    ],
    indirect=["bench"],
)
def test_a_name_that_is_no_name(bench: Bench, expected: str) -> None:
    """A host name with a space in it."""
    assert expected == bench.refusal(name="Bad Name")


@both
def test_the_system_wide_manifest_is_used_when_the_person_has_none(bench: Bench) -> None:
    """The folder for all users comes second."""
    bench.register(bench.manifest(bench.script(ECHO)), folder=bench.system)
    assert bench.system / f"{NAME}.json" == bench.browser.find_manifest(NAME, bench.extension_id).file
    own = bench.register(bench.manifest(bench.script(ECHO)))
    assert own == bench.browser.find_manifest(NAME, bench.extension_id).file


@pytest.mark.parametrize(("bench", "found"), [("chromium", False), ("firefox", True)], indirect=["bench"])
def test_only_firefox_looks_behind_a_broken_manifest(bench: Bench, found: bool) -> None:  # noqa: FBT001
    """A broken manifest of the person hides the good one of the system from Chromium."""
    bench.register(bench.manifest(bench.script(ECHO)), folder=bench.system)
    bench.register(b"{")
    if found:
        assert bench.system / f"{NAME}.json" == bench.browser.find_manifest(NAME, bench.extension_id).file
    else:
        assert NOT_FOUND["chromium"] == bench.refusal()


@both
def test_a_reply_of_exactly_one_mebibyte_arrives(bench: Bench) -> None:
    """1 048 576 bytes are delivered."""
    port = bench.connect(f"read()\nraw(b'\"' + b\"x\" * {MEBIBYTE - 2} + b'\"')\nread()")
    port.post({})
    assert "x" * (MEBIBYTE - 2) == port.next_message(0)


OVERSIZE = {
    "chromium": "Error when communicating with the native messaging host.",
    "firefox": "Native application tried to send a message of 1048577 bytes, which exceeds the limit of 1048576 bytes.",
}


@both
@pytest.mark.parametrize(
    "body", [f"raw(b'x' * {MEBIBYTE + 1})", f"os.write(1, struct.pack('=I', {MEBIBYTE + 1}))\nread()"], ids=["whole", "declared only"]
)
def test_one_byte_more_closes_the_port(bench: Bench, body: str) -> None:
    """A frame over the limit, or only its length, closes the port with the browser's sentence."""
    port = bench.connect(f"read()\nsignal.signal(signal.SIGPIPE, signal.SIG_DFL)\n{body}")
    call = port.begin("anything")

    with pytest.raises(PortClosed) as caught:
        call.result()
    assert OVERSIZE[bench.browser.family.name] == caught.value.text == port.error


@chromium
@pytest.mark.parametrize("body", ["b''", "b'rubbish'", "b'NaN'"])
def test_chromium_drops_what_is_not_json(bench: Bench, body: str) -> None:
    """Chromium says nothing, the port stays open and the next message arrives."""
    port = bench.connect(f"read()\nraw({body})\nwrite('after')\nread()")
    port.post({})
    assert ("after", False) == (port.next_message(0), port.closed)


@firefox
@pytest.mark.parametrize("body", ["b''", "b'rubbish'", "b'NaN'"])
def test_firefox_closes_on_what_is_not_json(bench: Bench, body: str) -> None:
    """Firefox closes the port with a general sentence."""
    port = bench.connect(f"read()\nraw({body})\nread()")
    port.post({})
    assert "An unexpected error occurred" == port.wait_closed()


@both
def test_scalars_and_bad_utf8_are_delivered(bench: Bench) -> None:
    """Two frames in one write arrive as two messages; invalid UTF-8 becomes replacement characters."""
    port = bench.connect("read()\nos.write(1, struct.pack('=I', 2) + b'42' + struct.pack('=I', 3) + b'\"\\xff\"')\nread()")
    port.post({})
    assert [42, "\ufffd"] == [port.next_message(0), port.next_message(1)]


@pytest.mark.parametrize(("bench", "expected"), [("chromium", "Native host has exited."), ("firefox", None)], indirect=["bench"])
def test_a_host_that_exits_closes_the_port(bench: Bench, expected: str | None) -> None:
    """The extension learns that the host is gone, not with which status; the test does."""
    port = bench.connect("read()\nsys.exit(3)")
    call = port.begin("anything")

    with pytest.raises(PortClosed) as caught:
        call.result()
    assert (expected, expected, 3) == (caught.value.text, port.error, port.wait_exit())


@pytest.mark.parametrize(
    ("bench", "expected"),
    [("chromium", "Attempting to use a disconnected port object"), ("firefox", "Attempt to postMessage on disconnected port")],
    indirect=["bench"],
)
def test_posting_on_a_closed_port_throws(bench: Bench, expected: str) -> None:
    """Calling postMessage on a dead port throws the browser's sentence."""
    port = bench.connect("")
    port.wait_closed()
    with pytest.raises(PostError, match=expected):
        port.post({})


@chromium
def test_chromium_refuses_to_send_more_than_64_mebibytes(bench: Bench) -> None:
    """Calling postMessage throws, and the port stays open."""
    port = bench.connect(ECHO)
    with pytest.raises(PostError, match=r"Message exceeded maximum allowed size of 64MiB\."):
        port.post("x" * (64 * MEBIBYTE))
    assert port.request("after")


@both
def test_disconnecting_ends_a_good_host_by_end_of_file(bench: Bench) -> None:
    """A host that heeds end-of-file exits by itself."""
    port = bench.connect("while read() is not None:\n    pass\nsys.exit(0)")
    assert (0, None) == (port.disconnect(), port.killed_by)


@pytest.mark.parametrize(("bench", "warned"), [("chromium", False), ("firefox", True)], indirect=["bench"])
def test_a_host_that_ignores_end_of_file_is_killed(bench: Bench, warned: bool) -> None:  # noqa: FBT001
    """Both end with SIGKILL; only Firefox sends SIGTERM before."""
    port = bench.connect(STUBBORN)
    port.post({})
    port.next_message(0)

    assert (-signal.SIGKILL, "SIGKILL") == (port.disconnect(), port.killed_by)
    assert warned == (bench.folder / "host folder" / "terminated").exists()


@firefox
def test_firefox_ends_a_slow_host_with_sigterm(bench: Bench) -> None:
    """A host that does not see end-of-file but does not catch signals either ends by SIGTERM."""
    port = bench.connect("read()\nwrite('ready')\nsignal.pause()")
    port.post({})
    port.next_message(0)
    assert (-signal.SIGTERM, "SIGTERM") == (port.disconnect(), port.killed_by)


@pytest.mark.parametrize(("bench", "expected"), [("chromium", "broken pipe"), ("firefox", "written")], indirect=["bench"])
def test_a_late_reply_meets_what_the_browser_left_open(bench: Bench, expected: str) -> None:
    """After disconnect Chromium's pipe is broken; Firefox still drains it."""
    port = bench.connect(LATE)
    port.post({})
    port.next_message(0)
    port.disconnect()
    assert (expected, 1) == ((bench.folder / "host folder" / "said").read_text(), len(port.messages))


@both
def test_standard_error_is_recorded(bench: Bench) -> None:
    """What the host writes there is kept with everything else that left it."""
    port = bench.connect("read()\nos.write(2, b'a warning')\nsys.exit(0)")
    port.post({})
    port.wait_exit()
    assert b"a warning" == port.stderr


@both
def test_a_host_that_does_not_read_does_not_block_the_test(bench: Bench) -> None:
    """Posting returns although the pipe is full, and the port can still be closed."""
    port = bench.connect("write('ready')\nsignal.pause()")
    port.next_message(0)
    port.post("x" * MEBIBYTE)
    with pytest.raises(TimeoutError):
        port.request("anything", timeout=0.05)
    os.kill(port.process.pid, signal.SIGTERM)
    assert -signal.SIGTERM == port.wait_exit()


@both
def test_half_closing_still_delivers_what_the_host_says_last(bench: Bench) -> None:
    """end_input gives end-of-file after what is queued, and replies still arrive."""
    port = bench.connect("call = read()\nassert read() is None\nwrite(call)")
    port.post({"last": True})
    port.end_input()
    assert ({"last": True}, 0) == (port.next_message(0), port.wait_exit())


@both
def test_raw_bytes_go_out_as_they_stand(bench: Bench) -> None:
    """post_bytes is how a test sends what no browser would."""
    port = bench.connect("write(sys.stdin.buffer.read(7).hex())\nread()")
    port.post_bytes(b"\xff\xff\xff\xffabc")
    assert "ffffffff616263" == port.next_message(0)


@both
def test_each_port_has_a_host_of_its_own_and_quitting_ends_all(bench: Bench) -> None:
    """Three ports are three processes."""
    first = bench.connect(ECHO)
    ports = [first, *(bench.browser.connect_native(NAME, bench.extension_id) for _ in range(2))]
    processes = {port.process.pid for port in ports}
    bench.browser.quit()
    assert (3, [0, 0, 0]) == (len(processes), [port.exit_code for port in ports])


@both
def test_a_command_can_be_started_without_a_manifest(bench: Bench) -> None:
    """connect_command gives it the browser's arguments all the same."""
    script = bench.script("write(sys.argv[1:])\nread()")
    port = bench.browser.connect_command([sys.executable, "-I", str(script)], bench.extension_id)
    expected = {"chromium": [f"chrome-extension://{bench.extension_id}/"], "firefox": ["/nonexistent/manifest.json", bench.extension_id]}
    assert expected[bench.browser.family.name] == port.next_message(0)


@both
def test_a_reused_id_waits_for_its_new_answer(bench: Bench) -> None:
    """An id may be used again once it was answered."""
    port = bench.connect(ECHO)
    answers = [port.begin(method, call_id="same").result()["method"] for method in ("one", "two")]
    assert ["one", "two"] == answers


@both
def test_a_host_that_dies_in_a_call_wakes_the_one_who_waits(bench: Bench) -> None:
    """A waiting request ends with the port, not with its time-out."""
    port = bench.connect("read()\nwrite('ready')\nread()\nsignal.pause()")
    port.post({})
    port.next_message(0)
    call = port.begin("never answered")
    outcome: list[type[Exception]] = []

    def wait() -> None:
        try:
            call.result()
        except (PortClosed, TimeoutError) as error:
            outcome.append(type(error))

    waiter = threading.Thread(target=wait)
    waiter.start()
    os.kill(port.process.pid, signal.SIGKILL)
    waiter.join(60)
    assert [PortClosed] == outcome


@pytest.mark.parametrize(
    ("browser", "expected"),
    [
        ("chromium", ["home/.config/chromium/NativeMessagingHosts", "root/etc/chromium/native-messaging-hosts"]),
        ("firefox", ["home/.mozilla/native-messaging-hosts", "root/usr/lib/mozilla/native-messaging-hosts"]),
        ("brave", ["home/.config/BraveSoftware/Brave-Browser/NativeMessagingHosts", "root/etc/opt/chrome/native-messaging-hosts"]),
    ],
)
def test_each_browser_looks_where_the_installer_writes(browser: str, expected: list[str], tmp_path: Path) -> None:
    """The places are those of the installer's table, the person's own first."""
    emulator = BrowserEmulator(browser, home=tmp_path / "home", root=tmp_path / "root")
    assert [tmp_path / place for place in expected] == emulator.manifest_folders()


def test_another_user_data_dir_moves_chromiums_own_place(tmp_path: Path) -> None:
    """Chromium looks into the profile folder it was started with, and nowhere else of the person's."""
    emulator = BrowserEmulator("chromium", home=tmp_path / "home", user_data_dir=tmp_path / "profile", root=tmp_path)
    assert tmp_path / "profile/NativeMessagingHosts" == emulator.manifest_folders()[0]
    assert not any(folder.is_relative_to(tmp_path / "home") for folder in emulator.manifest_folders())


@pytest.mark.parametrize("name", ["netscape", "chromium-snap"])
def test_a_browser_that_cannot_be_emulated_is_refused(name: str) -> None:
    """Neither one that is not in the table nor one in a sandbox."""
    with pytest.raises(ValueError, match="no such browser"):
        BrowserEmulator(name)
