"""Limits over a real keystore: what they allow, for whom, until when; and that nothing that an extension, a clock or a file says gets past them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.json import encode

from native_host.approval.approver import Verdict
from native_host.audit import entries
from native_host.errors import CannotUnseal, PolicyDenied
from native_host.kek import counters
from native_host.keystore.evidence import ChangedOutside
from native_host.keystore.records import Metadata
from native_host.operations import ledger, limits, records
from native_host.policy.limits import Limit, Limits, Threshold, account_of, to_type
from native_host.review import effects_bitcoin
from native_host.review.assets import BITCOIN, HIGHEST, SOLANA
from native_host.review.effect import Effect, Movement
from tests import psbts
from tests.homes import b64
from tests.parts import file_counter
from tests.parts.spending import DAY, ETH, FEE, NATIVE, START, TO, TOKEN, USDC, Spender

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
PAGE = "https://app.example"


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(counters, "PLACES", {})
    file_counter.install(tmp_path / "places")
    (tmp_path / "places").mkdir()
    return tmp_path / "places"


@pytest.fixture
def host(tmp_path: Path, places: Path) -> Iterator[Spender]:
    host = Spender(tmp_path)
    yield host
    host.end()


@pytest.fixture
def key(host: Spender) -> str:
    return host.key()


def limit(amount: int = ETH, asset: str | None = NATIVE, **members: Any) -> Limit:
    return Limit(limit_id=members.pop("limit_id", "a1"), amount=amount, asset=asset, window=members.pop("window", DAY), **members)


def refused(host: Spender, *arguments: Any, **members: Any) -> str:
    with pytest.raises(PolicyDenied) as error:
        host.pay(*arguments, **members)
    return str(error.value)


def test_a_limit_counts_amount_and_fee(host: Spender, key: str) -> None:
    """Up to the last wei, whatever the person says, and says when it is free again."""
    host.limit(limit())
    assert host.pay(key, ETH // 2)
    assert host.pay(key, ETH // 2 - 2 * FEE)
    text = refused(host, key, 1)
    assert "The limit of 1 ETH on Ethereum a day with any key of this wallet allows this not before 22 September 2026, " in text
    assert "strongroom limits" in text
    assert 2 == host.asked.times
    assert "limit: a1" == host.rule
    host.clock += DAY_MS
    refused(host, key, 1)
    host.clock += 2 * HOUR_MS
    assert host.pay(key, ETH - FEE)


def test_more_than_a_limit_is_never_allowed(host: Spender, key: str) -> None:
    """And it says so."""
    host.limit(limit())
    assert "allows this not at all" in refused(host, key, ETH)
    assert "allows this not at all" in refused(host, key, 2**255)


def test_what_a_denied_call_would_have_spent_is_not_spent(host: Spender, key: str) -> None:
    """Nor what the person refused."""
    host.limit(limit())
    refused(host, key, 2 * ETH)
    host.asked.refuses = True
    with pytest.raises(Exception, match="said no"):
        host.pay(key, ETH // 2)
    host.asked.refuses = False
    host.pay(key, ETH - FEE)


UNBOUNDED: dict[str, dict[str, Any]] = {
    "an unknown call": {"to": USDC, "input": "0x12345678"},
    "an allowance": {"to": USDC, "input": "0x095ea7b3" + TO[2:].rjust(64, "0") + "f" * 64},
    "a contract that is not listed": {"to": f"0x{'33' * 20}", "input": "0xa9059cbb" + TO[2:].rjust(64, "0") + "0" * 64},
}


@pytest.mark.parametrize("members", UNBOUNDED.values(), ids=UNBOUNDED.keys())
def test_what_cannot_be_counted_is_refused_under_a_limit_of_its_chain(host: Spender, key: str, members: dict[str, Any]) -> None:
    """It says how to lift the limit; under one of another chain it is nobody's affair."""
    host.limit(limit())
    assert "cannot be counted. To sign it, take the limit away: strongroom limits remove a1" in refused(host, key, **members)
    host.limit(limit(asset="eip155:10/slip44:60"), limit(asset=BITCOIN, limit_id="a2"), limit(asset=SOLANA, limit_id="a3"))
    assert host.pay(key, **members)


def test_an_allowance_can_be_ended_under_a_limit(host: Spender, key: str) -> None:
    """It would be a poor limit that kept somebody from that."""
    host.limit(limit())
    assert host.pay(key, to=USDC, input="0x095ea7b3" + TO[2:].rjust(64, "0") + "0" * 64)


