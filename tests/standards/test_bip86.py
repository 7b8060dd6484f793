"""BIP86: single-key P2TR."""

from __future__ import annotations

import pytest
from embit import script
from embit.bip32 import HDKey
from embit.networks import NETWORKS

from native_host.suites import bip340
from native_host.suites.hd import accounts, bip39, derivation
from tests.vector_files import load

BIP86 = load("bip86")
SEED = bip39.seed_of_mnemonic(BIP86["mnemonic"].strip(), "")


@pytest.mark.parametrize("vector", BIP86["vectors"], ids=lambda vector: vector["path"])
def test_published(vector: dict[str, str]) -> None:
    """BIP86's paths give its internal and output keys and its addresses."""
    internal = bip340.public_key(derivation.derive("BIP340", "BIP32", SEED, vector["path"]))

    assert vector["internal_key"] == internal.hex()
    assert vector["output_key"] == accounts.taproot_output_key(internal).hex()
    assert vector["address"] == derivation.address("BIP340", vector["path"], internal)


@pytest.mark.parametrize(("path", "network"), [("m/86'/0'/2'/1/9", "main"), ("m/86'/1'/0'/0/0", "test")])
def test_against_embit(path: str, network: str) -> None:
    """An independent implementation gives the same addresses, on the main and the test networks."""
    public = HDKey.from_seed(bytes(SEED)).derive(path).key.get_public_key()
    assert script.p2tr(public).address(NETWORKS[network]) == derivation.address("BIP340", path, public.sec()[1:])


@pytest.mark.parametrize(
    ("alg", "path"),
    [("ES256K", "m/86'/0'/0'/0/0"), ("BIP340", "m/86'/2'/0'/0/0"), ("BIP340", "m/86'/0'/0'/0"), ("BIP340", "m/86'/0'/0'/0/0'")],
)
def test_no_address(alg: str, path: str) -> None:
    """What is no leaf of BIP86's tree has no address."""
    assert derivation.address(alg, path, bytes(32)) is None
