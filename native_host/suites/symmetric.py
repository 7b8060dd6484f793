"""What the symmetric algorithms have in common: their keys are random bytes of one length, and two of them are AEADs of the
same shape (RFC 5116 section 5.1, RFC 8439 section 2.8): a nonce of 12 bytes and a tag of 16, on cryptography (OpenSSL).
"""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305

from native_host.secret import wipe
from native_host.suites.kinds import CannotDecrypt, RandomBytes, Sealed, Secret
from native_host.value import Value

NONCE_BYTES = 12
TAG_BYTES = 16


class SymmetricKey(Value, frozen=True, kw_only=True):
    """A key of ``key_bytes`` random bytes."""

    key_bytes: int

    def generate_secret(self, random_bytes: RandomBytes) -> bytearray:
        """A new key."""
        return bytearray(random_bytes(self.key_bytes))

    def check_secret(self, secret: Secret) -> None:
        """Raise ``ValueError`` unless it has the length of a key."""
        if len(secret) != self.key_bytes:
            raise ValueError(f"the key is not {self.key_bytes} bytes")


class Aead(SymmetricKey, frozen=True, kw_only=True):
    """Authenticated encryption. Nonces are drawn at random: one key is for at most 2³² messages (SP 800-38D section 8.3)."""

    primitive: type[AESGCM | ChaCha20Poly1305]

    def encrypt(self, secret: Secret, plaintext: bytes, *, aad: bytes, random_bytes: RandomBytes) -> Sealed:
        """As long a ciphertext as ``plaintext``, a fresh nonce as ``iv``, and a tag over it and ``aad``."""
        self.check_secret(secret)
        nonce = random_bytes(NONCE_BYTES)
        sealed = self.primitive(secret).encrypt(nonce, plaintext, aad)
        return Sealed(ciphertext=sealed[:-TAG_BYTES], iv=nonce, tag=sealed[-TAG_BYTES:])

    def decrypt(self, secret: Secret, sealed: Sealed, *, aad: bytes) -> bytearray:
        """The plaintext; other lengths of nonce and tag than ours are refused, a short tag being easier to guess.

        Raises:
            CannotDecrypt: if it does not authenticate.
        """
        self.check_secret(secret)
        if len(sealed.iv) != NONCE_BYTES or len(sealed.tag) != TAG_BYTES:
            raise CannotDecrypt("it does not decrypt")
        plaintext = bytearray(len(sealed.ciphertext))
        try:
            self.primitive(secret).decrypt_into(sealed.iv, sealed.ciphertext + sealed.tag, aad, plaintext)
        except InvalidTag:
            wipe(plaintext)  # OpenSSL decrypts before it has seen the tag, and leaves what came out
            raise CannotDecrypt("it does not decrypt") from None
        return plaintext