def test_raw_bytes_are_not_signed_past_a_limit(host: Spender, key: str) -> None:
    """They can be the preimage of a transaction, of every chain whose keys are of that kind."""
    other, third = host.key("Ed25519"), host.key("ES256")
    for asset, keys in ((NATIVE, (key,)), (BITCOIN, (key,)), (SOLANA, (other,))):
        host.limit(limit(asset=asset))
        for one in keys:
            with pytest.raises(PolicyDenied, match="cannot be counted"):
                host.ask("sign", keyId=one, data=b64(b"x"))
        host.ask("sign", keyId=third, data=b64(b"x"))
        host.ask("signMessage", keyId=key, format="eip191", message=b64(b"hello"))
    host.limit(limit(asset=SOLANA))
    host.ask("sign", keyId=key, data=b64(b"x"))


def test_typed_data_that_names_no_chain_comes_under_every_limit(host: Spender, key: str) -> None:
    """Its signature is good on each."""

    def sign(**domain: int) -> None:
        types = {"T": [{"name": "a", "type": "uint256"}], "EIP712Domain": [{"name": name, "type": "uint256"} for name in domain]}
        host.ask("signTypedData", keyId=key, typedData={"types": types, "primaryType": "T", "domain": domain, "message": {"a": "1"}})

    host.limit(limit(asset="eip155:10/slip44:60"))
    with pytest.raises(PolicyDenied):
        sign()
    with pytest.raises(PolicyDenied):
        sign(chainId=10)
    sign(chainId=1)


def test_a_limit_of_a_key_is_one_of_its_account(host: Spender) -> None:
    """Under whatever name the same key pair comes, by whatever algorithm; another key is not bound."""
    seed = seed_of(host)
    path = "m/44'/60'/0'/0/0"
    one, again = (str(host.call("deriveKey", keyId=seed, path=path, alg=alg).key_id) for alg in ("ES256K", "ES256K-R"))
    other = str(host.call("deriveKey", keyId=seed, path="m/44'/60'/0'/0/1", alg="ES256K").key_id)
    host.limit(limit(key_id=one, account=account_of(view_of(host, one)), seed=seed))
    host.pay(one, ETH - 2 * FEE)
    refused(host, again, 1)
    host.pay(other, 5 * ETH)


