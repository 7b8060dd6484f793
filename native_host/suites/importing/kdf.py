"""Keys from passwords, as key files ask for them: scrypt (RFC 7914) and PBKDF2 (RFC 8018 section 5.2), within bounds.

The parameters come from the file, and whoever wrote the file may want the host out of memory or out of time: they are
checked before anything is computed. OpenSSL computes both, into a buffer that can be wiped. It keeps to RFC 7914 section 6 in
that N is below 2^(16·r), which Web3's own example (N = 2^18, r = 1) is not: such a file is left to pycryptodome.
"""

from __future__ import annotations

from msgspec import MsgspecError, Raw
from msgspec.json import Decoder

from native_host.secret import wipe
from native_host.suites.importing.imported import CannotImport, TooCostly
from native_host.suites.kinds import Secret
from native_host.value import Value

KEY_BYTES = 32
MAX_SCRYPT_MEMORY = 1 << 30
MAX_SCRYPT_WORK = 1 << 31
MAX_ITERATIONS = 10_000_000
MAX_SALT_BYTES = 1024

_SCRYPT_BLOCK = 128
_AES_KEY_BYTES = 16
_IV_BYTES = 16
_DAMAGED = "This key file is damaged or incomplete. Export the key again from the program it came from."


class _Scrypt(Value, frozen=True, kw_only=True):
    dklen: int
    n: int
    r: int
    p: int
    salt: str


class _Pbkdf2(Value, frozen=True, kw_only=True):
    dklen: int
    c: int
    prf: str
    salt: str


_SCRYPT_DECODER = Decoder(_Scrypt)
_PBKDF2_DECODER = Decoder(_Pbkdf2)


def scrypt(password: Secret, salt: bytes, *, n: int, r: int, p: int, length: int) -> bytearray:
    """``length`` bytes; 128·N·r bytes of memory at most ``MAX_SCRYPT_MEMORY``, 128·N·r·p at most ``MAX_SCRYPT_WORK``.

    Raises:
        CannotImport: if N is not a power of two above one, or r or p is not positive.
        TooCostly: beyond the bounds, or if the memory is not to be had.
    """
    if n < 2 or n & (n - 1) or r < 1 or p < 1 or len(salt) > MAX_SALT_BYTES:  # noqa: PLR2004  # RFC 7914 section 2
        raise CannotImport(_DAMAGED)
    if _SCRYPT_BLOCK * n * r > MAX_SCRYPT_MEMORY or _SCRYPT_BLOCK * n * r * p > MAX_SCRYPT_WORK:
        raise TooCostly("Opening this key file would take more than a gigabyte of memory. Export the key with the usual settings.")
    try:
        return _scrypt(password, salt, n=n, r=r, p=p, length=length)
    except MemoryError:
        raise TooCostly("There is not enough memory to open this key file. Close other programs and try again.") from None


def _scrypt(password: Secret, salt: bytes, *, n: int, r: int, p: int, length: int) -> bytearray:
    if n.bit_length() > 16 * r:
        from Crypto.Protocol.KDF import scrypt as pycryptodome_scrypt

        # With one key asked for, it is what comes.
        return bytearray(pycryptodome_scrypt(bytes(password), salt, length, N=n, r=r, p=p))  # type: ignore[arg-type]
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    key = bytearray(length)
    Scrypt(salt=salt, length=length, n=n, r=r, p=p).derive_into(password, key)
    return key


def pbkdf2(password: Secret, salt: bytes, *, iterations: int, length: int, hash_name: str) -> bytearray:
    """``length`` bytes by PBKDF2-HMAC with ``hash_name`` (SHA1, SHA224, SHA256, SHA384, SHA512).

    Raises:
        CannotImport: if there is no iteration.
        TooCostly: if there are more than ``MAX_ITERATIONS``.
    """
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

    if iterations < 1 or len(salt) > MAX_SALT_BYTES:
        raise CannotImport(_DAMAGED)
    if iterations > MAX_ITERATIONS:
        raise TooCostly("Opening this key file would take more than ten million rounds. Export the key with the usual settings.")
    key = bytearray(length)
    PBKDF2HMAC(getattr(hashes, hash_name)(), length, salt, iterations).derive_into(password, key)
    return key


def keystore_key(function: str, params: Raw, password: Secret) -> bytearray:
    """The 32 bytes that open a JSON keystore (Web3, EIP-2335), by its ``kdf``.

    Raises:
        CannotImport: if the function is another or its parameters are not its own; see also above.
    """
    if function not in {"scrypt", "pbkdf2"}:
        raise CannotImport("This key file turns its password into a key in a way that is not known here. Export the key with scrypt.")
    try:
        if function == "scrypt":
            settings = _SCRYPT_DECODER.decode(params)
            _check_length(settings.dklen)
            return scrypt(password, unhex(settings.salt), n=settings.n, r=settings.r, p=settings.p, length=KEY_BYTES)
        rounds = _PBKDF2_DECODER.decode(params)
    except MsgspecError:
        raise CannotImport(_DAMAGED) from None
    _check_length(rounds.dklen)
    if rounds.prf.lower() != "hmac-sha256":
        raise CannotImport("This key file turns its password into a key in a way that is not known here. Export the key with scrypt.")
    return pbkdf2(password, unhex(rounds.salt), iterations=rounds.c, length=KEY_BYTES, hash_name="SHA256")


def decrypt_keystore(key: bytearray, iv: bytes, ciphertext: bytes) -> bytearray:
    """AES-128 in counter mode (SP 800-38A section 6.5) with the first half of a keystore's key."""
    from cryptography.hazmat.primitives.ciphers import Cipher
    from cryptography.hazmat.primitives.ciphers.algorithms import AES
    from cryptography.hazmat.primitives.ciphers.modes import CTR

    if len(iv) != _IV_BYTES:
        raise CannotImport(_DAMAGED)
    half, plaintext = key[:_AES_KEY_BYTES], bytearray(len(ciphertext))
    Cipher(AES(half), CTR(iv)).decryptor().update_into(ciphertext, plaintext)
    wipe(half)
    return plaintext


def unhex(text: str) -> bytes:
    """The bytes of hexadecimal digits, and nothing but those."""
    from binascii import Error, a2b_hex

    try:
        return a2b_hex(text)
    except (Error, ValueError):
        raise CannotImport(_DAMAGED) from None


def _check_length(dklen: int) -> None:
    if dklen != KEY_BYTES:
        raise CannotImport(_DAMAGED)
