"""Backups that are none, that do not hold together, or that somebody made to harm: each refused before anything is changed."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from native_host.backups import age_file, archive
from native_host.secret import SecretBytes
from tests.backups.computers import KEY, NEW, Computer, make_one_key


@pytest.fixture
def new(tmp_path: Path) -> Iterator[Computer]:
    """A computer without a keystore."""
    computer = Computer(tmp_path / "new")
    yield computer
    computer.quit()


def _changed(content: bytes, change: Any) -> bytes:
    """An archive of which something was changed by who can encrypt to the recipient, which anybody can."""
    with archive.unpack(age_file.decrypt_with_identities(content, SecretBytes(str(KEY).encode()))) as opened:
        header, root, snapshot = change(opened.header, opened.root, bytes(opened.snapshot))
        packed = archive.pack(msgspec.structs.replace(header, snapshot_bytes=len(snapshot)), root, snapshot)
        return age_file.encrypt_to_recipients(packed, [str(KEY.to_public())])


def _sql(*statements: str) -> Any:
    def change(header: Any, root: Any, snapshot: bytes) -> Any:
        connection = sqlite3.connect(":memory:", isolation_level=None)
        connection.deserialize(snapshot)
        for statement in statements:
            connection.execute(statement)
        return header, root, connection.serialize()

    return change


def _header(**members: Any) -> Any:
    return lambda header, root, snapshot: (msgspec.structs.replace(header, **members), root, snapshot)


HOSTILE: dict[str, tuple[Any, str]] = {
    "another root key": (lambda header, root, snapshot: (header, SecretBytes(bytes(32)), snapshot), "damaged"),
    "a header of another store": (_header(store_id=bytes(16)), "damaged"),
    "a header of another end": (_header(changes=99), "damaged"),
    "a header of another version": (_header(version=99), "damaged"),
    "a newer form": (_header(format=2), "newer Strongroom"),
    "no database": (lambda header, root, snapshot: (header, root, b"nothing"), "damaged"),
    "a torn database": (lambda header, root, snapshot: (header, root, snapshot[: len(snapshot) // 2]), "damaged"),
    "a trigger": (_sql("CREATE TRIGGER t AFTER INSERT ON audit BEGIN DELETE FROM records; END"), "damaged"),
    "a view": (_sql("CREATE VIEW v AS SELECT 1"), "damaged"),
    "another table": (_sql("CREATE TABLE more (x)"), "damaged"),
    "a table less": (_sql("DROP TABLE counters"), "damaged"),
    "a newer database": (_sql("PRAGMA user_version = 99"), "newer Strongroom"),
    "a record taken out": (_sql("DELETE FROM records"), "damaged"),
    "a record changed": (_sql("UPDATE records SET metadata = zeroblob(60)"), "damaged"),
    "a secret changed": (_sql("UPDATE records SET secret = zeroblob(80)"), "damaged"),
    "an entry taken out": (_sql("DELETE FROM audit WHERE seq = 1"), "damaged|not whole"),
    "an entry of another type": (_sql("UPDATE audit SET hash = 'text' WHERE seq = 2"), "damaged|not whole"),
    "no head": (_sql("DELETE FROM head"), "damaged"),
    "no keys": (_sql("DELETE FROM deks"), "damaged"),
    "no settings": (_sql("DELETE FROM meta"), "damaged"),
}  # fmt: skip


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of a store with a key."""
    folder = tmp_path_factory.mktemp("good")
    computer = Computer(folder / "computer")
    computer.attach()
    computer.set_up()
    make_one_key(computer)
    computer.backs_up(folder / "backup.age")
    return folder / "backup.age"


@pytest.mark.parametrize(("change", "said"), HOSTILE.values(), ids=HOSTILE.keys())
def test_what_does_not_hold_together(good: Path, new: Computer, tmp_path: Path, change: Any, said: str) -> None:
    """Encrypted as it should be, and yet not what a store was: refused before anything is changed."""
    (tmp_path / "backup.age").write_bytes(_changed(good.read_bytes(), change))
    assert re.search(said, new.program.refuses("restore", str(tmp_path / "backup.age"), *new.with_key, typed=(NEW,)))
    assert [] == new.rows("SELECT * FROM slots") + new.rows("SELECT * FROM records") + new.rows("SELECT * FROM meta")


NO_BACKUPS: dict[str, tuple[Any, str]] = {
    "empty": (lambda content: b"", "not a backup"),
    "a picture": (lambda content: b"\x89PNG\r\n\x1a\n" * 100, "not a backup"),
    "shortened": (lambda content: content[:-1], "damaged"),
    "a changed byte": (lambda content: content[:-100] + bytes((content[-100] ^ 1,)) + content[-99:], "damaged"),
    "longer": (lambda content: content + b"\n", "damaged"),
    "another age file": (
        lambda content: age_file.encrypt_to_recipients(b"hello", [str(KEY.to_public())]),
        "not a backup of Strongroom",
    ),
    "for somebody else": (
        lambda content: age_file.encrypt_to_secret(b"hello", SecretBytes(bytes(32))),
        "another recipient",
    ),
}


@pytest.mark.parametrize(("change", "said"), NO_BACKUPS.values(), ids=NO_BACKUPS.keys())
def test_what_is_no_backup(good: Path, new: Computer, tmp_path: Path, change: Any, said: str) -> None:
    """Each in a sentence of its own."""
    (tmp_path / "backup.age").write_bytes(change(good.read_bytes()))
    assert said in new.program.refuses("restore", str(tmp_path / "backup.age"), *new.with_key, typed=(NEW,))


def test_an_identity_that_is_none(good: Path, new: Computer, tmp_path: Path) -> None:
    """And files that are not there."""
    (tmp_path / "x").write_text("hello")
    assert "no identity file" in new.program.refuses("restore", str(good), "--identity", str(tmp_path / "x"), typed=(NEW,))
    assert "No such file" in new.program.refuses("restore", str(tmp_path / "y"), typed=(NEW,))
