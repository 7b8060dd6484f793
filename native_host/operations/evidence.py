"""A keystore that was changed from outside: its owner decides whether to go on with what is there. And how new it is, told to a counter.

Opening goes in this order: a slot opens; what the file itself says is judged; the counter is read, and then the file's version, which may
only be as high or higher. Until all of that is done the store is locked for everybody else. What was found is put to the person in the
host's own window; a program that answers for an unattended keystore is not asked, as it would say yes.

A counter that cannot be reached is a finding of its own where nobody who could not set it back could hide it: in a TPM. Elsewhere the store
opens and the record of decisions says that this was not checked: who can hide a login keyring can write to it as well.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from native_host.errors import BackendUnavailable, CannotUnseal, KmsError, UserRejected
from native_host.kek import counters
from native_host.keystore.evidence import ChangedOutside, Finding, Standing, examine, standing
from native_host.language import sentence

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from native_host.kek.counters import Counter
    from native_host.operations.house import House
    from native_host.protocol.approver import CallerFacts

SURE = frozenset({"tpm"})
"""Kinds of counter that cannot be set back by who can keep the host from reaching them."""
OLDER = "The whole keystore is an older copy: since it was last written to, a newer one was in use with this computer."
GONE = "What remembers how new your keystore is ({place}) has nothing of it: it was removed there, or this is another computer than before."
UNREACHABLE = (
    "What remembers how new your keystore is ({place}) cannot be reached, so that an older copy would not be noticed. On another computer"
    " than before that is always so."
)
ABOUT_KEPT = frozenset({"key_changed", "key_unknown", "document_changed", "document_unknown"})
"""What is refused at its use, and can be taken over."""
UNREADABLE = "What your keystore says of where its counter is was changed."


def judged(house: House, caller: CallerFacts, opening: Callable[[], object], *, at_terminal: bool = False) -> tuple[Finding, ...]:
    """Open the store by ``opening``, and see that it is as it was left and no older copy; otherwise its owner decides. Gives what they went
    on with.

    ``at_terminal``: whoever answers is a person who came to decide, even if a program answers for this store otherwise.

    Raises:
        ChangedOutside: it is not, and stays locked. What ``opening`` raises; ``Cancelled``.
    """
    store = house.store
    found: tuple[Finding, ...] = ()
    with store.holding_back():
        try:
            opening()
            store.hold_back()
        except ChangedOutside as error:
            if not error.findings:
                raise
            found = error.findings
        value, about_counter, missed = _check_counter(house)
        found = (*found, *about_counter)
        if not found:
            store.release()
            store.catch_up()
            if missed:
                house.audit.happened(caller.origin, "unlock", f"not checked: {missed} could not be reached")
            return ()
        shown = standing(store.connection)
        # Keys too: each that opens is good from then on, whichever change it was that was noticed.
        _decide(house, caller, (*found, *_about_keys(house)), at_terminal=at_terminal)
        _go_on(house, caller.origin, found, shown, least_version=value + 1 if value else 0)
        return found


def _check_counter(house: House) -> tuple[int, list[Finding], str]:
    """The counter's value, 0 without one, what is wrong with it, and the place of one that could not be asked and need not be; from here on
    it is told of new versions."""
    store = house.store
    try:
        kept = store.counter()
    except CannotUnseal:
        return 0, [Finding(name="counter_gone", text=UNREADABLE)], ""
    if kept is None:
        return 0, [], ""
    kind, parameters = kept
    place = counters.PLACES[kind].name if kind in counters.PLACES else kind
    try:
        counter = counters.counter_of(kind, house.settings)
        with house.aside():
            value = counter.read(parameters)
    except counters.CounterGone:
        return 0, [Finding(name="counter_gone", text=sentence(GONE, place=sentence(place)))], ""
    except (KmsError, KeyError, ImportError, OSError):
        return (
            (0, [Finding(name="counter_unreachable", text=sentence(UNREACHABLE, place=sentence(place)))], "")
            if kind in SURE
            else (0, [], place)
        )
    store.use_counter(kind, counter, parameters)
    # After the counter, which another host may be raising at this moment: in this order the file cannot look older than it is.
    head = store.head()
    return value, [Finding(name="older_copy", text=OLDER, seq=head.seq)] if head is not None and head.version < value else [], ""


def accept(house: House, caller: CallerFacts) -> tuple[Finding, ...]:
    """Have a person at the terminal decide about everything that is found, keys with it; gives what they went on with. The store is open.

    Raises:
        what ``judged`` raises
    """
    from native_host.operations import unlocking

    accepted = judged(house, caller, lambda: unlocking.open_store(house, caller, silently=False), at_terminal=True)
    shown, found = standing(house.store.connection), () if accepted else _about_keys(house)
    if found:
        _decide(house, caller, found, at_terminal=True)
        _take_over(house, caller.origin, shown)
    return accepted or found


def _about_keys(house: House) -> tuple[Finding, ...]:
    return tuple(one for one in examine(house.store.connection).findings if one.name in ABOUT_KEPT)


def _decide(house: House, caller: CallerFacts, found: Sequence[Finding], *, at_terminal: bool) -> None:
    """Put it to the person; raises ``ChangedOutside`` unless they go on with what is there."""
    from native_host.review.keystore import tampering_review

    if house.store.unattended and not at_terminal:
        raise ChangedOutside(found)
    review = tampering_review(tuple(one.text for one in found), house.folder, last_good(house, found))
    try:
        house.approver.review("unlock", review, caller, None, ())
    except (UserRejected, BackendUnavailable):
        raise ChangedOutside(found) from None


def told(finding: Finding) -> str:
    """A finding in a sentence for a terminal, with the id of the key that it is about."""
    from native_host.encodings.base64url import encode_base64url
    from native_host.review.text import visible

    key = f" Its id: {encode_base64url(finding.record_id)}" if isinstance(finding.record_id, bytes) else ""
    return visible(f"{finding.text}{key}")


def last_good(house: House, found: Sequence[Finding]) -> str | None:
    """When the last entry was written that is as it was written: what was found happened after it. RFC 3339."""
    from native_host.operations.records import rfc3339

    times = [one.good_at for one in found if one.good_at is not None]
    if not times:
        row = house.store.connection.execute("SELECT at FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
        times = [row[0]] if row is not None and isinstance(row[0], int) else []
    with suppress(ValueError, OverflowError, OSError):
        return rfc3339(min(times))
    return None


def _go_on(house: House, origin: str, found: Sequence[Finding], shown: Standing, *, least_version: int) -> None:
    """Go on with what is there, as its owner decided: the record says so, and what of its keys opens is good from now on.

    Raises:
        ChangedOutside: it is not what they were shown any more.
    """
    store, names = house.store, sorted({one.name for one in found})
    try:
        with store.transaction():
            if standing(store.connection).own != shown.own:
                raise ChangedOutside(found)
            store.go_on(least_version=least_version)
            if {"counter_gone", "counter_unreachable"} & set(names):
                store.drop_counter()
            house.audit.happened(origin, "acceptChanges", ", ".join(names))
        _take_over(house, origin, shown)
    except BaseException:
        store.forget_keys()
        raise


def _take_over(house: House, origin: str, shown: Standing) -> None:
    """Have the log say of the records that are not as it says that they are as they stand now, if they open and were so when it was decided."""
    from native_host.encodings.base64url import encode_base64url

    store = house.store
    for record_id, digest in store.differing():
        if shown.records.get(record_id) != digest:
            continue
        # One that does not open stays refused, and what was written about it just now is undone.
        with suppress(CannotUnseal), store.transaction():
            store.take_over(record_id, digest)
            house.audit.happened(origin, "acceptKey", encode_base64url(record_id))
            store.see_that_it_opens(record_id)


def keep_counter(house: House, origin: str) -> None:
    """Give the open store a counter if it has none: the best place there is here and now. Where there is none, it goes without.

    A store that a program answers for has none: nobody there could decide about what it finds, and such machines come and go.
    """
    store = house.store
    if store.unattended or store.counter_kind() is not None:
        return
    for kind, place in counters.PLACES.items():
        try:
            counter = counters.counter_of(kind, house.settings)
            if not counter.is_here():
                continue
            with house.aside():
                parameters, value = counter.create(store.keys.store_id)
        except (KmsError, ImportError, OSError):
            continue
        _keep(house, origin, kind, counter, parameters, value, place.name)
        return


def _keep(house: House, origin: str, kind: str, counter: Counter, parameters: bytes, value: int, name: str) -> None:
    store, taken = house.store, False
    try:
        with store.transaction():
            # Another host may have been as quick.
            if store.counter_kind() is None:
                store.keep_counter(kind, counter, parameters, value)
                house.audit.happened(origin, "keepCounter", name)
                taken = True
    finally:
        if not taken:
            with suppress(KmsError):
                # One that is named by the store is the same for both, and in use: whoever took it away would cry wolf at the next unlocking.
                if store.counter_kind() != kind or store.counter() != (kind, parameters):
                    counter.remove(parameters)
