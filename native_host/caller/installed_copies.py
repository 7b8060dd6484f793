"""Every installed copy of an extension in the profiles of one family of browsers, with a digest over its files.

Chromium: packed ones lie unpacked in ``<profile>/Extensions/<id>/<version>_<n>/``; one that was loaded unpacked is named, by an absolute
``path``, under ``extensions.settings.<id>`` in ``Secure Preferences`` or ``Preferences``. Firefox: ``extensions.json`` of a profile names the
path of each, a packed file or a folder; beside it ``extensions/<id>.xpi``, a folder ``extensions/<id>``, or a file of that name which holds
the path of a folder.

The host is told the extension's id and not the profile, so all copies count. All of this can be written by any program of the same user, and
is read as such: what is more than is read here stands for a copy that cannot be checked, so that nothing can be put out of sight by putting
much before it. A temporary extension of Firefox stands nowhere, and another profile folder than the usual is not found. What Chromium keeps
of an extension elsewhere, and runs, is ``caller.script_cache``'s.
"""

from __future__ import annotations

import os
from functools import lru_cache
from stat import S_ISREG
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from native_host.caller.extension_digest import Budget, CannotDigest, Contents, digest_of_file, digest_of_folder, plain_version
from native_host.value import Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from native_host.caller.identity import Claim, Family

MOST_PROFILES, MOST_COPIES, MOST_VERSIONS, MOST_ENTRIES = 64, 16, 64, 4096
_SETTINGS_BYTES, _INI_BYTES, _PROXY_BYTES = 32 << 20, 1 << 16, 4096
_LIST_COSTS = 8
"""How many times as long as reading it a list takes of which every entry is made an object."""
_PREFERENCES = ("Secure Preferences", "Preferences")
_MARKS: dict[Family, tuple[str, ...]] = {"chromium": (*_PREFERENCES, "Extensions"), "firefox": ("extensions.json", "extensions")}
"""A profile has one of these: Chromium keeps some fifty folders of its own beside the profiles."""
TOO_MANY = "more copies of the extension than Strongroom reads"
TOO_MANY_PROFILES = "more profiles than Strongroom reads"
TOO_MANY_ENTRIES = "a folder with more in it than Strongroom reads"


class Copy(Value, frozen=True, kw_only=True):
    """One copy: ``contents`` are those of its files, or ``None`` if they cannot be checked, for what ``fault`` says. ``profiles`` are the folders
    of the profiles that it is installed in."""

    folder: str
    contents: Contents | None = None
    fault: str = ""
    profiles: tuple[str, ...] = ()


class _Place(Value, frozen=True, kw_only=True):
    """Where a copy lies, in which profile; with a ``fault``, where others can lie that are not found."""

    path: str
    profile: str
    version: str = ""
    fault: str = ""


class _Entry(msgspec.Struct):
    path: str | None = None


class _Addon(msgspec.Struct):
    id: str | None = None
    version: str | None = None
    path: str | None = None


class _Addons(msgspec.Struct):
    addons: list[_Addon] = []


def find_copies(claim: Claim, roots: Iterable[str], budget: Budget | None = None) -> tuple[Copy, ...]:
    """Every copy of the extension that ``claim`` names, by folder; ``roots`` are the folders that hold profiles. Never raises.

    ``origin`` was parsed before: an id has no part of a path in it.
    """
    budget = budget or Budget()
    addon = claim.origin.removeprefix("chrome-extension://").removesuffix("/").removeprefix("moz-extension:")
    found: dict[str, Copy] = {}
    for root in dict.fromkeys(map(os.path.realpath, roots)):
        for place in _places(claim.family, root, addon, budget):
            real = os.path.realpath(place.path)
            if real in found:
                found[real] = replace(found[real], profiles=(*dict.fromkeys((*found[real].profiles, place.profile)),))
                continue
            if len(found) >= MOST_COPIES:
                return (*_sorted(found), Copy(folder=real, fault=TOO_MANY))
            found[real] = replace(_copy(real, place, budget), profiles=(place.profile,))
    return _sorted(found)


def _sorted(found: dict[str, Copy]) -> tuple[Copy, ...]:
    return tuple(copy for _, copy in sorted(found.items()))


def _copy(real: str, place: _Place, budget: Budget) -> Copy:
    if place.fault:
        return Copy(folder=real, fault=place.fault)
    try:
        contents = digest_of_folder(real, budget) if os.path.isdir(real) else digest_of_file(real, place.version, budget)
    except CannotDigest as fault:
        return Copy(folder=real, fault=str(fault))
    return Copy(folder=real, contents=contents)


def _places(family: Family, root: str, addon: str, budget: Budget) -> Iterator[_Place]:
    try:
        profiles = _profiles(family, root)
    except CannotDigest as fault:
        yield _Place(path=root, profile=root, fault=str(fault))
        return
    for profile in profiles[:MOST_PROFILES]:
        try:
            yield from (_in_chromium if family == "chromium" else _in_firefox)(profile, addon, budget)
        except CannotDigest as fault:
            if budget.settings < 0:  # which profile that is changes from day to day
                yield _Place(path=root, profile=root, fault=str(fault))
                return
            yield _Place(path=profile, profile=profile, fault=str(fault))
    if len(profiles) > MOST_PROFILES:
        yield _Place(path=root, profile=root, fault=TOO_MANY_PROFILES)


