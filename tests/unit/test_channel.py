"""Sealed frames, the code that is compared, and what is read of pairings, without a host."""

from __future__ import annotations

from contextlib import suppress

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from native_host.caller import pairing as agreed
from native_host.encodings.base64url import decode_base64url, encode_base64url
from native_host.errors import CannotUnseal
from native_host.noise import LAST_NONCE, CipherState, NoiseError
from native_host.operations import pairings
from native_host.transport.channel import Channel
from native_host.transport.limits import RESPONSE_BYTES, SEALED_RESPONSE_BYTES, Oversize
from tests.vector_files import load

KEYS = bytes(32), b"\x01" * 32


def ends() -> tuple[Channel, Channel]:
    """The extension's end and the host's."""
    return Channel(CipherState(KEYS[0]), CipherState(KEYS[1])), Channel(CipherState(KEYS[1]), CipherState(KEYS[0]))


@given(st.lists(st.binary(max_size=300), max_size=8))
def test_what_is_sealed_is_opened_in_order(bodies: list[bytes]) -> None:
    extension, host = ends()
    assert bodies == [host.open(extension.seal(body)) for body in bodies]
    assert bodies == [extension.open(host.seal(body)) for body in bodies]


@given(
    st.binary(max_size=200)
    | st.text(max_size=40).map(lambda text: msgspec.json.encode({"sealed": text}))
    | st.binary(max_size=80).map(lambda data: msgspec.json.encode({"sealed": encode_base64url(data)}))
)
def test_whatever_else_arrives_ends_the_channel(body: bytes) -> None:
    """Never an exception, never a frame; and what comes after it is not opened, though it was sealed as it should be."""
    extension, host = ends()
    first = extension.seal(b"{}")
    assert host.open(body) is None
    assert host.open(first) is None


@given(st.binary(max_size=60), st.data())
def test_a_changed_bit_ends_the_channel(body: bytes, data: st.DataObject) -> None:
    extension, host = ends()
    sealed = bytearray(decode_base64url(msgspec.json.decode(extension.seal(body))["sealed"]))
    bit = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[bit // 8] ^= 1 << bit % 8
    assert host.open(msgspec.json.encode({"sealed": encode_base64url(sealed)})) is None


def test_an_oversize_frame_ends_the_channel() -> None:
    extension, host = ends()
    assert host.open(Oversize()) is None
    assert host.open(extension.seal(b"{}")) is None


def test_the_longest_reply_fits_once_it_is_sealed() -> None:
    _, host = ends()
    assert RESPONSE_BYTES - 1024 < len(host.seal(b"x" * SEALED_RESPONSE_BYTES)) <= RESPONSE_BYTES


def test_nothing_is_sealed_once_the_numbers_are_used_up() -> None:
    cipher = CipherState(KEYS[0])
    cipher._nonce = LAST_NONCE - 1  # 2**64 messages are too many to send
    cipher.encrypt_with_ad(b"", b"")
    with pytest.raises(NoiseError):
        cipher.encrypt_with_ad(b"", b"")


def test_prologue_commitment_and_code_of_the_vectors() -> None:
    vectors = load("channel")
    made = vectors["xx"]
    static, nonce = decode_base64url(made["initiatorStatic"]["public"]), decode_base64url(made["nonceI"])
    committed = decode_base64url(made["commitment"])
    assert decode_base64url(vectors["prologue"]) == agreed.prologue(vectors["origin"], vectors["family"])
    assert committed == agreed.commitment(static, nonce)
    assert agreed.is_opened(committed, static, nonce)
    assert made["code"] == agreed.code(decode_base64url(made["handshakeHash"]))


def test_a_commitment_is_to_one_key_and_one_nonce_of_its_length() -> None:
    """The border between the two cannot be moved: the same bytes, cut elsewhere, are no opening."""
    static, nonce = bytes(range(32)), bytes(range(32, 64))
    committed = agreed.commitment(static, nonce)
    assert not agreed.is_opened(committed, static[:31], static[31:] + nonce)
    assert not agreed.is_opened(committed, static + nonce[:1], nonce[1:])
    assert not agreed.is_opened(committed, static, nonce[::-1])


PAIRING = pairings.Pairing(
    pairing_id=bytes(16), wallet_id=b"w", origin="chrome-extension://x/", family="chromium", public=bytes(32), created_at=0
)
FAULTS: dict[str, object] = {
    "an id of another length": [bytes(15), b"w", "o", "chromium", bytes(32), 0],
    "a key of another length": [bytes(16), b"w", "o", "chromium", bytes(33), 0],
    "a browser that there is not": [bytes(16), b"w", "o", "safari", bytes(32), 0],
    "a time before all": [bytes(16), b"w", "o", "chromium", bytes(32), -1],
    "a time after all": [bytes(16), b"w", "o", "chromium", bytes(32), 2**62],
    "an origin without end": [bytes(16), b"w", "o" * 513, "chromium", bytes(32), 0],
    "too little": [bytes(16), b"w"],
    "too much": [bytes(16), b"w", "o", "chromium", bytes(32), 0, 0],
    "a number": 7,
}


@pytest.mark.parametrize("fault", FAULTS)
def test_documents_that_are_none(fault: str) -> None:
    """Only who holds the keystore's keys can write one; what cannot be read is refused all the same."""
    assert (PAIRING,) == pairings.decoded(msgspec.msgpack.encode((PAIRING,)))
    with pytest.raises(CannotUnseal):
        pairings.decoded(msgspec.msgpack.encode([FAULTS[fault]]))


@given(st.binary(min_size=1, max_size=100))
def test_bytes_that_are_no_document(content: bytes) -> None:
    with suppress(CannotUnseal):
        assert isinstance(pairings.decoded(content), tuple)
