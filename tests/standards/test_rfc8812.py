"""RFC 8812 (ES256K) and its recoverable form.

RFC 8812 prints no signature and RFC 6979 none over secp256k1, so an independent binding of libsecp256k1 (coincurve) and
OpenSSL's own arithmetic (cryptography, in tests only) are the oracles here.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import pytest
from coincurve import PrivateKey, PublicKey
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given
from hypothesis import strategies as st

from native_host.encodings.jwk import Jwk
from native_host.suites import es256k, es256k_r, secp256k1
from native_host.suites.fault import SigningFault

ORDER = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141
PRIME = 2**256 - 2**32 - 977
SECRET = bytes(31) + b"\x07"
PUBLIC = es256k.public_key(SECRET)

secrets = st.integers(1, ORDER - 1).map(lambda number: number.to_bytes(32, "big"))


@given(secrets, st.binary(max_size=200))
def test_signs_as_coincurve(secret: bytes, data: bytes) -> None:
    """The same deterministic nonce (RFC 6979), low s, DER and recovery id as an independent binding."""
    digest = sha256(data).digest()
    theirs = PrivateKey(secret)

    assert theirs.public_key.format() == es256k.public_key(secret)
    assert theirs.sign(data) == es256k.sign(secret, data=data, encoding="der")
    assert theirs.sign_recoverable(digest, hasher=None) == es256k_r.sign(secret, digest=digest)
    assert es256k.sign(secret, digest=digest) == es256k_r.sign(secret, data=data)[:64]


@given(secrets, st.binary(max_size=200))
def test_openssl_verifies(secret: bytes, data: bytes) -> None:
    """OpenSSL verifies what we sign."""
    signature = es256k.sign(secret, data=data)
    der = encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256K1(), es256k.public_key(secret))

    key.verify(der, data, ec.ECDSA(SHA256()))


@given(secrets, st.binary(max_size=64), st.sampled_from(["jose", "der"]))
def test_round_trip(secret: bytes, data: bytes, encoding: str) -> None:
    """A signature is valid for its key and message, and for no other."""
    public = es256k.public_key(secret)
    signature = es256k.sign(secret, data=data, encoding=encoding, public=public)

    assert es256k.verify(public, data=data, signature=signature, encoding=encoding) is True
    assert es256k.verify(public, digest=sha256(data).digest(), signature=signature, encoding=encoding) is True
    assert es256k.verify(public, data=data + b"\x00", signature=signature, encoding=encoding) is False
    assert es256k.verify(es256k.public_key(SECRET), data=b"other" + data, signature=signature, encoding=encoding) is False


@given(secrets, st.binary(min_size=32, max_size=32))
def test_high_s(secret: bytes, digest: bytes) -> None:
    """We make low s; RFC 8812 has no such rule, so a high s is valid, in JOSE's form, in DER and with recovery."""
    low = es256k.sign(secret, digest=digest)
    high = low[:32] + (ORDER - int.from_bytes(low[32:], "big")).to_bytes(32, "big")
    public, v = es256k.public_key(secret), es256k_r.sign(secret, digest=digest)[64]

    assert int.from_bytes(low[32:], "big") <= ORDER // 2
    assert es256k.verify(public, digest=digest, signature=high)
    assert es256k.verify(public, digest=digest, signature=secp256k1.to_der(high), encoding="der")
    assert es256k_r.verify(public, digest=digest, signature=high + bytes((v ^ 1,)))


@given(secrets, st.binary(min_size=32, max_size=32))
def test_recovers(secret: bytes, digest: bytes) -> None:
    """r ‖ s ‖ v recovers to the signer, as coincurve recovers it."""
    signature = es256k_r.sign(secret, digest=digest)

    assert es256k.public_key(secret) == es256k_r.recover(digest, signature)
    assert PublicKey.from_signature_and_message(signature, digest, hasher=None).format() == es256k.public_key(secret)
    assert es256k_r.verify(es256k.public_key(secret), digest=digest, signature=signature)
    assert not es256k_r.verify(es256k.public_key(secret), digest=digest, signature=signature[:-1] + bytes((signature[-1] ^ 1,)))


