"""From Ethereum's transactions and typed data as JSON writes them to what they are: every member read, or refused by its name.

Nothing is guessed: a number has one spelling, a member that the type does not have is refused, and so is what no node could include.
Bounds: nonce below 2^64 - 1 (EIP-2681), chain id as EIP-2294 bounds it and never 0, gas below 2^64, and everything that could be paid
together below 2^256.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import UNSET, UnsetType

from native_host.encodings.eip55 import decode_address
from native_host.encodings.ethereum_transaction import (
    ACCESS_LIST,
    BLOB,
    DYNAMIC_FEE,
    LEGACY,
    SET_CODE,
    AccessEntry,
    CodeAuthorization,
    Transaction,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from native_host.encodings.eip712 import Read
    from native_host.protocol.transactions import AccessListEntry, Authorization, EthereumTransaction, TypedData, TypedDataDomain

NAMESPACE = "eip155"
MAX_CHAIN_ID = (1 << 63) - 37  # EIP-2294
MAX_DATA_BYTES = 120 * 1024
"""Nodes pass on no transaction over 128 KiB, but for blobs."""
_MAX_NONCE = (1 << 64) - 2
_UINT64, _UINT256 = (1 << 64) - 1, (1 << 256) - 1
_MAX_Y_PARITY = 255  # EIP-7702: what is not 0 or 1 is a signature of nobody, and no error
_HEX = frozenset("0123456789abcdef")
_BLOB_VERSION = 1
_FEES = {
    LEGACY: {"gasPrice"},
    ACCESS_LIST: {"gasPrice", "accessList"},
    DYNAMIC_FEE: {"maxFeePerGas", "maxPriorityFeePerGas", "accessList"},
    BLOB: {"maxFeePerGas", "maxPriorityFeePerGas", "accessList", "maxFeePerBlobGas", "blobVersionedHashes"},
    SET_CODE: {"maxFeePerGas", "maxPriorityFeePerGas", "accessList", "authorizationList"},
}
"""The members that not every type has."""
_MAY_BE_LEFT_OUT = {"accessList"}


class WrongMember(ValueError):
    """``path`` is the member that is wrong, dotted, within the transaction."""

    def __init__(self, path: str, text: str) -> None:
        super().__init__(text)
        self.path, self.text = path, text


class UnknownType(WrongMember):
    """The transaction is of a type that came after this host."""


def chain_id_of(chain: str) -> int:
    """The number of a chain that is named ``eip155:…``.

    Raises:
        ValueError: it is none, or 0, which would be every chain.
    """
    namespace, _, reference = chain.partition(":")
    if (
        namespace != NAMESPACE
        or not (reference.isascii() and reference.isdecimal())
        or reference[0] == "0"
        or int(reference) > MAX_CHAIN_ID
    ):
        raise ValueError("not a chain of Ethereum's kind")
    return int(reference)


def read_transaction(given: EthereumTransaction, chain_id: int) -> Transaction:
    """The transaction that would be signed; ``from`` is not looked at.

    Raises:
        WrongMember: it is none, or one that no node would include.
    """
    kind = _type(given)
    if given.chain_id is not UNSET and _number(given.chain_id, "chainId", _UINT256) != chain_id:
        raise WrongMember("chainId", "The transaction is for another chain than the one that the call names.")
    has_price = kind in (LEGACY, ACCESS_LIST)
    transaction = Transaction(
        type=kind,
        chain_id=chain_id,
        nonce=_number(given.nonce, "nonce", _MAX_NONCE),
        to=None if given.to is UNSET else address_of(given.to, "to"),
        gas=_number(given.gas, "gas", _UINT64),
        gas_price=_number(given.gas_price, "gasPrice") if has_price else _number(given.max_fee_per_gas, "maxFeePerGas"),
        priority_fee=0 if has_price else _number(given.max_priority_fee_per_gas, "maxPriorityFeePerGas"),
        blob_price=_number(given.max_fee_per_blob_gas, "maxFeePerBlobGas") if kind == BLOB else 0,
        value=0 if given.value is UNSET else _number(given.value, "value"),
        data=_data(given),
        access_list=tuple(_access_list(given.access_list)),
        blob_hashes=tuple(_blob_hashes(given.blob_versioned_hashes)),
        authorizations=tuple(_authorizations(given.authorization_list)),
    )
    _check_whole(transaction)
    return transaction


def address_of(text: str, path: str) -> bytes:
    """The 20 bytes of an address in one case, or in the mixed case that is its checksum (EIP-55); raises ``WrongMember``."""
    digits = text[2:]
    if digits not in (digits.lower(), digits.upper()):
        try:
            return decode_address(text)
        except ValueError:
            raise WrongMember(path, "That is not an Ethereum address, or its checksum is wrong.") from None
    return hex_bytes(text, path, 20)


def hex_bytes(text: str, path: str, size: int | None = None) -> bytes:
    """The bytes of ``0x`` and hexadecimal digits; raises ``WrongMember``."""
    digits = text[2:].lower()
    if not text.startswith("0x") or len(digits) % 2 or not _HEX.issuperset(digits) or size not in (None, len(digits) // 2):
        raise WrongMember(path, "These are not bytes in hexadecimal, or not as many as there must be.")
    return bytes.fromhex(digits)


def _type(given: EthereumTransaction) -> int:
    """The type that is named, or that the members tell, as nodes infer it; members that it does not have are refused."""
    have = {
        "gasPrice": given.gas_price,
        "maxFeePerGas": given.max_fee_per_gas,
        "maxPriorityFeePerGas": given.max_priority_fee_per_gas,
        "accessList": given.access_list,
        "maxFeePerBlobGas": given.max_fee_per_blob_gas,
        "blobVersionedHashes": given.blob_versioned_hashes,
        "authorizationList": given.authorization_list,
    }
    names = {name for name, value in have.items() if value is not UNSET}
    if given.type is UNSET:
        kind = next((kind for kind, own in _FEES.items() if names and names <= own and own - _MAY_BE_LEFT_OUT <= names), None)
        if kind is None:
            raise WrongMember("type", "These members do not make a transaction of a known type.")
        return kind
    kind = _number(given.type, "type", _UINT256)
    if kind not in _FEES:
        raise UnknownType("type", "This host does not know transactions of that type, and does not sign them.")
    for name in sorted(names ^ _FEES[kind]):
        if name in names or name not in _MAY_BE_LEFT_OUT:
            raise WrongMember(name, "A transaction of this type has no such member, or must have it.")
    return kind


def _number(text: str | UnsetType, path: str, most: int = _UINT256) -> int:
    digits = "" if text is UNSET else text[2:]
    if text is UNSET or text[:2] != "0x" or not digits or not _HEX.issuperset(digits) or (digits[0] == "0" and len(digits) > 1):
        raise WrongMember(path, "That is not a number as JSON-RPC writes it, such as 0x1f.")
    value = int(digits, 16)
    if value > most:
        raise WrongMember(path, "That number is larger than it can be.")
    return value


def _data(given: EthereumTransaction) -> bytes:
    """``input``, which older programs call ``data``; both may be given if they are the same."""
    read = [hex_bytes(text, path) for path, text in (("input", given.input), ("data", given.data)) if text is not UNSET]
    if len(read) > 1 and read[0] != read[1]:
        raise WrongMember("data", "The transaction has two different data, as input and as data.")
    if read and len(read[0]) > MAX_DATA_BYTES:
        raise WrongMember("input", "The data is longer than nodes take.")
    return read[0] if read else b""


def _access_list(given: list[AccessListEntry] | UnsetType) -> Iterable[AccessEntry]:
    for index, entry in enumerate([] if given is UNSET else given):
        path = f"accessList.{index}"
        keys = tuple(hex_bytes(key, f"{path}.storageKeys.{place}", 32) for place, key in enumerate(entry.storage_keys))
        yield AccessEntry(address=address_of(entry.address, f"{path}.address"), storage_keys=keys)


def _blob_hashes(given: list[str] | UnsetType) -> Iterable[bytes]:
    for index, text in enumerate([] if given is UNSET else given):
        path = f"blobVersionedHashes.{index}"
        one = hex_bytes(text, path, 32)
        if one[0] != _BLOB_VERSION:
            raise WrongMember(path, "That is no hash of a blob's commitment of a known version.")
        yield one


def _authorizations(given: list[Authorization] | UnsetType) -> Iterable[CodeAuthorization]:
    for index, one in enumerate([] if given is UNSET else given):
        path = f"authorizationList.{index}."
        yield CodeAuthorization(
            chain_id=_number(one.chain_id, f"{path}chainId"),
            address=address_of(one.address, f"{path}address"),
            nonce=_number(one.nonce, f"{path}nonce", _UINT64),
            y_parity=_number(one.y_parity, f"{path}yParity", _MAX_Y_PARITY),
            r=_number(one.r, f"{path}r"),
            s=_number(one.s, f"{path}s"),
        )


def _check_whole(one: Transaction) -> None:
    """What the members mean together."""
    if one.priority_fee > one.gas_price:
        raise WrongMember("maxPriorityFeePerGas", "The priority fee is higher than the highest fee.")
    if one.value + one.highest_fee > _UINT256:
        raise WrongMember("value", "The amount and the highest fee together are more than there can be.")
    if one.to is None and one.type in (BLOB, SET_CODE):
        raise WrongMember("to", "A transaction of this type cannot create a contract.")
    if one.to is None and not one.data:
        raise WrongMember("to", "The transaction has no recipient and no code of a contract: its amount would be lost.")
    if one.type == BLOB and not one.blob_hashes:
        raise WrongMember("blobVersionedHashes", "A transaction of this type has at least one blob.")
    if one.type == SET_CODE and not one.authorizations:
        raise WrongMember("authorizationList", "A transaction of this type has at least one authorization.")


def read_typed_data(given: TypedData) -> Read:
    """The typed data that would be signed; raises ``NotTypedData``."""
    from native_host.encodings import eip712

    types = {name: tuple((member.name, member.type) for member in members) for name, members in given.types.items()}
    domain = {name: value for name, value in _domain(given.domain).items() if value is not UNSET}
    return eip712.read(types, given.primary_type, domain, given.message)


def _domain(given: TypedDataDomain) -> dict[str, object]:
    return {
        "name": given.name,
        "version": given.version,
        "chainId": given.chain_id,
        "verifyingContract": given.verifying_contract,
        "salt": given.salt,
    }
