"""Whether the installed extension is the one that the store was last opened for: told in every window, and asked about when it is not.

The copies were found before this process confined itself (``caller.installed_copies``). The host cannot tell which of them asks, so each must
be known. What is known is what was there at the last unlocking, and nothing older: an earlier version that is put back is asked about too.

What is told is of the files on the disk, at the first call that this host answered behind ``hello``. The code that the browser runs can be
another: it was read earlier, and Chromium keeps a copy of a service worker that a program of the same user can change as well.

An unpacked build is asked about like any other. Nothing signs it and any program can write to its folder, so it is what would be changed
first; whoever builds one meets the question at the first unlocking after a build, and knows its answer.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Literal

from msgspec import MsgspecError
from msgspec.msgpack import decode, encode
from msgspec.structs import replace

from native_host.caller.identity import Evidence
from native_host.errors import CallerChanged, UserRejected
from native_host.keystore import seen
from native_host.value import Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from sqlite3 import Connection

    from native_host.approval.permit import Permit
    from native_host.caller.identity import Caller
    from native_host.caller.installed_copies import Copy
    from native_host.operations.house import House

SIGNAL = "extension"
LISTED_BYTES = 256 * 1024
"""How much of the names and digests of files is remembered; without them a change is noticed all the same, and its files not named."""
NOT_FOUND = "The extension's files were not found in the usual folders, so Strongroom cannot notice changes to them."
GONE = "The extension's files were seen before, and are not in the usual folders now: Strongroom cannot notice changes to them."
FIRST = "The extension's files ({what}) were not seen before. From the next unlocking on, changes to them are noticed."
SAME = "The extension's files are those that were seen before ({what})."
ACCEPTED = "The extension's files were changed, and you went on with them ({what})."
UNCHECKED = "Not all of the extension's files can be checked: {fault}."
CHANGED = "The extension's files are not those that were seen before. You will be asked about that when the keystore is open."
REFUSED = (
    "The extension's files were changed since they were last seen, and that was not accepted. Nothing was opened. If you did not update the"
    " extension, remove it and install it again."
)

Standing = Literal["none", "gone", "first", "same", "changed"]
_WORDS: dict[Standing, str] = {"none": NOT_FOUND, "gone": GONE, "first": FIRST, "same": SAME, "changed": ACCEPTED}


class SeenCopy(Value, frozen=True, kw_only=True, array_like=True):
    """``files``: paths with the first 16 bytes of their digests; empty if they were too many."""

    digest: bytes
    version: str
    files: tuple[tuple[bytes, bytes], ...] = ()


class Installed:
    """The copies of the extension that asks, and what is known of them by now. Used with the house lock held."""

    def __init__(self, caller: Caller, copies: tuple[Copy, ...]) -> None:
        self.origin = caller.origin
        self.copies = copies
        self._caller = caller
        self.caller = caller

    def look(self, connection: Connection) -> None:
        """Tell how the copies stand to what the file says, before it is known to be the store's own word."""
        standing = compare(self.copies, _decoded(seen.claimed(connection, self.origin)))
        if standing == "changed":
            self.tell("contradicted", CHANGED)
        else:
            self.tell("unknown", _WORDS[standing].format(what=describe(self.copies)))

    def tell(self, level: Literal["consistent", "unknown", "contradicted"], text: str) -> None:
        """Have this said in every window from now on; what speaks against the caller stands first."""
        told = Evidence(signal=SIGNAL, level=level, text=text)
        before = self._caller.evidence
        self.caller = replace(self._caller, evidence=(told, *before) if level == "contradicted" else (*before, told))


def judge(house: House, permit: Permit) -> None:
    """See that the copies are those that the open store knows; otherwise whoever answers decides.

    Raises:
        CallerChanged: they said no. ``BackendUnavailable``, ``Cancelled``, ``ChangedOutside``.
    """
    installed = house.installed
    if installed is None or permit.session.caller.family is None:
        return
    known = _decoded(seen.known(house.store, installed.origin))
    standing = compare(installed.copies, known)
    if standing == "changed":
        _ask(house, permit, installed, known or [])
        _note(house, installed, "acceptExtension")
    elif standing == "first" or (standing == "same" and _is_more(known or [], installed.copies)):
        _note(house, installed, "noteExtension")
    _tell(installed, standing)


def compare(copies: Sequence[Copy], known: Sequence[SeenCopy] | None) -> Standing:
    """``known`` is ``None`` if nothing was ever seen, and empty if what was cannot be read."""
    if not copies:
        return "none" if known is None else "gone"
    if known is None:
        return "first"
    return "same" if {identity(copy) for copy in copies} <= {one.digest for one in known} else "changed"


