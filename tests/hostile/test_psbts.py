"""PSBTs that lie: refused before anybody is asked, by a host that goes on. The cases are named by their attack."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from embit import script
from embit.psbt import PSBT
from embit.transaction import Transaction, TransactionInput, TransactionOutput
from hypothesis import given, settings
from hypothesis import strategies as st

from native_host.encodings.psbt import MAX_INPUTS, MAX_OUTPUTS, Refused, decode_base64, encode_psbt, parse_psbt
from native_host.encodings.psbt_checks import check_psbt
from native_host.review.bitcoin import describe
from native_host.suites.psbt_keys import find_own
from native_host.testing.port import Port
from tests import psbts
from tests.homes import Home
from tests.host.calls import invalid, refused, restore, unsupported

DENIED = (4100, {"reason": "policy_denied"})


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Home, Port, str]]:
    home = Home(tmp_path_factory.mktemp("home"))
    home.attach()
    home.set_up()
    port = home.open()
    yield home, port, restore(home, port, psbts.WORDS)
    home.quit()


def payment(**members: Any) -> PSBT:
    spends = [psbts.Spend(psbts.mine(below=f"0/{number}"), 60_000, **members) for number in range(2)]
    return psbts.make(spends, [psbts.Pay(psbts.elsewhere(), 100_000), psbts.Pay(psbts.mine(below="1/0"), 19_000, known=True)])


def lying_previous_transaction() -> PSBT:
    """It says that less is spent, so that the rest goes to the miner."""
    made = payment()
    made.inputs[0].non_witness_utxo.vout[1].value = 50_000
    made.inputs[0].witness_utxo.value = 50_000
    return made


def spent_output_that_differs() -> PSBT:
    made = payment()
    made.inputs[0].witness_utxo.value = 50_000
    return made


def amounts_without_previous_transactions() -> PSBT:
    """CVE-2020-14199: two lies, one signature each."""
    return payment(previous=False)


def legacy_without_previous_transaction() -> PSBT:
    made = psbts.make([psbts.Spend(psbts.mine("p2pkh"), 60_000)], [psbts.Pay(psbts.elsewhere(), 50_000)])
    made.inputs[0].witness_utxo, made.inputs[0].non_witness_utxo = made.inputs[0].utxo, None
    return made


def output_that_is_not_there() -> PSBT:
    made = payment()
    made.inputs[0].non_witness_utxo.vout.pop()
    return made


def sighash(number: int, kind: str = "p2wpkh") -> Callable[[], PSBT]:
    return lambda: psbts.make([psbts.Spend(psbts.mine(kind), 60_000, sighash=number)], [psbts.Pay(psbts.elsewhere(), 50_000)])


def single_without_its_output() -> PSBT:
    """The digest would be the number 1, and the signature good for anything."""
    made = payment(sighash=3)
    made.outputs.pop()
    return made


def same_output_twice() -> PSBT:
    made = payment()
    made.inputs[1] = made.inputs[0]
    return made


def more_out_than_in() -> PSBT:
    made = payment()
    made.outputs[1].value = 20_001
    return made


def all_the_money_there_is() -> PSBT:
    made = payment()
    made.outputs[1].value = 21_000_000 * 100_000_000
    return made


def amount_that_wraps() -> PSBT:
    made = payment()
    made.outputs[1].value = (1 << 64) - 1
    return made


def another_redeem_script() -> PSBT:
    made = psbts.make([psbts.Spend(psbts.mine("p2sh-p2wpkh"), 60_000)], [psbts.Pay(psbts.elsewhere(), 50_000)])
    made.inputs[0].redeem_script = script.p2wpkh(psbts.STRANGER.get_public_key())
    return made


def another_witness_script() -> PSBT:
    made = psbts.make([psbts.Spend(psbts.ours(), 60_000)], [psbts.Pay(psbts.elsewhere(), 50_000)])
    made.inputs[0].witness_script = psbts.ours(below="0/1").witness
    return made


def another_witness_script_of_an_output() -> PSBT:
    made = psbts.make([psbts.Spend(psbts.ours(), 60_000)], [psbts.Pay(psbts.elsewhere(), 50_000)])
    made.outputs[0].witness_script = psbts.ours(below="0/1").witness
    return made


def taproot_beside_the_unknown() -> PSBT:
    made = psbts.make(
        [psbts.Spend(psbts.mine("p2tr"), 60_000), psbts.Spend(psbts.elsewhere(), 1000)], [psbts.Pay(psbts.elsewhere(), 50_000)]
    )
    made.inputs[1].witness_utxo = made.inputs[1].non_witness_utxo = None
    return made


def taproot_beside_an_empty_script() -> PSBT:
    empty = psbts.elsewhere("p2pkh")
    empty.public = script.Script(b"")
    return psbts.make(
        [psbts.Spend(psbts.mine("p2tr"), 60_000), psbts.Spend(empty, 1000, known=False)], [psbts.Pay(psbts.elsewhere(), 50_000)]
    )


def nothing_of_mine() -> PSBT:
    return psbts.make([psbts.Spend(psbts.elsewhere(), 60_000)], [psbts.Pay(psbts.mine(), 50_000, known=True)])


def field(part: str, number: int, value: bytes) -> Callable[[], PSBT]:
    def make() -> PSBT:
        made = payment()
        scope = made if part == "head" else getattr(made, part)[0]
        scope.unknown = {bytes([number]): value}
        return made

    return make


REFUSED: dict[str, tuple[Callable[[], PSBT], Any]] = {
    "a lying previous transaction": (lying_previous_transaction, invalid("psbt")),
    "a spent output that differs from it": (spent_output_that_differs, invalid("psbt")),
    "amounts without previous transactions": (amounts_without_previous_transactions, invalid("psbt")),
    "legacy without its previous transaction": (legacy_without_previous_transaction, invalid("psbt")),
    "an output that is not there": (output_that_is_not_there, invalid("psbt")),
    "NONE": (sighash(2), DENIED),
    "NONE, ANYONECANPAY": (sighash(0x82), DENIED),
    "NONE of Taproot": (sighash(2, "p2tr"), DENIED),
    "no sighash type": (sighash(0), DENIED),
    "a sighash type that there is not": (sighash(0x41), DENIED),
    "a sighash type in four bytes": (sighash(0x101), DENIED),
    "SINGLE without its output": (single_without_its_output, DENIED),
    "the same output twice": (same_output_twice, invalid("psbt")),
    "more out than in": (more_out_than_in, invalid("psbt")),
    "all the money there is": (all_the_money_there_is, invalid("psbt")),
    "an amount that wraps": (amount_that_wraps, invalid("psbt")),
    "another redeem script": (another_redeem_script, invalid("psbt")),
    "another witness script": (another_witness_script, invalid("psbt")),
    "another witness script of an output": (another_witness_script_of_an_output, invalid("psbt")),
    "Taproot beside what is not known": (taproot_beside_the_unknown, invalid("psbt")),
    "Taproot beside an empty script": (taproot_beside_an_empty_script, invalid("psbt")),
    "nothing of mine": (nothing_of_mine, invalid("psbt")),
    "a silent payment": (field("outputs", 0x09, bytes(66)), unsupported("silent payments")),
    "a proof of reserves": (field("inputs", 0x09, b"mine"), unsupported("proofs of reserves")),
    "a field of version 2": (field("head", 0x06, b"\x03"), invalid("psbt")),
    "no version of PSBTs": (field("head", 0xFB, b"\x01\x00\x00\x00"), invalid("psbt")),
}


@pytest.mark.parametrize(("make", "expected"), REFUSED.values(), ids=REFUSED.keys())
def test_a_psbt_that_lies_is_refused(opened: tuple[Home, Port, str], make: Callable[[], PSBT], expected: Any) -> None:
    """Nobody is asked about it, and nothing is signed."""
    home, port, seed = opened
    assert expected == refused(port, "signPsbt", keyId=seed, psbt=psbts.text_of(make()))
    assert not any(ask.get("method") == "signPsbt" for ask in home.approver.asked)


TEXTS: dict[str, Callable[[bytes], str]] = {
    "no base64": lambda _: "§",
    "no padding": lambda data: base64.b64encode(data + bytes(1 + -len(data) % 3)).decode().rstrip("="),
    "of another alphabet": lambda _: base64.urlsafe_b64encode(b"psbt\xff\xfb\xff\xbf").decode(),
    "a line break in it": lambda data: base64.encodebytes(data).decode(),
    "no PSBT": lambda data: base64.b64encode(b"pset\xff" + data[5:]).decode(),
    "something behind it": lambda data: base64.b64encode(data + b"\x00").decode(),
    "a half": lambda data: base64.b64encode(data[: len(data) // 2]).decode(),
}


@pytest.mark.parametrize("make", TEXTS.values(), ids=TEXTS.keys())
def test_what_is_no_psbt_is_refused(opened: tuple[Home, Port, str], make: Callable[[bytes], str]) -> None:
    """By its form alone."""
    _, port, seed = opened
    assert invalid("psbt") == refused(port, "signPsbt", keyId=seed, psbt=make(payment().serialize()))


@pytest.mark.parametrize(("inputs", "outputs"), [(MAX_INPUTS + 1, 1), (1, MAX_OUTPUTS + 1), (0, 1), (1, 0)])
def test_more_than_anybody_reads_is_refused(inputs: int, outputs: int) -> None:
    """And a transaction of nothing."""
    unsigned = Transaction(
        2,
        [TransactionInput(number.to_bytes(32, "big"), 0) for number in range(inputs)],
        [TransactionOutput(1, psbts.elsewhere().public)] * outputs,
        0,
    )
    with pytest.raises(Refused):
        parse_psbt(PSBT(unsigned).serialize())


ORIGINALS = [
    psbts.make(
        [psbts.Spend(psbts.mine(kind), 60_000) for kind in psbts.PATHS] + [psbts.Spend(psbts.ours(), 60_000)],
        [psbts.Pay(psbts.elsewhere(), 200_000), psbts.Pay(psbts.mine(below="1/0"), 50_000, known=True)],
        version=version,
        xpubs=[psbts.ROOT],
    ).serialize()
    for version in (0, 2)
]


def meaning(data: bytes) -> object:
    """What a person would be shown of it; raises ``Refused``."""
    checked = check_psbt(parse_psbt(data))
    return describe(checked, find_own(checked, psbts.seed_keys()))


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(ORIGINALS), st.data())
def test_a_flipped_bit_is_refused_or_read(original: bytes, data: st.DataObject) -> None:
    """Nothing else happens; and what is read is written again to the same bytes."""
    flipped = bytearray(original)
    for place in data.draw(st.lists(st.integers(0, 8 * len(original) - 1), min_size=1, max_size=3)):
        flipped[place // 8] ^= 1 << place % 8
    try:
        meaning(bytes(flipped))
    except Refused:
        return
    assert bytes(flipped) == encode_psbt(parse_psbt(bytes(flipped)))


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(ORIGINALS), st.data())
def test_what_is_cut_off_is_refused(original: bytes, data: st.DataObject) -> None:
    """Wherever it is cut."""
    with pytest.raises(Refused):
        parse_psbt(original[: data.draw(st.integers(0, len(original) - 1))])


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
def test_bytes_are_refused_or_read(rest: bytes) -> None:
    """Whatever stands behind the magic."""
    try:
        meaning(b"psbt\xff" + rest)
    except Refused:
        return


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_base64_or_refused(text: str) -> None:
    """Also text that is no ASCII."""
    try:
        decode_base64(text)
    except Refused:
        return
