"""HASH160 as Bitcoin uses it: RIPEMD-160 (ISO/IEC 10118-3) of SHA-256 (FIPS 180-4)."""

from __future__ import annotations

from hashlib import new, sha256


def hash160(data: bytes) -> bytes:
    """The 20-byte hash of ``data``."""
    return ripemd160(sha256(data).digest())


def ripemd160(data: bytes) -> bytes:
    """The 20-byte hash of ``data``; OpenSSL builds without their legacy provider do not have it."""
    try:
        return new("ripemd160", data, usedforsecurity=False).digest()
    except ValueError:
        return ripemd160_without_openssl(data)


def ripemd160_without_openssl(data: bytes) -> bytes:
    """The same hash by pycryptodome."""
    from Crypto.Hash import RIPEMD160

    return RIPEMD160.new(data).digest()
