"""``python -I -m native_host.confinement FOLDER FILE``: what a host does to itself takes effect here, or it does not.

Confines itself to FOLDER, tries what should not go any more, FILE among it, and writes what it found as JSON.
"""

from __future__ import annotations

import os
import socket
import sys
from typing import TYPE_CHECKING

from msgspec.json import encode

from native_host.config import Config, Paths
from native_host.confinement.applying import confine
from native_host.confinement.describing import Tried
from native_host.confinement.reach import reach_of

if TYPE_CHECKING:
    from collections.abc import Callable


def refused(attempt: Callable[[], object]) -> bool:
    """Whether the kernel refuses it."""
    try:
        attempt()
    except PermissionError:
        return True
    except OSError:
        return False
    return False


def main() -> None:
    """Confine, try, tell."""
    folder, outside = sys.argv[1:]
    in_force = confine(reach_of(Config(), Paths(config=folder, data=folder, state=folder), os.environ, plugged=False))
    tried = Tried(
        landlock=in_force.landlock,
        seccomp=in_force.seccomp,
        file=refused(lambda: open(outside, "rb").close()),
        network=refused(lambda: socket.socket(socket.AF_INET).close()),
        # Refused before it is looked for: there is no such program, in case it is not.
        program=refused(lambda: os.execv("/nonexistent/program", ["program"])),  # noqa: S606
    )
    os.write(1, encode(tried))


if __name__ == "__main__":
    main()
