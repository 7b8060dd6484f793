"""The question that doctor asks a registered host, against real processes."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from native_host.install.round_trip import Trip, say_hello

START = f"""#!{sys.executable} -I
import json, os, struct, sys, time
def read():
    header = sys.stdin.buffer.read(4)
    return json.loads(sys.stdin.buffer.read(struct.unpack("=I", header)[0])) if len(header) == 4 else None
def write(value):
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    os.write(1, struct.pack("=I", len(body)) + body)
"""
GOOD = """
call = read()
write({"jsonrpc": "2.0", "id": call["id"], "result": {"host": {"name": "x", "version": "1.2"}, "state": "locked"}})
read()
"""


def trip(folder: Path, body: str, *, timeout: float = 20, arguments: tuple[str, ...] = ()) -> Trip:
    script = folder / "host"
    script.write_text(START + body)
    script.chmod(0o755)
    return say_hello([str(script), *arguments], {"PATH": os.environ.get("PATH", "")}, timeout)


def test_an_answer_is_read(tmp_path: Path) -> None:
    """A host that answers tells its version and state, and ended with its input."""
    got = trip(tmp_path, GOOD)
    assert ("1.2", "locked", "", "", True) == (got.host, got.state, got.reason, got.failure, got.ended)
    assert 0 <= got.milliseconds < 20_000


def test_the_host_is_asked_as_a_browser_asks(tmp_path: Path) -> None:
    """It gets the browser's arguments, its own folder as working folder, and a hello of protocol 1."""
    seen = tmp_path / "seen"
    trip(
        tmp_path,
        f"import pathlib\ncall = read()\npathlib.Path({str(seen)!r}).write_text(json.dumps([sys.argv[1:], os.getcwd(), call]))",
        arguments=("a", "b"),
    )
    arguments, folder, call = json.loads(seen.read_text())
    assert (["a", "b"], str(tmp_path)) == (arguments, folder)
    assert {"jsonrpc", "id", "method", "params"} == set(call)
    assert ("2.0", "hello", ["1"], {"name", "version"}) == (
        call["jsonrpc"],
        call["method"],
        call["params"]["protocol"],
        set(call["params"]["client"]),
    )


def test_a_refusal_is_an_answer(tmp_path: Path) -> None:
    """An error frame counts as answered, with its reason."""
    got = trip(tmp_path, 'read(); write({"jsonrpc": "2.0", "id": 1, "error": {"code": 4100, "data": {"reason": "origin_not_allowed"}}})')
    assert ("origin_not_allowed", "") == (got.reason, got.failure)


@pytest.mark.parametrize(
    ("body", "failure"),
    [
        ("sys.exit(7)", "it ended with status 7 before it answered"),
        (
            "read(); sys.stderr.write('first\\nno \\x1b[31mkeystore\\n'); sys.exit(1)",
            "it ended with status 1 before it answered (no [31mkeystore)",
        ),
        ("read(); print('Hello, world', flush=True); read()", "it wrote something that is no frame to its standard output"),
        ("read(); write(b'Hello'); read()", "its frame holds no JSON"),
        ("read(); write(b'[' * 5000); read()", "its frame holds no JSON"),
        ("read(); write(b''); read()", "its frame holds no JSON"),
        ("read(); write([1]); read()", "its frame holds no JSON-RPC answer"),
        ("read(); write({'id': 1}); read()", "its frame holds no JSON-RPC answer"),
        ("read(); os.write(1, struct.pack('=I', 100) + b'{}')", "it ended with status 0 before it answered"),
    ],
)
def test_no_answer_is_told_with_its_cause(tmp_path: Path, body: str, failure: str) -> None:
    """Whatever a host does in place of answering, doctor says it in words and goes on."""
    assert failure == trip(tmp_path, body).failure


def test_silence_ends_with_the_time(tmp_path: Path) -> None:
    """A host that says nothing is given up and killed."""
    got = trip(tmp_path, "import pathlib\npathlib.Path('pid').write_text(str(os.getpid()))\nread(); time.sleep(60)", timeout=2)
    assert "it did not answer in time" == got.failure
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_a_host_that_outlives_its_input_is_told(tmp_path: Path) -> None:
    """Two seconds after its input was closed the host is killed, as Chromium does."""
    got = trip(tmp_path, GOOD + "\ntime.sleep(60)")
    assert ("", False) == (got.failure, got.ended)


def test_what_cannot_be_started_is_told(tmp_path: Path) -> None:
    """An absent program and one that is none are told apart from one that fails."""
    (tmp_path / "host").write_text("no program")
    (tmp_path / "host").chmod(0o755)
    for name in ("absent", "host"):
        assert say_hello([str(tmp_path / name)], {}, 5).failure.startswith("it cannot be started: ")
