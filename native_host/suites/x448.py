"""X448 (RFC 7748 section 5), on OpenSSL: libsodium does not have it. Keys and secrets are 56 bytes; JWKs are OKP (RFC 8037).

As with X25519, a public key that is not reduced is refused, though RFC 7748 would reduce it: one key has one spelling.
"""

from __future__ import annotations

from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.x448 import X448PrivateKey, X448PublicKey

from native_host.encodings.jwk import Jwk
from native_host.secret import wipe

KEY_BYTES = 56
_PRIME = 2**448 - 2**224 - 1


def generate_secret(random_bytes: Callable[[int], bytes]) -> bytearray:
    """A secret: 56 random bytes, clamped at use."""
    return bytearray(random_bytes(KEY_BYTES))


def public_key(secret: bytes | bytearray | memoryview) -> bytes:
    """The public key (56 bytes)."""
    return _private(secret).public_key().public_bytes_raw()


def parse_public(jwk: Jwk) -> bytes:
    """The key of an OKP JWK; ``ValueError`` unless it is canonical and not of small order."""
    if (jwk.kty, jwk.crv, jwk.y) != ("OKP", "X448", None):
        raise ValueError("not an OKP key of X448")
    # A clamped scalar is a multiple of the cofactor, so any one of them shows a small order.
    wipe(shared_secret(bytes(KEY_BYTES), jwk.x))
    return jwk.x


def public_jwk(public: bytes) -> Jwk:
    """The JWK of a public key."""
    return Jwk(kty="OKP", crv="X448", x=public)


def shared_secret(secret: bytes | bytearray | memoryview, public: bytes) -> bytearray:
    """The shared secret (56 bytes); ``ValueError`` if it would be all zeros (RFC 7748 section 6.2)."""
    key = _private(secret)
    if len(public) != KEY_BYTES:
        raise ValueError("an X448 key is 56 bytes")
    if int.from_bytes(public, "little") >= _PRIME:
        raise ValueError("not the canonical form of an X448 key")
    try:
        # OpenSSL hands it out as bytes, of which ours is a copy: that one cannot be wiped.
        return bytearray(key.exchange(X448PublicKey.from_public_bytes(public)))
    except ValueError:
        raise ValueError("a public key of small order") from None


def _private(secret: bytes | bytearray | memoryview) -> X448PrivateKey:
    if len(secret) != KEY_BYTES:
        raise ValueError("the secret is not 56 bytes")
    return X448PrivateKey.from_private_bytes(secret)
