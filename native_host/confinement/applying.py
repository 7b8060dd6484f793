"""Applying it: the memory guard, Landlock and seccomp, as far as this system has them."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from native_host.secret import guard_memory
from native_host.value import Value

if TYPE_CHECKING:
    from native_host.confinement.reach import Reach

PR_SET_NO_NEW_PRIVS = 38


class InForce(Value, frozen=True, kw_only=True):
    """``landlock``: its version, 0 without. ``seccomp``: whether the filter is in force."""

    landlock: int = 0
    seccomp: bool = False


_in_force: InForce | None = None


def confine(reach: Reach) -> InForce:
    """Confine this process to ``reach``, once and for good, and say what is in force now; best effort, never raises.

    Called before a secret is in the process and while it has one thread: Landlock holds for the thread and those that it starts.
    """
    global _in_force  # noqa: PLW0603 - a process has one confinement, and cannot leave it
    if _in_force is None:
        guard_memory()
        _in_force = _confine_on_linux(reach) if sys.platform == "linux" else InForce()
    return _in_force


def _confine_on_linux(reach: Reach) -> InForce:
    import ctypes

    from native_host.confinement import landlock, seccomp

    if ctypes.CDLL(None).prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        return InForce()
    version = landlock.restrict(reach)
    architecture = seccomp.architecture_of(os.uname().machine)
    if architecture is None:
        return InForce(landlock=version)
    filtered = seccomp.install(seccomp.program(architecture, network=bool(reach.ports)), architecture)
    return InForce(landlock=version, seccomp=filtered)
