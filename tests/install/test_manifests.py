"""Manifests: their two forms, who owns a file, and that only our own are changed or removed."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from native_host.install import HOST_NAME, InstallError
from native_host.install.browsers import BY_NAME
from native_host.install.machine import Machine
from native_host.install.manifests import (
    DESCRIPTION,
    Step,
    apply,
    build_manifest,
    check_origins,
    extensions_of,
    plan_install,
    plan_refresh,
    plan_uninstall,
)
from native_host.install.ownership import owner_of

CHROMIUM_ID = "abcdefghijklmnopabcdefghijklmnop"
ORIGINS = [f"chrome-extension://{CHROMIUM_ID}/", "moz-extension:wallet@example.org"]
CHROMIUM_FILE = f".config/chromium/NativeMessagingHosts/{HOST_NAME}.json"
FIREFOX_FILE = f".mozilla/native-messaging-hosts/{HOST_NAME}.json"


@pytest.fixture
def browsers(tmp_path: Path) -> Path:
    """Chromium and Firefox have been started by this person; the home folder."""
    for profile in (".config/chromium", ".mozilla/firefox"):
        (tmp_path / "home" / profile).mkdir(parents=True)
    return tmp_path / "home"


def carry_out(steps: tuple[Step, ...]) -> list[tuple[str, str]]:
    for step in steps:
        apply(step)
    return [(step.action, step.path) for step in steps]


def snapshot(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {str(file): (file.stat().st_mtime_ns, file.read_bytes()) for file in folder.rglob("*") if file.is_file()}


def test_the_form_for_chromium() -> None:
    """Chromium's manifest names origins."""
    expected = {
        "name": "io.strongroom.host",
        "description": DESCRIPTION,
        "path": "/opt/host",
        "type": "stdio",
        "allowed_origins": [f"chrome-extension://{CHROMIUM_ID}/"],
    }
    assert expected == json.loads(build_manifest("chromium", "/opt/host", extensions_of("chromium", ORIGINS)))


def test_the_form_for_firefox() -> None:
    """Firefox's manifest names add-on ids and has no member of Chromium's."""
    expected = {
        "name": "io.strongroom.host",
        "description": DESCRIPTION,
        "path": "/opt/host",
        "type": "stdio",
        "allowed_extensions": ["wallet@example.org"],
    }
    assert expected == json.loads(build_manifest("firefox", "/opt/host", extensions_of("firefox", ORIGINS)))


@pytest.mark.parametrize(
    "origin",
    [
        "chrome-extension://*/",
        "chrome-extension://abc/",
        f"chrome-extension://{CHROMIUM_ID}",
        "https://example.org/",
        "moz-extension:",
        "x",
    ],
)
def test_what_is_no_origin_is_let_in_nowhere(origin: str) -> None:
    """Wildcards and other schemes give no entry, and are refused where a person types them."""
    assert ([], []) == (extensions_of("chromium", [origin]), extensions_of("firefox", [origin]))
    with pytest.raises(InstallError, match="not of the form"):
        check_origins([origin])


def test_installing_writes_a_launcher_and_a_manifest_a_browser(machine: Machine, browsers: Path, python: str) -> None:
    """Every browser found gets its form; the manifests name the launcher, which is executable."""
    done = carry_out(plan_install(machine, "user", origins=ORIGINS, python=python))
    launcher = f"{machine.data}/bin/strongroom-host"
    assert [("write", launcher), ("write", str(browsers / CHROMIUM_FILE)), ("write", str(browsers / FIREFOX_FILE))] == done
    chromium, firefox = (json.loads((browsers / file).read_bytes()) for file in (CHROMIUM_FILE, FIREFOX_FILE))
    assert (launcher, launcher) == (chromium["path"], firefox["path"])
    assert [ORIGINS[0]] == chromium["allowed_origins"]
    assert ["wallet@example.org"] == firefox["allowed_extensions"]


