"""The approver through a pinentry: what goes into its lines, what is made of its answers, which one is used, and what is not asked there."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec import convert

from native_host.approval import choose
from native_host.approval.pinentry import dialogue, finding
from native_host.approval.pinentry.assuan import LINE_BYTES, Broken, Pinentry, Reply, escaped, line_of
from native_host.confinement import PROGRAMS
from native_host.errors import BackendUnavailable
from native_host.protocol.approver import CompareCode, ReviewAsk, SecretAsk, ShowSecret
from native_host.review.text import visible
from native_host.secret import SecretBytes

ORIGIN = "chrome-extension://abcdefghijklmnopabcdefghijklmnop/"
HOSTILE = (
    "\nGETPIN",
    "\r\nOK",
    "%0AGETPIN",
    "%",
    "%%0A",
    "\x00\x01\x1b[2J\x7f",
    "\u202eevil\u2028",
    " leading and trailing ",
    "<b>bold</b><!--",
    "ü" * 3000,
    "x" * 5000,
    "\ud800",
    "D approve",
)


def review(**changed: Any) -> ReviewAsk:
    return convert(
        {
            "id": 1,
            "kind": "review",
            "method": "signTransaction",
            "title": "Send 1 ETH on Ethereum",
            "caller": {"origin": ORIGIN, "evidence": ["Started by Chromium."]},
            "facts": [
                {"label": "Recipient", "value": "0x52908400098527886E0F7030069857D2E4169EE7", "kind": "address"},
                {"label": "Amount", "value": "1 ETH", "kind": "text"},
            ],
            "warnings": ["This is blind."],
            "grants": [],
            **changed,
        },
        ReviewAsk,
    )


@given(st.text())
def test_nothing_in_a_text_ends_its_line(text: str) -> None:
    """Whatever a parameter holds, it is one line of printable bytes, and a reader that undoes the escapes has the text again."""
    parameter = escaped(text)
    assert not {byte for byte in parameter if byte < 0x20 or byte == 0x7F}
    assert unquote_to_bytes(parameter) == text.encode("utf-8", "replace")
    assert not parameter.startswith(b" ")
    assert not parameter.endswith(b" ")


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=5000))
@example("\nGETPIN\n" * 200)
@example("%" * LINE_BYTES)
def test_a_line_is_never_cut(text: str) -> None:
    """A request is one line of at most a thousand bytes that begins with its command, or none at all."""
    try:
        line = line_of("SETDESC", text)
    except ValueError:
        assert len(escaped(text)) > LINE_BYTES - len("SETDESC ")
        return
    assert line.startswith(b"SETDESC ")
    assert line.index(b"\n") == len(line) - 1 <= LINE_BYTES


@given(st.text(max_size=3000))
@example("x" * 3000)
@example(" " * 200)
def test_what_is_broken_into_lines_is_whole(text: str) -> None:
    """No line is too long for a window, and all of them together are the text."""
    lines = list(dialogue.broken(visible(text)))
    assert "".join(lines) == visible(text)
    assert max(map(len, lines)) <= dialogue.LINE_CHARACTERS


@given(st.lists(st.text(max_size=64), max_size=60))
def test_every_part_fits(texts: list[str]) -> None:
    """Each part fits its line, has a first line that is ours alone, and none of the lines is left out."""
    shown = [visible(text)[:64] for text in texts]
    made = dialogue.parts(shown)
    for part in made:
        line_of("SETDESC", part)
        assert part.startswith("Strongroom")
        assert "<" not in part.partition("\n")[0]
    assert [line for part in made for line in part.split("\n")[2:]] == (shown or [])


class Scripted(Pinentry):
    """A pinentry that says what it was told to, and remembers what it was shown; nothing of it is a process."""

    def __init__(self, *typed: str | int) -> None:
        self.typed = list(typed)
        self.shown: list[str] = []
        self.sent: list[str] = []

    def __exit__(self, *_: object) -> None:
        return

    def request(self, command: str, parameter: str | None = None) -> Reply:
        line_of(command, parameter)
        self.sent.append(command)
        if command == "SETDESC":
            self.shown.append(parameter or "")
        if command != "GETPIN":
            return Reply(code=0)
        answer = self.typed.pop(0)
        return Reply(code=answer) if isinstance(answer, int) else Reply(code=0, secret=SecretBytes(answer.encode()), repeated=True)


def held(ask: Any, *typed: str | int) -> tuple[dict[str, Any], Scripted]:
    program = Scripted(*typed)
    answered = dialogue.hold(ask, lambda: program)
    told = {name: value for name in ("verdict", "grant", "typed") if isinstance(value := getattr(answered.answer, name), str)}
    if answered.secret is not None:
        told["secret"] = str(answered.secret.buffer, "utf-8")
    return told, program


def test_a_review_is_read_out_whole_and_approved_by_a_word() -> None:
    """Everything of it is shown, what moves once more above the field, and only the word typed in full approves."""
    told, program = held(review(), "approve")
    assert told == {"verdict": "allow"}
    read = "".join(program.shown).replace("\n", " ")
    for text in (
        "Send 1 ETH on Ethereum",
        ORIGIN,
        "Started by Chromium.",
        "This is blind.",
        "1 ETH",
        "0x5290 8400 0985 2788 6E0F 7030 0698 57D2 E416 9EE7",
    ):
        assert text in read
    assert "0x5290" in program.shown[-1]
    assert "CONFIRM" in program.sent


@pytest.mark.parametrize("typed", ["", "y", "yes", "approv", "approve approve", "approve 2", "APPROVE!", 99, 62, 114])
def test_anything_else_denies(typed: str | int) -> None:
    """Enter alone, another word, closing the window, time that runs out, and the other button."""
    assert held(review(), typed)[0] == {"verdict": "deny"}


def test_a_choice_is_taken_by_its_number() -> None:
    """What is offered beyond this once is taken by whoever types it."""
    offered = [{"id": "uses:10", "text": "Also allow the next 10"}]
    told, program = held(review(grants=offered), "approve 1")
    assert told == {"verdict": "allow", "grant": "uses:10"}
    assert "Also allow the next 10" in program.shown[-1]
    assert held(review(grants=offered), "Approve ")[0] == {"verdict": "allow"}


def test_an_amount_is_typed_besides() -> None:
    """Where an amount has to be typed, the word is not enough, and the amount has to be exact."""
    typed = {"prompt": "Type the amount in ETH: 1", "expected": "1"}
    assert held(review(typed=typed), "approve", "1")[0] == {"verdict": "allow", "typed": "1"}
    assert held(review(typed=typed), "approve", "10")[0] == {"verdict": "deny"}
    assert held(review(typed=typed), "approve", "")[0] == {"verdict": "deny"}


def test_what_is_too_long_is_denied_and_not_cut() -> None:
    """A request that would take more than a few windows is denied in one that says why; raw data is not left out to make room."""
    facts = [{"label": "Data", "value": "ab" * 4000, "kind": "hex"}]
    told, program = held(review(facts=facts), "approve")
    assert told == {"verdict": "deny"}
    assert "too long" in program.shown[-1]
    assert "GETPIN" not in program.sent


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_shown_or_denied(text: str) -> None:
    """Whatever title, label, value or evidence holds, every line that is sent is one request, and approval still takes the word."""
    ask = review(
        title=visible(text) or "x",
        facts=[{"label": visible(text)[:300], "value": visible(text), "kind": "text"}],
        caller={"origin": ORIGIN, "evidence": [visible(text)]},
    )
    assert held(ask, "")[0] == {"verdict": "deny"}


def test_no_secret_is_shown() -> None:
    """Recovery words and codes never go into a pinentry's text; the person is told where they can be shown."""
    words = "legal winner thank year wave sausage worth useful legal winner thank yellow"
    told, program = held(ShowSecret(id=1, purpose="mnemonic", title="Write down your recovery words", secret=words))
    assert told == {"verdict": "deny"}
    assert program.sent[-1] == "MESSAGE"
    assert not any(word in text for text in program.shown for word in ("winner", "sausage", "yellow"))
    assert held(SecretAsk(id=1, purpose="keyFile", title="Choose the key file"))[0] == {"verdict": "deny"}


