"""Recovery words while they are typed: which are on the list, how many there may be, whether their checksum holds.

BIP39, in its ten languages; 12, 15, 18, 21 or 24 words. The word lists come with the ``mnemonic`` package.
"""

from __future__ import annotations

from functools import cache
from typing import Literal
from unicodedata import normalize

from native_host.value import Value

LANGUAGES = (
    "english", "japanese", "korean", "spanish", "chinese_simplified", "chinese_traditional", "french", "italian", "czech", "portuguese",
)  # fmt: skip
WORD_COUNTS = (12, 15, 18, 21, 24)

Problem = Literal["none", "empty", "unknown", "count", "checksum"]


class TypedWords(Value, frozen=True, kw_only=True):
    """What was typed, cleaned. ``unknown`` holds the positions, from 0, of words that are not on the list that most are on."""

    words: tuple[str, ...]
    unknown: tuple[int, ...]
    problem: Problem

    @property
    def sentence(self) -> str:
        """The words as BIP39 joins them: lower case, NFKD, one space between."""
        return " ".join(self.words)


@cache
def _lists() -> dict[str, dict[str, None]]:
    """The words of each language, in NFKD and in their order."""
    from mnemonic import Mnemonic

    return {language: dict.fromkeys(map(_plain, Mnemonic(language).wordlist)) for language in LANGUAGES}


def _plain(text: str) -> str:
    return normalize("NFKD", text).lower()


def is_listed(word: str) -> bool:
    """Whether ``word`` is one of the 2048 of some language."""
    return any(_plain(word) in words for words in _lists().values())


def words_starting(beginning: str) -> tuple[str, ...]:
    """The words that start so, in the list's order, of the first language that has any: none for an empty beginning."""
    plain = _plain(beginning)
    found = (tuple(word for word in words if word.startswith(plain)) for words in _lists().values()) if plain else ()
    return next(filter(None, found), ())


def words_of(typed: str) -> tuple[str, ...]:
    """The words in what was typed, in lower case and NFKD, without the numbers of a written list (``3.``)."""
    return tuple(word for word in _plain(typed).split() if not word.rstrip(".):").isdecimal())


def check_words(typed: str) -> TypedWords:
    """Judge what was typed: words parted by any space; case does not matter."""
    words = words_of(typed)
    listed = max(_lists().values(), key=lambda known: sum(word in known for word in words))
    unknown = tuple(place for place, word in enumerate(words) if word not in listed)
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

    fitting = (language for language, known in _lists().items() if all(word in known for word in words))
    return any(Mnemonic(language).check(" ".join(words)) for language in fitting)
