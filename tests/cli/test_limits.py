"""``strongroom limits`` and ``strongroom grants``, as a person or a script runs them."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from native_host.policy.grants import PaymentGrant
from native_host.testing.approver import PASSPHRASE
from tests.cli.test_program import Program, program
from tests.homes import ADDON, Home, origin_of

__all__ = ["program"]


@pytest.fixture
def owner(home: Home, program: Program) -> Program:
    """With a keystore that is cheap to open."""
    program.environ["STRONGROOM_HOME"] = str(home.folder)
    return program


def listed(program: Program) -> dict[str, Any]:
    rows: dict[str, Any] = json.loads(program.says("limits", "list", "--json", secret=PASSPHRASE))
    return rows


def answer(program: Program, *arguments: str, typed: str) -> subprocess.CompletedProcess[str]:
    """The passphrase and then what is typed, on standard input."""
    return subprocess.run(
        [sys.executable, "-m", "native_host.cli", *arguments, "--secret-from-stdin"],
        input=f"{PASSPHRASE}\n{typed}\n",
        capture_output=True,
        text=True,
        check=False,
        env=program.environ,
    )


def test_a_limit_is_set_listed_and_removed(owner: Program) -> None:
    """What it says is what it is; and the record says that it was set."""
    said = owner.says("limits", "set", "--amount", "0.5 ETH", "--per", "day", secret=PASSPHRASE)
    assert "0.5 ETH on Ethereum a day with any key of this wallet" in said
    assert "Fees count" in said
    (row,) = listed(owner)["limits"]
    assert ("eip155:1/slip44:60", str(5 * 10**17), 86_400, "0") == tuple(row[name] for name in ("asset", "amount", "seconds", "spent"))
    assert f"{row['id']}  0.5 ETH on Ethereum a day" in owner.says("limits", "list", secret=PASSPHRASE)
    owner.says("limits", "remove", row["id"], "--yes", secret=PASSPHRASE)
    assert "There are no limits" in owner.says("limits", "list", secret=PASSPHRASE)
    record = owner.says("audit", "show", secret=PASSPHRASE)
    assert "setLimit" in record
    assert "removeLimit" in record


def test_a_limit_is_loosened_only_after_a_yes(owner: Program) -> None:
    """Tightened without; it stays the same limit."""
    for amount in ("0.5 ETH", "0.4 ETH"):
        owner.says("limits", "set", "--amount", amount, secret=PASSPHRASE)
    (row,) = listed(owner)["limits"]
    for arguments in (("limits", "set", "--amount", "0.6 ETH"), ("limits", "remove", row["id"])):
        for typed in ("n", ""):
            assert "Cancelled. Nothing was done." in answer(owner, *arguments, typed=typed).stderr
        assert "Cancelled. Nothing was done." in owner.run(*arguments, secret=PASSPHRASE).stderr
    assert [row] == listed(owner)["limits"]
    assert 0 == answer(owner, "limits", "set", "--amount", "0.6 ETH", typed="y").returncode
    (changed,) = listed(owner)["limits"]
    assert (row["id"], str(6 * 10**17)) == (changed["id"], changed["amount"])
    assert 0 == answer(owner, "limits", "remove", row["id"], typed="y").returncode


def test_what_is_typed(owner: Program) -> None:
    """Set, loosened after a yes, removed."""
    owner.says("limits", "set", "--type-above", "1 ETH", secret=PASSPHRASE)
    assert 1 == answer(owner, "limits", "set", "--type-above", "2 ETH", typed="n").returncode
    owner.says("limits", "set", "--type-above", "2 ETH", "--yes", secret=PASSPHRASE)
    (row,) = listed(owner)["thresholds"]
    assert (str(2 * 10**18), "from 2 ETH on Ethereum upwards, the amount is typed" in owner.says("limits", "list", secret=PASSPHRASE)) == (
        row["amount"],
        True,
    )
    owner.says("limits", "remove", row["id"], "--yes", secret=PASSPHRASE)
    assert {"limits": [], "thresholds": []} == listed(owner)


def test_limits_of_a_page_and_of_a_chain_say_what_they_are_worth(owner: Program) -> None:
    said = owner.says("limits", "set", "--amount", "1 ETH on eip155:8453", "--page", "HTTPS://App.Example:443/", secret=PASSPHRASE)
    assert "for the site https://app.example\n" in said
    assert "every transaction is refused" in said
    assert "rests on the extension's word" in said
    owner.says("limits", "set", "--amount", "10 signatures", "--per", "hour", secret=PASSPHRASE)
    assert 2 == len(listed(owner)["limits"])


REFUSED = (
    ("limits", "set"), ("limits", "set", "--amount", "0.5"), ("limits", "set", "--amount", "-1 ETH"), ("limits", "set", "--amount", "0 signatures"),
    ("limits", "set", "--amount", "1e3 ETH"), ("limits", "set", "--amount", "1 ETH", "--per", "year"), ("limits", "set", "--amount", "1 ETH", "--page", "app.example"),
    ("limits", "set", "--amount", "1 ETH", "--page", "https://app.example/pay"), ("limits", "set", "--amount", "1 ETH", "--type-above", "1 ETH"),
    ("limits", "set", "--type-above", "1 ETH", "--key", "k"), ("limits", "remove", "x"), ("grants", "remove", "x"),
)  # fmt: skip


def test_what_is_not_understood_changes_nothing(owner: Program) -> None:
    """Status 2, and what is expected."""
    for arguments in REFUSED:
        done = owner.run(*arguments, secret=PASSPHRASE)
        assert 2 == done.returncode, (arguments, done.stderr)
    assert {"limits": [], "thresholds": []} == listed(owner)


def test_a_wrong_passphrase_or_an_unknown_key_changes_nothing(owner: Program) -> None:
    assert 1 == owner.run("limits", "set", "--amount", "1 ETH", secret="some other words").returncode
    done = owner.run("limits", "set", "--amount", "1 ETH", "--key", "nothing", secret=PASSPHRASE)
    assert (1, True) == (done.returncode, "strongroom keys" in done.stderr)
    assert 1 == owner.run("limits", "list", "--wallet", "nobody's", secret=PASSPHRASE).returncode


def test_a_limit_of_a_key_is_found_by_its_name(home: Home, owner: Program) -> None:
    """Or by its id, where several have the name."""
    port = home.open()
    first, _ = (port.request("generateKey", {"alg": "ES256K", "label": label}) for label in ("mine", "other"))
    said = owner.says("limits", "set", "--amount", "1 ETH", "--key", "mine", secret=PASSPHRASE)
    assert "1 ETH on Ethereum a day with this key" in said
    port.request("generateKey", {"alg": "ES256K", "label": "mine"})
    done = owner.run("limits", "set", "--amount", "1 ETH", "--key", "mine", secret=PASSPHRASE)
    assert "Several keys have that name" in done.stderr
    owner.says("limits", "set", "--amount", "0.5 ETH", "--key", first["keyId"], secret=PASSPHRASE)
    (row,) = json.loads(owner.says("limits", "list", "--json", secret=PASSPHRASE))["limits"]
    assert (first["keyId"], str(5 * 10**17)) == (row["keyId"], row["amount"])


def test_grants_are_listed_and_removed(home: Home, owner: Program) -> None:
    """With what they allow, and whether they are suspended; one that is over is not there."""
    home.open().disconnect()
    start = 1_000 * 10**9
    with home.store() as store:
        from native_host.audit import Audit
        from native_host.operations import grants
        from tests.homes import now, unlock

        unlock(store)
        wallet_id = store.wallets()[0][0]
        members: dict[str, Any] = {
            "origin": origin_of(ADDON),
            "pairing": "00" * 16,
            "key_id": "k",
            "account": "a",
            "method": "signTransaction",
            "window": 86_400,
        }
        rows = [
            PaymentGrant(grant_id=grant_id, amounts={"eip155:1/slip44:60": 10**17}, given_at=start, expires_at=expires_at, extension=extension, **members)
            for grant_id, expires_at, extension in (("aa", now() + 10**6, ""), ("bb", now() - 1, ""))
        ]  # fmt: skip
        with store.transaction():
            grants.write(store, wallet_id, tuple(rows))
            Audit(store).happened("strongroom:person", "grants", "")
    text = owner.says("grants", "list", secret=PASSPHRASE)
    assert "aa  payments with one key, asked for by this extension, up to 0.1 ETH on Ethereum a day together" in text
    assert "Suspended" in text
    assert "bb" not in text.split()
    (row,) = json.loads(owner.says("grants", "list", "--json", secret=PASSPHRASE))
    assert ("aa", "k", {"eip155:1/slip44:60": str(10**17)}, True) == (row["id"], row["keyId"], row["amounts"], row["suspended"])
    assert "Removed" in owner.says("grants", "remove", "aa", secret=PASSPHRASE)
    assert "No extension may pay anything" in owner.says("grants", "list", secret=PASSPHRASE)
