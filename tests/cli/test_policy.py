"""``strongroom policy``: what it says of a policy, and how one comes into force."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from native_host.testing.approver import PASSPHRASE as SCRIPTED
from tests.cli.test_program import PASSPHRASE, Program, owner, program
from tests.homes import Home, b64
from tests.host.calls import generate

__all__ = ["owner", "program"]

RULES = """
@id("messages")
forbid(principal, action == Action::"signMessage", resource);
@id("small")
permit(principal, action == Action::"signTransaction", resource)
when { context.chain == "eip155:1" && context.total <= 10 };
"""
CASES: dict[str, Any] = {
    "cases": [
        {"name": "small enough", "action": "signTransaction", "context": {"value": 9, "fee": 1}, "expect": "allow", "by": "small"},
        {"name": "too much", "action": "signTransaction", "context": {"value": 10, "fee": 1}, "expect": "ask"},
        {"name": "a message", "action": "signMessage", "expect": "deny", "by": "messages"},
    ]
}


@pytest.fixture
def rules(tmp_path: Path) -> str:
    file = tmp_path / "rules.cedar"
    file.write_text(RULES, encoding="utf-8")
    return str(file)


def cases(folder: Path, content: Any = CASES) -> str:
    file = folder / "cases.json"
    file.write_text(json.dumps(content), encoding="utf-8")
    return str(file)


def in_home(home: Home, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command in the keystore of a scripted person."""
    done = subprocess.run(
        [sys.executable, "-m", "native_host.cli", "policy", *arguments, "--secret-from-stdin"],
        input=f"{SCRIPTED}\n",
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **home.environ},
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done


def test_validate_tells_what_it_does(program: Program, rules: str) -> None:
    """In words, with what to beware of; without a keystore."""
    said = program.says("policy", "validate", rules)
    assert "messages: Forbids: sign a message" in said
    assert "! It allows any recipient." in said
    assert "2 rules. Nothing is wrong with them." in said


def test_validate_tells_what_is_wrong(program: Program, tmp_path: Path) -> None:
    """Each with its line; status 1."""
    file = tmp_path / "wrong.cedar"
    file.write_text('\npermit(principal, action == Action::"pay", resource);\n@id("x") @note("y") forbid(principal, action, resource);\n')
    done = program.run("policy", "validate", str(file))
    assert 1 == done.returncode
    assert "line 2: There is no action pay" in done.stderr
    assert "line 3: There are the annotations @id and @decision, and no @note." in done.stderr
    assert "" == done.stdout


def test_cases(program: Program, rules: str, tmp_path: Path) -> None:
    """All as expected: status 0; one that is not: status 1, and which."""
    said = program.says("policy", "test", rules, cases(tmp_path))
    assert "3 of 3 cases are decided as expected." in said
    wrong = {"cases": [{**CASES["cases"][0], "by": "large"}, {**CASES["cases"][1], "expect": "allow"}, CASES["cases"][2]]}
    done = program.run("policy", "test", rules, cases(tmp_path, wrong))
    assert 1 == done.returncode
    assert "FAIL  small enough: allow (policy: small), expected: allow by large" in done.stdout
    assert "FAIL  too much: ask (use of a private key), expected: allow" in done.stdout
    assert "1 of 3 cases are decided as expected." in done.stdout
    assert "cases.json, line 1: These are no cases" in program.run("policy", "test", rules, cases(tmp_path, {"cases": [{}]})).stderr


def test_a_policy_without_a_rule(program: Program, tmp_path: Path) -> None:
    """Is said to decide nothing."""
    file = tmp_path / "empty.cedar"
    file.write_text("// nothing yet\n")
    assert "There is no rule in it: it decides nothing." in program.says("policy", "validate", str(file))


def test_explain(program: Program, rules: str, tmp_path: Path) -> None:
    """Which rule decided, and what of the others does not hold; in words without a case."""
    said = program.says("policy", "explain", rules, "--case", cases(tmp_path), "--name", "too much")
    assert "too much: asked, by: use of a private key" in said
    assert "messages (forbid): does not match" in said
    assert "say with --case in which file" in program.run("policy", "explain", rules, "--name", "too much").stderr
    assert "it is for another action" in said
    assert "does not hold: the amount with the fee is at most 10 (0.00000001 of the chain's coin)" in said
    assert "small enough" not in said
    assert "messages: Forbids" in program.says("policy", "explain", rules)
    assert "no case of that name" in program.run("policy", "explain", rules, "--case", cases(tmp_path), "--name", "none").stderr


def test_explain_tells_why_a_permit_allows_nothing(program: Program, rules: str, tmp_path: Path) -> None:
    """It matches, and yet the person is asked."""
    token = {"asset": "eip155:1/erc20:0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48", "amount": 5}
    unpaired = {"origin": "chrome-extension://abcdefghijklmnopabcdefghijklmnop/", "paired": False}
    content = {
        "cases": [
            {"name": "token", "action": "signTransaction", "context": {"token": token}},
            {"name": "unpaired", "action": "signTransaction", "principal": unpaired},
            {"name": "unbounded", "action": "signTransaction", "context": {"bounded": False}},
        ]
    }
    said = program.says("policy", "explain", rules, "--case", cases(tmp_path, content))
    assert "not of the other assets that leave" in said
    assert "did not come through the channel of a pairing" in said
    assert "cannot be told how much can leave" in said


