"""From a permit to its result: the one function that acts, and what is to be known before anything is decided."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from msgspec import UNSET

from native_host.backends import LOCAL
from native_host.errors import KeyState, Locked, OriginNotAllowed, UnknownKey
from native_host.operations import access, records
from native_host.policy import Facts, KeyView
from native_host.protocol import channel as c
from native_host.protocol import messages as m
from native_host.protocol import transactions as t
from native_host.protocol import uses as u
from native_host.protocol.wire import Base64Url

if TYPE_CHECKING:
    from collections.abc import Callable

    from native_host.approval.permit import Permit
    from native_host.errors import KmsError
    from native_host.operations.house import House
    from native_host.operations.imports import Imports
    from native_host.operations.outcomes import Recalled
    from native_host.operations.pairing import Handshakes
    from native_host.protocol.wire import Message
    from native_host.session import Session
    from native_host.transport.jsonrpc import Call

OWN = m.GetStatusParams | m.UnlockParams | m.LockParams | u.RandomBytesParams
PAIRING = c.BeginPairingParams | c.FinishPairingParams
MANAGED = (
    m.GetPublicKeyParams | m.GetExtendedPublicKeyParams | m.ListKeysParams | m.UpdateKeyParams | m.RotateKeyParams | m.DestroyKeyParams
)
KEYS = (
    m.GenerateKeyParams
    | m.GetImportKeyParams
    | m.ImportKeyParams
    | m.ImportKeyFileParams
    | m.RestoreSeedParams
    | m.DeriveKeyParams
    | MANAGED
)
PUBLIC = u.VerifyParams | u.EncapsulateParams | u.AggregateSignaturesParams | u.AggregateVerifyParams
DECODED = t.SignTransactionParams | t.SignTypedDataParams | t.SignPsbtParams
"""Signatures of what the host has decoded."""
ONE_EFFECT = DECODED | u.SignParams | u.SignMessageParams | u.SignJwsParams | u.DecryptParams | u.DecapsulateParams | u.DeriveSecretParams
"""Uses of a private key whose whole work is one transaction with its audit entry."""
USES = ONE_EFFECT | u.WrapKeyParams | u.UnwrapKeyParams
ELSEWHERE = USES | u.EncryptParams | m.RotateKeyParams | m.DestroyKeyParams
"""Calls about a key that may live in a token."""
Params = OWN | PAIRING | KEYS | PUBLIC | USES | u.EncryptParams


class Operations:
    """Every operation over one house. ``idle_lock_seconds`` is only reported here."""

    def __init__(self, house: House, *, idle_lock_seconds: int) -> None:
        self._house = house
        self._idle_lock_seconds = idle_lock_seconds
        self._imports: Imports | None = None
        self._handshakes: Handshakes | None = None

    @property
    def handshakes(self) -> Handshakes:
        """The pairings and channels that are being agreed on."""
        if self._handshakes is None:
            from native_host.operations.pairing import Handshakes

            self._handshakes = Handshakes(self._house.folder)
        return self._handshakes

    def describe(self, session: Session, call: Call) -> Facts:
        """What policy and review may know of the key that a call is about; the call is refused here if it cannot succeed.

        Raises:
            UnknownKey, KeyState, UsageNotAllowed, InvalidParams, Unsupported, DecryptionFailed, Locked, CannotUnseal
        """
        store, params = self._house.store, call.params
        match params:
            case u.WrapKeyParams():
                from native_host.operations.wrapping import prepare_wrap

                record, _, target = prepare_wrap(store, session, params)
                return self._facts(call, records.key_view(record), records.key_view(target))
            case u.EncryptParams():
                from native_host.operations.encrypting import prepare_encrypt

                sender = prepare_encrypt(store, session, params)
                return Facts() if sender is None else self._facts(call, records.key_view(sender))
            case m.RotateKeyParams():
                from native_host.operations.rotating import prepare_rotate

                return self._facts(call, records.key_view(prepare_rotate(store, session, params)[0]))
            case m.UpdateKeyParams():
                return self._facts(call, records.key_view(records.find(store, session, params.key_id)))
            case m.DestroyKeyParams():
                from native_host.operations.keys import dependants

                record = records.find(store, session, params.key_id)
                return self._facts(call, records.key_view(record, dependants=len(dependants(self._house, session.wallet_id, record))))
            case m.GetExtendedPublicKeyParams():
                from native_host.operations.extended import prepare_extended

                return self._facts(call, records.key_view(prepare_extended(store, session, params)[0]))
            case m.DeriveKeyParams():
                return self._facts(call, records.key_view(records.find_usable(store, session, params.key_id, "deriveKey")))
            case m.ImportKeyParams():
                return Facts(imported=self._importing().open(self._house, session, params))
            case m.ImportKeyFileParams() | m.GenerateKeyParams() | c.FinishPairingParams():
                self._check_wishes(params)
                return Facts()
            case _:
                return self._describe_use(session, call)

    def _describe_use(self, session: Session, call: Call) -> Facts:
        store, params = self._house.store, call.params
        if isinstance(params, u.SignParams):  # often the first use after a start: it does not wait for the code of the others
            from native_host.operations import signing

            return self._limited(session, call, self._facts(call, records.key_view(signing.prepare_sign(store, session, params)[0])))
        if isinstance(params, DECODED):
            return self._effect(session, call, self._describe_decoded(session, call, params))
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
        return self._limited(session, call, self._facts(call, records.key_view(record)))

    def _describe_decoded(self, session: Session, call: Call, params: DECODED) -> Facts:
        from msgspec.structs import replace

        if isinstance(params, t.SignPsbtParams):
            from native_host.operations import psbt

            record, spending = psbt.prepare(self._house, session, params)
            return replace(self._facts(call, records.key_view(record)), spending=spending)
        from native_host.operations import transactions

        facts = self._facts(call, records.key_view(transactions.prepare(self._house, session, params)))
        return replace(facts, authorities=transactions.authorities(params))

    def _effect(self, session: Session, call: Call, facts: Facts) -> Facts:
        """The facts with what the signature lets leave the account, and what limits and grants say to that."""
        from msgspec.structs import replace

        from native_host.review.effects import effect_of

        public = facts.key.public if facts.key else None
        effect = effect_of(call.params, public=public, spending=facts.spending)  # type: ignore[arg-type]  # one of those three
        return self._limited(session, call, replace(facts, effect=effect))

    def _limited(self, session: Session, call: Call, facts: Facts) -> Facts:
        if facts.effect is None and not self._house.store.document("limits", session.wallet_id):
            return facts  # Most often: without the code of limits.
        from native_host.operations import limits

        return limits.look(self._house, session, call, facts)

    def needs_ready(self, call: Call, facts: Facts) -> bool:
        """Whether the call needs a token that the person may have to log in to first."""
        if facts.key is not None and facts.key.backend == LOCAL:
            return False
        params = call.params
        if isinstance(params, ELSEWHERE) or (isinstance(params, m.GenerateKeyParams) and params.backend is not UNSET):
            from native_host.operations import backends

            return backends.needs_ready(self._house, params)
        return False

    def make_ready(self, permit: Permit) -> None:
        """Have the person log in to the token that a call needs, after they have allowed it and before it is performed.

        Raises:
            UserRejected, Cancelled, CannotUnseal, BackendUnavailable, Locked, InvalidParams
        """
        if self.needs_ready(permit.call, permit.facts):
            from native_host.operations import backends

            backends.make_ready(self._house, permit.session, permit.call.params)

    def perform(self, permit: Permit) -> Message:
        """Do what the permit allows, once.

        Raises:
            KmsError: what the operation refuses with; nothing was done then.
        """
        permit.spend()
        session, call, facts = permit.session, permit.call, permit.facts
        self._check_session(session, call)
        if facts.recorded:
            from native_host.operations import outcomes

            return outcomes.replay(self._house, permit)
        # The uses of a key look at its record in their own transaction.
        if facts.key is not None and not isinstance(call.params, USES):
            records.check_revision(facts, records.find(self._house.store, session, facts.key.key_id))
        return self._dispatch(permit, permit.call.params)  # type: ignore[arg-type]  # hello is the session's own

    def recall(self, session: Session, call: Call) -> Recalled | None:
        """What is recorded of a call with a request key; raises what ``outcomes.recall`` raises."""
        if getattr(call.params, "request_key", UNSET) is UNSET:
            return None
        from native_host.operations import outcomes

        return outcomes.recall(self._house.store, session, call)

    def recorded(self, session: Session, call: Call) -> Facts:
        """The facts of a call whose answer is recorded; without its key, where that is there no more."""
        name = "sender_key_id" if isinstance(call.params, u.EncryptParams) else "key_id"
        try:
            key = records.key_view(records.find(self._house.store, session, str(getattr(call.params, name, ""))))
        except (UnknownKey, KeyState):
            key = None
        return Facts(key=key, recorded=True)

    def remember_refusal(self, session: Session, call: Call, error: KmsError) -> None:
        """Record that the person was asked, and the call was refused, inside a transaction that appends an audit row."""
        if getattr(call.params, "request_key", UNSET) is not UNSET:
            from native_host.operations import outcomes

            outcomes.remember_refusal(self._house.store, session, call, error)

    def abandon(self, session: Session, call: Call) -> None:
        """The call was refused after it was described: forget what it brought."""
        if isinstance(call.params, m.ImportKeyParams) and self._imports is not None:
            self._imports.abandon(session, call.params.import_key_id)
        if isinstance(call.params, c.FinishPairingParams) and self._handshakes is not None:
            self._handshakes.abandon(call.params)

    def forget(self) -> None:
        """Wipe every secret that this process holds: the store is locked, or the host ends."""
        self._house.store.forget_keys()
        self._house.grants.end()
        self._house.elsewhere.forget()
        if self._imports is not None:
            self._imports.forget()
        if self._handshakes is not None:
            self._handshakes.forget()

    def _dispatch(self, permit: Permit, params: Params) -> Message:
        match params:
            case m.GetStatusParams():
                return access.get_status(self._house, permit, idle_lock_seconds=self._idle_lock_seconds)
            case m.UnlockParams():
                return access.unlock(self._house, permit)
            case m.LockParams():
                try:
                    return access.lock(self._house, permit)
                finally:
                    # Also if it cannot be written down: other hosts are then not locked, this one is.
                    self.forget()
            case u.RandomBytesParams():
                return u.RandomBytesResult(bytes=Base64Url(self._house.random_bytes(params.length)))
            case c.BeginPairingParams():
                return self.handshakes.begin(self._house, permit.session, params)
            case c.FinishPairingParams():
                return self.handshakes.finish(self._house, permit, params)
            case u.EncryptParams():
                return self._encrypt(permit, params)
            case _ if isinstance(params, ONE_EFFECT):
                return self._once(permit, lambda: self._use(permit, params))
            case _ if isinstance(params, PUBLIC):
                return self._compute(permit, params)
            case _:
                return self._keep(permit, params)

    def _encrypt(self, permit: Permit, params: u.EncryptParams) -> Message:
        from native_host.operations import encrypting

        if params.sender_key_id is UNSET:
            return encrypting.encrypt(self._house, permit, params)
        return self._once(permit, lambda: encrypting.encrypt(self._house, permit, params))

    def _once(self, permit: Permit, act: Callable[[], Message]) -> Message:
        """One transaction: the effect, its audit entry, and its outcome where the call has a request key."""
        with self._house.audit.effect(permit):
            if getattr(permit.call.params, "request_key", UNSET) is UNSET:
                return act()
            from native_host.operations import outcomes

            return outcomes.once(self._house, permit, act)

    def _use(self, permit: Permit, params: ONE_EFFECT) -> Message:
        """A use of a private key, inside its transaction, charged to the limits that it comes under."""
        if permit.facts.effect is not None or self._house.store.document("limits", permit.session.wallet_id):
            from native_host.operations import limits

            limits.charge(self._house, permit)
        if isinstance(params, u.SignParams):
            from native_host.operations import signing

            return signing.sign(self._house, permit, params)
        if isinstance(params, DECODED):
            from native_host.operations import transactions

            return transactions.sign(self._house, permit, params)
        from native_host.operations import agreeing, encrypting, messages

        match params:
            case u.SignMessageParams():
                return messages.sign_message(self._house, permit, params)
            case u.SignJwsParams():
                return messages.sign_jws(self._house, permit, params)
            case u.DecryptParams():
                return encrypting.decrypt(self._house, permit, params)
            case u.DecapsulateParams():
                return agreeing.decapsulate(self._house, permit, params)
            case u.DeriveSecretParams():
                return agreeing.derive_secret(self._house, permit, params)
            case _:
                assert_never(params)

    def _compute(self, permit: Permit, params: PUBLIC) -> Message:
        from native_host.operations import agreeing, signing

        match params:
            case u.VerifyParams():
                return signing.verify(self._house, permit, params)
            case u.EncapsulateParams():
                return agreeing.encapsulate(self._house, permit, params)
            case u.AggregateSignaturesParams():
                return signing.aggregate(params)
            case u.AggregateVerifyParams():
                return signing.aggregate_verify(params)
            case _:
                assert_never(params)

    def _keep(self, permit: Permit, params: KEYS | u.WrapKeyParams | u.UnwrapKeyParams) -> Message:
        from native_host.operations import key_files, keys, seeds, wrapping

        match params:
            case m.GenerateKeyParams():
                return keys.generate_key(self._house, permit, params)
            case m.GetImportKeyParams():
                return self._importing().offer(self._house, permit.session)
            case m.ImportKeyParams():
                return self._importing().keep(self._house, permit, params)
            case m.ImportKeyFileParams():
                return key_files.import_key_file(self._house, permit, params)
            case m.RestoreSeedParams():
                return seeds.restore(self._house, permit, params)
            case m.DeriveKeyParams():
                return keys.derive_key(self._house, permit, params)
            case u.WrapKeyParams():
                wrapping.compare_receiver(self._house, permit, params)
                return self._once(permit, lambda: wrapping.wrap_key(self._house, permit, params))
            case u.UnwrapKeyParams():
                return self._once(permit, lambda: wrapping.unwrap_key(self._house, permit, params))
            case _:
                return self._manage(permit, params)

    def _manage(self, permit: Permit, params: MANAGED) -> Message:
        from native_host.operations import extended, keys, rotating

        match params:
            case m.GetPublicKeyParams():
                return keys.get_public_key(self._house, permit, params)
            case m.GetExtendedPublicKeyParams():
                return extended.get_extended_public_key(self._house, permit, params)
            case m.ListKeysParams():
                return keys.list_keys(self._house, permit, params)
            case m.UpdateKeyParams():
                return keys.update_key(self._house, permit, params)
            case m.RotateKeyParams():
                return rotating.rotate_key(self._house, permit, params)
            case m.DestroyKeyParams():
                return keys.destroy_key(self._house, permit, params)
            case _:
                assert_never(params)

    def _check_wishes(self, params: m.ImportKeyFileParams | m.GenerateKeyParams | c.FinishPairingParams) -> None:
        """See that what is wished for can be had, before anybody is asked; a local key is looked at when it is made."""
        if isinstance(params, c.FinishPairingParams):
            self.handshakes.read_last(params)
        elif isinstance(params, m.ImportKeyFileParams):
            from native_host.operations.key_files import check_wishes

            check_wishes(params)
        elif params.backend is not UNSET:
            from native_host.operations.backends import check_new

            check_new(self._house, params, records.suite_of(params.alg))

    def _facts(self, call: Call, key: KeyView, target: KeyView | None = None) -> Facts:
        return Facts(key=key, grant=self._house.grants.find(key.key_id, call.method), target=target)

    def _importing(self) -> Imports:
        if self._imports is None:
            from native_host.operations.imports import Imports

            self._imports = Imports()
        return self._imports

    def check_unchanged(self, session: Session, call: Call, facts: Facts) -> None:
        """See that what was described is what is there now, before the person is asked about it.

        Raises:
            OriginNotAllowed, Locked, UnknownKey, KeyState, CannotUnseal
        """
        self._check_session(session, call)
        if facts.key is not None:
            records.check_revision(facts, records.find(self._house.store, session, facts.key.key_id))

    def _check_session(self, session: Session, call: Call) -> None:
        """Nobody has detached the origin, or locked the store, since the call came. Whoever asks for a lock gets it."""
        store = self._house.store
        if isinstance(call.params, m.LockParams):
            return
        if session.caller.family is not None:
            attachment = store.attachment(session.caller.origin)
            if attachment is None or (attachment.wallet_id, attachment.development) != (session.wallet_id, session.development):
                raise OriginNotAllowed
        if session.state == "unlocked" and not store.is_unlocked:
            raise Locked
