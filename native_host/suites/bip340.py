"""BIP340: Schnorr signatures over secp256k1, with x-only public keys (32 bytes) and signatures R ‖ s (64 bytes).

``data`` is the message itself, of any length, as BIP340 allows since its message length was opened; ``digest`` is a
message of 32 bytes. Nothing is hashed beforehand, so 32 bytes of data and the same digest give the same message.
A key of ES256K signs and verifies here too: its compressed public key is taken by its x.
"""

from __future__ import annotations

from collections.abc import Callable

from native_host.encodings.jwk import Jwk
from native_host.sodium import random_bytes as fresh_bytes
from native_host.suites import es256k, secp256k1

MESSAGE_BYTES = 32


def generate_secret(random_bytes: Callable[[int], bytes]) -> bytearray:
    """A secret from 1 to n-1, by rejection."""
    return es256k.generate_secret(random_bytes)


def public_key(secret: bytes | bytearray | memoryview) -> bytes:
    """The x-only public key (32 bytes); ``ValueError`` if the secret is none."""
    return secp256k1.public_key(secret)[1:]


def parse_public(jwk: Jwk) -> bytes:
    """The x-only key of an EC JWK on secp256k1, whichever of the two points with that x it names."""
    return es256k.parse_public(jwk)[1:]


def public_jwk(public: bytes) -> Jwk:
    """The JWK of an x-only key: its even point, as BIP340's ``lift_x`` chooses it."""
    return es256k.public_jwk(b"\x02" + _xonly(public))


def sign(
    secret: bytes | bytearray | memoryview,
    *,
    data: bytes | None = None,
    digest: bytes | None = None,
    encoding: str = "jose",
    public: bytes | None = None,
    aux: bytes | None = None,
) -> bytes:
    """A signature of the message; ``aux`` is BIP340's auxiliary randomness (32 bytes), fresh unless given.

    ``public`` is not needed: signing works out the key anyway.
    """
    del public
    message = _message(data=data, digest=digest, encoding=encoding)
    return secp256k1.schnorr_sign(secret, message, aux=fresh_bytes(secp256k1.AUX_BYTES) if aux is None else aux)


def verify(public: bytes, *, data: bytes | None = None, digest: bytes | None = None, signature: bytes, encoding: str = "jose") -> bool:
    """Whether ``signature`` is one; ``ValueError`` is for a key that is no point."""
    return secp256k1.schnorr_verify(_xonly(public), _message(data=data, digest=digest, encoding=encoding), signature)


def _xonly(public: bytes) -> bytes:
    return secp256k1.compress(public)[1:] if len(public) == secp256k1.COMPRESSED_BYTES else public


def _message(*, data: bytes | None, digest: bytes | None, encoding: str) -> bytes:
    if encoding != "jose":
        raise ValueError("a BIP340 signature has no DER form")
    if (data is None) == (digest is None):
        raise ValueError("exactly one of data and digest is signed")
    if digest is not None and len(digest) != MESSAGE_BYTES:
        raise ValueError("the digest is not 32 bytes")
    return data if data is not None else digest or b""
