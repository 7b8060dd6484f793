"""BIP84: P2WPKH."""

from __future__ import annotations

import pytest
from embit import script
from embit.bip32 import HDKey
from embit.networks import NETWORKS

from native_host.encodings.base58 import decode_base58check
from native_host.suites import secp256k1
from native_host.suites.hd import bip39, derivation
from tests.vector_files import load

BIP84 = load("bip84")
SEED = bip39.seed_of_mnemonic(BIP84["mnemonic"].strip(), "")


@pytest.mark.parametrize("vector", BIP84["vectors"], ids=lambda vector: vector["path"])
def test_published(vector: dict[str, str]) -> None:
    """BIP84's paths give its keys and addresses."""
    secret = derivation.derive("ES256K", "BIP32", SEED, vector["path"])
    public = secp256k1.public_key(secret)

    assert decode_base58check(vector["secret_wif"])[1:33] == secret
    assert vector["public"] == public.hex()
    assert vector["address"] == derivation.address("ES256K", vector["path"], public)


@pytest.mark.parametrize(("path", "network"), [("m/84'/0'/2'/1/9", "main"), ("m/84'/1'/0'/0/0", "test")])
def test_against_embit(path: str, network: str) -> None:
    """An independent implementation gives the same addresses, on the main and the test networks."""
    public = HDKey.from_seed(bytes(SEED)).derive(path).key.get_public_key()
    assert script.p2wpkh(public).address(NETWORKS[network]) == derivation.address("ES256K", path, public.sec())


@pytest.mark.parametrize(
    ("alg", "path"),
    [
        ("BIP340", "m/84'/0'/0'/0/0"),
        ("ES256K", "m/84'/2'/0'/0/0"),
        ("ES256K", "m/84'/0'/0'/0"),
        ("ES256K", "m/84'/0'/0'/0/0/0"),
        ("ES256K", "m/84'/0'/0/0/0"),
        ("ES256K", "m/84'/0'/0'/0'/0"),
        ("ES256K", "m/84'/0'/0'/0/0'"),
    ],
)
def test_no_address(alg: str, path: str) -> None:
    """What is no leaf of BIP84's tree has no address."""
    assert derivation.address(alg, path, bytes(33)) is None
