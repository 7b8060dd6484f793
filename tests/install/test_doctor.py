"""Doctor: every verdict it can give, with the command that mends it."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from native_host.install import HOST_NAME
from native_host.install.browsers import BY_NAME, Scope
from native_host.install.checks import Finding, writable_by_others
from native_host.install.doctor import examine
from native_host.install.machine import Machine
from native_host.install.manifests import apply, build_manifest, plan_install
from native_host.install.ownership import MARK

ORIGIN = "chrome-extension://abcdefghijklmnopabcdefghijklmnop/"
ANSWER = {"host": {"name": "Strongroom", "version": "9.9"}, "state": "locked"}
FILE = f".config/chromium/NativeMessagingHosts/{HOST_NAME}.json"


def write_host(machine: Machine, reply: dict[str, object], scope: Scope = "user") -> None:
    """A host where the launcher should be: it leaves its arguments beside it, answers with ``reply`` and ends with its input."""
    launcher = Path(machine.launcher(scope))
    launcher.parent.mkdir(parents=True, exist_ok=True)
    launcher.write_text(
        f"#!{sys.executable} -I\n{MARK}\nimport json, os, struct, sys\n"
        "open('arguments', 'a').write(json.dumps(sys.argv[1:]) + '\\n')\n"
        "sys.stdin.buffer.read(struct.unpack('=I', sys.stdin.buffer.read(4))[0])\n"
        f"body = json.dumps({reply!r}).encode()\n"
        "os.write(1, struct.pack('=I', len(body)) + body)\nsys.stdin.buffer.read(1)\n"
    )
    launcher.chmod(0o755)


def install(machine: Machine, *, browser: str = "chromium", scope: Scope = "user", origins: tuple[str, ...] = (ORIGIN,)) -> Path:
    """Register the host for one browser and put a host that answers where the launcher is; the manifest's file."""
    steps = plan_install(machine, scope, origins=origins, python=sys.executable, browsers=[BY_NAME[browser]])
    for step in steps:
        apply(step)
    write_host(machine, {"jsonrpc": "2.0", "id": 1, "result": ANSWER}, scope)
    return Path(steps[-1].path)


def look(machine: Machine, origins: tuple[str, ...] = (ORIGIN,)) -> list[tuple[str, str, str]]:
    """Check, verdict and mend of every finding about a browser."""
    return [(found.check, found.verdict, found.mend) for found in about_browsers(machine, origins)]


def about_browsers(machine: Machine, origins: tuple[str, ...] = (ORIGIN,)) -> list[Finding]:
    return [found for found in examine(machine, origins=origins, timeout_seconds=20) if found.browser]


@pytest.fixture
def chromium(machine: Machine) -> Machine:
    """Chromium was started by this person."""
    (Path(machine.home) / ".config/chromium").mkdir(parents=True)
    return machine


def test_all_is_well(chromium: Machine) -> None:
    """A registered host that answers is three times fine, with nothing to mend."""
    install(chromium)
    assert [("manifest", "ok", ""), ("hello", "ok", "")] == look(chromium)
    assert about_browsers(chromium)[-1].text.startswith("The host 9.9 answered in ")


def test_no_browser(machine: Machine) -> None:
    """Without a browser there is nothing to reach the host from."""
    assert ["browsers"] == [found.check for found in examine(machine, origins=[ORIGIN]) if found.verdict == "fail"]


def test_no_origin_is_attached(chromium: Machine) -> None:
    """A host that refuses everybody is told, and its refusal counts as answered."""
    install(chromium, origins=())
    write_host(chromium, {"jsonrpc": "2.0", "id": 1, "error": {"code": 4100, "message": "", "data": {"reason": "origin_not_allowed"}}})
    findings = examine(chromium, origins=[])
    assert [("origins", "warn", "strongroom origins add ORIGIN")] == [(f.check, f.verdict, f.mend) for f in findings if not f.browser]
    assert ("hello", "ok", "") == look(chromium, ())[-1]


def test_a_home_of_this_shell_is_told(chromium: Machine) -> None:
    """A browser that was started without STRONGROOM_HOME uses another store."""
    moved = Machine(
        system="linux", home=chromium.home, data=chromium.data, root=chromium.root, environ={**chromium.environ, "STRONGROOM_HOME": "/s"}
    )
    assert ("home", "warn", "unset STRONGROOM_HOME") in [(f.check, f.verdict, f.mend) for f in examine(moved, origins=[ORIGIN])]


