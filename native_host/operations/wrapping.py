"""Keys under keys: a wrapped key is an encrypted JWK (RFC 7517 section 7) that authenticates its algorithm and usages.

By ``A*KW`` the octets of the JWK are wrapped as they stand, as WebCrypto's ``wrapKey`` does with format ``jwk``; by RSA-OAEP,
which is too short for a key, they are the content of a JWE; for a token, which wraps multiples of 8 bytes alone, they end in spaces.
A key leaves only under a wrapping key that nobody else can know: one
that the host made, or one whose fingerprint the person has compared. Seeds and what is derived from them never leave.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import UNSET

from native_host.backends import LOCAL
from native_host.encodings.base64url import decode_base64url
from native_host.encodings.jwk import thumbprint
from native_host.errors import DecryptionFailed, InvalidParams, KeyState, UsageNotAllowed
from native_host.keystore.records import Metadata, Record
from native_host.operations import records, versions
from native_host.operations.backends import wraps_of
from native_host.operations.keep import put_key
from native_host.operations.unsealing import handle_of, secret_of
from native_host.protocol.uses import WrapKeyResult
from native_host.protocol.wire import Base64Url
from native_host.secret import SecretBytes, wipe
from native_host.suites.kinds import CannotDecrypt

if TYPE_CHECKING:
    from native_host.approval.permit import Permit
    from native_host.keystore.store import KeyStore
    from native_host.operations.house import House
    from native_host.protocol.messages import KeyInfo
    from native_host.protocol.uses import UnwrapKeyParams, WrapKeyParams
    from native_host.session import Session
    from native_host.suites.private_jwk import PrivateMembers
    from native_host.suites.table import Suite

WRAPS = ("wrap", "publicCipher")
CONTENT_TYPE = "jwk+json"
WRAP_UNIT = 8


def prepare_wrap(store: KeyStore, session: Session, params: WrapKeyParams) -> tuple[Record, Suite, Record]:
    """The wrapping key, its algorithm, and the target.

    Raises:
        UnknownKey, KeyState, UsageNotAllowed, InvalidParams
    """
    record = records.find_usable(store, session, params.key_id, "wrapKey")
    suite = records.suite_for(record, params.alg, WRAPS)
    if suite.kind == "wrap" and record.metadata.provenance != "generated":
        raise UsageNotAllowed("Whoever sent this wrapping key knows it, and would know every key that is wrapped with it.")
    target = records.find(store, session, params.target_key_id)
    versions.check_active(store, target)
    if target.metadata.backend != LOCAL:
        raise UsageNotAllowed("A key that lives outside of the host never leaves its place.")
    if target.metadata.alg in records.SEED_ALGS or target.metadata.parent is not None:
        raise UsageNotAllowed("A seed, and what is derived from it, is never wrapped.")
    if target.metadata.expires_at is not None or target.metadata.max_uses is not None:
        raise UsageNotAllowed("A key that is to end is never wrapped: taken in again, it would begin anew.")
    if record.metadata.provenance != "generated" and "wrapKey" in target.metadata.usages:
        raise UsageNotAllowed("Whoever owns that wrapping key would know every key that this one wraps, and nobody would be asked.")
    if target.record_id == record.record_id:
        raise InvalidParams("A key does not wrap itself.", path="targetKeyId")
    return record, suite, target


def compare_receiver(house: House, permit: Permit, params: WrapKeyParams) -> None:
    """Before a key is wrapped under one that somebody else may hold, the person compares whose it is, outside of any transaction.

    Raises:
        UserRejected, and what ``prepare_wrap`` raises.
    """
    record = prepare_wrap(house.store, permit.session, params)[0]
    if record.metadata.provenance != "generated":
        _compare_fingerprint(house, record)


def wrap_key(house: House, permit: Permit, params: WrapKeyParams) -> WrapKeyResult:
    """The target, encrypted, inside the transaction of the effect."""
    store, session = house.store, permit.session
    record, suite, target = prepare_wrap(store, session, params)
    records.check_revision(permit.facts, record)
    reviewed = permit.facts.target
    if reviewed is None or target.revision != reviewed.revision:
        raise KeyState("The key that is to be wrapped was changed while this waited for the person. Ask again.")
    versions.count_use(store, session, record)
    with secret_of(house, target) as secret:
        octets = _jwk_of(store, session, target, secret, padded=record.metadata.backend != LOCAL)
    with octets, handle_of(house, record) as kek:
        return WrapKeyResult(wrapped_key=Base64Url(_wrap(house, suite, record, kek, octets)))


def _jwk_of(store: KeyStore, session: Session, target: Record, secret: SecretBytes, *, padded: bool) -> SecretBytes:
    from native_host.suites.private_jwk import encode_private_jwk

    usages = records.usages_of(store, session, target)
    jwk = encode_private_jwk(records.suite_of(target.metadata.alg), secret.buffer, usages)
    if not padded or not len(jwk) % WRAP_UNIT:
        return SecretBytes(jwk)
    octets = bytearray(b" " * (len(jwk) + WRAP_UNIT - len(jwk) % WRAP_UNIT))
    octets[: len(jwk)] = jwk
    wipe(jwk)
    return SecretBytes(octets)


def _wrap(house: House, suite: Suite, record: Record, kek: SecretBytes, octets: SecretBytes) -> bytes:
    if suite.kind == "wrap":
        return wraps_of(house, record, suite).wrap(kek.buffer, octets.buffer)
    from native_host.suites import jwe_content

    jwk = suite.pairs().public_jwk(record.metadata.public or b"")
    return jwe_content.encrypt_jwe(octets.buffer, jwk, alg=suite.alg, enc="A256GCM", cty=CONTENT_TYPE)


def _compare_fingerprint(house: House, record: Record) -> None:
    """Somebody else holds this wrapping key's private part: the person compares whose it is. Raises ``UserRejected``."""
    public = records.suite_of(record.metadata.alg).pairs().public_jwk(record.metadata.public or b"")
    code = " ".join(thumbprint(public).hex()[place : place + 4] for place in range(0, 64, 4))
    house.approver.compare_code("Is this the fingerprint of the key that is to receive yours? Compare it with its owner.", code)


