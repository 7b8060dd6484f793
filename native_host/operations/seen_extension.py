"""What is remembered of an extension between two unlockings, by origin, and how what is installed now stands to it. Pure."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Literal

from msgspec import MsgspecError
from msgspec.msgpack import decode, encode

from native_host.language import joined, sentence
from native_host.value import Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from native_host.caller.identity import Evidence
    from native_host.caller.installed_copies import Copy
    from native_host.caller.script_cache import Script

LISTED_BYTES = 256 * 1024
"""How much of the names and digests of files is remembered; without them a change is noticed all the same, and its files not named."""
DIGEST_BYTES = 16
"""What is kept of the digest of each file."""

Standing = Literal["none", "missing", "gone", "first", "same", "changed"]
"""``missing``: there were some, and the person has not gone on without; ``gone``: they have."""


class SeenCopy(Value, frozen=True, kw_only=True, array_like=True):
    """``files``: paths with the first 16 bytes of their digests; empty if they were too many."""

    digest: bytes
    version: str
    files: tuple[tuple[bytes, bytes], ...] = ()


class Known(Value, frozen=True, kw_only=True):
    """``copies`` is ``None`` if none was ever seen, and empty if what was cannot be read. Times in milliseconds since 1970: ``seen_at`` when these
    copies were first seen together, ``changed_at`` when a change was last accepted. ``accepted``: what spoke against the caller, and the
    person looked at and went on with, by ``digest_of``. ``gone``: they went on with an extension whose copies are not found any more.
    """

    copies: list[SeenCopy] | None = None
    seen_at: int | None = None
    changed_at: int | None = None
    accepted: tuple[bytes, ...] = ()
    gone: bool = False


NOTHING = Known()


def decoded(content: bytes | None) -> Known:
    """What was remembered; an earlier version remembered the copies alone."""
    if content is None:
        return NOTHING
    try:
        found: Known | list[SeenCopy] = decode(content, type=Known | list[SeenCopy])
    except (MsgspecError, UnicodeDecodeError, RecursionError):
        return Known(copies=[])
    return found if isinstance(found, Known) else Known(copies=found)


def encoded(known: Known) -> bytes:
    """The form in which it is remembered."""
    return encode(known)


def compare(copies: Sequence[Copy], known: Known) -> Standing:
    """How what is installed now stands to what is remembered."""
    if not copies:
        return "none" if known.copies is None else "gone" if known.gone else "missing"
    if known.copies is None:
        return "first"
    return "same" if {identity(copy) for copy in copies} <= {one.digest for one in known.copies} else "changed"


def identity(copy: Copy) -> bytes:
    """What a copy is known by; one that cannot be checked is known by its place and by what is in the way."""
    if copy.contents is not None:
        return copy.contents.digest
    return sha256(b"cannot be checked\0" + copy.fault.encode() + b"\0" + copy.folder.encode("utf-8", "surrogateescape")).digest()


def to_remember(copies: Iterable[Copy]) -> list[SeenCopy]:
    """The copies as they are remembered, the lists of their files as far as there is room."""
    kept, left = {}, LISTED_BYTES
    for copy in copies:
        files: tuple[tuple[bytes, bytes], ...] = ()
        if copy.contents is not None:
            files = tuple((file.path, file.digest[:DIGEST_BYTES]) for file in copy.contents.files)
        size = sum(len(path) + 32 for path, _ in files)
        if size > left:
            files, size = (), 0
        left -= size
        version = copy.contents.version if copy.contents else ""
        kept[identity(copy)] = SeenCopy(digest=identity(copy), version=version, files=files)
    return list(kept.values())


def foreign_scripts(scripts: Iterable[Script], copies: Sequence[Copy], known: Sequence[SeenCopy]) -> list[Script]:
    """The cached scripts that are in no installed copy, and in none that was seen before: until an extension is reloaded or updated, what runs
    is what its files were.

    None if the files of a copy are not known, because any script could be of those.
    """
    of_files: dict[bytes, set[bytes]] = {}
    for copy in copies:
        if copy.contents is None:
            return []
        for file in copy.contents.files:
            of_files.setdefault(file.path, set()).add(file.digest[:DIGEST_BYTES])
    for one in known:
        for path, digest in one.files:
            of_files.setdefault(path, set()).add(digest)
    return [script for script in scripts if script.digest[:DIGEST_BYTES] not in of_files.get(script.path, ())]


def digest_of(evidence: Evidence) -> bytes:
    """What an observation is remembered by once it was accepted: its very words, so that anything else is none of it."""
    return sha256(evidence.signal.encode() + b"\0" + evidence.text.encode()).digest()


def describe(copies: Iterable[Copy]) -> str:
    """Their versions, in words."""
    return versions(copy.contents.version if copy.contents else "" for copy in copies)


def versions(found: Iterable[str]) -> str:
    """Versions in words, each once."""
    named = sorted(set(found) - {""})
    return sentence("version {version}", version=joined(named)) if named else sentence("of an unknown version")
