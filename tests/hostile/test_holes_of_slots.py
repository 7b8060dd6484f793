"""Ways around slots, evidence and what an opened keystore vouches for: each was open once."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from native_host.audit import entries
from native_host.backups import archive
from native_host.backups.refused import BackupRefused
from native_host.errors import CannotUnseal, InvalidParams
from native_host.kek import counters, fido2, passphrase, pkcs11
from native_host.kek.provider import Choice, Settings
from native_host.keystore import refusals, watching
from native_host.keystore.evidence import KEY_CHANGED, ChangedOutside
from native_host.keystore.store import KeyStore
from native_host.operations import evidence, rekeying, slots, unlocking
from native_host.secret import SecretBytes
from native_host.tokens import client
from tests.homes import now, set_up, unlock
from tests.parts import file_counter
from tests.parts.asked_person import CALLER, Person, house_of, store_with
from tests.parts.attended import Attended
from tests.parts.softhsm import PIN, SoftHsm, shared_softhsm
from tests.parts.virtual_authenticator import VirtualKey

if TYPE_CHECKING:
    from native_host.protocol.approver import SecretPurpose

__all__ = ["shared_softhsm"]  # a fixture

OLD, NEW = "the passphrase of before", "the passphrase from now on"


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No counter of this machine is touched; without ``places`` made, there is none."""
    monkeypatch.setattr(counters, "PLACES", {})
    file_counter.install(tmp_path / "places")
    # The least memory that is accepted: to measure how much there could be takes half a second.
    monkeypatch.setattr(passphrase, "PREFERRED_MEMORY_KIB", passphrase.FLOOR_MEMORY_KIB)
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
        with unlocking.opened_root(house, CALLER) as root:
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
    with unlocking.opened_root(house, CALLER) as root:
        new = slots.enrolled(house, passphrase.KIND, None, Choice(), slots.AskPerson(house, CALLER))
        put_the_old_way_back(store.path, tmp_path / "old.db")
        with new.kek, pytest.raises(ChangedOutside):
            slots.add(house, root, new, kind=passphrase.KIND)
    store.forget_keys()
    with pytest.raises(ChangedOutside):
        unlocking.open_store(house_of(store, Person(NEW)), CALLER, silently=False)


def test_a_new_root_key_is_not_wrapped_for_a_way_in_that_was_put_there_meanwhile(store: KeyStore, tmp_path: Path) -> None:
    """Whoever knows what opens it would have the new root key as well."""
    house = house_of(store, Person(NEW, OLD, NEW))
    wrapped = store.connection.execute("SELECT wrapped FROM deks").fetchall()
    with unlocking.opened_root(house, CALLER) as root:
        put_the_old_way_back(store.path, tmp_path / "old.db")
        with pytest.raises(ChangedOutside):
            rekeying.exchange_root(house, root, CALLER, drop=lambda _: True)
    assert wrapped == store.connection.execute("SELECT wrapped FROM deks").fetchall()


def test_a_passphrase_is_not_changed_at_a_device_that_was_exchanged_meanwhile(store: KeyStore) -> None:
    """What the slot said when the new key was made is what has to stand there still."""
    house, (slot,) = house_of(store, Person(NEW, "another passphrase")), store.slots()
    with unlocking.opened_root(house, CALLER) as root:
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
        evidence.judged(house_of(store, person), CALLER, lambda: unlocking.open_store(house_of(store, person), CALLER, silently=False))
    assert not store.holds_keys


MISSHAPEN = [
    "UPDATE slots SET parameters = 5", "UPDATE slots SET parameters = 'text'", "UPDATE slots SET wrapped = 5", "UPDATE slots SET slot_id = 7",
    "UPDATE meta SET value = 'x' WHERE name = 'storeId'", "UPDATE meta SET value = -5 WHERE name = 'unattended'",
    "UPDATE meta SET value = 4000000000000 WHERE name = 'storeId'", "UPDATE deks SET wrapped = 5", "UPDATE deks SET wrapped = 'x'",
]  # fmt: skip


@pytest.mark.parametrize("statement", MISSHAPEN)
def test_a_value_of_another_type_is_a_change_and_no_fault(store: KeyStore, statement: str) -> None:
    """A number in the place of bytes makes the host neither fail nor take as much memory."""
    with sqlite3.connect(store.path) as other:
        other.execute(statement)
    other.close()
    with pytest.raises(CannotUnseal):
        unlocking.open_store(house_of(store, Person(NEW, NEW, NEW)), CALLER, silently=False)


