"""Private JSON Web Keys: EC (RFC 7518 section 6.2.2), OKP (RFC 8037 section 2) and ``oct`` (RFC 7518 section 6.4).

Other members are ignored, as RFC 7517 section 4 asks. The public members must be there and match the secret: one who
sends a key together with another's public part would have it known under that other's name.
"""

from __future__ import annotations

from hmac import compare_digest

from msgspec import UNSET, MsgspecError, UnsetType
from msgspec.json import Decoder

from native_host.encodings.base64url import decode_base64url
from native_host.encodings.jwk import Jwk
from native_host.suites.table import Suite
from native_host.value import Value

SECRET_BYTES = 32
MIN_SEED_BYTES = 16
MAX_SEED_BYTES = 64


class _Members(Value, frozen=True, kw_only=True):
    kty: str
    alg: str | UnsetType = UNSET
    crv: str | UnsetType = UNSET
    x: str | UnsetType = UNSET
    y: str | UnsetType = UNSET
    d: str | UnsetType = UNSET
    k: str | UnsetType = UNSET


_DECODER = Decoder(_Members)


def parse_private_jwk(plaintext: bytes | bytearray | memoryview, suite: Suite) -> bytearray:
    """The secret of a JWK for ``suite``: 32 bytes, or 16 to 64 for a seed.

    JSON makes text of it on the way, which cannot be wiped.

    Raises:
        ValueError: if it is not JSON, of another kind, incomplete, out of range, or its public members do not match.
    """
    try:
        members = _DECODER.decode(plaintext)
    except (MsgspecError, UnicodeDecodeError, RecursionError):
        raise ValueError("not a JWK") from None
    if members.kty != suite.kty:
        raise ValueError("the JWK is of another kind of key")
    if members.alg is not UNSET and members.alg != suite.alg and members.alg not in suite.jwk_algs:
        raise ValueError("the JWK is for another algorithm")
    return _seed(members) if suite.kty == "oct" else _secret(members, suite)


def _seed(members: _Members) -> bytearray:
    seed = bytearray(_bytes(members.k))
    if not MIN_SEED_BYTES <= len(seed) <= MAX_SEED_BYTES:
        raise ValueError("a seed has 16 to 64 bytes")
    return seed


def _secret(members: _Members, suite: Suite) -> bytearray:
    secret = bytearray(_bytes(members.d))
    if len(secret) != SECRET_BYTES or members.crv is UNSET:
        raise ValueError("the JWK's secret has not the length of its kind")
    module = suite.pairs()
    claimed = Jwk(kty=members.kty, crv=members.crv, x=_bytes(members.x), y=None if members.y is UNSET else _bytes(members.y))
    public = module.public_key(secret)
    if not compare_digest(module.parse_public(claimed), public):
        raise ValueError("the JWK's public members are not those of its secret")
    return secret


def _bytes(text: str | UnsetType) -> bytes:
    if text is UNSET:
        raise ValueError("the JWK lacks a member")
    return decode_base64url(text)
