"""A program that answers the host's questions from a script, in place of a person, and writes down what it was asked.

Implements: the approver of protocol section 8. It is configured as any approver is::

    [approval]
    program = ["/usr/bin/python3", "-I", "-m", "native_host.testing.approver", "/tmp/x/script.json"]

The script is ``{"log": path, "rules": [...]}``, read again at each question; the first rule that fits answers. A rule
fits by ``kind``, ``method``, ``purpose`` and ``title`` (a part of it), as far as it names them, and at most ``times``
times. ``do`` is one of:

``allow``     yes to a review or a code; ``done`` to a shown secret. What a review has typed is typed, or ``typed`` in its place
``grant``     yes to a review, with the first grant that is offered
``deny``      no
``secret``    types ``secret``
``remember``  types the words that were shown last, as a person who wrote them down
``hang``      never answers
``rubbish``   answers with a frame that is not JSON
``exit``      ends at once

``until`` names a file: the answer waits until it exists. Without a rule that fits, the answer is no.
With ``--allow-everything`` in place of a script the rules are ``ALLOW_EVERYTHING``, and nothing is written.

Only the standard library is used, and no module of this project, so the file also runs by its path.
"""

from __future__ import annotations

import json
import os
import select
import struct
import sys
from typing import Any

PASSPHRASE = "a passphrase only for tests"
PIN = "123456"

ALLOW_EVERYTHING: tuple[dict[str, Any], ...] = (
    {"kind": "review", "do": "allow"},
    {"kind": "compareCode", "do": "allow"},
    {"kind": "showSecret", "do": "allow"},
    {"kind": "askSecret", "purpose": "mnemonic", "do": "remember"},
    {"kind": "askSecret", "purpose": "recoveryCode", "do": "remember"},
    {"kind": "askSecret", "purpose": "bip39Passphrase", "do": "secret", "secret": ""},
    {"kind": "askSecret", "purpose": "pin", "do": "secret", "secret": PIN},
    {"kind": "askSecret", "purpose": "keyFile", "do": "deny"},
    {"kind": "askSecret", "do": "secret", "secret": PASSPHRASE},
)
"""The rules of a person who agrees to everything, whose one passphrase is ``PASSPHRASE``, and who has no key file to give."""

_HEADER = struct.Struct("=I")
_GATE_POLL_SECONDS = 0.02


class Journal:
    """What was asked and answered, one JSON line each, in a file or in memory.

    Several approvers may write to one file, one for each host process; what was shown by one can be typed by another.
    """

    def __init__(self, path: str | None) -> None:
        self._path = path
        self._lines: list[dict[str, Any]] = []

    def add(self, entry: dict[str, Any]) -> None:
        """Append one line, in one write."""
        if self._path is None:
            self._lines.append(entry)
            return
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, json.dumps(entry).encode() + b"\n")
        finally:
            os.close(descriptor)

    def lines(self) -> list[dict[str, Any]]:
        """Every line so far, of every approver that shares the file."""
        if self._path is None:
            return self._lines
        if not os.path.exists(self._path):
            return []
        with open(self._path, encoding="utf-8") as file:
            return [json.loads(line) for line in file if line.endswith("\n")]

    def shown(self, purpose: str) -> str | None:
        """What was shown last for that purpose: recovery words, a recovery code."""
        asked = (line["ask"] for line in reversed(self.lines()) if "ask" in line)
        return next((ask["secret"] for ask in asked if ask["kind"] == "showSecret" and ask["purpose"] == purpose), None)


class Script:
    """The rules and the journal; ``path`` is ``None`` for the one that allows everything."""

    def __init__(self, path: str | None) -> None:
        self._path = path
        self.journal = Journal(None if path is None else self._read()["log"])

    def _read(self) -> dict[str, Any]:
        with open(self._path or "", encoding="utf-8") as file:
            document: dict[str, Any] = json.load(file)
        return document

    def rule_for(self, ask: dict[str, Any]) -> dict[str, Any]:
        """The first rule that fits, or one that says no."""
        rules = ALLOW_EVERYTHING if self._path is None else self._read()["rules"]
        used = [line.get("rule") for line in self.journal.lines() if "ask" in line]
        for rule in rules:
            if _fits(rule, ask) and ("times" not in rule or used.count(rule["name"]) < rule["times"]):
                return dict(rule)
        return {"do": "deny"}


