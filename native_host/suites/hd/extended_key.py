"""Extended keys as text: BIP32, "Serialization format", with the version bytes of SLIP-0132 for Bitcoin and its test networks.

78 bytes in Base58Check: version, depth, fingerprint of the parent, child number, chain code, key. Extended private keys are
read for the importer and written for BIP85; on their way through Base58 they are text and an integer, which cannot be wiped.
"""

from __future__ import annotations

from native_host.encodings.base58 import decode_base58check, encode_base58check
from native_host.encodings.hash160 import hash160
from native_host.secret import wipe
from native_host.suites import secp256k1
from native_host.suites.hd import bip32
from native_host.suites.hd.bip32 import CHAIN_CODE_BYTES, SECRET_BYTES, Seed
from native_host.suites.hd.path import MAX_DEPTH, Path
from native_host.value import Value

FINGERPRINT_BYTES = 4
_NO_PARENT = bytes(FINGERPRINT_BYTES)
_VERSION_BYTES = 4
_HEAD_BYTES = 45  # all but the key
_SIZE = _HEAD_BYTES + secp256k1.COMPRESSED_BYTES
_INDEX_LIMIT = 1 << 32

# x, t: P2PKH, and whatever else BIP32 is used for. y, u: BIP49. z, v: BIP84. A capital letter: several signers.
PUBLIC_VERSIONS = {
    "xpub": 0x0488B21E,
    "ypub": 0x049D7CB2,
    "zpub": 0x04B24746,
    "Ypub": 0x0295B43F,
    "Zpub": 0x02AA7ED3,
    "tpub": 0x043587CF,
    "upub": 0x044A5262,
    "vpub": 0x045F1CF6,
    "Upub": 0x024289EF,
    "Vpub": 0x02575483,
}
PRIVATE_VERSIONS = {
    "xprv": 0x0488ADE4,
    "yprv": 0x049D7878,
    "zprv": 0x04B2430C,
    "Yprv": 0x0295B005,
    "Zprv": 0x02AA7A99,
    "tprv": 0x04358394,
    "uprv": 0x044A4E28,
    "vprv": 0x045F18BC,
    "Uprv": 0x024285B5,
    "Vprv": 0x02575048,
}
_PUBLIC_PREFIXES = {version.to_bytes(_VERSION_BYTES, "big"): prefix for prefix, version in PUBLIC_VERSIONS.items()}
_PRIVATE_PREFIXES = {version.to_bytes(_VERSION_BYTES, "big"): prefix for prefix, version in PRIVATE_VERSIONS.items()}


class ExtendedPublicKey(Value, frozen=True, kw_only=True):
    """A compressed public key and where it stands in its tree: the parent's fingerprint (4 bytes), the chain code (32)."""

    depth: int
    parent_fingerprint: bytes
    child_number: int
    chain_code: bytes
    public: bytes


class ExtendedPrivateKey(Value, frozen=True, kw_only=True):
    """A secret of 32 bytes and where it stands in its tree. Whoever has it wipes ``secret``."""

    depth: int
    parent_fingerprint: bytes
    child_number: int
    chain_code: bytes
    secret: bytearray


ExtendedKey = ExtendedPublicKey | ExtendedPrivateKey


def encode_extended_public(key: ExtendedPublicKey, prefix: str = "xpub") -> str:
    """The text of an extended public key under one of ``PUBLIC_VERSIONS``.

    Raises:
        ValueError: if the prefix is none of them, or the key is not one that ``decode_extended_public`` would read.
    """
    if prefix not in PUBLIC_VERSIONS:
        raise ValueError("not a prefix of extended public keys")
    _check(key)
    _check_point(key.public)
    return encode_base58check(_head(PUBLIC_VERSIONS[prefix], key) + key.public)


def decode_extended_public(text: str) -> tuple[str, ExtendedPublicKey]:
    """The prefix and the key that a text stands for.

    Raises:
        ValueError: if the checksum, length, version, place in the tree or point is not a valid one.
    """
    data = _decode(text)
    prefix = _PUBLIC_PREFIXES.get(data[:_VERSION_BYTES])
    if prefix is None:
        raise ValueError("not an extended public key of a known kind")
    depth, fingerprint, number, chain_code = _place(data)
    public = data[_HEAD_BYTES:]
    key = ExtendedPublicKey(depth=depth, parent_fingerprint=fingerprint, child_number=number, chain_code=chain_code, public=public)
    _check(key)
    _check_point(public)
    return prefix, key


def encode_extended_private(key: ExtendedPrivateKey, prefix: str = "xprv") -> str:
    """The text of an extended private key under one of ``PRIVATE_VERSIONS``: for the host's own windows, never for a reply.

    Raises:
        ValueError: if the prefix is none of them, or the key is not one that ``decode_extended_private`` would read.
    """
    if prefix not in PRIVATE_VERSIONS:
        raise ValueError("not a prefix of extended private keys")
    _check(key)
    _check_secret(key.secret)
    return encode_base58check(_head(PRIVATE_VERSIONS[prefix], key) + b"\x00" + key.secret)


