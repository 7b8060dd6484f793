"""Hostile text made readable: what could hide, reorder or overprint is shown as an escape, ``⟨U+202E⟩``.

Escaped are control, format (bidirectional, zero-width), surrogate, private and unassigned characters, line and paragraph
separators, every space but U+0020 (Unicode general categories C*, Zl, Zp, Zs), and characters outside them that draw
nothing (Unicode ``Default_Ignorable_Code_Point``; U+2800). Combining marks are kept up to three on one letter, so that
no text can climb over the line above it. The bytes that are signed are never touched: this is only how they are shown.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

from native_host.language import say, words
from native_host.value import Value

_MARKS_ON_ONE_LETTER = 3
_IN_GROUPS_OF = 4
_NEWLINE = 0x0A
_UNESCAPED_SPACE = 0x20

_DRAWS_NOTHING = frozenset(
    [0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0, *range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)]
)  # fmt: skip
_ESCAPED_CATEGORIES = frozenset(["Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"])
_GAP = re.compile(r"\n(?:[^\S\n]*\n){8}")
"""More empty lines one after another than any message needs: they put what follows out of sight."""
_RIGHT_TO_LEFT = frozenset(["R", "AL"])
_LOOK_ALIKE_SCRIPTS = frozenset(["LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE"])

HIDDEN_CHARACTERS = "The message holds characters that are invisible or change the order of the text. They are shown as ⟨U+…⟩."
MANY_EMPTY_LINES = "The message goes on below many empty lines. Read it to its end."
RIGHT_TO_LEFT = "The message holds right-to-left writing, whose order on a screen can differ from the order that is signed."
MIXED_ALPHABETS = "A word in the message mixes letters of alphabets that look alike, so it may not be the word it seems to be."


class _Escapes(dict[int, str]):
    """A table for ``str.translate`` that decides about a code point when it is first met."""

    def __missing__(self, code_point: int) -> str:
        shown = _escape(code_point) if _is_hidden(code_point) else chr(code_point)
        self[code_point] = shown
        return shown


def _is_hidden(code_point: int) -> bool:
    if code_point == _UNESCAPED_SPACE:
        return False
    return code_point in _DRAWS_NOTHING or unicodedata.category(chr(code_point)) in _ESCAPED_CATEGORIES


def _escape(code_point: int) -> str:
    return f"⟨U+{code_point:04X}⟩"


_LINE = _Escapes()
_BLOCK = _Escapes({_NEWLINE: "\n"})


def visible(text: str) -> str:
    """``text`` on one line, with everything that could deceive shown as an escape; applying it twice changes nothing more."""
    return _visible(text, _LINE)


def visible_block(text: str) -> str:
    """As ``visible``, but newlines stay newlines: for a message in a block of its own."""
    return _visible(text, _BLOCK)


def _visible(text: str, escapes: _Escapes) -> str:
    shown = text.translate(escapes)
    return shown if shown.isascii() else _limit_marks(shown)


def _limit_marks(text: str) -> str:
    """Escape the combining marks that stand on nothing or are too many on one letter."""
    shown: list[str] = []
    marks = _MARKS_ON_ONE_LETTER
    for character in text:
        if unicodedata.category(character) not in {"Mn", "Me"}:
            marks = _MARKS_ON_ONE_LETTER if character in "\n⟩" else 0
        elif marks >= _MARKS_ON_ONE_LETTER:
            shown.append(_escape(ord(character)))
            continue
        else:
            marks += 1
        shown.append(character)
    return "".join(shown)


def in_groups(address: str) -> str:
    """``address`` with a space after every four characters, a leading ``0x`` alone; no character is left out."""
    start = 2 if address.startswith("0x") else 0
    groups = [address[place : place + _IN_GROUPS_OF] for place in range(start, len(address), _IN_GROUPS_OF)]
    return " ".join(["0x", *groups] if start else groups)


def size_in_words(size: int) -> str:
    """How many bytes."""
    return words("1 byte") if size == 1 else say("{size} bytes", size=size)


def time_in_words(milliseconds: int) -> str:
    """As ``in_words``, in the language in use; raises ``ValueError``, ``OverflowError``."""
    from native_host.encodings.date_time import in_words  # few texts name a time

    day, month, rest = in_words(milliseconds).split(" ", 2)
    return say("{day} {month} {rest}", day=day, month=words(month), rest=rest)


class DescribedMessage(Value, frozen=True, kw_only=True):
    """What is shown of a message. ``kind`` is that of a fact: ``message`` for text, ``hex`` for bytes that are not text.

    ``text`` is the escaped text or the lower-case hex of all ``size`` bytes; ``warnings`` are plain sentences.
    """

    kind: Literal["message", "hex"]
    text: str
    size: int
    warnings: tuple[str, ...]


def describe_message(data: bytes) -> DescribedMessage:
    """How ``data`` is shown to a person: as text when it is UTF-8 text (RFC 3629), else as hex and said to be not text."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return _not_text(data)
    if _looks_binary(text):
        return _not_text(data)
    return DescribedMessage(kind="message", text=visible_block(text), size=len(data), warnings=_warnings(text))


def _not_text(data: bytes) -> DescribedMessage:
    warning = say("The message is not text. It is {size} that Strongroom cannot read for you.", size=size_in_words(len(data)))
    return DescribedMessage(kind="hex", text=data.hex(), size=len(data), warnings=(warning,))


def _looks_binary(text: str) -> bool:
    """Random short bytes can be valid UTF-8: text with control characters that no text has is called bytes."""
    return any(unicodedata.category(character) in {"Cc", "Cn"} and character not in "\t\n\r" for character in text)


def _warnings(text: str) -> tuple[str, ...]:
    found: list[str] = []
    if visible_block(text) != text:
        found.append(HIDDEN_CHARACTERS)
    if _GAP.search(text.rstrip()):
        found.append(MANY_EMPTY_LINES)
    if text.isascii():
        return tuple(found)
    if any(unicodedata.bidirectional(character) in _RIGHT_TO_LEFT for character in text):
        found.append(RIGHT_TO_LEFT)
    if any(_mixes_alphabets(word) for word in re.findall(r"\w+", text)):
        found.append(MIXED_ALPHABETS)
    return tuple(found)


def _mixes_alphabets(word: str) -> bool:
    scripts = {unicodedata.name(character, "").split(" ", 1)[0] for character in word if character.isalpha()}
    return len(scripts & _LOOK_ALIKE_SCRIPTS) > 1
