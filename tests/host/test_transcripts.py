"""Runs ``transcripts/*.txt``: what the extension and the host say to each other, word for word, with the real host.

A transcript is read from top to bottom; a line that starts with spaces continues the one above.

``# …``            a comment
``> body``         the extension sends this body, as it stands
``< json``         the host answers so: the reply with this id, the next event, or the next batch
``? json``         the person is asked so: the next question of this kind (and method) to the approver
``@ word …``       something happens, see ``Player``

In what is expected, ``"<name>"`` is any text, which ``${name}`` stands for from then on; ``"…"`` is any value, and as a name
of a member it allows for more members. What is not expected fails: every message must have its line.
"""

from __future__ import annotations

import json
import re
import shlex
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from native_host.config import find_paths
from native_host.opening import open_store
from native_host.testing.browser import BrowserEmulator
from native_host.testing.port import Port, PortClosed
from native_host.testing.scripted import Gate, ScriptedApprover

FOLDER = Path(__file__).parent / "transcripts"
HOST = [sys.executable, "-I", "-m", "native_host"]
ADDONS = {"chromium": "abcdefghijklmnopabcdefghijklmnop", "firefox": "companion@strongroom.example"}
ORIGINS = {"chromium": f"chrome-extension://{ADDONS['chromium']}/", "firefox": f"moz-extension:{ADDONS['firefox']}"}
WAIT_SECONDS = 60.0
ANYTHING = "…"


def frame(body: bytes) -> bytes:
    return len(body).to_bytes(4, sys.byteorder) + body


