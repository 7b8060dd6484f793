"""Bech32 (BIP173) of any bytes, and segregated witness addresses: Bech32 for version 0, Bech32m (BIP350) for 1 to 16."""

from __future__ import annotations

from collections.abc import Iterable

_CHARSET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_BECH32 = 1
_BECH32M = 0x2BC830A3
_CHECKSUM_LETTERS = 6
_MAX_LENGTH = 90
_MAX_PART = 83
_PART_LETTERS = frozenset(map(chr, range(33, 127)))
_MAX_VERSION = 16
_V0_PROGRAM_BYTES = (20, 32)
_MIN_PROGRAM_BYTES = 2
_MAX_PROGRAM_BYTES = 40


def encode_bech32(hrp: str, data: bytes) -> str:
    """The Bech32 text of ``data`` under a lower-case human-readable part, of whatever length that is.

    Raises:
        ValueError: for a part that BIP173 does not have, or one in capitals.
    """
    if not 1 <= len(hrp) <= _MAX_PART or hrp != hrp.lower() or not all(letter in _PART_LETTERS for letter in hrp):
        raise ValueError("not a human-readable part of Bech32")
    return _encode(hrp, _regroup(data, 8, 5, pad=True), _BECH32)


def decode_bech32(text: str, *, max_length: int = _MAX_LENGTH) -> tuple[str, bytes]:
    """The human-readable part, in lower case, and the bytes of a Bech32 text.

    BIP173 allows 90 letters, over which a few errors are sure to be seen; Cardano (CIP-19) has longer texts.

    Raises:
        ValueError: if it is none, is of mixed case, too long, or has another checksum, also that of Bech32m.
    """
    hrp, values = _decode(text, max_length)
    if not hrp or _polymod([*_expand(hrp), *values]) != _BECH32:
        raise ValueError("the checksum of the Bech32 text is wrong")
    return hrp, bytes(_regroup(values[:-_CHECKSUM_LETTERS], 5, 8, pad=False))


def encode_segwit(hrp: str, version: int, program: bytes) -> str:
    """The address of a witness program under a lower-case human-readable part (``bc``, ``tb``).

    Raises:
        ValueError: for a version or a length of program that BIP141 does not have.
    """
    _check_program(version, program)
    return _encode(hrp, [version, *_regroup(program, 8, 5, pad=True)], _constant(version))


def decode_segwit(hrp: str, text: str) -> tuple[int, bytes]:
    """The witness version and program of an address under ``hrp``.

    Raises:
        ValueError: if it is not one, is of mixed case, is under another part, or has the checksum of the other kind.
    """
    part, values = _decode(text, _MAX_LENGTH)
    if part != hrp or len(values) == _CHECKSUM_LETTERS:
        raise ValueError("not a segwit address of this network")
    version = values[0]
    if version > _MAX_VERSION or _polymod([*_expand(hrp), *values]) != _constant(version):
        raise ValueError("the checksum of the segwit address is wrong")
    program = bytes(_regroup(values[1:-_CHECKSUM_LETTERS], 5, 8, pad=False))
    _check_program(version, program)
    return version, program


def _encode(hrp: str, values: list[int], constant: int) -> str:
    checksum = _polymod([*_expand(hrp), *values, *[0] * _CHECKSUM_LETTERS]) ^ constant
    letters = values + [checksum >> 5 * (_CHECKSUM_LETTERS - 1 - position) & 31 for position in range(_CHECKSUM_LETTERS)]
    return hrp + "1" + "".join(_CHARSET[value] for value in letters)


def _decode(text: str, max_length: int) -> tuple[str, list[int]]:
    """The part before the last ``1`` and the values after it, the checksum among them and not checked."""
    if len(text) > max_length or not set(text) <= _PART_LETTERS or text not in (text.lower(), text.upper()):
        raise ValueError("not a Bech32 text or segwit address")
    part, separator, letters = text.lower().rpartition("1")
    if not separator or len(part) > _MAX_PART or len(letters) < _CHECKSUM_LETTERS or not set(letters) <= set(_CHARSET):
        raise ValueError("not a Bech32 text or segwit address")
    return part, [_CHARSET.index(letter) for letter in letters]


def _check_program(version: int, program: bytes) -> None:
    lengths = _V0_PROGRAM_BYTES if version == 0 else range(_MIN_PROGRAM_BYTES, _MAX_PROGRAM_BYTES + 1)
    if not 0 <= version <= _MAX_VERSION or len(program) not in lengths:
        raise ValueError("not a witness program")


def _constant(version: int) -> int:
    return _BECH32 if version == 0 else _BECH32M


def _expand(hrp: str) -> list[int]:
    return [ord(letter) >> 5 for letter in hrp] + [0] + [ord(letter) & 31 for letter in hrp]


def _polymod(values: Iterable[int]) -> int:
    checksum = 1
    for value in values:
        top = checksum >> 25
        checksum = (checksum & 0x1FFFFFF) << 5 ^ value
        for bit, term in enumerate(_GENERATOR):
            checksum ^= term if top >> bit & 1 else 0
    return checksum


def _regroup(values: Iterable[int], from_bits: int, to_bits: int, *, pad: bool) -> list[int]:
    """Bits cut anew; without padding, what is left over must be fewer than ``from_bits`` and zero (BIP173)."""
    pending, bits, out = 0, 0, []
    for value in values:
        pending, bits = pending << from_bits | value, bits + from_bits
        while bits >= to_bits:
            bits -= to_bits
            out.append(pending >> bits)
            pending &= (1 << bits) - 1
    if pad and bits:
        out.append(pending << (to_bits - bits))
    elif not pad and (bits >= from_bits or pending):
        raise ValueError("the padding of the Bech32 text or segwit address is wrong")
    return out
