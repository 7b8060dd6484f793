"""What somebody does to the file while a host has it open, and what is missing from it, is noticed at the next use."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from native_host.errors import CannotUnseal
from native_host.keystore import chain
from native_host.keystore.evidence import ChangedOutside
from native_host.keystore.records import Metadata
from native_host.keystore.store import KeyStore
from native_host.sodium import BOX_OVERHEAD_BYTES, box_seal
from tests.homes import now, set_up, unlock

RECORD = bytes(16)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[KeyStore]:
    """An open store that was set up in front of a person, with one record and three decisions."""
    store = KeyStore(str(tmp_path / "keystore.db"), now)
    set_up(store, unattended=False)
    metadata = Metadata(alg="CEILING", usages=(), provenance="derived", state="active", created_at=now())
    with store.transaction():
        store.insert(RECORD, b"owner", metadata, None, None)
        store.append_audit(b"made")
    with store.transaction():
        store.append_audit(b"signed")
    yield store
    store.close()


def edit(store: KeyStore, *statements: str) -> None:
    """As another program does it."""
    with sqlite3.connect(store.path) as connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


CUTS = {
    "the end": ["DELETE FROM audit WHERE seq = 3"],
    "all of it": ["DELETE FROM audit", "DELETE FROM head"],
    "the head": ["DELETE FROM head"],
    "the end, the head moved": [
        "DELETE FROM audit WHERE seq = 3",
        "UPDATE head SET seq = 2, hash = (SELECT hash FROM audit WHERE seq = 2)",
    ],
}


@pytest.mark.parametrize("statements", CUTS.values(), ids=CUTS.keys())
def test_the_record_of_decisions_is_not_continued_over_a_cut(store: KeyStore, statements: list[str]) -> None:
    """A cut that an open store wrote on after would be authenticated by it, and never found."""
    edit(store, *statements)
    with pytest.raises(ChangedOutside), store.transaction():
        store.append_audit(b"after the cut")


def test_a_head_that_is_missing_is_found_without_a_secret(store: KeyStore) -> None:
    """It says where an unlocked host left the record."""
    edit(store, "DELETE FROM head")
    assert chain.verify(store.connection) is not None


ATTENDED = {
    "the flag": ["UPDATE meta SET value = x'01' WHERE name = 'unattended'"],
    "its slots": ["DELETE FROM slots"],
}


@pytest.mark.parametrize("statements", ATTENDED.values(), ids=ATTENDED.keys())
def test_an_open_store_stays_attended(store: KeyStore, statements: list[str]) -> None:
    """Who may answer for it was settled when it was opened: a changed flag, or no slot, brings in no other program."""
    store.forget_keys()
    unlock(store)
    edit(store, *statements)
    assert (True, False) == (store.is_set_up, store.unattended)
    with store.withheld():
        assert (True, False) == (store.is_set_up, store.unattended)


def test_a_locked_store_says_what_the_file_says(store: KeyStore) -> None:
    """Locked, it remembers nothing: its slots vouch for the flag when they are opened."""
    store.forget_keys()
    edit(store, "UPDATE meta SET value = x'01' WHERE name = 'unattended'")
    assert store.unattended


def test_a_record_that_was_taken_out_is_missed(store: KeyStore) -> None:
    """The record of decisions knows that it was there; without this, taking a ceiling out would widen what it bounds."""
    edit(store, "DELETE FROM records")
    with pytest.raises(CannotUnseal):
        store.read(RECORD)
    assert store.read(bytes(15) + b"\x01") is None


@pytest.mark.parametrize("public", ["x'00'", "zeroblob(32)", "randomblob(32)", "randomblob(33)"])
def test_another_key_for_what_is_written_while_locked_is_noticed(store: KeyStore, public: str) -> None:
    """Else whoever put it there could read what is written while the store is locked, and its owner could not."""
    store.forget_keys()
    edit(store, f"UPDATE meta SET value = {public} WHERE name = 'auditPublic'")
    with pytest.raises(ChangedOutside):
        unlock(store)
    assert not store.holds_keys


def test_a_box_is_sealed_to_a_whole_key_only() -> None:
    """libsodium reads 32 bytes wherever the pointer points."""
    assert BOX_OVERHEAD_BYTES + 1 == len(box_seal(bytes([9] + [0] * 31), b"x"))
    for length in (0, 31, 33):
        with pytest.raises(ValueError, match="32 bytes"):
            box_seal(bytes(length), b"x")
