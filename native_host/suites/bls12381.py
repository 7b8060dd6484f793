"""BLS signatures over BLS12-381, keys in G1 and signatures in G2, as Ethereum's consensus layer uses them: the ciphersuite
``BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_`` (draft-irtf-cfrg-bls-signature section 4.2.3), on pyblst (blst).

A secret is a scalar from 1 to r-1, 32 bytes big-endian; public keys are compressed points of G1 (48 bytes), signatures of G2
(96 bytes). Signing is deterministic. Points are checked to be canonical and of the prime-order group wherever one is read, and
a public key not to be infinity. One who adds up public keys (``fast_aggregate_verify``, or ``aggregate_verify`` of equal
messages) must have had a proof of possession for each: without, a key made from the others' forges for all.

pyblst, as it is the binding of blst that has wheels and a free choice of the ciphersuite, and blst multiplies in the same time
whatever the scalar. What it costs: the binding takes scalars as Python's integers, so that each use of a secret leaves copies
which cannot be wiped, and the reduction that it makes before blst sees the scalar is not written for constant time.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from hmac import compare_digest
from operator import add, mul

from pyblst import BlstFP12Element, BlstP1Element, BlstP2Element, final_verify, miller_loop

from native_host.encodings.jwk import Jwk
from native_host.secret import wipe
from native_host.suites.fault import SigningFault
from native_host.suites.kinds import RandomBytes, Secret

SECRET_BYTES = 32
PUBLIC_BYTES = 48
SIGNATURE_BYTES = 96
ORDER = 0x73EDA753_299D7D48_3339D808_09A1D805_53BDA402_FFFE5BFE_FFFFFFFF_00000001

_DST = b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_"
_POP_DST = b"BLS_POP_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_"
_GENERATOR = BlstP1Element.uncompress(
    bytes.fromhex("97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb")
)
_INFINITY = BlstP1Element()


def generate_secret(random_bytes: RandomBytes) -> bytearray:
    """A secret from 1 to r-1, by rejection: uniform, where ``KeyGen`` (section 2.3) is nearly so."""
    while True:
        secret = bytearray(random_bytes(SECRET_BYTES))
        secret[0] &= 0x7F  # r has 255 bits
        if 0 < int.from_bytes(secret, "big") < ORDER:
            return secret
        wipe(secret)


def public_key(secret: Secret) -> bytes:
    """The public key (48 bytes); ``ValueError`` if the secret is none."""
    public: bytes = _GENERATOR.scalar_mul(_scalar(secret)).compress()
    return public


def parse_public(jwk: Jwk) -> bytes:
    """The key of an OKP JWK on ``BLS12381G1``; ``ValueError`` unless it is valid by ``KeyValidate`` (section 2.5)."""
    if (jwk.kty, jwk.crv, jwk.y) != ("OKP", "BLS12381G1", None):
        raise ValueError("not an OKP key of BLS12381G1")
    _key(jwk.x)
    return jwk.x


def public_jwk(public: bytes) -> Jwk:
    """The JWK of a public key."""
    _key(public)
    return Jwk(kty="OKP", crv="BLS12381G1", x=public)


def sign(
    secret: Secret,
    *,
    data: bytes | None = None,
    digest: bytes | None = None,
    encoding: str = "jose",
    public: bytes | None = None,
) -> bytes:
    """The signature of ``data`` (section 2.6); ``public``, where given, must be the secret's own key.

    Raises:
        SigningFault: if it is not, or what was computed does not verify.
    """
    message = _message(data=data, digest=digest, encoding=encoding)
    return _sign(secret, message, _DST, public)


def verify(public: bytes, *, data: bytes | None = None, digest: bytes | None = None, signature: bytes, encoding: str = "jose") -> bool:
    """Whether ``signature`` is one (section 2.7); ``ValueError`` is for a key that is none."""
    message, key = _message(data=data, digest=digest, encoding=encoding), _key(public)
    return _verifies([(key, message)], signature, _DST)


def aggregate(signatures: Sequence[bytes]) -> bytes:
    """The sum of one or more signatures (section 2.8); ``ValueError`` if there is none, or one is no point of G2."""
    if not signatures:
        raise ValueError("there is no signature to aggregate")
    signature: bytes = reduce(add, map(_point, signatures)).compress()
    return signature


def aggregate_verify(publics: Sequence[bytes], messages: Sequence[bytes], signature: bytes) -> bool:
    """Whether ``signature`` is the sum of a signature by each key of its own message (section 3.3.2); not so of none.

    Raises:
        ValueError: if a key is none, or there are not as many messages as keys.
    """
    if len(publics) != len(messages):
        raise ValueError("there are not as many messages as keys")
    pairs = list(zip(map(_key, publics), messages, strict=True))
    return bool(pairs) and _verifies(pairs, signature, _DST)


def fast_aggregate_verify(publics: Sequence[bytes], message: bytes, signature: bytes) -> bool:
    """Whether ``signature`` is the sum of a signature of ``message`` by each key (section 3.3.4); not so of none.

    Raises:
        ValueError: if a key is none.
    """
    if not publics:
        return False
    key = reduce(add, map(_key, publics))
    return key != _INFINITY and _verifies([(key, message)], signature, _DST)


def prove_possession(secret: Secret) -> bytes:
    """The proof of possession of a secret (section 3.3.3): a signature of its public key that signs nothing else.

    Raises:
        SigningFault: if what was computed does not verify.
    """
    return _sign(secret, public_key(secret), _POP_DST, None)


def verify_possession(public: bytes, proof: bytes) -> bool:
    """Whether ``proof`` is the proof of possession of a key; ``ValueError`` is for a key that is none."""
    return _verifies([(_key(public), public)], proof, _POP_DST)


def _sign(secret: Secret, message: bytes, dst: bytes, public: bytes | None) -> bytes:
    scalar = _scalar(secret)
    key = _GENERATOR.scalar_mul(scalar)
    if public is not None and not compare_digest(public, key.compress()):
        raise SigningFault
    signature: bytes = BlstP2Element.hash_to_group(message, dst).scalar_mul(scalar).compress()
    if not _verifies([(key, message)], signature, dst):
        raise SigningFault
    return signature


def _verifies(pairs: Sequence[tuple[BlstP1Element, bytes]], signature: bytes, dst: bytes) -> bool:
    """Whether the product of e(key, H(message)) is e(generator, signature); keys are valid."""
    try:
        point = _point(signature)
    except ValueError:
        return False
    product: BlstFP12Element = reduce(mul, (miller_loop(key, BlstP2Element.hash_to_group(message, dst)) for key, message in pairs))
    valid: bool = final_verify(miller_loop(_GENERATOR, point), product)
    return valid


def _scalar(secret: Secret) -> int:
    if len(secret) != SECRET_BYTES:
        raise ValueError("the secret is not 32 bytes")
    scalar = int.from_bytes(secret, "big")
    if not 0 < scalar < ORDER:
        raise ValueError("the secret is not from 1 to r-1")
    return scalar


def _key(public: bytes) -> BlstP1Element:
    try:
        key = BlstP1Element.uncompress(public)
    except ValueError:
        raise ValueError("not a point of G1") from None
    if key == _INFINITY:
        raise ValueError("the public key is infinity")
    return key


def _point(signature: bytes) -> BlstP2Element:
    try:
        return BlstP2Element.uncompress(signature)
    except ValueError:
        raise ValueError("not a point of G2") from None


def _message(*, data: bytes | None, digest: bytes | None, encoding: str) -> bytes:
    if encoding != "jose":
        raise ValueError("a BLS signature has no DER form")
    if data is None or digest is not None:
        raise ValueError("BLS signs data, not a digest")
    return data
