"""CIP-1852 and CIP-19: Cardano's keys by path, and their addresses."""

from __future__ import annotations

from typing import Any

import pytest
from bip_utils import AdaShelleyAddrEncoder, AdaShelleyStakingAddrEncoder, Ed25519KholawPublicKey
from hypothesis import given
from hypothesis import strategies as st

from native_host.encodings.bech32 import decode_bech32, encode_bech32
from native_host.suites import ed25519_bip32
from native_host.suites.hd import accounts, bip39, derivation
from native_host.suites.hd.accounts import Account
from tests.vector_files import load

CIP1852 = load("cip1852")
CIP19 = CIP1852["cip19"]
ENTROPY = bytes.fromhex(CIP1852["entropy"])
SEED = bip39.seed_of_mnemonic(bip39.mnemonic_of_entropy(ENTROPY), "")
ALG, SCHEME = "Ed25519-BIP32", "CIP1852"
STAKE = bytes.fromhex(CIP1852["keys"][1]["public"])


@pytest.mark.parametrize("key", CIP1852["keys"], ids=lambda key: key["path"])
def test_published(key: dict[str, str]) -> None:
    """Recovery words and a path give the published keys and addresses."""
    secret = derivation.derive(ALG, SCHEME, SEED, key["path"], entropy=ENTROPY)
    public = ed25519_bip32.public_key(secret)

    assert (key["private"], key["public"]) == (secret[:64].hex(), public.hex())
    if "address" in key:
        assert key["address"] == derivation.address(ALG, key["path"], public)
    if "base_address" in key:
        assert key["base_address"] == accounts.cardano_address(public, STAKE)
        assert key["base_address"][:4] == str(derivation.address(ALG, key["path"], public))[:4] == "addr"


def test_published_addresses() -> None:
    """CIP-19's keys have its addresses: of both keys, of the payment key alone, and of the staking key."""
    (payment_part, payment), (stake_part, stake) = decode_bech32(CIP19["payment"]), decode_bech32(CIP19["stake"])

    assert (payment_part, stake_part) == ("addr_vk", "stake_vk")
    assert CIP19["base"] == accounts.cardano_address(payment, stake)
    assert CIP19["enterprise"] == accounts.cardano_address(payment) == accounts.address_of(Account(kind="cardano"), payment)
    assert CIP19["reward"] == accounts.address_of(Account(kind="cardano-stake"), stake)


@pytest.mark.parametrize("address", [*CIP19["others"], CIP19["base"], CIP19["reward"]])
def test_addresses_are_bech32(address: str) -> None:
    """Addresses of every kind are read and written as they are, also those of more than 90 letters."""
    assert address == encode_bech32(*decode_bech32(address, max_length=128))
    if len(address) > 90:
        with pytest.raises(ValueError, match="not a Bech32"):
            decode_bech32(address)


def _public(third: bytes) -> bytes:
    return ed25519_bip32.public_key(ed25519_bip32.generate_secret(lambda _: third * 3))


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_addresses_against_bip_utils(left: bytes, right: bytes) -> None:
    """An independent implementation gives the same addresses to two keys."""
    payment, stake = _public(left), _public(right)
    theirs = [Ed25519KholawPublicKey.FromBytes(key) for key in (payment, stake)]

    assert AdaShelleyAddrEncoder.EncodeKey(theirs[0], pub_skey=theirs[1]) == accounts.cardano_address(payment, stake)
    assert AdaShelleyStakingAddrEncoder.EncodeKey(theirs[1]) == accounts.address_of(Account(kind="cardano-stake"), stake)


@pytest.mark.parametrize(
    "path",
    [
        "m",
        "m/1852'/1815'",
        "m/1852'/1815'/0'",
        "m/1852'/1815'/0'/0",
        "m/1852'/1815'/0'/0/0/0",
        "m/1852'/1815'/0/0/0",
        "m/1852'/1815'/0'/0'/0",
        "m/1852'/1815'/0'/0/0'",
        "m/1852'/1815'/0'/3/0",
        "m/1852'/1/0'/0/0",
        "m/1852'/0'/0'/0/0",
        "m/1852/1815'/0'/0/0",
        "m/44'/1815'/0'/0/0",
        "m/44'/501'/0'/0/0",
    ],
)
def test_no_address(path: str) -> None:
    """A path that CIP-1852 does not have for payment or staking gives no address."""
    assert derivation.address(ALG, path, STAKE) is None


def test_no_address_of_another_algorithm() -> None:
    """Cardano's paths are of its own algorithm: an Ed25519 key there is no Cardano account."""
    for alg in ("Ed25519", "ES256K"):
        assert derivation.address(alg, "m/1852'/1815'/0'/0/0", STAKE) is None


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({}, "starts from the entropy"),
        ({"entropy": bytes(16)}, "not the one of this entropy"),
        ({"entropy": ENTROPY, "passphrase": "forgotten"}, "not the one of this entropy"),
        ({"entropy": ENTROPY, "language": "japanese"}, "not the one of this entropy"),
        ({"entropy": ENTROPY, "language": "klingon"}, "in that language"),
        ({"entropy": b""}, "entropy has"),
    ],
    ids=["no entropy", "other entropy", "passphrase", "language", "no language", "empty"],
)
def test_entropy_must_fit(members: dict[str, Any], reason: str) -> None:
    """Without the entropy of that very seed there is no key, rather than one of another wallet."""
    with pytest.raises(ValueError, match=reason):
        derivation.derive(ALG, SCHEME, SEED, "m/1852'/1815'/0'/0/0", **members)


@pytest.mark.parametrize(("language", "passphrase"), [("japanese", ""), ("english", "é"), ("spanish", "TREZOR")])
def test_language_and_passphrase(language: str, passphrase: str) -> None:
    """With language and passphrase it is found; the key depends on the passphrase alone, as CIP-3 does not see the words."""
    seed = bip39.seed_of_mnemonic(bip39.mnemonic_of_entropy(ENTROPY, language), passphrase)
    secret = derivation.derive(ALG, SCHEME, seed, "m", entropy=ENTROPY, language=language, passphrase=passphrase)
    same = derivation.derive(ALG, SCHEME, SEED, "m", entropy=ENTROPY) == secret

    assert same == (not passphrase)
