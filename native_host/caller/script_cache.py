"""What Chromium has kept of an extension's service worker: the code that it runs, in place of the extension's files.

Once a worker is registered, Chromium (156, tried) takes its source from ``Service Worker/ScriptCache`` in the profile whatever the files say, until
the extension is reloaded or updated. It checks that source against nothing but a CRC, so any program of the same user can change it.

Formats, in Chromium's sources: ``service_worker_database.cc`` and ``.proto`` (LevelDB; ``REG:`` names the version, ``RES:`` its scripts),
``net/disk_cache/simple/simple_entry_format.h`` (an entry's file is named by SHA-1 of its key, which is the script's number).

What this does not show: beside the source the same entry keeps what V8 compiled of it, and Chromium runs that if it is of a source of the same
length. It is of V8's own form, which cannot be held against the source. So code that differs speaks against the caller, and code that
does not says little.
"""

from __future__ import annotations

import os
from hashlib import sha1, sha256
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from native_host.caller.leveldb import Budget, CannotRead, TooMuch, read_plain, read_prefixes, varint
from native_host.value import Value

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = "Service Worker"
MOST_SCRIPTS = 256
MOST_SCRIPT_BYTES = 32 << 20
_HEADER_BYTES, _END_BYTES, _KEY_DIGEST_BYTES = 24, 24, 32
_HEADER_MAGIC = (0xFCFB6D1BA7725C30).to_bytes(8, "little")
_END_MAGIC = (0xF4FA6F45970D41D8).to_bytes(8, "little")
_HAS_KEY_DIGEST = 2


class Script(Value, frozen=True, kw_only=True):
    """One cached script: its path within the extension, SHA-256 of its source, and the file that keeps it."""

    path: bytes
    digest: bytes
    file: str


def cached_scripts(profile: str, addon: str, budget: Budget | None = None) -> tuple[Script, ...]:
    """The cached sources of an extension's registered workers in a profile; empty if there are none, or they cannot be read.

    One that the browser is writing just now, or whose file is not there, is left out.

    Raises:
        TooMuch: there is more than is read here.
    """
    try:
        return tuple(_scripts(os.path.join(profile, FOLDER), f"chrome-extension://{addon}/".encode(), budget or Budget()))
    except TooMuch:
        raise
    except (OSError, CannotRead, IndexError, ValueError):
        return ()


def _scripts(folder: str, origin: bytes, budget: Budget) -> Iterator[Script]:
    database = os.path.join(folder, "Database")
    versions = {_fields(record).get(4, 0) for record in read_prefixes(database, [b"REG:" + origin], budget).values()}
    prefixes = [b"RES:%d\0" % version for version in versions if isinstance(version, int)]
    records = list(read_prefixes(database, prefixes, budget).values()) if prefixes else []
    if len(records) > MOST_SCRIPTS:
        raise TooMuch
    for record in records:
        fields = _fields(record)
        number, url = fields.get(1, 0), fields.get(2, b"")
        if not isinstance(number, int) or not isinstance(url, bytes) or not url.startswith(origin):
            continue
        key = b"%d" % number
        file = os.path.join(folder, "ScriptCache", f"{int.from_bytes(sha1(key, usedforsecurity=False).digest()[:8], 'little'):016x}_0")
        source = _source(file, key, budget)
        if source is not None:
            path = unquote_to_bytes(url.removeprefix(origin).partition(b"#")[0].partition(b"?")[0])
            yield Script(path=path, digest=sha256(source).digest(), file=file)


def _source(file: str, key: bytes, budget: Budget) -> bytes | None:
    """The entry's second stream, which is the script; the first, the headers, stands behind it. ``None`` if the file is no whole entry."""
    try:
        content = read_plain(file, MOST_SCRIPT_BYTES, budget)
    except OSError:
        return None
    if content is None:
        return None
    start, end = _HEADER_BYTES + len(key), content[-_END_BYTES:]
    whole = content.startswith(_HEADER_MAGIC) and end.startswith(_END_MAGIC)
    if not whole or int.from_bytes(content[12:16], "little") != len(key) or content[_HEADER_BYTES:start] != key:
        return None
    flags, headers = int.from_bytes(end[8:12], "little"), int.from_bytes(end[16:20], "little")
    behind = _END_BYTES + (_KEY_DIGEST_BYTES if flags & _HAS_KEY_DIGEST else 0) + headers + _END_BYTES
    stop = len(content) - behind
    if stop < start or content[stop : stop + 8] != _END_MAGIC:
        return None
    return content[start:stop]


def _fields(message: bytes) -> dict[int, int | bytes]:
    """The numbers and texts of a Protocol Buffers message, the last of each; raises ``ValueError`` or ``IndexError`` if it is none."""
    found: dict[int, int | bytes] = {}
    at = 0
    while at < len(message):
        tag, at = varint(message, at)
        match tag & 7:
            case 0:
                found[tag >> 3], at = varint(message, at)
            case 1 | 5:
                at += 8 if tag & 7 == 1 else 4
            case 2:
                length, at = varint(message, at)
                found[tag >> 3], at = message[at : at + length], at + length
            case _:
                raise ValueError("no such type")
    return found
