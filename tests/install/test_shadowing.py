"""Which manifest leads a browser to the host: over a machine of our own, with what a program of the person could put before the system's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from native_host.caller.identity import Caller, Evidence, Level
from native_host.install import HOST_NAME
from native_host.install.browsers import BROWSERS
from native_host.install.checks import Registered, check_manifest
from native_host.install.documents import read_object
from native_host.install.launcher import launcher_source
from native_host.install.machine import Machine
from native_host.install.manifests import build_manifest
from native_host.install.shadowing import leads_to_us, manifest_evidence, shadowed

ADDON = "you@example.org"
BY_NAME = {browser.name: browser for browser in BROWSERS}
USER = {"firefox": ".mozilla/native-messaging-hosts", "chromium": ".config/chromium/NativeMessagingHosts"}
SYSTEM = {"firefox": "usr/lib/mozilla/native-messaging-hosts", "chromium": "etc/chromium/native-messaging-hosts"}


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    (tmp_path / "home").mkdir()
    return Machine(system="linux", home=str(tmp_path / "home"), data=str(tmp_path / "data"), root=str(tmp_path / "root"), environ={})


def launcher(machine: Machine) -> str:
    program = Path(machine.data) / "strongroom-host"
    program.parent.mkdir(exist_ok=True)
    program.write_text(launcher_source("/usr/bin/python3"), encoding="utf-8")
    return str(program)


def write(machine: Machine, scope: str, name: str = "firefox", *, program: str | None = None, raw: bytes | None = None) -> str:
    where = Path(machine.home, USER[name]) if scope == "user" else Path(machine.root, SYSTEM[name])
    where.mkdir(parents=True, exist_ok=True)
    file = where / f"{HOST_NAME}.json"
    family = BY_NAME[name].family
    file.write_bytes(raw if raw is not None else build_manifest(family, program or launcher(machine), []))
    return str(file)


def evil(machine: Machine) -> str:
    program = Path(machine.home) / "between.sh"
    program.write_text("#!/bin/sh\nexec tee /tmp/log\n", encoding="utf-8")
    return str(program)


def firefox(path: str) -> Caller:
    return Caller(origin=f"moz-extension:{ADDON}", family="firefox", manifest_path=path)


def judged(machine: Machine, caller: Caller) -> tuple[Level, str]:
    found = manifest_evidence(machine, caller)
    assert found is not None
    assert "manifest" == found.signal
    return found.level, found.text


def test_where_firefox_was_led_from(machine: Machine) -> None:
    """It tells the manifest that it read: in the person's folder, in the system's, or where none is looked for."""
    level, text = judged(machine, firefox(write(machine, "user")))
    assert ("consistent", True) == (level, "your own folder" in text)
    level, text = judged(machine, firefox(write(machine, "system")))
    assert ("consistent", True) == (level, "the system's folder" in text)
    level, text = judged(machine, firefox("/nonexistent/manifest.json"))
    assert ("unknown", True) == (level, "where none is looked for" in text)


def test_one_that_was_not_written_by_installing(machine: Machine) -> None:
    """It may be a distribution's: that is said, and refuses nobody."""
    foreign = {"name": HOST_NAME, "path": launcher(machine), "type": "stdio", "allowed_extensions": [ADDON]}
    level, text = judged(machine, firefox(write(machine, "system", raw=json.dumps(foreign).encode())))
    assert ("unknown", True) == (level, "was not written by: strongroom install" in text)


FOREIGN = json.dumps({"name": HOST_NAME, "path": "/tmp/x", "type": "stdio"}).encode()


@pytest.mark.parametrize("name", ["firefox", "chromium"])
@pytest.mark.parametrize("how", ["of another's", "with our mark", "rubbish", "a link"])
def test_one_that_stands_before_the_systems(machine: Machine, name: str, how: str) -> None:
    """A program of the same user put itself between browser and host: refused, whichever browser; also if it took our words for its manifest."""
    hidden = write(machine, "system", name)
    program = evil(machine) if how == "with our mark" else None
    first = write(machine, "user", name, program=program, raw={"of another's": FOREIGN, "rubbish": b"\0"}.get(how))
    if how == "a link":
        Path(first).rename(Path(machine.home) / "elsewhere")
        Path(first).symlink_to(Path(machine.home) / "elsewhere")
    caller = firefox(first) if name == "firefox" else Caller(origin="chrome-extension://x/", family="chromium", browser="Chromium")
    level, text = judged(machine, caller)
    assert "contradicted" == level
    assert first in text
    assert hidden in text


def test_two_of_ours_are_no_contradiction(machine: Machine) -> None:
    """Installed for the person and for the machine."""
    first = write(machine, "user")
    write(machine, "system")
    assert "consistent" == judged(machine, firefox(first))[0]
    assert shadowed(machine, BY_NAME["firefox"]) is None


def test_chromium_does_not_tell(machine: Machine) -> None:
    """Nothing is said of a browser that is not known, or of places of another one."""
    assert manifest_evidence(machine, Caller(origin="chrome-extension://x/", family="chromium")) is None
    write(machine, "user", "chromium")
    assert manifest_evidence(machine, Caller(origin="chrome-extension://x/", family="chromium", browser="Chromium")) is None
    write(machine, "system", "chromium")
    write(machine, "user", "chromium", raw=FOREIGN)
    assert manifest_evidence(machine, Caller(origin="chrome-extension://x/", family="chromium", browser="Vivaldi")) is None


@pytest.mark.parametrize("browser", ["Firefox", "Firefox ESR"])
def test_firefox_by_any_name(machine: Machine, browser: str) -> None:
    """Its other builds read the same places."""
    write(machine, "system")
    caller = Caller(origin=f"moz-extension:{ADDON}", family="firefox", browser=browser, manifest_path=write(machine, "user", raw=FOREIGN))
    assert "contradicted" == judged(machine, caller)[0]


def test_doctor_finds_one_with_our_mark(machine: Machine) -> None:
    """It says that it is ours, and leads elsewhere."""
    hidden = write(machine, "system")
    first = write(machine, "user", program=evil(machine))
    registered = Registered(path=first, scope="user", manifest=read_object(first) or {}, hidden=(hidden,))
    (finding,) = check_manifest(BY_NAME["firefox"], registered, ())
    assert ("shadowed", "fail", f"rm {first}") == (finding.check, finding.verdict, finding.mend)


def test_leading_to_us(machine: Machine) -> None:
    """A manifest that installing wrote, which names a program that it wrote."""
    assert leads_to_us(write(machine, "user"))
    assert not leads_to_us(write(machine, "user", program="relative"))
    assert not leads_to_us(write(machine, "user", program=str(Path(machine.home) / "gone")))
    assert not leads_to_us(str(Path(machine.home) / "none.json"))
    assert isinstance(manifest_evidence(machine, firefox("/\udcff.json")), Evidence)
