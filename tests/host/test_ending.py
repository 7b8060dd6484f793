"""How the host ends (protocol sections 1 and 4): with its port, with its parent, and for a stranger at once."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from native_host.audit import entries
from native_host.testing.browser import BrowserEmulator
from native_host.testing.port import HostError, Port
from tests.homes import ADDON, HOST, OTHER_ADDON, Home, b64, frame, now, origin_of, refusal, unlock, until

HELLO = {"protocol": ["1"], "client": {"name": "x", "version": "1"}}
REFUSED = (4100, {"reason": "origin_not_allowed"})


def children(pid: int) -> list[int]:
    """The processes that one process, on any of its threads, has started."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            with contextlib.suppress(OSError):
                found += map(int, Path(f"/proc/{pid}/task/{thread}/children").read_text(encoding="ascii").split())
    return found


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def make_key(port: Port) -> str:
    key_id: str = port.request("generateKey", {"alg": "Ed25519"})["keyId"]
    return key_id


def read_frame(stream: Any) -> Any:
    header = stream.read(4)
    return json.loads(stream.read(int.from_bytes(header, sys.byteorder))) if header else None


@pytest.mark.parametrize("browser", ["chromium", "firefox"])
def test_the_port_closes(home: Home, browser: str) -> None:
    """The host ends by itself, before either browser would kill it."""
    if browser == "firefox":
        with home.store() as store, store.transaction():
            store.attach("moz-extension:companion@strongroom.example", "main", development=False, expires_at=None)
    port = home.start("companion@strongroom.example" if browser == "firefox" else ADDON, browser=browser)
    port.hello()
    assert 0 == port.disconnect()
    assert port.killed_by is None


def test_what_was_asked_before_the_end_is_answered(home: Home) -> None:
    """Calls that need nobody are answered even if the input ends right behind them."""
    port = home.start()
    port.post_bytes(
        b"".join(
            frame(json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}).encode())
            for number, (method, params) in enumerate([("hello", HELLO), *[("randomBytes", {"length": 65536})] * 20])
        )
    )
    port.end_input()
    assert 0 == port.wait_exit()
    assert list(range(21)) == [message["id"] for message in port.messages]


def test_half_a_frame_at_the_end_is_dropped(home: Home) -> None:
    """Wherever it is cut."""
    whole = frame(b'{"jsonrpc":"2.0","id":1,"method":"getStatus"}')
    for length in (1, 3, 4, 5, len(whole) - 1):
        port = home.start()
        port.post_bytes(whole[:length])
        port.end_input()
        assert 0 == port.wait_exit()
        assert [] == port.messages


@pytest.mark.parametrize("asked", ["review", "askSecret", "showSecret"])
def test_what_waits_for_the_person_is_denied(home: Home, asked: str) -> None:
    """The reply says so, the host ends with 0, and the program that asked ends with it."""
    port = home.greet() if asked == "askSecret" else home.open()
    home.approver.misbehave("hang", kind=asked)
    method, params = {
        "review": ("sign", {"keyId": make_key(port), "data": b64(b"data")} if asked == "review" else {}),
        "askSecret": ("unlock", {}),
        "showSecret": ("generateKey", {"alg": "BIP39"}),
    }[asked]
    pending = port.begin(method, params)
    home.approver.wait_for(kind=asked)
    programs = until(lambda: children(port.process.pid))
    port.end_input()
    assert 0 == port.wait_exit()
    with pytest.raises(HostError) as caught:
        pending.result()
    assert (4001, {"reason": "user_rejected"}) == refusal(caught.value)
    until(lambda: not any(map(is_running, programs)), what="the end of the approver")


def test_a_closed_port_with_something_waiting(home: Home) -> None:
    """The host is not killed by the browser, though nobody reads its last reply."""
    port = home.open()
    home.approver.misbehave("hang", kind="review")
    port.begin("sign", {"keyId": make_key(port), "data": b64(b"data")})
    home.approver.wait_for(kind="review")
    assert 0 == port.disconnect()
    assert port.killed_by is None


