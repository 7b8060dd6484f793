"""BIP85: other wallets' recovery words, keys and passwords from one seed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from embit import bip85 as oracle
from embit.bip32 import HDKey
from hypothesis import given
from hypothesis import strategies as st

from native_host.encodings.base58 import decode_base58check
from native_host.suites.hd import bip39, bip85, extended_key
from native_host.suites.hd.extended_key import ExtendedPrivateKey
from tests.vector_files import load

BIP85 = load("bip85")
ROOT = extended_key.decode_extended_private(BIP85["root"])[1]
ORDER = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141


@pytest.mark.parametrize("vector", BIP85["entropy"], ids=lambda vector: str(vector["indices"]))
def test_entropy(vector: dict[str, Any]) -> None:
    """The test cases' paths give their entropy."""
    assert bytes.fromhex(vector["entropy"]) == bip85.entropy(ROOT, *vector["indices"])


def test_generator() -> None:
    """The generator gives the published bytes, however they are asked for."""
    seed, expected = bip85.entropy(ROOT, *BIP85["drng"]["indices"]), bytes.fromhex(BIP85["drng"]["bytes"])
    whole, parts = bip85.Drng(seed), bip85.Drng(seed)

    assert expected == whole.read(80)
    assert expected == b"".join(parts.read(length) for length in (1, 0, 30, 49))


@pytest.mark.parametrize("vector", BIP85["mnemonic"], ids=lambda vector: str(vector["words"]))
def test_mnemonic(vector: dict[str, Any]) -> None:
    """Application 39' gives the published entropy and words."""
    entropy = bip85.mnemonic_entropy(ROOT, words=vector["words"], index=vector["index"])

    assert bytes.fromhex(vector["entropy"]) == entropy
    assert vector["mnemonic"] == bip39.mnemonic_of_entropy(entropy)


@pytest.mark.parametrize(("code", "language"), list(enumerate(bip39.LANGUAGES)))
def test_languages(code: int, language: str) -> None:
    """Each language is another entropy, at its code in BIP85's table."""
    assert bip85.entropy(ROOT, 39, code, 15, 3)[:20] == bip85.mnemonic_entropy(ROOT, words=15, index=3, language=language)


def test_wif() -> None:
    """Application 2' gives the published key in wallet import format."""
    vector = BIP85["wif"]
    text = bip85.wif(ROOT, index=vector["index"])

    assert vector["wif"] == text
    assert bytes.fromhex(vector["entropy"]) == decode_base58check(text)[1:33]


def test_xprv() -> None:
    """Application 32' gives the published root, whose secret is the second half of the entropy."""
    vector = BIP85["xprv"]
    text = bip85.xprv(ROOT, index=vector["index"])

    assert vector["xprv"] == text
    assert bytes.fromhex(vector["entropy"]) == extended_key.decode_extended_private(text)[1].secret


def test_hex() -> None:
    """Application 128169' gives the published bytes."""
    vector = BIP85["hex"]
    assert bytes.fromhex(vector["entropy"]) == bip85.hex_entropy(ROOT, length=vector["length"], index=vector["index"])


def test_passwords() -> None:
    """Applications 707764' and 707785' give the published passwords."""
    base64, base85 = BIP85["base64"], BIP85["base85"]

    assert base64["password"] == bip85.password_base64(ROOT, length=base64["length"], index=base64["index"])
    assert base85["password"] == bip85.password_base85(ROOT, length=base85["length"], index=base85["index"])


def test_dice() -> None:
    """Application 89101' gives the published rolls."""
    vector = BIP85["dice"]
    assert vector["rolled"] == bip85.dice(ROOT, sides=vector["sides"], rolls=vector["rolls"], index=vector["index"])


