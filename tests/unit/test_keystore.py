"""The keystore's transactions, what several hosts see of each other, and old files."""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from native_host import sodium
from native_host.errors import Duplicate, Locked
from native_host.keystore import chain
from native_host.keystore.migrate import VERSION, NewerFormat
from native_host.keystore.records import Metadata
from native_host.keystore.store import KeyStore
from tests.data.make_keystore import GONE, ORIGIN, PASSPHRASE, RENAMED, SECRET, SIGNER
from tests.homes import now, set_up, unlock

DATA = Path(__file__).parent.parent / "data"
WALLET = bytes(16)
FIRST, SECOND, THIRD = (bytes([number]) * 16 for number in (1, 2, 3))
METADATA = Metadata(alg="Ed25519", usages=("sign",), provenance="generated", state="active", created_at=0, label="one")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[KeyStore]:
    """An open store without a key."""
    store = KeyStore(str(tmp_path / "keystore.db"), now)
    set_up(store)
    yield store
    store.close()


@pytest.fixture
def other(store: KeyStore) -> Iterator[KeyStore]:
    """The same file in another host, unlocked there as well."""
    other = KeyStore(store.path, now)
    unlock(other)
    yield other
    other.close()


def insert(store: KeyStore, record_id: bytes, metadata: Metadata = METADATA) -> None:
    with store.transaction():
        store.insert(record_id, store.owner_of(WALLET), metadata, bytearray(SECRET), record_id)
        store.append_audit(b"made")


def insert_then_fail(store: KeyStore, record_id: bytes) -> None:
    """Every step of an insertion, and a refusal before its end."""
    with pytest.raises(Duplicate), store.transaction():
        _insert_and_raise(store, record_id)


def _insert_and_raise(store: KeyStore, record_id: bytes) -> None:
    store.insert(record_id, store.owner_of(WALLET), METADATA, None, record_id)
    store.append_audit(b"never")
    raise Duplicate


def ids(store: KeyStore) -> list[bytes]:
    return [record.record_id for record in store.page(store.owner_of(WALLET), after=0, limit=100)]


def test_all_that_was_put_in_comes_out(store: KeyStore) -> None:
    """Every member of the metadata, beside the secret, after the store was closed and opened."""
    full = Metadata(
        alg="ES256K", usages=("sign", "message"), provenance="derived", state="unconfirmed", created_at=7, version=3, backend="local",
        protection="software", label="Zoë 🔑", public=b"\x02" * 33, address="0xabc", parent=SECOND, scheme="BIP32", path="m/0'", seed=b"s" * 16,
    )  # fmt: skip
    insert(store, FIRST, full)
    store.forget_keys()
    unlock(store)
    record = store.read(FIRST)
    assert record is not None
    assert (full, 1, store.owner_of(WALLET)) == (record.metadata, record.revision, record.owner)
    with store.unseal_secret(record) as secret:
        assert SECRET == bytes(secret.buffer)
    assert store.read(SECOND) is None


def test_pages_follow_one_another(store: KeyStore) -> None:
    """Oldest first, each record once, another wallet's never."""
    for number in range(1, 6):
        insert(store, bytes([number]) * 16)
    with store.transaction():
        store.insert(b"x" * 16, store.owner_of(b"another wallet's"), METADATA, None, None)
        store.append_audit(b"made")
    owner, found, after = store.owner_of(WALLET), [], 0
    while page := store.page(owner, after=after, limit=2):
        assert len(page) <= 2
        found += [record.record_id[0] for record in page]
        after = page[-1].position
    assert [1, 2, 3, 4, 5] == found
    assert 5 == store.count(owner)


def test_an_identity_is_taken_once(store: KeyStore) -> None:
    """The second record of one identity is refused, and its transaction leaves nothing."""
    insert(store, FIRST)
    with pytest.raises(sqlite3.IntegrityError), store.transaction():
        store.insert(SECOND, store.owner_of(WALLET), METADATA, None, FIRST)
    assert [FIRST] == ids(store)


