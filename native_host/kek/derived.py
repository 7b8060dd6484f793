"""A key-encryption key from a secret that has full entropy: HKDF-SHA-256 (RFC 5869).

Such a secret cannot be guessed, so nothing here is slow; what a person remembers goes through Argon2id instead.
"""

from __future__ import annotations

from hmac import digest
from typing import TYPE_CHECKING

from native_host import sodium
from native_host.kek.symmetric import SymmetricKek
from native_host.secret import SecretBytes

if TYPE_CHECKING:
    from native_host.sodium import Buffer


def derived_kek(secret: Buffer, *, salt: bytes, info: bytes) -> SymmetricKek:
    """The key for a secret of at least 128 bits; ``info`` names what the secret is, so that no two uses of it share a key."""
    with SecretBytes(digest(salt, secret, "sha256")) as extracted:
        return SymmetricKek(SecretBytes(sodium.derive_key(extracted.buffer, info)))