def test_a_code_is_compared_by_a_word() -> None:
    """A pairing's digits by the word same, a fingerprint by the word approve."""
    digits = CompareCode(id=1, title="x asks to be paired.", code="12345678")
    assert held(digits, "same")[0] == {"verdict": "allow"}
    assert held(digits, "approve")[0] == {"verdict": "deny"}
    told, program = held(CompareCode(id=1, title="Is this the fingerprint?", code="abcd 1234"), "approve")
    assert told == {"verdict": "allow"}
    assert "abcd 1234" in program.shown[-1]


def test_secrets_are_judged_as_everywhere() -> None:
    """An empty passphrase is none, a new one has a least length, words and codes have their checksums; three tries, and then it is a no."""
    unlock = SecretAsk(id=1, purpose="unlock", title="Unlock your keystore")
    assert held(unlock, "correct horse")[0] == {"secret": "correct horse"}
    assert held(unlock, "", "", "")[0] == {"verdict": "deny"}
    assert held(unlock, 99)[0] == {"verdict": "deny"}
    assert held(SecretAsk(id=1, purpose="bip39Passphrase", title="Extra"), "")[0] == {"secret": ""}
    assert held(SecretAsk(id=1, purpose="newPassphrase", title="Choose"), "short", "long enough")[0] == {"secret": "long enough"}
    words = "legal winner thank year wave sausage worth useful legal winner thank yellow"
    told, program = held(SecretAsk(id=1, purpose="mnemonic", title="Type"), words.replace("yellow", "thank"), words.upper())
    assert told == {"secret": words}
    assert "SETERROR" in program.sent
    told, _ = held(SecretAsk(id=1, purpose="recoveryCode", title="Type"), "1", "2", "3")
    assert told == {"verdict": "deny"}


