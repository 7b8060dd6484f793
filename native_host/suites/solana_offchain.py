r"""Solana's off-chain messages, header version 0 (Anza's proposal "Off-chain message signing", as Solana's SDK and Ledger have it).

Ed25519 over a preamble ‖ message: "\xffsolana offchain" ‖ version 0 ‖ application domain (32 bytes) ‖ format ‖ one signer ‖ its
key ‖ length ‖ message. The first byte is one that no transaction can have, so what is signed here is none. The application
domain is zeros, as nothing that the host knows says which application asks.
"""

from __future__ import annotations

_SIGNING_DOMAIN = b"\xffsolana offchain"
_VERSION = 0
_APPLICATION_DOMAIN = bytes(32)
_RESTRICTED_ASCII, _LIMITED_UTF8, _EXTENDED_UTF8 = 0, 1, 2
_LIMITED_BYTES = 1232  # preamble and message together, as hardware wallets hold them
_EXTENDED_BYTES = 65535
_PRINTABLE = range(0x20, 0x7F)


def to_sign(message: bytes, public: bytes) -> bytes:
    """The bytes that the signer ``public`` signs for ``message``, in the most restricted of the formats that it fits.

    Raises:
        ValueError: if the message is empty, not UTF-8, or too long.
    """
    head = _SIGNING_DOMAIN + bytes((_VERSION,)) + _APPLICATION_DOMAIN
    tail = b"\x01" + public + len(message).to_bytes(2, "little") if len(message) <= _EXTENDED_BYTES else b""
    size = len(head) + 1 + len(tail) + len(message)
    if not message or not tail or size > _EXTENDED_BYTES:
        raise ValueError("an off-chain message is neither empty nor longer than 64 KiB with its preamble")
    return head + bytes((_format(message, size),)) + tail + message


def _format(message: bytes, size: int) -> int:
    try:
        message.decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError("an off-chain message is UTF-8") from None
    if size > _LIMITED_BYTES:
        return _EXTENDED_UTF8
    return _RESTRICTED_ASCII if all(byte in _PRINTABLE for byte in message) else _LIMITED_UTF8
