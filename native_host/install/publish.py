"""The table as a page for people, and the two forms of the manifest as templates for packagers: ``manifests/``.

``python -m native_host.install.publish`` writes them; with ``--check`` it only says whether they are what the table gives.
"""

from __future__ import annotations

import sys
from pathlib import Path

from native_host.install import HOST_NAME
from native_host.install.browsers import BROWSERS, SCOPES, SYSTEMS, Family, Place, places_of
from native_host.install.manifests import build_manifest

FOLDER = Path(__file__).parents[2] / "manifests"

_TEMPLATES: dict[Family, str] = {"chromium": "chrome-extension://@EXTENSION_ID@/", "firefox": "@ADD_ON_ID@"}
_INTRODUCTION = f"""# Where browsers look for the host's manifest

Made from `native_host/install/browsers.py` by `python -m native_host.install.publish`; edit that table, not this page.

On Linux and macOS a manifest is the file `{HOST_NAME}.json` in one of these folders. On Windows it lies anywhere, and the
default value of the registry key `{HOST_NAME}` below one of these keys is its path. A browser looks at the person's place
before the system's, and takes the first manifest that it meets. A Chromium that is started with `--user-data-dir DIR` looks in
`DIR/NativeMessagingHosts` for the person's.

*(c)* this place is another browser's too. *(?)* not verified: it comes from other programs' installers or from hearsay.

| Browser | `--browser` | System | Per user | System wide |
|---|---|---|---|---|
"""


def locations() -> str:
    """``LOCATIONS.md``."""
    lines = []
    for browser in BROWSERS:
        for system in SYSTEMS:
            cells = ["<br>".join(map(_cell, places_of(browser, system, scope))) or "–" for scope in SCOPES]
            if cells != ["–", "–"]:
                lines.append(f"| {browser.title} | `{browser.name}` | {system} | {' | '.join(cells)} |")
    none = [browser.title for browser in BROWSERS if all(not places_of(browser, system, scope) for system in SYSTEMS for scope in SCOPES)]
    return _INTRODUCTION + "\n".join(lines) + f"\n\nNo place works for: {', '.join(none)}.\n"


def files() -> dict[str, bytes]:
    """Every generated file by its name."""
    templates = {f"{family}.json.in": build_manifest(family, "@PATH@", [extension]) for family, extension in _TEMPLATES.items()}
    return {"LOCATIONS.md": locations().encode(), **templates}


def main() -> None:
    """Write the files, or with ``--check`` end with status 1 if one differs."""
    stale = [name for name, content in files().items() if not (FOLDER / name).is_file() or (FOLDER / name).read_bytes() != content]
    if sys.argv[1:] == ["--check"]:
        if stale:
            sys.exit(f"manifests/ is not what the table gives: {', '.join(stale)}. Run: python -m native_host.install.publish")
        return
    FOLDER.mkdir(exist_ok=True)
    for name in stale:
        (FOLDER / name).write_bytes(files()[name])


def _cell(place: Place) -> str:
    marks = ("(c)" if place.same_as else "") + ("(?)" if place.unverified else "")
    return f"`{place.where}`" + (f" *{marks}*" if marks else "") + (f" where `{place.when}` is" if place.when else "")


if __name__ == "__main__":
    main()
