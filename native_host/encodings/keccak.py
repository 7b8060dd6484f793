"""Keccak-256 as Ethereum uses it: the Keccak submission's padding (0x01), not that of SHA-3 (FIPS 202)."""

from __future__ import annotations


def keccak256(data: bytes) -> bytes:
    """The 32-byte hash of ``data``."""
    from Crypto.Hash import keccak  # its import costs more than all of the host's start

    return keccak.new(data=data, digest_bits=256).digest()
