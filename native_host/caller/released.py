"""Which builds of an extension were released, by ``released.json`` beside this module: origin, then version, then ``Contents.code`` in hex.

A row is added when a build is published, from what browsers install of it: ``python -m native_host.caller.released ORIGIN FOLDER``, where for
Firefox it is the signed file in place of the folder. There is none yet, because no extension of ours is published and no id is built in; the id
of a development build has no row ever, because anybody can load other files under it. ``--check`` says whether the file is as this writes it.

What matches is ``consistent`` and no more: the files lie where any program of the same user writes.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import msgspec

from native_host.caller.extension_digest import CannotDigest, digest_of_file, digest_of_folder
from native_host.caller.identity import Evidence
from native_host.caller.origin import family_of
from native_host.language import joined, sentence

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from native_host.caller.extension_digest import Contents

SIGNAL = "release"
FILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "released.json")

Released = dict[str, dict[str, str]]


def read_released(file: str = FILE) -> Released:
    """The table that this installation came with; empty if it cannot be read, which says nothing about anybody."""
    try:
        with open(file, "rb") as opened:
            return msgspec.json.decode(opened.read(), type=Released)
    except (OSError, msgspec.MsgspecError, UnicodeError):
        return {}


def release_evidence(origin: str, contents: Iterable[Contents], released: Mapping[str, Mapping[str, str]]) -> Evidence | None:
    """Whether every copy is as it was released; ``None`` for an extension of whose releases nothing is known."""
    versions = released.get(origin)
    found = list(contents)
    if versions is None or not found:
        return None
    for one in found:
        if one.version in versions and versions[one.version] != one.code.hex():
            text = "The extension says that it is version {version}, and its code is not that of the release (sha256 {sha256})."
            text = sentence(text, version=one.version, sha256=one.code.hex())
            return Evidence(signal=SIGNAL, level="contradicted", text=text)
    later = sorted({one.version or sentence("without a number") for one in found if one.version not in versions})
    if later:
        text = sentence("Version {version} of the extension is none that this version of Strongroom knows.", version=joined(later))
        return Evidence(signal=SIGNAL, level="unknown", text=text)
    text = sentence(
        "The extension's code is that of the released version {version}.", version=joined(sorted({one.version for one in found}))
    )
    return Evidence(signal=SIGNAL, level="consistent", text=text)


def with_release(table: Released, origin: str, contents: Contents) -> Released:
    """The table with one more row; raises ``ValueError`` if that version has another one, or there can be none."""
    if family_of(origin) is None or not contents.version:
        raise ValueError("An origin in wire form is needed, and a manifest that names a version.")
    code, before = contents.code.hex(), table.get(origin, {})
    if before.get(contents.version, code) != code:
        raise ValueError(f"Version {contents.version} was released with other files. A new build needs a new version.")
    return {**table, origin: {**before, contents.version: code}}


def encoded(table: Released) -> bytes:
    """The table as it stands in the file."""
    return msgspec.json.format(msgspec.json.encode(table, order="sorted"), indent=2) + b"\n"


def main(arguments: list[str], file: str = FILE) -> int:
    """Add a row, or with ``--check`` end with status 1 if the file is not as this writes it."""
    table = read_released(file)
    if arguments == ["--check"]:
        with open(file, "rb") as opened:
            same = opened.read() == encoded(table)
        sys.stderr.write("" if same else f"{file} is not as python -m native_host.caller.released writes it\n")
        return 0 if same else 1
    if len(arguments) not in {2, 3}:
        sys.stderr.write("usage: python -m native_host.caller.released ORIGIN FOLDER | ORIGIN SIGNED.xpi VERSION | --check\n")
        return 2
    origin, place, version = (*arguments, "")[:3]
    try:
        contents = digest_of_folder(place) if os.path.isdir(place) else digest_of_file(place, version)
        table = with_release(table, origin, contents)
    except (CannotDigest, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    with open(file, "wb") as opened:
        opened.write(encoded(table))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
