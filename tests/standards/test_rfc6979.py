"""RFC 6979 and RFC 7518 (ES256): deterministic ECDSA over P-256."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from native_host.encodings.base64url import decode_base64url
from native_host.encodings.jwk import Jwk
from native_host.suites import es256
from tests.vector_files import load

RFC6979, JWK = load("rfc6979"), load("jwk")
SECRET = bytes.fromhex(RFC6979["secret"])
PUBLIC = es256.public_key(SECRET)
ORDER = 0xFFFFFFFF_00000000_FFFFFFFF_FFFFFFFF_BCE6FAAD_A7179E84_F3B9CAC2_FC632551
N = ORDER.to_bytes(32, "big")
GOOD = es256.sign(SECRET, data=b"message")

secrets = st.integers(1, ORDER - 1).map(lambda number: number.to_bytes(32, "big"))


@pytest.mark.parametrize("vector", RFC6979["vectors"], ids=lambda vector: vector["message"])
def test_published(vector: dict[str, str]) -> None:
    """The nonce, and so the signature, is the published one; it verifies."""
    message, signature = vector["message"].encode(), bytes.fromhex(vector["signature_der"])

    assert signature == es256.sign(SECRET, data=message, encoding="der")
    assert signature == es256.sign(SECRET, digest=sha256(message).digest(), encoding="der")
    assert es256.verify(PUBLIC, data=message, signature=signature, encoding="der")


def test_published_jws() -> None:
    """The signature of RFC 7515 appendix A.3 verifies under its key, and not over another text."""
    head, payload, signature = JWK["es256_jws"].split(".")
    key = JWK["es256_key"]
    public = es256.parse_public(Jwk(kty="EC", crv="P-256", x=decode_base64url(key["x"]), y=decode_base64url(key["y"])))

    assert public == es256.public_key(decode_base64url(key["d"]))
    assert es256.verify(public, data=f"{head}.{payload}".encode(), signature=decode_base64url(signature)) is True
    assert es256.verify(public, data=f"{head}.{payload}A".encode(), signature=decode_base64url(signature)) is False


@given(secrets, st.binary(max_size=64), st.sampled_from(["jose", "der"]))
def test_round_trip(secret: bytes, data: bytes, encoding: str) -> None:
    """A signature is valid for its key and message, and for no other message."""
    signature = es256.sign(bytearray(secret), data=data, encoding=encoding)
    public = es256.public_key(secret)

    assert signature == es256.sign(secret, data=data, encoding=encoding, public=public)
    assert es256.verify(public, data=data, signature=signature, encoding=encoding) is True
    assert es256.verify(public, data=data + b"\x00", signature=signature, encoding=encoding) is False


@given(secrets)
def test_public_key(secret: bytes) -> None:
    """The key built from bytes is the one that the library derives from the number, and survives its JWK."""
    numbers = ec.derive_private_key(int.from_bytes(secret, "big"), ec.SECP256R1()).public_key().public_numbers()
    public = es256.public_key(secret)
    jwk = es256.public_jwk(public)

    assert (numbers.x, numbers.y) == (int.from_bytes(jwk.x, "big"), int.from_bytes(jwk.y or b"", "big"))
    assert public == es256.parse_public(jwk)


@pytest.mark.parametrize(
    "signature",
    [b"", GOOD[:-1], GOOD + b"\x00", bytes(64), bytes(32) + GOOD[32:], GOOD[:32] + bytes(32), N + GOOD[32:], GOOD[:32] + N, b"\xff" * 64],
    ids=["empty", "short", "long", "zeros", "r is 0", "s is 0", "r is n", "s is n", "ones"],
)
def test_malformed_jose(signature: bytes) -> None:
    """What is no r ‖ s is not valid."""
    assert es256.verify(PUBLIC, data=b"message", signature=signature) is False


@given(st.binary(max_size=80), st.sampled_from(["jose", "der"]))
def test_hostile_signatures(signature: bytes, encoding: str) -> None:
    """No bytes break verifying."""
    assert es256.verify(PUBLIC, data=b"other message", signature=signature, encoding=encoding) is False


@pytest.mark.parametrize("secret", [b"", bytes(31), bytes(32), bytes(33), N, b"\xff" * 32])
def test_malformed_secret(secret: bytes) -> None:
    """A secret is 32 bytes, from 1 to n-1."""
    with pytest.raises(ValueError, match="secret"):
        es256.public_key(secret)
    with pytest.raises(ValueError, match="secret"):
        es256.sign(secret, data=b"")


@pytest.mark.parametrize("public", [b"", PUBLIC[1:], PUBLIC + b"\x00", bytes(33), b"\x00", b"\x02" + b"\xff" * 32])
def test_malformed_key(public: bytes) -> None:
    """A key that is no point is an error, not a verdict; infinity is none."""
    with pytest.raises(ValueError, match="not a point"):
        es256.verify(public, data=b"message", signature=GOOD)


X, Y = es256.public_jwk(PUBLIC).x, es256.public_jwk(PUBLIC).y or b""


@pytest.mark.parametrize(
    "jwk",
    [
        Jwk(kty="OKP", crv="P-256", x=X, y=Y),
        Jwk(kty="EC", crv="secp256k1", x=X, y=Y),
        Jwk(kty="EC", crv="P-256", x=X),
        Jwk(kty="EC", crv="P-256", x=X[:-1], y=Y),
        Jwk(kty="EC", crv="P-256", x=X, y=b"\x00" + Y),
        Jwk(kty="EC", crv="P-256", x=Y, y=X),
        Jwk(kty="EC", crv="P-256", x=bytes(32), y=bytes(32)),
    ],
    ids=["kty", "curve", "no y", "short x", "padded y", "swapped", "zeros"],
)
def test_jwk_refused(jwk: Jwk) -> None:
    """A JWK of another kind, of other lengths, or of no point of the curve is refused."""
    with pytest.raises(ValueError, match=r"not an EC key|not a point"):
        es256.parse_public(jwk)


@pytest.mark.parametrize("refused", [{}, {"data": b"", "digest": bytes(32)}, {"digest": bytes(31)}])
def test_neither_data_nor_digest(refused: dict[str, Any]) -> None:
    """Exactly one of data and a digest of 32 bytes is signed."""
    with pytest.raises(ValueError, match=r"exactly one|32 bytes"):
        es256.sign(SECRET, **refused)


def test_generated_by_rejection() -> None:
    """Random bytes that are no secret are drawn again."""
    draws = iter([bytes(32), N, SECRET])

    assert es256.generate_secret(lambda _: next(draws)) == SECRET
