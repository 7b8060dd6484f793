"""Multikey (W3C Controlled Identifiers section 2.2.2): multicodec prefix ‖ public key, as multibase base58btc (``z…``).

Multicodec codes are unsigned varints: 0xe7 secp256k1 (SEC 1 compressed), 0x1340 BIP340 (x-only), 0x1200 P-256 (SEC 1
compressed), 0xed Ed25519, 0xec X25519.
"""

from __future__ import annotations

from native_host.encodings.base58 import decode_base58, encode_base58

SECP256K1 = 0xE7
BIP340 = 0x1340
P256 = 0x1200
ED25519 = 0xED
X25519 = 0xEC

_KEY_BYTES = {SECP256K1: 33, BIP340: 32, P256: 33, ED25519: 32, X25519: 32}
_PREFIX = {code: bytes((code & 0x7F | 0x80, code >> 7)) for code in _KEY_BYTES}
_PREFIX_BYTES = 2  # every code above takes two bytes as a varint


def encode_multikey(code: int, public: bytes) -> str:
    """The Multikey text of a public key in its code's own form."""
    if len(public) != _KEY_BYTES[code]:
        raise ValueError("the public key has not the length of its kind")
    return "z" + encode_base58(_PREFIX[code] + public)


def decode_multikey(text: str) -> tuple[int, bytes]:
    """The multicodec code and the public key bytes, which are not yet known to be a point.

    Raises:
        ValueError: if it is not base58btc, of another kind, or of another length than its kind has.
    """
    if not text.startswith("z"):
        raise ValueError("not multibase base58btc")
    data = decode_base58(text[1:])
    for code, prefix in _PREFIX.items():
        if data.startswith(prefix) and len(data) == _PREFIX_BYTES + _KEY_BYTES[code]:
            return code, data[_PREFIX_BYTES:]
    raise ValueError("not a public key of a kind that is known here")
