"""Which pinentry is used: one of the system's own, by its whole path. Never one that an environment names: that is the browser's."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from native_host.caller.guarded import loose

if TYPE_CHECKING:
    from collections.abc import Mapping

FOLDERS: Final = ("/usr/bin", "/usr/local/bin", "/run/current-system/sw/bin")
ON_DISPLAY: Final = (
    "pinentry-qt6", "pinentry-qt", "pinentry-qt5", "pinentry-gtk-2", "pinentry-gtk", "pinentry-fltk", "pinentry-efl", "pinentry-gnome3",
)  # fmt: skip
"""GNOME's last: it asks through the shell of that desktop, and where there is none, on a terminal."""
ON_TERMINAL: Final = ("pinentry-curses", "pinentry-tty")


def find_pinentry(environ: Mapping[str, str], folders: tuple[str, ...] = FOLDERS) -> str | None:
    """The path of a pinentry for the display that ``environ`` names, or else for a terminal, which nobody but the administrator can have put
    there; ``None`` if there is none."""
    names = ON_DISPLAY if has_display(environ) else ON_TERMINAL
    return next((path for name in names for folder in folders if _is_the_systems(path := os.path.join(folder, name))), None)


def has_display(environ: Mapping[str, str]) -> bool:
    """Whether there is a screen that some pinentry can draw on: of X11, or of Wayland."""
    return bool(environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY"))


def _is_the_systems(path: str) -> bool:
    try:
        return os.access(path, os.X_OK) and os.path.isfile(path) and not loose(path)
    except OSError:
        return False
