"""Reading a few keys of a LevelDB database that another program has open: LevelDB's ``doc/log_format.md``, ``doc/table_format.md``,
``doc/impl.md``; Snappy's ``format_description.txt``.

No library is used: LevelDB's own takes the database's lock, which the browser holds, and would replay and rewrite its files. What is read
here is what the browser itself would read: the files that the manifest names, the newest entry of a key. Checksums are not checked, as an
attacker would set them right; whatever does not parse ends the reading. The files are anybody's, so all of it is bounded.
"""

from __future__ import annotations

import os
from stat import S_ISREG
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MOST_BYTES = 16 << 20
"""Of one file. Chromium begins a new log after 4 MiB at most, and a table after 2."""
MOST_TABLES = 64
MOST_BLOCK = 1 << 20
MOST_IN_ALL = 64 << 20
MOST_STEPS = 200_000
"""Entries, records and parts of packed blocks, of all that is read for one caller together: a fifth of a second's worth. A profile with workers of
a hundred pages has some thousand entries."""
_LOG_BLOCK, _LOG_HEADER = 32768, 7
_FULL, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4
_TABLE_MAGIC = (0xDB4775248B80FB57).to_bytes(8, "little")
_FOOTER_BYTES = 48
_PLAIN, _SNAPPY = 0, 1
_VARINT_BITS, _MORE = 70, 0x80
_SHORT_LITERAL = 60
_COPY_1, _COPY_2 = 1, 2
_COMPARATOR, _LOG, _NEXT_FILE, _LAST_SEQUENCE, _COMPACTED, _DELETED, _NEW, _PREVIOUS_LOG = 1, 2, 3, 4, 5, 6, 7, 9

Found = dict[bytes, bytes]
_Entry = tuple[bytes, int, bytes | None]
"""Key, sequence number, value; no value for a deletion."""


class CannotRead(Exception):
    """The database is none, is being changed just now, or is in another form than is read here."""


class TooMuch(CannotRead):
    """There is more than is read here, which a browser would read."""


class Budget:
    """What may still be read, of all databases together."""

    def __init__(self, steps: int | None = None, size: int | None = None) -> None:
        self.steps = MOST_STEPS if steps is None else steps
        self.size = MOST_IN_ALL if size is None else size

    def step(self) -> None:
        """One more entry; raises ``TooMuch`` if there are too many."""
        self.steps -= 1
        if self.steps < 0:
            raise TooMuch

    def take(self, size: int) -> None:
        """So many bytes more; raises ``TooMuch`` if they are too many."""
        self.size -= size
        if self.size < 0:
            raise TooMuch


def read_prefixes(folder: str, prefixes: Sequence[bytes], budget: Budget | None = None) -> Found:
    """The newest values of all keys that start with one of these.

    Raises:
        CannotRead, TooMuch
    """
    try:
        return _read(folder, prefixes, budget or Budget())
    except (OSError, IndexError, ValueError, OverflowError):
        raise CannotRead from None


def varint(data: bytes, at: int) -> tuple[int, int]:
    """A number of up to 64 bits and where it ends; raises ``ValueError`` if it is longer, ``IndexError`` if it is cut off."""
    value = shift = 0
    while shift < _VARINT_BITS:
        byte = data[at]
        at += 1
        value |= (byte & ~_MORE) << shift
        if not byte & _MORE:
            return value, at
        shift += 7
    raise ValueError("a number is too long")


def _read(folder: str, prefixes: Sequence[bytes], budget: Budget) -> Found:
    tables, logs = _live_files(folder, budget)
    newest: dict[bytes, tuple[int, bytes | None]] = {}
    in_tables = (_in_table(_table(folder, number, budget), prefixes, budget) for number in tables)
    for entries in (*in_tables, *(_in_log(folder, one, budget) for one in logs)):
        for key, sequence, value in entries:
            if key.startswith(tuple(prefixes)) and sequence >= newest.get(key, (-1, None))[0]:
                newest[key] = sequence, value
    return {key: value for key, (_, value) in newest.items() if value is not None}


