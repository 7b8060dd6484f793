"""What is known of the process that started the host: judged over written-down ``/proc`` folders, and for a real parent."""

from __future__ import annotations

import ast
import os
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from native_host.caller import process_linux
from native_host.caller.identity import Family, Level
from native_host.caller.process import identify, parent_evidence, parent_gone, parent_handle
from native_host.errors import OriginNotAllowed

ProgramMaker = Callable[..., str]
ORIGIN = "chrome-extension://abcdefghijklmnopabcdefghijklmnop/"


class Proc:
    """A ``/proc`` of our own; each executable is a link, as the kernel's are."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(
        self, pid: int, executable: str | None, *, parent: int = 1, started: int = 100, name: str = "name", uid: int | None = None
    ) -> None:
        process = self.folder / str(pid)
        process.mkdir()
        fields = ["S", parent, *[0] * 17, started, *[0] * 30]
        (process / "stat").write_text(f"{pid} ({name}) " + " ".join(map(str, fields)) + "\n")
        uid = os.getuid() if uid is None else uid
        (process / "status").write_text(f"Name:\t{name}\nPPid:\t{parent}\nUid:\t{uid}\t{uid + 1}\t{uid + 1}\t{uid + 1}\n")
        if executable is not None:
            (process / "exe").symlink_to(executable)

    def examine(self, pid: int, family: Family = "chromium") -> tuple[str | None, Level, str]:
        parent = process_linux.examine(pid, family, str(self.folder))
        (evidence,) = parent.evidence
        assert "parent" == evidence.signal
        return parent.browser, evidence.level, evidence.text


@pytest.fixture
def proc(tmp_path: Path) -> Proc:
    (tmp_path / "proc").mkdir()
    return Proc(tmp_path / "proc")


@pytest.fixture
def program(tmp_path: Path) -> ProgramMaker:
    """Makes a program file of this account, by its name."""

    def make(name: str, mode: int = 0o755) -> str:
        file = tmp_path / name
        file.write_bytes(b"")
        file.chmod(mode)
        return str(file)

    return make


def process(executable: str, *, replaceable: bool = False) -> process_linux._Process:
    return process_linux._Process(pid=2, parent=1, started=1, name="n", uid=os.getuid(), executable=executable, replaceable=replaceable)


@pytest.mark.parametrize(
    ("executable", "family", "browser", "text"),
    [
        ("/usr/lib/chromium/chromium", "chromium", "Chromium", "Started by Chromium (/usr/lib/chromium/chromium)."),
        ("/opt/google/chrome/chrome", "chromium", "Chrome", "Started by Chrome (/opt/google/chrome/chrome)."),
        ("/usr/lib/firefox-esr/firefox-esr", "firefox", "Firefox ESR", "Started by Firefox ESR (/usr/lib/firefox-esr/firefox-esr)."),
        ("/snap/firefox/1/firefox", "firefox", "Firefox", "Started by Firefox (/snap/firefox/1/firefox) in a snap."),
        ("/app/bin/chromium", "chromium", "Chromium", "Started by Chromium (/app/bin/chromium) in a Flatpak."),
    ],
)
def test_a_browser_of_the_system_is_consistent(executable: str, family: Family, browser: str, text: str) -> None:
    """A program file that only root can write, of the family that the arguments claim."""
    parent = process_linux._judge(process(executable), family, scripted=False)
    assert (browser, "consistent", text) == (parent.browser, parent.evidence[0].level, parent.evidence[0].text)


def test_a_browser_that_this_account_can_replace_is_said_so() -> None:
    """Any program of the same account could stand there."""
    parent = process_linux._judge(process("/home/a/firefox/firefox", replaceable=True), "firefox", scripted=False)
    assert "unknown" == parent.evidence[0].level
    assert "Started by Firefox (/home/a/firefox/firefox), from a file that other programs of yours can replace." == parent.evidence[0].text


def test_a_program_file_that_others_may_write_is_replaceable(proc: Proc, program: ProgramMaker) -> None:
    """Whoever owns it."""
    proc.add(50, program("chromium", mode=0o777))
    assert ("Chromium", "unknown") == proc.examine(50)[:2]


def test_a_program_file_of_another_than_root_is_replaceable(proc: Proc, program: ProgramMaker) -> None:
    """Whatever its mode."""
    path = program("chromium")
    if os.getuid() == 0:
        os.chown(path, 12345, -1)
    proc.add(50, path)
    assert ("Chromium", "unknown") == proc.examine(50)[:2]


def test_a_program_file_of_the_system_is_not_replaceable(tmp_path: Path) -> None:
    """Root's, and root's alone to write."""
    (tmp_path / "exe").symlink_to("/bin/cat")
    assert ("/bin/cat", False) == process_linux._read_executable(str(tmp_path / "exe"))


def test_the_other_family_contradicts_the_arguments(proc: Proc, program: ProgramMaker) -> None:
    """Firefox does not start hosts as Chromium does."""
    path = program("firefox")
    proc.add(50, path)
    assert (None, "contradicted", f"Started by Firefox ({path}), but with the arguments of Chromium.") == proc.examine(50)


def test_an_unknown_program_is_named(proc: Proc) -> None:
    """It may be a browser that the table does not hold, so this is no contradiction."""
    proc.add(50, "/bin/cat")
    assert (None, "unknown", "Started by /bin/cat, which is not a browser that Strongroom knows.") == proc.examine(50)


def test_a_portal_does_not_tell_the_browser() -> None:
    """It starts hosts for sandboxed browsers and passes on what they say, unchecked."""
    parent = process_linux._judge(process("/usr/libexec/xdg-desktop-portal"), "firefox", scripted=False)
    assert (
        "Started through the desktop's portal (/usr/libexec/xdg-desktop-portal), which does not tell which browser asked."
        == parent.evidence[0].text
    )


def test_a_browser_is_found_behind_shell_scripts(proc: Proc, program: ProgramMaker) -> None:
    """A script in the manifest stands between the browser and the host."""
    path = program("chromium")
    proc.add(50, program("sh"), parent=49, started=300)
    proc.add(49, program("bash"), parent=48, started=200)
    proc.add(48, path, started=200)
    browser, _, text = proc.examine(50)
    assert "Chromium" == browser
    assert text.startswith(f"Started by Chromium ({path}) through a script")


def test_a_shell_without_a_browser_behind_it_is_what_started_the_host(proc: Proc, program: ProgramMaker) -> None:
    """A person at a terminal, for one."""
    shell = program("bash")
    proc.add(50, shell, parent=49, started=300)
    proc.add(49, program("gnome-terminal"), started=200)
    assert (None, "unknown", f"Started by {shell}, which is not a browser that Strongroom knows.") == proc.examine(50)


def test_a_number_that_was_given_again_is_no_ancestor(proc: Proc, program: ProgramMaker) -> None:
    """A process that is younger than its child has only the number of the one that started it."""
    proc.add(50, program("sh"), parent=49, started=300)
    proc.add(49, program("chromium"), started=301)
    assert (None, "unknown") == proc.examine(50)[:2]


@pytest.mark.parametrize(("shells", "found"), [(4, True), (5, False)])
def test_a_few_shells_are_looked_behind(proc: Proc, program: ProgramMaker, shells: int, *, found: bool) -> None:
    """More of them in a row are no browser's way to start a host."""
    shell = program("sh")
    for pid in range(50, 50 + shells):
        proc.add(pid, shell, parent=pid + 1)
    proc.add(50 + shells, program("chromium"))
    assert ("Chromium" if found else None) == proc.examine(50)[0]


