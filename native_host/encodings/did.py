"""Decentralized identifiers that are a public key and nothing else: ``did:key`` (W3C CCG, v0.7) and ``did:jwk`` (v0.1).

A ``did:jwk`` is written with its members sorted and without blanks (the form of RFC 7638 section 3), as the method has no
canonical form of its own; other people's are read in any order, as their texts are identities already.
"""

from __future__ import annotations

from typing import Any

from native_host.encodings.base64url import decode_base64url, encode_base64url
from native_host.encodings.jwk import Jwk, encode_members
from native_host.encodings.multikey import decode_multikey, encode_multikey

MAX_DID_LENGTH = 8192

_KEY = "did:key:"
_JWK = "did:jwk:"
_MEMBERS = {"EC": ("crv", "x", "y"), "OKP": ("crv", "x"), "RSA": ("n", "e"), "AKP": ("alg", "pub")}
_TEXTS = frozenset({"crv", "alg"})
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"})


def encode_did_key(code: int, public: bytes) -> str:
    """The ``did:key`` of a public key in the form of its multicodec code; ``ValueError`` as ``encode_multikey``."""
    return _KEY + encode_multikey(code, public)


def decode_did_key(did: str) -> tuple[int, bytes]:
    """The multicodec code and the public key, as ``decode_multikey``.

    Raises:
        ValueError: if it is no ``did:key``, has a path, query or fragment, or its key is not well-formed.
    """
    if not did.startswith(_KEY):
        raise ValueError("not a did:key")
    return decode_multikey(did[len(_KEY) :])


def encode_did_jwk(jwk: Jwk) -> str:
    """The ``did:jwk`` of a public key, by its required members only."""
    members = encode_members(jwk)
    return _JWK + encode_base64url(("{" + ",".join(f'"{name}":"{members[name]}"' for name in sorted(members)) + "}").encode())


def decode_did_jwk(did: str) -> Jwk:
    """The public key of a ``did:jwk``, not yet known to be a point or a modulus; members that are not the key's are ignored.

    Raises:
        ValueError: if it is no ``did:jwk``, is not canonical base64url of a JSON object, names a member twice, has a private
            member, or lacks one of its kind.
    """
    if not did.startswith(_JWK) or len(did) > MAX_DID_LENGTH:
        raise ValueError("not a did:jwk")
    members = _object(decode_base64url(did[len(_JWK) :]))
    if not _PRIVATE.isdisjoint(members):
        raise ValueError("a did:jwk must not hold a private key")
    kty = members.get("kty")
    if not isinstance(kty, str) or kty not in _MEMBERS:
        raise ValueError("a did:jwk of a kind that is not known here")
    return Jwk(kty=kty, **{name: _value(name, members.get(name)) for name in _MEMBERS[kty]})


def _value(name: str, value: object) -> Any:
    if not isinstance(value, str) or not value:
        raise ValueError("the did:jwk lacks a member of its kind")
    if name in _TEXTS:
        return value
    data = decode_base64url(value)
    if name in {"n", "e"} and not data[0]:
        raise ValueError("a number in the did:jwk has leading zeros")
    return data


def _object(text: bytes) -> dict[str, object]:
    # The standard library's parser, as the other one here takes the last of two members of one name without a word.
    from json import loads

    try:
        value: object = loads(text.decode("utf-8"), object_pairs_hook=_unique)
    except (ValueError, RecursionError):
        raise ValueError("the did:jwk is not JSON with unique names") from None
    if not isinstance(value, dict):
        raise ValueError("the did:jwk is not a JSON object")  # noqa: TRY004  # wrong input, as all of it
    return value


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name twice")
    return members
