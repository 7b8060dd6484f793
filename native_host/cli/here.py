"""This process's own surroundings: the one place where the person's program reads them for installing."""

from __future__ import annotations

import os
import shutil
import sys

from native_host.config import find_paths, person_home
from native_host.install import InstallError
from native_host.install.checks import writable_by_others
from native_host.install.machine import Machine, system_of


def this_machine() -> Machine:
    """The machine that the program runs on, with its real home, root and environment."""
    return Machine(
        system=system_of(sys.platform),
        home=person_home(os.environ),
        data=find_paths(os.environ).data,
        environ=dict(os.environ),
    )


def runnable(command: str) -> str:
    """A command of ours as the person can type it here: with the program's whole path where a shell would not find it."""
    ours = os.path.abspath(sys.argv[0])
    if os.path.basename(ours) != "strongroom":
        return command
    if command.startswith("sudo strongroom "):
        # sudo has a search path of its own, and a virtual environment is not on it.
        return command.replace("strongroom", ours, 1)
    if command.startswith("strongroom ") and shutil.which("strongroom") != ours:
        return command.replace("strongroom", ours, 1)
    return command


def check_shared() -> None:
    """See that what every account would start belongs to the system and not to one person.

    Raises:
        InstallError: the interpreter or the package does not.
    """
    for path in (os.path.realpath(sys.executable), os.path.dirname(os.path.dirname(os.path.abspath(__file__)))):
        if os.stat(path).st_uid != 0 or writable_by_others(path):
            raise InstallError(
                "This copy of Strongroom belongs to one person, who could change what every account starts.",
                mend="Install it for the whole machine first (for instance with: sudo pipx install --global strongroom).",
            )
