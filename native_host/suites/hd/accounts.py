"""Which address a key has, by its algorithm and path.

Purposes: BIP44 (``44'``), BIP84 (``84'``), BIP86 (``86'``). Coin types (SLIP-0044): 0 Bitcoin, 1 every testnet, 60
Ethereum, 501 Solana. A key without a path, or at one that is not listed here, has no address: which chain it is for is
then not known.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Literal

from native_host.encodings.base58 import encode_base58, encode_base58check
from native_host.encodings.bech32 import encode_segwit
from native_host.encodings.eip55 import encode_address
from native_host.encodings.hash160 import hash160
from native_host.encodings.keccak import keccak256
from native_host.suites.hd.path import HARDENED, Path
from native_host.value import Value

Kind = Literal["ethereum", "p2pkh", "p2wpkh", "p2tr", "solana"]

_BITCOIN, _TESTNET, _ETHEREUM, _SOLANA = 0, 1, 60, 501
_BITCOIN_LEVELS = 5  # purpose' / coin' / account' / change / index
_BITCOIN_KINDS: dict[int, tuple[Kind, tuple[str, ...]]] = {
    44: ("p2pkh", ("ES256K", "ES256K-R")),
    84: ("p2wpkh", ("ES256K", "ES256K-R")),
    86: ("p2tr", ("BIP340",)),
}
_P2PKH_VERSION = {False: b"\x00", True: b"\x6f"}
_SEGWIT_HRP = {False: "bc", True: "tb"}
_SECP256K1_ALGS = ("ES256K", "ES256K-R")


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
    if (purpose, coin) == (44, _ETHEREUM) and alg in _SECP256K1_ALGS and len(path) > len(numbers):
        return Account(kind="ethereum")
    if (purpose, coin) == (44, _SOLANA) and alg == "Ed25519":
        return Account(kind="solana")
    kind, algs = _BITCOIN_KINDS.get(purpose, (None, ()))
    if kind is None or alg not in algs or coin not in (_BITCOIN, _TESTNET) or not _is_bitcoin_leaf(path):
        return None
    return Account(kind=kind, testnet=coin == _TESTNET)


def address_of(account: Account, public: bytes) -> str:
    """The address of a raw public key."""
    match account.kind:
        case "ethereum":
            return ethereum_address(public)
        case "solana":
            return encode_base58(public)
        case "p2pkh":
            return encode_base58check(_P2PKH_VERSION[account.testnet] + hash160(public))
        case "p2wpkh":
            return encode_segwit(_SEGWIT_HRP[account.testnet], 0, hash160(public))
        case "p2tr":
            return encode_segwit(_SEGWIT_HRP[account.testnet], 1, taproot_output_key(public))


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


def _is_bitcoin_leaf(path: Path) -> bool:
    return len(path) == _BITCOIN_LEVELS and path[2] >= HARDENED and max(path[3:]) < HARDENED
