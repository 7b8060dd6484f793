"""Limits in real hosts: two that race, one that is killed, a file that is put back, an amount that is typed."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest

from native_host.audit import Audit, entries
from native_host.kek import counters
from native_host.operations import ledger, limits
from native_host.operations.policies import schema
from native_host.operations.replaying import replay
from native_host.policy.cedar import load
from native_host.policy.limits import Limit, Limits, Threshold
from native_host.policy.meters import Ledger
from native_host.testing.port import HostError, Pending, Port, PortClosed
from tests.homes import Home, unlock
from tests.parts import file_counter

ETH = 10**18
NATIVE = "eip155:1/slip44:60"
TO = f"0x{'11' * 20}"
GAS, PRICE = 21_000, 10**9
FEE = GAS * PRICE
LIMIT = Limit(limit_id="a1", amount=ETH, asset=NATIVE, window=86_400)


def set_limits(home: Home, *rows: Limit, thresholds: tuple[Threshold, ...] = ()) -> None:
    """As ``strongroom limits set`` does, while hosts run."""
    with home.store() as store:
        unlock(store)
        with store.transaction():
            limits.write(store, store.wallets()[0][0], Limits(limits=rows, thresholds=thresholds))
            Audit(store).happened("strongroom:person", "setLimit", "")


def spent(home: Home) -> int:
    """What counts under the limit."""
    with home.store() as store:
        unlock(store)
        book: Ledger = ledger.read(store, store.wallets()[0][0])
        return book.total("limit:a1", book.newest)


def begin(port: Port, key: str, wei: int) -> Pending:
    transaction = {"nonce": "0x0", "gas": hex(GAS), "gasPrice": hex(PRICE), "to": TO, "value": hex(wei)}
    return port.begin("signTransaction", {"keyId": key, "chain": "eip155:1", "transaction": transaction})


def pay(port: Port, key: str, wei: int) -> dict[str, Any]:
    result: dict[str, Any] = begin(port, key, wei).result()
    return result


def refused(port: Port, key: str, wei: int) -> HostError:
    with pytest.raises(HostError) as error:
        pay(port, key, wei)
    return error.value


def new_key(port: Port) -> str:
    key_id: str = port.request("generateKey", {"alg": "ES256K"})["keyId"]
    return key_id


def test_a_limit_that_is_set_while_a_host_runs_binds_it_at_once(home: Home) -> None:
    """The caller is told which limit, in words with units, and when it is free again; the person is not asked."""
    port = home.open()
    key = new_key(port)
    pay(port, key, ETH)
    set_limits(home, LIMIT)
    pay(port, key, ETH // 2)
    before = len(home.approver.asked)
    error = refused(port, key, ETH // 2)
    assert ("policy_denied", before) == (error.reason, len(home.approver.asked))
    assert "The limit of 1 ETH on Ethereum a day with any key of this wallet allows this not before" in error.message
    assert ETH // 2 + FEE == spent(home)


def payments(home: Home) -> list[tuple[str, str]]:
    """Who allowed each payment of the record, and how it ended."""
    with home.store() as store:
        unlock(store)
        found = [one.entry for one in entries(store) if one.entry is not None]
    return [(entry.approved_by, entry.outcome) for entry in found if entry.method == "signTransaction"]


def test_a_payment_under_limits_stands_once_in_the_record(home: Home) -> None:
    """Whatever else changes with it in the keystore: the limit's count, what the key spent, and what is remembered of a request."""
    port = home.open()
    key = new_key(port)
    set_limits(home, LIMIT)
    for number in range(3):
        pay(port, key, 1 + number)
    assert [("person", "done")] * 3 == payments(home)
    with home.store() as store:
        unlock(store)
        calls = [one.entry.method for one in replay(store, load([], schema()), None)]
        rows = store.connection.execute("SELECT count(*) FROM audit").fetchone()[0]
        assert rows > len(list(entries(store)))
    assert ["generateKey", *["signTransaction"] * 3] == calls


def test_two_hosts_that_race_exceed_nothing(home: Home) -> None:
    """Each has approvals for all that is left; together they sign no more than the limit."""
    ports = [home.open(), home.open()]
    key = new_key(ports[0])
    set_limits(home, LIMIT)
    amount = ETH // 3 - FEE
    waiting = [begin(port, key, amount) for _ in range(4) for port in ports]
    done, denied = 0, set()
    for one in waiting:
        try:
            one.result()
            done += 1
        except HostError as error:
            denied.add(error.reason)
    assert (3, {"policy_denied"}) == (done, denied)
    assert 3 * (amount + FEE) == spent(home)


