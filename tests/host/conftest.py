"""Homes for tests of the whole host."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.homes import Home


@pytest.fixture
def empty_home(tmp_path: Path) -> Iterator[Home]:
    """A scripted person and an attached extension, but no store yet."""
    home = Home(tmp_path)
    home.attach()
    yield home
    home.quit()


@pytest.fixture
def home(empty_home: Home) -> Home:
    """A store, set up and unattended, whose one extension is attached and confirmed."""
    empty_home.set_up()
    return empty_home
