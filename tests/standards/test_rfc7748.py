"""RFC 7748: X25519."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from native_host.encodings.jwk import Jwk
from native_host.suites import x25519
from tests.vector_files import load

PRIME = 2**255 - 19
SMALL_ORDER = {
    "0": bytes(32),
    "1": (1).to_bytes(32, "little"),
    "p-1": (PRIME - 1).to_bytes(32, "little"),
    "order 8": bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
    "order 8, other": bytes.fromhex("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"),
}


@pytest.mark.parametrize("vector", load("rfc7748")["vectors"], ids=lambda vector: vector["scalar"][:8])
def test_published(vector: dict[str, str]) -> None:
    """A scalar and a u-coordinate give the published one."""
    assert vector["result"] == x25519.shared_secret(bytes.fromhex(vector["scalar"]), bytes.fromhex(vector["u"])).hex()


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_against_openssl(ours: bytes, theirs: bytes) -> None:
    """OpenSSL comes to the same public key and shared secret; the JWK reads as the key."""
    key, peer = X25519PrivateKey.from_private_bytes(ours), X25519PrivateKey.from_private_bytes(theirs).public_key()
    public = x25519.public_key(ours)

    assert key.public_key().public_bytes_raw() == public
    assert key.exchange(peer) == x25519.shared_secret(bytearray(ours), peer.public_bytes_raw())
    assert public == x25519.parse_public(x25519.public_jwk(public))
    assert X25519PublicKey.from_public_bytes(public).public_bytes_raw() == public


@pytest.mark.parametrize("public", SMALL_ORDER.values(), ids=SMALL_ORDER.keys())
def test_small_order(public: bytes) -> None:
    """A key with which every secret agrees on zero is refused."""
    with pytest.raises(ValueError, match="small order"):
        x25519.parse_public(Jwk(kty="OKP", crv="X25519", x=public))
    with pytest.raises(ValueError, match="small order"):
        x25519.shared_secret(b"s" * 32, public)


@pytest.mark.parametrize(
    "jwk",
    [
        Jwk(kty="EC", crv="X25519", x=b"\x09" + bytes(31)),
        Jwk(kty="OKP", crv="Ed25519", x=b"\x09" + bytes(31)),
        Jwk(kty="OKP", crv="X25519", x=b"\x09" + bytes(31), y=b""),
        Jwk(kty="OKP", crv="X25519", x=b"\x09" + bytes(30)),
        Jwk(kty="OKP", crv="X25519", x=b"\x09" + bytes(32)),
        Jwk(kty="OKP", crv="X25519", x=(PRIME + 9).to_bytes(32, "little")),
        Jwk(kty="OKP", crv="X25519", x=b"\x09" + bytes(30) + b"\x80"),
    ],
    ids=["kty", "curve", "y", "short", "long", "not reduced", "high bit"],
)
def test_jwk_refused(jwk: Jwk) -> None:
    """A JWK of another kind or length, or of a key in another spelling, is refused."""
    with pytest.raises(ValueError, match="X25519"):
        x25519.parse_public(jwk)


@pytest.mark.parametrize("length", [0, 31, 33])
def test_lengths(length: int) -> None:
    """Secrets and keys are 32 bytes."""
    with pytest.raises(ValueError, match="32 bytes"):
        x25519.public_key(bytes(length))
    with pytest.raises(ValueError, match="32 bytes"):
        x25519.shared_secret(bytes(length), b"\x09" + bytes(31))
    with pytest.raises(ValueError, match="32 bytes"):
        x25519.shared_secret(b"s" * 32, bytes(length))


def test_generated() -> None:
    """A secret is 32 of the bytes it is given."""
    assert x25519.generate_secret(lambda length: b"r" * length) == b"r" * 32
