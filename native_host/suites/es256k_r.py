"""ES256K-R: ECDSA over secp256k1 whose signature lets the public key be recovered (SEC 1 section 4.1.6).

A signature is r ‖ s ‖ v (65 bytes) with v from 0 to 3; there is no DER form. Keys are those of ES256K.
"""

from __future__ import annotations

from native_host.suites import secp256k1
from native_host.suites.digest import sha256_digest
from native_host.suites.es256k import generate_secret, parse_public, public_jwk, public_key

__all__ = ["generate_secret", "parse_public", "public_jwk", "public_key", "recover", "sign", "verify"]

_SIGNATURE_BYTES = 65


def sign(
    secret: bytes | bytearray | memoryview,
    *,
    data: bytes | None = None,
    digest: bytes | None = None,
    encoding: str = "jose",
    public: bytes | None = None,
) -> bytes:
    """A signature of SHA-256(``data``) or of ``digest``, which may be any 32-byte hash; s is low."""
    if encoding != "jose":
        raise ValueError("a recoverable signature has no DER form")
    compact, recovery_id = secp256k1.ecdsa_sign_recoverable(secret, sha256_digest(data=data, digest=digest), public)
    return compact + bytes((recovery_id,))


def recover(digest: bytes, signature: bytes) -> bytes | None:
    """The compressed public key that r ‖ s ‖ v recovers to, if there is one."""
    if len(signature) != _SIGNATURE_BYTES:
        return None
    return secp256k1.ecdsa_recover(digest, signature[:-1], signature[-1])


def verify(public: bytes, *, data: bytes | None = None, digest: bytes | None = None, signature: bytes, encoding: str = "jose") -> bool:
    """Whether ``signature`` recovers to ``public``."""
    if encoding != "jose":
        raise ValueError("a recoverable signature has no DER form")
    return recover(sha256_digest(data=data, digest=digest), signature) == secp256k1.compress(public)
