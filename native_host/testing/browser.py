"""A browser as a native host sees it: which manifest it uses, how it starts the host, and how it ends it.

Implements: protocol section 4, from the browser's side, for Chromium and Firefox on Linux and macOS.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from native_host.install.browsers import BY_NAME, SCOPES
from native_host.install.machine import Machine, manifest_files, system_of
from native_host.testing.families import FAMILIES
from native_host.testing.manifest import ConnectError, Manifest, find_manifest
from native_host.testing.port import Port

_FOLDER_VARIABLES = ("CHROME_CONFIG_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")


class BrowserEmulator:
    """One browser with a profile of its own. A context manager: leaving it closes every port, as quitting does.

    Args:
        browser: a name of ``native_host.install.browsers``; its family's rules hold.
        home: the person's home folder, ``HOME`` of every host; the real one if left out.
        user_data_dir: Chromium's ``--user-data-dir``, if it is not the default one below ``home``.
        root: stands before every system-wide folder of manifests; ``/`` if left out.
        environment: variables that are added to this process's own, or replaced in them.

    Raises:
        ValueError: the table has no such browser, or it is one in a sandbox, whose rules are not those told here.
    """

    def __init__(
        self,
        browser: str = "chromium",
        *,
        home: Path | None = None,
        user_data_dir: Path | None = None,
        root: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        row = BY_NAME.get(browser)
        if row is None or row.packaging != "native":
            raise ValueError("there is no such browser to emulate")
        self._row = row
        self.family = FAMILIES[row.family]
        self.home = home or Path.home()
        self.user_data_dir = user_data_dir
        # With a home of its own, what the real one's variables point to is another person's.
        inherited = {name: value for name, value in os.environ.items() if home is None or name not in _FOLDER_VARIABLES}
        self.environment = {**inherited, "HOME": str(self.home), **(environment or {})}
        self._machine = Machine(system=system_of(), home=str(self.home), data="", root=str(root or "/"), environ=self.environment)
        self.ports: list[Port] = []

    def manifest_folders(self) -> list[Path]:
        """Where this browser looks for manifests, first one first."""
        user, system = ([Path(file).parent for file in manifest_files(self._machine, self._row, scope)] for scope in SCOPES)
        if self.family.name == "chromium" and self.user_data_dir is not None:
            user = [self.user_data_dir / "NativeMessagingHosts"]
        return [*user, *system]

    def origin(self, extension_id: str) -> str:
        """What the wire calls an extension of this browser."""
        return f"chrome-extension://{extension_id}/" if self.family.name == "chromium" else f"moz-extension:{extension_id}"

    def find_manifest(self, name: str, extension_id: str) -> Manifest:
        """The manifest that would be used; ``ConnectError`` if there is none."""
        return find_manifest(self.family, self.manifest_folders(), name=name, extension_id=extension_id)

    def connect_native(self, name: str, extension_id: str) -> Port:
        """``runtime.connectNative(name)`` of the extension ``extension_id``: starts the host that its manifest names.

        Raises:
            ConnectError: in the browser's words, if there is no manifest or its program cannot be started.
        """
        manifest = self.find_manifest(name, extension_id)
        return self.start([str(manifest.path), *self._arguments(extension_id, manifest.file)], cwd=manifest.path.parent)

    def connect_command(self, command: Sequence[str], extension_id: str, *, manifest: Path = Path("/nonexistent/manifest.json")) -> Port:
        """Start ``command`` without a manifest, with the arguments this browser gives the host of ``extension_id``."""
        return self.start([*command, *self._arguments(extension_id, manifest)])

    def start(self, argv: Sequence[str], *, cwd: Path | None = None) -> Port:
        """Start exactly ``argv`` with this browser's environment, pipes and descriptors."""
        with self._leaked_descriptor() as leaked:
            try:
                process = subprocess.Popen(
                    list(argv),
                    cwd=cwd or Path(argv[0]).parent,
                    env=self.environment,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    bufsize=0,
                    pass_fds=leaked,
                )
            except OSError:
                raise ConnectError(self.family.not_started) from None
        port = Port(self.family, process)
        self.ports.append(port)
        return port

    def quit(self) -> None:
        """Close every port and wait until their hosts are gone."""
        for port in self.ports:
            port.close()
        for port in self.ports:
            port.disconnect()
        self.ports.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.quit()

    def _arguments(self, extension_id: str, manifest: Path) -> list[str]:
        return [self.origin(extension_id)] if self.family.name == "chromium" else [str(manifest), extension_id]

    @contextlib.contextmanager
    def _leaked_descriptor(self) -> Iterator[tuple[int, ...]]:
        """A pipe that the host did not ask for stays open in it, as it does under Firefox (there at descriptor 3)."""
        if not self.family.leaks_descriptor:
            yield ()
            return
        ours, theirs = os.pipe()
        try:
            yield (theirs,)
        finally:
            os.close(ours)
            os.close(theirs)
