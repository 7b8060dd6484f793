"""What a signature algorithm over SHA-256 signs: the digest handed in, or that of the data handed in."""

from __future__ import annotations

from hashlib import sha256

DIGEST_BYTES = 32


def sha256_digest(*, data: bytes | None, digest: bytes | None) -> bytes:
    """``digest`` (32 bytes), or SHA-256 (FIPS 180-4) of ``data``.

    Raises:
        ValueError: unless exactly one of the two is given, and a digest has its length.
    """
    if (data is None) == (digest is None):
        raise ValueError("exactly one of data and digest is signed")
    if data is not None:
        return sha256(data).digest()
    if digest is None or len(digest) != DIGEST_BYTES:
        raise ValueError("the digest is not 32 bytes")
    return digest