GOOD = es256k.sign(SECRET, data=b"message")
GOOD_DER = secp256k1.to_der(GOOD)
GOOD_R = es256k_r.sign(SECRET, data=b"message")
N = ORDER.to_bytes(32, "big")


@pytest.mark.parametrize(
    "signature",
    [
        b"",
        GOOD[:-1],
        GOOD + b"\x00",
        bytes(64),
        bytes(32) + GOOD[32:],
        GOOD[:32] + bytes(32),
        N + GOOD[32:],
        GOOD[:32] + N,
        b"\xff" * 64,
        GOOD_DER,
    ],
    ids=["empty", "short", "long", "zeros", "r is 0", "s is 0", "r is n", "s is n", "ones", "DER"],
)
def test_malformed_jose(signature: bytes) -> None:
    """What is no r ‖ s is not valid."""
    assert es256k.verify(PUBLIC, data=b"message", signature=signature) is False


@pytest.mark.parametrize(
    "signature",
    [
        b"",
        GOOD,
        GOOD_DER[:-1],
        GOOD_DER + b"\x00",
        b"\x31" + GOOD_DER[1:],
        b"\x30\x00",
        b"\x30\x06\x02\x01\x00\x02\x01\x00",
        b"\x30\x80" + GOOD_DER[2:],
    ],
    ids=["empty", "jose", "short", "long", "not a sequence", "empty sequence", "zeros", "indefinite length"],
)
def test_malformed_der(signature: bytes) -> None:
    """What is no DER signature is not valid."""
    assert es256k.verify(PUBLIC, data=b"message", signature=signature, encoding="der") is False


@pytest.mark.parametrize(
    "signature",
    [
        b"",
        GOOD,
        GOOD_R + b"\x00",
        bytes(65),
        GOOD + b"\x04",
        GOOD + b"\x1b",
        GOOD + b"\xff",
        N + GOOD_R[32:],
        GOOD_R[:32] + N + GOOD_R[64:],
    ],
    ids=["empty", "no v", "long", "zeros", "v is 4", "v is 27", "v is 255", "r is n", "s is n"],
)
def test_malformed_recoverable(signature: bytes) -> None:
    """What is no r ‖ s ‖ v with v from 0 to 3 is not valid, and recovers to nothing."""
    assert es256k_r.verify(PUBLIC, data=b"message", signature=signature) is False
    assert es256k_r.recover(sha256(b"message").digest(), signature) is None


@pytest.mark.parametrize(
    "public",
    [b"", PUBLIC[:-1], PUBLIC + b"\x00", bytes(33), b"\x02" + bytes(32), b"\x04" + PUBLIC[1:], b"\x02" + PRIME.to_bytes(32, "big"), bytes(65),
     b"\x06" + secp256k1.uncompress(PUBLIC)[1:], b"\x07" + secp256k1.uncompress(PUBLIC)[1:]],
    ids=["empty", "short", "long", "zeros", "no point", "wrong form", "x is p", "65 zeros", "hybrid", "hybrid, odd"],
)  # fmt: skip
def test_malformed_key(public: bytes) -> None:
    """A key that is no point is an error, not a verdict."""
    with pytest.raises(ValueError, match="not a point"):
        es256k.verify(public, data=b"message", signature=GOOD)
    with pytest.raises(ValueError, match="not a point"):
        es256k_r.verify(public, data=b"message", signature=GOOD_R)


@pytest.mark.parametrize("secret", [b"", bytes(31), bytes(32), bytes(33), N, b"\xff" * 32])
def test_malformed_secret(secret: bytes) -> None:
    """A secret is 32 bytes, from 1 to n-1."""
    for use in (
        es256k.public_key,
        lambda one: es256k.sign(one, data=b""),
        lambda one: es256k_r.sign(one, data=b""),
        lambda one: es256k.sign(one, data=b"", public=PUBLIC),
        lambda one: es256k_r.sign(one, data=b"", public=PUBLIC),
    ):
        with pytest.raises(ValueError, match="secret"):
            use(secret)


