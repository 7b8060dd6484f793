"""signPsbt through a real host: what the person is shown, what is signed, and what a key that was bounded does not sign."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from embit.psbt import PSBT

from native_host.testing.port import Port
from tests import kernel, psbts
from tests.homes import Home
from tests.host.calls import NOT_ALLOWED, STATE, invalid, refused, restore

ACCOUNT = "m/84'/0'/0'/0/0"


@pytest.fixture
def port(home: Home) -> Port:
    return home.open()


@pytest.fixture
def seed(home: Home, port: Port) -> str:
    return restore(home, port, psbts.WORDS)


def asked(home: Home) -> dict[str, Any]:
    return next(ask for ask in reversed(home.approver.asked) if ask["kind"] == "review" and ask["method"] == "signPsbt")


def shown(home: Home) -> list[tuple[str, str, str]]:
    return [(one["label"], one["value"], one["kind"]) for one in asked(home)["facts"]]


def payment(**members: Any) -> PSBT:
    return psbts.make(
        [psbts.Spend(psbts.mine(), 60_000), psbts.Spend(psbts.mine(below="0/1"), 50_000)],
        [psbts.Pay(psbts.elsewhere(), 80_000), psbts.Pay(psbts.mine(below="1/3"), 29_500, known=True)],
        **members,
    )


def account(port: Port, seed: str, path: str = ACCOUNT, alg: str = "ES256K", **members: Any) -> str:
    key_id: str = port.request("deriveKey", {"keyId": seed, "path": path, "alg": alg, **members})["keyId"]
    return key_id


def test_a_seed_signs_what_the_person_was_shown(home: Home, port: Port, seed: str) -> None:
    """Whole addresses, amounts in both units, the fee and its rate; the finished transaction is one that Bitcoin Core's rules accept."""
    made = payment()
    answer = port.request("signPsbt", {"keyId": seed, "psbt": psbts.text_of(made), "finalize": True})
    assert [0, 1] == answer["signedInputs"]
    assert "Pay 0.00080000 BTC to an address" == asked(home)["title"]
    assert [] == asked(home)["warnings"]
    assert [] == asked(home)["grants"]
    assert [
        ("Where the key comes from", "from recovery words that were typed in", "text"),
        ("Network", "Bitcoin, the main network (bip122:000000000019d6689c085ae165831e93)", "text"),
        ("Pay to (output 1)", "bc1qk0a9hr7wjfxeenz9nwenw9flhq0tmsf6vsgnn2", "address"),
        ("Amount (output 1)", "0.00080000 BTC (80000 sat)", "text"),
        ("Change, back to you (output 2)", "bc1qv6vaedpeke2lxr3q0wek8dd7nzhut9w0eqkz9z", "address"),
        ("Amount (output 2)", "0.00029500 BTC (29500 sat)", "text"),
        ("Fee", "0.00000500 BTC (500 sat), about 2.4 sat/vB", "text"),
        ("Spent of yours", "2 inputs, together 0.00110000 BTC (110000 sat)", "text"),
        ("From the account", "m/84'/0'/0'", "path"),
        ("Until it is mined", "it can be replaced by one with a higher fee (BIP125)", "text"),
    ] == shown(home)
    kernel.check(made, base64.b64decode(answer["psbt"]))


def test_nothing_but_a_signature_is_added(home: Home, port: Port, seed: str) -> None:
    """Of a PSBT of version 2 also what may be changed is brought up to date, as BIP370 says."""
    made = payment(version=2)
    made.unknown = {b"\xf0\x01": b"kept"}
    answer = port.request("signPsbt", {"keyId": seed, "psbt": psbts.text_of(made)})
    signed = PSBT.parse(base64.b64decode(answer["psbt"]))
    assert all(len(one.partial_sigs) == 1 for one in signed.inputs)
    for one in signed.inputs:
        one.partial_sigs.clear()
    assert made.serialize() == signed.serialize()


def test_an_account_signs_the_inputs_of_its_own_key_only(home: Home, port: Port, seed: str) -> None:
    """The other input, though of the same seed, is another's; what is given and got is told."""
    answer = port.request("signPsbt", {"keyId": account(port, seed), "psbt": psbts.text_of(payment())})
    assert [0] == answer["signedInputs"]
    assert "Sign your part of a transaction of several: you give 0.00060000 BTC and get 0.00000000 BTC" == asked(home)["title"]
    assert ("You lose", "0.00060000 BTC (60000 sat)", "text") in shown(home)


