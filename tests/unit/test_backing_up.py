"""Killed at any step of a backup or of restoring: what is there afterwards is the old state or the new one, whole."""

from __future__ import annotations

import io
import os
import signal
import sqlite3
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from native_host.backups.archive import Archive, unpack
from native_host.backups.new_file import check_new, write_new
from native_host.backups.refused import BackupRefused
from native_host.cli.asking import TerminalPerson
from native_host.config import Config, Paths
from native_host.errors import Busy, CannotUnseal
from native_host.kek import counters, passphrase
from native_host.kek.symmetric import SymmetricKek
from native_host.keystore import chain
from native_host.keystore.records import Metadata
from native_host.keystore.store import KeyStore
from native_host.opening import KEYSTORE_FILE
from native_host.operations import backing_up, evidence
from native_host.person import Desk
from native_host.secret import SecretBytes
from native_host.testing.approver import PASSPHRASE
from tests.homes import now, set_up, unlock
from tests.parts import file_counter

NEW = "a new passphrase"
KILLED, DONE = -signal.SIGKILL, 0
Step = Callable[[], None]


def killed_at_each_step(act: Callable[[int], None], count_steps: Callable[[Step], None]) -> Iterator[tuple[int, int]]:
    """Run ``act`` in a process that is killed at its first step, then in one that is killed at its second, until one comes to its end;
    the number and exit status of each. ``count_steps`` has its argument called at each step."""
    number, status = 0, KILLED
    while status == KILLED:
        number += 1
        child = os.fork()
        if not child:
            _run_to_step(number, act, count_steps)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        yield number, status


def _run_to_step(last: int, act: Callable[[int], None], count_steps: Callable[[Step], None]) -> None:
    taken = 0

    def step() -> None:
        nonlocal taken
        taken += 1
        if taken == last:
            os.kill(os.getpid(), signal.SIGKILL)

    try:
        count_steps(step)
        act(last)
        os._exit(DONE)
    except BaseException:  # noqa: BLE001  # whatever it is, the parent is to hear of it, and two are not to run on
        os._exit(1)


def _files(step: Step) -> None:
    """Every opening, naming and removing of a file, and each time that one is made durable."""
    sys.addaudithook(lambda event, _: step() if event in {"open", "os.link", "os.rename", "os.remove"} else None)
    real = os.fsync

    def counted(fd: Any) -> None:
        step()
        real(fd)

    os.fsync = counted


def _statements(step: Step) -> None:
    """Every statement to a database in a file, from the first transaction on, and the copying aside."""
    begun = False

    def count(statement: str = "") -> None:
        nonlocal begun
        begun = begun or statement.startswith("BEGIN")
        if begun:
            step()

    class Stepping(sqlite3.Connection):
        def execute(self, *arguments: Any) -> sqlite3.Cursor:
            count(arguments[0])
            return super().execute(*arguments)

        def executemany(self, *arguments: Any) -> sqlite3.Cursor:
            count()
            return super().executemany(*arguments)

        def backup(self, *arguments: Any, **more: Any) -> None:
            count()
            super().backup(*arguments, **more)

    def connect(path: str, **more: Any) -> sqlite3.Connection:
        made: sqlite3.Connection = real(path, **more) if path == ":memory:" else real(path, factory=Stepping, **more)
        return made

    real: Any = sqlite3.connect
    sqlite3.connect = connect  # type: ignore[assignment]


def test_a_backup_that_is_killed(tmp_path: Path) -> None:
    """There is no file of that name, or all of it."""
    content = bytes(range(256)) * 1000
    whole = []
    for number, status in killed_at_each_step(lambda number: write_new(str(tmp_path / f"backup {number}"), content), _files):
        path = tmp_path / f"backup {number}"
        assert status in {KILLED, DONE}
        assert not path.exists() or content == path.read_bytes()
        whole.append(path.exists())
    assert [False, True] == sorted(set(whole))
    assert whole == sorted(whole)
    assert [] == list(tmp_path.glob(f".*{len(whole)}.*.part"))


def desk(folder: Path) -> Desk:
    store = KeyStore(str(folder / KEYSTORE_FILE), now)
    paths = Paths(config=str(folder), data=str(folder), state=str(folder))
    return Desk(store, paths, Config(), TerminalPerson(secret_from_stdin=True))


