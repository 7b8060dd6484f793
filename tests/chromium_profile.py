"""A profile as Chromium writes it, as far as the code that a service worker runs is kept there: a LevelDB log and entries of the simple cache."""

from __future__ import annotations

import zlib
from hashlib import sha1, sha256
from pathlib import Path

from tests.homes import ADDON, origin_of

ORIGIN = origin_of(ADDON)

__all__ = ["ADDON", "ORIGIN", "entry", "entry_file", "write_database", "write_worker"]


def varint(number: int) -> bytes:
    return bytes([number]) if number < 0x80 else bytes([number & 0x7F | 0x80]) + varint(number >> 7)


def text(content: bytes) -> bytes:
    return varint(len(content)) + content


def record(content: bytes) -> bytes:
    """One whole record of a LevelDB log; nobody here checks its checksum."""
    return bytes(4) + len(content).to_bytes(2, "little") + b"\1" + content


def write_database(profile: Path, scripts: dict[str, int], *, origin: str = ORIGIN, version: int = 1) -> None:
    """A registered worker with its scripts, by path and number; and the scripts of a version that is registered no more."""
    folder = profile / "Service Worker" / "Database"
    folder.mkdir(parents=True)
    whose = origin.encode()
    registration = b"\x08\x00\x12" + text(whose) + b"\x1a" + text(whose + b"background.js") + b"\x20" + varint(version) + b"\x39" + bytes(8)
    entries = [(b"REG:" + whose + b"\0" + b"0", registration)]
    for of, paths in ((version, scripts), (version + 1, {"background.js": 99})):
        for path, number in paths.items():
            resource = b"\x08" + varint(number) + b"\x12" + text(whose + path.encode()) + b"\x18\x05"
            entries.append((b"RES:%d\0%d" % (of, number), resource))
    batch = (1).to_bytes(8, "little") + len(entries).to_bytes(4, "little")
    batch += b"".join(b"\1" + text(key) + text(value) for key, value in entries)
    (folder / "CURRENT").write_bytes(b"MANIFEST-000001\n")
    (folder / "MANIFEST-000001").write_bytes(record(b"\1" + text(b"leveldb.BytewiseComparator") + b"\2\3\x09\0\3\4\4\0"))
    (folder / "000003.log").write_bytes(record(batch))


def entry_file(profile: Path, number: int) -> Path:
    name = int.from_bytes(sha1(b"%d" % number).digest()[:8], "little")
    return profile / "Service Worker" / "ScriptCache" / f"{name:016x}_0"


def entry(key: bytes, source: bytes, headers: bytes = b"HTTP/1.1 200 OK\0") -> bytes:
    """An entry of the simple cache: the script, then its headers and the digest of the key."""
    magic = (0xF4FA6F45970D41D8).to_bytes(8, "little")
    start = (0xFCFB6D1BA7725C30).to_bytes(8, "little") + (5).to_bytes(4, "little") + len(key).to_bytes(4, "little") + bytes(8)
    end = magic + (1).to_bytes(4, "little") + zlib.crc32(source).to_bytes(4, "little") + bytes(8)
    last = magic + (3).to_bytes(4, "little") + zlib.crc32(headers).to_bytes(4, "little") + len(headers).to_bytes(4, "little") + bytes(4)
    return start + key + source + end + headers + sha256(key).digest() + last


def write_worker(profile: Path, source: bytes, number: int) -> None:
    """Have this source be what is kept under a number."""
    file = entry_file(profile, number)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(entry(b"%d" % number, source))
