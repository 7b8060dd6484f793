"""Every way of tampering with the file: it is named, the store stays closed until its owner decides, and nothing else is lost by it.

Each row says what is done, as somebody does it who has the file and no key, and by which name it is found.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from native_host.audit import entries
from native_host.errors import CannotUnseal
from native_host.kek import counters
from native_host.keystore import chain
from native_host.keystore.evidence import ChangedOutside, examine
from native_host.sodium import box_seal
from tests.homes import b64, now
from tests.homes import unlock as open_with_passphrase
from tests.parts import file_counter
from tests.parts.attended import Attended

DATA = b64(b"data")


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
def keys(attended: Attended) -> list[str]:
    """Three keys in a store that was then locked: one that was used, one that was renamed, one that was disabled."""
    made = [str(attended.call("generateKey", alg="Ed25519").key_id) for _ in range(3)]
    attended.call("sign", keyId=made[0], data=DATA)
    attended.call("updateKey", keyId=made[1], label="renamed")
    attended.store.connection.execute(f"VACUUM INTO '{attended.path.parent.parent / 'old.db'}'")
    attended.call("updateKey", keyId=made[2], state="disabled")
    attended.call("lock")
    return made


def edit(attended: Attended, statements: str) -> None:
    """As another program does it, which has an older copy as well."""
    with sqlite3.connect(attended.path) as connection:
        connection.execute("ATTACH ? AS old", (str(attended.path.parent.parent / "old.db"),))
        connection.executescript(statements)
    connection.close()


def forge_a_row(attended: Attended) -> None:
    """A row about a key, such as only an open store writes, with every hash right."""
    with sqlite3.connect(attended.path) as connection:
        seq, before = connection.execute("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
        (public,) = connection.execute("SELECT value FROM meta WHERE name = 'auditPublic'").fetchone()
        record_id, digest = connection.execute("SELECT record_id, record_digest FROM audit WHERE length(record_id) = 16 LIMIT 1").fetchone()
        seq, at, sealed = seq + 1, now(), box_seal(public, b"nothing happened")
        link = chain._link(before, seq, at, chain.SEALED_WITH_KEY, sealed, record_id, digest)
        connection.execute(
            "INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?)", (seq, at, chain.SEALED_WITH_KEY, sealed, record_id, digest, link)
        )
    connection.close()


LAST = "(SELECT max(seq) FROM audit)"
MOVE_HEAD = "UPDATE head SET (seq, hash) = (SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1)"
WHAT = {
    "newest rows cut": (f"DELETE FROM audit WHERE seq > {LAST} - 2", "log_truncated"),
    "newest rows cut, head moved along": (f"DELETE FROM audit WHERE seq > {LAST} - 2; {MOVE_HEAD}", "head_changed"),
    "all rows cut": ("DELETE FROM audit", "log_truncated"),
    "a row in the middle cut": ("DELETE FROM audit WHERE seq = 3", "log_cut"),
    "first row cut": ("DELETE FROM audit WHERE seq = 1", "log_cut"),
    "a row's content edited": ("UPDATE audit SET sealed = zeroblob(60) WHERE seq = 3", "log_edited"),
    "a row's time edited": ("UPDATE audit SET at = at + 1 WHERE seq = 3", "log_edited"),
    "a row hidden that is about a key": ("UPDATE audit SET record_id = NULL WHERE seq = 3", "log_edited"),
    "last row's hash of another type": (f"UPDATE audit SET hash = 'text' WHERE seq = {LAST}", "log_edited"),
    "a row's hash that is no text": ("UPDATE audit SET hash = CAST(x'ff' AS TEXT) WHERE seq = 3", "log_edited"),
    "rows exchanged": (
        "UPDATE audit SET seq = 99 WHERE seq = 3; UPDATE audit SET seq = 3 WHERE seq = 4; UPDATE audit SET seq = 4 WHERE seq = 99",
        "log_edited",
    ),
    "a row before the first": ("INSERT INTO audit SELECT -5, at, sealing, sealed, NULL, NULL, hash FROM audit WHERE seq = 1", "log_cut"),
    "a forged row about a key": (forge_a_row, "log_forged"),
    "head taken out": ("DELETE FROM head", "head_missing"),
    "head's mark edited": ("UPDATE head SET mac = zeroblob(32)", "head_changed"),
    "head's hash edited": ("UPDATE head SET hash = zeroblob(32)", "head_changed"),
    "head's version edited": ("UPDATE head SET version = 5", "head_changed"),
    "head's settled row edited": ("UPDATE head SET settled = 5", "head_changed"),
    "head of an older copy": ("REPLACE INTO head SELECT * FROM old.head", "log_forged"),
    "a slot added": ("INSERT INTO slots SELECT randomblob(16), kind, 'Another', parameters, wrapped, created_at FROM slots", "slot_added"),
    "a slot's name edited": ("UPDATE slots SET label = 'Another'", "slot_changed"),
    "the wrapped key for rows exchanged": ("UPDATE meta SET value = randomblob(32) WHERE name = 'auditPublic'", "setting_changed"),
    "a setting added": ("INSERT INTO meta VALUES ('approvalProgram', randomblob(32))", "setting_added"),
    "the list of what is vouched for edited": ("UPDATE meta SET value = x'90' WHERE name = 'vouched'", "setting_changed"),
    "the list of what is vouched for taken out": ("DELETE FROM meta WHERE name = 'vouched'", "setting_removed"),
    "the list of what is vouched for of another type": ("UPDATE meta SET value = 7 WHERE name = 'vouched'", "setting_changed"),
}  # fmt: skip


def tamper(attended: Attended, how: str | Callable[[Attended], None]) -> None:
    if callable(how):
        how(attended)
    else:
        edit(attended, how)


def names(findings: Any) -> set[str]:
    return {finding.name for finding in findings}


@pytest.mark.parametrize(("how", "name"), WHAT.values(), ids=WHAT.keys())
def test_it_is_named_and_nothing_opens_until_the_owner_goes_on(
    attended: Attended, keys: list[str], how: str | Callable[[Attended], None], name: str
) -> None:
    """A no leaves the file as it is. A yes opens it, leaves nothing of it behind to be found, and every key that was good is."""
    tamper(attended, how)
    before = dump(attended)
    attended.person.deny(title="changed outside", times=1)
    with pytest.raises(ChangedOutside) as refused:
        attended.call("unlock")
    assert name in names(refused.value.findings)
    assert ("cannot_unseal", False, False) == (refused.value.reason, attended.store.is_unlocked, attended.store.holds_keys)
    (asked,) = attended.reviews()
    assert {finding.text for finding in refused.value.findings} == set(asked["warnings"])
    assert before == dump(attended)
    attended.call("unlock")
    assert 2 == len(attended.reviews())
    assert () == examine(attended.store.connection).findings
    assert "acceptChanges" in [entry.entry.method for entry in entries(attended.store) if entry.entry]
    for key in keys[:2]:
        attended.call("sign", keyId=key, data=DATA)
    attended.call("lock")
    attended.call("unlock")
    assert 2 == len(attended.reviews())


def dump(attended: Attended) -> list[str]:
    """All that is in the file, but how often somebody tried."""
    with sqlite3.connect(attended.path) as connection:
        connection.text_factory = bytes
        rows = [
            repr(row)
            for table in ("meta", "slots", "deks", "records", "audit", "head", "origins")
            for row in connection.execute(f"SELECT * FROM {table}")
        ]
    connection.close()
    return rows


NO_SECRET_NEEDED = {
    key: value for key, value in WHAT.items() if key not in {"head's mark edited", "head's version edited", "head's settled row edited"}
    and key != "newest rows cut, head moved along"
}  # fmt: skip


@pytest.mark.parametrize("how", [how for how, _ in NO_SECRET_NEEDED.values()], ids=NO_SECRET_NEEDED.keys())
def test_most_of_it_is_found_without_a_secret(attended: Attended, keys: list[str], how: str | Callable[[Attended], None]) -> None:
    """All but a head that only the store's key shows to be another's."""
    assert () == examine(attended.store.connection).findings
    tamper(attended, how)
    assert examine(attended.store.connection).findings


OF_A_KEY = {
    "rolled back": (
        "UPDATE records SET (version, metadata) = (SELECT version, metadata FROM old.records o WHERE o.position = 3) WHERE position = 3",
        "key_changed",
    ),
    "put in another's place": (
        "UPDATE records SET (metadata, secret) = (SELECT metadata, secret FROM old.records o WHERE o.position = 1) WHERE position = 3",
        "key_changed",
    ),
    "without its secret": ("UPDATE records SET secret = NULL WHERE position = 3", "key_changed"),
    "taken out": ("DELETE FROM records WHERE position = 3", "key_removed"),
    "put in": ("INSERT INTO records SELECT 99, randomblob(16), owner, NULL, version, 0, 0, metadata, secret, 1 FROM records LIMIT 1", "key_unknown"),
    "of another type": ("UPDATE records SET metadata = 7 WHERE position = 3", "key_changed"),
}  # fmt: skip


@pytest.mark.parametrize(("how", "name"), OF_A_KEY.values(), ids=OF_A_KEY.keys())
def test_what_was_done_to_one_key_leaves_the_others_usable(attended: Attended, keys: list[str], how: str, name: str) -> None:
    """It is named without a secret and refused at its use; the store opens, and nobody is asked."""
    edit(attended, how)
    assert {name} == names(examine(attended.store.connection).findings)
    attended.call("unlock")
    for key in keys[:2]:
        attended.call("sign", keyId=key, data=DATA)
    if name != "key_unknown":
        with pytest.raises(CannotUnseal):
            attended.call("updateKey", keyId=keys[2], label="x")
    assert [] == attended.reviews()


def test_a_key_that_was_rolled_back_is_accepted_with_the_rest(attended: Attended, keys: list[str]) -> None:
    """It opens under the store's keys, so it is good again, as it is now, and the record names it. One that does not open stays refused."""
    edit(
        attended, OF_A_KEY["rolled back"][0] + "; UPDATE records SET secret = zeroblob(72) WHERE position = 2; UPDATE head SET version = 5"
    )
    attended.call("unlock")
    assert {"key_changed"} == names(examine(attended.store.connection).findings)
    attended.call("sign", keyId=keys[2], data=DATA)
    with pytest.raises(CannotUnseal):
        attended.call("sign", keyId=keys[1], data=DATA)
    accepted = [entry.entry.rule for entry in entries(attended.store) if entry.entry and entry.entry.method == "acceptKey"]
    assert [keys[2]] == accepted


