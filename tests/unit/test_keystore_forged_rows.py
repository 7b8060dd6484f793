"""Rows that somebody without a key appends: the audit chain's hashes need no secret, so whoever has the file can go on with them.

Rows that are written while the store is locked are just such rows; they may say what happened, but never change a record.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from native_host.errors import CannotUnseal, KeyState
from native_host.keystore import chain
from native_host.keystore.evidence import ChangedOutside
from native_host.keystore.records import Metadata, Record
from native_host.keystore.store import KeyStore
from native_host.sodium import box_seal
from tests.homes import now, set_up, unlock

RECORD = bytes(range(16))
OWNER = b"owner"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[KeyStore]:
    """An open store with one key, which was disabled; ``old.db`` beside it is from before that."""
    store = KeyStore(str(tmp_path / "keystore.db"), now)
    set_up(store)
    with store.transaction():
        store.insert(
            RECORD,
            OWNER,
            Metadata(alg="Ed25519", usages=("sign",), provenance="generated", state="active", created_at=now()),
            bytearray(32),
            None,
        )
        store.append_audit(b"made")
    store.connection.execute(f"VACUUM INTO '{tmp_path / 'old.db'}'")
    change(store, state="disabled")
    yield store
    store.close()


def read(store: KeyStore) -> Record:
    record = store.read(RECORD)
    assert record is not None
    return record


def change(store: KeyStore, **members: Any) -> None:
    with store.transaction():
        store.update(read(store), replace(read(store).metadata, **members))
        store.append_audit(b"changed")


def forge(store: KeyStore, *, sealing: int = chain.SEALED_TO_BOX) -> None:
    """Set the record back to its old row, and append a row that says that this is how it was left; every hash is right."""
    folder = Path(store.path).parent
    with sqlite3.connect(folder / "old.db") as old:
        version, metadata = old.execute("SELECT version, metadata FROM records").fetchone()
        (digest,) = old.execute("SELECT record_digest FROM audit WHERE record_id = ?", (RECORD,)).fetchone()
    old.close()
    with sqlite3.connect(store.path) as connection:
        seq, before = connection.execute("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
        (public,) = connection.execute("SELECT value FROM meta WHERE name = 'auditPublic'").fetchone()
        seq, at, sealed = seq + 1, now(), box_seal(public, b"nothing happened")
        link = chain._link(before, seq, at, sealing, sealed, RECORD, digest)
        connection.execute("INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?)", (seq, at, sealing, sealed, RECORD, digest, link))
        connection.execute("UPDATE records SET version = ?, metadata = ?", (version, metadata))
    connection.close()


SEALINGS = [chain.SEALED_TO_BOX, chain.SEALED_WITH_KEY]


@pytest.mark.parametrize("sealing", SEALINGS)
def test_a_forged_row_is_found_at_unlocking(store: KeyStore, sealing: int) -> None:
    """The key that was disabled does not come back by it."""
    store.forget_keys()
    forge(store, sealing=sealing)
    with pytest.raises(ChangedOutside):
        unlock(store)


@pytest.mark.parametrize("sealing", SEALINGS)
def test_a_forged_row_is_found_at_the_records_use(store: KeyStore, sealing: int) -> None:
    """Also in a store that is open already."""
    assert "disabled" == read(store).metadata.state
    forge(store, sealing=sealing)
    with pytest.raises(CannotUnseal):
        store.read(RECORD)
    with pytest.raises(CannotUnseal):
        store.page(OWNER, after=0, limit=9)


@pytest.mark.parametrize("sealing", SEALINGS)
def test_a_forged_row_is_not_continued(store: KeyStore, sealing: int) -> None:
    """An open store would authenticate it by its next row."""
    forge(store, sealing=sealing)
    with pytest.raises(ChangedOutside), store.transaction():
        store.append_audit(b"after it")


@pytest.mark.parametrize("sealing", SEALINGS)
def test_a_forged_row_is_found_without_a_secret(store: KeyStore, sealing: int) -> None:
    """``audit verify`` names it."""
    (last,) = store.connection.execute("SELECT max(seq) FROM audit").fetchone()
    forge(store, sealing=sealing)
    broken = chain.verify(store.connection)
    assert broken is not None
    assert last + 1 == broken.seq


def test_a_head_that_is_moved_over_a_forged_row_is_found(store: KeyStore) -> None:
    """Without the store's key nobody makes its mark."""
    forge(store)
    store.connection.execute("UPDATE head SET (seq, hash) = (SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1)")
    store._forget()
    with pytest.raises(CannotUnseal):
        store.read(RECORD)
    store.forget_keys()
    with pytest.raises(ChangedOutside):
        unlock(store)


def test_rows_of_a_locked_store_are_taken_over(store: KeyStore) -> None:
    """What really was written while it was locked is authenticated by the next row of an open one."""
    store.forget_keys()
    with store.transaction():
        store.append_audit(b"refused")
    unlock(store)
    with store.transaction():
        store.append_audit(b"opened")
    assert chain.verify(store.connection) is None
    assert "disabled" == read(store).metadata.state


def test_two_hosts_do_not_overwrite_each_other(store: KeyStore) -> None:
    """Who read a record before another host changed it cannot write what it then knew."""
    other = KeyStore(store.path, now)
    unlock(other)
    stale = read(other)
    change(store, label="renamed")
    for write in (other.update, other.destroy):
        with pytest.raises(KeyState), other.transaction():
            write(stale, replace(stale.metadata, state="active"))
    assert ("disabled", "renamed") == (read(other).metadata.state, read(other).metadata.label)
    other.close()


def test_two_hosts_number_their_rows_in_one_chain(store: KeyStore) -> None:
    """However they take turns."""
    other = KeyStore(store.path, now)
    unlock(other)
    for number in range(20):
        one = (store, other)[number % 2]
        with one.transaction():
            one.append_audit(b"row")
    assert chain.verify(store.connection) is None
    other.close()


TYPES = ["NULL", "'text'", "-1", "1.5", "x''", "x'00'", "9223372036854775807", "-9223372036854775808"]
COLUMNS = [
    *(("audit", name) for name in ("at", "sealing", "sealed", "record_id", "record_digest", "hash")),
    *(("head", name) for name in ("seq", "hash", "mac")),
]  # fmt: skip


@pytest.mark.parametrize("value", TYPES)
@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_values_of_any_type_are_judged(store: KeyStore, table: str, column: str, value: str) -> None:
    """SQLite keeps whatever is written into a column: it is a broken chain, not a fault."""
    store.forget_keys()
    where = " WHERE seq = 2" if table == "audit" else ""
    try:
        with sqlite3.connect(store.path) as connection:
            before = connection.execute(f"SELECT {column} FROM {table}{where}").fetchone()
            connection.execute(f"UPDATE {table} SET {column} = {value}{where}")
            after = connection.execute(f"SELECT {column} FROM {table}{where}").fetchone()
    except sqlite3.IntegrityError:
        return
    assert chain.verify(store.connection) is not None or before == after or column == "mac"
    if table == "head":
        with pytest.raises(ChangedOutside):
            unlock(store)


@pytest.mark.parametrize("value", TYPES)
@pytest.mark.parametrize("column", ["owner", "version", "metadata", "secret"])
def test_values_of_any_type_in_a_record_are_refused(store: KeyStore, column: str, value: str) -> None:
    """As any other change."""
    try:
        store.connection.execute(f"UPDATE records SET {column} = {value}")
    except sqlite3.IntegrityError:
        return
    store._forget()
    with pytest.raises(CannotUnseal):
        store.read(RECORD)
