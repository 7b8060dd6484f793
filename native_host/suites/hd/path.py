"""Derivation paths (BIP32, "The key tree"; BIP44): ``m`` followed by ``/n``, ``/n'`` or ``/nh``.

A path is a tuple of indices, hardened ones from 2³¹. At most 255 levels, as BIP32 stores a depth in one byte. Only
decimal digits without leading zeros are read, so that an index has one spelling but for its ``'`` or ``h``.
"""

from __future__ import annotations

HARDENED = 1 << 31
MAX_DEPTH = 255
_MAX_DIGITS = 10

Path = tuple[int, ...]


def parse_path(text: str) -> Path:
    """The indices of a path; ``m`` alone is none.

    Raises:
        ValueError: if it is not a path.
    """
    root, *levels = text.split("/")
    if root != "m" or len(levels) > MAX_DEPTH:
        raise ValueError("not a derivation path")
    return tuple(map(_parse_level, levels))


def format_path(path: Path) -> str:
    """The canonical text of a path, hardened indices with ``'``."""
    return "/".join(["m", *(f"{index - HARDENED}'" if index >= HARDENED else f"{index}" for index in path)])


def _parse_level(level: str) -> int:
    digits = level[:-1] if level.endswith(("'", "h")) else level
    if not (digits.isascii() and digits.isdigit()) or len(digits) > _MAX_DIGITS:
        raise ValueError("not a derivation path")
    index = int(digits)
    if digits[0] == "0" and digits != "0":
        raise ValueError("an index of a derivation path has a leading zero")
    if index >= HARDENED:
        raise ValueError("an index of a derivation path is too large")
    return index + HARDENED if digits != level else index
