"""The Noise Protocol Framework, revision 34, as far as a pairing and its channel need it: the patterns XX and KK over X25519,
AES-256-GCM and SHA-256, in the framework's own names.

No kept library does this in Python, and the primitives are not ours: X25519 is libsodium's, AES-GCM is that of ``cryptography``, which
is as fast on a processor without AES instructions as it gets there. Nothing but a handshake imports this.

One thing differs from the framework: a transport message is not cut at 65,535 bytes. The limit there is for buffers and for a length of
16 bits, which native messaging has not; GCM itself takes 64 GiB under one nonce.
"""

from __future__ import annotations

import hmac
from hashlib import sha256
from typing import TYPE_CHECKING, Literal

from cryptography.exceptions import InvalidTag

from native_host.secret import SecretBytes

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    from native_host.sodium import Buffer

KEY_BYTES = 32
TAG_BYTES = 16
MOST_BYTES = 65_535
"""The longest handshake message (section 3)."""
LAST_NONCE = 2**64 - 1
"""Reserved (section 5.1): no message has it."""

Pattern = Literal["XX", "KK"]
Token = Literal["e", "s", "ee", "es", "se", "ss"]

MESSAGES: dict[Pattern, tuple[tuple[Token, ...], ...]] = {
    "XX": (("e",), ("e", "ee", "s", "es"), ("s", "se")),
    "KK": (("e", "es", "ss"), ("e", "ee", "se")),
}
"""Section 7.5: the tokens of each message, the initiator's first. Of KK both static keys are known before."""


class NoiseError(Exception):
    """A message that does not belong here: changed, of another key or prologue, or not of its form. Nothing of it is to be used."""


class KeyPair:
    """A private key, in memory that is wiped, and its public key."""

    __slots__ = ("private", "public")

    def __init__(self, private: bytes | bytearray) -> None:
        """The pair of a private key of 32 bytes; a ``bytearray`` is moved and holds zeros afterwards."""
        from native_host.sodium import x25519_public

        if len(private) != KEY_BYTES:
            raise ValueError("a private key of X25519 has 32 bytes")
        self.private = SecretBytes(private)
        self.public = x25519_public(self.private.buffer)


def generate_key_pair() -> KeyPair:
    """GENERATE_KEYPAIR (section 4.1), from the system's generator."""
    from native_host.sodium import random_bytes

    return KeyPair(bytearray(random_bytes(KEY_BYTES)))


class CipherState:
    """Section 5.1: a key and the number of the next message. Without a key, what is encrypted stays as it is."""

    __slots__ = ("_aead", "_nonce")

    def __init__(self, key: bytes | None = None) -> None:
        self._aead: AESGCM | None = None
        self._nonce = 0
        if key is not None:
            self.initialize_key(key)

    def initialize_key(self, key: bytes) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self._aead = AESGCM(key)
        self._nonce = 0

    def encrypt_with_ad(self, associated: bytes, plaintext: bytes) -> bytes:
        """The ciphertext with its tag, under the next nonce.

        Raises:
            NoiseError: every nonce has been used.
        """
        return plaintext if self._aead is None else self._aead.encrypt(self._next_nonce(), plaintext, associated)

    def decrypt_with_ad(self, associated: bytes, ciphertext: bytes) -> bytes:
        """The plaintext of the next message.

        Raises:
            NoiseError: it is not that message. Nothing is to be decrypted after that.
        """
        if self._aead is None:
            return ciphertext
        try:
            return self._aead.decrypt(self._next_nonce(), ciphertext, associated)
        except (InvalidTag, ValueError):  # the second for what is shorter than a tag
            raise NoiseError from None

    def _next_nonce(self) -> bytes:
        """Section 12.4: 32 bits of zeros, then the number in big-endian order."""
        nonce = self._nonce
        if nonce >= LAST_NONCE:
            raise NoiseError
        self._nonce = nonce + 1
        return nonce.to_bytes(12, "big")


class SymmetricState:
    """Section 5.2: the chaining key, the hash of everything that was said, and the cipher of the moment."""

    __slots__ = ("_chaining_key", "_cipher", "handshake_hash")

    def __init__(self, protocol_name: bytes) -> None:
        self.handshake_hash = protocol_name.ljust(KEY_BYTES, b"\0") if len(protocol_name) <= KEY_BYTES else sha256(protocol_name).digest()
        self._chaining_key = self.handshake_hash
        self._cipher = CipherState()

    def mix_key(self, material: Buffer) -> None:
        self._chaining_key, key = hkdf(self._chaining_key, material)
        self._cipher.initialize_key(key)

    def mix_hash(self, data: bytes) -> None:
        self.handshake_hash = sha256(self.handshake_hash + data).digest()

    def encrypt_and_hash(self, plaintext: bytes) -> bytes:
        ciphertext = self._cipher.encrypt_with_ad(self.handshake_hash, plaintext)
        self.mix_hash(ciphertext)
        return ciphertext

    def decrypt_and_hash(self, ciphertext: bytes) -> bytes:
        plaintext = self._cipher.decrypt_with_ad(self.handshake_hash, ciphertext)
        self.mix_hash(ciphertext)
        return plaintext

    @property
    def tag_bytes(self) -> int:
        """How much longer than its plaintext a ciphertext is now."""
        return 0 if self._cipher._aead is None else TAG_BYTES  # noqa: SLF001  # HasKey()

    def split(self) -> tuple[CipherState, CipherState]:
        """The ciphers of what follows: from the initiator, and to it."""
        first, second = hkdf(self._chaining_key, b"")
        return CipherState(first), CipherState(second)


