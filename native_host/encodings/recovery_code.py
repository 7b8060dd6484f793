"""The text form of a recovery code: 128 random bits in 28 characters, for people to write down and to type.

26 characters hold the code in Crockford's base32 (the code, then two bits 0), and two more its checksum: the remainder of the 26
as a polynomial over GF(32), times x², by (x + 1)(x + a), plus 25x + 24. That is a shortened Reed-Solomon code: any one or two wrong
characters are found, and any two that have changed places. Letters of either case are read, O as 0, I and L as 1; spaces and
hyphens are skipped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from native_host.secret import SecretBytes

if TYPE_CHECKING:
    from collections.abc import Iterable

CODE_BYTES: Final = 16
CHARACTERS: Final = 28
GROUP: Final = 4

_ALPHABET: Final = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CODE_CHARACTERS: Final = 26
_FIELD: Final = 0b100101  # a⁵ = a² + 1, where a = 2
_OFFSET: Final = (25, 24)  # so that 28 zeros are no code
_SKIPPED: Final = frozenset(b" -\t\r\n")
_VALUES: Final = {
    **{character: value for value, character in enumerate(_ALPHABET)},
    **{character: value for value, character in enumerate(_ALPHABET.lower())},
    **dict.fromkeys(b"Oo", 0),
    **dict.fromkeys(b"IiLl", 1),
}


class NoRecoveryCode(ValueError):
    """What was typed is none: a character that none has, too few or too many of them, or a checksum that is wrong."""


class OtherCharacter(NoRecoveryCode):
    """A character that no code has."""


class WrongLength(NoRecoveryCode):
    """There are ``count`` characters, and all of them could be a code's."""

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self.count = count


def text_of(code: SecretBytes) -> SecretBytes:
    """A code of 16 bytes as ASCII text, in groups of four with a space between."""
    if len(code) != CODE_BYTES:
        raise ValueError("a recovery code has 16 bytes")
    with SecretBytes(bytearray(CHARACTERS)) as values:
        values.buffer[:_CODE_CHARACTERS] = _regroup(code.buffer, 8, 5, _CODE_CHARACTERS)
        values.buffer[_CODE_CHARACTERS:] = _checksum(values.buffer[:_CODE_CHARACTERS])
        text = bytearray()
        for place, value in enumerate(values.buffer):
            if place and place % GROUP == 0:
                text += b" "
            text.append(_ALPHABET[value])
    return SecretBytes(text)


def code_of(typed: SecretBytes) -> SecretBytes:
    """The code in what a person typed.

    Raises:
        NoRecoveryCode: it is none; ``OtherCharacter`` and ``WrongLength`` say more.
    """
    with SecretBytes(_values(typed.buffer)) as values:
        if len(values) != CHARACTERS:
            raise WrongLength(len(values))
        with SecretBytes(values.buffer[:_CODE_CHARACTERS]) as fives:
            if values.buffer[_CODE_CHARACTERS:] != _checksum(fives.buffer) or fives.buffer[-1] & 0b11:
                raise NoRecoveryCode
            return SecretBytes(_regroup(fives.buffer, 5, 8, CODE_BYTES))


def _values(typed: memoryview) -> bytearray:
    """The value of each character that is not skipped."""
    values = bytearray()
    for character in typed:
        if character in _SKIPPED:
            continue
        if character not in _VALUES:
            raise OtherCharacter
        values.append(_VALUES[character])
    return values


def _checksum(fives: memoryview) -> bytes:
    first = second = 0
    for value in fives:
        factor = first ^ value
        first, second = second ^ factor ^ _times_alpha(factor), _times_alpha(factor)
    return bytes((first ^ _OFFSET[0], second ^ _OFFSET[1]))


def _times_alpha(value: int) -> int:
    return (value << 1) ^ (_FIELD if value & 0b10000 else 0)


def _regroup(groups: Iterable[int], bits: int, into: int, count: int) -> bytearray:
    out, held, holds = bytearray(), 0, 0
    for group in groups:
        held, holds = (held << bits) | group, holds + bits
        while holds >= into and len(out) < count:
            holds -= into
            out.append(held >> holds)
            held &= (1 << holds) - 1
    if len(out) < count:
        out.append(held << (into - holds))
    return out
