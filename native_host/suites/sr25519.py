"""sr25519: Schnorr signatures over Ristretto255 as Substrate's and Polkadot's accounts make them, on schnorrkel.

There is no standard but schnorrkel itself; points are RFC 9496's. A secret is the 32-byte mini-secret, expanded as Ed25519 does
(Substrate's way); public keys are encoded points (32 bytes), signatures 64 bytes with schnorrkel's mark in the last bit. The
signing context is ``substrate``. Nonces are hedged: drawn by schnorrkel from the secret, the message and the system's generator,
so that no two signatures are alike. Every signature is verified before it is handed out. No name for such keys is registered
for JWK: ``sr25519`` is used as the curve of an OKP key.

The binding takes and gives ``bytes`` only, so that each use of a secret leaves copies which cannot be wiped.
"""

from __future__ import annotations

from hmac import compare_digest

import sr25519 as schnorrkel

from native_host.encodings.jwk import Jwk
from native_host.suites.fault import SigningFault
from native_host.suites.kinds import RandomBytes, Secret

KEY_BYTES = 32
SIGNATURE_BYTES = 64
_IDENTITY = bytes(KEY_BYTES)


def generate_secret(random_bytes: RandomBytes) -> bytearray:
    """A mini-secret: 32 random bytes."""
    return bytearray(random_bytes(KEY_BYTES))


def public_key(secret: Secret) -> bytes:
    """The public key (32 bytes); ``ValueError`` if the secret is not 32 bytes."""
    return _pair(secret)[0]


def parse_public(jwk: Jwk) -> bytes:
    """The key of an OKP JWK; ``ValueError`` unless it is a canonical point other than the identity."""
    if (jwk.kty, jwk.crv, jwk.y) != ("OKP", "sr25519", None):
        raise ValueError("not an OKP key of sr25519")
    return _point(jwk.x)


def public_jwk(public: bytes) -> Jwk:
    """The JWK of a public key."""
    return Jwk(kty="OKP", crv="sr25519", x=_point(public))


def sign(
    secret: Secret,
    *,
    data: bytes | None = None,
    digest: bytes | None = None,
    encoding: str = "jose",
    public: bytes | None = None,
) -> bytes:
    """A signature of ``data``; ``public``, where given, must be the secret's own key.

    Raises:
        SigningFault: if it is not, or what was computed does not verify.
    """
    message = _message(data=data, digest=digest, encoding=encoding)
    pair = _pair(secret)
    if public is not None and not compare_digest(public, pair[0]):
        raise SigningFault
    signature: bytes = schnorrkel.sign(pair, message)
    if not _verifies(pair[0], message, signature):
        raise SigningFault
    return signature


def verify(public: bytes, *, data: bytes | None = None, digest: bytes | None = None, signature: bytes, encoding: str = "jose") -> bool:
    """Whether ``signature`` is one; ``ValueError`` is for a key that is no point, or the identity."""
    message, point = _message(data=data, digest=digest, encoding=encoding), _point(public)
    return len(signature) == SIGNATURE_BYTES and _verifies(point, message, signature)


def _pair(secret: Secret) -> tuple[bytes, bytes]:
    """The public key, and the scalar with the seed of nonces."""
    if len(secret) != KEY_BYTES:
        raise ValueError("the secret is not 32 bytes")
    pair: tuple[bytes, bytes] = schnorrkel.pair_from_seed(bytes(secret))
    return pair


def _verifies(public: bytes, message: bytes, signature: bytes) -> bool:
    try:
        valid: bool = schnorrkel.verify(signature, message, public)
    except ValueError:  # without the mark, or with a scalar that is not canonical
        return False
    return valid


def _point(public: bytes) -> bytes:
    """``public``, if it is a key. Whoever likes can sign for the identity, which schnorrkel lets through."""
    if len(public) != KEY_BYTES or compare_digest(public, _IDENTITY):
        raise ValueError("not a public key of sr25519")
    try:
        schnorrkel.derive_pubkey((_IDENTITY, public), b"")  # the one call of the binding that decodes a point, and no more
    except ValueError:
        raise ValueError("not a public key of sr25519") from None
    return public


def _message(*, data: bytes | None, digest: bytes | None, encoding: str) -> bytes:
    if encoding != "jose":
        raise ValueError("an sr25519 signature has no DER form")
    if data is None or digest is not None:
        raise ValueError("sr25519 signs data, not a digest")
    return data
