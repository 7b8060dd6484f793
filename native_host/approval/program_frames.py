"""Frames to and from an approver (protocol section 8), in buffers that are wiped: a secret in one never becomes a ``str``.

The pipes are unbuffered, as a buffer of Python's would keep the last frame.
"""

from __future__ import annotations

from sys import byteorder
from typing import TYPE_CHECKING

from msgspec import UNSET, Raw
from msgspec.json import Decoder, encode

from native_host.encodings.json_text import json_of_text, text_of_json
from native_host.protocol.approver import MAX_SECRET_CHARACTERS, Answer, ArrivedAnswer
from native_host.protocol.wire import encode_hook
from native_host.secret import wipe
from native_host.value import Value

if TYPE_CHECKING:
    from io import RawIOBase

    from native_host.protocol.approver import Ask
    from native_host.secret import SecretBytes

HEADER_BYTES = 4
ANSWER_BYTES = 128 * 1024  # the longest secret in characters of four bytes, and what stands around it
_END = b'""}'

_decode = Decoder(ArrivedAnswer).decode


class Answered(Value, frozen=True, kw_only=True):
    """An answer, and the secret that was in it, which is the taker's to wipe; ``answer.secret`` stays unset."""

    answer: Answer
    secret: SecretBytes | None = None


def encode_ask(ask: Ask | Answer, secret: SecretBytes | None = None) -> bytearray:
    """The frame of an ask, or of an answer. ``secret`` takes the place of its last member, which is empty text."""
    body = encode(ask, enc_hook=encode_hook)
    if secret is None:
        return bytearray(len(body).to_bytes(HEADER_BYTES, byteorder) + body)
    if not body.endswith(_END):
        raise ValueError("the ask does not end with an empty member")
    with json_of_text(secret) as token:
        length = len(body) - len(_END) + len(token) + 1
        frame = bytearray(HEADER_BYTES + length)
        frame[:HEADER_BYTES] = length.to_bytes(HEADER_BYTES, byteorder)
        frame[HEADER_BYTES : -len(token) - 1] = body[: -len(_END)]
        frame[-len(token) - 1 : -1] = token.buffer
        frame[-1:] = _END[-1:]
    return frame


def write_frame(stream: RawIOBase, frame: bytearray) -> None:
    """Write all of it and wipe it; raises ``OSError``, ``ValueError`` if the stream is closed."""
    try:
        with memoryview(frame) as view:
            written = 0
            while written < len(view):
                written += stream.write(view[written:]) or 0
    finally:
        wipe(frame)


def read_answer(stream: RawIOBase) -> Answered | None:
    """The next answer; ``None`` at the end of the stream.

    Raises:
        ValueError: what came is no answer (``msgspec.MsgspecError`` among them); ``RecursionError``, ``OSError`` as they are.
    """
    header = _read(stream, HEADER_BYTES)
    length = 0 if header is None else int.from_bytes(header, byteorder)
    body = _read(stream, length) if 0 < length <= ANSWER_BYTES else None
    if body is None:
        return None
    try:
        arrived = _decode(body)
        return Answered(
            answer=Answer(id=arrived.id, verdict=arrived.verdict, grant=arrived.grant, typed=arrived.typed),
            secret=None if arrived.secret is UNSET else _secret(arrived.secret),
        )
    finally:
        wipe(body)


def _secret(raw: Raw) -> SecretBytes:
    text = text_of_json(memoryview(raw))
    if sum(byte & 0xC0 != 0x80 for byte in text.buffer) > MAX_SECRET_CHARACTERS:  # noqa: PLR2004 - a byte that goes on with a character
        text.wipe()
        raise ValueError("the secret is too long")
    return text


def _read(stream: RawIOBase, count: int) -> bytearray | None:
    buffer = bytearray(count)
    with memoryview(buffer) as view:
        have = 0
        while have < count:
            got = stream.readinto(view[have:])
            if not got:
                wipe(buffer)
                return None
            have += got
    return buffer
