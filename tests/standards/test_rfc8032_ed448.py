"""RFC 8032: Ed448."""

from __future__ import annotations

from typing import Any

import pytest
from Crypto.PublicKey.ECC import EccPoint
from Crypto.Signature import eddsa
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PublicKey
from hypothesis import given
from hypothesis import strategies as st

from native_host.encodings.jwk import Jwk
from native_host.suites import ed448
from native_host.suites.fault import SigningFault
from tests.vector_files import load

VECTORS = load("rfc8032_ed448")["vectors"]
ORDER = 2**446 - 13818066809895115352007386748515426880336692474882178609894547503885
PRIME = 2**448 - 2**224 - 1
SECRET = bytes.fromhex(VECTORS[0]["secret"])
PUBLIC = ed448.public_key(SECRET)
GOOD = ed448.sign(SECRET, data=b"message")


def encoded(y: int, sign: int = 0) -> bytes:
    """A y and the sign of x, as RFC 8032 section 5.2.2 encodes a point."""
    return y.to_bytes(56, "little") + bytes((sign << 7,))


def of_mixed_order() -> bytes:
    """A key's point plus the one of order 2."""
    point = eddsa.import_public_key(PUBLIC).pointQ + EccPoint(0, PRIME - 1, "Ed448")
    return encoded(int(point.y), int(point.x) & 1)


SMALL_ORDER = {"identity": encoded(1), "order 2": encoded(PRIME - 1), "order 4": encoded(0), "order 4, odd": encoded(0, 1)}
NOT_CANONICAL = {
    "identity with a sign": encoded(1, 1),
    "order 2 with a sign": encoded(PRIME - 1, 1),
    "y is p": encoded(PRIME),
    "y is p+1": encoded(PRIME + 1),
    "a point's y plus p": encoded(PRIME + 6),
    "ones": b"\xff" * 57,
    **{f"bit {bit} of the last byte": PUBLIC[:-1] + bytes((PUBLIC[-1] ^ 1 << bit,)) for bit in range(7)},
}
NO_POINT = {"y is 2": encoded(2), "short": PUBLIC[1:], "long": PUBLIC + b"\x00", "empty": b"", "Ed25519's length": PUBLIC[:32]}
REFUSED = SMALL_ORDER | NOT_CANONICAL | NO_POINT | {"mixed order": of_mixed_order()}


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_published(vector: dict[str, str]) -> None:
    """A secret gives the published key and signature, and the signature verifies."""
    secret, public, message, signature = (bytes.fromhex(vector[member]) for member in ("secret", "public", "message", "signature"))

    assert public == ed448.public_key(secret)
    assert signature == ed448.sign(bytearray(secret), data=message, public=public)
    assert ed448.verify(public, data=message, signature=signature) is True


@given(st.binary(min_size=57, max_size=57), st.binary(max_size=300))
def test_against_pycryptodome(secret: bytes, message: bytes) -> None:
    """PyCryptodome makes the same key and signature, and verifies ours."""
    theirs = eddsa.import_private_key(secret)
    signature = ed448.sign(secret, data=message)
    public = ed448.public_key(secret)

    assert theirs.public_key().export_key(format="raw") == public
    assert eddsa.new(theirs, "rfc8032").sign(message) == signature
    assert ed448.verify(public, data=message, signature=signature) is True
    assert ed448.verify(public, data=message + b"\x00", signature=signature) is False
    assert ed448.parse_public(ed448.public_jwk(public)) == public


@pytest.mark.parametrize(
    "signature",
    [
        b"",
        GOOD[:-1],
        GOOD + b"\x00",
        bytes(114),
        b"\xff" * 114,
        GOOD[:57] + (int.from_bytes(GOOD[57:], "little") + ORDER).to_bytes(57, "little"),
        GOOD[:-1] + b"\x80",
        GOOD[:56] + bytes((GOOD[56] ^ 1,)) + GOOD[57:],
        GOOD[57:] + GOOD[:57],
    ],
    ids=["empty", "short", "long", "zeros", "ones", "S + L", "a bit above S", "a bit above R", "swapped"],
)
def test_malformed_signature(signature: bytes) -> None:
    """What is no signature is not valid, nor is a second spelling of one."""
    assert ed448.verify(PUBLIC, data=b"message", signature=signature) is False


