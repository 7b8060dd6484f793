"""What is known of the caller, and how well: protocol section 4.

The arguments of the host are chosen by whoever starts it, so the origin they name is a claim. The evidence beside it is
recorded with every approval and shown to the person; it gives no right by itself.
"""

from __future__ import annotations

from typing import Literal

from native_host.value import Value

Family = Literal["chromium", "firefox"]

PERSON_ORIGIN = "strongroom:person"
"""In the place of an origin: the person's own program."""

Level = Literal["verified", "consistent", "unknown", "contradicted"]
"""``verified``: proved by something that programs of the same user cannot forge. ``consistent``: what one would see if the claim
were true. ``unknown``: cannot be seen. ``contradicted``: not what one would see."""


class Evidence(Value, frozen=True, kw_only=True):
    """One observation: ``signal`` is what was looked at, ``text`` a plain sentence for the person."""

    signal: str
    level: Level
    text: str


class Claim(Value, frozen=True, kw_only=True):
    """What the arguments say: ``origin`` as on the wire; only Firefox tells the manifest that it read."""

    origin: str
    family: Family
    manifest_path: str | None = None


class Parent(Value, frozen=True, kw_only=True):
    """What is known of the process that started the host; ``browser`` is its name if it is one that the host knows."""

    browser: str | None = None
    evidence: tuple[Evidence, ...]


class Caller(Value, frozen=True, kw_only=True):
    """Who asks: the claim together with the evidence for and against it, the most telling first.

    Without a family it is no browser: the person's own program.
    """

    origin: str
    family: Family | None = None
    browser: str | None = None
    manifest_path: str | None = None
    evidence: tuple[Evidence, ...] = ()
