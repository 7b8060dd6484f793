"""What a person reads of a Bitcoin transaction, and what they are warned of."""

from __future__ import annotations

from typing import Any

import pytest
from embit import script
from embit.psbt import PSBT
from msgspec.structs import replace

from native_host.review import bitcoin_warnings as warn
from native_host.review.bitcoin import describe
from tests import psbts

MINE, OTHER, CHANGE = psbts.mine(), psbts.elsewhere(), psbts.mine(below="1/0")
TESTNET = "m/84h/1h/0h"


def spend(amount: int = 60_000, **members: Any) -> psbts.Spend:
    return psbts.Spend(members.pop("lock", MINE), amount, **members)


def pay(amount: int = 59_000, lock: psbts.Lock | bytes = OTHER, **members: Any) -> psbts.Pay:
    return psbts.Pay(lock, amount, **members)


def joined(**members: Any) -> PSBT:
    """Of two people, each with one input and one output."""
    stranger = psbts.elsewhere(number=5)
    return psbts.make(
        [spend(), psbts.Spend(stranger, 70_000, **members)], [pay(58_000, CHANGE, known=True), pay(69_000), pay(1000, MINE)], version=2
    )


HIGH = warn.FEE_HIGH
WARNINGS: dict[str, tuple[PSBT, list[str]]] = {
    "nothing": (psbts.make([spend()], [pay()]), []),
    "SINGLE": (psbts.make([spend(sighash=3)], [pay()]), [warn.SINGLE]),
    "ANYONECANPAY": (psbts.make([spend(sighash=0x81)], [pay()]), [warn.ANYONE]),
    "both": (psbts.make([spend(sighash=0x83)], [pay()]), [warn.SINGLE, warn.ANYONE]),
    "a fee of a tenth": (psbts.make([spend(110_000)], [pay(100_000)]), []),
    "a fee of more than a tenth": (psbts.make([spend(110_001)], [pay(100_000)]), [HIGH.format(fee="0.00010001 BTC"), warn.NOTHING_BACK]),
    "a fee of more than a tenth of what is paid": (psbts.make([spend()], [pay(1000), pay(58_500, CHANGE, known=True)]), [HIGH.format(fee="0.00000500 BTC")]),
    "a fee rate beyond reason": (psbts.make([spend(2_200_000)], [pay(2_050_000)]), [warn.RATE_HIGH, warn.NOTHING_BACK]),
    "a fee beyond reason, and change": (
        psbts.make([spend(2_200_000)], [pay(2_000_000), pay(50_000, CHANGE, known=True)]), [warn.RATE_HIGH]),
    "others' amounts are claims": (joined(previous=False), [warn.FEE_CLAIMED]),
    "others' amounts are proven": (joined(), []),
    "a path that is none of its kind": (psbts.make([spend(lock=psbts.Lock("p2wpkh", [(psbts.ROOT, "m/44h/0h/0h/0/0")]))], [pay()]), [warn.ODD_PATH]),
    "a path of another coin": (
        psbts.make([spend(lock=psbts.mine(account="m/84h/2h/0h"))], [pay()]), [warn.ODD_PATH, warn.NETWORK_UNKNOWN]),
    "a path too far out": (psbts.make([spend(lock=psbts.mine(below="0/60000"))], [pay()]), [warn.ODD_PATH]),
    "one's own, far out": (psbts.make([spend()], [pay(lock=psbts.mine(below="1/2147483647"), known=True)]), [warn.FAR_OUT]),
    "burnt": (psbts.make([spend()], [pay(), pay(1, b"\x6a\x01\x01")]), [warn.BURNT]),
    "data": (psbts.make([spend()], [pay(), pay(0, b"\x6a\x01\x01")]), []),
    "for anybody": (psbts.make([spend()], [pay(), pay(240, b"\x51\x02\x4e\x73")]), [warn.ANYBODY]),
    "a witness version to come": (psbts.make([spend()], [pay(58_000), pay(1000, b"\x52\x20" + bytes(32))]), [warn.NO_RULES]),
    "no address": (psbts.make([spend()], [pay(58_000), pay(1000, b"\x51")]), [warn.NO_ADDRESS]),
}  # fmt: skip