def test_hosts_see_each_others_writes(store: KeyStore, other: KeyStore) -> None:
    """Also a change to a record that was read, and is remembered."""
    insert(store, FIRST)
    assert [FIRST] == ids(other)
    record = other.read(FIRST)
    assert record is not None
    with other.transaction():
        other.destroy(record, METADATA)
        other.append_audit(b"gone")
    seen = store.read(FIRST)
    assert seen is not None
    assert 2 == seen.revision
    assert ([], []) == (ids(store), ids(other))
    assert chain.verify(store.connection) is None


def test_a_lock_is_for_every_host(store: KeyStore, other: KeyStore) -> None:
    """For the one that locks as for the other; each can be opened again."""
    with other.transaction():
        other.append_audit(b"lock")
        other.raise_epoch()
    assert [False, False] == [store.is_unlocked, other.is_unlocked]
    for one in (store, other):
        with pytest.raises(Locked):
            one.page(bytes(16), after=0, limit=1)
        one.forget_keys()
        unlock(one)
        assert one.is_unlocked


def test_a_transaction_is_all_or_nothing(store: KeyStore) -> None:
    """Neither the record nor its row is there, and nobody waits for the write lock."""
    rows = len(list(chain.rows(store.connection)))
    insert_then_fail(store, FIRST)
    assert not store.connection.in_transaction
    assert ([], rows) == (ids(store), len(list(chain.rows(store.connection))))
    assert chain.verify(store.connection) is None


def test_a_batch_is_one_commit(store: KeyStore, other: KeyStore) -> None:
    """Nobody else sees anything of it before its end; the one that failed is left out."""
    store.begin_batch()
    insert(store, FIRST)
    insert_then_fail(store, SECOND)
    insert(store, THIRD)
    assert [FIRST, THIRD] == ids(store)
    assert [] == ids(other)
    store.end_batch()
    assert [FIRST, THIRD] == ids(other)
    assert chain.verify(other.connection) is None


def test_the_first_of_a_batch_may_fail(store: KeyStore, other: KeyStore) -> None:
    """Those after it begin a transaction of their own."""
    store.begin_batch()
    insert_then_fail(store, FIRST)
    insert(store, SECOND)
    store.end_batch()
    assert [SECOND] == ids(other)


def test_a_dropped_batch_never_was(store: KeyStore, other: KeyStore) -> None:
    """Everything since its beginning is undone, what was remembered of it is forgotten, and the next write is as ever."""
    insert(store, FIRST)
    store.begin_batch()
    insert(store, SECOND)
    assert store.read(SECOND) is not None
    store.drop_batch()
    assert not store.is_in_batch
    assert store.read(SECOND) is None
    insert(store, THIRD)
    assert [FIRST, THIRD] == ids(other)
    assert chain.verify(other.connection) is None


def test_a_savepoint_undoes_its_own_block_only(store: KeyStore) -> None:
    """A transaction inside another: what stands before and after it stays."""
    with store.transaction():
        insert(store, FIRST)
        insert_then_fail(store, SECOND)
        insert(store, THIRD)
        store.append_audit(b"outer")
    assert [FIRST, THIRD] == ids(store)


def test_who_hurries_waits_briefly(store: KeyStore, other: KeyStore) -> None:
    """A host that ends does not wait ten seconds for another's transaction."""
    store.hurry()
    with other.transaction():
        other.append_audit(b"slow")
        began = time.monotonic()
        with pytest.raises(sqlite3.OperationalError, match="locked"), store.transaction():
            pass
        assert time.monotonic() - began < 5
    insert(store, FIRST)
    assert [FIRST] == ids(other)


def test_withheld_is_as_good_as_locked(store: KeyStore) -> None:
    """During the block; after it, the store is open as before."""
    insert(store, FIRST)
    with store.withheld():
        assert (False, False) == (store.is_unlocked, store.holds_keys)
        with pytest.raises(Locked):
            store.read(FIRST)
    assert [FIRST] == ids(store)


def test_withheld_locks_when_it_fails(store: KeyStore) -> None:
    """The keys are wiped, not only put aside, and nothing of what was read is remembered."""
    insert(store, FIRST)
    assert store.read(FIRST) is not None
    keys = store.keys
    with pytest.raises(Duplicate), store.withheld():
        raise Duplicate
    assert not store.holds_keys
    assert {bytes(32)} == {bytes(dek.buffer) for dek in keys._deks.values()}
    assert (0, 0) == (len(store._cache), len(store._owners))
    unlock(store)
    assert [FIRST] == ids(store)