def test_loading_needs_more_than_the_passphrase(owner: Program, rules: str) -> None:
    """Where nobody can be asked in the host's own window, none comes into force."""
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        owner.environ.pop(name, None)
    done = subprocess.run(
        [sys.executable, "-m", "native_host.cli", "policy", "load", rules, "--secret-from-stdin"],
        input=f"{PASSPHRASE}\n",
        capture_output=True,
        text=True,
        check=False,
        env=owner.environ,
        start_new_session=True,  # no terminal either
    )
    assert 1 == done.returncode
    assert "no display and no terminal" in done.stderr
    assert "There is no policy of yours in force" in owner.says("policy", "show", secret=PASSPHRASE)
    assert "There is no policy of yours in force" in owner.says("policy", "remove", secret=PASSPHRASE)


def test_in_force_and_gone(home: Home, rules: str) -> None:
    """What the person confirms is what is in force: in words, with the digest, and what it takes the place of."""
    assert 0 == in_home(home, "load", rules).returncode
    (asked,) = [ask for ask in home.approver.asked if ask["kind"] == "review"]
    facts = {fact["label"]: fact["value"] for fact in asked["facts"]}
    assert ("policy", "Let this policy decide for you?", "2") == (asked["method"], asked["title"], facts["Rules"])
    assert facts["messages"].startswith("Forbids: sign a message")
    assert any(text.startswith("small: It allows any recipient") for text in asked["warnings"])
    digest = facts["SHA-256 of its text"]
    shown = in_home(home, "show").stdout
    assert RULES in shown
    assert digest in shown
    assert 0 == in_home(home, "load", rules).returncode
    again = [ask for ask in home.approver.asked if ask["kind"] == "review"][-1]
    assert digest in [fact["value"] for fact in again["facts"] if fact["label"].startswith("The policy in force until now")]
    assert "Your policy is gone" in in_home(home, "remove").stdout
    assert "There is no policy of yours in force" in in_home(home, "show").stdout


def test_what_is_no_policy_is_not_loaded(home: Home, tmp_path: Path) -> None:
    """Nobody is asked about it."""
    file = tmp_path / "none.cedar"
    for text, told in (
        ("", "There is no policy in this file"),
        ("// nothing\n", "There is no policy in this file"),
        ("permit(", "ends too early"),
    ):
        file.write_text(text)
        done = in_home(home, "load", str(file))
        assert (1, True) == (done.returncode, told in done.stderr), done.stderr
    file.write_bytes(b" " * (10 << 20))
    assert "at most 128 kilobytes" in in_home(home, "load", str(file)).stderr
    assert not [ask for ask in home.approver.asked if ask["kind"] == "review"]


def test_history(home: Home, tmp_path: Path, rules: str) -> None:
    """What was asked then and would be denied; what stays as it was is not told."""
    port = home.open()
    key = generate(port, "ES256K", usages=["message", "transaction"])["keyId"]
    message = {"keyId": key, "format": "eip191", "message": b64(b"hello")}
    port.request("signMessage", message)
    transaction = {
        "nonce": "0x0",
        "gas": "0x5208",
        "maxFeePerGas": "0x1",
        "maxPriorityFeePerGas": "0x0",
        "to": f"0x{'11' * 20}",
        "value": "0x1",
    }
    port.request("signTransaction", {"keyId": key, "chain": "eip155:1", "transaction": transaction})
    said = in_home(home, "history", rules).stdout
    assert f"signMessage  {key}  was asked, would be denied  (policy: messages)" in said
    assert "signTransaction" not in said, "it was not paired"
    assert "Of 3 calls of extensions, 1 would be decided otherwise." in said
    (row,) = [json.loads(line) for line in in_home(home, "history", rules, "--json").stdout.splitlines()]
    assert ("signMessage", key, "ask", "deny", "policy: messages") == tuple(
        row[name] for name in ("method", "keyId", "before", "after", "rule")
    )
    port.request("destroyKey", {"keyId": key})
    other = tmp_path / "other.cedar"
    other.write_text('forbid(principal, action in Action::"spending", resource) when { context.total >= 1 };')
    assert "signTransaction" in in_home(home, "history", str(other)).stdout, "also of a key that is gone"


def test_history_passes_over_what_is_too_old(home: Home, rules: str) -> None:
    """Entries of before there was anything kept for it are counted."""
    from msgspec.msgpack import encode

    from tests.homes import unlock

    old = {"origin": f"chrome-extension://{'a' * 32}/", "wallet": "main", "method": "signMessage", "request": b"", "approved_by": "person"}
    with home.store() as store:
        unlock(store)
        with store.transaction():
            store.append_audit(encode({**old, "rule": "use of a private key", "outcome": "done", "key_id": "k", "alg": "ES256K"}))
    said = in_home(home, "history", rules).stdout
    assert "Of 1 calls of extensions, 0 would be decided otherwise." in said
    assert "Of 1 it cannot be told" in said
