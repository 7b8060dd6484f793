"""How an extension and the host come to know each other's key: what both sides of a pairing compute alike.

Noise XX gives both the other's static key, and each a secret with whoever is at the other end. Who that is only the person can tell, who
compares a code on both sides. Eight digits are enough because each side is bound before it can know what the other will contribute: the
extension sends a commitment to its key and nonce first, the host answers with its own nonce, and only then the commitment is opened. A
program between the two has one guess in a hundred million, and trying costs a window that the person refuses.
"""

from __future__ import annotations

import hmac
from hashlib import sha256

NONCE_BYTES = 32
PAIRING_ID_BYTES = 16
CODE_DIGITS = 8

_CHANNEL = b"strongroom/1 channel"
_CODE_INFO = b"strongroom pairing code"


def prologue(origin: str, family: str) -> bytes:
    """What a handshake is bound to besides its keys: this protocol, the extension's origin as on the wire, and the family of its browser.
    A transcript of another extension or browser does not fit."""
    return b"\0".join((_CHANNEL, origin.encode(), family.encode()))


def commitment(static_public: bytes, nonce: bytes) -> bytes:
    """What binds the extension to its static public key and its nonce, 32 bytes, before it has seen the host's."""
    return sha256(static_public + nonce).digest()


def is_opened(committed: bytes, static_public: bytes, nonce: bytes) -> bool:
    """Whether the key and the nonce are those that were committed to."""
    return len(nonce) == NONCE_BYTES and hmac.compare_digest(committed, commitment(static_public, nonce))


def code(handshake_hash: bytes) -> str:
    """The code that both sides show, ``1234 5678``: HKDF-SHA-256 (RFC 5869) over the handshake hash, without a salt, as a number."""
    early = hmac.digest(bytes(32), handshake_hash, "sha256")
    number = int.from_bytes(hmac.digest(early, _CODE_INFO + b"\x01", "sha256")[:8], "big")
    digits = f"{number % 10**CODE_DIGITS:0{CODE_DIGITS}}"
    return f"{digits[: CODE_DIGITS // 2]} {digits[CODE_DIGITS // 2 :]}"
