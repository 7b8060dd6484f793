"""The lock of a Universal Wallet: one JWE (RFC 7516 section 7.2, JSON) that a password opens.

Written: ``PBES2-HS512+A256KW`` (RFC 7518 section 4.8) with a fresh salt and a million rounds, and ``A256GCM`` (section 5.3): what every
JOSE library opens. Read besides: the other two of PBES2, with up to ten million rounds, and the reference implementation's own way,
``ECDH-ES+A256KW`` (section 4.6) on X25519 with ``XC20P`` (draft-irtf-cfrg-xchacha), whose recipient's secret is PBKDF2 of the password
with the constant salt "salt" and 100,000 rounds, or the X25519 form of the Ed25519 key of that. A constant salt lets one table of
guesses be used against every such wallet, so that way is read and never written. The specification itself leaves the lock open.

OpenSSL derives, unwraps and decrypts. jwcrypto, which does the rest of JWE here, has neither ``XC20P`` nor a bound on rounds that a
person's file may ask for.
"""

from __future__ import annotations

from hashlib import sha512
from os import urandom
from typing import TYPE_CHECKING, Annotated

from msgspec import UNSET, Meta, MsgspecError, UnsetType
from msgspec.json import decode, encode

from native_host import sodium
from native_host.backups.refused import BackupRefused, DoesNotOpen
from native_host.encodings.base64url import decode_base64url, encode_base64url
from native_host.secret import wipe
from native_host.suites import x25519
from native_host.suites.importing.imported import CannotImport
from native_host.suites.importing.kdf import MAX_ITERATIONS, pbkdf2
from native_host.value import Value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from native_host.secret import SecretBytes

ALG, ENC = "PBES2-HS512+A256KW", "A256GCM"
ROUNDS = 1_000_000
REFERENCE_ALG = "ECDH-ES+A256KW"
REFERENCE_SALT, REFERENCE_ROUNDS = b"salt", 100_000
_PBES2 = {"PBES2-HS256+A128KW": ("SHA256", 16), "PBES2-HS384+A192KW": ("SHA384", 24), ALG: ("SHA512", 32)}
_GCM = {"A128GCM": 16, "A192GCM": 24, "A256GCM": 32}
_XC20P_IV, _GCM_IV, _TAG, _SALT = 24, 12, 16, 16
_MIN_SALT = 8
_DAMAGED = "This wallet is damaged or incomplete. Export it again from where it came from."
_UNKNOWN = "This wallet is locked in a way that is not read here. Export it with a password, or unlocked."
_WRONG = "That is not the password of this wallet, or the file was changed. Try again."


class _Epk(Value, frozen=True, kw_only=True):
    kty: str
    crv: str
    x: str


class _Header(Value, frozen=True, kw_only=True):
    """The members that matter; ``crit`` and ``zip`` are refused by being there."""

    alg: str = ""
    enc: str = ""
    p2s: str = ""
    p2c: Annotated[int, Meta(ge=0)] = 0
    epk: _Epk | UnsetType = UNSET
    apu: str = ""
    apv: str = ""
    crit: object = UNSET
    zip: object = UNSET


class _Recipient(Value, frozen=True, kw_only=True):
    header: _Header = _Header()
    encrypted_key: str = ""


class Jwe(Value, frozen=True, kw_only=True):
    """A JWE in JSON, general (``recipients``) or flattened (``header``, ``encrypted_key``)."""

    protected: str
    iv: str
    ciphertext: str
    tag: str
    recipients: Annotated[list[_Recipient], Meta(min_length=1, max_length=16)] | UnsetType = UNSET
    header: _Header | UnsetType = UNSET
    encrypted_key: str = ""
    aad: object = UNSET
    unprotected: object = UNSET


