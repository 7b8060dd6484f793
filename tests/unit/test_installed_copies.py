"""Copies of an extension in made-up profiles of both families, honest ones and hostile ones."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from native_host.caller.extension_digest import Budget
from native_host.caller.identity import Claim
from native_host.caller.installed_copies import MOST_COPIES, MOST_PROFILES, TOO_MANY, TOO_MANY_ENTRIES, TOO_MANY_PROFILES, Copy, find_copies
from native_host.install.profiles import profile_folders

ID = "abcdefghijklmnopabcdefghijklmnop"
ADDON = "wallet@example.org"
CHROMIUM = Claim(origin=f"chrome-extension://{ID}/", family="chromium")
FIREFOX = Claim(origin=f"moz-extension:{ADDON}", family="firefox")


def extension(folder: Path, version: str = "1.0") -> Path:
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text(json.dumps({"version": version}), encoding="utf-8")
    return folder


def settings(profile: Path, entry: object, name: str = "Secure Preferences") -> None:
    profile.mkdir(parents=True, exist_ok=True)
    (profile / name).write_text(json.dumps({"extensions": {"settings": {ID: entry}}, "other": [1, None]}), encoding="utf-8")


def addons(profile: Path, *entries: object) -> None:
    profile.mkdir(parents=True, exist_ok=True)
    (profile / "extensions.json").write_text(json.dumps({"schemaVersion": 37, "addons": entries}), encoding="utf-8")


def found(claim: Claim, root: Path) -> list[tuple[str, str]]:
    return [told(copy, root) for copy in find_copies(claim, [str(root)])]


def told(copy: Copy, root: Path) -> tuple[str, str]:
    return str(Path(copy.folder).relative_to(root)), copy.contents.version if copy.contents else copy.fault


# Chromium


def test_packed_copies_of_every_profile(tmp_path: Path) -> None:
    """Each version in each profile, an update that waits as well; other extensions are left alone."""
    extension(tmp_path / "Default" / "Extensions" / ID / "1.0_0")
    extension(tmp_path / "Default" / "Extensions" / ID / "1.1_0", "1.1")
    extension(tmp_path / "Profile 1" / "Extensions" / ID / "1.0_0")
    extension(tmp_path / "Profile 1" / "Extensions" / ID[::-1] / "9.0_0", "9.0")
    (tmp_path / "Default" / "Extensions" / ID / "a file").touch()
    assert [
        (f"Default/Extensions/{ID}/1.0_0", "1.0"),
        (f"Default/Extensions/{ID}/1.1_0", "1.1"),
        (f"Profile 1/Extensions/{ID}/1.0_0", "1.0"),
    ] == found(CHROMIUM, tmp_path)


@pytest.mark.parametrize("name", ["Preferences", "Secure Preferences"])
def test_unpacked_copies(tmp_path: Path, name: str) -> None:
    """By the path in the profile's settings; one folder that two profiles name is one copy."""
    build = extension(tmp_path / "elsewhere" / "build", "3.0")
    for profile in ("Default", "Profile 1"):
        settings(tmp_path / profile, {"path": str(build), "location": 4}, name)
    assert [("elsewhere/build", "3.0")] == found(CHROMIUM, tmp_path)


def test_a_packed_copy_in_the_settings_counts_once(tmp_path: Path) -> None:
    """Chromium writes its path relative to the folder of extensions; an unpacked one that is gone is none."""
    extension(tmp_path / "Default" / "Extensions" / ID / "1.0_0")
    settings(tmp_path / "Default", {"path": f"{ID}/1.0_0", "location": 1})
    settings(tmp_path / "Profile 1", {"path": str(tmp_path / "gone"), "location": 4})
    assert [(f"Default/Extensions/{ID}/1.0_0", "1.0")] == found(CHROMIUM, tmp_path)


RUBBISH = {
    "nothing": b"",
    "not JSON": ID.encode() + b"{",
    "not UTF-8": b'{"extensions": {"settings": {"' + ID.encode() + b'": {"path": "\xff\xfe"}}}}',
    "a list": json.dumps([ID]).encode(),
    "another shape": json.dumps({"extensions": {"settings": [ID]}}).encode(),
    "a path that is none": json.dumps({"extensions": {"settings": {ID: {"path": 7}}}}).encode(),
    "no path": json.dumps({"extensions": {"settings": {ID: {}}}}).encode(),
    "nested without end": ID.encode() + b"[" * 200_000,
    "a path that leads away": json.dumps({"extensions": {"settings": {ID: {"path": "../../../etc"}}}}).encode(),
    "a path with a zero": json.dumps({"extensions": {"settings": {ID: {"path": "/etc\0x"}}}}).encode(),
}


@pytest.mark.parametrize("content", RUBBISH.values(), ids=RUBBISH.keys())
def test_rubbish_in_settings_hides_no_other_copy(tmp_path: Path, content: bytes) -> None:
    """It names nothing, and the packed copy beside it is found."""
    extension(tmp_path / "Default" / "Extensions" / ID / "1.0_0")
    (tmp_path / "Default" / "Preferences").write_bytes(content)
    assert [(f"Default/Extensions/{ID}/1.0_0", "1.0")] == found(CHROMIUM, tmp_path)


