"""What is done to the file from outside is noticed: a flipped bit, an exchanged or older row, a cut or edited record of decisions."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from native_host.errors import CannotUnseal, Locked
from native_host.keystore import chain
from native_host.keystore.evidence import ChangedOutside
from native_host.keystore.migrate import VERSION, NewerFormat
from native_host.keystore.records import Metadata
from native_host.keystore.store import KeyStore
from tests.homes import now, set_up, unlock

WALLET = bytes(16)
SECRET = bytes(range(32))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[KeyStore]:
    """An open store with two keys of one wallet."""
    store = KeyStore(str(tmp_path / "keystore.db"), now)
    set_up(store)
    for number in (1, 2):
        insert(store, bytes([number]) * 16)
    yield store
    store.close()


def insert(store: KeyStore, record_id: bytes, secret: bytes = SECRET) -> None:
    metadata = Metadata(alg="Ed25519", usages=("sign",), provenance="generated", state="active", created_at=now(), label="one")
    with store.transaction():
        store.insert(record_id, store.owner_of(WALLET), metadata, bytearray(secret), record_id)
        store.append_audit(b"made")


def rename(store: KeyStore, record_id: bytes, label: str) -> None:
    from msgspec.structs import replace

    record = store.read(record_id)
    assert record is not None
    with store.transaction():
        store.update(record, replace(record.metadata, label=label))
        store.append_audit(b"renamed")


def read_all(store: KeyStore) -> bytes:
    """Read a record and its secret as a signature does, with nothing remembered."""
    store._forget()
    record = store.read(b"\x01" * 16)
    assert record is not None
    with store.unseal_secret(record) as secret:
        return bytes(secret.buffer)


def test_what_was_put_in_comes_out(store: KeyStore) -> None:
    """The secret, and only to who holds the keys."""
    assert SECRET == read_all(store)
    store.forget_keys()
    with pytest.raises(Locked):
        store.read(b"\x01" * 16)


@pytest.mark.parametrize("column", ["metadata", "secret"])
def test_every_flipped_byte_is_noticed(store: KeyStore, column: str) -> None:
    """Whichever byte of whichever blob it is, the record is refused; put right again, it is good."""
    select, update = f"SELECT {column} FROM records WHERE position = 1", f"UPDATE records SET {column} = ? WHERE position = 1"
    (blob,) = store.connection.execute(select).fetchone()
    for at in range(len(blob)):
        store.connection.execute(update, (blob[:at] + bytes([blob[at] ^ 1]) + blob[at + 1 :],))
        with pytest.raises(CannotUnseal):
            read_all(store)
    store.connection.execute(update, (blob,))
    assert SECRET == read_all(store)


def exchange_secrets(connection: sqlite3.Connection) -> None:
    (other,) = connection.execute("SELECT secret FROM records WHERE position = 2").fetchone()
    connection.execute("UPDATE records SET secret = ? WHERE position = 1", (other,))


def exchange_ids(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE records SET record_id = ? WHERE position = 1", (b"\x03" * 16,))
    connection.execute("UPDATE records SET record_id = ? WHERE position = 2", (b"\x01" * 16,))


def take_the_secret_away(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE records SET secret = NULL WHERE position = 1")


def give_it_to_another_owner(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE records SET owner = ? WHERE position = 1", (b"\x05" * 16,))


def say_another_revision(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE records SET version = 2 WHERE position = 1")


def hide_what_the_record_of_decisions_says(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM audit WHERE record_id = ?", (b"\x01" * 16,))


def say_another_digest(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE audit SET record_digest = ? WHERE record_id = ?", (bytes(32), b"\x01" * 16))


EDITS: list[Callable[[sqlite3.Connection], None]] = [
    exchange_secrets, exchange_ids, take_the_secret_away, give_it_to_another_owner, say_another_revision,
    hide_what_the_record_of_decisions_says, say_another_digest,
]  # fmt: skip


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.__name__)
def test_an_edited_row_is_refused(store: KeyStore, edit: Callable[[sqlite3.Connection], None]) -> None:
    """Each way of editing a record, or what vouches for it."""
    edit(store.connection)
    with pytest.raises(CannotUnseal):
        read_all(store)


def test_an_older_row_is_refused(store: KeyStore) -> None:
    """A single record that is set back to what it once was, by whoever kept the old row."""
    old = store.connection.execute("SELECT version, metadata FROM records WHERE position = 1").fetchone()
    rename(store, b"\x01" * 16, "another name")
    store.connection.execute("UPDATE records SET version = ?, metadata = ? WHERE position = 1", old)
    with pytest.raises(CannotUnseal):
        read_all(store)


def test_a_record_of_another_store_is_refused(store: KeyStore, tmp_path: Path) -> None:
    """Even under the same id."""
    other = KeyStore(str(tmp_path / "other.db"), now)
    set_up(other)
    insert(other, b"\x01" * 16)
    row = other.connection.execute("SELECT owner, metadata, secret FROM records").fetchone()
    other.close()
    store.connection.execute("UPDATE records SET owner = ?, metadata = ?, secret = ? WHERE position = 1", row)
    with pytest.raises(CannotUnseal):
        read_all(store)


def cut_the_end(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)")


def cut_the_middle(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM audit WHERE seq = 2")


def edit_the_text(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE audit SET sealed = ? WHERE seq = 2", (bytes(60),))


def edit_the_time(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE audit SET at = at + 1 WHERE seq = 2")


def reorder(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE audit SET seq = 99 WHERE seq = 1")
    connection.execute("UPDATE audit SET seq = 1 WHERE seq = 2")
    connection.execute("UPDATE audit SET seq = 2 WHERE seq = 99")


def cut_the_end_and_move_the_head(connection: sqlite3.Connection) -> None:
    cut_the_end(connection)
    connection.execute("UPDATE head SET seq = (SELECT max(seq) FROM audit), hash = (SELECT hash FROM audit ORDER BY seq DESC LIMIT 1)")


CUTS: list[Callable[[sqlite3.Connection], None]] = [cut_the_end, cut_the_middle, edit_the_text, edit_the_time, reorder]


@pytest.mark.parametrize("edit", CUTS, ids=lambda edit: edit.__name__)
def test_a_broken_chain_is_found_without_a_secret(store: KeyStore, edit: Callable[[sqlite3.Connection], None]) -> None:
    """``audit verify`` names the entry."""
    assert chain.verify(store.connection) is None
    edit(store.connection)
    broken = chain.verify(store.connection)
    assert broken is not None
    assert broken.seq in {1, 2, 3}


@pytest.mark.parametrize("edit", [cut_the_end, cut_the_end_and_move_the_head], ids=lambda edit: edit.__name__)
def test_a_cut_end_is_found_at_unlocking(store: KeyStore, edit: Callable[[sqlite3.Connection], None]) -> None:
    """Also one whose head was moved along: only the store's key can make its MAC."""
    store.forget_keys()
    edit(store.connection)
    with pytest.raises(ChangedOutside):
        unlock(store)


