"""JSON Web Encryption, compact (RFC 7516 section 7.1): of contents to a key of this host, and of keys that leave it wrapped.

``ECDH-ES`` alone and with AES key wrap (RFC 7518 section 4.6) on X25519, X448 (RFC 8037 section 3.2), P-256, P-384 and P-521, and
``RSA-OAEP`` and ``RSA-OAEP-256`` (section 4.3), each with AES-GCM (section 5.3) or AES-CBC with HMAC (section 5.2). No compression,
which tells of its plaintext by its length, no critical extensions, and no parameter that is not known here.

jwcrypto encrypts and decrypts. It is lax in places, so what it is given is checked before: base64url that is not canonical,
GCM nonces of any length, ephemeral keys that are not reduced, and RSA keys of any size are refused here.
"""

from __future__ import annotations

from typing import Any, cast

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicNumbers
from jwcrypto.common import InvalidJWEData
from jwcrypto.jwe import JWE
from jwcrypto.jwk import JWK
from msgspec import UNSET, UnsetType
from msgspec.json import Decoder

from native_host.encodings.base64url import decode_base64url, encode_base64url
from native_host.encodings.jwk import Jwk, encode_members
from native_host.suites import x448, x25519
from native_host.suites.ecdh import ECDH_P256, ECDH_P384, ECDH_P521
from native_host.suites.key_forms import load_der_private_key
from native_host.suites.kinds import Agreements, CannotDecrypt, Secret
from native_host.value import Value

_AGREEMENTS: dict[str, Agreements] = {"X25519": x25519, "X448": x448, "P-256": ECDH_P256, "P-384": ECDH_P384, "P-521": ECDH_P521}
ECDH_ALGS = frozenset({"ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A192KW", "ECDH-ES+A256KW"})
RSA_ALGS = frozenset({"RSA-OAEP", "RSA-OAEP-256"})
LENGTHS = {
    "A128GCM": (12, 16),
    "A192GCM": (12, 16),
    "A256GCM": (12, 16),
    "A128CBC-HS256": (16, 16),
    "A192CBC-HS384": (16, 24),
    "A256CBC-HS512": (16, 32),
}
"""The content encryptions, each with the bytes of its initialization vector and of its tag."""
MIN_RSA_BITS = 2048
"""RFC 7518 section 4.3."""
_PARTS = 5


class EphemeralKey(Value, frozen=True, kw_only=True):
    """The sender's one-time public key (RFC 7518 section 4.6.1.1)."""

    kty: str
    crv: str
    x: str
    y: str | UnsetType = UNSET
    d: str | UnsetType = UNSET


