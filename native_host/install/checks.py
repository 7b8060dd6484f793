"""What can be wrong between one browser and the host, one function a question; each finding names the command that mends it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from shlex import quote
from typing import Any, Literal

from native_host.install import HOST_NAME
from native_host.install.browsers import Browser, Scope
from native_host.install.documents import read_file
from native_host.install.launcher import interpreter_of
from native_host.install.machine import Machine
from native_host.install.manifests import extensions_of, listed_extensions, program_of
from native_host.install.ownership import owner_of
from native_host.install.policies import Policy
from native_host.install.shadowing import leads_to_us
from native_host.value import Value

Verdict = Literal["ok", "warn", "fail"]


class Finding(Value, frozen=True, kw_only=True):
    """One answer. ``browser`` is empty for what concerns all; ``mend`` is empty where nothing is wrong or no command helps."""

    browser: str = ""
    check: str
    verdict: Verdict
    text: str
    mend: str = ""


class Registered(Value, frozen=True, kw_only=True):
    """The manifest that a browser takes, and the others that it would take without it."""

    path: str
    scope: Scope
    manifest: dict[str, Any]
    hidden: tuple[str, ...] = ()

    @property
    def program(self) -> str:
        """The ``path`` of the manifest, or nothing."""
        program = self.manifest.get("path")
        return program if isinstance(program, str) else ""


def install_command(browser: Browser, scope: Scope, origins: Sequence[str], *, options: str = "") -> str:
    """The command that registers the host for this browser in this scope.

    For the whole machine it names the origins: run as root it would look for those of root.
    """
    command = f"strongroom install --{scope} --browser {browser.name}{options}"
    if scope == "user":
        return command
    return " ".join(["sudo", command, *(f"--origin {quote(origin)}" for origin in origins)])


def check_policy(browser: Browser, policy: Policy, origins: Sequence[str]) -> Iterator[Finding]:
    """What the administrator's policies say."""
    if not policy.allowed:
        text = f"A policy of this machine blocks the host; its administrator must add {HOST_NAME} to NativeMessagingAllowlist."
        yield Finding(browser=browser.name, check="policy", verdict="fail", text=text)
    if not policy.user_level_hosts:
        text = "A policy of this machine hides per-user hosts; only a system-wide manifest is read."
        yield Finding(browser=browser.name, check="policy", verdict="warn", text=text, mend=install_command(browser, "system", origins))


def check_sandbox(machine: Machine, browser: Browser) -> Iterator[Finding]:
    """What a Flatpak or Snap needs besides the manifest."""
    if browser.packaging == "flatpak" and not _may_leave_flatpak(machine, browser.app):
        text = (
            "A Flatpak cannot start programs outside. This command lets it, and any program in its sandbox with it;"
            " a browser from the system's own packages needs no such opening."
        )
        mend = f"flatpak override --user --talk-name=org.freedesktop.Flatpak {browser.app}"
        yield Finding(browser=browser.name, check="sandbox", verdict="fail", text=text, mend=mend)
    elif browser.name == "chromium-snap":
        text = "Chromium as a Snap cannot start programs outside. Use a Chromium from another source."
        yield Finding(browser=browser.name, check="sandbox", verdict="fail", text=text)
    elif browser.packaging == "snap":
        text = "As a Snap, Firefox asks once whether the extension may start the host. If it was refused, this allows it."
        mend = f"flatpak permission-set webextensions {HOST_NAME} snap.{browser.app} yes"
        yield Finding(browser=browser.name, check="sandbox", verdict="warn", text=text, mend=mend)


def check_manifest(browser: Browser, registered: Registered, origins: Sequence[str]) -> Iterator[Finding]:
    """Whose manifest it is, what it hides, and who may change it."""
    path, scope = registered.path, registered.scope
    if owner_of(path) != "ours":
        mend = install_command(browser, scope, origins, options=" --replace")
        if any(owner_of(other) == "ours" for other in registered.hidden):
            text = f"{path} is not ours and hides our manifest: it decides which program is started."
            yield Finding(browser=browser.name, check="shadowed", verdict="fail", text=text, mend=mend)
        else:
            yield Finding(browser=browser.name, check="manifest", verdict="fail", text=f"{path} is not ours.", mend=mend)
    elif not leads_to_us(path) and (hidden := next((other for other in registered.hidden if leads_to_us(other)), "")):
        text = f"{path} says that it is ours, leads to {registered.program or 'nothing'} and hides {hidden}. Remove it if you did not write it."
        yield Finding(browser=browser.name, check="shadowed", verdict="fail", text=text, mend=f"rm {quote(path)}")
    elif loose := writable_by_others(path):
        text = f"{loose} can be changed by others, who then decide which program is started."
        yield Finding(browser=browser.name, check="manifest", verdict="fail", text=text, mend=mend_loose(loose))
    else:
        yield Finding(browser=browser.name, check="manifest", verdict="ok", text=path)