def test_shells_without_end_are_given_up(proc: Proc, program: ProgramMaker) -> None:
    """A long chain of shells, or one that leads round in a circle."""
    shell = program("sh")
    proc.add(50, shell, parent=49)
    proc.add(49, shell, parent=50)
    assert (None, "unknown") == proc.examine(50)[:2]


def test_another_users_process_contradicts(proc: Proc, program: ProgramMaker) -> None:
    """A browser starts hosts as its own user."""
    proc.add(50, program("chromium"), uid=os.getuid() + 1)
    assert (None, "contradicted") == proc.examine(50)[:2]


def test_a_program_file_that_may_not_be_read_is_unknown(proc: Proc) -> None:
    """What a process calls itself is its own word."""
    proc.add(50, None, name="chromium")
    assert (None, "unknown", "Started by a process that calls itself chromium; its program file cannot be read.") == proc.examine(50)


def test_a_name_may_hold_anything(proc: Proc) -> None:
    """Parentheses, spaces and numbers in a process's name do not shift the fields behind it."""
    proc.add(50, None, name="a) S 1 (b", uid=os.getuid())
    assert "Started by a process that calls itself a) S 1 (b; its program file cannot be read." == proc.examine(50)[2]


def test_a_replaced_program_file_is_still_named(tmp_path: Path) -> None:
    """A browser that was updated while it runs has a deleted file; whose it is can be seen all the same."""
    copy = tmp_path / "firefox"
    shutil.copy("/bin/cat", copy)
    copy.chmod(0o777)
    with subprocess.Popen([copy], stdin=subprocess.PIPE) as browser:
        copy.unlink()
        parent = process_linux.examine(browser.pid, "firefox")
        assert f"Started by Firefox ({copy}), from a file that other programs of yours can replace." == parent.evidence[0].text
        browser.communicate()


@pytest.mark.parametrize("pid", [0, 1, 40, 2**22 + 1])
def test_a_parent_that_is_gone_is_unknown(proc: Proc, pid: int) -> None:
    """Process 1 adopts orphans; other numbers may have no folder any more."""
    proc.add(1, "/usr/lib/chromium/chromium")
    assert (None, "unknown") == proc.examine(pid)[:2]
    assert "gone" in proc.examine(pid)[2]


