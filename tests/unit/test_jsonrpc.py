"""JSON-RPC as protocol section 2 narrows it: every refusal, and the calls that pass."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from native_host.errors import Busy, InvalidParams, InvalidRequest, KmsError, TooLarge, UserRejected
from native_host.protocol.messages import (
    Event,
    GetStatusParams,
    HelloParams,
)
from native_host.protocol.methods import METHODS
from native_host.protocol.uses import RandomBytesParams, RandomBytesResult, SignParams, VerifyResult
from native_host.protocol.wire import Base64Url
from native_host.transport.jsonrpc import (
    Call,
    Cancel,
    InFlight,
    Parsed,
    Refusal,
    encode_batch,
    encode_error,
    encode_event,
    encode_result,
    parse_frame,
)
from native_host.transport.limits import BATCH, RESPONSE_BYTES, WAITING, Oversize

DEEP = 100_000


def only(body: bytes) -> Call | Cancel | Refusal:
    parsed = parse_frame(body)
    (item,) = parsed.items
    assert not parsed.batch
    return item


def refused(body: bytes) -> tuple[int | str | None, str]:
    item = only(body)
    assert isinstance(item, Refusal)
    return item.id, item.error.reason


def request(**members: Any) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": 1, "method": "getStatus"} | members).encode()


def call(call_id: int | str = 1) -> Call:
    return Call(id=call_id, method="getStatus", params=GetStatusParams())


# Body, then the id and the reason of its refusal.
REFUSALS = {
    "empty": (b"", None, "parse_error"),
    "only space": (b"  \n", None, "parse_error"),
    "not JSON": (b"Content-Length: 5", None, "parse_error"),
    "cut short": (b'{"jsonrpc":"2.0","id":1', None, "parse_error"),
    "something after": (b'{"jsonrpc":"2.0","id":1,"method":"getStatus"} {}', None, "parse_error"),
    "trailing comma": (b'{"jsonrpc":"2.0","id":1,"method":"getStatus",}', None, "parse_error"),
    "byte order mark": (b"\xef\xbb\xbf" + request(), None, "parse_error"),
    "UTF-16": (request().decode().encode("utf-16"), None, "parse_error"),
    "bad UTF-8 in an id": (b'{"jsonrpc":"2.0","id":"\xff","method":"getStatus"}', None, "parse_error"),
    "bad UTF-8 in a skipped member": (b'{"jsonrpc":"2.0","id":1,"method":"nothing","params":{"a":"\xff"}}', None, "parse_error"),
    "bad UTF-8 in a name": (b'{"\xff":1}', None, "parse_error"),
    "half a surrogate pair in an id": (rb'{"jsonrpc":"2.0","id":"\ud800","method":"getStatus"}', None, "parse_error"),
    "half a surrogate pair in the params": (rb'{"jsonrpc":"2.0","id":1,"method":"sign","params":{"keyId":"\ud800"}}', None, "parse_error"),
    "half a surrogate pair in a notification": (rb'{"jsonrpc":"2.0","method":"cancel","params":{"id":"\ud800"}}', None, "parse_error"),
    "a raw control character": (b'{"jsonrpc":"2.0","id":1,"method":"get\x01Status"}', None, "parse_error"),
    "NaN": (b'{"jsonrpc":"2.0","id":1,"method":"randomBytes","params":{"length":NaN}}', None, "parse_error"),
    "Infinity": (b'{"jsonrpc":"2.0","id":Infinity,"method":"getStatus"}', None, "parse_error"),
    "minus Infinity": (b'{"jsonrpc":"2.0","id":1,"method":"getStatus","params":{"a":-Infinity}}', None, "parse_error"),
    "a leading zero": (b'{"jsonrpc":"2.0","id":01,"method":"getStatus"}', None, "parse_error"),
    "deep arrays": (b"[" * DEEP, None, "parse_error"),
    "deep objects": (b'{"a":' * DEEP, None, "parse_error"),
    "deep and whole": (request(params=0).replace(b"0}", b"[" * DEEP + b"]" * DEEP + b"}"), None, "parse_error"),
    "deep inside the params": (b'{"jsonrpc":"2.0","id":1,"method":"getStatus","params":{"a":' + b"[" * DEEP + b"]" * DEEP + b"}}", None, "parse_error"),
    "a number": (b"42", None, "invalid_request"),
    "a text": (b'"hello"', None, "invalid_request"),
    "null": (b"null", None, "invalid_request"),
    "an empty object": (b"{}", None, "invalid_request"),
    "no version": (b'{"id":1,"method":"getStatus"}', 1, "invalid_request"),
    "version 1.0": (request(jsonrpc="1.0"), 1, "invalid_request"),
    "version as a number": (request(jsonrpc=2.0), 1, "invalid_request"),
    "no method": (b'{"jsonrpc":"2.0","id":1}', 1, "invalid_request"),
    "a response": (b'{"jsonrpc":"2.0","id":1,"result":{}}', 1, "invalid_request"),
    "method as a number": (request(method=1), 1, "invalid_request"),
    "method as null": (request(method=None), 1, "invalid_request"),
    "params as an array": (request(params=[]), 1, "invalid_request"),
    "params as null": (request(params=None), 1, "invalid_request"),
    "params as a text": (request(params="{}"), 1, "invalid_request"),
    "an unknown member": (request(extra=1), 1, "invalid_request"),
    "array params of a notification": (b'{"jsonrpc":"2.0","method":"cancel","params":[1]}', None, "invalid_request"),
    "id null": (request(id=None), None, "invalid_request"),
    "id true": (request(id=True), None, "invalid_request"),
    "id 1.0": (b'{"jsonrpc":"2.0","id":1.0,"method":"getStatus"}', None, "invalid_request"),
    "id 1e2": (b'{"jsonrpc":"2.0","id":1e2,"method":"getStatus"}', None, "invalid_request"),
    "id -1": (request(id=-1), None, "invalid_request"),
    "id 2^53": (request(id=2**53), None, "invalid_request"),
    "id 2^64": (request(id=2**64), None, "invalid_request"),
    "id of 5000 digits": (b'{"jsonrpc":"2.0","id":' + b"9" * 5000 + b',"method":"getStatus"}', None, "invalid_request"),
    "id empty": (request(id=""), None, "invalid_request"),
    "id of 65 characters": (request(id="i" * 65), None, "invalid_request"),
    "id as an array": (request(id=[1]), None, "invalid_request"),
    "the last id counts": (b'{"jsonrpc":"2.0","id":1,"id":null,"method":"getStatus"}', None, "invalid_request"),
    "unknown method": (request(method="signEverything"), 1, "method_not_found"),
    "method of another case": (request(method="GetStatus"), 1, "method_not_found"),
    "cancel as a request": (request(method="cancel", params={"id": 2}), 1, "method_not_found"),
    "unknown method, text id": (request(id="ünïcode", method="x"), "ünïcode", "method_not_found"),
    "params missing": (request(method="hello"), 1, "invalid_params"),
    "an unknown member of no params": (request(params={"a": 1}), 1, "invalid_params"),
}  # fmt: skip


@pytest.mark.parametrize(("body", "call_id", "reason"), REFUSALS.values(), ids=REFUSALS.keys())
def test_what_is_not_a_request_is_refused(body: bytes, call_id: int | str | None, reason: str) -> None:
    """Each kind of wrong has its own reason, and carries the id wherever that can be read."""
    assert (call_id, reason) == refused(body)


def test_an_oversize_frame_is_refused_without_an_id() -> None:
    """Its body was never read, so its id is not known."""
    (item,) = parse_frame(Oversize()).items
    assert isinstance(item, Refusal)
    assert (None, "too_large") == (item.id, item.error.reason)


@pytest.mark.parametrize("call_id", [0, 1, 2**53 - 1, "a", "i" * 64, "日" * 64, "\x00"])
def test_every_allowed_id_comes_back(call_id: int | str) -> None:
    """Whole numbers that JavaScript can hold, and short texts."""
    item = only(request(id=call_id))
    assert isinstance(item, Call)
    assert (call_id, type(call_id)) == (item.id, type(item.id))
    assert call_id == json.loads(encode_error(item.id, Busy()))["id"]


def test_absent_params_are_empty_params() -> None:
    """A method that takes nothing may be called without params."""
    item = only(request())
    assert isinstance(item, Call)
    assert (1, "getStatus", GetStatusParams()) == (item.id, item.method, item.params)


def test_params_are_decoded_to_the_type_of_their_method() -> None:
    """Bytes come as bytes, members by their Python names."""
    item = only(request(method="sign", params={"keyId": "k", "data": "aGk"}))
    assert isinstance(item, Call)
    assert SignParams(key_id="k", data=Base64Url(b"hi")) == item.params


def test_escapes_in_names_and_values_mean_what_they_stand_for() -> None:
    """A spelling of JSON that is unusual is still the same request."""
    item = only(rb' {"json\u0072pc":"2\u002e0","id":1,"method":"\u0067etStatus"} ')
    assert isinstance(item, Call)
    assert "getStatus" == item.method


def test_the_last_of_a_member_given_twice_counts() -> None:
    """In the envelope as in the params, whatever the earlier one was."""
    item = only(
        b'{"jsonrpc":"1","jsonrpc":"2.0","id":null,"id":7,"method":"x","method":"randomBytes","params":[],"params":{"length":"many","length":5}}'
    )
    assert isinstance(item, Call)
    assert (7, RandomBytesParams(length=5)) == (item.id, item.params)


def test_every_method_that_is_not_available_is_refused_by_its_name() -> None:
    """The answer is ``unsupported`` whatever the params are."""
    for name in [name for name, row in METHODS.items() if not row.available]:
        item = only(request(method=name, params={"any": "thing"}))
        assert isinstance(item, Refusal)
        assert {"reason": "unsupported", "detail": name} == item.error.data()


PATHS = [
    ("hello", {}, "protocol"),
    ("hello", {"protocol": "1", "client": {}}, "protocol"),
    ("hello", {"protocol": [], "client": {"name": "a", "version": "1"}}, "protocol"),
    ("hello", {"protocol": [1], "client": {}}, "protocol.0"),
    ("hello", {"protocol": ["1", "1", None], "client": {}}, "protocol.2"),
    ("hello", {"protocol": ["1"]}, "client"),
    ("hello", {"protocol": ["1"], "client": None}, "client"),
    ("hello", {"protocol": ["1"], "client": {}}, "client.name"),
    ("hello", {"protocol": ["1"], "client": {"name": 1, "version": "1"}}, "client.name"),
    ("hello", {"protocol": ["1"], "client": {"name": "", "version": "1"}}, "client.name"),
    ("hello", {"protocol": ["1"], "client": {"name": "a", "version": "1", "more": 1}}, "client.more"),
    ("sign", {"keyId": "k", "data": "aGl"}, "data"),
    ("sign", {"keyId": "k", "data": "aGk="}, "data"),
    ("sign", {"keyId": "k", "data": None}, "data"),
    ("sign", {"keyId": "k", "encoding": "x - at `$.alg`"}, "encoding"),
    ("sign", {"keyId": "k", "page": {"origin": 5}}, "page.origin"),
    ("sign", {"keyId": "k", "page": {"origin": ""}}, "page.origin"),
    ("sign", {"keyId": "k", "page": {"origin": "javascript:alert(1)"}}, "page.origin"),
    ("sign", {"keyId": "k", "page": {"origin": "https://a.example/x"}}, "page.origin"),
    ("sign", {"keyId": "k", "page": {}}, "page.origin"),
    ("sign", {"keyId": "k", "page": {"origin": "https://a.example", "title": "x"}}, "page.title"),
    ("verify", {"alg": "ES256", "signature": "", "publicKeyJwk": {"kty": "EC", "d": "AA"}}, "publicKeyJwk.d"),
    ("randomBytes", {"length": 0}, "length"),
    ("randomBytes", {"length": 1.0}, "length"),
    ("randomBytes", {"length": True}, "length"),
    ("randomBytes", {"length": 10**30}, "length"),
    ("randomBytes", {"length": 1, "n" * 64: 1}, "n" * 64),
    ("randomBytes", {"length": 1, "n" * 65: 1}, ""),
    ("randomBytes", {"length": 1, "<script>": 1}, ""),
    ("randomBytes", {"length": 1, "a.b": 1}, ""),
    ("randomBytes", {"length": 1, "größe": 1}, ""),
    ("randomBytes", {"length": 1, "line\nbreak": 1}, ""),
]


@pytest.mark.parametrize(("method", "params", "path"), PATHS)
def test_invalid_params_name_the_member(method: str, params: dict[str, Any], path: str) -> None:
    """``data.path`` is the member, dotted; a name that could be no member's is not repeated."""
    item = only(request(method=method, params=params))
    assert isinstance(item, Refusal)
    assert {"reason": "invalid_params", "path": path} == item.error.data()


