"""Ed25519 (RFC 8032 section 5.1, pure; JOSE name: RFC 9864), on libsodium.

Keys and secrets are 32 bytes, signatures 64. It signs the message itself: there is no digest and no DER form.
libsodium rather than OpenSSL because the host has it loaded, it works in buffers that can be wiped, and it refuses
public keys that verify more than one message (small order).
"""

from __future__ import annotations

from collections.abc import Callable
from hmac import compare_digest

from native_host import sodium
from native_host.encodings.jwk import Jwk
from native_host.secret import wipe
from native_host.suites.fault import SigningFault

KEY_BYTES = 32
SIGNATURE_BYTES = 64


def generate_secret(random_bytes: Callable[[int], bytes]) -> bytearray:
    """A secret: 32 random bytes (RFC 8032 section 5.1.5)."""
    return bytearray(random_bytes(KEY_BYTES))


def public_key(secret: bytes | bytearray | memoryview) -> bytes:
    """The public key (32 bytes)."""
    public, expanded = sodium.ed25519_expand(_checked(secret))
    wipe(expanded)
    return public


def parse_public(jwk: Jwk) -> bytes:
    """The key of an OKP JWK; ``ValueError`` unless it is canonical and a point of the prime-order group."""
    if (jwk.kty, jwk.crv, jwk.y) != ("OKP", "Ed25519", None):
        raise ValueError("not an OKP key of Ed25519")
    return _point(jwk.x)


def public_jwk(public: bytes) -> Jwk:
    """The JWK of a public key."""
    return Jwk(kty="OKP", crv="Ed25519", x=public)


def sign(
    secret: bytes | bytearray | memoryview,
    *,
    data: bytes | None = None,
    digest: bytes | None = None,
    encoding: str = "jose",
    public: bytes | None = None,
) -> bytes:
    """A signature of ``data``; ``public``, where given, must be the secret's own key."""
    message = _message(data=data, digest=digest, encoding=encoding)
    derived, expanded = sodium.ed25519_expand(_checked(secret))
    try:
        if public is not None and not compare_digest(public, derived):
            raise SigningFault
        return sodium.ed25519_sign(expanded, message)
    finally:
        wipe(expanded)


def verify(public: bytes, *, data: bytes | None = None, digest: bytes | None = None, signature: bytes, encoding: str = "jose") -> bool:
    """Whether ``signature`` is one; ``ValueError`` is for a key that is no point of the group."""
    message, point = _message(data=data, digest=digest, encoding=encoding), _point(public)
    return len(signature) == SIGNATURE_BYTES and sodium.ed25519_verify(point, message, signature)


def _checked(secret: bytes | bytearray | memoryview) -> bytes | bytearray | memoryview:
    if len(secret) != KEY_BYTES:
        raise ValueError("the secret is not 32 bytes")
    return secret


def _point(public: bytes) -> bytes:
    if len(public) != KEY_BYTES or not sodium.is_ed25519_point(public):
        raise ValueError("not a point of Ed25519's group")
    return public


def _message(*, data: bytes | None, digest: bytes | None, encoding: str) -> bytes:
    if encoding != "jose":
        raise ValueError("an Ed25519 signature has no DER form")
    if data is None or digest is not None:
        raise ValueError("Ed25519 signs data, not a digest")
    return data
