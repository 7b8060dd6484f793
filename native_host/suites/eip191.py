r"""EIP-191 version 0x45 ("E"): what ``personal_sign`` signs.

The digest is Keccak-256("\x19Ethereum Signed Message:\n" ‖ length in decimal ‖ message). 0x19 begins neither
an RLP list nor a transaction type that exists, so what is signed here is no transaction.
"""

from __future__ import annotations

from native_host.encodings.keccak import keccak256
from native_host.suites import secp256k1
from native_host.suites.fault import SigningFault

_V_OFFSET = 27
_HIGHEST_RECOVERY_ID = 1  # Ethereum knows no other; they need an r of which nobody has found an example


def digest_of_message(message: bytes) -> bytes:
    """The 32 bytes that are signed for ``message``."""
    return keccak256(b"\x19Ethereum Signed Message:\n%d" % len(message) + message)


def sign(secret: bytes | bytearray | memoryview, message: bytes, *, public: bytes) -> bytes:
    """The signature r ‖ s ‖ v (65 bytes), s low, v 27 or 28; ``public`` is the secret's own compressed key."""
    compact, recovery_id = secp256k1.ecdsa_sign_recoverable(secret, digest_of_message(message), public)
    if recovery_id > _HIGHEST_RECOVERY_ID:
        raise SigningFault
    return compact + bytes((_V_OFFSET + recovery_id,))