def test_no_manifest(chromium: Machine) -> None:
    """Where no place has a manifest, installing mends it."""
    assert [("manifest", "fail", "strongroom install --user --browser chromium")] == look(chromium)


def test_a_system_wide_manifest_is_enough(chromium: Machine) -> None:
    """What is registered for every account serves this one."""
    file = install(chromium, scope="system")
    assert [("manifest", "ok", ""), ("hello", "ok", "")] == look(chromium)
    assert str(file) == about_browsers(chromium)[0].text


def test_somebody_else_s_manifest(chromium: Machine) -> None:
    """A manifest of our name that is not ours is not followed: its program is not started."""
    trap = Path(chromium.home) / "trap"
    trap.write_text(f"#!/bin/sh\ntouch {trap}.sprung\n")
    trap.chmod(0o755)
    file = Path(chromium.home) / FILE
    file.parent.mkdir()
    file.write_text(json.dumps({"name": HOST_NAME, "description": "", "path": str(trap), "type": "stdio", "allowed_origins": [ORIGIN]}))
    mend = "strongroom install --user --browser chromium --replace"
    assert ("manifest", "fail", mend) in look(chromium)
    assert not Path(f"{trap}.sprung").exists()


def test_a_shadowed_manifest(chromium: Machine) -> None:
    """A person's manifest that hides our system-wide one decides what is started, and that is told."""
    install(chromium, scope="system")
    file = Path(chromium.home) / FILE
    file.parent.mkdir()
    file.write_text("{}")
    assert ("shadowed", "fail", "strongroom install --user --browser chromium --replace") == look(chromium)[0]


def test_a_manifest_that_others_may_write(chromium: Machine) -> None:
    """No browser minds a manifest that everybody may write; doctor does."""
    file = install(chromium)
    file.chmod(0o666)
    assert [("manifest", "fail", f"chmod go-w {file}")] == look(chromium)


def test_a_folder_that_others_may_write(chromium: Machine) -> None:
    """Who may write the folder may swap the file in it."""
    file = install(chromium)
    file.parent.chmod(0o777)
    assert [("manifest", "fail", f"chmod go-w {file.parent}")] == look(chromium)


def test_an_origin_is_missing(chromium: Machine) -> None:
    """An attached extension that the manifest does not let in is named."""
    install(chromium, origins=())
    assert ("origins", "fail", "strongroom install --user --browser chromium") in look(chromium)
    assert [f"The manifest does not let in {ORIGIN}."] == [found.text for found in about_browsers(chromium) if found.check == "origins"]


def test_an_origin_too_many(chromium: Machine) -> None:
    """An extension that is let in and attached nowhere is told; in a shared manifest it may be another account's."""
    install(chromium)
    assert ("origins", "warn", "strongroom install --user --browser chromium") in look(chromium, ())
    os.unlink(Path(chromium.home) / FILE)
    install(chromium, scope="system")
    assert "origins" not in [check for check, _, _ in look(chromium, ())]


def test_root_is_told_the_origins(chromium: Machine) -> None:
    """Run through sudo, installing cannot see this account's origins: the command names them."""
    install(chromium, scope="system", origins=())
    assert ("origins", "fail", f"sudo strongroom install --system --browser chromium --origin {ORIGIN}") in look(chromium)


def test_the_program_is_gone(chromium: Machine) -> None:
    """A manifest that names nothing."""
    install(chromium)
    os.unlink(chromium.launcher("user"))
    assert [("manifest", "ok", ""), ("program", "fail", "strongroom install --user --browser chromium")] == look(chromium)


def test_the_program_is_not_executable(chromium: Machine) -> None:
    """A program that cannot be started as one."""
    install(chromium)
    os.chmod(chromium.launcher("user"), 0o644)
    assert ("program", "fail", f"chmod 755 {chromium.launcher('user')}") in look(chromium)


def test_another_installation_s_program(chromium: Machine, tmp_path: Path) -> None:
    """A manifest of ours that names a program elsewhere works, and is told."""
    file = install(chromium)
    other = tmp_path / "home/other"
    os.rename(chromium.launcher("user"), other)
    file.write_bytes(build_manifest("chromium", str(other), [ORIGIN]))
    assert ("program", "warn", "strongroom install --user --browser chromium") == look(chromium)[1]


