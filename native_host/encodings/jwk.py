"""Public JSON Web Keys: RFC 7517; EC keys RFC 7518 section 6.2 and RFC 8812 section 3.1; OKP keys RFC 8037 section 2.

Private keys as JWKs are read where secrets are handled, not here.
"""

from __future__ import annotations

from native_host.encodings.base64url import encode_base64url
from native_host.value import Value


class Jwk(Value, frozen=True, kw_only=True):
    """A public EC key (``y`` present) or OKP key (``y`` absent), its coordinates as raw bytes; not yet known to be a point."""

    kty: str
    crv: str
    x: bytes
    y: bytes | None = None


def encode_members(jwk: Jwk) -> dict[str, str]:
    """The JSON members, coordinates as base64url."""
    members = {"kty": jwk.kty, "crv": jwk.crv, "x": encode_base64url(jwk.x)}
    if jwk.y is not None:
        members["y"] = encode_base64url(jwk.y)
    return members


def thumbprint(jwk: Jwk) -> bytes:
    """The SHA-256 thumbprint (RFC 7638 section 3; OKP: RFC 8037 section 2): 32 bytes over the required members, sorted."""
    from hashlib import sha256

    members = sorted(encode_members(jwk).items())
    return sha256(("{" + ",".join(f'"{name}":"{value}"' for name, value in members) + "}").encode()).digest()
