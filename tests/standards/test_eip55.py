"""EIP-55: Ethereum addresses with a checksum in their capitals."""

from __future__ import annotations

import pytest
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from native_host.encodings.eip55 import decode_address, encode_address
from native_host.encodings.keccak import keccak256
from tests.vector_files import load

ADDRESSES = load("eip55")["addresses"]
ADDRESS = ADDRESSES[4]


@pytest.mark.parametrize("address", ADDRESSES)
def test_published(address: str) -> None:
    """The EIP's addresses are written and read as they stand."""
    assert address == encode_address(bytes.fromhex(address[2:]))
    assert bytes.fromhex(address[2:]) == decode_address(address)


@given(st.binary(min_size=20, max_size=20))
def test_against_eth_utils(address: bytes) -> None:
    """An independent implementation writes the same."""
    assert to_checksum_address(address) == encode_address(address)


@given(st.binary(max_size=400))
def test_keccak(data: bytes) -> None:
    """Keccak-256 with Ethereum's padding, as an independent implementation has it."""
    assert keccak(data) == keccak256(data)


@pytest.mark.parametrize(
    "text",
    [
        "", "0x", ADDRESS[2:], "0X" + ADDRESS[2:], ADDRESS.lower(), "0x" + ADDRESS[2:].upper(), ADDRESS.swapcase(), ADDRESS[:-1], ADDRESS + "0",
        ADDRESS[:-1] + "g", ADDRESS[:-1] + "D", ADDRESS[:-1] + " ", " " + ADDRESS, ADDRESS[:20] + "_" + ADDRESS[21:], ADDRESS[:-1] + "\u0664",
    ],
)  # fmt: skip
def test_refused(text: str) -> None:
    """Another form, another length and other capitals are refused."""
    with pytest.raises(ValueError, match="Ethereum address"):
        decode_address(text)


@pytest.mark.parametrize("length", [0, 19, 21, 32])
def test_length(length: int) -> None:
    """An address has 20 bytes."""
    with pytest.raises(ValueError, match="20 bytes"):
        encode_address(bytes(length))
