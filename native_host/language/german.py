"""German, of Germany: the catalogue, and the letters that go with Alt."""

from __future__ import annotations

from typing import Final

SENTENCES: Final[dict[str, str]] = {}

LETTERS: Final = {"approve": "g", "deny": "a", "compare": "v", "raw": "r", "back": "z", "copy": "k"}
