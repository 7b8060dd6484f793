"""The requests whose pictures stand in docs/requests.md: what a real host puts to the person has to hold what they need to decide by."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.homes import ADDON, Home, origin_of
from tests.window.sample_requests import PAGE, SAMPLES, Sample, asked, for_picture, keys_of

DOCS = Path(__file__).parents[2] / "docs"
PICTURES = DOCS / "screenshots" / "requests"


@pytest.fixture(scope="module")
def asks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, dict[str, Any]]]:
    home = Home(tmp_path_factory.mktemp("home"))
    home.attach()
    home.set_up()
    port = home.open()
    keys = keys_of(home, port)
    yield {sample.name: asked(home, port, keys, sample) for sample in SAMPLES}
    home.quit()


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_everything_that_decides_is_there(asks: dict[str, dict[str, Any]], sample: Sample) -> None:
    """Who asks, for which page, what happens to whom with which amount and fee, on which chain; every warning, and no other."""
    ask = asks[sample.name]
    told = "\n".join((ask["title"], *(f"{one['label']}: {one['value']}" for one in ask["facts"])))
    assert [] == [text for text in sample.shows if text not in told]
    assert list(sample.warns) == ask["warnings"]
    assert origin_of(ADDON) == ask["caller"]["origin"]
    assert ask["caller"]["evidence"]
    assert PAGE["origin"] in told


@pytest.mark.window
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_it_fits_a_window(asks: dict[str, dict[str, Any]], window_on: Callable[..., Any], sample: Sample) -> None:
    """As it would be asked on a person's computer."""
    window = window_on(96, GTK_THEME="Adwaita")
    window.ask(for_picture(asks[sample.name]))
    (left, top), (width, height) = window.corner(), window.size()
    assert min(left, top) >= 0
    assert left + width <= 960
    assert top + height <= 864


def test_the_page_shows_every_one() -> None:
    """docs/requests.md has each picture once, and there is a picture for each."""
    page = (DOCS / "requests.md").read_text(encoding="utf-8")
    assert [f"{sample.name}.png" for sample in SAMPLES] == re.findall(r"screenshots/requests/([a-z-]+\.png)", page)
    assert {f"{sample.name}.png" for sample in SAMPLES} == {path.name for path in PICTURES.iterdir()}