def test_what_stays_refused_is_good_again_once_it_is_put_right(attended: Attended, keys: list[str]) -> None:
    """Also after everything else was accepted: nothing was deleted, and what the log says of it was left."""
    (secret,) = attended.store.connection.execute("SELECT secret FROM records WHERE position = 2").fetchone()
    edit(attended, "UPDATE records SET secret = zeroblob(72) WHERE position = 2; UPDATE head SET version = 5")
    attended.call("unlock")
    attended.store.connection.execute("UPDATE records SET secret = ? WHERE position = 2", (secret,))
    attended.store._forget()
    attended.call("sign", keyId=keys[1], data=DATA)
    assert () == examine(attended.store.connection).findings


def test_a_slot_that_was_removed_and_is_put_back_is_noticed(attended: Attended) -> None:
    """Its wrapping is good, and so is what vouched for it then: both are put back, and the newest row says otherwise."""
    attended.store.connection.execute(f"VACUUM INTO '{attended.path.parent.parent / 'old.db'}'")
    with attended.store.transaction():
        attended.store.connection.execute("UPDATE slots SET label = 'Renamed'")
        attended.store.vouch()
        attended.house.audit.happened("strongroom:person", "changeSlot", "")
    attended.call("lock")
    edit(attended, "REPLACE INTO slots SELECT * FROM old.slots; REPLACE INTO meta SELECT * FROM old.meta")
    attended.person.deny(title="changed outside")
    with pytest.raises(ChangedOutside) as refused:
        attended.call("unlock")
    assert {"setting_changed"} == names(refused.value.findings)


