"""Reading DER (ITU-T X.690 sections 8 and 10): as much of it as the frames of keys are made of, and nothing that is not DER.

Key files are given to OpenSSL to be read; this is for what must be known before that, and for what OpenSSL does not say.
Values are views into what was given, so that a secret in it is not copied.
"""

from __future__ import annotations

INTEGER = 0x02
BIT_STRING = 0x03
OCTET_STRING = 0x04
OBJECT_IDENTIFIER = 0x06
SEQUENCE = 0x30

_LONG_FORM = 0x80
_MAX_LENGTH_BYTES = 3


def read_element(data: memoryview, tag: int) -> tuple[memoryview, memoryview]:
    """The contents of the first element, which must bear ``tag`` (one byte), and what follows it.

    Raises:
        ValueError: if it bears another tag, is cut off, or its length is not written as DER has it.
    """
    if data[:1] != bytes((tag,)):
        raise ValueError("the DER has another element here")
    length, start = _length(data)
    if length > len(data) - start:
        raise ValueError("the DER is cut off")
    return data[start : start + length], data[start + length :]


def read_only(data: memoryview, tag: int) -> memoryview:
    """The contents of the one element that ``data`` is; ``ValueError`` also if something follows it."""
    contents, rest = read_element(data, tag)
    if rest:
        raise ValueError("something follows the DER")
    return contents


def read_unsigned(data: memoryview) -> tuple[int, memoryview]:
    """The value of the first element, an INTEGER that is not negative, and what follows it."""
    contents, rest = read_element(data, INTEGER)
    if not contents or contents[0] >= _LONG_FORM or (len(contents) > 1 and not contents[0] and contents[1] < _LONG_FORM):
        raise ValueError("not an unsigned INTEGER of DER")
    return int.from_bytes(contents, "big"), rest


def _length(data: memoryview) -> tuple[int, int]:
    first = data[1] if len(data) > 1 else _LONG_FORM
    if first < _LONG_FORM:
        return first, 2
    size = first - _LONG_FORM
    octets = data[2 : 2 + size]
    length = int.from_bytes(octets, "big")
    if not 0 < size <= _MAX_LENGTH_BYTES or len(octets) < size or not octets[0] or length < _LONG_FORM:
        raise ValueError("not a length of DER")
    return length, 2 + size
