"""Public JSON Web Keys: RFC 7517; EC and RSA keys RFC 7518 section 6, secp256k1 RFC 8812 section 3.1, OKP keys RFC 8037
section 2, AKP keys (ML-DSA, ML-KEM) RFC 9964.

Private keys as JWKs are read where secrets are handled, not here.
"""

from __future__ import annotations

from native_host.encodings.base64url import encode_base64url
from native_host.value import Value

# What a thumbprint is made of (RFC 7638 section 3.2, RFC 8037 section 2, RFC 9964 section 6).
_REQUIRED = {"EC": ("crv", "kty", "x", "y"), "OKP": ("crv", "kty", "x"), "RSA": ("e", "kty", "n"), "AKP": ("alg", "kty", "pub")}


class Jwk(Value, frozen=True, kw_only=True):
    """A public key, its members as raw bytes; not yet known to be a point or a modulus.

    EC: ``crv``, ``x``, ``y``. OKP: ``crv``, ``x``. RSA: ``n``, ``e``, big-endian without leading zeros. AKP: ``alg``,
    ``pub``. What a kind does not have is empty, ``y`` is ``None``.
    """

    kty: str
    crv: str = ""
    x: bytes = b""
    y: bytes | None = None
    n: bytes = b""
    e: bytes = b""
    alg: str = ""
    pub: bytes = b""


def encode_members(jwk: Jwk) -> dict[str, str]:
    """The JSON members, bytes as base64url."""
    members = {"kty": jwk.kty}
    for name in ("crv", "x", "y", "n", "e", "alg", "pub"):
        value = getattr(jwk, name)
        if value:
            members[name] = value if isinstance(value, str) else encode_base64url(value)
    return members


def thumbprint(jwk: Jwk) -> bytes:
    """The SHA-256 thumbprint (RFC 7638 section 3): 32 bytes over the required members of the kind, sorted."""
    from hashlib import sha256

    members = encode_members(jwk)
    return sha256(("{" + ",".join(f'"{name}":"{members[name]}"' for name in _REQUIRED[jwk.kty]) + "}").encode()).digest()