def read_lines(text: str) -> list[tuple[int, str, str]]:
    """Number, mark and content of every line that says something."""
    lines: list[tuple[int, str, str]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if line[:1] == " " and lines:
            start, mark, content = lines.pop()
            lines.append((start, mark, f"{content} {line.strip()}"))
        elif line.strip() and not line.startswith("#"):
            lines.append((number, line[0], line[1:].strip()))
    return lines


def match_value(expected: Any, actual: Any, captured: dict[str, str], place: str = "$") -> None:
    """Fail, naming the place, unless ``actual`` is what is expected; note what is captured."""
    if expected == ANYTHING:
        return
    if isinstance(expected, str) and (name := re.fullmatch(r"<(\w+)>", expected)):
        assert isinstance(actual, str), f"{place}: {actual!r} is no text"
        captured[name[1]] = actual
        return
    assert type(expected) is type(actual), f"{place}: {actual!r} is not {expected!r}"
    if isinstance(expected, dict):
        missing = expected.keys() - actual.keys() - {ANYTHING}
        more = set() if ANYTHING in expected else actual.keys() - expected.keys()
        assert (set(), set()) == (missing, more), f"{place}: missing or too much in {actual!r}"
        for member in expected.keys() - {ANYTHING}:
            match_value(expected[member], actual[member], captured, f"{place}.{member}")
    elif isinstance(expected, list):
        assert len(expected) == len(actual), f"{place}: {actual!r} is not as long as {expected!r}"
        for index, (one, other) in enumerate(zip(expected, actual, strict=True)):
            match_value(one, other, captured, f"{place}.{index}")
    else:
        assert expected == actual, f"{place}: {actual!r} is not {expected!r}"


def belongs(expected: Any, message: Any) -> bool:
    """Whether a line with ``expected`` is about ``message``, be it right or wrong."""
    if isinstance(expected, list) or isinstance(message, list):
        return isinstance(expected, list) and isinstance(message, list)
    if "method" in expected or "method" in message:
        return bool(expected.get("method") == message.get("method"))
    return bool(expected.get("id") == message.get("id"))


class Player:
    """Plays one transcript.

    The browser starts at the first line that needs it. What may stand after ``@``:

    ``after NAME``                    another transcript comes first
    ``browser NAME``                  the browser is not Chromium
    ``detached``                      the extension is attached to no wallet
    ``arguments …``                   the host is started with just these
    ``approver DO member=value …``    a rule of the scripted approver (``native_host.testing.approver``), before all others
    ``hold NAME member=value …``      the person thinks about what fits; ``release NAME``, and they say yes
    ``oversize BYTES``                the extension sends a frame with a body of so many bytes
    ``half BODY``                     the extension sends a frame without its last byte
    ``end``                           the host's input ends; ``exit STATUS``, and the host has ended with this status
    ``restart``                       the port is closed and another one opened
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._home = folder / "strongroom"
        self._approver = ScriptedApprover(self._home, folder / "approver")
        self._gates: dict[str, Gate] = {}
        self._browser = "chromium"
        self._attached = True
        self._arguments: list[str] | None = None
        self._emulator: BrowserEmulator | None = None
        self._port: Port | None = None
        self._taken: set[int] = set()
        self._questions = 0
        self._captured: dict[str, str] = {}

    def play(self, text: str) -> None:
        """Play every line, then see that the host ends well and that nothing was left over."""
        self._play_lines(text)
        if self._port is not None:
            self._port.end_input()
            self._exit(0)

    def quit(self) -> None:
        """Close the browser, whatever happened."""
        if self._emulator is not None:
            self._emulator.quit()

    def _play_lines(self, text: str) -> None:
        for number, mark, content in read_lines(text):
            wrong = None
            try:
                self._play(mark, content)
            except (AssertionError, TimeoutError, PortClosed) as error:
                wrong = str(error)
            if wrong is not None:
                pytest.fail(f"line {number}: {mark} {content}\n{wrong}", pytrace=False)

    def _play(self, mark: str, content: str) -> None:
        match mark:
            case ">":
                self._send(self._filled(content).encode())
            case "<":
                expected = json.loads(self._filled(content))
                match_value(expected, self._next_message(expected), self._captured)
            case "?":
                expected = json.loads(self._filled(content))
                match_value(expected, self._next_question(expected), self._captured)
            case "@":
                word, _, rest = content.partition(" ")
                self._happen(word, rest)
            case _:
                pytest.fail("There is no such mark.")

    def _happen(self, word: str, rest: str) -> None:
        match word:
            case "after":
                self._play_lines((FOLDER / f"{rest}.txt").read_text(encoding="utf-8"))
            case "browser":
                self._browser = rest
            case "detached":
                self._attached = False
            case "arguments":
                self._arguments = shlex.split(rest)
            case "approver" | "hold" | "release":
                self._happen_to_person(word, *shlex.split(rest))
            case _:
                self._happen_to_port(word, rest)

    def _happen_to_person(self, word: str, name: str, *members: str) -> None:
        fits: dict[str, Any] = dict(member.split("=", 1) for member in members)
        if "times" in fits:
            fits["times"] = int(fits["times"])
        match word:
            case "approver":
                self._approver.rule(do=name, **fits)
            case "hold":
                self._gates[name] = self._approver.hold(**fits)
            case _:
                self._gates[name].release()

    def _happen_to_port(self, word: str, rest: str) -> None:
        match word:
            case "oversize":
                self._send(b" " * int(rest))
            case "half":
                self._open().post_bytes(frame(rest.encode())[:-1])
            case "end":
                self._open().end_input()
            case "exit":
                self._exit(int(rest))
            case "restart":
                self._open().end_input()
                self._exit(0)
            case _:
                pytest.fail("There is no such word.")

    def _filled(self, content: str) -> str:
        return re.sub(r"\$\{(\w+)\}", lambda name: json.dumps(self._captured[name[1]])[1:-1], content)

    def _send(self, body: bytes) -> None:
        self._open().post_bytes(frame(body))

    def _open(self) -> Port:
        if self._port is None:
            if self._attached:
                self._attach()
            person = self._folder / "person"
            person.mkdir(exist_ok=True)
            self._emulator = BrowserEmulator(self._browser, home=person, environment={"STRONGROOM_HOME": str(self._home)})
            if self._arguments is None:
                self._port = self._emulator.connect_command(HOST, ADDONS[self._browser])
            else:
                self._port = self._emulator.start([*HOST, *self._arguments])
        return self._port

    def _attach(self) -> None:
        store = open_store(find_paths({"STRONGROOM_HOME": str(self._home)}))
        if store.attachment(ORIGINS[self._browser]) is None:
            store.attach(ORIGINS[self._browser], "main", development=False, expires_at=None)
        store.close()

    def _exit(self, status: int) -> None:
        """The host has ended, and every message it sent had its line; the next line meets a new host."""
        port = self._open()
        assert status == port.wait_exit(WAIT_SECONDS)
        assert [] == self._untaken()
        self.quit()
        self._emulator, self._port = None, None
        self._taken.clear()

    def _next_message(self, expected: Any) -> Any:
        def look() -> list[Any]:
            for index, message in enumerate(list(self._open().messages)):
                if index not in self._taken and belongs(expected, message):
                    self._taken.add(index)
                    return [message]
            return []

        return self._wait(look)

    def _next_question(self, expected: Any) -> Any:
        def look() -> list[Any]:
            for index, question in enumerate(self._approver.asked[self._questions :], start=self._questions):
                if all(expected[member] == question.get(member) for member in ("kind", "method", "purpose") if member in expected):
                    self._questions = index + 1
                    return [question]
            return []

        return self._wait(look)

    def _wait(self, look: Callable[[], list[Any]]) -> Any:
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            closed = self._open().closed  # asked first: what comes before the end is still seen
            if found := look():
                return found[0]
            if closed or time.monotonic() > deadline:
                raise TimeoutError(f"It did not come. Not expected yet: {self._untaken()}")
            time.sleep(0.005)

    def _untaken(self) -> list[Any]:
        return [message for index, message in enumerate(self._open().messages) if index not in self._taken]


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.txt")), ids=lambda file: file.stem)
def test_transcript(file: Path, tmp_path: Path) -> None:
    """The real host says word for word what the transcript says."""
    player = Player(tmp_path)
    try:
        player.play(file.read_text(encoding="utf-8"))
    finally:
        player.quit()


WRONG = {
    "another value": '< {"jsonrpc": "2.0", "id": 1, "error": {"code": 5000, "message": "…", "data": {"reason": "locked"}}}',
    "a member too few": '< {"jsonrpc": "2.0", "id": 1, "error": {"code": 5000, "data": {"reason": "hello_required"}}}',
    "a member too many": '< {"jsonrpc": "2.0", "id": 1, "error": {"…": "…", "more": 1}}',
    "another kind": '< {"jsonrpc": "2.0", "id": 1, "result": {}}',
    "no line for the reply": "",
    "another exit status": '< {"jsonrpc": "2.0", "id": 1, "…": "…"}\n@ end\n@ exit 3',
    "a mark that is none": "% what",
    "a word that is none": "@ dance",
}


@pytest.mark.parametrize("line", WRONG.values(), ids=WRONG.keys())
def test_a_wrong_transcript_fails(line: str, tmp_path: Path) -> None:
    """A reader can rely on every line."""
    player = Player(tmp_path)
    try:
        with pytest.raises((pytest.fail.Exception, AssertionError)):
            player.play(f'> {{"jsonrpc": "2.0", "id": 1, "method": "getStatus"}}\n{line}')
    finally:
        player.quit()
