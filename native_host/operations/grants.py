"""Grants of payments, kept in the keystore: found for a call, charged where it is signed, put down with the payment they were given with.

They are a wallet's (document ``grants``). Beside what a grant itself says, it is suspended for as long as the extension's installed files are not
those of the time it was given, and for good in effect if they never are again; the person sees that in ``strongroom grants list``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import MsgspecError
from msgspec.json import Decoder, Encoder

from native_host.caller.identity import PERSON_ORIGIN
from native_host.errors import CannotUnseal, PolicyDenied
from native_host.operations import ledger
from native_host.policy import PAYMENT_RULE
from native_host.policy.grants import HOURS, WINDOW_SECONDS, PaymentGrant, offered
from native_host.policy.limits import account_of, page_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from native_host.approval.permit import Permit
    from native_host.keystore.store import KeyStore
    from native_host.operations.house import House
    from native_host.operations.installed import Installed
    from native_host.policy import KeyView
    from native_host.review.effect import Effect
    from native_host.session import Session
    from native_host.transport.jsonrpc import Call

MOST_GRANTS = 64
HOUR_MS = 3_600_000
USED_UP = "What was allowed to be paid without asking has ended, or is used up by now. Ask again, and the person is asked."
_encode = Encoder().encode
_decode = Decoder(tuple[PaymentGrant, ...]).decode


def read(store: KeyStore, wallet_id: bytes) -> tuple[PaymentGrant, ...]:
    """Every grant of a wallet that was not removed, those that are over too; raises ``Locked``, ``CannotUnseal``."""
    content = store.document("grants", wallet_id)
    if not content:
        return ()
    try:
        return _decode(content)
    except (MsgspecError, UnicodeDecodeError, RecursionError, ValueError):
        raise CannotUnseal from None


def write(store: KeyStore, wallet_id: bytes, kept: tuple[PaymentGrant, ...]) -> None:
    """Keep these grants and no others, inside a transaction that appends an audit row."""
    store.write_document(_encode(kept), "grants", wallet_id)
    store.settle()


def find(house: House, session: Session, call: Call, key: KeyView, effect: Effect) -> PaymentGrant | None:
    """A grant that allows a payment, with enough left of it."""
    if session.pairing is None:
        return None
    held = [one for one in read(house.store, session.wallet_id) if one.covers(session, call, key, effect)]
    if not held:
        return None
    book = ledger.read(house.store, session.wallet_id)
    now = book.now(house.clock())
    return next((one for one in held if one.has_left(effect, book, now) and not is_suspended(one, house.installed)), None)


def due(house: House, permit: Permit, key: KeyView, effect: Effect) -> dict[str, tuple[int, int]]:
    """What a payment takes of the grant that allows it: by meter, the amount and the window in milliseconds.

    Raises:
        PolicyDenied: it does not allow it by now: another host was faster, or the person has taken it back.
    """
    if permit.approved_by != "grant":
        return {}
    wallet_id, book = permit.session.wallet_id, ledger.read(house.store, permit.session.wallet_id)
    now = book.now(house.clock())
    for one in read(house.store, wallet_id):
        if f"{PAYMENT_RULE}{one.grant_id}" != permit.rule or is_suspended(one, house.installed):
            continue
        if one.covers(permit.session, permit.call, key, effect) and one.has_left(effect, book, now):
            return {one.meter(asset): (amount, one.window * 1000) for asset, amount in effect.totals().items()}
    raise PolicyDenied(USED_UP)


def take(house: House, permit: Permit, key: KeyView, effect: Effect) -> None:
    """Put down the grant that the person gave with a payment, inside the transaction that signs it; those that are over make room."""
    session = permit.session
    if permit.taken is None or session.pairing is None:
        return
    now = ledger.read(house.store, session.wallet_id).now(house.clock())
    given = PaymentGrant(
        grant_id=house.random_bytes(6).hex(),
        origin=session.caller.origin,
        pairing=session.pairing.hex(),
        key_id=key.key_id,
        account=account_of(key),
        method=permit.call.method,
        amounts=offered(effect, permit.taken),
        window=WINDOW_SECONDS,
        given_at=now,
        expires_at=now + HOURS * HOUR_MS,
        page=page_of(permit.call),
        extension=digest_of(house.installed),
    )
    held = [one for one in read(house.store, session.wallet_id) if one.expires_at > now]
    write(house.store, session.wallet_id, (*held[-(MOST_GRANTS - 1) :], given))


def remove(house: House, wallet_id: bytes, grant: PaymentGrant) -> None:
    """Take a grant back; hosts that run know it at their next call."""
    with house.store.transaction():
        write(house.store, wallet_id, tuple(one for one in read(house.store, wallet_id) if one != grant))
        ledger.forget(house.store, wallet_id, {grant.meter(asset) for asset in grant.amounts})
        house.audit.happened(PERSON_ORIGIN, "removeGrant", grant.grant_id)


def installed_now(house: House, origin: str, environ: Mapping[str, str]) -> Installed:
    """What is installed of an extension, as a host that it starts would find it; the store must be open, the browsers' folders in reach."""
    from native_host.caller.identity import Caller, Claim
    from native_host.caller.installed_copies import find_copies
    from native_host.caller.origin import family_of
    from native_host.install.profiles import profile_folders
    from native_host.keystore import seen
    from native_host.operations.installed import Installed
    from native_host.operations.seen_extension import decoded

    family = family_of(origin)
    copies = () if family is None else find_copies(Claim(origin=origin, family=family), profile_folders(family, environ))
    installed = Installed(Caller(origin=origin, family=family), copies, clock=house.clock)
    installed.learn(decoded(seen.known(house.store, origin)))
    return installed


def is_suspended(grant: PaymentGrant, installed: Installed | None) -> bool:
    """Whether the extension is not, file by file, what it was when it got the grant, or anything else speaks against the caller."""
    return grant.extension != digest_of(installed) or (installed is not None and installed.steps_up)


def digest_of(installed: Installed | None) -> str:
    """What the installed copies of an extension are known by."""
    return "" if installed is None else installed.digest.hex()