def test_modes_do_not_hang_on_the_umask(machine: Machine, browsers: Path, python: str) -> None:
    """Manifests are readable and launchers executable for all, writable for the owner; new folders are the owner's alone."""
    before = os.umask(0)
    try:
        carry_out(plan_install(machine, "user", origins=ORIGINS, python=python))
    finally:
        os.umask(before)
    launcher = Path(machine.launcher("user"))
    paths = (browsers / CHROMIUM_FILE, launcher, launcher.parent, (browsers / CHROMIUM_FILE).parent)
    assert [0o644, 0o755, 0o700, 0o700] == [stat.S_IMODE(path.stat().st_mode) for path in paths]


def test_system_wide_files_are_readable_for_all(machine: Machine, browsers: Path, tmp_path: Path, python: str) -> None:
    """A system-wide manifest lies below the root, in folders that every account may enter."""
    before = os.umask(0o077)
    try:
        carry_out(plan_install(machine, "system", origins=ORIGINS, python=python))
    finally:
        os.umask(before)
    folder = tmp_path / "root/etc/chromium/native-messaging-hosts"
    assert 0o755 == stat.S_IMODE(folder.stat().st_mode)
    assert machine.launcher("system") == json.loads((folder / f"{HOST_NAME}.json").read_bytes())["path"]
    assert 0o755 == stat.S_IMODE(Path(machine.launcher("system")).stat().st_mode)


def test_a_second_run_changes_nothing(machine: Machine, browsers: Path, python: str) -> None:
    """Installing again finds everything as it should be and touches no file."""
    carry_out(plan_install(machine, "user", origins=ORIGINS, python=python))
    before = snapshot(browsers)
    done = carry_out(plan_install(machine, "user", origins=ORIGINS, python=python))
    assert {"keep"} == {action for action, _ in done}
    assert before == snapshot(browsers)


def test_a_plan_changes_nothing(machine: Machine, browsers: Path, python: str) -> None:
    """Planning alone writes no file and makes no folder."""
    before = sorted(browsers.rglob("*"))
    plan_install(machine, "user", origins=ORIGINS, python=python)
    assert before == sorted(browsers.rglob("*"))


def test_our_own_manifest_is_brought_up_to_date(machine: Machine, browsers: Path, python: str) -> None:
    """What we wrote earlier is replaced without a backup, contents and mode."""
    carry_out(plan_install(machine, "user", origins=[], python=python))
    (browsers / FIREFOX_FILE).chmod(0o666)
    done = carry_out(plan_install(machine, "user", origins=[ORIGINS[0]], python=python))
    assert ["keep", "update", "update"] == [action for action, _ in done]
    assert [ORIGINS[0]] == json.loads((browsers / CHROMIUM_FILE).read_bytes())["allowed_origins"]
    assert 0o644 == stat.S_IMODE((browsers / FIREFOX_FILE).stat().st_mode)
    assert [f"{HOST_NAME}.json"] == os.listdir((browsers / CHROMIUM_FILE).parent)


def test_somebody_else_s_manifest_is_left_alone(machine: Machine, browsers: Path, python: str) -> None:
    """A manifest of our name that we did not write is refused, and the other browsers are still served."""
    foreign = browsers / CHROMIUM_FILE
    foreign.parent.mkdir()
    foreign.write_text('{"name": "io.strongroom.host", "description": "mine", "path": "/bin/true"}')
    before = foreign.read_bytes()
    done = carry_out(plan_install(machine, "user", origins=ORIGINS, python=python))
    assert ["write", "refuse", "write"] == [action for action, _ in done]
    assert before == foreign.read_bytes()


def test_replacing_keeps_every_backup(machine: Machine, browsers: Path, python: str) -> None:
    """With replace, what was there stays beside it, and a second backup does not overwrite the first."""
    foreign = browsers / CHROMIUM_FILE
    foreign.parent.mkdir()
    for content in ("first", "second"):
        foreign.write_text(content)
        carry_out(plan_install(machine, "user", origins=ORIGINS, python=python, replace=True))
        assert "ours" == owner_of(str(foreign))
    assert ["first", "second"] == [Path(f"{foreign}.backup-{number}").read_text() for number in (1, 2)]