def identity(copy: Copy) -> bytes:
    """What a copy is known by; one that cannot be checked is known by its place and by what is in the way."""
    if copy.contents is not None:
        return copy.contents.digest
    return sha256(b"cannot be checked\0" + copy.fault.encode() + b"\0" + copy.folder.encode("utf-8", "surrogateescape")).digest()


def describe(copies: Iterable[Copy]) -> str:
    """Their versions, in words."""
    return _versions(copy.contents.version if copy.contents else "" for copy in copies)


def changes(copies: Sequence[Copy], known: Sequence[SeenCopy]) -> dict[str, list[str]]:
    """Which files differ, by name: of each copy that is not known, held against the known one that is most like it."""
    found: dict[str, set[bytes]] = {"Files changed": set(), "Files added": set(), "Files removed": set()}
    digests, listed = {one.digest for one in known}, [dict(one.files) for one in known if one.files]
    for copy in copies:
        if copy.contents is None or copy.contents.digest in digests or not listed:
            continue
        now = {file.path: file.digest[:16] for file in copy.contents.files}
        then = max(listed, key=lambda files: len(files.items() & now.items()))
        found["Files changed"] |= {path for path in now.keys() & then.keys() if now[path] != then[path]}
        found["Files added"] |= now.keys() - then.keys()
        found["Files removed"] |= then.keys() - now.keys()
    return {how: sorted(path.decode("utf-8", "replace") for path in paths) for how, paths in found.items()}


def _ask(house: House, permit: Permit, installed: Installed, known: Sequence[SeenCopy]) -> None:
    from native_host.review.extension_files import OLDER, SAME_VERSION, SEVERAL, changed_review

    copies, digests = installed.copies, {one.digest for one in known}
    new = [copy for copy in copies if identity(copy) not in digests]
    before, now = {one.version for one in known}, {copy.contents.version if copy.contents else "" for copy in new}
    older = any(_numbers(version) < min(map(_numbers, before)) for version in now if version and before)
    said = (
        (SAME_VERSION, bool(before & now - {""})),
        (OLDER, older),
        (SEVERAL, len(copies) > 1),
        *((UNCHECKED.format(fault=copy.fault), True) for copy in new if copy.fault),
    )
    review = changed_review(
        origin=installed.origin,
        before=_versions(one.version for one in known),
        now=describe(new),
        folders=tuple(copy.folder.encode("utf-8", "surrogateescape").decode("utf-8", "replace") for copy in new),
        changes=changes(copies, known),
        warnings=tuple(text for text, applies in said if applies),
    )
    try:
        with house.store.withheld():
            house.approver.review("unlock", review, permit.session.caller_facts(), None, ())
    except UserRejected:
        raise CallerChanged(REFUSED) from None


def _note(house: House, installed: Installed, what: str) -> None:
    content = encode(_to_remember(installed.copies))
    digests = ", ".join(sorted({identity(copy).hex() for copy in installed.copies}))
    with house.store.transaction():
        house.store.tidy_confirmations()
        seen.note(house.store, installed.origin, content)
        house.audit.happened(installed.origin, what, f"{describe(installed.copies)}; sha256 {digests}")


def _tell(installed: Installed, standing: Standing) -> None:
    faults = [copy.fault for copy in installed.copies if copy.fault]
    if faults:
        installed.tell("unknown", UNCHECKED.format(fault=", ".join(sorted(set(faults)))))
    else:
        installed.tell("consistent" if standing == "same" else "unknown", _WORDS[standing].format(what=describe(installed.copies)))


def _to_remember(copies: Iterable[Copy]) -> list[SeenCopy]:
    kept, left = {}, LISTED_BYTES
    for copy in copies:
        files: tuple[tuple[bytes, bytes], ...] = ()
        if copy.contents is not None:
            files = tuple((file.path, file.digest[:16]) for file in copy.contents.files)
        size = sum(len(path) + 32 for path, _ in files)
        if size > left:
            files, size = (), 0
        left -= size
        version = copy.contents.version if copy.contents else ""
        kept[identity(copy)] = SeenCopy(digest=identity(copy), version=version, files=files)
    return list(kept.values())


def _decoded(content: bytes | None) -> list[SeenCopy] | None:
    if content is None:
        return None
    try:
        return decode(content, type=list[SeenCopy])
    except (MsgspecError, UnicodeDecodeError, RecursionError):
        return []


def _is_more(known: Sequence[SeenCopy], copies: Iterable[Copy]) -> bool:
    return {one.digest for one in known} != {identity(copy) for copy in copies}


def _versions(versions: Iterable[str]) -> str:
    named = sorted(set(versions) - {""})
    return f"version {' and '.join(named)}" if named else "of an unknown version"


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) if part.isdecimal() else 0 for part in version.split("."))
