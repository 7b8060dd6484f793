"""Grants of payments over a real keystore: offered to whom, for what, how much they allow, and what ends or suspends them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from native_host.audit import entries
from native_host.caller.identity import Caller
from native_host.caller.installed_copies import Copy
from native_host.errors import CannotUnseal, KeyState, KmsError, PolicyDenied
from native_host.operations import grants
from native_host.operations.installed import Installed
from native_host.operations.perform import Operations
from native_host.policy.grants import rounded_up
from native_host.policy.limits import Limit, Limits, Threshold
from native_host.review.assets import HIGHEST
from tests.parts.spending import DAY, ETH, FEE, NATIVE, TO, TOKEN, USDC, Spender

HOUR_MS = 3_600_000
PAGE = "https://app.example"


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Spender]:
    host = Spender(tmp_path)
    yield host
    host.end()


@pytest.fixture
def key(host: Spender) -> str:
    return host.key()


def given(host: Spender, key: str, wei: int = 3 * ETH // 100, offer: str = "payments:1", **members: Any) -> None:
    """The person takes an offer with a payment."""
    host.asked.grant = offer
    assert host.pay(key, wei, **members)
    host.asked.grant = None


def installed(host: Spender, digest: str) -> None:
    """What is installed of the extension from now on."""
    found = Installed(Caller(origin=host.origin, family="chromium"), (Copy(folder=digest, contents=None, fault="a test"),))
    host.house = replace(host.house, installed=found)
    host.operations = Operations(host.house, idle_lock_seconds=600)


def test_what_is_offered(host: Spender, key: str) -> None:
    """What is asked about, rounded up to one digit, and five times that; for the page, by the extension's word, or for the extension."""
    host.pay(key, 43 * ETH // 1000, page=PAGE)
    start = f"Also allow payments with this key that this site ({PAGE}, as the extension says) asks for, up to "
    assert [
        f"{start}0.05 ETH on Ethereum a day together, for 8 hours",
        f"{start}0.25 ETH on Ethereum a day together, for 8 hours",
    ] == host.offered()
    host.pay(key, ETH)
    assert "payments with this key that this extension asks for, up to 2 ETH on Ethereum a day" in host.offered()[0]
    host.send(key, 2_500_000)
    assert "up to 0.00003 ETH on Ethereum and 3 USDC on Ethereum a day" in host.offered()[0]


NOT_OFFERED: dict[str, dict[str, Any]] = {
    "an allowance": {"to": USDC, "input": "0x095ea7b3" + TO[2:].rjust(64, "0") + f"{5:064x}"},
    "the end of one": {"to": USDC, "input": "0x095ea7b3" + TO[2:].rjust(64, "0") + "0" * 64},
    "an unknown call": {"to": USDC, "input": "0x12345678"},
    "an unlisted token": {"to": f"0x{'33' * 20}", "input": "0xa9059cbb" + TO[2:].rjust(64, "0") + f"{5:064x}"},
    "nothing": {},
    "a chain whose fee has no bound": {"wei": 1, "chain": "eip155:8453"},
    "an unknown chain": {"wei": 1, "chain": "eip155:987654321"},
}


@pytest.mark.parametrize("members", NOT_OFFERED.values(), ids=NOT_OFFERED.keys())
def test_what_is_never_offered(host: Spender, key: str, members: dict[str, Any]) -> None:
    """Only plain payments are; and an offer that was not made is not taken."""
    members = dict(members)
    host.asked.grant = "payments:1"
    host.pay(key, members.pop("wei", 0), **members)
    assert [] == host.offered()
    assert () == grants.read(host.store, host.wallet_id)


def test_nothing_is_offered_to_whoever_is_not_paired(host: Spender, key: str) -> None:
    """Nor does a grant serve them: anybody can start a host and say to be that extension."""
    given(host, key)
    paired = host.pairing
    host.pairing = None  # type: ignore[assignment]
    assert host.pay(key, 1)
    assert [] == host.offered()
    host.pairing = paired
    assert not host.pay(key, 1)


def test_a_grant_allows_up_to_its_amount_fees_with_it(host: Spender, key: str) -> None:
    """And not a wei more; what is over is asked about, and the audit names the grant."""
    given(host, key)
    (grant,) = grants.read(host.store, host.wallet_id)
    assert {NATIVE: 4 * ETH // 100} == grant.amounts
    assert not host.pay(key, 2 * ETH // 100)
    assert host.pay(key, 2 * ETH // 100 - 2 * FEE + 1)
    assert not host.pay(key, 2 * ETH // 100 - 2 * FEE)
    assert host.pay(key, 0)
    rules = {one.entry.rule for one in entries(host.store) if one.entry and one.entry.approved_by == "grant"}
    assert {f"grant: {grant.grant_id}"} == rules


def test_five_times_as_much(host: Spender, key: str) -> None:
    given(host, key, offer="payments:5")
    assert {NATIVE: 20 * ETH // 100} == grants.read(host.store, host.wallet_id)[0].amounts


def test_a_grant_of_tokens_bounds_the_fees_too(host: Spender, key: str) -> None:
    """So that an extension cannot burn the coins."""
    host.asked.grant = "payments:5"
    host.send(key, 2_500_000)
    assert not host.send(key, 15_000_000)
    assert host.send(key, 1)
    dear: dict[str, Any] = {"gasPrice": hex(10**12), "to": USDC, "input": "0xa9059cbb" + TO[2:].rjust(64, "0") + f"{1:064x}"}
    host.clock += 25 * HOUR_MS
    given(host, key, to=USDC, wei=0, input=dear["input"])
    assert host.pay(key, **dear)


@pytest.mark.parametrize(("hours", "asked"), [(7, False), (8, True), (1000, True), (-1000, False)])
def test_a_grant_ends_after_eight_hours(host: Spender, key: str, hours: int, *, asked: bool) -> None:
    """A clock that is set back makes it no younger, and gives nothing back."""
    given(host, key)
    assert not host.pay(key, 4 * ETH // 100 - 2 * FEE - 1)
    host.clock += hours * HOUR_MS
    assert asked == host.pay(key, 1)
    assert host.pay(key, 1)


OTHERS: dict[str, dict[str, Any]] = {
    "another page": {"page": "https://app.example.evil"},
    "no page": {"page": None},
    "another chain": {"page": PAGE, "chain": "eip155:137"},
}


@pytest.mark.parametrize("members", OTHERS.values(), ids=OTHERS.keys())
def test_a_grant_is_for_what_it_says(host: Spender, key: str, members: dict[str, Any]) -> None:
    given(host, key, page=PAGE)
    assert host.pay(key, 1, **members)
    assert not host.pay(key, 1, page=PAGE)


def test_a_grant_of_the_extension_serves_no_page(host: Spender, key: str) -> None:
    """What was allowed where no page was named is not for a page that asks through the extension."""
    given(host, key)
    assert host.pay(key, 1, page=PAGE)
    assert not host.pay(key, 1)


def test_a_grant_is_one_pairing_s_one_origin_s_one_key_s_and_one_wallet_s(host: Spender, key: str) -> None:
    """A pairing that was revoked and made anew is another."""
    given(host, key)
    other = host.key()
    assert host.pay(other, 1)
    for name, value in (("pairing", b"q" * 16), ("origin", "chrome-extension://ponmlkjihgfedcbaponmlkjihgfedcba/")):
        mine = getattr(host, name)
        setattr(host, name, value)
        assert host.pay(key, 1)
        setattr(host, name, mine)
    host.wallet_id = b"x" * 16
    assert () == grants.read(host.store, host.wallet_id)


def test_a_grant_is_suspended_while_the_extension_is_another(host: Spender, key: str) -> None:
    """It stands, and is good again once the files are what they were."""
    installed(host, "one")
    given(host, key)
    assert not host.pay(key, 1)
    installed(host, "another")
    assert host.pay(key, 1)
    assert 1 == len(grants.read(host.store, host.wallet_id))
    installed(host, "one")
    assert not host.pay(key, 1)


def test_a_grant_outlives_a_lock(host: Spender, key: str, tmp_path: Path) -> None:
    """Unlike one of uses, which is in a host's memory; a locked keystore signs nothing for it."""
    given(host, key)
    host.call("lock")
    with pytest.raises(KmsError):
        host.pay(key, 1)
    host.call("unlock")
    assert not host.pay(key, 1)
    other = Spender(tmp_path)
    assert not other.pay(key, 1)
    other.end()


def test_a_grant_of_a_destroyed_key_is_worth_nothing(host: Spender, key: str) -> None:
    given(host, key)
    host.call("destroyKey", keyId=key)
    with pytest.raises(KeyState):
        host.pay(key, 1)


def test_limits_come_first(host: Spender, key: str) -> None:
    """A grant exceeds none, and what it pays counts."""
    given(host, key, ETH)
    limit = Limit(limit_id="a1", amount=ETH, asset=NATIVE, window=DAY)
    host.limit(limit)
    assert not host.pay(key, ETH // 2)
    with pytest.raises(PolicyDenied, match="The limit of 1 ETH"):
        host.pay(key, ETH // 2)
    assert not host.pay(key, ETH // 2 - 2 * FEE)


def test_what_is_to_be_typed_is_asked_in_spite_of_a_grant(host: Spender, key: str) -> None:
    given(host, key, ETH)
    host.set(Limits(thresholds=(Threshold(asset=NATIVE, amount=ETH // 2),)))
    assert not host.pay(key, ETH // 4)
    assert host.pay(key, ETH // 2)
    assert host.asked.typed is not None


def test_a_grant_that_is_taken_back_meanwhile_pays_nothing(host: Spender, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor one that another host used up: it is looked at again in the transaction that signs."""
    given(host, key)
    kept = grants.read(host.store, host.wallet_id)
    host.keep(())
    with monkeypatch.context() as patched:
        patched.setattr(grants, "find", lambda *_: kept[0])
        with pytest.raises(PolicyDenied, match="Ask again"):
            host.pay(key, 1)
    host.keep(kept)
    assert not host.pay(key, 4 * ETH // 100 - FEE)
    with monkeypatch.context() as patched:
        patched.setattr(grants, "find", lambda *_: kept[0])
        with pytest.raises(PolicyDenied, match="Ask again"):
            host.pay(key, 1)


def test_a_refused_payment_gives_no_grant(host: Spender, key: str) -> None:
    """Nor one that fails."""
    host.asked.refuses, host.asked.grant = True, "payments:1"
    with pytest.raises(KmsError):
        host.pay(key, 1)
    host.asked.refuses = False
    host.limit(Limit(limit_id="a1", amount=1, asset=NATIVE, window=DAY))
    with pytest.raises(PolicyDenied):
        host.pay(key, 1)
    assert () == grants.read(host.store, host.wallet_id)


def test_grants_edited_in_the_file_are_refused(host: Spender, key: str) -> None:
    """Never taken for none, nor for what they say."""
    given(host, key)
    with sqlite3.connect(host.path) as connection:
        connection.execute("UPDATE documents SET sealed = zeroblob(length(sealed))")
    connection.close()
    with pytest.raises(CannotUnseal):
        host.pay(key, 1)


def test_there_are_only_so_many(host: Spender, key: str) -> None:
    """The oldest make room."""
    for number in range(grants.MOST_GRANTS + 3):
        given(host, key, 1, page=f"https://{number}.example")
    kept = grants.read(host.store, host.wallet_id)
    assert (grants.MOST_GRANTS, "https://66.example") == (len(kept), kept[-1].page)


ROUNDED = {1: 1, 9: 9, 10: 10, 11: 20, 99: 100, 100: 100, 43: 50, 950: 1000, 10**18 + 1: 2 * 10**18, HIGHEST: 2 * 10**77}


@pytest.mark.parametrize("amount", ROUNDED)
def test_rounding_goes_up_to_one_digit(amount: int) -> None:
    """Exactly, whatever its size; never down."""
    assert ROUNDED[amount] == rounded_up(amount)


def test_a_token_s_whole_supply_is_no_overflow(host: Spender, key: str) -> None:
    """Nothing is above 2 to the power of 256."""
    host.asked.grant = "payments:5"
    host.send(key, HIGHEST)
    assert HIGHEST == grants.read(host.store, host.wallet_id)[0].amounts[TOKEN]
    assert not host.send(key, HIGHEST)
    assert host.send(key, 1)
