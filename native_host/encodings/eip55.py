"""Ethereum addresses with the mixed-case checksum of EIP-55."""

from __future__ import annotations

from native_host.encodings.keccak import keccak256

ADDRESS_BYTES = 20
_UPPER_FROM = 8  # a hash nibble from 8 up makes its letter a capital


def encode_address(address: bytes) -> str:
    """``0x`` and 40 hexadecimal digits, letters capital where the hash of the lower-case text says so."""
    if len(address) != ADDRESS_BYTES:
        raise ValueError("an Ethereum address has 20 bytes")
    lower = address.hex()
    nibbles = keccak256(lower.encode()).hex()
    return "0x" + "".join(
        digit.upper() if int(nibble, 16) >= _UPPER_FROM else digit for digit, nibble in zip(lower, nibbles[: len(lower)], strict=True)
    )


def decode_address(text: str) -> bytes:
    """The 20 bytes of an address whose checksum is right.

    Raises:
        ValueError: if it is no address, or its capitals are not those of EIP-55; one case throughout is refused too.
    """
    digits = text[2:]
    if not text.startswith("0x") or len(digits) != 2 * ADDRESS_BYTES or not set(digits) <= set("0123456789abcdefABCDEF"):
        raise ValueError("not an Ethereum address")
    address = bytes.fromhex(digits)
    if encode_address(address) != text:
        raise ValueError("the checksum of the Ethereum address is wrong")
    return address
