"""Every installed copy of an extension in the profiles of one family of browsers, with a digest over its files.

Chromium: packed ones lie unpacked in ``<profile>/Extensions/<id>/<version>_<n>/``; one that was loaded unpacked is named, by an absolute
``path``, under ``extensions.settings.<id>`` in ``Secure Preferences`` or ``Preferences``. Firefox: ``extensions.json`` of a profile names the
path of each, a packed file or a folder; beside it ``extensions/<id>.xpi``, a folder ``extensions/<id>``, or a file of that name which holds
the path of a folder.

The host is told the extension's id and not the profile, so all copies count. All of this can be written by any program of the same user, and
is read as such. A temporary extension of Firefox stands nowhere, and another profile folder than the usual is not found. What Chromium keeps
of an extension elsewhere, and runs, is ``caller.script_cache``'s.
"""

from __future__ import annotations

import os
from stat import S_ISREG
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from native_host.caller.extension_digest import Budget, CannotDigest, Contents, digest_of_file, digest_of_folder, plain_version
from native_host.value import Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from native_host.caller.identity import Claim

MOST_PROFILES, MOST_COPIES = 64, 16
_SETTINGS_BYTES = 32 << 20
_PROXY_BYTES = 4096
_PREFERENCES = ("Secure Preferences", "Preferences")
TOO_MANY = "more copies of the extension than Strongroom reads"


class Copy(Value, frozen=True, kw_only=True):
    """One copy: ``contents`` are those of its files, or ``None`` if they cannot be checked, for what ``fault`` says. ``profiles`` are the folders
    of the profiles that it is installed in."""

    folder: str
    contents: Contents | None = None
    fault: str = ""
    profiles: tuple[str, ...] = ()


class _Entry(msgspec.Struct):
    path: str | None = None


class _Settings(msgspec.Struct):
    settings: dict[str, msgspec.Raw] = {}


class _Preferences(msgspec.Struct):
    extensions: _Settings | None = None


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
    places = _in_chromium if claim.family == "chromium" else _in_firefox
    addon = claim.origin.removeprefix("chrome-extension://").removesuffix("/").removeprefix("moz-extension:")
    found: dict[str, Copy] = {}
    for root in dict.fromkeys(map(os.path.realpath, roots)):
        for place, version, profile in places(root, addon):
            real = os.path.realpath(place)
            if real in found:
                found[real] = replace(found[real], profiles=(*dict.fromkeys((*found[real].profiles, profile)),))
                continue
            if len(found) >= MOST_COPIES:
                return (*_sorted(found), Copy(folder=real, fault=TOO_MANY))
            found[real] = replace(_copy(real, version, budget), profiles=(profile,))
    return _sorted(found)


def _sorted(found: dict[str, Copy]) -> tuple[Copy, ...]:
    return tuple(copy for _, copy in sorted(found.items()))


def _copy(place: str, version: str, budget: Budget) -> Copy:
    try:
        contents = digest_of_folder(place, budget) if os.path.isdir(place) else digest_of_file(place, version, budget)
    except CannotDigest as fault:
        return Copy(folder=place, fault=str(fault))
    return Copy(folder=place, contents=contents)


def _in_chromium(root: str, addon: str) -> Iterator[tuple[str, str, str]]:
    for profile in _folders(root):
        yield from ((place, "", profile) for place in _listed(os.path.join(profile, "Extensions", addon)) if os.path.isdir(place))
        for name in _PREFERENCES:
            path = _unpacked(_contents(os.path.join(profile, name)), addon)
            if path and os.path.isabs(path) and os.path.lexists(path):
                yield path, "", profile


def _unpacked(preferences: bytes, addon: str) -> str:
    """The path that Chromium's settings name for an extension; empty if they name none, or are none."""
    if addon.encode() not in preferences:
        return ""
    try:
        extensions = msgspec.json.decode(preferences, type=_Preferences).extensions
        entry = extensions.settings.get(addon) if extensions else None
        return (msgspec.json.decode(entry, type=_Entry).path or "") if entry is not None else ""
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return ""


def _in_firefox(root: str, addon: str) -> Iterator[tuple[str, str, str]]:
    for profile in dict.fromkeys((*_folders(root), *_folders(os.path.join(root, "Profiles")), *_named_profiles(root))):
        named = [(one.path, one.version or "") for one in _addons(profile) if one.id == addon and one.path and os.path.isabs(one.path)]
        beside = [(os.path.join(profile, "extensions", name), "") for name in (f"{addon}.xpi", addon)]
        for place, version in (*named, *beside):
            if os.path.lexists(place):
                yield _behind_proxy(place), plain_version(version), profile


def _addons(profile: str) -> list[_Addon]:
    try:
        return msgspec.json.decode(_contents(os.path.join(profile, "extensions.json")), type=_Addons).addons
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return []


def _behind_proxy(place: str) -> str:
    """The folder that a proxy file names; ``place`` itself if it is none."""
    if place.endswith(".xpi") or not os.path.isfile(place):
        return place
    named = os.fsdecode(_contents(place, _PROXY_BYTES)).strip()
    return named if "\0" not in named and os.path.isabs(named) and os.path.isdir(named) else place


def _named_profiles(root: str) -> Iterator[str]:
    """The profiles of ``profiles.ini``, which may lie anywhere."""
    lines = os.fsdecode(_contents(os.path.join(root, "profiles.ini"), 1 << 16)).splitlines()
    for line in [line for line in lines if line.startswith("Path=") and "\0" not in line][:MOST_PROFILES]:
        yield os.path.join(root, line.removeprefix("Path=").strip())


def _folders(root: str) -> tuple[str, ...]:
    """The folder itself, which is a profile for some browsers, and those in it."""
    return (root, *(place for place in _listed(root, MOST_PROFILES * 4) if os.path.isdir(place)))[: MOST_PROFILES + 1]


def _listed(folder: str, most: int = MOST_PROFILES) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry, _ in zip(entries, range(most), strict=False)]
    except OSError:
        return []
    return [os.path.join(folder, name) for name in sorted(names)]


def _contents(file: str, most: int = _SETTINGS_BYTES) -> bytes:
    """A settings file, or nothing if it is none, cannot be read or is longer than one is."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        status = os.fstat(descriptor)
        if not S_ISREG(status.st_mode) or status.st_size > most:
            return b""
        with open(descriptor, "rb", closefd=False) as opened:
            return opened.read(most)
    except OSError:
        return b""
    finally:
        os.close(descriptor)
