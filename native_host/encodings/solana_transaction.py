"""Solana's transactions as they travel: signatures and the message that is signed, legacy or version 0 with address lookup tables.

The layout is that of Solana's documentation ("Transactions", "Versioned transactions"): lengths are compact-u16, little-endian groups of
seven bits in their shortest form; the header's three numbers say which of the account keys sign and which can be changed. What no node
would take is no transaction here: the checks are those by which a validator sanitizes one, and the bounds of its packet.
"""

from __future__ import annotations

from typing import Literal

from native_host.value import Value

KEY_BYTES = HASH_BYTES = 32
SIGNATURE_BYTES = 64
UNSIGNED = bytes(SIGNATURE_BYTES)
"""What stands in the place of a signature that is still to be made."""
MAX_BYTES = 1232
"""A packet of IPv6's least MTU without its headers: no node takes a longer one."""
MAX_INSTRUCTIONS = 64
"""Of all that a transaction runs; one that begins with more fails."""
MAX_ACCOUNTS = 256
VERSION_BIT = 0x80
_COMPACT_U16_BYTES, _MAX_COMPACT_U16 = 3, 0xFFFF


class NotATransaction(ValueError):
    """The bytes are no transaction that a node would take, or not in its one encoding. The text says why."""


class UnknownVersion(NotATransaction):
    """The message is of a version that came after this host."""

    def __init__(self) -> None:
        super().__init__("This host does not know Solana's transactions of that version, and does not sign them.")


class TooLong(NotATransaction):
    """More bytes than a packet has."""


class Lookup(Value, frozen=True, kw_only=True):
    """Accounts by their indexes in a table that is on the chain and not in the transaction."""

    table: bytes
    writable: tuple[int, ...]
    readonly: tuple[int, ...]


class Instruction(Value, frozen=True, kw_only=True):
    """``program`` and ``accounts`` are indexes of the message's accounts."""

    program: int
    accounts: tuple[int, ...]
    data: bytes


class Message(Value, frozen=True, kw_only=True):
    """What is signed. ``keys`` are the accounts that stand in it, those that sign first, and of those the one that pays the fee; after
    them come the accounts of the lookups: first all that can be changed, then all others.
    """

    version: Literal["legacy", 0]
    signers: int
    readonly_signers: int
    readonly_others: int
    keys: tuple[bytes, ...]
    blockhash: bytes
    instructions: tuple[Instruction, ...]
    lookups: tuple[Lookup, ...] = ()

    @property
    def fee_payer(self) -> bytes:
        return self.keys[0]

    @property
    def looked_up(self) -> tuple[tuple[bytes, int], ...]:
        """Table and index of each account that does not stand in the message, in the order of their indexes."""
        writable = [(one.table, index) for one in self.lookups for index in one.writable]
        return (*writable, *((one.table, index) for one in self.lookups for index in one.readonly))

    def signs(self, account: int) -> bool:
        """Whether an account signs the transaction."""
        return account < self.signers

    def can_change(self, account: int) -> bool:
        """Whether the transaction may change an account, as far as it says so itself."""
        if account < self.signers:
            return account < self.signers - self.readonly_signers
        if account < len(self.keys):
            return account < len(self.keys) - self.readonly_others
        return account - len(self.keys) < sum(len(one.writable) for one in self.lookups)


class Transaction(Value, frozen=True, kw_only=True):
    """``signed`` is the message's own bytes; a signature for each account that signs, ``UNSIGNED`` where there is none yet."""

    signatures: tuple[bytes, ...]
    message: Message
    signed: bytes

    def encoded(self) -> bytes:
        """The transaction as nodes take it."""
        return _compact_u16(len(self.signatures)) + b"".join(self.signatures) + self.signed


def decode_transaction(raw: bytes) -> Transaction:
    """The transaction that ``raw`` is.

    Raises:
        UnknownVersion, TooLong, NotATransaction
    """
    if len(raw) > MAX_BYTES and raw[0] < VERSION_BIT:
        raise TooLong(f"No node takes a transaction of more than {MAX_BYTES} bytes.")
    try:
        return _transaction(raw)
    except NotATransaction:
        if _is_message(raw):
            raise NotATransaction("This is the message of a transaction, without the places for its signatures.") from None
        # From version 1 on the version comes first, where no number of signatures has this bit: so many do not fit.
        if raw[:1] and raw[0] >= VERSION_BIT:
            raise UnknownVersion from None
        raise


