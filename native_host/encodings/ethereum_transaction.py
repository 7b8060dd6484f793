"""Ethereum's transactions: what is hashed to be signed, and the signed form that nodes take.

Types: 0 with EIP-155 (the chain is part of what is signed; a transaction for every chain is not made), 1 EIP-2930, 2 EIP-1559, 3 EIP-4844
(without the blobs, which travel beside it), 4 EIP-7702. The envelope of types is EIP-2718's.
"""

from __future__ import annotations

from collections.abc import Sequence

from native_host.encodings import rlp
from native_host.encodings.keccak import keccak256
from native_host.encodings.rlp import Item, NotRlp
from native_host.value import Value

LEGACY, ACCESS_LIST, DYNAMIC_FEE, BLOB, SET_CODE = range(5)
GAS_OF_A_BLOB = 1 << 17
ADDRESS_BYTES, WORD_BYTES = 20, 32
_EIP155_V = 35
_AUTHORIZATION_MAGIC = 0x05  # EIP-7702
_MEMBERS = {LEGACY: 6, ACCESS_LIST: 8, DYNAMIC_FEE: 9, BLOB: 11, SET_CODE: 10}
"""How many members are signed, beyond EIP-155's three of a legacy transaction."""


class AccessEntry(Value, frozen=True, kw_only=True):
    address: bytes
    storage_keys: tuple[bytes, ...]


class CodeAuthorization(Value, frozen=True, kw_only=True):
    """EIP-7702's: whoever signed it (r, s, y parity) lets the code at ``address`` act for their account. Chain 0 is every chain."""

    chain_id: int
    address: bytes
    nonce: int
    y_parity: int
    r: int
    s: int


class Transaction(Value, frozen=True, kw_only=True):
    """Amounts in wei. ``to`` is ``None`` if a contract is created. ``gas_price`` is the highest price of one gas, whatever the type calls
    it; ``priority_fee`` and ``blob_price`` are of the types that have them, 0 in others.
    """

    type: int
    chain_id: int
    nonce: int
    to: bytes | None
    gas: int
    gas_price: int
    priority_fee: int = 0
    blob_price: int = 0
    value: int
    data: bytes
    access_list: tuple[AccessEntry, ...] = ()
    blob_hashes: tuple[bytes, ...] = ()
    authorizations: tuple[CodeAuthorization, ...] = ()

    @property
    def highest_fee(self) -> int:
        """What is paid for including it at most, as far as the transaction itself bounds it."""
        return self.gas * self.gas_price + len(self.blob_hashes) * GAS_OF_A_BLOB * self.blob_price


def signing_hash(transaction: Transaction) -> bytes:
    """The 32 bytes that are signed."""
    members = _members(transaction)
    if transaction.type == LEGACY:
        return keccak256(rlp.encode((*members, rlp.number(transaction.chain_id), b"", b"")))
    return keccak256(bytes((transaction.type,)) + rlp.encode(members))


def authorization_hash(one: CodeAuthorization) -> bytes:
    """The 32 bytes that the account signed which an authorization hands over."""
    return keccak256(bytes((_AUTHORIZATION_MAGIC,)) + rlp.encode((rlp.number(one.chain_id), one.address, rlp.number(one.nonce))))


def signed_transaction(transaction: Transaction, r: int, s: int, y_parity: int) -> bytes:
    """The transaction as ``eth_sendRawTransaction`` takes it."""
    signature = (rlp.number(r), rlp.number(s))
    members = _members(transaction)
    if transaction.type == LEGACY:
        return rlp.encode((*members, rlp.number(2 * transaction.chain_id + _EIP155_V + y_parity), *signature))
    return bytes((transaction.type,)) + rlp.encode((*members, rlp.number(y_parity), *signature))


