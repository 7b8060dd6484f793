"""The approver's side of protocol section 8: asks come in as frames on standard input, answers go out on standard output.

A frame is a 4-byte unsigned length in native byte order and that many bytes of UTF-8 JSON. What comes in is read by a
thread, so that neither a window's event loop nor a line typed in a terminal ever waits for the host. One ask is in front of
the person at a time; the others wait their turn. ``withdraw`` takes an ask away, answered by nobody.
"""

from __future__ import annotations

import os
import sys
from collections import deque
from queue import Empty, SimpleQueue
from threading import Thread
from typing import BinaryIO

import msgspec

from native_host.approval import texts
from native_host.approval.timing import REFUSALS_TOLERATED, REFUSALS_WITHIN_SECONDS
from native_host.protocol.approver import Answer, Ask, CompareCode, ReviewAsk, SecretAsk, ShowSecret, Withdraw
from native_host.secret import wipe

MAX_FRAME_BYTES = 64 * 1024 * 1024
_LENGTH_BYTES = 4
_OFTEN = 3

FrontAsk = ReviewAsk | SecretAsk | ShowSecret | CompareCode
"""An ask that a person sees."""


class Rubbish(Exception):
    """The host sent what is not a frame of the approver's protocol. Nothing is answered; the process ends."""


class End:
    """The host closed its end: there is nobody left to answer."""


def take_streams() -> tuple[BinaryIO, BinaryIO]:
    """The frame streams (asks in, answers out). From here on a stray ``print`` goes to standard error, and reading finds nothing.

    The private descriptors are not inherited, so that a program started from here holds neither end of the pipe open.
    """
    incoming, outgoing = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb", buffering=0)
    if sys.platform == "win32":
        import msvcrt

        msvcrt.setmode(incoming.fileno(), os.O_BINARY)
        msvcrt.setmode(outgoing.fileno(), os.O_BINARY)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return incoming, outgoing


def read_frame(stream: BinaryIO) -> bytes | None:
    """The next frame's body; None at the end of the stream (a half frame is the end too).

    Raises:
        Rubbish: if the announced length is more than an ask can have.
    """
    head = stream.read(_LENGTH_BYTES)
    if len(head) < _LENGTH_BYTES:
        return None
    length = int.from_bytes(head, sys.byteorder)
    if length > MAX_FRAME_BYTES:
        raise Rubbish
    body = stream.read(length)
    return body if len(body) == length else None


def decode_ask(body: bytes) -> Ask:
    """The ask in a frame.

    Raises:
        Rubbish: if it is none.
    """
    try:
        ask: Ask = msgspec.json.decode(body, type=Ask)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise Rubbish from None
    return ask


def write_answer(stream: BinaryIO, answer: Answer) -> None:
    """Send one answer in one write, and wipe the buffer that carried it."""
    frame = bytearray(_LENGTH_BYTES)
    msgspec.json.Encoder().encode_into(answer, frame, _LENGTH_BYTES)
    frame[:_LENGTH_BYTES] = (len(frame) - _LENGTH_BYTES).to_bytes(_LENGTH_BYTES, sys.byteorder)
    rest = memoryview(frame)
    while rest:
        rest = rest[stream.write(rest) :]
    wipe(frame)


class Inbox:
    """Asks as they arrive, read by a thread. ``fileno`` becomes readable when there is something to ``take``."""

    def __init__(self, stream: BinaryIO) -> None:
        self._arrived: SimpleQueue[Ask | End | Rubbish] = SimpleQueue()
        self._bell_reader, self._bell = os.pipe()
        Thread(target=self._read, args=(stream,), daemon=True).start()

    def fileno(self) -> int:
        """For ``select`` or an event loop (POSIX)."""
        return self._bell_reader

    def take(self) -> list[Ask | End | Rubbish]:
        """Everything that arrived since the last time, without waiting."""
        taken: list[Ask | End | Rubbish] = []
        while True:
            try:
                taken.append(self._arrived.get_nowait())
            except Empty:
                return taken
            os.read(self._bell_reader, 1)

    def _read(self, stream: BinaryIO) -> None:
        last: Ask | End | Rubbish = End()
        try:
            while (body := read_frame(stream)) is not None:
                self._put(decode_ask(body))
        except Rubbish as rubbish:
            last = rubbish
        except OSError:
            pass
        self._put(last)

    def _put(self, item: Ask | End | Rubbish) -> None:
        self._arrived.put(item)
        os.write(self._bell, b"!")


class Refusals:
    """How often the person, or the clock, has refused an extension lately, as far as this process saw it. Times are ``time.monotonic``."""

    def __init__(self) -> None:
        self._counts: dict[str, tuple[int, float]] = {}

    def count(self, ask: FrontAsk, now: float) -> int:
        """Of the extension that asks, each soon after the one before."""
        if not isinstance(ask, ReviewAsk):
            return 0
        count, last = self._counts.get(ask.caller.origin, (0, now))
        return count if now - last <= REFUSALS_WITHIN_SECONDS else 0

    def note(self, ask: FrontAsk, now: float, *, allowed: bool) -> None:
        """Count an ask that was denied or ran out of time; a yes ends the count."""
        if isinstance(ask, ReviewAsk):
            self._counts[ask.caller.origin] = (0 if allowed else self.count(ask, now) + 1, now)


def often(count: int) -> str:
    """What a person is told who refuses an extension again and again; empty before that."""
    if count < _OFTEN:
        return ""
    return (texts.LAST_OF_MANY if count + 1 >= REFUSALS_TOLERATED else texts.OFTEN).format(count=count, most=REFUSALS_TOLERATED)


class Waiting:
    """The line of asks. ``front`` is the one that the person sees; it stays until it is answered or withdrawn."""

    def __init__(self) -> None:
        self._line: deque[FrontAsk] = deque()

    @property
    def front(self) -> FrontAsk | None:
        """The ask whose turn it is."""
        return self._line[0] if self._line else None

    @property
    def behind(self) -> int:
        """How many wait behind the front one."""
        return max(0, len(self._line) - 1)

    def add(self, ask: Ask) -> None:
        """Put an ask at the end of the line, or take out the one that ``withdraw`` names."""
        if isinstance(ask, Withdraw):
            self.drop(ask.id)
        else:
            self._line.append(ask)

    def drop(self, ask_id: int) -> None:
        """Take an ask out: it was answered or withdrawn."""
        self._line = deque(ask for ask in self._line if ask.id != ask_id)
