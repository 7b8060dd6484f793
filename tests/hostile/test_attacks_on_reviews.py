"""Attacks by way of what is to be signed, against a real host: chains that are none, amounts that wrap, calls that read two ways, names that hide.

Each is refused before anybody is asked, or told in the first place of the window. The members of a transaction are those of Ethereum's JSON-RPC,
those of typed data EIP-712's.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Any

import pytest

from native_host.language.german import SENTENCES
from native_host.review import ethereum, evm_calls, typed_data
from native_host.testing.port import HostError, Port
from tests.homes import Home, b64

OTHER = f"0x{'11' * 20}"
USDC = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"
PAYMENT: dict[str, Any] = {"nonce": "0x0", "gas": "0x186a0", "gasPrice": "0x1", "to": OTHER, "value": "0x1"}
DYNAMIC: dict[str, Any] = {**{k: v for k, v in PAYMENT.items() if k != "gasPrice"}, "maxFeePerGas": "0x1", "maxPriorityFeePerGas": "0x1"}
MOST = 2**256 - 1


@pytest.fixture(scope="module")
def account(port: Port) -> str:
    key_id: str = port.request("generateKey", {"alg": "ES256K"})["keyId"]
    return key_id


def pays(**members: Any) -> tuple[str, dict[str, Any]]:
    chain = members.pop("chain", "eip155:1")
    return "signTransaction", {"chain": chain, "transaction": {**PAYMENT, **members}}


def says(kind: str, value: Any, domain: dict[str, Any] | None = None, **more: Any) -> tuple[str, dict[str, Any]]:
    given = domain or {}
    kinds = {"chainId": "uint256", "name": "string", "version": "string", "verifyingContract": "address"}
    types = {"EIP712Domain": [{"name": name, "type": kinds[name]} for name in given], "A": [{"name": "a", "type": kind}], **more}
    return "signTypedData", {"typedData": {"types": types, "primaryType": "A", "domain": given, "message": {"a": value}}}


def last_review(home: Home) -> dict[str, Any]:
    return next(ask for ask in reversed(home.approver.asked) if ask["kind"] == "review")


REFUSED: dict[str, tuple[str, dict[str, Any]]] = {
    "chain 0 by its name": pays(chain="eip155:0"),
    "chain 0 with a zero more": pays(chain="eip155:00"),
    "chain 1 with a zero before it": pays(chain="eip155:01"),
    "chain 0 inside, another one outside": pays(chainId="0x0"),
    "a chain whose number is negative": pays(chain="eip155:-1"),
    "a chain in other digits": pays(chain="eip155:\u0661"),
    "a chain past EIP-2294": pays(chain=f"eip155:{2**63 - 36}"),
    "a chain past 256 bits": pays(chain=f"eip155:{2**256 + 1}"),
    "a chain past 256 bits in typed data": says("uint8", 1, {"chainId": 2**256 + 1}),
    "an amount of 2^256": pays(value=hex(2**256)),
    "an amount that is 1 once it wraps": pays(value=hex(2**256 + 1)),
    "an amount that wraps with its fee": pays(value=hex(MOST)),
    "a negative amount": pays(value="-0x1"),
    "an amount with a point": pays(value="0x1.8"),
    "an amount in an exponent": pays(value="1e18"),
    "an amount in decimal": pays(value="1000"),
    "an amount that is a number": pays(value=1),
    "a price that wraps": pays(gasPrice=hex(2**256)),
    "a fee that wraps": pays(gas=hex(2**64 - 1), gasPrice=hex(2**200)),
    "gas past 64 bits": pays(gas=hex(2**64)),
    "the last nonce and one more": pays(nonce=hex(2**64 - 1)),
    "a uint256 of 2^256": says("uint256", 2**256),
    "a uint256 of 2^256 as a text": says("uint256", str(2**256)),
    "a uint256 of 2^256 in hexadecimal": says("uint256", hex(2**256)),
    "a uint256 below nothing": says("uint256", -1),
    "a uint256 in an exponent": says("uint256", 1e77),
    "a uint256 with a fraction": says("uint256", "0.5"),
    "an int256 of 2^255": says("int256", str(2**255)),
    "a uint8 of 256": says("uint8", 256),
    "a uint8 in a list": says("uint8[]", [1, 2, 256]),
    "a type that holds itself": says("A", {"a": {}}),
    "types in a ring": says("B", {"b": {"c": {"a": {}}}}, B=[{"name": "c", "type": "C"}], C=[{"name": "a", "type": "A"}]),
    "a ring through a list": says("B[]", [{"b": [{"a": []}] * 3}], B=[{"name": "b", "type": "A[]"}, {"name": "c", "type": "B"}]),
    "a type that is nowhere": says("B", {}),
    "a list of a type that is nowhere": says("B[3]", [{}, {}, {}]),
    "a type that is nowhere, behind another": says("B", {"c": {}}, B=[{"name": "c", "type": "C"}]),
}  # fmt: skip


@pytest.mark.parametrize(("method", "params"), REFUSED.values(), ids=REFUSED.keys())
def test_refused_before_anybody_is_asked(home: Home, port: Port, account: str, method: str, params: dict[str, Any]) -> None:
    """By the name of the member that is wrong, as one that can never be right; the session goes on."""
    before = len(home.approver.asked)
    with pytest.raises(HostError) as caught:
        port.request(method, {"keyId": account, **params})
    assert "invalid_params" == caught.value.reason
    assert {"chain", "transaction", "typedData"} & {caught.value.data["path"].partition(".")[0]}
    assert before == len(home.approver.asked)
    assert "unlocked" == port.request("getStatus")["state"]


AUTHORIZATION = {"chainId": "0x0", "address": f"0x{'22' * 20}", "nonce": "0x0", "yParity": "0x0", "r": "0x1", "s": "0x1"}
EVERYWHERE = "signTransaction", {"chain": "eip155:1", "transaction": {**DYNAMIC, "authorizationList": [AUTHORIZATION]}}


def test_an_authorization_for_chain_0_is_told(home: Home, port: Port, account: str) -> None:
    """EIP-7702 allows it, and means every chain: the window says that."""
    port.request(EVERYWHERE[0], {"keyId": account, **EVERYWHERE[1]})
    assert ethereum.EVERY_CHAIN in last_review(home)["warnings"]


@pytest.mark.parametrize("number", [0, "0", "0x0"], ids=repr)
def test_typed_data_for_chain_0_is_told(home: Home, port: Port, account: str, number: int | str) -> None:
    """EIP-712 has no rule for it; there is no such chain, and the window says so beside its number."""
    method, params = says("uint8", 1, {"chainId": number})
    port.request(method, {"keyId": account, **params})
    shown = last_review(home)
    assert typed_data.UNKNOWN_CHAIN in shown["warnings"]
    assert "Unknown chain, number 0" in [fact["value"] for fact in shown["facts"]]


@pytest.mark.parametrize("amount", [MOST, 2**255, 2**64, 2**63, 2**53 + 1])
def test_the_largest_amounts_are_shown_to_the_last_digit(home: Home, port: Port, account: str, amount: int) -> None:
    """None is rounded, cut or wrapped on its way to the window."""
    fee = 0x186A0
    method, params = pays(value=hex(min(amount, MOST - fee)))
    port.request(method, {"keyId": account, **params})
    assert any(f"({min(amount, MOST - fee)} wei)" in fact["value"] for fact in last_review(home)["facts"])
    method, params = says("uint256", str(amount))
    port.request(method, {"keyId": account, **params})
    assert str(amount) in [fact["value"] for fact in last_review(home)["facts"]]


WORD = "{:064x}".format
TO, MUCH = f"{'00' * 12}{'11' * 20}", "ff" * 32
TWO_WAYS = {
    "an address with bits before it": f"0xa9059cbb{'00' * 11}01{'11' * 20}{WORD(1)}",
    "a word that is not there": f"0xa9059cbb{TO}",
    "a word too many": f"0xa9059cbb{TO}{WORD(1)}{WORD(2)}",
    "a byte too few": f"0xa9059cbb{TO}{WORD(1)[:-2]}",
    "a bool that is neither": f"0xa22cb465{TO}{WORD(2)}",
    "bytes that begin within the head": f"0xac9650d8{WORD(0)}",
    "a list that begins past the end": f"0xac9650d8{WORD(2**255)}",
    "a place that wraps around": f"0xac9650d8{WORD(MOST - 31)}{WORD(0)}",
    "a list longer than the call": f"0xac9650d8{WORD(32)}{WORD(2**64)}",
    "two members in one place": f"0xac9650d8{WORD(32)}{WORD(2)}{WORD(64)}{WORD(64)}{WORD(0)}",
    "members in the other order": f"0xac9650d8{WORD(32)}{WORD(2)}{WORD(96)}{WORD(64)}{WORD(0)}{WORD(0)}",
    "a gap in which something hides": f"0xac9650d8{WORD(32)}{WORD(1)}{WORD(64)}{MUCH}{WORD(0)}",
    "padding that is not empty": f"0xac9650d8{WORD(32)}{WORD(1)}{WORD(32)}{WORD(1)}{'01' * 32}",
}


@pytest.mark.parametrize("call", TWO_WAYS.values(), ids=TWO_WAYS.keys())
def test_calldata_that_reads_two_ways_is_not_put_in_words(home: Home, port: Port, account: str, call: str) -> None:
    """What a strict reader refuses and a lenient contract takes is told first, and shown as the bytes that it is: no recipient, no amount."""
    method, params = pays(to=USDC, value="0x0", input=call)
    port.request(method, {"keyId": account, **params})
    shown = last_review(home)
    assert evm_calls.ODD_CALL == shown["warnings"][0]
    assert not [fact for fact in shown["facts"] if "USDC" in fact["value"] and fact["label"] != "Contract"]
    assert any(fact["kind"] == "hex" and fact["value"] == call[2:] for fact in shown["facts"])


def test_a_function_under_a_known_selector_of_an_unknown_contract_is_told(home: Home, port: Port, account: str) -> None:
    """Four bytes are soon found that are another function's as well: what a contract that is not listed does with them is called its own matter."""
    method, params = pays(to=f"0x{'33' * 20}", value="0x0", input=f"0xa9059cbb{TO}{WORD(1)}")
    port.request(method, {"keyId": account, **params})
    assert any("the contract is not listed, and may do something else" in fact["value"] for fact in last_review(home)["facts"])


