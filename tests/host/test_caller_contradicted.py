"""What is seen against a caller refuses it, from outside: everything that says something, until a person at a terminal goes on with just that."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from native_host.audit import entries
from native_host.keystore import seen
from native_host.operations.extension_files import CONTRADICTED
from native_host.operations.seen_extension import Known, decoded, encoded
from native_host.review.extension_files import NOT_LOADED
from native_host.testing.approver import PASSPHRASE
from native_host.testing.port import HostError, Port
from tests.chromium_profile import ORIGIN, write_database, write_worker
from tests.cli.test_audit import at_terminal
from tests.cli.test_program import Program
from tests.homes import Home, b64, refusal, unlock
from tests.host.test_extension_changed import TITLE, install

CHANGED = (4100, {"reason": "caller_changed"})
CODE = b"connect();"


def profile(home: Home) -> Path:
    return home.person / ".config" / "chromium" / "Default"


def keep_worker(home: Home, source: bytes = CODE) -> None:
    """Have Chromium have kept this of the extension's worker."""
    if not (profile(home) / "Service Worker").exists():
        write_database(profile(home), {"background.js": 1})
    write_worker(profile(home), source, 1)


def refused(port: Port, method: str, params: dict[str, Any] | None = None) -> str:
    with pytest.raises(HostError) as caught:
        port.request(method, params)
    assert CHANGED == refusal(caught.value)
    return str(caught.value)


def recorded(home: Home) -> list[str]:
    with home.store() as store:
        unlock(store)
        return [one.entry.rule for one in entries(store) if one.entry is not None and one.entry.method == CONTRADICTED]


def test_code_that_is_in_no_file_of_the_extension(home: Home) -> None:
    """Refused whatever it asks for, without anybody being asked; what says nothing is answered. Written down once a host."""
    install(home)
    keep_worker(home)
    home.open().close()
    keep_worker(home, b"steal();")
    asked = len(home.approver.asked)
    port = home.greet()
    said = refused(port, "unlock")
    assert "Reload the extension" in said
    assert str(home.person) not in said
    refused(port, "randomBytes", {"length": 4})
    assert "locked" == port.request("getStatus")["state"]
    assert "locked" == port.request("lock")["state"]
    refused(port, "unlock")
    port.close()
    assert asked == len(home.approver.asked)
    (rule,) = recorded(home)
    assert sha256(b"steal();").hexdigest() in rule

    keep_worker(home)
    home.open().close()


def test_code_of_before_an_update_is_the_extensions_own(home: Home) -> None:
    """The browser goes on running it until the extension is loaded anew: that is no contradiction at the unlocking that asks about the change."""
    folder = install(home)
    keep_worker(home)
    home.open().close()
    (folder / "background.js").write_text("connect(2);", encoding="utf-8")
    home.open().close()
    question = next(one for one in reversed(home.approver.asked) if one["kind"] == "review")
    assert TITLE == question["title"]
    assert NOT_LOADED in question["warnings"]
    refused(home.greet(), "unlock")  # by now it should have been loaded
    keep_worker(home, b"connect(2);")
    home.open().close()


def test_a_person_at_a_terminal_goes_on_with_just_that(home: Home, tmp_path: Path) -> None:
    """What is shown is accepted, and nothing that is seen later; no script can do it, and no other extension has it."""
    install(home)
    home.open().close()
    keep_worker(home, b"steal();")
    refused(home.greet(), "unlock")
    program = Program(tmp_path)
    program.environ |= {"STRONGROOM_HOME": str(home.folder), "HOME": str(home.person)}
    command = ("origins", "accept", ORIGIN)
    assert "by a person at a terminal" in program.run(*command).stderr
    (home.folder / "config.toml").rename(home.folder / "config.aside")
    answers = [("Unlock your keystore", PASSPHRASE), ("Type accept", "no")]
    assert 1 == at_terminal(program, *command, types=answers)[0]
    (home.folder / "config.aside").rename(home.folder / "config.toml")
    refused(home.greet(), "unlock")

    (home.folder / "config.toml").rename(home.folder / "config.aside")
    status, screen = at_terminal(program, *command, types=[("Unlock your keystore", PASSPHRASE), ("Type accept", "accept")])
    assert 0 == status, screen
    assert sha256(b"steal();").hexdigest() in screen.replace("\r\n", "")
    (home.folder / "config.aside").rename(home.folder / "config.toml")

    port = home.open()
    key = port.request("generateKey", {"alg": "Ed25519"})["keyId"]
    port.request("sign", {"keyId": key, "data": b64(b"x")})
    assert home.approver.asked[-1]["caller"]["evidence"][0].startswith("The browser runs code of this extension")
    port.close()
    keep_worker(home, b"steal(more);")
    refused(home.greet(), "unlock")


def test_an_acceptance_that_somebody_else_wrote(home: Home) -> None:
    """Put into the file from outside, it has the passphrase asked for and then found out."""
    install(home)
    home.open().close()
    keep_worker(home, b"steal();")
    refused(home.greet(), "unlock")
    (rule,) = recorded(home)
    signal, _, text = rule.partition(": ")
    forged = sha256(signal.encode() + b"\0" + text.encode()).digest()
    with home.store() as store, store.transaction():
        known = decoded(seen.claimed(store.connection, ORIGIN))
        content = encoded(Known(copies=known.copies, accepted=(forged,)))
        store.connection.execute("UPDATE meta SET value = ? WHERE name = ?", (b"m" * 32 + content, f"extension:{ORIGIN}"))
    port = home.greet()
    with pytest.raises(HostError) as caught:
        port.request("unlock")
    assert (5009, {"reason": "cannot_unseal"}) == refusal(caught.value)


