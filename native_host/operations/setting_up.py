"""Setting the store up: with the best protection that stays with this machine, and a way back in if that is ever lost."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING

from native_host.errors import Busy, KmsError, Uninitialized, UserRejected
from native_host.kek.kinds import KINDS
from native_host.kek.provider import Choice
from native_host.language import sentence
from native_host.operations import slots
from native_host.protocol.approver import GrantOffer
from native_host.value import Value

if TYPE_CHECKING:
    from native_host.approval.permit import Permit
    from native_host.kek.provider import Device, Enrolled
    from native_host.operations.house import House

PASSPHRASE, BOTH, RECOVERY = "passphrase", "two_factor", "recovery"
STAYS = ("tpm", "keychain", "dpapi", "secret_service")
"""Devices that are a part of this machine or account, best first. A token or a security key is added by whoever has one."""


class Wish(Value, frozen=True, kw_only=True):
    """What the person asked for. ``kind`` and ``device_id``: the first slot, instead of the best one; ``recovery``: whether a recovery
    code is offered."""

    kind: str | None = None
    device_id: str | None = None
    choice: Choice = Choice()
    recovery: bool = True


def set_up(house: House, permit: Permit, wish: Wish) -> None:
    """Make the store with its first slot and, if the person wants one, a recovery code. It is then open.

    Raises:
        Uninitialized: the person said no.
        Busy: another window has set it up meanwhile.
    """
    store, caller = house.store, permit.session.caller_facts()
    attachments = store.attachments()
    ask = slots.AskPerson(house, caller)
    with ExitStack() as opened:
        try:
            kind, device_id = _agree(house, permit, wish)
            new = slots.enrolled(house, kind, device_id, wish.choice, ask)
            opened.enter_context(slots.kept_if_done(house, kind, new, ask))
            spare = _recovery(house, permit) if wish.recovery and house.program is None and kind != RECOVERY else None
            if spare is not None:
                opened.enter_context(spare.kek)
        except UserRejected:
            raise Uninitialized from None
        try:
            with house.audit.effect(permit):
                if store.is_set_up:
                    raise Busy("Another window has set the keystore up meanwhile. Unlock it.")
                _make(house, kind, new, spare)
                for attachment in attachments:
                    store.confirm(attachment)
        except BaseException:
            # Keys that stand in no file would seal what nobody could ever open.
            store.forget_keys()
            raise


def best(house: House) -> tuple[str, Device | None]:
    """The kind of the first slot and its device: a passphrase together with what stays with this machine, if there is such a thing.

    A store that a program answers for is set up by scripts, on machines that come and go: a passphrase alone.
    """
    if house.program is not None:
        return PASSPHRASE, None
    with suppress(KmsError, ImportError):
        with house.aside():
            found = slots.provider(house, BOTH).devices()
        for kind in STAYS:
            for device in found:
                if device.device_id.startswith(f"{kind}:") and device.suggested:
                    return BOTH, device
    return PASSPHRASE, None


def _agree(house: House, permit: Permit, wish: Wish) -> tuple[str, str | None]:
    """Which slot it is to be: the person sees what it protects from, and may take a passphrase alone instead."""
    from native_host.review.keystore import set_up_review

    kind, device = (wish.kind, None) if wish.kind else best(house)
    device_id = device.device_id if device else wish.device_id
    row = KINDS.get(kind)
    name = sentence("Your passphrase together with: {device}", device=sentence(_name(device))) if device else row.name if row else kind
    offers = [GrantOffer(id=PASSPHRASE, text="Use a passphrase alone")] if device else []
    review = set_up_review(tuple(one.origin for one in house.store.attachments()), house.folder, name, row.stops if row else "")
    verdict = house.approver.review("unlock", review, permit.session.caller_facts(), None, offers)
    return (PASSPHRASE, None) if offers and verdict.grant == PASSPHRASE else (kind, device_id)


def _name(device: Device) -> str:
    """What a device of a slot with two factors is called: its id begins with its kind."""
    row = KINDS.get(device.device_id.partition(":")[0])
    return device.label if row is None else row.name


def _recovery(house: House, permit: Permit) -> Enrolled | None:
    """A recovery code, shown once; ``None`` if the person wants none."""
    from native_host.review.keystore import recovery_review

    caller = permit.session.caller_facts()
    try:
        house.approver.review("unlock", recovery_review(), caller, None, ())
    except UserRejected:
        return None
    return slots.enrolled(house, RECOVERY, None, Choice(), slots.AskPerson(house, caller))


def _make(house: House, kind: str, new: Enrolled, spare: Enrolled | None) -> None:
    store = house.store
    store.create(new.kek, kind=kind, label=new.label, parameters=new.parameters, unattended=house.program is not None)
    if spare is not None:
        (first,) = store.slots()
        with store.root_of(first, new.kek) as root:
            store.add_slot(root, spare.kek, kind=RECOVERY, label=spare.label, parameters=spare.parameters)