@pytest.fixture(autouse=True)
def least_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """New passphrases cost what is accepted at least, as hundreds of processes derive them here."""
    monkeypatch.setattr(passphrase, "measured_parameters", lambda salt, **_: passphrase.floor_parameters(salt))


def add_key(store: KeyStore, record_id: bytes) -> None:
    metadata = Metadata(alg="Ed25519", usages=("sign",), provenance="generated", state="active", created_at=now())
    with store.transaction():
        wallet_id = b"w" * 16
        store.connection.execute("INSERT OR IGNORE INTO wallets VALUES (?, 'main', 0)", (wallet_id,))
        store.insert(record_id, store.owner_of(wallet_id), metadata, bytearray(32), None)
        store.append_audit(b"")


def record_ids(store: KeyStore) -> list[bytes]:
    return [row[0] for row in store.connection.execute("SELECT record_id FROM records ORDER BY position")]


@pytest.fixture
def packed(tmp_path: Path) -> bytes:
    """A backup with one key, of the store in ``here``, which has two."""
    (tmp_path / "here").mkdir()
    with_store = desk(tmp_path / "here")
    store = with_store.store
    set_up(store)
    add_key(store, b"1" * 16)
    root = _root(store)
    with root, backing_up.packed(with_store.house, root, "a test") as (plaintext, _):
        content = bytes(plaintext)
    add_key(store, b"2" * 16)
    store.close()
    return content


def _root(store: KeyStore) -> SecretBytes:
    (slot,) = store.slots()
    with (
        SecretBytes(PASSPHRASE.encode()) as typed,
        SymmetricKek(passphrase.derive_kek(typed, passphrase.read_parameters(slot.parameters))) as kek,
    ):
        return store.root_of(slot, kek)


def bring_back(folder: Path, content: bytes) -> backing_up.Restored:
    """Restore into a folder, as the command does."""
    sys.stdin = SimpleNamespace(buffer=io.BytesIO(f"{NEW}\n".encode()))
    one = desk(folder)
    house = one.house
    try:
        with unpack(bytearray(content)) as archive, backing_up.examined(house, archive, lambda _done, _of: None) as backup:
            return backing_up.restore(house, one.caller, archive, backup, backing_up.compare(house, backup, archive.header))
    finally:
        one.store.close()


def state_of(folder: Path) -> str:
    """``old`` or ``new``: which passphrase opens it, all else being as it should; ``none`` if nothing was set up."""
    store = KeyStore(str(folder / KEYSTORE_FILE), now)
    try:
        if not store.is_set_up:
            assert [] == record_ids(store)
            return "none"
        assert chain.verify(store.connection) is None
        assert ("ok",) == store.connection.execute("PRAGMA integrity_check").fetchone()
        for state, secret, expected in (("old", PASSPHRASE, [b"1" * 16, b"2" * 16]), ("new", NEW, [b"1" * 16])):
            try:
                unlock(store, secret)
            except CannotUnseal:
                continue
            assert expected == record_ids(store)
            for record_id in expected:
                store.see_that_it_opens(record_id)
            return state
        raise AssertionError("nothing opens it")
    finally:
        store.close()


