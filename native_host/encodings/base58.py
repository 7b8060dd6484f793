"""Base58 with Bitcoin's alphabet (draft-msporny-base58-03), and Base58Check with four bytes of double SHA-256.

Reading is quadratic in the length, so texts are bounded.
"""

from __future__ import annotations

from hashlib import sha256

_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_VALUE = {letter: value for value, letter in enumerate(_ALPHABET)}
_CHECKSUM_BYTES = 4
MAX_LENGTH = 512


def encode_base58(data: bytes) -> str:
    """The Base58 text of ``data``; each leading zero byte is a ``1``."""
    number, letters = int.from_bytes(data, "big"), []
    while number:
        number, value = divmod(number, 58)
        letters.append(_ALPHABET[value])
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + "".join(reversed(letters))


def decode_base58(text: str) -> bytes:
    """The bytes that ``text`` stands for.

    Raises:
        ValueError: if it has a letter outside the alphabet or more than ``MAX_LENGTH`` of them.
    """
    if len(text) > MAX_LENGTH:
        raise ValueError("the Base58 text is too long")
    number = 0
    for letter in text:
        if letter not in _VALUE:
            raise ValueError("not a letter of Base58")
        number = number * 58 + _VALUE[letter]
    return bytes(len(text) - len(text.lstrip("1"))) + number.to_bytes((number.bit_length() + 7) // 8, "big")


def encode_base58check(payload: bytes) -> str:
    """``payload`` and its checksum as Base58."""
    return encode_base58(payload + _checksum(payload))


def decode_base58check(text: str) -> bytes:
    """The payload of a Base58Check text.

    Raises:
        ValueError: if it is not Base58 or its checksum is wrong.
    """
    data = decode_base58(text)
    payload, checksum = data[:-_CHECKSUM_BYTES], data[-_CHECKSUM_BYTES:]
    if len(data) < _CHECKSUM_BYTES or checksum != _checksum(payload):
        raise ValueError("the checksum of the Base58Check text is wrong")
    return payload


def _checksum(payload: bytes) -> bytes:
    return sha256(sha256(payload).digest()).digest()[:_CHECKSUM_BYTES]
