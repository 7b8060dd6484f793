"""SLIP-0132: which kind of address an extended key is for, as its version bytes say."""

from __future__ import annotations

import pytest
from embit.networks import NETWORKS

from native_host.suites.hd import accounts, bip39, extended_key
from native_host.suites.hd.accounts import Account, Kind
from native_host.suites.hd.extended_key import PRIVATE_VERSIONS, PUBLIC_VERSIONS
from native_host.suites.hd.path import parse_path
from tests.vector_files import load

SLIP132 = load("slip132")
SEED = bip39.seed_of_mnemonic(SLIP132["mnemonic"], "")
KINDS: dict[str, Kind] = {"x": "p2pkh", "y": "p2sh-p2wpkh", "z": "p2wpkh"}


@pytest.mark.parametrize("vector", SLIP132["vectors"], ids=lambda vector: vector["path"])
def test_published(vector: dict[str, str]) -> None:
    """The account's extended keys are the published ones, and the first child of its public key has the published address."""
    letter = vector["public"][0]
    key = extended_key.extended_public(SEED, parse_path(vector["path"]))
    prefix, private = extended_key.decode_extended_private(vector["private"])
    first = extended_key.derive_extended_public(key, (0, 0))

    assert vector["public"] == extended_key.encode_extended_public(key, letter + "pub")
    assert (letter + "pub", key) == extended_key.decode_extended_public(vector["public"])
    assert prefix == letter + "prv"
    assert vector["private"] == extended_key.encode_extended_private(private, prefix)
    assert vector["address"] == accounts.address_of(Account(kind=KINDS[letter]), first.public)


@pytest.mark.parametrize("prefix", [*PUBLIC_VERSIONS, *PRIVATE_VERSIONS])
def test_prefix(prefix: str) -> None:
    """Version bytes are those that an independent implementation has, and make texts that begin as they are named."""
    network = NETWORKS["main" if prefix[0] in "xyzYZ" else "test"]
    version = (PUBLIC_VERSIONS | PRIVATE_VERSIONS)[prefix]
    own = {"t": "x", "u": "y", "v": "z", "U": "Y", "V": "Z"}.get(prefix[0], prefix[0]) + prefix[1:]

    assert version.to_bytes(4, "big") == network[own]
    if prefix in PUBLIC_VERSIONS:
        text = extended_key.encode_extended_public(extended_key.extended_public(bytes(16), (1,)), prefix)
        assert extended_key.decode_extended_public(text)[0] == prefix == text[:4]
    else:
        text = extended_key.encode_extended_private(extended_key.master_key(bytes(16)), prefix)
        assert extended_key.decode_extended_private(text)[0] == prefix == text[:4]


def test_prefixes_are_of_one_kind() -> None:
    """No version bytes stand for two things."""
    versions = [*PUBLIC_VERSIONS.values(), *PRIVATE_VERSIONS.values()]
    assert len(versions) == len(set(versions)) == 20
