"""Who started the host on Windows: what Windows' own calls say, run by Windows' CPython under Wine; and how it is judged, anywhere."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from native_host.caller.browsers import WINDOWS
from native_host.caller.identity import Family, Level
from native_host.caller.process_windows import Process, Signature, behind_shell, examine_parent, judge
from tests.parts.wine import Wine, wine

PROGRAM_FILES = "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe"
BEGIN = """
import os, subprocess, sys
from native_host.caller import process_windows as windows
"""


@pytest.fixture(scope="module")
def windows() -> Iterator[Wine]:
    with wine() as running:
        yield running


def test_a_process_is_found_by_its_number(windows: Wine) -> None:
    """Its program, its parent and when it began; a child begins later than its parent; a number that nobody has is none."""
    code = """
own = windows.read(os.getpid())
child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
told = windows.read(child.pid)
print(own.program, os.path.samefile(own.path, sys.executable))
print(told.parent == os.getpid(), told.started >= own.started > 0, windows.read(0xfffffff0))
child.communicate(b"\\n")
"""
    assert "python.exe True\nTrue True None\n" == windows.run(BEGIN + code)


def test_the_shell_in_between_is_seen_through(windows: Wine) -> None:
    """A child of cmd.exe, as Chromium starts hosts: its parent is the shell, and above that is who called it."""
    code = """
told = "import os; from native_host.caller import process_windows as w; p = w.read(w.read(os.getpid()).parent); print(p.program, p.parent)"
started = subprocess.run(["cmd.exe", "/d", "/c", sys.executable, "-X", "utf8", "-c", told], stdout=subprocess.PIPE, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
print(*(word if word == "cmd.exe" else int(word) == os.getpid() for word in started.stdout.decode().split()))
"""
    assert "cmd.exe True\n" == windows.run(BEGIN + code)


def test_a_file_without_a_signature_is_not_signed(windows: Wine) -> None:
    """``WinVerifyTrust`` says so of an unsigned program; a file that is not there has no verdict. Neither raises."""
    code = """
found = windows.verify(os.path.join(os.environ["WINDIR"], "system32", "cmd.exe"))
print(found.status != 0, found.signer == "", windows.verify("C:\\\\nonexistent.exe").status not in {0, windows._NOT_SIGNED})
"""
    assert "True True True\n" == windows.run(BEGIN + code)


def test_the_real_parent_is_no_browser(windows: Wine) -> None:
    """A host that Python started says what started it, and that this is none that it knows."""
    code = """
told = "import os; from native_host.caller.process_windows import examine_parent; (e,) = examine_parent('chromium').evidence; print(e.level, e.text)"
done = subprocess.run([sys.executable, "-X", "utf8", "-c", told], stdout=subprocess.PIPE, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
print(done.stdout.decode(), done.stderr.decode())
"""
    said = windows.run(BEGIN + code)
    assert said.startswith("unknown Started by ")
    assert "python.exe, which is not a browser that Strongroom knows." in said


# wherever it runs


def process(path: str = PROGRAM_FILES, *, started: int = 10) -> Process:
    return Process(pid=1, parent=2, path=path, started=started)


SHELL = process("C:\\Windows\\System32\\cmd.exe", started=20)


@pytest.mark.parametrize(
    ("parent", "above", "expected"),
    [
        (SHELL, process(), "chrome.exe"),
        (process(), process("C:\\Windows\\explorer.exe"), "chrome.exe"),
        (SHELL, process(started=30), "cmd.exe"),  # the number was given to a younger process
        (SHELL, process("C:\\evil\\run.exe"), "cmd.exe"),
        (SHELL, None, "cmd.exe"),
    ],
)
def test_what_is_behind_the_shell(parent: Process, above: Process | None, expected: str) -> None:
    """A browser that began before the shell; otherwise it is the shell that started the host."""
    found = behind_shell(parent, above)
    assert found is not None
    assert expected == found.program


@pytest.mark.parametrize(
    ("signature", "family", "level", "words"),
    [
        (Signature(status=0, signer="Google LLC"), "chromium", "verified", "signed by Google LLC"),
        (Signature(status=0, signer="Evil Corp"), "chromium", "unknown", "signed by Evil Corp and not by Google LLC"),
        (Signature(status=0), "chromium", "unknown", "who signed it is not told"),
        (Signature(status=0x800B0100), "chromium", "unknown", "not signed"),
        (Signature(status=0x80096010), "chromium", "contradicted", "changed after it was signed"),
        (Signature(status=0x800B0109), "chromium", "unknown", "who signed it is not told"),
        (None, "chromium", "unknown", "who signed it is not told"),
        (Signature(status=0, signer="Google LLC"), "firefox", "contradicted", "arguments of another browser"),
    ],
)
def test_how_it_is_judged(signature: Signature | None, family: Family, level: Level, words: str) -> None:
    """Only the maker's own signature counts; one that anybody can make names nobody."""
    (evidence,) = judge(process(), WINDOWS["chrome.exe"], family, signature).evidence
    assert level == evidence.level
    assert words in evidence.text


def test_elsewhere_nothing_is_told() -> None:
    """On another system it is no fault."""
    (evidence,) = examine_parent("chromium").evidence
    assert "unknown" == evidence.level
