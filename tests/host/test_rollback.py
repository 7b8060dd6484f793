"""An older copy of the whole file is known for what it is, by a counter outside of it; and what is done where the counter is not there."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from native_host.audit import entries
from native_host.kek import counters
from native_host.keystore.evidence import ChangedOutside
from native_host.testing.approver import PASSPHRASE
from native_host.testing.port import HostError, Port
from tests.homes import Home, b64, until
from tests.host.test_confirmed_program import Person, greet, person
from tests.host.test_confirmed_program import attended as at_a_terminal
from tests.parts import file_counter
from tests.parts.attended import Attended

__all__ = ["at_a_terminal", "person"]
DATA = b64(b"data")


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The one place of counters that there is; in the home, as a host reaches little else."""
    monkeypatch.setattr(counters, "PLACES", {})
    folder = tmp_path / "strongroom" / "places"
    folder.mkdir(parents=True)
    file_counter.install(folder)
    return folder


@pytest.fixture
def attended(tmp_path: Path, places: Path) -> Iterator[Attended]:
    """A store with a key and a counter, which was locked, so that the counter knows of all of it."""
    attended = Attended(tmp_path)
    attended.call("lock")
    attended.call("unlock")
    attended.call("generateKey", alg="Ed25519")
    attended.call("lock")
    yield attended
    attended.end()


def copy(attended: Attended) -> None:
    """Keep a copy of the file, as it is now."""
    attended.store.connection.execute(f"VACUUM INTO '{attended.path.parent.parent / 'copy.db'}'")


def put_back(database: Path, older: Path) -> None:
    """Put an older file in the place of the newer one, with no host running."""
    for name in ("", "-wal", "-shm"):
        Path(f"{database}{name}").unlink(missing_ok=True)
    shutil.copy(older, database)


def reopened(attended: Attended, *, older: bool = False) -> Attended:
    """The host has ended, and another one is started for the folder."""
    folder = attended.path.parent.parent
    attended.end()
    if older:
        put_back(attended.path, folder / "copy.db")
    return Attended(folder)


def found(attended: Attended) -> list[str]:
    attended.person.deny(title="changed outside", times=1)
    with pytest.raises(ChangedOutside) as refused:
        attended.call("unlock")
    assert not attended.store.is_unlocked
    assert not attended.store.holds_keys
    return [finding.name for finding in refused.value.findings]


def version(attended: Attended) -> int:
    number: int = attended.store.connection.execute("SELECT version FROM head").fetchone()[0]
    return number


def test_the_counter_follows_the_file(attended: Attended) -> None:
    """Raised when the store is locked, with what was written since; a signature raises nothing."""
    at_lock = file_counter.value()
    assert at_lock == version(attended) > file_counter.FIRST
    attended.call("unlock")
    assert at_lock == file_counter.value()
    key_id = attended.call("listKeys").keys[0].key_id
    for _ in range(3):
        attended.call("sign", keyId=key_id, data=DATA)
    assert at_lock == file_counter.value()
    attended.call("lock")
    assert at_lock + 1 == file_counter.value() == version(attended)


WEIGHTY: list[tuple[str, dict[str, Any]]] = [
    ("updateKey", {"state": "disabled"}), ("updateKey", {"usages": ["sign"]}), ("rotateKey", {}), ("destroyKey", {}),
]  # fmt: skip


@pytest.mark.parametrize(("method", "params"), WEIGHTY)
def test_what_takes_something_away_raises_it_at_once(attended: Attended, method: str, params: dict[str, Any]) -> None:
    """An older copy would give it back."""
    attended.call("unlock")
    key_id, before = attended.call("listKeys").keys[0].key_id, file_counter.value()
    attended.call("updateKey", keyId=key_id, label="another name")
    assert before == file_counter.value()
    attended.call(method, keyId=key_id, **params)
    assert before + 1 == file_counter.value() == version(attended)


