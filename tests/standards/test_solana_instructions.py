"""Instructions of Solana's programs are read as the clients of the programs' own makers write them, and what they cost at most."""

from __future__ import annotations

from typing import Any

import pytest

from native_host.encodings.base58 import decode_base58, encode_base58
from native_host.encodings.base64url import decode_base64url
from native_host.encodings.solana_transaction import Message, decode_transaction
from native_host.review.solana_fees import fees_of
from native_host.review.solana_instructions import Field, facts_of, read_instruction
from tests.vector_files import load

VECTORS = load("solana_instructions")
ROWS: list[dict[str, Any]] = VECTORS["instructions"]
AUTHORITIES = [row for row in ROWS if "authorityType" in row]
WITH_FIELDS = [row for row in ROWS if row["values"]]
PAYER = decode_base58(VECTORS["payer"])


def message_of(row: dict[str, Any]) -> Message:
    return decode_transaction(decode_base64url(row["transaction"])).message


def wanted(value: Any) -> Field:
    if isinstance(value, dict):
        return decode_base58(value["address"])
    if isinstance(value, list):
        return tuple(map(decode_base58, value))
    return int(value) if isinstance(value, str) and value.isdecimal() else value


@pytest.mark.parametrize("row", ROWS, ids=[f"{number} {row['instruction']}" for number, row in enumerate(ROWS)])
def test_instruction(row: dict[str, Any]) -> None:
    """Its name, every field and every account in its place."""
    message = message_of(row)
    told = read_instruction(message, message.instructions[0], PAYER)
    assert told.known is not None
    assert (row["program"], row["instruction"]) == (encode_base58(told.program), told.known.name)
    assert row["accounts"] == {name: account.text for name, account in told.accounts.items()}
    values = {name: value for name, value in told.values.items() if name not in {"part", "bump"}}
    assert {name: wanted(value) for name, value in row["values"].items()} == values
    assert row.get("further", 0) == len(told.further)
    assert row.get("memo") == (told.memo.text if told.memo else None)


@pytest.mark.parametrize("row", ROWS, ids=[f"{number} {row['instruction']}" for number, row in enumerate(ROWS)])
def test_nothing_is_left_out(row: dict[str, Any]) -> None:
    """Every account with a name and every address in a field is shown whole; no label stands twice, no title has a hole."""
    message = message_of(row)
    told = read_instruction(message, message.instructions[0], PAYER)
    facts = facts_of(told, "")
    assert len(facts) == len({fact.label for fact in facts})
    shown = "\n".join(fact.value for fact in facts)
    addresses = [*row["accounts"].values(), *(value["address"] for value in row["values"].values() if isinstance(value, dict))]
    assert [] == [address for address in addresses if address not in shown]
    assert told.title
    assert "{" not in told.title


@pytest.mark.parametrize("row", AUTHORITIES, ids=[f"{number} {row['authorityType']}" for number, row in enumerate(AUTHORITIES)])
def test_every_authority_has_words(row: dict[str, Any]) -> None:
    """None is shown as a number."""
    message = message_of(row)
    (text,) = [
        fact.value for fact in facts_of(read_instruction(message, message.instructions[0], PAYER), "") if fact.label == "What authority"
    ]
    assert not any(character.isdigit() for character in text)


@pytest.mark.parametrize("row", WITH_FIELDS, ids=[f"{number} {row['instruction']}" for number, row in enumerate(WITH_FIELDS)])
def test_a_byte_more(row: dict[str, Any]) -> None:
    """Data that goes on, or ends early, is put in no words: a program could read it otherwise."""
    message = message_of(row)
    (one,) = message.instructions
    for data in (one.data + b"\0", one.data[:-1]):
        instruction = type(one)(program=one.program, accounts=one.accounts, data=data)
        assert read_instruction(message, instruction, PAYER).known is None


@pytest.mark.parametrize("row", VECTORS["fees"], ids=lambda row: f"{row['units']} at {row['price']}")
def test_highest_fee(row: dict[str, int]) -> None:
    """5000 lamports and the priority fee, rounded up."""
    fees = fees_of(message_of(row))
    assert (row["units"], row["price"], False) == (fees.units, fees.price, fees.odd)
    assert 5000 + (row["units"] * row["price"] + 999_999) // 1_000_000 == fees.highest
