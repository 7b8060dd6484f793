"""The walk over the whole chain: at once where it is short, beside the open store where it is long."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from native_host.errors import Locked
from native_host.keystore import chain, watching
from native_host.keystore.evidence import ChangedOutside
from native_host.keystore.store import KeyStore
from tests.homes import now, set_up, unlock, until

ROWS = 12


@pytest.fixture
def store(tmp_path: Path) -> Iterator[KeyStore]:
    """A locked store with a few rows."""
    store = KeyStore(str(tmp_path / "keystore.db"), now)
    set_up(store)
    for _ in range(ROWS):
        with store.transaction():
            store.append_audit(b"a decision")
    store.forget_keys()
    yield store
    store.close()


@pytest.fixture
def long(store: KeyStore, monkeypatch: pytest.MonkeyPatch) -> KeyStore:
    """A store whose chain is too long to be walked while unlocking."""
    monkeypatch.setattr(watching, "AT_ONCE", 5)
    return store


HIDDEN = "UPDATE audit SET record_id = NULL, at = at + 1 WHERE seq = 5"


def test_a_short_chain_is_walked_before_the_store_opens(store: KeyStore) -> None:
    """An edit far from its end keeps it closed."""
    store.connection.execute(HIDDEN)
    with pytest.raises(ChangedOutside) as refused:
        unlock(store)
    assert ["log_edited"] == [finding.name for finding in refused.value.findings]
    assert not store.holds_keys


def test_a_long_chain_is_walked_beside_the_open_store(long: KeyStore) -> None:
    """It is locked as soon as the edit is found, and does not open again without a walk that it waits for."""
    long.connection.execute(HIDDEN)
    unlock(long)
    until(lambda: not long.is_unlocked, what="the lock")
    assert long.holds_keys  # for the host to notice, which tells the extension and forgets them
    with pytest.raises(Locked):
        long.page(bytes(16), after=0, limit=1)
    long.forget_keys()
    with pytest.raises(ChangedOutside):
        unlock(long)
    assert not long.holds_keys


def test_a_long_chain_that_is_whole_stays_open(long: KeyStore) -> None:
    """While others write to it."""
    unlock(long)
    known = long.head()
    assert known is not None
    other = KeyStore(long.path, now)
    unlock(other)
    for _ in range(5):
        with other.transaction():
            other.append_audit(b"meanwhile")
        watch = watching.Watch()
        watch._walk(long.path, known, 0)
        assert watch.found is None
    other.close()
    assert long.is_unlocked


def test_a_cut_that_comes_while_it_walks_is_found(long: KeyStore) -> None:
    """The row that was the last one at the unlocking is looked for, whatever the head in the file says by then."""
    unlock(long)
    known = long.head()
    assert known is not None
    long.connection.execute("DELETE FROM audit WHERE seq > 8")
    long.connection.execute("UPDATE head SET (seq, hash) = (SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1)")
    watch = watching.Watch()
    watch._walk(long.path, known, 0)
    assert watch.found is not None
    assert "log_truncated" == watch.found.name


def test_what_a_walk_finds_after_a_lock_is_of_no_use(long: KeyStore) -> None:
    """The store is judged anew when it is opened."""
    watch = watching.Watch()
    watch.end()
    long.connection.execute(HIDDEN)
    watch._walk(long.path, chain.Head(seq=0, hash=chain.GENESIS), 0)
    assert watch.found is None


def test_a_chain_in_memory_is_walked_at_once(long: KeyStore) -> None:
    """As that of a backup is, before it is poured over the file."""
    memory = sqlite3.connect(":memory:", isolation_level=None)
    long.connection.backup(memory)
    assert (False, True) == (watching.is_short(long.connection), watching.is_short(memory))
    memory.close()


def test_a_walk_of_a_file_that_is_gone_finds_nothing(long: KeyStore, tmp_path: Path) -> None:
    """Whoever uses the file next finds that; and none is made."""
    watch = watching.Watch()
    watch._walk(str(tmp_path / "nowhere" / "keystore.db"), chain.Head(seq=0, hash=chain.GENESIS), 0)
    assert watch.found is None
    assert not (tmp_path / "nowhere").exists()


def test_a_walk_with_rests_finds_what_one_without_does(long: KeyStore) -> None:
    """And rests after every few rows."""
    rests: list[None] = []
    assert chain.stroll(long.connection, rows=3, rest=lambda: rests.append(None)) is None
    assert chain.walk(long.connection).rows // 3 == len(rests)
    long.connection.execute(HIDDEN)
    broken = chain.walk(long.connection).broken
    assert broken is not None
    assert broken == chain.stroll(long.connection, rows=3, rest=lambda: None)


def test_a_file_with_an_unusual_name_is_walked(long: KeyStore, tmp_path: Path) -> None:
    """SQLite reads these characters as parts of an address."""
    long.connection.execute(HIDDEN)
    unusual = str(tmp_path / "a?b#c%3fd e.db")
    long.connection.execute("VACUUM INTO ?", (unusual,))
    watch = watching.Watch()
    head = long.connection.execute("SELECT seq, hash FROM head").fetchone()
    watch._walk(unusual, chain.Head(seq=head[0], hash=head[1]), 0)
    assert watch.found is not None
    assert "log_edited" == watch.found.name
