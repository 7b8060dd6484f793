"""SLIP-0010 private derivation over secp256k1, P-256, Ed25519 and Curve25519.

On secp256k1 it is BIP32 but for what happens where BIP32 has no key: SLIP-0010 hashes again until there is one. On P-256 it
is the same with that curve's parameters; the document's vectors need the second hash. On Ed25519 and Curve25519 every hash is a
key, and only hardened children exist.

OpenSSL gives the points of P-256, but no library here adds numbers modulo its order. The addition is two of libsodium's
``sodium_add``, in constant time and in buffers that are wiped; which of its two results is taken is seen by a branch.
"""

from __future__ import annotations

from hmac import digest as hmac_digest

from native_host.secret import wipe
from native_host.suites.hd.bip32 import SECRET_BYTES, Seed, check_seed, child_digest, hardened_digest, split
from native_host.suites.hd.path import HARDENED, Path

_P256_ORDER = bytes.fromhex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551")
_WIDE_BYTES = SECRET_BYTES + 1
_MINUS_P256_ORDER = ((1 << 8 * _WIDE_BYTES) - int.from_bytes(_P256_ORDER, "big")).to_bytes(_WIDE_BYTES, "little")


def derive_secp256k1(seed: Seed, path: Path) -> bytearray:
    """The 32-byte secret at ``path`` under ``seed`` (16 to 64 bytes)."""
    check_seed(seed)
    secret, chain_code = settle_master(hmac_digest(b"Bitcoin seed", seed, "sha512"))
    for index in path:
        secret, chain_code = settle_child(secret, chain_code, index, child_digest(secret, chain_code, index))
    return secret


def settle_master(digest: bytes) -> tuple[bytearray, bytes]:
    """The master key of I, or of its hash, until I_L is a secret ("Master key generation", step 4)."""
    from native_host.suites import secp256k1

    while True:
        secret, chain_code = split(digest)
        if secp256k1.is_secret(secret):
            return secret, chain_code
        digest = hmac_digest(b"Bitcoin seed", digest, "sha512")


def settle_child(secret: bytearray, chain_code: bytes, index: int, digest: bytes) -> tuple[bytearray, bytes]:
    """The child of I, or of 01 ‖ I_R ‖ index hashed, until there is one ("Private parent key → private child key", step 5).

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


def derive_nist256p1(seed: Seed, path: Path) -> bytearray:
    """The 32-byte secret of P-256 at ``path`` under ``seed`` (16 to 64 bytes)."""
    check_seed(seed)
    secret, chain_code = _split_p256(hmac_digest(b"Nist256p1 seed", seed, "sha512"))
    for index in path:
        child, child_chain_code = _child_p256(secret, chain_code, index)
        wipe(secret)
        secret, chain_code = child, child_chain_code
    return secret


def _split_p256(digest: bytes) -> tuple[bytearray, bytes]:
    while True:
        secret, chain_code = split(digest)
        if any(secret) and secret < _P256_ORDER:
            return secret, chain_code
        digest = hmac_digest(b"Nist256p1 seed", digest, "sha512")


def _child_p256(secret: bytearray, chain_code: bytes, index: int) -> tuple[bytearray, bytes]:
    from native_host.suites.ecdsa import ES256

    if index < HARDENED:
        digest = hmac_digest(chain_code, ES256.public_key(secret) + index.to_bytes(4, "big"), "sha512")
    else:
        digest = hardened_digest(secret, chain_code, index)
    while True:
        tweak, child_chain_code = split(digest)
        child = add_p256(secret, tweak) if tweak < _P256_ORDER else bytearray(SECRET_BYTES)
        wipe(tweak)
        if any(child):
            return child, child_chain_code
        digest = hmac_digest(chain_code, b"\x01" + child_chain_code + index.to_bytes(4, "big"), "sha512")


def add_p256(left: bytearray, right: bytearray) -> bytearray:
    """The sum of two big-endian numbers below the order of P-256, modulo that order: 32 bytes."""
    from native_host import sodium

    total, addend = _little(left), _little(right)
    sodium.add(total, addend)
    reduced = bytearray(total)
    sodium.add(reduced, _MINUS_P256_ORDER)
    # Modulo 2²⁶⁴: the top byte is 00 where the sum reached the order, ff where it did not.
    result = (total if reduced[-1] else reduced)[SECRET_BYTES - 1 :: -1]
    for buffer in (total, addend, reduced):
        wipe(buffer)
    return result


def _little(number: bytearray) -> bytearray:
    little = bytearray(_WIDE_BYTES)
    little[1:] = number
    little.reverse()
    return little


def derive_ed25519(seed: Seed, path: Path) -> bytearray:
    """The 32-byte secret of Ed25519 at a path of hardened indices under ``seed`` (16 to 64 bytes).

    Raises:
        ValueError: if an index is not hardened.
    """
    return _derive_hashes(b"ed25519 seed", seed, path)


def derive_curve25519(seed: Seed, path: Path) -> bytearray:
    """The 32-byte secret of X25519, clamped at use, at a path of hardened indices under ``seed`` (16 to 64 bytes).

    Raises:
        ValueError: if an index is not hardened.
    """
    return _derive_hashes(b"curve25519 seed", seed, path)


def _derive_hashes(curve: bytes, seed: Seed, path: Path) -> bytearray:
    check_seed(seed)
    if any(index < HARDENED for index in path):
        raise ValueError("the curve has hardened children only")
    secret, chain_code = split(hmac_digest(curve, seed, "sha512"))
    for index in path:
        digest = hardened_digest(secret, chain_code, index)
        wipe(secret)
        secret, chain_code = split(digest)
    return secret
