"""NIST SP 800-38D: AES-GCM; names of RFC 7518 section 5.3."""

from __future__ import annotations

import os

import pytest
from Crypto.Cipher import AES
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from native_host.suites import symmetric
from native_host.suites.aes import A128GCM, A192GCM, A256GCM
from native_host.suites.kinds import Ciphers, Sealed
from tests import symmetric_checks as shared

CIPHERS: dict[int, Ciphers] = {16: A128GCM, 24: A192GCM, 32: A256GCM}
KEYS = st.sampled_from(sorted(CIPHERS)).flatmap(lambda size: st.binary(min_size=size, max_size=size))
each = pytest.mark.parametrize(("size", "cipher"), CIPHERS.items(), ids=["A128GCM", "A192GCM", "A256GCM"])


@given(KEYS, st.binary(max_size=300), st.binary(max_size=100), st.booleans())
def test_against_pycryptodome(key: bytes, plaintext: bytes, aad: bytes, as_view: bool) -> None:  # noqa: FBT001  # drawn
    """What is encrypted decrypts here and by another implementation, which computes the same from our nonce."""
    cipher = CIPHERS[len(key)]
    secret = memoryview(bytearray(key)) if as_view else bytearray(key)
    sealed = cipher.encrypt(secret, plaintext, aad=aad, random_bytes=os.urandom)
    opened = cipher.decrypt(secret, sealed, aad=aad)
    other = AES.new(key, AES.MODE_GCM, nonce=sealed.iv)
    other.update(aad)

    assert isinstance(opened, bytearray)
    assert plaintext == opened
    assert other.encrypt_and_digest(plaintext) == (sealed.ciphertext, sealed.tag)
    assert (12, 16, len(plaintext)) == (len(sealed.iv), len(sealed.tag), len(sealed.ciphertext))
    assert key == bytes(secret)


@given(KEYS, st.binary(max_size=24), st.binary(max_size=12))
def test_whatever_is_changed(key: bytes, plaintext: bytes, aad: bytes) -> None:
    """Each bit of ciphertext, nonce, tag, additional data and key; each other length; bytes moved from part to part."""
    cipher = CIPHERS[len(key)]
    shared.assert_changes_are_refused(cipher, key, cipher.encrypt(key, plaintext, aad=aad, random_bytes=os.urandom), aad=aad)


@pytest.mark.parametrize("length", [0, 1, 4, 8, 12, 13, 15, 17, 32])
def test_other_tags(length: int) -> None:
    """SP 800-38D allows shorter tags; the true tag cut off is refused all the same, as a short tag is easy to guess."""
    sealed = A256GCM.encrypt(bytes(32), b"text", aad=b"", random_bytes=os.urandom)
    forged = replace(sealed, tag=(sealed.tag + bytes(16))[:length])
    shared.assert_cannot_decrypt(A256GCM.decrypt, bytes(32), forged, aad=b"")


def test_other_nonces() -> None:
    """A true encryption with a nonce of 16 bytes, as SP 800-38D allows it, is refused."""
    ciphertext, tag = AES.new(bytes(32), AES.MODE_GCM, nonce=bytes(16)).encrypt_and_digest(b"text")
    shared.assert_cannot_decrypt(A256GCM.decrypt, bytes(32), Sealed(ciphertext=ciphertext, iv=bytes(16), tag=tag), aad=b"")


@each
def test_nonces(size: int, cipher: Ciphers) -> None:
    """Every encryption draws a nonce of its own, once, of 12 bytes."""
    drawn = []

    def random_bytes(length: int) -> bytes:
        drawn.append(os.urandom(length))
        return drawn[-1]

    ivs = [cipher.encrypt(bytes(size), b"text", aad=b"", random_bytes=random_bytes).iv for _ in range(20)]
    assert drawn == ivs
    assert 20 == len(set(ivs))
    assert {12} == {len(iv) for iv in ivs}


@each
def test_keys(size: int, cipher: Ciphers) -> None:
    """A key has the length of its name, in generating, encrypting and decrypting."""
    shared.assert_keys(cipher, {size})
    for length in {0, 16, 24, 32, 33} - {size}:
        with pytest.raises(ValueError, match=f"is not {size} bytes"):
            cipher.encrypt(bytes(length), b"", aad=b"", random_bytes=bytes)
        with pytest.raises(ValueError, match=f"is not {size} bytes"):
            cipher.decrypt(bytes(length), Sealed(ciphertext=b"", iv=bytes(12), tag=bytes(16)), aad=b"")


def test_what_did_not_authenticate_is_wiped(monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenSSL leaves the unauthenticated plaintext in our buffer; it is overwritten before the error goes out."""
    seen = []

    def wipe(buffer: bytearray) -> None:
        seen.append((buffer, bytes(buffer)))
        buffer[:] = bytes(len(buffer))

    monkeypatch.setattr(symmetric, "wipe", wipe)
    sealed = A256GCM.encrypt(bytes(32), b"what nobody may see", aad=b"", random_bytes=os.urandom)
    shared.assert_cannot_decrypt(A256GCM.decrypt, bytes(32), replace(sealed, tag=bytes(16)), aad=b"")
    ((buffer, before),) = seen
    assert b"what nobody may see" == before
    assert bytes(19) == buffer
