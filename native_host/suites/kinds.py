"""What the code of an algorithm offers, by its kind. A row of the table names a module, or an object in one, of one kind.

Everywhere: ``secret`` is a buffer that is read and never kept; what is returned as ``bytearray`` is the caller's to wipe.
``public`` is raw: EC keys SEC 1 compressed, BIP340 x-only, RSA the DER of ``RSAPublicKey`` (RFC 8017 section A.1.1), all
others their standard's own bytes. ``random_bytes(n)`` gives n random bytes. Malformed input is ``ValueError``; what does not
decrypt is ``CannotDecrypt``, whatever the cause; a computation that went wrong is ``SigningFault``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from native_host.encodings.jwk import Jwk
from native_host.value import Value

Secret = bytes | bytearray | memoryview
RandomBytes = Callable[[int], bytes]


class CannotDecrypt(ValueError):
    """Whatever is wrong: which step failed is not told, as answers that differ can be asked about."""


class Sealed(Value, frozen=True, kw_only=True):
    """What a cipher makes. ``iv`` and ``tag`` are empty where the algorithm has none, or carries them in ``ciphertext``."""

    ciphertext: bytes
    iv: bytes = b""
    tag: bytes = b""


class SecretKeys(Protocol):
    """A key without a public part."""

    def generate_secret(self, random_bytes: RandomBytes) -> bytearray: ...
    def check_secret(self, secret: Secret) -> None:
        """Raise ``ValueError`` unless it is a key of this algorithm."""


class KeyPairs(Protocol):
    """A private key and its public key."""

    def generate_secret(self, random_bytes: RandomBytes) -> bytearray: ...
    def public_key(self, secret: Secret) -> bytes: ...
    def parse_public(self, jwk: Jwk) -> bytes: ...
    def public_jwk(self, public: bytes) -> Jwk: ...


class Signatures(KeyPairs, Protocol):
    """A signature algorithm. Exactly one of ``data`` and ``digest``; ``encoding`` is ``jose`` or, where the row has it, ``der``."""

    def sign(
        self,
        secret: Secret,
        *,
        data: bytes | None = None,
        digest: bytes | None = None,
        encoding: str = "jose",
        public: bytes | None = None,
    ) -> bytes: ...
    def verify(
        self,
        public: bytes,
        *,
        data: bytes | None = None,
        digest: bytes | None = None,
        signature: bytes,
        encoding: str = "jose",
    ) -> bool: ...


class Macs(SecretKeys, Protocol):
    """A message authentication code."""

    def mac(self, secret: Secret, data: bytes) -> bytes: ...
    def verify_mac(self, secret: Secret, data: bytes, mac: bytes) -> bool: ...


class Ciphers(SecretKeys, Protocol):
    """A symmetric cipher. The nonce is the host's own; ``aad`` must be empty where the algorithm authenticates nothing."""

    def encrypt(self, secret: Secret, plaintext: bytes, *, aad: bytes, random_bytes: RandomBytes) -> Sealed: ...
    def decrypt(self, secret: Secret, sealed: Sealed, *, aad: bytes) -> bytearray: ...


class PublicCiphers(KeyPairs, Protocol):
    """Encryption to a public key: RSA-OAEP, HPKE, JWE."""

    def encrypt_to(self, public: bytes, plaintext: bytes, *, aad: bytes) -> bytes: ...
    def decrypt_with(self, secret: Secret, ciphertext: bytes, *, aad: bytes) -> bytearray: ...


class Agreements(KeyPairs, Protocol):
    """Diffie-Hellman. A point that is not on the curve, or of small order, is ``ValueError`` before it meets the secret."""

    def shared_secret(self, secret: Secret, public: bytes) -> bytearray: ...


class Kems(KeyPairs, Protocol):
    """A key encapsulation mechanism. A ciphertext of the right length always gives a secret (implicit rejection)."""

    def encapsulate(self, public: bytes) -> tuple[bytes, bytearray]: ...
    def decapsulate(self, secret: Secret, ciphertext: bytes) -> bytearray: ...


class Wraps(SecretKeys, Protocol):
    """Key wrapping: deterministic, authenticated, for keys only."""

    def wrap(self, secret: Secret, plaintext: Secret) -> bytes: ...
    def unwrap(self, secret: Secret, wrapped: bytes) -> bytearray: ...