def test_a_break_that_was_accepted_covers_nothing_that_comes_later(attended: Attended, keys: list[str]) -> None:
    """Neither before it, nor under its cover, nor behind it."""
    edit(attended, "UPDATE audit SET sealed = zeroblob(60) WHERE seq = 3")
    attended.call("unlock")
    attended.call("lock")
    for seq in (2, 3, 4, int(attended.store.connection.execute(f"SELECT {LAST} - 1").fetchone()[0])):
        before = attended.store.connection.execute("SELECT sealed FROM audit WHERE seq = ?", (seq,)).fetchone()
        attended.store.connection.execute("UPDATE audit SET sealed = zeroblob(61) WHERE seq = ?", (seq,))
        assert examine(attended.store.connection).findings, seq
        attended.store.connection.execute("UPDATE audit SET sealed = ? WHERE seq = ?", (*before, seq))
    assert () == examine(attended.store.connection).findings


BLOBS = [("records", "metadata"), ("records", "secret"), ("head", "hash"), ("head", "mac"), ("slots", "slot_id"), ("slots", "parameters"),
         ("slots", "wrapped"), ("meta", "value"), ("deks", "wrapped"), ("audit", "hash"), ("audit", "record_digest")]  # fmt: skip


@pytest.mark.parametrize(("table", "column"), BLOBS)
def test_a_flipped_bit_anywhere_is_refused_and_never_a_fault(attended: Attended, keys: list[str], table: str, column: str) -> None:
    """Every byte of the blobs of a key; of the head, of slots, settings and rows. A key's leaves the others usable."""
    store = attended.store
    where = KEY_OF.get(table, "rowid")
    rows = store.connection.execute(f"SELECT {where}, {column} FROM {table}").fetchall()
    rowid, blob = next(row for row in rows if isinstance(row[1], bytes) and len(row[1]) > 1)
    for at in range(len(blob)):
        flipped = blob[:at] + bytes([blob[at] ^ 1]) + blob[at + 1 :]
        store.connection.execute(f"UPDATE {table} SET {column} = ? WHERE {where} = ?", (flipped, rowid))
        key = flipped if column == "slot_id" else rowid
        if table == "records":
            assert {"key_changed"} == names(examine(store.connection).findings)
        elif column == "parameters":
            assert {"slot_changed"} == names(examine(store.connection).findings)
        else:
            with pytest.raises(CannotUnseal):
                open_with_passphrase(store)
        store.connection.execute(f"UPDATE {table} SET {column} = ? WHERE {where} = ?", (blob, key))
    open_with_passphrase(store)


