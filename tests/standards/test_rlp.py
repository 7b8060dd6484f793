"""RLP (Yellow Paper appendix B): one encoding for everything, and nothing else is read."""

from __future__ import annotations

from typing import Any

import pytest
import rlp as theirs  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from native_host.encodings.rlp import NotRlp, decode, decode_number, encode, number
from tests.parts.npm import ethers_vectors

ITEMS = st.recursive(st.binary(max_size=80), lambda inner: st.lists(inner, max_size=5).map(tuple), max_leaves=20)

# ethereum.org, "Recursive-length prefix (RLP) serialization", examples.
PUBLISHED: dict[str, tuple[Any, str]] = {
    "a word": (b"dog", "83646f67"),
    "a list": ((b"cat", b"dog"), "c88363617483646f67"),
    "nothing": (b"", "80"),
    "an empty list": ((), "c0"),
    "zero": (number(0), "80"),
    "the byte 0": (b"\x00", "00"),
    "fifteen": (number(15), "0f"),
    "1024": (number(1024), "820400"),
    "three": (((), ((),), ((), ((),))), "c7c0c1c0c3c0c1c0"),
    "a sentence": (b"Lorem ipsum dolor sit amet, consectetur adipisicing elit", "b8384c6f72656d20697073756d20646f6c6f722073697420616d65742c20636f6e7365637465747572206164697069736963696e6720656c6974"),
}  # fmt: skip


@pytest.mark.parametrize(("item", "encoded"), PUBLISHED.values(), ids=PUBLISHED.keys())
def test_published_examples(item: Any, encoded: str) -> None:
    """Both ways."""
    assert encoded == encode(item).hex()
    assert item == decode(bytes.fromhex(encoded))


def test_vectors_of_ethers() -> None:
    """Both ways."""
    vectors = ethers_vectors("rlp-coder")
    assert len(vectors) > 20

    def read(item: Any) -> Any:
        return tuple(map(read, item)) if isinstance(item, list) else bytes.fromhex(item[2:])

    for vector in vectors:
        assert vector["encoded"][2:] == encode(read(vector["decoded"])).hex()
        assert read(vector["decoded"]) == decode(bytes.fromhex(vector["encoded"][2:]))


@given(ITEMS)
def test_against_another_implementation(item: Any) -> None:
    """What one writes the other reads."""

    def lists(one: Any) -> Any:
        return [lists(inner) for inner in one] if isinstance(one, tuple) else one

    assert theirs.encode(item) == encode(item)
    assert lists(decode(theirs.encode(item))) == lists(item)


@given(st.binary(max_size=120))
def test_what_is_read_is_what_would_be_written(data: bytes) -> None:
    """No two texts are read as the same thing."""
    try:
        item = decode(data)
    except NotRlp:
        return
    assert data == encode(item)


REFUSED = {
    "nothing": "",
    "bytes after the item": "83646f6700",
    "cut short": "83646f",
    "a list cut short": "c88363617483646f",
    "an item that goes beyond its list": "c183646f67",
    "a byte with a length before it": "8100",
    "a short text with a long length": "b803646f67",
    "a long length with a leading zero": "b90001" + "00",
    "a length that is cut short": "b9ff",
    "a length beyond everything": "bfffffffffffffffff",
    "a list with a long length": "f800",
    "nested without end": "c1" * 60 + "c0",
}


@pytest.mark.parametrize("data", REFUSED.values(), ids=REFUSED.keys())
def test_refused(data: str) -> None:
    with pytest.raises(NotRlp):
        decode(bytes.fromhex(data))


@pytest.mark.parametrize("item", [b"\x00", b"\x00\x01", (), (b"\x01",)])
def test_no_number(item: Any) -> None:
    """A leading zero, a list."""
    with pytest.raises(NotRlp):
        decode_number(item)
