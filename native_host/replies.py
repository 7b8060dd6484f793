"""Which reply belongs to which frame: a single call's goes out at once, a batch's when the last of them is there.

What one read of frames brings is answered with one write, after the one commit for all of it; events go out with it. Not
locked: its owner holds one lock around every method.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import UNSET, UnsetType

from native_host.protocol.messages import Event, EventType, LockReason
from native_host.transport import jsonrpc
from native_host.transport.frames import PeerGone, write_frames

if TYPE_CHECKING:
    from collections.abc import Callable


class Frame:
    """The replies to one frame; ``missing`` of them are not there yet."""

    __slots__ = ("batch", "missing", "replies")

    def __init__(self, parsed: jsonrpc.Parsed) -> None:
        self.batch = parsed.batch
        self.missing = sum(not isinstance(item, jsonrpc.Cancel) for item in parsed.items)
        self.replies: list[tuple[jsonrpc.CallId | None, bytes]] = []

    def add(self, call_id: jsonrpc.CallId | None, body: bytes) -> None:
        """One more reply is there."""
        self.replies.append((call_id, body))
        self.missing -= 1

    @property
    def is_ready(self) -> bool:
        """Whether there is something to send, and nothing more to wait for."""
        return bool(self.replies) and self.missing == 0

    def body(self) -> bytes:
        """What is sent for it."""
        return jsonrpc.encode_batch(self.replies) if self.batch else self.replies[0][1]


class Replies:
    """The calls of one port that are not answered yet, and its output. ``peer_gone`` is called when nobody reads any more."""

    def __init__(self, frames_out: int, peer_gone: Callable[[], None]) -> None:
        self._frames_out = frames_out
        self._peer_gone = peer_gone
        self._in_flight = jsonrpc.InFlight()
        self._deferred: dict[jsonrpc.CallId, Frame] = {}
        self._events: list[bytes] | None = None

    def begin(self) -> None:
        """A read's frames are answered from here on: events wait for them."""
        self._events = []

    def admit(self, item: jsonrpc.Call | jsonrpc.Refusal) -> jsonrpc.Call | jsonrpc.Refusal:
        """The item, its id from now on in flight; or the refusal that is answered in its place."""
        return self._in_flight.admit(item)

    def answer(self, frame: Frame, call_id: jsonrpc.CallId, body: bytes) -> None:
        """The reply to a call of a frame that is being read."""
        self._in_flight.answered(call_id)
        frame.add(call_id, body)

    def defer(self, frame: Frame, call_id: jsonrpc.CallId) -> None:
        """The reply will come later, by ``answer_deferred``."""
        self._deferred[call_id] = frame

    def answer_deferred(self, call_id: jsonrpc.CallId, body: bytes) -> None:
        """The reply to a call that was deferred, unless it has one; sent as soon as its frame is ready."""
        frame = self._deferred.pop(call_id, None)
        if frame is None:
            return
        self.answer(frame, call_id, body)
        if frame.is_ready:
            self._write([frame.body()])

    def event(self, kind: EventType, reason: LockReason | UnsetType = UNSET) -> None:
        """Tell the extension; within a read's frames, together with their replies."""
        body = jsonrpc.encode_event(Event(type=kind, reason=reason))
        if self._events is None:
            self._write([body])
        else:
            self._events.append(body)

    def drop_events(self) -> None:
        """Forget this read's events: what they tell has not happened."""
        self._events = []

    def send(self, frames: list[Frame]) -> None:
        """Send what is ready of a read's frames, and the events, in one write."""
        events, self._events = self._events or [], None
        self._write([*(frame.body() for frame in frames if frame.is_ready), *events])

    def _write(self, bodies: list[bytes]) -> None:
        if not bodies:
            return
        try:
            write_frames(self._frames_out, bodies)
        except PeerGone:
            self._peer_gone()
