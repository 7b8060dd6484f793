"""ES256: ECDSA over P-256 with SHA-256 (RFC 7518 section 3.4; FIPS 186-5), nonces by RFC 6979, on OpenSSL.

Public keys are SEC 1 compressed (33 bytes). Signatures are r ‖ s (64 bytes) or DER; s is left as it comes, as the
standard has no low-s rule.
"""

from __future__ import annotations

from collections.abc import Callable

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_private_key

from native_host.encodings.jwk import Jwk
from native_host.secret import wipe
from native_host.suites.digest import sha256_digest

SECRET_BYTES = 32
SIGNATURE_BYTES = 64
COORDINATE_BYTES = 32
_CURVE = ec.SECP256R1()
_PREHASHED = Prehashed(SHA256())
_SIGN = ec.ECDSA(_PREHASHED, deterministic_signing=True)
_VERIFY = ec.ECDSA(_PREHASHED)

# ECPrivateKey (RFC 5915 section 3) around the secret: a buffer can be wiped, the integer of the other way in cannot.
_DER_HEAD = bytes.fromhex("30310201010420")
_DER_TAIL = bytes.fromhex("a00a06082a8648ce3d030107")


def generate_secret(random_bytes: Callable[[int], bytes]) -> bytearray:
    """A secret from 1 to n-1 (FIPS 186-5 section A.2.2), by rejection."""
    while True:
        secret = bytearray(random_bytes(SECRET_BYTES))
        try:
            public_key(secret)
        except ValueError:
            continue
        return secret


def public_key(secret: bytes | bytearray | memoryview) -> bytes:
    """The SEC 1 compressed public key (33 bytes); ``ValueError`` if the secret is none."""
    return _compressed(_private(secret).public_key())


def parse_public(jwk: Jwk) -> bytes:
    """The compressed public key of an EC JWK on P-256; ``ValueError`` if it is no point of the curve."""
    if (jwk.kty, jwk.crv) != ("EC", "P-256") or jwk.y is None or (len(jwk.x), len(jwk.y)) != (COORDINATE_BYTES, COORDINATE_BYTES):
        raise ValueError("not an EC key on P-256")
    return _compressed(_point(b"\x04" + jwk.x + jwk.y))


def public_jwk(public: bytes) -> Jwk:
    """The JWK of a compressed public key."""
    point = _point(public).public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return Jwk(kty="EC", crv="P-256", x=point[1:33], y=point[33:])


def sign(
    secret: bytes | bytearray | memoryview,
    *,
    data: bytes | None = None,
    digest: bytes | None = None,
    encoding: str = "jose",
    public: bytes | None = None,
) -> bytes:
    """A signature of SHA-256(``data``) or of ``digest``; ``public`` is not needed."""
    del public
    der = _private(secret).sign(sha256_digest(data=data, digest=digest), _SIGN)
    if encoding == "der":
        return der
    r, s = decode_dss_signature(der)
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def verify(public: bytes, *, data: bytes | None = None, digest: bytes | None = None, signature: bytes, encoding: str = "jose") -> bool:
    """Whether ``signature`` is one; what is no signature at all is not valid, ``ValueError`` is for a key that is no point."""
    key, message = _point(public), sha256_digest(data=data, digest=digest)
    if encoding != "der":
        if len(signature) != SIGNATURE_BYTES:
            return False
        signature = encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
    try:
        key.verify(signature, message, _VERIFY)
    except InvalidSignature:
        return False
    return True


def _private(secret: bytes | bytearray | memoryview) -> ec.EllipticCurvePrivateKey:
    if len(secret) != SECRET_BYTES:
        raise ValueError("the secret is not 32 bytes")
    der = bytearray(_DER_HEAD + bytes(len(secret)) + _DER_TAIL)
    der[len(_DER_HEAD) : len(_DER_HEAD) + SECRET_BYTES] = secret
    try:
        key = load_der_private_key(der, None)
    except ValueError:
        raise ValueError("the secret is not a P-256 key") from None
    finally:
        wipe(der)
    assert isinstance(key, ec.EllipticCurvePrivateKey)  # noqa: S101  # the type of what _DER_TAIL names
    return key


def _point(public: bytes) -> ec.EllipticCurvePublicKey:
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, public)
    except ValueError:
        raise ValueError("not a point of P-256") from None


def _compressed(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
