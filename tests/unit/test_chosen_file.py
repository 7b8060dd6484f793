"""A key file as the approver reads it: text of a bounded length, and a sentence for whatever else there is at a path."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from native_host.approval import texts
from native_host.approval.chosen_file import NoKeyFile, read_chosen_file
from native_host.approval.terminal.dialogue import hold
from native_host.protocol.approver import MAX_SECRET_CHARACTERS, SecretAsk

ASK = SecretAsk(id=7, purpose="keyFile", title="Choose the key file")


class Typist:
    """A console at which certain lines are typed; ``said`` is what stood on it."""

    def __init__(self, *lines: str) -> None:
        self._lines = list(lines)
        self.said: list[str] = []
        self.hidden: list[bool] = []

    def say(self, text: str) -> None:
        self.said.append(text)

    def read_line(self, prompt: str, *, deadline: float, hidden: bool = False) -> str:
        assert prompt
        assert deadline
        self.hidden.append(hidden)
        return self._lines.pop(0)

    def clear(self) -> None:
        raise AssertionError


@pytest.mark.parametrize("content", [b"one line", b"\xef\xbb\xbfone line", b"one line\n", "ключ".encode(), b"x" * MAX_SECRET_CHARACTERS])
def test_text_is_read(tmp_path: Path, content: bytes) -> None:
    """As it is, but for a byte order mark."""
    path = tmp_path / "key"
    path.write_bytes(content)
    assert content.decode("utf-8-sig") == read_chosen_file(str(path))


WRONG = {
    "empty": (b"", texts.FILE_EMPTY),
    "blank": (b" \n\n", texts.FILE_EMPTY),
    "too long": (b"x" * (MAX_SECRET_CHARACTERS + 1), texts.FILE_TOO_LONG),
    "much too long": (b"x" * (1 << 20), texts.FILE_TOO_LONG),
    "cut within a letter": ("ы".encode() * (1 << 20), texts.FILE_TOO_LONG),
    "no text": (bytes(range(256)), texts.FILE_NO_TEXT),
    "a zero": (b"key\0key", texts.FILE_NO_TEXT),
}


@pytest.mark.parametrize(("content", "said"), WRONG.values(), ids=WRONG.keys())
def test_what_is_no_key_file(tmp_path: Path, content: bytes, said: str) -> None:
    """Each has its sentence."""
    path = tmp_path / "key"
    path.write_bytes(content)
    with pytest.raises(NoKeyFile) as caught:
        read_chosen_file(str(path))
    assert said == str(caught.value)


@pytest.mark.parametrize("kind", ["nothing", "a folder", "a pipe", "a name that none can have"])
def test_what_cannot_be_read(tmp_path: Path, kind: str) -> None:
    """Nobody waits for a pipe that nobody writes to."""
    path = tmp_path / "key"
    if kind == "a folder":
        path.mkdir()
    elif kind == "a pipe":
        os.mkfifo(path)
    with pytest.raises(NoKeyFile) as caught:
        read_chosen_file("\0" if kind == "a name that none can have" else str(path))
    assert str(caught.value) in {texts.FILE_UNREADABLE, texts.FILE_EMPTY}


def test_the_terminal_asks_for_a_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Again, with the reason, until there is a file; ``~`` is the person's home."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "key.pem").write_text("a key\n", encoding="utf-8")
    typist = Typist("/nowhere", "~/key.pem")
    answer = hold(ASK, typist)
    assert (7, "a key\n") == (answer.id, answer.secret)
    assert texts.FILE_UNREADABLE in typist.said
    assert [False, False] == typist.hidden
    assert not [line for line in typist.said if "a key" in line]


def test_the_terminal_takes_an_empty_line_for_a_no() -> None:
    """Nothing is read."""
    assert "deny" == hold(ASK, Typist("")).verdict


def test_the_password_is_typed_unseen() -> None:
    """And the person is told which one is meant."""
    typist = Typist("open")
    answer = hold(SecretAsk(id=1, purpose="keyFilePassword", title="t", hint="Wrong."), typist)
    assert "open" == answer.secret
    assert [True] == typist.hidden
    assert texts.FILE_PASSWORD_ADVICE in typist.said