def _transaction(raw: bytes) -> Transaction:
    reader = _Reader(raw)
    signatures = tuple(reader.take(SIGNATURE_BYTES) for _ in range(reader.length()))
    signed = raw[reader.at :]
    message = decode_message(signed)
    if len(signatures) != message.signers:
        raise NotATransaction("The transaction has not as many places for signatures as its message has signers.")
    return Transaction(signatures=signatures, message=message, signed=signed)


def decode_message(signed: bytes) -> Message:
    """The message that ``signed`` is.

    Raises:
        UnknownVersion, NotATransaction
    """
    reader = _Reader(signed)
    version: Literal["legacy", 0] = "legacy"
    if signed[:1] and signed[0] >= VERSION_BIT:
        if reader.byte() != VERSION_BIT:
            raise UnknownVersion
        version = 0
    signers, readonly_signers, readonly_others = reader.take(3)
    keys = tuple(reader.take(KEY_BYTES) for _ in range(reader.length()))
    blockhash = reader.take(HASH_BYTES)
    instructions = tuple(_instruction(reader) for _ in range(reader.length()))
    lookups = tuple(_lookup(reader) for _ in range(reader.length())) if version == 0 else ()
    if reader.at != len(signed):
        raise NotATransaction("There are bytes after the end of the transaction.")
    message = Message(
        version=version, signers=signers, readonly_signers=readonly_signers, readonly_others=readonly_others, keys=keys,
        blockhash=blockhash, instructions=instructions, lookups=lookups,
    )  # fmt: skip
    _check(message)
    return message


def _is_message(raw: bytes) -> bool:
    try:
        decode_message(raw)
    except NotATransaction:
        return False
    return True


def _check(message: Message) -> None:
    """What a validator checks before it runs a transaction."""
    # Whoever pays the fee signs and is changed by it, so that one signer at least is not read-only.
    if message.readonly_signers >= message.signers or message.signers + message.readonly_others > len(message.keys):
        raise NotATransaction("The header of the transaction does not fit its accounts.")
    looked_up = message.looked_up
    if any(not one.writable and not one.readonly for one in message.lookups):
        raise NotATransaction("The transaction names a lookup table and takes no account from it.")
    if len(set(message.keys)) != len(message.keys) or len(set(looked_up)) != len(looked_up):
        raise NotATransaction("The transaction names an account twice.")
    accounts = len(message.keys) + len(looked_up)
    if accounts > MAX_ACCOUNTS or len(message.instructions) > MAX_INSTRUCTIONS:
        raise NotATransaction("The transaction has more accounts or instructions than a node takes.")
    for one in message.instructions:
        # A program stands in the message itself, and does not pay the fee.
        if not 0 < one.program < len(message.keys) or any(account >= accounts for account in one.accounts):
            raise NotATransaction("An instruction names an account that the transaction does not have.")


def _instruction(reader: _Reader) -> Instruction:
    program = reader.byte()
    accounts = tuple(reader.take(reader.length()))
    return Instruction(program=program, accounts=accounts, data=reader.take(reader.length()))


def _lookup(reader: _Reader) -> Lookup:
    table = reader.take(KEY_BYTES)
    writable = tuple(reader.take(reader.length()))
    return Lookup(table=table, writable=writable, readonly=tuple(reader.take(reader.length())))


def _compact_u16(value: int) -> bytes:
    groups = bytearray()
    while value > 0x7F:  # noqa: PLR2004  # seven bits, and one that says that more follow
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*groups, value))


class _Reader:
    """Reads from the front; what is cut short is no transaction."""

    def __init__(self, data: bytes) -> None:
        self._data, self.at = data, 0

    def take(self, size: int) -> bytes:
        end = self.at + size
        if end > len(self._data):
            raise NotATransaction("The transaction is cut short.")
        taken, self.at = self._data[self.at : end], end
        return taken

    def byte(self) -> int:
        return self.take(1)[0]

    def length(self) -> int:
        """A compact-u16. Another spelling of the same number is none: two texts of one transaction could be told apart by nobody."""
        value = 0
        for position in range(_COMPACT_U16_BYTES):
            byte = self.byte()
            value |= (byte & 0x7F) << 7 * position
            if byte <= 0x7F:  # noqa: PLR2004
                if (byte == 0 and position) or value > _MAX_COMPACT_U16:
                    break
                return value
        raise NotATransaction("A length in the transaction is not written in its shortest form.")
