"""Frames on the approver's side, and the line in which asks wait."""

from __future__ import annotations

import io
import json
import os
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from native_host.approval.answering import MAX_FRAME_BYTES, End, Inbox, Rubbish, Waiting, decode_ask, read_frame, write_answer
from native_host.protocol.approver import Answer, CompareCode, Withdraw


def framed(body: bytes) -> bytes:
    return len(body).to_bytes(4, sys.byteorder) + body


def code(ask_id: int) -> CompareCode:
    return CompareCode(id=ask_id, title="Pair", code="1234")


def test_an_answer_is_one_frame_without_what_it_does_not_say() -> None:
    """Length, then JSON, with members left out that were not set."""
    stream = io.BytesIO()
    write_answer(stream, Answer(id=7, secret="pâss"))
    body = stream.getvalue()[4:]
    assert stream.getvalue() == framed(body)
    assert json.loads(body) == {"id": 7, "secret": "pâss"}


def test_frames_are_read_one_after_the_other() -> None:
    """Two frames, then the end; half a frame is the end too."""
    stream = io.BytesIO(framed(b"one") + framed(b"two") + framed(b"three")[:-1])
    assert [read_frame(stream), read_frame(stream), read_frame(stream)] == [b"one", b"two", None]


def test_a_length_beyond_any_ask_is_rubbish() -> None:
    """It is refused before anything of it is read."""
    with pytest.raises(Rubbish):
        read_frame(io.BytesIO((MAX_FRAME_BYTES + 1).to_bytes(4, sys.byteorder)))


@given(st.binary())
def test_whatever_is_no_ask_is_rubbish(body: bytes) -> None:
    """No bytes break the decoder in another way."""
    with pytest.raises(Rubbish):
        decode_ask(body)


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"id":1,"kind":"other"}', b'{"id":1,"kind":"compareCode","title":"t","code":null}'])
def test_near_asks_are_rubbish(body: bytes) -> None:
    """Deep nesting, an unknown kind, a member of the wrong type."""
    with pytest.raises(Rubbish):
        decode_ask(body)


def test_the_inbox_rings_for_each_ask_and_for_the_end() -> None:
    """What was sent is taken in order, and the end comes last."""
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as stream:
        inbox = Inbox(stream)
        os.write(writing, framed(b'{"kind":"compareCode","id":1,"title":"Pair","code":"1234"}') + framed(b'{"kind":"withdraw","id":1}'))
        os.close(writing)
        taken: list[object] = []
        while not taken or not isinstance(taken[-1], End):
            taken += inbox.take()
    assert taken[:-1] == [code(1), Withdraw(id=1)]


def test_asks_wait_in_order() -> None:
    """The first stays in front until it is dropped."""
    waiting = Waiting()
    for ask_id in (1, 2, 3):
        waiting.add(code(ask_id))
    assert (waiting.front, waiting.behind) == (code(1), 2)
    waiting.drop(1)
    assert (waiting.front, waiting.behind) == (code(2), 1)


def test_withdraw_takes_out_the_ask_it_names() -> None:
    """In front or behind; one that is not there changes nothing."""
    waiting = Waiting()
    for ask_id in (1, 2, 3):
        waiting.add(code(ask_id))
    for ask_id in (2, 1, 9):
        waiting.add(Withdraw(id=ask_id))
    assert (waiting.front, waiting.behind) == (code(3), 0)
