"""A port to a native host, as ``runtime.connectNative`` gives an extension, with JSON-RPC on top.

Implements: protocol sections 1 and 2, and the sealed channel, from the extension's side.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from native_host.testing.families import Family
from native_host.testing.pipes import Frame, Pipes

if TYPE_CHECKING:
    from native_host.testing.pairing import Opening, Pairing
    from native_host.transport.channel import Channel

T = TypeVar("T")

DEFAULT_TIMEOUT_SECONDS = 60.0
"""Generous on purpose: it is there so that a test ends, not to measure."""


class HostError(Exception):
    """The host refused. ``reason`` is the stable word of protocol section 3, ``data`` the whole ``data`` member."""

    def __init__(self, code: int, message: str, data: Mapping[str, Any]) -> None:
        self.code = code
        self.reason = str(data.get("reason", ""))
        self.data = dict(data)
        self.message = message
        super().__init__(f"{code} {self.reason}: {message}")


class PortClosed(Exception):
    """The port is closed. ``text`` is what the browser tells the extension; Firefox often tells nothing."""

    def __init__(self, text: str | None) -> None:
        self.text = text
        super().__init__(text or "The port was closed without a reason, as this browser does.")


class PostError(Exception):
    """``postMessage`` threw, with the browser's text; the port stays as it is."""


class Pending:
    """A call that was posted and not yet answered."""

    def __init__(self, port: Port, call_id: int | str) -> None:
        self.id = call_id
        self._port = port

    def result(self, timeout: float = DEFAULT_TIMEOUT_SECONDS) -> Any:
        """What the host answered.

        Raises:
            HostError: the host refused.
            PortClosed: the port closed first.
            TimeoutError: neither happened within ``timeout`` seconds.
        """
        return _result_of(self._port.reply_to(self.id, timeout))

    def cancel(self) -> None:
        """Ask the host to drop the call; it is then answered ``cancelled``, unless it was already decided."""
        self._port.notify("cancel", {"id": self.id})


