"""What ``docs/policy.md`` shows is what there is: every example is loaded, every case is decided as it says, every member is named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.main import get_command

from native_host.cli.policy import policy
from native_host.operations.policies import schema
from native_host.policy.cases import outcome, read
from native_host.policy.cedar import load
from native_host.policy.literals import MEMBERS
from native_host.policy.scan import Source

TEXT = (Path(__file__).parents[2] / "docs" / "policy.md").read_text(encoding="utf-8")
POLICIES = re.findall(r"```cedar\n(.*?)```", TEXT, re.DOTALL)
CASES = re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)


@pytest.mark.parametrize("text", POLICIES)
def test_every_policy_can_be_loaded(text: str) -> None:
    """As it stands there."""
    assert load([Source(text=text)], schema()).statements


def test_all_of_them_can_be_loaded_together() -> None:
    """No id is there twice."""
    assert 11 == len(load([Source(text="\n".join(POLICIES))], schema()).statements)


def test_every_case_is_decided_as_it_says() -> None:
    """Under the first policy, and by the rule that is named."""
    rules = load([Source(text=POLICIES[0])], schema())
    cases = [case for text in CASES for case in read(text.encode())]
    assert cases
    for case in cases:
        decided, rule = outcome(case, None, rules)
        assert (case.expect, True) == (decided, not case.by or rule == f"policy: {case.by}"), (case.name, rule)


def test_every_member_is_named() -> None:
    """And every command."""
    assert {name for name in MEMBERS if f"`{name}`" not in TEXT} == set()
    commands = get_command(policy).commands  # type: ignore[attr-defined]  # a group
    assert {name for name in commands if f"strongroom policy {name}" not in TEXT} == set()
