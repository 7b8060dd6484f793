"""The same request key within a day answers the recorded outcome, and nobody is asked again: after a crash, beside another host, once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from native_host.audit import Entry, entries
from native_host.keystore import documents
from native_host.testing.port import HostError, Port
from tests.homes import ADDON, OTHER_ADDON, Home, b64, origin_of, refusal, unlock, until
from tests.host.calls import FAILED, STATE, generate, import_jwk, invalid, refused

DATA = b64(b"what is signed")
REJECTED = (4001, {"reason": "user_rejected"})
TAMPERED = (5009, {"reason": "cannot_unseal"})


@pytest.fixture
def port(home: Home) -> Port:
    return home.open()


def asked(home: Home) -> int:
    return len([ask for ask in home.approver.asked if ask["kind"] == "review"])


def written(home: Home, method: str) -> list[tuple[str, str, str]]:
    """Rule, who allowed it and outcome of every audit entry of a method."""
    with home.store() as store:
        unlock(store)
        found: list[Entry] = [one.entry for one in entries(store) if one.entry is not None and one.entry.method == method]
    return [(one.rule, one.approved_by, one.outcome) for one in found]


def signing(port: Port, **members: Any) -> dict[str, Any]:
    """The params of a call whose signature is another each time."""
    return {"keyId": generate(port, "ML-DSA-44", **members)["keyId"], "data": DATA, "requestKey": "r"}


def test_the_same_key_gives_the_same_answer(home: Home, port: Port) -> None:
    """Asked once; a signature that is random comes out the same, also by another host of the same extension; every answer leaves an entry."""
    call = signing(port)
    first = port.request("sign", call)
    assert first == port.request("sign", call) == home.open().request("sign", call)
    assert 1 == asked(home)
    assert [("use of a private key", "person", "done"), *[("requestKey", "rule", "done")] * 2] == written(home, "sign")
    assert first != port.request("sign", {**call, "requestKey": "s"})
    assert 2 == asked(home)


def test_killed_between_signature_and_reply(home: Home, port: Port) -> None:
    """The reply is read by nobody. Asked again under the same key: the same signature, signed once and counted once."""
    call = {**signing(port), "keyId": generate(port, "ML-DSA-44", maxUses=1)["keyId"]}
    port.begin("sign", call)
    until(lambda: written(home, "sign"), what="the audit entry")
    port.process.kill()
    port.process.wait()
    again = home.open()
    first = again.request("sign", call)
    assert first == again.request("sign", call)
    assert 1 == asked(home)
    assert STATE == refused(again, "sign", **{**call, "requestKey": "s"})
    assert ["use of a private key"] == list({rule for rule, _, _ in written(home, "sign")} - {"requestKey"})


def test_killed_at_any_moment(home: Home) -> None:
    """Whenever the host is killed, no request is signed twice: what was answered before is answered the same after."""
    port = home.open()
    key_id = generate(port, "ML-DSA-44")["keyId"]
    calls = [{"keyId": key_id, "data": DATA, "requestKey": f"r{number}"} for number in range(12)]
    for number in range(3):
        pending = [port.begin("sign", call) for call in calls]
        pending[number * 4].result()
        port.process.kill()
        port.process.wait()
        answered = {one.id: message["result"] for one in pending for message in port.messages if message.get("id") == one.id}
        port = home.open()
        for one, call in zip(pending, calls, strict=True):
            if one.id in answered:
                assert answered[one.id] == port.request("sign", call)
    for call in calls:
        port.request("sign", call)
    assert len(calls) == len([one for one in written(home, "sign") if one[0] == "use of a private key"])


def test_while_the_first_waits_the_second_waits_with_it(home: Home, port: Port) -> None:
    """In this host and in another: they get the first one's answer, whatever it is."""
    other = home.open()
    call = signing(port)
    gate = home.approver.hold(kind="review")
    pending = [port.begin("sign", call), port.begin("sign", call), other.begin("sign", call)]
    home.approver.wait_for(kind="review")
    gate.release()
    first = pending[0].result()
    assert [first, first] == [one.result() for one in pending[1:]]
    assert 1 == asked(home)


