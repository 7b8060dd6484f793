"""The authenticator's side of PIN/UV auth protocols one and two: FIDO Alliance CTAP 2.1 (2021-06-15), sections 6.5.6 and 6.5.7."""

from __future__ import annotations

import os
from hashlib import sha256
from hmac import compare_digest, digest
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

BLOCK = 16


class BadPlatformKey(Exception):
    """What the platform sent is no key for key agreement."""


class BadLength(Exception):
    """A ciphertext of a length that the protocol does not have."""


class ProtocolOne:
    """AES-256-CBC with an IV of zeros, HMAC-SHA-256 cut to 16 bytes, both under SHA-256 of the shared point's x."""

    VERSION = 1
    MAC_BYTES = 16

    def __init__(self) -> None:
        self.regenerate()

    def regenerate(self) -> None:
        self._private = ec.generate_private_key(ec.SECP256R1())

    def public_key(self) -> dict[int, Any]:
        numbers = self._private.public_key().public_numbers()
        return {1: 2, 3: -25, -1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)}

    def decapsulate(self, peer: Any) -> bytes:
        if not isinstance(peer, dict) or set(peer) != {1, 3, -1, -2, -3} or (peer[1], peer[3], peer[-1]) != (2, -25, 1):
            raise BadPlatformKey
        if not all(isinstance(peer[name], bytes) and len(peer[name]) == 32 for name in (-2, -3)):
            raise BadPlatformKey
        try:
            point = ec.EllipticCurvePublicNumbers(int.from_bytes(peer[-2]), int.from_bytes(peer[-3]), ec.SECP256R1()).public_key()
        except ValueError:
            raise BadPlatformKey from None
        return self._derive(self._private.exchange(ec.ECDH(), point))

    def encrypt(self, secret: bytes, plaintext: bytes) -> bytes:
        return self._cbc(secret, bytes(BLOCK), plaintext, decrypt=False)

    def decrypt(self, secret: bytes, ciphertext: bytes) -> bytes:
        return self._cbc(secret, bytes(BLOCK), ciphertext, decrypt=True)

    def verify(self, secret: bytes, message: bytes, signature: bytes) -> bool:
        return len(signature) == self.MAC_BYTES and compare_digest(digest(secret, message, "sha256")[: self.MAC_BYTES], signature)

    def _derive(self, shared: bytes) -> bytes:
        return sha256(shared).digest()

    def _cbc(self, key: bytes, iv: bytes, data: bytes, *, decrypt: bool) -> bytes:
        if not data or len(data) % BLOCK:
            raise BadLength
        cipher = Cipher(algorithms.AES(key), modes.CBC(iv))
        step = cipher.decryptor() if decrypt else cipher.encryptor()
        return step.update(data) + step.finalize()


class ProtocolTwo(ProtocolOne):
    """A random IV in front, an HMAC of 32 bytes, and a key for each, by HKDF-SHA-256."""

    VERSION = 2
    MAC_BYTES = 32

    def encrypt(self, secret: bytes, plaintext: bytes) -> bytes:
        iv = os.urandom(BLOCK)
        return iv + self._cbc(secret[32:], iv, plaintext, decrypt=False)

    def decrypt(self, secret: bytes, ciphertext: bytes) -> bytes:
        return self._cbc(secret[32:], ciphertext[:BLOCK], ciphertext[BLOCK:], decrypt=True)

    def verify(self, secret: bytes, message: bytes, signature: bytes) -> bool:
        # A token has 32 bytes and is a key of HMAC as a whole; a shared secret has 64, and the first half is.
        return super().verify(secret[:32], message, signature)

    def _derive(self, shared: bytes) -> bytes:
        return b"".join(HKDF(SHA256(), 32, bytes(32), info).derive(shared) for info in (b"CTAP2 HMAC key", b"CTAP2 AES key"))
