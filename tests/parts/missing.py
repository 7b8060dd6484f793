"""A real part that a test drives and this machine does not have."""

from __future__ import annotations

import os
import shutil
from typing import NoReturn

import pytest


def need(tool: str, debian_package: str) -> str:
    """The tool's path. Without it the test is skipped on a person's machine, and fails where everything was to be installed first."""
    found = shutil.which(tool) or (tool if os.path.isabs(tool) and os.path.exists(tool) else None)
    if found is None:
        absent(f"{tool} is not here. On Debian, as root: apt-get install {debian_package}")
    return found


def absent(reason: str) -> NoReturn:
    """Skip the test for want of a part, or fail it where nothing may be wanting."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def impossible(reason: str) -> NoReturn:
    """What no installation brings: a right, or a kernel's feature, that this machine does not have. Every summary tells it, and it is no
    failure where everything installable was to be installed."""
    pytest.xfail(reason)
