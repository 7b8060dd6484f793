"""The table of browsers and places, and what is made of it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from native_host.install import InstallError
from native_host.install.browsers import BROWSERS, BY_NAME, PLACES, SCOPES, SYSTEMS, Place, places_of
from native_host.install.machine import Machine, find_browsers, is_present, manifest_files, named_browsers, system_of
from native_host.install.publish import FOLDER, files


def test_names_are_unique() -> None:
    """A name stands for one browser."""
    assert len(BROWSERS) == len(BY_NAME)


def test_every_place_belongs_to_a_browser() -> None:
    """No row names a browser that is not in the table."""
    assert set() == {place.browser for place in PLACES} - set(BY_NAME)


@pytest.mark.parametrize("place", PLACES, ids=lambda place: f"{place.browser}: {place.where}")
def test_every_place_has_the_form_of_its_system_and_scope(place: Place) -> None:
    """A person's place is below the home folder or HKCU, a system's is absolute or below HKLM."""
    start = {
        ("windows", "user"): "HKCU\\SOFTWARE\\",
        ("windows", "system"): "HKLM\\SOFTWARE\\",
    }.get((place.system, place.scope), "~/" if place.scope == "user" else "/")
    assert place.where.startswith(start)
    assert not place.where.endswith(("/", "\\"))
    assert place.where.replace("\\", "/").rsplit("/", 1)[1] in {"NativeMessagingHosts", "native-messaging-hosts"}


def test_a_place_has_one_owner_and_the_others_say_whose_it_is() -> None:
    """Of several rows with one place, all but one name the browser of that one row."""
    owners = {place.where: place.browser for place in PLACES if not place.same_as}
    assert [] == [place.where for place in PLACES if place.same_as and owners.get(place.where) != place.same_as]
    assert [] == [where for where, count in Counter(place.where for place in PLACES if not place.same_as).items() if count > 1]


def test_places_that_are_shared_are_of_one_family() -> None:
    """The two families need two forms of manifest, so they never share a file."""
    assert [] == [place.where for place in PLACES if place.same_as and BY_NAME[place.same_as].family != BY_NAME[place.browser].family]


def test_a_browser_that_cannot_be_reached_has_no_place() -> None:
    """Every browser has a place somewhere, but Chromium as a Snap."""
    without = [row.name for row in BROWSERS if not any(places_of(row, system, scope) for system in SYSTEMS for scope in SCOPES)]
    assert ["chromium-snap"] == without


def test_the_published_files_are_what_the_table_gives() -> None:
    """manifests/ was made from this table."""
    assert files() == {name: (FOLDER / name).read_bytes() for name in files()}


def test_an_empty_machine_has_no_browser(machine: Machine) -> None:
    """Nothing is found where nothing is."""
    assert () == find_browsers(machine)


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("home/.config/chromium", "chromium"),
        ("root/usr/bin/chromium", "chromium"),
        ("home/.config/google-chrome", "chrome"),
        ("root/usr/local/bin/brave", "brave"),
        ("home/.mozilla/firefox", "firefox"),
        ("home/.config/mozilla/firefox", "firefox"),
        ("root/usr/bin/firefox-esr", "firefox"),
        ("home/.config/opera", "opera"),
        ("home/.var/app/org.mozilla.firefox", "firefox-flatpak"),
        ("root/var/lib/flatpak/app/org.chromium.Chromium", "chromium-flatpak"),
        ("root/snap/firefox", "firefox-snap"),
        ("home/snap/chromium", "chromium-snap"),
    ],
)
def test_a_browser_is_found_by_its_profile_or_its_program(machine: Machine, tmp_path: Path, where: str, expected: str) -> None:
    """One trace of a browser is enough, and finds no other."""
    (tmp_path / where).mkdir(parents=True)
    assert [expected] == [row.name for row in find_browsers(machine)]


def test_mac_browsers_are_found_as_applications(machine: Machine, tmp_path: Path) -> None:
    """On macOS a browser is an application folder, or left a profile in the Library."""
    mac = Machine(system="macos", home=machine.home, data=machine.data, root=machine.root, environ={})
    (tmp_path / "root/Applications/Google Chrome.app").mkdir(parents=True)
    (tmp_path / "home/Library/Application Support/Firefox").mkdir(parents=True)
    assert ["chrome", "firefox"] == [row.name for row in find_browsers(mac)]
    expected = (f"{machine.home}/Library/Application Support/Mozilla/NativeMessagingHosts/io.strongroom.host.json",)
    assert expected == manifest_files(mac, BY_NAME["firefox"], "user")


def test_the_profile_of_another_system_is_no_trace(machine: Machine, tmp_path: Path) -> None:
    """A folder that means Firefox on macOS means nothing on Linux."""
    (tmp_path / "home/Library/Application Support/Firefox").mkdir(parents=True)
    assert not is_present(machine, BY_NAME["firefox"])


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, "HOME/.config"),
        ({"XDG_CONFIG_HOME": "/x"}, "/x"),
        ({"XDG_CONFIG_HOME": "x"}, "HOME/.config"),
        ({"CHROME_CONFIG_HOME": "/c", "XDG_CONFIG_HOME": "/x"}, "/c"),
    ],
)
def test_chromium_follows_its_variables(machine: Machine, environ: dict[str, str], expected: str) -> None:
    """Chromium's folders move with CHROME_CONFIG_HOME, then with XDG_CONFIG_HOME; Firefox's do not."""
    moved = Machine(system="linux", home=machine.home, data=machine.data, root=machine.root, environ=environ)
    folder = expected.replace("HOME", machine.home) + "/chromium/NativeMessagingHosts/io.strongroom.host.json"
    assert (folder,) == manifest_files(moved, BY_NAME["chromium"], "user")
    assert (f"{machine.home}/.mozilla/native-messaging-hosts/io.strongroom.host.json",) == manifest_files(moved, BY_NAME["firefox"], "user")


def test_lib64_counts_only_where_firefox_uses_it(machine: Machine, tmp_path: Path) -> None:
    """The second system folder of Firefox is read on systems that have it."""
    assert 1 == len(manifest_files(machine, BY_NAME["firefox"], "system"))
    (tmp_path / "root/usr/lib64/mozilla").mkdir(parents=True)
    assert 2 == len(manifest_files(machine, BY_NAME["firefox"], "system"))


def test_windows_has_keys_and_no_files(machine: Machine) -> None:
    """A registry is not a folder."""
    windows = Machine(system="windows", home=machine.home, data=machine.data, environ={})
    assert () == manifest_files(windows, BY_NAME["chrome"], "user")


def test_an_unknown_name_is_refused() -> None:
    """Only names of the table are understood, and a name given twice counts once."""
    assert (BY_NAME["firefox"], BY_NAME["chrome"]) == named_browsers(("firefox", "chrome", "firefox"))
    with pytest.raises(InstallError, match="no browser of that name"):
        named_browsers(("netscape",))


@pytest.mark.parametrize(("platform", "expected"), [("linux", "linux"), ("darwin", "macos"), ("win32", "windows"), ("freebsd14", "linux")])
def test_systems_by_platform(platform: str, expected: str) -> None:
    """Every platform has a column in the table."""
    assert expected == system_of(platform)
