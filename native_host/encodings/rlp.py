"""RLP, Ethereum's recursive length prefix (Yellow Paper appendix B): byte strings and lists of them.

Numbers are byte strings here too: big-endian, without a leading zero, so that 0 is the empty one. The decoder takes only what the encoder
would have written: whoever reads a transaction otherwise reads another one.
"""

from __future__ import annotations

from collections.abc import Sequence

Item = bytes | Sequence["Item"]

_MAX_DEPTH = 8  # an access list's keys are the deepest that a transaction has, at 4
_SHORT = 55  # lengths up to this stand in the first byte
_STRING, _LIST = 0x80, 0xC0


class NotRlp(ValueError):
    """The bytes are not the one encoding of anything."""


def number(value: int) -> bytes:
    """A number as RLP holds it; never negative."""
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def encode(item: Item) -> bytes:
    """The bytes of a string or of a list."""
    if isinstance(item, bytes):
        return item if len(item) == 1 and item[0] < _STRING else _length(len(item), _STRING) + item
    body = b"".join(map(encode, item))
    return _length(len(body), _LIST) + body


def decode(data: bytes) -> Item:
    """What ``data`` is the encoding of.

    Raises:
        NotRlp: not canonical, cut short, or with bytes after it.
    """
    item, end = _item(data, 0, len(data), 0)
    if end != len(data):
        raise NotRlp("there are bytes after the item")
    return item


def decode_number(item: Item) -> int:
    """The number that a string holds.

    Raises:
        NotRlp: a list, or a number with a leading zero.
    """
    if not isinstance(item, bytes) or item[:1] == b"\x00":
        raise NotRlp("not a number")
    return int.from_bytes(item, "big")


def _length(length: int, offset: int) -> bytes:
    if length <= _SHORT:
        return bytes((offset + length,))
    size = number(length)
    return bytes((offset + _SHORT + len(size),)) + size


def _item(data: bytes, at: int, end: int, depth: int) -> tuple[Item, int]:
    """The item that begins at ``at``, and where it ends."""
    if at >= end or depth > _MAX_DEPTH:
        raise NotRlp("cut short or nested too deep")
    first = data[at]
    if first < _STRING:
        return data[at : at + 1], at + 1
    if first < _LIST:
        start, stop = _span(data, at, end, first - _STRING)
        if stop - start == 1 and data[start] < _STRING:
            raise NotRlp("a byte that stands for itself has a length before it")
        return data[start:stop], stop
    start, stop = _span(data, at, end, first - _LIST)
    items: list[Item] = []
    while start < stop:
        item, start = _item(data, start, stop, depth + 1)
        items.append(item)
    return tuple(items), stop


def _span(data: bytes, at: int, end: int, short: int) -> tuple[int, int]:
    """Where the content begins and ends."""
    start = at + 1
    length = short
    if short > _SHORT:
        start += short - _SHORT
        size = data[at + 1 : start]
        length = int.from_bytes(size, "big")
        if start > end or size[:1] == b"\x00" or length <= _SHORT:
            raise NotRlp("the length is not written in its shortest form")
    if length > end - start:
        raise NotRlp("cut short")
    return start, start + length
