"""The words of a share while they are typed: SLIP-0039, whose 1024 words and checksum come with ``shamir-mnemonic``.

Its words differ in their first four letters, and a word is taken by these. A share has twenty words or more, and from there on its
checksum is looked at; fewer are asked for as well, to see that a share was written down.
"""

from __future__ import annotations

from functools import cache
from typing import Final

from native_host.approval.words import Problem, TypedWords, words_of

PREFIX_LETTERS: Final = 4
SHORTEST: Final = 20
LONGEST: Final = 33


@cache
def _words() -> dict[str, str]:
    """The whole word for each word and each beginning of four letters."""
    from shamir_mnemonic.wordlist import WORDLIST

    return {word[:PREFIX_LETTERS]: word for word in WORDLIST} | {word: word for word in WORDLIST}


def is_listed(word: str) -> bool:
    """Whether ``word``, or the word that it begins, is on the list."""
    return word.lower() in _words()


def words_starting(beginning: str) -> tuple[str, ...]:
    """The words that start so, in the list's order: none for an empty beginning."""
    plain = beginning.lower()
    return tuple(dict.fromkeys(word for word in _words().values() if word.startswith(plain))) if plain else ()


def check_share(typed: str) -> TypedWords:
    """Judge what was typed, as ``check_words`` does for recovery words; its words are whole."""
    words = words_of(typed)
    unknown = tuple(place for place, word in enumerate(words) if not is_listed(word))
    whole = tuple(_words().get(word, word) for word in words)
    return TypedWords(words=whole, unknown=unknown, problem=_problem(whole, unknown))


def _problem(words: tuple[str, ...], unknown: tuple[int, ...]) -> Problem:
    if not words:
        return "empty"
    if unknown:
        return "unknown"
    if len(words) > LONGEST:
        return "count"
    return "none" if len(words) < SHORTEST or _checksum_holds(words) else "checksum"


def _checksum_holds(words: tuple[str, ...]) -> bool:
    from shamir_mnemonic.share import Share
    from shamir_mnemonic.utils import MnemonicError

    try:
        Share.from_mnemonic(" ".join(words))
    except (MnemonicError, ValueError):
        return False
    return True
