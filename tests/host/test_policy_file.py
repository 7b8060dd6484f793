"""A policy in front of a real host: what it forbids is refused, what it allows needs nobody, and what is not the owner's own is not followed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from native_host.audit import entries
from native_host.testing.approver import PASSPHRASE
from native_host.testing.port import HostError, Port
from tests.homes import ADDON, Home, b64, origin_of, unlock
from tests.host.calls import restore

WORDS = "abandon " * 11 + "about"
OTHER = "0x" + "11" * 20
GWEI = 10**9
FORBIDDEN = (4100, {"reason": "policy_denied"})
LATE_TO_BOB = f"""
@id("small")
permit(principal == Extension::"{origin_of(ADDON)}", action == Action::"signTransaction", resource in Keyring::"main")
when {{ context.chain == "eip155:1" && context.total <= 100000 && ["{OTHER}"].containsAll(context.recipients) }};

@id("no messages")
forbid(principal, action == Action::"signMessage", resource);

@id("shown")
@decision("ask")
permit(principal, action == Action::"listKeys", resource);
"""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    made = Home(tmp_path)
    made.attach()
    made.set_up()
    yield made
    made.quit()


@pytest.fixture
def port(home: Home) -> Port:
    return home.open()


@pytest.fixture
def account(home: Home, port: Port) -> str:
    seed = restore(home, port, WORDS)
    key_id: str = port.request("deriveKey", {"keyId": seed, "path": "m/44'/60'/0'/0/0", "alg": "ES256K"})["keyId"]
    return key_id


def strongroom(home: Home, *arguments: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "native_host.cli", "policy", *arguments],
        input=f"{PASSPHRASE}\n",
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **home.environ},
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done


def load(home: Home, text: str) -> None:
    file = home.base / "rules.cedar"
    file.write_text(text, encoding="utf-8")
    done = strongroom(home, "load", str(file), "--secret-from-stdin")
    assert 0 == done.returncode, done.stderr


def refusal_of(port: Port, method: str, **params: Any) -> tuple[int, dict[str, Any]]:
    with pytest.raises(HostError) as caught:
        port.request(method, params)
    return caught.value.code, caught.value.data


def message(account: str) -> dict[str, Any]:
    return {"keyId": account, "format": "eip191", "message": b64(b"hello")}


def payment(account: str, wei: int = 1000, nonce: int = 0) -> dict[str, Any]:
    transaction = {
        "nonce": hex(nonce),
        "gas": "0x5208",
        "maxFeePerGas": hex(GWEI),
        "maxPriorityFeePerGas": "0x0",
        "to": OTHER,
        "value": hex(wei),
    }
    return {"keyId": account, "chain": "eip155:1", "transaction": transaction}


def reviews(home: Home, method: str) -> list[dict[str, Any]]:
    return [ask for ask in home.approver.asked if ask["kind"] == "review" and ask["method"] == method]


def rules_in_audit(home: Home, method: str) -> list[tuple[str, str, str]]:
    with home.store() as store:
        unlock(store)
        found = [one.entry for one in entries(store) if one.entry is not None]
    return [(entry.approved_by, entry.rule, entry.outcome) for entry in found if entry.method == method]


def test_what_it_forbids_is_refused_from_the_next_call_on(home: Home, port: Port, account: str) -> None:
    """In a host that runs already; the person is not asked, the record names the rule, and taking it away ends it."""
    port.request("signMessage", message(account))
    asked = len(reviews(home, "signMessage"))
    load(home, LATE_TO_BOB)
    assert FORBIDDEN == refusal_of(port, "signMessage", **message(account))
    assert asked == len(reviews(home, "signMessage"))
    assert ("nobody", "policy: no messages", "policy_denied") == rules_in_audit(home, "signMessage")[-1]
    port.request("listKeys", {})
    assert 1 == len(reviews(home, "listKeys"))
    done = strongroom(home, "remove", "--secret-from-stdin")
    assert 0 == done.returncode, done.stderr
    port.request("signMessage", message(account))
    assert asked + 1 == len(reviews(home, "signMessage"))


def test_it_permits_nothing_to_who_is_not_paired(home: Home, port: Port, account: str) -> None:
    """The person is asked, as without a policy."""
    load(home, LATE_TO_BOB)
    port.request("signTransaction", payment(account))
    assert 1 == len(reviews(home, "signTransaction"))
    assert ("person", "use of a private key", "done") == rules_in_audit(home, "signTransaction")[-1]


def test_it_permits_a_paired_extension_within_the_amount(home: Home, port: Port, account: str) -> None:
    """Nobody is asked up to it, and the person above it; a raw signature is asked about whatever is permitted."""
    port.open_channel(port.pair())
    load(home, LATE_TO_BOB)
    fee = 21000 * GWEI
    port.request("signTransaction", payment(account, wei=100_000 * GWEI - fee))
    assert [] == reviews(home, "signTransaction")
    assert ("rule", "policy: small", "done") == rules_in_audit(home, "signTransaction")[-1]
    port.request("signTransaction", payment(account, wei=100_000 * GWEI - fee + 1, nonce=1))
    assert 1 == len(reviews(home, "signTransaction"))


def test_a_sum_over_a_day_is_one_over_all_hosts(home: Home, port: Port, account: str) -> None:
    """What one browser's host signs counts in the next one's decision; when it is used up the person is asked again."""
    pairing = port.pair()
    other = home.open()
    for one in (port, other):
        one.open_channel(pairing)
    load(
        home,
        '@id("day") permit(principal, action == Action::"signTransaction", resource) when { context.total + context.spentToday <= 50000 };',
    )
    for nonce, one in enumerate((port, other)):
        one.request("signTransaction", payment(account, wei=1000 * GWEI, nonce=nonce))
    assert [] == reviews(home, "signTransaction")
    port.request("signTransaction", payment(account, wei=7000 * GWEI, nonce=2))
    assert 1 == len(reviews(home, "signTransaction"))
    assert ["rule", "rule", "person"] == [by for by, _, _ in rules_in_audit(home, "signTransaction")]


def test_a_policy_the_person_did_not_confirm_is_not_in_force(home: Home, port: Port, account: str) -> None:
    """Whoever can run the command and knows the passphrase is not the person in front of the window."""
    home.approver.rule(kind="review", method="policy", do="deny")
    file = home.base / "rules.cedar"
    file.write_text("forbid(principal, action, resource);", encoding="utf-8")
    assert 1 == strongroom(home, "load", str(file), "--secret-from-stdin").returncode
    assert 1 == len(reviews(home, "policy"))
    port.request("listKeys", {})


def test_a_policy_that_is_edited_in_the_file_stops_everything(home: Home, port: Port, account: str) -> None:
    """Until its owner takes it away; nothing is decided without it."""
    load(home, LATE_TO_BOB)
    port.disconnect()
    with home.store() as store:
        store.connection.execute("UPDATE documents SET sealed = zeroblob(length(sealed))")
    again = home.open()
    assert (5009, {"reason": "cannot_unseal"}) == refusal_of(again, "listKeys")
    assert 0 == strongroom(home, "remove", "--secret-from-stdin").returncode
    again.request("listKeys", {})


def system_host(folder: Path, policies: Path) -> list[str]:
    """A host whose administrator's folder is elsewhere."""
    script = folder / "host.py"
    script.write_text(
        f"import sys\nfrom native_host.operations import policies\npolicies.default_folder = lambda: {str(policies)!r}\n"
        "from native_host.__main__ import main\nmain()\n",
        encoding="utf-8",
    )
    return [sys.executable, "-I", str(script)]


