"""Recovery words and passphrases, judged while they are typed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from native_host.approval.strength import MIN_CHARACTERS, Strength, estimate_bits, estimate_strength
from native_host.approval.words import Problem, check_words, is_listed, words_starting

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
