"""The ways into the store: opening it through one, adding, removing and trying them. No record is touched by any of it."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from native_host.errors import BackendUnavailable, Busy, CannotUnseal, InvalidParams, KmsError, Unsupported, UserRejected
from native_host.kek.kinds import KINDS, Kind, provider_of, weakest
from native_host.kek.provider import Choice, DeviceAbsent, WrongSecret
from native_host.keystore.store import ChangedOutside, LastSlot
from native_host.secret import SecretBytes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from native_host.kek.provider import Ask, Device, Enrolled, Provider
    from native_host.keystore.slots import Slot
    from native_host.operations.house import House
    from native_host.protocol.approver import CallerFacts, SecretPurpose

BY_PERSON = "strongroom:person"
TRIES = 3
REPEAT_HINT = "That does not open this keystore. Tries left: {left}."
REPEAT_PIN_HINT = "That was not right. Tries left: {left}."
ALL_ABSENT = "What opens this keystore is not here: {labels}. Connect it and try again, or use the computer that it belongs to."
ELSE_ABSENT = "What else opens this keystore is not here: {labels}."
NO_LIBRARY = "{name}: {library} is not installed, which belongs to Strongroom. Install Strongroom anew."
DOES_NOT_OPEN = "It was not opened by: {label}."
PASSPHRASES = frozenset({"passphrase", "two_factor"})
"""Kinds whose passphrase can be changed: their providers have ``enrol_again(parameters, ask)``, at the same device."""
TYPED = frozenset({"passphrase", "recovery"})
"""Kinds that one text box opens: what is typed is tried at each slot of these."""


class AskPerson:
    """What a provider may ask, put to this house's approver for a caller."""

    def __init__(self, house: House, caller: CallerFacts, hint: str | None = None) -> None:
        self._house, self._caller, self._hint = house, caller, hint

    def secret(self, purpose: SecretPurpose, title: str, hint: str | None = None) -> SecretBytes:
        said = " ".join(part for part in (self._hint, hint) if part)
        self._hint = None  # it is about what is asked first
        return self._house.approver.ask_secret(purpose, title, said or None)

    def show(self, purpose: SecretPurpose, title: str, secret: SecretBytes) -> None:
        self._house.approver.show_secret(purpose, title, secret)

    def make_ready(self, title: str, text: str) -> None:
        from native_host.review.requests import ready_review

        self._house.approver.review("unlock", ready_review(title, text), self._caller, None, ())

    def waits(self) -> AbstractContextManager[None]:
        return self._house.aside()


class Typed:
    """Answers what a slot asks with what was typed already."""

    def __init__(self, house: House, typed: SecretBytes) -> None:
        self._house, self._typed = house, typed

    def secret(self, purpose: SecretPurpose, title: str, hint: str | None = None) -> SecretBytes:
        return SecretBytes(bytearray(self._typed.buffer))

    def show(self, purpose: SecretPurpose, title: str, secret: SecretBytes) -> None:
        return

    def make_ready(self, title: str, text: str) -> None:
        return

    def waits(self) -> AbstractContextManager[None]:
        return self._house.aside()


def choice(*, pin: bool, pcrs: tuple[int, ...], method: str | None, mechanism: str | None) -> Choice:
    """What the person chose for a new slot."""
    return Choice(pin=pin, pcrs=pcrs, method=method, mechanism=mechanism)


def kind_of(slot: Slot) -> Kind:
    """The row of a slot's kind; of one that this version does not know, that nothing is known of it."""
    row = KINDS.get(slot.kind)
    return row or Kind(
        kind=slot.kind,
        module="",
        name="Unknown",
        protection="software",
        device=False,
        rank=0,
        stops="nobody that is known: this version of Strongroom does not know such a way in",
        does_not_stop="whoever has what opens it. If no newer Strongroom made it, see: strongroom audit verify",
    )


def weakest_way(house: House) -> Kind | None:
    """The kind of slot that protects the store least; ``None`` without one of a known kind."""
    return weakest(house.store.slot_kinds())


def provider(house: House, kind: str) -> Provider:
    """The provider of a kind of slot; raises ``Unsupported``."""
    return provider_of(kind, house.settings)


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
        from native_host.review.requests import open_review

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
        why.append((ELSE_ABSENT if typed else ALL_ABSENT).format(labels=", ".join(absent)))
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
            why.append(DOES_NOT_OPEN.format(label=slot.label))
        else:
            return slot
    return None