def test_a_huge_number_names_its_member_too() -> None:
    """A number that Python itself would not read is a wrong member like any other."""
    item = only(b'{"jsonrpc":"2.0","id":1,"method":"randomBytes","params":{"length":' + b"9" * 5000 + b"}}")
    assert isinstance(item, Refusal)
    assert {"reason": "invalid_params", "path": "length"} == item.error.data()


def test_a_refusal_repeats_no_value_of_the_caller() -> None:
    """Neither the message nor the data quotes what was sent."""
    for method, params in (("sign", {"keyId": "k", "encoding": "CANARY"}), ("CANARY", {}), ("randomBytes", {"length": "CANARY"})):
        item = only(request(method=method, params=params))
        assert isinstance(item, Refusal)
        assert b"CANARY" not in encode_error(item.id, item.error)


def test_cancel_is_the_one_notification_that_is_known() -> None:
    """It names the call to withdraw, by either kind of id."""
    for call_id in (7, "seven"):
        item = only(json.dumps({"jsonrpc": "2.0", "method": "cancel", "params": {"id": call_id}}).encode())
        assert isinstance(item, Cancel)
        assert call_id == item.id


@pytest.mark.parametrize(
    "body",
    [
        b'{"jsonrpc":"2.0","method":"lock"}',
        b'{"jsonrpc":"2.0","method":"nothing","params":{"a":1}}',
        b'{"jsonrpc":"2.0","method":"cancel"}',
        b'{"jsonrpc":"2.0","method":"cancel","params":{"id":null}}',
        b'{"jsonrpc":"2.0","method":"cancel","params":{"id":1,"more":2}}',
    ],
)
def test_other_notifications_are_dropped(body: bytes) -> None:
    """Nobody waits for an answer to a notification, so there is none."""
    assert Parsed(items=()) == parse_frame(body)