KEY_OF = {"slots": "slot_id", "meta": "name", "deks": "purpose"}


def test_a_flipped_bit_of_a_key_refuses_that_key(attended: Attended, keys: list[str]) -> None:
    """At its use, with every other one usable."""
    attended.call("unlock")
    store = attended.store
    for column in ("metadata", "secret"):
        (blob,) = store.connection.execute(f"SELECT {column} FROM records WHERE position = 1").fetchone()
        for at in range(len(blob)):
            flipped = blob[:at] + bytes([blob[at] ^ 1]) + blob[at + 1 :]
            store.connection.execute(f"UPDATE records SET {column} = ? WHERE position = 1", (flipped,))
            store._forget()
            with pytest.raises(CannotUnseal):
                attended.call("sign", keyId=keys[0], data=DATA)
        attended.call("sign", keyId=keys[1], data=DATA)
        store.connection.execute(f"UPDATE records SET {column} = ? WHERE position = 1", (blob,))
    store._forget()
    attended.call("sign", keyId=keys[0], data=DATA)


def test_a_store_without_a_list_of_what_it_vouches_for_gets_one(attended: Attended) -> None:
    """One of format 1 has none: it is made at the first unlocking, with that unlocking's row, and nobody is asked."""
    store = attended.store
    with store.transaction():
        store.connection.execute("DELETE FROM meta WHERE name = 'vouched'")
        store.connection.execute("DELETE FROM audit")
        store.connection.execute("DELETE FROM head")
        chain.begin(store.connection, store.keys)
    store.forget_keys()
    attended.call("unlock")
    assert [] == attended.reviews()
    edit_slots = "INSERT INTO slots SELECT randomblob(16), kind, 'Another', parameters, wrapped, created_at FROM slots"
    store.connection.execute(edit_slots)
    assert {"slot_added"} == names(examine(store.connection).findings)
