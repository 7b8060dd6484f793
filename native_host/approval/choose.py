"""Which program asks the person: our window, the system's pinentry, the terminal dialogue, or the one that ``config.toml`` names."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from native_host.confinement import PROGRAMS, clean_environment
from native_host.errors import BackendUnavailable
from native_host.language import VARIABLE, in_use

if TYPE_CHECKING:
    from collections.abc import Mapping

NOBODY = (
    "There is no display and no terminal on which to ask you. Start the browser, or this command, from your desktop or from a terminal."
)


def built_in_program(prompt: str, environ: Mapping[str, str]) -> list[str]:
    """Our window where there is a display, the system's pinentry where it has no Tk to draw on that display, else the terminal dialogue;
    ``prompt`` is the person's preference. On a terminal no pinentry is asked: our own dialogue shows more, and more plainly.

    Raises:
        BackendUnavailable: with neither a display nor a terminal.
    """
    if prompt == "window" and _has_display(environ) and _has_toolkit():
        return list(PROGRAMS["window"])
    if prompt == "window" and _has_pinentry(environ):
        return list(PROGRAMS["pinentry"])
    if _has_terminal():
        return list(PROGRAMS["terminal"])
    raise BackendUnavailable(NOBODY, detail="approver")


def approver_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment for an approver: what a display needs is kept, what changes how programs load code is not. It says which language is in
    use here."""
    return {**clean_environment(environ), VARIABLE: in_use()}


def _has_display(environ: Mapping[str, str]) -> bool:
    # Tk 8.6 draws on X11 only; a Wayland session offers it as DISPLAY through XWayland.
    return sys.platform in {"win32", "darwin"} or bool(environ.get("DISPLAY"))


def _has_toolkit() -> bool:
    from importlib.util import find_spec

    return find_spec("_tkinter") is not None


def _has_pinentry(environ: Mapping[str, str]) -> bool:
    """Whether there is one for a display; one of Wayland will do for that."""
    if sys.platform in {"win32", "darwin"}:
        return False
    from native_host.approval.pinentry.finding import find_pinentry, has_display

    return has_display(environ) and find_pinentry(environ) is not None


def _has_terminal() -> bool:
    try:
        os.close(os.open("CONIN$" if sys.platform == "win32" else "/dev/tty", os.O_RDWR))
    except OSError:
        return False
    return True
