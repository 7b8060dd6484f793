"""Recovery words while they are typed: which are on the list, how many there may be, whether their checksum holds.

BIP39, English list; 12, 15, 18, 21 or 24 words. The word list comes with the ``mnemonic`` package.
"""

from __future__ import annotations

from functools import cache
from typing import Literal

from native_host.value import Value

WORD_COUNTS = (12, 15, 18, 21, 24)

Problem = Literal["none", "empty", "unknown", "count", "checksum"]


class TypedWords(Value, frozen=True, kw_only=True):
    """What was typed, cleaned. ``unknown`` holds the positions, from 0, of words that are not on the list."""

    words: tuple[str, ...]
    unknown: tuple[int, ...]
    problem: Problem

    @property
    def sentence(self) -> str:
        """The words as BIP39 joins them: lower case, one space between."""
        return " ".join(self.words)


@cache
def _list() -> tuple[frozenset[str], tuple[str, ...]]:
    from mnemonic import Mnemonic

    words = tuple(Mnemonic("english").wordlist)
    return frozenset(words), words


def is_listed(word: str) -> bool:
    """Whether ``word`` is one of the 2048."""
    return word in _list()[0]


def words_starting(beginning: str) -> tuple[str, ...]:
    """The listed words that start so, in the list's order: none for an empty beginning."""
    return tuple(word for word in _list()[1] if word.startswith(beginning)) if beginning else ()


def check_words(typed: str) -> TypedWords:
    """Judge what was typed: words parted by any space; case does not matter, nor do the numbers of a written list (``3.``)."""
    words = tuple(word for word in typed.lower().split() if not word.rstrip(".):").isdecimal())
    unknown = tuple(place for place, word in enumerate(words) if not is_listed(word))
    return TypedWords(words=words, unknown=unknown, problem=_problem(words, unknown))


def _problem(words: tuple[str, ...], unknown: tuple[int, ...]) -> Problem:
    if not words:
        return "empty"
    if unknown:
        return "unknown"
    if len(words) not in WORD_COUNTS:
        return "count"
    return "none" if _checksum_holds(words) else "checksum"


def _checksum_holds(words: tuple[str, ...]) -> bool:
    from mnemonic import Mnemonic

    return bool(Mnemonic("english").check(" ".join(words)))
