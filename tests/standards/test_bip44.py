"""BIP44: accounts of Bitcoin, Ethereum, Cosmos and Solana, and which paths are none."""

from __future__ import annotations

import pytest
from bip_utils import AtomAddrEncoder
from embit import script
from embit.bip32 import HDKey
from embit.networks import NETWORKS
from eth_account import Account as EthereumAccount
from hypothesis import given
from hypothesis import strategies as st
from solders.keypair import Keypair

from native_host.suites import ed25519, secp256k1
from native_host.suites.hd import accounts, bip39, derivation
from native_host.suites.hd.accounts import Account
from tests.vector_files import load

SEED = bip39.seed_of_mnemonic("legal winner thank year wave sausage worth useful legal winner thank yellow", "")
COSMOS = {
    "039cb22e5c6ce15e06b76d5725dcf084b87357d926dcdfeeb20d628d3d11ff543b": "cosmos1zewfm2c4s6uv5s4rywksqden8dvya4wmqyyvek",
    "02dc27af24c0fc6b448519e17d4ac6078f158a766bbf8446cb16c61a9e53835c3c": "cosmos1n6ugmlarydek7k8wslzuy55seftfe7g2aqncw3",
}
"""bip-utils 2.12.3, tests (MIT)."""


def _secp256k1(path: str, alg: str = "ES256K") -> tuple[bytes, bytes, str | None]:
    secret = derivation.derive(alg, "BIP32", SEED, path)
    public = secp256k1.public_key(secret)
    return bytes(secret), public, derivation.address(alg, path, public)


@pytest.mark.parametrize(("path", "network"), [("m/44'/0'/0'/0/0", "main"), ("m/44'/0'/2'/1/9", "main"), ("m/44'/1'/3'/1/7", "test")])
def test_bitcoin_against_embit(path: str, network: str) -> None:
    """An independent implementation gives the same addresses, on the main and the test networks."""
    public = HDKey.from_seed(bytes(SEED)).derive(path).key.get_public_key()
    assert script.p2pkh(public).address(NETWORKS[network]) == _secp256k1(path)[2] == _secp256k1(path, "ES256K-R")[2]


@pytest.mark.parametrize("path", ["m/44'/60'/0'/0/0", "m/44'/60'/0'/0/41", "m/44'/60'/7'/0/0", "m/44'/60'/0'"])
def test_ethereum_against_eth_account(path: str) -> None:
    """An independent implementation gives the same Ethereum address to the derived secret."""
    secret, _, address = _secp256k1(path)
    assert EthereumAccount.from_key(secret).address == address


@pytest.mark.parametrize(("public", "address"), COSMOS.items())
def test_cosmos_published(public: str, address: str) -> None:
    """A Cosmos address is the hash of the public key in Bech32."""
    assert address == derivation.address("ES256K-R", "m/44'/118'/0'/0/0", bytes.fromhex(public))


@given(st.integers(1, 2**256 - 2**130).map(lambda number: secp256k1.public_key(number.to_bytes(32, "big"))))
def test_cosmos_against_bip_utils(public: bytes) -> None:
    """An independent implementation gives the same Cosmos address."""
    assert AtomAddrEncoder.EncodeKey(public, hrp="cosmos") == accounts.address_of(Account(kind="cosmos"), public)


@pytest.mark.parametrize("vector", load("solana_addresses")["vectors"], ids=lambda vector: vector["address"][:8])
def test_solana_published(vector: dict[str, str]) -> None:
    """A Solana address is the public key in Base58."""
    assert vector["address"] == derivation.address("Ed25519", "m/44'/501'/0'/0'", bytes.fromhex(vector["public"]))


@pytest.mark.parametrize("path", ["m/44'/501'", "m/44'/501'/0'", "m/44'/501'/3'/0'"])
def test_solana_against_solders(path: str) -> None:
    """An independent implementation derives the same Solana key and address from the seed."""
    secret = derivation.derive("Ed25519", "SLIP10", SEED, path)
    address = derivation.address("Ed25519", path, ed25519.public_key(secret))

    assert str(Keypair.from_seed_and_derivation_path(bytes(SEED), path).pubkey()) == address
    assert str(Keypair.from_seed(bytes(secret)).pubkey()) == address


@pytest.mark.parametrize(
    ("alg", "path"),
    [
        ("ES256K", "m"),
        ("ES256K", "m/44'"),
        ("ES256K", "m/44'/60'"),
        ("ES256K", "m/44/60'/0'/0/0"),
        ("ES256K", "m/44'/60/0'/0/0"),
        ("ES256K", "m/44'/2'/0'/0/0"),
        ("ES256K", "m/44'/501'/0'/0/0"),
        ("ES256K", "m/44'/118'/0'"),
        ("ES256K", "m/44'/118'/0/0/0"),
        ("ES256K", "m/44'/118'/0'/0/0'"),
        ("ES256K", "m/44'/0'/0'/0"),
        ("ES256K", "m/44'/0'/0/0/0"),
        ("ES256K", "m/45'/0'/0'/0/0"),
        ("ES256K", "m/49'/60'/0'/0/0"),
        ("ES256K", "m/84'/118'/0'/0/0"),
        ("ES256K", "m/1852'/1815'/0'/0/0"),
        ("BIP340", "m/44'/0'/0'/0/0"),
        ("BIP340", "m/44'/60'/0'/0/0"),
        ("BIP340", "m/44'/118'/0'/0/0"),
        ("Ed25519", "m/44'/60'/0'"),
        ("Ed25519", "m/84'/501'/0'"),
        ("Ed25519", "m/501'"),
        ("ES256", "m/44'/60'/0'/0/0"),
        ("X25519", "m/44'/501'/0'"),
        ("", "m/44'/60'/0'/0/0"),
    ],
)
def test_no_address(alg: str, path: str) -> None:
    """A path that no chain known here uses for such a key gives no address."""
    assert derivation.address(alg, path, bytes(33)) is None


def test_no_path_no_address() -> None:
    """A key that comes from no seed has no address."""
    assert derivation.address("ES256K", None, _secp256k1("m/44'/60'/0'/0/0")[1]) is None