@given(st.binary(max_size=130))
def test_hostile_signatures(signature: bytes) -> None:
    """No bytes break verifying."""
    assert ed448.verify(PUBLIC, data=b"other message", signature=signature) is False


@pytest.mark.parametrize("public", REFUSED.values(), ids=REFUSED.keys())
def test_key_refused(public: bytes) -> None:
    """Keys of small or mixed order, keys that are not canonical, and what is no point are errors, in a JWK and in verifying."""
    with pytest.raises(ValueError, match="not a point"):
        ed448.parse_public(Jwk(kty="OKP", crv="Ed448", x=public))
    with pytest.raises(ValueError, match="not a point"):
        ed448.verify(public, data=b"message", signature=GOOD)


def test_why_small_order_is_refused() -> None:
    """OpenSSL itself takes one signature for every message under a key of order 4."""
    key = Ed448PublicKey.from_public_bytes(SMALL_ORDER["order 4"])

    for message in (b"", b"one", b"another"):
        key.verify(SMALL_ORDER["order 4"] + bytes(57), message)


@given(st.binary(min_size=56, max_size=56), st.sampled_from([b"\x00", b"\x80"]))
def test_hostile_keys(y: bytes, sign: bytes) -> None:
    """Bytes of a key's length are a point of the group or a ``ValueError``."""
    try:
        assert ed448.parse_public(Jwk(kty="OKP", crv="Ed448", x=y + sign)) == y + sign
    except ValueError as refusal:
        assert "not a point" in str(refusal)  # noqa: PT017  # both outcomes are right


@pytest.mark.parametrize(
    "jwk",
    [Jwk(kty="EC", crv="Ed448", x=PUBLIC), Jwk(kty="OKP", crv="Ed25519", x=PUBLIC), Jwk(kty="OKP", crv="Ed448", x=PUBLIC, y=PUBLIC)],
    ids=["kty", "curve", "y"],
)
def test_jwk_refused(jwk: Jwk) -> None:
    """A JWK of another kind is refused."""
    with pytest.raises(ValueError, match="not an OKP key"):
        ed448.parse_public(jwk)


@pytest.mark.parametrize(
    "refused",
    [{}, {"digest": bytes(64)}, {"data": b"", "digest": bytes(64)}, {"data": b"", "encoding": "der"}],
    ids=["nothing", "digest", "both", "DER"],
)
def test_data_only(refused: dict[str, Any]) -> None:
    """Ed448 signs data; it has no digest and no DER form."""
    with pytest.raises(ValueError, match=r"digest|DER"):
        ed448.sign(SECRET, **refused)
    with pytest.raises(ValueError, match=r"digest|DER"):
        ed448.verify(PUBLIC, signature=GOOD, **refused)


def test_another_public_key() -> None:
    """One seed is never used beside two public keys."""
    with pytest.raises(SigningFault):
        ed448.sign(SECRET, data=b"message", public=ed448.public_key(b"other" + bytes(52)))


@pytest.mark.parametrize("length", [0, 32, 56, 58, 114])
def test_malformed_secret(length: int) -> None:
    """A secret is 57 bytes."""
    with pytest.raises(ValueError, match="57 bytes"):
        ed448.sign(bytes(length), data=b"")
    with pytest.raises(ValueError, match="57 bytes"):
        ed448.public_key(bytes(length))


def test_generated() -> None:
    """A secret is 57 random bytes as they come."""
    assert ed448.generate_secret(lambda size: b"\x07" * size) == b"\x07" * 57