def test_a_batch_keeps_the_order_and_the_kind_of_its_members() -> None:
    """Calls, refusals and cancels side by side; what is dropped leaves no trace."""
    members = [
        request(id=1),
        b"5",
        b'{"jsonrpc":"2.0","method":"lock"}',
        b'{"jsonrpc":"2.0","method":"cancel","params":{"id":9}}',
        request(id=2),
    ]
    parsed = parse_frame(b" [" + b",".join(members) + b"]")
    assert parsed.batch
    assert [(Call, 1), (Refusal, None), (Cancel, 9), (Call, 2)] == [(type(item), item.id) for item in parsed.items]


def test_a_batch_of_notifications_asks_for_nothing() -> None:
    """No items, so no reply."""
    assert Parsed(items=(), batch=True) == parse_frame(b'[{"jsonrpc":"2.0","method":"lock"}]')


def test_an_empty_batch_is_one_invalid_request() -> None:
    """JSON-RPC 2.0, section 6: a single error, not an array."""
    assert (None, "invalid_request") == refused(b"[]")


def test_the_longest_batch_passes_and_one_more_is_one_too_large() -> None:
    """``limits.batch`` counts the members, whatever they are."""
    assert BATCH == len(parse_frame(b"[" + b",".join(request(id=n) for n in range(BATCH)) + b"]").items)
    assert (None, "too_large") == refused(b"[" + b",".join(request(id=n) for n in range(BATCH + 1)) + b"]")
    assert (None, "too_large") == refused(b"[" + b",".join([b"1"] * (BATCH + 1)) + b"]")


