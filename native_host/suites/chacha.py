"""ChaCha20-Poly1305 with two lengths of nonce; both keys have 32 bytes, both tags 16.

``C20P``: RFC 8439 section 2.8, a nonce of 12 bytes, on cryptography (OpenSSL). ``XC20P``: draft-irtf-cfrg-xchacha-03, a nonce of
24 bytes, of which so many can be drawn at random that none comes twice; on libsodium, as OpenSSL has it not.
"""

from __future__ import annotations

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from native_host import sodium
from native_host.suites.kinds import CannotDecrypt, RandomBytes, Sealed, Secret
from native_host.suites.symmetric import Aead, SymmetricKey


class XChaCha(SymmetricKey, frozen=True, kw_only=True):
    """XChaCha20-Poly1305."""

    def encrypt(self, secret: Secret, plaintext: bytes, *, aad: bytes, random_bytes: RandomBytes) -> Sealed:
        """As long a ciphertext as ``plaintext``, a fresh nonce as ``iv``, and a tag over it and ``aad``."""
        self.check_secret(secret)
        nonce = random_bytes(sodium.NONCE_BYTES)
        sealed = sodium.aead_encrypt_with(secret, nonce, plaintext, aad=aad)
        return Sealed(ciphertext=sealed[: -sodium.TAG_BYTES], iv=nonce, tag=sealed[-sodium.TAG_BYTES :])

    def decrypt(self, secret: Secret, sealed: Sealed, *, aad: bytes) -> bytearray:
        """The plaintext.

        Raises:
            CannotDecrypt: if it does not authenticate.
        """
        self.check_secret(secret)
        # Checked one by one: what moves from one to the other must not authenticate.
        if len(sealed.iv) != sodium.NONCE_BYTES or len(sealed.tag) != sodium.TAG_BYTES:
            raise CannotDecrypt("it does not decrypt")
        try:
            return sodium.aead_decrypt(secret, sealed.iv + sealed.ciphertext + sealed.tag, aad=aad)
        except sodium.Forged:
            raise CannotDecrypt("it does not decrypt") from None


C20P = Aead(key_bytes=32, primitive=ChaCha20Poly1305)
XC20P = XChaCha(key_bytes=sodium.KEY_BYTES)
