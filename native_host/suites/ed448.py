"""Ed448 (RFC 8032 section 5.2, pure, without context; JOSE name: RFC 9864), on OpenSSL.

Keys and secrets are 57 bytes, signatures 114. It signs the message itself: there is no digest and no DER form.
OpenSSL takes any 57 bytes for a public key: under what is no point no signature is valid, under the points of order 4 one is for
every message. So a key is decoded first, by PyCryptodome, and must be a point of the prime-order group, as Ed25519's are here.
"""

from __future__ import annotations

from hmac import compare_digest

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PrivateKey, Ed448PublicKey

from native_host.encodings.jwk import Jwk
from native_host.suites.fault import SigningFault
from native_host.suites.kinds import RandomBytes, Secret

KEY_BYTES = 57
SIGNATURE_BYTES = 114
_SIGN_BIT = 0x80
# RFC 8032 section 5.2: the order of the group, and the field's prime.
_ORDER = 2**446 - 13818066809895115352007386748515426880336692474882178609894547503885
_PRIME = 2**448 - 2**224 - 1
# y of the four points whose order divides the cofactor 4: two have x = 0, of which one spelling has a sign that x lacks.
_SMALL_ORDER_Y = frozenset({0, 1, _PRIME - 1})


def generate_secret(random_bytes: RandomBytes) -> bytearray:
    """A secret: 57 random bytes (RFC 8032 section 5.2.5)."""
    return bytearray(random_bytes(KEY_BYTES))


def public_key(secret: Secret) -> bytes:
    """The public key (57 bytes)."""
    return _private(secret).public_key().public_bytes_raw()


def parse_public(jwk: Jwk) -> bytes:
    """The key of an OKP JWK; ``ValueError`` unless it is canonical and a point of the prime-order group."""
    if (jwk.kty, jwk.crv, jwk.y) != ("OKP", "Ed448", None):
        raise ValueError("not an OKP key of Ed448")
    return _point(jwk.x)


def public_jwk(public: bytes) -> Jwk:
    """The JWK of a public key."""
    return Jwk(kty="OKP", crv="Ed448", x=public)


def sign(
    secret: Secret,
    *,
    data: bytes | None = None,
    digest: bytes | None = None,
    encoding: str = "jose",
    public: bytes | None = None,
) -> bytes:
    """A signature of ``data``, verified before it is handed out; ``public``, where given, must be the secret's own key.

    Signing is deterministic: a wrong signature beside a right one of the same message gives the secret away.
    """
    message, key = _message(data=data, digest=digest, encoding=encoding), _private(secret)
    own = key.public_key()
    if public is not None and not compare_digest(public, own.public_bytes_raw()):
        raise SigningFault
    signature = key.sign(message)
    try:
        own.verify(signature, message)
    except InvalidSignature:
        raise SigningFault from None
    return signature


def verify(public: bytes, *, data: bytes | None = None, digest: bytes | None = None, signature: bytes, encoding: str = "jose") -> bool:
    """Whether ``signature`` is one; ``ValueError`` is for a key that is no point of the group."""
    message, point = _message(data=data, digest=digest, encoding=encoding), _point(public)
    try:
        Ed448PublicKey.from_public_bytes(point).verify(signature, message)
    except InvalidSignature:
        return False
    return len(signature) == SIGNATURE_BYTES


def _private(secret: Secret) -> Ed448PrivateKey:
    if len(secret) != KEY_BYTES:
        raise ValueError("the secret is not 57 bytes")
    return Ed448PrivateKey.from_private_bytes(secret)


def _point(public: bytes) -> bytes:
    """``public``, if it is the one encoding (RFC 8032 section 5.2.2) of a point of order L."""
    if len(public) != KEY_BYTES or not _is_in_group(public):
        raise ValueError("not a point of Ed448's group")
    return public


def _is_in_group(public: bytes) -> bool:
    y = int.from_bytes(public[:-1], "little")
    if public[-1] not in {0, _SIGN_BIT} or y >= _PRIME or y in _SMALL_ORDER_Y:
        return False
    from Crypto.Signature.eddsa import import_public_key  # only where another's key is read

    try:
        point = import_public_key(public).pointQ
    except ValueError:
        return False
    return (point * _ORDER).xy == (0, 1)  # the library's own test for the neutral point looks at x alone


def _message(*, data: bytes | None, digest: bytes | None, encoding: str) -> bytes:
    if encoding != "jose":
        raise ValueError("an Ed448 signature has no DER form")
    if data is None or digest is not None:
        raise ValueError("Ed448 signs data, not a digest")
    return data
