"""All that is looked at of a caller behind ``hello``: once, before this process confines itself and cannot see it any more."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from msgspec.structs import replace

from native_host.caller.identity import Caller, Claim, Evidence
from native_host.caller.origin import family_of
from native_host.language import sentence
from native_host.operations.browser_program import BrowserProgram
from native_host.operations.installed import Installed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from native_host.caller.identity import Family
    from native_host.caller.installed_copies import Copy
    from native_host.caller.script_cache import Script
    from native_host.keystore.store import KeyStore

UNREAD = "What the browser has kept of this extension's code is more than Strongroom reads, so that a change of it would not be noticed."


def look_at_caller(caller: Caller, environ: Mapping[str, str], clock: Callable[[], int]) -> tuple[Installed, BrowserProgram]:
    """What is installed of the extension that asks, in any profile of its family of browsers, and all else that is seen of who started this
    process. Never raises for what it finds.
    """
    family = caller.family
    if family is None:
        return Installed(caller, (), clock=clock), BrowserProgram(None, None)
    caller = _with_parent(caller, family)
    observed, program = _of_process(os.getppid())
    copies = _copies(caller.origin, family, environ)
    manifest = _of_manifest(caller, environ)
    more = (*observed, *(() if manifest is None else (manifest,)), *_of_release(caller.origin, copies))
    scripts, unread = _scripts(caller.origin, family, copies)
    told = replace(caller, evidence=(*caller.evidence, *more, *unread))
    return Installed(told, copies, scripts, clock), program


def look_at_extension(store: KeyStore, origin: str, environ: Mapping[str, str]) -> tuple[Evidence, ...]:
    """What is seen of an extension's files without any browser, held against what the file of the store says was seen before."""
    family = family_of(origin)
    if family is None:
        return ()
    copies = _copies(origin, family, environ)
    scripts, unread = _scripts(origin, family, copies)
    installed = Installed(Caller(origin=origin, evidence=(*_of_release(origin, copies), *unread)), copies, scripts)
    installed.look(store.connection)
    return installed.caller.evidence


def _copies(origin: str, family: Family, environ: Mapping[str, str]) -> tuple[Copy, ...]:
    from native_host.caller.installed_copies import find_copies
    from native_host.install.profiles import profile_folders

    return find_copies(Claim(origin=origin, family=family), profile_folders(family, environ))


def _with_parent(caller: Caller, family: Family, platform: str = sys.platform) -> Caller:
    """On macOS and Windows, where asking who started this process takes longer than a browser's start should."""
    if platform == "darwin":
        from native_host.caller import process_macos

        parent = process_macos.examine(os.getppid(), family)
    elif platform == "win32":
        from native_host.caller import process_windows

        parent = process_windows.examine_parent(family)
    else:
        return caller
    others = (one for one in caller.evidence if one.signal != "parent")
    return replace(caller, browser=parent.browser, evidence=(*parent.evidence, *others))


def _of_process(parent: int, platform: str = sys.platform) -> tuple[tuple[Evidence, ...], BrowserProgram]:
    """What is seen of the browser behind this process. Its number is its own for as long as it lives, and the host ends with it."""
    if platform != "linux":
        return (), BrowserProgram(None, None)
    from native_host.caller import process_linux
    from native_host.caller.program_file import open_running

    pid = process_linux.browser_pid(parent)
    if pid is None or os.getppid() != parent:
        return (), BrowserProgram(None, None)
    names = process_linux.chain(pid)
    text = sentence("The browser was started by {names}.", names=" ← ".join(names))
    return ((Evidence(signal="chain", level="unknown", text=text),) if names else ()), BrowserProgram(*open_running(pid))


def _of_manifest(caller: Caller, environ: Mapping[str, str]) -> Evidence | None:
    home = environ.get("HOME", "")
    if not os.path.isabs(home) or (caller.browser is None and caller.manifest_path is None):
        return None  # it is not known which manifests are read
    from native_host.install.machine import Machine, system_of
    from native_host.install.shadowing import manifest_evidence

    try:
        return manifest_evidence(Machine(system=system_of(), home=home, data="", environ=dict(environ)), caller)
    except OSError:  # it went away while it was looked at
        return None


def _of_release(origin: str, copies: tuple[Copy, ...]) -> tuple[Evidence, ...]:
    contents = [copy.contents for copy in copies if copy.contents is not None]
    if not contents:
        return ()
    from native_host.caller.released import read_released, release_evidence

    found = release_evidence(origin, contents, read_released())
    return () if found is None else (found,)


def _scripts(origin: str, family: Family, copies: tuple[Copy, ...]) -> tuple[tuple[Script, ...], tuple[Evidence, ...]]:
    """What Chromium has kept of the extension's worker in the profiles in which it is installed, and whether that was not all of it."""
    profiles = dict.fromkeys(profile for copy in copies for profile in copy.profiles)
    if family != "chromium" or not profiles:
        return (), ()
    from native_host.caller.leveldb import Budget, TooMuch
    from native_host.caller.script_cache import cached_scripts

    addon = origin.removeprefix("chrome-extension://").removesuffix("/")
    budget, more = Budget(), False
    found: list[Script] = []
    for profile in profiles:
        try:
            found += cached_scripts(profile, addon, budget)
        except TooMuch:
            more = True
    return tuple(found), ((Evidence(signal="worker", level="unknown", text=UNREAD),) if more else ())
