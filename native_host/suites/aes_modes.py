"""AES in the modes that authenticate nothing: CBC, CTR and ECB (SP 800-38A sections 6.2, 6.5, 6.1), on cryptography (OpenSSL).

They are here for what exists already: whoever can change a ciphertext changes what it decrypts to, and whoever may ask
whether changed ciphertexts decrypt learns a CBC or ECB plaintext from the answers (a padding oracle). New data wants GCM.

CBC and ECB pad by PKCS#7 (RFC 5652 section 6.3), as PKCS#11's ``CKM_AES_CBC_PAD``, Java's ``PKCS5Padding`` and the Web
Cryptography API do. CTR's first counter block is 16 random bytes and counts modulo 2¹²⁸ (SP 800-38A appendix B.1).
"""

from __future__ import annotations

from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC, CTR, ECB
from cryptography.hazmat.primitives.padding import PKCS7

from native_host.secret import wipe
from native_host.suites.kinds import CannotDecrypt, RandomBytes, Sealed, Secret
from native_host.suites.symmetric import SymmetricKey

BLOCK_BYTES = 16


class Counter(SymmetricKey, frozen=True, kw_only=True):
    """CTR."""

    def encrypt(self, secret: Secret, plaintext: bytes, *, aad: bytes, random_bytes: RandomBytes) -> Sealed:
        """As long a ciphertext as ``plaintext``; ``iv`` is the first counter block."""
        self.check_secret(secret)
        _check_aad(aad)
        first = random_bytes(BLOCK_BYTES)
        encryptor = Cipher(AES(secret), CTR(first)).encryptor()
        return Sealed(ciphertext=encryptor.update(plaintext) + encryptor.finalize(), iv=first)

    def decrypt(self, secret: Secret, sealed: Sealed, *, aad: bytes) -> bytearray:
        """The plaintext of any ciphertext at all.

        Raises:
            CannotDecrypt: if ``iv`` is no block, or there is a tag.
        """
        self.check_secret(secret)
        _check_aad(aad)
        if len(sealed.iv) != BLOCK_BYTES or sealed.tag:
            raise CannotDecrypt("it does not decrypt")
        plaintext = _decrypted(Cipher(AES(secret), CTR(sealed.iv)).decryptor(), sealed.ciphertext)
        return _taken(plaintext, len(sealed.ciphertext))


class Padded(SymmetricKey, frozen=True, kw_only=True):
    """CBC with an ``iv_bytes`` of 16, ECB with one of 0."""

    iv_bytes: int

    def encrypt(self, secret: Secret, plaintext: bytes, *, aad: bytes, random_bytes: RandomBytes) -> Sealed:
        """Whole blocks, at least one, longer than ``plaintext`` by 1 to 16 bytes."""
        self.check_secret(secret)
        _check_aad(aad)
        iv = random_bytes(self.iv_bytes) if self.iv_bytes else b""
        padding = BLOCK_BYTES - len(plaintext) % BLOCK_BYTES
        encryptor = self._cipher(secret, iv).encryptor()
        # Fed in two parts: the plaintext is not copied to stand beside its padding.
        ciphertext = encryptor.update(plaintext) + encryptor.update(bytes((padding,)) * padding) + encryptor.finalize()
        return Sealed(ciphertext=ciphertext, iv=iv)

    def decrypt(self, secret: Secret, sealed: Sealed, *, aad: bytes) -> bytearray:
        """The plaintext.

        Raises:
            CannotDecrypt: for a wrong length, a wrong padding, a tag.
        """
        self.check_secret(secret)
        _check_aad(aad)
        length = len(sealed.ciphertext)
        if len(sealed.iv) != self.iv_bytes or sealed.tag or not length or length % BLOCK_BYTES:
            raise CannotDecrypt("it does not decrypt")
        padded = _decrypted(self._cipher(secret, sealed.iv).decryptor(), sealed.ciphertext)
        try:
            return _taken(padded, length - _padding(memoryview(padded)[length - BLOCK_BYTES : length]))
        finally:
            wipe(padded)

    def _cipher(self, secret: Secret, iv: bytes) -> Cipher[CBC | ECB]:
        return Cipher(AES(secret), CBC(iv) if self.iv_bytes else ECB())  # noqa: S305  # asked for by its name


def _check_aad(aad: bytes) -> None:
    if aad:
        raise ValueError("this algorithm authenticates no additional data")


def _decrypted(context: CipherContext, ciphertext: bytes) -> bytearray:
    """The blocks, in a buffer that is longer by what the library wants to have in hand."""
    out = bytearray(len(ciphertext) + BLOCK_BYTES - 1)
    context.update_into(ciphertext, out)
    context.finalize()
    return out


def _taken(buffer: bytearray, length: int) -> bytearray:
    """The first ``length`` bytes in a buffer of their own; the old one is wiped, as shortening it may leave a copy behind."""
    taken = bytearray(memoryview(buffer)[:length])
    wipe(buffer)
    return taken


def _padding(block: memoryview) -> int:
    """How many bytes of the last block are padding. The library compares them in constant time; its copy is of this block only."""
    unpadder = PKCS7(BLOCK_BYTES * 8).unpadder()
    try:
        return BLOCK_BYTES - len(unpadder.update(block) + unpadder.finalize())
    except ValueError:
        raise CannotDecrypt("it does not decrypt") from None


A128CBC = Padded(key_bytes=16, iv_bytes=BLOCK_BYTES)
A192CBC = Padded(key_bytes=24, iv_bytes=BLOCK_BYTES)
A256CBC = Padded(key_bytes=32, iv_bytes=BLOCK_BYTES)
A128CTR = Counter(key_bytes=16)
A192CTR = Counter(key_bytes=24)
A256CTR = Counter(key_bytes=32)
A128ECB = Padded(key_bytes=16, iv_bytes=0)
A192ECB = Padded(key_bytes=24, iv_bytes=0)
A256ECB = Padded(key_bytes=32, iv_bytes=0)
