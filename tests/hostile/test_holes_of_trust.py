"""Holes that were found in what pairings, policies, limits and grants let through, and that were closed: each by the attack that used it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest

from native_host.approval.authorize import Grants, permit_without_asking
from native_host.audit import Audit, entries
from native_host.errors import PolicyDenied
from native_host.keystore.store import KeyStore
from native_host.operations import limits, pairings
from native_host.policy import Allow, Facts
from native_host.policy.limits import Limit, Limits
from native_host.protocol.uses import SignParams
from native_host.protocol.wire import Base64Url
from native_host.review.assets import BITCOIN
from native_host.testing.pairing import Attempt
from native_host.testing.port import HostError, Port
from native_host.transport.jsonrpc import Call
from tests import psbts
from tests.homes import ADDON, Home, b64, origin_of, unlock
from tests.host.calls import restore
from tests.host.test_extension_changed import install
from tests.host.test_policy_file import load
from tests.unit.test_permit import KEY, SESSION

DENIED = "policy_denied"


@pytest.fixture
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A home for one test."""
    made = Home(tmp_path_factory.mktemp("own"))
    made.attach()
    made.set_up()
    yield made
    made.quit()


def limited(home: Home, *rows: Limit) -> None:
    """What the owner sets with ``strongroom limits``."""
    with home.store() as store:
        unlock(store)
        with store.transaction():
            limits.write(store, store.wallets()[0][0], Limits(limits=rows))
            Audit(store).happened("strongroom:person", "setLimit", "")


def removed(home: Home) -> None:
    """What the person does with ``strongroom pairings remove``."""
    with home.store() as store:
        unlock(store)
        with store.transaction():
            pairings.write(store, ())
            store.append_audit(b"")


def pairing_of(store: KeyStore) -> pairings.Pairing:
    """A pairing of the extension, as another of its profiles makes one."""
    return pairings.Pairing(
        pairing_id=b"p" * 16, wallet_id=store.wallets()[0][0], origin=origin_of(ADDON), family="chromium", public=b"k" * 32, created_at=0
    )


def asked(home: Home, method: str) -> int:
    """How often the person was asked about a method."""
    return len([ask for ask in home.approver.asked if ask["kind"] == "review" and ask["method"] == method])


def reason(port: Port, method: str, **params: object) -> str:
    with pytest.raises(HostError) as caught:
        port.request(method, params)
    return caught.value.reason


def test_a_transaction_that_is_signed_in_parts_does_not_pass_a_limit(own: Home) -> None:
    """Each time another of the two inputs looks like somebody else's, and the same change is set off against the one that is left: by two
    signatures which seem to cost a thousand satoshi each, a hundred thousand would be gone."""
    port = own.open()
    seed = restore(own, port, psbts.WORDS)
    limited(own, Limit(limit_id="a1", amount=5_000, window=86_400, asset=BITCOIN))
    for hidden in (0, 1):
        spends = [psbts.Spend(psbts.mine(below=f"0/{number}"), 100_000, known=number != hidden) for number in (0, 1)]
        pays = [psbts.Pay(psbts.elsewhere(), 100_000), psbts.Pay(psbts.mine(below="1/0"), 99_000, known=True)]
        assert DENIED == reason(port, "signPsbt", keyId=seed, psbt=psbts.text_of(psbts.make(spends, pays)))


def test_a_pairing_that_is_removed_while_the_person_decides_signs_nothing(own: Home) -> None:
    """They see in the window whose call it is, take its pairing back at once, and allow what they had read."""
    with own.open() as port:
        made = port.pair()
        port.open_channel(made)
        key = port.request("generateKey", {"alg": "Ed25519"})["keyId"]
        gate = own.approver.hold(kind="review", method="sign")
        waiting = port.begin("sign", {"keyId": key, "data": b64(b"data")})
        own.approver.wait_for(kind="review", method="sign")
        removed(own)
        gate.release()
        with pytest.raises(HostError) as caught:
            waiting.result()
        assert "not_paired" == caught.value.reason


def test_what_waited_while_its_extension_was_paired_is_not_signed(own: Home) -> None:
    """A program that poses as the extension asks before the pairing, and has its call decided about behind it."""
    with own.open() as thief, own.open() as port:
        key = port.request("generateKey", {"alg": "Ed25519"})["keyId"]
        gate = own.approver.hold(kind="review", method="sign")
        waiting = thief.begin("sign", {"keyId": key, "data": b64(b"data")})
        own.approver.wait_for(kind="review", method="sign")
        with own.store() as store:
            unlock(store)
            with store.transaction():
                pairings.write(store, (pairing_of(store),))
                store.append_audit(b"")
        gate.release()
        with pytest.raises(HostError) as caught:
            waiting.result()
        assert "not_paired" == caught.value.reason


