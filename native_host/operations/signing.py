"""Signatures and message authentication codes: made with one secret, which is unsealed, used and wiped; and checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import UNSET

from native_host.errors import InvalidParams, Locked, Uninitialized, Unsupported
from native_host.operations import records, versions
from native_host.operations.backends import signatures_of
from native_host.operations.unsealing import handle_of, secret_of
from native_host.protocol.uses import AggregateSignaturesResult, SignResult, VerifyResult
from native_host.protocol.wire import Base64Url

if TYPE_CHECKING:
    from native_host.approval.permit import Permit
    from native_host.keystore.records import Record
    from native_host.keystore.store import KeyStore
    from native_host.operations.house import House
    from native_host.protocol.uses import AggregateSignaturesParams, AggregateVerifyParams, SignParams, VerifyParams
    from native_host.session import Session
    from native_host.suites.table import Suite

SIGNERS = ("signature", "mac")


def prepare_sign(store: KeyStore, session: Session, params: SignParams) -> tuple[Record, Suite]:
    """The key and the algorithm of a call of ``sign``, everything about it checked that needs no secret.

    Raises:
        UnknownKey, KeyState, UsageNotAllowed, InvalidParams, Unsupported
    """
    record = records.find_usable(store, session, params.key_id, "sign")
    suite = records.suite_for(record, params.alg, SIGNERS)
    _check_input(suite, data=params.data, digest=params.digest, encoding=params.encoding)
    return record, suite


def sign(house: House, permit: Permit, params: SignParams) -> SignResult:
    """A signature of the bytes, or the digest, that were reviewed; or a code that authenticates them."""
    record, suite = prepare_sign(house.store, permit.session, params)
    records.check_revision(permit.facts, record)
    versions.count_use(house.store, permit.session, record)
    with handle_of(house, record) as handle:
        if suite.kind == "mac":
            signature = suite.macs().mac(handle.buffer, _data(params.data))
        else:
            signature = signatures_of(house, record, suite).sign(
                handle.buffer,
                data=_optional(params.data),
                digest=_optional(params.digest),
                encoding="jose" if params.encoding is UNSET else params.encoding,
                public=record.metadata.public if suite.alg == record.metadata.alg else None,
            )
    return SignResult(signature=Base64Url(signature), alg=suite.alg)


def verify(house: House, permit: Permit, params: VerifyParams) -> VerifyResult:
    """Whether a signature is valid; what is no signature at all is not. A MAC is verified with its key, which must be the host's."""
    suite = records.suite_of(params.alg)
    if suite.kind not in SIGNERS:
        raise InvalidParams("That is no signature algorithm.", path="alg")
    _check_input(suite, data=params.data, digest=params.digest, encoding=params.encoding)
    if (params.public_key_jwk is UNSET) == (params.key_id is UNSET):
        raise InvalidParams("Exactly one of publicKeyJwk and keyId is needed.", path="publicKeyJwk")
    if suite.kind == "mac":
        return VerifyResult(valid=_verify_mac(house, permit, params, suite))
    if params.public_key_jwk is not UNSET:
        publics = [records.parse_public(params.public_key_jwk, suite)]
    else:
        record = _opened(house, permit, str(params.key_id))
        publics = [records.public_as(found, suite) for found in versions.versions_of(house.store, record, params.version)]
    return VerifyResult(valid=any(_is_valid(suite, public, params) for public in publics))


def aggregate(params: AggregateSignaturesParams) -> AggregateSignaturesResult:
    """One signature out of many (draft-irtf-cfrg-bls-signature section 2.8).

    Raises:
        InvalidParams: one of them is no signature.
        Unsupported: an algorithm without aggregation.
    """
    code = _aggregating(params.alg)
    try:
        return AggregateSignaturesResult(signature=Base64Url(code.aggregate([bytes(one) for one in params.signatures])))
    except ValueError:
        raise InvalidParams("One of these is not a signature of this algorithm.", path="signatures") from None


def aggregate_verify(params: AggregateVerifyParams) -> VerifyResult:
    """Whether an aggregate is valid for all of its keys (sections 2.9 and 3.3.4)."""
    suite, code = records.suite_of(params.alg), _aggregating(params.alg)
    publics = [records.parse_public(jwk, suite, path="publicKeyJwks") for jwk in params.public_key_jwks]
    messages, signature = [bytes(data) for data in params.data], bytes(params.signature)
    if len(messages) == 1:
        return VerifyResult(valid=code.fast_aggregate_verify(publics, messages[0], signature))
    if len(messages) != len(publics):
        raise InvalidParams("There must be as many data as keys, or one that all have signed.", path="data")
    return VerifyResult(valid=code.aggregate_verify(publics, messages, signature))


def _aggregating(alg: str) -> Any:
    suite = records.suite_of(alg)
    if not suite.aggregates:
        raise Unsupported("This algorithm's signatures cannot be made one.", detail=alg)
    return suite.code()


def _verify_mac(house: House, permit: Permit, params: VerifyParams, suite: Suite) -> bool:
    if params.key_id is UNSET:
        raise InvalidParams("A code is verified with the key that made it, by its keyId.", path="keyId")
    _opened(house, permit, str(params.key_id))
    record = records.find_usable(house.store, permit.session, str(params.key_id), "verify")
    records.suite_for(record, params.alg, ("mac",))
    for found in versions.versions_of(house.store, record, params.version):
        with secret_of(house, found) as secret:
            if suite.macs().verify_mac(secret.buffer, _data(params.data), bytes(params.signature)):
                return True
    return False


def _is_valid(suite: Suite, public: bytes, params: VerifyParams) -> bool:
    return suite.signatures().verify(
        public,
        data=_optional(params.data),
        digest=_optional(params.digest),
        signature=bytes(params.signature),
        encoding="jose" if params.encoding is UNSET else params.encoding,
    )


def _opened(house: House, permit: Permit, key_id: str) -> Record:
    if permit.session.state != "unlocked":
        raise Uninitialized if permit.session.state == "uninitialized" else Locked
    return records.find(house.store, permit.session, key_id)


def _data(value: object) -> bytes:
    return bytes(value) if isinstance(value, bytes) else b""


def _optional(value: object) -> bytes | None:
    return bytes(value) if isinstance(value, bytes) else None


def _check_input(suite: Suite, *, data: object, digest: object, encoding: object) -> None:
    if (data is UNSET) == (digest is UNSET):
        raise InvalidParams("Exactly one of data and digest is needed.", path="data")
    if isinstance(digest, bytes) and len(digest) != suite.digest_bytes:
        raise InvalidParams("This algorithm takes no digest, or one of another length.", path="digest")
    if encoding is not UNSET and encoding not in suite.encodings:
        raise InvalidParams("This algorithm's signatures have no such encoding.", path="encoding")
