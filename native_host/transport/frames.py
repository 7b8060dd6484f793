"""Native messaging frames on the standard streams: protocol section 1.

Layout, both ways: the length of the body (4 bytes, unsigned, native byte order), then the body (UTF-8 JSON).

Nothing heavy is imported: the streams are taken over before anything that could print is loaded.
"""

from __future__ import annotations

import os
import sys

from native_host.transport.limits import REQUEST_BYTES, RESPONSE_BYTES, Oversize

_HEADER_BYTES = 4
_FIRST_OTHER = 3  # after the three standard descriptors
_READ_BYTES = 65_536


class PeerGone(Exception):
    """Nobody reads the replies any more; the host has nothing left to do but to end."""


def take_over_stdio() -> tuple[int, int]:
    """Keep the browser's two streams for frames alone; return their new descriptors, for reading and for writing.

    Afterwards descriptor 0 is at its end, 1 and ``sys.stdout`` are standard error, and nothing else that was inherited is open:
    a stray ``print``, of a library written in C too, cannot break the stream, and no child process inherits it.
    """
    _close_inherited()
    null = os.open(os.devnull, os.O_RDWR)
    while null < _FIRST_OTHER:  # A standard descriptor was closed. It is the null device now, before any other file can land on it.
        null = os.open(os.devnull, os.O_RDWR)
    frames_in, frames_out = os.dup(0), os.dup(1)
    os.dup2(null, 0)
    os.dup2(2, 1)
    os.close(null)
    sys.stdout = sys.stderr
    if sys.platform == "win32":
        import msvcrt

        msvcrt.setmode(frames_in, os.O_BINARY)
        msvcrt.setmode(frames_out, os.O_BINARY)
    else:
        os.set_blocking(frames_in, True)
        os.set_blocking(frames_out, True)
    return frames_in, frames_out


def _close_inherited() -> None:
    """Firefox leaks a pipe into the processes it starts, and any launcher may leak more."""
    try:
        inherited = [int(name) for name in os.listdir("/dev/fd")]
    except OSError:
        os.closerange(_FIRST_OTHER, 1024)
        return
    for descriptor in inherited:
        if descriptor >= _FIRST_OTHER:
            os.closerange(descriptor, descriptor + 1)  # unlike os.close, silent about the listing's own, which is closed already


class FrameReader:
    """Cuts a stream of bytes into frame bodies, wherever its chunks begin and end.

    What is held is never more than one body within the limit. Half a frame at the end of the stream is dropped with the reader.
    """

    __slots__ = ("_limit", "_partial", "_undrained", "_wanted")

    def __init__(self, limit: int = REQUEST_BYTES) -> None:
        self._limit = limit
        self._partial = bytearray()
        self._wanted = _HEADER_BYTES
        self._undrained = 0

    def feed(self, chunk: bytes) -> list[bytes | Oversize]:
        """The bodies that ``chunk`` completes, in order; an oversize frame is told as soon as its header is read."""
        if self._partial:
            self._partial += chunk
            if len(self._partial) < self._wanted:
                return []
            chunk = bytes(self._partial)
            self._partial.clear()
        at = min(self._undrained, len(chunk))
        self._undrained -= at
        return self._cut(chunk, at)

    def _cut(self, chunk: bytes, at: int) -> list[bytes | Oversize]:
        frames: list[bytes | Oversize] = []
        end = len(chunk)
        self._wanted = _HEADER_BYTES
        while at + _HEADER_BYTES <= end:
            body = at + _HEADER_BYTES
            length = int.from_bytes(chunk[at:body], sys.byteorder)
            if length > self._limit:
                frames.append(Oversize())
                at = min(body + length, end)
                self._undrained = body + length - at
            elif body + length <= end:
                at = body + length
                frames.append(chunk[body:at])
            else:
                self._wanted = _HEADER_BYTES + length
                break
        self._partial += chunk[at:]
        return frames


def read_frames(descriptor: int, reader: FrameReader) -> list[bytes | Oversize] | None:
    """The frames that one read completes, perhaps none; ``None`` at the end of the stream. Waits for bytes.

    One large read takes in whatever is there: many small frames cost one system call.
    """
    try:
        chunk = os.read(descriptor, _READ_BYTES)
    except OSError:  # A stream that fails has ended: a reset socket, a hung-up terminal.
        return None
    return reader.feed(chunk) if chunk else None


def write_frames(descriptor: int, bodies: list[bytes]) -> None:
    """Write every body as a frame, all in one write where the pipe takes it.

    Raises:
        PeerGone: if the other end is closed.
        ValueError: if a body is over ``RESPONSE_BYTES``; nothing is written then.
    """
    pieces: list[bytes] = []
    for body in bodies:
        if len(body) > RESPONSE_BYTES:
            raise ValueError("a frame this long would close the port")
        pieces += (len(body).to_bytes(_HEADER_BYTES, sys.byteorder), body)
    unwritten = memoryview(b"".join(pieces))
    try:
        while unwritten:
            unwritten = unwritten[os.write(descriptor, unwritten) :]
    except OSError:  # EPIPE on POSIX; on Windows a closed pipe is EINVAL.
        raise PeerGone from None