def _live_files(folder: str, budget: Budget) -> tuple[list[int], list[int]]:
    """The numbers of the tables and logs that count, by the manifest that ``CURRENT`` names."""
    name = _file(folder, "CURRENT", budget).decode("ascii").strip()
    if not name.startswith("MANIFEST-") or not name.removeprefix("MANIFEST-").isdecimal():
        raise CannotRead
    tables: set[int] = set()
    first_log = previous_log = 0
    for edit in _records(_file(folder, name, budget), budget):
        at = 0
        while at < len(edit):
            budget.step()
            tag, at = varint(edit, at)
            if tag in {_LOG, _PREVIOUS_LOG, _NEXT_FILE, _LAST_SEQUENCE}:
                number, at = varint(edit, at)
                first_log = number if tag == _LOG else first_log
                previous_log = number if tag == _PREVIOUS_LOG else previous_log
            elif tag == _COMPARATOR:
                _, at = _slice(edit, at)
            else:
                number, at = _file_edit(tag, edit, at)
                if tag == _NEW:
                    tables.add(number)
                elif tag == _DELETED:
                    tables.discard(number)
    if len(tables) > MOST_TABLES:
        raise TooMuch
    logs = (int(name[:-4]) for name in os.listdir(folder) if name.endswith(".log") and name[:-4].isdecimal())
    return sorted(tables), sorted(number for number in logs if number >= first_log or number == previous_log)


def _file_edit(tag: int, edit: bytes, at: int) -> tuple[int, int]:
    """The file's number in an edit that is about one, and where the edit ends."""
    _, at = varint(edit, at)  # the level
    if tag == _COMPACTED:
        _, at = _slice(edit, at)
        return 0, at
    number, at = varint(edit, at)
    if tag == _NEW:
        _, at = varint(edit, at)
        _, at = _slice(edit, at)
        _, at = _slice(edit, at)
    elif tag != _DELETED:
        raise CannotRead
    return number, at


def _in_log(folder: str, number: int, budget: Budget) -> Iterator[_Entry]:
    """The entries of a log: batches, each with the sequence number of its first entry."""
    for batch in _records(_file(folder, f"{number:06}.log", budget), budget):
        sequence, at = int.from_bytes(batch[:8], "little"), 12
        while at < len(batch):
            budget.step()
            kind, at = batch[at], at + 1
            key, at = _slice(batch, at)
            value: bytes | None = None
            if kind == 1:
                value, at = _slice(batch, at)
            yield key, sequence, value
            sequence += 1


def _records(log: bytes, budget: Budget) -> Iterator[bytes]:
    """The records of a file in log format. One that is cut off at the end is being written just now, and left out."""
    at, parts = 0, bytearray()
    while at + _LOG_HEADER <= len(log):
        budget.step()
        left = _LOG_BLOCK - at % _LOG_BLOCK
        if left < _LOG_HEADER:
            at += left
            continue
        length, kind = int.from_bytes(log[at + 4 : at + 6], "little"), log[at + 6]
        if at + _LOG_HEADER + length > len(log):
            return
        if kind in {_FULL, _FIRST}:
            parts.clear()
        parts += log[at + _LOG_HEADER : at + _LOG_HEADER + length]
        at += _LOG_HEADER + length
        if kind in {_FULL, _LAST}:
            yield bytes(parts)
        elif kind not in {_FIRST, _MIDDLE}:  # the space beyond the end of a log that was made in advance
            return


def _table(folder: str, number: int, budget: Budget) -> bytes:
    try:
        return _file(folder, f"{number:06}.ldb", budget)
    except FileNotFoundError:
        return _file(folder, f"{number:06}.sst", budget)


