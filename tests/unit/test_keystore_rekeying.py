"""New keys for the store itself: the root key, and the generations of keys under which records stand."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from native_host.errors import CannotUnseal, Locked
from native_host.kek.symmetric import SymmetricKek
from native_host.keystore import chain, rekeying
from native_host.keystore.records import Metadata
from native_host.keystore.store import KeyStore
from native_host.opening import now
from native_host.secret import SecretBytes

KEYS = {"First": bytes(range(32)), "Second": bytes(range(1, 33)), "Third": bytes(range(2, 34))}
SECRET = bytes(range(100, 132))


def kek(name: str) -> SymmetricKek:
    return SymmetricKek(SecretBytes(KEYS[name]))


def made(path: Path, *, records: int = 5) -> list[bytes]:
    """A store with two slots and some records; closed again."""
    store = KeyStore(str(path), now)
    ids = [os.urandom(16) for _ in range(records)]
    with store.transaction(), kek("First") as first, kek("Second") as second:
        store.create(first, kind="passphrase", label="First", parameters=b"1", unattended=False)
        (slot,) = store.slots()
        with store.root_of(slot, first) as root:
            store.add_slot(root, second, kind="passphrase", label="Second", parameters=b"2")
        store.append_audit(b"")
    for number, record_id in enumerate(ids):
        with store.transaction():
            metadata = Metadata(alg="Ed25519", usages=("sign",), provenance="generated", state="active", created_at=1, label=str(number))
            store.insert(record_id, store.owner_of(b"w" * 16), metadata, bytearray(SECRET), None)
            store.append_audit(b"")
    store.close()
    return ids


def opened(path: Path, name: str = "First") -> KeyStore:
    """Through the slot of that name; raises ``CannotUnseal`` if it opens nothing."""
    store = KeyStore(str(path), now)
    slots = [slot for slot in store.slots() if slot.label == name]
    if not slots:
        store.close()
        raise CannotUnseal
    with kek(name) as key:
        store.unlock(slots[0], key)
    return store


def root_of(store: KeyStore, name: str = "First") -> SecretBytes:
    (slot,) = [slot for slot in store.slots() if slot.label == name]
    with kek(name) as key:
        return store.root_of(slot, key)


def secrets(store: KeyStore, ids: list[bytes]) -> set[bytes]:
    found = set()
    for record_id in ids:
        record = store.read(record_id)
        assert record is not None
        with store.unseal_secret(record) as secret:
            found.add(bytes(secret.buffer))
    return found


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keystore.db"


def exchange_root(store: KeyStore) -> None:
    with root_of(store) as root, kek("First") as first, kek("Second") as second, store.transaction():
        ways = [(slot, first if slot.label == "First" else second) for slot in store.slots()]
        rekeying.exchange_root(store, root, ways)
        store.append_audit(b"")


def begin(store: KeyStore, alg: str = "A256GCM") -> None:
    with root_of(store) as root:
        with store.transaction():
            rekeying.add_generation(store, root, alg)
            store.append_audit(b"")
        store.forget_keys()
        store.unlock_with(root)


def bring_over(store: KeyStore, at_once: int = 2) -> None:
    while found := store.behind(limit=at_once):
        with store.transaction():
            for record in found:
                store.bring_over(record)
            store.append_audit(b"")
    with store.transaction():
        rekeying.drop_old(store)
        store.append_audit(b"")


def test_a_new_root_key_opens_the_same_records(path: Path) -> None:
    """Through the same slots; no record is touched, and the old root key opens nothing."""
    ids = made(path)
    store = opened(path)
    before = store.connection.execute("SELECT * FROM records").fetchall()
    with root_of(store) as old:
        exchange_root(store)
        for name in ("First", "Second"):
            again = opened(path, name)
            assert {SECRET} == secrets(again, ids)
            again.close()
        assert before == store.connection.execute("SELECT * FROM records").fetchall()
        store.forget_keys()
        with pytest.raises(CannotUnseal):
            store.unlock_with(old)
    store.close()


def test_a_slot_of_before_does_not_come_back(path: Path) -> None:
    """Its row, put back from an older copy, wraps a root key that opens nothing any more."""
    made(path)
    store = opened(path)
    row = store.connection.execute("SELECT * FROM slots WHERE label = 'Second'").fetchone()
    exchange_root(store)
    store.connection.execute("INSERT INTO slots VALUES (?, ?, ?, ?, ?, ?)", row)
    store.close()
    again = KeyStore(str(path), now)
    old = next(slot for slot in again.slots() if slot.slot_id == row[0])
    with kek("Second") as key, pytest.raises(CannotUnseal):
        again.unlock(old, key)
    again.close()


@pytest.mark.parametrize("alg", ["A256GCM", "XC20P"])
def test_records_are_sealed_anew(path: Path, alg: str) -> None:
    """Every blob is another one, the secrets are the same, and the old keys are gone."""
    ids = made(path)
    store = opened(path)
    before = store.connection.execute("SELECT metadata, secret FROM records").fetchall()
    begin(store, alg)
    assert (2, alg) == (store.keys.generation, store.keys.record_alg)
    bring_over(store)
    after = store.connection.execute("SELECT metadata, secret FROM records").fetchall()
    assert not {blob for row in before for blob in row} & {blob for row in after for blob in row}
    assert {SECRET} == secrets(store, ids)
    store.close()
    again = opened(path, "Second")
    assert ((2,), alg, {SECRET}) == (again.keys.generations, again.keys.record_alg, secrets(again, ids))
    assert chain.verify(again.connection) is None
    again.close()


def test_the_store_works_half_way(path: Path) -> None:
    """Records of both generations are read, what is written is written under the newest, and it goes on where it stopped."""
    ids = made(path)
    store = opened(path)
    begin(store)
    with store.transaction():
        for record in store.behind(limit=2):
            store.bring_over(record)
        store.append_audit(b"")
    store.close()
    store = opened(path)
    assert (3, (1, 2), {SECRET}) == (rekeying.left(store), store.keys.generations, secrets(store, ids))
    last = store.read(ids[-1])
    assert last is not None
    with store.transaction():
        store.update(last, last.metadata)
        store.append_audit(b"")
    assert (2, {SECRET}) == (rekeying.left(store), secrets(store, ids))
    bring_over(store)
    assert (0, {SECRET}) == (rekeying.left(store), secrets(store, ids))
    store.close()


def test_every_other_host_is_locked(path: Path) -> None:
    """It has not the new keys; once it is unlocked again, it has them."""
    ids = made(path)
    store, other = opened(path), opened(path)
    begin(store)
    with pytest.raises(Locked):
        other.read(ids[0])
    other.close()
    store.close()


def test_old_keys_stay_while_a_record_needs_them(path: Path) -> None:
    made(path)
    store = opened(path)
    begin(store)
    with pytest.raises(AssertionError), store.transaction():
        rekeying.drop_old(store)
    store.close()


def test_only_known_algorithms_seal_records(path: Path) -> None:
    made(path)
    store = opened(path)
    with root_of(store) as root, pytest.raises(ValueError, match="not sealed by"), store.transaction():
        rekeying.add_generation(store, root, "ROT13")
    store.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE deks SET purpose = 'metadata:2:XC20P' WHERE purpose = 'metadata:2:A256GCM'",
        "UPDATE deks SET purpose = 'secret:3:A256GCM' WHERE purpose = 'secret:2:A256GCM'",
        "DELETE FROM deks WHERE purpose = 'secret:2:A256GCM'",
        "DELETE FROM deks WHERE purpose = 'metadata'",
        "INSERT INTO deks VALUES ('metadata:02:XC20P', x'00')",
        "INSERT INTO deks VALUES ('other', x'00')",
        "UPDATE deks SET wrapped = (SELECT wrapped FROM deks WHERE purpose = 'metadata') WHERE purpose = 'secret'",
    ],
)
def test_nobody_exchanges_a_generation(path: Path, statement: str) -> None:
    """Neither its number nor its algorithm, nor one blob's key for the other's."""
    made(path)
    store = opened(path)
    begin(store)
    store.connection.execute(statement)
    store.close()
    with pytest.raises(CannotUnseal):
        opened(path)


def test_nobody_moves_a_record_to_another_generation(path: Path) -> None:
    ids = made(path)
    store = opened(path)
    begin(store)
    store.connection.execute("UPDATE records SET sealing = 2 WHERE record_id = ?", (ids[0],))
    store.close()
    store = opened(path)
    with pytest.raises(CannotUnseal):
        store.read(ids[0])
    assert {SECRET} == secrets(store, ids[1:])
    store.close()


# kill -9


def add_third(store: KeyStore) -> None:
    with root_of(store) as root, kek("Third") as third, store.transaction():
        store.add_slot(root, third, kind="passphrase", label="Third", parameters=b"3")
        store.append_audit(b"")


def remove_second(store: KeyStore) -> None:
    with store.transaction():
        store.remove_slot(next(slot for slot in store.slots() if slot.label == "Second").slot_id)
        store.append_audit(b"")


def change_second(store: KeyStore) -> None:
    with root_of(store) as root, kek("Third") as third, store.transaction():
        store.add_slot(root, third, kind="passphrase", label="Third", parameters=b"3")
        store.remove_slot(next(slot for slot in store.slots() if slot.label == "Second").slot_id)
        store.append_audit(b"")


def reseal(store: KeyStore) -> None:
    if len(store.keys.generations) == 1:
        begin(store)
    bring_over(store)


CHANGES: dict[str, tuple[Callable[[KeyStore], None], tuple[set[str], set[str]]]] = {
    "a slot is added": (add_third, ({"First", "Second"}, {"First", "Second", "Third"})),
    "a slot is removed": (remove_second, ({"First", "Second"}, {"First"})),
    "a passphrase is changed": (change_second, ({"First", "Second"}, {"First", "Third"})),
    "the root key is exchanged": (exchange_root, ({"First", "Second"}, {"First", "Second"})),
    "records are sealed anew": (reseal, ({"First", "Second"}, {"First", "Second"})),
}


def killed_at(path: Path, change: Callable[[KeyStore], None], step: int) -> bool:
    """Make a change in a process that is killed just before its SQL statement of that number; whether it got that far."""
    child = os.fork()
    if child == 0:
        store = opened(path)
        steps = iter(range(1, step))

        def count(_: str) -> None:
            if next(steps, None) is None:
                os.kill(os.getpid(), 9)

        store.connection.set_trace_callback(count)
        change(store)
        os._exit(0)
    return os.waitpid(child, 0)[1] == 9


def ways_in(path: Path, ids: list[bytes]) -> set[str]:
    """The slots that are there, each of which opens everything."""
    found = set()
    for name in KEYS:
        try:
            store = opened(path, name)
        except CannotUnseal:
            continue
        assert {SECRET} == secrets(store, ids)
        assert chain.verify(store.connection) is None
        found.add(name)
        store.close()
    return found


@pytest.fixture
def copies(tmp_path: Path) -> Callable[[], Path]:
    """Copies of one store, each in a place of its own."""

    def copy() -> Path:
        target = tmp_path / os.urandom(4).hex()
        with sqlite3.connect(tmp_path / "keystore.db") as source, sqlite3.connect(target) as made:
            source.backup(made)
        return target

    return copy


@pytest.mark.parametrize("name", CHANGES)
def test_a_kill_at_any_step_leaves_the_old_or_the_new(name: str, path: Path, copies: Callable[[], Path]) -> None:
    """Before each SQL statement of every change: the ways in are those of before or those of after, each opens all records, the audit
    chain is whole, and the change can be made then."""
    change, (before, after) = CHANGES[name]
    ids = made(path)
    seen, step = set(), 1
    while True:
        copy = copies()
        killed = killed_at(copy, change, step)
        found = ways_in(copy, ids)
        assert found in (before, after), step
        seen.add(frozenset(found))
        if found == before and killed:
            store = opened(copy)
            change(store)
            store.close()
            assert after == ways_in(copy, ids)
        if not killed:
            break
        step += 1
    assert {frozenset(before), frozenset(after)} == seen
    assert step > 5