def _open_device(house: House, slot: Slot, caller: CallerFacts, keep: list[SecretBytes] | None) -> Slot:
    hint: str | None = None
    for tried in range(1, TRIES + 1):
        check_pause(house, [slot])
        try:
            with _counted(house, [slot]):
                _try(house, slot, AskPerson(house, caller, hint), keep)
        except ChangedOutside:
            raise
        except CannotUnseal as error:
            left = TRIES - tried
            if isinstance(error, WrongSecret) and error.tries_left is not None:
                left = min(left, error.tries_left)  # the device's own count is the one that matters
            if left <= 0:
                raise
            hint = REPEAT_PIN_HINT.format(left=left)
            continue
        return slot
    raise CannotUnseal


def _open_typed(house: House, slots: list[Slot], keep: list[SecretBytes] | None, why: list[str]) -> Slot:
    """By what is typed; ``why`` says of everything else why it did not open the store."""
    kinds = {slot.kind for slot in slots}
    purpose: SecretPurpose = "recoveryCode" if kinds == {"recovery"} else "unlock"
    title = "Unlock your keystore with your passphrase or recovery code" if len(kinds) > 1 else "Unlock your keystore"
    hint = " ".join(dict.fromkeys(why)) or None
    for tried in range(1, TRIES + 1):
        check_pause(house, slots)
        with house.approver.ask_secret(purpose, title, hint) as typed:
            tried_at: list[Slot] = []
            try:
                with _counted(house, tried_at):
                    return _try_each(house, slots, typed, keep, tried_at)
            except ChangedOutside:
                raise
            except CannotUnseal:
                hint = REPEAT_HINT.format(left=TRIES - tried)
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
    with _libraries(slot.kind), provider(house, slot.kind).open(slot.parameters, ask) as kek:
        root = house.store.root_of(slot, kek)
    if keep is not None:
        keep.append(root)  # wiped by whoever wanted it
        house.store.unlock_with(root)
    else:
        with root:
            house.store.unlock_with(root)
    _succeeded(house, slot)


@contextmanager
def _libraries(kind: str) -> Iterator[None]:
    """A library that is not installed is a device that is not here: the other ways in go on working."""
    try:
        yield
    except ImportError as error:
        raise DeviceAbsent(NO_LIBRARY.format(library=error.name or "a library", name=KINDS[kind].name), detail=kind) from None


@contextmanager
def _counted(house: House, slots: list[Slot]) -> Iterator[None]:
    """Count a try at these slots as failed if it does."""
    try:
        yield
    except ChangedOutside:
        raise
    except CannotUnseal:
        with house.store.transaction():
            for slot in slots:
                house.store.count_failure(slot.slot_id)
        raise


def _succeeded(house: House, slot: Slot) -> None:
    if house.store.failures(slot.slot_id)[0]:
        with house.store.transaction():
            house.store.end_failures(slot.slot_id)


def check_pause(house: House, slots: list[Slot]) -> None:
    """Raise ``Busy`` while every one of these slots takes no further try."""
    pause = min((house.store.failures(slot.slot_id)[1] for slot in slots), default=0)
    if pause:
        raise Busy("Too many tries have failed. Wait before trying again.", retry_after_seconds=pause)


def is_here(house: House, slot: Slot) -> bool:
    """Whether what a slot needs is here now."""
    try:
        with _libraries(slot.kind), house.aside():  # a token's module may have to be started for it
            return provider(house, slot.kind).is_here(slot.parameters)
    except KmsError:
        return False


# changing them


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


def devices(house: House) -> list[tuple[Kind, Device]]:
    """Every device that could hold a slot here and now, strongest kind first; what has no provider on this machine is passed over."""
    found: list[tuple[Kind, Device]] = []
    for row in sorted(KINDS.values(), key=lambda row: -row.rank):
        with suppress(BackendUnavailable, Unsupported), _libraries(row.kind):
            found.extend((row, device) for device in provider(house, row.kind).devices())
    return found


def enrolled(house: House, kind: str, device_id: str | None, choice: Choice, ask: Ask) -> Enrolled:
    """A new slot's key at a device of that kind: the one that ``device_id`` names, or the only one there is.

    Raises:
        DeviceAbsent: it is not here.
        InvalidParams: there are several, and none was named.
    """
    maker = provider(house, kind)
    with _libraries(kind):
        with house.aside():
            found = [device for device in maker.devices() if device_id in {None, device.device_id}]
        if not found:
            raise DeviceAbsent(f"There is no such device here now: {KINDS[kind].name}. Connect it and try again.", detail=kind)
        if len(found) > 1:
            names = ", ".join(device.device_id for device in found)
            raise InvalidParams(f"There is more than one. Name one of them with --device: {names}", path="device")
        return maker.enrol(found[0], choice, ask)