@pytest.fixture
def administrators(tmp_path: Path) -> Path:
    folder = tmp_path / "policy.d"
    folder.mkdir()
    return folder


def test_a_key_that_a_policy_asks_about_is_called_what_it_is(home: Home, port: Port) -> None:
    """One that is no account's is not said to be lost when it is replaced."""
    load(home, '@id("asked") @decision("ask") permit(principal, action == Action::"rotateKey", resource);')
    for alg, title in (("A256GCM", "Replace a key by a new one"), ("ES256K", "Replace an account's key for good")):
        key = port.request("generateKey", {"alg": alg})["keyId"]
        assert 2 == port.request("rotateKey", {"keyId": key})["version"]
        assert title == home.approver.asked[-1]["title"]


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a folder that is root's")


@needs_root
def test_an_administrators_forbid_holds_over_the_persons_permit(home: Home, tmp_path: Path, administrators: Path) -> None:
    """And its permits permit nothing. A host that runs keeps to what it has read."""
    (administrators / "10-company.cedar").write_text(
        '@id("no export") forbid(principal, action == Action::"getExtendedPublicKey", resource);\n'
    )
    port = home.open(command=system_host(tmp_path, administrators))
    load(home, 'permit(principal, action == Action::"getExtendedPublicKey", resource);')
    seed = restore(home, port, WORDS)
    assert FORBIDDEN == refusal_of(port, "getExtendedPublicKey", keyId=seed, path="m/84'/0'/0'")
    assert ("nobody", "system policy: no export", "policy_denied") == rules_in_audit(home, "getExtendedPublicKey")[-1]


@needs_root
def test_an_administrators_policy_that_others_can_change_is_not_passed_over(home: Home, tmp_path: Path, administrators: Path) -> None:
    """Nothing is done, the text says where to see why, the record says it, and the session goes on."""
    file = administrators / "a.cedar"
    file.write_text("// nothing is forbidden\n", encoding="utf-8")
    file.chmod(0o666)
    port = home.open(command=system_host(tmp_path, administrators))
    with pytest.raises(HostError) as refused:
        port.request("generateKey", {"alg": "ES256K"})
    assert FORBIDDEN == (refused.value.code, refused.value.data)
    assert refused.value.message.endswith("See why with: strongroom doctor")
    assert "a.cedar, line 1: Others than root can change it" in rules_in_audit(home, "generateKey")[-1][1]
    assert "unlocked" == port.request("getStatus")["state"]
