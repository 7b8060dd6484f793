"""Signing what has a form: a message in a chain's own format, a JSON Web Signature."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import UNSET

from native_host.backends import LOCAL, TOKEN_FORMATS
from native_host.errors import InvalidParams, TooLarge, Unsupported
from native_host.operations import records, versions
from native_host.operations.backends import signatures_of, tokens_of
from native_host.operations.unsealing import handle_of, secret_of
from native_host.protocol.uses import SignJwsResult, SignMessageResult
from native_host.protocol.wire import Base64Url

if TYPE_CHECKING:
    from native_host.approval.permit import Permit
    from native_host.keystore.records import Record
    from native_host.keystore.store import KeyStore
    from native_host.operations.house import House
    from native_host.protocol.uses import SignJwsParams, SignMessageParams
    from native_host.session import Session

MESSAGE_BYTES = 64 * 1024


def prepare_message(store: KeyStore, session: Session, params: SignMessageParams) -> Record:
    """The key of a call of ``signMessage``, checked against the format and the message.

    Raises:
        UnknownKey, KeyState, UsageNotAllowed, InvalidParams, Unsupported
    """
    from native_host.suites import signed_message

    if len(params.message) > MESSAGE_BYTES:
        raise TooLarge("The message is longer than a person could read before signing it.")
    record = records.find_usable(store, session, params.key_id, "message")
    if params.format not in signed_message.FORMATS:
        raise Unsupported(detail=params.format)
    metadata = record.metadata
    if metadata.backend != LOCAL and params.format not in TOKEN_FORMATS:
        raise Unsupported("Keys in tokens do not sign messages of that format.", detail=params.format)
    try:
        signed_message.check(
            params.format, metadata.alg, metadata.path, metadata.public or b"", bytes(params.message), address=_claimed(params)
        )
    except signed_message.WrongKey:
        raise InvalidParams("This key cannot sign messages of that format.", path="format") from None
    except signed_message.NotThisFormat:
        raise InvalidParams("These bytes are no message of that format, and are not signed as one.", path="message") from None
    except signed_message.AnotherSigner:
        raise InvalidParams("The address that is to sign is not this key's.", path="address") from None
    except signed_message.NotAMessage:
        raise InvalidParams("These bytes are a transaction, not a message, and are not signed as one.", path="message") from None
    return record


def _claimed(params: SignMessageParams) -> str | None:
    return None if params.address is UNSET else params.address


def sign_message(house: House, permit: Permit, params: SignMessageParams) -> SignMessageResult:
    """A signature of the message that was reviewed, in the format's own encoding."""
    from native_host.suites import signed_message

    record = prepare_message(house.store, permit.session, params)
    records.check_revision(permit.facts, record)
    versions.count_use(house.store, permit.session, record)
    metadata = record.metadata
    if metadata.backend == LOCAL:
        with secret_of(house, record) as secret:
            signature, address = signed_message.sign(
                params.format,
                metadata.alg,
                metadata.path,
                metadata.public or b"",
                secret.buffer,
                bytes(params.message),
                address=_claimed(params),
            )
    else:
        signature, address = _sign_in_token(house, record, params)
    cose_key = signed_message.companion(params.format, metadata.public or b"")
    return SignMessageResult(signature=Base64Url(signature), address=address, cose_key=UNSET if cose_key is None else Base64Url(cose_key))


def _sign_in_token(house: House, record: Record, params: SignMessageParams) -> tuple[bytes, str]:
    from native_host.backends import token_messages
    from native_host.suites import signed_message

    public, message = record.metadata.public or b"", bytes(params.message)
    address = signed_message.check(params.format, record.metadata.alg, None, public, message, address=_claimed(params))
    with handle_of(house, record) as reference:
        signature = token_messages.sign_message(tokens_of(house), params.format, public, reference.buffer, message, signer=address)
    return signature, address


def prepare_jws(store: KeyStore, session: Session, params: SignJwsParams) -> tuple[Record, str, bytes]:
    """The key of a call of ``signJws``, the protected header as it will stand, and the bytes to sign.

    Raises:
        UnknownKey, KeyState, UsageNotAllowed, InvalidParams, Unsupported
    """
    from native_host.suites import jws

    record = records.find_usable(store, session, params.key_id, "jws")
    suite = records.suite_of(record.metadata.alg)
    if suite.jws_alg is None:
        raise Unsupported("This algorithm has no name in JOSE.", detail=suite.alg)
    own = None if record.metadata.public is None else suite.pairs().public_jwk(record.metadata.public)
    try:
        protected, signing_input = jws.signing_input(
            suite.jws_alg, bytes(params.payload), {} if params.header is UNSET else params.header, own_jwk=own
        )
    except ValueError:
        raise InvalidParams(
            "That header cannot be signed: alg, key references and critical extensions are the host's.", path="header"
        ) from None
    return record, protected, signing_input


def sign_jws(house: House, permit: Permit, params: SignJwsParams) -> SignJwsResult:
    """A compact JWS of the payload and the header that were reviewed; its ``alg`` is the key's."""
    from native_host.suites import jws

    record, _, signing_input = prepare_jws(house.store, permit.session, params)
    records.check_revision(permit.facts, record)
    versions.count_use(house.store, permit.session, record)
    suite = records.suite_of(record.metadata.alg)
    with handle_of(house, record) as handle:
        if suite.kind == "mac":
            signature = suite.macs().mac(handle.buffer, signing_input)
        else:
            signature = signatures_of(house, record, suite).sign(handle.buffer, data=signing_input, public=record.metadata.public)
    return SignJwsResult(jws=jws.compact(signing_input, signature))
