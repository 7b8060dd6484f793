"""JSON Web Signatures in the compact form (RFC 7515 section 7.1): the protected header, and the bytes that are signed.

The header's ``alg`` is the key's, so nobody can ask for another. What the caller adds is refused where a verifier could take the
signature for another key's or for something else: members that carry or point to a key, unless it is this very key
(``jwk``, as DPoP has it, RFC 9449 section 4.2); unencoded payloads (RFC 7797), which make the signed bytes ambiguous to who does
not know them; and what belongs to JWE.

What is signed is ASCII and begins with the base64url of ``{"``: no transaction that is signed as it stands (Solana's) begins so.
"""

from __future__ import annotations

from collections.abc import Mapping

from native_host.encodings.base64url import encode_base64url
from native_host.encodings.jwk import Jwk, encode_members

ALGORITHMS = frozenset({
    "ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "HS256", "HS384", "HS512",  # RFC 7518
    "ES256K",  # RFC 8812
    "Ed25519", "Ed448",  # RFC 9864
    "ML-DSA-44", "ML-DSA-65", "ML-DSA-87",  # RFC 9964
})  # fmt: skip
"""The ``alg`` values that are signed under. ``none`` and the deprecated, ambiguous ``EdDSA`` are not among them."""

MAX_HEADER_BYTES = 4096
_MAX_DEPTH = 8
_SAFE_INTEGER = 2**53 - 1  # what every reader of JSON can hold (RFC 8259 section 6)

_REFUSED = frozenset({
    "alg",  # the key decides
    "jku", "x5u", "x5c",  # a key from elsewhere (RFC 7515 sections 4.1.2, 4.1.5, 4.1.6)
    "b64",  # an unencoded payload (RFC 7797)
    "enc", "zip", "epk", "apu", "apv", "iv", "tag", "p2s", "p2c",  # JWE's (RFC 7516, RFC 7518)
})  # fmt: skip
_TEXTS = ("typ", "cty", "kid", "x5t", "x5t#S256")
# What ``crit`` may not name, as it may name extensions only (RFC 7515 section 4.1.11).
_STANDARD = _REFUSED | {"jwk", "crit", *_TEXTS}


def signing_input(alg: str, payload: bytes, header: Mapping[str, object], *, own_jwk: Jwk | None = None) -> tuple[str, bytes]:
    """The protected header in base64url, and the bytes to sign: it, a point and the payload in base64url.

    ``header`` is the caller's part of it, from JSON. It is written with sorted members and without spaces, so one header has one
    spelling. ``own_jwk`` is the key's own, the only one that a ``jwk`` may be.

    Raises:
        ValueError: for an algorithm that JWS has not, and for a header that is refused, malformed, too long or too deep.
    """
    from json import dumps

    if alg not in ALGORITHMS:
        raise ValueError("not an algorithm of JWS")
    _check(header, own_jwk)
    try:
        text = dumps({**header, "alg": alg}, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError("the header holds half a character") from None
    if len(text) > MAX_HEADER_BYTES:
        raise ValueError("the header is too long")
    protected = encode_base64url(text)
    return protected, f"{protected}.{encode_base64url(payload)}".encode("ascii")


def compact(signing_input: bytes, signature: bytes) -> str:
    """The JWS: what was signed, a point and the signature in base64url."""
    return f"{signing_input.decode('ascii')}.{encode_base64url(signature)}"


def _check(header: Mapping[str, object], own_jwk: Jwk | None) -> None:
    if not _REFUSED.isdisjoint(header):
        raise ValueError("the header has a member that is not the caller's to give")
    _check_json(header, _MAX_DEPTH)
    if any(name in header and not isinstance(header[name], str) for name in _TEXTS):
        raise ValueError("a member of the header is not a text")
    if "jwk" in header and (own_jwk is None or header["jwk"] != encode_members(own_jwk)):
        raise ValueError("the header's jwk is not the key that signs, with its required members only")
    if "crit" in header:
        _check_critical(header, header["crit"])


def _check_critical(header: Mapping[str, object], names: object) -> None:
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise ValueError("crit is a list of names")
    if len(set(names)) != len(names) or not set(names) <= set(header) - _STANDARD:
        raise ValueError("crit names each extension in the header once, and nothing else")


def _check_json(value: object, depth: int) -> None:
    """Only what JSON has, numbers without fractions: those have more than one spelling."""
    if not depth:
        raise ValueError("the header is too deep")
    if isinstance(value, Mapping):
        if not all(isinstance(name, str) for name in value):
            raise ValueError("a member of the header has no name")
        for member in value.values():
            _check_json(member, depth - 1)
    elif isinstance(value, list):
        for member in value:
            _check_json(member, depth - 1)
    elif isinstance(value, int) and not isinstance(value, bool):
        if abs(value) > _SAFE_INTEGER:
            raise ValueError("a number of the header is too large")
    elif value is not None and not isinstance(value, str | bool):
        raise ValueError("the header holds a fraction, or what JSON has not")