FAKE = "import sys, time\nout = sys.stdout.buffer\ndef say(text):\n    out.write(text)\n    out.flush()\n"
HOSTS = {
    "nothing": "",
    "no greeting": "say(b'ERR 1 go away\\n')\n",
    "rubbish": "say(b'\\xff\\x00' * 100 + b'\\n')\n",
    "an endless line": "say(b'OK')\nwhile True: say(b' ' * 4096)\n",
    "nothing typed": "say(b'OK\\n')\nfor line in sys.stdin: say(b'OK\\n')\n",
    "two answers": "say(b'OK\\n')\nfor line in sys.stdin: say(b'D approve\\nD approve\\nOK\\n')\n",
    "a bad escape": "say(b'OK\\n')\nfor line in sys.stdin: say(b'D appr%zzve\\nOK\\n')\n",
    "half an escape": "say(b'OK\\n')\nfor line in sys.stdin: say(b'D approve%4\\nOK\\n')\n",
    "an error that is none": "say(b'OK\\n')\nfor line in sys.stdin: say(b'ERR 0 fine\\n' if line.startswith('GETPIN') else b'OK\\n')\n",
    "an error without a number": "say(b'OK\\n')\nfor line in sys.stdin: say(b'ERR\\n')\n",
    "refuses the text": "say(b'OK\\n')\nfor line in sys.stdin: say(b'ERR 83886179 no\\n' if line.startswith('SETDESC') else b'D approve\\nOK\\n')\n",
    "questions": "say(b'OK\\n')\nfor line in sys.stdin: say(b'INQUIRE QUALITY x\\n' if not line.startswith('CAN') else b'ERR 99 no\\n')\n",
}


@pytest.mark.parametrize("code", HOSTS.values(), ids=HOSTS.keys())
def test_a_pinentry_that_says_something_else_approves_nothing(tmp_path: Path, code: str) -> None:
    """Whatever a broken or hostile program answers short of the word itself, it is a denial or no answer, and never a yes."""
    import select

    program = tmp_path / "pinentry"
    program.write_text(f"#!{sys.executable}\n{FAKE}{code}")
    program.chmod(0o755)

    def wait(descriptor: int) -> None:
        if not select.select([descriptor], [], [], 20)[0]:
            raise TimeoutError

    try:
        answered = dialogue.hold(review(), lambda: Pinentry(str(program), dict(os.environ), wait))
    except (Broken, TimeoutError):
        return
    assert answered.answer.verdict == "deny"


def test_no_pinentry_of_another_is_started(tmp_path: Path) -> None:
    """One that others can write to, or put another in the place of, is not the system's; nor is one that PATH names."""
    folder = tmp_path / "bin"
    folder.mkdir(mode=0o755)
    program = folder / "pinentry-gtk-2"
    program.write_text("#!/bin/sh\n")
    environ = {"DISPLAY": ":0", "PATH": str(folder)}
    program.chmod(0o644)
    assert finding.find_pinentry(environ, (str(folder),)) is None
    program.chmod(0o777)
    assert finding.find_pinentry(environ, (str(folder),)) is None
    program.chmod(0o755)
    folder.chmod(0o777)
    assert finding.find_pinentry(environ, (str(folder),)) is None
    found = finding.find_pinentry(environ)
    assert found is None or found.startswith(finding.FOLDERS)


@pytest.fixture
def without_tk(monkeypatch: pytest.MonkeyPatch) -> Callable[[str | None], None]:
    monkeypatch.setattr(choose, "_has_toolkit", lambda: False)
    monkeypatch.setattr(choose, "_has_terminal", lambda: False)
    return lambda path: monkeypatch.setattr(finding, "find_pinentry", lambda _: path)


@pytest.mark.skipif(sys.platform != "linux", reason="pinentry is looked for on Linux")
def test_it_is_asked_where_the_window_cannot_be(without_tk: Callable[[str | None], None]) -> None:
    """On a display without Tk, if there is one of the system's; not for whoever wants the terminal, and not without a display."""
    without_tk("/usr/bin/pinentry-qt")
    assert choose.built_in_program("window", {"DISPLAY": ":0"}) == PROGRAMS["pinentry"]
    assert choose.built_in_program("window", {"WAYLAND_DISPLAY": "wayland-0"}) == PROGRAMS["pinentry"]
    for prompt, environ in (("terminal", {"DISPLAY": ":0"}), ("window", {})):
        with pytest.raises(BackendUnavailable):
            choose.built_in_program(prompt, environ)
    without_tk(None)
    with pytest.raises(BackendUnavailable):
        choose.built_in_program("window", {"DISPLAY": ":0"})
