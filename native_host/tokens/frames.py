"""What the host and a worker say to each other: msgpack messages, each behind its length in four bytes, big-endian.

Buffers are ours from end to end and are wiped once they are read: PINs and plaintexts pass here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from msgspec import UNSET, Meta, UnsetType
from msgspec.msgpack import Encoder

from native_host.secret import wipe
from native_host.value import Value

if TYPE_CHECKING:
    from io import RawIOBase

MAX_FRAME_BYTES = 4 << 20
LENGTH_BYTES = 4
_ROOM = 8 << 10
_encoder = Encoder()

Name = Annotated[str, Meta(min_length=1, max_length=64)]


class Request(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    id: int
    method: Name
    params: dict[str, Any]


class Failure(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``name`` as ``errors.error_of`` knows it."""

    name: Name
    tries_left: Annotated[int, Meta(ge=0, le=255)] | None = None


class Reply(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    id: int
    result: Any = None
    error: Failure | UnsetType = UNSET


class SecretReply(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A reply whose result is nothing but secret bytes; they are decoded into a buffer that can be wiped."""

    id: int
    result: bytearray | None = None
    error: Failure | UnsetType = UNSET


class FrameError(Exception):
    """The other side closed, or sends what is no frame."""


def encode_frame(message: Value) -> bytearray:
    """The bytes to write, in a buffer that the caller wipes. ``ValueError`` if they are too many."""
    # Encoded in place after room for the length. What is longer than this is no secret, and may move while it grows.
    frame = bytearray(_ROOM)
    _encoder.encode_into(message, frame, LENGTH_BYTES)
    length = len(frame) - LENGTH_BYTES
    if length > MAX_FRAME_BYTES:
        raise ValueError("a message to or from a token is too long")
    frame[:LENGTH_BYTES] = length.to_bytes(LENGTH_BYTES, "big")
    return frame


def write_frame(stream: RawIOBase, frame: bytearray) -> None:
    """Write all of it and wipe it."""
    try:
        with memoryview(frame) as view:
            written = 0
            while written < len(view):
                written += stream.write(view[written:]) or 0
    finally:
        wipe(frame)


def read_frame(stream: RawIOBase) -> bytearray:
    """The next message, in a buffer that the caller wipes; raises ``FrameError``."""
    length = int.from_bytes(_read(stream, LENGTH_BYTES), "big")
    if not 0 < length <= MAX_FRAME_BYTES:
        raise FrameError
    return _read(stream, length)


def _read(stream: RawIOBase, count: int) -> bytearray:
    buffer = bytearray(count)
    with memoryview(buffer) as view:
        have = 0
        while have < count:
            got = stream.readinto(view[have:])
            if not got:
                raise FrameError
            have += got
    return buffer