def test_an_approval_is_worth_what_is_left_when_it_is_given(home: Home) -> None:
    """While the person looks at one window, another host spends the rest; the yes signs nothing then."""
    one, other = home.open(), home.open()
    key = new_key(one)
    set_limits(home, LIMIT)
    gate = home.approver.hold(kind="review", method="signTransaction", times=1)
    waiting = begin(one, key, ETH // 2)
    home.approver.wait_for(kind="review", method="signTransaction")
    with home.store() as store:
        unlock(store)
        wallet_id = store.wallets()[0][0]
        with store.transaction():
            book = ledger.read(store, wallet_id)
            from msgspec.json import encode

            store.write_document(encode(book.charged({"limit:a1": (ETH, 86_400_000)}, book.now(store.now()))), "ledger", wallet_id)
            Audit(store).happened("strongroom:person", "a test", "")
    gate.release()
    with pytest.raises(HostError) as error:
        waiting.result()
    assert "policy_denied" == error.value.reason
    assert [("person", "policy_denied")] == payments(home)
    assert "policy_denied" == refused(other, key, 1).reason


def test_killed_at_any_moment_nothing_is_signed_uncounted(home: Home) -> None:
    """kill -9 in the midst of payments: what was answered is counted, and the limit holds over all of them."""
    port = home.open()
    key = new_key(port)
    set_limits(home, LIMIT)
    amount, answered = ETH // 10 - FEE, 0
    for number in range(6):
        waiting = [begin(port, key, amount) for _ in range(4)]
        threading.Event().wait(0.03 * number)
        port.process.kill()
        port.process.wait()
        for one in waiting:
            try:
                one.result()
                answered += 1
            except (PortClosed, HostError):
                pass
        assert answered * (amount + FEE) <= spent(home) <= ETH
        port = home.open()
    ended = ""
    while not ended:
        try:
            pay(port, key, amount)
            answered += 1
        except HostError as error:
            ended = error.reason
    assert "policy_denied" == ended
    assert answered <= 10
    assert spent(home) == 10 * (amount + FEE)


def test_a_lock_gives_nothing_back(home: Home) -> None:
    """Nor does another host, or a new one."""
    port = home.open()
    key = new_key(port)
    set_limits(home, LIMIT)
    pay(port, key, ETH - FEE)
    port.request("lock")
    port.request("unlock")
    refused(port, key, 0)
    port.disconnect()
    refused(home.open(), key, 0)


def test_a_row_of_before_is_refused_by_a_host_that_runs(home: Home) -> None:
    """Whoever puts what was spent back into the file gets no signature by it; plain signing goes on where no limit is touched."""
    port = home.open()
    key = new_key(port)
    set_limits(home, LIMIT)
    pay(port, key, ETH // 2)
    with sqlite3.connect(home.database) as connection:
        rows = connection.execute("SELECT * FROM documents").fetchall()
    pay(port, key, ETH // 2 - 2 * FEE)
    with sqlite3.connect(home.database) as connection:
        connection.executemany("INSERT OR REPLACE INTO documents VALUES (?, ?, ?)", rows)
    connection.close()
    assert "cannot_unseal" == refused(port, key, 1).reason


@pytest.fixture
def places(home: Home, monkeypatch: pytest.MonkeyPatch) -> Path:
    """In the home, as a host reaches little else."""
    monkeypatch.setattr(counters, "PLACES", {})
    (home.folder / "places").mkdir()
    file_counter.install(home.folder / "places")
    return home.folder / "places"


def test_a_file_that_was_put_back_is_not_opened(home: Home, places: Path) -> None:
    """Each payment raised the counter outside of it, so that a copy of before is known for what it is, after a kill too."""
    with home.store() as store:
        unlock(store)
        counter = counters.counter_of(file_counter.KIND, None)  # type: ignore[arg-type]
        with store.transaction():
            parameters, value = counter.create(store.keys.store_id)
            store.keep_counter(file_counter.KIND, counter, parameters, value)
            store.append_audit(b"")
    command = [*file_counter.HOST, str(places), file_counter.KIND]
    port = home.open(command=command)
    key = new_key(port)
    set_limits(home, LIMIT)
    port.request("lock")
    port.request("unlock")
    copy = home.base / "copy.db"
    with home.store() as store:
        store.connection.execute(f"VACUUM INTO '{copy}'")
    pay(port, key, ETH - FEE)
    port.process.kill()
    port.process.wait()
    for name in ("", "-wal", "-shm"):
        Path(f"{home.database}{name}").unlink(missing_ok=True)
    shutil.copy(copy, home.database)
    port = home.greet(command=command)
    with pytest.raises(HostError) as error:
        port.request("unlock")
    assert "cannot_unseal" == error.value.reason


def test_an_amount_is_typed_or_nothing_is_signed(home: Home) -> None:
    """The number as it stands in the prompt; another one is a no."""
    port = home.open()
    key = new_key(port)
    set_limits(home, thresholds=(Threshold(asset=NATIVE, amount=ETH),))
    pay(port, key, ETH // 2)
    pay(port, key, 3 * ETH // 2)
    reviews = [ask for ask in home.approver.asked if ask["kind"] == "review"]
    assert ["typed" in ask for ask in reviews] == [False, True]
    assert {"prompt": "Type the amount in ETH: 1.5", "expected": "1.5"} == reviews[-1]["typed"]
    for typed in ("1.50", "1,5", "15", "", "1.5 ETH"):
        home.approver.allow(kind="review", method="signTransaction", typed=typed, times=1)
        assert "user_rejected" == refused(port, key, 3 * ETH // 2).reason
        home.approver.allow(kind="review", method="signTransaction", typed="1.5", times=1)
        pay(port, key, 3 * ETH // 2)