def test_settings_that_are_no_file(tmp_path: Path) -> None:
    """A pipe, a link to a device without end, and a folder: none of them is waited for."""
    for profile in ("a", "b", "c"):
        (tmp_path / profile).mkdir()
    os.mkfifo(tmp_path / "a" / "Preferences")
    (tmp_path / "b" / "Preferences").symlink_to("/dev/zero")
    (tmp_path / "c" / "Preferences").mkdir()
    extension(tmp_path / "c" / "Extensions" / ID / "1.0_0")
    assert [(f"c/Extensions/{ID}/1.0_0", "1.0")] == found(CHROMIUM, tmp_path)


def test_a_path_that_leads_to_the_whole_disk(tmp_path: Path) -> None:
    """The settings name whatever they like; reading it ends."""
    settings(tmp_path / "Default", {"path": "/"})
    (copy,) = find_copies(CHROMIUM, [str(tmp_path)], Budget(files=200, size=1 << 20))
    assert ("/", None, True) == (copy.folder, copy.contents, bool(copy.fault))


def test_a_copy_that_cannot_be_checked_is_one(tmp_path: Path) -> None:
    """It is not passed over: who asks may be it."""
    folder = extension(tmp_path / "Default" / "Extensions" / ID / "1.0_0")
    (folder / "x.js").symlink_to("/etc/passwd")
    assert [(f"Default/Extensions/{ID}/1.0_0", "a link")] == found(CHROMIUM, tmp_path)


def test_more_copies_than_are_read(tmp_path: Path) -> None:
    """One more stands for all that were left out."""
    for number in range(MOST_COPIES + 3):
        extension(tmp_path / "Default" / "Extensions" / ID / f"{number}.0_0")
    copies = find_copies(CHROMIUM, [str(tmp_path)])
    assert (MOST_COPIES + 1, TOO_MANY) == (len(copies), copies[-1].fault)


def test_browsers_folders_beside_the_profiles_are_none(tmp_path: Path) -> None:
    """Chromium keeps some fifty of its own, and names come before the profile's: they hide none."""
    for number in range(300):
        (tmp_path / f"A{number}").mkdir()
    extension(tmp_path / "Default" / "Extensions" / ID / "1.0_0")
    assert [(f"Default/Extensions/{ID}/1.0_0", "1.0")] == found(CHROMIUM, tmp_path)


@pytest.mark.parametrize(("claim", "mark"), [(CHROMIUM, "Preferences"), (FIREFOX, "extensions.json")])
def test_profiles_that_stand_before_the_real_one(tmp_path: Path, claim: Claim, mark: str) -> None:
    """So many that it would not be looked at: that is told, and is no copy that was seen before."""
    for number in range(MOST_PROFILES):
        (tmp_path / f"A{number}").mkdir()
        (tmp_path / f"A{number}" / mark).touch()
    assert [] == found(claim, tmp_path)
    extension(tmp_path / "Default" / "Extensions" / ID / "1.0_0")
    extension(tmp_path / "Default" / "extensions" / ADDON)
    assert [(".", TOO_MANY_PROFILES)] == found(claim, tmp_path)


def test_rubbish_that_stands_before_the_real_version(tmp_path: Path) -> None:
    """A folder with more in it than is read is one that cannot be checked."""
    extension(tmp_path / "Default" / "Extensions" / ID / "9.0_0")
    for number in range(64):
        (tmp_path / "Default" / "Extensions" / ID / f"{number}").touch()
    assert [("Default", TOO_MANY_ENTRIES)] == found(CHROMIUM, tmp_path)
    for number in range(4096):
        (tmp_path / f"{number}").touch()
    assert [(".", TOO_MANY_ENTRIES)] == found(CHROMIUM, tmp_path)


@pytest.mark.parametrize(("claim", "mark"), [(CHROMIUM, "Secure Preferences"), (FIREFOX, "extensions.json")])
def test_settings_longer_than_are_read_hide_nothing(tmp_path: Path, claim: Claim, mark: str) -> None:
    """A browser would read them: what they name is not known, which is told of the profile."""
    (tmp_path / "Default").mkdir()
    with (tmp_path / "Default" / mark).open("wb") as file:
        file.truncate((32 << 20) + 1)
    ((folder, fault),) = found(claim, tmp_path)
    assert "Default" == folder
    assert "longer" in fault


def test_all_settings_together_are_bounded(tmp_path: Path) -> None:
    """A list costs more than its length."""
    for name in ("a", "b", "c"):
        addons(tmp_path / name, {"id": ADDON, "path": str(extension(tmp_path / name / "unpacked"))})
    size = (tmp_path / "a" / "extensions.json").stat().st_size
    copies = find_copies(FIREFOX, [str(tmp_path)], Budget(settings=18 * size))
    assert [("a/unpacked", "1.0"), ("b/unpacked", "1.0")] == [told(copy, tmp_path) for copy in copies if copy.contents]
    assert [tmp_path] == [Path(copy.folder) for copy in copies if "settings" in copy.fault]


