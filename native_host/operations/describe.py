"""What is known of a call before anything is decided about it; a call that cannot succeed is refused here, and nobody is asked about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import UNSET

from native_host.backends import LOCAL
from native_host.errors import KeyState, Locked, OriginNotAllowed, UnknownKey
from native_host.operations import records
from native_host.policy import Facts
from native_host.protocol import messages as m
from native_host.protocol import transactions as t
from native_host.protocol import uses as u

if TYPE_CHECKING:
    from native_host.operations.house import House
    from native_host.policy import KeyView
    from native_host.session import Session
    from native_host.transport.jsonrpc import Call

DECODED = t.SignTransactionParams | t.SignTypedDataParams | t.SignPsbtParams
"""Signatures of what the host has decoded."""
ONE_EFFECT = DECODED | u.SignParams | u.SignMessageParams | u.SignJwsParams | u.DecryptParams | u.DecapsulateParams | u.DeriveSecretParams
"""Uses of a private key whose whole work is one transaction with its audit entry."""
USES = ONE_EFFECT | u.WrapKeyParams | u.UnwrapKeyParams
ELSEWHERE = USES | u.EncryptParams | m.RotateKeyParams | m.DestroyKeyParams
"""Calls about a key that may live in a token."""


def facts_of(house: House, session: Session, call: Call) -> Facts:
    """What policy and review may know of the key that a call is about.

    Raises:
        UnknownKey, KeyState, UsageNotAllowed, InvalidParams, Unsupported, DecryptionFailed, Locked, CannotUnseal
    """
    store, params = house.store, call.params
    match params:
        case u.WrapKeyParams():
            from native_host.operations.wrapping import prepare_wrap

            record, _, target = prepare_wrap(store, session, params)
            return _facts(house, call, records.key_view(record), records.key_view(target))
        case u.EncryptParams():
            from native_host.operations.encrypting import prepare_encrypt

            sender = prepare_encrypt(store, session, params)
            return Facts() if sender is None else _facts(house, call, records.key_view(sender))
        case m.RotateKeyParams():
            from native_host.operations.rotating import prepare_rotate

            return _facts(house, call, records.key_view(prepare_rotate(store, session, params)[0]))
        case m.UpdateKeyParams():
            return _facts(house, call, records.key_view(records.find(store, session, params.key_id)))
        case m.DestroyKeyParams():
            from native_host.operations.keys import dependants

            record = records.find(store, session, params.key_id)
            return _facts(house, call, records.key_view(record, dependants=len(dependants(house, session.wallet_id, record))))
        case m.GetExtendedPublicKeyParams():
            from native_host.operations.extended import prepare_extended

            return _facts(house, call, records.key_view(prepare_extended(store, session, params)[0]))
        case m.DeriveKeyParams():
            return _facts(house, call, records.key_view(records.find_usable(store, session, params.key_id, "deriveKey")))
        case m.ImportKeyFileParams() | m.GenerateKeyParams():
            _check_wishes(house, params)
            return Facts()
        case _:
            return _use(house, session, call)


def _check_wishes(house: House, params: m.ImportKeyFileParams | m.GenerateKeyParams) -> None:
    """See that what is wished for can be had, before anybody is asked; a local key is looked at when it is made."""
    if isinstance(params, m.ImportKeyFileParams):
        from native_host.operations.key_files import check_wishes

        check_wishes(params)
    elif params.backend is not UNSET:
        from native_host.operations.backends import check_new

        check_new(house, params, records.suite_of(params.alg))


def _use(house: House, session: Session, call: Call) -> Facts:
    store, params = house.store, call.params
    if isinstance(params, u.SignParams):  # often the first use after a start: it does not wait for the code of the others
        from native_host.operations import signing

        return _limited(house, session, call, _facts(house, call, records.key_view(signing.prepare_sign(store, session, params)[0])))
    if isinstance(params, DECODED):
        return _effect(house, session, call, _decoded(house, session, call, params))
    if not isinstance(params, USES):
        return Facts()
    from native_host.operations import agreeing, encrypting, messages, wrapping

    match params:
        case u.SignMessageParams():
            record = messages.prepare_message(store, session, params)
        case u.SignJwsParams():
            record = messages.prepare_jws(store, session, params)[0]
        case u.DecryptParams():
            record = encrypting.prepare_decrypt(store, session, params)[0]
        case u.DecapsulateParams():
            record = agreeing.prepare_decapsulate(store, session, params)[0]
        case u.DeriveSecretParams():
            record = agreeing.prepare_derive(store, session, params)[0]
        case u.UnwrapKeyParams():
            record = wrapping.prepare_unwrap(store, session, params)[0]
        case _:
            return Facts()
    return _limited(house, session, call, _facts(house, call, records.key_view(record)))


def _decoded(house: House, session: Session, call: Call, params: DECODED) -> Facts:
    from msgspec.structs import replace

    if isinstance(params, t.SignPsbtParams):
        from native_host.operations import psbt

        record, spending = psbt.prepare(house, session, params)
        return replace(_facts(house, call, records.key_view(record)), spending=spending)
    from native_host.operations import transactions

    facts = _facts(house, call, records.key_view(transactions.prepare(house, session, params)))
    return replace(facts, authorities=transactions.authorities(params))


def _effect(house: House, session: Session, call: Call, facts: Facts) -> Facts:
    """The facts with what the signature lets leave the account, and what limits and grants say to that."""
    from msgspec.structs import replace

    from native_host.review.effects import effect_of

    public = facts.key.public if facts.key else None
    effect = effect_of(call.params, public=public, spending=facts.spending)  # type: ignore[arg-type]  # one of those three
    return _limited(house, session, call, replace(facts, effect=effect))


def _limited(house: House, session: Session, call: Call, facts: Facts) -> Facts:
    if facts.effect is None and not house.store.document("limits", session.wallet_id):
        return facts  # Most often: without the code of limits.
    from native_host.operations import limits

    return limits.look(house, session, call, facts)


def _facts(house: House, call: Call, key: KeyView, target: KeyView | None = None) -> Facts:
    return Facts(key=key, grant=house.grants.find(key.key_id, call.method), target=target)


def facts_of_recorded(house: House, session: Session, call: Call) -> Facts:
    """The facts of a call whose answer is recorded; without its key, where that is there no more."""
    name = "sender_key_id" if isinstance(call.params, u.EncryptParams) else "key_id"
    try:
        key = records.key_view(records.find(house.store, session, str(getattr(call.params, name, ""))))
    except (UnknownKey, KeyState):
        key = None
    return Facts(key=key, recorded=True)


def needs_ready(house: House, call: Call, facts: Facts) -> bool:
    """Whether the call needs a token that the person may have to log in to first."""
    if facts.key is not None and facts.key.backend == LOCAL:
        return False
    params = call.params
    if isinstance(params, ELSEWHERE) or (isinstance(params, m.GenerateKeyParams) and params.backend is not UNSET):
        from native_host.operations import backends

        return backends.needs_ready(house, params)
    return False


def check_unchanged(house: House, session: Session, call: Call, facts: Facts) -> None:
    """See that what was described is what is there now, before the person is asked about it.

    Raises:
        OriginNotAllowed, Locked, UnknownKey, KeyState, CannotUnseal
    """
    check_session(house, session, call)
    if facts.key is not None:
        records.check_revision(facts, records.find(house.store, session, facts.key.key_id))


def check_session(house: House, session: Session, call: Call) -> None:
    """See that nobody has detached the origin, or locked the store, since the call came. Whoever asks for a lock gets it."""
    store = house.store
    if isinstance(call.params, m.LockParams):
        return
    if session.caller.family is not None:
        attachment = store.attachment(session.caller.origin)
        if attachment is None or (attachment.wallet_id, attachment.development) != (session.wallet_id, session.development):
            raise OriginNotAllowed
    if session.state == "unlocked" and not store.is_unlocked:
        raise Locked
