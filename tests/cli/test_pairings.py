"""``strongroom pairings``: what is paired, and taking it back while a browser runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from native_host.testing.approver import PASSPHRASE
from native_host.testing.port import HostError
from tests.cli.test_program import Program
from tests.homes import ADDON, Home, origin_of, unb64

ORIGIN = origin_of(ADDON)


class Beside(Program):
    """The person's program with the home of a host."""

    def __init__(self, home: Home, folder: Path) -> None:
        super().__init__(folder)
        self.environ["STRONGROOM_HOME"] = str(home.folder)


@pytest.fixture
def beside(home: Home, tmp_path: Path) -> Beside:
    return Beside(home, tmp_path)


def test_pairings_are_listed_and_taken_back_while_the_browser_runs(home: Home, beside: Beside) -> None:
    with home.open() as port:
        first, second = port.pair(), port.pair()
        port.open_channel(first)
        listed = json.loads(beside.says("pairings", "list", "--json", secret=PASSPHRASE))
        assert [unb64(one.pairing_id).hex() for one in (first, second)] == [row["id"] for row in listed]
        assert {(ORIGIN, "chromium", "main")} == {(row["origin"], row["browser"], row["wallet"]) for row in listed}
        assert ORIGIN in beside.says("pairings", "list", secret=PASSPHRASE)
        name = listed[0]["id"][:8]
        assert f"Removed: {name}" in beside.says("pairings", "remove", name, secret=PASSPHRASE)
        with pytest.raises(HostError) as caught:
            port.request("listKeys")
        assert "not_paired" == caught.value.reason
    with home.greet() as port:
        port.open_channel(second)
        assert port.request("getStatus")["paired"]
    beside.says("pairings", "remove", ORIGIN, secret=PASSPHRASE)
    assert "No extension is paired" in beside.says("pairings", "list", secret=PASSPHRASE)
    assert "removePairing" in beside.says("audit", "show", secret=PASSPHRASE)


@pytest.mark.parametrize("which", ["", "0123456789", "chrome-extension://nobody/", "%"])
def test_pairings_that_are_not_there(home: Home, beside: Beside, which: str) -> None:
    home.open().pair()
    done = beside.run("pairings", "remove", which, secret=PASSPHRASE)
    assert 2 == done.returncode
    assert "strongroom pairings list" in " ".join(done.stderr.replace("│", " ").split())
