"""Params and results of protocol version 1, section 7: what is decoded by the host before it is signed.

The form of an Ethereum transaction is that of Ethereum's JSON-RPC (execution-apis, ``GenericTransaction``), of typed data that of EIP-712.
Here stand shapes and lengths only; what the texts say is read by ``encodings``.
"""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import UNSET, Meta, UnsetType, field

from native_host.protocol.messages import KeyId, Page, RequestKey
from native_host.protocol.wire import Base64Url, Message

Chain = Annotated[str, Meta(min_length=5, max_length=41)]
"""A CAIP-2 identifier, ``namespace:reference``."""
Quantity = Annotated[str, Meta(min_length=3, max_length=66)]
"""A number of at most 256 bits as JSON-RPC writes it: ``0x`` and hexadecimal digits, no zero before them."""
HexData = Annotated[str, Meta(min_length=2, max_length=786_434)]
"""``0x`` and two hexadecimal digits a byte."""
HexAddress = Annotated[str, Meta(min_length=42, max_length=42)]
"""20 bytes in hexadecimal; capitals and small letters mixed are the checksum of EIP-55."""
HexWord = Annotated[str, Meta(min_length=66, max_length=66)]
TypeText = Annotated[str, Meta(min_length=1, max_length=128)]


class AccessListEntry(Message, frozen=True, kw_only=True):
    """EIP-2930."""

    address: HexAddress
    storage_keys: Annotated[list[HexWord], Meta(max_length=2048)]


class Authorization(Message, frozen=True, kw_only=True):
    """EIP-7702: by this signature an account lets the code at ``address`` act for it. ``chainId`` 0 is every chain."""

    chain_id: Quantity
    address: HexAddress
    nonce: Quantity
    y_parity: Quantity
    r: Quantity
    s: Quantity


class EthereumTransaction(Message, frozen=True, kw_only=True):
    """What is left out: ``to`` of a transaction that creates a contract; ``type`` where the other members tell it; ``value`` if it is 0,
    ``input`` (or ``data``) if it is empty. ``from`` and ``chainId`` may be given, and must then be the key's and the chain's.
    """

    type: Quantity | UnsetType = UNSET
    from_: HexAddress | UnsetType = field(default=UNSET, name="from")
    chain_id: Quantity | UnsetType = UNSET
    nonce: Quantity
    to: HexAddress | UnsetType = UNSET
    gas: Quantity
    gas_price: Quantity | UnsetType = UNSET
    max_fee_per_gas: Quantity | UnsetType = UNSET
    max_priority_fee_per_gas: Quantity | UnsetType = UNSET
    max_fee_per_blob_gas: Quantity | UnsetType = UNSET
    value: Quantity | UnsetType = UNSET
    input: HexData | UnsetType = UNSET
    data: HexData | UnsetType = UNSET
    access_list: Annotated[list[AccessListEntry], Meta(max_length=1024)] | UnsetType = UNSET
    blob_versioned_hashes: Annotated[list[HexWord], Meta(max_length=64)] | UnsetType = UNSET
    authorization_list: Annotated[list[Authorization], Meta(max_length=256)] | UnsetType = UNSET


class SignTransactionParams(Message, frozen=True, kw_only=True):
    """``transaction``: of ``eip155:…`` an object as Ethereum's JSON-RPC has it, of ``solana:…`` the serialized transaction as bytes."""

    key_id: KeyId
    chain: Chain
    transaction: Annotated[str, Meta(max_length=65_536)] | EthereumTransaction
    page: Page | UnsetType = UNSET
    request_key: RequestKey | UnsetType = UNSET


class SignTransactionResult(Message, frozen=True, kw_only=True):
    """``signedTransaction`` as the chain's nodes take it, as bytes. ``transactionId`` as the chain writes it: of ``eip155`` the hash, ``0x`` and
    hexadecimal digits; of ``solana`` the first signature in Base58, empty as long as whoever pays the fee has not signed.
    """

    signed_transaction: Base64Url
    transaction_id: str


class TypedDataMember(Message, frozen=True, kw_only=True):
    name: TypeText
    type: TypeText


class TypedDataDomain(Message, frozen=True, kw_only=True):
    """EIP-712 has these five and no others; those are given that the type ``EIP712Domain`` has."""

    name: Annotated[str, Meta(max_length=1024)] | UnsetType = UNSET
    version: Annotated[str, Meta(max_length=1024)] | UnsetType = UNSET
    chain_id: Annotated[int, Meta(ge=0)] | Annotated[str, Meta(min_length=1, max_length=80)] | UnsetType = UNSET
    verifying_contract: HexAddress | UnsetType = UNSET
    salt: HexWord | UnsetType = UNSET


class TypedData(Message, frozen=True, kw_only=True):
    """EIP-712. ``types`` holds ``EIP712Domain`` and every type that ``primaryType`` needs; others are no part of what is signed. A number in the
    message is a JSON number, or a text in decimal or in hexadecimal after ``0x``; bytes and addresses are such hexadecimal.
    """

    types: Annotated[dict[TypeText, Annotated[list[TypedDataMember], Meta(max_length=128)]], Meta(min_length=1, max_length=64)]
    primary_type: TypeText
    domain: TypedDataDomain
    message: Annotated[dict[str, Any], Meta(max_length=128)]


class SignTypedDataParams(Message, frozen=True, kw_only=True):
    key_id: KeyId
    typed_data: TypedData
    page: Page | UnsetType = UNSET
    request_key: RequestKey | UnsetType = UNSET


class SignTypedDataResult(Message, frozen=True, kw_only=True):
    """``signature``: r ‖ s ‖ v (65 bytes), v 27 or 28."""

    signature: Base64Url
    address: str


class SignPsbtParams(Message, frozen=True, kw_only=True):
    """``psbt`` in base64 with padding, as BIP-174 has it. ``finalize``: whether the inputs that are complete are finalized."""

    key_id: KeyId
    psbt: Annotated[str, Meta(min_length=1, max_length=786_432)]
    finalize: bool | UnsetType = UNSET
    page: Page | UnsetType = UNSET
    request_key: RequestKey | UnsetType = UNSET


class SignPsbtResult(Message, frozen=True, kw_only=True):
    """``signedInputs``: the indexes of the inputs that got a signature."""

    psbt: str
    signed_inputs: list[int]
