"""A digest over the files of an extension, as they lie in a folder: the same for a release and for an installed copy of it.

SHA-256 (FIPS 180-4, hashlib) over, for each file in the order of its path's bytes: the path's length in 8 bytes, big-endian, the path
with ``/`` between its parts, the file's size in 8 bytes, SHA-256 of its content. Left out is what a browser or a store writes beside the
extension's own files: Chromium's ``_metadata`` as far as it is named here, and no name more.

The folder is anybody's: it can hold links that lead out of it, pipes that never end and files that grow. Only plain files are read, without
following links, and within bounds; what is not so makes the whole folder one that cannot be checked.

``python -m native_host.caller.extension_digest FOLDER`` prints the version and the digest.
"""

from __future__ import annotations

import os
import stat
import sys
from hashlib import sha256
from typing import TYPE_CHECKING

import msgspec

from native_host.value import Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MOST_FILES, MOST_BYTES, MOST_DEPTH = 5000, 128 * 1024 * 1024, 24
"""Of all copies of an extension together; the largest wallets known have some hundred files and 40 MiB."""
MOST_SETTINGS = 64 * 1024 * 1024
"""Of browsers' own settings, which name where extensions lie: a browser has some megabytes of them in a profile."""
MANIFEST = b"manifest.json"
MANIFEST_BYTES = 1 << 20
PACKED = b"extension.xpi"
"""The name under which a packed extension, which is one file, stands in its own list."""
WRITTEN_BY_BROWSERS = (b"_metadata/verified_contents.json", b"_metadata/computed_hashes.json", b"_metadata/generated_indexed_rulesets/")
"""The first is the store's signature, the others are computed from the extension's files. None of them is run as code unless a file that
counts names it."""
ADDED_TO_MANIFEST = frozenset({"key", "update_url", "differential_fingerprint"})
"""What a store, or Chromium when it unpacks, writes into a manifest: which id the extension has and where it comes from."""
REENCODED = (b".png", b".jpg", b".jpeg", b".gif", b".webp", b".bmp", b".ico")
"""Images, which Chromium writes anew when it unpacks."""
CHUNK = 1 << 18
_NO_LINKS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
_VERSION = frozenset("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.+-_")
_VERSION_CHARACTERS = 40


class CannotDigest(Exception):
    """The files cannot be read, or must not be: the text says what is in the way, in words that follow "it holds" or stand alone."""


class FileDigest(Value, frozen=True, kw_only=True, array_like=True):
    """``path`` in bytes, as the file system has it; ``digest`` is SHA-256."""

    path: bytes
    size: int
    digest: bytes


class Contents(Value, frozen=True, kw_only=True):
    """``digest``: 32 bytes over all of it. ``version`` is empty where the manifest does not say. ``code``: 32 bytes over what a browser does not
    write anew when it installs a release: all but images, and of the manifest what it says, without what a store adds."""

    digest: bytes
    version: str
    files: tuple[FileDigest, ...]
    code: bytes = b""


class Budget:
    """What may still be read, of all copies together."""

    def __init__(self, files: int = MOST_FILES, size: int = MOST_BYTES, settings: int = MOST_SETTINGS) -> None:
        self.files, self.size, self.settings = files, size, settings

    def one_more(self) -> None:
        """One more entry of a folder; raises ``CannotDigest`` if there are too many."""
        self.files -= 1
        if self.files < 0:
            raise CannotDigest("more files than Strongroom reads")

    def take(self, size: int) -> None:
        """So many bytes more; raises ``CannotDigest`` if they are too many."""
        self.size -= size
        if self.size < 0:
            raise CannotDigest("more data than Strongroom reads")

    def take_settings(self, size: int) -> None:
        """So many bytes more of settings; raises ``CannotDigest`` if they are too many."""
        self.settings -= size
        if self.settings < 0:
            raise CannotDigest("more of browsers' settings than Strongroom reads")


class _Manifest(msgspec.Struct):
    version: str = ""


def digest_of_folder(folder: str, budget: Budget | None = None) -> Contents:
    """The digest over the files of an unpacked extension; ``folder`` itself may be a link.

    Raises:
        CannotDigest: a link, a pipe or a device is among them, one cannot be read, or they are too many.
    """
    manifest = bytearray()
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            files = sorted(_walk(descriptor, b"", budget or Budget(), manifest, 0), key=lambda file: file.path)
        finally:
            os.close(descriptor)
    except OSError:
        raise CannotDigest("files that cannot be read") from None
    return _contents(files, _version(bytes(manifest)), bytes(manifest))


