"""What the system's package manager recorded of a program's file, read from its files: no program is started for it.

dpkg: ``/var/lib/dpkg/info/<package>[:<architecture>].md5sums``, a line for each file (dpkg(1), deb-md5sums(5)). pacman:
``/var/lib/pacman/local/<package>-<version>-<release>/mtree``, compressed (BSD mtree(5)). rpm keeps one database, of a form of its library's alone: it is not read.

A record counts only if nobody but the system's administrator can have written it. Only the packages that bring browsers are looked at: thousands of
records would be read otherwise, in the way of an answer.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Literal

from native_host.caller.guarded import loose, read_guarded
from native_host.value import Value

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGES: dict[str, tuple[str, ...]] = {
    "brave": ("brave-browser", "brave-browser-beta", "brave-browser-nightly", "brave-bin"),
    "chrome": ("google-chrome-stable", "google-chrome-beta", "google-chrome-unstable", "google-chrome"),
    "chromium": ("chromium",),
    "chromium-browser": ("chromium-browser",),
    "firefox": ("firefox", "firefox-beta", "firefox-devedition", "firefox-nightly", "firefox-developer-edition"),
    "firefox-bin": ("firefox", "firefox-esr"),
    "firefox-esr": ("firefox-esr",),
    "librewolf": ("librewolf",),
    "msedge": ("microsoft-edge-stable", "microsoft-edge-beta", "microsoft-edge-dev", "microsoft-edge-stable-bin"),
    "opera": ("opera-stable", "opera-beta", "opera-developer", "opera"),
    "vivaldi-bin": ("vivaldi-stable", "vivaldi-snapshot", "vivaldi"),
    "waterfox": ("waterfox",),
    "yandex_browser": ("yandex-browser-stable", "yandex-browser-beta"),
    "zen-bin": ("zen-browser-bin", "zen-browser"),
}
"""Which packages bring a program file of this name."""
DPKG, PACMAN = "var/lib/dpkg/info", "var/lib/pacman/local"
RECORD_BYTES = 4 << 20
_PLAIN = frozenset(range(33, 127)) - frozenset(b"\\#")
"""What a path in an mtree holds as it is; any other byte is escaped."""
_ARCHITECTURES = ("", ":amd64", ":arm64", ":i386", ":armhf")

Manager = Literal["dpkg", "pacman"]
Algorithm = Literal["md5", "sha256"]


class Record(Value, frozen=True, kw_only=True):
    """What ``manager`` wrote down of the file when it installed ``package``; ``digest`` in hex."""

    manager: Manager
    package: str
    algorithm: Algorithm
    digest: str


def find_record(path: str, root: str = "/", owner: int = 0) -> Record | None:
    """The record of the file at this absolute path; ``None`` if there is none that can be believed. Never raises.

    ``owner`` is whose files are believed, which on a real system is root.
    """
    names = PACKAGES.get(os.path.basename(path), ())
    return next(iter((*_in_dpkg(path, names, root, owner), *_in_pacman(path, names, root, owner))), None)


def _in_dpkg(path: str, names: tuple[str, ...], root: str, owner: int) -> Iterator[Record]:
    wanted = os.fsencode(path.lstrip("/"))
    for name in names:
        for architecture in _ARCHITECTURES:
            for line in (read_guarded(os.path.join(root, DPKG, f"{name}{architecture}.md5sums"), RECORD_BYTES, root, owner) or b"").split(
                b"\n"
            ):
                digest, _, listed = line.partition(b"  ")
                if listed == wanted and re.fullmatch(rb"[0-9a-f]{32}", digest):
                    yield Record(manager="dpkg", package=name, algorithm="md5", digest=digest.decode())


def _in_pacman(path: str, names: tuple[str, ...], root: str, owner: int) -> Iterator[Record]:
    folder = os.path.join(root, PACMAN)
    if not names or not os.path.isdir(folder) or loose(folder, root, owner):
        return
    wanted = re.compile(rf"({'|'.join(map(re.escape, names))})-[^-]+-[^-]+")
    for entry in sorted(os.listdir(folder)):
        if found := wanted.fullmatch(entry):
            compressed = read_guarded(os.path.join(folder, entry, "mtree"), RECORD_BYTES, root, owner)
            digests = _digests(_unpacked(compressed or b""), os.fsencode(path))
            for algorithm in ("sha256", "md5"):
                if algorithm in digests:
                    yield Record(manager="pacman", package=found[1], algorithm=algorithm, digest=digests[algorithm])


def _unpacked(compressed: bytes) -> bytes:
    """What gzip made of it; nothing if it is not whole, or far larger than such a record is."""
    import zlib  # here, because only pacman's records are compressed

    unpack = zlib.decompressobj(wbits=31)
    try:
        content = unpack.decompress(compressed, RECORD_BYTES * 8)
    except zlib.error:
        return b""
    return content if unpack.eof else b""


def _digests(mtree: bytes, path: bytes) -> dict[Algorithm, str]:
    """The digests in hex that the line of this file has."""
    escaped = b"".join(bytes([byte]) if byte in _PLAIN else b"\\%03o" % byte for byte in path)
    for line in mtree.split(b"\n"):
        if line.startswith(b"." + escaped + b" "):
            words = dict(word.split(b"=", 1) for word in line.split()[1:] if b"=" in word)
            found: dict[Algorithm, str] = {}
            if re.fullmatch(rb"[0-9a-f]{64}", words.get(b"sha256digest", b"")):
                found["sha256"] = words[b"sha256digest"].decode()
            if re.fullmatch(rb"[0-9a-f]{32}", words.get(b"md5digest", b"")):
                found["md5"] = words[b"md5digest"].decode()
            return found
    return {}
