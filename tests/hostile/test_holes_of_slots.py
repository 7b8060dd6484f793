"""Ways around slots, evidence and what an opened keystore vouches for: each was open once."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from native_host.errors import InvalidParams
from native_host.kek import counters, passphrase
from native_host.kek.provider import Choice, Settings
from native_host.keystore.evidence import KEY_CHANGED
from native_host.keystore.store import ChangedOutside, KeyStore
from native_host.operations import evidence, rekeying, slots
from tests.parts import file_counter
from tests.parts.asked_person import CALLER, Person, house_of, store_with
from tests.parts.attended import Attended

OLD, NEW = "the passphrase of before", "the passphrase from now on"


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No counter of this machine is touched; without ``places`` made, there is none."""
    monkeypatch.setattr(counters, "PLACES", {})
    file_counter.install(tmp_path / "places")
    return tmp_path / "places"


@pytest.fixture
def attended(tmp_path: Path) -> Iterator[Attended]:
    attended = Attended(tmp_path)
    yield attended
    attended.end()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[KeyStore]:
    """A store whose passphrase was changed: the slot of before is in a copy of the file."""
    person = Person(OLD)
    provider = passphrase.Slots(Settings(kdf_seconds=0.01))
    with store_with(tmp_path, passphrase.KIND, provider.enrol(provider.devices()[0], Choice(), person)) as store:
        store.connection.execute(f"VACUUM INTO '{tmp_path / 'old.db'}'")
        house = house_of(store, Person(OLD, NEW))
        with slots.opened_root(house, CALLER) as root:
            (slot,) = store.slots()
            new = slots.enrolled_again(house, slot, slots.AskPerson(house, CALLER))
            with new.kek:
                slots.replace(house, root, slot, new)
        store.forget_keys()
        yield store


def put_the_old_way_back(path: str, old: Path) -> None:
    """As somebody does it who knows the passphrase of before and has the file."""
    with sqlite3.connect(path) as other:
        other.execute("ATTACH ? AS old", (str(old),))
        other.execute("INSERT OR IGNORE INTO main.slots SELECT * FROM old.slots")
    other.close()


def test_adding_a_way_in_does_not_vouch_for_one_that_was_put_there_meanwhile(store: KeyStore, tmp_path: Path) -> None:
    """While the person types what is to be added, somebody puts back the way in that they took away."""
    house = house_of(store, Person(NEW, "another passphrase"))
    with slots.opened_root(house, CALLER) as root:
        new = slots.enrolled(house, passphrase.KIND, None, Choice(), slots.AskPerson(house, CALLER))
        put_the_old_way_back(store.path, tmp_path / "old.db")
        with new.kek, pytest.raises(ChangedOutside):
            slots.add(house, root, new, kind=passphrase.KIND)
    store.forget_keys()
    with pytest.raises(ChangedOutside):
        slots.open_store(house_of(store, Person(NEW)), CALLER, silently=False)


def test_a_new_root_key_is_not_wrapped_for_a_way_in_that_was_put_there_meanwhile(store: KeyStore, tmp_path: Path) -> None:
    """Whoever knows what opens it would have the new root key as well."""
    house = house_of(store, Person(NEW, OLD, NEW))
    wrapped = store.connection.execute("SELECT wrapped FROM deks").fetchall()
    with slots.opened_root(house, CALLER) as root:
        put_the_old_way_back(store.path, tmp_path / "old.db")
        with pytest.raises(ChangedOutside):
            rekeying.exchange_root(house, root, CALLER, drop=lambda _: True)
    assert wrapped == store.connection.execute("SELECT wrapped FROM deks").fetchall()


def test_a_passphrase_is_not_changed_at_a_device_that_was_exchanged_meanwhile(store: KeyStore) -> None:
    """What the slot said when the new key was made is what has to stand there still."""
    house, (slot,) = house_of(store, Person(NEW, "another passphrase")), store.slots()
    with slots.opened_root(house, CALLER) as root:
        new = slots.enrolled_again(house, replace(slot, parameters=b"another device"), slots.AskPerson(house, CALLER))
        with new.kek, pytest.raises(InvalidParams):
            slots.replace(house, root, replace(slot, parameters=b"another device"), new)


def test_a_key_that_was_put_back_is_told_before_it_is_accepted_with_something_else(attended: Attended, tmp_path: Path) -> None:
    """Going on takes over every key as it stands: a way in that got another name must not be all that is said."""
    key_id = attended.call("generateKey", alg="Ed25519").key_id
    attended.store.connection.execute(f"VACUUM INTO '{tmp_path / 'old.db'}'")
    attended.call("updateKey", keyId=key_id, state="disabled")
    attended.call("lock")
    with sqlite3.connect(attended.path) as other:
        other.execute("ATTACH ? AS old", (str(tmp_path / "old.db"),))
        other.execute("DELETE FROM main.records")
        other.execute("INSERT INTO main.records SELECT * FROM old.records")
        other.execute("UPDATE main.slots SET label = 'A harmless name'")
    other.close()
    attended.call("unlock")
    (asked,) = attended.reviews()
    assert KEY_CHANGED in asked["warnings"]


def test_what_is_put_there_while_the_person_reads_is_not_accepted_with_what_they_read(store: KeyStore, tmp_path: Path) -> None:
    """They are shown another name of a way in; the way in that they took away is put back before they say yes."""
    with sqlite3.connect(store.path) as other:
        other.execute("UPDATE slots SET label = 'A harmless name'")
    other.close()
    person = Person(NEW, ready=lambda: put_the_old_way_back(store.path, tmp_path / "old.db"))
    with pytest.raises(ChangedOutside):
        evidence.judged(house_of(store, person), CALLER, lambda: slots.open_store(house_of(store, person), CALLER, silently=False))
    assert not store.holds_keys