def _fits(rule: dict[str, Any], ask: dict[str, Any]) -> bool:
    exact = all(rule[member] == ask.get(member) for member in ("kind", "method", "purpose") if member in rule)
    return exact and rule.get("title", "") in ask.get("title", "")


def _answer(rule: dict[str, Any], ask: dict[str, Any], journal: Journal) -> dict[str, Any]:
    match rule["do"]:
        case "secret":
            return {"id": ask["id"], "secret": rule["secret"]}
        case "remember" if (words := journal.shown(ask["purpose"])) is not None:
            return {"id": ask["id"], "secret": words}
        case "allow":
            typed = {"typed": rule.get("typed", ask["typed"]["expected"])} if "typed" in ask else {}
            return {"id": ask["id"], "verdict": "done" if ask["kind"] == "showSecret" else "allow", **typed}
        case "grant" if ask.get("grants"):
            return {"id": ask["id"], "verdict": "allow", "grant": ask["grants"][0]["id"]}
        case _:
            return {"id": ask["id"], "verdict": "deny"}


class Program:
    """One run: frames come on ``source`` and go on ``sink``, both descriptors, until end of file."""

    def __init__(self, script: Script, source: int, sink: int) -> None:
        self._script, self._source, self._sink = script, source, sink
        self._incoming = bytearray()
        self._waiting: list[tuple[dict[str, Any], dict[str, Any]]] = []

    def run(self) -> None:
        """Answer until the host closes its end."""
        while True:
            ready, _, _ = select.select([self._source], [], [], _GATE_POLL_SECONDS if self._waiting else None)
            if ready:
                chunk = os.read(self._source, 65536)
                if not chunk:
                    return
                self._incoming += chunk
                self._take_frames()
            self._answer_ready()

    def _take_frames(self) -> None:
        while len(self._incoming) >= _HEADER.size:
            end = _HEADER.size + _HEADER.unpack_from(self._incoming)[0]
            if len(self._incoming) < end:
                return
            ask = json.loads(self._incoming[_HEADER.size : end])
            del self._incoming[:end]
            self._take(ask)

    def _take(self, ask: dict[str, Any]) -> None:
        if ask["kind"] == "withdraw":
            self._waiting = [waiting for waiting in self._waiting if waiting[0]["id"] != ask["id"]]
            self._script.journal.add({"ask": ask})
            return
        rule = self._script.rule_for(ask)
        self._script.journal.add({"ask": ask, "rule": rule.get("name")})
        if rule["do"] == "exit":
            # At once and without clean-up, as a program that crashes.
            os._exit(1)
        self._waiting.append((ask, rule))

    def _answer_ready(self) -> None:
        ready = [waiting for waiting in self._waiting if _may_answer(waiting[1])]
        for ask, rule in ready:
            self._waiting.remove((ask, rule))
            if rule["do"] == "rubbish":
                self._send(b"this is not JSON")
                continue
            answer = _answer(rule, ask, self._script.journal)
            self._script.journal.add({"answer": answer})
            self._send(json.dumps(answer).encode())

    def _send(self, body: bytes) -> None:
        raw = memoryview(_HEADER.pack(len(body)) + body)
        while raw:
            raw = raw[os.write(self._sink, raw) :]


def _may_answer(rule: dict[str, Any]) -> bool:
    return rule["do"] != "hang" and ("until" not in rule or os.path.exists(rule["until"]))


def main() -> int:
    """Run with the one argument of the command line: a script's path, or ``--allow-everything``."""
    if len(sys.argv) != 2:  # noqa: PLR2004
        sys.stderr.write("usage: approver SCRIPT.json | --allow-everything\n")
        return 2
    path = None if sys.argv[1] == "--allow-everything" else sys.argv[1]
    try:
        Program(Script(path), 0, 1).run()
    except BrokenPipeError:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
