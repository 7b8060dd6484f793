"""Protocol section 2 with the real host: ids, batches, how many may wait, cancelling, notifications and hello."""

from __future__ import annotations

import json
from typing import Any

import pytest

from native_host.protocol.methods import METHODS
from native_host.testing.port import HostError, Port
from tests.homes import Home, b64, refusal, until

DATA = b64(b"data")


def call(call_id: Any, method: str, **params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": call_id, "method": method, "params": params}


def make_key(port: Port) -> str:
    key_id: str = port.request("generateKey", {"alg": "Ed25519"})["keyId"]
    return key_id


def error_of(reply: dict[str, Any]) -> tuple[int, str]:
    return reply["error"]["code"], reply["error"]["data"]["reason"]


def next_array(port: Port) -> list[Any]:
    """The first batch of replies."""
    return list(until(lambda: [message for message in list(port.messages) if isinstance(message, list)], what="a batch")[0])


@pytest.fixture
def port(home: Home) -> Port:
    """An unlocked host."""
    return home.open()


@pytest.fixture
def key_id(port: Port) -> str:
    return make_key(port)


def hang_sign(home: Home, port: Port, key_id: str, call_id: int | str = "waits") -> Any:
    """A call of sign whose review is on the screen, and stays there."""
    home.approver.misbehave("hang", kind="review", method="sign")
    pending = port.begin("sign", {"keyId": key_id, "data": DATA}, call_id=call_id)
    home.approver.wait_for(kind="review", method="sign")
    return pending


def test_an_id_in_flight_is_not_taken_twice(home: Home, port: Port, key_id: str) -> None:
    """The second use is refused without an id, whatever it asks, and the first call is still answered."""
    gate = home.approver.hold(kind="review", method="sign")
    first = port.begin("sign", {"keyId": key_id, "data": DATA}, call_id="same")
    home.approver.wait_for(kind="review", method="sign")
    for body in (call("same", "getStatus"), call("same", "nothing"), [call("same", "getStatus")]):
        before = len(port.messages)
        port.post(body)
        reply = port.next_message(before)
        reply = reply[0] if isinstance(reply, list) else reply
        assert (None, (-32600, "invalid_request")) == (reply["id"], error_of(reply))
    gate.release()
    assert "Ed25519" == first.result()["alg"]
    assert "unlocked" == port.begin("getStatus", call_id="same").result()["state"]


def test_a_number_and_a_text_are_two_ids(home: Home, port: Port, key_id: str) -> None:
    """1 and "1" may both be in flight."""
    hang_sign(home, port, key_id, call_id=1)
    assert "unlocked" == port.begin("getStatus", call_id="1").result()["state"]


@pytest.mark.parametrize("call_id", [0, 2**53 - 1, "x", "é" * 64])
def test_ids_within_their_bounds(home: Home, call_id: int | str) -> None:
    """Whole numbers from 0 to 2^53 - 1, and texts of 1 to 64 characters, come back as they are."""
    assert "locked" == home.greet().begin("getStatus", call_id=call_id).result()["state"]


@pytest.mark.parametrize("call_id", [-1, 2**53, 2**64, 1.0, True, None, "", "x" * 65, [1], {}])
def test_ids_out_of_bounds(home: Home, call_id: Any) -> None:
    """Anything else is refused, and the refusal carries none."""
    port = home.greet()
    port.post(call(call_id, "getStatus"))
    assert (-32600, "invalid_request") == error_of(port.reply_to(None))


def test_a_batch_up_to_the_limit(home: Home) -> None:
    """As many calls as hello says are answered in one array, in whatever order; one more, and none is looked at."""
    port = home.start()
    limit = port.hello()["limits"]["batch"]
    port.post([call(number, "randomBytes", length=1) for number in range(100, 100 + limit)])
    replies = next_array(port)
    assert set(range(100, 100 + limit)) == {reply["id"] for reply in replies}
    assert all(len(reply["result"]["bytes"]) == 2 for reply in replies)
    port.post([call(number, "randomBytes", length=1) for number in range(limit + 1)])
    assert (5005, "too_large") == error_of(port.reply_to(None))


def test_a_batch_of_replies_that_do_not_fit(home: Home) -> None:
    """The frame stays within 1 MiB: members that would push it past become too_large, and every call is answered."""
    port = home.greet()
    port.post([call(number, "randomBytes", length=65536) for number in range(32)])
    replies = next_array(port)
    assert list(range(32)) == sorted(reply["id"] for reply in replies)
    refused = [error_of(reply) for reply in replies if "error" in reply]
    assert set(refused) == {(5005, "too_large")}
    assert 11 == len(replies) - len(refused)


def test_a_batch_waits_for_its_last_member(home: Home, port: Port, key_id: str) -> None:
    """Its array is sent when the person has decided; calls outside of it are answered meanwhile."""
    gate = home.approver.hold(kind="review", method="sign")
    port.post([call("asks", "sign", keyId=key_id, data=DATA), call("does not", "randomBytes", length=1)])
    home.approver.wait_for(kind="review", method="sign")
    assert "unlocked" == port.request("getStatus")["state"]
    assert [] == [message for message in port.messages if isinstance(message, list)]
    gate.release()
    assert {"asks", "does not"} == {reply["id"] for reply in next_array(port)}


def test_one_id_twice_in_a_batch(home: Home) -> None:
    """The second is refused without an id."""
    port = home.greet()
    port.post([call("same", "getStatus"), call("same", "getStatus")])
    first, second = sorted(next_array(port), key=lambda reply: str(reply["id"]), reverse=True)
    assert "locked" == first["result"]["state"]
    assert (None, (-32600, "invalid_request")) == (second["id"], error_of(second))


def test_batches_without_calls(home: Home) -> None:
    """An empty batch is no request; one of notifications is not answered at all."""
    port = home.greet()
    port.post([])
    assert (-32600, "invalid_request") == error_of(port.reply_to(None))
    before = len(port.messages)
    port.post([{"jsonrpc": "2.0", "method": "getStatus"}, {"jsonrpc": "2.0", "method": "cancel", "params": {"id": 1}}])
    assert "locked" == port.request("getStatus")["state"]
    assert before + 1 == len(port.messages)


@pytest.mark.parametrize("params", [[], [16], None, "text", 1])
def test_params_are_an_object_or_absent(home: Home, params: Any) -> None:
    """Anything else is not a request."""
    port = home.greet()
    port.post({"jsonrpc": "2.0", "id": 7, "method": "getStatus", "params": params})
    assert (-32600, "invalid_request") == error_of(port.reply_to(7))


def test_of_a_member_given_twice_the_last_counts(home: Home) -> None:
    """In the envelope as in params."""
    port = home.greet()
    body = '{"jsonrpc":"2.0","id":1,"id":77,"method":"nothing","method":"randomBytes","params":{"length":"x","length":3}}'
    port.post_bytes(len(body).to_bytes(4, "little") + body.encode())
    assert 4 == len(port.reply_to(77)["result"]["bytes"])


def test_as_many_calls_wait_as_hello_says(home: Home, port: Port, key_id: str) -> None:
    """At least 64 may be unanswered; past that a call is busy, and when some are taken back there is room again."""
    waiting = 64
    hang_sign(home, port, key_id, call_id="c0")
    for number in range(1, waiting):
        port.begin("sign", {"keyId": key_id, "data": DATA}, call_id=f"c{number}")
    with pytest.raises(HostError) as caught:
        port.request("getStatus")
    assert (5007, "busy") == (caught.value.code, caught.value.reason)
    assert caught.value.data["retryAfterSeconds"] >= 1
    for number in range(waiting):
        port.notify("cancel", {"id": f"c{number}"})
    assert {(5006, "cancelled")} == {error_of(port.reply_to(f"c{number}")) for number in range(waiting)}
    assert "unlocked" == port.request("getStatus")["state"]


@pytest.mark.parametrize("attempt", range(5))
def test_cancel_while_the_program_that_asks_is_started(home: Home, attempt: int) -> None:
    """A call can be taken back from the moment on at which the extension hears that somebody is asked."""
    home.approver.misbehave("hang", kind="askSecret")
    port = home.greet()
    pending = port.begin("unlock")
    port.wait_event("approvalWaiting")
    pending.cancel()
    assert (5006, "cancelled") == error_of(port.reply_to(pending.id))


def test_cancel_of_a_call_that_stands_behind_another(home: Home, port: Port, key_id: str) -> None:
    """It is answered at once, not when the person is done with the one before it; that one goes on."""
    gate = home.approver.hold(kind="review", method="sign")
    first = port.begin("sign", {"keyId": key_id, "data": DATA})
    home.approver.wait_for(kind="review", method="sign")
    behind = port.begin("sign", {"keyId": key_id, "data": b64(b"other")})
    behind.cancel()
    assert (5006, "cancelled") == error_of(port.reply_to(behind.id))
    gate.release()
    assert "Ed25519" == first.result()["alg"]
    assert 1 == len([ask for ask in home.approver.asked if ask["kind"] == "review"])


def test_cancel_in_the_batch_of_its_call(home: Home, port: Port, key_id: str) -> None:
    """The call is taken back before anybody is asked."""
    home.approver.misbehave("hang", kind="review", method="sign")
    port.post([call("c", "sign", keyId=key_id, data=DATA), {"jsonrpc": "2.0", "method": "cancel", "params": {"id": "c"}}])
    (reply,) = next_array(port)
    assert (5006, "cancelled") == error_of(reply)
    assert [] == [ask for ask in home.approver.asked if ask["kind"] == "review"]


def test_one_cancel_takes_back_one_call(home: Home, port: Port, key_id: str) -> None:
    """However cancels and answers cross, a call that nobody cancelled is never answered cancelled."""
    for number in range(10):
        pending = port.begin("sign", {"keyId": key_id, "data": DATA})
        home.approver.wait_for(kind="review", method="sign", id=until(lambda n=number: _asked(home, n)))
        pending.cancel()
        port.reply_to(pending.id)
        assert "Ed25519" == port.request("sign", {"keyId": key_id, "data": DATA})["alg"]


def _asked(home: Home, number: int) -> Any:
    reviews = [ask for ask in home.approver.asked if ask["kind"] == "review"]
    return reviews[-1]["id"] if len(reviews) > number else None


def test_cancel_after_the_permit_has_no_effect(home: Home, port: Port) -> None:
    """A seed that is made already is answered as what it is, though the window with its words is closed."""
    home.approver.misbehave("hang", kind="showSecret")
    pending = port.begin("generateKey", {"alg": "BIP39"})
    home.approver.wait_for(kind="showSecret")
    pending.cancel()
    made = pending.result()
    assert ("BIP39", "unconfirmed") == (made["alg"], made["state"])
    assert [made] == port.request("listKeys")["keys"]


def test_cancel_of_what_does_not_wait(home: Home, port: Port, key_id: str) -> None:
    """An unknown id, one that was answered, and cancels that are none are dropped."""
    port.begin("sign", {"keyId": key_id, "data": DATA}, call_id="done").result()
    for params in ({"id": "done"}, {"id": "never"}, {"id": 1.5}, {}, {"id": None}, {"id": "done", "more": 1}):
        port.notify("cancel", params)
    port.notify("cancel")
    before = len(port.messages)
    assert "unlocked" == port.request("getStatus")["state"]
    assert before + 1 == len(port.messages)


def test_cancel_of_an_unlocking(home: Home) -> None:
    """The window for the passphrase closes, and the store stays locked."""
    port = home.greet()
    home.approver.misbehave("hang", kind="askSecret")
    pending = port.begin("unlock")
    ask = home.approver.wait_for(kind="askSecret")
    pending.cancel()
    assert (5006, "cancelled") == error_of(port.reply_to(pending.id))
    home.approver.wait_for(kind="withdraw", id=ask["id"])
    assert "locked" == port.request("getStatus")["state"]


def test_notifications_do_nothing(home: Home, port: Port, key_id: str) -> None:
    """A call without an id is dropped, whatever it would have done."""
    for method, params in (("lock", {}), ("updateKey", {"keyId": key_id, "state": "disabled"}), ("sign", {"keyId": key_id, "data": DATA})):
        port.notify(method, params)
    before = len(port.messages)
    (key,) = port.request("listKeys")["keys"]
    assert "active" == key["state"]
    assert before + 1 == len(port.messages)
    assert [] == [ask for ask in home.approver.asked if ask["kind"] == "review"]


@pytest.mark.parametrize("method", sorted(METHODS.keys() - {"hello"}))
def test_hello_comes_first(home: Home, method: str) -> None:
    """Before it every method of the protocol is refused alike, with right params or wrong ones, offered here or not."""
    port = home.start()
    for params in ({}, {"rubbish": 1}):
        with pytest.raises(HostError) as caught:
            port.request(method, params)
        assert (5000, {"reason": "hello_required"}) == refusal(caught.value)


def test_hello_is_said_once(home: Home) -> None:
    """A second one is no request, and changes nothing."""
    port = home.greet()
    with pytest.raises(HostError) as caught:
        port.hello(name="another")
    assert (-32600, {"reason": "invalid_request"}) == refusal(caught.value)
    assert "locked" == port.request("getStatus")["state"]


def test_hello_in_no_common_version(home: Home) -> None:
    """It is unsupported, the port is not greeted by it, and another try may do."""
    port = home.start()
    with pytest.raises(HostError) as caught:
        port.request("hello", {"protocol": ["0", "2"], "client": {"name": "x", "version": "1"}})
    assert (4200, {"reason": "unsupported", "detail": "protocol"}) == refusal(caught.value)
    with pytest.raises(HostError) as caught:
        port.request("getStatus")
    assert 5000 == caught.value.code
    assert "1" == port.request("hello", {"protocol": ["2", "1"], "client": {"name": "x", "version": "1"}})["protocol"]


def test_hello_says_what_is_there(home: Home) -> None:
    """Every method that it lists is known, every other one of the protocol is unsupported by name."""
    port = home.start()
    offered = port.hello()
    assert {name for name, row in METHODS.items() if row.available} == set(offered["methods"])
    assert json.loads(json.dumps(offered["limits"])) == {"requestBytes": 2**20, "responseBytes": 2**20, "batch": 32, "waiting": 64}
    for method in METHODS.keys() - set(offered["methods"]):
        with pytest.raises(HostError) as caught:
            port.request(method)
        assert (4200, {"reason": "unsupported", "detail": method}) == refusal(caught.value)