@pytest.mark.parametrize("sides", [2, 3, 255, 256, 257, 62, 2**16 + 1, 2**31 - 1])
def test_dice_in_range(sides: int) -> None:
    """All the rolls are there, each below the number of sides, and fewer rolls at another path are not the same rolls cut off."""
    rolled = [int(roll) for roll in bip85.dice(ROOT, sides=sides, rolls=50, index=0).split(",")]

    assert len(rolled) == 50
    assert max(rolled) < sides
    assert rolled[:49] != [int(roll) for roll in bip85.dice(ROOT, sides=sides, rolls=49, index=0).split(",")]


@given(st.binary(min_size=16, max_size=64), st.sampled_from([12, 18, 24]), st.integers(0, 2**31 - 1), st.integers(16, 64))
def test_against_embit(seed: bytes, words: int, index: int, length: int) -> None:
    """An independent implementation derives the same from a seed."""
    root, theirs = extended_key.master_key(seed), HDKey.from_seed(seed)

    assert oracle.derive_mnemonic(theirs, words, index) == bip39.mnemonic_of_entropy(bip85.mnemonic_entropy(root, words=words, index=index))
    assert oracle.derive_wif(theirs, index).wif() == bip85.wif(root, index=index)
    assert oracle.derive_xprv(theirs, index).to_string() == bip85.xprv(root, index=index)
    assert oracle.derive_hex(theirs, length, index) == bip85.hex_entropy(root, length=length, index=index)


REFUSED: dict[str, Callable[[], object]] = {
    "11 words": lambda: bip85.mnemonic_entropy(ROOT, words=11, index=0),
    "no language": lambda: bip85.mnemonic_entropy(ROOT, words=12, index=0, language="russian"),
    "15 bytes": lambda: bip85.hex_entropy(ROOT, length=15, index=0),
    "65 bytes": lambda: bip85.hex_entropy(ROOT, length=65, index=0),
    "19 letters": lambda: bip85.password_base64(ROOT, length=19, index=0),
    "87 letters": lambda: bip85.password_base64(ROOT, length=87, index=0),
    "9 letters": lambda: bip85.password_base85(ROOT, length=9, index=0),
    "81 letters": lambda: bip85.password_base85(ROOT, length=81, index=0),
    "one side": lambda: bip85.dice(ROOT, sides=1, rolls=1, index=0),
    "2^31 sides": lambda: bip85.dice(ROOT, sides=2**31, rolls=1, index=0),
    "no rolls": lambda: bip85.dice(ROOT, sides=6, rolls=0, index=0),
    "1025 rolls": lambda: bip85.dice(ROOT, sides=6, rolls=1025, index=0),
    "index -1": lambda: bip85.wif(ROOT, index=-1),
    "index 2^31": lambda: bip85.xprv(ROOT, index=2**31),
    "no root": lambda: bip85.entropy(extended_key.decode_extended_private(load("bip32")["vectors"][0]["chains"][1]["xprv"])[1], 0),
    "seed of the generator": lambda: bip85.Drng(bytes(63)),
}


@pytest.mark.parametrize("call", REFUSED.values(), ids=REFUSED.keys())
def test_refused(call: Callable[[], object]) -> None:
    """What BIP85 has not is refused."""
    with pytest.raises(ValueError, match=r"."):
        call()


@pytest.mark.parametrize("number", [0, ORDER, 2**256 - 1])
def test_no_key(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Entropy that is no secret gives no key. No index with that is known, so the step is fed with one."""
    half = number.to_bytes(32, "big")
    monkeypatch.setattr(bip85, "entropy", lambda *_: bytearray(half + half))

    for make in (bip85.wif, bip85.xprv):
        with pytest.raises(ValueError, match="key"):
            make(ROOT, index=0)


def test_root_is_left_alone() -> None:
    """Deriving does not change the root's secret."""
    root = ExtendedPrivateKey(
        depth=0, parent_fingerprint=bytes(4), child_number=0, chain_code=ROOT.chain_code, secret=bytearray(ROOT.secret)
    )
    bip85.wif(root, index=0)

    assert root.secret == ROOT.secret
