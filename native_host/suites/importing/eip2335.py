"""Key files of validators: EIP-2335 (ERC-2335), BLS12-381 keystores of version 4.

JSON with the key in AES-128-CTR, under a key from the password by scrypt or PBKDF2-HMAC-SHA256; its checksum is SHA-256 of
the second half of that key and the ciphertext. The checksum does not cover the nonce, so that a changed one gives another
key: that it is the key of ``pubkey`` is seen from the key alone.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from hmac import compare_digest
from unicodedata import normalize

from msgspec import UNSET, MsgspecError, Raw, UnsetType
from msgspec.json import Decoder

from native_host.secret import wipe
from native_host.suites.importing.imported import CannotImport, Imported, KeyMismatch, NotThisForm, WrongPassword, checked_text, imported
from native_host.suites.importing.kdf import KEY_BYTES, decrypt_keystore, keystore_key, unhex
from native_host.suites.kinds import Secret
from native_host.value import Value

VERSION = 4
_MAC_HALF = 16
_CONTROL_CODES = dict.fromkeys((*range(0x20), *range(0x7F, 0xA0)))
_NO_PUBKEY = "The file names no public key: compare the one that is shown with the validator you expect."
_NO_PATH = "The file says where in a seed's tree the key stands; only the key itself is imported."


class _Module(Value, frozen=True, kw_only=True):
    function: str
    params: Raw
    message: str


class _CipherParams(Value, frozen=True, kw_only=True):
    iv: str


class _Crypto(Value, frozen=True, kw_only=True):
    kdf: _Module
    checksum: _Module
    cipher: _Module


class _Keystore(Value, frozen=True, kw_only=True):
    version: int
    crypto: _Crypto
    pubkey: str | UnsetType | None = UNSET
    path: str | UnsetType | None = UNSET


_DECODER = Decoder(_Keystore)
_CIPHER_DECODER = Decoder(_CipherParams)


def read_eip2335(text: Secret, password: Secret, public_of: Callable[[Secret], bytes] | None = None) -> Imported:
    """The ``BLS12381G2`` key of a keystore; ``password`` is UTF-8. ``public_of`` gives the 48 bytes of a secret's public key.

    Raises:
        NotThisForm: if it is not JSON of this version.
        WrongPassword: if the checksum is not the password's.
        KeyMismatch: if the key is not that of the ``pubkey`` in the file.
        TooCostly: see ``kdf``.
        CannotImport: for anything else.
    """
    try:
        keystore = _DECODER.decode(checked_text(text))
    except (MsgspecError, RecursionError):
        raise NotThisForm("This is not a validator's key file. Choose the keystore file that the deposit tool wrote.") from None
    if keystore.version != VERSION:
        raise NotThisForm("This is not a validator's key file of version 4. Choose the keystore file that the deposit tool wrote.")
    pubkey = unhex(keystore.pubkey.removeprefix("0x")) if keystore.pubkey else b""
    secret = _decrypt(keystore.crypto, password)
    remarks = ("" if pubkey else _NO_PUBKEY, _NO_PATH if keystore.path else "")
    key = imported("BLS12381G2", secret, *remarks, public_of=public_of)
    if pubkey and pubkey != key.public:
        wipe(secret)
        raise KeyMismatch("The key in this file is not the one of the public key it names. Do not use the file; get another copy.")
    return key


def prepare_password(password: Secret) -> bytearray:
    """A password as EIP-2335 wants it: NFKD, without the control codes C0, C1 and Delete, in UTF-8. It is text on the way.

    Raises:
        WrongPassword: if it is not UTF-8.
    """
    try:
        text = bytes(password).decode("utf-8")
    except UnicodeDecodeError:
        raise WrongPassword from None
    return bytearray(normalize("NFKD", text).translate(_CONTROL_CODES).encode("utf-8"))


def _decrypt(crypto: _Crypto, password: Secret) -> bytearray:
    if (crypto.checksum.function.lower(), crypto.cipher.function.lower()) != ("sha256", "aes-128-ctr"):
        raise CannotImport("This key file is encrypted in a way that is not known here. Export the key with a current version.")
    try:
        iv = unhex(_CIPHER_DECODER.decode(crypto.cipher.params).iv)
    except MsgspecError:
        raise CannotImport("This key file is damaged or incomplete. Export the key again from the program it came from.") from None
    ciphertext, checksum = unhex(crypto.cipher.message), unhex(crypto.checksum.message)
    if len(ciphertext) != KEY_BYTES:
        raise CannotImport("This file does not hold one key. Choose a keystore of a validator's signing key.")
    prepared = prepare_password(password)
    try:
        key = keystore_key(crypto.kdf.function.lower(), crypto.kdf.params, prepared)
    finally:
        wipe(prepared)
    try:
        if not compare_digest(sha256(key[_MAC_HALF:] + ciphertext).digest(), checksum):
            raise WrongPassword
        return decrypt_keystore(key, iv, ciphertext)
    finally:
        wipe(key)