@contextmanager
def kept_if_done(house: House, kind: str, new: Enrolled, ask: Ask) -> Iterator[None]:
    """For the block in which a new slot is put into the store: its key is wiped after it, and what the device keeps is taken back if it fails."""
    with new.kek:
        try:
            yield
        except BaseException:
            with suppress(KmsError):
                provider(house, kind).forget(new.parameters, ask)
            raise


def check_label(house: House, label: str | None) -> None:
    """Raise ``InvalidParams`` for a name that another slot has."""
    if label in {slot.label for slot in house.store.slots()}:
        raise InvalidParams("Another slot has this name. Choose another one with: --label", path="label")


def add(house: House, root: SecretBytes, new: Enrolled, *, kind: str, label: str | None = None) -> Slot:
    """Put a new slot into the store, with its audit entry; raises ``InvalidParams`` for a label that another slot has."""
    wanted = label or new.label
    with house.store.transaction():
        check_label(house, label)
        taken = {slot.label for slot in house.store.slots()}
        free = next(name for name in (wanted, *(f"{wanted} {count}" for count in range(2, len(taken) + 3))) if name not in taken)
        slot = house.store.add_slot(root, new.kek, kind=kind, label=free, parameters=new.parameters)
        house.audit.happened(BY_PERSON, "addSlot", f"{kind}: {free}")
    return slot


def find(house: House, label: str) -> Slot:
    """The slot of that name, or the only one whose name or id begins so; raises ``InvalidParams``."""
    slots, begins = house.store.slots(), label.casefold()
    found = [slot for slot in slots if slot.label == label] or [
        slot for slot in slots if begins and (slot.label.casefold().startswith(begins) or slot.slot_id.hex().startswith(begins))
    ]
    if len(found) != 1:
        raise InvalidParams("There is no slot of that name. See them with: strongroom slots list", path="slot")
    return found[0]


def refuse_last(house: House, slot: Slot) -> None:
    """Raise ``LastSlot`` before anything is asked, if there is no other way in."""
    if [one.slot_id for one in house.store.slots()] == [slot.slot_id]:
        raise LastSlot


def with_passphrase(house: House) -> Slot:
    """The slot whose passphrase can be changed, if there is one alone; raises ``InvalidParams``."""
    found = [slot for slot in house.store.slots() if slot.kind in PASSPHRASES]
    if len(found) != 1:
        text = "Say which: there is more than one slot with a passphrase." if found else "No slot of this keystore has a passphrase."
        raise InvalidParams(f"{text} See them with: strongroom slots list", path="slot")
    return found[0]


def enrolled_again(house: House, slot: Slot, ask: Ask) -> Enrolled:
    """A new key for a slot with a passphrase, at the same device; raises as ``enrolled`` does, and ``InvalidParams`` for another slot."""
    if slot.kind not in PASSPHRASES:
        raise InvalidParams("This slot has no passphrase. See which have one with: strongroom slots list", path="slot")
    maker: Any = provider(house, slot.kind)
    again: Enrolled = maker.enrol_again(slot.parameters, ask)
    return again


def remove(house: House, slot: Slot, ask: Ask) -> None:
    """Take a slot away, with its audit entry, and then what its device keeps for it, as far as that can be had.

    Raises:
        LastSlot
    """
    with house.store.transaction():
        house.store.remove_slot(slot.slot_id)
        house.audit.happened(BY_PERSON, "removeSlot", f"{slot.kind}: {slot.label}")
    with suppress(KmsError), _libraries(slot.kind):
        provider(house, slot.kind).forget(slot.parameters, ask)


def replace(house: House, root: SecretBytes, slot: Slot, new: Enrolled) -> Slot:
    """Put a new key into a slot's place under the same name, in one transaction with its audit entry: a changed passphrase. Raises
    ``InvalidParams`` if the slot is not what it was, whose device the new key was made at."""
    with house.store.transaction():
        if slot not in house.store.slots():
            raise InvalidParams("This way in was changed meanwhile. Start again.", path="slot")
        added = house.store.add_slot(root, new.kek, kind=slot.kind, label=slot.label, parameters=new.parameters)
        house.store.remove_slot(slot.slot_id)
        house.audit.happened(BY_PERSON, "changeSlot", f"{slot.kind}: {slot.label}")
    return added


def try_out(house: House, slot: Slot, ask: Ask) -> None:
    """See that a slot opens the store, here and now; raises what opening it raises. The store's own state does not change."""
    check_pause(house, [slot])
    with (
        _libraries(slot.kind),
        _counted(house, [slot]),
        provider(house, slot.kind).open(slot.parameters, ask) as kek,
        house.store.root_of(slot, kek) as root,
    ):
        house.store.check_root(root)
    _succeeded(house, slot)
