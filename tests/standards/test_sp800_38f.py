"""NIST SP 800-38F, RFC 3394 and RFC 5649: AES key wrapping; names of RFC 7518 section 4.4."""

from __future__ import annotations

import os

import pytest
from Crypto.Cipher import AES
from hypothesis import given
from hypothesis import strategies as st

from native_host.selftest.aes_kw import CHECKS
from native_host.selftest.case import judge
from native_host.suites.aes_kw import A128KW, A192KW, A256KW, MAX_BYTES
from native_host.suites.kinds import CannotDecrypt, Wraps
from tests import symmetric_checks as shared

WRAPS: dict[int, Wraps] = {16: A128KW, 24: A192KW, 32: A256KW}
KEYS = st.sampled_from(sorted(WRAPS)).flatmap(lambda size: st.binary(min_size=size, max_size=size))
each = pytest.mark.parametrize(("size", "code"), WRAPS.items(), ids=["A128KW", "A192KW", "A256KW"])


def by_rfc3394(length: int) -> bool:
    """Whether plaintexts of this length are wrapped without padding."""
    return length >= 16 and length % 8 == 0


def test_the_one_difference() -> None:
    """Of what is published as invalid, only RFC 3394's wrapping among RFC 5649's is unwrapped: one case a key size."""
    different = [
        (check.alg, case.name) for check in CHECKS for case in shared.cases_of(check) if case.difference and judge(case) == "different"
    ]
    assert [("A128KW", "tcId 59"), ("A192KW", "tcId 142"), ("A256KW", "tcId 238")] == different


@given(KEYS, st.binary(min_size=1, max_size=200))
def test_against_pycryptodome(key: bytes, plaintext: bytes) -> None:
    """Another implementation wraps the same, by RFC 3394 or by RFC 5649 as the length asks, and it is unwrapped."""
    code = WRAPS[len(key)]
    wrapped = code.wrap(bytearray(key), bytearray(plaintext))
    unwrapped = code.unwrap(memoryview(key), wrapped)
    mode = AES.MODE_KW if by_rfc3394(len(plaintext)) else AES.MODE_KWP

    assert AES.new(key, mode).seal(plaintext) == wrapped
    assert isinstance(unwrapped, bytearray)
    assert plaintext == unwrapped
    assert -(-len(plaintext) // 8) * 8 + 8 == len(wrapped)


@given(KEYS, st.binary(min_size=1, max_size=200))
def test_both_standards_are_unwrapped(key: bytes, plaintext: bytes) -> None:
    """What another wraps by RFC 5649 is unwrapped whatever its length, even where RFC 3394 would be chosen here."""
    assert plaintext == WRAPS[len(key)].unwrap(key, AES.new(key, AES.MODE_KWP).seal(plaintext))


@given(KEYS, st.binary(min_size=1, max_size=40))
def test_whatever_is_changed(key: bytes, plaintext: bytes) -> None:
    """Each bit of what is wrapped, each bit of the key, each other length."""
    code = WRAPS[len(key)]
    wrapped = code.wrap(key, plaintext)
    for changed in (*shared.flipped(wrapped), *(wrapped[:length] for length in range(len(wrapped))), wrapped + b"\x00", wrapped + bytes(8)):
        shared.assert_cannot_decrypt(code.unwrap, key, changed)
    for other in shared.flipped(key):
        shared.assert_cannot_decrypt(code.unwrap, other, wrapped)


@given(KEYS, st.binary(max_size=100))
def test_anything_else(key: bytes, wrapped: bytes) -> None:
    """Bytes that nobody wrapped do not unwrap."""
    with pytest.raises(CannotDecrypt):
        WRAPS[len(key)].unwrap(key, wrapped)


@each
def test_lengths(size: int, code: Wraps) -> None:
    """From 1 to 65536 bytes are wrapped; none and more are refused, also in unwrapping."""
    key = os.urandom(size)
    for length in (1, 7, 8, 9, 15, 16, 17, 23, 24, 65535, 65536):
        plaintext = os.urandom(length)
        assert plaintext == code.unwrap(key, code.wrap(key, plaintext))
    for length in (0, MAX_BYTES + 1, MAX_BYTES + 8):
        with pytest.raises(ValueError, match="1 to 65536 bytes"):
            code.wrap(key, bytes(length))
    true = AES.new(key, AES.MODE_KW).seal(bytes(MAX_BYTES + 8))
    shared.assert_cannot_decrypt(code.unwrap, key, true)


@each
def test_keys(size: int, code: Wraps) -> None:
    """A key has the length of its name, in generating, wrapping and unwrapping."""
    shared.assert_keys(code, {size})
    for length in {0, 16, 24, 32, 33} - {size}:
        with pytest.raises(ValueError, match=f"is not {size} bytes"):
            code.wrap(bytes(length), bytes(16))
        with pytest.raises(ValueError, match=f"is not {size} bytes"):
            code.unwrap(bytes(length), bytes(24))
