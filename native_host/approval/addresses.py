"""Addresses as a person compares them: whole, in groups of four, and held against one that they have from elsewhere.

What stands before the characters that vary stays with the first group: ``0x`` (EIP-55), the human-readable part with its ``1`` (BIP173).
Capital and small letters are one in hexadecimal, where they carry a checksum only (EIP-55), and in an address of BIP173 or BIP350 that is
written in capitals throughout; in base58 they are different characters.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import zip_longest
from typing import Final, Literal

from native_host.value import Value

IN_GROUPS_OF: Final = 4
MAX_TYPED_CHARACTERS: Final = 512
_HEXADECIMAL: Final = re.compile(r"0[xX][0-9a-fA-F]+")
_BECH32: Final = re.compile(r"([a-z]{1,20}1)[02-9ac-hj-np-z]{6,}")
_HEX_PREFIX: Final = 2

Outcome = Literal["nothing", "begun", "same", "case", "different"]
"""``begun``: what was typed so far is how the address begins. ``case``: the same address, whose letters are written otherwise."""


class Comparison(Value, frozen=True, kw_only=True):
    """What was typed against one address, group by group. ``places``: the groups, from 0, that differ; for ``case`` those that are written
    otherwise."""

    outcome: Outcome
    typed: tuple[str, ...]
    shown: tuple[str, ...]
    places: tuple[int, ...] = ()


class Match(Value, frozen=True, kw_only=True):
    """``index``: the address of those given that fits, or else comes nearest."""

    index: int
    comparison: Comparison


def groups_of(address: str) -> tuple[str, ...]:
    """``address`` in groups of four, of which the first has what stands before it; no character is left out."""
    found = _BECH32.fullmatch(address.lower())
    start = _HEX_PREFIX if _HEXADECIMAL.fullmatch(address) else len(found[1]) if found else 0
    first = start + IN_GROUPS_OF
    return (address[:first], *(address[at : at + IN_GROUPS_OF] for at in range(first, len(address), IN_GROUPS_OF)))


def grouped(address: str) -> str:
    """The groups with a space between."""
    return " ".join(groups_of(address))


def compare(typed: str, shown: str) -> Comparison:
    """Hold what a person typed or pasted against an address; spaces and line ends in it do not matter, everything else does."""
    plain = "".join(typed.split())
    groups = _groups_like(plain, shown)
    if not plain:
        return Comparison(outcome="nothing", typed=(), shown=groups_of(shown))
    if plain == shown:
        return Comparison(outcome="same", typed=groups, shown=groups_of(shown))
    folds = _folds(plain, shown)
    same = plain.lower() == shown.lower() if folds else False
    begun = _folded(shown, folds=folds).startswith(_folded(plain, folds=folds))
    places = tuple(
        place
        for place, (one, other) in enumerate(zip_longest(groups, groups_of(shown), fillvalue=""))
        if (one != other if same else _folded(one, folds=folds) != _folded(other, folds=folds))
    )
    outcome: Outcome = "case" if same else "begun" if begun else "different"
    return Comparison(outcome=outcome, typed=groups, shown=groups_of(shown), places=() if outcome == "begun" else places)


def match(typed: str, addresses: Sequence[str]) -> Match:
    """The one of ``addresses`` that what was typed is, or begins; else the nearest by its groups. Of equals the first."""
    found = [compare(typed, address) for address in addresses]
    index = max(range(len(found)), key=lambda place: (_RANK[found[place].outcome], -len(found[place].places), -place))
    return Match(index=index, comparison=found[index])


_RANK: Final[dict[Outcome, int]] = {"nothing": 0, "different": 0, "begun": 1, "case": 2, "same": 3}


def _folds(typed: str, shown: str) -> bool:
    """Whether capital and small letters are one in both."""
    if _HEXADECIMAL.fullmatch(shown):
        return typed[:_HEX_PREFIX] in {"0", "0x", "0X"}
    return bool(_BECH32.fullmatch(shown)) and typed == typed.upper()


def _folded(text: str, *, folds: bool) -> str:
    return text.lower() if folds else text


def _groups_like(typed: str, shown: str) -> tuple[str, ...]:
    """``typed`` cut at the places where ``shown`` is."""
    first = len(groups_of(shown)[0])
    return tuple(
        part for part in (typed[:first], *(typed[at : at + IN_GROUPS_OF] for at in range(first, len(typed), IN_GROUPS_OF))) if part
    )
