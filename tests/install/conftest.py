"""A machine in a temporary tree: home folder, root and a script in place of the host."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from native_host.install.machine import Machine


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A Linux machine with no browser; everything is below ``tmp_path``, which nobody else can write."""
    for folder in ("home", "root"):
        (tmp_path / folder).mkdir(mode=0o700)
    home = tmp_path / "home"
    return Machine(
        system="linux",
        home=str(home),
        data=str(home / ".local/share/strongroom"),
        root=str(tmp_path / "root"),
        environ={"HOME": str(home), "PATH": os.environ.get("PATH", "")},
    )


@pytest.fixture
def python() -> str:
    """The interpreter that launchers are written for."""
    return sys.executable
