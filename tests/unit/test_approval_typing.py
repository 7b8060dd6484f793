"""Recovery words and passphrases, judged while they are typed."""

from __future__ import annotations

from typing import Literal
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from native_host.approval.strength import MIN_CHARACTERS, Strength, estimate_bits, estimate_strength
from native_host.approval.words import LANGUAGES, Problem, check_words, is_listed, words_starting
from native_host.suites.hd import bip39
from tests.vector_files import load

WORDS = "legal winner thank year wave sausage worth useful legal winner thank yellow"  # BIP39, trezor vectors, 2nd of 12 words


@pytest.mark.parametrize(
    "typed", [WORDS, WORDS.upper(), f"  {WORDS}\n", "\n".join(f"{n}. {word}" for n, word in enumerate(WORDS.split(), 1))]
)
def test_words_are_read_however_they_are_written(typed: str) -> None:
    """Case, spaces, lines and the numbers of a written list do not matter."""
    checked = check_words(typed)
    assert (checked.problem, checked.sentence, checked.unknown) == ("none", WORDS, ())


@pytest.mark.parametrize(
    ("typed", "problem", "unknown"),
    [
        ("", "empty", ()),
        ("legal winer thank", "unknown", (1,)),
        ("legal winner thank", "count", ()),
        (WORDS.replace("yellow", "zoo"), "checksum", ()),
        (f"{WORDS} legal", "count", ()),
    ],
)
def test_what_is_wrong_with_words(typed: str, problem: Problem, unknown: tuple[int, ...]) -> None:
    """Each mistake has its own name, and an unknown word its place."""
    checked = check_words(typed)
    assert (checked.problem, checked.unknown) == (problem, unknown)


@given(st.text())
def test_no_text_breaks_the_check(typed: str) -> None:
    """Whatever is typed is judged, and only listed words of a right count pass."""
    checked = check_words(typed)
    assert checked.problem != "none" or all(is_listed(word) for word in checked.words)


@pytest.mark.parametrize("language", load("bip39_languages")["languages"])
@pytest.mark.parametrize("form", ["NFC", "NFKD"])
def test_words_of_every_language(language: str, form: Literal["NFC", "NFKD"]) -> None:
    """As a keyboard writes them and as BIP39 does; what is passed on is what BIP39 makes the seed from."""
    for vector in load("bip39_languages")["languages"][language]:
        checked = check_words(normalize(form, vector["mnemonic"]))
        assert ("none", " ".join(normalize("NFKD", vector["mnemonic"]).split())) == (checked.problem, checked.sentence)


def test_a_wrong_word_is_judged_by_the_language_of_the_others() -> None:
    """An English word among French ones is not on the list, though it is on a list; a beginning is completed in its own language."""
    words = load("bip39_languages")["languages"]["french"][1]["mnemonic"].split()
    checked = check_words(" ".join([*words[:3], "zoo", *words[4:]]))
    assert ("unknown", (3,)) == (checked.problem, checked.unknown)
    assert any(word.startswith("abaisser") for word in words_starting("abai"))


def test_the_languages_are_those_of_the_host() -> None:
    """The window may not import the code of the keys, and has the list once more."""
    assert bip39.LANGUAGES == LANGUAGES


def test_beginnings_are_completed_from_the_list() -> None:
    """Listed words with that beginning, in the list's order; none for nothing."""
    assert words_starting("yea") == ("year",)
    assert words_starting("ye") == ("year", "yellow")
    assert words_starting("") == ()


@pytest.mark.parametrize(
    ("passphrase", "strength"),
    [
        ("", "tooShort"),
        ("a" * (MIN_CHARACTERS - 1), "tooShort"),
        ("password1", "weak"),
        ("P@ssw0rd!", "weak"),
        ("aaaaaaaaaaaaaaaa", "weak"),
        ("1234567890", "weak"),
        ("abcdefghijklmnop", "weak"),
        ("correct horse battery staple", "fair"),
        ("anvil copper drizzle meadow quartz", "good"),
        ("anvil copper drizzle meadow quartz ribbon", "strong"),
        ("word word word word word word", "weak"),
    ],
)
def test_strength_of_a_passphrase(passphrase: str, strength: Strength) -> None:
    """Several different words are strong; one word with the usual decoration, repetitions and sequences are not."""
    assert estimate_strength(passphrase) == strength


@given(st.text(max_size=200))
def test_every_passphrase_has_an_estimate(passphrase: str) -> None:
    """No text breaks the estimate, and none is worth less than nothing."""
    assert estimate_bits(passphrase) >= 0
