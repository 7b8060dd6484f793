"""What of a review stands at the top, what comes after, and what is shown when it is asked for: by the host's own reviews."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from native_host.approval.arrangement import Arranged, addresses, arrange, halves, with_gaps, without_gaps
from native_host.protocol.approver import CallerFacts, Fact, FactKind, ReviewAsk
from native_host.review import evm_contracts, solana_programs, typed_data_kinds
from tests import psbts
from tests.window.money import ASKS, FRIEND, OWN, SPENDER, UNKNOWN, USDC, bitcoin, call, ethereum, permit


def everything(made: Arranged) -> list[Fact]:
    top = [fact for fact in (made.amount, made.party) if fact is not None]
    return [*top, *(fact for fact, _ in made.money), *made.page, *(fact for fact, _ in made.facts), *made.key, *made.raw]


@pytest.mark.parametrize("name", ASKS)
def test_every_fact_has_one_place(name: str) -> None:
    """Nothing is left out, and nothing stands there twice."""
    key = [str((fact.label, fact.value, fact.kind)) for fact in everything(arrange(ASKS[name]))]
    assert sorted(key) == sorted(str((fact.label, fact.value, fact.kind)) for fact in ASKS[name].facts)


@pytest.mark.parametrize(
    ("name", "amount", "party"),
    [
        ("pay", "0.5 ETH", FRIEND),
        ("pay-token", "12500.5 USDC", FRIEND),
        ("approve", "any amount of USDC", SPENDER),
        ("blind", "0.1 ETH", UNKNOWN),
        ("permit", "12345678.9 USDC", SPENDER),
        ("bitcoin", "0.00800000 BTC", "bc1qk0a9hr7wjfxeenz9nwenw9flhq0tmsf6vsgnn2"),
        ("solana", "1.25 SOL", "4fYNw3dojWmQ4dXtSGE9epjRGy9pFSx62YypT7avPYvA"),
    ],
)
def test_the_top(name: str, amount: str, party: str) -> None:
    """The one amount, and who gets it or may take it: not this key's own address, not what comes back to it, not the fee."""
    made = arrange(ASKS[name])
    assert made.amount is not None
    assert made.party is not None
    assert (amount, party) == (halves(made.amount.value)[0], made.party.value)
    assert () == made.money


def test_of_several_amounts_none_is_put_first() -> None:
    """A small payment before a large one must not pass for what happens."""
    made = arrange(ASKS["bitcoin-several"])
    assert (None, None) == (made.amount, made.party)
    assert ["party", "amount"] * 3 == [role for _, role in made.money]
    assert ["0.00010000 BTC", "0.03800000 BTC", "0.00090000 BTC"] == [
        halves(fact.value)[0] for fact, role in made.money if role == "amount"
    ]


SAFE_TX = "execTransaction(address,uint256,bytes,uint8,uint256,uint256,uint256,address,address,bytes)"  # to, value, data, operation


@pytest.mark.parametrize(
    ("ask", "party"),
    [
        (ethereum(to=FRIEND, value="0x0"), FRIEND),
        (ethereum(to=USDC, input=call("approve(address,uint256)", SPENDER, 0)), SPENDER),
    ],
    ids=["coins", "an allowance"],
)
def test_nothing_is_no_amount(ask: ReviewAsk, party: str) -> None:
    """Who is named stands at the top alone."""
    made = arrange(ask)
    assert (None, ()) == (made.amount, made.money)
    assert made.party is not None
    assert made.party.value == party
    assert ["plain"] == [role for fact, role in made.facts if fact.value.startswith("0 ")]


def test_nothing_stands_large_under_a_delegate_call() -> None:
    """It would say that nothing happens, over a call that can take everything."""
    made = arrange(ethereum(to=OWN, input=call(SAFE_TX, UNKNOWN, 0, b"\x01\x02\x03\x04", 1, 0, 0, 0, FRIEND, FRIEND, b"")))
    drawn = {fact.label: role for fact, role in made.money}
    assert "plain" == drawn["The Safe sends"]
    assert "amount" not in drawn.values()
    assert made.amount is None


def test_nothing_among_several_keeps_its_place() -> None:
    """Beside whoever gets nothing, so that the next amount is not taken for theirs."""
    nothing = psbts.Pay(psbts.elsewhere(), 0)
    made = arrange(bitcoin(nothing, psbts.Pay(psbts.elsewhere(), 4_000_000)))
    assert [("party", True), ("plain", False), ("party", True), ("amount", False)] == [
        (role, fact.kind == "address") for fact, role in made.money
    ]


@pytest.mark.parametrize(
    "value",
    [
        "0.00000001 BTC (1 sat)",
        "00 ETH",
        "0.5 ETH",
        "0x0",
        f"0 units of token {UNKNOWN} (decimals unknown), or the single token of that number",
    ],
)
def test_what_is_not_nothing(value: str) -> None:
    """A number of a token that is not listed can be which one of it is meant."""
    fact = Fact(label="Amount of tokens", value=value, kind="text")
    ask = ReviewAsk(
        id=1, method="signTransaction", title="t", caller=CallerFacts(origin="o", evidence=[]), facts=[fact], warnings=[], grants=[]
    )
    assert fact == arrange(ask).amount


@pytest.mark.parametrize(
    ("name", "labels"),
    [("blind", ["Data"]), ("create", ["Code"]), ("solana-blind", ["Accounts that it is given", "Data"]), ("pay-token", []), ("permit", [])],
)
def test_raw_data(name: str, labels: list[str]) -> None:
    """Long bytes and long lists of a transaction, and nothing of typed data."""
    assert labels == [fact.label for fact in arrange(ASKS[name]).raw]


