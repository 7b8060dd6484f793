"""Hostile text is made visible, and a message is called text only when it is."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from native_host.review.text import (
    HIDDEN_CHARACTERS,
    MANY_EMPTY_LINES,
    MIXED_ALPHABETS,
    RIGHT_TO_LEFT,
    describe_message,
    in_groups,
    visible,
    visible_block,
)

HIDING = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("pay \u202egnp.exe", "pay ⟨U+202E⟩gnp.exe"),
        ("a\u200bb", "a⟨U+200B⟩b"),
        ("a\x1b[2Jb", "a⟨U+001B⟩[2Jb"),
        ("two\nlines", "two⟨U+000A⟩lines"),
        ("a\u00a0b", "a⟨U+00A0⟩b"),
        ("a\u3164b", "a⟨U+3164⟩b"),
        ("a\ufe0fb", "a⟨U+FE0F⟩b"),
        ("\U000e0041", "⟨U+E0041⟩"),
        ("\ud800", "⟨U+D800⟩"),
        ("Zürich, 東京, 😀", "Zürich, 東京, 😀"),
        ("e\u0301", "e\u0301"),
        ("e\u0301\u0301\u0301\u0301\u0301", "e\u0301\u0301\u0301⟨U+0301⟩⟨U+0301⟩"),
        ("\u0301e", "⟨U+0301⟩e"),
    ],
)
def test_what_hides_is_shown_as_an_escape(hostile: str, shown: str) -> None:
    """Each class of deceiving characters has its escape; honest text stays as it is."""
    assert visible(hostile) == shown


@given(st.text(st.characters()))
def test_nothing_hidden_is_left(text: str) -> None:
    """Whatever comes in, no control, format, surrogate, private or separator character comes out."""
    assert not [character for character in visible(text) if unicodedata.category(character) in HIDING]


@given(st.text(st.characters()))
def test_escaping_twice_changes_nothing_more(text: str) -> None:
    """The host escapes, and the window does again: the person sees one escape, not two."""
    assert visible(visible(text)) == visible(text)
    assert visible_block(visible_block(text)) == visible_block(text)


@given(st.text(st.characters()))
def test_only_the_block_keeps_newlines(text: str) -> None:
    """A block differs from a line in its newlines alone."""
    assert visible_block(text).count("\n") == text.count("\n")
    assert "\n" not in visible(text)


@given(st.text(st.characters(codec="utf-8", min_codepoint=0x20, max_codepoint=0x7E)))
def test_plain_text_is_shown_as_it_is(text: str) -> None:
    """Printable ASCII is text, unchanged and without a warning."""
    described = describe_message(text.encode())
    assert (described.kind, described.text, described.size, described.warnings) == ("message", text, len(text), ())


def test_bytes_that_are_not_text_are_said_so() -> None:
    """Bytes that are no UTF-8 are shown whole as hex, with their size and the sentence that they are not text."""
    described = describe_message(b"\xff\x00\x01")
    assert (described.kind, described.text, described.size) == ("hex", "ff0001", 3)
    assert described.warnings == ("The message is not text. It is 3 bytes that Strongroom cannot read for you.",)


def test_valid_utf8_full_of_controls_is_not_text() -> None:
    """A hash may happen to be valid UTF-8; characters that no text has give it away."""
    assert describe_message(b"abc\x00\x07").kind == "hex"


@given(st.binary())
def test_every_byte_is_shown(data: bytes) -> None:
    """Not text: all of the bytes are in the hex. Text: it came from those bytes."""
    described = describe_message(data)
    assert described.size == len(data)
    if described.kind == "hex":
        assert bytes.fromhex(described.text) == data
    else:
        assert described.text == visible_block(data.decode())


@pytest.mark.parametrize(
    ("text", "warnings"),
    [
        ("line one\nline two", ()),
        ("a\u200bb", (HIDDEN_CHARACTERS,)),
        ("Sign in" + "\n" * 9 + "and give all", (MANY_EMPTY_LINES,)),
        ("Sign in\n" + " \t\n" * 300 + "and give all", (HIDDEN_CHARACTERS, MANY_EMPTY_LINES)),
        ("Sign in" + "\n" * 300, ()),
        ("Sign in" + "\n" * 8 + "and out", ()),
        ("carriage\r\nreturn", (HIDDEN_CHARACTERS,)),
        ("שלום", (RIGHT_TO_LEFT,)),
        ("p\u0430ypal", (MIXED_ALPHABETS,)),
        ("привет hello", ()),
        ("Zürich", ()),
    ],
)
def test_warnings_of_a_message(text: str, warnings: tuple[str, ...]) -> None:
    """Hidden characters, right-to-left writing and words of mixed alphabets are each said, and nothing else."""
    assert describe_message(text.encode()).warnings == warnings


@pytest.mark.parametrize(
    ("address", "grouped"),
    [("0x52908400", "0x 5290 8400"), ("bc1qcr8te4k", "bc1q cr8t e4k"), ("", ""), ("0x", "0x")],
)
def test_addresses_in_groups_of_four(address: str, grouped: str) -> None:
    """Four characters and a space, the prefix alone, nothing left out."""
    assert in_groups(address) == grouped


@given(st.text(st.characters(exclude_characters=" ")))
def test_grouping_loses_nothing(address: str) -> None:
    """Without its spaces a grouped address is the address."""
    assert in_groups(address).replace(" ", "") == address
