"""Policies that cannot apply to a call by their scope are not asked, and the verdict is what it would be if all were."""

from __future__ import annotations

from itertools import product

import cedarpy
import pytest

from native_host.operations.policies import schema
from native_host.policy.cedar import Rules, load
from native_host.policy.requests import Context, Extension, Key, Request, entities, question
from native_host.policy.scan import Source
from native_host.policy.scope import may_apply

ORIGIN = "chrome-extension://abcdefghijklmnopabcdefghijklmnop/"
ACTIONS = (
    "action",
    'action == Action::"signTransaction"',
    'action == Action::"decrypt"',
    'action in Action::"spending"',
    'action in [Action::"signMessage", Action::"decrypt"]',
    'action in [Action::"signMessage", Action::"spending"]',
)
RESOURCES = (
    "resource",
    "resource is Key",
    'resource in Keyring::"main"',
    'resource is Key in Keyring::"other"',
    'resource == Key::"k"',
)
CONDITIONS = ("", " when { context.time > 3 }", " when { context.time + 9223372036854775807 > 0 }", " unless { principal.paired }")
TEXTS = {
    effect: "\n".join(
        f"{effect}(principal, {action}, {resource}){condition};" for action, resource, condition in product(ACTIONS, RESOURCES, CONDITIONS)
    )
    for effect in ("permit", "forbid")
}
REQUESTS = [
    Request(
        principal=Extension(origin=ORIGIN, paired=paired),
        action=action,
        wallet=wallet,
        key=Key(id=key),
        context=Context(time=7),
    )
    for action, wallet, key, paired in product(
        ("signTransaction", "signPsbt", "signMessage", "decrypt"), ("main", "other", "third"), ("k", "j"), (True, False)
    )
]


NAMES = [f"{one.action}-{one.wallet}-{one.key.id if one.key else ''}-{one.principal.paired}" for one in REQUESTS]


@pytest.fixture(scope="module", params=TEXTS)
def effect(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def rules(effect: str) -> Rules:
    return load([Source(text=TEXTS[effect])], schema())


@pytest.mark.parametrize("asked", REQUESTS, ids=NAMES)
def test_a_policy_that_is_left_out_neither_matches_nor_fails(rules: Rules, effect: str, asked: Request) -> None:
    told = cedarpy.is_authorized(question(asked), TEXTS[effect], entities(asked))
    concerned = {f"policy{place}" for place, one in enumerate(rules.statements) if may_apply(one.node, asked)}

    assert concerned < {f"policy{place}" for place in range(len(rules.statements))}
    assert set(told.diagnostics.reasons) <= concerned
    assert all(any(f"`{name}`" in error for name in concerned) for error in told.diagnostics.errors)


@pytest.mark.parametrize("asked", REQUESTS, ids=NAMES)
def test_the_verdict_names_those_that_match_among_all(rules: Rules, effect: str, asked: Request) -> None:
    told, verdict = cedarpy.is_authorized(question(asked), TEXTS[effect], entities(asked)), rules.judge(asked)

    matching = sorted(rules.statements[int(name.removeprefix("policy"))].id for name in told.diagnostics.reasons)
    assert matching == sorted((*verdict.permits, *verdict.forbids)) != []
    assert len(verdict.errors) == len(told.diagnostics.errors) > 0
    assert verdict.forbid_failed is (effect == "forbid")


def test_a_group_holds_its_actions_and_no_other() -> None:
    (spending,) = load([Source(text='permit(principal, action in Action::"spending", resource);')], schema()).statements

    assert {"signTransaction", "signPsbt"} == {asked.action for asked in REQUESTS if may_apply(spending.node, asked)}


def test_what_is_forbidden_everywhere_is_forbidden_for_every_kind_of_call() -> None:
    all_ = load([Source(text='permit(principal, action == Action::"decrypt", resource); forbid(principal, action, resource);')], schema())

    assert all(all_.judge(asked).forbids == ("2",) for asked in REQUESTS)
