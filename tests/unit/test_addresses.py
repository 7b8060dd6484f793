"""Addresses in groups of four, and held against what a person has from elsewhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from native_host.approval.addresses import Comparison, Outcome, compare, grouped, groups_of, match

EIP55 = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"  # EIP-55, test cases
BECH32 = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"  # BIP173, test vectors
BASE58 = "4fYNw3dojWmQ4dXtSGE9epjRGy9pFSx62YypT7avPYvA"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (EIP55, "0x5aAe b605 3F3E 94C9 b9A0 9f33 6694 35E7 Ef1B eAed"),
        (BECH32, "bc1qw50 8d6q ejxt dg4y 5r3z arva ry0c 5xw7 kv8f 3t4"),
        (BECH32.upper(), "BC1QW50 8D6Q EJXT DG4Y 5R3Z ARVA RY0C 5XW7 KV8F 3T4"),
        (BASE58, "4fYN w3do jWmQ 4dXt SGE9 epjR Gy9p FSx6 2Yyp T7av PYvA"),
        ("", ""),
        ("0x", "0x"),
    ],
)
def test_groups(address: str, expected: str) -> None:
    """Of four, the first with what stands before it."""
    assert expected == grouped(address)


@given(st.text(alphabet=st.characters(exclude_categories=["Z", "C"])))
def test_no_character_is_left_out(address: str) -> None:
    """Whatever is no address either."""
    assert address == "".join(groups_of(address))


def outcome(typed: str, shown: str) -> tuple[Outcome, tuple[int, ...]]:
    made = compare(typed, shown)
    return made.outcome, made.places


@pytest.mark.parametrize("address", [EIP55, BECH32, BASE58])
@pytest.mark.parametrize("write", [str, grouped, lambda address: f"\n {address[:9]}\u00a0{address[9:]}\r\n"])
def test_the_same(address: str, write: object) -> None:
    """With spaces and line ends wherever they are."""
    assert callable(write)
    assert ("same", ()) == outcome(write(address), address)


@pytest.mark.parametrize(
    ("typed", "shown", "places"),
    [
        (EIP55.lower(), EIP55, (0, 2, 3, 4, 7, 8, 9)),
        ("0X" + EIP55[2:], EIP55, (0,)),
        (EIP55[:-1] + "D", EIP55, (9,)),
        (BECH32.upper(), BECH32, tuple(range(10))),
    ],
)
def test_the_same_in_other_letters(typed: str, shown: str, places: tuple[int, ...]) -> None:
    """Where capitals mean nothing else, or carry a checksum only, it is the same address, and told apart."""
    assert ("case", places) == outcome(typed, shown)


@pytest.mark.parametrize(
    ("typed", "shown", "places"),
    [
        (EIP55.replace("9f33", "9f34"), EIP55, (5,)),
        (EIP55.replace("b605", "B606").replace("eAed", "eAee"), EIP55, (1, 9)),
        (EIP55[2:], EIP55, tuple(range(10))),
        (EIP55 + "0", EIP55, (10,)),
        (EIP55[:-5] + EIP55[-4:], EIP55, (8, 9)),
        (BASE58.swapcase(), BASE58, tuple(range(11))),
        (BASE58[:-1] + "a", BASE58, (10,)),
        (BECH32[:-1] + "T", BECH32, (9,)),
        (EIP55.replace("5aAe", "5a\u0410e"), EIP55, (0,)),
        (EIP55.replace("5aAe", "5aA\u200be"), EIP55, tuple(range(11))),
        ("vitalik.eth", EIP55, tuple(range(10))),
    ],
    ids=["one digit", "ends", "no 0x", "longer", "a digit left out", "base58 case", "its end", "mixed bech32", "a Cyrillic letter", "nothing seen", "a name"],
)  # fmt: skip
def test_not_the_same(typed: str, shown: str, places: tuple[int, ...]) -> None:
    """Every group that differs is named, counted from 0; letters are told from letters that look alike."""
    assert ("different", places) == outcome(typed, shown)


@pytest.mark.parametrize("length", [1, 2, 6, 7, 41])
def test_while_it_is_typed(length: int) -> None:
    """The beginning of it differs in nothing so far."""
    assert ("begun", ()) == outcome(EIP55[:length], EIP55)
    assert ("begun", ()) == outcome(EIP55[:length].lower(), EIP55)


def test_nothing_is_no_address() -> None:
    assert ("nothing", ()) == outcome(" \n", EIP55)


@given(st.text(max_size=60), st.text(max_size=60, alphabet="0x19abAB"))
def test_the_same_is_never_said_of_another(typed: str, shown: str) -> None:
    """Whatever is typed: equal but for spaces, or equal but for letters that are no other."""
    made = compare(typed, shown)
    plain = "".join(typed.split())
    assert (made.outcome == "same") == (plain == shown != "")
    if made.outcome == "case":
        assert plain.lower() == shown.lower()
    assert isinstance(made, Comparison)
    assert "".join(made.typed) == plain


def test_of_several_the_one_that_it_is() -> None:
    """Else the nearest by its groups, else the first."""
    near = EIP55.replace("9f33", "9f34")
    assert (2, "same") == (match(EIP55, [BECH32, near, EIP55]).index, match(EIP55, [BECH32, near, EIP55]).comparison.outcome)
    assert (1, "different") == (match(EIP55, [BECH32, near]).index, match(EIP55, [BECH32, near]).comparison.outcome)
    assert (0, "case") == (match(EIP55.lower(), [EIP55, near]).index, match(EIP55.lower(), [EIP55, near]).comparison.outcome)
    assert 0 == match("", [EIP55, BECH32]).index
