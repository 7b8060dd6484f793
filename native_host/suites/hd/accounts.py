"""Which address a key has, by its algorithm and path.

Purposes: BIP44 (``44'``), BIP49 (``49'``), BIP84 (``84'``), BIP86 (``86'``), CIP-1852 (``1852'``). Coin types (SLIP-0044): 0
Bitcoin, 1 every testnet, 60 Ethereum, 118 Cosmos Hub, 501 Solana, 1815 Cardano. A key without a path, or at one that is not listed
here, has no address: which chain it is for is then not known.

Cardano's usual address is of two keys (CIP-19, type 0), and one key has none such: a payment key's is its enterprise address
(type 6), which can be paid but delegates nothing, a staking key's its reward address (type 14). Its main network only, as no path
says which network is meant.
"""

from __future__ import annotations

from hashlib import blake2b, sha256
from typing import Literal

from native_host.encodings.base58 import encode_base58, encode_base58check
from native_host.encodings.bech32 import encode_bech32, encode_segwit
from native_host.encodings.eip55 import encode_address
from native_host.encodings.hash160 import hash160
from native_host.encodings.keccak import keccak256
from native_host.suites.hd.path import HARDENED, Path
from native_host.value import Value

Kind = Literal["ethereum", "p2pkh", "p2sh-p2wpkh", "p2wpkh", "p2tr", "solana", "cosmos", "cardano", "cardano-stake"]

_BITCOIN, _TESTNET, _ETHEREUM, _COSMOS, _SOLANA, _CARDANO = 0, 1, 60, 118, 501, 1815
_BIP44, _CIP1852 = 44, 1852
_LEAF_LEVELS = 5  # purpose' / coin' / account' / change or role / index
_SECP256K1_ALGS = ("ES256K", "ES256K-R")
_BITCOIN_KINDS: dict[int, tuple[Kind, tuple[str, ...]]] = {
    44: ("p2pkh", _SECP256K1_ALGS),
    49: ("p2sh-p2wpkh", _SECP256K1_ALGS),
    84: ("p2wpkh", _SECP256K1_ALGS),
    86: ("p2tr", ("BIP340",)),
}
_CARDANO_ROLES: dict[int, Kind] = {0: "cardano", 1: "cardano", 2: "cardano-stake"}
_P2PKH_VERSION = {False: b"\x00", True: b"\x6f"}
_P2SH_VERSION = {False: b"\x05", True: b"\xc4"}
_SEGWIT_HRP = {False: "bc", True: "tb"}
_P2WPKH_OPCODES = b"\x00\x14"  # OP_0 and a push of 20 bytes
_CARDANO_BASE, _CARDANO_ENTERPRISE, _CARDANO_REWARD = b"\x01", b"\x61", b"\xe1"  # the type, and 1 for the main network
_KEY_HASH_BYTES = 28


class Account(Value, frozen=True, kw_only=True):
    """What a path says its key is for."""

    kind: Kind
    testnet: bool = False


def account_at(alg: str, path: Path) -> Account | None:
    """The account that a key of ``alg`` at ``path`` is, if it is one of those listed above."""
    numbers = tuple(index - HARDENED for index in path[:2])
    if len(numbers) < 2 or min(numbers) < 0:  # noqa: PLR2004  # purpose and coin type, both hardened
        return None
    purpose, coin = numbers
    if coin in (_BITCOIN, _TESTNET):
        return _bitcoin_account(alg, purpose, path, testnet=coin == _TESTNET)
    if (purpose, coin) == (_CIP1852, _CARDANO) and alg == "Ed25519-BIP32" and _is_leaf(path):
        kind = _CARDANO_ROLES.get(path[3])
        return None if kind is None else Account(kind=kind)
    if purpose != _BIP44:
        return None
    if coin == _ETHEREUM and alg in _SECP256K1_ALGS and len(path) > len(numbers):
        return Account(kind="ethereum")
    if coin == _COSMOS and alg in _SECP256K1_ALGS and _is_leaf(path):
        return Account(kind="cosmos")
    return Account(kind="solana") if coin == _SOLANA and alg == "Ed25519" else None


def address_of(account: Account, public: bytes) -> str:
    """The address of a raw public key."""
    match account.kind:
        case "ethereum":
            return ethereum_address(public)
        case "solana":
            return encode_base58(public)
        case "cosmos":
            return encode_bech32("cosmos", hash160(public))
        case "cardano":
            return cardano_address(public)
        case "cardano-stake":
            return encode_bech32("stake", _CARDANO_REWARD + _key_hash(public))
        case _:
            return _bitcoin_address(account, public)


def cardano_address(payment: bytes, stake: bytes | None = None) -> str:
    """The main network's address of a payment key and, where given, the staking key that delegates what is paid to it (CIP-19)."""
    if stake is None:
        return encode_bech32("addr", _CARDANO_ENTERPRISE + _key_hash(payment))
    return encode_bech32("addr", _CARDANO_BASE + _key_hash(payment) + _key_hash(stake))


def ethereum_address(public: bytes) -> str:
    """The EIP-55 address of a compressed secp256k1 key: the last 20 bytes of Keccak-256(x ‖ y)."""
    from native_host.suites import secp256k1

    return encode_address(keccak256(secp256k1.uncompress(public)[1:])[12:])


def taproot_tweak(internal: bytes) -> bytes:
    """BIP341's t for an internal key (x-only) that commits to no script, as BIP86 has it."""
    tag = sha256(b"TapTweak").digest()
    return sha256(tag + tag + internal).digest()


def taproot_output_key(internal: bytes) -> bytes:
    """The x-only output key of an internal key that commits to no script."""
    from native_host.suites import secp256k1

    return secp256k1.add_to_xonly(internal, taproot_tweak(internal))


def _bitcoin_account(alg: str, purpose: int, path: Path, *, testnet: bool) -> Account | None:
    kind, algs = _BITCOIN_KINDS.get(purpose, (None, ()))
    return Account(kind=kind, testnet=testnet) if kind is not None and alg in algs and _is_leaf(path) else None


def _bitcoin_address(account: Account, public: bytes) -> str:
    match account.kind:
        case "p2pkh":
            return encode_base58check(_P2PKH_VERSION[account.testnet] + hash160(public))
        case "p2sh-p2wpkh":
            return encode_base58check(_P2SH_VERSION[account.testnet] + hash160(_P2WPKH_OPCODES + hash160(public)))
        case "p2wpkh":
            return encode_segwit(_SEGWIT_HRP[account.testnet], 0, hash160(public))
        case _:
            return encode_segwit(_SEGWIT_HRP[account.testnet], 1, taproot_output_key(public))


def _is_leaf(path: Path) -> bool:
    return len(path) == _LEAF_LEVELS and path[2] >= HARDENED and max(path[3:]) < HARDENED


def _key_hash(public: bytes) -> bytes:
    return blake2b(public, digest_size=_KEY_HASH_BYTES).digest()
