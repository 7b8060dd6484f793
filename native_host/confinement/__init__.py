"""What a host takes away from itself before a secret is in it, so that whoever takes it over finds little in reach.

``prepare`` starts the *starter*, ``confine`` applies Landlock (``landlock.py``: files, ports, signals) and seccomp
(``seccomp.py``: calls) for what ``reach_of`` finds that this host needs, and ``describe`` tells ``doctor`` what that gives here. A
system without one or the other is used as it is.

A program that the host needs beside itself, other parts start with ``spawn``::

    from native_host.confinement import spawn

    child = spawn("token")     # a name of PROGRAMS; raises OSError if it cannot be started
    child.stdin.write(...)     # pipes, as of subprocess.Popen; standard error is the host's
    child.stdout.read(...)
    child.poll()               # the exit status, or None while it runs
    child.kill()
    child.wait()

In a host on Linux the starter starts it (``starter.py``): a small process from before the confinement, which was told at its
birth the few command lines that it may ever start, and their environment. Everywhere else it is ``subprocess.Popen``. A program
ends with its host at the latest, killed; the end of its input comes first if the host ends in order.

What it does not stop: whoever takes a host over still has that host's secrets, its input and output, and its D-Bus: the person's
session manager starts programs for whoever asks it there. Nor does it concern the programs that are started, which need the display.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from native_host.confinement.programs import PROGRAMS, Child, clean_environment, prepare, spawn, start

if TYPE_CHECKING:
    from native_host.confinement.applying import InForce
    from native_host.confinement.describing import Verdict
    from native_host.confinement.reach import Reach

__all__ = ["PROGRAMS", "Child", "clean_environment", "confine", "describe", "prepare", "spawn", "start"]


def confine(reach: Reach) -> InForce:
    """See ``applying.confine``."""
    from native_host.confinement.applying import confine as apply

    return apply(reach)


def describe() -> list[tuple[Verdict, str]]:
    """See ``describing.describe``."""
    from native_host.confinement.describing import describe as tell

    return tell()