def test_a_link_is_never_written_through(machine: Machine, browsers: Path, tmp_path: Path, python: str) -> None:
    """A manifest that is a link is somebody else's; replacing it moves the link and leaves what it points to."""
    target = tmp_path / "target"
    target.write_bytes(build_manifest("chromium", "/opt/host", []))
    before = target.read_bytes()
    link = browsers / CHROMIUM_FILE
    link.parent.mkdir()
    link.symlink_to(target)
    assert "refuse" == plan_install(machine, "user", origins=ORIGINS, python=python)[1].action
    carry_out(plan_install(machine, "user", origins=ORIGINS, python=python, replace=True))
    assert before == target.read_bytes()
    assert not link.is_symlink()


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"[" * 60_000, b"\xff", b" " * 70_000, b'{"name": "io.strongroom.host"}'])
def test_rubbish_is_not_ours(tmp_path: Path, content: bytes) -> None:
    """Whatever stands in a file that we did not write, it is somebody else's."""
    (tmp_path / "file").write_bytes(content)
    assert "foreign" == owner_of(str(tmp_path / "file"))


def test_a_pipe_is_not_ours_and_does_not_hold_us_up(tmp_path: Path) -> None:
    """A named pipe without a writer is not waited for."""
    os.mkfifo(tmp_path / "pipe")
    assert "foreign" == owner_of(str(tmp_path / "pipe"))


def test_a_failed_write_leaves_the_old_file_and_no_other(machine: Machine, browsers: Path, python: str) -> None:
    """If the new file cannot be put in place, nothing of it stays behind."""
    steps = plan_install(machine, "user", origins=ORIGINS, python=python)
    in_the_way = browsers / CHROMIUM_FILE
    in_the_way.mkdir(parents=True)
    with pytest.raises(OSError, match="directory"):
        apply(steps[1])
    assert [f"{HOST_NAME}.json"] == os.listdir(in_the_way.parent)


def test_a_shared_place_is_written_once(machine: Machine, browsers: Path, python: str) -> None:
    """Opera reads Chrome's folder: one file, with both named."""
    for name in ("google-chrome", "opera"):
        (browsers / ".config" / name).mkdir()
    steps = [step for step in plan_install(machine, "user", origins=ORIGINS, python=python) if "google-chrome" in step.path]
    assert [("Google Chrome", "Opera")] == [step.titles for step in steps]


def test_named_browsers_are_served_whether_found_or_not(machine: Machine, browsers: Path, python: str) -> None:
    """A name serves that browser alone, also before it was ever started."""
    steps = plan_install(machine, "user", origins=ORIGINS, python=python, browsers=[BY_NAME["vivaldi"]])
    assert [(), ("Vivaldi",)] == [step.titles for step in steps]


def test_a_flatpak_is_served_only_by_name(machine: Machine, tmp_path: Path, python: str) -> None:
    """Reaching out of a Flatpak is asked for by name; its manifest names a script inside its own folder."""
    folder = tmp_path / "home/.var/app/org.mozilla.firefox"
    folder.mkdir(parents=True)
    assert ["write", "skip"] == [step.action for step in plan_install(machine, "user", origins=ORIGINS, python=python)]
    carry_out(plan_install(machine, "user", origins=ORIGINS, python=python, browsers=[BY_NAME["firefox-flatpak"]]))
    manifest = json.loads((folder / ".mozilla/native-messaging-hosts" / f"{HOST_NAME}.json").read_bytes())
    assert str(folder / "strongroom-host") == manifest["path"]
    assert f'exec /usr/bin/flatpak-spawn --host --watch-bus "{machine.launcher("user")}" "$@"' in (folder / "strongroom-host").read_text()


