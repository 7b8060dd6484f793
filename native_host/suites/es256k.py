"""ES256K: ECDSA over secp256k1 with SHA-256 (RFC 8812 section 3.2), nonces by RFC 6979, s made low.

Public keys are SEC 1 compressed (33 bytes). Signatures are r ‖ s (64 bytes; JOSE, RFC 7518 section 3.4) or DER.
Verifying follows RFC 8812, for which a high s is valid.
"""

from __future__ import annotations

from collections.abc import Callable

from native_host.encodings.jwk import Jwk
from native_host.suites import secp256k1
from native_host.suites.digest import sha256_digest

COORDINATE_BYTES = 32


def generate_secret(random_bytes: Callable[[int], bytes]) -> bytearray:
    """A secret from 1 to n-1 (SEC 1 section 3.2.1), by rejection."""
    while True:
        secret = bytearray(random_bytes(secp256k1.SECRET_BYTES))
        if secp256k1.is_secret(secret):
            return secret


def public_key(secret: bytes | bytearray | memoryview) -> bytes:
    """The SEC 1 compressed public key (33 bytes); ``ValueError`` if the secret is none."""
    return secp256k1.public_key(secret)


def parse_public(jwk: Jwk) -> bytes:
    """The compressed public key of an EC JWK on secp256k1; ``ValueError`` if it is no point of the curve."""
    if (jwk.kty, jwk.crv) != ("EC", "secp256k1") or jwk.y is None or (len(jwk.x), len(jwk.y)) != (COORDINATE_BYTES, COORDINATE_BYTES):
        raise ValueError("not an EC key on secp256k1")
    return secp256k1.compress(b"\x04" + jwk.x + jwk.y)


def public_jwk(public: bytes) -> Jwk:
    """The JWK of a compressed public key."""
    point = secp256k1.uncompress(public)
    return Jwk(kty="EC", crv="secp256k1", x=point[1:33], y=point[33:])


def sign(
    secret: bytes | bytearray | memoryview,
    *,
    data: bytes | None = None,
    digest: bytes | None = None,
    encoding: str = "jose",
    public: bytes | None = None,
) -> bytes:
    """A signature of SHA-256(``data``) or of ``digest``; ``public``, the secret's own key, saves deriving it for the check."""
    signature = secp256k1.ecdsa_sign(secret, sha256_digest(data=data, digest=digest), public)
    return secp256k1.to_der(signature) if encoding == "der" else signature


def verify(public: bytes, *, data: bytes | None = None, digest: bytes | None = None, signature: bytes, encoding: str = "jose") -> bool:
    """Whether ``signature`` is one; what is no signature at all is not valid, ``ValueError`` is for a key that is no point."""
    key, message = secp256k1.compress(public), sha256_digest(data=data, digest=digest)
    compact = secp256k1.from_der(signature) if encoding == "der" else signature
    return compact is not None and secp256k1.ecdsa_verify(key, message, compact)
