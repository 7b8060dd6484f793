"""Seeds: restored to the addresses that other wallets show, and of no use before their words are known to be written down."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import nullcontext
from threading import Thread
from typing import Any

import pytest
from embit.bip32 import HDKey
from embit.bip39 import mnemonic_to_seed
from eth_account import Account
from mnemonic import Mnemonic
from msgspec import UNSET, convert

from native_host.approval.approver import ProgramApprover
from native_host.approval.authorize import Grants, permit_without_asking
from native_host.audit import Audit
from native_host.caller.identity import Caller
from native_host.errors import KeyState, UserRejected
from native_host.kek.provider import Settings
from native_host.keystore.store import KeyStore
from native_host.operations.house import House
from native_host.operations.perform import Operations
from native_host.policy import Allow
from native_host.protocol.messages import KeyInfo
from native_host.protocol.methods import METHODS
from native_host.session import Session
from native_host.testing.port import HostError, Port
from native_host.transport.jsonrpc import Call
from tests.homes import Home, now, refusal, set_up, unb64

ABANDON = "abandon " * 11 + "about"
ETHEREUM = "m/44'/60'/0'/0/0"


def refused(port: Port, method: str, **params: Any) -> tuple[int, dict[str, Any]]:
    with pytest.raises(HostError) as caught:
        port.request(method, params)
    return refusal(caught.value)


def asked_for(home: Home, purpose: str) -> list[dict[str, Any]]:
    return [ask for ask in home.approver.asked if ask["kind"] == "askSecret" and ask["purpose"] == purpose]


@pytest.fixture
def port(home: Home) -> Port:
    return home.open()


# Published: the first with these words stands in BIP84, the third in BIP86, the others are what every wallet shows for them.
ADDRESSES = {
    (ETHEREUM, "ES256K"): "0x9858EfFD232B4033E47d90003D41EC34EcaEda94",
    ("m/84'/0'/0'/0/0", "ES256K"): "bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu",
    ("m/86'/0'/0'/0/0", "BIP340"): "bc1p5cyxnuxmeuwuvkwfem96lqzszd02n6xdcjrs20cac6yqjjwudpxqkedrcr",
    ("m/44'/0'/0'/0/0", "ES256K"): "1LqBGSKuX5yYUonjxT5qGfpUsXKYYWeabA",
    ("m/44'/501'/0'/0'", "Ed25519"): "HAgk14JpMQLgt6rVgv7cBQFJWFto5Dqxi472uT3DKpqk",
}


def test_restored_words_give_the_published_addresses(home: Home, port: Port) -> None:
    """Of every kind of account."""
    home.approver.type_secret("mnemonic", ABANDON)
    seed = port.request("restoreSeed", {"label": "mine"})
    assert ("BIP39", "restored", "active", ["deriveKey"], "mine") == tuple(
        seed[member] for member in ("alg", "provenance", "state", "usages", "label")
    )
    derived = {
        place: port.request("deriveKey", {"keyId": seed["keyId"], "path": place[0], "alg": place[1]})["address"] for place in ADDRESSES
    }
    assert ADDRESSES == derived


def test_the_extra_passphrase_is_part_of_the_seed(home: Home, port: Port) -> None:
    """BIP39's vectors of Trezor, whose passphrase is TREZOR, by their seed's first BIP32 address, as an independent library computes it."""
    home.approver.type_secret("mnemonic", ABANDON)
    home.approver.type_secret("bip39Passphrase", "TREZOR")
    seed = port.request("restoreSeed")["keyId"]
    secret = HDKey.from_seed(mnemonic_to_seed(ABANDON, "TREZOR")).derive("m/44h/60h/0h/0/0").key.secret
    address = port.request("deriveKey", {"keyId": seed, "path": ETHEREUM, "alg": "ES256K"})["address"]
    assert Account.from_key(secret).address == address
    assert address not in ADDRESSES.values()


@pytest.mark.parametrize("typed", [ABANDON.upper(), f"  {ABANDON.replace(' ', '   ')}\t", ABANDON.title()])
def test_words_are_read_as_people_type_them(home: Home, port: Port, typed: str) -> None:
    """Case and spaces do not matter."""
    home.approver.type_secret("mnemonic", typed)
    seed = port.request("restoreSeed")["keyId"]
    assert ADDRESSES[ETHEREUM, "ES256K"] == port.request("deriveKey", {"keyId": seed, "path": ETHEREUM, "alg": "ES256K"})["address"]


@pytest.mark.parametrize("words", [15, 18, 21, 24])
def test_longer_words_are_restored(home: Home, port: Port, words: int) -> None:
    """All of BIP39's lengths."""
    home.approver.type_secret("mnemonic", Mnemonic("english").to_mnemonic(bytes(range(words * 4 // 3))))
    assert "active" == port.request("restoreSeed")["state"]


WRONG = {
    "a wrong checksum": "abandon " * 11 + "abandon",
    "no such word": "abandon " * 11 + "aboot",
    "too few": "abandon " * 10 + "about",
    "too many": "abandon " * 12 + "about",
    "nothing": "",
    "not words at all": "\x00\x1b[2J ⟨⟩",
}


@pytest.mark.parametrize("typed", WRONG.values(), ids=WRONG.keys())
def test_words_that_are_none(home: Home, port: Port, typed: str) -> None:
    """The person is told, has three tries, and then it is a refusal; nothing is kept."""
    home.approver.type_secret("mnemonic", typed)
    assert (4001, {"reason": "user_rejected"}) == refused(port, "restoreSeed")
    tries = asked_for(home, "mnemonic")
    assert [False, True, True] == ["hint" in ask for ask in tries]
    assert [] == asked_for(home, "bip39Passphrase")
    assert [] == port.request("listKeys")["keys"]


def test_restoring_is_the_persons(home: Home, port: Port) -> None:
    """A no before the words, and one after them."""
    home.approver.deny(kind="review", method="restoreSeed", times=1)
    assert (4001, {"reason": "user_rejected"}) == refused(port, "restoreSeed")
    assert [] == asked_for(home, "mnemonic")
    home.approver.type_secret("mnemonic", ABANDON)
    home.approver.deny(kind="askSecret", purpose="bip39Passphrase", times=1)
    assert (4001, {"reason": "user_rejected"}) == refused(port, "restoreSeed")
    assert [] == port.request("listKeys")["keys"]


@pytest.mark.parametrize("words", [12, 15, 18, 21, 24])
def test_a_new_seeds_words_are_its_own(home: Home, port: Port, words: int) -> None:
    """What is shown restores the same accounts, in another wallet program too."""
    seed = port.request("generateKey", {"alg": "BIP39", "words": words})
    # An unattended store skips the typing.
    assert ("generated", "active") == (seed["provenance"], seed["state"])
    shown = home.approver.words or ""
    assert words == len(shown.split())
    assert Mnemonic("english").check(shown)
    expected = HDKey.from_seed(mnemonic_to_seed(shown)).derive("m/84h/0h/0h/0/0").sec()
    account = port.request("deriveKey", {"keyId": seed["keyId"], "path": "m/84'/0'/0'/0/0", "alg": "ES256K"})
    assert expected[1:] == unb64(account["publicKeyJwk"]["x"])


NEEDS_WORDS: dict[str, dict[str, Any]] = {
    "deriveKey": {"path": ETHEREUM, "alg": "ES256K"},
    "getPublicKey": {"path": ETHEREUM, "alg": "ES256K"},
    "updateKey": {"state": "disabled"},
}


def test_an_unconfirmed_seed_derives_nothing(home: Home, port: Port) -> None:
    """Its words were not looked at to the end; it can be named, confirmed later, or destroyed."""
    home.approver.deny(kind="showSecret", times=1)
    seed = port.request("generateKey", {"alg": "BIP39"})
    assert "unconfirmed" == seed["state"]
    for method, params in NEEDS_WORDS.items():
        assert (5003, {"reason": "key_state"}) == refused(port, method, keyId=seed["keyId"], **params)
    assert "unconfirmed" == port.request("updateKey", {"keyId": seed["keyId"], "label": "later"})["state"]
    confirmed = port.request("updateKey", {"keyId": seed["keyId"], "state": "active"})
    assert ("active", "later") == (confirmed["state"], confirmed["label"])
    assert port.request("deriveKey", {"keyId": seed["keyId"], **NEEDS_WORDS["deriveKey"]})["address"]


def test_a_seed_that_was_never_confirmed_is_destroyed(home: Home, port: Port) -> None:
    """With the person's approval, as any key."""
    home.approver.deny(kind="showSecret")
    seed = port.request("generateKey", {"alg": "BIP39"})["keyId"]
    assert {} == port.request("destroyKey", {"keyId": seed})
    assert [] == port.request("listKeys")["keys"]


def test_confirming_is_not_half_done(home: Home, port: Port) -> None:
    """What is wrong with the call is told before the words are shown."""
    home.approver.deny(kind="showSecret", times=1)
    seed = port.request("generateKey", {"alg": "BIP39"})["keyId"]
    shown = len(home.approver.asked)
    assert (5004, {"reason": "usage_not_allowed"}) == refused(port, "updateKey", keyId=seed, state="active", usages=["deriveKey", "sign"])
    assert shown == len(home.approver.asked)
    assert ["unconfirmed"] == [key["state"] for key in port.request("listKeys")["keys"]]


def test_words_of_another_length_are_no_params(port: Port) -> None:
    """And only a seed has words."""
    expected = (-32602, {"reason": "invalid_params", "path": "words"})
    assert expected == refused(port, "generateKey", alg="BIP39", words=13)
    assert expected == refused(port, "generateKey", alg="ES256K", words=12)


# A store that was set up in front of a person, with that person's answers coming from a script.


class Attended:
    """The operations of one host, each allowed by rule, so that only what happens inside of them asks."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.store = KeyStore(str(home.database), now)
        set_up(self.store, unattended=False)
        self.approver = ProgramApprover(home.approver.command, os.environ)
        house = House(
            store=self.store,
            audit=Audit(self.store),
            approver=self.approver,
            grants=Grants(),
            aside=nullcontext,
            clock=now,
            random_bytes=os.urandom,
            folder=str(home.folder),
            program=None,
            settings=Settings(kdf_seconds=0.0),
        )
        self.operations = Operations(house, idle_lock_seconds=600)

    def call(self, method: str, **params: Any) -> Any:
        call = Call(id=1, method=method, params=convert(params, METHODS[method].params))
        session = Session(
            caller=Caller(origin="chrome-extension://x/"),
            wallet_id=bytes(16),
            wallet="main",
            development=False,
            state="unlocked",
            greeted=True,
            unattended=False,
        )
        facts = self.operations.describe(session, call)
        return self.operations.perform(permit_without_asking(session, call, facts, Allow(rule="a test"), Grants()))


@pytest.fixture
def attended(empty_home: Home) -> Iterator[Attended]:
    attended = Attended(empty_home)
    yield attended
    attended.approver.close()
    attended.store.close()


def typings(attended: Attended) -> list[str]:
    return [ask["kind"] for ask in attended.home.approver.asked]


def test_an_attended_store_has_the_words_typed_back(attended: Attended) -> None:
    """Shown, then typed, and only then is the seed of use."""
    seed = attended.call("generateKey", alg="BIP39")
    assert isinstance(seed, KeyInfo)
    assert "active" == seed.state
    assert ["showSecret", "askSecret"] == typings(attended)


def test_the_words_are_typed_as_people_type(attended: Attended) -> None:
    """Upper case and more spaces are the same words."""
    attended.home.approver.misbehave("hang", kind="askSecret", purpose="mnemonic")
    gate = attended.home.approver.hold(kind="showSecret")
    made: list[Any] = []
    thread = Thread(target=lambda: made.append(attended.call("generateKey", alg="BIP39")))
    thread.start()
    attended.home.approver.wait_for(kind="showSecret")
    attended.home.approver.type_secret("mnemonic", f" {(attended.home.approver.words or '').upper().replace(' ', '  ')} ")
    gate.release()
    thread.join(60)
    assert ["active"] == [seed.state for seed in made]


@pytest.mark.parametrize("typed", [ABANDON, "", "nonsense"])
def test_wrong_words_three_times(attended: Attended, typed: str) -> None:
    """The seed is kept, unconfirmed, and can be confirmed another time."""
    attended.home.approver.type_secret("mnemonic", typed, times=3)
    seed = attended.call("generateKey", alg="BIP39")
    assert "unconfirmed" == seed.state
    assert ["showSecret", "askSecret", "askSecret", "askSecret"] == typings(attended)
    assert [False, True, True] == ["hint" in ask for ask in attended.home.approver.asked[1:]]
    with pytest.raises(KeyState):
        attended.call("deriveKey", keyId=seed.key_id, path=ETHEREUM, alg="ES256K")
    assert "active" == attended.call("updateKey", keyId=seed.key_id, state="active").state
    assert 2 == typings(attended).count("showSecret")
    first, second = (ask["secret"] for ask in attended.home.approver.asked if ask["kind"] == "showSecret")
    assert first == second


def test_wrong_words_once(attended: Attended) -> None:
    """A slip is forgiven."""
    attended.home.approver.type_secret("mnemonic", ABANDON, times=1)
    assert "active" == attended.call("generateKey", alg="BIP39").state


def test_confirming_later_refused(attended: Attended) -> None:
    """The seed stays as it was."""
    attended.home.approver.deny(kind="showSecret")
    seed = attended.call("generateKey", alg="BIP39")
    with pytest.raises(UserRejected):
        attended.call("updateKey", keyId=seed.key_id, state="active")
    (key,) = attended.call("listKeys").keys
    assert ("unconfirmed", UNSET) == (key.state, key.label)


def test_nobody_to_show_the_words_to(attended: Attended) -> None:
    """The seed that was made is answered all the same, and is of no use until its words were seen."""
    attended.home.approver.misbehave("exit", kind="showSecret")
    seed = attended.call("generateKey", alg="BIP39")
    assert "unconfirmed" == seed.state
    assert [seed] == attended.call("listKeys").keys