def test_a_way_in_of_another_type_keeps_no_other_from_opening(store: KeyStore) -> None:
    """It is named as a change; what opened the keystore before still does."""
    with sqlite3.connect(store.path) as other:
        other.execute("INSERT INTO slots VALUES (x'00', 'tpm', 'x', 5, 5, 0)")
    other.close()
    with pytest.raises(ChangedOutside) as refused:
        unlocking.open_store(house_of(store, Person(NEW)), CALLER, silently=False)
    assert ["slot_added"] == [one.name for one in refused.value.findings]


def test_a_lock_epoch_that_cannot_be_counted_up_does_not_hide_a_lock(store: KeyStore) -> None:
    """Adding one to the largest number that there is gives the same again, and other hosts would stay open."""
    with sqlite3.connect(store.path) as other:
        other.execute("UPDATE state SET lock_epoch = 9.3e18")
    other.close()
    unlocking.open_store(house_of(store, Person(NEW)), CALLER, silently=False)
    elsewhere = KeyStore(store.path, now)
    with elsewhere.transaction():
        elsewhere.raise_epoch()
    elsewhere.close()
    assert not store.is_unlocked


def test_a_clock_that_was_set_back_keeps_nobody_waiting_for_years(store: KeyStore) -> None:
    """What it counted while it was ahead ends far away; a pause is never longer than the longest one."""
    (slot,) = store.slots()
    ahead = now() + 400 * 24 * 60 * 60 * 1000
    for _ in range(12):
        refusals.count_failure(store.connection, slot.slot_id, ahead)
        refusals.count_refusal(store.connection, "an origin", ahead)
    assert (12, 0) == store.failures(slot.slot_id)
    assert 0 == store.pause_seconds("an origin")
    refusals.count_failure(store.connection, slot.slot_id, now())
    assert 0 < store.failures(slot.slot_id)[1] <= refusals.LONGEST_WAIT_MS // 1000


def test_a_passphrase_is_no_try_at_a_recovery_code(store: KeyStore) -> None:
    """A slip of the owner's would be told as somebody's try at the code on paper."""
    person = Person(NEW)
    person.answers.append(person.remembered)
    house = house_of(store, person)
    with unlocking.opened_root(house, CALLER) as root:
        code = slots.enrolled(house, "recovery", None, Choice(), slots.AskPerson(house, CALLER))
        with code.kek:
            paper = slots.add(house, root, code, kind="recovery")
    store.forget_keys()
    unlocking.open_store(house_of(store, Person("a slip", NEW)), CALLER, silently=False)
    assert (0, 0) == store.failures(paper.slot_id)