def test_a_newer_file_is_not_written_to(tmp_path: Path) -> None:
    """Byte for byte, what the newer Strongroom wrote stands as it stood."""
    path = tmp_path / "keystore.db"
    shutil.copy(DATA / "keystore-v1.db", path)
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(NewerFormat):
        KeyStore(str(path), now)
    assert before == path.read_bytes()


@pytest.fixture(params=[1, 2])
def old_format(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[KeyStore]:
    """A copy of a store of an older format, opened and unlocked."""
    shutil.copy(DATA / f"keystore-v{request.param}.db", tmp_path / "keystore.db")
    store = KeyStore(str(tmp_path / "keystore.db"), now)
    unlock(store, PASSPHRASE)
    yield store
    store.close()


def test_a_file_of_an_old_format_opens(old_format: KeyStore) -> None:
    """It is brought to the newest format, with its records, its attachment and its record of decisions."""
    assert VERSION == old_format.connection.execute("PRAGMA user_version").fetchone()[0]
    records = [old_format.read(record_id) for record_id in (SIGNER, RENAMED, GONE)]
    states = [(record.metadata.label, record.metadata.state, record.revision) for record in records if record is not None]
    assert [("first", "active", 1), ("second", "disabled", 2), ("first", "destroyed", 2)] == states
    attachment = old_format.attachment(ORIGIN)
    assert attachment is not None
    assert old_format.is_confirmed(attachment)
    assert not old_format.unattended
    assert chain.verify(old_format.connection) is None
    texts = [old_format.read_audit(row) for row in chain.rows(old_format.connection)]
    assert [b"", b"made", b"made", b"made", b"renamed", b"destroyed", b"confirmed", b"while locked"] == texts


def test_a_key_of_an_old_format_signs(old_format: KeyStore) -> None:
    """As its seed signs elsewhere; and the store takes new keys."""
    record = old_format.read(SIGNER)
    assert record is not None
    with old_format.unseal_secret(record) as secret:
        _, expanded = sodium.ed25519_expand(secret.buffer)
    assert Ed25519PrivateKey.from_private_bytes(SECRET).sign(b"text") == sodium.ed25519_sign(expanded, b"text")
    insert(old_format, b"\x09" * 16)
    assert [b"\x09" * 16] == ids(old_format)
    assert chain.verify(old_format.connection) is None


def rolled_back_by_sqlite(store: KeyStore) -> None:
    # What SQLite does by itself when the disk is full, or fails, in the middle of a statement.
    store.connection.execute("ROLLBACK")
    raise sqlite3.OperationalError


def test_a_batch_that_sqlite_has_undone_fails_as_a_whole(store: KeyStore, other: KeyStore) -> None:
    """Those before the one that failed are gone with it, so none of the batch may be answered as done, not even those after it."""
    store.begin_batch()
    insert(store, FIRST)
    with pytest.raises(sqlite3.OperationalError), store.transaction():
        rolled_back_by_sqlite(store)
    insert(store, SECOND)
    with pytest.raises(sqlite3.OperationalError):
        store.end_batch()
    assert [] == ids(other)
    store.begin_batch()
    insert(store, THIRD)
    store.end_batch()
    assert [THIRD] == ids(other)


def test_the_first_of_a_batch_takes_nobody_along(store: KeyStore, other: KeyStore) -> None:
    """Nothing stood before it."""
    store.begin_batch()
    with pytest.raises(sqlite3.OperationalError), store.transaction():
        rolled_back_by_sqlite(store)
    insert(store, SECOND)
    store.end_batch()
    assert [SECOND] == ids(other)


def test_the_log_begins_anew_before_it_is_long(store: KeyStore) -> None:
    """Two hundred pages and one commit: a file that no longer grows is written in less time."""
    for _ in range(100):
        with store.transaction():
            store.append_audit(b"written")
    assert Path(store.path + "-wal").stat().st_size < 220 * (4096 + 24)
