"""AES key wrapping: RFC 3394 (KW) and RFC 5649 (KWP), both SP 800-38F; JOSE ``A128KW`` to ``A256KW`` (RFC 7518 section 4.4).

What can be wrapped by RFC 3394 is, as JOSE asks: a multiple of 8 bytes, at least 16. Everything else is wrapped by RFC 5649.
Unwrapping takes both, and no wrapped key is one of each: the initial values that they check (RFC 3394 section 2.2.3, RFC
5649 section 3) differ in their second byte. On cryptography (OpenSSL), which gives what it unwraps as ``bytes``: that copy cannot
be wiped.
"""

from __future__ import annotations

from cryptography.hazmat.primitives.keywrap import (
    InvalidUnwrap,
    aes_key_unwrap,
    aes_key_unwrap_with_padding,
    aes_key_wrap,
    aes_key_wrap_with_padding,
)

from native_host.suites.kinds import CannotDecrypt, Secret
from native_host.suites.symmetric import SymmetricKey

MAX_BYTES = 65536
_UNIT = 8
_MIN_UNPADDED = 16


class KeyWrap(SymmetricKey, frozen=True, kw_only=True):
    """KW where it can be, else KWP."""

    def wrap(self, secret: Secret, plaintext: Secret) -> bytes:
        """1 to 65536 bytes, padded to a multiple of 8, and 8 more."""
        self.check_secret(secret)
        if not 1 <= len(plaintext) <= MAX_BYTES:
            raise ValueError("what is wrapped has 1 to 65536 bytes")
        if len(plaintext) % _UNIT or len(plaintext) < _MIN_UNPADDED:
            return aes_key_wrap_with_padding(secret, plaintext)
        return aes_key_wrap(secret, plaintext)

    def unwrap(self, secret: Secret, wrapped: bytes) -> bytearray:
        """What was wrapped, by either standard.

        Raises:
            CannotDecrypt: if nothing was.
        """
        self.check_secret(secret)
        if len(wrapped) > MAX_BYTES + _UNIT:
            raise CannotDecrypt("it does not decrypt")
        for unwrap in (aes_key_unwrap, aes_key_unwrap_with_padding):
            try:
                return bytearray(unwrap(secret, wrapped))
            except InvalidUnwrap:
                continue
        raise CannotDecrypt("it does not decrypt")


A128KW = KeyWrap(key_bytes=16)
A192KW = KeyWrap(key_bytes=24)
A256KW = KeyWrap(key_bytes=32)