def test_a_taproot_account_signs(home: Home, port: Port, seed: str) -> None:
    """Its key is x-only."""
    made = psbts.make([psbts.Spend(psbts.mine("p2tr"), 60_000, previous=False)], [psbts.Pay(psbts.elsewhere(), 59_000)])
    key = account(port, seed, "m/86'/0'/0'/0/0", "BIP340")
    answer = port.request("signPsbt", {"keyId": key, "psbt": psbts.text_of(made), "finalize": True})
    assert ("Pay to", "bc1qk0a9hr7wjfxeenz9nwenw9flhq0tmsf6vsgnn2", "address") in shown(home)
    kernel.check(made, base64.b64decode(answer["psbt"]))


def test_the_second_of_three_finishes(home: Home, port: Port, seed: str) -> None:
    """One has signed before; change is proven by the signers' extended public keys."""
    made = psbts.make(
        [psbts.Spend(psbts.ours(), 60_000)],
        [psbts.Pay(psbts.elsewhere(), 50_000), psbts.Pay(psbts.ours(below="1/0"), 9_000, known=True)],
        xpubs=[psbts.ROOT, psbts.STRANGER, psbts.THIRD],
    )
    made.sign_with(psbts.STRANGER)
    answer = port.request("signPsbt", {"keyId": seed, "psbt": psbts.text_of(made), "finalize": True})
    assert ("Signers", "2 of 3 have to sign, 1 signed before you", "text") in shown(home)
    assert "Pay 0.00050000 BTC to an address" == asked(home)["title"]
    assert [] == asked(home)["warnings"]
    kernel.check(made, base64.b64decode(answer["psbt"]))


def test_a_refusal_signs_nothing(home: Home, port: Port, seed: str) -> None:
    """As of every other use of a key."""
    home.approver.deny(kind="review", method="signPsbt")
    assert (4001, {"reason": "user_rejected"}) == refused(port, "signPsbt", keyId=seed, psbt=psbts.text_of(payment()))


BOUNDED: dict[str, tuple[dict[str, Any], dict[str, Any], Any]] = {
    "disabled": ({}, {"state": "disabled"}, STATE),
    "for messages only": ({"usages": ["message"]}, {}, NOT_ALLOWED),
    "narrowed": ({}, {"usages": ["message"]}, NOT_ALLOWED),
}


@pytest.mark.parametrize(("derived", "update", "expected"), BOUNDED.values(), ids=BOUNDED.keys())
def test_what_binds_an_account_binds_its_seed(
    home: Home, port: Port, seed: str, derived: dict[str, Any], update: dict[str, Any], expected: Any
) -> None:
    """Usages, state and end belong to the place under the seed."""
    key = account(port, seed, **derived)
    if update:
        port.request("updateKey", {"keyId": key, **update})
    for name in (key, seed):
        assert expected == refused(port, "signPsbt", keyId=name, psbt=psbts.text_of(payment()))
    assert not any(ask.get("method") == "signPsbt" for ask in home.approver.asked)


def test_a_number_of_uses_is_one_for_account_and_seed(home: Home, port: Port, seed: str) -> None:
    """A transaction is one use, by whichever name."""
    key = account(port, seed, maxUses=2)
    for name in (seed, key):
        port.request("signPsbt", {"keyId": name, "psbt": psbts.text_of(payment())})
    for name in (seed, key):
        assert STATE == refused(port, "signPsbt", keyId=name, psbt=psbts.text_of(payment()))


def test_a_seed_that_was_not_written_down_signs_nothing(home: Home, port: Port) -> None:
    """It derives nothing either."""
    home.approver.deny(kind="showSecret")
    key = port.request("generateKey", {"alg": "BIP39"})["keyId"]
    assert STATE == refused(port, "signPsbt", keyId=key, psbt=psbts.text_of(payment()))


def test_keys_of_other_kinds_sign_no_psbt(home: Home, port: Port, seed: str) -> None:
    """Nor does a key whose inputs are not there."""
    solana = account(port, seed, "m/44'/501'/0'/0'", "Ed25519")
    assert invalid("keyId") == refused(port, "signPsbt", keyId=solana, psbt=psbts.text_of(payment()))
    other = account(port, seed, "m/84'/0'/0'/0/9")
    assert invalid("psbt") == refused(port, "signPsbt", keyId=other, psbt=psbts.text_of(payment()))
