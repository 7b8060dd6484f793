"""Codes as a person reads and types them: a recovery code, with what is wrong in it, and the code by which two sides of a pairing are compared."""

from __future__ import annotations

from typing import Final, Literal

from native_host.encodings import recovery_code
from native_host.secret import SecretBytes
from native_host.value import Value

PAIRING_DIGITS: Final = 8
GROUPS: Final = recovery_code.CHARACTERS // recovery_code.GROUP

Problem = Literal["none", "empty", "character", "count", "checksum"]

_READ_AS: Final = str.maketrans("OIL", "011")
_SKIPPED: Final = str.maketrans("", "", " -\t\r\n")


class TypedCode(Value, frozen=True, kw_only=True):
    """What was typed, as it is read. ``wrong`` holds the positions, from 0, of groups with a character that no code has."""

    groups: tuple[str, ...]
    wrong: tuple[int, ...]
    count: int
    problem: Problem

    @property
    def text(self) -> str:
        """The groups with a space between."""
        return " ".join(self.groups)


def pairing_code(code: str) -> str | None:
    """Eight digits as both sides show them, ``1234 5678``; ``None`` for a code of another kind."""
    plain = code.translate(_SKIPPED)
    half = PAIRING_DIGITS // 2
    return f"{plain[:half]} {plain[half:]}" if len(plain) == PAIRING_DIGITS and plain.isascii() and plain.isdecimal() else None


def check_code(typed: str) -> TypedCode:
    """Judge what was typed; case, spaces and hyphens do not matter, and O, I and L are read as digits."""
    plain = typed.translate(_SKIPPED).upper().translate(_READ_AS)
    groups = tuple(plain[at : at + recovery_code.GROUP] for at in range(0, len(plain), recovery_code.GROUP))
    wrong = tuple(place for place, group in enumerate(groups) if _problem(group) == "character")
    return TypedCode(groups=groups, wrong=wrong, count=len(plain), problem=_problem(plain))


def _problem(plain: str) -> Problem:
    if not plain:
        return "empty"
    with SecretBytes(plain.encode(errors="replace")) as text:
        try:
            recovery_code.code_of(text).wipe()
        except recovery_code.OtherCharacter:
            return "character"
        except recovery_code.WrongLength:
            return "count"
        except recovery_code.NoRecoveryCode:
            return "checksum"
    return "none"
