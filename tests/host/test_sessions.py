"""What several hosts, locks, grants and refusals do to one another."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import Any

import pytest
from msgspec.structs import replace

from native_host.testing.port import HostError, Port
from tests.homes import ADDON, OTHER_ADDON, Home, b64, now, origin_of, refusal, unlock, until

DATA = b64(b"data")
LOCKED = (5001, {"reason": "locked"})


def refused(port: Port, method: str, **params: Any) -> tuple[int, dict[str, Any]]:
    with pytest.raises(HostError) as caught:
        port.request(method, params)
    return refusal(caught.value)


def make_key(port: Port, alg: str = "Ed25519") -> str:
    key_id: str = port.request("generateKey", {"alg": alg})["keyId"]
    return key_id


def reviews(home: Home) -> list[dict[str, Any]]:
    return [ask for ask in home.approver.asked if ask["kind"] == "review"]


def hold_sign(home: Home, port: Port, key_id: str) -> tuple[Any, Any]:
    """A review that is open, and the gate that lets the person say yes."""
    gate = home.approver.hold(kind="review", method="sign", times=1)
    pending = port.begin("sign", {"keyId": key_id, "data": DATA})
    home.approver.wait_for(kind="review", method="sign")
    return pending, gate


def outcome(pending: Any) -> tuple[int, dict[str, Any]]:
    with pytest.raises(HostError) as caught:
        pending.result()
    return refusal(caught.value)


# locking


def test_lock_anywhere_locks_everywhere(home: Home) -> None:
    """The other host says so to its extension, unasked."""
    one, other = home.open(), home.open()
    assert {"state": "locked"} == one.request("lock")
    other.wait_event("locked")
    assert LOCKED == refused(other, "listKeys")
    assert {"state": "unlocked"} == other.request("unlock")
    assert LOCKED == refused(one, "listKeys")


def test_a_host_that_is_locked_locks_the_others(home: Home) -> None:
    """Who asks for the lock need not have opened the store first."""
    one, other = home.greet(), home.open()
    assert {"state": "locked"} == one.request("lock")
    other.wait_event("locked")
    assert LOCKED == refused(other, "listKeys")


def test_a_lock_elsewhere_while_a_review_is_open(home: Home) -> None:
    """A yes that comes after the lock is worth nothing."""
    one, other = home.open(), home.open()
    pending, gate = hold_sign(home, one, make_key(one))
    other.request("lock")
    gate.release()
    assert LOCKED == outcome(pending)


def test_a_lock_here_while_a_review_is_open(home: Home) -> None:
    """Nor one that comes after a lock by the same extension."""
    port = home.open()
    pending, gate = hold_sign(home, port, make_key(port))
    assert {"state": "locked"} == port.request("lock")
    gate.release()
    assert LOCKED == outcome(pending)


def test_what_needs_no_open_store_is_answered_right_after_a_lock_elsewhere(home: Home) -> None:
    """The host that did not lock knows at its next call."""
    one, other = home.open(), home.open()
    one.request("lock")
    assert 4 == len(other.request("randomBytes", {"length": 3})["bytes"])
    one.request("unlock")
    one.request("lock")
    assert "locked" == other.request("getStatus")["state"]


@pytest.mark.parametrize("first", ["unlock", "listKeys"])
def test_a_lock_elsewhere_ends_grants(home: Home, first: str) -> None:
    """Also when the host that holds them is used again at once: the person is asked for the passphrase and for the signature."""
    home.approver.grant(method="sign", times=1)
    one, other = home.open(), home.open()
    call = {"keyId": make_key(one, "ES256"), "data": DATA}
    one.request("sign", call)
    one.request("sign", call)
    assert 1 == len(reviews(home))
    other.request("lock")
    if first == "listKeys":
        assert LOCKED == refused(one, "listKeys")
    assert {"state": "unlocked"} == one.request("unlock")
    home.approver.deny(kind="review", method="sign")
    assert 4001 == refused(one, "sign", **call)[0]
    assert 3 == len([ask for ask in home.approver.asked if ask["kind"] == "askSecret"])


def test_a_lock_elsewhere_is_told_however_it_is_noticed(home: Home) -> None:
    """The event comes although a call noticed first."""
    one, other = home.open(), home.open()
    one.request("lock")
    with contextlib.suppress(HostError):
        other.request("listKeys")
    other.wait_event("locked")


def test_idle_time_locks(home: Home) -> None:
    """The extension is told; reading what is public does not keep the store open."""
    config = (home.folder / "config.toml").read_text(encoding="utf-8")
    (home.folder / "config.toml").write_text(f"{config}\n[session]\nidle_lock_seconds = 1\n", encoding="utf-8")
    port = home.open()
    assert 1 == port.request("getStatus")["idleLockSeconds"]

    def reads_until_locked() -> bool:
        with contextlib.suppress(HostError):
            port.request("listKeys")
        return {"type": "locked", "reason": "idle"} in port.events

    until(reads_until_locked)
    assert LOCKED == refused(port, "listKeys")
    with home.store() as store:
        (count,) = store.connection.execute("SELECT lock_epoch FROM state").fetchone()
    assert 0 == count  # other hosts have their own idle time


# one key, two hands


def test_a_key_disabled_while_its_review_is_open(home: Home) -> None:
    """What was reviewed is no longer there."""
    port = home.open()
    key_id = make_key(port)
    pending, gate = hold_sign(home, port, key_id)
    port.request("updateKey", {"keyId": key_id, "state": "disabled"})
    gate.release()
    assert (5003, {"reason": "key_state"}) == outcome(pending)


def test_a_key_destroyed_by_another_host_while_its_review_is_open(home: Home) -> None:
    """Also when it happens elsewhere; the second window opens only when the first is answered, so the row is taken away directly."""
    port = home.open()
    key_id = make_key(port)
    pending, gate = hold_sign(home, port, key_id)
    with home.store() as store:
        unlock(store)
        (record,) = store.page(store.owner_of(store.wallets()[0][0]), after=0, limit=9)
        with store.transaction():
            store.destroy(record, replace(record.metadata, state="destroyed", usages=()))
            store.append_audit(b"")
    gate.release()
    assert (5003, {"reason": "key_state"}) == outcome(pending)


def test_a_seed_disabled_while_its_accounts_review_is_open(home: Home) -> None:
    """An account is as usable as its seed."""
    home.approver.type_secret("mnemonic", "abandon " * 11 + "about")
    port = home.open()
    seed = port.request("restoreSeed")["keyId"]
    account = port.request("deriveKey", {"keyId": seed, "path": "m/44'/60'/0'/0/0", "alg": "ES256K"})["keyId"]
    gate = home.approver.hold(kind="review", method="signMessage")
    pending = port.begin("signMessage", {"keyId": account, "format": "eip191", "message": DATA})
    home.approver.wait_for(kind="review", method="signMessage")
    port.request("updateKey", {"keyId": seed, "state": "disabled"})
    gate.release()
    assert (5003, {"reason": "key_state"}) == outcome(pending)


def test_enabling_is_the_persons(home: Home) -> None:
    """Disabling needs nobody; enabling again does, and what cannot be done is not half done."""
    port = home.open()
    key_id = make_key(port)
    assert "disabled" == port.request("updateKey", {"keyId": key_id, "state": "disabled"})["state"]
    assert [] == reviews(home)
    home.approver.deny(kind="review", method="updateKey", times=1)
    assert 4001 == refused(port, "updateKey", keyId=key_id, state="active", label="mine")[0]
    (key,) = port.request("listKeys")["keys"]
    assert ("disabled", None) == (key["state"], key.get("label"))
    assert "active" == port.request("updateKey", {"keyId": key_id, "state": "active"})["state"]
    assert 2 == len(reviews(home))
    assert (5004, {"reason": "usage_not_allowed"}) == refused(port, "updateKey", keyId=key_id, usages=["sign", "cosign"])


# grants


def test_a_grant_lasts_for_so_many_uses(home: Home) -> None:
    """The one that was approved, and as many more as were offered; then the person is asked again."""
    home.approver.grant(method="sign", times=1)
    home.approver.deny(kind="review", method="signMessage")
    port = home.open()
    call = {"keyId": make_key(port, "ES256"), "data": DATA}
    for _ in range(11):
        port.request("sign", call)
    assert 1 == len(reviews(home))
    port.request("sign", call)
    assert 2 == len(reviews(home))


def test_a_grant_covers_one_method_of_one_key(home: Home) -> None:
    """Neither another method, nor another key, nor another host."""
    home.approver.grant(method="signMessage", times=1)
    port = home.open()
    key_id, other_id = make_key(port), make_key(port)
    message = {"format": "solana", "message": DATA}
    port.request("signMessage", {"keyId": key_id, **message})
    asked = len(reviews(home))
    port.request("sign", {"keyId": key_id, "data": DATA})
    port.request("signMessage", {"keyId": other_id, **message})
    home.open().request("signMessage", {"keyId": key_id, **message})
    assert asked + 3 == len(reviews(home))
    port.request("signMessage", {"keyId": key_id, **message})
    assert asked + 3 == len(reviews(home))


@pytest.mark.parametrize("alg", ["ES256K", "BIP340", "Ed25519", "sr25519", "BLS12381G2"])
def test_blind_signing_is_never_remembered(home: Home, alg: str) -> None:
    """Raw bytes by a key that can hold money: asked about each time, and no grant is offered."""
    port = home.open()
    call = {"keyId": make_key(port, alg), "data": DATA}
    for _ in range(2):
        port.request("sign", call)
    assert [[], []] == [ask["grants"] for ask in reviews(home)]


def test_raw_signing_by_an_account_is_never_granted(home: Home) -> None:
    """No grant is offered, and one that is taken all the same counts for nothing."""
    home.approver.type_secret("mnemonic", "abandon " * 11 + "about")
    port = home.open()
    seed = port.request("restoreSeed")["keyId"]
    account = port.request("deriveKey", {"keyId": seed, "path": "m/44'/60'/0'/0/0", "alg": "ES256K", "usages": ["sign", "message"]})[
        "keyId"
    ]
    home.approver.grant(method="signMessage", times=1)
    port.request("signMessage", {"keyId": account, "format": "eip191", "message": DATA})
    for _ in range(2):
        port.request("sign", {"keyId": account, "data": DATA})
    asked = [ask for ask in reviews(home) if ask["method"] == "sign"]
    assert [[], []] == [ask["grants"] for ask in asked]


# refusals


def test_a_flood_of_windows_locks_the_origin_out(home: Home) -> None:
    """After ten refusals nothing opens a window any more, on any port of the origin; what needs no window goes on."""
    home.approver.deny(kind="review", method="sign")
    port = home.open()
    call = {"keyId": make_key(port), "data": DATA}
    for _ in range(10):
        assert 4001 == refused(port, "sign", **call)[0]
    code, data = refused(port, "sign", **call)
    assert (5007, "busy") == (code, data["reason"])
    assert 1 <= data["retryAfterSeconds"] <= 60
    assert "busy" == refused(home.greet(), "unlock")[1]["reason"]
    assert 1 == len(port.request("listKeys")["keys"])
    assert 10 == len(reviews(home))


def test_a_yes_ends_the_count(home: Home) -> None:
    """Refusals are counted in a row."""
    port = home.open()
    call = {"keyId": make_key(port), "data": DATA}
    for number in range(12):
        if number == 6:
            port.request("sign", call)
        home.approver.deny(kind="review", method="sign", times=1)
        assert 4001 == refused(port, "sign", **call)[0]


def test_three_wrong_passphrases(home: Home) -> None:
    """Each is told as such in the window; then the unlocking is refused and counted."""
    home.approver.type_secret("unlock", "wrong", times=3)
    port = home.greet()
    assert (5009, {"reason": "cannot_unseal"}) == refused(port, "unlock")
    hints = [ask.get("hint", "") for ask in home.approver.asked]
    assert ["", "2", "1"] == [hint[-2:-1] for hint in hints]
    assert "locked" == port.request("getStatus")["state"]
    assert {"state": "unlocked"} == port.request("unlock")


# origins


def test_an_origin_added_later_is_confirmed_first(home: Home) -> None:
    """After the passphrase the person is asked about it; a no leaves the store locked, and nothing can be read meanwhile."""
    home.attach(OTHER_ADDON)
    port = home.greet(OTHER_ADDON)
    gate = home.approver.hold(kind="review", method="unlock", do="deny", times=1)
    pending = port.begin("unlock")
    review = home.approver.wait_for(kind="review", method="unlock")
    assert [origin_of(OTHER_ADDON)] == [fact["value"] for fact in review["facts"] if fact["kind"] == "origin"]
    assert LOCKED == refused(port, "listKeys")
    assert LOCKED == refused(port, "generateKey", alg="Ed25519")
    assert "locked" == port.request("getStatus")["state"]
    gate.release()
    assert (4001, {"reason": "user_rejected"}) == outcome(pending)
    assert LOCKED == refused(port, "listKeys")
    assert {"state": "unlocked"} == port.request("unlock")
    assert 2 == len(reviews(home))
    assert {"state": "unlocked"} == home.greet(OTHER_ADDON).request("unlock")
    assert 2 == len(reviews(home))


EDITS = {
    "its wallet": "UPDATE origins SET wallet_id = (SELECT wallet_id FROM wallets WHERE name = 'other')",
    "its wallet's name": "UPDATE wallets SET name = 'elsewhere' WHERE name = 'main'",
    "its expiry": f"UPDATE origins SET expires_at = {now() + 10**9}",
    "that it is a development build": "UPDATE origins SET development = 1 - development",
    "its mark": "UPDATE origins SET mac = zeroblob(32)",
    "another's mark": f"INSERT INTO origins SELECT '{origin_of(OTHER_ADDON)}', wallet_id, development, added_at, expires_at, mac FROM origins",
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS.keys())
def test_an_attachment_that_was_edited_is_confirmed_again(home: Home, edit: str) -> None:
    """Whoever can write to the file cannot attach anything unseen."""
    with home.store() as store, store.transaction():
        store.connection.execute("INSERT INTO wallets VALUES (x'00112233445566778899aabbccddeeff', 'other', 1)")
    database = sqlite3.connect(home.database)
    with database:
        database.execute(edit)
    database.close()
    home.approver.deny(kind="review", method="unlock")
    addon = OTHER_ADDON if "INSERT" in edit else ADDON
    assert (4001, {"reason": "user_rejected"}) == refused(home.greet(addon), "unlock")


def test_an_attachment_that_was_removed_does_not_come_back_by_itself(home: Home) -> None:
    """Its row is put back as it was, with the confirmation of then: the person is asked about it as about a new one."""
    origin = origin_of(ADDON)
    with home.store() as store:
        row = store.connection.execute("SELECT * FROM origins WHERE origin = ?", (origin,)).fetchone()
        with store.transaction():
            store.detach(origin)
    home.attach(OTHER_ADDON)
    home.greet(OTHER_ADDON).request("unlock")
    home.quit()
    with home.store() as store, store.transaction():
        store.connection.execute("INSERT INTO origins VALUES (?, ?, ?, ?, ?, ?)", row)
    asked = len(reviews(home))
    home.open()
    assert ["Attach this extension to your wallet?"] == [ask["title"] for ask in reviews(home)[asked:]]