def test_a_device_that_has_to_wait_keeps_nobody_from_another_way_in(store: KeyStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """After many wrong PINs the passphrase is asked for, and not refused with the device."""
    found = fido2.Found(device_id="port0", label="Security key", device=VirtualKey())
    monkeypatch.setattr(fido2, "list_devices", lambda: [found])
    monkeypatch.setattr(fido2, "is_plugged_in", lambda: True)
    house = house_of(store, Person(NEW))
    with unlocking.opened_root(house, CALLER) as root:
        new = slots.enrolled(house, "fido2", None, Choice(), slots.AskPerson(house, CALLER))
        with new.kek:
            device = slots.add(house, root, new, kind="fido2")
    store.forget_keys()
    with store.transaction():
        for _ in range(15):
            store.count_failure(device.slot_id)
    person = Person(NEW)
    assert passphrase.KIND == unlocking.open_store(house_of(store, person), CALLER, silently=False).kind
    assert "Wait before trying again" in str(person.asked)


def test_a_root_key_of_before_is_not_said_to_open_the_keystore(store: KeyStore, tmp_path: Path) -> None:
    """A way in that is put back after the root key was exchanged gives a key, which opens nothing."""
    house = house_of(store, Person(NEW, NEW))
    with unlocking.opened_root(house, CALLER) as root:
        rekeying.exchange_root(house, root, CALLER, drop=lambda _: True)
    put_the_old_way_back(store.path, tmp_path / "old.db")
    old = store.slots()[0]
    with pytest.raises(CannotUnseal):
        slots.try_out(house_of(store, Person(OLD)), old, slots.AskPerson(house_of(store, Person(OLD)), CALLER))


def test_two_hosts_that_take_the_same_counter_leave_it_to_one_another(
    attended: Attended, places: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A keyring's counter is named by the store: the slower of the two must not take it away from the quicker one."""
    attended.call("unlock")
    other = Attended(attended.path.parent.parent)
    other.call("unlock")
    places.mkdir()

    def create(counters_of_one: file_counter.Counters, store_id: bytes) -> tuple[bytes, int]:
        monkeypatch.setattr(file_counter.Counters, "create", lambda _, __: (b"one.counter", file_counter.FIRST))
        (places / "one.counter").write_text(str(file_counter.FIRST))
        evidence.keep_counter(other.house, CALLER.origin)
        return b"one.counter", file_counter.FIRST

    monkeypatch.setattr(file_counter.Counters, "create", create)
    evidence.keep_counter(attended.house, CALLER.origin)
    assert file_counter.FIRST == file_counter.value()
    other.end()


@pytest.mark.parametrize("arguments", [["slots", "test", "Passphrase"], ["passphrase"], ["rekey", "root"], ["slots", "add", "recovery"]])
def test_no_other_program_reads_the_memory_of_one_that_opens_the_keystore(arguments: list[str], attended: Attended) -> None:
    """As in a host: PR_SET_DUMPABLE is off before a secret is typed (prctl(2))."""
    code = (
        "import ctypes, sys\nfrom native_host.cli import asking\n"
        "def ask(self, purpose, title, hint=None):\n    print('dumpable', ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))\n    sys.exit(0)\n"
        "asking.TerminalPerson.ask_secret = ask\nfrom native_host.cli import main\nmain()"
    )
    environ = {**os.environ, "STRONGROOM_HOME": str(attended.path.parent)}
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, env=environ, check=False)
    assert "dumpable 0\n" in done.stdout


@pytest.mark.parametrize("arguments", [["slots", "list"], ["status"], ["doctor"]])
def test_the_name_of_a_way_in_commands_no_terminal(arguments: list[str], attended: Attended) -> None:
    """Whoever edits the file can name a slot as they like: nothing of it is a control character, or turns the text round."""
    with sqlite3.connect(attended.path) as other:
        other.execute("UPDATE slots SET label = char(27) || ']0;owned' || char(7) || char(0x202E) || char(10) || 'Name'")
    other.close()
    environ = {**os.environ, "STRONGROOM_HOME": str(attended.path.parent)}
    code = "from native_host.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, env=environ, check=False)
    assert not {"\x1b", "\x07", "\u202e"} & set(done.stdout + done.stderr)
    assert "\nName" not in done.stdout


def test_keys_that_are_withheld_are_forgotten_with_the_others(attended: Attended) -> None:
    """The screen is locked while a window asks about an extension: what opens behind that window is nothing."""
    attended.call("unlock")
    keys = attended.store.keys
    public = keys.audit_public()
    with attended.store.withheld():
        attended.store.forget_keys()
        assert public != keys.audit_public()  # that of zeros
    assert not attended.store.is_unlocked
    assert not attended.store.holds_keys


class Waiting(Person):
    """Somebody whose host goes on only within ``waits``: entered once at a time, and never while a person is asked."""

    def __init__(self, *answers: str) -> None:
        super().__init__(*answers)
        self.inside = False

    @contextmanager
    def waits(self) -> Iterator[None]:
        assert not self.inside
        self.inside = True
        yield
        self.inside = False

    def secret(self, purpose: SecretPurpose, title: str, hint: str | None = None) -> SecretBytes:
        assert not self.inside
        return super().secret(purpose, title, hint)

    def make_ready(self, title: str, text: str) -> None:
        assert not self.inside
        super().make_ready(title, text)


def test_no_security_key_holds_the_host_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that falls silent is waited for over a minute, in which the host has to hear of a lock, and of its port's end."""
    key, person = VirtualKey(), Waiting("1234", "1234")
    key.authenticator.pin.set("1234")
    found = fido2.Found(device_id="port0", label="Security key", device=key)
    monkeypatch.setattr(fido2, "list_devices", lambda: [found])
    provider = fido2.Slots(Settings())
    (device,) = provider.devices()
    call, outside = key.call, list[Any]()

    def watched(*given: Any, **named: Any) -> bytes:
        if not person.inside:
            outside.append(given)
        return call(*given, **named)

    monkeypatch.setattr(key, "call", watched)
    new = provider.enrol(device, Choice(), person)
    with new.kek, provider.open(new.parameters, person):
        assert [] == outside


@pytest.mark.parametrize("mechanism", ["A256GCM", "A256KW", "ECDH-P256"])
def test_no_token_holds_the_host_up(mechanism: str, shared_softhsm: SoftHsm, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module may take half a minute over what the root key is opened with."""
    provider, person = pkcs11.Slots(shared_softhsm.settings), Waiting(PIN, PIN)
    (device,) = provider.devices()
    call, outside = client.TokenWorker._call, list[str]()

    def watched(worker: client.TokenWorker, method: str, *given: Any) -> Any:
        if not person.inside:
            outside.append(method)
        return call(worker, method, *given)

    new = provider.enrol(device, Choice(mechanism=mechanism), person)
    with SecretBytes(os.urandom(32)) as root:
        wrapped = new.kek.wrap(root, aad=b"aad")
        monkeypatch.setattr(client.TokenWorker, "_call", watched)
        with provider.open(new.parameters, person) as kek, kek.unwrap(wrapped, aad=b"aad") as back:
            assert root == back
    assert [] == outside


@pytest.mark.parametrize("arguments", [["slots", "list"], ["status"]])
def test_a_way_in_of_an_unknown_kind_hides_no_other(arguments: list[str], attended: Attended) -> None:
    """Whoever puts one there must not keep its owner from seeing it, and all the rest."""
    with sqlite3.connect(attended.path) as other:
        other.execute("INSERT INTO slots VALUES (x'00', 'unheard', 'Planted', x'00', x'00', 0)")
    other.close()
    environ = {**os.environ, "STRONGROOM_HOME": str(attended.path.parent)}
    code = "from native_host.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, env=environ, check=True)
    assert "Planted" in done.stdout
    assert "Passphrase" in done.stdout


def test_a_long_record_that_says_of_no_way_in_is_walked_first(store: KeyStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the rows that vouch for the ways in, any would do: the store does not open while that is looked into."""
    monkeypatch.setattr(watching, "AT_ONCE", 1)
    put_the_old_way_back(store.path, tmp_path / "old.db")
    with sqlite3.connect(store.path) as other:
        other.execute("UPDATE audit SET record_id = NULL WHERE record_id = CAST('vouched' AS BLOB)")
    other.close()
    with pytest.raises(ChangedOutside):
        unlocking.open_store(house_of(store, Person(NEW, NEW)), CALLER, silently=False)


def test_a_slot_that_was_not_added_leaves_nothing_in_its_device() -> None:
    """Whatever keeps a new slot out of the store: what its device keeps for it is taken back, and its key is wiped."""
    from types import SimpleNamespace

    from native_host.kek.provider import Enrolled
    from native_host.kek.symmetric import SymmetricKek
    from native_host.operations import slots

    forgotten: list[bytes] = []
    key = SecretBytes(bytes(range(32)))
    new = Enrolled(kek=SymmetricKek(key), parameters=b"where it is", label="Device")
    provider = SimpleNamespace(forget=lambda parameters, ask: forgotten.append(parameters))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(slots, "provider", lambda house, kind: provider)
        with pytest.raises(InvalidParams), slots.kept_if_done(None, "tpm", new, None):  # type: ignore[arg-type]
            raise InvalidParams("Another slot has this name.", path="label")
        assert ([b"where it is"], bytes(32)) == (forgotten, bytes(key.buffer))
        with slots.kept_if_done(None, "tpm", new, None):  # type: ignore[arg-type]
            pass
    assert [b"where it is"] == forgotten


NO_TEXT = b"\xa6origin\xa1\xff"
DEEP = b"\x81\xa1x" + b"\x91" * 100_000 + b"\x01"


@pytest.mark.parametrize("content", [b"\x81" + NO_TEXT, DEEP], ids=["no UTF-8", "nested without end"])
def test_an_entry_that_anybody_can_seal_is_one_that_cannot_be_read(tmp_path: Path, content: bytes) -> None:
    """Rows of a locked store are sealed to a key that stands in the file: what is in one is somebody's, and hides no other."""
    store = KeyStore(str(tmp_path / "keystore.db"), now)
    set_up(store)
    store.forget_keys()
    with store.transaction():
        store.append_audit(content)
    unlock(store)
    assert [True, False] == [one.while_locked for one in entries(store)][::-1]
    assert [None] == [one.entry for one in entries(store) if one.while_locked]
    store.close()


@pytest.mark.parametrize("value", [b"\x92\xa1\xff\xc4\x00", b"\x92" + b"\x91" * 100_000], ids=["no UTF-8", "nested without end"])
def test_a_counter_setting_that_is_none_is_no_fault(tmp_path: Path, value: bytes) -> None:
    """``status`` and ``doctor`` read it of a locked store, where it is worth no more than the file."""
    store = KeyStore(str(tmp_path / "keystore.db"), now)
    set_up(store)
    store.connection.execute("INSERT OR REPLACE INTO meta VALUES ('counter', ?)", (value,))
    assert store.counter_kind() is None
    store.close()


def test_a_backup_whose_header_is_nested_without_end_is_damaged() -> None:
    """Whoever knows a recipient can make an age file for it, with anything inside."""
    header = b"\x81\xa1x" + b"\x91" * 4000 + b"\x01"
    with pytest.raises(BackupRefused):
        archive.unpack(bytearray(archive.MAGIC + bytes(archive.ROOT_BYTES) + len(header).to_bytes(4, "big") + header))