class Port:
    """One open port, and with it one host process. A context manager: leaving it disconnects."""

    def __init__(self, family: Family, process: subprocess.Popen[bytes]) -> None:
        self.family = family
        self.process = process
        self.messages: list[Any] = []
        """Every message of the host in order, as the extension got it."""
        self.error: str | None = None
        """What ``lastError`` says once the port is closed."""
        self.origin: str | None = None
        """What the host calls the extension, once ``hello`` was said."""
        self._channel: Channel | None = None
        self._opening: tuple[int | str, Opening] | None = None
        self._posting = threading.Lock()
        self._changed = threading.Condition()
        self._closed = False
        self._replies: dict[int | str | None, dict[str, Any]] = {}
        self._next_id = 1
        self._pipes = Pipes(family, process, on_frame=self._take, on_end=self._end)

    @property
    def seen(self) -> list[Frame]:
        """Everything that crossed the pipes so far, both ways, as it stood: for a search for what must not be there."""
        return list(self._pipes.seen)

    @property
    def stderr(self) -> bytes:
        """What the host wrote to standard error so far."""
        return b"".join(frame.body for frame in self.seen if frame.direction == "standard error")

    @property
    def events(self) -> list[Any]:
        """The ``params`` of every event so far."""
        return [message["params"] for message in list(self.messages) if _is_event(message)]

    @property
    def closed(self) -> bool:
        """Whether the extension has been told that the port is closed."""
        return self._closed

    @property
    def exit_code(self) -> int | None:
        """The host's exit status, negative for a signal; ``None`` while it runs."""
        return self.process.poll()

    @property
    def killed_by(self) -> str | None:
        """``SIGTERM`` or ``SIGKILL`` if the browser had to end the host; ``None`` if it ended by itself."""
        return self._pipes.killed_by

    def request(self, method: str, params: Mapping[str, Any] | None = None, *, timeout: float = DEFAULT_TIMEOUT_SECONDS) -> Any:
        """Call ``method`` and return its result; refusals as ``Pending.result`` raises them."""
        return self.begin(method, params).result(timeout)

    def begin(self, method: str, params: Mapping[str, Any] | None = None, *, call_id: int | str | None = None) -> Pending:
        """Post a call without waiting for its answer."""
        if call_id is None:
            call_id, self._next_id = self._next_id, self._next_id + 1
        with self._changed:
            self._replies.pop(call_id, None)
        self.post({"jsonrpc": "2.0", "id": call_id, "method": method, **_member(params)})
        return Pending(self, call_id)

    def hello(self, *, name: str = "emulator", version: str = "1") -> Any:
        """Say hello in protocol version 1 and return what the host offers."""
        offered = self.request("hello", {"protocol": ["1"], "client": {"name": name, "version": version}})
        self.origin = offered["origin"]
        return offered

    def pair(self, compare: Callable[[str], None] | None = None, *, timeout: float = DEFAULT_TIMEOUT_SECONDS) -> Pairing:
        """Pair as an extension does, after ``hello`` and with an open store, and give what it keeps. ``compare`` gets the code that it shows,
        while the host's own window, or whoever answers in its place, shows another or the same.

        Raises:
            HostError: the host refused, or the person did.
            NotTheHost: what answered cannot be at the other end.
        """
        from native_host.testing.pairing import Attempt

        attempt = Attempt(self._named(), self.family.name)
        answer = self.request("beginPairing", {"message": attempt.first()}, timeout=timeout)
        last = self.begin("finishPairing", {"message": attempt.last(answer["message"])})
        if compare is not None:
            compare(attempt.code)
        return attempt.pairing(last.result(timeout)["pairingId"])

    def open_channel(self, pairing: Pairing, *, timeout: float = DEFAULT_TIMEOUT_SECONDS) -> None:
        """Open the channel of a pairing, after ``hello``. From then on all that is posted is sealed, and what arrives is opened; what arrives
        and was not sealed stands in ``messages`` as it is.

        Raises:
            HostError: the host knows no such pairing.
            NotTheHost: what answered is not the host that this extension paired with.
        """
        from native_host.testing.pairing import NotTheHost, Opening

        opening = Opening(pairing)
        call_id, self._next_id = self._next_id, self._next_id + 1
        self._opening = (call_id, opening)
        self.begin("openChannel", opening.params, call_id=call_id).result(timeout)
        if self._channel is None:
            raise NotTheHost

    def sealed(self, message: Any) -> bytes:
        """The body that carries this message through the open channel, for a test to do with as it likes; it counts as the next that was sent."""
        if self._channel is None:
            raise ValueError("no channel is open")
        return self._channel.seal(json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode())

    @property
    def is_sealed(self) -> bool:
        """Whether a channel is open."""
        return self._channel is not None

    def _named(self) -> str:
        if self.origin is None:
            raise ValueError("hello was not said yet")
        return self.origin

    def notify(self, method: str, params: Mapping[str, Any] | None = None) -> None:
        """Post a notification: a call that is never answered."""
        self.post({"jsonrpc": "2.0", "method": method, **_member(params)})

    def post(self, message: Any) -> None:
        """``port.postMessage``: any JSON value.

        Raises:
            PostError: the port is closed, or the message is over the browser's limit.
        """
        body = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        if self._closed:
            raise PostError(self.family.disconnected)
        with self._posting:  # frames are sealed in the order in which they go
            if self._channel is not None:
                body = self._channel.seal(body)
            if self.family.request_bytes is not None and len(body) > self.family.request_bytes:
                raise PostError(self.family.request_too_large)
            self._pipes.send_frame(body)

    def post_unsealed(self, message: Any) -> None:
        """Post a message as it is, also into a channel: what no extension does."""
        with self._posting:
            self._pipes.send_frame(json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode())

    def post_bytes(self, raw: bytes) -> None:
        """Write ``raw`` to the host's standard input as it stands, header and all: what no browser would send."""
        self._pipes.send(raw)

    def end_input(self) -> None:
        """Close only the host's standard input, after what is queued; its last replies still arrive. No browser does this."""
        self._pipes.end_input()

    def next_message(self, after: int, timeout: float = DEFAULT_TIMEOUT_SECONDS) -> Any:
        """The message number ``after`` (from 0) of this port, waiting for it. Errors as ``Pending.result``."""
        return self._wait_for(lambda: self.messages[after : after + 1], timeout)[0]

    def wait_event(self, event_type: str, timeout: float = DEFAULT_TIMEOUT_SECONDS) -> Any:
        """The first event of this type, past or to come. Errors as ``Pending.result``."""
        return self._wait_for(lambda: [event for event in self.events if event["type"] == event_type], timeout)[0]

    def reply_to(self, call_id: int | str | None, timeout: float = DEFAULT_TIMEOUT_SECONDS) -> dict[str, Any]:
        """The whole reply to a call by its id. Errors as ``Pending.result``."""
        return self._wait_for(lambda: self._replies.get(call_id), timeout)

    def wait_closed(self, timeout: float = DEFAULT_TIMEOUT_SECONDS) -> str | None:
        """Wait until the port is closed from the other side and return ``error``."""
        self._wait_for(lambda: self._closed, timeout)
        return self.error

    def wait_exit(self, timeout: float = DEFAULT_TIMEOUT_SECONDS) -> int:
        """Wait until the process has ended and return its exit status."""
        self._pipes.thread.join(timeout)
        if self._pipes.thread.is_alive():
            raise TimeoutError("The host is still running.")
        return self.process.wait()

    def close(self) -> None:
        """``port.disconnect()`` without waiting for the process."""
        self._pipes.close()

    def disconnect(self, timeout: float = DEFAULT_TIMEOUT_SECONDS) -> int:
        """``port.disconnect()``, then wait until the process is gone, killed as the browser kills if need be; its exit status."""
        self._pipes.close()
        return self.wait_exit(timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.disconnect()

    def _take(self, body: bytes) -> bool:
        if self._channel is not None:
            body = self._channel.open(body) or body
        try:
            message = json.loads(body.decode("utf-8", "replace"), parse_constant=_refuse_constant)
        except (ValueError, RecursionError):
            return False
        self._open(message)
        with self._changed:
            self.messages.append(message)
            self._index(message)
            self._changed.notify_all()
        return True

    def _open(self, message: Any) -> None:
        """Here, before the next frame is looked at: it is sealed already."""
        if self._opening is None or not isinstance(message, dict) or message.get("id") != self._opening[0]:
            return
        from native_host.testing.pairing import NotTheHost

        (_, opening), self._opening = self._opening, None
        with contextlib.suppress(NotTheHost, KeyError, TypeError):  # ``open_channel`` says so
            self._channel = opening.channel(message["result"]["message"])

    def _end(self, why: str | None) -> None:
        with self._changed:
            self.error, self._closed = why, True
            self._changed.notify_all()

    def _index(self, message: Any) -> None:
        for member in message if isinstance(message, list) else [message]:
            if isinstance(member, dict) and "method" not in member and isinstance(member.get("id"), int | str | None):
                self._replies.setdefault(member.get("id"), member)

    def _wait_for(self, look: Callable[[], T | None], timeout: float) -> T:
        deadline = time.monotonic() + timeout
        with self._changed:
            while not (found := look()):
                if self._closed:
                    raise PortClosed(self.error)
                remaining = deadline - time.monotonic()
                if remaining <= 0:
                    raise TimeoutError("The host did not answer in time.")
                self._changed.wait(remaining)
            return found


def _member(params: Mapping[str, Any] | None) -> dict[str, Any]:
    return {} if params is None else {"params": dict(params)}


def _is_event(message: Any) -> bool:
    return isinstance(message, dict) and message.get("method") == "event"


def _result_of(reply: dict[str, Any]) -> Any:
    if "error" in reply:
        error = reply["error"]
        raise HostError(error["code"], error["message"], error.get("data", {}))
    return reply["result"]


def _refuse_constant(name: str) -> None:
    # Python reads NaN and Infinity; JSON.parse of a browser does not.
    raise ValueError(name)
