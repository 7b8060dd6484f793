"""Which reply belongs to which frame: a single call's goes out at once, a batch's when the last of them is there.

What one read of frames brings is answered with one write, after the one commit for all of it; events go out with it. From the reply
on that opens a channel, everything that is written is sealed, in the order in which it is written. Not locked: its owner holds one lock
around every method.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from msgspec import UNSET, UnsetType

from native_host import incidents
from native_host.config import make_folder
from native_host.errors import Internal, InvalidRequest, KmsError, TooLarge
from native_host.protocol.messages import Event, EventType, LockReason
from native_host.transport import jsonrpc
from native_host.transport.frames import PeerGone, write_frames
from native_host.transport.limits import RESPONSE_BYTES, SEALED_RESPONSE_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable

    from native_host.transport.channel import Channel

BROKEN = "What arrived does not belong to the sealed channel at this place, so the channel was ended. Connect again."


class Frame:
    """The replies to one frame; ``missing`` of them are not there yet. ``opens`` is the channel that is open once they are sent."""

    __slots__ = ("batch", "missing", "opens", "replies")

    def __init__(self, parsed: jsonrpc.Parsed) -> None:
        self.batch = parsed.batch
        self.missing = sum(not isinstance(item, jsonrpc.Cancel) for item in parsed.items)
        self.replies: list[tuple[jsonrpc.CallId | None, bytes]] = []
        self.opens: Channel | None = None

    def add(self, call_id: jsonrpc.CallId | None, body: bytes) -> None:
        """One more reply is there."""
        self.replies.append((call_id, body))
        self.missing -= 1

    @property
    def is_ready(self) -> bool:
        """Whether there is something to send, and nothing more to wait for."""
        return bool(self.replies) and self.missing == 0

    def body(self, limit: int) -> bytes:
        """What is sent for it; ``too_large`` in place of what is longer than that."""
        if self.batch:
            return jsonrpc.encode_batch(self.replies, limit)
        call_id, body = self.replies[0]
        return body if len(body) <= limit else jsonrpc.encode_error(call_id, TooLarge())


class Replies:
    """The calls of one port that are not answered yet, and its output. ``peer_gone`` is called when nobody reads any more; ``folder`` has the log of faults."""

    def __init__(self, frames_out: int, peer_gone: Callable[[], None], folder: str) -> None:
        self._frames_out = frames_out
        self._peer_gone = peer_gone
        self._folder = folder
        self._in_flight = jsonrpc.InFlight()
        self._deferred: dict[jsonrpc.CallId, Frame] = {}
        self._events: list[bytes] | None = None
        self._channel: Channel | None = None

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
            self._write([self._sealed(frame)])

    def error(self, call_id: jsonrpc.CallId, error: Exception) -> bytes:
        """The reply to a call that failed; of a fault it tells no more than the incident's id."""
        if isinstance(error, KmsError):
            return jsonrpc.encode_error(call_id, error)
        return jsonrpc.encode_error(call_id, Internal(incident=self.log(error)))

    def log(self, error: Exception) -> str:
        """The incident's id, under which a fault now stands in the log, if there is any place to write it to."""
        incident = incidents.new_incident()
        with suppress(OSError):
            make_folder(self._folder)
        incidents.record(self._folder, incident, error)
        return incident

    def event(self, kind: EventType, reason: LockReason | UnsetType = UNSET) -> None:
        """Tell the extension; within a read's frames, together with their replies."""
        body = jsonrpc.encode_event(Event(type=kind, reason=reason))
        if self._events is None:
            self._write([self._seal(body)])
        else:
            self._events.append(body)

    def drop_events(self) -> None:
        """Forget this read's events: what they tell has not happened."""
        self._events = []

    def send(self, frames: list[Frame]) -> None:
        """Send what is ready of a read's frames, and the events, in one write."""
        events, self._events = self._events or [], None
        bodies: list[bytes] = []
        for frame in frames:
            if frame.is_ready:
                bodies.append(self._sealed(frame))
            if frame.opens is not None:
                self._channel = frame.opens
        self._write([*bodies, *map(self._seal, events)])

    def tell_broken(self) -> None:
        """Tell, in the clear, that the channel is at its end. Nothing follows."""
        self._write([jsonrpc.encode_error(None, InvalidRequest(BROKEN))])

    def _sealed(self, frame: Frame) -> bytes:
        return self._seal(frame.body(RESPONSE_BYTES if self._channel is None else SEALED_RESPONSE_BYTES))

    def _seal(self, body: bytes) -> bytes:
        return body if self._channel is None else self._channel.seal(body)

    def _write(self, bodies: list[bytes]) -> None:
        if not bodies:
            return
        try:
            write_frames(self._frames_out, bodies)
        except PeerGone:
            self._peer_gone()