def decode_extended_private(text: str) -> tuple[str, ExtendedPrivateKey]:
    """The prefix and the key that a text stands for, whose ``secret`` the caller wipes.

    Raises:
        ValueError: if the checksum, length, version, place in the tree or secret is not a valid one.
    """
    data = _decode(text)
    prefix = _PRIVATE_PREFIXES.get(data[:_VERSION_BYTES])
    if prefix is None:
        raise ValueError("not an extended private key of a known kind")
    if data[_HEAD_BYTES]:
        raise ValueError("the secret of the extended key has no 00 before it")
    depth, fingerprint, number, chain_code = _place(data)
    secret = bytearray(data[_HEAD_BYTES + 1 :])
    key = ExtendedPrivateKey(depth=depth, parent_fingerprint=fingerprint, child_number=number, chain_code=chain_code, secret=secret)
    _check(key)
    _check_secret(secret)
    return prefix, key


def master_key(seed: Seed) -> ExtendedPrivateKey:
    """The root of a seed's tree, whose ``secret`` the caller wipes; raises what ``bip32.master`` raises."""
    secret, chain_code = bip32.master(seed)
    return ExtendedPrivateKey(depth=0, parent_fingerprint=_NO_PARENT, child_number=0, chain_code=chain_code, secret=secret)


def extended_public(seed: Seed, path: Path) -> ExtendedPublicKey:
    """The extended public key at ``path`` under ``seed`` (16 to 64 bytes).

    Raises:
        InvalidChild: see there.
        ValueError: if the path has more than 255 levels.
    """
    if len(path) > MAX_DEPTH:
        raise ValueError("the path is too deep")
    secret, chain_code = bip32.master(seed)
    fingerprint = _NO_PARENT
    try:
        if path:
            chain_code = bip32.descend(secret, chain_code, path[:-1])
            fingerprint = fingerprint_of(secp256k1.public_key(secret))
            chain_code = bip32.descend(secret, chain_code, path[-1:])
        public = secp256k1.public_key(secret)
    finally:
        wipe(secret)
    return ExtendedPublicKey(
        depth=len(path), parent_fingerprint=fingerprint, child_number=path[-1] if path else 0, chain_code=chain_code, public=public
    )


def derive_extended_public(key: ExtendedPublicKey, path: Path) -> ExtendedPublicKey:
    """The extended public key at a path of indices that are not hardened, below another.

    Raises:
        InvalidChild: see there.
        ValueError: if an index is hardened or the depth would be more than 255.
    """
    if key.depth + len(path) > MAX_DEPTH:
        raise ValueError("the path is too deep")
    if not path:
        return key
    parent, chain_code = bip32.derive_public(key.public, key.chain_code, path[:-1])
    public, chain_code = bip32.derive_public(parent, chain_code, path[-1:])
    return ExtendedPublicKey(
        depth=key.depth + len(path),
        parent_fingerprint=fingerprint_of(parent),
        child_number=path[-1],
        chain_code=chain_code,
        public=public,
    )


def fingerprint_of(public: bytes) -> bytes:
    """The first four bytes of a compressed key's identifier, its HASH160."""
    return hash160(public)[:FINGERPRINT_BYTES]


def _decode(text: str) -> bytes:
    data = decode_base58check(text)
    if len(data) != _SIZE:
        raise ValueError("an extended key has 78 bytes")
    return data


def _place(data: bytes) -> tuple[int, bytes, int, bytes]:
    return data[4], data[5:9], int.from_bytes(data[9:13], "big"), data[13:_HEAD_BYTES]


def _head(version: int, key: ExtendedKey) -> bytes:
    place = key.depth.to_bytes(1, "big") + key.parent_fingerprint + key.child_number.to_bytes(4, "big") + key.chain_code
    return version.to_bytes(_VERSION_BYTES, "big") + place


def _check(key: ExtendedKey) -> None:
    lengths = (len(key.parent_fingerprint), len(key.chain_code))
    if lengths != (FINGERPRINT_BYTES, CHAIN_CODE_BYTES) or not 0 <= key.depth <= MAX_DEPTH or not 0 <= key.child_number < _INDEX_LIMIT:
        raise ValueError("not an extended key")
    if not key.depth and (key.parent_fingerprint != _NO_PARENT or key.child_number):
        raise ValueError("a master key has no parent and no number")


def _check_point(public: bytes) -> None:
    if len(public) != secp256k1.COMPRESSED_BYTES:
        raise ValueError("the key is not compressed")
    secp256k1.compress(public)


def _check_secret(secret: bytearray) -> None:
    if len(secret) != SECRET_BYTES or not secp256k1.is_secret(secret):
        raise ValueError("the secret of the extended key is not a secp256k1 key")
