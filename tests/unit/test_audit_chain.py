"""The record of decisions: which row is named when it was changed, and what an entry holds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from native_host.approval.permit import Permit
from native_host.audit import Audit, entries
from native_host.caller.identity import Caller, Evidence
from native_host.errors import Duplicate
from native_host.keystore import chain
from native_host.keystore.evidence import ChangedOutside
from native_host.keystore.records import Metadata
from native_host.keystore.store import KeyStore
from native_host.policy import Facts, KeyView
from native_host.protocol.messages import Page
from native_host.protocol.uses import SignMessageParams
from native_host.protocol.wire import Base64Url
from native_host.session import Session
from native_host.transport.jsonrpc import Call
from tests.homes import now, set_up, unlock

RECORD = b"\x01" * 16
MESSAGE = b"a message that nobody else is to read"
PAGE = "https://page.example"
SESSION = Session(
    caller=Caller(origin="chrome-extension://a/", evidence=(Evidence(signal="parent", level="unknown", text="It cannot be seen."),)),
    wallet_id=bytes(16), wallet="main", development=False, state="unlocked", greeted=True, unattended=False,
)  # fmt: skip
PARAMS = SignMessageParams(key_id="key_of_it", format="eip191", message=Base64Url(MESSAGE), page=Page(origin=PAGE))
CALL = Call(id=1, method="signMessage", params=PARAMS)
KEY = KeyView(
    key_id="key_of_it", revision=1, alg="ES256K", usages=("message",), state="active", label="", address=None, derived=False, path=None
)
FACTS = Facts(key=KEY)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[KeyStore]:
    """An open store with five rows; the second is about a record."""
    store = KeyStore(str(tmp_path / "keystore.db"), now)
    set_up(store)
    metadata = Metadata(alg="Ed25519", usages=("sign",), provenance="generated", state="active", created_at=0)
    with store.transaction():
        store.insert(RECORD, bytes(16), metadata, bytearray(32), None)
        store.append_audit(b"made")
    for text in (b"three", b"four", b"five"):
        with store.transaction():
            store.append_audit(text)
    yield store
    store.close()


def permit() -> Permit:
    return Permit(session=SESSION, call=CALL, facts=FACTS, approved_by="person", rule="use of a private key")


FIRST_CHANGED = {
    "tail cut": ("DELETE FROM audit WHERE seq > 3", 4),
    "last row cut": ("DELETE FROM audit WHERE seq = 5", 5),
    "middle row cut": ("DELETE FROM audit WHERE seq = 3", 3),
    "first row cut": ("DELETE FROM audit WHERE seq = 1", 1),
    "all rows cut": ("DELETE FROM audit", 1),
    "content edited": ("UPDATE audit SET sealed = zeroblob(60) WHERE seq = 3", 3),
    "time edited": ("UPDATE audit SET at = at + 1 WHERE seq = 4", 4),
    "sealing edited": ("UPDATE audit SET sealing = 1 WHERE seq = 2", 2),
    "record digest edited": ("UPDATE audit SET record_digest = zeroblob(32) WHERE seq = 2", 2),
    "record id edited": ("UPDATE audit SET record_id = zeroblob(16) WHERE seq = 2", 2),
    "record id taken out": ("UPDATE audit SET record_id = NULL, record_digest = NULL WHERE seq = 2", 2),
    "hash edited": ("UPDATE audit SET hash = zeroblob(32) WHERE seq = 4", 4),
    "two exchanged": ("UPDATE audit SET seq = 9 WHERE seq = 3; UPDATE audit SET seq = 3 WHERE seq = 4; UPDATE audit SET seq = 4 WHERE seq = 9", 3),
    "head's hash edited": ("UPDATE head SET hash = zeroblob(32)", 5),
    "head moved on": ("UPDATE head SET seq = 6", 6),
    "head taken out": ("DELETE FROM head", 6),
}  # fmt: skip


@pytest.mark.parametrize(("statements", "seq"), FIRST_CHANGED.values(), ids=FIRST_CHANGED.keys())
def test_the_first_changed_row_is_named(store: KeyStore, statements: str, seq: int) -> None:
    """Without a secret."""
    assert chain.verify(store.connection) is None
    store.connection.executescript(statements)
    broken = chain.verify(store.connection)
    assert broken is not None
    assert seq == broken.seq


FORGED_HEADS = {
    "tail cut": "DELETE FROM audit WHERE seq > 3",
    "all rows cut": "DELETE FROM audit",
    "all rows and head cut": "DELETE FROM audit; DELETE FROM head",
    "tail cut, head moved along": "DELETE FROM audit WHERE seq > 3; UPDATE head SET seq = 3, hash = (SELECT hash FROM audit WHERE seq = 3)",
    "head moved back alone": "UPDATE head SET seq = 3, hash = (SELECT hash FROM audit WHERE seq = 3)",
    "mark edited": "UPDATE head SET mac = zeroblob(32)",
    "last hash edited": "UPDATE audit SET hash = zeroblob(32) WHERE seq = 5",
}


@pytest.mark.parametrize("statements", FORGED_HEADS.values(), ids=FORGED_HEADS.keys())
def test_a_forged_end_is_found_at_unlocking(store: KeyStore, statements: str) -> None:
    """The passphrase is right, and the store stays locked all the same."""
    store.forget_keys()
    store.connection.executescript(statements)
    with pytest.raises(ChangedOutside):
        unlock(store)
    assert not store.is_unlocked


def test_rows_of_a_locked_store_are_read_later(store: KeyStore) -> None:
    """What happens while it is locked follows the chain, sealed to the store, and says so."""
    store.forget_keys()
    audit = Audit(store)
    audit.happened("chrome-extension://b/", "refusedOrigin", "not attached")
    audit.happened("chrome-extension://c/", "refusedOrigin", "not attached")
    assert chain.verify(store.connection) is None
    unlock(store)
    last = list(entries(store))[-2:]
    assert [(6, True), (7, True)] == [(entry.seq, entry.while_locked) for entry in last]
    origins = [entry.entry.origin for entry in last if entry.entry is not None]
    assert ["chrome-extension://b/", "chrome-extension://c/"] == origins


def test_an_entry_tells_who_what_and_how_it_ended(store: KeyStore) -> None:
    """And of what was signed a digest only."""
    with Audit(store).effect(permit()):
        pass
    (row,) = chain.rows(store.connection, after=5)
    assert MESSAGE not in store.read_audit(row)
    entry = list(entries(store))[-1].entry
    assert entry is not None
    told = (entry.origin, entry.wallet, entry.method, entry.key_id, entry.alg, entry.approved_by, entry.outcome, entry.page, entry.evidence)
    assert ("chrome-extension://a/", "main", "signMessage", "key_of_it", "ES256K", "person", "done", PAGE, ("It cannot be seen.",)) == told
    assert 32 == len(entry.request)


def test_nothing_of_an_entry_is_in_the_file(store: KeyStore) -> None:
    """Neither what was asked nor who asked, whether the store was open or not."""
    with Audit(store).effect(permit()):
        pass
    store.forget_keys()
    Audit(store).refused(SESSION, CALL, FACTS, Duplicate())
    store.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    written = Path(store.path).read_bytes()
    assert [] == [
        text for text in (MESSAGE, PAGE.encode(), b"key_of_it", b"signMessage", b"chrome-extension", b"person") if text in written
    ]


def write_then_refuse(store: KeyStore) -> None:
    metadata = Metadata(alg="Ed25519", usages=("sign",), provenance="generated", state="active", created_at=0)
    with Audit(store).effect(permit()):
        store.insert(b"\x02" * 16, bytes(16), metadata, None, None)
        raise Duplicate


def test_a_refused_effect_leaves_its_entry_only(store: KeyStore) -> None:
    """What the block wrote is undone; that it was refused, and why, is recorded."""
    with pytest.raises(Duplicate):
        write_then_refuse(store)
    assert store.read(b"\x02" * 16) is None
    (last,) = [entry for entry in entries(store) if entry.seq > 5]
    assert last.entry is not None
    assert "duplicate" == last.entry.outcome