def test_one_account_does_not_shut_out_another_s_extensions(machine: Machine, browsers: Path, tmp_path: Path, python: str) -> None:
    """A system-wide manifest keeps the extensions that it already lets in."""
    carry_out(plan_install(machine, "system", origins=["moz-extension:a@example.org"], python=python))
    carry_out(plan_install(machine, "system", origins=["moz-extension:b@example.org"], python=python))
    manifest = json.loads((tmp_path / f"root/usr/lib/mozilla/native-messaging-hosts/{HOST_NAME}.json").read_bytes())
    assert ["a@example.org", "b@example.org"] == manifest["allowed_extensions"]


def test_refreshing_touches_only_what_is_there_and_ours(machine: Machine, browsers: Path, python: str) -> None:
    """After an origin was attached, the manifests that exist learn it; no browser is registered anew."""
    carry_out(plan_install(machine, "user", origins=[], python=python, browsers=[BY_NAME["firefox"]]))
    done = carry_out(plan_refresh(machine, origins=ORIGINS))
    assert [("update", str(browsers / FIREFOX_FILE))] == done
    assert () == plan_refresh(machine, origins=ORIGINS)


def test_uninstalling_removes_what_installing_wrote(machine: Machine, browsers: Path, python: str) -> None:
    """After install and uninstall no file is left, and a second uninstall has nothing to do."""
    before = snapshot(browsers)
    carry_out(plan_install(machine, "user", origins=ORIGINS, python=python))
    done = carry_out(plan_uninstall(machine, "user"))
    assert ["remove", "remove", "remove"] == [action for action, _ in done]
    assert before == snapshot(browsers)
    assert () == plan_uninstall(machine, "user")


def test_uninstalling_leaves_what_is_not_ours(machine: Machine, browsers: Path, python: str) -> None:
    """Somebody else's manifest of our name, other hosts' manifests and backups stay."""
    carry_out(plan_install(machine, "user", origins=ORIGINS, python=python))
    folder = (browsers / CHROMIUM_FILE).parent
    (folder / f"{HOST_NAME}.json").write_text("theirs")
    (folder / "org.example.other.json").write_text("{}")
    carry_out(plan_uninstall(machine, "user"))
    assert [f"{HOST_NAME}.json", "org.example.other.json"] == sorted(os.listdir(folder))


def test_uninstalling_one_browser_leaves_the_launcher_to_the_others(machine: Machine, browsers: Path, python: str) -> None:
    """The launcher goes with the last manifest."""
    carry_out(plan_install(machine, "user", origins=ORIGINS, python=python))
    assert [("remove", str(browsers / CHROMIUM_FILE))] == carry_out(plan_uninstall(machine, "user", browsers=[BY_NAME["chromium"]]))
    expected = [("remove", str(browsers / FIREFOX_FILE)), ("remove", machine.launcher("user"))]
    assert expected == carry_out(plan_uninstall(machine, "user", browsers=[BY_NAME["firefox"]]))


def test_a_shared_manifest_stays_while_another_browser_reads_it(machine: Machine, browsers: Path, python: str) -> None:
    """Taking the host out of Opera does not take it out of Chrome."""
    for name in ("google-chrome", "opera"):
        (browsers / ".config" / name).mkdir()
    carry_out(plan_install(machine, "user", origins=ORIGINS, python=python))
    steps = plan_uninstall(machine, "user", browsers=[BY_NAME["opera"]])
    assert [("skip", ("Google Chrome",))] == [(step.action, step.titles) for step in steps]


def test_another_person_s_home_is_refused(machine: Machine, python: str) -> None:
    """Run by another account with this HOME, installing would leave folders that the person cannot change."""
    if os.geteuid() == 0:
        os.chown(machine.home, 4321, 4321)
        home = machine
    else:
        home = Machine(system="linux", home="/", data=machine.data, root=machine.root, environ={})
    with pytest.raises(InstallError, match="another person"):
        plan_install(home, "user", origins=[], python=python)


def test_windows_is_left_to_its_installer(machine: Machine, python: str) -> None:
    """This command does not write a registry."""
    windows = Machine(system="windows", home=machine.home, data=machine.data, environ={})
    with pytest.raises(InstallError, match="registry"):
        plan_install(windows, "user", origins=[], python=python)
