"""X25519 (RFC 7748 section 5), on libsodium. Keys and secrets are 32 bytes; JWKs are OKP (RFC 8037).

RFC 7748 tells implementations to mask and reduce a public key that is not canonical. Here one key has one spelling: a
second one would be a second name for the same key, which whoever compares names does not see.
"""

from __future__ import annotations

from collections.abc import Callable

from native_host import sodium
from native_host.encodings.jwk import Jwk
from native_host.secret import wipe

KEY_BYTES = 32
_PRIME = 2**255 - 19


def generate_secret(random_bytes: Callable[[int], bytes]) -> bytearray:
    """A secret: 32 random bytes, clamped at use."""
    return bytearray(random_bytes(KEY_BYTES))


def public_key(secret: bytes | bytearray | memoryview) -> bytes:
    """The public key (32 bytes)."""
    if len(secret) != KEY_BYTES:
        raise ValueError("the secret is not 32 bytes")
    return sodium.x25519_public(secret)


def parse_public(jwk: Jwk) -> bytes:
    """The key of an OKP JWK; ``ValueError`` unless it is canonical and not of small order."""
    if (jwk.kty, jwk.crv, jwk.y) != ("OKP", "X25519", None):
        raise ValueError("not an OKP key of X25519")
    public = _canonical(jwk.x)
    # A clamped scalar is a multiple of the cofactor, so any one of them shows a small order.
    wipe(sodium.x25519(bytes(KEY_BYTES), public))
    return public


def public_jwk(public: bytes) -> Jwk:
    """The JWK of a public key."""
    return Jwk(kty="OKP", crv="X25519", x=public)


def shared_secret(secret: bytes | bytearray | memoryview, public: bytes) -> bytearray:
    """The shared secret (32 bytes); ``ValueError`` if it would be all zeros (RFC 7748 section 6.1)."""
    if len(secret) != KEY_BYTES:
        raise ValueError("an X25519 key is 32 bytes")
    return sodium.x25519(secret, _canonical(public))


def _canonical(public: bytes) -> bytes:
    if len(public) != KEY_BYTES:
        raise ValueError("an X25519 key is 32 bytes")
    if int.from_bytes(public, "little") >= _PRIME:
        raise ValueError("not the canonical form of an X25519 key")
    return public
