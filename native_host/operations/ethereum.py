"""Ethereum's transactions and typed data: read from the members that were reviewed, signed, and looked at once more before they leave."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from msgspec import UNSET

from native_host.backends import LOCAL
from native_host.encodings.eip55 import encode_address
from native_host.encodings.keccak import keccak256
from native_host.errors import InvalidParams, TooLarge, Unsupported
from native_host.operations import records, versions
from native_host.operations.backends import signatures_of
from native_host.operations.unsealing import handle_of
from native_host.protocol.ethereum import UnknownType, WrongMember, address_of, chain_id_of, read_transaction, read_typed_data
from native_host.protocol.transactions import (
    EthereumTransaction,
    SignTransactionParams,
    SignTransactionResult,
    SignTypedDataParams,
    SignTypedDataResult,
)
from native_host.protocol.wire import Base64Url
from native_host.suites import ethereum

if TYPE_CHECKING:
    from collections.abc import Iterator

    from native_host.approval.permit import Permit
    from native_host.encodings.ethereum_transaction import Transaction
    from native_host.keystore.records import Record
    from native_host.operations.house import House
    from native_host.session import Session

_V_OFFSET = 27
_PATH_CHARACTERS = 200


def prepare(house: House, session: Session, params: SignTransactionParams) -> Record:
    """The key of a call, checked against the transaction.

    Raises:
        UnknownKey, KeyState, UsageNotAllowed, InvalidParams, Unsupported
    """
    return _prepared(house, session, params)[0]


def sign(house: House, permit: Permit, params: SignTransactionParams) -> SignTransactionResult:
    """The transaction that was reviewed, signed, and its hash."""
    from native_host.encodings.ethereum_transaction import decode_signed, signed_transaction, signing_hash
    from native_host.suites.fault import SigningFault

    record, transaction = _prepared(house, permit.session, params)
    records.check_revision(permit.facts, record)
    versions.count_use(house.store, permit.session, record)
    with signer_of(house, record) as signer:
        signature = ethereum.signature_of(signing_hash(transaction), signer, record.metadata.public or b"")
    raw = signed_transaction(transaction, *signature)
    if decode_signed(raw) != (transaction, *signature):
        raise SigningFault  # what would leave is not what was shown
    return SignTransactionResult(signed_transaction=Base64Url(raw), transaction_id="0x" + keccak256(raw).hex())


def authorities(params: SignTransactionParams) -> tuple[str | None, ...]:
    """The accounts that the authorizations of a call that was prepared hand over, in their order; ``None`` for one that nobody signed."""
    from native_host.encodings.ethereum_transaction import authorization_hash

    if not isinstance(params.transaction, EthereumTransaction) or params.transaction.authorization_list is UNSET:
        return ()
    given = read_transaction(params.transaction, chain_id_of(params.chain)).authorizations
    return tuple(ethereum.authority_of(authorization_hash(one), one.r, one.s, one.y_parity) for one in given)


def prepare_typed_data(house: House, session: Session, params: SignTypedDataParams) -> Record:
    """The key of a call, the typed data found sound.

    Raises:
        UnknownKey, KeyState, UsageNotAllowed, InvalidParams, TooLarge
    """
    return _prepared_typed_data(house, session, params)[0]


def sign_typed_data(house: House, permit: Permit, params: SignTypedDataParams) -> SignTypedDataResult:
    """The signature of the typed data that was reviewed, by the digest of what was read: r ‖ s ‖ v."""
    record, digest = _prepared_typed_data(house, permit.session, params)
    records.check_revision(permit.facts, record)
    versions.count_use(house.store, permit.session, record)
    with signer_of(house, record) as signer:
        r, s, y_parity = ethereum.signature_of(digest, signer, record.metadata.public or b"")
    signature = r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes((_V_OFFSET + y_parity,))
    return SignTypedDataResult(signature=Base64Url(signature), address=encode_address(_address(record)))


def account_of(house: House, session: Session, key_id: str, usage: str) -> Record:
    """The key of an Ethereum account; raises ``InvalidParams`` for another chain's key, and what ``find_usable`` raises."""
    record = records.find_usable(house.store, session, key_id, usage)
    if not ethereum.is_account(record.metadata.alg, record.metadata.path):
        raise InvalidParams("This key is not one of an Ethereum account.", path="keyId")
    return record


@contextmanager
def signer_of(house: House, record: Record) -> Iterator[ethereum.Signer]:
    """What signs digests with a key, here or in its token, as long as the block runs."""
    metadata = record.metadata
    with handle_of(house, record) as handle:
        if metadata.backend == LOCAL:
            yield ethereum.local_signer(handle.buffer, metadata.public or b"")
        else:
            suite = records.suite_for(record, "ES256K-R", ("signature",))
            code = signatures_of(house, record, suite)
            yield lambda digest: code.sign(handle.buffer, digest=digest, public=metadata.public)


def _prepared(house: House, session: Session, params: SignTransactionParams) -> tuple[Record, Transaction]:
    record = account_of(house, session, params.key_id, "transaction")
    try:
        chain_id = chain_id_of(params.chain)
    except ValueError:
        raise InvalidParams("That is no chain of Ethereum's kind: eip155 and its number, which is not 0.", path="chain") from None
    given = params.transaction
    if not isinstance(given, EthereumTransaction):
        raise InvalidParams("An Ethereum transaction is an object, as JSON-RPC has it.", path="transaction")
    try:
        transaction = read_transaction(given, chain_id)
        sender = None if given.from_ is UNSET else address_of(given.from_, "from")
    except UnknownType as unknown:
        raise Unsupported(unknown.text, detail=unknown.path) from None
    except WrongMember as wrong:
        raise InvalidParams(wrong.text, path=f"transaction.{wrong.path}") from None
    if sender not in (None, _address(record)):
        raise InvalidParams("The transaction is from another account than this key's.", path="transaction.from")
    return record, transaction


def _prepared_typed_data(house: House, session: Session, params: SignTypedDataParams) -> tuple[Record, bytes]:
    from native_host.encodings.eip712 import NotTypedData, TooManyFields

    record = account_of(house, session, params.key_id, "typedData")
    try:
        return record, read_typed_data(params.typed_data).digest
    except TooManyFields as wrong:
        raise TooLarge(wrong.text) from None
    except NotTypedData as wrong:
        raise InvalidParams(wrong.text, path=_named(f"typedData.{wrong.path}")) from None


def _named(path: str) -> str:
    """A path as far as its names are ones that the host would write: types and members are named by whoever asks."""
    names = path.split(".")
    sane = next(
        (index for index, name in enumerate(names) if not (name.isascii() and (name.isidentifier() or name.isdecimal()))), len(names)
    )
    return ".".join(names[:sane])[:_PATH_CHARACTERS]


def _address(record: Record) -> bytes:
    from native_host.suites.hd.accounts import ethereum_address

    return bytes.fromhex(ethereum_address(record.metadata.public or b"")[2:])
