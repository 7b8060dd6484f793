"""BIP39: entropy, recovery words and seed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mnemonic import Mnemonic

from native_host.suites.hd import bip39
from tests.vector_files import load

BIP39 = load("bip39")
FIRST = BIP39["vectors"][0]["mnemonic"]


@pytest.mark.parametrize("vector", BIP39["vectors"], ids=lambda vector: vector["mnemonic"][-20:] + str(len(vector["entropy"])))
def test_published(vector: dict[str, str]) -> None:
    """Entropy gives the words, the words give the entropy and the seed, as published."""
    entropy = bytes.fromhex(vector["entropy"])

    assert vector["mnemonic"] == bip39.mnemonic_of_entropy(entropy)
    assert entropy == bip39.entropy_of_mnemonic(vector["mnemonic"])
    assert bytes.fromhex(vector["seed"]) == bip39.seed_of_mnemonic(vector["mnemonic"], BIP39["passphrase"])


@pytest.mark.parametrize(
    "typed",
    [FIRST.upper(), f"  {FIRST}\n", FIRST.replace(" ", "\t \u3000"), FIRST.replace("a", "\uff41")],
    ids=["capitals", "margins", "other white space", "full-width letters"],
)
def test_as_typed(typed: str) -> None:
    """Case, white space and compatibility forms do not matter."""
    assert bytes(16) == bip39.entropy_of_mnemonic(typed)
    assert bip39.normalize(typed) == FIRST


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "abandon",
        FIRST.rsplit(" ", 1)[0],
        f"{FIRST} about",
        FIRST.replace("about", "abandon"),
        FIRST.replace("about", "abou"),
        FIRST.replace("about", "zzzzz"),
        " ".join(["abandon"] * 27),
        "\u0000" * 12,
    ],
    ids=["nothing", "one", "eleven", "thirteen", "checksum", "prefix", "no word", "twenty-seven", "nul"],
)
def test_refused(typed: str) -> None:
    """What is not 12 to 24 words with a right checksum is refused, without a word of it in the error."""
    with pytest.raises(ValueError, match=r"^not recovery words of BIP39$"):
        bip39.entropy_of_mnemonic(typed)


@pytest.mark.parametrize("length", [0, 15, 17, 33, 64])
def test_entropy_length(length: int) -> None:
    """Entropy of another length has no words."""
    with pytest.raises(ValueError, match="entropy has"):
        bip39.mnemonic_of_entropy(bytes(length))


@given(st.sampled_from(bip39.ENTROPY_BYTES).flatmap(lambda length: st.binary(min_size=length, max_size=length)))
def test_round_trip(entropy: bytes) -> None:
    """Words give back the entropy they were made of."""
    assert entropy == bip39.entropy_of_mnemonic(bip39.mnemonic_of_entropy(entropy))


@pytest.mark.parametrize("passphrase", ["", "TREZOR", "e\u0301", "\u00e9", "\u212b", "\ufb01"])
def test_passphrase_normalised(passphrase: str) -> None:
    """The passphrase is taken in NFKD, as the library of BIP39's author takes it."""
    assert Mnemonic.to_seed(FIRST, passphrase) == bip39.seed_of_mnemonic(FIRST, passphrase)
