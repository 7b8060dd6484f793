"""``strongroom install``, ``uninstall`` and ``doctor`` as a person runs them, with the real host."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from native_host.install import HOST_NAME

ORIGIN = "chrome-extension://abcdefghijklmnopabcdefghijklmnop/"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home folder in which Chromium and Firefox were started."""
    for profile in (".config/chromium", ".mozilla/firefox"):
        (tmp_path / profile).mkdir(parents=True)
    return tmp_path


def strongroom(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environ = {"HOME": str(home), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
    command = [sys.executable, "-I", "-m", "native_host.cli", *arguments]
    return subprocess.run(command, env=environ, cwd="/", capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=120)


def test_registering_looking_and_taking_out(home: Path) -> None:
    """Install, ask doctor, install again, uninstall: the host answers in between, and nothing of it is left in browsers."""
    before = sorted(file for file in home.rglob("*") if file.is_file())
    installed = strongroom(home, "install", "--browser", "chromium", "--browser", "firefox", "--origin", ORIGIN)
    assert (0, "") == (installed.returncode, installed.stderr)
    manifest = json.loads((home / ".config/chromium/NativeMessagingHosts" / f"{HOST_NAME}.json").read_bytes())
    assert [ORIGIN] == manifest["allowed_origins"]
    looked = strongroom(home, "doctor", "--json")
    hello = {found["browser"]: (found["verdict"], found["text"]) for found in json.loads(looked.stdout) if found["check"] == "hello"}
    assert {"chromium", "firefox"} <= set(hello)
    assert "ok" == hello["chromium"][0]
    assert hello["chromium"][1].startswith("The host answered in ")
    again = strongroom(home, "install", "--browser", "chromium", "--browser", "firefox", "--origin", ORIGIN)
    assert "Nothing was changed." in again.stdout
    removed = strongroom(home, "uninstall")
    assert (0, "") == (removed.returncode, removed.stderr)
    left = sorted(file for file in home.rglob("*") if file.is_file() and "keystore.db" not in file.name)
    assert before == left


def test_an_attached_origin_is_let_in_by_itself(home: Path) -> None:
    """What was attached to a wallet stands in the manifest without being named again, and the host answers it."""
    assert 0 == strongroom(home, "origins", "add", ORIGIN).returncode
    assert 0 == strongroom(home, "install", "--browser", "chromium").returncode
    looked = strongroom(home, "doctor", "--json")
    # What is said of the browser's own program depends on how it was installed here, if it was.
    texts = [(f["check"], f["verdict"]) for f in json.loads(looked.stdout) if f["browser"] == "chromium" and f["check"] != "code"]
    assert [("manifest", "ok"), ("hello", "ok")] == texts


def test_a_rehearsal_does_nothing(home: Path) -> None:
    """With --dry-run the files are named and none is made."""
    rehearsed = strongroom(home, "install", "--browser", "chromium", "--dry-run")
    assert 0 == rehearsed.returncode
    assert f"write      {home}/.config/chromium/NativeMessagingHosts/{HOST_NAME}.json  (Chromium)" in rehearsed.stdout
    assert [] == [file for file in home.rglob("*") if file.is_file()]


def test_a_foreign_manifest_is_refused_and_told(home: Path) -> None:
    """Status 1, the file untouched, and the option that would replace it."""
    file = home / ".config/chromium/NativeMessagingHosts" / f"{HOST_NAME}.json"
    file.parent.mkdir()
    file.write_text("theirs")
    refused = strongroom(home, "install", "--browser", "chromium")
    assert 1 == refused.returncode
    assert "--replace" in refused.stdout
    assert "theirs" == file.read_text()
    assert 0 == strongroom(home, "install", "--browser", "chromium", "--replace").returncode
    assert "theirs" == Path(f"{file}.backup-1").read_text()


def test_doctor_prints_the_command_whole(home: Path) -> None:
    """What is wrong and the command that mends it stand on lines that are not wrapped; the status is 1."""
    looked = strongroom(home, "doctor")
    assert 1 == looked.returncode
    assert "strongroom install --user --browser chromium\n" in looked.stdout


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        (["install", "--browser", "netscape"], 1, "strongroom: There is no browser of that name in our table."),
        (["install", "--origin", "https://example.org"], 1, "strongroom: An origin is not of the form that browsers use."),
        (["uninstall", "--browser", "netscape"], 1, "strongroom: There is no browser of that name in our table."),
        (["install", "--colour"], 2, "No such option"),
        (["reinstall"], 2, "No such command"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(home: Path, arguments: list[str], status: int, sentence: str) -> None:
    """Errors go to the error stream, without a traceback; 2 means that the command was not understood."""
    done = strongroom(home, *arguments)
    assert status == done.returncode
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert "" == done.stdout


def test_a_folder_that_cannot_be_written_is_one_sentence(home: Path) -> None:
    """Something in the way of a folder is named, without a traceback."""
    (home / ".config/chromium/NativeMessagingHosts").write_text("")
    done = strongroom(home, "install", "--browser", "chromium")
    assert 1 == done.returncode
    assert done.stderr.startswith("strongroom: ")
    assert "Traceback" not in done.stderr


def test_the_launcher_follows_the_home_of_its_start(home: Path, tmp_path: Path) -> None:
    """Installed under STRONGROOM_HOME, the launcher lies there and yet has nothing of it inside."""
    store = tmp_path / "store"
    environ = {"HOME": str(home), "PATH": os.defpath, "STRONGROOM_HOME": str(store)}
    command = [sys.executable, "-I", "-m", "native_host.cli", "install", "--browser", "firefox"]
    subprocess.run(command, env=environ, check=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=120)
    launcher = store / "bin" / "strongroom-host"
    assert str(store) not in launcher.read_text()
    manifest = json.loads((home / ".mozilla/native-messaging-hosts" / f"{HOST_NAME}.json").read_bytes())
    assert str(launcher) == manifest["path"]


def test_help_imports_nothing_heavy() -> None:
    """Asking for help does not load the host, a keystore or the library that draws."""
    code = (
        "import sys\nsys.argv = ['strongroom', '--help']\nfrom native_host.cli import main\n"
        "try:\n    main()\nfinally:\n    print(sorted({'rich', 'sqlite3', 'nacl', 'native_host.host', 'platformdirs'} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert (0, "[]\n") == (done.returncode, done.stderr)
    assert "doctor" in done.stdout
