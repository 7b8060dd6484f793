"""One machine as the table sees it: which browsers are there, and where their folders of manifests really lie.

Home folder, root and environment are arguments, so that a temporary tree is a machine too.
"""

from __future__ import annotations

import os
import sys

from native_host.install import HOST_NAME, InstallError
from native_host.install.browsers import BROWSERS, Browser, Scope, System, places_of
from native_host.value import Value

_SYSTEMS: dict[str, System] = {"linux": "linux", "darwin": "macos", "win32": "windows"}
_PROGRAM_FOLDERS = ("usr/bin", "usr/local/bin", "opt/bin", "snap/bin", "run/current-system/sw/bin", "Applications")
_SYSTEM_LAUNCHERS: dict[System, str] = {
    "linux": "/usr/local/lib/strongroom/strongroom-host",
    "macos": "/Library/Application Support/Strongroom/strongroom-host",
    "windows": r"C:\Program Files\Strongroom\strongroom-host.exe",
}


class Machine(Value, frozen=True, kw_only=True):
    """``home`` is the person's folder, ``root`` stands before every system-wide path, ``data`` is where our launcher goes."""

    system: System
    home: str
    data: str
    root: str = "/"
    environ: dict[str, str]

    def launcher(self, scope: Scope) -> str:
        """The program that manifests of this scope name."""
        if scope == "user":
            return os.path.join(self.data, "bin", "strongroom-host")
        return self.rooted(_SYSTEM_LAUNCHERS[self.system])

    def rooted(self, path: str) -> str:
        """A system-wide path on this machine."""
        return os.path.join(self.root, path.lstrip("/"))

    def expand(self, where: str) -> str:
        """The real path of a path of the table."""
        if not where.startswith("~/"):
            return self.rooted(where)
        if where.startswith("~/.config/"):
            # Chromium reads these two variables in this order, and the table's ~/.config is their default.
            for variable in ("CHROME_CONFIG_HOME", "XDG_CONFIG_HOME"):
                folder = self.environ.get(variable, "")
                if os.path.isabs(folder):
                    return os.path.join(folder, where.removeprefix("~/.config/"))
        return os.path.join(self.home, where.removeprefix("~/"))


def system_of(platform: str = sys.platform) -> System:
    """The table's name of a ``sys.platform``; other Unixes are taken for Linux, whose places they share."""
    return _SYSTEMS.get(platform, "linux")


def manifest_files(machine: Machine, browser: Browser, scope: Scope) -> tuple[str, ...]:
    """Where this browser looks for our manifest in one scope, in its order; nothing on Windows, which has a registry."""
    if machine.system == "windows":
        return ()
    return tuple(
        os.path.join(machine.expand(place.where), f"{HOST_NAME}.json")
        for place in places_of(browser, machine.system, scope)
        if not place.when or os.path.isdir(machine.expand(place.when))
    )


def is_present(machine: Machine, browser: Browser) -> bool:
    """Whether this browser was ever started by the person or is installed."""
    if browser.packaging == "flatpak":
        return any(map(os.path.isdir, _flatpak_folders(machine, browser.app)))
    if browser.packaging == "snap":
        return any(map(os.path.isdir, _snap_folders(machine, browser.app)))
    if any(os.path.isdir(machine.expand(folder)) for folder in _profiles(machine, browser)):
        return True
    folders = [machine.rooted(folder) for folder in _PROGRAM_FOLDERS]
    folders += [os.path.join(machine.home, folder) for folder in (".local/bin", ".nix-profile/bin", "Applications")]
    return any(os.path.exists(os.path.join(folder, name)) for folder in folders for name in browser.executables)


def find_browsers(machine: Machine) -> tuple[Browser, ...]:
    """The browsers of the table that are on this machine, in its order."""
    return tuple(browser for browser in BROWSERS if is_present(machine, browser))


def named_browsers(names: tuple[str, ...]) -> tuple[Browser, ...]:
    """The rows of these names.

    Raises:
        InstallError: there is no row of a name.
    """
    rows = {browser.name: browser for browser in BROWSERS}
    for name in names:
        if name not in rows:
            raise InstallError("There is no browser of that name in our table.", mend="Known names: " + ", ".join(rows))
    return tuple(rows[name] for name in dict.fromkeys(names))


def _profiles(machine: Machine, browser: Browser) -> tuple[str, ...]:
    if browser.profiles or browser.family == "firefox":
        return tuple(folder for folder in browser.profiles if ("~/Library/" in folder) == (machine.system == "macos"))
    return tuple(os.path.dirname(place.where) for place in places_of(browser, machine.system, "user"))


def _flatpak_folders(machine: Machine, app: str) -> tuple[str, ...]:
    return (
        os.path.join(machine.home, ".var/app", app),
        os.path.join(machine.home, ".local/share/flatpak/app", app),
        machine.rooted(f"/var/lib/flatpak/app/{app}"),
    )


def _snap_folders(machine: Machine, app: str) -> tuple[str, ...]:
    return (machine.rooted(f"/snap/{app}"), machine.rooted(f"/var/lib/snapd/snap/{app}"), os.path.join(machine.home, "snap", app))
