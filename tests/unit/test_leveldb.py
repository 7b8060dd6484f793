"""Reading a database that LevelDB itself wrote, and whatever else lies in its place."""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

import pytest

from native_host.caller import leveldb
from native_host.caller.leveldb import Budget, CannotRead, TooMuch, read_prefixes, unsnap, varint
from tests.data.make_leveldb import FOLDER, expected, rows


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return Path(shutil.copytree(FOLDER, tmp_path / "database"))


def test_everything_that_leveldb_wrote() -> None:
    """Compressed tables and a log, values that replaced others, and keys that were deleted."""
    assert expected() == read_prefixes(str(FOLDER), [b""])


@pytest.mark.parametrize("number", range(0, 120, 7))
def test_a_prefix_finds_its_own(number: int) -> None:
    """Of one registration and of its scripts, and nothing of the others."""
    registration, script = rows(number)
    wanted = [registration[0].partition(b"\0")[0] + b"\0", script[0].partition(b"\0")[0] + b"\0"]
    of_all = expected()
    assert {key: value for key, value in of_all.items() if key.startswith(tuple(wanted))} == read_prefixes(str(FOLDER), wanted)


def test_a_table_that_the_manifest_does_not_name_is_none(database: Path) -> None:
    """Planted beside the others, with newer entries in it, it would lead away from what the browser reads."""
    before = read_prefixes(str(database), [b""])
    for file in database.glob("*.ldb"):
        shutil.copy(file, database / f"9{file.name}")
    (database / "000001.log").write_bytes(next(database.glob("*.log")).read_bytes())
    assert before == read_prefixes(str(database), [b""])


@pytest.mark.parametrize("current", [b"", b"MANIFEST-\n", b"../MANIFEST-000001\n", b"MANIFEST-000001/../x\n", b"\xff\n", b"MANIFEST-9\n"])
def test_a_current_file_that_leads_elsewhere(database: Path, current: bytes) -> None:
    """It names a manifest beside it, or the database is none."""
    (database / "CURRENT").write_bytes(current)
    with pytest.raises(CannotRead):
        read_prefixes(str(database), [b""])


def test_no_database(tmp_path: Path) -> None:
    """No folder; and one in which nothing is."""
    for folder in (tmp_path / "none", tmp_path):
        with pytest.raises(CannotRead):
            read_prefixes(str(folder), [b""])


@pytest.mark.parametrize("kind", ["*.ldb", "*.log", "MANIFEST-*"])
def test_damage_is_found_or_does_no_harm(database: Path, kind: str) -> None:
    """Cut off anywhere, or changed anywhere: an answer or a refusal, and nothing else."""
    file, chance = next(database.glob(kind)), random.Random(7)
    whole = file.read_bytes()
    for _ in range(400):
        damaged = bytearray(whole[: chance.randrange(len(whole))] if chance.random() < 0.5 else whole)
        for _ in range(chance.randrange(3)):
            if damaged:
                damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        file.write_bytes(damaged)
        try:
            read_prefixes(str(database), [b"REG:", b"RES:"])
        except CannotRead:
            continue


def test_a_log_that_is_being_written(database: Path) -> None:
    """What is not whole yet is left out; what was before it counts."""
    log = next(database.glob("*.log"))
    before = read_prefixes(str(database), [b""])
    with log.open("ab") as file:
        file.write(b"\0\0\0\0\x40\x00\x01half")
    assert before == read_prefixes(str(database), [b""])


def test_a_file_behind_a_link(database: Path) -> None:
    """A browser reads it, so it counts."""
    before = read_prefixes(str(database), [b""])
    log = next(database.glob("*.log"))
    log.rename(database / "elsewhere")
    log.symlink_to("elsewhere")
    assert before == read_prefixes(str(database), [b""])


@pytest.mark.parametrize("kind", ["pipe", "device", "large"])
def test_files_that_are_no_files(database: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe or a device that never ends, a file that grows without end: refused, without waiting."""
    log = next(database.glob("*.log"))
    content = log.read_bytes()
    log.unlink()
    if kind == "pipe":
        os.mkfifo(log)
    elif kind == "device":
        log.symlink_to("/dev/zero")
    else:
        log.write_bytes(content)
        monkeypatch.setattr(leveldb, "MOST_BYTES", len(content) - 1)
    with pytest.raises(CannotRead):
        read_prefixes(str(database), [b""])


def test_more_than_is_read(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Entries, bytes and tables have bounds, also those of several readings together."""
    for budget in (Budget(steps=10), Budget(size=100)):
        with pytest.raises(TooMuch):
            read_prefixes(str(database), [b""], budget)
    whole = Budget()
    read_prefixes(str(database), [b"REG:"], whole)
    left = Budget(steps=(leveldb.MOST_STEPS - whole.steps) * 3 // 2)
    read_prefixes(str(database), [b"REG:"], left)
    with pytest.raises(TooMuch):
        read_prefixes(str(database), [b"REG:"], left)
    monkeypatch.setattr(leveldb, "MOST_TABLES", 0)
    with pytest.raises(TooMuch):
        read_prefixes(str(database), [b"nothing"])


def test_a_log_of_nothing_but_entries(database: Path) -> None:
    """Two bytes each, of keys that nobody asks for: reading it ends long before the file does."""
    batch = bytes(12) + b"\0\0" * 16_374
    block = bytes(4) + len(batch).to_bytes(2, "little") + b"\1" + batch
    (database / "999999.log").write_bytes(block.ljust(32768, b"\0") * 400)
    with pytest.raises(TooMuch):
        read_prefixes(str(database), [b"REG:"])


@pytest.mark.parametrize(
    ("packed", "content"),
    [
        (b"\x00", b""),
        (b"\x05\x10hello", b"hello"),
        (b"\x0a\x00a\x22\x01\x00", b"a" * 10),
        (b"\x0b\x00a\x22\x01\x00", None),  # says eleven bytes, gives one and nine
        (b"\x0a\x00a\x15\x01", b"a" * 10),  # a copy that overlaps itself
        (b"\x03\x00a\x01\x00", None),  # from nowhere
        (b"\x03\x00a\x01\x05", None),  # from before the beginning
        (b"\xff\xff\xff\x7f\x00a", None),  # larger than a block is
        (b"\x02\x00a\xfe\x01\x00", None),  # more than it says
        (b"\x05\x10hel", None),
        (b"", None),
    ],
)
def test_snappy(packed: bytes, content: bytes | None) -> None:
    """Literals and copies; what is not as it says is refused before it takes more room than it may."""
    if content is not None:
        assert content == unsnap(packed, Budget())
        return
    with pytest.raises((CannotRead, IndexError, ValueError)):
        unsnap(packed, Budget())


def test_numbers() -> None:
    """Seven bits a byte; never more than 64 bits' worth."""
    assert (300, 2) == varint(b"\xac\x02", 0)
    with pytest.raises(ValueError, match="too long"):
        varint(b"\xff" * 11, 0)
    with pytest.raises(IndexError):
        varint(b"\x80", 0)
