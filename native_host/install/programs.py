"""Where the packages of browsers put the program file itself, beyond the scripts and links that a person starts; for Linux."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from native_host.install.browsers import Browser
    from native_host.install.machine import Machine

PROGRAMS: dict[str, tuple[str, ...]] = {
    "chrome": ("/opt/google/chrome/chrome",),
    "chrome-beta": ("/opt/google/chrome-beta/chrome",),
    "chrome-dev": ("/opt/google/chrome-unstable/chrome",),
    "chromium": (
        "/usr/lib/chromium/chromium",
        "/usr/lib64/chromium-browser/chromium-browser",
        "/usr/lib/chromium-browser/chromium-browser",
    ),
    "edge": ("/opt/microsoft/msedge/msedge",),
    "edge-beta": ("/opt/microsoft/msedge-beta/msedge",),
    "edge-dev": ("/opt/microsoft/msedge-dev/msedge",),
    "brave": ("/opt/brave.com/brave/brave", "/opt/brave-bin/brave"),
    "vivaldi": ("/opt/vivaldi/vivaldi-bin",),
    "opera": ("/usr/lib/x86_64-linux-gnu/opera-stable/opera", "/usr/lib/opera/opera"),
    "yandex": ("/opt/yandex/browser/yandex_browser",),
    "firefox": (
        "/usr/lib/firefox-esr/firefox-esr",
        "/usr/lib/firefox/firefox",
        "/usr/lib64/firefox/firefox",
        "/opt/firefox/firefox",
    ),
    "librewolf": ("/usr/share/librewolf/librewolf", "/usr/lib/librewolf/librewolf"),
    "zen": ("/opt/zen-browser-bin/zen-bin",),
    "firefox-snap": ("/snap/firefox/current/usr/lib/firefox/firefox",),
    "chromium-snap": ("/snap/chromium/current/usr/lib/chromium-browser/chrome",),
}


def program_files(machine: Machine, browser: Browser) -> tuple[str, ...]:
    """The program files of this browser that are here."""
    if machine.system != "linux":
        return ()
    return tuple(path for path in map(machine.rooted, PROGRAMS.get(browser.name, ())) if os.path.isfile(path))


def deployment(machine: Machine, browser: Browser) -> str:
    """The folder with a Flatpak's files as they are started; empty if it is none, or is not here."""
    if browser.packaging != "flatpak":
        return ""
    # One of the person's own comes first, as it does for the command flatpak.
    bases = (os.path.join(machine.home, ".local/share/flatpak"), machine.rooted("/var/lib/flatpak"))
    folders = (os.path.join(base, "app", browser.app, "current/active/files") for base in bases)
    return next((folder for folder in folders if os.path.isdir(folder)), "")