def test_an_older_copy_is_noticed(attended: Attended) -> None:
    """A key that was destroyed comes back with it, and the store stays closed; the newer file is good as ever."""
    copy(attended)
    attended.call("unlock")
    attended.call("destroyKey", keyId=attended.call("listKeys").keys[0].key_id)
    attended.call("lock")
    newest = attended.path.parent.parent / "newest.db"
    attended.store.connection.execute(f"VACUUM INTO '{newest}'")
    other = reopened(attended, older=True)
    assert ["older_copy"] == found(other)
    (asked,) = other.reviews()
    assert ["older copy" in text for text in asked["warnings"]] == [True]
    assert "Last entry that is as it was written" in [fact["label"] for fact in asked["facts"]]
    other.end()
    put_back(other.path, newest)
    newer = Attended(other.path.parent.parent)
    newer.call("unlock")
    assert [] == newer.call("listKeys").keys
    newer.end()


def test_an_older_copy_that_is_accepted_is_the_newest_from_then_on(attended: Attended) -> None:
    """Its version goes above the counter's; the one that was the newest is now the older one, and noticed."""
    copy(attended)
    attended.call("unlock")
    attended.call("lock")
    newest = attended.path.parent.parent / "newest.db"
    attended.store.connection.execute(f"VACUUM INTO '{newest}'")
    other = reopened(attended, older=True)
    other.call("unlock")
    assert 1 == len(other.call("listKeys").keys)
    assert "older_copy" in [entry.entry.rule for entry in entries(other.store) if entry.entry and entry.entry.method == "acceptChanges"]
    other.call("lock")
    other.call("unlock")
    assert 1 == len(other.reviews())
    other.end()
    shutil.copy(newest, other.path.parent.parent / "copy.db")
    assert ["older_copy"] == found(reopened(other, older=True))


def test_a_file_that_is_ahead_is_no_older_copy(attended: Attended) -> None:
    """As after a crash between the two: the counter is told at the next unlocking, and nobody is asked."""
    (file,) = file_counter.folder.glob("*.counter")
    file.write_text(str(file_counter.FIRST))
    other = reopened(attended)
    other.call("unlock")
    assert [] == other.reviews()
    assert version(other) == file_counter.value()
    other.end()


def test_the_end_of_a_host_tells_the_counter(attended: Attended) -> None:
    """And the next host finds nothing to tell."""
    attended.call("unlock")
    attended.call("updateKey", keyId=attended.call("listKeys").keys[0].key_id, label="x")
    before = file_counter.value()
    other = reopened(attended)
    assert before + 1 == file_counter.value() == version(other)
    other.end()


def test_a_counter_that_is_gone_is_told_and_made_anew(attended: Attended) -> None:
    """Only once the owner has gone on: somebody may have removed it to bring an older copy in."""
    (file,) = file_counter.folder.glob("*.counter")
    file.unlink()
    assert ["counter_gone"] == found(attended)
    attended.call("unlock")
    assert 1 == len(list(file_counter.folder.glob("*.counter")))
    assert version(attended) == file_counter.value()
    attended.call("lock")
    attended.call("unlock")
    assert 2 == len(attended.reviews())


def test_a_counter_that_cannot_be_reached(attended: Attended) -> None:
    """Of a kind that whoever hides it could set back as well, it keeps nobody out, and the record says that nothing was checked; it is
    looked at again the next time."""
    (file_counter.folder / "absent").touch()
    attended.call("unlock")
    rules = [one.entry.rule for one in entries(attended.store) if one.entry is not None and one.entry.method == "unlock"]
    assert 1 == sum("could not be reached" in rule for rule in rules)
    attended.call("lock")
    assert [] == attended.reviews()
    assert version(attended) > file_counter.value()
    (file_counter.folder / "absent").unlink()
    attended.call("unlock")
    assert version(attended) == file_counter.value()


