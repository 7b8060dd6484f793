"""Solana's transactions: the message that was decoded and reviewed, signed as it stands, and put back into its transaction."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from native_host.encodings.base58 import encode_base58
from native_host.encodings.base64url import decode_base64url
from native_host.encodings.solana_transaction import UNSIGNED, NotATransaction, TooLong, UnknownVersion, decode_transaction
from native_host.errors import InvalidParams, TooLarge, Unsupported
from native_host.operations import records, versions
from native_host.operations.backends import signatures_of
from native_host.operations.unsealing import handle_of
from native_host.protocol.transactions import SignTransactionParams, SignTransactionResult
from native_host.protocol.wire import Base64Url
from native_host.suites import solana

if TYPE_CHECKING:
    from native_host.approval.permit import Permit
    from native_host.encodings.solana_transaction import Transaction
    from native_host.keystore.records import Record
    from native_host.operations.house import House
    from native_host.session import Session

_REFERENCE = re.compile(r"[1-9A-HJ-NP-Za-km-z]{32}", re.ASCII)


def prepare(house: House, session: Session, params: SignTransactionParams) -> Record:
    """The key of a call, checked against the transaction.

    Raises:
        UnknownKey, KeyState, UsageNotAllowed, InvalidParams, Unsupported, TooLarge
    """
    return _prepared(house, session, params)[0]


def sign(house: House, permit: Permit, params: SignTransactionParams) -> SignTransactionResult:
    """The transaction that was reviewed, with the key's signature in its place; its id, once whoever pays the fee has signed."""
    record, transaction = _prepared(house, permit.session, params)
    records.check_revision(permit.facts, record)
    versions.count_use(house.store, permit.session, record)
    public = record.metadata.public or b""
    suite = records.suite_for(record, None, ("signature",))
    with handle_of(house, record) as handle:
        code = signatures_of(house, record, suite)
        signed = solana.sign(transaction, public, lambda message: code.sign(handle.buffer, data=message, public=public))
    first = signed.signatures[0]
    return SignTransactionResult(
        signed_transaction=Base64Url(signed.encoded()), transaction_id="" if first == UNSIGNED else encode_base58(first)
    )


def _prepared(house: House, session: Session, params: SignTransactionParams) -> tuple[Record, Transaction]:
    record = records.find_usable(house.store, session, params.key_id, "transaction")
    if not solana.is_account(record.metadata.alg, record.metadata.path):
        raise InvalidParams("This key is not one of a Solana account.", path="keyId")
    if not _REFERENCE.fullmatch(params.chain.partition(":")[2]):
        raise InvalidParams("A Solana network is named by the first 32 characters of its genesis hash, as CAIP-2 has it.", path="chain")
    transaction = _decoded(params)
    try:
        solana.check(transaction, record.metadata.public or b"")
    except solana.NotASigner:
        raise InvalidParams("The transaction does not ask for this key's signature.", path="keyId") from None
    except solana.WrongSignature:
        raise InvalidParams("A signature of another in the transaction is not one of this transaction.", path="transaction") from None
    return record, transaction


def _decoded(params: SignTransactionParams) -> Transaction:
    if not isinstance(params.transaction, str):
        raise InvalidParams("A Solana transaction is its serialized bytes.", path="transaction")
    try:
        raw = decode_base64url(params.transaction)
    except ValueError:
        raise InvalidParams("A Solana transaction is its serialized bytes, in base64url.", path="transaction") from None
    try:
        return decode_transaction(raw)
    except TooLong as long:
        raise TooLarge(str(long)) from None
    except UnknownVersion as unknown:
        raise Unsupported(str(unknown), detail="transaction version") from None
    except NotATransaction as wrong:
        raise InvalidParams(str(wrong), path="transaction") from None