def test_a_program_that_others_may_write(chromium: Machine) -> None:
    """Neither the launcher nor a folder above it may be anybody's to change, and then it is not started."""
    install(chromium)
    launcher = Path(chromium.launcher("user"))
    for loose in (launcher, launcher.parent, launcher.parent.parent):
        mode = loose.stat().st_mode
        loose.chmod(0o777)
        assert [("manifest", "ok", ""), ("program", "fail", f"chmod go-w {loose}")] == look(chromium)
        loose.chmod(mode)


def test_the_interpreter_is_gone(chromium: Machine) -> None:
    """A Python that was removed or moved is named."""
    install(chromium)
    Path(chromium.launcher("user")).write_text(f"#!/nowhere/python -I\n{MARK}\n")
    assert ("interpreter", "fail", "strongroom install --user --browser chromium") == look(chromium)[-1]
    assert "/nowhere/python" in about_browsers(chromium)[-1].text


def test_an_interpreter_that_others_may_write(chromium: Machine, tmp_path: Path) -> None:
    """Who may change the interpreter decides what runs."""
    install(chromium)
    python = tmp_path / "home/python"
    python.write_text("#!/bin/sh\n")
    python.chmod(0o777)
    Path(chromium.launcher("user")).write_text(f"#!{python} -I\n{MARK}\n")
    assert ("interpreter", "fail", f"chmod go-w {python}") == look(chromium)[-1]


def test_a_host_that_does_not_answer(chromium: Machine) -> None:
    """A host that fails at its start is told with what it last said."""
    install(chromium)
    Path(chromium.launcher("user")).write_text(f"#!{sys.executable} -I\n{MARK}\nraise SystemExit('no keystore')\n")
    assert ("hello", "fail", "strongroom install --user --browser chromium") == look(chromium)[-1]
    assert "no keystore" in about_browsers(chromium)[-1].text


def test_a_host_that_refuses(chromium: Machine) -> None:
    """A refusal of an attached extension is told with its reason."""
    install(chromium)
    write_host(chromium, {"jsonrpc": "2.0", "id": 1, "error": {"code": 4100, "message": "", "data": {"reason": "origin_not_allowed"}}})
    assert ("hello", "warn", "strongroom origins list") == look(chromium)[-1]


def test_a_host_that_does_not_end(chromium: Machine) -> None:
    """A host that outlives its port would pile up behind the browser."""
    install(chromium)
    launcher = Path(chromium.launcher("user"))
    launcher.write_text(launcher.read_text() + "import time\ntime.sleep(60)\n")
    assert ("hello", "fail") == look(chromium)[-1][:2]
    assert "did not end" in about_browsers(chromium)[-1].text


def test_each_browser_s_arguments_are_used(machine: Machine) -> None:
    """Chromium gives the origin; Firefox gives the manifest's path and the add-on's id."""
    home = Path(machine.home)
    (home / ".config/chromium").mkdir(parents=True)
    (home / ".mozilla/firefox").mkdir(parents=True)
    origins = (ORIGIN, "moz-extension:wallet@example.org")
    install(machine, origins=origins)
    firefox = install(machine, browser="firefox", origins=origins)
    assert {"ok"} == {verdict for _, verdict, _ in look(machine, origins)}
    lines = (Path(machine.launcher("user")).parent / "arguments").read_text().splitlines()
    assert [[ORIGIN], [str(firefox), "wallet@example.org"]] == [json.loads(line) for line in lines]


def test_browsers_that_share_a_place_start_the_host_once(machine: Machine) -> None:
    """Opera reads Chrome's manifest: both are judged by one start."""
    for profile in ("google-chrome", "opera"):
        (Path(machine.home) / ".config" / profile).mkdir(parents=True)
    install(machine, browser="chrome")
    assert ["chrome", "chrome", "opera", "opera"] == [found.browser for found in about_browsers(machine)]
    assert 1 == len((Path(machine.launcher("user")).parent / "arguments").read_text().splitlines())


def write_policy(machine: Machine, **policy: object) -> None:
    folder = Path(machine.root) / "etc/chromium/policies/managed"
    folder.mkdir(parents=True)
    (folder / "company.json").write_text(json.dumps(policy))


