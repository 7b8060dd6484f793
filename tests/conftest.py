"""What holds for every test."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Generator

import pytest
from hypothesis import settings

RECURSION_LIMIT = sys.getrecursionlimit()

# No test is timed: a busy machine is no fault of the code.
settings.register_profile("default", deadline=None)
settings.load_profile("default")


def pytest_runtest_setup() -> None:
    """Undo what importing an oracle did: py_ecc, below eth-account, lets Python recurse until the C stack is full, so that
    nested JSON kills the process instead of raising ``RecursionError``."""
    sys.setrecursionlimit(RECURSION_LIMIT)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A part that is missing is told on a person's machine, and a failure in CI."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("CI") == "true":
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI does not allow: {report.longrepr}"
    return report


def pytest_unconfigure() -> None:
    """Let libwally's table of types outlive Python: SWIG takes it apart after the types that it names are gone, and crashes. A host ends
    without taking anything apart."""
    for name in [name for name in sys.modules if name.startswith("swig_runtime_data")]:
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(sys.modules[name].type_pointer_capsule))