def test_with_what_is_remembered_damaged_there_is_a_way_on(home: Home, tmp_path: Path) -> None:
    """First to go on with the file, then with what was seen; what the extension's files were is asked about then, at the next unlocking."""
    install(home)
    home.open().close()
    keep_worker(home, b"steal();")
    refused(home.greet(), "unlock")
    with home.store() as store, store.transaction():
        store.connection.execute("UPDATE meta SET value = ? WHERE name = ?", (b"damaged", f"extension:{ORIGIN}"))
    program = Program(tmp_path)
    program.environ |= {"STRONGROOM_HOME": str(home.folder), "HOME": str(home.person)}
    command, typed = ("origins", "accept", ORIGIN), [("Unlock your keystore", PASSPHRASE), ("Type accept", "accept")]
    (home.folder / "config.toml").rename(home.folder / "config.aside")
    status, screen = at_terminal(program, *command, types=typed[:1])
    assert (1, True) == (status, "strongroom audit verify" in screen), screen
    assert "to go on with what is there: strongroom audit accept" in program.run("audit", "verify").stdout
    for way in (("audit", "accept"), command):
        status, screen = at_terminal(program, *way, types=list(typed))
        assert 0 == status, screen
    (home.folder / "config.aside").rename(home.folder / "config.toml")
    home.open().close()
    assert TITLE in {one.get("title") for one in home.approver.asked}


def test_for_a_day_after_a_change_nothing_is_granted(home: Home) -> None:
    """Every window says that the extension was changed and when, and offers no more than this one use. A day later it is as before."""
    folder = install(home)
    port = home.open()
    key = port.request("generateKey", {"alg": "ES256"})["keyId"]  # of no chain's: what those sign raw is never granted
    assert signed(home, port, key)["grants"]
    port.close()
    (folder / "background.js").write_text("connect(2);", encoding="utf-8")
    port = home.open()
    asked = signed(home, port, key)
    assert [] == asked["grants"]
    assert asked["caller"]["evidence"][0].startswith("The extension was changed on 20")
    port.close()
    port = home.open()  # also in another process
    assert [] == signed(home, port, key)["grants"]
    port.close()

    with home.store() as store:
        unlock(store)
        known = decoded(seen.known(store, ORIGIN))
        assert known.changed_at is not None
        with store.transaction():
            earlier = Known(copies=known.copies, seen_at=known.seen_at, changed_at=known.changed_at - 25 * 60 * 60 * 1000)
            seen.note(store, ORIGIN, encoded(earlier))
            store.append_audit(b"")
    port = home.open()
    asked = signed(home, port, key)
    assert asked["grants"]
    assert not any("was changed on" in text for text in asked["caller"]["evidence"])


def signed(home: Home, port: Port, key: str) -> dict[str, Any]:
    """What the window about one signature was."""
    port.request("sign", {"keyId": key, "data": b64(b"x")})
    return dict(home.approver.asked[-1])


def test_origins_list_tells_what_is_known(home: Home, tmp_path: Path) -> None:
    """Version and digest, since when; how the files are now; and what runs of them."""
    install(home)
    home.open().close()
    program = Program(tmp_path)
    program.environ |= {"STRONGROOM_HOME": str(home.folder), "HOME": str(home.person)}
    listed = program.says("origins", "list")
    assert "version 1.0, sha256 " in listed
    assert ", known since 20" in listed
    assert "The extension's files are those that were seen before (version 1.0)." in listed
    keep_worker(home, b"steal();")
    assert "The browser runs code of this extension that is not in its files" in program.says("origins", "list")
    found = json.loads(program.run("doctor", "--json").stdout)
    assert any(one["verdict"] == "fail" and "background.js" in one["text"] for one in found if one["check"] == "extension")


POSES = """
import ctypes, os, subprocess, sys
ctypes.CDLL(None).prctl(15, b"chromium", 0, 0, 0)
code = "import os; from native_host.caller import process_linux as p; (e,) = p.examine(os.getppid(), 'chromium').evidence; print(e.level, e.text)"
del os.environ["PYTHONHOME"]  # by its own name it would not find its library
print(subprocess.run([sys.argv[1], "-c", code], capture_output=True, text=True, check=True).stdout)
"""


def test_a_program_that_calls_itself_chromium_is_told_by_its_file() -> None:
    """It may name itself, and its own arguments, as it likes: the kernel knows which file it is of."""
    command = ["/usr/lib/chromium/chromium", "-c", POSES, sys.executable]
    environ = {**os.environ, "PYTHONHOME": sys.base_prefix}
    done = subprocess.run(command, executable=sys.executable, env=environ, capture_output=True, text=True, check=False, timeout=60)
    assert 0 == done.returncode, done.stderr
    path = Path(sys.executable).resolve()
    assert f"unknown Started by {path}, which is not a browser that Strongroom knows." == done.stdout.strip()
