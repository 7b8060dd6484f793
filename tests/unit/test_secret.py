"""A secret in a buffer: wiped at the end, and shown by nothing."""

from __future__ import annotations

import copy
import json
import logging
import os
import pickle
import random
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from native_host.secret import SecretBytes, wipe
from native_host.secret_memory import Arena, Region, reserve
from native_host.value import Value

SECRET = b"canary in a buffer"


def test_a_wiped_buffer_holds_zeros() -> None:
    """Whatever kind of buffer it is, in place."""
    for buffer in (bytearray(SECRET), memoryview(bytearray(SECRET)), memoryview(bytearray(SECRET * 2))[::1]):
        wipe(buffer)
        assert bytes(len(buffer)) == bytes(buffer)


def test_what_cannot_be_wiped_is_refused() -> None:
    """``bytes`` stay as they are, so nobody may believe them wiped."""
    with pytest.raises(TypeError):
        wipe(memoryview(SECRET))


def test_the_end_of_the_block_wipes() -> None:
    """Also when the block raises."""
    with SecretBytes(SECRET) as secret:
        assert SECRET == bytes(secret.buffer)
    assert bytes(len(SECRET)) == bytes(secret.buffer)
    with pytest.raises(ZeroDivisionError), SecretBytes(SECRET) as other:
        1 / 0  # noqa: B018
    assert bytes(len(SECRET)) == bytes(other.buffer)


def test_a_bytearray_is_moved() -> None:
    """What was handed in holds zeros afterwards; of ``bytes`` and of a view there are two copies."""
    buffer, view = bytearray(SECRET), memoryview(bytearray(SECRET))
    with SecretBytes(buffer) as moved, SecretBytes(view) as copied:
        assert [SECRET, SECRET] == [bytes(moved.buffer), bytes(copied.buffer)]
    assert (bytes(len(SECRET)), SECRET) == (bytes(buffer), bytes(view))


@pytest.mark.parametrize("length", [0, 1, 31, 32, 33, 4096, 16 * 1024, 16 * 1024 + 1, 300_000])
def test_a_secret_may_have_any_length(length: int) -> None:
    """Its buffer is as long as it, and can be written to."""
    content = random.Random(length).randbytes(length)
    with SecretBytes(content) as secret:
        assert (length, length, content) == (len(secret), len(secret.buffer), bytes(secret.buffer))
        secret.buffer[:] = content[::-1]
        assert content[::-1] == bytes(secret.buffer)
    assert bytes(length) == bytes(secret.buffer)


def test_it_is_not_printed() -> None:
    """Not by repr, str, format, a log, a traceback, or as part of something else."""
    secret = SecretBytes(SECRET)
    record = logging.LogRecord("x", logging.INFO, "x", 1, "%s %r", (secret, secret), None)
    shown = [repr(secret), str(secret), f"{secret}", f"{[secret]}", record.getMessage()]
    try:
        raise ValueError(secret)
    except ValueError as error:
        shown += traceback.format_exception(error)
    assert [] == [text for text in shown if "canary" in text]


def test_it_is_not_copied_out() -> None:
    """Neither by pickle nor copy nor JSON."""
    secret = SecretBytes(SECRET)
    for way in (pickle.dumps, copy.copy, copy.deepcopy, json.dumps):
        with pytest.raises(TypeError):
            way(secret)


def test_equality_is_of_contents() -> None:
    """And only with another secret; there is no hash, which would be a digest of it."""
    assert SecretBytes(SECRET) == SecretBytes(SECRET)
    assert SecretBytes(SECRET) != SecretBytes(SECRET + b"!")
    assert SecretBytes(SECRET) != SECRET
    with pytest.raises(TypeError):
        hash(SecretBytes(SECRET))


def test_a_values_repr_names_its_members_only() -> None:
    """What passes between stages shows nothing either."""

    class Holder(Value, frozen=True, kw_only=True):
        token: str

    assert "Holder(token)" == repr(Holder(token="canary"))


def test_what_is_still_held_of_a_wiped_secret_is_never_another() -> None:
    """A slice that outlives its secret reads zeros for as long as it is there, whatever is made meanwhile."""
    with SecretBytes(SECRET) as secret:
        held = secret.buffer[2:6]
    others = [SecretBytes(bytes([number]) * len(SECRET)) for number in range(1, 200)]
    assert bytes(4) == bytes(held)
    assert [bytes([number]) * len(SECRET) for number in range(1, 200)] == [bytes(other.buffer) for other in others]


def test_what_is_dropped_is_wiped() -> None:
    """A secret that nobody wiped leaves nothing behind in a block that the next one gets."""
    arena = Arena()
    keep, dropped = arena.take(32), arena.take(32)
    dropped[:] = b"x" * 32
    del dropped
    assert bytes(32) == bytes(arena.take(32))
    del keep


def recording() -> tuple[list[Region], Arena]:
    """An arena, and the regions that it takes."""
    taken: list[Region] = []

    def source(size: int) -> Region | None:
        region = reserve(size)
        if region is not None:
            taken.append(region)
        return region

    return taken, Arena(source)


def test_secrets_share_little_memory() -> None:
    """A thousand keys in use do not take a page each, and none lies in another."""
    taken, arena = recording()
    views = [arena.take(32) for _ in range(1000)]
    for number, view in enumerate(views):
        view[:] = number.to_bytes(32, "big")
    assert list(range(1000)) == [int.from_bytes(view, "big") for view in views]
    assert 1 == len(taken)


def is_mapped(region: Region) -> bool:
    return any(line.startswith(f"{region.address:x}-") for line in Path("/proc/self/maps").read_text(encoding="utf-8").splitlines())


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_memory_is_given_back() -> None:
    """With the last secret, and not before: while there is a memfd_secret, Linux does not hibernate."""
    taken, arena = recording()
    first, second = arena.take(32), arena.take(20_000)
    assert [True, True] == [is_mapped(region) for region in taken]
    second.release()
    arena.trim()
    assert [True, False] == [is_mapped(region) for region in taken]
    first.release()
    arena.trim()
    assert [False, False] == [is_mapped(region) for region in taken]


@pytest.mark.skipif(sys.platform != "linux", reason="forks")
def test_a_child_process_has_none_of_it() -> None:
    """It finds zeros, and what it wipes there is its own."""
    with SecretBytes(SECRET) as secret:
        child = os.fork()
        if not child:
            found = bytes(secret.buffer)
            secret.wipe()
            os._exit(int(found != bytes(len(SECRET))))
        assert 0 == os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert SECRET == bytes(secret.buffer)


def test_without_locked_memory_there_is_ordinary_memory() -> None:
    """Nothing is refused for it, and it is told."""
    arena = Arena(lambda size: None)
    view = arena.take(32)
    view[:] = bytes(range(32))
    assert ("ordinary", bytes(range(32))) == (arena.kind(), bytes(view))
    arena.trim()


def test_many_threads_take_and_give_back() -> None:
    """Each finds in its secrets what it put there."""

    def work(number: int) -> bool:
        content = bytes([number]) * 48
        for _ in range(2000):
            with SecretBytes(content) as secret:
                if bytes(secret.buffer) != content:
                    return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(1, 9)))
