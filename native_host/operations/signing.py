"""Using a private key: one secret is unsealed, used and wiped. Verifying."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from msgspec import UNSET

from native_host.errors import InvalidParams, Locked, TooLarge, Uninitialized, Unsupported
from native_host.operations import records
from native_host.protocol.messages import SignMessageResult, SignResult, VerifyResult
from native_host.protocol.wire import Base64Url
from native_host.secret import SecretBytes
from native_host.suites.table import SUITES, Suite

if TYPE_CHECKING:
    from collections.abc import Iterator

    from native_host.approval.permit import Permit
    from native_host.keystore.records import Record
    from native_host.keystore.store import KeyStore
    from native_host.operations.house import House
    from native_host.protocol.messages import PublicKeyJwk, SignMessageParams, SignParams, VerifyParams
    from native_host.session import Session

MESSAGE_BYTES = 64 * 1024


def prepare_sign(store: KeyStore, session: Session, params: SignParams) -> tuple[Record, Suite]:
    """The key and the algorithm of a call of ``sign``, everything about it checked that needs no secret.

    Raises:
        UnknownKey, KeyState, UsageNotAllowed, InvalidParams, Unsupported
    """
    _refuse_request_key(params.request_key)
    record = records.find_usable(store, session, params.key_id, "sign")
    alg = record.metadata.alg if params.alg is UNSET else params.alg
    suite = records.suite_of(alg)
    if not SUITES[record.metadata.alg].allows(alg):
        raise InvalidParams("The key has another algorithm.", path="alg")
    _check_input(suite, data=params.data, digest=params.digest, encoding=params.encoding)
    return record, suite


def sign(house: House, permit: Permit, params: SignParams) -> SignResult:
    """A signature of the bytes, or the digest, that were reviewed."""
    record, suite = prepare_sign(house.store, permit.session, params)
    records.check_revision(permit.facts, record)
    with _secret(house, record) as secret:
        signature = suite.signatures().sign(
            secret.buffer,
            data=None if params.data is UNSET else bytes(params.data),
            digest=None if params.digest is UNSET else bytes(params.digest),
            encoding="jose" if params.encoding is UNSET else params.encoding,
            public=record.metadata.public if suite.alg == record.metadata.alg else None,
        )
    return SignResult(signature=Base64Url(signature), alg=suite.alg)


def prepare_message(store: KeyStore, session: Session, params: SignMessageParams) -> Record:
    """The key of a call of ``signMessage``, checked against the format and the message.

    Raises:
        UnknownKey, KeyState, UsageNotAllowed, InvalidParams, Unsupported
    """
    from native_host.suites import signed_message

    _refuse_request_key(params.request_key)
    if len(params.message) > MESSAGE_BYTES:
        raise TooLarge("The message is longer than a person could read before signing it.")
    record = records.find_usable(store, session, params.key_id, "message")
    if params.format not in signed_message.FORMATS:
        raise Unsupported(detail=params.format)
    try:
        signed_message.check(params.format, record.metadata.alg, record.metadata.path, record.metadata.public or b"", bytes(params.message))
    except signed_message.WrongKey:
        raise InvalidParams("This key cannot sign messages of that format.", path="format") from None
    except signed_message.NotAMessage:
        raise InvalidParams("These bytes are a transaction, not a message, and are not signed as one.", path="message") from None
    return record


def sign_message(house: House, permit: Permit, params: SignMessageParams) -> SignMessageResult:
    """A signature of the message that was reviewed, in the format's own encoding."""
    from native_host.suites import signed_message

    record = prepare_message(house.store, permit.session, params)
    records.check_revision(permit.facts, record)
    metadata = record.metadata
    with _secret(house, record) as secret:
        signature, address = signed_message.sign(
            params.format, metadata.alg, metadata.path, metadata.public or b"", secret.buffer, bytes(params.message)
        )
    return SignMessageResult(signature=Base64Url(signature), address=address)


def verify(house: House, permit: Permit, params: VerifyParams) -> VerifyResult:
    """Whether a signature is valid; what is no signature at all is not."""
    suite = records.suite_of(params.alg)
    if not suite.signs:
        raise InvalidParams("That is no signature algorithm.", path="alg")
    _check_input(suite, data=params.data, digest=params.digest, encoding=params.encoding)
    public = _public(house, permit, params, suite)
    valid = suite.signatures().verify(
        public,
        data=None if params.data is UNSET else bytes(params.data),
        digest=None if params.digest is UNSET else bytes(params.digest),
        signature=bytes(params.signature),
        encoding="jose" if params.encoding is UNSET else params.encoding,
    )
    return VerifyResult(valid=valid)


@contextmanager
def _secret(house: House, record: Record) -> Iterator[SecretBytes]:
    """The key's secret, derived anew where it comes from a seed, wiped at the end."""
    metadata = record.metadata
    if metadata.parent is None:
        with house.store.unseal_secret(record) as secret:
            yield secret
        return
    from native_host.operations.seeds import seed_of
    from native_host.suites.hd import derivation

    seed = house.store.read(metadata.parent)
    if seed is None or metadata.scheme is None or metadata.path is None:
        raise Locked
    with house.store.unseal_secret(seed) as unsealed:
        derived = derivation.derive(metadata.alg, metadata.scheme, seed_of(seed, unsealed), metadata.path)
    with SecretBytes(derived) as secret:
        yield secret


def _check_input(suite: Suite, *, data: object, digest: object, encoding: object) -> None:
    if (data is UNSET) == (digest is UNSET):
        raise InvalidParams("Exactly one of data and digest is needed.", path="data")
    if isinstance(digest, bytes) and len(digest) != suite.digest_bytes:
        raise InvalidParams("This algorithm takes no digest, or one of another length.", path="digest")
    if encoding is not UNSET and encoding not in suite.encodings:
        raise InvalidParams("This algorithm's signatures have no such encoding.", path="encoding")


def _public(house: House, permit: Permit, params: VerifyParams, suite: Suite) -> bytes:
    if (params.public_key_jwk is UNSET) == (params.key_id is UNSET):
        raise InvalidParams("Exactly one of publicKeyJwk and keyId is needed.", path="publicKeyJwk")
    if params.public_key_jwk is not UNSET:
        return _parse_public(params.public_key_jwk, suite)
    if permit.session.state != "unlocked":
        raise Uninitialized if permit.session.state == "uninitialized" else Locked
    record = records.find(house.store, permit.session, str(params.key_id))
    return records.public_as(record, suite)


def _parse_public(jwk: PublicKeyJwk, suite: Suite) -> bytes:
    from native_host.encodings.jwk import Jwk

    try:
        if jwk.crv is UNSET or jwk.x is UNSET:
            raise ValueError("a coordinate is missing")
        return suite.pairs().parse_public(Jwk(kty=jwk.kty, crv=jwk.crv, x=bytes(jwk.x), y=None if jwk.y is UNSET else bytes(jwk.y)))
    except ValueError:
        raise InvalidParams("That is not a public key of this algorithm.", path="publicKeyJwk") from None


def _refuse_request_key(request_key: object) -> None:
    """Answering the recorded outcome needs a record of outcomes, which this host does not keep yet."""
    if request_key is not UNSET:
        raise Unsupported("This host does not remember requests by a key yet.", detail="requestKey")
