"""Decryption, key agreement, encryption and key wrapping by keys in tokens."""

from __future__ import annotations

from hmac import compare_digest
from os import urandom
from typing import TYPE_CHECKING, Any

from native_host.backends.pkcs11 import encode_reference, of_token
from native_host.backends.token_suite import TRIED, TokenSuite
from native_host.suites.fault import SigningFault
from native_host.suites.kinds import CannotDecrypt, Sealed
from native_host.tokens.errors import TokenRefuses

if TYPE_CHECKING:
    from native_host.backends.pkcs11 import Reference
    from native_host.suites.kinds import RandomBytes, Secret

_IV_BYTES, _TAG_BYTES = 12, 16
_WRAP_UNIT = 8


class TokenOaep(TokenSuite):
    """RSA-OAEP: encrypted by the suite, decrypted in the token."""

    def encrypt_to(self, public: bytes, plaintext: bytes, *, aad: bytes) -> bytes:
        return self._suite.public_ciphers().encrypt_to(public, plaintext, aad=aad)

    def decrypt_with(self, secret: Secret, ciphertext: bytes, *, aad: bytes) -> bytearray:
        """The plaintext; raises ``CannotDecrypt``."""
        return self._call_secret(secret, "decrypt_oaep", data=ciphertext, label=aad, hash=self.form.hash)

    def prove(self, reference: Reference) -> None:
        tried = self.encrypt_to(self._public or b"", TRIED, aad=b"")
        try:
            plaintext = self.decrypt_with(encode_reference(reference), tried, aad=b"")
        except CannotDecrypt:
            raise self._unlike() from None
        if plaintext != TRIED:
            raise SigningFault


class TokenAgreement(TokenSuite):
    """ECDH: the other's point is checked by the suite before it meets the key."""

    def shared_secret(self, secret: Secret, public: bytes) -> bytearray:
        """The x coordinate of the common point; ``ValueError`` if ``public`` is none of the curve."""
        local: Any = self._suite.agreements()
        shared = self._call_secret(secret, "agree", point=local.uncompressed(public), bytes=local.size)
        if len(shared) != local.size:
            raise of_token(TokenRefuses("The token gave a secret of another length than the curve has."))
        return shared

    def prove(self, reference: Reference) -> None:
        local = self._suite.agreements()
        ours = local.generate_secret(urandom)
        if not compare_digest(
            self.shared_secret(encode_reference(reference), local.public_key(ours)), local.shared_secret(ours, self._public or b"")
        ):
            raise SigningFault


class TokenGcm(TokenSuite):
    """AES-GCM in the token, with a nonce of the host's (SP 800-38D section 8.2.2)."""

    def encrypt(self, secret: Secret, plaintext: bytes, *, aad: bytes, random_bytes: RandomBytes) -> Sealed:
        nonce = random_bytes(_IV_BYTES)
        sealed = self._call(secret, "encrypt_gcm", nonce=nonce, aad=aad, data=plaintext)
        if len(sealed) != len(plaintext) + _TAG_BYTES:
            raise of_token(TokenRefuses("The token gave a ciphertext of another length than AES-GCM has."))
        return Sealed(ciphertext=sealed[:-_TAG_BYTES], iv=nonce, tag=sealed[-_TAG_BYTES:])

    def decrypt(self, secret: Secret, sealed: Sealed, *, aad: bytes) -> bytearray:
        """The plaintext; raises ``CannotDecrypt``."""
        if (len(sealed.iv), len(sealed.tag)) != (_IV_BYTES, _TAG_BYTES):
            raise CannotDecrypt("it does not decrypt")
        return self._call_secret(secret, "decrypt_gcm", nonce=sealed.iv, aad=aad, data=sealed.ciphertext + sealed.tag)

    def prove(self, reference: Reference) -> None:
        key = encode_reference(reference)
        sealed = self.encrypt(key, TRIED, aad=TRIED, random_bytes=urandom)
        try:
            plaintext = self.decrypt(key, sealed, aad=TRIED)
        except CannotDecrypt:
            raise self._unlike() from None
        if plaintext != TRIED or sealed.ciphertext == TRIED:
            raise SigningFault


class TokenWrap(TokenSuite):
    """AES key wrapping by RFC 3394. RFC 5649 is not offered: its mechanism does different things in different modules."""

    def wrap(self, secret: Secret, plaintext: Secret) -> bytes:
        """A multiple of 8 bytes, at least 16, and 8 more; ``ValueError`` for another length."""
        if len(plaintext) % _WRAP_UNIT or len(plaintext) < 2 * _WRAP_UNIT:
            raise ValueError("a token wraps multiples of 8 bytes")
        return self._call(secret, "wrap", data=plaintext)

    def unwrap(self, secret: Secret, wrapped: bytes) -> bytearray:
        """What was wrapped; raises ``CannotDecrypt``."""
        if len(wrapped) % _WRAP_UNIT or len(wrapped) < 3 * _WRAP_UNIT:
            raise CannotDecrypt("it does not decrypt")
        return self._call_secret(secret, "unwrap", data=wrapped)

    def prove(self, reference: Reference) -> None:
        key, tried = encode_reference(reference), urandom(4 * _WRAP_UNIT)
        try:
            unwrapped = self.unwrap(key, self.wrap(key, tried))
        except CannotDecrypt:
            raise self._unlike() from None
        if not compare_digest(unwrapped, tried):
            raise SigningFault