def test_a_tpm_that_cannot_be_reached_is_told(tmp_path: Path, places: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody could set that one back; so who hides it is asked about. On another computer the owner goes on, and it is used no more."""
    monkeypatch.setattr(counters, "PLACES", {})
    file_counter.install(places, "tpm")
    attended = Attended(tmp_path)
    attended.call("lock")
    attended.call("unlock")
    attended.call("lock")
    (places / "absent").touch()
    assert ["counter_unreachable"] == found(attended)
    attended.call("unlock")
    assert attended.store.counter_kind() is None
    attended.call("lock")
    attended.call("unlock")
    assert 2 == len(attended.reviews())
    attended.end()


def test_a_counter_that_was_edited_out_is_missed(attended: Attended) -> None:
    """The settings are vouched for, so the counter cannot be taken out to bring an older copy in; nor another one be put there."""
    with sqlite3.connect(attended.path) as connection:
        connection.execute("DELETE FROM meta WHERE name = 'counter'")
    connection.close()
    assert ["setting_removed"] == found(attended)


def test_a_counter_that_says_rubbish_does_not_undo_what_was_done(attended: Attended) -> None:
    """It is told after the commit; whatever it does then, the lock has happened."""
    attended.call("unlock")
    (file,) = file_counter.folder.glob("*.counter")
    good = file.read_text()
    file.write_text("rubbish")
    attended.call("lock")
    assert not attended.store.is_unlocked
    file.write_text(good)
    attended.call("unlock")
    assert version(attended) == file_counter.value()


def test_what_is_undone_raises_nothing(attended: Attended) -> None:
    """The file must never be behind, so the counter hears only of what was committed."""
    attended.call("unlock")
    before, store = file_counter.value(), attended.store
    store.begin_batch()
    attended.call("destroyKey", keyId=attended.call("listKeys").keys[0].key_id)
    store.drop_batch()
    assert before == file_counter.value()
    with store.transaction():
        attended.house.audit.happened("strongroom:person", "x", "")
    assert before == file_counter.value()


def test_in_a_batch_the_counter_hears_of_it_after_the_commit(attended: Attended) -> None:
    """Also of a lock, whose keys are gone by then."""
    attended.call("unlock")
    before, store = file_counter.value(), attended.store
    store.begin_batch()
    attended.call("lock")
    assert (before, False) == (file_counter.value(), store.holds_keys)
    store.end_batch()
    assert before + 1 == file_counter.value()


def test_an_unattended_store_takes_no_counter(home: Home, places: Path) -> None:
    """Nobody there could decide about what it finds."""
    port = home.open(command=[*file_counter.HOST, str(places), file_counter.KIND])
    port.request("lock")
    assert [] == list(places.iterdir())


# whole hosts


@pytest.fixture
def counted(home: Home, places: Path) -> Home:
    """An unattended store that has a counter all the same."""
    with home.store() as store:
        from tests.homes import unlock

        unlock(store)
        counter = counters.counter_of(file_counter.KIND, None)  # type: ignore[arg-type]
        with store.transaction():
            parameters, value = counter.create(store.keys.store_id)
            store.keep_counter(file_counter.KIND, counter, parameters, value)
            store.append_audit(b"")
    return home


def start(home: Home) -> Port:
    return home.greet(command=[*file_counter.HOST, str(file_counter.folder), file_counter.KIND])


def refused(port: Port) -> str:
    with pytest.raises(HostError) as error:
        port.request("unlock")
    return error.value.reason


def head(home: Home) -> int:
    with sqlite3.connect(home.database) as connection:
        number: int = connection.execute("SELECT version FROM head").fetchone()[0]
    connection.close()
    return number


def test_the_same_folder_with_an_older_file_is_noticed_by_a_host(counted: Home) -> None:
    """The extension is told no more than of a wrong passphrase, and a program that answers for the store is asked nothing."""
    port = start(counted)
    port.request("unlock")
    key_id = port.request("generateKey", {"alg": "Ed25519"})["keyId"]
    port.request("lock")
    with counted.store() as store:
        store.connection.execute(f"VACUUM INTO '{counted.base / 'copy.db'}'")
    port.request("unlock")
    port.request("destroyKey", {"keyId": key_id})
    counted.quit()
    put_back(counted.database, counted.base / "copy.db")
    before = len(counted.approver.asked)
    port = start(counted)
    assert "cannot_unseal" == refused(port)
    assert "locked" == port.request("getStatus")["state"]
    assert {"askSecret"} == {ask["kind"] for ask in counted.approver.asked[before:]}


def test_a_host_that_ends_and_one_that_idles_tell_the_counter(counted: Home) -> None:
    """By the end of the port as by the clock."""
    port = start(counted)
    port.request("unlock")
    port.request("generateKey", {"alg": "Ed25519"})
    before = file_counter.value()
    port.disconnect()
    until(lambda: file_counter.value() > before, what="the counter")
    config = counted.folder / "config.toml"
    config.write_text(f"[session]\nidle_lock_seconds = 1\n{config.read_text()}")
    port = start(counted)
    port.request("unlock")
    before = file_counter.value()
    port.wait_event("locked")
    until(lambda: file_counter.value() > before, what="the counter")
    assert head(counted) == file_counter.value()


def test_killed_at_any_moment_the_file_is_never_behind(counted: Home) -> None:
    """kill -9 between the commit and the counter, and everywhere else: the store opens again, and nobody is asked anything."""
    for number in range(8):
        port = start(counted)
        port.request("unlock")
        key_id = port.request("generateKey", {"alg": "Ed25519"})["keyId"]
        port.begin("destroyKey", {"keyId": key_id})
        port.begin("lock")
        threading.Event().wait(0.002 * number)
        port.process.kill()
        port.process.wait()
        assert head(counted) >= file_counter.value()
    port = start(counted)
    assert {"state": "unlocked"} == port.request("unlock")
    assert head(counted) == file_counter.value()
    asked = [ask for ask in counted.approver.asked if ask.get("method") != "destroyKey" and ask["kind"] != "withdraw"]
    assert {"askSecret"} == {ask["kind"] for ask in asked}


def test_hosts_that_raise_at_once_do_not_outrun_the_file(counted: Home) -> None:
    """However their locks and changes fall together."""
    ports = [start(counted) for _ in range(3)]
    for _ in range(4):
        waiting = [port.begin("unlock") for port in ports]
        for one in waiting:
            one.result()
        pending = [port.begin("generateKey", {"alg": "Ed25519"}) for port in ports]
        keys = [one.result()["keyId"] for one in pending]
        pending = [port.begin("updateKey", {"keyId": key, "state": "disabled"}) for port, key in zip(ports, keys, strict=True)]
        for one in pending:
            one.result()
        assert head(counted) >= file_counter.value()
        ports[0].request("lock")
    ports[0].request("unlock")
    assert head(counted) == file_counter.value()


def test_the_person_decides_in_the_hosts_own_dialogue(at_a_terminal: Home, person: Person) -> None:
    """It names what was found, says what it can mean and what to do; the program of the configuration is not asked."""
    home = at_a_terminal
    with sqlite3.connect(home.database) as connection:
        connection.execute("INSERT INTO slots SELECT randomblob(16), kind, 'Another', parameters, wrapped, created_at FROM slots")
    connection.close()
    port = greet(home, person)
    for answer in ("no", "approve"):
        unlocking = port.begin("unlock")
        person.reads("Passphrase:")
        person.types(PASSPHRASE)
        said = " ".join(person.reads("Your answer: ").split())
        for text in ("changed outside Strongroom", "A way in was added", "What it can mean", "strongroom audit verify"):
            assert text in said
        person.types(answer)
        if answer == "no":
            with pytest.raises(HostError) as error:
                unlocking.result()
            assert ("cannot_unseal", "locked") == (error.value.reason, port.request("getStatus")["state"])
        else:
            person.reads("Your answer: ")  # about the program, which may answer only now
            person.types("no")
            assert {"state": "unlocked"} == unlocking.result()
    assert [] == home.approver.asked