def digest_of_file(file: str, version: str = "", budget: Budget | None = None) -> Contents:
    """The same for a packed extension, taken as one file: what a browser makes of a doubtful archive need not be what we would.

    Raises:
        CannotDigest: it is no plain file, cannot be read, or is too large.
    """
    try:
        descriptor = os.open(file, _NO_LINKS & ~getattr(os, "O_NOFOLLOW", 0))
        try:
            found = _digest_open(descriptor, PACKED, budget or Budget(), None)
        finally:
            os.close(descriptor)
    except OSError:
        raise CannotDigest("files that cannot be read") from None
    return _contents([found], plain_version(version))


def plain_version(version: str) -> str:
    """A version as it may be shown; empty if it is none."""
    return version if len(version) <= _VERSION_CHARACTERS and _VERSION.issuperset(version) else ""


def _walk(folder: int, prefix: bytes, budget: Budget, manifest: bytearray, depth: int) -> Iterator[FileDigest]:
    if depth > MOST_DEPTH:
        raise CannotDigest("folders too deep in one another")
    with os.scandir(folder) as entries:
        for entry in entries:
            budget.one_more()
            path = prefix + os.fsencode(entry.name)
            mode = entry.stat(follow_symlinks=False).st_mode
            if stat.S_ISDIR(mode):
                if path + b"/" not in WRITTEN_BY_BROWSERS:
                    yield from _walk_into(folder, entry.name, path + b"/", budget, manifest, depth + 1)
            elif not stat.S_ISREG(mode):
                raise CannotDigest("a link" if stat.S_ISLNK(mode) else "something that is not a plain file")
            elif path not in WRITTEN_BY_BROWSERS:
                yield _digest_in(folder, entry.name, path, budget, manifest if path == MANIFEST else None)


def _walk_into(folder: int, name: str, prefix: bytes, budget: Budget, manifest: bytearray, depth: int) -> Iterator[FileDigest]:
    below = os.open(name, _NO_LINKS | os.O_DIRECTORY, dir_fd=folder)
    try:
        yield from _walk(below, prefix, budget, manifest, depth)
    finally:
        os.close(below)


def _digest_in(folder: int, name: str, path: bytes, budget: Budget, keep: bytearray | None) -> FileDigest:
    descriptor = os.open(name, _NO_LINKS, dir_fd=folder)
    try:
        return _digest_open(descriptor, path, budget, keep)
    finally:
        os.close(descriptor)


def _digest_open(descriptor: int, path: bytes, budget: Budget, keep: bytearray | None) -> FileDigest:
    """The digest of an open file; ``keep`` gets its beginning. It may have been exchanged, or grow, since its folder was read."""
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        raise CannotDigest("something that is not a plain file")
    if status.st_size > budget.size:
        raise CannotDigest("more data than Strongroom reads")
    hashed, size = sha256(), 0
    while chunk := os.read(descriptor, CHUNK):
        budget.take(len(chunk))
        hashed.update(chunk)
        size += len(chunk)
        if keep is not None and len(keep) < MANIFEST_BYTES:
            keep += chunk
    return FileDigest(path=path, size=size, digest=hashed.digest())


def _contents(files: list[FileDigest], version: str, manifest: bytes = b"") -> Contents:
    said = _said(manifest)
    code = [file for file in files if not file.path.lower().endswith(REENCODED)]
    if said:
        as_said = FileDigest(path=MANIFEST, size=len(said), digest=sha256(said).digest())
        code = [as_said if file.path == MANIFEST else file for file in code]
    return Contents(digest=_over(files), version=version, files=tuple(files), code=_over(code))


def _over(files: Iterable[FileDigest]) -> bytes:
    whole = sha256()
    for file in files:
        whole.update(len(file.path).to_bytes(8, "big") + file.path + file.size.to_bytes(8, "big") + file.digest)
    return whole.digest()


def _said(manifest: bytes) -> bytes:
    """What a manifest says, whatever its layout and the order of its members; empty if it is no JSON object."""
    try:
        said = msgspec.json.decode(manifest.removeprefix(b"\xef\xbb\xbf"), type=dict[str, object])
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return b""
    return msgspec.json.encode({name: value for name, value in said.items() if name not in ADDED_TO_MANIFEST}, order="sorted")


def _version(manifest: bytes) -> str:
    try:
        return plain_version(msgspec.json.decode(manifest.removeprefix(b"\xef\xbb\xbf"), type=_Manifest).version)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return ""


def main(arguments: list[str]) -> int:
    """Print the version and the digest of a folder or a packed file."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m native_host.caller.extension_digest FOLDER\n")
        return 2
    try:
        found = digest_of_folder(arguments[0]) if os.path.isdir(arguments[0]) else digest_of_file(arguments[0])
    except CannotDigest as error:
        sys.stderr.write(f"{arguments[0]} cannot be checked: {error}\n")
        return 1
    sys.stdout.write(f"{found.digest.hex()}  {found.version or 'unknown'}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
