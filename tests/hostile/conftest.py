"""One home for a whole file of hostile calls."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from native_host.testing.port import Port
from tests.homes import Home


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A store, set up and unattended, whose one extension is attached and confirmed."""
    made = Home(tmp_path_factory.mktemp("home"))
    made.attach()
    made.set_up()
    yield made
    made.quit()


@pytest.fixture(scope="module")
def port(home: Home) -> Port:
    """A host that is unlocked."""
    return home.open()