@pytest.mark.parametrize("before", ["none", "old"])
def test_restoring_that_is_killed(tmp_path: Path, packed: bytes, before: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The store is what it was, or all of the backup, opened by the new passphrase; what was here is kept before it is replaced."""
    monkeypatch.setattr(sys, "stdin", sys.stdin)

    def act(number: int) -> None:
        bring_back(_folder(tmp_path, before, number), packed)

    states = []
    for number, status in killed_at_each_step(act, _statements):
        assert status in {KILLED, DONE}
        folder = tmp_path / f"{before} {number}"
        states.append(state_of(folder))
        if (before, states[-1]) == ("old", "new"):
            (aside,) = folder.glob(f"{KEYSTORE_FILE}.*Z")
            (tmp_path / f"kept {number}").mkdir()
            aside.rename(tmp_path / f"kept {number}" / KEYSTORE_FILE)
            assert state_of(tmp_path / f"kept {number}") == "old"
    assert len(states) > 10
    assert [before, "new"] == sorted(set(states), key=states.index)
    assert states == sorted(states, key=[before, "new"].index)


def _folder(base: Path, before: str, number: int) -> Path:
    folder = base / f"{before} {number}"
    folder.mkdir()
    if before == "old":
        (folder / KEYSTORE_FILE).write_bytes((base / "here" / KEYSTORE_FILE).read_bytes())
    else:
        KeyStore(str(folder / KEYSTORE_FILE), now).close()
    return folder


def test_a_counter_outside_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It said that this store is newer than what is restored: it is taken away, nothing is found at the next opening, and a new one is
    made that the restored store, whose version is above the backup's, is not behind."""
    monkeypatch.setattr(counters, "PLACES", {})
    monkeypatch.setattr(sys, "stdin", sys.stdin)
    (tmp_path / "places").mkdir()
    (tmp_path / "here").mkdir()
    file_counter.install(tmp_path / "places")
    one = desk(tmp_path / "here")
    set_up(one.store, unattended=False)
    evidence.keep_counter(one.house, "a test")
    with _root(one.store) as root, backing_up.packed(one.house, root, "a test") as (plaintext, header):
        content = bytes(plaintext)
    for number in b"12345":
        add_key(one.store, bytes((number,)) * 16)
    one.store.close()
    assert file_counter.value() > header.version
    bring_back(tmp_path / "here", content)
    assert [] == list((tmp_path / "places").iterdir())
    again = desk(tmp_path / "here")
    assert () == evidence.judged(again.house, again.caller, lambda: unlock(again.store, NEW))
    head = again.store.head()
    assert head is not None
    assert head.version > header.version
    evidence.keep_counter(again.house, "a test")
    again.store.close()
    later = desk(tmp_path / "here")
    assert () == evidence.judged(later.house, later.caller, lambda: unlock(later.store, NEW))
    later.store.close()


def test_changed_while_the_person_decides(tmp_path: Path, packed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is replaced is what was compared: a change in between is not lost unseen."""
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(f"{NEW}\n".encode())))
    one, other = desk(tmp_path / "here"), KeyStore(str(tmp_path / "here" / KEYSTORE_FILE), now)
    house = one.house
    unlock(other)
    with unpack(bytearray(packed)) as archive, backing_up.examined(house, archive, lambda _done, _of: None) as backup:
        here = backing_up.compare(house, backup, archive.header)
        add_key(other, b"3" * 16)
        with pytest.raises(Busy, match="changed meanwhile"):
            backing_up.restore(house, one.caller, archive, backup, here)
    assert [b"1" * 16, b"2" * 16, b"3" * 16] == record_ids(other)
    for store in (one.store, other):
        store.close()


def test_another_file_is_not_replaced(tmp_path: Path) -> None:
    """Nor one that came while the passphrase was typed, nor a link to nowhere."""
    path = tmp_path / "there"
    path.symlink_to(tmp_path / "nowhere")
    for refuse in (check_new, lambda name: write_new(name, b"content")):
        with pytest.raises(BackupRefused, match="already"):
            refuse(str(path))
    assert ["there"] == [one.name for one in tmp_path.iterdir()]


def test_without_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As memory sticks are formatted: the file is renamed, and still over nothing."""

    def refuse(*_: Any) -> None:
        raise PermissionError(1, "no links here")

    monkeypatch.setattr(os, "link", refuse)
    write_new(str(tmp_path / "one"), b"content")
    assert b"content" == (tmp_path / "one").read_bytes()
    with pytest.raises(BackupRefused, match="already"):
        write_new(str(tmp_path / "one"), b"other")
    assert ["one"] == [one.name for one in tmp_path.iterdir()]


def test_wiped(packed: bytes) -> None:
    """The plaintext holds zeros once it is unpacked, and the root key when the block ends."""
    plaintext = bytearray(packed)
    with unpack(plaintext) as archive:
        root: SecretBytes = archive.root
        assert isinstance(archive, Archive)
        assert bytes(root.buffer) == packed[18:50]
    assert not any(plaintext)
    assert not any(root.buffer)
