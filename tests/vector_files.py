"""Reads ``tests/vectors``: numbers that stand in published standards, each file with its source and licence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent / "vectors"


def load(name: str) -> dict[str, Any]:
    """The members of a vector file but for ``source`` and ``licence``, which it must have."""
    vectors: dict[str, Any] = json.loads((_FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    assert all(vectors.pop(member) for member in ("source", "licence"))
    return vectors
