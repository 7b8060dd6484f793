"""An owner who permits everything: what becomes of it, before a real host. There is no way to have all approved by itself.

A policy may stand in for the person only where docs/policy.md says so. Below, ``permit (principal, action, resource);`` is in force, which says yes
to whatever is asked, and a paired extension, or somebody who poses as one, makes the most of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from native_host.audit import Audit, entries
from native_host.operations import limits
from native_host.policy.limits import Limit, Limits, Threshold
from native_host.protocol.methods import METHODS
from native_host.testing.pairing import Pairing
from native_host.testing.port import HostError, Port
from tests import psbts
from tests.homes import Home, b64, unlock
from tests.host.calls import restore
from tests.host.test_policy_file import load, payment, strongroom

EVERYTHING = '@id("everything") permit (principal, action, resource);'
OTHER = f"0x{'11' * 20}"
ETH, GWEI = 10**18, 10**9
TYPED = {
    "types": {"EIP712Domain": [], "A": [{"name": "a", "type": "uint8"}]},
    "primaryType": "A",
    "domain": {},
    "message": {"a": 1},
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    made = Home(tmp_path_factory.mktemp("home"))
    made.attach()
    made.set_up()
    yield made
    made.quit()


@pytest.fixture(scope="module")
def pairing(home: Home) -> Pairing:
    with home.open() as port:
        made = port.pair()
        load(home, EVERYTHING)
    return made


@pytest.fixture(scope="module")
def port(home: Home, pairing: Pairing) -> Port:
    """A host whose channel and store are open, as the extension has it."""
    port = home.greet()
    port.open_channel(pairing)
    port.request("unlock")
    return port


@pytest.fixture(scope="module")
def seed(home: Home, port: Port) -> str:
    return restore(home, port, psbts.WORDS)


@pytest.fixture(scope="module")
def account(port: Port, seed: str) -> str:
    key_id: str = port.request("deriveKey", {"keyId": seed, "path": "m/44'/60'/0'/0/0", "alg": "ES256K"})["keyId"]
    return key_id


def reviews(home: Home) -> int:
    return len([ask for ask in home.approver.asked if ask["kind"] == "review"])


def test_what_it_does_allow(home: Home, port: Port, account: str) -> None:
    """A payment whose whole effect is known, and a message: that is what policies are for, and the record names the rule."""
    before = reviews(home)
    port.request("signTransaction", payment(account))
    port.request("signMessage", {"keyId": account, "format": "eip191", "message": b64(b"hello")})
    assert before == reviews(home)
    with home.store() as store:
        unlock(store)
        by = [(one.entry.approved_by, one.entry.rule) for one in entries(store) if one.entry is not None][-2:]
    assert [("rule", "policy: everything")] * 2 == by


def call(account: str, data: str, to: str | None = OTHER, **members: Any) -> dict[str, Any]:
    asked = payment(account, wei=0)
    asked["transaction"] |= {"input": data, "gas": "0x186a0", **members}
    asked["transaction"] = {name: value for name, value in asked["transaction"].items() if name != "to"} | (
        {} if to is None else {"to": to}
    )
    return asked


UNBOUNDED = {
    "a contract that nobody knows": {"data": "0x12345678"},
    "a contract that is made": {"data": "0x6001", "to": None},
    "an allowance without end": {"data": f"0x095ea7b3{'00' * 12}{'11' * 20}{'ff' * 32}", "to": "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"},
    "more than can be counted": {"data": "0x", "value": hex(2**255)},
    "a fee that is more than can be counted": {"data": "0x", "maxFeePerGas": hex(2**200)},
    "an account handed over": {
        "data": "0x",
        "authorizationList": [
            {"chainId": "0x0", "address": OTHER, "nonce": "0x0", "yParity": "0x0", "r": "0x1", "s": "0x1"},
        ],
    },
}  # fmt: skip


@pytest.mark.parametrize("members", UNBOUNDED.values(), ids=UNBOUNDED.keys())
def test_what_cannot_be_told_or_counted_is_the_persons(home: Home, port: Port, account: str, members: dict[str, Any]) -> None:
    """By whatever contract something may leave, a policy does not say yes to it."""
    before = reviews(home)
    port.request("signTransaction", call(account, **members))
    assert before + 1 == reviews(home)


def test_typed_data_raw_bytes_and_open_signatures_are_the_persons(home: Home, port: Port, seed: str, account: str) -> None:
    """A permit can be signed as typed data, a transaction as raw bytes, and others may go on with a PSBT that is signed in part."""
    raw = port.request("generateKey", {"alg": "ES256K", "usages": ["sign"]})["keyId"]
    open_ended = psbts.make([psbts.Spend(psbts.mine(), 60_000, sighash=0x83)], [psbts.Pay(psbts.elsewhere(), 50_000)])
    for method, params in (
        ("signTypedData", {"keyId": account, "typedData": TYPED}),
        ("sign", {"keyId": raw, "data": b64(b"x")}),
        ("sign", {"keyId": raw, "digest": b64(bytes(32))}),
        ("signPsbt", {"keyId": seed, "psbt": psbts.text_of(open_ended)}),
    ):
        before = reviews(home)
        port.request(method, params)
        assert before + 1 == reviews(home), method


def test_keys_are_given_out_ended_and_widened_by_the_person_alone(home: Home, port: Port, seed: str) -> None:
    """Whatever a policy says of it."""
    wrapping = port.request("generateKey", {"alg": "A256KW"})["keyId"]
    target = port.request("generateKey", {"alg": "Ed25519"})["keyId"]
    agreeing = port.request("generateKey", {"alg": "X25519"})
    unauthenticated = port.request("generateKey", {"alg": "A256CTR"})["keyId"]
    sealed = port.request("encrypt", {"keyId": unauthenticated, "alg": "A256CTR", "plaintext": b64(b"x")})
    calls = [
        ("wrapKey", {"keyId": wrapping, "targetKeyId": target, "alg": "A256KW"}),
        ("getExtendedPublicKey", {"keyId": seed, "path": "m/84'/0'/0'"}),
        ("deriveSecret", {"keyId": agreeing["keyId"], "publicKeyJwk": agreeing["publicKeyJwk"]}),
        ("decrypt", {"keyId": unauthenticated, "alg": "A256CTR", "ciphertext": sealed["ciphertext"], "iv": sealed["iv"]}),
        ("deriveKey", {"keyId": seed, "path": "m/44'/60'/0'/0/9", "alg": "ES256K", "usages": ["sign"]}),
        ("updateKey", {"keyId": target, "maxUses": 5}),
        ("updateKey", {"keyId": target, "state": "disabled"}),
        ("updateKey", {"keyId": target, "state": "active"}),
        ("destroyKey", {"keyId": target}),
    ]
    nobody = {("updateKey", "disabled")}
    for method, params in calls:
        before = reviews(home)
        port.request(method, params)
        assert before + ((method, params.get("state")) not in nobody) == reviews(home), method


def test_a_seed_signs_nothing_itself(home: Home, port: Port, seed: str) -> None:
    """What the host denies, no policy permits."""
    before = reviews(home)
    with pytest.raises(HostError) as caught:
        port.request("signMessage", {"keyId": seed, "format": "eip191", "message": b64(b"x")})
    assert caught.value.reason in {"policy_denied", "usage_not_allowed"}
    assert before == reviews(home)


def test_a_limit_and_an_amount_to_be_typed_stand_over_it(home: Home, port: Port, account: str) -> None:
    """A limit that the owner set holds against a permit for everything, and above their threshold they type the amount."""
    native = "eip155:1/slip44:60"
    with home.store() as store:
        unlock(store)
        with store.transaction():
            rows = Limits(
                limits=(Limit(limit_id="a1", amount=ETH, asset=native, window=86_400),),
                thresholds=(Threshold(threshold_id="b1", asset=native, amount=ETH // 10),),
            )
            limits.write(store, store.wallets()[0][0], rows)
            Audit(store).happened("strongroom:person", "setLimit", "")
    before = reviews(home)
    with pytest.raises(HostError) as caught:
        port.request("signTransaction", payment(account, wei=2 * ETH))
    assert "policy_denied" == caught.value.reason
    assert before == reviews(home)
    port.request("signTransaction", payment(account, wei=ETH // 5))
    typed = [ask for ask in home.approver.asked if ask["kind"] == "review"][-1]["typed"]
    assert before + 1 == reviews(home)
    assert "0.2" in typed["expected"]


def test_who_is_not_paired_gets_nothing_of_it(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Whoever starts the host with the extension's argument is asked about, message by message."""
    own = Home(tmp_path_factory.mktemp("unpaired"))
    own.attach()
    own.set_up()
    with own.open() as thief:
        load(own, EVERYTHING)
        seed = restore(own, thief, psbts.WORDS)
        account = thief.request("deriveKey", {"keyId": seed, "path": "m/44'/60'/0'/0/0", "alg": "ES256K"})["keyId"]
        before = reviews(own)
        thief.request("signTransaction", payment(account))
        thief.request("signMessage", {"keyId": account, "format": "eip191", "message": b64(b"hello")})
        assert before + 2 == reviews(own)


def test_its_owner_is_warned_before_it_is_in_force(home: Home, pairing: Pairing) -> None:
    """The window that puts it in force says that it names no amount."""
    (asked,) = [ask for ask in home.approver.asked if ask["kind"] == "review" and ask["method"] == "policy"]
    assert any("amount" in warning for warning in asked["warnings"])
    assert 0 == strongroom(home, "show", "--secret-from-stdin").returncode


def test_every_method_that_a_policy_may_permit_is_known() -> None:
    """Few, and typed data only if all of it were known, which it never is: a new method is the person's until somebody thought about it."""
    from native_host.policy.requests import Context, Extension, Request, why_never_permitted

    whole = Context(bounded=True, authenticated=True)
    asked = {name: Request(principal=Extension(origin="x"), action=name, context=whole) for name in METHODS}
    assert {"signTransaction", "signTypedData", "signPsbt", "signMessage", "decrypt"} == {
        name for name, request in asked.items() if why_never_permitted(request) is None
    }
