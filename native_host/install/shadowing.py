"""Which manifest led the browser to this host, and whether another one stands before ours.

Both families of browsers look at the person's place before the system's (``install.browsers``). Whoever can write a file of that name there decides
what is started for every extension: a program of their own that hands on to the host what it likes. Only Firefox tells which manifest it
read; of Chromium, those are looked at that it would.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from native_host.caller.identity import Evidence
from native_host.install import HOST_NAME
from native_host.install.browsers import BROWSERS, SCOPES, Browser, Scope
from native_host.install.documents import read_object
from native_host.install.machine import manifest_files
from native_host.install.ownership import owner_of
from native_host.language import sentence

if TYPE_CHECKING:
    from native_host.caller.identity import Caller
    from native_host.install.machine import Machine

SIGNAL = "manifest"


def manifest_evidence(machine: Machine, caller: Caller) -> Evidence | None:
    """What is to be said of the manifests that this caller's browser reads; ``None`` if it is not known which browser it is."""
    browsers = _browsers_of(caller)
    shadowing = next((found for browser in browsers if (found := shadowed(machine, browser))), None)
    if shadowing is not None:
        first, hidden = shadowing
        text = "{first} stands before {hidden} and leads to another program than Strongroom, which decides what is started. Remove it."
        return Evidence(signal=SIGNAL, level="contradicted", text=sentence(text, first=first, hidden=hidden))
    told = caller.manifest_path
    if told is None:
        return None
    scope = next((scope for scope in SCOPES if told in _files(machine, browsers, scope)), None)
    path = told[:300].encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    if scope is None:
        text = "The browser says that it was led here by {path}, where none is looked for."
        return Evidence(signal=SIGNAL, level="unknown", text=sentence(text, path=path))
    if not leads_to_us(told):
        text = sentence("The browser was led here by {path}, which was not written by: strongroom install", path=path)
        return Evidence(signal=SIGNAL, level="unknown", text=text)
    whose = "your own folder, where any program of yours can write" if scope == "user" else "the system's folder"
    text = sentence("The browser was led here by {path}, in {whose}.", path=path, whose=sentence(whose))
    return Evidence(signal=SIGNAL, level="consistent", text=text)


def shadowed(machine: Machine, browser: Browser) -> tuple[str, str] | None:
    """The manifest that this browser takes although it does not lead to us, and the one behind it that does."""
    there = [path for scope in SCOPES for path in manifest_files(machine, browser, scope) if os.path.lexists(path)]
    if not there or leads_to_us(there[0]):
        return None
    hidden = next((path for path in there[1:] if leads_to_us(path)), None)
    return None if hidden is None else (there[0], hidden)


def leads_to_us(path: str) -> bool:
    """Whether a manifest was written by installing, and names a program that was. Both are files: it is what one would see, and no proof."""
    if owner_of(path) != "ours":
        return False
    manifest = read_object(path) or {}
    program = manifest.get("path")
    return manifest.get("name") == HOST_NAME and isinstance(program, str) and os.path.isabs(program) and owner_of(program) == "ours"


def _browsers_of(caller: Caller) -> tuple[Browser, ...]:
    """The rows that can be the caller's browser: all of its family for Firefox, which tells its manifest anyway."""
    native = [browser for browser in BROWSERS if browser.family == caller.family]
    if caller.browser is None:
        return tuple(native) if caller.manifest_path is not None else ()
    named = caller.browser.lower().partition(" ")[0]  # "Firefox ESR" reads what Firefox reads
    return tuple(browser for browser in native if named in browser.title.lower())


def _files(machine: Machine, browsers: tuple[Browser, ...], scope: Scope) -> set[str]:
    return {path for browser in browsers for path in manifest_files(machine, browser, scope)}