@pytest.mark.parametrize(("made", "expected"), WARNINGS.values(), ids=WARNINGS.keys())
def test_the_warnings(made: PSBT, expected: list[str]) -> None:
    """These and no others, the gravest first."""
    assert expected == psbts.described(made)[2]


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (psbts.make([spend()], [pay()]), "nothing of what is spent"),
        (psbts.make([spend()], [pay(1000), pay(58_500, CHANGE, known=True)]), None),
        (psbts.make([spend()], [pay(59_000, CHANGE, known=True)]), None),
        (joined(), None),
    ],
    ids=["all of it", "change", "within the wallet", "of several"],
)
def test_that_nothing_comes_back_is_a_fact(made: PSBT, told: str | None) -> None:
    """And no warning: to send all that one has is honest."""
    _, facts, warnings = psbts.described(made)
    assert told == dict(facts).get("Comes back to you")
    assert warn.NOTHING_BACK not in warnings


def test_of_change_that_may_be_ones_own_it_is_not_said_that_nothing_comes_back() -> None:
    made = psbts.make([spend(110_001)], [pay(100_000)])
    spending = replace(psbts.spending_of(made), unproven=(0,))
    _, facts, warnings = describe(psbts.checked_of(made), spending)
    assert "Comes back to you" not in [fact.label for fact in facts]
    assert warn.NOTHING_BACK not in warnings


def test_deceit_is_warned_of_first() -> None:
    """An output that claims to come back."""
    made = psbts.make([spend()], [pay()])
    claim = psbts.make([spend()], [pay(lock=CHANGE, known=True)])
    made.outputs[0].bip32_derivations = claim.outputs[0].bip32_derivations
    title, facts, warnings = psbts.described(made)
    assert "Pay 0.00059000 BTC to an address" == title
    assert [warn.DECEIVING] == warnings
    assert "Change, back to you" not in dict(facts)


def test_the_fee_is_unknown_where_an_input_says_nothing() -> None:
    """It is never guessed."""
    made = joined()
    made.inputs[1].non_witness_utxo = made.inputs[1].witness_utxo = None
    _, facts, warnings = psbts.described(made)
    assert "not known: the PSBT does not say what every input spends" == dict(facts)["Fee"]
    assert "1 input, together an unknown amount" == dict(facts)["Spent of others"]
    assert [warn.FEE_UNKNOWN] == warnings


def test_a_transaction_of_several_says_what_one_gives_and_gets() -> None:
    """Whatever the others do."""
    title, facts, _ = psbts.described(joined())
    assert "Sign your part of a transaction of several: you give 0.00060000 BTC and get 0.00059000 BTC" == title
    assert "0.00001000 BTC (1000 sat)" == dict(facts)["You lose"]
    assert "1 input, together 0.00070000 BTC (70000 sat)" == dict(facts)["Spent of others"]


def test_a_taproot_signature_proves_the_amounts() -> None:
    """It covers those of all inputs, and would be void if one were a lie."""
    made = psbts.make([spend(lock=psbts.mine("p2tr"), previous=False), psbts.Spend(OTHER, 70_000, previous=False)], [pay(128_000)])
    assert "Fee" in dict(psbts.described(made)[1])
    assert [] == psbts.described(made)[2]
    made.inputs[0].sighash_type = 0x81
    assert "Fee, as the PSBT claims" in dict(psbts.described(made)[1])


def test_a_test_network_has_its_own_addresses_and_coins() -> None:
    """Nobody takes the one for the other."""
    made = psbts.make(
        [spend(lock=psbts.mine(account=TESTNET))],
        [pay(30_000), pay(1000, psbts.elsewhere("p2pkh")), pay(28_000, psbts.elsewhere("p2sh-p2wpkh"))],
    )
    title, facts, _ = psbts.described(made)
    assert "Pay 0.00059000 tBTC to 3 places" == title
    shown = dict(facts)
    assert ("tb1q", "2") == (shown["Pay to (output 1)"][:4], shown["Pay to (output 3)"][0])
    assert shown["Pay to (output 2)"][0] in "mn"
    assert "a test network of Bitcoin, whose coins are worth nothing" == shown["Network"]