def test_a_limit_of_a_seed_is_one_of_what_is_derived_from_it(host: Spender) -> None:
    """Together, whenever it is derived."""
    seed = seed_of(host)
    host.limit(limit(key_id=seed))
    one, two = (str(host.call("deriveKey", keyId=seed, path=f"m/44'/60'/0'/0/{number}", alg="ES256K").key_id) for number in range(2))
    host.pay(one, ETH // 2)
    host.pay(two, ETH // 2 - 2 * FEE)
    refused(host, one, 1)
    host.pay(host.key(), 5 * ETH)


def test_a_limit_of_a_page_is_on_the_extensions_word(host: Spender, key: str) -> None:
    """It binds what is said to come from that page, and nothing else: so it stops no extension that lies."""
    host.limit(limit(page=PAGE))
    host.pay(key, ETH - FEE, page=PAGE)
    assert "for the site https://app.example" in refused(host, key, 1, page=PAGE)
    host.pay(key, ETH, page="https://app.example.evil")
    host.pay(key, ETH)


def test_a_limit_of_another_wallet_binds_nobody_here(host: Spender, key: str) -> None:
    """Wallets share nothing."""
    mine, host.wallet_id = host.wallet_id, b"x" * 16
    host.limit(limit(amount=1))
    host.wallet_id = mine
    host.pay(key, 5 * ETH)


def test_tokens_are_counted_each_for_itself(host: Spender, key: str) -> None:
    """The fee of a token's payment counts as coins."""
    host.limit(limit(100, TOKEN), limit(3 * FEE, limit_id="a2"))
    host.send(key, 60)
    with pytest.raises(PolicyDenied, match=r"0\.0001 USDC on Ethereum"):
        host.send(key, 60)
    host.send(key, 40)
    host.pay(key)
    with pytest.raises(PolicyDenied, match="ETH on Ethereum"):
        host.send(key, 0)


def test_signatures_are_counted(host: Spender, key: str) -> None:
    """Of every kind, until an hour has gone by; not what is no signature."""
    host.limit(limit(3, None, window=3600))
    host.ask("sign", keyId=key, data=b64(b"x"))
    host.ask("signMessage", keyId=key, format="eip191", message=b64(b"x"))
    host.pay(key, to=USDC, input="0x12345678")
    with pytest.raises(PolicyDenied, match="3 signatures an hour with any key of this wallet"):
        host.ask("sign", keyId=key, data=b64(b"x"))
    host.clock += HOUR_MS + HOUR_MS // 90
    host.ask("sign", keyId=key, data=b64(b"x"))


@pytest.mark.parametrize("back", [1, DAY_MS, START])
def test_a_clock_that_is_set_back_frees_nothing(host: Spender, key: str, back: int) -> None:
    """Nor does one that is set back and forth."""
    host.limit(limit())
    host.pay(key, ETH - FEE)
    host.clock -= back
    refused(host, key, 1)
    host.clock += back + DAY_MS - 1
    refused(host, key, 1)


def test_what_left_in_a_day_is_told_to_policy(host: Spender, key: str) -> None:
    """By asset, for each key pair by itself, with and without limits."""
    other = host.key()
    host.pay(key, ETH)
    host.send(key, 7)
    host.pay(other, 1)
    assert {NATIVE: ETH + 2 * FEE, TOKEN: 7} == spent(host, key)
    host.clock += DAY_MS // 2
    host.pay(key, 5)
    assert {NATIVE: ETH + 3 * FEE + 5, TOKEN: 7} == spent(host, key)
    host.clock += DAY_MS // 2 + HOUR_MS
    assert {NATIVE: FEE + 5} == spent(host, key)


def test_what_left_a_seed_is_counted_with_what_is_derived_from_it(host: Spender) -> None:
    """As limits count: a policy that permits so much of each permits it once of a seed with its accounts, and of each account with its seed."""
    seed, coins = seed_of(host), Movement(asset=NATIVE, amount=5, recipient=TO)
    one, two = (str(host.call("deriveKey", keyId=seed, path=f"m/44'/60'/0'/0/{number}", alg="ES256K").key_id) for number in range(2))
    host.pay(one, ETH)
    host.send(two, 7)
    assert {NATIVE: ETH + FEE} == spent(host, one)
    assert {NATIVE: ETH + 2 * FEE, TOKEN: 7} == spent(host, seed)
    with host.store.transaction():
        view = view_of(host, seed)
        ledger.note(host.store, host.wallet_id, view, Effect(chain="eip155:1", native=NATIVE, movements=(coins,)), host.clock)
        host.house.audit.happened("strongroom:person", "a signature by the seed", "")
    assert {NATIVE: ETH + FEE + 5} == spent(host, one)
    assert {NATIVE: FEE + 5, TOKEN: 7} == spent(host, two)
    assert {NATIVE: ETH + 2 * FEE + 5, TOKEN: 7} == spent(host, seed)
    host.clock += DAY_MS + HOUR_MS
    assert [{}, {}, {}] == [spent(host, key) for key in (one, two, seed)]


def test_tokens_by_the_thousand_do_not_crowd_out_what_matters(host: Spender, key: str) -> None:
    """Whoever asks can name any token; of those that are not listed only some are kept, and the keystore's document stays small."""
    for number in range(90):
        host.send(key, 1, token=f"0x{number + 1:040x}")
    host.send(key, 7)
    found = spent(host, key)
    assert (7, 91 * FEE) == (found[TOKEN], found[NATIVE])
    assert len(found) < 70
    (size,) = host.store.connection.execute("SELECT max(length(sealed)) FROM documents").fetchone()
    assert size < 20_000


def test_millions_of_tiny_payments_stay_small(host: Spender, key: str) -> None:
    """A granule is one number, however many payments are in it."""
    host.limit(limit())
    for _ in range(200):
        host.clock += 1_000_000
        host.pay(key, 1)
    (size,) = host.store.connection.execute("SELECT max(length(sealed)) FROM documents").fetchone()
    assert size < 6000


# what changes it from outside


def test_a_row_of_before_does_not_bring_back_what_was_spent(host: Spender, key: str, tmp_path: Path) -> None:
    """Put in place of the present one, it is refused, and with it every signature that would be counted."""
    host.limit(limit())
    host.pay(key, ETH // 2)
    rows = host.store.connection.execute("SELECT * FROM documents").fetchall()
    host.pay(key, ETH // 2 - 2 * FEE)
    with sqlite3.connect(host.path) as connection:
        connection.executemany("INSERT OR REPLACE INTO documents VALUES (?, ?, ?)", rows)
    connection.close()
    with pytest.raises(CannotUnseal):
        host.pay(key, 1)


def test_a_limit_that_is_taken_out_of_the_file_is_missed(host: Spender, key: str) -> None:
    """No signature is made without knowing it, raw ones neither."""
    host.limit(limit())
    with sqlite3.connect(host.path) as connection:
        connection.execute("DELETE FROM documents")
    connection.close()
    with pytest.raises(CannotUnseal):
        host.pay(key, 1)
    with pytest.raises(CannotUnseal):
        host.ask("sign", keyId=key, data=b64(b"x"))


def test_an_older_copy_of_the_file_does_not_bring_back_what_was_spent(host: Spender, key: str, tmp_path: Path) -> None:
    """Every charge raises the counter outside of it, at once, so that the copy is noticed when it is opened."""
    host.call("lock")
    host.call("unlock")
    host.limit(limit())
    copy = tmp_path / "copy.db"
    host.store.connection.execute(f"VACUUM INTO '{copy}'")
    before = file_counter.value()
    host.pay(key, ETH - FEE)
    assert file_counter.value() > before
    kill(host)
    for name in ("", "-wal", "-shm"):
        Path(f"{host.path}{name}").unlink(missing_ok=True)
    copy.rename(host.path)
    other = Spender(tmp_path, opened=False)
    other.person.deny(title="changed outside", times=1)
    with pytest.raises(ChangedOutside):
        other.call("unlock")
    other.end()


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"limits":5}', b'{"limits":[{"limit_id":"a"}]}', b"\xff", b'{"limits":' + b"[" * 5000])
def test_limits_that_cannot_be_read_refuse_every_signature(host: Spender, key: str, content: bytes) -> None:
    """Never taken for none."""
    with host.store.transaction():
        host.store.write_document(content, "limits", host.wallet_id)
        host.house.audit.happened("strongroom:person", "limits", "")
    for ask in (lambda: host.pay(key, 1), lambda: host.ask("sign", keyId=key, data=b64(b"x"))):
        with pytest.raises(CannotUnseal):
            ask()


def test_a_ledger_that_cannot_be_read_refuses_what_is_counted(host: Spender, key: str) -> None:
    host.limit(limit())
    with host.store.transaction():
        host.store.write_document(b'{"newest":"soon"}', "ledger", host.wallet_id)
        host.house.audit.happened("strongroom:person", "limits", "")
    with pytest.raises(CannotUnseal):
        host.pay(key, 1)


def test_two_hosts_share_what_is_spent(host: Spender, key: str, tmp_path: Path) -> None:
    """Each sees at once what the other signed; and what was allowed when it was described is looked at again when it is signed."""
    other = Spender(tmp_path)
    host.limit(limit())
    host.pay(key, ETH // 2)

    class Racing:
        """While the person thinks, the other host pays."""

        def review(self, *_: Any) -> Any:
            other.pay(key, ETH // 2 - 2 * FEE)
            return Verdict()

    host.asked = Racing()  # type: ignore[assignment]
    with pytest.raises(PolicyDenied, match="allows this not before"):
        host.ask("signTransaction", keyId=key, chain="eip155:1", transaction={"nonce": "0x0", "gas": "0x5208", "gasPrice": "0x1", "to": TO, "value": hex(ETH // 4)})  # fmt: skip
    denied = [one.entry for one in entries(host.store) if one.entry and one.entry.outcome == "policy_denied"]
    assert ["person"] == [one.approved_by for one in denied]
    other.end()


def test_what_fails_is_not_charged(host: Spender, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The charge is undone with the signature that it was for."""
    from native_host.operations import transactions

    host.limit(limit())
    with monkeypatch.context() as patched:
        patched.setattr(transactions, "sign", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            host.pay(key, ETH // 2)
    host.pay(key, ETH - FEE)


def test_a_limit_that_is_gone_takes_its_count_along(host: Spender, key: str) -> None:
    """One that is only changed keeps it."""
    host.limit(limit())
    host.pay(key, ETH - FEE)
    host.limit(limit(ETH + ETH // 2))
    refused(host, key, ETH)
    host.pay(key, ETH // 4)
    host.limit()
    host.limit(limit())
    host.pay(key, ETH - FEE)


# amounts that are typed


OTHERS = psbts.Spend(psbts.elsewhere(number=5), 70_000)


def test_an_amount_above_a_threshold_is_typed(host: Spender, key: str) -> None:
    """Without the fee, though the fee counts towards the threshold, and in the measure of the asset."""
    host.set(Limits(thresholds=(Threshold(asset=NATIVE, amount=ETH),)))
    host.pay(key, ETH - FEE - 1)
    assert (None, None) == typed(host)
    host.pay(key, ETH - FEE)
    assert ("0.999979", "Type the amount in ETH: 0.999979") == typed(host)
    assert "an amount to be typed" == host.rule


@pytest.mark.parametrize(
    ("spends", "pays", "expected"),
    [
        ([psbts.Spend(psbts.mine(), 60_000), OTHERS], [psbts.Pay(psbts.mine(below="1/0"), 59_900, known=True)], "0.0006"),
        ([psbts.Spend(psbts.mine(), 60_000), OTHERS], [psbts.Pay(psbts.mine(below="1/0"), 100_000, known=True)], "0.0006"),
        ([psbts.Spend(psbts.mine(), 60_000, sighash=3)], [psbts.Pay(psbts.mine(below="1/0"), 59_900, known=True)], "0.0006"),
        ([psbts.Spend(psbts.mine(), 60_000)], [psbts.Pay(psbts.mine(below="1/0"), 59_900, known=True)], None),
        ([psbts.Spend(psbts.mine(), 60_000)], [psbts.Pay(psbts.elsewhere(), 59_900)], "0.000599"),
        ([psbts.Spend(psbts.mine(), 40_000), OTHERS], [psbts.Pay(psbts.elsewhere(), 59_900)], None),
    ],
    ids=["others spend too", "to one's gain", "one output only", "one's own", "a payment", "below it"],
)
def test_of_a_transaction_of_several_all_that_is_given_is_typed(
    spends: list[psbts.Spend], pays: list[psbts.Pay], expected: str | None
) -> None:
    """What comes back is set off against it by whoever made the PSBT, and they can have it signed in parts."""
    made = psbts.make(spends, pays)
    effect = effects_bitcoin.effect(psbts.checked_of(made), psbts.spending_of(made))
    found = to_type((Threshold(asset=BITCOIN, amount=50_000),), effect)
    assert expected == (None if found is None else found.expected)


def test_what_is_typed_of_tokens_and_of_any_amount(host: Spender, key: str) -> None:
    """Also where the amount only might leave; without a bound, there is no number to type."""
    unlisted = f"0x{'33' * 20}"
    rows = (Threshold(asset=TOKEN, amount=1_000_000), Threshold(asset=f"eip155:1/erc20:{unlisted}", amount=5))
    host.set(Limits(thresholds=rows))
    for amount, expected in ((2_500_000, "2.5"), (HIGHEST, "any")):
        host.pay(key, to=USDC, input="0x095ea7b3" + TO[2:].rjust(64, "0") + f"{amount:064x}")
        assert host.asked.typed is not None
        assert expected == host.asked.typed.expected
        assert host.asked.typed.prompt.endswith(f": {expected}")
    host.send(key, 7, token=unlisted)
    assert host.asked.typed is not None
    assert f"Type the amount in units of eip155:1/erc20:{unlisted}: 7" == host.asked.typed.prompt


def test_documents_hold_numbers_of_any_size(host: Spender) -> None:
    """Of more bits than MessagePack has."""
    host.limit(limit(HIGHEST))
    assert HIGHEST == limits.read(host.store, host.wallet_id).limits[0].amount
    assert str(HIGHEST).encode() in encode(limits.read(host.store, host.wallet_id))


def typed(host: Spender) -> tuple[str | None, str | None]:
    asked = host.asked.typed
    return (None, None) if asked is None else (asked.expected, asked.prompt)


def seed_of(host: Spender) -> str:
    """A seed whose words were written down."""
    record_id = host.house.random_bytes(16)
    metadata = Metadata(alg="SEED", usages=("deriveKey",), provenance="imported", state="active", created_at=0)
    with host.store.transaction():
        host.store.insert(record_id, host.store.owner_of(host.wallet_id), metadata, bytearray(range(64)), None)
        host.house.audit.happened("strongroom:person", "seed", "")
    return b64(record_id)


def spent(host: Spender, key: str) -> dict[str, int]:
    return ledger.spent(host.store, host.wallet_id, view_of(host, key), host.clock)


def view_of(host: Spender, key: str) -> Any:
    return records.key_view(records.find(host.store, host.session, key))


def kill(host: Spender) -> None:
    """The host is gone without a word to the counter."""
    host.approver.close()
    host.store._wipe()
    host.store.connection.close()