def hkdf(chaining_key: bytes, material: Buffer) -> tuple[bytes, bytes]:
    """Section 4.3, with two outputs: HKDF (RFC 5869) with the chaining key as its salt and without an info."""
    early = hmac.digest(chaining_key, material, "sha256")
    first = hmac.digest(early, b"\x01", "sha256")
    return first, hmac.digest(early, first + b"\x02", "sha256")


class HandshakeState:
    """Section 5.3: one side of one handshake. It is of no use after an error.

    ``remote_static`` is the other's static key: given for KK, and for XX known once it has been read.
    """

    def __init__(
        self,
        pattern: Pattern,
        *,
        initiator: bool,
        prologue: bytes,
        static: KeyPair,
        remote_static: bytes | None = None,
        ephemeral: KeyPair | None = None,
    ) -> None:
        """``ephemeral`` is given by tests against published numbers alone."""
        self._initiator = initiator
        self._messages = list(MESSAGES[pattern])
        self._symmetric = SymmetricState(f"Noise_{pattern}_25519_AESGCM_SHA256".encode())
        self._symmetric.mix_hash(prologue)
        self._static = static
        self._ephemeral = ephemeral
        self._remote_ephemeral = b""
        self.remote_static = remote_static or b""
        if pattern == "KK":
            if len(self.remote_static) != KEY_BYTES:
                raise ValueError("a public key of X25519 has 32 bytes")
            ours, theirs = static.public, self.remote_static
            for public in (ours, theirs) if initiator else (theirs, ours):
                self._symmetric.mix_hash(public)

    @property
    def handshake_hash(self) -> bytes:
        """What both sides have in common once the last message is through, and nobody between them can have (section 11.2)."""
        return self._symmetric.handshake_hash

    @property
    def is_complete(self) -> bool:
        """Whether the last message is through."""
        return not self._messages

    def write_message(self, payload: bytes = b"") -> bytes:
        """The next message, with a payload that is as well protected as the pattern makes it there.

        Raises:
            NoiseError: the other's public key is of small order.
        """
        message = b""
        for token in self._messages.pop(0):
            if token == "e":
                self._ephemeral = self._ephemeral or generate_key_pair()
                message += self._ephemeral.public
                self._symmetric.mix_hash(self._ephemeral.public)
            elif token == "s":
                message += self._symmetric.encrypt_and_hash(self._static.public)
            else:
                self._mix(token)
        return message + self._symmetric.encrypt_and_hash(payload)

    def read_message(self, message: bytes) -> bytes:
        """The payload of the other's next message.

        Raises:
            NoiseError: it is not that message.
        """
        if len(message) > MOST_BYTES:
            raise NoiseError
        for token in self._messages.pop(0):
            if token == "e":
                self._remote_ephemeral, message = _cut(message, KEY_BYTES)
                self._symmetric.mix_hash(self._remote_ephemeral)
            elif token == "s":
                sealed, message = _cut(message, KEY_BYTES + self._symmetric.tag_bytes)
                self.remote_static = self._symmetric.decrypt_and_hash(sealed)
            else:
                self._mix(token)
        return self._symmetric.decrypt_and_hash(message)

    def split(self) -> tuple[CipherState, CipherState]:
        """The ciphers to send and to receive with, after the last message; the ephemeral key is wiped."""
        if not self.is_complete:
            raise NoiseError
        if self._ephemeral is not None:
            self._ephemeral.private.wipe()
        first, second = self._symmetric.split()
        return (first, second) if self._initiator else (second, first)

    def _mix(self, token: Token) -> None:
        """MixKey(DH(…)): of the two letters the first is the initiator's key and the second the responder's."""
        from native_host.sodium import x25519

        ours, theirs = (token[0], token[1]) if self._initiator else (token[1], token[0])
        pair = self._static if ours == "s" else self._ephemeral
        public = self.remote_static if theirs == "s" else self._remote_ephemeral
        if pair is None:
            raise NoiseError
        try:
            shared = x25519(pair.private.buffer, public)
        except ValueError:
            # The framework leaves this to the application (section 4.1). Such a key gives a secret that everybody knows.
            raise NoiseError from None
        with SecretBytes(shared) as secret:
            self._symmetric.mix_key(secret.buffer)


def _cut(message: bytes, length: int) -> tuple[bytes, bytes]:
    if len(message) < length:
        raise NoiseError
    return message[:length], message[length:]
