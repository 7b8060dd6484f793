r"""BIP137: the old "Bitcoin Signed Message", whose header byte also says by which kind of address.

The digest is double SHA-256 of "\x18Bitcoin Signed Message:\n" ‖ compact size of the message ‖ message. A transaction that began
so would have to spend one whose hash begins with the 20 bytes "oin Signed Message:\n". BIP322 has taken its place and reaches all
addresses; this is for who asks for nothing newer. Taproot has no header here.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Literal

from native_host.suites import secp256k1

Kind = Literal["p2pkh", "p2sh-p2wpkh", "p2wpkh"]

_MAGIC = b"\x18Bitcoin Signed Message:\n"
HEADERS: dict[Kind, int] = {"p2pkh": 31, "p2sh-p2wpkh": 35, "p2wpkh": 39}
"""The header byte of recovery id 0, by kind of address; a P2PKH address is that of the compressed key."""


def digest_of_message(message: bytes) -> bytes:
    """The 32 bytes that are signed for ``message``."""
    return sha256(sha256(_MAGIC + _compact_size(len(message)) + message).digest()).digest()


def sign(kind: Kind, secret: bytes | bytearray | memoryview, message: bytes, *, public: bytes) -> bytes:
    """The signature header ‖ r ‖ s (65 bytes), s low; ``public`` is the secret's own compressed key."""
    compact, recovery_id = secp256k1.ecdsa_sign_recoverable(secret, digest_of_message(message), public)
    return bytes((HEADERS[kind] + recovery_id,)) + compact


def _compact_size(size: int) -> bytes:
    """Bitcoin's variable-length integer, in its shortest form."""
    if size < 0xFD:  # noqa: PLR2004  # from here on the first byte says how many follow
        return bytes((size,))
    return b"\xfd" + size.to_bytes(2, "little") if size < 1 << 16 else b"\xfe" + size.to_bytes(4, "little")
