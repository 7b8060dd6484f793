"""New keys for the store, at the person's word: another root key, or other keys and another algorithm for its records."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from native_host.caller.identity import PERSON_ORIGIN
from native_host.errors import InvalidParams, KmsError, UserRejected
from native_host.keystore import rekeying
from native_host.keystore.sealed import RECORD_ALGS
from native_host.operations import evidence, slots

if TYPE_CHECKING:
    from collections.abc import Callable

    from native_host.keystore.slots import Slot
    from native_host.operations.house import House
    from native_host.protocol.approver import CallerFacts
    from native_host.secret import SecretBytes

AT_ONCE = 200
"""Records to a transaction: a crash loses at most the work of so many, and no host waits for long."""


def exchange_root(
    house: House, root: SecretBytes, caller: CallerFacts, *, drop: Callable[[list[Slot]], bool]
) -> tuple[list[Slot], list[Slot]]:
    """A new root key for the open store. Each slot is opened by the person in turn; those that cannot be now are left out, if ``drop``
    says so of them. Gives the slots that stay and those that are gone.

    Raises:
        UserRejected: some could not be opened, and ``drop`` said no.
        InvalidParams: none could be opened. ``ChangedOutside``.
    """
    with ExitStack() as opened:
        ways, left_out = [], []
        for slot in house.store.slots():
            try:
                slots.check_pause(house, [slot])
                kek = opened.enter_context(
                    slots.provider(house, slot.kind).open(
                        slot.parameters, slots.AskPerson(house, caller, f"To keep this way in, open it once more: {slot.label}.")
                    )
                )
                with house.store.root_of(slot, kek) as found:
                    if found == root:
                        ways.append((slot, kek))
                        continue
            except KmsError:
                pass
            left_out.append(slot)
        if not ways:
            raise InvalidParams("No way into the keystore could be opened, so that there is nothing to keep.", path="slot")
        if left_out and not drop(left_out):
            raise UserRejected("Nothing was changed: some ways in could not be opened.")
        with house.store.transaction():
            rekeying.exchange_root(house.store, root, ways)
            house.audit.happened(PERSON_ORIGIN, "exchangeRootKey", f"{len(ways)} kept, {len(left_out)} dropped")
    return [slot for slot, _ in ways], left_out


def begin(house: House, root: SecretBytes, caller: CallerFacts, alg: str) -> bool:
    """Add another generation of records' keys, unless one is half done; every other host is locked. Whether one was added.

    Raises:
        InvalidParams: an algorithm that records are not sealed by. ``ChangedOutside``.
    """
    if alg not in RECORD_ALGS:
        raise InvalidParams(f"Records are sealed by one of: {', '.join(RECORD_ALGS)}", path="alg")
    store = house.store
    if len(store.keys.generations) > 1:
        return False
    with store.transaction():
        rekeying.add_generation(store, root, alg)
        house.audit.happened(PERSON_ORIGIN, "addRecordKeys", alg)
    store.forget_keys()
    evidence.judged(house, caller, lambda: store.unlock_with(root))
    return True


def go_on(house: House, progress: Callable[[int], None]) -> int:
    """Bring every record over to the newest keys and take the old ones away; gives how many there were. ``progress`` hears of each step
    how many records are left. Stopped anywhere, it goes on the next time.

    Raises:
        CannotUnseal: a record was changed from outside; the others are brought over as far as they come before it.
    """
    store, number = house.store, 0
    progress(rekeying.left(store))
    while found := store.behind(limit=AT_ONCE):
        with store.transaction():
            for record in found:
                store.bring_over(record)
            house.audit.happened(PERSON_ORIGIN, "resealRecords", store.keys.record_alg)
        number += len(found)
        progress(rekeying.left(store))
    if len(store.keys.generations) > 1:
        with store.transaction():
            rekeying.drop_old(store)
            house.audit.happened(PERSON_ORIGIN, "dropRecordKeys", store.keys.record_alg)
    return number