# names

HIDING = "\u202ednes\u2066\u200b\u00ad\u200f\u2028\u0007\U000e0061"
IN_THE_CLEAR = {"\n", "\u27e8", "\u27e9"}


def texts_of(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from texts_of(one)
    elif isinstance(value, list):
        for one in value:
            yield from texts_of(one)


def hidden_in(asked: list[dict[str, Any]]) -> set[str]:
    """Characters that draw nothing, or turn what stands beside them."""
    return {one for text in texts_of(asked) for one in text if unicodedata.category(one)[0] == "C" or one in "\u2028\u2029"} - IN_THE_CLEAR


NAMED: dict[str, tuple[str, dict[str, Any]]] = {
    "a typed text": says("string", HIDING),
    "the application of typed data": says("uint8", 1, {"name": HIDING, "version": HIDING}),
    "a message": ("signMessage", {"format": "eip191", "message": b64(HIDING.encode())}),
    "raw text": ("sign", {"data": b64(f"pay {HIDING}".encode())}),
    "a header of a JWS": ("signJws", {"payload": b64(HIDING.encode()), "header": {HIDING: HIDING}}),
}  # fmt: skip


@pytest.mark.parametrize(("method", "params"), NAMED.values(), ids=NAMED.keys())
def test_names_that_read_from_right_to_left_are_shown_in_their_order(home: Home, port: Port, method: str, params: dict[str, Any]) -> None:
    """Also in the names of the key and of the extension: no character of any window hides, or turns the order of others."""
    usages = ["jws"] if method == "signJws" else ["sign"] if method == "sign" else ["message", "typedData"]
    key_id = port.request("generateKey", {"alg": "ES256K", "usages": usages, "label": f"savings {HIDING}"})["keyId"]
    before = len(home.approver.asked)
    try:
        port.request(method, {"keyId": key_id, **params})
    except HostError as error:
        assert "invalid_params" == error.reason  # noqa: PT017 - refused is as good
    asked = home.approver.asked[before:]
    assert set() == hidden_in(asked)
    assert all("⟨U+202E⟩" in str(ask["key"]) for ask in asked)


@pytest.mark.parametrize(("kind", "value"), [("\u202etnuoma", 1), ("A\u200b", 1), ("\u0430mount", 1)])
def test_names_of_typed_data_are_plain_or_refused(home: Home, port: Port, account: str, kind: str, value: int) -> None:
    """Names of members and types are part of what is signed: they have letters that everybody reads alike, or are refused."""
    types = {"EIP712Domain": [], "A": [{"name": kind, "type": "uint8"}]}
    for given in (
        {"types": types, "primaryType": "A", "domain": {}, "message": {kind: value}},
        {"types": {"EIP712Domain": [], kind: []}, "primaryType": kind, "domain": {}, "message": {}},
    ):
        before = len(home.approver.asked)
        with pytest.raises(HostError) as caught:
            port.request("signTypedData", {"keyId": account, "typedData": given})
        assert "invalid_params" == caught.value.reason
        assert before == len(home.approver.asked)


def test_an_extension_whose_name_reads_backwards(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What it calls itself stands nowhere that a person decides: windows name it by its origin, which the host knows."""
    home = Home(tmp_path_factory.mktemp("named"))
    home.attach()
    home.set_up()
    port = home.start()
    port.hello(name=f"good {HIDING}", version=HIDING)
    port.request("unlock")
    key_id = port.request("generateKey", {"alg": "Ed25519"})["keyId"]
    port.request("sign", {"keyId": key_id, "data": b64(b"x"), "page": {"origin": "https://xn--80ak6aa92e.com"}})
    home.quit()
    assert set() == hidden_in(home.approver.asked)
    assert "good" not in str(home.approver.asked)
    assert any("xn--80ak6aa92e" in text for text in texts_of(last_review(home)))


TEMPLATES = ["{kind}", "{0.__class__}", "{}", "%s", "(empty)", ethereum.EVERY_CHAIN]


def test_what_is_signed_is_translated_in_no_language(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A text that reads like one of the host's own, or like a template, stands in the window as it is signed."""
    home = Home(tmp_path_factory.mktemp("german"))
    home.environ["LC_ALL"] = "de_DE.UTF-8"
    home.attach()
    home.set_up()
    port = home.open()
    key_id = port.request("generateKey", {"alg": "ES256K"})["keyId"]
    for text in [*TEMPLATES, *(one for one in list(SENTENCES)[::20] if "\n" not in one)]:
        for method, params in (
            ("signMessage", {"format": "eip191", "message": b64(text.encode())}),
            says("string", text, {"name": text, "version": "1"}),
        ):
            port.request(method, {"keyId": key_id, **params})
            shown = last_review(home)
            assert text in [fact["value"] for fact in shown["facts"]]
            assert "ES256K" == shown["key"]["alg"]
    home.quit()