def check_origins(browser: Browser, registered: Registered, origins: Sequence[str]) -> Iterator[Finding]:
    """Whether the manifest lets in the attached extensions and no others."""
    wanted = set(extensions_of(browser.family, origins))
    allowed = set(listed_extensions(browser.family, registered.manifest))
    mend = install_command(browser, registered.scope, origins)
    if wanted - allowed:
        text = f"The manifest does not let in {', '.join(sorted(wanted - allowed))}."
        yield Finding(browser=browser.name, check="origins", verdict="fail", text=text, mend=mend)
    if registered.scope == "user" and allowed - wanted:
        text = "The manifest lets in extensions that are attached to no wallet; the host refuses them."
        yield Finding(browser=browser.name, check="origins", verdict="warn", text=text, mend=mend)


def check_program(machine: Machine, browser: Browser, registered: Registered, origins: Sequence[str]) -> Iterator[Finding]:
    """Whether the program is the one we would register, can be started, and can be changed by its owner alone."""
    program, mend = registered.program, install_command(browser, registered.scope, origins)
    if not os.path.isabs(program) or not os.path.isfile(program):
        text = "The program that the manifest names is not there."
        yield Finding(browser=browser.name, check="program", verdict="fail", text=text, mend=mend)
        return
    if not os.access(program, os.X_OK):
        text = f"{program} is not executable."
        yield Finding(browser=browser.name, check="program", verdict="fail", text=text, mend=f"chmod 755 {quote(program)}")
    elif program != program_of(machine, browser, registered.scope):
        text = f"The manifest names {program}, which is not where this installation puts its program."
        yield Finding(browser=browser.name, check="program", verdict="warn", text=text, mend=mend)
    if loose := writable_by_others(program):
        text = f"{loose} can be changed by others, who then decide what is started."
        yield Finding(browser=browser.name, check="program", verdict="fail", text=text, mend=mend_loose(loose))
    python = interpreter_of(read_file(program) or b"")
    if python and not os.access(python, os.X_OK):
        text = f"The Python that the program starts is gone: {python}"
        yield Finding(browser=browser.name, check="interpreter", verdict="fail", text=text, mend=mend)
    elif python and (loose := writable_by_others(os.path.realpath(python))):
        text = f"{loose} can be changed by others, who then decide what is started."
        yield Finding(browser=browser.name, check="interpreter", verdict="fail", text=text, mend=mend_loose(loose))


def writable_by_others(path: str) -> str:
    """``path`` or the nearest folder above it that another account could change or swap; empty when there is none.

    A group whose number is the owner's own is the owner's private group. In a sticky folder only the owner of an
    entry can swap it.
    """
    entry = os.path.abspath(path)
    while True:
        status = os.lstat(entry)
        sticky = stat.S_ISDIR(status.st_mode) and status.st_mode & stat.S_ISVTX
        group = status.st_mode & stat.S_IWGRP and status.st_gid != status.st_uid
        link = stat.S_ISLNK(status.st_mode)
        if not link and not sticky and (status.st_mode & stat.S_IWOTH or group):
            return entry
        if status.st_uid not in {0, os.geteuid()}:
            return entry
        if entry == os.path.dirname(entry):
            return ""
        entry = os.path.dirname(entry)


def mend_loose(path: str) -> str:
    """The command after which nobody else can change ``path``."""
    owner = os.lstat(path).st_uid
    if owner not in {0, os.geteuid()}:
        return f'sudo chown "$(id -un)" {quote(path)}'
    return f"{'' if owner == os.geteuid() else 'sudo '}chmod go-w {quote(path)}"


def _may_leave_flatpak(machine: Machine, app: str) -> bool:
    override = read_file(os.path.join(machine.home, ".local/share/flatpak/overrides", app)) or b""
    return any(line.strip() == b"org.freedesktop.Flatpak=talk" for line in override.splitlines())
