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
DIFFERENT = {
    "SP 800-38D": 113, "RFC 5649": 3, "RFC 7748": 1, "draft-irtf-cfrg-bls-signature, Ethereum": 1, "WIF": 2, "RFC 5958": 33, "RFC 9881": 3,
    "RFC 9935": 5, "RFC 4231": 12, "ERC-4361": 2, "FIPS 204": 424, "RFC 8017": 856, "RFC 8812": 2,
}  # fmt: skip
"""In how many cases this program answers otherwise than published, by standard; none of any other standard."""


def name(check: Check) -> str:
    return " ".join(part for part in (check.standard, check.alg, check.path) if part)


def cases(check: Check) -> list[Case]:
    where = folder(check.package)
    assert where is not None
    return list(check.cases(os.path.join(where, check.path)))


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
    flipped = [replace(case, valid=not case.valid) for case in cases(check) if case.valid is not None]
    assert {"failed": len(flipped)} == Counter(map(judge, flipped))


def test_differences() -> None:
    """They are as many as were looked into."""
    assert DIFFERENT == Counter(check.standard for check in CHECKS for case in cases(check) if case.difference)


def test_every_module_is_asked() -> None:
    """A module with CHECKS that is not named is asked by nobody."""
    modules = {file.stem: import_module(f"native_host.selftest.{file.stem}") for file in Path(run.__file__).parent.glob("[!_]*.py")}
    assert sorted(run.MODULES) == sorted(name for name, module in modules.items() if hasattr(module, "CHECKS"))