def test_the_end_while_another_host_has_the_window(home: Home) -> None:
    """One that waits for its turn ends as well, and does not ask any more."""
    home.approver.misbehave("hang", kind="review")
    first, second = home.open(), home.open()
    key_id = make_key(first)
    first.begin("sign", {"keyId": key_id, "data": b64(b"first")})
    home.approver.wait_for(kind="review")
    second.begin("sign", {"keyId": key_id, "data": b64(b"second")})
    until(lambda: len(second.events) and second.events[-1]["type"] == "approvalWaiting")
    assert 0 == second.disconnect()
    assert second.killed_by is None
    assert 1 == len([ask for ask in home.approver.asked if ask["kind"] == "review"])


def test_the_end_during_set_up(empty_home: Home) -> None:
    """While the passphrase is being worked on: nothing is half done."""
    port = empty_home.greet()
    pending = port.begin("unlock")
    until(lambda: [line for line in empty_home.approver.lines if "secret" in line.get("answer", {})], what="the passphrase")
    assert 0 == port.disconnect()
    assert pending.id in {1, 2}
    again = empty_home.start()
    assert again.hello()["state"] in {"uninitialized", "locked"}
    assert {"state": "unlocked"} == again.request("unlock")
    assert 0 == again.request("getStatus")["keyCount"]


def test_a_denial_by_closing_stands_in_the_record_and_counts(home: Home) -> None:
    """An extension that closes its port in place of taking its call back is treated no better."""
    home.approver.misbehave("hang", kind="review")
    port = home.open()
    key_id = make_key(port)
    port.begin("sign", {"keyId": key_id, "data": b64(b"data")})
    home.approver.wait_for(kind="review")
    assert 0 == port.disconnect()
    assert port.killed_by is None
    with home.store() as store:
        assert [(1,)] == store.connection.execute("SELECT count FROM counters").fetchall()
        unlock(store)
        last = list(entries(store))[-1].entry
    assert last is not None
    assert ("sign", "user_rejected") == (last.method, last.outcome)


def test_nobody_reads_any_more(home: Home) -> None:
    """EPIPE: the host ends with 0 although its input stays open."""
    process = subprocess.Popen(
        [*HOST, origin_of(ADDON)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, **home.environ}
    )
    assert process.stdin
    assert process.stdout
    assert process.stderr
    process.stdout.close()
    process.stdin.write(frame(json.dumps({"jsonrpc": "2.0", "id": 1, "method": "hello", "params": HELLO}).encode()))
    process.stdin.flush()
    assert 0 == process.wait(60)
    assert b"" == process.stderr.read()
    process.stdin.close()
    process.stderr.close()


@contextlib.contextmanager
def host_of_a_parent(home: Home, addon: str = ADDON) -> Iterator[tuple[subprocess.Popen[bytes], Any]]:
    """A host whose parent is a process of its own, while its pipes are held open by this one."""
    program = "import subprocess, sys; sys.exit(subprocess.call(sys.argv[1:]))"
    parent = subprocess.Popen(
        [sys.executable, "-c", program, *HOST, origin_of(addon)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, **home.environ},
    )
    assert parent.stdin
    assert parent.stdout
    try:
        yield parent, parent.stdout
    finally:
        parent.stdin.close()
        parent.stdout.close()
        parent.wait()


