"""BIP32 over secp256k1: from a seed and a path to one secret, and from an extended public key to its children.

A non-hardened child's secret beside its parent's extended public key gives the parent away: what leaves the host is its
caller's to decide. Buffers of ours are wiped; what ``hmac.digest`` returns is ``bytes`` and cannot be.
"""

from __future__ import annotations

from hmac import digest as hmac_digest

from native_host.secret import wipe
from native_host.suites import secp256k1
from native_host.suites.hd.path import HARDENED, Path

SECRET_BYTES = 32
CHAIN_CODE_BYTES = 32
MIN_SEED_BYTES = 16
MAX_SEED_BYTES = 64
_MASTER = b"Bitcoin seed"

Seed = bytes | bytearray | memoryview


class InvalidChild(ValueError):
    """The path has no key, with a chance of less than one in 2¹²⁷; BIP32 says to go on with the next index."""


def derive(seed: Seed, path: Path) -> bytearray:
    """The 32-byte secret at ``path`` under ``seed`` (16 to 64 bytes).

    Raises:
        InvalidChild: see there.
    """
    secret, chain_code = master(seed)
    descend(secret, chain_code, path)
    return secret


def master(seed: Seed) -> tuple[bytearray, bytes]:
    """The master secret of a seed ("Master key generation"), to be wiped by the caller, and its chain code.

    Raises:
        InvalidChild: see there.
    """
    check_seed(seed)
    secret, chain_code = split(hmac_digest(_MASTER, seed, "sha512"))
    if not secp256k1.is_secret(secret):
        raise InvalidChild("the seed gives no master key")
    return secret, chain_code


def descend(secret: bytearray, chain_code: bytes, path: Path) -> bytes:
    """Replace ``secret`` by the one at ``path`` below it, in place; returns the chain code there.

    Raises:
        InvalidChild: see there; the secret is then zeros.
    """
    for index in path:
        chain_code = settle(secret, child_digest(secret, chain_code, index))
    return chain_code


def derive_public(public: bytes, chain_code: bytes, path: Path) -> tuple[bytes, bytes]:
    """The compressed key and chain code at ``path`` below a public key ("Public parent key → public child key").

    Raises:
        InvalidChild: see there.
        ValueError: if an index is hardened, ``public`` is no compressed point or ``chain_code`` not 32 bytes.
    """
    if any(index >= HARDENED for index in path):
        raise ValueError("a public key has no hardened children")
    if len(public) != secp256k1.COMPRESSED_BYTES or len(chain_code) != CHAIN_CODE_BYTES:
        raise ValueError("not a compressed key with its chain code")
    key = secp256k1.compress(public)
    for index in path:
        digest = hmac_digest(chain_code, key + index.to_bytes(4, "big"), "sha512")
        child = secp256k1.add_to_public(key, digest[:SECRET_BYTES])
        if child is None:
            raise InvalidChild("the path has no key")
        key, chain_code = child, digest[SECRET_BYTES:]
    return key, chain_code


def check_seed(seed: Seed) -> None:
    """Raise ``ValueError`` unless a seed has 16 to 64 bytes."""
    if not MIN_SEED_BYTES <= len(seed) <= MAX_SEED_BYTES:
        raise ValueError("a seed has 16 to 64 bytes")


def split(digest: bytes) -> tuple[bytearray, bytes]:
    """I as I_L, which is or moves the secret, and I_R, the chain code."""
    return bytearray(digest[:SECRET_BYTES]), digest[SECRET_BYTES:]


def child_digest(secret: bytearray, chain_code: bytes, index: int) -> bytes:
    """I of a child: HMAC-SHA-512 of 00 ‖ secret ‖ index if it is hardened, else of the public key ‖ index."""
    if index < HARDENED:
        return hmac_digest(chain_code, secp256k1.public_key(secret) + index.to_bytes(4, "big"), "sha512")
    return hardened_digest(secret, chain_code, index)


def hardened_digest(secret: bytearray, chain_code: bytes, index: int) -> bytes:
    """I of a hardened child, on any curve."""
    data = bytearray(1 + SECRET_BYTES + 4)
    data[1:-4], data[-4:] = secret, index.to_bytes(4, "big")
    digest = hmac_digest(chain_code, data, "sha512")
    wipe(data)
    return digest


def settle(secret: bytearray, digest: bytes) -> bytes:
    """Add I_L to the secret in place and return I_R, the child's chain code.

    Raises:
        InvalidChild: if I_L is not below the group order or the sum is zero; the secret is then zeros.
    """
    tweak, chain_code = split(digest)
    valid = secp256k1.add_to_secret(secret, tweak)
    wipe(tweak)
    if not valid:
        raise InvalidChild("the path has no key")
    return chain_code
