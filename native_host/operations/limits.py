"""Limits, kept in the keystore: looked at before a call is decided about, and charged where it is signed.

They are a wallet's (document ``limits``, what its owner set). What was spent under them is in the ledger. The document is JSON: MessagePack has no
numbers above 64 bits. What cannot be read refuses every signature.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import MsgspecError
from msgspec.json import Decoder, Encoder
from msgspec.structs import replace

from native_host.caller.identity import PERSON_ORIGIN
from native_host.errors import CannotUnseal, InvalidParams, PolicyDenied
from native_host.operations import ledger
from native_host.policy.limits import Limit, Limits, Threshold, exceeded, to_type
from native_host.policy.limits import charges as charges_of

if TYPE_CHECKING:
    from native_host.approval.permit import Permit
    from native_host.keystore.store import KeyStore
    from native_host.operations.house import House
    from native_host.policy import Facts, KeyView
    from native_host.policy.limits import Over
    from native_host.review.effect import Effect
    from native_host.session import Session
    from native_host.transport.jsonrpc import Call

MOST_LIMITS = 64
_encode = Encoder().encode
_decode = Decoder(Limits).decode
NONE = Limits()


def read(store: KeyStore, wallet_id: bytes) -> Limits:
    """What a wallet's owner has set; raises ``Locked``, ``CannotUnseal``."""
    content = store.document("limits", wallet_id)
    if not content:
        return NONE
    try:
        return _decode(content)
    except (MsgspecError, UnicodeDecodeError, RecursionError, ValueError):
        raise CannotUnseal from None


def write(store: KeyStore, wallet_id: bytes, limits: Limits) -> None:
    """Put what the owner set in force, inside a transaction that appends an audit row; what was spent under limits that are gone is
    forgotten."""
    gone = {one.meter for one in read(store, wallet_id).limits} - {one.meter for one in limits.limits}
    store.write_document(_encode(limits), "limits", wallet_id)
    ledger.forget(store, wallet_id, gone)
    store.settle()


def set_limit(house: House, wallet_id: bytes, wanted: Limit) -> Limit:
    """Put a limit in force, in place of one of the same to another amount, which keeps its count. Raises ``InvalidParams``."""
    kept = read(house.store, wallet_id)
    before = next((one for one in kept.limits if one.is_like(wanted)), None)
    limit = replace(wanted, limit_id=_new_id(house, kept) if before is None else before.limit_id)
    others = tuple(one for one in kept.limits if one is not before)
    if len(others) >= MOST_LIMITS:
        raise InvalidParams(f"There can be {MOST_LIMITS} limits, and no more. Remove one first: strongroom limits remove", path="limits")
    _set(house, wallet_id, replace(kept, limits=(*others, limit)), "setLimit", f"{limit.limit_id}: {limit.words()}")
    return limit


def set_threshold(house: House, wallet_id: bytes, wanted: Threshold) -> Threshold:
    """Have amounts of an asset typed from now on, in place of what was set for it. Raises ``InvalidParams``."""
    kept = read(house.store, wallet_id)
    before = next((one for one in kept.thresholds if one.asset == wanted.asset), None)
    threshold = replace(wanted, threshold_id=_new_id(house, kept) if before is None else before.threshold_id)
    others = tuple(one for one in kept.thresholds if one is not before)
    if len(others) >= MOST_LIMITS:
        raise InvalidParams(f"There can be {MOST_LIMITS} of them, and no more. Remove one first: strongroom limits remove", path="limits")
    _set(house, wallet_id, replace(kept, thresholds=(*others, threshold)), "setLimit", f"{threshold.threshold_id}: {threshold.words()}")
    return threshold


def remove(house: House, wallet_id: bytes, one: Limit | Threshold) -> None:
    """Put a limit, or what is to be typed, out of force."""
    kept = read(house.store, wallet_id)
    limits = tuple(other for other in kept.limits if other != one)
    thresholds = tuple(other for other in kept.thresholds if other != one)
    told = f"{one.limit_id if isinstance(one, Limit) else one.threshold_id}: {one.words()}"
    _set(house, wallet_id, Limits(limits=limits, thresholds=thresholds), "removeLimit", told)


def _set(house: House, wallet_id: bytes, all_of_them: Limits, what: str, told: str) -> None:
    with house.store.transaction():
        write(house.store, wallet_id, all_of_them)
        house.audit.happened(PERSON_ORIGIN, what, told)


def _new_id(house: House, kept: Limits) -> str:
    taken = {one.limit_id for one in kept.limits} | {one.threshold_id for one in kept.thresholds}
    return next(found for found in iter(lambda: house.random_bytes(4).hex(), None) if found not in taken)


def look(house: House, session: Session, call: Call, facts: Facts) -> Facts:
    """The facts of a call with what limits, amounts to be typed and grants of payments say to it."""
    store, key, effect = house.store, facts.key, facts.effect
    set_ = read(store, session.wallet_id)
    if key is None or (effect is None and not set_.limits):
        return facts
    over = _over(house, session, call, key, effect, set_)
    if effect is None:
        return facts if over is None else replace(facts, over=over)
    from native_host.operations import grants

    return replace(
        facts,
        over=over,
        typed=to_type(set_.thresholds, effect),
        payment=grants.find(house, session, call, key, effect),
        spent=ledger.spent(store, session.wallet_id, key, house.clock()),
    )


def charge(house: House, permit: Permit) -> None:
    """Charge a use of a key to the limits it comes under, to the grant that allows it and to what its key has spent, inside the transaction
    that signs.

    Raises:
        PolicyDenied: a limit, or what is left of the grant, does not allow it, by now.
        CannotUnseal: it cannot be known what was spent.
    """
    store, session, facts = house.store, permit.session, permit.facts
    key, effect, set_ = facts.key, facts.effect, read(house.store, permit.session.wallet_id)
    if key is None or (effect is None and not set_.limits):
        return
    over = _over(house, session, permit.call, key, effect, set_)
    if over is not None:
        raise PolicyDenied(over.text)
    due = {limit.meter: (amount or 0, limit.window * 1000) for limit, amount in charges_of(set_.limits, key, permit.call, effect)}
    if effect is not None:
        from native_host.operations import grants

        due |= grants.due(house, permit, key, effect)
        grants.take(house, permit, key, effect)
        ledger.note(store, session.wallet_id, key, effect, house.clock())
    if due:
        ledger.charge(store, session.wallet_id, due, house.clock())


def _over(house: House, session: Session, call: Call, key: KeyView, effect: Effect | None, set_: Limits) -> Over | None:
    if not set_.limits:
        return None
    book = ledger.read(house.store, session.wallet_id)
    return exceeded(set_.limits, key, call, effect, book, book.now(house.clock()))
