"""Whatever a peer sends: the host refuses or drops it, stays in step, and answers the next good frame."""

from __future__ import annotations

import json
import sys
from itertools import pairwise
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from native_host.protocol.methods import METHODS
from native_host.transport.frames import FrameReader
from native_host.transport.jsonrpc import Call, Cancel, Refusal, encode_error, parse_frame
from native_host.transport.limits import RESPONSE_BYTES, Oversize

LIMIT = 512
calm = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # The machine may be busy.
GOOD = b'{"jsonrpc":"2.0","id":"good","method":"getStatus"}'


def frame(body: bytes) -> bytes:
    return len(body).to_bytes(4, sys.byteorder) + body


def chunks(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[start:end] for start, end in pairwise(edges)]


def check(body: bytes | Oversize) -> None:
    """What comes of any body is typed, and its refusals can be sent."""
    for item in parse_frame(body).items:
        assert isinstance(item, Call | Cancel | Refusal)
        if isinstance(item, Refusal):
            reply = encode_error(item.id, item.error)
            assert item.id == json.loads(reply)["id"]
            assert len(reply) < RESPONSE_BYTES
        if isinstance(item, Call):
            assert METHODS[item.method].available
            assert isinstance(item.params, METHODS[item.method].params)


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4))
members = {
    "jsonrpc": st.just("2.0") | scalars,
    "id": st.integers(min_value=0, max_value=9) | values,
    "method": st.sampled_from([*METHODS, "cancel"]) | scalars,
    "params": values,
}
requests = st.fixed_dictionaries({}, optional=members) | st.fixed_dictionaries({"jsonrpc": st.just("2.0"), **members})
near_misses = (requests | st.lists(requests, max_size=40)).map(lambda value: json.dumps(value).encode())
bodies = st.binary(max_size=2 * LIMIT) | near_misses | st.text(alphabet='[]{}",:\\u1eE-tfn \x00é').map(str.encode)


@calm
@given(bodies)
def test_any_body_comes_to_a_typed_end(body: bytes) -> None:
    """Bytes, texts that look like JSON, and requests that are nearly right: refused or accepted, never a crash."""
    check(body)


@calm
@given(st.binary(max_size=4 * LIMIT), st.lists(st.integers(min_value=0), max_size=10))
def test_any_stream_comes_to_a_typed_end(stream: bytes, cuts: list[int]) -> None:
    """Rubbish read as lengths and bodies."""
    reader = FrameReader(LIMIT)
    for chunk in chunks(stream, cuts):
        for body in reader.feed(chunk):
            assert isinstance(body, Oversize) or len(body) <= LIMIT
            check(body)
        assert len(reader._partial) < LIMIT + 4


@calm
@given(st.lists(bodies, max_size=6), st.lists(st.integers(min_value=0), max_size=20))
def test_where_chunks_are_cut_does_not_matter(sent: list[bytes], cuts: list[int]) -> None:
    """The same frames come out, oversize ones in their place."""
    stream = b"".join(map(frame, sent))
    reader = FrameReader(LIMIT)
    received = [body for chunk in chunks(stream, cuts) for body in reader.feed(chunk)]
    assert [None if len(body) > LIMIT else body for body in sent] == [None if isinstance(body, Oversize) else body for body in received]


@calm
@given(st.lists(bodies, max_size=6), st.lists(st.integers(min_value=0), max_size=20))
def test_after_any_frames_a_good_one_is_still_understood(hostile: list[bytes], cuts: list[int]) -> None:
    """The stream stays in step."""
    reader = FrameReader(LIMIT)
    received = [body for chunk in chunks(b"".join(map(frame, [*hostile, GOOD])), cuts) for body in reader.feed(chunk)]
    for body in received:
        check(body)
    (call,) = parse_frame(received[-1]).items
    assert isinstance(call, Call)
    assert ("good", "getStatus") == (call.id, call.method)


@calm
@given(st.integers(min_value=0), values, st.text(min_size=1, max_size=300))
def test_the_path_of_wrong_params_is_short_and_harmless(number: int, value: Any, name: str) -> None:
    """Whatever a member is called or holds, only what could be a name comes back, and not much of it."""
    for params in ({"length": value}, {"length": 1, name: number}, {"length": 1, name: {name: value}}):
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "randomBytes", "params": params}).encode()
        for item in parse_frame(body).items:
            if isinstance(item, Refusal) and item.error.reason == "invalid_params":
                path = str(item.error.data()["path"])
                assert len(path) <= 200
                assert all(part.isascii() and (part.isidentifier() or part.isdecimal()) for part in path.split(".") if path)
