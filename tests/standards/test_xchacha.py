"""draft-irtf-cfrg-xchacha-03: XChaCha20-Poly1305, ``XC20P``."""

from __future__ import annotations

import os

import pytest
from Crypto.Cipher import ChaCha20_Poly1305
from hypothesis import given
from hypothesis import strategies as st

from native_host.suites.chacha import XC20P
from native_host.suites.kinds import Ciphers, Sealed
from tests import symmetric_checks as shared

CIPHER: Ciphers = XC20P
KEYS = st.binary(min_size=32, max_size=32)


@given(KEYS, st.binary(max_size=300), st.binary(max_size=100))
def test_against_pycryptodome(key: bytes, plaintext: bytes, aad: bytes) -> None:
    """What is encrypted decrypts here, and another implementation computes the same from our nonce."""
    sealed = CIPHER.encrypt(bytearray(key), plaintext, aad=aad, random_bytes=os.urandom)
    opened = CIPHER.decrypt(memoryview(key), sealed, aad=aad)
    other = ChaCha20_Poly1305.new(key=key, nonce=sealed.iv)
    other.update(aad)

    assert isinstance(opened, bytearray)
    assert plaintext == opened
    assert other.encrypt_and_digest(plaintext) == (sealed.ciphertext, sealed.tag)
    assert (24, 16) == (len(sealed.iv), len(sealed.tag))


@given(KEYS, st.binary(max_size=24), st.binary(max_size=12))
def test_whatever_is_changed(key: bytes, plaintext: bytes, aad: bytes) -> None:
    """Each bit of ciphertext, nonce, tag, additional data and key; each other length; bytes moved from part to part."""
    shared.assert_changes_are_refused(CIPHER, key, CIPHER.encrypt(key, plaintext, aad=aad, random_bytes=os.urandom), aad=aad)


@pytest.mark.parametrize("length", [0, 12, 23, 25])
def test_other_nonces(length: int) -> None:
    """A nonce that is not of 24 bytes is neither used nor accepted."""
    shared.assert_cannot_decrypt(CIPHER.decrypt, bytes(32), Sealed(ciphertext=b"", iv=bytes(length), tag=bytes(16)), aad=b"")
    with pytest.raises(ValueError, match="24 bytes"):
        CIPHER.encrypt(bytes(32), b"", aad=b"", random_bytes=lambda _: bytes(length))


def test_keys() -> None:
    """A key is 32 bytes, in generating, encrypting and decrypting."""
    shared.assert_keys(CIPHER, {32})
    for length in (0, 16, 31, 33):
        with pytest.raises(ValueError, match="is not 32 bytes"):
            CIPHER.encrypt(bytes(length), b"", aad=b"", random_bytes=bytes)
        with pytest.raises(ValueError, match="is not 32 bytes"):
            CIPHER.decrypt(bytes(length), Sealed(ciphertext=b"", iv=bytes(24), tag=bytes(16)), aad=b"")
