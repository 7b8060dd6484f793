"""What goes wrong in the middle leaves the host locked where it must be, answering, and with a record of it."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest

from native_host.testing.port import HostError, Port
from tests.homes import Home, b64, refusal

DATA = b64(b"data")


def refused(port: Port, method: str, **params: Any) -> tuple[int, dict[str, Any]]:
    with pytest.raises(HostError) as caught:
        port.request(method, params)
    return refusal(caught.value)


def edit(home: Home, *statements: str) -> None:
    """As another program changes the file."""
    with sqlite3.connect(home.database) as connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


def test_a_lock_that_cannot_be_written_down_locks_all_the_same(home: Home) -> None:
    """The call is refused, for other hosts are not locked by it; this one is."""
    port = home.open()
    edit(home, "DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)")
    assert (5009, {"reason": "cannot_unseal"}) == refused(port, "lock")
    assert "locked" == port.request("getStatus")["state"]
    port.wait_event("locked")


def test_nothing_is_signed_that_cannot_be_written_down(home: Home) -> None:
    """However it was approved; and the host goes on answering."""
    port = home.open()
    key_id = port.request("generateKey", {"alg": "Ed25519"})["keyId"]
    edit(home, "DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)")
    for _ in range(2):
        assert (5009, {"reason": "cannot_unseal"}) == refused(port, "sign", keyId=key_id, data=DATA)
    assert 4 == len(port.request("randomBytes", {"length": 3})["bytes"])


@pytest.mark.parametrize("where", ["here", "elsewhere"])
def test_a_lock_closes_the_windows_of_what_needs_an_open_store(home: Home, where: str) -> None:
    """The open window is withdrawn, what stands behind it is not asked any more, and all of it is answered at once."""
    port, other = home.open(), home.open()
    key_id = port.request("generateKey", {"alg": "Ed25519"})["keyId"]
    home.approver.misbehave("hang", kind="review")
    pending = [port.begin("sign", {"keyId": key_id, "data": DATA}) for _ in range(3)]
    asked = home.approver.wait_for(kind="review")
    (port if where == "here" else other).request("lock")
    for one in pending:
        with pytest.raises(HostError) as caught:
            one.result()
        assert (5001, {"reason": "locked"}) == refusal(caught.value)
    assert {"kind": "withdraw", "id": asked["id"]} == home.approver.wait_for(kind="withdraw")
    assert 1 == len([ask for ask in home.approver.asked if ask["kind"] == "review"])


def test_recovery_words_do_not_stay_on_the_screen_of_a_locked_store(home: Home) -> None:
    """They are shown while the store is open."""
    port = home.open()
    home.approver.misbehave("hang", kind="showSecret")
    pending = port.begin("generateKey", {"alg": "BIP39"})
    home.approver.wait_for(kind="showSecret")
    port.request("lock")
    with pytest.raises(HostError) as caught:
        pending.result()
    assert "locked" == caught.value.reason
    home.approver.wait_for(kind="withdraw")


def test_a_lock_leaves_an_unlocking_that_is_under_way(home: Home) -> None:
    """The person who types the passphrase after the lock means it."""
    port, other = home.greet(), home.open()
    gate = home.approver.hold(do="secret", secret=home.approver.passphrase, kind="askSecret")
    pending = port.begin("unlock")
    home.approver.wait_for(kind="askSecret", id=1)
    other.request("lock")
    gate.release()
    assert {"state": "unlocked"} == pending.result()