class Header(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What may stand in the protected header. ``zip`` and ``crit`` may not, nor any parameter unknown here."""

    alg: str
    enc: str
    epk: EphemeralKey | UnsetType = UNSET
    apu: str = ""
    apv: str = ""
    kid: str = ""
    typ: str = ""
    cty: str = ""


_HEADER = Decoder(Header)


def encrypt_jwe(plaintext: Secret, public_jwk: Jwk, *, alg: str, enc: str = "A256GCM", cty: str = "", kid: str = "") -> bytes:
    """A compact JWE of ``plaintext``; ``cty`` says what it is (``jwk+json`` of a key) and ``kid`` whose key it is to.

    Raises:
        ValueError: for algorithms that are not known or not for such a key, and for what is no key.
    """
    if enc not in LENGTHS:
        raise ValueError("not a content encryption of JWE")
    _check_public(public_jwk, alg)
    named = {"cty": cty, "kid": kid}
    header = {"alg": alg, "enc": enc} | {name: value for name, value in named.items() if value}
    jwe = JWE(bytes(plaintext), protected=header, algs=[alg, enc])
    jwe.add_recipient(JWK(**encode_members(public_jwk)))
    return cast("str", jwe.serialize(compact=True)).encode()


def decrypt_jwe(compact: bytes, secret: Secret, *, alg: str, curve: str = "", enc: str | None = None) -> bytearray:
    """The plaintext, if the header names ``alg`` and, where given, ``enc``.

    ``secret`` is of the curve that ``curve`` names as a JWK's ``crv`` does; without one it is the DER of an RSAPrivateKey
    (RFC 8017 section A.1.2). The library's own copies of the secret, the one-time keys and the plaintext are not ours to wipe.

    Raises:
        CannotDecrypt: for whatever reason.
    """
    try:
        text = compact.decode("ascii")
        header = _checked(text, alg=alg, curve=curve, enc=enc)
        key = _private_jwk(secret, curve) if curve else _private_rsa(secret)
        return _decrypt(text, key, [alg, header.enc])
    except Exception:  # noqa: BLE001  # the library raises a dozen kinds of error; to the sender they are all one
        raise CannotDecrypt("it does not decrypt") from None


def read_header(compact: bytes) -> Header:
    """The protected header. What it says is so only if the JWE decrypts.

    Raises:
        CannotDecrypt: if there is none that may be.
    """
    try:
        return _parse(compact.decode("ascii"))[0]
    except ValueError:
        raise CannotDecrypt("it does not decrypt") from None


def _parse(text: str) -> tuple[Header, tuple[bytes, ...]]:
    """The header, and the encrypted key, initialization vector, ciphertext and tag."""
    parts = text.split(".")
    if len(parts) != _PARTS:
        raise ValueError("not a compact JWE")
    protected, *others = (decode_base64url(part) for part in parts)
    try:
        return _HEADER.decode(protected), tuple(others)
    except RecursionError:
        raise ValueError("not a header") from None


def _checked(text: str, *, alg: str, curve: str, enc: str | None) -> Header:
    header, (_, vector, _, tag) = _parse(text)
    if header.alg != alg or (enc is not None and header.enc != enc):
        raise ValueError("not the algorithms that were asked for")
    if (len(vector), len(tag)) != LENGTHS.get(header.enc):
        raise ValueError("the initialization vector or the tag has not the length of its kind")
    decode_base64url(header.apu)
    decode_base64url(header.apv)
    key = header.epk
    if curve:
        if alg not in ECDH_ALGS or key is UNSET or key.crv != curve or key.d is not UNSET:
            raise ValueError("not an ephemeral key of the curve")
        y = None if key.y is UNSET else decode_base64url(key.y)
        _AGREEMENTS[curve].parse_public(Jwk(kty=key.kty, crv=key.crv, x=decode_base64url(key.x), y=y))
    elif alg not in RSA_ALGS or key is not UNSET:
        raise ValueError("not a JWE to an RSA key")
    return header


def _decrypt(text: str, key: Any, algs: list[str]) -> bytearray:
    jwe = JWE(algs=algs)
    jwe.deserialize(text)
    try:
        jwe.decrypt(key)
    except InvalidJWEData:
        # The library takes an authenticated plaintext of no bytes for a failure.
        if jwe.plaintext != b"" or jwe.decryptlog != ["Success"]:
            raise
    return bytearray(jwe.plaintext)


def _check_public(jwk: Jwk, alg: str) -> None:
    if alg in ECDH_ALGS and jwk.crv in _AGREEMENTS:
        _AGREEMENTS[jwk.crv].parse_public(jwk)
    elif alg in RSA_ALGS and jwk.kty == "RSA":
        numbers = RSAPublicNumbers(int.from_bytes(jwk.e, "big"), int.from_bytes(jwk.n, "big"))
        if numbers.public_key().key_size < MIN_RSA_BITS:
            raise ValueError("an RSA key has 2048 bits or more")
    else:
        raise ValueError("not an algorithm of JWE for such a key")


def _private_jwk(secret: Secret, curve: str) -> Any:
    agreement = _AGREEMENTS[curve]
    return JWK(**encode_members(agreement.public_jwk(agreement.public_key(secret))), d=encode_base64url(secret))


def _private_rsa(secret: Secret) -> Any:
    # jwcrypto makes the key again from its numbers, and that is where OpenSSL checks it: once is enough, at 25 ms.
    key = load_der_private_key(secret, None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(key, RSAPrivateKey) or key.key_size < MIN_RSA_BITS:
        raise ValueError("not an RSA key of 2048 bits or more")
    return JWK.from_pyca(key)