def test_the_page_belongs_to_who_asks() -> None:
    assert ["https://app.example"] == [fact.value for fact in arrange(ASKS["pay"]).page]


def test_how_a_pages_name_looks_belongs_to_it() -> None:
    """It stands beside the page, and not among what is signed."""
    page = ASKS["pay"].facts[-1]
    looks = Fact(label="Its name looks like", value="\u0430pp.example", kind="text")
    ask = msgspec.structs.replace(ASKS["pay"], facts=[*ASKS["pay"].facts, looks])
    assert (page, looks) == arrange(ask).page
    assert looks not in [fact for fact, _ in arrange(ask).facts]


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("Amount (output 12)", "Amount"),
        ("2. 11. Amount", "Amount"),
        ("2. Fee: USDC", "Fee"),
        ("How much (permit.details[0].amount)", "How much"),
        ("Authorization 3, contract", "contract"),
        ("Who gets it (zero: you) (taker)", "Who gets it (zero: you)"),
        ("Recipient (this key)", "Recipient"),
    ],
)
def test_what_stands_around_a_label(label: str, name: str) -> None:
    """A step, an output, a path, a symbol: the role is that of the name alone."""

    def role(of: str) -> str:
        kind: FactKind = "text" if of.startswith(("Amount", "How", "Fee", "2")) else "address"
        fact = Fact(label=of, value="5 ETH", kind=kind)
        ask = ReviewAsk(
            id=1, method="signTransaction", title="t", caller=CallerFacts(origin="o", evidence=[]), facts=[fact], warnings=[], grants=[]
        )
        made = arrange(ask)
        return "amount" if made.amount else "party" if made.party else made.facts[0][1]

    assert role(name) == role(label) != "plain"


def test_about_the_key() -> None:
    assert ["Address", "Derivation path"] == [fact.label for fact in arrange(ASKS["pay"]).key]


@pytest.mark.parametrize("name", ["0.01 USDC (10000 of its smallest units)", "1 ETH"])
def test_an_askers_text_is_no_amount(name: str) -> None:
    """An application that calls itself an amount does not get to the top."""
    made = arrange(permit(name=name))
    assert made.amount is not None
    assert "12345678.9 USDC" == halves(made.amount.value)[0]
    assert ("plain", name) in [(role, fact.value) for fact, role in made.facts]


@pytest.mark.parametrize("method", ["signTypedData", "signMessage", "sign"])
@pytest.mark.parametrize("label", ["Recipient", "Amount", "Sends", "Contract"])
def test_an_askers_label_is_none(method: str, label: str) -> None:
    """Fields of typed data that are named like what a review says of a transaction."""
    facts = [Fact(label=label, value=FRIEND, kind="address"), Fact(label=label, value="1 ETH", kind="message")]
    ask = ReviewAsk(id=1, method=method, title="t", caller=CallerFacts(origin="o", evidence=[]), facts=facts, warnings=[], grants=[])
    assert ["plain", "plain"] == [role for _, role in arrange(ask).facts]


def labels_of_amounts() -> Iterator[tuple[str, str]]:
    """Every label under which a review says an amount, by the reviews' own tables."""
    for known in evm_contracts._ROWS:
        yield from (("signTransaction", label) for label, kind in known.labels.values() if kind in {"token", "token or id", "coins"})
    for kind in typed_data_kinds.KINDS:
        yield from (("signTypedData", f"{label} (a.b[0])") for label, drawn in kind.fields.values() if drawn in {"token", "coins"})
    yield from (("signTransaction", f"2. {solana_programs.LABELS[name]}") for name in ("amount", "lamports", "fee"))


@pytest.mark.parametrize(("method", "label"), sorted(set(labels_of_amounts())))
def test_every_label_of_an_amount_is_known(method: str, label: str) -> None:
    fact = Fact(label=label, value="5 ETH", kind="text")
    ask = ReviewAsk(id=1, method=method, title="t", caller=CallerFacts(origin="o", evidence=[]), facts=[fact], warnings=[], grants=[])
    made = arrange(ask)
    assert made.amount == fact or ("fee" in [role for _, role in made.facts])


def test_addresses_to_compare() -> None:
    """All of them, first the one that it is for."""
    assert [FRIEND] == [fact.value for fact in addresses(ASKS["pay-token"])][:1]
    assert len(ASKS["pay-token"].facts) > len(addresses(ASKS["pay-token"])) == 3
    assert 3 == len(addresses(ASKS["bitcoin-several"]))


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        ("1250 USDC", "1_250~USDC"),
        ("12500.5 USDC (12500500000 of its smallest units)", "12_500.5~USDC (12_500_500_000~of its smallest units)"),
        ("0.000042 ETH (42000000000000 wei)", "0.000042~ETH (42_000_000_000_000~wei)"),
        ("0.10000000 BTC (10,000,000 sat)", "0.10000000~BTC (10,000,000~sat)"),
        (f"7 units of token {UNKNOWN} (decimals unknown)", f"7~units of token {UNKNOWN} (decimals unknown)"),
        ("block 850000", "block 850_000"),
        ("any amount", "any amount"),
        ("0000 ETH", "0000~ETH"),
    ],
)
def test_gaps(text: str, drawn: str) -> None:
    """Between thousands of a whole number, never after the point nor within an address; a number stays with its unit."""
    assert drawn == with_gaps(text).replace("\u202f", "_").replace("\u00a0", "~")


@given(st.from_regex(r"[0-9]{1,80}(\.[0-9]{1,18})? [A-Za-z]{1,9}( \([0-9]{1,80} wei\))?", fullmatch=True))
def test_gaps_change_nothing(text: str) -> None:
    """Taken out they leave what the review wrote."""
    assert text == without_gaps(with_gaps(text))
    assert "".join(halves(text)) == text
