"""Solana's ``signMessage``: Ed25519 over the message's own bytes, and the refusal of bytes that are a transaction.

A Solana transaction's signature is Ed25519 over its message bytes with nothing before them, so a "message" that is a
transaction message would be a signed transaction. What is refused errs on the side of refusing:

- versioned messages: a first byte from 0x80 to 0xbf, whatever the version and what follows. No UTF-8 text begins so.
- legacy messages: header, account keys, recent blockhash and instructions that parse and whose indices are in range,
  lengths in any spelling of a compact-u16, whatever follows them.
- whole transactions: signatures and then one of these.

What is too short to hold a header, one key and a blockhash is none of them.

For the same reason bytes are refused that another format signs with an Ed25519 key as they stand: what a JWS signs (RFC 7515
section 5.1) and COSE's Sig_structure (RFC 9052 section 4.4). Off-chain messages with their preamble are not: they are this
chain's own, and some wallets' pages make them themselves.
"""

from __future__ import annotations

import re

from native_host.encodings.base64url import decode_base64url

_HEADER_BYTES = 3
_KEY_BYTES = 32
_SIGNATURE_BYTES = 64
_BLOCKHASH_BYTES = 32
_SHORTEST = _HEADER_BYTES + 1 + _KEY_BYTES + _BLOCKHASH_BYTES + 1
_VERSIONED = range(0x80, 0xC0)
_COMPACT_U16_BYTES = 3
_JWS = re.compile(rb"([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]*")
_SIG_STRUCTURES = (b"\x84\x6aSignature1", b"\x85\x69Signature", b"\x85\x70CounterSignature")


class _Cursor:
    """Reads from the front; ``ValueError`` past the end."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def take(self, length: int) -> bytes:
        taken = self._data[self._at : self._at + length]
        if len(taken) != length:
            raise ValueError("the bytes end early")
        self._at += length
        return taken

    def byte(self) -> int:
        return self.take(1)[0]

    def compact_u16(self) -> int:
        value = 0
        for position in range(_COMPACT_U16_BYTES):
            byte = self.byte()
            value |= (byte & 0x7F) << 7 * position
            if byte < 0x80:  # noqa: PLR2004  # the bit that says that more follows
                return value
        raise ValueError("not a compact-u16")

    def rest(self) -> bytes:
        return self._data[self._at :]


def is_transaction(data: bytes) -> bool:
    """Whether ``data`` is a transaction message, or a whole transaction, as the module says."""
    return _is_message(data) or _is_signed_transaction(data)


def is_signed_elsewhere(data: bytes) -> bool:
    """Whether ``data`` is what a JWS or a COSE message signs."""
    if data.startswith(_SIG_STRUCTURES):
        return True
    found = _JWS.fullmatch(data)
    if found is None:
        return False
    try:
        return decode_base64url(found[1].decode("ascii")).lstrip().startswith(b"{")
    except ValueError:
        return False


def _is_message(data: bytes) -> bool:
    if len(data) < _SHORTEST:
        return False
    if data[0] in _VERSIONED:
        return True
    try:
        return _is_legacy_message(_Cursor(data))
    except ValueError:
        return False


def _is_legacy_message(cursor: _Cursor) -> bool:
    signers, readonly_signers, readonly_others = cursor.take(_HEADER_BYTES)
    keys = cursor.compact_u16()
    cursor.take(keys * _KEY_BYTES + _BLOCKHASH_BYTES)
    # Without a writable signer, who pays the fee, the network drops it; the sums are those of its own check.
    if readonly_signers >= signers or signers + readonly_others > keys:
        return False
    return all(_is_instruction(cursor, keys) for _ in range(cursor.compact_u16()))


def _is_instruction(cursor: _Cursor, keys: int) -> bool:
    program = cursor.byte()
    accounts = cursor.take(cursor.compact_u16())
    cursor.take(cursor.compact_u16())
    return program < keys and all(account < keys for account in accounts)


def _is_signed_transaction(data: bytes) -> bool:
    cursor = _Cursor(data)
    try:
        signatures = cursor.compact_u16()
        cursor.take(signatures * _SIGNATURE_BYTES)
    except ValueError:
        return False
    return signatures > 0 and _is_message(cursor.rest())
