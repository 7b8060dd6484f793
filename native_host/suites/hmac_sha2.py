"""HMAC with SHA-2: RFC 2104, FIPS 198-1; JOSE ``HS256``, ``HS384``, ``HS512`` (RFC 7518 section 3.2), on the standard library (OpenSSL).

A key has at least as many bytes as a MAC, as RFC 7518 wants, and at most 1024; one that is longer than the hash's block is
hashed first (RFC 2104 section 2). MACs are whole: what is cut off is not valid.
"""

from __future__ import annotations

from hmac import compare_digest, digest

from native_host.suites.kinds import RandomBytes, Secret
from native_host.value import Value

MAX_KEY_BYTES = 1024


class HmacSha2(Value, frozen=True, kw_only=True):
    """HMAC with the hash ``hash_name``, whose output has ``mac_bytes``."""

    hash_name: str
    mac_bytes: int

    def generate_secret(self, random_bytes: RandomBytes) -> bytearray:
        """A new key, as long as a MAC: a longer one is no stronger (RFC 2104 section 3)."""
        return bytearray(random_bytes(self.mac_bytes))

    def check_secret(self, secret: Secret) -> None:
        """Raise ``ValueError`` unless it is as long as a MAC or longer, up to 1024 bytes."""
        if not self.mac_bytes <= len(secret) <= MAX_KEY_BYTES:
            raise ValueError(f"the key has not {self.mac_bytes} to {MAX_KEY_BYTES} bytes")

    def mac(self, secret: Secret, data: bytes) -> bytes:
        """The MAC of ``data``."""
        self.check_secret(secret)
        return digest(secret, data, self.hash_name)

    def verify_mac(self, secret: Secret, data: bytes, mac: bytes) -> bool:
        """Whether ``mac`` is it; compared in constant time."""
        return compare_digest(self.mac(secret, data), mac)


HS256 = HmacSha2(hash_name="sha256", mac_bytes=32)
HS384 = HmacSha2(hash_name="sha384", mac_bytes=48)
HS512 = HmacSha2(hash_name="sha512", mac_bytes=64)