def test_a_batch_that_is_not_json_is_one_parse_error() -> None:
    """Its members cannot be told apart."""
    assert (None, "parse_error") == refused(b"[" + request() + b",{]")


def test_an_id_used_twice_in_a_batch_is_ambiguous() -> None:
    """The second is refused with a null id, whether the first was a call or a refusal."""
    for first in (request(id=1), request(id=1, method="nothing")):
        _, second = parse_frame(b"[" + first + b"," + request(id=1) + b"]").items
        assert isinstance(second, Refusal)
        assert (None, "invalid_request") == (second.id, second.error.reason)


def test_a_number_and_the_same_digits_as_a_text_are_two_ids() -> None:
    """1 and "1" are told apart."""
    assert [1, "1"] == [item.id for item in parse_frame(b"[" + request(id=1) + b"," + request(id="1") + b"]").items]


def test_an_id_in_flight_may_not_be_used_again() -> None:
    """Neither for a call nor for a refusal; after the answer it may."""
    in_flight = InFlight()
    first = call(1)
    assert first is in_flight.admit(first)
    for again in (call(1), Refusal(id=1, error=InvalidParams(path=""))):
        refusal = in_flight.admit(again)
        assert isinstance(refusal, Refusal)
        assert (None, "invalid_request") == (refusal.id, refusal.error.reason)
    in_flight.answered(1)
    assert first is in_flight.admit(first)


