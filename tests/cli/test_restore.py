"""A backup compared with what is on the computer already: named for what it is, and put in its place only at the typed word."""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from native_host.testing.approver import PASSPHRASE
from tests.backups.computers import FOR_KEY, NEW, Computer, make_one_key


@pytest.fixture
def old(tmp_path: Path) -> Iterator[Computer]:
    """The computer that is backed up: its store has an Ethereum account below a seed, and a key of its own."""
    computer = Computer(tmp_path / "old")
    computer.attach()
    computer.set_up()
    yield computer
    computer.quit()


@pytest.fixture
def new(tmp_path: Path) -> Iterator[Computer]:
    """A computer without a keystore."""
    computer = Computer(tmp_path / "new")
    yield computer
    computer.quit()


def test_an_older_backup(old: Computer, tmp_path: Path) -> None:
    """Is named as such with how far it is behind, takes the typed word, and what it replaces is kept and opens as it did."""
    file = tmp_path / "backup.age"
    old.backs_up(file)
    make_one_key(old)
    behind = old.rows("SELECT count(*) FROM audit")[0][0]
    host = old.greet()
    said = old.program.refuses("restore", str(file), *old.with_key, typed=("yes",))
    assert re.search(r"made on \d{4}-\d\d-\d\d .* and is older: \d changes behind", said)
    assert "Nothing was changed." in said
    assert behind <= old.rows("SELECT count(*) FROM audit")[0][0]
    epoch = old.rows("SELECT lock_epoch FROM state")[0][0]
    assert "is kept in" in old.restores(file, typed=("replace", NEW))
    assert "locked" == host.request("getStatus")["state"]
    assert epoch < old.rows("SELECT lock_epoch FROM state")[0][0]
    old.quit()
    assert "There are no keys yet." in old.program.says("keys", typed=(NEW,))
    (aside,) = [one for one in old.folder.iterdir() if re.fullmatch(r"keystore\.db\.\d{4}-.*Z", one.name)]
    assert 0o600 == aside.stat().st_mode & 0o777
    old.database.unlink()
    shutil.copy(aside, old.database)
    assert "Ed25519" in old.program.says("keys", typed=(PASSPHRASE,))


def test_a_newer_backup(old: Computer, tmp_path: Path) -> None:
    """An older copy of the file was put here: the backup says so."""
    kept = tmp_path / "kept"
    with old.store() as store, sqlite3.connect(kept) as copy:
        store.connection.backup(copy)
    copy.close()
    make_one_key(old)
    old.backs_up(tmp_path / "backup.age")
    for one in old.folder.glob("keystore.db*"):
        one.unlink()
    shutil.copy(kept, old.database)
    said = old.program.refuses("restore", str(tmp_path / "backup.age"), *old.with_key, typed=("no",))
    assert "is newer" in said
    assert "an older copy was put here" in said
    old.restores(tmp_path / "backup.age", typed=("replace", NEW))
    assert "Ed25519" in old.program.says("keys", typed=(NEW,))


def test_different_ways(old: Computer, new: Computer, tmp_path: Path) -> None:
    """A backup of a copy that went on elsewhere is not taken for an older or a newer one."""
    old.backs_up(tmp_path / "first.age")
    new.restores(tmp_path / "first.age")
    make_one_key(new, NEW)
    new.program.says("backup", str(tmp_path / "second.age"), *FOR_KEY, typed=(NEW,))
    make_one_key(old)
    assert "went different ways" in old.program.refuses("restore", str(tmp_path / "second.age"), *old.with_key, typed=("no",))


def test_another_keystore_is_here(old: Computer, new: Computer, tmp_path: Path) -> None:
    """It is not replaced by a backup that is not its own."""
    old.backs_up(tmp_path / "backup.age")
    new.set_up()
    assert "another keystore" in new.program.refuses("restore", str(tmp_path / "backup.age"), *new.with_key, typed=("replace", NEW))
    assert "There are no keys yet." in new.program.says("keys", typed=(PASSPHRASE,))


def test_attached_before_there_was_a_keystore(old: Computer, new: Computer, tmp_path: Path) -> None:
    """What was attached on the new computer is kept aside with its file."""
    old.backs_up(tmp_path / "backup.age")
    new.attach("ponmlkjihgfedcbaponmlkjihgfedcba")
    assert "is kept in" in new.restores(tmp_path / "backup.age")


def test_it_is_newer_than_the_backup(old: Computer, new: Computer, tmp_path: Path) -> None:
    """What was restored is ahead of its backup, so that restoring it again is told as going back."""
    old.backs_up(tmp_path / "backup.age")
    new.restores(tmp_path / "backup.age")
    said = new.program.refuses("restore", str(tmp_path / "backup.age"), *new.with_key, typed=("no",))
    assert re.search(r"is older: \d changes? behind", said)