def _profiles(family: Family, root: str) -> list[str]:
    """The folders of profiles; ``root`` itself is one for some browsers."""
    folders = [root, *_listed(root, MOST_ENTRIES)]
    if family == "firefox":
        folders += [*_listed(os.path.join(root, "Profiles"), MOST_ENTRIES), *_named_profiles(root)]
    marks = _MARKS[family]
    return [one for one in dict.fromkeys(folders) if any(os.path.lexists(os.path.join(one, mark)) for mark in marks)]


def _in_chromium(profile: str, addon: str, budget: Budget) -> Iterator[_Place]:
    versions = _listed(os.path.join(profile, "Extensions", addon), MOST_VERSIONS)
    yield from (_Place(path=place, profile=profile) for place in versions if os.path.isdir(place))
    for name in _PREFERENCES:
        path = _unpacked(_settings(os.path.join(profile, name), budget), addon)
        if path and os.path.isabs(path) and os.path.lexists(path):
            yield _Place(path=path, profile=profile)


@lru_cache(maxsize=1)
def _preferences_of(addon: str) -> type[msgspec.Struct]:
    """Chromium's settings with nothing in them but this extension: whatever else there is, and however much, nothing is made of it."""
    settings = msgspec.defstruct("Settings", [("one", _Entry | None, None)], rename={"one": addon})
    extensions = msgspec.defstruct("Extensions", [("settings", settings | None, None)])
    return msgspec.defstruct("Preferences", [("extensions", extensions | None, None)])


def _unpacked(preferences: bytes, addon: str) -> str:
    """The path that Chromium's settings name for an extension; empty if they name none, or are none."""
    if addon.encode() not in preferences:
        return ""
    try:
        found = msgspec.json.decode(preferences, type=_preferences_of(addon))
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return ""
    entry = getattr(getattr(getattr(found, "extensions", None), "settings", None), "one", None)
    return (entry.path or "") if isinstance(entry, _Entry) else ""


def _in_firefox(profile: str, addon: str, budget: Budget) -> Iterator[_Place]:
    listed = _addons(profile, addon, budget)
    named = [(one.path, one.version or "") for one in listed if one.id == addon and one.path and os.path.isabs(one.path)]
    beside = [(os.path.join(profile, "extensions", name), "") for name in (f"{addon}.xpi", addon)]
    for place, version in (*named, *beside):
        if os.path.lexists(place):
            yield _Place(path=_behind_proxy(place), profile=profile, version=plain_version(version))


def _addons(profile: str, addon: str, budget: Budget) -> list[_Addon]:
    content = _settings(os.path.join(profile, "extensions.json"), budget)
    if addon.encode() not in content:
        return []
    budget.take_settings(len(content) * _LIST_COSTS)
    try:
        return msgspec.json.decode(content, type=_Addons).addons
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return []


def _behind_proxy(place: str) -> str:
    """The folder that a proxy file names; ``place`` itself if it is none."""
    if place.endswith(".xpi") or not os.path.isfile(place):
        return place
    named = os.fsdecode(_contents(place, _PROXY_BYTES) or b"").strip()
    return named if "\0" not in named and os.path.isabs(named) and os.path.isdir(named) else place


def _named_profiles(root: str) -> Iterator[str]:
    """The profiles of ``profiles.ini``, which may lie anywhere; raises ``CannotDigest`` if it is longer than one is."""
    content = _contents(os.path.join(root, "profiles.ini"), _INI_BYTES)
    if content is None:
        raise CannotDigest(TOO_MANY_PROFILES)
    for line in os.fsdecode(content).splitlines():
        if line.startswith("Path=") and "\0" not in line:
            yield os.path.join(root, line.removeprefix("Path=").strip())


def _listed(folder: str, most: int) -> list[str]:
    """What is in a folder, nothing if it is none; raises ``CannotDigest`` if there is more."""
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry, _ in zip(entries, range(most + 1), strict=False)]
    except OSError:
        return []
    if len(names) > most:
        raise CannotDigest(TOO_MANY_ENTRIES)
    return [os.path.join(folder, name) for name in sorted(names)]


def _settings(file: str, budget: Budget) -> bytes:
    """A settings file, or nothing if it is none or cannot be read; raises ``CannotDigest`` if it, or all that were read, are too long."""
    budget.take_settings(0)
    content = _contents(file, _SETTINGS_BYTES)
    if content is None:
        raise CannotDigest("settings that are longer than Strongroom reads")
    budget.take_settings(len(content))
    return content


def _contents(file: str, most: int) -> bytes | None:
    """A file, empty if it is none or cannot be read, ``None`` if it is longer than this."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        if not S_ISREG(os.fstat(descriptor).st_mode):
            return b""
        if os.fstat(descriptor).st_size > most:
            return None
        with open(descriptor, "rb", closefd=False) as opened:
            content = opened.read(most + 1)
            return content if len(content) <= most else None
    except OSError:
        return b""
    finally:
        os.close(descriptor)
