"""Frames as protocol section 1 has them, and the taking over of the standard streams by a real process."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from native_host.transport.frames import FrameReader, PeerGone, read_frames, write_frames
from native_host.transport.limits import RESPONSE_BYTES, Oversize


def frame(body: bytes) -> bytes:
    return len(body).to_bytes(4, sys.byteorder) + body


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe()
    yield reading, writing
    for descriptor in (reading, writing):
        with contextlib.suppress(OSError):  # A test may have closed it.
            os.close(descriptor)


def test_several_frames_in_one_chunk_come_out_in_order() -> None:
    """One read may bring many frames."""
    assert [b"one", b"", b"three"] == FrameReader().feed(frame(b"one") + frame(b"") + frame(b"three"))


def test_a_frame_may_come_byte_by_byte() -> None:
    """The reader keeps what it has until the frame is whole."""
    reader = FrameReader()
    pieces = [reader.feed(bytes([byte])) for byte in frame(b"{}")]
    assert [[], [], [], [], [], [b"{}"]] == pieces


def test_half_a_frame_gives_nothing() -> None:
    """What has not come whole is never handed on."""
    assert [b"{}"] == FrameReader().feed(frame(b"{}") + frame(b"never whole")[:-1])


def test_a_body_of_exactly_the_limit_is_read() -> None:
    """The limit is the longest body that is allowed."""
    assert [b"x" * 8] == FrameReader(limit=8).feed(frame(b"x" * 8))


def test_an_oversize_frame_is_told_in_its_place_and_the_stream_stays_in_step() -> None:
    """The frames around an oversize one are unharmed."""
    before, oversize, after = FrameReader(limit=8).feed(frame(b"before") + frame(b"x" * 9) + frame(b"after"))
    assert (b"before", True, b"after") == (before, isinstance(oversize, Oversize), after)


def test_an_oversize_frame_is_told_before_its_body_has_come() -> None:
    """A sender that waits for the answer does not wait in vain."""
    (oversize,) = FrameReader(limit=8).feed((0xFFFFFFFF).to_bytes(4, sys.byteorder))
    assert isinstance(oversize, Oversize)


def test_the_body_of_an_oversize_frame_is_not_held() -> None:
    """The memory of a reader does not grow with a body that it refuses."""
    reader = FrameReader(limit=8)
    reader.feed(frame(bytes(1_000_000))[:500_000])
    reader.feed(bytes(400_000))
    assert 0 == len(reader._partial)
    assert [b"after"] == reader.feed(bytes(100_004) + frame(b"after"))


def test_read_frames_tells_the_end_of_the_stream(pipe: tuple[int, int]) -> None:
    """The end is ``None``; half a frame before it is dropped."""
    reading, writing = pipe
    reader = FrameReader()
    os.write(writing, frame(b"{}") + frame(b"half")[:-1])
    assert [b"{}"] == read_frames(reading, reader)
    os.close(writing)
    assert read_frames(reading, reader) is None


def test_a_stream_that_fails_has_ended(pipe: tuple[int, int]) -> None:
    """An error of the stream is its end, not a crash."""
    reading, _ = pipe
    os.close(reading)
    assert read_frames(reading, FrameReader()) is None


def test_what_is_written_can_be_read(pipe: tuple[int, int]) -> None:
    """Reader and writer agree about frames."""
    reading, writing = pipe
    write_frames(writing, [b"one", b"two"])
    assert [b"one", b"two"] == read_frames(reading, FrameReader())


def test_a_batch_larger_than_the_pipe_is_written_whole() -> None:
    """A pipe takes less than a large reply at once; the rest follows."""
    program = "import sys; from native_host.transport.frames import write_frames; write_frames(1, [b'x' * 1048576] * 2)"
    written = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, check=True, timeout=60).stdout
    assert frame(b"x" * RESPONSE_BYTES) * 2 == written


def test_a_reply_over_the_limit_is_never_written(pipe: tuple[int, int]) -> None:
    """Browsers close the port at one byte more than a mebibyte."""
    reading, writing = pipe
    with pytest.raises(ValueError, match="close the port"):
        write_frames(writing, [b"small", b"x" * (RESPONSE_BYTES + 1)])
    os.close(writing)
    assert b"" == os.read(reading, 1)


def test_a_closed_reader_is_told(pipe: tuple[int, int]) -> None:
    """A broken pipe is its own signal: nobody reads any more."""
    reading, writing = pipe
    os.close(reading)
    with pytest.raises(PeerGone):
        write_frames(writing, [b"{}"])


TAKES_OVER = """
import os, sys
from native_host.transport.frames import FrameReader, read_frames, take_over_stdio, write_frames
frames_in, frames_out = take_over_stdio()
print("a stray print", flush=True)
os.write(1, b"a stray write\\n")
sys.__stdout__.write("a stray write to the first stdout\\n"); sys.__stdout__.flush()
os.system("echo a child")
still_open = {int(name) for name in os.listdir("/dev/fd") if os.path.exists("/dev/fd/" + name)} - {frames_in, frames_out}
state = [sys.stdin.read(), sorted(still_open), os.get_inheritable(frames_in), os.get_inheritable(frames_out)]
bodies = read_frames(frames_in, FrameReader())
write_frames(frames_out, [repr(state).encode(), *bodies])
"""


def run_takes_over(*leaked: int) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-c", TAKES_OVER], input=frame(b"{}"), capture_output=True, check=True, timeout=60, pass_fds=leaked
    )


def test_standard_output_carries_frames_only() -> None:
    """What is printed by accident, by Python, by C or by a child, goes to standard error."""
    finished = run_takes_over()
    state, echoed = FrameReader().feed(finished.stdout)
    assert b"{}" == echoed
    assert b"['', [0, 1, 2], False, False]" == state
    assert b"a stray print\na stray write\na stray write to the first stdout\na child\n" == finished.stderr


def test_inherited_descriptors_are_closed() -> None:
    """Firefox leaks a pipe into its hosts; a host keeps nothing of the kind."""
    leaked, other = os.pipe()
    os.dup2(other, 57)
    try:
        finished = run_takes_over(leaked, 57)
    finally:
        for descriptor in (leaked, other, 57):
            os.close(descriptor)
    state, _ = FrameReader().feed(finished.stdout)
    assert b"['', [0, 1, 2], False, False]" == state


def test_the_pipe_that_firefox_leaks_is_closed() -> None:
    """It is the first descriptor after the standard ones."""
    command = ["/bin/sh", "-c", 'exec 3<&0; exec "$0" -c "$1"', sys.executable, TAKES_OVER]
    finished = subprocess.run(command, input=frame(b"{}"), capture_output=True, check=True, timeout=60)
    state, _ = FrameReader().feed(finished.stdout)
    assert b"['', [0, 1, 2], False, False]" == state


GREETS = """
from native_host.transport.frames import FrameReader, read_frames, take_over_stdio, write_frames
frames_in, frames_out = take_over_stdio()
write_frames(frames_out, [b"{}"])
raise SystemExit(7 if read_frames(frames_in, FrameReader()) is None else 8)
"""


@pytest.mark.parametrize("closed", [(0,), (1,), (2,), (0, 1, 2)])
def test_a_closed_standard_descriptor_is_survived(closed: tuple[int, ...]) -> None:
    """A launcher that closes a standard stream gets a host without that stream, not a crash or a file in its place."""
    shell = "exec " + " ".join(f"{descriptor}>&-" for descriptor in closed) + '; exec "$0" -c "$1"'
    command = ["/bin/sh", "-c", shell, sys.executable, GREETS]
    finished = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=False, timeout=60)
    assert (7, b"" if 1 in closed else frame(b"{}")) == (finished.returncode, finished.stdout)