def prepare_unwrap(store: KeyStore, session: Session, params: UnwrapKeyParams) -> tuple[Record, Suite, Suite]:
    """The wrapping key, its algorithm, and the target's; raises what finding a key raises, ``InvalidParams``, ``Unsupported``."""
    record = records.find_usable(store, session, params.key_id, "unwrapKey")
    suite = records.suite_for(record, params.alg, WRAPS)
    target = records.suite_of(params.target_alg)
    if target.kind in {"seed", "jwe"} or not target.imported:
        raise InvalidParams("Such a key is never wrapped.", path="targetAlg")
    records.narrower(params.usages, target, path="usages")
    versions.one_version(store, record, params.version)
    return record, suite, target


def unwrap_key(house: House, permit: Permit, params: UnwrapKeyParams) -> KeyInfo:
    """Take in a wrapped key, inside the transaction of the effect.

    Raises:
        DecryptionFailed: whatever is wrong with it.
        Duplicate: the wallet holds that key.
    """
    store, session = house.store, permit.session
    record, suite, target = prepare_unwrap(store, session, params)
    records.check_revision(permit.facts, record)
    versions.count_use(store, session, record)
    with _unwrapped(house, record, suite, params) as octets:
        secret, usages = _read(octets, target, params)
    with secret:
        metadata = Metadata(
            alg=target.alg,
            usages=usages,
            provenance="unwrapped",
            state="active",
            created_at=house.clock(),
            label=None if params.label is UNSET else params.label or None,
            public=target.pairs().public_key(secret.buffer) if target.has_public else None,
        )
        key_id = put_key(house, session.wallet_id, metadata, secret)
    # It can be read once the audit entry vouches for it, which the end of this transaction writes.
    made = Record(
        record_id=decode_base64url(key_id),
        owner=store.owner_of(session.wallet_id),
        revision=1,
        position=0,
        metadata=metadata,
        generation=store.keys.generation,
    )
    return records.key_info(store, session, made)


def _unwrapped(house: House, record: Record, suite: Suite, params: UnwrapKeyParams) -> SecretBytes:
    for found in versions.versions_of(house.store, record, params.version):
        with handle_of(house, found) as kek:
            try:
                return SecretBytes(_unwrap(house, suite, found, kek, bytes(params.wrapped_key)))
            except CannotDecrypt:
                continue
    raise DecryptionFailed


def _unwrap(house: House, suite: Suite, record: Record, kek: SecretBytes, wrapped: bytes) -> bytearray:
    if suite.kind == "wrap":
        return wraps_of(house, record, suite).unwrap(kek.buffer, wrapped)
    from native_host.suites import jwe_content

    if jwe_content.read_header(wrapped).cty != CONTENT_TYPE:
        raise CannotDecrypt("it does not decrypt")
    return jwe_content.decrypt_jwe(wrapped, kek.buffer, alg=suite.alg)


def _read(octets: SecretBytes, target: Suite, params: UnwrapKeyParams) -> tuple[SecretBytes, tuple[str, ...]]:
    from native_host.suites.private_jwk import read_members, secret_of_members

    try:
        members = read_members(octets.buffer)
        usages = _usages(members, target, params)
        return SecretBytes(secret_of_members(members, target)), usages
    except ValueError:
        raise DecryptionFailed from None


def _usages(members: PrivateMembers, target: Suite, params: UnwrapKeyParams) -> tuple[str, ...]:
    """The usages that were wrapped, or the fewer that are asked for.

    Raises:
        ValueError: the JWK does not say, or says what no such key may do.
        UsageNotAllowed: more are asked for than were wrapped.
    """
    wrapped = members.key_ops
    if members.alg != target.alg or not isinstance(wrapped, list) or not any(set(wrapped) <= set(one) for one in target.usage_sets()):
        raise ValueError("the wrapped key does not say what it may be used for")
    if params.usages is UNSET:
        return tuple(wrapped)
    if not set(params.usages) <= set(wrapped):
        raise UsageNotAllowed("The key was wrapped with fewer usages.")
    return tuple(usage for usage in wrapped if usage in params.usages)
