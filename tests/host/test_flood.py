"""An extension that asks too often, or that was taken away, is not shown to the person any more."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest

from native_host.testing.port import HostError, Port
from tests.homes import ADDON, Home, b64, now, origin_of, refusal

DATA = b64(b"data")
NOT_ALLOWED = (4100, {"reason": "origin_not_allowed"})


def refused(port: Port, method: str, **params: Any) -> tuple[int, dict[str, Any]]:
    with pytest.raises(HostError) as caught:
        port.request(method, params)
    return refusal(caught.value)


def outcomes(pending: list[Any]) -> list[str]:
    reasons = []
    for one in pending:
        with pytest.raises(HostError) as caught:
            one.result()
        reasons.append(caught.value.reason)
    return reasons


def reviews(home: Home) -> int:
    return len([ask for ask in home.approver.asked if ask["kind"] == "review"])


def test_what_was_asked_all_at_once_is_no_way_around_the_pause(home: Home) -> None:
    """The person says no ten times; what was in line behind is busy, and no window comes of it."""
    port = home.open()
    key_id = port.request("generateKey", {"alg": "Ed25519"})["keyId"]
    home.approver.deny(kind="review")
    pending = [port.begin("sign", {"keyId": key_id, "data": DATA}) for _ in range(30)]
    assert ["user_rejected"] * 10 + ["busy"] * 20 == outcomes(pending)
    assert 10 == reviews(home)


def detach(home: Home) -> None:
    with home.store() as store, store.transaction():
        store.detach(origin_of(ADDON))


def attach_elsewhere(home: Home) -> None:
    with home.store() as store, store.transaction():
        store.attach(origin_of(ADDON), "another wallet", development=False, expires_at=None)


def expire(home: Home) -> None:
    with sqlite3.connect(home.database) as connection:
        connection.execute("UPDATE origins SET expires_at = ?", (now() - 1,))
    connection.close()


@pytest.mark.parametrize("gone", [detach, attach_elsewhere, expire], ids=lambda gone: gone.__name__)
def test_an_extension_that_was_taken_away_is_refused_at_once(home: Home, gone: Any) -> None:
    """Although its host is running and open: no key is listed or made, and nothing is asked; locking is left to it."""
    port = home.open()
    key_id = port.request("generateKey", {"alg": "Ed25519"})["keyId"]
    gone(home)
    for method, params in {
        "listKeys": {},
        "generateKey": {"alg": "Ed25519"},
        "sign": {"keyId": key_id, "data": DATA},
        "getStatus": {},
    }.items():
        assert NOT_ALLOWED == refused(port, method, **params)
    assert {"state": "locked"} == port.request("lock")
    assert NOT_ALLOWED == refused(port, "unlock")
    assert (0, 1) == (reviews(home), len([ask for ask in home.approver.asked if ask["kind"] == "askSecret"]))


def test_an_extension_that_is_taken_away_while_its_review_is_open(home: Home) -> None:
    """A yes that comes after that is worth nothing, and what is in line behind it is not asked."""
    port = home.open()
    key_id = port.request("generateKey", {"alg": "Ed25519"})["keyId"]
    gate = home.approver.hold(kind="review")
    pending = [port.begin("sign", {"keyId": key_id, "data": DATA}) for _ in range(2)]
    home.approver.wait_for(kind="review")
    detach(home)
    gate.release()
    assert ["origin_not_allowed"] * 2 == outcomes(pending)
    assert 1 == reviews(home)


def test_an_extension_that_is_taken_away_while_the_passphrase_is_typed(home: Home) -> None:
    """The store stays locked for it."""
    port = home.greet()
    gate = home.approver.hold(do="secret", secret=home.approver.passphrase, kind="askSecret")
    pending = port.begin("unlock")
    home.approver.wait_for(kind="askSecret")
    detach(home)
    gate.release()
    assert ["origin_not_allowed"] == outcomes([pending])


def test_nobody_is_asked_about_a_key_that_was_changed_while_the_call_was_in_line(home: Home) -> None:
    """It would be refused after the yes."""
    port, other = home.open(), home.open()
    key_id = port.request("generateKey", {"alg": "Ed25519"})["keyId"]
    gate = home.approver.hold(do="deny", kind="review")
    pending = [port.begin("sign", {"keyId": key_id, "data": DATA}) for _ in range(2)]
    home.approver.wait_for(kind="review")
    other.request("updateKey", {"keyId": key_id, "label": "another name"})
    gate.release()
    assert ["user_rejected", "key_state"] == outcomes(pending)
    assert 1 == reviews(home)


def test_more_is_not_destroyed_than_was_reviewed(home: Home) -> None:
    """An account that was derived while the review of its seed's end was open is in nobody's review."""
    port = home.open()
    seed = port.request("generateKey", {"alg": "BIP39"})["keyId"]
    gate = home.approver.hold(kind="review", method="destroyKey")
    pending = port.begin("destroyKey", {"keyId": seed})
    home.approver.wait_for(kind="review", method="destroyKey")
    account = port.request("deriveKey", {"keyId": seed, "path": "m/44'/60'/0'/0/0", "alg": "ES256K"})
    gate.release()
    assert ["key_state"] == outcomes([pending])
    assert {seed, account["keyId"]} == {key["keyId"] for key in port.request("listKeys")["keys"]}


def test_what_is_taken_back_unseen_does_not_count(home: Home) -> None:
    """A wallet that takes back what it had put in line has disturbed nobody."""
    port = home.open()
    call = {"keyId": port.request("generateKey", {"alg": "Ed25519"})["keyId"], "data": DATA}
    gate = home.approver.hold(kind="review")
    first = port.begin("sign", call)
    home.approver.wait_for(kind="review")
    behind = [port.begin("sign", call) for _ in range(20)]
    for one in behind:
        one.cancel()
    assert ["cancelled"] * 20 == outcomes(behind)
    gate.release()
    first.result()
    port.request("sign", call)