def test_a_policy_that_hides_per_user_hosts(chromium: Machine) -> None:
    """Where an administrator allows system-wide hosts alone, the person's manifest does not count."""
    install(chromium)
    write_policy(chromium, NativeMessagingUserLevelHosts=False)
    mend = f"sudo strongroom install --system --browser chromium --origin {ORIGIN}"
    assert [("policy", "warn", mend), ("manifest", "fail", mend)] == look(chromium)


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ({"NativeMessagingBlocklist": ["*"]}, ["policy"]),
        ({"NativeMessagingBlocklist": [HOST_NAME]}, ["policy"]),
        ({"NativeMessagingBlocklist": ["*"], "NativeMessagingAllowlist": [HOST_NAME]}, []),
        ({"NativeMessagingBlocklist": ["org.example.other"]}, []),
        ({"NativeMessagingBlocklist": "*"}, []),
    ],
)
def test_a_policy_that_blocks_the_host(chromium: Machine, policy: dict[str, object], expected: list[str]) -> None:
    """A block list holds unless the allow list names the host; only the administrator can mend it."""
    install(chromium)
    write_policy(chromium, **policy)
    assert expected == [check for check, verdict, _ in look(chromium) if verdict == "fail"]


def test_a_flatpak_is_told_its_two_steps(machine: Machine) -> None:
    """First the permission, said with its price, then the manifest; with both there is nothing more to check from outside."""
    home = Path(machine.home)
    (home / ".var/app/org.chromium.Chromium").mkdir(parents=True)
    mend = "flatpak override --user --talk-name=org.freedesktop.Flatpak org.chromium.Chromium"
    install_it = ("manifest", "fail", "strongroom install --user --browser chromium-flatpak")
    assert [("sandbox", "fail", mend), install_it] == look(machine)
    overrides = home / ".local/share/flatpak/overrides"
    overrides.mkdir(parents=True)
    (overrides / "org.chromium.Chromium").write_text("[Session Bus Policy]\norg.freedesktop.Flatpak=talk\n")
    assert [install_it] == look(machine)
    install(machine, browser="chromium-flatpak")
    assert [("manifest", "ok", "")] == look(machine)


def test_firefox_as_a_snap_is_told_its_question(machine: Machine) -> None:
    """It reads Firefox's own places, and a service outside asks the person once."""
    (Path(machine.root) / "snap/firefox").mkdir(parents=True)
    install(machine, browser="firefox-snap", origins=("moz-extension:wallet@example.org",))
    mend = f"flatpak permission-set webextensions {HOST_NAME} snap.firefox yes"
    assert [("sandbox", "warn", mend), ("manifest", "ok", ""), ("hello", "ok", "")] == look(machine, ("moz-extension:wallet@example.org",))


def test_chromium_as_a_snap_cannot_be_helped(machine: Machine) -> None:
    """There is no command that mends it, and none is invented."""
    (Path(machine.root) / "snap/chromium").mkdir(parents=True)
    assert [("sandbox", "fail", "")] == look(machine)


def test_a_package_that_others_may_write(chromium: Machine, tmp_path: Path) -> None:
    """Who may change the installed package decides what the host does."""
    package = tmp_path / "package"
    package.mkdir()
    package.chmod(0o777)
    findings = examine(chromium, origins=[ORIGIN], package=str(package))
    assert [("package", "fail", f"chmod go-w {package}")] == [(f.check, f.verdict, f.mend) for f in findings if not f.browser]


def test_a_sticky_folder_is_not_loose(tmp_path: Path) -> None:
    """In a sticky folder such as /tmp only the owner of an entry can swap it."""
    folder = tmp_path / "sticky"
    folder.mkdir()
    folder.chmod(0o1777)
    (folder / "file").touch(0o600)
    assert "" == writable_by_others(str(folder / "file"))
    folder.chmod(0o777)
    assert str(folder) == writable_by_others(str(folder / "file"))


def test_another_account_s_file_is_loose(chromium: Machine) -> None:
    """What another account owns it can change, whatever the mode; the command takes it over."""
    file = install(chromium)
    if os.geteuid() != 0:
        assert "" == writable_by_others("/etc/passwd")
        return
    os.chown(file, 4321, 4321)
    assert [("manifest", "fail", f'sudo chown "$(id -un)" {file}')] == look(chromium)