def test_an_extension_that_was_changed_is_asked_about_each_use_by_itself(own: Home) -> None:
    """Also what it may otherwise have done again without asking, under the request key that it had before."""
    folder = install(own)
    with own.open() as port:
        key = port.request("generateKey", {"alg": "A256GCM"})["keyId"]
        sealed = port.request("encrypt", {"keyId": key, "alg": "A256GCM", "plaintext": b64(b"x")})
        call = {"keyId": key, "alg": "A256GCM", **{name: sealed[name] for name in ("ciphertext", "iv", "tag")}, "requestKey": "r" * 32}
        port.request("decrypt", call)
        port.request("decrypt", call)
    assert 1 == asked(own, "decrypt")
    (folder / "background.js").write_text("steal();", encoding="utf-8")
    with own.open() as port:
        port.request("decrypt", call)
    assert 2 == asked(own, "decrypt")


def test_a_grant_of_uses_gives_no_more_to_those_that_wait_together() -> None:
    """Each of them was decided about while there was a use left; in a token, they all wait for the person to log in."""
    grants = Grants()
    grants.give("k", "sign", 1)
    call = Call(id=1, method="sign", params=SignParams(key_id="k", data=Base64Url(b"x")))
    permit_without_asking(SESSION, call, Facts(key=KEY), Allow(rule="grant"), grants)
    with pytest.raises(PolicyDenied):
        permit_without_asking(SESSION, call, Facts(key=KEY), Allow(rule="grant"), grants)


def test_a_policy_that_asks_about_everything_is_asked_in_words_that_are_true(own: Home) -> None:
    """A window that tells every renaming as an end, and every account as one that signs anything, teaches its reader to allow that."""
    with own.open() as port:
        seed = restore(own, port, psbts.WORDS)
        port.open_channel(port.pair())
        load(own, '@decision("ask") permit (principal, action, resource);')
        key = port.request("generateKey", {"alg": "Ed25519"})
        jwk = port.request("generateKey", {"alg": "X25519"})["publicKeyJwk"]
        calls: dict[str, tuple[str, dict[str, object]]] = {
            "Change a key": ("updateKey", {"keyId": key["keyId"], "label": "another"}),
            "Disable a key": ("updateKey", {"keyId": key["keyId"], "state": "disabled"}),
            "Make an account": ("deriveKey", {"keyId": seed, "path": "m/44'/60'/0'/0/0", "alg": "ES256K"}),
            "Make an account that can sign anything": (
                "deriveKey",
                {"keyId": seed, "path": "m/44'/60'/0'/0/1", "alg": "ES256K", "usages": ["sign"]},
            ),
            "Encrypt": ("encrypt", {"publicKeyJwk": jwk, "alg": "HPKE-4", "plaintext": b64(b"x")}),
            "Show the keys of this wallet": ("listKeys", {}),
            "Offer a public key to which a key can be encrypted": ("getImportKey", {}),
        }
        for title, (method, params) in calls.items():
            port.request(method, params)
            assert title == own.approver.asked[-1]["title"]
            assert ("sign anything" in title) == bool(own.approver.asked[-1]["warnings"])


def test_a_proxy_that_grinds_at_the_host_until_the_codes_are_the_same_is_stopped(own: Home) -> None:
    """It knows each code as soon as the host has answered, and needs no window for those that it leaves: with thousands of tries a second
    it would have had the code of the extension that waits. In however many hosts, after ten there are no more; a pairing of one's own that
    the person allows begins the count anew."""
    origin = origin_of(ADDON)
    with own.open() as port, own.open() as other:
        for number in range(9):
            (port, other)[number % 2].request("beginPairing", {"message": Attempt(origin, "chromium").first()})
        port.pair()
        for _ in range(10):
            other.request("beginPairing", {"message": Attempt(origin, "chromium").first()})
        assert {"busy"} == {reason(one, "beginPairing", message=Attempt(origin, "chromium").first()) for one in (port, other)}
    with own.store() as store:
        unlock(store)
        assert 20 == sum(one.entry is not None and "beginPairing" == one.entry.method for one in entries(store))


def test_an_edited_count_of_pairings_begins_none(own: Home) -> None:
    """A program that takes the count out of the file has no more tries for it."""
    with own.open() as port:
        port.request("beginPairing", {"message": Attempt(origin_of(ADDON), "chromium").first()})
        with sqlite3.connect(own.database) as file:
            file.execute("DELETE FROM documents")
        assert "cannot_unseal" == reason(port, "beginPairing", message=Attempt(origin_of(ADDON), "chromium").first())
