"""Opening the store through whichever slot is at hand: one that asks nobody, a device that is here, or what is typed."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from native_host.errors import BackendUnavailable, Busy, CannotUnseal, UserRejected
from native_host.kek.kinds import KINDS
from native_host.kek.provider import DeviceAbsent, WrongSecret
from native_host.keystore.evidence import ChangedOutside
from native_host.language import sentence, words
from native_host.operations.slots import AskPerson, Typed, check_pause, counted, is_here, libraries, provider, succeeded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from native_host.kek.provider import Ask
    from native_host.keystore.slots import Slot
    from native_host.operations.house import House
    from native_host.protocol.approver import CallerFacts, SecretPurpose
    from native_host.secret import SecretBytes

TRIES = 3
REPEAT_HINT = "That does not open this keystore. Tries left: {left}."
REPEAT_PIN_HINT = "That was not right. Tries left: {left}."
ALL_ABSENT = "What opens this keystore is not here: {labels}. Connect it and try again, or use the computer that it belongs to."
ELSE_ABSENT = "What else opens this keystore is not here: {labels}."
DOES_NOT_OPEN = "It was not opened by: {label}."
TYPED = frozenset({"passphrase", "recovery"})
"""Kinds that one text box opens: what is typed is tried at each slot of these."""


def open_store(house: House, caller: CallerFacts, *, silently: bool) -> Slot:
    """Open the store through whichever slot is at hand, and give that slot back.

    ``silently``: a slot that asks nobody may open it; otherwise the person has to act for that one too. A slot whose device is here
    goes before what is typed.

    Raises:
        UserRejected, Cancelled
        CannotUnseal: three times the wrong secret. ``ChangedOutside``: the file was changed.
        Busy: too many tries have failed; a while has to go by.
        BackendUnavailable: there is no slot that could be opened here now; the message names the device.
    """
    return _opened(house, caller, silently=silently, keep=None)


def _opened(house: House, caller: CallerFacts, *, silently: bool, keep: list[SecretBytes] | None) -> Slot:
    devices = [slot for slot in house.store.slots() if slot.kind not in TYPED]
    present = [slot for slot in devices if slot.kind in KINDS and is_here(house, slot)]
    silent = [slot for slot in present if not provider(house, slot.kind).asks(slot.parameters)]
    why: list[str] = []
    if silent and not silently:
        from native_host.review.keystore import open_review

        house.approver.review("unlock", open_review(silent[0].label), caller, None, ())
    opened = _first(house, silent, caller, keep, why)
    if opened is None:
        absent = sorted(slot.label for slot in devices if slot not in present)
        opened = _open_asking(house, [slot for slot in present if slot not in silent], absent, caller, keep, why)
    return opened


def _open_asking(
    house: House, devices: list[Slot], absent: list[str], caller: CallerFacts, keep: list[SecretBytes] | None, why: list[str]
) -> Slot:
    typed = [slot for slot in house.store.slots() if slot.kind in TYPED]
    for slot in devices:
        # A no to a device is a no to it alone while there is another way; so is that it has to wait.
        try:
            return _open_device(house, slot, caller, keep)
        except (UserRejected, BackendUnavailable, Busy) as error:
            if slot is devices[-1] and not typed:
                raise
            if not isinstance(error, UserRejected):
                why.append(str(error))
    if absent:
        why.append(sentence(ELSE_ABSENT if typed else ALL_ABSENT, labels=", ".join(absent)))
    if not typed and not devices and not absent:
        raise ChangedOutside  # There is no row that could be a way in.
    if not typed:
        raise DeviceAbsent(" ".join(why), detail="slots")
    return _open_typed(house, typed, keep, why)


def _first(house: House, slots: list[Slot], caller: CallerFacts, keep: list[SecretBytes] | None, why: list[str]) -> Slot | None:
    """The first of these slots that opens; one whose device will not is passed over, and ``why`` gets a sentence about it."""
    for slot in slots:
        try:
            _try(house, slot, AskPerson(house, caller), keep)
        except ChangedOutside:
            raise
        except BackendUnavailable as error:
            why.append(str(error))
        except CannotUnseal:
            why.append(sentence(DOES_NOT_OPEN, label=slot.label))
        else:
            return slot
    return None


def _open_device(house: House, slot: Slot, caller: CallerFacts, keep: list[SecretBytes] | None) -> Slot:
    hint: str | None = None
    for tried in range(1, TRIES + 1):
        check_pause(house, [slot])
        try:
            with counted(house, [slot]):
                _try(house, slot, AskPerson(house, caller, hint), keep)
        except ChangedOutside:
            raise
        except CannotUnseal as error:
            left = TRIES - tried
            if isinstance(error, WrongSecret) and error.tries_left is not None:
                left = min(left, error.tries_left)  # the device's own count is the one that matters
            if left <= 0:
                raise
            hint = sentence(REPEAT_PIN_HINT, left=left)
            continue
        return slot
    raise CannotUnseal


def _open_typed(house: House, slots: list[Slot], keep: list[SecretBytes] | None, why: list[str]) -> Slot:
    """By what is typed; ``why`` says of everything else why it did not open the store."""
    kinds = {slot.kind for slot in slots}
    purpose: SecretPurpose = "recoveryCode" if kinds == {"recovery"} else "unlock"
    title = "Unlock your keystore with your passphrase or recovery code" if len(kinds) > 1 else "Unlock your keystore"
    hint = " ".join(map(words, dict.fromkeys(why))) or None
    for tried in range(1, TRIES + 1):
        check_pause(house, slots)
        with house.approver.ask_secret(purpose, title, hint) as typed:
            tried_at: list[Slot] = []
            try:
                with counted(house, tried_at):
                    return _try_each(house, slots, typed, keep, tried_at)
            except ChangedOutside:
                raise
            except CannotUnseal:
                hint = sentence(REPEAT_HINT, left=TRIES - tried)
    raise CannotUnseal(" ".join((CannotUnseal.default_message, *dict.fromkeys(why))))


def _try_each(house: House, slots: list[Slot], typed: SecretBytes, keep: list[SecretBytes] | None, tried_at: list[Slot]) -> Slot:
    """The first slot that this opens; ``tried_at`` gets those that it was tried at: a passphrase is no try at a recovery code."""
    for slot in slots:
        try:
            _try(house, slot, Typed(house, typed), keep)
        except ChangedOutside:
            raise
        except WrongSecret:
            continue
        except CannotUnseal:
            tried_at.append(slot)
            continue
        return slot
    raise CannotUnseal


def _try(house: House, slot: Slot, ask: Ask, keep: list[SecretBytes] | None) -> None:
    with libraries(slot.kind), provider(house, slot.kind).open(slot.parameters, ask) as kek:
        root = house.store.root_of(slot, kek)
    if keep is not None:
        keep.append(root)  # wiped by whoever wanted it
        house.store.unlock_with(root)
    else:
        with root:
            house.store.unlock_with(root)
    succeeded(house, slot)


@contextmanager
def opened_root(house: House, caller: CallerFacts) -> Iterator[SecretBytes]:
    """The root key for a block, opened anew by the person, as every change of a slot asks; the store is open in it as well. An older copy
    of it is noticed here as at any unlocking: one that was written to first would no longer look older than its counter.

    Raises:
        what ``open_store`` raises; ``ChangedOutside``
    """
    from native_host.operations import evidence

    taken: list[SecretBytes] = []
    try:
        evidence.judged(house, caller, lambda: _opened(house, caller, silently=False, keep=taken))
        # A slot of before, put back from an older copy, may have given another root key first, which opened nothing.
        with taken[-1] as root:
            yield root
    finally:
        for one in taken:
            one.wipe()
