"""The pipes of one host process: frames in and out on a thread of their own, and the ending of the process.

Implements: the frames of "Native messaging protocol" in Chrome's extension documentation.
"""

from __future__ import annotations

import contextlib
import os
import select
import struct
import subprocess
import threading
import time
from collections.abc import Callable
from typing import Literal, NamedTuple

from native_host.testing.families import Family

_HEADER = struct.Struct("=I")
_READ_BYTES = 256 * 1024
_READABLE = select.POLLIN | select.POLLHUP | select.POLLERR
_EXIT_POLL_MS = 10


class Frame(NamedTuple):
    """One frame that crossed the pipe, or a piece of what the host wrote to standard error."""

    direction: Literal["to host", "from host", "standard error"]
    body: bytes


class Pipes:
    """Feeds a started process and hands its frames to ``on_frame``, until either side ends.

    Everything that touches the pipes happens on one thread, so nothing is closed under a reader, and a host that does
    not read never blocks the test. ``on_frame`` tells whether the frame was JSON; ``on_end`` gets the browser's words
    for why the port closed, once.
    """

    def __init__(
        self,
        family: Family,
        process: subprocess.Popen[bytes],
        *,
        on_frame: Callable[[bytes], bool],
        on_end: Callable[[str | None], None],
    ) -> None:
        self.seen: list[Frame] = []
        self.killed_by: str | None = None
        self._family, self._process = family, process
        self._on_frame, self._on_end = on_frame, on_end
        self._lock = threading.Lock()
        self._outgoing = bytearray()
        self._incoming = bytearray()
        self._input_ended = False
        self._close_asked = False
        self._wake_read, self._wake_write = os.pipe()
        self._stdin, self._stdout, self._stderr = (
            stream.fileno() if stream else -1 for stream in (process.stdin, process.stdout, process.stderr)
        )
        for descriptor in (self._stdin, self._wake_read):
            os.set_blocking(descriptor, False)
        self.thread = threading.Thread(target=self._run, name="browser emulator", daemon=True)
        self.thread.start()

    def send(self, raw: bytes) -> None:
        """Queue ``raw`` for the host's standard input as it stands; bytes for a host that is gone are dropped."""
        with self._lock:
            if self._input_ended or self._close_asked:
                return
            self._outgoing += raw
            self._wake()

    def send_frame(self, body: bytes) -> None:
        """Queue one frame."""
        self.seen.append(Frame("to host", body))
        self.send(_HEADER.pack(len(body)) + body)

    def end_input(self) -> None:
        """Close the host's standard input once all that is queued has been written, and keep reading."""
        with self._lock:
            self._input_ended = True
            self._wake()

    def close(self) -> None:
        """Close the port as the browser does."""
        with self._lock:
            self._close_asked = True
            self._wake()

    def _wake(self) -> None:
        if self._wake_write >= 0:
            os.write(self._wake_write, b"!")

    def _run(self) -> None:
        why = self._converse()
        # What was posted just before the port was closed goes out as far as the pipe takes it.
        if self._stdin >= 0:
            self._write_some()
        self._close_stdin()
        if self._family.closes_output:
            self._close_stdout()
        self._on_end(why)
        self._end_process()
        self._close_stdout()
        self._close_stderr()
        with self._lock:
            os.close(self._wake_write)
            self._wake_write = -1
        os.close(self._wake_read)

    def _converse(self) -> str | None:
        while not self._close_asked:
            ready = self._wait(None)
            if self._wake_read in ready:
                os.read(self._wake_read, 4096)
            if self._stdin in ready:
                self._write_some()
            if self._stderr in ready:
                self._read_errors()
            if self._stdout in ready:
                chunk = os.read(self._stdout, _READ_BYTES)
                if not chunk:
                    return self._family.exited
                self._incoming += chunk
                refused, why = self._take_frames()
                if refused:
                    return why
        return None

    def _wait(self, timeout_ms: int | None) -> set[int]:
        poll = select.poll()
        for descriptor in (self._wake_read, self._stdout, self._stderr):
            if descriptor >= 0:
                poll.register(descriptor, _READABLE)
        with self._lock:
            if self._stdin >= 0 and self._outgoing:
                poll.register(self._stdin, select.POLLOUT | select.POLLERR)
            elif self._stdin >= 0 and self._input_ended:
                self._close_stdin()
        return {descriptor for descriptor, _ in poll.poll(timeout_ms)}

    def _write_some(self) -> None:
        with self._lock:
            try:
                written = os.write(self._stdin, memoryview(self._outgoing)[: 64 * 1024])
            except BlockingIOError:
                return
            except OSError:
                # The host closed its input; it is gone when its output ends too.
                self._outgoing.clear()
                self._close_stdin()
                return
            del self._outgoing[:written]

    def _take_frames(self) -> tuple[bool, str | None]:
        """Deliver every whole frame; the first member tells whether the browser closes the port, the second why."""
        while len(self._incoming) >= _HEADER.size:
            (size,) = _HEADER.unpack_from(self._incoming)
            if size > self._family.response_bytes:
                self.seen.append(Frame("from host", bytes(self._incoming)))
                return True, self._family.oversize.format(size=size, limit=self._family.response_bytes)
            end = _HEADER.size + size
            if len(self._incoming) < end:
                break
            body = bytes(self._incoming[_HEADER.size : end])
            del self._incoming[:end]
            self.seen.append(Frame("from host", body))
            if not self._on_frame(body) and not self._family.drops_rubbish:
                return True, self._family.rubbish
        return False, None

    def _read_errors(self) -> None:
        chunk = os.read(self._stderr, _READ_BYTES)
        if chunk:
            self.seen.append(Frame("standard error", chunk))
        else:
            self._close_stderr()

    def _end_process(self) -> None:
        started = time.monotonic()
        remaining = list(self._family.endings)
        while self._process.poll() is None:
            self._drain()
            if remaining and time.monotonic() - started >= remaining[0].seconds:
                step = remaining.pop(0)
                self.killed_by = step.signal.name
                self._process.send_signal(step.signal)
        # What was written before the end is still in the pipe.
        while self._stderr >= 0 and self._stderr in self._wait(0):
            self._read_errors()

    def _drain(self) -> None:
        ready = self._wait(_EXIT_POLL_MS)
        if self._wake_read in ready:
            os.read(self._wake_read, 4096)
        if self._stderr in ready:
            self._read_errors()
        if self._stdout in ready and not os.read(self._stdout, _READ_BYTES):
            self._close_stdout()

    def _close_stdin(self) -> None:
        if self._stdin >= 0 and self._process.stdin:
            self._stdin = -1
            with contextlib.suppress(OSError):
                self._process.stdin.close()

    def _close_stdout(self) -> None:
        if self._stdout >= 0 and self._process.stdout:
            self._stdout = -1
            self._process.stdout.close()

    def _close_stderr(self) -> None:
        if self._stderr >= 0 and self._process.stderr:
            self._stderr = -1
            self._process.stderr.close()
