"""openCryptoki's software token, run by its daemon in namespaces of its own, so that a real installation is not touched.

Its files, its socket and its shared memory have fixed places. So a test hands over a function, which is called in another process
where those places are empty: ``run(function, folder)`` gives back what it returned, as JSON has it.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from native_host.config import Pkcs11Config
from native_host.kek.provider import Settings
from native_host.tokens import client, modules
from tests.parts.missing import impossible, need

ROOT = Path(__file__).parents[2]
LIBRARY = "/usr/lib/x86_64-linux-gnu/opencryptoki/libopencryptoki.so.0"
SOFT_SLOT = "3"
FIRST_SO_PIN, SO_PIN, FIRST_PIN, PIN = "87654321", "76543210", "12345678", "1234"
UNSHARE = ("--mount", "--ipc", "--pid", "--fork", "--kill-child", "--mount-proc")
WAIT_SECONDS = 60.0


def run(function: Callable[[Settings], Any], folder: Path) -> Any:
    """What the function, of a test's module, returns for settings whose list names openCryptoki; the token has the user PIN ``PIN``."""
    if sys.platform != "linux" or os.getuid() != 0:
        impossible("openCryptoki is run in namespaces of its own, which root makes on Linux.")
    unshare = [need("unshare", "util-linux"), *UNSHARE]
    for tool in ("pkcsslotd", "pkcsconf", LIBRARY):
        need(tool, "opencryptoki")
    if subprocess.run([*unshare, "true"], capture_output=True, timeout=WAIT_SECONDS, check=False).returncode:
        impossible("This machine lets nobody make namespaces, which openCryptoki is run in.")
    called = (
        f"from tests.parts.opencryptoki import _inside; _inside({function.__code__.co_filename!r}, {function.__name__!r}, {str(folder)!r})"
    )
    done = subprocess.run(
        [*unshare, sys.executable, "-c", called],
        cwd=ROOT,
        capture_output=True,
        timeout=10 * WAIT_SECONDS,
        check=False,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def _inside(file: str, name: str, folder: str) -> None:
    _empty_places()
    _set_up()
    listed = Path(folder) / "modules.toml"
    listed.write_text(modules.describe(LIBRARY))
    spec = importlib.util.spec_from_file_location("scenario", file)
    assert spec is not None
    assert spec.loader is not None
    scenario = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(scenario)
    result = getattr(scenario, name)(Settings(pkcs11=Pkcs11Config(modules=str(listed))))
    client.close_all()
    sys.stdout.write(json.dumps(result) + "\n")


def _empty_places() -> None:
    for place in ("/var/lib/opencryptoki", "/run"):
        subprocess.run(["mount", "-t", "tmpfs", "none", place], check=True, timeout=WAIT_SECONDS)
    for place in ("/var/lib/opencryptoki/swtok/TOK_OBJ", "/run/lock/opencryptoki/swtok", "/run/opencryptoki"):
        os.makedirs(place)
    for top in ("/var/lib/opencryptoki", "/run/lock/opencryptoki"):
        for folder, _, _ in os.walk(top):
            shutil.chown(folder, group="pkcs11")
            os.chmod(folder, 0o770)


def _set_up() -> None:
    subprocess.run(["pkcsslotd"], check=True, timeout=WAIT_SECONDS)
    deadline = time.monotonic() + WAIT_SECONDS
    while subprocess.run(["pkcsconf", "-t"], capture_output=True, timeout=WAIT_SECONDS, check=False).returncode:
        assert time.monotonic() < deadline, "pkcsslotd does not answer"
        time.sleep(0.05)
    slot = ["-c", SOFT_SLOT]
    for options, typed in (
        (["-I", "-S", FIRST_SO_PIN], "witness\n"),
        (["-P", "-S", FIRST_SO_PIN, "-n", SO_PIN], ""),
        (["-u", "-S", SO_PIN, "-n", FIRST_PIN], ""),
        (["-p", "-U", FIRST_PIN, "-n", PIN], ""),
    ):
        subprocess.run(["pkcsconf", *options, *slot], input=typed, text=True, check=True, capture_output=True, timeout=WAIT_SECONDS)
