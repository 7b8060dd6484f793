"""BIP49: P2WPKH nested in P2SH."""

from __future__ import annotations

import pytest
from embit import script
from embit.bip32 import HDKey
from embit.networks import NETWORKS

from native_host.suites import secp256k1
from native_host.suites.hd import bip39, derivation, extended_key
from native_host.suites.hd.path import parse_path
from tests.vector_files import load

BIP49 = load("bip49")
SEED = bip39.seed_of_mnemonic(BIP49["mnemonic"], "")


def test_published() -> None:
    """The words give the published keys and the address of the first."""
    first = BIP49["first"]
    secret = derivation.derive("ES256K", "BIP32", SEED, first["path"])
    public = secp256k1.public_key(secret)

    assert (first["private"], first["public"]) == (secret.hex(), public.hex())
    assert first["address"] == derivation.address("ES256K", first["path"], public)


def test_published_extended_keys() -> None:
    """The root and the account are written with the version bytes of BIP49 on the test network."""
    account = BIP49["account"]
    key = extended_key.extended_public(SEED, parse_path(account["path"]))

    assert BIP49["root_xprv"] == extended_key.encode_extended_private(extended_key.master_key(SEED), "uprv")
    assert account["xpub"] == extended_key.encode_extended_public(key, "upub")
    assert extended_key.decode_extended_private(account["xprv"])[0] == "uprv"


@pytest.mark.parametrize(("path", "network"), [("m/49'/0'/0'/0/0", "main"), ("m/49'/0'/7'/1/3", "main"), ("m/49'/1'/0'/0/1", "test")])
def test_against_embit(path: str, network: str) -> None:
    """An independent implementation gives the same addresses, on the main and the test networks."""
    public = HDKey.from_seed(bytes(SEED)).derive(path).key.get_public_key()
    expected = script.p2sh(script.p2wpkh(public)).address(NETWORKS[network])

    assert expected == derivation.address("ES256K", path, public.sec()) == derivation.address("ES256K-R", path, public.sec())


@pytest.mark.parametrize(
    ("alg", "path"),
    [
        ("BIP340", "m/49'/0'/0'/0/0"),
        ("Ed25519", "m/49'/0'/0'/0/0"),
        ("ES256K", "m/49'/2'/0'/0/0"),
        ("ES256K", "m/49'/0'/0'"),
        ("ES256K", "m/49'/0'/0/0/0"),
        ("ES256K", "m/49'/0'/0'/0'/0"),
        ("ES256K", "m/49/0'/0'/0/0"),
    ],
)
def test_no_address(alg: str, path: str) -> None:
    """What is no leaf of BIP49's tree has no address."""
    assert derivation.address(alg, path, bytes(33)) is None
