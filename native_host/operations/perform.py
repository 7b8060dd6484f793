"""From a permit to its result: the one function that acts."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from msgspec import UNSET

from native_host.operations import access, describe, records
from native_host.operations.describe import DECODED, ONE_EFFECT, USES
from native_host.policy import Facts
from native_host.protocol import channel as c
from native_host.protocol import messages as m
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
        """As ``describe.facts_of``, and what of a key or pairing that waits here to be taken in; raises as it does."""
        match call.params:
            case m.ImportKeyParams() as params:
                return Facts(imported=self._importing().open(self._house, session, params))
            case c.FinishPairingParams() as params:
                self.handshakes.read_last(params)
                return Facts()
            case _:
                return describe.facts_of(self._house, session, call)

    def make_ready(self, permit: Permit) -> None:
        """Have the person log in to the token that a call needs, after they have allowed it and before it is performed.

        Raises:
            UserRejected, Cancelled, CannotUnseal, BackendUnavailable, Locked, InvalidParams
        """
        if describe.needs_ready(self._house, permit.call, permit.facts):
            from native_host.operations import backends

            backends.make_ready(self._house, permit.session, permit.call.params)

    def perform(self, permit: Permit) -> Message:
        """Do what the permit allows, once.

        Raises:
            KmsError: what the operation refuses with; nothing was done then.
        """
        permit.spend()
        session, call, facts = permit.session, permit.call, permit.facts
        describe.check_session(self._house, session, call)
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

    def _importing(self) -> Imports:
        if self._imports is None:
            from native_host.operations.imports import Imports

            self._imports = Imports()
        return self._imports
