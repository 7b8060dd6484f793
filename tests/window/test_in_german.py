"""Requests in German: from a host that was started in a German session, drawn by the window in the language that the host tells it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from native_host import language
from native_host.language.german import SENTENCES
from native_host.review.bitcoin_warnings import FEE_HIGH
from native_host.testing.port import HostError
from tests.homes import Home
from tests.window.sample_requests import FEE, SAMPLES, Sample, asked, keys_of

LANG = {"LANG": "de_DE.UTF-8", "LC_ALL": "", "LC_MESSAGES": ""}
SAME = frozenset(english for english, german in SENTENCES.items() if english == german)
WORD = re.compile(r"[A-Za-z’']+")
FIELD = re.compile(r" \([\w.$\[\]]+\)$")
"""The path of a field of typed data, which is the asker's."""
FILLED_IN = {english.format(fee=FEE): german.format(fee=FEE) for english, german in SENTENCES.items() if english == FEE_HIGH}
TELLTALE = frozenset({
    "the", "this", "that", "of", "and", "to", "who", "whoever", "what", "which", "is", "are", "be", "by", "from", "with", "without", "it", "its", "you",
    "your", "yours", "can", "may", "not", "does", "for", "at", "most", "least", "up", "take", "send", "pay", "sign", "fee", "key",
})  # fmt: skip
"""English words that are in no German text, and of which nearly every English one has some."""


def english_in(text: str) -> list[str]:
    return [word for word in WORD.findall(text) if word.lower() in TELLTALE]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    home = Home(tmp_path_factory.mktemp("home"))
    home.environ |= LANG
    home.attach()
    home.set_up()
    yield home
    home.quit()


@pytest.fixture(scope="module")
def asks(home: Home) -> dict[str, dict[str, Any]]:
    port = home.open()
    keys = keys_of(home, port)
    return {sample.name: asked(home, port, keys, sample) for sample in SAMPLES}


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_no_english_is_left(home: Home, asks: dict[str, dict[str, Any]], sample: Sample) -> None:
    """Title, labels, warnings, evidence and offers are German: none is a text of the catalogue, and none has an English word."""
    ask = asks[sample.name]
    shown = [
        ask["title"],
        *(FIELD.sub("", fact["label"]) for fact in ask["facts"]),
        *ask["warnings"],
        *(grant["text"] for grant in ask["grants"]),
    ]
    # A folder of this test is named in what is said of STRONGROOM_HOME.
    shown += [text.replace(str(home.folder), "") for text in ask["caller"]["evidence"]]
    assert [text for text in shown if text in SENTENCES and text not in SAME] == []
    assert [(text, found) for text in shown if (found := english_in(text))] == []


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_what_decides_is_there_all_the_same(asks: dict[str, dict[str, Any]], sample: Sample) -> None:
    """Addresses, amounts and hashes are those of the request, without commas between thousands; and no warning is missing."""
    ask = asks[sample.name]
    told = "\n".join((ask["title"], *(f"{one['label']}: {one['value']}" for one in ask["facts"])))
    values = [text for text in sample.shows if re.search(r"\d", text) or text.startswith("0x")]
    assert [
        text for text in values if not english_in(text) and " December " not in text and re.sub(r"(\d),(\d)", r"\1\2", text) not in told
    ] == []
    assert [FILLED_IN.get(warning) or SENTENCES[warning] for warning in sample.warns] == ask["warnings"]


def test_what_is_written_down_and_what_the_extension_gets_is_english(home: Home) -> None:
    """The record of decisions and refusals do not depend on the language of whoever sat there."""
    with pytest.raises(HostError) as refused:
        home.open().request("sign", {"keyId": "00" * 16, "digest": "AA"})
    assert english_in(str(refused.value))
    from native_host.audit import entries
    from tests.homes import unlock

    with home.store() as store:
        unlock(store)
        told = [one.entry for one in entries(store) if one.entry is not None]
    evidence = {text for entry in told for text in entry.evidence}
    assert evidence
    assert all(english_in(text) for text in evidence)
    assert not {text for text in evidence if text in SENTENCES.values()} - SAME


@pytest.mark.window
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_it_fits_a_window(asks: dict[str, dict[str, Any]], window_on: Callable[..., Any], sample: Sample) -> None:
    """German texts are longer: the window still has its place on the screen, and the right-most button is armed once all was read."""
    window = window_on(96, GTK_THEME="Adwaita", **{language.VARIABLE: "de"})
    window.ask({**asks[sample.name], "id": 1})
    (left, top), (width, height) = window.corner(), window.size()
    assert min(left, top) >= 0
    assert left + width <= 960
    assert top + height <= 864
    window.key("End")
    window.wait_armed()
