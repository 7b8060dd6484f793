"""Set up, unlock, lock: the keystore as a whole.

Whoever answers is asked with no lock held, so other calls go on; every effect is one transaction with its audit entry.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from native_host.errors import OriginNotAllowed, UserRejected
from native_host.operations import evidence, extension_files, pairings, slots, unlocking
from native_host.protocol.messages import Slot as SlotInfo
from native_host.protocol.messages import StateResult, Status
from native_host.secret import guard_memory

if TYPE_CHECKING:
    from native_host.approval.permit import Permit
    from native_host.operations.house import House


def get_status(house: House, permit: Permit, *, idle_lock_seconds: int) -> Status:
    """What can be known of the store; the number of keys only while it is open."""
    from msgspec import UNSET

    store = house.store
    unlocked, way = store.is_unlocked, slots.weakest_way(house)
    return Status(
        state="unlocked" if unlocked else "locked" if store.is_set_up else "uninitialized",
        idle_lock_seconds=idle_lock_seconds,
        unattended=store.unattended if store.is_set_up else UNSET,
        slots=[SlotInfo(kind=slot.kind, label=slot.label) for slot in store.slots()],
        protection=UNSET if way is None else way.protection,
        key_count=store.count(store.owner_of(permit.session.wallet_id)) if unlocked else UNSET if store.is_set_up else 0,
        paired=permit.session.pairing is not None,
    )


def unlock(house: House, permit: Permit) -> StateResult:
    """Open the store, asking the person; a new installation is set up first.

    Raises:
        Uninitialized: the set-up was refused.
        CallerChanged: the extension's files are not those that were seen before, and that was refused.
        UserRejected, CannotUnseal, BackendUnavailable, Busy, Cancelled
    """
    store = house.store
    if not store.is_unlocked:
        guard_memory()
        new = not store.is_set_up
        if not new:
            _open(house, permit)
        else:
            from native_host.operations.setting_up import Wish, set_up

            set_up(house, permit, Wish())
        try:
            if new:
                extension_files.judge(house, permit)
            pairings.put_right(house, permit.session.caller.origin)
            evidence.keep_counter(house, permit.session.caller.origin)
        except BaseException:
            store.forget_keys()
            raise
    return StateResult(state="unlocked")


def lock(house: House, permit: Permit) -> StateResult:
    """Lock the store in every host that shares it; this one's secrets are the caller's to forget. An older copy is noticed from then on."""
    store = house.store
    if not store.is_set_up:
        return StateResult(state="uninitialized")
    # Also where this host is locked already: another one may not be.
    with house.audit.effect(permit):
        store.settle()
        store.raise_epoch()
    return StateResult(state="locked")


def _open(house: House, permit: Permit) -> None:
    store = house.store
    # After a lock a person must act; a process's first unlocking may be silent.
    caller, silently = permit.session.caller_facts(), not house.store.was_open
    evidence.judged(house, caller, lambda: unlocking.open_store(house, caller, silently=silently))
    try:
        _confirm_origin(house, permit)
        extension_files.judge(house, permit)
        _confirm_program(house, permit)
        with house.audit.effect(permit):
            store.tidy_confirmations()
            if store.has_changed():
                store.settle()
            store.end_refusals(permit.session.caller.origin)
    except BaseException:
        store.forget_keys()
        raise


def _confirm_origin(house: House, permit: Permit) -> None:
    """An attachment that no unlocked host has authenticated was added, or edited, elsewhere: the person decides about it.

    The store was opened just now, so that its keys can tell; they are forgotten again if the person says no. The person's own
    program is attached to nothing.
    """
    store, session = house.store, permit.session
    if session.caller.family is None:
        return
    attachment = store.attachment(session.caller.origin)
    if attachment is None or attachment.wallet_id != session.wallet_id:
        raise OriginNotAllowed
    if store.is_confirmed(attachment):
        return
    from native_host.review.keystore import attach_review

    review = attach_review((attachment.origin,), attachment.wallet)
    with store.withheld():
        house.approver.review("unlock", review, session.caller_facts(), None, ())
    with house.audit.effect(permit):
        store.confirm(attachment)


def _confirm_program(house: House, permit: Permit) -> None:
    """A program named in the configuration of a store that was set up in a window may answer only once the person says so.

    It is our own window that asks, as it asked for the passphrase; after a no it goes on asking in the program's place.
    """
    store, program = house.store, house.program
    if program is None or store.unattended or store.is_program_confirmed(program) or permit.session.caller.family is None:
        return
    from native_host.review.keystore import program_review

    try:
        house.approver.review("unlock", program_review(program), permit.session.caller_facts(), None, ())
    except UserRejected:
        return
    with house.audit.effect(permit):
        store.confirm_program(program)