def decode_signed(raw: bytes) -> tuple[Transaction, int, int, int]:
    """A signed transaction, with its r, s and y parity.

    Raises:
        NotRlp: it is none of the types above, or not in its one encoding.
    """
    kind = raw[0] if raw[:1] and raw[0] <= SET_CODE else LEGACY
    item = rlp.decode(raw[1:] if kind != LEGACY else raw)
    if isinstance(item, bytes) or len(item) != _MEMBERS[kind] + 3:
        raise NotRlp("not a signed transaction")
    v, r, s = map(rlp.decode_number, item[-3:])
    if kind != LEGACY:
        return _typed(kind, item), r, s, v
    if v < _EIP155_V:
        raise NotRlp("a transaction for every chain")
    chain_id, y_parity = divmod(v - _EIP155_V, 2)
    return _legacy(item, chain_id), r, s, y_parity


def _members(transaction: Transaction) -> tuple[Item, ...]:
    one = transaction
    price = (rlp.number(one.gas_price),) if one.type in (LEGACY, ACCESS_LIST) else (rlp.number(one.priority_fee), rlp.number(one.gas_price))
    common = (rlp.number(one.nonce), *price, rlp.number(one.gas), one.to or b"", rlp.number(one.value), one.data)
    if one.type == LEGACY:
        return common
    access = tuple((entry.address, entry.storage_keys) for entry in one.access_list)
    members: tuple[Item, ...] = (rlp.number(one.chain_id), *common, access)
    if one.type == BLOB:
        return (*members, rlp.number(one.blob_price), one.blob_hashes)
    return (*members, tuple(map(_authorization, one.authorizations))) if one.type == SET_CODE else members


def _authorization(one: CodeAuthorization) -> Item:
    numbers = tuple(map(rlp.number, (one.nonce, one.y_parity, one.r, one.s)))
    return (rlp.number(one.chain_id), one.address, *numbers)


def _legacy(item: Sequence[Item], chain_id: int) -> Transaction:
    nonce, price, gas, to, value, data = item[:6]
    return Transaction(
        type=LEGACY,
        chain_id=chain_id,
        nonce=rlp.decode_number(nonce),
        gas_price=rlp.decode_number(price),
        gas=rlp.decode_number(gas),
        to=_to(to),
        value=rlp.decode_number(value),
        data=_bytes(data),
    )


def _typed(kind: int, item: Sequence[Item]) -> Transaction:
    number = rlp.decode_number
    chain_id, nonce, *prices = item[: 3 if kind == ACCESS_LIST else 4]
    gas, to, value, data, access, *more = item[2 + len(prices) : -3]
    return Transaction(
        type=kind,
        chain_id=number(chain_id),
        nonce=number(nonce),
        gas_price=number(prices[-1]),
        priority_fee=number(prices[0]) if len(prices) > 1 else 0,
        gas=number(gas),
        to=_to(to),
        value=number(value),
        data=_bytes(data),
        access_list=tuple(map(_decode_access, _list(access))),
        blob_price=number(more[0]) if kind == BLOB else 0,
        blob_hashes=tuple(_bytes(one, WORD_BYTES) for one in _list(more[1])) if kind == BLOB else (),
        authorizations=tuple(map(_decode_authorization, _list(more[0]))) if kind == SET_CODE else (),
    )


def _decode_access(item: Item) -> AccessEntry:
    address, keys = _list(item, 2)
    return AccessEntry(address=_bytes(address, ADDRESS_BYTES), storage_keys=tuple(_bytes(key, WORD_BYTES) for key in _list(keys)))


def _decode_authorization(item: Item) -> CodeAuthorization:
    chain_id, address, nonce, y_parity, r, s = _list(item, 6)
    number = rlp.decode_number
    return CodeAuthorization(
        chain_id=number(chain_id), address=_bytes(address, ADDRESS_BYTES), nonce=number(nonce), y_parity=number(y_parity), r=number(r), s=number(s)
    )  # fmt: skip


def _to(item: Item) -> bytes | None:
    return None if item == b"" else _bytes(item, ADDRESS_BYTES)


def _bytes(item: Item, size: int | None = None) -> bytes:
    if not isinstance(item, bytes) or (size is not None and len(item) != size):
        raise NotRlp("bytes of another length, or a list")
    return item


def _list(item: Item, size: int | None = None) -> tuple[Item, ...]:
    if isinstance(item, bytes) or (size is not None and len(item) != size):
        raise NotRlp("no list, or one of another length")
    return tuple(item)
