"""Attacks by way of what an Ethereum account is asked to sign: each is refused, or told before anything else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import convert

from native_host.encodings.eip712 import NotTypedData
from native_host.protocol.ethereum import read_typed_data
from native_host.protocol.methods import METHODS
from native_host.protocol.transactions import SignTypedDataParams
from native_host.protocol.wire import Message, decode_hook
from native_host.review import evm_calls
from native_host.review.evm_contracts import known_functions
from native_host.review.requests import review
from native_host.review.text import visible_block
from native_host.testing.port import HostError, Port
from tests.homes import Home

OTHER = f"0x{'11' * 20}"
TOKEN = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"
PAYMENT: dict[str, Any] = {"nonce": "0x0", "gas": "0x5208", "gasPrice": "0x1", "to": OTHER, "value": "0x1"}
EXPECTED = {"invalid_params", "unsupported", "too_large", "invalid_request", "parse_error"}


@pytest.fixture(scope="module")
def account(port: Port) -> str:
    key_id: str = port.request("generateKey", {"alg": "ES256K"})["keyId"]
    return key_id


def data(types: dict[str, list[tuple[str, str]]], message: Any, primary: str = "A", **domain: Any) -> dict[str, Any]:
    named = {name: [{"name": one, "type": kind} for one, kind in members] for name, members in types.items()}
    return {"types": {"EIP712Domain": [], **named}, "primaryType": primary, "domain": domain, "message": message}


def deep(levels: int) -> dict[str, Any]:
    message: dict[str, Any] = {"a": []}
    for _ in range(levels):
        message = {"a": [message]}
    return message


ATTACKS: dict[str, tuple[str, dict[str, Any]]] = {
    "replay on every chain": ("signTransaction", {"chain": "eip155:0", "transaction": PAYMENT}),
    "another chain in the transaction than in the call": ("signTransaction", {"chain": "eip155:10", "transaction": {**PAYMENT, "chainId": "0x1"}}),
    "an amount that wraps around": ("signTransaction", {"chain": "eip155:1", "transaction": {**PAYMENT, "value": hex(2**256 + 1)}}),
    "a fee that wraps around": ("signTransaction", {"chain": "eip155:1", "transaction": {**PAYMENT, "gas": hex(2**64 - 1), "gasPrice": hex(2**255)}}),
    "two data, one to be shown and one to be signed": ("signTransaction", {"chain": "eip155:1", "transaction": {**PAYMENT, "data": "0x", "input": "0x01"}}),
    "coins into nowhere": ("signTransaction", {"chain": "eip155:1", "transaction": {name: value for name, value in PAYMENT.items() if name != "to"}}),
    "a recipient of look-alike digits": ("signTransaction", {"chain": "eip155:1", "transaction": {**PAYMENT, "to": "0x" + "\u0661" * 40}}),
    "data without end": ("signTransaction", {"chain": "eip155:1", "transaction": {**PAYMENT, "input": "0x" + "00" * 130_000}}),
    "a type that holds itself": ("signTypedData", {"typedData": data({"A": [("a", "A")]}, {"a": {"a": {}}})}),
    "types that hold each other": ("signTypedData", {"typedData": data({"A": [("b", "B")], "B": [("a", "A")]}, {"b": {"a": {}}})}),
    "a type that is missing": ("signTypedData", {"typedData": data({"A": [("b", "B")]}, {"b": {}})}),
    "a type that hides the ABI's": ("signTypedData", {"typedData": data({"A": [("to", "address")], "address": [("to", "string")]}, {"to": {"to": OTHER}})}),
    "a name that reads backwards": ("signTypedData", {"typedData": data({"A": [("\u202etnuoma", "uint8")]}, {"\u202etnuoma": 1})}),
    "a type whose name reads backwards": ("signTypedData", {"typedData": data({"\u202etimreP": []}, {}, "\u202etimreP")}),
    "a name that is a whole definition": ("signTypedData", {"typedData": data({"A": [("a,address to", "uint8")]}, {"a,address to": 1})}),
    "a member that is shown by none": ("signTypedData", {"typedData": data({"A": [("a", "uint8")]}, {"a": 1, "to": OTHER})}),
    "the domain in place of the message": ("signTypedData", {"typedData": data({}, {}, "EIP712Domain")}),
    "a message nested without end": ("signTypedData", {"typedData": data({"A": [("a", "A[]")]}, deep(60))}),
    "more fields than anybody reads": ("signTypedData", {"typedData": data({"A": [("a", "uint8[]")]}, {"a": [1] * 5000})}),
    "a number of a hundred thousand digits": ("signTypedData", {"typedData": data({"A": [("a", "uint256")]}, {"a": "9" * 100_000})}),
}  # fmt: skip


@pytest.mark.parametrize(("method", "params"), ATTACKS.values(), ids=ATTACKS.keys())
def test_refused_before_anybody_is_asked(home: Home, port: Port, account: str, method: str, params: dict[str, Any]) -> None:
    """With a reason; the host stays up."""
    before = len(home.approver.asked)
    with pytest.raises(HostError) as caught:
        port.request(method, {"keyId": account, **params})
    assert caught.value.data["reason"] in EXPECTED
    assert before == len(home.approver.asked)
    assert "unlocked" == port.request("getStatus")["state"]


APPROVAL = f"095ea7b3{'00' * 12}{'11' * 20}{'ff' * 32}"
TOLD: dict[str, tuple[str, str]] = {
    "an approval of everything": (f"0x{APPROVAL}", evm_calls.UNLIMITED),
    "an approval with a word after it": (f"0x{APPROVAL}{'00' * 32}", evm_calls.ODD_CALL),
    "an approval to an address with bits before it": (f"0x095ea7b3{'01'.ljust(24, '0')}{'11' * 20}{'ff' * 32}", evm_calls.ODD_CALL),
    "a call that names itself as its own argument": (f"0xac9650d8{'00' * 32}", evm_calls.ODD_CALL),
    "calls that share one place": (f"0xac9650d8{'20'.rjust(64, '0')}{'02'.rjust(64, '0')}{'40'.rjust(64, '0') * 2}{'00' * 32}", evm_calls.ODD_CALL),
    "a function that nobody knows": ("0x12345678", evm_calls.UNKNOWN_CALL),
}  # fmt: skip


@pytest.mark.parametrize(("call", "warning"), TOLD.values(), ids=TOLD.keys())
def test_told_before_anything_else(home: Home, port: Port, account: str, call: str, warning: str) -> None:
    """In the first warning of the review."""
    transaction = {**PAYMENT, "to": TOKEN, "value": "0x0", "gas": "0x186a0", "input": call}
    port.request("signTransaction", {"keyId": account, "chain": "eip155:1", "transaction": transaction})
    assert warning == next(ask for ask in reversed(home.approver.asked) if ask["kind"] == "review")["warnings"][0]


JSON = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(allow_nan=False),
        st.text(max_size=12),
        st.sampled_from(["0x", "0x0", "0x1", OTHER, TOKEN, f"0x{APPROVAL}"]),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["a", "b"]), inner, max_size=2)),
    max_leaves=12,
)
KINDS = st.sampled_from(["uint8", "A", "B", "B[]", "bytes", "string", "string[2]", "bool", "address"])
TYPES = st.dictionaries(
    st.sampled_from(["A", "B"]),
    st.lists(st.tuples(st.sampled_from(["a", "b"]), KINDS), max_size=2, unique_by=lambda one: one[0]),
    max_size=2,
)


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(TYPES, st.dictionaries(st.sampled_from(["a", "b"]), JSON, max_size=2))
def test_whatever_typed_data(types: Any, message: Any) -> None:
    """It is refused, or it is read and described, with nothing in it that hides; nothing else happens."""
    params = convert({"keyId": "k", "typedData": data(types, message)}, METHODS["signTypedData"].params, dec_hook=decode_hook)
    assert isinstance(params, SignTypedDataParams)
    try:
        read_typed_data(params.typed_data)
    except NotTypedData:
        return
    assert harmless(params)


WORDS = st.lists(st.one_of(st.sampled_from([0, 1, 32, 64, 96, 2**255, 2**256 - 1]), st.integers(0, 2**256 - 1)), max_size=14)
SELECTORS = st.one_of(st.sampled_from(sorted(known_functions())), st.binary(max_size=5))


@settings(max_examples=400)
@given(SELECTORS, WORDS, st.binary(max_size=3), st.sampled_from([1, 10, 424242]))
def test_whatever_calldata(selector: bytes, words: list[int], rest: bytes, chain_id: int) -> None:
    """It is described, in words or as bytes, with nothing in it that hides."""
    call = selector + b"".join(word.to_bytes(32, "big") for word in words) + rest
    transaction = {**PAYMENT, "input": f"0x{call.hex()}"}
    given_params = {"keyId": "k", "chain": f"eip155:{chain_id}", "transaction": transaction}
    assert harmless(convert(given_params, METHODS["signTransaction"].params, dec_hook=decode_hook))


def harmless(params: Message) -> bool:
    found = review(params, None)
    texts = [found.title, *found.warnings, *(text for fact in found.facts for text in (fact.label, fact.value))]
    return all(text and text == visible_block(text) for text in texts)
