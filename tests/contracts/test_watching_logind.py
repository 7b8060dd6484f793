"""What the host hears of systemd-logind itself, the login manager that most systems have."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from native_host.testing.port import Port
from tests.homes import Home, until
from tests.parts.login_manager import buses
from tests.parts.systemd_logind import Logind, logind


@pytest.fixture
def login(tmp_path: Path) -> Iterator[Logind]:
    with buses() as both, logind(both, tmp_path) as running:
        yield running


@pytest.fixture
def home(login: Logind, tmp_path: Path) -> Iterator[Home]:
    home = Home(tmp_path)
    home.environ |= login.environment
    home.attach()
    home.set_up()
    yield home
    home.quit()


@pytest.fixture
def port(home: Home, login: Logind) -> Port:
    """A host that is open and listens."""
    port = home.open()
    until(lambda: login.inhibitors() == ["Strongroom"], what="the inhibitor")
    return port


def test_the_session_is_locked(port: Port, login: Logind) -> None:
    """``loginctl lock-session``."""
    login.ask("LockSession", "s", login.session)
    assert {"type": "locked", "reason": "screen"} == port.wait_event("locked")


def test_the_session_was_locked(port: Port, login: Logind) -> None:
    """By a screen locker, which tells logind."""
    login.say_locked()
    assert {"type": "locked", "reason": "screen"} == port.wait_event("locked")


def test_the_computer_sleeps(home: Home, port: Port, login: Logind) -> None:
    """Sleep begins when the store is locked and the extension was told; once the computer is awake the next sleep waits as well."""
    seen: list[tuple[str, int]] = []

    def starts(unit: str) -> None:
        with home.store() as store:
            seen.append((unit, store.epoch()))

    login.service_manager.at_start = starts
    for slept in ([("suspend.target", 1)], [("suspend.target", 1), ("suspend.target", 2)]):
        login.ask("Suspend", "b", False)
        until(partial(slept.__eq__, seen), what="the sleep")
        until(lambda: login.inhibitors() == ["Strongroom"], what="the next inhibitor")
        assert {"state": "unlocked"} == port.request("unlock")
    assert [{"type": "locked", "reason": "sleep"}] * 2 == [event for event in port.events if event["type"] == "locked"]
