"""Encrypted private keys: EncryptedPrivateKeyInfo (RFC 5958 section 3) by PBES2 (RFC 8018 section 6.2), PBKDF2 or scrypt (RFC 7914).

OpenSSL could open such a file in one call, but not before it has done what the file asks for: here the parameters are looked at
first. The older schemes of PKCS #5 and #12 (MD5, RC2, RC4, single DES) are not read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from native_host.encodings.der import INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, read_element, read_only, read_unsigned
from native_host.secret import wipe
from native_host.suites.importing.imported import CannotImport, WrongPassword
from native_host.suites.importing.kdf import pbkdf2, scrypt
from native_host.suites.kinds import Secret
from native_host.value import Value

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers import BlockCipherAlgorithm

_PBES2 = bytes.fromhex("2a864886f70d01050d")
_PBKDF2 = bytes.fromhex("2a864886f70d01050c")
_SCRYPT = bytes.fromhex("2b06010401da47040b")
_HMAC = bytes.fromhex("2a864886f70d02")
_PRFS = {_HMAC + bytes((7 + index,)): name for index, name in enumerate(("SHA1", "SHA224", "SHA256", "SHA384", "SHA512"))}
_AES = bytes.fromhex("6086480165030401")
# Bytes of the key, by cipher in CBC mode.
_CIPHERS = {_AES + b"\x02": 16, _AES + b"\x16": 24, _AES + b"\x2a": 32, bytes.fromhex("2a864886f70d0307"): 24}
_AES_BLOCK = 16

_OTHER_SCHEME = (
    "This private key is encrypted in a way that is not read here. Encrypt it anew with:"
    " openssl pkcs8 -topk8 -v2 aes-256-cbc -in FILE -out NEW-FILE"
)


class _Encrypted(Value, frozen=True, kw_only=True):
    """The parts of a file; ``kdf`` is the contents of its parameters, ``cipher`` an object identifier."""

    kdf_name: bytes
    kdf: memoryview
    cipher: bytes
    iv: bytes
    ciphertext: bytes


def decrypt_private_key(der: memoryview, password: Secret) -> bytearray:
    """The PrivateKeyInfo of an encrypted one, for the caller to wipe.

    Raises:
        WrongPassword: if what comes out is no DER.
        TooCostly: see ``kdf``.
        CannotImport: if it is no such structure, or by a scheme that is not read.
    """
    try:
        parts = _parse(der)
        key = _derive(parts, password)
    except CannotImport:
        raise
    except ValueError:
        raise CannotImport("This key file is damaged or incomplete. Export the key again from the program it came from.") from None
    try:
        return _decrypt(parts, key)
    finally:
        wipe(key)


def _parse(der: memoryview) -> _Encrypted:
    scheme, rest = read_element(read_only(der, SEQUENCE), SEQUENCE)
    ciphertext = read_only(rest, OCTET_STRING)
    name, parameters = read_element(scheme, OBJECT_IDENTIFIER)
    if name != _PBES2:
        raise CannotImport(_OTHER_SCHEME)
    kdf, cipher = read_element(read_only(parameters, SEQUENCE), SEQUENCE)
    kdf_name, kdf_parameters = read_element(kdf, OBJECT_IDENTIFIER)
    cipher_name, iv = read_element(read_only(cipher, SEQUENCE), OBJECT_IDENTIFIER)
    if bytes(cipher_name) not in _CIPHERS or bytes(kdf_name) not in {_PBKDF2, _SCRYPT}:
        raise CannotImport(_OTHER_SCHEME)
    return _Encrypted(
        kdf_name=bytes(kdf_name), kdf=read_only(kdf_parameters, SEQUENCE), cipher=bytes(cipher_name), iv=bytes(read_only(iv, OCTET_STRING)),
        ciphertext=bytes(ciphertext),
    )  # fmt: skip


def _derive(parts: _Encrypted, password: Secret) -> bytearray:
    length = _CIPHERS[parts.cipher]
    salt, rest = read_element(parts.kdf, OCTET_STRING)
    first, rest = read_unsigned(rest)
    if parts.kdf_name == _SCRYPT:
        r, rest = read_unsigned(rest)
        p, rest = read_unsigned(rest)
        _check_length(rest, length)
        return scrypt(password, bytes(salt), n=first, r=r, p=p, length=length)
    if rest and rest[0] == INTEGER:
        stated, rest = read_unsigned(rest)
        _check_stated(stated, length)
    prf = bytes(read_element(read_only(rest, SEQUENCE), OBJECT_IDENTIFIER)[0]) if rest else _HMAC + b"\x07"  # the default is SHA-1
    if prf not in _PRFS:
        raise CannotImport(_OTHER_SCHEME)
    return pbkdf2(password, bytes(salt), iterations=first, length=length, hash_name=_PRFS[prf])


def _check_length(rest: memoryview, length: int) -> None:
    if rest:
        stated, rest = read_unsigned(rest)
        _check_stated(stated, length)
    if rest:
        raise ValueError("something follows the parameters")


def _check_stated(stated: int, length: int) -> None:
    if stated != length:
        raise ValueError("the key is not as long as the cipher's")


def _decrypt(parts: _Encrypted, key: bytearray) -> bytearray:
    from cryptography.hazmat.primitives.ciphers import Cipher
    from cryptography.hazmat.primitives.ciphers.modes import CBC

    algorithm = _algorithm(parts.cipher, key)
    block = algorithm.block_size // 8
    if len(parts.iv) != block or not parts.ciphertext or len(parts.ciphertext) % block:
        raise CannotImport("This key file is damaged or incomplete. Export the key again from the program it came from.")
    plaintext = bytearray(len(parts.ciphertext) + block)
    count = Cipher(algorithm, CBC(parts.iv)).decryptor().update_into(parts.ciphertext, plaintext)
    padding = plaintext[count - 1]
    unpadded = plaintext[: count - padding]
    good = 0 < padding <= block and plaintext[count - padding : count] == bytes((padding,)) * padding and _is_der(unpadded)
    wipe(plaintext)
    if not good:
        wipe(unpadded)
        raise WrongPassword
    return unpadded


def _algorithm(name: bytes, key: bytearray) -> BlockCipherAlgorithm:
    from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
    from cryptography.hazmat.primitives.ciphers.algorithms import AES

    return AES(key) if name.startswith(_AES) else TripleDES(bytes(key))


def _is_der(data: bytearray) -> bool:
    try:
        read_only(memoryview(data), SEQUENCE)
    except ValueError:
        return False
    return True