def test_refusals_do_not_wait() -> None:
    """A refusal is answered at once and takes no place."""
    in_flight = InFlight()
    refusal = Refusal(id=1, error=InvalidRequest())
    assert refusal is in_flight.admit(refusal)
    assert isinstance(in_flight.admit(call(1)), Call)


def test_past_the_limit_of_waiting_calls_it_is_busy() -> None:
    """``limits.waiting`` calls may be unanswered; the next one is told to come again, with its own id."""
    in_flight = InFlight()
    for number in range(WAITING):
        assert isinstance(in_flight.admit(call(number)), Call)
    refusal = in_flight.admit(call(WAITING))
    assert isinstance(refusal, Refusal)
    assert (WAITING, {"reason": "busy", "retryAfterSeconds": 1}) == (refusal.id, refusal.error.data())
    in_flight.answered(0)
    assert isinstance(in_flight.admit(call(WAITING)), Call)


def test_a_result_is_encoded_as_json_rpc() -> None:
    """Version, id and result, nothing more."""
    assert b'{"jsonrpc":"2.0","id":"a","result":{"valid":true}}' == encode_result("a", VerifyResult(valid=True))


def test_an_error_is_encoded_with_its_code_message_and_data() -> None:
    """The reason stands in ``data``; an id that is not known is null."""
    expected = {"jsonrpc": "2.0", "id": None, "error": {"code": 4001, "message": "No.", "data": {"reason": "user_rejected"}}}
    assert expected == json.loads(encode_error(None, UserRejected("No.")))


def test_an_event_is_a_notification() -> None:
    """It has no id, and its type stands in the params."""
    assert b'{"jsonrpc":"2.0","method":"event","params":{"type":"locked"}}' == encode_event(Event(type="locked"))


def test_a_result_that_does_not_fit_is_too_large() -> None:
    """The longest reply is a mebibyte; the caller is told instead of losing its port."""
    body = encode_result(5, RandomBytesResult(bytes=Base64Url(bytes(RESPONSE_BYTES))))
    assert (5, "too_large") == (json.loads(body)["id"], json.loads(body)["error"]["data"]["reason"])


def test_a_batch_of_replies_is_one_array() -> None:
    """The replies as they stand, in their order."""
    replies = [(n, encode_result(n, VerifyResult(valid=True))) for n in (1, 2)]
    assert [json.loads(body) for _, body in replies] == json.loads(encode_batch(replies))


