"""BIP44, BIP84, BIP86 and Solana: which address a key has."""

from __future__ import annotations

import pytest
from embit import script
from embit.bip32 import HDKey
from embit.ec import PublicKey
from embit.networks import NETWORKS
from eth_account import Account as EthereumAccount
from solders.keypair import Keypair

from native_host.encodings.base58 import decode_base58check
from native_host.suites.hd import accounts, bip39, derivation
from native_host.suites.table import SUITES
from tests.vector_files import load

BIP84, BIP86 = load("bip84"), load("bip86")
SEED = bip39.seed_of_mnemonic("legal winner thank year wave sausage worth useful legal winner thank yellow", "")


def _derived(alg: str, path: str, seed: bytes | bytearray = SEED) -> tuple[bytes, bytes, str | None]:
    secret = derivation.derive(alg, SUITES[alg].schemes[0], seed, path)
    public = SUITES[alg].code().public_key(secret)
    return bytes(secret), public, derivation.address(alg, path, public)


@pytest.mark.parametrize("vector", BIP84["vectors"], ids=lambda vector: vector["path"])
def test_bip84_published(vector: dict[str, str]) -> None:
    """BIP84's paths give its keys and addresses."""
    seed = bip39.seed_of_mnemonic(BIP84["mnemonic"].strip(), "")

    expected = (decode_base58check(vector["secret_wif"])[1:33], bytes.fromhex(vector["public"]), vector["address"])
    assert expected == _derived("ES256K", vector["path"], seed)


@pytest.mark.parametrize("vector", BIP86["vectors"], ids=lambda vector: vector["path"])
def test_bip86_published(vector: dict[str, str]) -> None:
    """BIP86's paths give its internal and output keys and its addresses."""
    seed = bip39.seed_of_mnemonic(BIP86["mnemonic"].strip(), "")
    _, internal, address = _derived("BIP340", vector["path"], seed)

    assert vector["internal_key"] == internal.hex()
    assert vector["output_key"] == accounts.taproot_output_key(internal).hex()
    assert vector["address"] == address


@pytest.mark.parametrize("vector", load("solana_addresses")["vectors"], ids=lambda vector: vector["address"][:8])
def test_solana_published(vector: dict[str, str]) -> None:
    """A Solana address is the public key in Base58."""
    assert vector["address"] == derivation.address("Ed25519", "m/44'/501'/0'/0'", bytes.fromhex(vector["public"]))


@pytest.mark.parametrize(
    ("path", "network", "kind"),
    [
        ("m/44'/0'/0'/0/0", "main", "p2pkh"),
        ("m/44'/1'/3'/1/7", "test", "p2pkh"),
        ("m/84'/0'/2'/1/9", "main", "p2wpkh"),
        ("m/84'/1'/0'/0/0", "test", "p2wpkh"),
        ("m/86'/0'/2'/1/9", "main", "p2tr"),
        ("m/86'/1'/0'/0/0", "test", "p2tr"),
    ],
)
def test_bitcoin_against_embit(path: str, network: str, kind: str) -> None:
    """An independent implementation gives the same Bitcoin addresses, on the main and the test networks."""
    public: PublicKey = HDKey.from_seed(bytes(SEED)).derive(path).key.get_public_key()
    expected = getattr(script, kind)(public).address(NETWORKS[network])

    assert expected == _derived("BIP340" if kind == "p2tr" else "ES256K", path)[2]


@pytest.mark.parametrize("path", ["m/44'/60'/0'/0/0", "m/44'/60'/0'/0/41", "m/44'/60'/7'/0/0", "m/44'/60'/0'"])
def test_ethereum_against_eth_account(path: str) -> None:
    """An independent implementation gives the same Ethereum address to the derived secret."""
    secret, _, address = _derived("ES256K", path)

    assert EthereumAccount.from_key(secret).address == address


@pytest.mark.parametrize("path", ["m/44'/501'", "m/44'/501'/0'", "m/44'/501'/3'/0'"])
def test_solana_against_solders(path: str) -> None:
    """An independent implementation derives the same Solana key and address from the seed."""
    secret, _, address = _derived("Ed25519", path)

    assert str(Keypair.from_seed_and_derivation_path(bytes(SEED), path).pubkey()) == address
    assert str(Keypair.from_seed(secret).pubkey()) == address


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
        ("ES256K", "m/49'/0'/0'/0/0"),
        ("ES256K", "m/84'/0'/0'/0"),
        ("ES256K", "m/84'/0'/0'/0/0/0"),
        ("ES256K", "m/84'/0'/0/0/0"),
        ("ES256K", "m/84'/0'/0'/0'/0"),
        ("ES256K", "m/84'/0'/0'/0/0'"),
        ("ES256K", "m/84'/2'/0'/0/0"),
        ("ES256K", "m/86'/0'/0'/0/0"),
        ("BIP340", "m/84'/0'/0'/0/0"),
        ("BIP340", "m/44'/60'/0'/0/0"),
        ("Ed25519", "m/44'/60'/0'"),
        ("Ed25519", "m/501'"),
    ],
)
def test_no_address(alg: str, path: str) -> None:
    """A path that no chain known here uses for such a key gives no address."""
    assert _derived(alg, path)[2] is None


def test_no_path_no_address() -> None:
    """A key that comes from no seed has no address."""
    assert derivation.address("ES256K", None, _derived("ES256K", "m/44'/60'/0'/0/0")[1]) is None
