"""A review on the terminal: its order, an address that is compared, raw data that is asked for, an amount that is typed."""

from __future__ import annotations

import pytest

from native_host.approval import texts, timing
from native_host.approval.answering import Refusals, often
from native_host.approval.codes import pairing_code
from native_host.approval.terminal.dialogue import hold
from native_host.keystore import refusals
from native_host.protocol.approver import Answer, CompareCode
from tests.unit.test_dialogue import Lines
from tests.window.money import ASKS, FRIEND, OWN, USDC

DENIED = Answer(id=1, verdict="deny")
ALLOWED = Answer(id=1, verdict="allow")


def ask(name: str, *typed: str) -> tuple[Answer, list[str]]:
    """What is answered, and what was said."""
    lines = Lines(*typed)
    answer = hold(ASKS[name], lines)
    assert lines.typed == []
    return answer, lines.said


def places(said: list[str], *beginnings: str) -> list[int]:
    return [next(place for place, line in enumerate(said) if line.startswith(beginning)) for beginning in beginnings]


def test_the_order() -> None:
    """What happens, warnings, who asks, the amount and whom it is for, the rest, the key, how to answer."""
    said = ask("permit", "no")[1]
    order = ("Strongroom asks: Let another", "Warning 1 of 1", "Extension:", "Web page:", "Evidence:", "How much (value): 12345678.9 USDC")
    after = ("Who may take it (spender): 0xfB69 1609", "Kind of data:", "Key: Savings", "Address: 0x5290 8400", "To approve only this time")
    found = places(said, *order, *after)
    assert sorted(found) == found


@pytest.mark.parametrize("name", ASKS)
def test_every_fact_is_said(name: str) -> None:
    """Raw data when it is asked for, and named before."""
    said = "\n".join(ask(name, "data", "no")[1])
    plain = said.replace(" ", "").replace("\n>", "\n")
    assert [] == [fact.label for fact in ASKS[name].facts if fact.value.replace(" ", "") not in plain]
    assert [] == [text for text in ASKS[name].warnings if text not in said]


def test_raw_data_is_said_when_it_is_asked_for() -> None:
    data = next(fact.value for fact in ASKS["blind"].facts if fact.label == "Data")
    answer, said = ask("blind", "no")
    assert (DENIED, True) == (answer, any(line.startswith("Left out above: Data: 4104 characters.") for line in said))
    assert data not in "".join(said)
    answer, said = ask("blind", "data", "approve")
    assert (ALLOWED, True) == (answer, data in "".join(said))


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (FRIEND, ["THE SAME. Every character is that of: Recipient"]),
        (FRIEND.lower(), ["THE SAME address: Recipient. Only capital and small letters differ, first in group 1, which changes nothing here."]),
        (USDC, ["THE SAME. Every character is that of: Contract", "Beware: that is not “Recipient”"]),
        (OWN, ["THE SAME. Every character is that of: Address", "Beware"]),
        (
            FRIEND.replace("9f33", "9f34").replace("eAed", "eAee"),
            ["NOT THE SAME. Group 6 is the first", "Group 6: you have 9f34, the request has 9f33.", "Group 10: you have eAee, the request has eAed."],
        ),
        (FRIEND[:-1], ["The same so far"]),
    ],
)  # fmt: skip
def test_an_address_is_compared(typed: str, expected: list[str]) -> None:
    """As often as the person wants, before the answer, which is theirs alone."""
    answer, said = ask("pay-token", "compare", typed, typed, "", "no")
    assert DENIED == answer
    start = said.index(texts.T_COMPARE_FIELD) + 1
    for line, beginning in zip(said[start:], expected, strict=False):
        assert line.startswith(beginning)
    assert 3 == said.count(texts.T_COMPARE_FIELD)


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        (["approve", "12500.5"], Answer(id=1, verdict="allow", typed="12500.5")),
        (["approve", " 12500.5 "], Answer(id=1, verdict="allow", typed="12500.5")),
        (["approve", "12500", "12 500.5", "12500.5"], Answer(id=1, verdict="allow", typed="12500.5")),
        (["approve", "approve", "yes", ""], DENIED),
        (["12500.5"], DENIED),
        (["no"], DENIED),
    ],
)
def test_an_amount_is_typed(typed: list[str], answer: Answer) -> None:
    """After the word, exactly; an empty line is a no, and so is the amount without the word."""
    assert answer == ask("pay-typed", *typed)[0]


@pytest.mark.parametrize("word", ["compare", "data"])
def test_words_that_do_nothing_here(word: str) -> None:
    """Without raw data, or with no address to compare, the answer is asked for again: neither is one."""
    assert DENIED == ask("permit", *([word, ""] if word == "compare" else [word]), "no")[0]


def test_choices_are_said_whole() -> None:
    answer, said = ask("pay-granted", "approve 2")
    assert Answer(id=1, verdict="allow", grant="100") == answer
    assert all(any(grant.text in line for line in said) for grant in ASKS["pay-granted"].grants)


@pytest.mark.parametrize("word", ["", "yes", "approve", "same same", "differ"])
def test_a_pairing_is_refused_by_anything_else(word: str) -> None:
    assert DENIED == hold(CompareCode(id=1, title="Pair?", code="48219937"), Lines(word))


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("48219937", "4821 9937"),
        ("4821-9937", "4821 9937"),
        ("4821993", None),
        ("482199370", None),
        ("4821993a", None),
        ("", None),
        ("\u0664\u0668\u0662\u0661\u0669\u0669\u0663\u0667", None),
    ],
)
def test_what_a_pairing_code_is(code: str, shown: str | None) -> None:
    """Eight digits of ASCII."""
    assert shown == pairing_code(code)


def test_how_often_an_extension_was_refused() -> None:
    """Each soon after the one before; a yes, or a while without one, ends it."""
    seen, pay = Refusals(), ASKS["pay"]
    for number in range(4):
        assert number == seen.count(pay, 100.0 * number)
        seen.note(pay, 100.0 * number, allowed=False)
    assert 4 == seen.count(pay, 300.0 + timing.REFUSALS_WITHIN_SECONDS)
    assert 0 == seen.count(pay, 301.0 + timing.REFUSALS_WITHIN_SECONDS)
    seen.note(pay, 310.0, allowed=True)
    assert 0 == seen.count(pay, 311.0)
    assert 0 == seen.count(CompareCode(id=1, title="t", code="1"), 311.0)


def test_what_is_said_of_it_is_what_the_host_does() -> None:
    assert (timing.REFUSALS_TOLERATED, timing.REFUSALS_WITHIN_SECONDS) == (refusals.TOLERATED, refusals.WINDOW_MS / 1000)
    assert ["", "", ""] == [often(count) for count in range(3)]
    assert "After 10 Strongroom refuses it by itself" in often(3)
    assert "If you refuse once more" in often(refusals.TOLERATED - 1)
