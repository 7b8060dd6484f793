"""Every file of published vectors that ``strongroom selftest`` asks, one by one, with a control of the asking itself."""

from __future__ import annotations

import os
from collections import Counter
from importlib import import_module
from pathlib import Path

import pytest
from msgspec.structs import replace

from native_host.selftest import run
from native_host.selftest.case import Case, Check, judge
from native_host.selftest.files import folder

CHECKS = tuple(run.checks())
SAMPLE = 60


def name(check: Check) -> str:
    return " ".join(part for part in (check.standard, check.alg, check.path) if part)


def cases(check: Check) -> list[Case]:
    where = folder(check.package)
    assert where is not None
    return list(check.cases(os.path.join(where, check.path)))


def sample(check: Check) -> list[Case]:
    """Cases with an expectation, from all over the file."""
    decided = [case for case in cases(check) if case.valid is not None]
    return decided[:: len(decided) // SAMPLE + 1]


@pytest.mark.parametrize("check", CHECKS, ids=name)
def test_published(check: Check) -> None:
    """The file is there, has cases, and none is answered otherwise than was published but for a reason that is given."""
    asked = run.ask(check)
    assert asked.there
    assert () == asked.failures
    assert sum(asked.verdicts.values()) > 0


@pytest.mark.parametrize("check", CHECKS, ids=name)
def test_the_opposite_is_noticed(check: Check) -> None:
    """Had the publisher expected the opposite, each case would fail: the judgement depends on what was published."""
    flipped = [replace(case, valid=not case.valid) for case in sample(check)]
    assert {"failed": len(flipped)} == Counter(map(judge, flipped))


def test_every_difference_has_its_reason() -> None:
    """A sentence that says why: too short a one is none."""
    reasons = {case.difference for check in CHECKS for case in cases(check) if case.difference}
    assert [] == [reason for reason in reasons if len(reason.split()) < 4]


def test_every_module_is_asked() -> None:
    """A module with CHECKS that is not named is asked by nobody."""
    modules = {file.stem: import_module(f"native_host.selftest.{file.stem}") for file in Path(run.__file__).parent.glob("[!_]*.py")}
    assert sorted(run.MODULES) == sorted(name for name, module in modules.items() if hasattr(module, "CHECKS"))
