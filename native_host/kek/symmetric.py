"""A key-encryption key in our own memory: XC20P over what it wraps, for every provider whose device hands out a secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from native_host import sodium
from native_host.errors import CannotUnseal
from native_host.secret import SecretBytes

if TYPE_CHECKING:
    from types import TracebackType


class SymmetricKek:
    """32 bytes, wiped when the block ends. ``wrap`` gives nonce (24) ‖ ciphertext ‖ tag (16)."""

    def __init__(self, key: SecretBytes) -> None:
        if len(key) != sodium.KEY_BYTES:
            raise ValueError("a key-encryption key has 32 bytes")
        self._key = key

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._key.wipe()

    def wrap(self, plaintext: SecretBytes, *, aad: bytes) -> bytes:
        """As ``Kek.wrap`` says."""
        return sodium.aead_encrypt(self._key.buffer, plaintext.buffer, aad=aad)

    def unwrap(self, wrapped: bytes, *, aad: bytes) -> SecretBytes:
        """As ``Kek.unwrap`` says."""
        try:
            return SecretBytes(sodium.aead_decrypt(self._key.buffer, wrapped, aad=aad))
        except sodium.Forged:
            raise CannotUnseal from None
