"""Who started the host on macOS: how what the system says is judged, and that nothing but a Mac is asked. The calls themselves have never been run."""

from __future__ import annotations

import pytest

from native_host.caller.browsers import MACOS
from native_host.caller.identity import Family, Level
from native_host.caller.process_macos import examine, judge, requirement

CHROME = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"


@pytest.mark.parametrize(
    ("path", "family", "signed", "level", "words"),
    [
        (CHROME, "chromium", True, "verified", "signed by its maker"),
        (CHROME, "chromium", False, "unknown", "not signed by the maker"),
        (CHROME, "chromium", None, "consistent", "who signed it is not told"),
        (CHROME, "firefox", True, "contradicted", "arguments of another browser"),
        ("/usr/bin/python3", "chromium", None, "unknown", "not a browser that Strongroom knows"),
        ("", "chromium", None, "unknown", "gone or hidden"),
    ],
)
def test_how_it_is_judged(path: str, family: Family, *, signed: bool | None, level: Level, words: str) -> None:
    """A name alone is no proof, and the signature of another team speaks against it."""
    (evidence,) = judge(path, MACOS.get(path.rpartition("/")[2]), family, signed=signed).evidence
    assert level == evidence.level
    assert words in evidence.text


def test_a_signature_has_to_be_of_the_makers_team() -> None:
    """Anchored by Apple, so that one that a program made for itself does not count."""
    wanted = 'anchor apple generic and certificate leaf[subject.OU] = "EQHXZ8M8AV"'
    assert wanted == requirement(MACOS["Google Chrome"])


def test_elsewhere_nothing_is_told() -> None:
    """On another system it is no fault."""
    (evidence,) = examine(1, "chromium").evidence
    assert "unknown" == evidence.level