def test_the_parent_dies(home: Home) -> None:
    """Though somebody else holds its pipe open, the host ends, and what waits is denied."""
    with host_of_a_parent(home) as (parent, replies):
        assert parent.stdin
        for number, method in enumerate(["hello", "unlock"]):
            parent.stdin.write(
                frame(json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": HELLO if method == "hello" else {}}).encode())
            )
        home.approver.misbehave("hang", kind="askSecret")
        parent.stdin.flush()
        home.approver.wait_for(kind="askSecret")
        parent.kill()
        said = list(iter(lambda: read_frame(replies), None))
    assert [{"reason": "user_rejected"}] == [reply["error"]["data"] for reply in said if reply.get("id") == 1]


def test_the_parent_of_a_refused_host_dies(home: Home) -> None:
    """A stranger's host does not stay either."""
    with host_of_a_parent(home, OTHER_ADDON) as (parent, replies):
        until(lambda: children(parent.pid), what="the host")
        host = children(parent.pid)[0]
        until(lambda: len(list(Path(f"/proc/{host}/task").iterdir())) > 1, what="the thread that looks after its parent")
        parent.kill()
        until(lambda: not is_running(host), what="its end")
        assert read_frame(replies) is None


ARGUMENTS = {
    "a stranger": [origin_of(OTHER_ADDON)],
    "none": [],
    "an origin that is none": ["https://example.org/"],
    "too many": [origin_of(ADDON), "--parent-window=0", "more"],
    "a flag": ["--help"],
    "another person's add-on": ["/nonexistent/manifest.json", "stranger@example.org"],
}


@pytest.mark.parametrize("arguments", ARGUMENTS.values(), ids=ARGUMENTS.keys())
def test_a_stranger_learns_only_that(home: Home, arguments: list[str]) -> None:
    """The first frame is answered origin_not_allowed whatever it asks, no other is, and the host ends with 3."""
    with BrowserEmulator(home=home.person, environment=home.environ) as browser:
        port = browser.start([*HOST, *arguments])
        pending = port.begin("unlock")
        port.begin("getStatus")
        assert 3 == port.wait_exit()
        with pytest.raises(HostError) as caught:
            pending.result()
        assert REFUSED == refusal(caught.value)
        assert 1 == len(port.messages)
        assert b"" == port.stderr


FIRST_FRAMES = {
    "not JSON": (b"{", None),
    "no request": (b"42", None),
    "oversize": (b" " * (2**20 + 1), None),
    "a batch": (b'[{"jsonrpc":"2.0","id":1,"method":"hello"},{"jsonrpc":"2.0","id":2,"method":"unlock"}]', [1, 2]),
    "an unknown method": (b'{"jsonrpc":"2.0","id":"x","method":"nothing"}', "x"),
}


@pytest.mark.parametrize(("body", "answered"), FIRST_FRAMES.values(), ids=FIRST_FRAMES.keys())
def test_a_strangers_first_frame(home: Home, body: bytes, answered: Any) -> None:
    """Not even what is wrong with it is told."""
    port = home.start(OTHER_ADDON)
    port.post_bytes(frame(body))
    assert 3 == port.wait_exit()
    (message,) = port.messages
    replies = message if isinstance(message, list) else [message]
    assert answered == ([reply["id"] for reply in replies] if isinstance(message, list) else message["id"])
    assert {json.dumps(reply["error"]) for reply in replies} == {json.dumps(replies[0]["error"])}
    assert "origin_not_allowed" == replies[0]["error"]["data"]["reason"]


def test_a_stranger_who_says_nothing(home: Home) -> None:
    """Ends with 3 as well."""
    port = home.start(OTHER_ADDON)
    port.end_input()
    assert 3 == port.wait_exit()
    assert [] == port.messages


def test_a_stranger_cannot_tell_what_is_there(home: Home, tmp_path: Path) -> None:
    """With a store, with none, and with settings that cannot be read, the answer is the same to the byte."""
    (tmp_path / "second").mkdir()
    second = Home(tmp_path / "second")
    third = Home(tmp_path / "third")
    (third.folder / "config.toml").write_text("not TOML")
    answers = set()
    for place in (home, second, third):
        port = place.start(OTHER_ADDON)
        port.begin("hello", HELLO)
        assert 3 == port.wait_exit()
        answers.add(port.seen[-1].body)
        place.quit()
    assert 1 == len(answers)


def test_a_development_build_whose_time_is_over(home: Home) -> None:
    """It is a stranger."""
    home.attach(OTHER_ADDON, development=True, expires_at=now() - 1)
    port = home.start(OTHER_ADDON)
    with pytest.raises(HostError) as caught:
        port.hello()
    assert REFUSED == refusal(caught.value)
    assert 3 == port.wait_exit()


def test_settings_that_cannot_be_followed(home: Home) -> None:
    """Hello is said; what needs the settings is told which of them is wrong."""
    (home.folder / "config.toml").write_text('[approval]\nprogramme = ["x"]\n')
    port = home.greet()
    with pytest.raises(HostError) as caught:
        port.request("unlock")
    assert (5010, {"reason": "backend_unavailable", "detail": "config"}) == refusal(caught.value)
    assert "approval.programme" in caught.value.message
    assert 0 == port.disconnect()
