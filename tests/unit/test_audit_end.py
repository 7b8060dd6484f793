"""An open store remembers the row that it wrote last, for as long as it can know that nobody has written behind it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from native_host.keystore import chain
from native_host.keystore.store import KeyStore
from tests.homes import now, set_up, unlock


@pytest.fixture
def store(tmp_path: Path) -> Iterator[KeyStore]:
    store = KeyStore(str(tmp_path / "keystore.db"), now)
    set_up(store, unattended=False)
    yield store
    store.close()


def write(store: KeyStore, content: bytes) -> None:
    with store.transaction():
        store.append_audit(content)


def undo(store: KeyStore) -> None:
    with suppress(RuntimeError), store.transaction():
        store.append_audit(b"undone")
        raise RuntimeError


def contents(store: KeyStore) -> list[bytes]:
    return [store.read_audit(row) for row in chain.rows(store.connection)]


def test_two_hosts_write_in_turn_to_one_chain(store: KeyStore) -> None:
    other = KeyStore(store.path, now)
    unlock(other)
    for number in range(6):
        write(store if number % 2 else other, b"%d" % number)
        if number == 3:
            write(store, b"again")

    assert [b"0", b"1", b"2", b"3", b"again", b"4", b"5"] == contents(store)[-7:]
    assert chain.verify(store.connection) is None
    other.close()


def test_a_host_whose_store_is_locked_writes_in_between(store: KeyStore) -> None:
    write(store, b"before")
    locked = KeyStore(store.path, now)
    write(locked, b"locked")
    locked.close()
    write(store, b"after")
    write(store, b"and after")

    assert [b"before", b"locked", b"after", b"and after"] == contents(store)[-4:]
    assert chain.verify(store.connection) is None


def test_a_row_that_was_undone_is_not_gone_on_from(store: KeyStore) -> None:
    write(store, b"first")
    undo(store)
    write(store, b"second")

    assert [b"first", b"second"] == contents(store)[-2:]
    assert chain.verify(store.connection) is None


def test_a_row_that_was_undone_within_a_batch_is_not_gone_on_from(store: KeyStore) -> None:
    store.begin_batch()
    write(store, b"first")
    undo(store)
    write(store, b"second")
    store.end_batch()
    store.begin_batch()
    write(store, b"dropped")
    store.drop_batch()
    write(store, b"third")

    assert [b"first", b"second", b"third"] == contents(store)[-3:]
    assert chain.verify(store.connection) is None


def test_a_store_that_was_locked_and_opened_goes_on_from_the_file(store: KeyStore) -> None:
    write(store, b"first")
    store.forget_keys()
    write(store, b"locked")
    unlock(store)
    write(store, b"second")

    assert [b"first", b"locked", b"second"] == contents(store)[-3:]
    assert chain.verify(store.connection) is None


def test_a_row_behind_the_one_remembered_cannot_be_written_over(store: KeyStore) -> None:
    """Somebody who adds the next row with the hash that it has to have is noticed, or refused by the file's own key; never passed over."""
    write(store, b"first")
    with sqlite3.connect(store.path) as outside:
        outside.execute("INSERT INTO audit SELECT seq + 1, at, sealing, sealed, x'00', x'00', hash FROM audit ORDER BY seq DESC LIMIT 1")
    outside.close()

    with pytest.raises(Exception, match="changed from outside"):
        write(store, b"second")
