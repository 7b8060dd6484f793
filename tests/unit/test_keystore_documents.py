"""Documents of the store: sealed, checked against the audit chain, and refused when somebody changed them without the store's keys."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from native_host.errors import CannotUnseal, Locked
from native_host.keystore.evidence import examine
from native_host.keystore.store import KeyStore
from tests.homes import now, set_up, unlock


@pytest.fixture
def store(tmp_path: Path) -> Iterator[KeyStore]:
    store = KeyStore(str(tmp_path / "keystore.db"), now)
    set_up(store)
    yield store
    store.close()


def write(store: KeyStore, content: bytes, kind: str = "limits", name: bytes = b"", *, anew: bool = False) -> None:
    with store.transaction():
        store.write_document(content, kind, name, anew=anew)
        store.append_audit(b"written")


def test_what_was_written_is_read(store: KeyStore) -> None:
    """By kind and name, each apart, after another process opened the store as well."""
    write(store, b"one")
    write(store, b"two", "limits", b"wallet")
    write(store, b"three", "grants", b"wallet")
    assert [b"one", b"two", b"three", None] == [
        store.document("limits"),
        store.document("limits", b"wallet"),
        store.document("grants", b"wallet"),
        store.document("grants"),
    ]
    write(store, b"")
    store.forget_keys()
    unlock(store)
    assert store.document("limits") == b""


def test_a_locked_store_reads_none(store: KeyStore) -> None:
    """Not even one that was read before."""
    write(store, b"one")
    assert store.document("limits") == b"one"
    store.forget_keys()
    with pytest.raises(Locked):
        store.document("limits")


def test_another_host_sees_it(store: KeyStore, tmp_path: Path) -> None:
    """What another host writes is read, and not what was remembered."""
    other = KeyStore(str(tmp_path / "keystore.db"), now)
    unlock(other)
    write(store, b"one")
    assert other.document("limits") == b"one"
    write(other, b"two")
    assert store.document("limits") == b"two"
    other.close()


def test_nothing_stays_of_what_was_undone(store: KeyStore) -> None:
    """A write whose transaction fails was none."""
    write(store, b"one")

    def fails() -> None:
        with store.transaction():
            store.write_document(b"two", "limits")
            assert store.document("limits") != b"one"
            raise sqlite3.OperationalError

    with pytest.raises((sqlite3.OperationalError, CannotUnseal)):
        fails()
    assert store.document("limits") == b"one"


def test_a_write_without_an_audit_row_fails(store: KeyStore) -> None:
    with pytest.raises(AssertionError), store.transaction():
        store.write_document(b"one", "limits")


def exchanged(connection: sqlite3.Connection) -> None:
    (one, first), (two, second) = connection.execute("SELECT document_id, sealed FROM documents").fetchall()
    connection.execute("UPDATE documents SET sealed = ? WHERE document_id = ?", (second, one))
    connection.execute("UPDATE documents SET sealed = ? WHERE document_id = ?", (first, two))


TAMPERING: dict[str, tuple[Callable[[sqlite3.Connection], object], str]] = {
    "edited": (lambda c: c.execute("UPDATE documents SET sealed = substr(sealed, 1, 30) || x'00'"), "document_changed"),
    "another revision": (lambda c: c.execute("UPDATE documents SET revision = revision + 1"), "document_changed"),
    "no number": (lambda c: c.execute("UPDATE documents SET revision = 'one'"), "document_changed"),
    "no bytes": (lambda c: c.execute("UPDATE documents SET sealed = 5"), "document_changed"),
    "taken out": (lambda c: c.execute("DELETE FROM documents"), "key_removed"),
    "exchanged": (exchanged, "document_changed"),
}


@pytest.mark.parametrize(("tamper", "name"), TAMPERING.values(), ids=TAMPERING.keys())
def test_tampering_is_named_and_refused(store: KeyStore, tmp_path: Path, tamper: Callable[[sqlite3.Connection], object], name: str) -> None:
    """At the next read, and by whoever examines the file; and it can be written anew by who decides to."""
    write(store, b"one")
    write(store, b"two", "grants")
    with sqlite3.connect(tmp_path / "keystore.db") as connection:
        tamper(connection)
    for kind in ("limits", "grants"):
        with pytest.raises(CannotUnseal):
            store.document(kind)
        with pytest.raises(CannotUnseal):
            write(store, b"three", kind)
    assert {name} == {finding.name for finding in examine(store.connection).findings}
    write(store, b"four", anew=True)
    assert store.document("limits") == b"four"


def test_an_older_one_is_refused(store: KeyStore, tmp_path: Path) -> None:
    """What was spent does not come back by putting the row of before in its place."""
    write(store, b"spent 1")
    (row,) = store.connection.execute("SELECT * FROM documents").fetchall()
    write(store, b"spent 2")
    with sqlite3.connect(tmp_path / "keystore.db") as connection:
        connection.execute("INSERT OR REPLACE INTO documents VALUES (?, ?, ?)", row)
    with pytest.raises(CannotUnseal):
        store.document("limits")


def test_one_put_in_is_refused(store: KeyStore, tmp_path: Path) -> None:
    """A document that was never written cannot come from outside."""
    write(store, b"one", "grants")
    (row,) = store.connection.execute("SELECT * FROM documents").fetchall()
    with sqlite3.connect(tmp_path / "keystore.db") as connection:
        connection.execute("INSERT INTO documents VALUES (?, ?, ?)", (b"\x01" * 16, row[1], row[2]))
    assert {"document_unknown"} == {finding.name for finding in examine(store.connection).findings}
