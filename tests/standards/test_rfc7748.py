"""RFC 7748: X25519 and X448."""

from __future__ import annotations

from types import ModuleType

import pytest
from Crypto.Protocol.DH import import_x448_private_key, import_x448_public_key, key_agreement
from cryptography.hazmat.primitives.asymmetric.x448 import X448PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from native_host.encodings.jwk import Jwk
from native_host.suites import x448, x25519
from tests.vector_files import load

PRIME = 2**255 - 19
PRIME_448 = 2**448 - 2**224 - 1
SMALL_ORDER = {
    "0": bytes(32),
    "1": (1).to_bytes(32, "little"),
    "p-1": (PRIME - 1).to_bytes(32, "little"),
    "order 8": bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
    "order 8, other": bytes.fromhex("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"),
}
SMALL_ORDER_448 = {"0": bytes(56), "1": (1).to_bytes(56, "little"), "p-1": (PRIME_448 - 1).to_bytes(56, "little")}
NOT_CANONICAL = [
    (PRIME + 9).to_bytes(32, "little"),
    b"\x09" + bytes(30) + b"\x80",
    PRIME.to_bytes(32, "little"),
    b"\xff" * 32,
]
NOT_CANONICAL_448 = [PRIME_448.to_bytes(56, "little"), (PRIME_448 + 5).to_bytes(56, "little"), b"\xff" * 56]
SIZES = [(x25519, 32), (x448, 56)]


@pytest.mark.parametrize("vector", load("rfc7748")["vectors"], ids=lambda vector: vector["scalar"][:8])
def test_published(vector: dict[str, str]) -> None:
    """A scalar and a u-coordinate, its highest bit masked as section 5 asks, give the published one."""
    u = bytes.fromhex(vector["u"])

    assert vector["result"] == x25519.shared_secret(bytes.fromhex(vector["scalar"]), u[:-1] + bytes((u[-1] & 0x7F,))).hex()


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_against_openssl(ours: bytes, theirs: bytes) -> None:
    """OpenSSL comes to the same public key and shared secret; the JWK reads as the key."""
    key, peer = X25519PrivateKey.from_private_bytes(ours), X25519PrivateKey.from_private_bytes(theirs).public_key()
    public = x25519.public_key(ours)

    assert key.public_key().public_bytes_raw() == public
    assert key.exchange(peer) == x25519.shared_secret(bytearray(ours), peer.public_bytes_raw())
    assert public == x25519.parse_public(x25519.public_jwk(public))
    assert X25519PublicKey.from_public_bytes(public).public_bytes_raw() == public


@given(st.binary(min_size=56, max_size=56), st.binary(min_size=56, max_size=56))
def test_x448_against_pycryptodome(ours: bytes, theirs: bytes) -> None:
    """Pycryptodome comes to the same X448 public key and shared secret; the JWK reads as the key."""
    public, peer = x448.public_key(ours), x448.public_key(bytearray(theirs))
    private = import_x448_private_key(ours)
    shared = key_agreement(static_priv=private, static_pub=import_x448_public_key(peer), kdf=bytes)

    assert (
        private.public_key().export_key(format="raw") == public == X448PrivateKey.from_private_bytes(ours).public_key().public_bytes_raw()
    )
    assert shared == x448.shared_secret(memoryview(ours), peer)
    assert public == x448.parse_public(x448.public_jwk(public))


@pytest.mark.parametrize(
    ("module", "public"), [(x25519, key) for key in SMALL_ORDER.values()] + [(x448, key) for key in SMALL_ORDER_448.values()]
)
def test_small_order(module: ModuleType, public: bytes) -> None:
    """A key with which every secret agrees on zero is refused."""
    with pytest.raises(ValueError, match="small order"):
        module.parse_public(module.public_jwk(public))
    with pytest.raises(ValueError, match="small order"):
        module.shared_secret(b"s" * len(public), public)


@pytest.mark.parametrize(("module", "public"), [(x25519, key) for key in NOT_CANONICAL] + [(x448, key) for key in NOT_CANONICAL_448])
def test_not_canonical(module: ModuleType, public: bytes) -> None:
    """A second spelling of a key, not reduced or with its unused bit set, is refused."""
    with pytest.raises(ValueError, match="canonical"):
        module.parse_public(module.public_jwk(public))
    with pytest.raises(ValueError, match="canonical"):
        module.shared_secret(b"s" * len(public), public)


@pytest.mark.parametrize(
    "jwk",
    [
        Jwk(kty="EC", crv="X25519", x=b"\x09" + bytes(31)),
        Jwk(kty="OKP", crv="Ed25519", x=b"\x09" + bytes(31)),
        Jwk(kty="OKP", crv="X25519", x=b"\x09" + bytes(31), y=b""),
        Jwk(kty="OKP", crv="X25519", x=b"\x09" + bytes(30)),
        Jwk(kty="OKP", crv="X25519", x=b"\x09" + bytes(32)),
        Jwk(kty="OKP", crv="X25519"),
        Jwk(kty="OKP", crv="X448", x=b"\x05" + bytes(55)),
    ],
    ids=["kty", "curve", "y", "short", "long", "empty", "X448"],
)
def test_jwk_refused(jwk: Jwk) -> None:
    """A JWK of another kind or length is refused."""
    with pytest.raises(ValueError, match="X25519"):
        x25519.parse_public(jwk)


@pytest.mark.parametrize(
    "jwk",
    [
        Jwk(kty="EC", crv="X448", x=b"\x05" + bytes(55)),
        Jwk(kty="OKP", crv="Ed448", x=b"\x05" + bytes(55)),
        Jwk(kty="OKP", crv="X448", x=b"\x05" + bytes(55), y=b""),
        Jwk(kty="OKP", crv="X448", x=b"\x05" + bytes(54)),
        Jwk(kty="OKP", crv="X448", x=b"\x05" + bytes(56)),
        Jwk(kty="OKP", crv="X448"),
        Jwk(kty="OKP", crv="X25519", x=b"\x09" + bytes(31)),
    ],
    ids=["kty", "curve", "y", "short", "long", "empty", "X25519"],
)
def test_x448_jwk_refused(jwk: Jwk) -> None:
    """A JWK of another kind or length than X448's is refused."""
    with pytest.raises(ValueError, match="X448"):
        x448.parse_public(jwk)


@pytest.mark.parametrize(("module", "size"), SIZES)
@pytest.mark.parametrize("other", [-57, -1, 1])
def test_lengths(module: ModuleType, size: int, other: int) -> None:
    """Secrets and keys are 32 or 56 bytes."""
    wrong, base = bytes(max(size + other, 0)), b"\x09" + bytes(size - 1)
    with pytest.raises(ValueError, match=f"{size} bytes"):
        module.public_key(wrong)
    with pytest.raises(ValueError, match=f"{size} bytes"):
        module.shared_secret(wrong, base)
    with pytest.raises(ValueError, match=f"{size} bytes"):
        module.shared_secret(b"s" * size, wrong)


@pytest.mark.parametrize(("module", "size"), SIZES)
def test_generated(module: ModuleType, size: int) -> None:
    """A secret is as many of the bytes it is given."""
    assert module.generate_secret(lambda length: b"r" * length) == b"r" * size
