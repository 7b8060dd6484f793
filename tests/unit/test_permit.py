"""The permit: made in one place, good once, and nobody gets past it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

import native_host
from native_host.approval.approver import Verdict
from native_host.approval.authorize import Grants, authorize, permit_without_asking
from native_host.approval.permit import Permit, SpentPermit
from native_host.caller.identity import Caller
from native_host.errors import PolicyDenied, UserRejected
from native_host.policy import Allow, Ask, Deny, Facts, KeyView
from native_host.protocol.approver import CallerFacts, GrantOffer, KeyFacts, TypedText
from native_host.protocol.uses import SignParams
from native_host.review.subject import Review
from native_host.secret import SecretBytes
from native_host.session import Session
from native_host.transport.jsonrpc import Call

SOURCE = Path(native_host.__file__).parent
SESSION = Session(
    caller=Caller(origin="chrome-extension://x/"),
    wallet_id=b"w",
    wallet="main",
    development=False,
    state="unlocked",
    greeted=True,
    unattended=False,
)
KEY = KeyView(key_id="k", revision=1, alg="ES256K", usages=("sign",), state="active", label="mine", address=None, derived=False, path=None)
CALL = Call(id=1, method="sign", params=SignParams(key_id="k"))
OFFERS = (GrantOffer(id="uses:10", text="ten"),)
ASK = Ask(rule="use of a private key", offers=OFFERS)


class Person:
    """Answers every review with one verdict, and remembers what it was asked."""

    def __init__(self, verdict: Verdict | Exception) -> None:
        self.verdict = verdict
        self.asked: list[tuple[str, Review, KeyFacts | None]] = []

    def review(
        self,
        method: str,
        review: Review,
        caller: CallerFacts,
        key: KeyFacts | None,
        offers: Sequence[GrantOffer],
        typed: TypedText | None = None,
    ) -> Verdict:
        self.asked.append((method, review, key))
        if isinstance(self.verdict, Exception):
            raise self.verdict
        return self.verdict

    def ask_secret(self, purpose: Any, title: str, hint: str | None = None) -> SecretBytes:
        raise UserRejected

    def show_secret(self, purpose: Any, title: str, secret: SecretBytes) -> None:
        raise UserRejected

    def compare_code(self, title: str, code: str) -> None:
        raise UserRejected

    def withdraw(self) -> None:
        return

    def close(self) -> None:
        return


def ask(person: Person, decision: Allow | Deny | Ask = ASK, facts: Facts | None = None, grants: Grants | None = None) -> Permit:
    caller = CallerFacts(origin="o", evidence=[])
    return authorize(SESSION, CALL, facts or Facts(key=KEY), decision, Review(title="t"), caller, person, grants or Grants())


def calls_of(name: str) -> Iterator[str]:
    """The files in which ``name(…)`` is called, however it is reached."""
    for file in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and name in {getattr(node.func, "id", None), getattr(node.func, "attr", None)}:
                yield str(file.relative_to(SOURCE))


def test_permits_are_made_in_one_file() -> None:
    """Whoever wants to know when something may be done reads approval/authorize.py, and no more."""
    assert {"approval/authorize.py"} == set(calls_of("Permit"))


def test_nobody_takes_a_permit_under_another_name() -> None:
    """Nor is it imported under one, nor made by copying."""
    for file in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                assert [] == [name.asname for name in node.names if name.name == "Permit" and name.asname], file
            assert not (isinstance(node, ast.Attribute) and node.attr == "_spent" and file.name != "permit.py"), file


def test_only_operations_perform() -> None:
    """``perform`` is called where permits come from: by the host's stages, and by the person's own program."""
    assert {"stages/__init__.py", "person.py"} == set(calls_of("perform"))


def test_a_permit_is_good_once() -> None:
    """Its second use is a fault."""
    permit = ask(Person(Verdict()))
    permit.spend()
    with pytest.raises(SpentPermit):
        permit.spend()


def test_a_permit_holds_what_was_reviewed() -> None:
    """The very objects, not copies of them."""
    facts = Facts(key=KEY)
    permit = ask(Person(Verdict()), facts=facts)
    assert (SESSION, CALL, facts) == (permit.session, permit.call, permit.facts)
    assert permit.call.params is CALL.params
    assert ("person", ASK.rule) == (permit.approved_by, permit.rule)


def test_a_no_makes_no_permit() -> None:
    """Nor does any other way in which asking fails, and no grant stays behind."""
    grants = Grants()
    for error in (UserRejected(), ValueError()):
        with pytest.raises(type(error)):
            ask(Person(error), grants=grants)
    assert grants.find("k", "sign") is None


def test_a_denial_by_rule_asks_nobody() -> None:
    """Neither on the one way nor on the other."""
    person = Person(Verdict())
    with pytest.raises(PolicyDenied):
        ask(person, Deny(rule="no"))
    with pytest.raises(PolicyDenied):
        permit_without_asking(SESSION, CALL, Facts(key=KEY), Deny(rule="no"), Grants())
    assert [] == person.asked


def test_what_is_allowed_by_rule_says_so() -> None:
    """The record tells a rule from a grant and from a person."""
    assert "rule" == permit_without_asking(SESSION, CALL, Facts(), Allow(rule="public reads"), Grants()).approved_by
    grants = Grants()
    grants.give("k", "sign", 1)
    assert "grant" == permit_without_asking(SESSION, CALL, Facts(key=KEY), Allow(rule="grant"), grants).approved_by
    assert grants.find("k", "sign") is None


def test_only_a_grant_that_was_offered_is_given() -> None:
    """An approver that names another one has approved, and granted nothing."""
    for name in ("uses:100", "uses:1000", "everything", ""):
        grants = Grants()
        ask(Person(Verdict(grant=name)), grants=grants)
        assert grants.find("k", "sign") is None
    grants = Grants()
    ask(Person(Verdict(grant="uses:10")), grants=grants)
    found = grants.find("k", "sign")
    assert found is not None
    assert 10 == found.uses


def test_grants_run_out_and_end() -> None:
    """By use, one by one, and all at once."""
    grants = Grants()
    grants.give("k", "sign", 2)
    grants.give("other", "sign", 2)
    grants.use("k", "sign")
    grants.use("k", "sign")
    grants.use("k", "sign")
    assert grants.find("k", "sign") is None
    grants.end()
    assert grants.find("other", "sign") is None


def test_a_repr_shows_nothing() -> None:
    """A permit in a traceback tells no value of the call."""
    assert "k" not in repr(CALL.params).replace("key_id", "").replace("SignParams", "").replace("request_key", "")
    assert "object at" in repr(ask(Person(Verdict())))
