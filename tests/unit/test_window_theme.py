"""Colours that can be read."""

from __future__ import annotations

import pytest

from native_host.approval.window.theme import DARK, LIGHT, Palette


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("palette", [LIGHT, DARK])
@pytest.mark.parametrize(
    ("ink", "ground"),
    [
        ("ink", "surface"),
        ("ink", "raised"),
        ("ink", "box"),
        ("muted", "surface"),
        ("muted", "raised"),
        ("accent_ink", "accent"),
        ("accent_ink", "accent_pressed"),
        ("off_ink", "off"),
        ("warning_ink", "warning"),
        ("warning_mark", "surface"),
        ("bad", "raised"),
        ("bad", "surface"),
        ("good", "raised"),
        ("good", "surface"),
        ("raised", "bad"),
    ],
)
def test_text_has_contrast(palette: Palette, ink: str, ground: str) -> None:
    """Every pair of colours in which text is drawn has a contrast of at least 4.5 (WCAG 2.2, 1.4.3)."""
    assert contrast(getattr(palette, ink), getattr(palette, ground)) >= 4.5


@pytest.mark.parametrize("palette", [LIGHT, DARK])
@pytest.mark.parametrize("ground", ["surface", "raised"])
def test_what_has_the_keyboard_is_seen(palette: Palette, ground: str) -> None:
    """The ring around it has a contrast of at least 3 with what is around (WCAG 2.2, 1.4.11 and 2.4.7)."""
    assert contrast(palette.accent, getattr(palette, ground)) >= 3