def test_rows_written_while_locked_are_for_the_owner_only(store: KeyStore) -> None:
    """They follow the chain, hold nothing in the clear, and are read once the store is open."""
    store.forget_keys()
    with store.transaction():
        store.append_audit(b"while locked")
    (row,) = [row for row in chain.rows(store.connection) if row.sealing == chain.SEALED_TO_BOX]
    assert b"while locked" not in row.sealed
    with pytest.raises(Locked):
        store.read_audit(row)
    unlock(store)
    assert b"while locked" == store.read_audit(row)
    assert chain.verify(store.connection) is None


def test_a_change_without_a_row_about_it_is_a_fault(store: KeyStore) -> None:
    """Nothing of the transaction happens."""
    with pytest.raises(AssertionError), store.transaction():
        store.insert(
            b"\x09" * 16,
            store.owner_of(WALLET),
            Metadata(alg="Ed25519", usages=(), provenance="generated", state="active", created_at=0),
            None,
            None,
        )
    assert store.read(b"\x09" * 16) is None


def refuse_after_writing(store: KeyStore) -> None:
    store.append_audit(b"never")
    raise CannotUnseal


def test_one_of_a_batch_can_be_undone(store: KeyStore) -> None:
    """The others are kept, and one commit is for all of them."""
    store.begin_batch()
    insert(store, b"\x07" * 16)
    with pytest.raises(CannotUnseal), store.transaction():
        refuse_after_writing(store)
    insert(store, b"\x08" * 16)
    store.end_batch()
    with KeyStoreOf(store) as other:
        assert 4 == other.connection.execute("SELECT count(*) FROM records").fetchone()[0]
        assert chain.verify(other.connection) is None


class KeyStoreOf:
    """The same file, opened as another host opens it."""

    def __init__(self, store: KeyStore) -> None:
        self._other = KeyStore(store.path, now)

    def __enter__(self) -> KeyStore:
        return self._other

    def __exit__(self, *_: object) -> None:
        self._other.close()


def test_a_lock_is_everywhere(store: KeyStore) -> None:
    """Another host's lock takes this one's keys away."""
    with KeyStoreOf(store) as other:
        unlock(other)
        with store.transaction():
            store.append_audit(b"lock")
            store.raise_epoch()
        with pytest.raises(Locked):
            other.read(b"\x01" * 16)
        assert not other.is_unlocked


def test_the_attended_flag_cannot_be_edited(store: KeyStore) -> None:
    """Every slot vouches for it: with the flag changed, no slot opens."""
    store.forget_keys()
    store.connection.execute("UPDATE meta SET value = x'00' WHERE name = 'unattended'")
    with pytest.raises(CannotUnseal):
        unlock(store)


def test_nobody_else_reads_the_file(store: KeyStore) -> None:
    """The database and what SQLite puts beside it are for their owner alone."""
    for file in Path(store.path).parent.iterdir():
        assert 0o600 == stat.S_IMODE(os.stat(file).st_mode), file


def test_a_newer_format_is_left_as_it_is(tmp_path: Path) -> None:
    """A host that does not know it does not touch it."""
    path = tmp_path / "keystore.db"
    KeyStore(str(path), now).close()
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    connection.close()
    with pytest.raises(NewerFormat):
        KeyStore(str(path), now)
