"""The manifests that tell browsers which program to start for which extensions.

Implements: Chrome "Native messaging", section "Native messaging host"; MDN "Native manifests", section
"Native messaging manifests". Firefox refuses a manifest with members it does not know, so there are two forms, and
the mark by which we know our own stands in the description.

Work is planned first and done afterwards: a plan is what ``--dry-run`` shows.
"""

from __future__ import annotations

import os
import re
import secrets
import stat
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from msgspec import json

from native_host.config import make_folder
from native_host.install import HOST_NAME, InstallError
from native_host.install.browsers import BROWSERS, SCOPES, Browser, Family, Scope
from native_host.install.documents import read_file, read_object
from native_host.install.launcher import flatpak_source, launcher_source
from native_host.install.machine import Machine, find_browsers, is_present, manifest_files
from native_host.install.ownership import OWNED, owner_of
from native_host.value import Value

DESCRIPTION = f"Strongroom keeps the keys of browser wallets outside the browser. {OWNED}"

_CHROMIUM_ORIGIN = re.compile(r"chrome-extension://[a-p]{32}/")
_FIREFOX_ORIGIN = re.compile(r"moz-extension:(\S{1,255})")

Action = Literal["write", "update", "replace", "keep", "refuse", "remove", "skip"]


class Step(Value, frozen=True, kw_only=True):
    """One file and what becomes of it; ``titles`` are the browsers that read it, none for a launcher."""

    action: Action
    path: str
    titles: tuple[str, ...] = ()
    content: bytes = b""
    mode: int = 0o644
    scope: Scope = "user"
    note: str = ""


def extensions_of(family: Family, origins: Iterable[str]) -> list[str]:
    """The members of ``allowed_origins`` or ``allowed_extensions`` that ``origins``, in wire form, give for a family."""
    if family == "chromium":
        return sorted({origin for origin in origins if _CHROMIUM_ORIGIN.fullmatch(origin)})
    return sorted({found.group(1) for origin in origins if (found := _FIREFOX_ORIGIN.fullmatch(origin))})


def check_origins(origins: Iterable[str]) -> None:
    """See that each is an origin in wire form.

    Raises:
        InstallError: one is not.
    """
    if not all(_CHROMIUM_ORIGIN.fullmatch(origin) or _FIREFOX_ORIGIN.fullmatch(origin) for origin in origins):
        raise InstallError(
            "An origin is not of the form that browsers use.",
            mend="Chromium: chrome-extension://ID/ with its 32 letters a to p; Firefox: moz-extension:ADD-ON-ID",
        )


def listed_extensions(family: Family, manifest: Mapping[str, object]) -> list[str]:
    """The extensions that a manifest lets in, as it names them."""
    listed = manifest.get("allowed_origins" if family == "chromium" else "allowed_extensions")
    return [name for name in listed if isinstance(name, str)] if isinstance(listed, list) else []


def build_manifest(family: Family, launcher: str, extensions: list[str]) -> bytes:
    """The JSON of a manifest, indented, with a line end."""
    key = "allowed_origins" if family == "chromium" else "allowed_extensions"
    document = {"name": HOST_NAME, "description": DESCRIPTION, "path": launcher, "type": "stdio", key: extensions}
    return json.format(json.encode(document), indent=2) + b"\n"


def plan_install(
    machine: Machine,
    scope: Scope,
    *,
    origins: Sequence[str],
    python: str,
    browsers: Sequence[Browser] = (),
    replace: bool = False,
) -> tuple[Step, ...]:
    """What must be written so that browsers find the host; without ``browsers``, for every one that is found.

    A Flatpak browser must be named: letting it start programs outside undoes its sandbox.

    Raises:
        InstallError: this system is not served, or the home folder is another person's.
    """
    _check_machine(machine, scope)
    launcher = machine.launcher(scope)
    steps = [_plan_file(launcher, launcher_source(python).encode(), mode=0o755, scope=scope, replace=replace)]
    for path, readers in _readers(machine, scope, browsers or find_browsers(machine)).items():
        program = program_of(machine, readers[0], scope)
        if program != launcher and not browsers:
            steps.append(_skip(path, readers[0]))
            continue
        if program != launcher:
            steps.append(_plan_file(program, flatpak_source(launcher).encode(), mode=0o755, replace=replace))
        extensions = extensions_of(readers[0].family, origins)
        if scope == "system" and owner_of(path) == "ours":
            # Every account of the machine shares it: one must not shut out another's extensions.
            extensions = sorted({*extensions, *listed_extensions(readers[0].family, read_object(path) or {})})
        content = build_manifest(readers[0].family, program, extensions)
        steps.append(_plan_file(path, content, titles=_titles(readers), scope=scope, replace=replace))
    return tuple(steps)


def plan_refresh(machine: Machine, *, origins: Sequence[str]) -> tuple[Step, ...]:
    """What must change in the manifests that are ours already, after an origin was attached or detached."""
    steps: list[Step] = []
    for scope in SCOPES:
        for path, readers in _readers(machine, scope, BROWSERS).items():
            if owner_of(path) == "ours":
                program = str((read_object(path) or {}).get("path"))
                content = build_manifest(readers[0].family, program, extensions_of(readers[0].family, origins))
                steps.append(_plan_file(path, content, titles=_titles(readers), scope=scope))
    return tuple(step for step in steps if step.action != "keep")


