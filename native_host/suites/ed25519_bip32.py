"""Ed25519 signatures by the extended keys of BIP32-Ed25519, as Cardano makes them (CIP-3, CIP-1852), on libsodium.

The secret is 96 bytes, k_L ‖ k_R ‖ chain code, where RFC 8032 has a seed from which it makes k_L and k_R: derived keys have no
such seed. The signature is otherwise RFC 8032's (section 5.1.6), r = SHA-512(k_R ‖ M), and verifies as any of Ed25519. libsodium
has no signing from k_L, but the points and scalars it is made of. Each signature is verified before it leaves. The chain code
is not used.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha512
from hmac import compare_digest

from native_host import sodium
from native_host.encodings.jwk import Jwk
from native_host.secret import wipe
from native_host.suites import ed25519
from native_host.suites.fault import SigningFault
from native_host.suites.hd import cip3

SECRET_BYTES = cip3.SECRET_BYTES
KEY_BYTES = ed25519.KEY_BYTES
SIGNATURE_BYTES = ed25519.SIGNATURE_BYTES
_SCALAR_BYTES = 32
_KEY_END = 64

Secret = bytes | bytearray | memoryview


def generate_secret(random_bytes: Callable[[int], bytes]) -> bytearray:
    """A secret: 96 random bytes with the bits of a master key (CIP-3)."""
    secret = bytearray(random_bytes(SECRET_BYTES))
    cip3.set_bits(secret)
    return secret


def public_key(secret: Secret) -> bytes:
    """The public key (32 bytes); ``ValueError`` if the secret is none."""
    return cip3.public_key(secret)


def parse_public(jwk: Jwk) -> bytes:
    """The key of an OKP JWK; ``ValueError`` unless it is canonical and a point of the prime-order group."""
    return ed25519.parse_public(jwk)


def public_jwk(public: bytes) -> Jwk:
    """The JWK of a public key, which is one of Ed25519."""
    return ed25519.public_jwk(public)


def sign(
    secret: Secret,
    *,
    data: bytes | None = None,
    digest: bytes | None = None,
    encoding: str = "jose",
    public: bytes | None = None,
) -> bytes:
    """A signature of ``data``; ``public``, where given, must be the secret's own key."""
    if encoding != "jose":
        raise ValueError("an Ed25519 signature has no DER form")
    if data is None or digest is not None:
        raise ValueError("Ed25519 signs data, not a digest")
    if public is not None and not compare_digest(public, public_key(secret)):
        raise SigningFault
    return sign_extended(secret, data)


def verify(public: bytes, *, data: bytes | None = None, digest: bytes | None = None, signature: bytes, encoding: str = "jose") -> bool:
    """Whether ``signature`` is one of Ed25519; ``ValueError`` is for a key that is no point of the group."""
    return ed25519.verify(public, data=data, digest=digest, signature=signature, encoding=encoding)


def sign_extended(secret: Secret, data: bytes) -> bytes:
    """The 64-byte signature R ‖ S of ``data`` by k_L ‖ k_R ‖ chain code.

    Raises:
        ValueError: if the secret is not 96 bytes with a k_L of BIP32-Ed25519.
        SigningFault: if what was made does not verify.
    """
    public = public_key(secret)
    view = memoryview(secret)
    nonce = _hash(view[_SCALAR_BYTES:_KEY_END], data)
    scalar = sodium.ed25519_reduce(view[:_SCALAR_BYTES])
    try:
        commitment = sodium.ed25519_point(nonce)
        challenge = _hash(commitment, public, data)
        signature = commitment + sodium.ed25519_multiply_add(challenge, scalar, nonce)
    finally:
        wipe(nonce)
        wipe(scalar)
    if not sodium.ed25519_verify(public, data, signature):
        raise SigningFault
    return signature


def _hash(*parts: Secret) -> bytearray:
    """SHA-512 of the parts, as a scalar."""
    state = sha512()
    for part in parts:
        state.update(part)
    return sodium.ed25519_reduce(state.digest())