@pytest.mark.parametrize("kind", ["p2pkh", "p2sh-p2wpkh", "p2wpkh", "p2tr"])
def test_addresses_stand_there_whole(kind: str) -> None:
    """As embit writes them."""
    lock = psbts.elsewhere(kind)
    assert lock.public.address() == dict(psbts.described(psbts.make([spend()], [pay(lock=lock)]))[1])["Pay to"]


DATA = {
    "text": (b"\x6a\x05hello", "hello"),
    "several pushes": (b"\x6a\x02he\x03llo", "hello"),
    "bytes": (b"\x6a\x02\xff\x00", "ff00"),
    "nothing": (b"\x6a", "(nothing)"),
    "a longer push": (b"\x6a\x4c\x50" + b"a" * 80, "a" * 80),
    "what hides": (b"\x6a\x04a\xe2\x80\xae", "a⟨U+202E⟩"),
    "cut off": (b"\x6a\x05he", "056865"),
    "more than pushes": (b"\x6a\x01a\xac", "0161ac"),
}


@pytest.mark.parametrize(("data", "shown"), DATA.values(), ids=DATA.keys())
def test_data_is_shown(data: bytes, shown: str) -> None:
    """As text where it is text."""
    facts = dict(psbts.described(psbts.make([spend()], [pay(), pay(0, data)]))[1])
    assert shown == facts["Written into the chain for everybody to read (output 2)"]


TIMES: dict[str, tuple[int, int, dict[str, str]]] = {
    "final": (0xFFFFFFFF, 0, {}),
    "replaceable": (0xFFFFFFFD, 0, {"Until it is mined": "it can be replaced by one with a higher fee (BIP125)"}),
    "not replaceable": (0xFFFFFFFE, 0, {}),
    "a height": (0xFFFFFFFE, 800_000, {"Not to be mined before": "block 800,001"}),
    "a time": (0xFFFFFFFE, 1_800_000_000, {"Not to be mined before": "2027-01-15T08:00:00Z"}),
    "a lock time out of force": (0xFFFFFFFF, 800_000, {}),
}


@pytest.mark.parametrize(("sequence", "lock_time", "expected"), TIMES.values(), ids=TIMES.keys())
def test_when_it_can_be_mined_and_replaced(sequence: int, lock_time: int, expected: dict[str, str]) -> None:
    """In words, where it differs from at once."""
    facts = dict(psbts.described(psbts.make([spend(sequence=sequence)], [pay()], lock_time=lock_time))[1])
    labels = {"Until it is mined", "Not to be mined before"}
    assert expected == {label: value for label, value in facts.items() if label in labels}


def test_money_that_stays_is_said_to_stay() -> None:
    """To one's own addresses only, one of which is no change."""
    made = psbts.make([spend()], [pay(29_000, CHANGE, known=True), pay(30_000, psbts.mine(below="0/4"), known=True)])
    title, facts, _ = psbts.described(made)
    assert "Move 0.00059000 BTC within your own wallet" == title
    assert "m/84'/0'/0'/0/4" == dict(facts)["Its path (output 2)"]


SIZES = ["p2pkh", "p2sh-p2wpkh", "p2wpkh", "p2tr", "p2wsh", "p2sh", "p2sh-p2wsh"]


@pytest.mark.parametrize("kind", SIZES)
def test_the_size_is_near_the_real_one(kind: str) -> None:
    """A signature has a byte more or less; the rate may be a hundredth off."""
    from embit import finalizer

    lock = psbts.mine(kind) if kind in psbts.PATHS else psbts.ours(kind)
    made = psbts.make([spend(lock=lock), spend(lock=lock)], [pay(100_000)])
    made.sign_with(psbts.STRANGER)
    rate = float(dict(psbts.described(made)[1])["Fee"].split("about ")[1].split(" ")[0])
    final: Any = finalizer.finalize_psbt(PSBT.parse(psbts.sign(made, finalize=True)))
    stripped = psbts.stripped_size(final)
    size = (3 * stripped + len(final.serialize()) + 3) // 4
    assert rate == pytest.approx(20_000 / size, rel=0.015)


def test_the_script_of_a_payment_without_address_is_shown() -> None:
    """All of it."""
    odd = script.Script(b"\x51")
    assert "51" == dict(psbts.described(psbts.make([spend()], [pay(lock=odd.data)]))[1])["Pay to a script that has no address"]