def own_manifests(machine: Machine) -> list[str]:
    """The manifests of this machine that are ours, in both scopes."""
    return [path for scope in SCOPES for path in _readers(machine, scope, BROWSERS) if owner_of(path) == "ours"]


def plan_uninstall(machine: Machine, scope: Scope, *, browsers: Sequence[Browser] = ()) -> tuple[Step, ...]:
    """What must go: every manifest that is ours, or those of ``browsers`` alone, and the launcher with the last of them."""
    _check_machine(machine, scope)
    named = {browser.name for browser in browsers or BROWSERS}
    ours = {path: rows for path, rows in _readers(machine, scope, BROWSERS).items() if owner_of(path) == "ours"}
    steps: list[Step] = []
    for path, rows in ours.items():
        others = [row for row in rows if row.name not in named]
        if len(others) == len(rows):
            continue
        if still := [row for row in others if is_present(machine, row)]:
            steps.append(Step(action="skip", path=path, titles=_titles(still), scope=scope, note="Kept: these browsers read it too."))
        else:
            steps.append(Step(action="remove", path=path, titles=_titles(rows), scope=scope))
    if len(ours) == sum(step.action == "remove" for step in steps):
        programs = {program_of(machine, row, scope): None for row in BROWSERS}
        steps += [Step(action="remove", path=path, scope=scope) for path in programs if owner_of(path) == "ours"]
    return tuple(steps)


def apply(step: Step) -> None:
    """Do one step; each file is whole at every moment. Steps that change nothing are passed over."""
    if step.action == "remove":
        os.unlink(step.path)
    if step.action == "replace":
        os.rename(step.path, backup_of(step.path))
    if step.action in {"write", "update", "replace"}:
        _write(step.path, step.content, step.mode, step.scope)


def backup_of(path: str) -> str:
    """A name beside ``path`` that is free; no browser reads it, since it does not end as a manifest does."""
    number = 1
    while os.path.lexists(f"{path}.backup-{number}"):
        number += 1
    return f"{path}.backup-{number}"


def program_of(machine: Machine, browser: Browser, scope: Scope) -> str:
    """What this browser's manifest names: the launcher, or inside a Flatpak's folder the script that reaches it."""
    if browser.packaging == "flatpak" and scope == "user":
        return os.path.join(machine.home, ".var/app", browser.app, "strongroom-host")
    return machine.launcher(scope)


def _readers(machine: Machine, scope: Scope, browsers: Sequence[Browser]) -> dict[str, list[Browser]]:
    files: dict[str, list[Browser]] = {}
    for browser in browsers:
        for path in manifest_files(machine, browser, scope):
            files.setdefault(path, []).append(browser)
    return files


def _titles(browsers: Sequence[Browser]) -> tuple[str, ...]:
    return tuple(browser.title for browser in browsers)


def _plan_file(
    path: str, content: bytes, *, titles: tuple[str, ...] = (), mode: int = 0o644, scope: Scope = "user", replace: bool = False
) -> Step:
    action: Action = "write"
    note = ""
    match owner_of(path):
        case "ours":
            same = read_file(path) == content and stat.S_IMODE(os.lstat(path).st_mode) == mode
            action = "keep" if same else "update"
        case "foreign" if replace:
            action, note = "replace", "Somebody else's file is kept as a backup beside it."
        case "foreign":
            action, note = "refuse", "Not written by us; --replace keeps a backup and writes ours."
    return Step(action=action, path=path, titles=titles, content=content, mode=mode, scope=scope, note=note)


def _skip(path: str, browser: Browser) -> Step:
    note = f"Sandboxed; see the documentation, then: strongroom install --browser {browser.name}"
    return Step(action="skip", path=path, titles=(browser.title,), note=note)


def _check_machine(machine: Machine, scope: Scope) -> None:
    if machine.system == "windows":
        raise InstallError("Registering in the Windows registry is not offered by this command.", mend="Use the installer for Windows.")
    # Run through sudo, HOME may still be the person's: folders made by root there would shut the browser out of its own.
    if scope == "user" and os.stat(machine.home).st_uid != os.geteuid():
        raise InstallError("The home folder belongs to another person.", mend="Run it as that person, or: strongroom install --system")


def _write(path: str, content: bytes, mode: int, scope: Scope) -> None:
    folder = os.path.dirname(path)
    if scope == "user":
        make_folder(folder)
    else:
        _make_public_folder(folder)
    temporary = os.path.join(folder, f".{os.path.basename(path)}.{secrets.token_hex(8)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
            # The person's umask must not decide whether a browser can read it.
            os.fchmod(descriptor, mode)
            file.flush()
            os.fsync(descriptor)
        os.rename(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _make_public_folder(folder: str) -> None:
    if os.path.isdir(folder):
        return
    _make_public_folder(os.path.dirname(folder))
    os.mkdir(folder, 0o755)
    os.chmod(folder, 0o755)  # noqa: S103  # every account's browser reads here
