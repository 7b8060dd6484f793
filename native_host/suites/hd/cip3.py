"""Cardano's key tree: the Icarus master key of CIP-3 and BIP32-Ed25519 below it, as CIP-1852 asks.

BIP32-Ed25519 (Khovratovich and Law, 2017) in the variant that Cardano calls V2. A secret is 96 bytes: k_L ‖ k_R ‖ chain code; k_L
is a scalar and k_R makes nonces, both little-endian. A child adds 8·z_L to k_L and z_R to k_R as numbers modulo 2²⁵⁶, not modulo
the group order: a reduced k_L would give other children. libsodium adds, in constant time and in place, and has the points.

The master key comes from the entropy of recovery words, not from the seed that BIP39 makes of them. Ledger and, for 24 words, old
Trezor firmware have other master keys for the same words (CIP-3): those are not made here.
"""

from __future__ import annotations

from hmac import digest as hmac_digest

from native_host import sodium
from native_host.secret import wipe
from native_host.suites.hd.bip39 import ENTROPY_BYTES
from native_host.suites.hd.path import HARDENED, Path

SECRET_BYTES = 96
PUBLIC_BYTES = 32
CHAIN_CODE_BYTES = 32
_KEY_BYTES = 64
_SCALAR_BYTES = 32
_Z_LEFT_BYTES = 28
_ROUNDS = 4096

Secret = bytes | bytearray | memoryview


def derive(entropy: Secret, passphrase: str, path: Path) -> bytearray:
    """The 96-byte secret at ``path`` under BIP39 entropy and the passphrase of its words, empty if there is none.

    Raises:
        ValueError: if the entropy has not 16, 20, 24, 28 or 32 bytes.
    """
    secret = master(entropy, passphrase)
    for index in path:
        _descend(secret, index)
    return secret


def master(entropy: Secret, passphrase: str) -> bytearray:
    """The Icarus master key: PBKDF2-HMAC-SHA-512 (RFC 8018) of the passphrase, salted with the entropy, its bits set.

    Raises:
        ValueError: if the entropy has not 16, 20, 24, 28 or 32 bytes.
    """
    from hashlib import pbkdf2_hmac
    from unicodedata import normalize

    if len(entropy) not in ENTROPY_BYTES:
        raise ValueError("entropy has 16, 20, 24, 28 or 32 bytes")
    # CIP-3 takes any bytes; a passphrase of BIP39 is text in NFKD.
    secret = bytearray(pbkdf2_hmac("sha512", normalize("NFKD", passphrase).encode(), entropy, _ROUNDS, SECRET_BYTES))
    set_bits(secret)
    return secret


def set_bits(secret: bytearray) -> None:
    """Make k_L a scalar in place: a multiple of 8 with its highest bit the second, the third clear ("tweakBits").

    The third bit leaves room for the sums: no key as deep as 2²⁰ levels has a k_L of 2²⁵⁵ or more.
    """
    secret[0] &= 0b1111_1000
    secret[_SCALAR_BYTES - 1] &= 0b0001_1111
    secret[_SCALAR_BYTES - 1] |= 0b0100_0000


def check_secret(secret: Secret) -> None:
    """Raise ``ValueError`` unless it is 96 bytes with a k_L as the master key and its children have it."""
    if len(secret) != SECRET_BYTES:
        raise ValueError("the secret is not 96 bytes")
    if secret[0] & 0b0000_0111 or secret[_SCALAR_BYTES - 1] >> 6 != 0b01:
        raise ValueError("the secret is not a key of BIP32-Ed25519")


def public_key(secret: Secret) -> bytes:
    """The Ed25519 public key (32 bytes) of a secret: k_L times the base point; ``ValueError`` if the secret is none."""
    check_secret(secret)
    return sodium.ed25519_point(memoryview(secret)[:_SCALAR_BYTES])


def derive_public(public: bytes, chain_code: bytes, path: Path) -> tuple[bytes, bytes]:
    """The public key and chain code at ``path`` below a public key.

    Raises:
        ValueError: if an index is hardened, ``public`` is no point of the group or ``chain_code`` not 32 bytes.
    """
    if any(index >= HARDENED for index in path):
        raise ValueError("a public key has no hardened children")
    if len(public) != PUBLIC_BYTES or len(chain_code) != CHAIN_CODE_BYTES or not sodium.is_ed25519_point(public):
        raise ValueError("not a key of Ed25519 with its chain code")
    for index in path:
        data = public + index.to_bytes(4, "little")
        z, right = hmac_digest(chain_code, b"\x02" + data, "sha512"), hmac_digest(chain_code, b"\x03" + data, "sha512")
        tweak = bytearray(_SCALAR_BYTES)
        _add_eight_times(tweak, z)
        public, chain_code = sodium.ed25519_add(public, sodium.ed25519_point(tweak)), right[_SCALAR_BYTES:]
    return public, chain_code


def _descend(secret: bytearray, index: int) -> None:
    chain_code, suffix = bytes(secret[_KEY_BYTES:]), index.to_bytes(4, "little")
    if index >= HARDENED:
        data = bytearray(1 + _KEY_BYTES + 4)
        data[1:-4], data[-4:] = memoryview(secret)[:_KEY_BYTES], suffix
    else:
        data = bytearray(b"\x02" + public_key(secret) + suffix)
    z = hmac_digest(chain_code, data, "sha512")
    data[0] += 1  # 00 and 02 make Z, 01 and 03 the chain code
    right = hmac_digest(chain_code, data, "sha512")
    wipe(data)
    left, nonce = secret[:_SCALAR_BYTES], secret[_SCALAR_BYTES:_KEY_BYTES]
    _add_eight_times(left, z)
    sodium.add(nonce, z[_SCALAR_BYTES:])
    secret[:_SCALAR_BYTES], secret[_SCALAR_BYTES:_KEY_BYTES], secret[_KEY_BYTES:] = left, nonce, right[_SCALAR_BYTES:]
    wipe(left)
    wipe(nonce)


def _add_eight_times(number: bytearray, z: bytes) -> None:
    """Add 8·z_L, where z_L are the first 28 bytes of ``z``."""
    z_left = bytearray(_SCALAR_BYTES)
    z_left[:_Z_LEFT_BYTES] = z[:_Z_LEFT_BYTES]
    for _ in range(8):
        sodium.add(number, z_left)
    wipe(z_left)
