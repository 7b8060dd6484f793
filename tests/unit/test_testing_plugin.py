"""The pytest plugin as a wallet's developer meets it: installed, and described by an example that works."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from native_host.testing.hosts import attach

GUIDE = Path(__file__).parents[2] / "docs" / "testing-your-wallet.md"
HEAVY = ["msgspec", "native_host.host", "native_host.testing.browser", "native_host.testing.scripted"]


def run_python(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run this interpreter elsewhere, as a project that has Strongroom installed."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "PYTHON", "STRONGROOM_"))}
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=300
    )


def test_the_example_of_the_guide_works(tmp_path: Path) -> None:
    """The one Python block of docs/testing-your-wallet.md, run by pytest in an empty folder, passes."""
    (example,) = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "test_my_wallet.py").write_text(example, encoding="utf-8")
    expected = len(re.findall(r"^def test_", example, re.MULTILINE)) + 1  # one of them for two browsers

    done = run_python(tmp_path, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider")

    assert (0, True) == (done.returncode, f"{expected} passed" in done.stdout), done.stdout + done.stderr


def test_the_plugin_loads_nothing_until_it_is_used(tmp_path: Path) -> None:
    """Every pytest run of a project that has it installed imports it, so it must cost nothing."""
    (tmp_path / "test_other.py").write_text(
        f"import sys\n\ndef test_it():\n    assert [n for n in {HEAVY} if n in sys.modules] == []\n", encoding="utf-8"
    )

    done = run_python(tmp_path, "-m", "pytest", "-q", "-p", "no:cacheprovider")

    assert 0 == done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("origin", ["chrome-extension://my-wallet/", "moz-extension:my-wallet", "https://example.org"])
def test_an_origin_that_no_host_would_take_is_refused_at_once(origin: str, tmp_path: Path) -> None:
    """Not in the first reply of the host, where nobody looks for it."""
    with pytest.raises(ValueError, match="not an origin"):
        attach(tmp_path, origin)
    assert [] == list(tmp_path.iterdir())