def test_a_user_manager_that_adopts_orphans_did_not_start_the_host(proc: Proc, program: ProgramMaker) -> None:
    """As systemd does for a session."""
    proc.add(50, program("systemd"))
    assert "The process that started Strongroom is gone, or is the system's first." == proc.examine(50)[2]


def test_what_started_the_browser_is_named(proc: Proc, program: ProgramMaker) -> None:
    """Names alone, from the browser up: a desktop's, or those of a program that drives it. Not further than they were there before it."""
    proc.add(1, program("systemd"))
    proc.add(10, program("konsole"), parent=1, started=10)
    proc.add(20, None, name="evil\x1b[31mname" * 9, parent=10, started=20)
    proc.add(50, program("chromium"), parent=20, started=50)
    proc.add(60, program("bash"), parent=50, started=60)
    assert 50 == process_linux.browser_pid(60, str(proc.folder))
    names = process_linux.chain(50, str(proc.folder))
    assert ("konsole",) == names[1:2]
    assert names[0].startswith("evil?[31mname")
    assert 40 == len(names[0])


def test_a_chain_ends(proc: Proc, program: ProgramMaker) -> None:
    """Where a number was given out again, in a ring, or after as many as a window shows."""
    proc.add(40, program("a"), parent=50, started=10)
    proc.add(50, program("chromium"), parent=40, started=10)
    assert 8 == len(process_linux.chain(50, str(proc.folder)))
    proc.add(70, program("younger"), started=99)
    proc.add(60, program("chromium2"), parent=70, started=50)
    assert () == process_linux.chain(60, str(proc.folder))
    assert () == process_linux.chain(61, str(proc.folder))
    assert process_linux.browser_pid(60, str(proc.folder)) is None


@pytest.mark.parametrize("damage", ["", "50 (", "50 (name) S", "50 (name) S x", "rubbish"])
def test_a_proc_that_says_rubbish_is_unknown(proc: Proc, program: ProgramMaker, damage: str) -> None:
    """Missing evidence is never a crash."""
    proc.add(50, program("chromium"))
    (proc.folder / "50" / "stat").write_text(damage)
    assert (None, "unknown") == proc.examine(50)[:2]


def test_a_path_that_is_not_utf8_can_still_be_told(tmp_path: Path, proc: Proc) -> None:
    """What is recorded must be text that can be encoded."""
    file = os.fsencode(tmp_path) + b"/\xff"
    with open(file, "wb"):
        pass
    proc.add(50, os.fsdecode(file))
    assert f"Started by {tmp_path}/\ufffd, which is not a browser that Strongroom knows." == proc.examine(50)[2]


def test_the_real_parent_of_a_process_is_seen() -> None:
    """A host started by this very Python says so, and says that this is no browser it knows."""
    program = "from native_host.caller.process import identify; import sys; c = identify(sys.argv[1:]); print([(e.level, e.text) for e in c.evidence])"
    said = subprocess.run([sys.executable, "-c", program, ORIGIN], capture_output=True, check=True, text=True, timeout=60).stdout
    path = os.path.realpath(sys.executable)
    assert [("unknown", f"Started by {path}, which is not a browser that Strongroom knows.")] == ast.literal_eval(said)


def test_identify_joins_claim_and_evidence() -> None:
    """The claim is the arguments'; the evidence is held against its family."""
    caller = identify([ORIGIN])
    assert (ORIGIN, "chromium", parent_evidence("chromium").evidence) == (caller.origin, caller.family, caller.evidence)


def test_identify_refuses_what_is_not_a_browsers() -> None:
    """No evidence is gathered for who names no origin."""
    with pytest.raises(OriginNotAllowed):
        identify(["--help"])


WATCHES = """
import os, select, sys
from native_host.caller.process import parent_gone, parent_handle
parent = os.getppid()
handle = parent_handle()
print("watching", parent_gone(parent), flush=True)
readable, _, _ = select.select([handle, 0], [], [], 30)
print(readable == [handle], parent_gone(parent), flush=True)
"""


def test_the_death_of_the_parent_is_noticed() -> None:
    """Its handle becomes readable at once, even if the input stays open; afterwards the parent is another."""
    launcher = f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {WATCHES!r}]); time.sleep(60)"
    reading, writing = os.pipe()  # The input of launcher and host: it stays open.
    with subprocess.Popen([sys.executable, "-c", launcher], stdin=reading, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        assert b"watching False\n" == parent.stdout.readline()
        parent.send_signal(signal.SIGKILL)
        assert b"True True\n" == parent.stdout.readline()
    os.close(reading)
    os.close(writing)


def test_a_living_parent_is_not_gone() -> None:
    """Its handle is quiet, and its number is the same."""
    handle = parent_handle()
    assert handle is not None
    assert ([], [], []) == select.select([handle], [], [], 0)
    assert not os.get_inheritable(handle)
    os.close(handle)
    assert not parent_gone(os.getppid())
