"""One question to a registered host, asked as a browser asks it: its arguments, its frames, its folder.

Implements: Chrome "Native messaging", section "Native messaging protocol"; the host's protocol sections 1, 4 and 5.
"""

from __future__ import annotations

import os
import select
import subprocess
import sys
import tempfile
import time
from typing import IO, Any

from msgspec import DecodeError, json

from native_host import __version__
from native_host.value import Value

_LARGEST = 1_048_576
_HELLO = {"protocol": ["1"], "client": {"name": "strongroom doctor", "version": __version__}}


class Trip(Value, frozen=True, kw_only=True):
    """What came of it. ``reason`` is empty after a result, an error's reason after an error; ``failure`` says why neither came."""

    milliseconds: int
    host: str = ""
    state: str = ""
    reason: str = ""
    failure: str = ""
    ended: bool = True


class _NoAnswer(Exception):
    pass


def say_hello(command: list[str], environ: dict[str, str], timeout_seconds: float) -> Trip:
    """Start ``command`` in its own folder, say hello, and close its input again.

    It never runs longer than ``timeout_seconds`` and two more.
    """
    start = time.monotonic()
    with tempfile.TemporaryFile() as errors:
        try:
            host = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                cwd=os.path.dirname(command[0]),
                env=environ,
            )
        except OSError as error:
            return Trip(milliseconds=0, failure=f"it cannot be started: {error.strerror}")
        try:
            answer = _ask(host, start + timeout_seconds)
            elapsed = round((time.monotonic() - start) * 1000)
        except _NoAnswer as failure:
            host.kill()
            host.wait()
            return Trip(milliseconds=round((time.monotonic() - start) * 1000), failure=f"{failure}{_last_line(errors)}")
        finally:
            ended = _end(host)
    return _read(answer, elapsed, ended=ended)


def _ask(host: subprocess.Popen[bytes], deadline: float) -> dict[str, Any]:
    body = json.encode({"jsonrpc": "2.0", "id": 1, "method": "hello", "params": _HELLO})
    assert host.stdin is not None  # noqa: S101  # asked for above
    try:
        host.stdin.write(len(body).to_bytes(4, sys.byteorder) + body)
        host.stdin.flush()
    except OSError:
        raise _NoAnswer("it ended before it read anything") from None
    length = int.from_bytes(_read_exactly(host, 4, deadline), sys.byteorder)
    if length > _LARGEST:
        raise _NoAnswer("it wrote something that is no frame to its standard output")
    try:
        answer = json.decode(_read_exactly(host, length, deadline))
    except (DecodeError, RecursionError):
        raise _NoAnswer("its frame holds no JSON") from None
    if not isinstance(answer, dict):
        raise _NoAnswer("its frame holds no JSON-RPC answer")
    return answer


def _read_exactly(host: subprocess.Popen[bytes], size: int, deadline: float) -> bytes:
    assert host.stdout is not None  # noqa: S101  # asked for above
    got = b""
    while len(got) < size:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([host.stdout], [], [], left)[0]:
            raise _NoAnswer("it did not answer in time")
        chunk = os.read(host.stdout.fileno(), size - len(got))
        if not chunk:
            raise _NoAnswer(f"it ended with status {host.wait()} before it answered")
        got += chunk
    return got


def _end(host: subprocess.Popen[bytes]) -> bool:
    """Close the host's input as a browser does and say whether it ended by itself within Chromium's two seconds."""
    for stream in (host.stdin, host.stdout):
        try:
            if stream is not None:
                stream.close()
        except OSError:
            pass  # what was still to be written has no reader any more
    try:
        host.wait(2)
    except subprocess.TimeoutExpired:
        host.kill()
        host.wait()
        return False
    return True


def _read(answer: dict[str, Any], milliseconds: int, *, ended: bool) -> Trip:
    result, error = answer.get("result"), answer.get("error")
    if isinstance(result, dict):
        about = result.get("host")
        version = str(about.get("version", ""))[:32] if isinstance(about, dict) else ""
        return Trip(milliseconds=milliseconds, host=version, state=str(result.get("state", ""))[:32], ended=ended)
    if isinstance(error, dict) and isinstance(error.get("data"), dict):
        return Trip(milliseconds=milliseconds, reason=str(error["data"].get("reason", "no reason given"))[:32], ended=ended)
    return Trip(milliseconds=milliseconds, failure="its frame holds no JSON-RPC answer", ended=ended)


def _last_line(errors: IO[bytes]) -> str:
    errors.seek(0)
    lines = errors.read(65_536).decode("utf-8", "replace").strip().splitlines()
    printable = "".join(character for character in lines[-1][:200] if character.isprintable()) if lines else ""
    return f" ({printable})" if printable else ""