def test_a_no_is_recorded(home: Home, port: Port) -> None:
    """An extension that asks again gets the no again, which counts for nothing; under another key it asks the person."""
    call = signing(port)
    home.approver.deny(kind="review", times=1)
    assert [REJECTED] * 20 == [refused(port, "sign", **call) for _ in range(20)]
    assert REJECTED == refused(home.open(), "sign", **call)
    assert 1 == asked(home)
    assert ("requestKey", "rule", "user_rejected") in written(home, "sign")
    port.request("sign", {**call, "requestKey": "s"})


def test_what_was_not_decided_is_not_recorded(home: Home, port: Port) -> None:
    """Cancelled, and a port that closed while the person was being asked: the same key asks."""
    call = signing(port)
    home.approver.misbehave("hang", kind="review", times=2)
    pending = port.begin("sign", call)
    home.approver.wait_for(kind="review")
    pending.cancel()
    with pytest.raises(HostError) as caught:
        pending.result()
    assert "cancelled" == caught.value.reason
    port.begin("sign", call)
    until(lambda: asked(home) == 2)
    port.disconnect()
    home.open().request("sign", call)
    assert 3 == asked(home)


OTHER_REQUESTS: dict[str, Callable[[dict[str, Any]], tuple[str, dict[str, Any]]]] = {
    "other bytes": lambda call: ("sign", {**call, "data": b64(b"other")}),
    "a member more": lambda call: ("sign", {**call, "encoding": "jose"}),
    "another page": lambda call: ("sign", {**call, "page": {"origin": "https://a.example"}}),
    "another key": lambda call: ("sign", {**call, "keyId": b64(bytes(16))}),
    "another method": lambda call: ("signJws", {"keyId": call["keyId"], "payload": DATA, "requestKey": "r"}),
}


@pytest.mark.parametrize("changed", OTHER_REQUESTS.values(), ids=OTHER_REQUESTS.keys())
@pytest.mark.parametrize("outcome", ["done", "refused"])
def test_one_key_is_for_one_request(home: Home, port: Port, changed: Any, outcome: str) -> None:
    """Whatever became of it."""
    call = signing(port)
    if outcome == "refused":
        home.approver.deny(kind="review", times=1)
        refused(port, "sign", **call)
    else:
        port.request("sign", call)
    method, params = changed(call)
    assert invalid("requestKey") == refused(port, method, **params)
    assert 1 == asked(home)


def test_another_extension_does_not_see_it(home: Home, port: Port) -> None:
    """Of the same wallet: the same key is a new request there, and it is asked for."""
    call = signing(port)
    first = port.request("sign", call)
    home.attach(OTHER_ADDON)
    with home.store() as store:
        unlock(store)
        attachment = store.attachment(origin_of(OTHER_ADDON))
        assert attachment is not None
        with store.transaction():
            store.confirm(attachment)
            store.append_audit(b"")
    assert first != home.open(OTHER_ADDON).request("sign", call)
    assert 2 == asked(home)
    assert first == port.request("sign", call)


def test_it_needs_an_open_store(home: Home, port: Port) -> None:
    call = signing(port)
    port.request("sign", call)
    port.request("lock")
    assert (5001, {"reason": "locked"}) == refused(port, "sign", **call)


def test_what_was_answered_is_answered_although_the_key_is_gone(home: Home, port: Port) -> None:
    """The signature exists; a rule that came later takes nothing back."""
    call = signing(port)
    first = port.request("sign", call)
    port.request("destroyKey", {"keyId": call["keyId"]})
    assert first == port.request("sign", call)
    assert STATE == refused(port, "sign", **{**call, "requestKey": "s"})


def test_an_origin_that_was_detached_gets_nothing(home: Home, port: Port) -> None:
    call = signing(port)
    port.request("sign", call)
    with home.store() as store, store.transaction():
        store.detach(origin_of(ADDON))
    assert (4100, {"reason": "origin_not_allowed"}) == refused(port, "sign", **call)


# secrets


def decrypting(port: Port, **members: Any) -> dict[str, Any]:
    jwk = {"kty": "oct", "k": b64(bytes(range(32)))}
    key_id = import_jwk(port, jwk, "A256GCM", **members)["keyId"]
    sealed = port.request("encrypt", {"keyId": key_id, "alg": "A256GCM", "plaintext": b64(b"a secret of the caller's")})
    return {"keyId": key_id, "alg": "A256GCM", "requestKey": "r", **{name: sealed[name] for name in ("ciphertext", "iv", "tag")}}