@pytest.mark.parametrize("refused", [{}, {"data": b"", "digest": bytes(32)}, {"digest": b""}, {"digest": bytes(31)}, {"digest": bytes(64)}])
def test_neither_data_nor_digest(refused: dict[str, Any]) -> None:
    """Exactly one of data and a digest of 32 bytes is signed."""
    for suite in (es256k, es256k_r):
        with pytest.raises(ValueError, match=r"exactly one|32 bytes"):
            suite.sign(SECRET, **refused)
        with pytest.raises(ValueError, match=r"exactly one|32 bytes"):
            suite.verify(PUBLIC, signature=GOOD, **refused)


def test_recoverable_has_no_der() -> None:
    """There is no DER form with a recovery id."""
    with pytest.raises(ValueError, match="DER"):
        es256k_r.sign(SECRET, data=b"", encoding="der")
    with pytest.raises(ValueError, match="DER"):
        es256k_r.verify(PUBLIC, data=b"", signature=GOOD_R, encoding="der")


def test_fault_is_caught() -> None:
    """A signature that does not verify under the key it is meant for is never handed out."""
    other = es256k.public_key(bytes(31) + b"\x08")

    with pytest.raises(SigningFault):
        es256k.sign(SECRET, data=b"message", public=other)
    with pytest.raises(SigningFault):
        es256k_r.sign(SECRET, data=b"message", public=other)


def test_generated_by_rejection() -> None:
    """Random bytes that are no secret are drawn again."""
    draws = iter([bytes(32), b"\xff" * 32, N, SECRET])

    assert es256k.generate_secret(lambda _: next(draws)) == SECRET


@given(secrets)
def test_jwk_round_trip(secret: bytes) -> None:
    """A public key's JWK reads as that key (RFC 8812 section 3.1)."""
    public = es256k.public_key(secret)

    assert public == es256k.parse_public(es256k.public_jwk(public))


X, Y = es256k.public_jwk(PUBLIC).x, es256k.public_jwk(PUBLIC).y or b""


@pytest.mark.parametrize(
    "jwk",
    [
        Jwk(kty="OKP", crv="secp256k1", x=X, y=Y),
        Jwk(kty="EC", crv="P-256", x=X, y=Y),
        Jwk(kty="EC", crv="P-256K", x=X, y=Y),
        Jwk(kty="EC", crv="secp256k1", x=X),
        Jwk(kty="EC", crv="secp256k1", x=X[1:], y=Y),
        Jwk(kty="EC", crv="secp256k1", x=b"\x00" + X, y=Y),
        Jwk(kty="EC", crv="secp256k1", x=X, y=Y[:-1]),
        Jwk(kty="EC", crv="secp256k1", x=X, y=Y + b"\x00"),
        Jwk(kty="EC", crv="secp256k1", x=X + Y[:1], y=Y[1:]),
        Jwk(kty="EC", crv="secp256k1", x=Y, y=X),
        Jwk(kty="EC", crv="secp256k1", x=bytes(32), y=bytes(32)),
        Jwk(kty="EC", crv="secp256k1", x=X, y=bytes(32)),
        Jwk(kty="EC", crv="secp256k1", x=b"\xff" * 32, y=Y),
    ],
    ids=[
        "kty",
        "curve",
        "old name",
        "no y",
        "short x",
        "padded x",
        "short y",
        "long y",
        "shifted",
        "swapped",
        "zeros",
        "y is 0",
        "x too large",
    ],
)
def test_jwk_refused(jwk: Jwk) -> None:
    """A JWK of another kind, of other lengths, or of no point of the curve is refused."""
    with pytest.raises(ValueError, match=r"not an EC key|not a point"):
        es256k.parse_public(jwk)


@given(st.binary(max_size=80), st.sampled_from(["jose", "der"]))
def test_hostile_signatures(signature: bytes, encoding: str) -> None:
    """No bytes break verifying."""
    assert es256k.verify(PUBLIC, data=b"other message", signature=signature, encoding=encoding) is False
    assert es256k_r.verify(PUBLIC, data=b"other message", signature=signature) is False
