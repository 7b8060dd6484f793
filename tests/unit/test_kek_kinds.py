"""The table of slot kinds: every row has a provider, and the pages say of each what the program says."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import pytest

from native_host.errors import KmsError, Unsupported
from native_host.kek.kinds import KINDS, Kind, provider_of
from native_host.kek.provider import Settings
from native_host.secret import SecretBytes

DOCS = Path(__file__).parents[2] / "docs"
NO_TEXT = b"\x81\xa2\xff\xfe\x01"
"""A map whose key is no UTF-8."""
DEEP = b"\x91" * 100_000 + b"\x01"
METHODS = ("devices", "enrol", "asks", "is_here", "open", "forget")


class AskNobody:
    """Opening a slot that says nothing a slot would gets nowhere near a person."""

    def secret(self, purpose: str, title: str, hint: str | None = None) -> SecretBytes:
        raise AssertionError("somebody was asked")

    def show(self, purpose: str, title: str, secret: SecretBytes) -> None:
        raise AssertionError("somebody was shown something")

    def make_ready(self, title: str, text: str) -> None:
        raise AssertionError("somebody was asked")

    def waits(self) -> AbstractContextManager[None]:
        return nullcontext()


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_each_kind_has_a_provider(kind: Kind) -> None:
    """With every method of the contract; making one asks nobody and needs no device."""
    provider = provider_of(kind.kind, Settings())
    assert all(callable(getattr(provider, name)) for name in METHODS)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("page", ["slots.md", "threat-model.md"])
def test_the_pages_say_what_the_program_says(kind: Kind, page: str) -> None:
    """Whom it stops, and whom not, word for word."""
    rows = [line for line in (DOCS / page).read_text(encoding="utf-8").splitlines() if line.startswith(f"| `{kind.kind}` |")]
    assert [True] == [kind.stops in row and kind.does_not_stop in row for row in rows]


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_what_a_file_says_is_not_believed(kind: Kind) -> None:
    """Parameters that are none are not here, or are refused; nothing crashes over them."""
    provider = provider_of(kind.kind, Settings())
    for parameters in (b"", b"\x00", b"\xc1", b"\x80", b"\xff" * 64, b"\x81\xa4kind\xa3tpm", NO_TEXT, DEEP, b"\x81\xa1x" + DEEP):
        assert provider.is_here(parameters) in {True, False}
        with pytest.raises(KmsError):
            provider.open(parameters, AskNobody())


def test_an_unknown_kind_is_named() -> None:
    """As a newer version's slot would be."""
    with pytest.raises(Unsupported) as refused:
        provider_of("horoscope", Settings())
    assert "Update Strongroom" in str(refused.value)
