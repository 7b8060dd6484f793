"""A PKCS#11 module of our own that crashes, hangs, lies and prints, compiled from ``hostile_module.c``."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from native_host.config import Pkcs11Config
from native_host.tokens import client, modules
from tests.parts.missing import absent, need

SOURCE = Path(__file__).with_name("hostile_module.c")


class HostileModule:
    """The module, and lists of modules that name it."""

    def __init__(self, folder: Path) -> None:
        if sys.platform == "win32" or os.getuid() != 0:
            absent("A list of PKCS#11 modules belongs to root; this test writes one. Run it as root.")
        self._folder = folder
        self._library = folder / "hostile.so"
        command = [
            need("gcc", "gcc"),
            "-std=gnu11",
            "-Wall",
            "-Wextra",
            "-Werror",
            "-O1",
            "-shared",
            "-fPIC",
            "-o",
            str(self._library),
            str(SOURCE),
        ]
        subprocess.run(command, check=True, timeout=60)

    def config(self, misbehave: str) -> Pkcs11Config:
        """Settings with a list that has this module do that."""
        listed = self._folder / f"{misbehave.replace(' ', '-')}.toml"
        listed.write_text(modules.describe(str(self._library)) + f'environment = {{ MISBEHAVE = "{misbehave}" }}\n')
        return Pkcs11Config(modules=str(listed))

    def worker(self, misbehave: str) -> client.TokenWorker:
        """A worker for it, to be closed."""
        return client.TokenWorker(modules.allowed(self.config(misbehave))[0])