def _in_table(table: bytes, prefixes: Sequence[bytes], budget: Budget) -> Iterator[_Entry]:
    """The entries of those blocks of a table in which keys with these prefixes can be: each key ends in its sequence number and kind."""
    footer = table[-_FOOTER_BYTES:]
    if not footer.endswith(_TABLE_MAGIC):
        raise CannotRead
    _, at = varint(footer, 0)
    _, at = varint(footer, at)
    offset, at = varint(footer, at)
    size, _ = varint(footer, at)
    low = b""
    for separator, handle in _in_block(_block(table, offset, size, budget), budget):
        high = separator[:-8]  # no key of this block is greater
        if any(prefix <= high and low[: len(prefix)] <= prefix for prefix in prefixes):
            offset, at = varint(handle, 0)
            size, _ = varint(handle, at)
            for key, value in _in_block(_block(table, offset, size, budget), budget):
                trailer = int.from_bytes(key[-8:], "little")
                yield key[:-8], trailer >> 8, value if trailer & 0xFF else None
        low = high


def _block(table: bytes, offset: int, size: int, budget: Budget) -> bytes:
    if offset + size + 5 > len(table):
        raise CannotRead
    if size > MOST_BLOCK:
        raise TooMuch
    content, kind = table[offset : offset + size], table[offset + size]
    if kind == _SNAPPY:
        return unsnap(content, budget)
    if kind != _PLAIN:
        raise CannotRead
    return content


def _in_block(block: bytes, budget: Budget) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values; a key leaves out what it shares with the one before."""
    end = len(block) - 4 - 4 * int.from_bytes(block[-4:], "little")
    at, key = 0, b""
    while at < end:
        budget.step()
        shared, at = varint(block, at)
        own, at = varint(block, at)
        size, at = varint(block, at)
        if shared > len(key) or at + own + size > end:
            raise CannotRead
        key = key[:shared] + block[at : at + own]
        at += own
        yield key, block[at : at + size]
        at += size


def unsnap(data: bytes, budget: Budget) -> bytes:
    """What a block was before Snappy; raises ``CannotRead``, ``TooMuch``, ``IndexError``, ``ValueError``."""
    size, at = varint(data, 0)
    if size > MOST_BLOCK:
        raise TooMuch
    out = bytearray()
    while at < len(data):
        budget.step()
        tag, at = data[at], at + 1
        if not tag & 3:
            length = (tag >> 2) + 1
            if length > _SHORT_LITERAL:
                extra = length - _SHORT_LITERAL
                length, at = int.from_bytes(data[at : at + extra], "little") + 1, at + extra
            out += data[at : at + length]
            at += length
        else:
            at = _copy_back(out, tag, data, at)
        if len(out) > size:
            raise CannotRead
    if len(out) != size:
        raise CannotRead
    return bytes(out)


def _copy_back(out: bytearray, tag: int, data: bytes, at: int) -> int:
    """Append what stood some bytes before, which may overlap with what is appended; where the element ends."""
    if tag & 3 == _COPY_1:
        length, offset, at = (tag >> 2 & 7) + 4, (tag >> 5) << 8 | data[at], at + 1
    else:
        width = 2 if tag & 3 == _COPY_2 else 4
        length, offset, at = (tag >> 2) + 1, int.from_bytes(data[at : at + width], "little"), at + width
    if not 0 < offset <= len(out):
        raise CannotRead
    start = len(out) - offset
    piece = out[start : start + length]
    out += (piece * (length // len(piece) + 1))[:length]
    return at


def _slice(data: bytes, at: int) -> tuple[bytes, int]:
    length, at = varint(data, at)
    if at + length > len(data):
        raise CannotRead
    return data[at : at + length], at + length


def _file(folder: str, name: str, budget: Budget) -> bytes:
    content = read_plain(os.path.join(folder, name), MOST_BYTES, budget)
    if content is None:
        raise CannotRead
    return content


def read_plain(path: str, most: int, budget: Budget) -> bytes | None:
    """A plain file, ``None`` if it is none. A link is followed, as the browser does: what lies behind it is what it reads.

    Raises:
        OSError, TooMuch
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        status = os.fstat(descriptor)
        if not S_ISREG(status.st_mode):
            return None
        if status.st_size > most:
            raise TooMuch
        budget.take(status.st_size)
        with open(descriptor, "rb", closefd=False) as file:
            content = file.read(most + 1)
    finally:
        os.close(descriptor)
    if len(content) > most:
        raise TooMuch
    return content