@pytest.mark.parametrize("size", [30_000, 60_000, 200_000, 700_000])
def test_replies_that_would_push_a_batch_past_the_limit_become_too_large(size: int) -> None:
    """Every member is answered, the array fits, and as many as fit are whole."""
    replies = [(f"{n:064}", encode_result(f"{n:064}", RandomBytesResult(bytes=Base64Url(bytes(size))))) for n in range(BATCH)]
    array = encode_batch(replies)
    members = json.loads(array)
    whole = [member for member in members if "result" in member]
    assert len(array) <= RESPONSE_BYTES
    assert [call_id for call_id, _ in replies] == [member["id"] for member in members]
    assert {"too_large"} == {member["error"]["data"]["reason"] for member in members if "error" in member}
    assert RESPONSE_BYTES - len(array) < len(replies[0][1])
    assert RESPONSE_BYTES // len(replies[0][1]) - 1 <= len(whole) < BATCH


@pytest.mark.parametrize(("spare", "whole"), [(1, True), (0, True), (-1, False)])
def test_a_batch_is_sent_whole_up_to_exactly_the_limit(spare: int, *, whole: bool) -> None:
    """Two brackets and one comma stand around two replies."""
    replies = [(1, b"1" * 500_000), (2, b"2" * (RESPONSE_BYTES - 500_000 - 3 - spare))]
    array = encode_batch(replies)
    assert len(array) <= RESPONSE_BYTES
    assert whole == (b"[" + replies[0][1] + b"," + replies[1][1] + b"]" == array)


@pytest.mark.parametrize(("spare", "last_is_whole"), [(0, True), (-1, False)])
def test_what_fits_beside_a_replaced_reply_is_whole(spare: int, *, last_is_whole: bool) -> None:
    """The room that a reply did not take is there for the next one, to the last byte."""
    replaced = encode_error(2, TooLarge())
    first, last = b"1" * 500_000, b"3" * (RESPONSE_BYTES - 500_000 - len(replaced) - 4 - spare)
    expected = [first, replaced, last if last_is_whole else encode_error(3, TooLarge())]
    assert b"[" + b",".join(expected) + b"]" == encode_batch([(1, first), (2, b"2" * 700_000), (3, last)])


@pytest.mark.parametrize(("spare", "reason"), [(0, None), (-1, "too_large")])
def test_a_result_fits_up_to_exactly_the_limit(spare: int, reason: str | None) -> None:
    """One byte more is one too many; the length of the id makes the byte."""
    result = RandomBytesResult(bytes=Base64Url(bytes(786_375)))
    missing = RESPONSE_BYTES - len(encode_result("", result))
    assert 0 < missing <= 64
    reply = encode_result("i" * (missing - spare), result)
    assert reason == json.loads(reply).get("error", {}).get("data", {}).get("reason")
    assert reason is not None or RESPONSE_BYTES == len(reply)


def test_a_method_of_the_protocol_that_is_not_here_is_unsupported(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever its params are."""
    monkeypatch.setitem(METHODS, "signPsbt", replace(METHODS["signPsbt"], available=False))
    item = only(request(method="signPsbt", params={"psbt": 1}))
    assert isinstance(item, Refusal)
    assert "unsupported" == item.error.reason


def test_a_refusal_knows_the_method_if_there_is_one() -> None:
    """Before hello a method of the protocol is answered otherwise than one that is none."""
    for method, known in (("randomBytes", "randomBytes"), ("signPsbt", "signPsbt"), ("dance", None)):
        item = only(request(method=method, params={"length": 0}))
        assert isinstance(item, Refusal)
        assert known == item.method


def test_calls_and_refusals_show_nothing_of_what_they_hold() -> None:
    """A repr ends up in logs."""
    item = only(request(method="hello", params={"protocol": ["CANARY"], "client": {"name": "CANARY", "version": "1"}}))
    assert isinstance(item, Call)
    assert isinstance(item.params, HelloParams)
    assert "CANARY" not in repr(item)


def test_every_refusal_is_a_typed_error() -> None:
    """The table above reaches each reason that the envelope can be refused with."""
    assert {"parse_error", "invalid_request", "method_not_found", "invalid_params"} == {row[2] for row in REFUSALS.values()}
    assert all(
        isinstance(item.error, KmsError)
        for body, _, _ in REFUSALS.values()
        for item in parse_frame(body).items
        if isinstance(item, Refusal)
    )
