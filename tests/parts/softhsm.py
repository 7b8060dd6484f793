"""SoftHSM 2: a PKCS#11 token in a folder, which can be taken away and brought back."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from native_host.config import Pkcs11Config
from native_host.kek.provider import Settings
from native_host.tokens import client, modules
from tests.parts.missing import absent, need

MODULES = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so")
PIN = "1234"
SO_PIN = "12345678"


class SoftHsm:
    """One token with the user PIN ``PIN``. ``settings`` has a list that names the module; ``worker`` is the worker of this process."""

    def __init__(self, folder: Path, label: str = "wallet") -> None:
        if sys.platform == "win32" or os.getuid() != 0:
            absent("A list of PKCS#11 modules belongs to root; this test writes one. Run it as root.")
        self._util = need("softhsm2-util", "softhsm2")
        library = next((path for path in MODULES if os.path.exists(path)), MODULES[0])
        need(library, "softhsm2")
        self.folder, self.label = folder, label
        self._tokens, self._away = folder / "tokens", folder / "away"
        self._tokens.mkdir(parents=True)
        self._conf = folder / "softhsm2.conf"
        self._conf.write_text(f"directories.tokendir = {self._tokens}\nobjectstore.backend = file\nlog.level = ERROR\n")
        self.add_token(label)
        listed = folder / "modules.toml"
        listed.write_text(modules.describe(library) + f'environment = {{ SOFTHSM2_CONF = "{self._conf}" }}\n')
        self.settings = Settings(pkcs11=Pkcs11Config(modules=str(listed)), kdf_seconds=0.05)
        self.module = modules.allowed(self.settings.pkcs11)[0]

    @property
    def worker(self) -> client.TokenWorker:
        return client.worker_of(self.module)

    @property
    def serial(self) -> str:
        """The serial number, in hex, of the first token with the label."""
        return next(token.serial for token in self.worker.tokens() if token.label == self.label)

    def add_token(self, label: str) -> None:
        self.run("--init-token", "--free", "--label", label, "--so-pin", SO_PIN, "--pin", PIN)

    def run(self, *options: str) -> str:
        """What softhsm2-util prints for these options."""
        command = [self._util, *options]
        environment = {"SOFTHSM2_CONF": str(self._conf), "PATH": os.environ["PATH"]}
        return subprocess.run(command, env=environment, check=True, capture_output=True, text=True, timeout=60).stdout

    def take_away(self) -> None:
        self._tokens.rename(self._away)
        self._tokens.mkdir()

    def bring_back(self) -> None:
        self._tokens.rmdir()
        self._away.rename(self._tokens)


@pytest.fixture
def softhsm(tmp_path: Path) -> Iterator[SoftHsm]:
    """A token for one test."""
    hsm = SoftHsm(tmp_path / "softhsm")
    yield hsm
    client.close_all()


@pytest.fixture(scope="module")
def shared_softhsm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SoftHsm]:
    """A token for the tests of a module; what one of them leaves in it, the others find."""
    hsm = SoftHsm(tmp_path_factory.mktemp("softhsm"))
    yield hsm
    client.close_all()
