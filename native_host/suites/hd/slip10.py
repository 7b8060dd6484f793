"""SLIP-0010 private derivation over secp256k1 and Ed25519.

On secp256k1 it is BIP32 but for what happens where BIP32 has no key: SLIP-0010 hashes again until there is one. On
Ed25519 every hash is a key, and only hardened children exist.
"""

from __future__ import annotations

from hmac import digest as hmac_digest

from native_host.secret import wipe
from native_host.suites.hd.bip32 import Seed, check_seed, child_digest, hardened_digest, split
from native_host.suites.hd.path import HARDENED, Path


def derive_secp256k1(seed: Seed, path: Path) -> bytearray:
    """The 32-byte secret at ``path`` under ``seed`` (16 to 64 bytes)."""
    check_seed(seed)
    secret, chain_code = settle_master(hmac_digest(b"Bitcoin seed", seed, "sha512"))
    for index in path:
        secret, chain_code = settle_child(secret, chain_code, index, child_digest(secret, chain_code, index))
    return secret


def settle_master(digest: bytes) -> tuple[bytearray, bytes]:
    """The master key of I, or of its hash, until I_L is a secret ("Master key generation", step 5)."""
    from native_host.suites import secp256k1

    while True:
        secret, chain_code = split(digest)
        if secp256k1.is_secret(secret):
            return secret, chain_code
        digest = hmac_digest(b"Bitcoin seed", digest, "sha512")


def settle_child(secret: bytearray, chain_code: bytes, index: int, digest: bytes) -> tuple[bytearray, bytes]:
    """The child of I, or of 01 ‖ I_R ‖ index hashed, until there is one ("Private parent key → private child key", step 6).

    ``secret`` is wiped.
    """
    from native_host.suites import secp256k1

    while True:
        tweak, child_chain_code = split(digest)
        child = bytearray(secret)
        valid = secp256k1.add_to_secret(child, tweak)
        wipe(tweak)
        if valid:
            wipe(secret)
            return child, child_chain_code
        digest = hmac_digest(chain_code, b"\x01" + child_chain_code + index.to_bytes(4, "big"), "sha512")


def derive_ed25519(seed: Seed, path: Path) -> bytearray:
    """The 32-byte secret at a path of hardened indices under ``seed`` (16 to 64 bytes).

    Raises:
        ValueError: if an index is not hardened.
    """
    check_seed(seed)
    if any(index < HARDENED for index in path):
        raise ValueError("Ed25519 has hardened children only")
    secret, chain_code = split(hmac_digest(b"ed25519 seed", seed, "sha512"))
    for index in path:
        digest = hardened_digest(secret, chain_code, index)
        wipe(secret)
        secret, chain_code = split(digest)
    return secret
