"""Ethereum's key files: Web3 Secret Storage Definition, version 3.

JSON with the key in AES-128-CTR, under a key from the password by scrypt or PBKDF2-HMAC-SHA256; its MAC is Keccak-256 of the
second half of that key and the ciphertext. The MAC covers neither the nonce nor the address: whether it is the account
that the file names is seen from the key alone.
"""

from __future__ import annotations

from hmac import compare_digest

from msgspec import UNSET, MsgspecError, Raw, UnsetType, field
from msgspec.json import Decoder

from native_host.encodings.eip55 import ADDRESS_BYTES
from native_host.encodings.keccak import keccak256
from native_host.secret import wipe
from native_host.suites import secp256k1
from native_host.suites.importing.imported import CannotImport, Imported, KeyMismatch, NotThisForm, WrongPassword, checked_text, imported
from native_host.suites.importing.kdf import KEY_BYTES, decrypt_keystore, keystore_key, unhex
from native_host.suites.kinds import Secret
from native_host.value import Value

VERSION = 3
_MAC_HALF = 16
_NO_ADDRESS = "The file names no address: compare the one that is shown with the account you expect."
_WORDS_LEFT = "The file also holds recovery words, which are not imported. Restore them as a seed to have the wallet's other accounts."


class _CipherParams(Value, frozen=True, kw_only=True):
    iv: str


class _Crypto(Value, frozen=True, kw_only=True):
    cipher: str
    ciphertext: str
    cipherparams: _CipherParams
    kdf: str
    kdfparams: Raw
    mac: str


class _Keystore(Value, frozen=True, kw_only=True):
    version: int
    crypto: _Crypto | UnsetType = UNSET
    capital_crypto: _Crypto | UnsetType = field(name="Crypto", default=UNSET)  # as MyEtherWallet writes it
    address: str | UnsetType | None = UNSET
    ethers: Raw | UnsetType = field(name="x-ethers", default=UNSET)


_DECODER = Decoder(_Keystore)


def read_web3_keystore(text: Secret, password: Secret) -> Imported:
    """The ``ES256K`` key of a key file; ``password`` is UTF-8. Takes as long as the file's parameters say, about a second.

    Raises:
        NotThisForm: if it is not JSON of this version.
        WrongPassword: if the MAC is not the password's.
        KeyMismatch: if the key is not of the address that the file names.
        TooCostly: see ``kdf``.
        CannotImport: for anything else.
    """
    keystore, crypto = _parse(text)
    if crypto.cipher.lower() != "aes-128-ctr":
        raise CannotImport("This key file is encrypted with a cipher that is not known here. Export the key with a current version.")
    address = _address(keystore.address) if keystore.address else b""
    secret = _decrypt(crypto, password)
    key = imported(
        "ES256K", secret, _WORDS_LEFT if keystore.ethers is not UNSET else "", "" if address else _NO_ADDRESS,
    )  # fmt: skip
    if address and address != keccak256(secp256k1.uncompress(key.public)[1:])[-ADDRESS_BYTES:]:
        wipe(secret)
        raise KeyMismatch("The key in this file is not the one of the address it names. Do not use the file; get another copy.")
    return key


def _parse(text: Secret) -> tuple[_Keystore, _Crypto]:
    try:
        keystore = _DECODER.decode(checked_text(text))
    except (MsgspecError, RecursionError):
        raise NotThisForm("This is not an Ethereum key file. Choose the file that the wallet exported.") from None
    found = [crypto for crypto in (keystore.crypto, keystore.capital_crypto) if crypto is not UNSET]
    if keystore.version != VERSION or len(found) != 1:
        raise NotThisForm("This is not an Ethereum key file of version 3. Export the key again with a current version of the wallet.")
    return keystore, found[0]


def _decrypt(crypto: _Crypto, password: Secret) -> bytearray:
    ciphertext, iv, mac = unhex(crypto.ciphertext), unhex(crypto.cipherparams.iv), unhex(crypto.mac)
    if not 0 < len(ciphertext) <= KEY_BYTES:
        raise CannotImport("This file does not hold one key. Export the account's private key alone.")
    key = keystore_key(crypto.kdf.lower(), crypto.kdfparams, password)
    try:
        if not compare_digest(keccak256(bytes(key[_MAC_HALF:]) + ciphertext), mac):
            raise WrongPassword
        plaintext = decrypt_keystore(key, iv, ciphertext)
    finally:
        wipe(key)
    # Early wallets left the leading zero bytes of a key away.
    secret = bytearray(KEY_BYTES)
    secret[KEY_BYTES - len(plaintext) :] = plaintext
    wipe(plaintext)
    return secret


def _address(text: str) -> bytes:
    return unhex(text[2:] if text[:2] in {"0x", "0X"} else text)
