"""Grants of payments in real hosts: given in the window to a paired extension, used without it, and by nobody else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from typing import Any

import pytest

from native_host.audit import entries
from native_host.testing.approver import PASSPHRASE
from native_host.testing.pairing import Pairing
from native_host.testing.port import HostError, Pending, Port, PortClosed
from tests.homes import ADDON, Home, origin_of, unb64, unlock

ETH = 10**18
GAS, PRICE = 21_000, 10**9
FEE = GAS * PRICE
PAGE = "https://app.example"


@pytest.fixture
def pairing(home: Home) -> Pairing:
    port = home.open()
    made = port.pair()
    port.disconnect()
    return made


def paired(home: Home, pairing: Pairing) -> Port:
    """A host whose channel is open."""
    port = home.greet()
    port.open_channel(pairing)
    port.request("unlock")
    return port


def begin(port: Port, key: str, wei: int, page: str | None = None) -> Pending:
    transaction = {"nonce": "0x0", "gas": hex(GAS), "gasPrice": hex(PRICE), "to": f"0x{'11' * 20}", "value": hex(wei)}
    named = {} if page is None else {"page": {"origin": page}}
    return port.begin("signTransaction", {"keyId": key, "chain": "eip155:1", "transaction": transaction, **named})


def pay(port: Port, key: str, wei: int, page: str | None = None) -> dict[str, Any]:
    result: dict[str, Any] = begin(port, key, wei, page).result()
    return result


def new_key(port: Port) -> str:
    key_id: str = port.request("generateKey", {"alg": "ES256K"})["keyId"]
    return key_id


def reviews(home: Home) -> list[dict[str, Any]]:
    return [ask for ask in home.approver.asked if ask["kind"] == "review" and ask["method"] == "signTransaction"]


def strongroom(home: Home, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "native_host.cli", *arguments, "--secret-from-stdin"],
        input=f"{PASSPHRASE}\n",
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **home.environ},
    )
    assert 0 == done.returncode, done.stderr
    return done.stdout


def give(home: Home, port: Port, key: str, wei: int = ETH // 10, page: str | None = None) -> None:
    """The person takes the first offer with a payment."""
    home.approver.grant(method="signTransaction", times=1)
    pay(port, key, wei, page)


def test_a_grant_is_given_in_the_window_and_pays_without_it(home: Home, pairing: Pairing) -> None:
    """Up to its amount, over locks and in every host of the extension; what is over is asked about; the person can list it and take it back."""
    port = paired(home, pairing)
    key = new_key(port)
    give(home, port, key, page=PAGE)
    (offer, _) = reviews(home)[-1]["grants"]
    assert (
        f"payments with this key that this site ({PAGE}, as the extension says) asks for, up to 0.2 ETH on Ethereum a day" in offer["text"]
    )
    pay(port, key, ETH // 20, PAGE)
    port.request("lock")
    port.request("unlock")
    pay(port, key, ETH // 20, PAGE)
    pay(paired(home, pairing), key, ETH // 20, PAGE)
    assert 1 == len(reviews(home))
    pay(port, key, ETH // 20, PAGE)
    pay(port, key, 1)
    assert 3 == len(reviews(home))
    (row,) = json.loads(strongroom(home, "grants", "list", "--json"))
    assert (origin_of(ADDON), PAGE, False) == (row["origin"], row["page"], row["suspended"])
    assert {"eip155:1/slip44:60": str(3 * (ETH // 20 + FEE))} == row["spent"]
    strongroom(home, "grants", "remove", row["id"])
    pay(port, key, 1, PAGE)
    assert 4 == len(reviews(home))
    with home.store() as store:
        unlock(store)
        rules = {one.entry.rule for one in entries(store) if one.entry and one.entry.approved_by == "grant"}
    assert {f"grant: {row['id']}"} == rules


def test_nobody_who_is_not_paired_gets_or_uses_one(home: Home) -> None:
    """Not even where attachment is enough to ask."""
    port = home.open()
    key = new_key(port)
    home.approver.grant(method="signTransaction", times=1)
    with pytest.raises(HostError) as error:
        pay(port, key, 1)  # there is no offer to take
    assert ("user_rejected", []) == (error.value.reason, reviews(home)[-1]["grants"])


def test_a_revoked_pairing_ends_its_grants(home: Home, pairing: Pairing) -> None:
    """A new pairing of the same extension is another one."""
    port = paired(home, pairing)
    key = new_key(port)
    give(home, port, key)
    pay(port, key, 1)
    assert 1 == len(reviews(home))
    strongroom(home, "pairings", "remove", unb64(pairing.pairing_id).hex())
    with pytest.raises(HostError) as error:
        pay(port, key, 1)
    assert "not_paired" == error.value.reason
    again = home.open()
    other = again.pair()
    again.disconnect()
    pay(paired(home, other), key, 1)
    assert 2 == len(reviews(home))


def test_two_hosts_that_race_use_up_one_grant_and_no_more(home: Home, pairing: Pairing) -> None:
    """With nobody to be asked between them."""
    ports = [paired(home, pairing) for _ in range(2)]
    key = new_key(ports[0])
    give(home, ports[0], key)
    home.approver.deny(kind="review", method="signTransaction")
    amount = ETH // 50 - FEE
    waiting = [begin(port, key, amount) for _ in range(8) for port in ports]
    done, reasons = 0, set()
    for one in waiting:
        try:
            one.result()
            done += 1
        except HostError as error:
            reasons.add(error.reason)
    assert reasons <= {"user_rejected", "policy_denied", "busy"}
    (row,) = json.loads(strongroom(home, "grants", "list", "--json"))
    assert (10, 10 * (amount + FEE)) == (done, int(row["spent"]["eip155:1/slip44:60"]))


def test_killed_at_any_moment_a_grant_has_paid_for_what_was_answered(home: Home, pairing: Pairing) -> None:
    """And is not worth more by it."""
    port = paired(home, pairing)
    key = new_key(port)
    give(home, port, key)
    home.approver.deny(kind="review", method="signTransaction")
    amount, answered = ETH // 100 - FEE, 0
    for number in range(5):
        waiting = [begin(port, key, amount) for _ in range(3)]
        threading.Event().wait(0.01 * number)
        port.process.kill()
        port.process.wait()
        for one in waiting:
            try:
                one.result()
                answered += 1
            except (PortClosed, HostError):
                pass
        port = paired(home, pairing)
    (row,) = json.loads(strongroom(home, "grants", "list", "--json"))
    assert answered * (amount + FEE) <= int(row["spent"]["eip155:1/slip44:60"]) <= 2 * ETH // 10
