"""Finds and checks a native-messaging host manifest as a browser does.

Implements: "Native messaging" of Chrome's extension documentation and "Native manifests" of MDN, with what
Chromium 156 and Firefox 153 were seen to do where those are silent.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from native_host.testing.families import Family
from native_host.value import Value

_CHROMIUM_NAME = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)*")
_FIREFOX_NAME = re.compile(r"\w+(\.\w+)*")
_CHROMIUM_ORIGIN = re.compile(r"chrome-extension://[^/*]+/")
_FIREFOX_MEMBERS = frozenset({"name", "description", "path", "type", "allowed_extensions"})


class ConnectError(Exception):
    """The browser did not start a host. The text is the browser's own, as the extension would read it."""


class Manifest(Value, frozen=True, kw_only=True):
    """One host manifest that the browser would use. ``path`` is the program it starts."""

    file: Path
    path: Path


def find_manifest(family: Family, folders: Iterable[Path], *, name: str, extension_id: str) -> Manifest:
    """The manifest that this browser uses for ``name``, the first of ``folders`` winning.

    Raises:
        ConnectError: with the browser's own words, if there is none that it accepts from this extension.
    """
    pattern = _CHROMIUM_NAME if family.name == "chromium" else _FIREFOX_NAME
    if not pattern.fullmatch(name):
        raise ConnectError(family.invalid_name.format(name=name))
    files = (folder / f"{name}.json" for folder in folders)
    present = [file for file in files if file.is_file()]
    if family.name == "chromium":
        # Chromium takes the first file there is, and never looks behind a broken one.
        document = _read_chromium(present[0], name) if present else None
        if document is None:
            raise ConnectError(family.not_found)
        if f"chrome-extension://{extension_id}/" not in document["allowed_origins"]:
            raise ConnectError(family.forbidden)
        return Manifest(file=present[0], path=Path(document["path"]))
    for file in present:
        found = _read_firefox(file, name)
        if found is not None and extension_id in found["allowed_extensions"]:
            return Manifest(file=file, path=Path(found["path"]))
    raise ConnectError(family.not_found.format(name=name))


def _read_chromium(file: Path, name: str) -> dict[str, Any] | None:
    document = _read(file, name)
    if document is None:
        return None
    if not all(_CHROMIUM_ORIGIN.fullmatch(origin) for origin in _texts(document, "allowed_origins")):
        return None
    # Absence is seen before the start, and told differently from a file that cannot be executed.
    return document if _texts(document, "allowed_origins") and os.path.exists(document["path"]) else None


def _read_firefox(file: Path, name: str) -> dict[str, Any] | None:
    document = _read(file, name)
    if document is None or not _FIREFOX_MEMBERS.issuperset(document):
        return None
    return document if _texts(document, "allowed_extensions") else None


def _read(file: Path, name: str) -> dict[str, Any] | None:
    try:
        document = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return None
    if not isinstance(document, dict) or document.get("name") != name or document.get("type") != "stdio":
        return None
    path, description = document.get("path"), document.get("description")
    return document if isinstance(path, str) and os.path.isabs(path) and isinstance(description, str) else None


def _texts(document: dict[str, Any], member: str) -> list[str]:
    entries = document.get(member)
    return entries if isinstance(entries, list) and all(isinstance(entry, str) for entry in entries) else []
