"""Shared secrets: key agreement and key encapsulation. What comes out is the caller's to derive keys from; it is no key of the host."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import UNSET

from native_host.errors import DecryptionFailed, InvalidParams, Locked, Uninitialized
from native_host.operations import records, versions
from native_host.operations.backends import agreements_of
from native_host.operations.unsealing import handle_of, secret_of
from native_host.protocol.uses import EncapsulateResult, SecretResult
from native_host.protocol.wire import Base64Url
from native_host.secret import SecretBytes

if TYPE_CHECKING:
    from native_host.approval.permit import Permit
    from native_host.keystore.records import Record
    from native_host.keystore.store import KeyStore
    from native_host.operations.house import House
    from native_host.protocol.uses import DecapsulateParams, DeriveSecretParams, EncapsulateParams
    from native_host.session import Session
    from native_host.suites.table import Suite


def encapsulate(house: House, permit: Permit, params: EncapsulateParams) -> EncapsulateResult:
    """A fresh secret for a key, and its encapsulation."""
    suite = records.suite_of(params.alg)
    if suite.kind != "kem":
        raise InvalidParams("This algorithm does not encapsulate.", path="alg")
    if (params.public_key_jwk is UNSET) == (params.key_id is UNSET):
        raise InvalidParams("Exactly one of publicKeyJwk and keyId is needed.", path="publicKeyJwk")
    if params.public_key_jwk is not UNSET:
        public, version = records.parse_public(params.public_key_jwk, suite), None
    else:
        if permit.session.state != "unlocked":
            raise Uninitialized if permit.session.state == "uninitialized" else Locked
        record = records.find_usable(house.store, permit.session, str(params.key_id), "deriveSecret")
        public, version = records.public_as(record, suite), record.metadata.version
    ciphertext, shared = suite.kems().encapsulate(public)
    with SecretBytes(shared) as secret:
        return EncapsulateResult(
            ciphertext=Base64Url(ciphertext), secret=Base64Url(secret.buffer), version=UNSET if version is None else version
        )


def prepare_decapsulate(store: KeyStore, session: Session, params: DecapsulateParams) -> tuple[Record, Suite]:
    """The key and the algorithm of a call of ``decapsulate``; raises what finding a key raises, ``InvalidParams``."""
    record = records.find_usable(store, session, params.key_id, "deriveSecret")
    suite = records.suite_for(record, params.alg, ("kem",))
    versions.one_version(store, record, params.version)
    return record, suite


def decapsulate(house: House, permit: Permit, params: DecapsulateParams) -> SecretResult:
    """The secret of an encapsulation; of one that was not made for this key, another secret.

    Raises:
        DecryptionFailed: it has not the length of an encapsulation.
    """
    record, suite = prepare_decapsulate(house.store, permit.session, params)
    records.check_revision(permit.facts, record)
    versions.count_use(house.store, permit.session, record)
    with secret_of(house, versions.one_version(house.store, record, params.version)) as secret:
        try:
            shared = suite.kems().decapsulate(secret.buffer, bytes(params.ciphertext))
        except ValueError:
            raise DecryptionFailed from None
    with SecretBytes(shared) as result:
        return SecretResult(secret=Base64Url(result.buffer))


def prepare_derive(store: KeyStore, session: Session, params: DeriveSecretParams) -> tuple[Record, Suite, bytes]:
    """The key, its algorithm, and the other's public key, which is known to be good for it.

    Raises:
        UnknownKey, KeyState, UsageNotAllowed, InvalidParams
    """
    record = records.find_usable(store, session, params.key_id, "deriveSecret")
    suite = records.suite_for(record, None, ("agreement",))
    versions.one_version(store, record, params.version)
    return record, suite, records.parse_public(params.public_key_jwk, suite)


def derive_secret(house: House, permit: Permit, params: DeriveSecretParams) -> SecretResult:
    """The shared secret of a key agreement."""
    record, suite, public = prepare_derive(house.store, permit.session, params)
    records.check_revision(permit.facts, record)
    versions.count_use(house.store, permit.session, record)
    version = versions.one_version(house.store, record, params.version)
    with handle_of(house, version) as handle:
        try:
            shared = agreements_of(house, version, suite).shared_secret(handle.buffer, public)
        except ValueError:
            raise InvalidParams("That is not a public key of this algorithm.", path="publicKeyJwk") from None
    with SecretBytes(shared) as result:
        return SecretResult(secret=Base64Url(result.buffer))
