"""The program that a manifest's ``path`` names: a few lines that start the host with one fixed interpreter.

Implements: execve(2), "Interpreter scripts". The interpreter is absolute and isolated (``-I``): what a browser hands
down as PATH or PYTHONPATH, or what lies in its working folder, must not choose what runs.
Nothing of STRONGROOM_HOME stands in it: the folder is found at each start.
"""

from __future__ import annotations

import os
import re
import subprocess

from native_host.install import InstallError
from native_host.install.ownership import MARK

# Older kernels cut the first line at 127 bytes, "#!" and the option included.
_SHEBANG_LIMIT = 127
_BODY = f"""{MARK}
import sys

from native_host.__main__ import main

sys.exit(main())
"""


def launcher_source(python: str) -> str:
    """The text of the launcher for the interpreter ``python``, an absolute path.

    Raises:
        InstallError: the path cannot be written into a script.
    """
    if not os.path.isabs(python) or re.search(r"[\x00-\x1f\"'\\$`]", python):
        raise InstallError(
            "The path of this Python is relative, or holds quotes, backslashes, dollar signs or line ends.",
            mend="Install Strongroom into a folder with a plain name.",
        )
    shebang = f"#!{python} -I"
    if " " not in python and len(os.fsencode(shebang)) <= _SHEBANG_LIMIT:
        return f"{shebang}\n{_BODY}"
    # Both a shell script and Python: the shell reads ''exec and is replaced, Python reads a string.
    return f"#!/bin/sh\n'''exec' \"{python}\" -I \"$0\" \"$@\"\n' '''\n{_BODY}"


def flatpak_source(launcher: str) -> str:
    """The text of the script that a Flatpak browser can start: it asks to have ``launcher`` started outside the sandbox."""
    return f'#!/bin/sh\n{MARK}\nexec /usr/bin/flatpak-spawn --host --watch-bus "{launcher}" "$@"\n'


def interpreter_of(source: bytes) -> str | None:
    """The interpreter that the text of a launcher names; nothing if it is not one of ours."""
    text = source.decode("utf-8", "replace")
    if MARK not in text:
        return None
    found = re.match(r"#!(/\S+) -I\n", text) or re.match(r"#!/bin/sh\n'''exec' \"([^\"]+)\" -I ", text)
    return found.group(1) if found else None


def check_interpreter(python: str) -> None:
    """See that ``python`` finds the host when isolated, as it will be started.

    Raises:
        InstallError: it does not, for instance because the package lies in the person's own site folder.
    """
    code = "import importlib.util, sys; sys.exit(importlib.util.find_spec('native_host.__main__') is None)"
    try:
        done = subprocess.run([python, "-I", "-c", code], check=False, capture_output=True, stdin=subprocess.DEVNULL, timeout=60)
        found = done.returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        found = False
    if not found:
        raise InstallError(
            "A browser starts the host with Python's isolated mode, and in it this Python does not find Strongroom.",
            mend="Install Strongroom into a virtual environment of its own (for instance with: pipx install strongroom).",
        )