def test_a_list_of_profiles_that_is_too_long(tmp_path: Path) -> None:
    """They may lie anywhere, so that any of them may be the one."""
    (tmp_path / "profiles.ini").write_bytes(b"Path=x\n" * 20_000)
    assert [(".", TOO_MANY_PROFILES)] == found(FIREFOX, tmp_path)


# Firefox


def test_packed_and_unpacked_addons(tmp_path: Path) -> None:
    """By the path in extensions.json, wherever it lies; other add-ons and built-in ones without a path are left alone."""
    packed = tmp_path / "p.default" / "extensions" / f"{ADDON}.xpi"
    build = extension(tmp_path / "build", "2.0")
    addons(
        tmp_path / "p.default", {"id": "other@x", "path": "/etc"}, {"id": "built-in@mozilla", "path": None}, {"id": ADDON, "version": "1.5", "path": str(packed)}
    )  # fmt: skip
    packed.parent.mkdir()
    packed.write_bytes(b"PK")
    addons(tmp_path / "Profiles" / "q.other", {"id": ADDON, "version": "2.0", "path": str(build)})
    assert [("build", "2.0"), (f"p.default/extensions/{ADDON}.xpi", "1.5")] == found(FIREFOX, tmp_path)


def test_a_profile_that_lies_elsewhere(tmp_path: Path) -> None:
    """profiles.ini names it, by a path of either kind."""
    (tmp_path / "root").mkdir()
    for name in ("away", "root/deep/er"):
        addons(tmp_path / name, {"id": ADDON, "version": "1.0", "path": str(extension(tmp_path / name / "x"))})
    ini = f"[Profile0]\nIsRelative=0\nPath={tmp_path / 'away'}\n[Profile1]\nPath=deep/er\n[Profile2]\nPath=\0\n"
    (tmp_path / "root" / "profiles.ini").write_text(ini, encoding="utf-8")
    copies = find_copies(FIREFOX, [str(tmp_path / "root")])
    assert [("away/x", "1.0"), ("root/deep/er/x", "1.0")] == [told(copy, tmp_path) for copy in copies]


def test_without_a_list_the_usual_places_count(tmp_path: Path) -> None:
    """A packed file, a folder, and a file that names a folder."""
    build = extension(tmp_path / "build", "4.0")
    for profile in ("a", "b", "c"):
        (tmp_path / profile / "extensions").mkdir(parents=True)
    (tmp_path / "a" / "extensions" / f"{ADDON}.xpi").write_bytes(b"PK")
    extension(tmp_path / "b" / "extensions" / ADDON, "5.0")
    (tmp_path / "c" / "extensions" / ADDON).write_text(f"{build}\n", encoding="utf-8")
    (tmp_path / "c" / "extensions.json").write_bytes(b'{"addons": 7}')
    assert [(f"a/extensions/{ADDON}.xpi", ""), (f"b/extensions/{ADDON}", "5.0"), ("build", "4.0")] == found(FIREFOX, tmp_path)


@pytest.mark.parametrize("content", [b"", b"relative/path", b"/nonexistent", b"/etc\0/x", b"\xff\xfe", b"/" * 5000])
def test_proxy_files_of_rubbish(tmp_path: Path, content: bytes) -> None:
    """Each is a copy by its own bytes."""
    (tmp_path / "a" / "extensions").mkdir(parents=True)
    (tmp_path / "a" / "extensions" / ADDON).write_bytes(content)
    assert [(f"a/extensions/{ADDON}", "")] == found(FIREFOX, tmp_path)


# where profiles are


def test_profile_folders_of_all_packagings(tmp_path: Path) -> None:
    """Native, Flatpak and Snap; and where XDG_CONFIG_HOME leads besides the default."""
    chromium = [
        ".config/chromium",
        ".config/google-chrome",
        ".var/app/com.google.Chrome/config/google-chrome",
        "xdg/chromium",
        ".config/opera",
    ]
    firefox = [".mozilla/firefox", ".librewolf", ".var/app/org.mozilla.firefox/.mozilla/firefox", "snap/firefox/common/.mozilla/firefox"]
    for folder in (*chromium, *firefox):
        (tmp_path / folder).mkdir(parents=True)
    environ = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "xdg")}
    assert {str(tmp_path / folder) for folder in chromium} == set(profile_folders("chromium", environ))
    assert {str(tmp_path / folder) for folder in firefox} == set(profile_folders("firefox", environ))


@pytest.mark.parametrize("environ", [{}, {"HOME": ""}, {"HOME": "relative"}])
def test_without_a_home_there_are_none(environ: dict[str, str]) -> None:
    """And no folder of this process's is taken for one."""
    assert () == profile_folders("chromium", environ)
