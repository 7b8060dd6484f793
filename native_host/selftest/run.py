"""Every published vector asked of the installed program, and the known answers of every algorithm: what came of it, to be shown.

Neither keystore nor display nor network has a part in it. Files of a package that is not installed are named and not missed:
what standards print is shipped, and that has to be there.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module

from native_host import __version__
from native_host.selftest.case import Check, judge
from native_host.selftest.files import folder
from native_host.value import Value

MODULES = (
    "aes", "aes_kw", "agreement", "bls", "chacha", "derivation", "ecdsa", "ed25519", "ed448", "eip2333", "formats", "hmac_sha2", "hpke",
    "messages", "ml_dsa", "ml_kem", "rsa", "secp256k1", "slip39", "sr25519",
)  # fmt: skip
"""The modules of this package that have ``CHECKS``."""


class Standard(Value, frozen=True, kw_only=True):
    """A standard's cases, counted. ``algorithms`` is empty where a format is of no one algorithm."""

    standard: str
    algorithms: tuple[str, ...]
    files: int
    cases: int
    accepted: int
    refused: int
    either: int
    different: int
    failed: int


class Difference(Value, frozen=True, kw_only=True):
    """A reason for which this program answers otherwise than was published, on purpose, and how many cases that is."""

    reason: str
    standards: tuple[str, ...]
    cases: int


class Failure(Value, frozen=True, kw_only=True):
    """A case of which the answer is wrong, or a file that could not be asked."""

    standard: str
    algorithm: str
    file: str
    case: str


class Absent(Value, frozen=True, kw_only=True):
    """Files that are not here. ``package`` is the import name of what carries them, empty for the shipped ones."""

    package: str
    files: tuple[str, ...]


class KnownAnswers(Value, frozen=True, kw_only=True):
    """How many algorithms computed theirs, and which could not."""

    computed: int
    failed: tuple[str, ...]


class Report(Value, frozen=True, kw_only=True, rename="camel"):
    """What came of it. ``passed``: nothing failed, and every shipped file was there."""

    version: str
    passed: bool
    seconds: float
    cases: int
    failed: int
    standards: tuple[Standard, ...]
    differences: tuple[Difference, ...]
    failures: tuple[Failure, ...]
    absent: tuple[Absent, ...]
    known_answers: KnownAnswers


class Asked(Value, frozen=True, kw_only=True):
    """A file, asked. ``verdicts`` and ``differences`` (reasons) are counted, ``failures`` the names of cases."""

    check: Check
    there: bool
    verdicts: dict[str, int]
    differences: dict[str, int]
    failures: tuple[str, ...]


def checks() -> Iterator[Check]:
    """Every file that there is to ask."""
    for name in MODULES:
        yield from import_module(f"native_host.selftest.{name}").CHECKS


def ask(check: Check) -> Asked:
    """Ask a file. One that cannot be read, or has no case in it, counts as a case that failed."""
    where = folder(check.package)
    path = "" if where is None else os.path.join(where, check.path)
    verdicts, differences, failures = Counter[str](), Counter[str](), list[str]()
    there = os.path.exists(path)
    try:
        for case in check.cases(path) if there else ():
            verdict = judge(case)
            verdicts[verdict] += 1
            if verdict == "different":
                differences[case.difference] += 1
            if verdict == "failed":
                failures.append(case.name)
    except Exception as error:  # noqa: BLE001  # a file of another version may fail anyhow, and the others are still to be asked
        # What is missing is named; other errors may hold anything.
        failures.append(f"not readable ({error if isinstance(error, ImportError) else type(error).__name__})")
    if there and not verdicts and not failures:
        failures.append("no case in it")
    verdicts["failed"] = len(failures)
    return Asked(check=check, there=there, verdicts=dict(verdicts), differences=dict(differences), failures=tuple(failures))


def known_answers() -> KnownAnswers:
    """Load every algorithm, by which it computes its known answers."""
    from native_host.suites.answers import ANSWERS
    from native_host.suites.table import SUITES

    failed = []
    for suite in SUITES.values():
        try:
            suite.code()
        except Exception:  # noqa: BLE001  # also a library that is not there or cannot be loaded: the algorithm is of no use
            failed.append(suite.alg)
    return KnownAnswers(computed=len(SUITES.keys() & ANSWERS.keys() - set(failed)), failed=tuple(failed))


def run(todo: Iterable[Check], tell: Callable[[Asked], None]) -> Report:
    """Ask all of ``todo``; ``tell`` hears of each file that was asked."""
    start, asked = time.monotonic(), []
    for check in todo:
        asked.append(ask(check))
        tell(asked[-1])
    answers = known_answers()
    standards, failures, absent = _standards(asked), _failures(asked), _absent(asked)
    return Report(
        version=__version__,
        passed=not failures and not answers.failed and bool(standards) and not any(not missing.package for missing in absent),
        seconds=round(time.monotonic() - start, 1),
        cases=sum(standard.cases for standard in standards),
        failed=len(failures),
        standards=standards,
        differences=_differences(asked),
        failures=failures,
        absent=absent,
        known_answers=answers,
    )


def _standards(asked: list[Asked]) -> tuple[Standard, ...]:
    """By standard, in the order in which they are met."""
    found: dict[str, list[Asked]] = {}
    for one in asked:
        if one.there:
            found.setdefault(one.check.standard, []).append(one)
    return tuple(_standard(name, files) for name, files in found.items())


def _standard(name: str, files: list[Asked]) -> Standard:
    verdicts: Counter[str] = sum((Counter(one.verdicts) for one in files), Counter())
    return Standard(
        standard=name,
        algorithms=tuple(dict.fromkeys(one.check.alg for one in files if one.check.alg)),
        files=len(files),
        cases=verdicts.total(),
        accepted=verdicts["accepted"],
        refused=verdicts["refused"],
        either=verdicts["either"],
        different=verdicts["different"],
        failed=verdicts["failed"],
    )


def _differences(asked: list[Asked]) -> tuple[Difference, ...]:
    found: dict[str, tuple[list[str], int]] = {}
    for one in asked:
        for reason, count in one.differences.items():
            standards, before = found.get(reason, ([], 0))
            found[reason] = ([*standards, one.check.standard], before + count)
    return tuple(
        Difference(reason=reason, standards=tuple(dict.fromkeys(standards)), cases=count) for reason, (standards, count) in found.items()
    )


def _failures(asked: list[Asked]) -> tuple[Failure, ...]:
    return tuple(
        Failure(standard=one.check.standard, algorithm=one.check.alg, file=one.check.path, case=case)
        for one in asked
        for case in one.failures
    )


def _absent(asked: list[Asked]) -> tuple[Absent, ...]:
    """By package; the shipped ones first, as they have to be there."""
    found: dict[str, list[str]] = {}
    for one in asked:
        if not one.there:
            found.setdefault(one.check.package, []).append(one.check.path)
    return tuple(Absent(package=package, files=tuple(dict.fromkeys(found[package]))) for package in sorted(found))
