"""Whether the installed extension is the one that the store was last opened for: told in every window, and asked about when it is not.

The copies were found before this process confined itself (``caller.installed_copies``). The host cannot tell which of them asks, so each must
be known. What is known is what was there at the last unlocking, and nothing older: an earlier version that is put back is asked about too.
Files that were seen and are not found any more are asked about once; of one that was never found, as a temporary add-on of Firefox, nothing is.

What is told is of the files on the disk, at the first call that this host answered behind ``hello``. The code that the browser runs can be
another: it was read earlier, and Chromium keeps what a service worker runs elsewhere (``caller.script_cache``).

After a change was accepted, whatever was allowed in advance for the old files is over, and for a day nothing is offered to be.

An unpacked build is asked about like any other. Nothing signs it and any program can write to its folder, so it is what would be changed
first; whoever builds one meets the question at the first unlocking after a build, and knows its answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from native_host.caller.identity import Evidence
from native_host.errors import CallerChanged, UserRejected
from native_host.keystore import seen
from native_host.language import joined, sentence
from native_host.operations.installed import SIGNAL, WORDS
from native_host.operations.seen_extension import (
    Known,
    compare,
    decoded,
    describe,
    digest_of,
    encoded,
    identity,
    to_remember,
    versions,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from native_host.approval.permit import Permit
    from native_host.audit import AuditedEntry
    from native_host.caller.installed_copies import Copy
    from native_host.keystore.store import KeyStore
    from native_host.operations.house import House
    from native_host.operations.installed import Installed
    from native_host.operations.seen_extension import SeenCopy, Standing
    from native_host.review.subject import Review

UNCHECKED = "Not all of the extension's files can be checked: {fault}."
REFUSED = (
    "The extension's files were changed since they were last seen, and that was not accepted. Nothing was opened. If you did not update the"
    " extension, remove it and install it again."
)
REFUSED_MISSING = (
    "The extension's files are not where they were last seen, and that was not accepted. Nothing was opened. If you did not move them, remove the"
    " extension and install it again."
)
CONTRADICTED = "refuseCaller"
"""What the record of decisions calls a refusal because of what was observed; its rule has the signal and the words."""
MOST_ACCEPTED = 8


def judge(house: House, permit: Permit) -> None:
    """See that the copies are those that the open store knows; otherwise whoever answers decides.

    Raises:
        CallerChanged: they said no, or something else speaks against the caller that the store does not know to be accepted.
        BackendUnavailable, Cancelled, ChangedOutside
    """
    installed = house.installed
    if installed is None or permit.session.caller.family is None:
        return
    known = decoded(seen.known(house.store, installed.origin))
    installed.learn(known)
    installed.check("unlock")
    standing = compare(installed.copies, known)
    if standing == "changed":
        _ask(house, permit, installed, known.copies or [])
        _note(house, installed, "acceptExtension", replace(known, changed_at=house.clock()))
    elif standing == "missing":
        _ask_without(house, permit, installed, known.copies or [])
        _write(house, installed, "acceptExtension", replace(known, changed_at=house.clock(), gone=True), "not found any more")
    elif standing == "first" or (standing == "same" and (known.gone or _is_more(known.copies or [], installed.copies))):
        _note(house, installed, "noteExtension", known)
    _tell(installed, "gone" if standing == "missing" else standing)


def remembered(store: KeyStore, origin: str) -> Known:
    """What the file says is known of an extension; needs no key and is worth no more than the file."""
    return decoded(seen.claimed(store.connection, origin))


def note_refusal(house: House, installed: Installed) -> None:
    """Write down what spoke against the caller, for the record and for ``strongroom origins accept``."""
    for one in installed.contradictions():
        if one.signal != SIGNAL:
            house.audit.happened(installed.origin, CONTRADICTED, f"{one.signal}: {one.text}")


def refused(house: House, origin: str, record: Iterable[AuditedEntry]) -> list[Evidence]:
    """What an extension was refused for, the newest of each signal, as far as it is not accepted; the store must be open."""
    newest: dict[str, Evidence] = {}
    for one in record:
        if one.entry is not None and (one.entry.method, one.entry.origin) == (CONTRADICTED, origin):
            signal, _, text = one.entry.rule.partition(": ")
            newest[signal] = Evidence(signal=signal, level="contradicted", text=text)
    accepted = decoded(seen.known(house.store, origin)).accepted
    return [one for one in newest.values() if digest_of(one) not in accepted]


def accept(house: House, origin: str, observed: Sequence[Evidence]) -> None:
    """Go on with what was observed, these words and no others; the person was asked. The store must be open.

    What is remembered of the extension and cannot be read is forgotten by that: its files are asked about at the next unlocking.

    Raises:
        ChangedOutside: the person has not gone on with the file as it is.
    """
    known = decoded(seen.known(house.store, origin))
    accepted = (*known.accepted, *(digest_of(one) for one in observed))[-MOST_ACCEPTED:]
    with house.store.transaction():
        seen.note(house.store, origin, encoded(replace(known, accepted=accepted)))
        house.audit.happened(origin, "acceptCaller", "; ".join(f"{one.signal}: {one.text}" for one in observed))


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
    from native_host.review.extension_files import NOT_LOADED, OLDER, SAME_VERSION, SEVERAL, changed_review

    copies, digests = installed.copies, {one.digest for one in known}
    new = [copy for copy in copies if identity(copy) not in digests]
    before, now = {one.version for one in known}, {copy.contents.version if copy.contents else "" for copy in new}
    older = any(_numbers(version) < min(map(_numbers, before)) for version in now if version and before)
    said = (
        (SAME_VERSION, bool(before & now - {""})),
        (OLDER, older),
        (SEVERAL, len(copies) > 1),
        (NOT_LOADED, installed.runs_older),
        *((sentence(UNCHECKED, fault=sentence(copy.fault)), True) for copy in new if copy.fault),
    )
    review = changed_review(
        origin=installed.origin,
        before=versions(one.version for one in known),
        now=describe(new),
        folders=tuple(copy.folder.encode("utf-8", "surrogateescape").decode("utf-8", "replace") for copy in new),
        changes=changes(copies, known),
        warnings=tuple(text for text, applies in said if applies),
    )
    _decide(house, permit, review, REFUSED)


def _ask_without(house: House, permit: Permit, installed: Installed, known: Sequence[SeenCopy]) -> None:
    from native_host.review.extension_files import missing_review

    _decide(house, permit, missing_review(installed.origin, versions(one.version for one in known)), REFUSED_MISSING)


def _decide(house: House, permit: Permit, review: Review, refused: str) -> None:
    try:
        with house.store.withheld():
            house.approver.review("unlock", review, permit.session.caller_facts(), None, ())
    except UserRejected:
        raise CallerChanged(refused) from None


def _note(house: House, installed: Installed, what: str, known: Known) -> None:
    known = replace(known, copies=to_remember(installed.copies), seen_at=house.clock(), gone=False)
    digests = ", ".join(sorted({identity(copy).hex() for copy in installed.copies}))
    _write(house, installed, what, known, f"{describe(installed.copies)}; sha256 {digests}")


def _write(house: House, installed: Installed, what: str, known: Known, rule: str) -> None:
    with house.store.transaction():
        house.store.tidy_confirmations()
        seen.note(house.store, installed.origin, encoded(known))
        house.audit.happened(installed.origin, what, rule)
    installed.learn(known)


def _tell(installed: Installed, standing: Standing) -> None:
    faults = sorted({sentence(copy.fault) for copy in installed.copies if copy.fault})
    if faults:
        installed.tell(SIGNAL, "unknown", sentence(UNCHECKED, fault=joined(faults, "{first}, {second}")))
    else:
        installed.tell(
            SIGNAL, "consistent" if standing == "same" else "unknown", sentence(WORDS[standing], what=describe(installed.copies))
        )


def _is_more(known: Sequence[SeenCopy], copies: Iterable[Copy]) -> bool:
    return {one.digest for one in known} != {identity(copy) for copy in copies}


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) if part.isdecimal() else 0 for part in version.split("."))