def lock(plaintext: bytes, password: SecretBytes) -> dict[str, object]:
    """A JWE, in the general form that wallets have; takes about a second."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.keywrap import aes_key_wrap

    salt, content_key, iv = urandom(_SALT), bytearray(urandom(32)), urandom(_GCM_IV)
    protected = encode_base64url(encode({"alg": ALG, "enc": ENC, "p2s": encode_base64url(salt), "p2c": ROUNDS}))
    key = _pbes2(password, ALG, salt, ROUNDS)
    sealed = AESGCM(content_key).encrypt(iv, plaintext, protected.encode())
    wrapped = aes_key_wrap(bytes(key), bytes(content_key))
    wipe(key)
    wipe(content_key)
    parts = {"iv": iv, "ciphertext": sealed[:-_TAG], "tag": sealed[-_TAG:]}
    return {
        "protected": protected,
        "recipients": [{"encrypted_key": encode_base64url(wrapped)}],
        **{name: encode_base64url(part) for name, part in parts.items()},
    }


def unlock(jwe: Jwe, password: SecretBytes) -> bytearray:
    """The plaintext, to be wiped.

    Raises:
        BackupRefused: it is locked in another way, damaged, or asks for more than ten million rounds.
        DoesNotOpen: the password is another one, or it was changed.
    """
    if jwe.aad is not UNSET or jwe.unprotected is not UNSET:
        raise BackupRefused(_UNKNOWN)
    try:
        protected = decode(decode_base64url(jwe.protected), type=_Header)
        iv, sealed = decode_base64url(jwe.iv), decode_base64url(jwe.ciphertext) + decode_base64url(jwe.tag)
        recipients = jwe.recipients or [_Recipient(header=jwe.header or _Header(), encrypted_key=jwe.encrypted_key)]
        wrapped = [(_joined(protected, one.header), decode_base64url(one.encrypted_key)) for one in recipients]
    except (MsgspecError, ValueError, RecursionError):
        raise BackupRefused(_DAMAGED) from None
    if len(decode_base64url(jwe.tag)) != _TAG:
        raise BackupRefused(_DAMAGED)
    header, encrypted_key = wrapped[0]
    if len(wrapped) > 1 or header.crit is not UNSET or header.zip is not UNSET:
        raise BackupRefused(_UNKNOWN)
    for key in _keys(header, password):
        plaintext = _opened(header.enc, key, encrypted_key, iv, sealed, jwe.protected.encode())
        wipe(key)
        if plaintext is not None:
            return plaintext
    raise DoesNotOpen(_WRONG)


def _joined(protected: _Header, own: _Header) -> _Header:
    """The JOSE header: the protected members with those of the recipient; a member stands in one of them only (section 4)."""
    default = _Header()
    members = {}
    for name in _Header.__struct_fields__:
        one, other, absent = getattr(protected, name), getattr(own, name), getattr(default, name)
        if absent not in (one, other):  # a header's members need not be hashable
            raise ValueError("a member twice")
        members[name] = other if one == absent else one
    return _Header(**members)


def _keys(header: _Header, password: SecretBytes) -> Iterator[bytearray]:
    """The keys that may have wrapped the content key, each to be wiped."""
    if header.alg in _PBES2:
        salt = _decoded(header.p2s)
        if len(salt) < _MIN_SALT:
            raise BackupRefused(_DAMAGED)
        if header.p2c > MAX_ITERATIONS:
            raise BackupRefused(
                "Opening this wallet would take more than ten million rounds. Nobody locks one like that: it is not opened."
            )
        yield _pbes2(password, header.alg, salt, header.p2c)
        return
    epk = header.epk
    if header.alg != REFERENCE_ALG or epk is UNSET or (epk.kty, epk.crv) != ("OKP", "X25519"):
        raise BackupRefused(_UNKNOWN)
    derived = pbkdf2(password.buffer, REFERENCE_SALT, iterations=REFERENCE_ROUNDS, length=x25519.KEY_BYTES, hash_name="SHA256")
    # An earlier version makes an Ed25519 key of it first, whose X25519 form is the first half of its hash (RFC 8032 section 5.1.5).
    for secret in (derived, bytearray(sha512(derived).digest()[: x25519.KEY_BYTES])):
        yield _agreed(header, secret, _decoded(epk.x))
        wipe(secret)


def _pbes2(password: SecretBytes, alg: str, salt: bytes, rounds: int) -> bytearray:
    hash_name, length = _PBES2[alg]
    try:
        return pbkdf2(password.buffer, alg.encode() + b"\0" + salt, iterations=rounds, length=length, hash_name=hash_name)
    except CannotImport:
        raise BackupRefused(_DAMAGED) from None


def _agreed(header: _Header, secret: bytearray, public: bytes) -> bytearray:
    """The key of ECDH-ES+A256KW: the shared secret through the Concat KDF of RFC 7518 section 4.6.2."""
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.concatkdf import ConcatKDFHash

    parts = (header.alg.encode(), _decoded(header.apu), _decoded(header.apv))
    info = b"".join(len(part).to_bytes(4, "big") + part for part in parts) + (256).to_bytes(4, "big")
    try:
        shared = x25519.shared_secret(secret, public)
    except ValueError:
        raise BackupRefused(_DAMAGED) from None
    try:
        return bytearray(ConcatKDFHash(SHA256(), 32, info).derive(shared))
    finally:
        wipe(shared)


def _opened(enc: str, key: bytearray, encrypted_key: bytes, iv: bytes, sealed: bytes, aad: bytes) -> bytearray | None:
    """The plaintext, ``None`` if the key is another one or something was changed."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap

    length = 32 if enc == "XC20P" else _GCM.get(enc)
    if length is None:
        raise BackupRefused(_UNKNOWN)
    if len(iv) != (_XC20P_IV if enc == "XC20P" else _GCM_IV):
        raise BackupRefused(_DAMAGED)
    try:
        content_key = aes_key_unwrap(bytes(key), encrypted_key)
        if len(content_key) != length:
            return None
        if enc == "XC20P":
            return sodium.aead_decrypt(content_key, iv + sealed, aad=aad)
        return bytearray(AESGCM(content_key).decrypt(iv, sealed, aad))
    except (InvalidUnwrap, InvalidTag, sodium.Forged, ValueError):
        return None


def _decoded(text: str) -> bytes:
    try:
        return decode_base64url(text)
    except ValueError:
        raise BackupRefused(_DAMAGED) from None