def test_a_secret_is_not_kept_and_not_asked_about_again(home: Home, port: Port) -> None:
    """It is decrypted again, which is counted as a use, and refused when the key may do no more."""
    call = decrypting(port, maxUses=3)
    before = asked(home)
    assert [{"plaintext": b64(b"a secret of the caller's")}] * 2 == [port.request("decrypt", call) for _ in range(2)]
    assert before + 1 == asked(home)
    with home.store() as store:
        unlock(store)
        kept = [documents.read(store.connection, store.keys, one) or b"" for one, _ in documents.digests(store.connection)]
    assert kept
    assert not any(b"a secret of the caller's" in content or b64(b"a secret of the caller's").encode() in content for content in kept)
    port.request("updateKey", {"keyId": call["keyId"], "state": "disabled"})
    assert STATE == refused(port, "decrypt", **call)
    assert ("requestKey", "rule", "done") in written(home, "decrypt")


def test_what_did_not_decrypt_is_recorded(home: Home, port: Port) -> None:
    """The person is not asked again for the same ciphertext, and the key is used once."""
    call = {**decrypting(port), "tag": b64(bytes(16))}
    before = asked(home)
    assert [FAILED] * 3 == [refused(port, "decrypt", **call) for _ in range(3)]
    assert before + 1 == asked(home)


def test_a_key_is_taken_in_once(home: Home, port: Port) -> None:
    """Wrapped and unwrapped again under the same request keys: the same answers, and no duplicate."""
    wrapping = generate(port, "A256KW", usages=["wrapKey", "unwrapKey"])["keyId"]
    target = generate(port, "Ed25519")["keyId"]
    wrap = {"keyId": wrapping, "targetKeyId": target, "alg": "A256KW", "requestKey": "w"}
    wrapped = port.request("wrapKey", wrap)
    assert wrapped == port.request("wrapKey", wrap)
    port.request("destroyKey", {"keyId": target})
    unwrap = {"keyId": wrapping, "alg": "A256KW", "targetAlg": "Ed25519", "requestKey": "u", **wrapped}
    first = port.request("unwrapKey", unwrap)
    assert first == port.request("unwrapKey", unwrap)
    assert first in port.request("listKeys")["keys"]


def test_a_key_that_authenticates_a_sender(home: Home, port: Port) -> None:
    """``encrypt`` takes a request key where it uses a private key, and only there."""
    sender = generate(port, "HPKE-3")["keyId"]
    call = {"keyId": sender, "alg": "HPKE-3", "plaintext": DATA, "requestKey": "r"}
    assert invalid("requestKey") == refused(port, "encrypt", **call)
    call["senderKeyId"] = sender
    assert port.request("encrypt", call) == port.request("encrypt", call) != port.request("encrypt", {**call, "requestKey": "s"})
    assert 2 == asked(home)


# the record itself


def tampered(home: Home) -> None:
    with home.store() as store, store.transaction():
        store.connection.execute("UPDATE documents SET sealed = zeroblob(length(sealed))")


def rolled_back(home: Home) -> None:
    with home.store() as store, store.transaction():
        store.connection.execute("DELETE FROM documents")


@pytest.mark.parametrize("change", [tampered, rolled_back], ids=lambda one: one.__name__)
def test_a_record_that_was_changed_from_outside_answers_nothing(home: Home, port: Port, change: Any) -> None:
    """It is not taken for none: that would sign again."""
    call = signing(port)
    port.request("sign", call)
    change(home)
    with pytest.raises(HostError) as caught:
        port.request("sign", call)
    assert refusal(caught.value) in (TAMPERED, (5001, {"reason": "locked"}))
    assert 1 == asked(home)


def test_a_key_of_any_characters(home: Home, port: Port) -> None:
    for key in ("r" * 64, "\N{GRINNING FACE}" * 64, "\0", " "):
        call = {**signing(port), "requestKey": key}
        assert port.request("sign", call) == port.request("sign", call)
    for wrong in ("", "r" * 65, 7, None):
        assert invalid("requestKey") == refused(port, "sign", **{**signing(port), "requestKey": wrong})
