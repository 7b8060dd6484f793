"""Colours, light and dark, and which of the two the person's desktop asks for."""

from __future__ import annotations

import os
import sys

from native_host.value import Value

_WAIT_SECONDS = 0.7
_PROGRAM_FOLDERS = "/usr/bin:/bin:/usr/local/bin:/run/current-system/sw/bin"


class Palette(Value, frozen=True, kw_only=True):
    """Colours by what they are for; text on its ground has a contrast of at least 4.5 (WCAG 2.2, 1.4.3)."""

    surface: str
    raised: str
    box: str
    ink: str
    muted: str
    line: str
    accent: str
    accent_ink: str
    accent_pressed: str
    off: str
    off_ink: str
    warning: str
    warning_ink: str
    warning_mark: str
    bad: str
    good: str


LIGHT = Palette(
    surface="#f4f6f8",
    raised="#ffffff",
    box="#eef2f6",
    ink="#18202b",
    muted="#55606f",
    line="#c9d1db",
    accent="#1b5bb8",
    accent_ink="#ffffff",
    accent_pressed="#154890",
    off="#dfe4ea",
    off_ink="#5a6472",
    warning="#fdefd2",
    warning_ink="#5e3600",
    warning_mark="#b45309",
    bad="#b3261e",
    good="#176b3f",
)
DARK = Palette(
    surface="#15191f",
    raised="#1d232b",
    box="#262e38",
    ink="#e9edf2",
    muted="#a3aebb",
    line="#3b4652",
    accent="#6ea8fb",
    accent_ink="#0b1320",
    accent_pressed="#97c1fd",
    off="#2a323c",
    off_ink="#9aa5b2",
    warning="#3b2d12",
    warning_ink="#fbdfa8",
    warning_mark="#f3b13f",
    bad="#ff9a92",
    good="#6fd39b",
)


def palette() -> Palette:
    """The colours for this person's desktop; light where it does not say."""
    return DARK if prefers_dark() else LIGHT


def prefers_dark() -> bool:
    """Whether the desktop is set to dark: the system's own switch, asked afresh for each window."""
    if sys.platform == "win32":
        return _windows_dark()
    if sys.platform == "darwin":
        return "Dark" in _output("defaults", "read", "-g", "AppleInterfaceStyle")
    theme = os.environ.get("GTK_THEME", "")
    if theme:
        return theme.lower().endswith(("dark", ":dark"))
    return _portal_dark()


def _portal_dark() -> bool:
    """The settings portal's ``color-scheme`` (1 is dark, 2 light; KDE and GNOME answer), else GNOME's own setting."""
    if not os.environ.get("DBUS_SESSION_BUS_ADDRESS") and not os.path.exists(f"{os.environ.get('XDG_RUNTIME_DIR', '')}/bus"):
        return False
    portal = ("--dest", "org.freedesktop.portal.Desktop", "--object-path", "/org/freedesktop/portal/desktop")
    read = ("--method", "org.freedesktop.portal.Settings.Read", "org.freedesktop.appearance", "color-scheme")
    answer = _output("gdbus", "call", "--session", "--timeout", "1", *portal, *read)
    if "uint32" in answer:
        return "uint32 1" in answer
    return "dark" in _output("gsettings", "get", "org.gnome.desktop.interface", "color-scheme")


def _output(program: str, *arguments: str) -> str:
    """What a desktop's own program prints; empty if it is absent, fails or takes long. Found in the system's folders only."""
    import shutil
    import subprocess

    path = shutil.which(program, path=_PROGRAM_FOLDERS)
    if path is None:
        return ""
    try:
        run = subprocess.run([path, *arguments], stdin=subprocess.DEVNULL, capture_output=True, timeout=_WAIT_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return run.stdout.decode("utf-8", "replace")


if sys.platform == "win32":

    def _windows_dark() -> bool:
        import winreg

        place = r"Software\Microsoft\Windows\CurrentVersion\Themes\Personalize"
        try:
            with winreg.OpenKey(winreg.HKEY_CURRENT_USER, place) as key:
                return bool(winreg.QueryValueEx(key, "AppsUseLightTheme")[0] == 0)
        except OSError:
            return False
