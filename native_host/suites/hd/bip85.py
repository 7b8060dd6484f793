"""BIP85: other wallets' recovery words, keys and passwords from one seed.

Each application has a hardened path, ``m/83696968'/application'/…/index'``; the secret there is hashed once more, so that what
is made of it tells nothing of the tree. All of it is secret: it is for the host's own windows or becomes a new seed's record,
and is never in a reply. OpenPGP keys (828365') are not made.

``root`` is the root of a tree: of a seed (``extended_key.master_key``) or an imported one. It is read and not kept.
"""

from __future__ import annotations

from base64 import b64encode, b85encode
from collections.abc import Callable
from hmac import digest as hmac_digest

from native_host.encodings.base58 import encode_base58check
from native_host.secret import wipe
from native_host.suites import secp256k1
from native_host.suites.hd import bip32
from native_host.suites.hd.bip39 import LANGUAGES
from native_host.suites.hd.extended_key import ExtendedPrivateKey, encode_extended_private
from native_host.suites.hd.path import HARDENED

ENTROPY_BYTES = 64
WORDS = (12, 15, 18, 21, 24)
HEX_BYTES = range(16, 65)
BASE64_LENGTHS = range(20, 87)
BASE85_LENGTHS = range(10, 81)
MAX_ROLLS = 1024
_PURPOSE = 83696968
_KEY = b"bip-entropy-from-k"
_WIF, _XPRV, _BIP39, _DICE, _HEX, _BASE64, _BASE85 = 2, 32, 39, 89101, 128169, 707764, 707785
_WIF_VERSION = b"\x80"
_WIF_COMPRESSED = b"\x01"


class Drng:
    """BIP85-DRNG-SHAKE256: as many bytes as are asked for, from 64 bytes of entropy (FIPS 202's SHAKE256)."""

    def __init__(self, entropy: bytes | bytearray) -> None:
        from hashlib import shake_256

        if len(entropy) != ENTROPY_BYTES:
            raise ValueError("the generator is seeded with 64 bytes")
        self._stream, self._read = shake_256(entropy), 0

    def read(self, length: int) -> bytes:
        """The next bytes. Each call computes the stream from its start."""
        start, self._read = self._read, self._read + length
        return self._stream.digest(self._read)[start:]


def entropy(root: ExtendedPrivateKey, *indices: int) -> bytearray:
    """The 64 bytes at ``m/83696968'/i'/j'/…`` for the application and its numbers, written without their hardening.

    Raises:
        ValueError: if ``root`` is no root, an index is not from 0 to 2³¹-1, or BIP32 has no key there.
    """
    if root.depth:
        raise ValueError("BIP85 starts at the root of a tree")
    if not all(0 <= index < HARDENED for index in indices):
        raise ValueError("an index is not from 0 to 2147483647")
    secret = bytearray(root.secret)
    try:
        bip32.descend(secret, root.chain_code, tuple(index + HARDENED for index in (_PURPOSE, *indices)))
        return bytearray(hmac_digest(_KEY, secret, "sha512"))
    finally:
        wipe(secret)


def mnemonic_entropy(root: ExtendedPrivateKey, *, words: int, index: int, language: str = "english") -> bytearray:
    """Application 39': the entropy of 12, 15, 18, 21 or 24 words, for a new seed's record or the host's window.

    Another language is another entropy. ``bip39.mnemonic_of_entropy`` makes the words.
    """
    if words not in WORDS or language not in LANGUAGES:
        raise ValueError("there are no recovery words of that number or in that language")
    return _cut(entropy(root, _BIP39, LANGUAGES.index(language), words, index), words * 4 // 3)


def hex_entropy(root: ExtendedPrivateKey, *, length: int, index: int) -> bytearray:
    """Application 128169': 16 to 64 bytes."""
    _check_length(length, HEX_BYTES)
    return _cut(entropy(root, _HEX, length, index), length)


def wif(root: ExtendedPrivateKey, *, index: int) -> str:
    """Application 2': a secret as Bitcoin Core's wallet import format, compressed, of the main network.

    Raises:
        ValueError: if the entropy is no secret, with a chance of less than one in 2¹²⁷; BIP85 says to go on with the next index.
    """
    secret = _cut(entropy(root, _WIF, index), bip32.SECRET_BYTES)
    try:
        if not secp256k1.is_secret(secret):
            raise ValueError("the index has no key")
        return encode_base58check(_WIF_VERSION + secret + _WIF_COMPRESSED)
    finally:
        wipe(secret)


def xprv(root: ExtendedPrivateKey, *, index: int) -> str:
    """Application 32': the root of another tree as an extended private key of the main network.

    The chain code is the first half and the secret the second, the other way about than in BIP32.

    Raises:
        ValueError: if the second half is no secret; see ``wif``.
    """
    whole = entropy(root, _XPRV, index)
    chain_code, secret = bytes(whole[: bip32.CHAIN_CODE_BYTES]), whole[bip32.CHAIN_CODE_BYTES :]
    wipe(whole)
    key = ExtendedPrivateKey(depth=0, parent_fingerprint=bytes(4), child_number=0, chain_code=chain_code, secret=secret)
    try:
        return encode_extended_private(key)
    finally:
        wipe(secret)


def password_base64(root: ExtendedPrivateKey, *, length: int, index: int) -> str:
    """Application 707764': a password of 20 to 86 letters of Base64 (RFC 4648 section 4)."""
    _check_length(length, BASE64_LENGTHS)
    return _letters(b64encode, entropy(root, _BASE64, length, index), length)


def password_base85(root: ExtendedPrivateKey, *, length: int, index: int) -> str:
    """Application 707785': a password of 10 to 80 letters of Base85, in the alphabet that git and Mercurial use."""
    _check_length(length, BASE85_LENGTHS)
    return _letters(b85encode, entropy(root, _BASE85, length, index), length)


def dice(root: ExtendedPrivateKey, *, sides: int, rolls: int, index: int) -> str:
    """Application 89101': rolls of a die of 2 to 2³¹-1 sides, which count from 0, with commas between them.

    BIP85 allows as many sides and rolls as 2³²-1, though a hardened index ends at 2³¹-1; here are at most 1024 rolls.
    """
    if not 2 <= sides < HARDENED or not 1 <= rolls <= MAX_ROLLS:  # noqa: PLR2004  # a die of one side has nothing to tell
        raise ValueError("a die has 2 to 2147483647 sides and is rolled 1 to 1024 times")
    bits = (sides - 1).bit_length()
    size, seed, taken = (bits + 7) // 8, entropy(root, _DICE, sides, rolls, index), list[int]()
    generator = Drng(seed)
    wipe(seed)
    while len(taken) < rolls:
        # At least half of all trials are below the number of sides.
        block = generator.read(size * rolls)
        trials = (int.from_bytes(block[start : start + size], "big") >> (8 * size - bits) for start in range(0, len(block), size))
        taken += [trial for trial in trials if trial < sides]
    return ",".join(map(str, taken[:rolls]))


def _cut(whole: bytearray, length: int) -> bytearray:
    cut = whole[:length]
    wipe(whole)
    return cut


def _letters(encode: Callable[[bytes | bytearray], bytes], whole: bytearray, length: int) -> str:
    letters = encode(whole)[:length].decode()
    wipe(whole)
    return letters


def _check_length(length: int, allowed: range) -> None:
    if length not in allowed:
        raise ValueError("not a length that BIP85 has there")
