"""The ways into the store: their providers, and adding, removing and trying them. No record is touched by any of it."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from native_host.caller.identity import PERSON_ORIGIN
from native_host.errors import BackendUnavailable, Busy, CannotUnseal, InvalidParams, KmsError, Unsupported
from native_host.kek.kinds import KINDS, Kind, provider_of, weakest
from native_host.kek.provider import Choice, DeviceAbsent
from native_host.keystore.evidence import ChangedOutside
from native_host.keystore.store import LastSlot
from native_host.language import sentence, words
from native_host.secret import SecretBytes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from native_host.kek.provider import Ask, Device, Enrolled, Provider
    from native_host.keystore.slots import Slot
    from native_host.operations.house import House
    from native_host.protocol.approver import CallerFacts, SecretPurpose

NO_LIBRARY = "{name}: {library} is not installed, which belongs to Strongroom. Install Strongroom anew."
PASSPHRASES = frozenset({"passphrase", "two_factor"})
"""Kinds whose passphrase can be changed: their providers have ``enrol_again(parameters, ask)``, at the same device."""


class AskPerson:
    """What a provider may ask, put to this house's approver for a caller."""

    def __init__(self, house: House, caller: CallerFacts, hint: str | None = None) -> None:
        self._house, self._caller, self._hint = house, caller, hint

    def secret(self, purpose: SecretPurpose, title: str, hint: str | None = None) -> SecretBytes:
        said = " ".join(words(part) for part in (self._hint, hint) if part)
        self._hint = None  # it is about what is asked first
        return self._house.approver.ask_secret(purpose, title, said or None)

    def show(self, purpose: SecretPurpose, title: str, secret: SecretBytes) -> None:
        self._house.approver.show_secret(purpose, title, secret)

    def make_ready(self, title: str, text: str) -> None:
        from native_host.review.keystore import ready_review

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


@contextmanager
def libraries(kind: str) -> Iterator[None]:
    """A library that is not installed is a device that is not here: the other ways in go on working."""
    try:
        yield
    except ImportError as error:
        raise DeviceAbsent(sentence(NO_LIBRARY, library=error.name or "a library", name=sentence(KINDS[kind].name)), detail=kind) from None


@contextmanager
def counted(house: House, slots: list[Slot]) -> Iterator[None]:
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


def succeeded(house: House, slot: Slot) -> None:
    """Forget the failed tries at a slot: it has opened."""
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
        with libraries(slot.kind), house.aside():  # a token's module may have to be started for it
            return provider(house, slot.kind).is_here(slot.parameters)
    except KmsError:
        return False


def devices(house: House) -> list[tuple[Kind, Device]]:
    """Every device that could hold a slot here and now, strongest kind first; what has no provider on this machine is passed over."""
    found: list[tuple[Kind, Device]] = []
    for row in sorted(KINDS.values(), key=lambda row: -row.rank):
        with suppress(BackendUnavailable, Unsupported), libraries(row.kind):
            found.extend((row, device) for device in provider(house, row.kind).devices())
    return found


def enrolled(house: House, kind: str, device_id: str | None, choice: Choice, ask: Ask) -> Enrolled:
    """A new slot's key at a device of that kind: the one that ``device_id`` names, or the only one there is.

    Raises:
        DeviceAbsent: it is not here.
        InvalidParams: there are several, and none was named.
    """
    maker = provider(house, kind)
    with libraries(kind):
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
        house.audit.happened(PERSON_ORIGIN, "addSlot", f"{kind}: {free}")
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
        house.audit.happened(PERSON_ORIGIN, "removeSlot", f"{slot.kind}: {slot.label}")
    with suppress(KmsError), libraries(slot.kind):
        provider(house, slot.kind).forget(slot.parameters, ask)


def replace(house: House, root: SecretBytes, slot: Slot, new: Enrolled) -> Slot:
    """Put a new key into a slot's place under the same name, in one transaction with its audit entry: a changed passphrase. Raises
    ``InvalidParams`` if the slot is not what it was, whose device the new key was made at."""
    with house.store.transaction():
        if slot not in house.store.slots():
            raise InvalidParams("This way in was changed meanwhile. Start again.", path="slot")
        added = house.store.add_slot(root, new.kek, kind=slot.kind, label=slot.label, parameters=new.parameters)
        house.store.remove_slot(slot.slot_id)
        house.audit.happened(PERSON_ORIGIN, "changeSlot", f"{slot.kind}: {slot.label}")
    return added


def try_out(house: House, slot: Slot, ask: Ask) -> None:
    """See that a slot opens the store, here and now; raises what opening it raises. The store's own state does not change."""
    check_pause(house, [slot])
    with (
        libraries(slot.kind),
        counted(house, [slot]),
        provider(house, slot.kind).open(slot.parameters, ask) as kek,
        house.store.root_of(slot, kek) as root,
    ):
        house.store.check_root(root)
    succeeded(house, slot)
