"""Signatures for PSBTs, of every kind of script and sighash type: valid by libwally, by embit, and by Bitcoin Core's own consensus code."""

from __future__ import annotations

import pytest
import wallycore
from embit import ec
from embit.psbt import PSBT

from native_host.encodings.psbt import parse_psbt
from tests import kernel, psbts

SINGLE_SIGNER = ["p2pkh", "p2sh-p2wpkh", "p2wpkh", "p2tr"]
SEVERAL = ["p2sh", "p2sh-p2wsh", "p2wsh"]
OUTPUTS = [psbts.Pay(psbts.elsewhere(), 30_000), psbts.Pay(psbts.elsewhere(number=1), 20_000)]


def lock(kind: str, below: str = "0/0") -> psbts.Lock:
    return psbts.mine(kind, below) if kind in SINGLE_SIGNER else psbts.ours(kind, below)


@pytest.mark.parametrize("version", [0, 2])
@pytest.mark.parametrize("kind", [*SINGLE_SIGNER, *SEVERAL])
def test_a_finished_transaction_is_valid(kind: str, version: int) -> None:
    """By Bitcoin Core's rules, all of them; with another signer's part where it takes two."""
    made = psbts.make([psbts.Spend(lock(kind), 60_000), psbts.Spend(lock(kind, "0/1"), 60_000)], OUTPUTS, version=version)
    if kind in SEVERAL:
        made.sign_with(psbts.THIRD)
    kernel.check(made, psbts.sign(made, finalize=True))


def test_all_kinds_in_one_transaction_are_valid() -> None:
    """Each with its own sighash."""
    made = psbts.make([psbts.Spend(lock(kind), 60_000) for kind in [*SINGLE_SIGNER, *SEVERAL]], OUTPUTS)
    made.sign_with(psbts.STRANGER)
    kernel.check(made, psbts.sign(made, finalize=True))


@pytest.mark.parametrize("sighash", [1, 3, 0x81, 0x83])
@pytest.mark.parametrize("kind", SINGLE_SIGNER)
def test_every_sighash_type_that_is_signed_is_valid(kind: str, sighash: int) -> None:
    """By Bitcoin Core's rules, and written behind the signature."""
    spends = [psbts.Spend(lock(kind), 60_000, sighash=sighash), psbts.Spend(lock(kind, "0/1"), 60_000, sighash=sighash)]
    made = psbts.make(spends, OUTPUTS)
    kernel.check(made, psbts.sign(made, finalize=True))


@pytest.mark.parametrize("kind", [*SINGLE_SIGNER, *SEVERAL])
def test_libwally_makes_the_same_of_the_whole_psbt(kind: str) -> None:
    """Its own reading of the PSBT gives the digest that ours was computed from: ECDSA signatures are the same bytes."""
    made = psbts.make([psbts.Spend(lock(kind), 60_000)], OUTPUTS)
    theirs = wallycore.psbt_from_bytes(made.serialize(), 0)
    wallycore.psbt_sign_bip32(theirs, wallycore.bip32_key_from_seed(psbts.SEED, wallycore.BIP32_VER_MAIN_PRIVATE, 0), 0)
    expected = parse_psbt(bytes(wallycore.psbt_to_bytes(theirs, 0))).inputs[0]
    ours = parse_psbt(psbts.sign(made)).inputs[0]
    signatures = {key: value for key, value in expected.items() if key[:1] == b"\x02"}
    assert signatures == {key: value for key, value in ours.items() if key[:1] == b"\x02"} or kind == "p2tr"
    assert (b"\x13" in expected) == (b"\x13" in ours) == (kind == "p2tr")


@pytest.mark.parametrize("kind", [*SINGLE_SIGNER[:3], *SEVERAL])
def test_embit_signs_the_same_inputs(kind: str) -> None:
    """And its digest is the one that our signature is of (Taproot's is not the same twice)."""
    made = psbts.make([psbts.Spend(lock(kind), 60_000)], OUTPUTS)
    signed = PSBT.parse(psbts.sign(made))
    digest = made.sighash(0)
    assert 1 == made.sign_with(psbts.ROOT)
    assert set(made.inputs[0].partial_sigs) == set(signed.inputs[0].partial_sigs)
    for public, signature in signed.inputs[0].partial_sigs.items():
        assert public.verify(ec.Signature.parse(signature[:-1]), digest)


def test_an_invalid_signature_of_another_is_not_built_in() -> None:
    """The input then waits for a valid one, and is not spoilt."""
    made = psbts.make([psbts.Spend(psbts.ours(), 60_000)], OUTPUTS)
    other = psbts.make([psbts.Spend(psbts.ours(), 60_001)], OUTPUTS)
    other.sign_with(psbts.STRANGER)
    made.inputs[0].partial_sigs.update(other.inputs[0].partial_sigs)
    finished = PSBT.parse(psbts.sign(made, finalize=True)).inputs[0]
    assert finished.final_scriptwitness is None
    assert 2 == len(finished.partial_sigs)


def test_a_signature_too_many_does_no_harm() -> None:
    """Three have signed where two are needed."""
    made = psbts.make([psbts.Spend(psbts.ours(kind), 60_000) for kind in SEVERAL], OUTPUTS)
    made.sign_with(psbts.STRANGER)
    made.sign_with(psbts.THIRD)
    kernel.check(made, psbts.sign(made, finalize=True))


def test_what_was_signed_is_left_as_it_is() -> None:
    """No signature of ours is made twice."""
    made = psbts.make([psbts.Spend(psbts.mine(), 60_000), psbts.Spend(psbts.mine(below="0/1"), 60_000)], OUTPUTS)
    once = PSBT.parse(psbts.sign(made))
    assert () == psbts.spending_of(once).to_sign
    assert [0, 1] == [own.index for own in psbts.spending_of(once).inputs]
