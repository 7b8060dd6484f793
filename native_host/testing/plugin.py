"""The fixtures of this package for pytest, registered by the distribution: nothing to import, nothing loaded until used."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from native_host.testing.browser import BrowserEmulator
    from native_host.testing.port import Port
    from native_host.testing.scripted import ScriptedApprover


@pytest.fixture
def strongroom_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A STRONGROOM_HOME of this test alone, set in the environment."""
    folder = tmp_path / "strongroom-home"
    folder.mkdir(mode=0o700)
    monkeypatch.setenv("STRONGROOM_HOME", str(folder))
    return folder


@pytest.fixture
def scripted_approver(strongroom_home: Path, tmp_path: Path) -> ScriptedApprover:
    """A person who agrees to everything until told otherwise, configured in ``strongroom_home``."""
    from native_host.testing.scripted import ScriptedApprover

    return ScriptedApprover(strongroom_home, tmp_path / "scripted-approver")


@pytest.fixture
def browser_emulator(request: pytest.FixtureRequest, strongroom_home: Path, tmp_path: Path) -> Iterator[BrowserEmulator]:
    """Chromium with a home of its own; another browser by ``parametrize("browser_emulator", ["firefox"], indirect=True)``."""
    from native_host.testing.browser import BrowserEmulator

    home = tmp_path / "browser-home"
    home.mkdir()
    with BrowserEmulator(
        getattr(request, "param", "chromium"), home=home, environment={"STRONGROOM_HOME": str(strongroom_home)}
    ) as emulator:
        yield emulator


@pytest.fixture
def connect_strongroom(
    browser_emulator: BrowserEmulator,
    strongroom_home: Path,
    scripted_approver: ScriptedApprover,  # noqa: ARG001  # it is who answers
) -> Callable[..., Port]:
    """Opens ports to the real host: ``connect_strongroom(extension_id, wallet="main")``, the extension being let in.

    The keystore in ``strongroom_home`` is not set up yet, and ``scripted_approver`` answers in place of a person.
    """
    from native_host.testing.hosts import connect

    def open_port(extension_id: str, *, wallet: str = "main") -> Port:
        return connect(browser_emulator, strongroom_home, extension_id, wallet=wallet)

    return open_port
