"""RFC 8032: Ed25519."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from native_host.encodings.jwk import Jwk
from native_host.suites import ed25519
from native_host.suites.fault import SigningFault
from tests.vector_files import load

VECTORS = load("rfc8032")["vectors"]
ORDER = 2**252 + 27742317777372353535851937790883648493
PRIME = 2**255 - 19
SECRET = bytes.fromhex(VECTORS[0]["secret"])
PUBLIC = ed25519.public_key(SECRET)
GOOD = ed25519.sign(SECRET, data=b"message")

LOW_ORDER = {
    "identity": (1).to_bytes(32, "little"),
    "order 2": (PRIME - 1).to_bytes(32, "little"),
    "order 4": bytes(32),
    "order 4, odd": bytes(31) + b"\x80",
    "order 8": bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
    "order 8, odd": bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85"),
    "order 8, other": bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
    "order 8, other, odd": bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa"),
}
NOT_CANONICAL = {
    "y is p": PRIME.to_bytes(32, "little"),
    "y is p+1": (PRIME + 1).to_bytes(32, "little"),
    "identity with a sign": (1 | 1 << 255).to_bytes(32, "little"),
    "ones": b"\xff" * 32,
}
NO_POINT = {"y is 2": (2).to_bytes(32, "little"), "short": PUBLIC[1:], "long": PUBLIC + b"\x00", "empty": b""}
REFUSED = LOW_ORDER | NOT_CANONICAL | NO_POINT


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["public"][:8])
def test_published(vector: dict[str, str]) -> None:
    """A secret gives the published key and signature, and the signature verifies."""
    secret, public, message, signature = (bytes.fromhex(vector[member]) for member in ("secret", "public", "message", "signature"))

    assert public == ed25519.public_key(secret)
    assert signature == ed25519.sign(bytearray(secret), data=message, public=public)
    assert ed25519.verify(public, data=message, signature=signature) is True


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=300))
def test_against_openssl(secret: bytes, message: bytes) -> None:
    """OpenSSL makes the same key and signature, and verifies ours."""
    theirs = Ed25519PrivateKey.from_private_bytes(secret)
    signature = ed25519.sign(secret, data=message)

    assert theirs.public_key().public_bytes_raw() == ed25519.public_key(secret)
    assert theirs.sign(message) == signature
    Ed25519PublicKey.from_public_bytes(ed25519.public_key(secret)).verify(signature, message)
    assert ed25519.verify(ed25519.public_key(secret), data=message + b"\x00", signature=signature) is False


@pytest.mark.parametrize(
    "signature",
    [
        b"",
        GOOD[:-1],
        GOOD + b"\x00",
        bytes(64),
        b"\xff" * 64,
        GOOD[:32] + (int.from_bytes(GOOD[32:], "little") + ORDER).to_bytes(32, "little"),
    ],
    ids=["empty", "short", "long", "zeros", "ones", "S + L"],
)
def test_malformed_signature(signature: bytes) -> None:
    """What is no signature is not valid, nor is a second spelling of one (S not below L)."""
    assert ed25519.verify(PUBLIC, data=b"message", signature=signature) is False


@pytest.mark.parametrize("public", REFUSED.values(), ids=REFUSED.keys())
def test_key_refused(public: bytes) -> None:
    """Keys of small order, keys that are not canonical, and what is no point are errors, in a JWK and in verifying."""
    with pytest.raises(ValueError, match="not a point"):
        ed25519.parse_public(Jwk(kty="OKP", crv="Ed25519", x=public))
    with pytest.raises(ValueError, match="not a point"):
        ed25519.verify(public, data=b"message", signature=GOOD)


@pytest.mark.parametrize(
    "jwk",
    [Jwk(kty="EC", crv="Ed25519", x=PUBLIC), Jwk(kty="OKP", crv="X25519", x=PUBLIC), Jwk(kty="OKP", crv="Ed25519", x=PUBLIC, y=PUBLIC)],
    ids=["kty", "curve", "y"],
)
def test_jwk_refused(jwk: Jwk) -> None:
    """A JWK of another kind is refused."""
    with pytest.raises(ValueError, match="not an OKP key"):
        ed25519.parse_public(jwk)


@pytest.mark.parametrize(
    "refused",
    [{}, {"digest": bytes(32)}, {"data": b"", "digest": bytes(32)}, {"data": b"", "encoding": "der"}],
    ids=["nothing", "digest", "both", "DER"],
)
def test_data_only(refused: dict[str, Any]) -> None:
    """Ed25519 signs data; it has no digest and no DER form."""
    with pytest.raises(ValueError, match=r"digest|DER"):
        ed25519.sign(SECRET, **refused)
    with pytest.raises(ValueError, match=r"digest|DER"):
        ed25519.verify(PUBLIC, signature=GOOD, **refused)


def test_another_public_key() -> None:
    """One seed is never used beside two public keys: two signatures so made would give the secret away."""
    with pytest.raises(SigningFault):
        ed25519.sign(SECRET, data=b"message", public=ed25519.public_key(b"other" + bytes(27)))


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_malformed_secret(length: int) -> None:
    """A secret is 32 bytes."""
    with pytest.raises(ValueError, match="32 bytes"):
        ed25519.sign(bytes(length), data=b"")
    with pytest.raises(ValueError, match="32 bytes"):
        ed25519.public_key(bytes(length))
