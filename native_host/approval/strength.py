"""A plain estimate of how hard a new passphrase is to guess, to advise and never to forbid.

A run of letters counts as one word, and a word as at most one of the 7776 of a Diceware list (12.9 bits); other characters
count by the size of their class. Repetitions, sequences and the usual digits-for-letters add nothing.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Literal

MIN_CHARACTERS = 8
"""NIST SP 800-63B section 5.1.1.1: a memorized secret of the person's own choice has at least 8 characters. No other rule."""

MIN_PIN_CHARACTERS = 4
"""What every device takes at least (CTAP 2.1 section 6.5.1; PKCS #11 tokens and TPMs as they are made); the device says if it wants more."""

Strength = Literal["tooShort", "weak", "fair", "good", "strong"]

_WORD_BITS = 12.9
_LETTER_BITS = 4.7
_DIGIT_BITS = 3.3
_SIGN_BITS = 4.0
_LEVELS: tuple[tuple[float, Strength], ...] = ((45, "weak"), (60, "fair"), (75, "good"))
_DIGITS_FOR_LETTERS = str.maketrans("013457@$", "oleastas")


def estimate_strength(passphrase: str) -> Strength:
    """The level of ``passphrase``; ``tooShort`` under ``MIN_CHARACTERS``."""
    if len(passphrase) < MIN_CHARACTERS:
        return "tooShort"
    bits = estimate_bits(passphrase)
    return next((level for limit, level in _LEVELS if bits < limit), "strong")


def estimate_bits(passphrase: str) -> float:
    """Roughly log2 of the guesses that somebody needs who tries words, names and habits first."""
    plain = re.sub(r"(?<=[A-Za-z])[013457@$](?=[A-Za-z])", lambda found: found[0].translate(_DIGITS_FOR_LETTERS), passphrase)
    runs: list[str] = re.findall(r"[^\W\d_]+|\d+|[\W_]+", plain)
    return sum(_run_bits(run) for run in dict.fromkeys(runs))


def _run_bits(run: str) -> float:
    length = len(_without_sequences(run))
    if run[0].isalpha():
        mixed = 0.0 if run.islower() or run.isupper() or run.istitle() else 2.0
        return min(_WORD_BITS, length * _LETTER_BITS) + mixed
    if run[0].isdecimal():
        return length * _DIGIT_BITS
    return 0.0 if run.isspace() else length * _SIGN_BITS


def _without_sequences(run: str) -> str:
    """The characters that do not follow from the one before: ``aaaa`` and ``1234`` leave one."""
    return run[0] + "".join(after for before, after in pairwise(run) if ord(after) - ord(before) not in {-1, 0, 1})
