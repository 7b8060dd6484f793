"""Frames between a host and what asks the person: what arrives is judged as JSON, and the secret in it is no text."""

from __future__ import annotations

import json
import os
import sys
from io import FileIO
from threading import Thread

import pytest

from native_host.approval.program_frames import ANSWER_BYTES, Answered, encode_ask, read_answer, write_frame
from native_host.protocol.approver import MAX_SECRET_CHARACTERS, CompareCode, ShowSecret
from native_host.secret import SecretBytes


def arrived(body: bytes, *, length: int | None = None) -> Answered | None:
    reader, writer = os.pipe()

    def write() -> None:
        with FileIO(writer, "wb") as outgoing:
            write_frame(outgoing, bytearray((len(body) if length is None else length).to_bytes(4, sys.byteorder) + body))

    writing = Thread(target=write)
    writing.start()  # an answer may be longer than a pipe takes
    with FileIO(reader) as incoming:
        try:
            return read_answer(incoming)
        finally:
            writing.join()


def test_an_answer_arrives() -> None:
    """With its members, and the secret as UTF-8."""
    answered = arrived(json.dumps({"id": 7, "verdict": "allow", "grant": "day", "secret": 'é"\\\n😀'}).encode())
    assert answered is not None
    assert answered.secret is not None
    assert (7, "allow", "day") == (answered.answer.id, answered.answer.verdict, answered.answer.grant)
    assert 'é"\\\n😀'.encode() == bytes(answered.secret.buffer)


def test_no_secret_and_an_empty_one_are_different() -> None:
    """An extra passphrase may be empty."""
    without, empty = arrived(b'{"id":1}'), arrived(b'{"id":1,"secret":""}')
    assert without is not None
    assert without.secret is None
    assert empty is not None
    assert empty.secret == SecretBytes(b"")


def test_the_longest_secret_arrives() -> None:
    """In characters of four bytes, each of them escaped or not; one more does not."""
    for text in ("😀" * MAX_SECRET_CHARACTERS, "x" * MAX_SECRET_CHARACTERS):
        answered = arrived(json.dumps({"id": 1, "secret": text}, ensure_ascii=False).encode())
        assert answered is not None
        assert answered.secret == SecretBytes(text.encode())
        with pytest.raises(ValueError, match="too long"):
            arrived(json.dumps({"id": 1, "secret": text + "x"}, ensure_ascii=False).encode())


@pytest.mark.parametrize(
    "body",
    [
        b"x",
        b"[]",
        b"{}",
        b'{"id":"1"}',
        b'{"id":1,"secret":1}',
        b'{"id":1,"secret":null}',
        b'{"id":1,"secret":"\xff"}',
        b'{"id":1,"more":1}',
    ],
)
def test_rubbish_is_refused(body: bytes) -> None:
    """What is no answer."""
    with pytest.raises(ValueError, match=r"^(not|Invalid|JSON|Expected|Object)"):
        arrived(body)


@pytest.mark.parametrize("length", [0, ANSWER_BYTES + 1, 2**32 - 1, 5])
def test_the_stream_ends(length: int) -> None:
    """A frame of no length, or of more than an answer can have, and half a frame, are its end."""
    assert arrived(b"{}", length=length) is None


def test_a_shown_secret_is_in_its_frame() -> None:
    """As any JSON library reads it, and nowhere else."""
    words = 'abandon "about" \\ é'
    with SecretBytes(words.encode()) as secret:
        frame = encode_ask(ShowSecret(id=3, purpose="mnemonic", title='""}', secret=""), secret)
    assert len(frame) - 4 == int.from_bytes(frame[:4], sys.byteorder)
    assert {"kind": "showSecret", "id": 3, "purpose": "mnemonic", "title": '""}', "secret": words} == json.loads(frame[4:])


def test_only_an_ask_that_shows_a_secret_takes_one() -> None:
    """In any other its place would be somebody else's member."""
    with SecretBytes(b"x") as secret, pytest.raises(ValueError, match="does not end"):
        encode_ask(CompareCode(id=1, title="Compare", code="123"), secret)


def test_what_was_written_is_wiped() -> None:
    """The whole frame, however little the pipe takes at a time."""
    reader, writer = os.pipe()
    frame = encode_ask(CompareCode(id=1, title="Compare", code="123"))
    sent = bytes(frame)
    with FileIO(reader) as incoming, FileIO(writer, "wb") as outgoing:
        write_frame(outgoing, frame)
        assert sent == incoming.read(len(sent))
    assert bytes(len(sent)) == bytes(frame)
