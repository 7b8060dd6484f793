"""What an instruction of a Solana transaction does, in words: its data and accounts, by the programs that are known. Pure.

What is unknown, or written otherwise than the program's clients write it, is said to be so and shown as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from native_host.encodings.base58 import encode_base58
from native_host.language import say, words
from native_host.protocol.approver import Fact, FactKind
from native_host.review.solana_programs import ASSOCIATED, FIXED, LABELS, MEMO, NAMES, OLD_MEMO, ROWS, Known
from native_host.review.solana_values import MINTS, UNLIMITED, counted, fact, moment, sol, sol_and_lamports, this_key, token_amount
from native_host.review.text import DescribedMessage, describe_message
from native_host.value import Value

if TYPE_CHECKING:
    from native_host.encodings.solana_transaction import Instruction, Message

Field = int | bytes | str | tuple[bytes, ...] | None
"""What a field holds; a key that may be missing is ``None`` then."""

_KEY_BYTES = 32
_SIZES = {"u8": 1, "decimals": 1, "authority": 1, "u32": 4, "stake_authority": 4, "u64": 8, "units": 8, "lamports": 8, "time": 8}
_SIGNED = frozenset({"time"})
_TOKEN_AUTHORITIES = (
    "to make more of the token", "to freeze accounts of the token", "over the token account: who owns it", "to close the account",
    "over the fee on transfers", "to collect withheld fees", "to close the token itself", "over its rate of interest",
    "to move the token from every account (permanent delegate)", "over its confidential transfers", "over the program that runs with each transfer",
    "over the fees of confidential transfers", "over where it is described", "over its group", "over its membership in a group",
    "over how amounts are displayed", "to halt the token", "over who may destroy the token",
)  # fmt: skip
_STAKE_AUTHORITIES = ("to delegate the stake", "to withdraw the stake")
_NOBODY = "nobody, for good"
_MEMO = Known(name="memo", title="Write a memo into the chain", aside=True)


class Account(Value, frozen=True, kw_only=True):
    """``key`` is ``None`` if the account does not stand in the transaction; ``text`` says then where it does. ``own``: the key's that signs."""

    key: bytes | None
    text: str
    own: bool
    signs: bool
    can_change: bool


class Told(Value, frozen=True, kw_only=True):
    """An instruction in words. ``known`` is ``None`` if it could not be put in any; ``odd``: though its program, or its number, is known.
    ``values`` are the fields, ``accounts`` those that have names, ``further`` those that have none; ``memo`` the text of a memo. ``own`` is the key that is to sign.
    """

    own: bytes | None
    program: bytes
    known: Known | None
    data: bytes
    odd: bool = False
    values: Mapping[str, Field]
    accounts: Mapping[str, Account]
    further: tuple[Account, ...] = ()
    memo: DescribedMessage | None = None

    def number(self, name: str) -> int:
        """A field that is a number, 0 if there is none such."""
        value = self.values.get(name)
        return value if isinstance(value, int) else 0

    def key(self, name: str) -> bytes | None:
        """An address, of whichever of the two it is: a field or an account."""
        value = self.values.get(name)
        account = self.accounts.get(name)
        return value if isinstance(value, bytes) else account.key if account else None

    @property
    def title(self) -> str:
        if self.known is None:
            return words("Run a program blind")
        amounts = {"lamports": sol(self.number("lamports")), "amount": self.tokens(short=True)}
        return say(self.known.title, **amounts).replace(words("up to any"), words("any"))

    @property
    def approves(self) -> bool:
        """Whether it lets another take tokens."""
        return self.known is not None and self.known.name.startswith("approve")

    def tokens(self, name: str = "amount", *, short: bool = False) -> str:
        """An amount of tokens, as far as the instruction says of which."""
        units, decimals, mint = self.number(name), self.values.get("decimals"), self.accounts.get("mint")
        if self.approves and units == UNLIMITED:
            return words("any amount of a token") if short else say("any amount ({units} of its smallest units)", units=units)
        return token_amount(units, mint.key if mint else None, decimals if isinstance(decimals, int) else None, short=short)


class _NotRead(ValueError):
    """The instruction is not as its program's clients write it."""


def read_instruction(message: Message, one: Instruction, own: bytes | None) -> Told:
    """An instruction of ``message``, for whoever signs with the key ``own``."""
    program = message.keys[one.program]
    accounts = [account_of(message, index, own) for index in one.accounts]
    if program in (MEMO, OLD_MEMO):
        return Told(
            own=own,
            program=program,
            known=_MEMO,
            data=one.data,
            values={},
            accounts={},
            further=tuple(accounts),
            memo=describe_message(one.data),
        )
    unread = Told(
        own=own, program=program, known=None, odd=program in NAMES, data=one.data, values={}, accounts={}, further=tuple(accounts)
    )
    size, rows = ROWS.get(program, (0, {}))
    # The first instruction of Associated Token Account had no number, and may be written so still.
    head = b"\0" if program == ASSOCIATED and not one.data else one.data
    known = rows.get(int.from_bytes(head[:size], "little")) if len(head) >= size else None
    if known is None:
        return unread
    try:
        values = _values(known, head[size:])
        named, further = _named(known, accounts)
    except _NotRead:
        return unread
    return Told(own=own, program=program, known=known, data=one.data, values=values, accounts=named, further=further)


def account_of(message: Message, index: int, own: bytes | None) -> Account:
    """An account of the message by its index."""
    signs, can_change = message.signs(index), message.can_change(index)
    if index < len(message.keys):
        key = message.keys[index]
        return Account(key=key, text=encode_base58(key), own=key == own, signs=signs, can_change=can_change)
    table, place = message.looked_up[index - len(message.keys)]
    text = say("not in the transaction: number {place} in the lookup table {table}", place=place, table=encode_base58(table))
    return Account(key=None, text=text, own=False, signs=signs, can_change=can_change)


def facts_of(told: Told, place: str) -> tuple[Fact, ...]:
    """What is shown of an instruction, all of it; ``place`` stands before the labels."""
    if told.known is None or told.memo is not None:
        return tuple(_unread_facts(told, place))
    facts = [fact("What it is", say("{name} of {program}", name=told.known.name, program=words(NAMES[told.program])), place=place)]
    facts += [_account_fact(LABELS[name], account, place) for name, account in told.accounts.items()]
    facts += _field_facts(told, place)
    if told.further:
        facts.append(_further("Further accounts", told, place))
    return tuple(facts)


def _unread_facts(told: Told, place: str) -> Iterator[Fact]:
    if told.memo is not None:
        yield fact("Memo", told.memo.text or words("(empty)"), told.memo.kind if told.memo.text else "text", place=place)
        if told.further:
            yield _further("Accounts", told, place)
        return
    name, given = NAMES.get(told.program), "Accounts that it is given"
    known = say("{program}; this instruction of it is not known", program=words(name)) if name else words("nothing")
    yield fact("Program", encode_base58(told.program), "address", place=place)
    yield fact("What is known of it", known, place=place)
    yield _further(given, told, place) if told.further else fact(given, words("none"), place=place)
    yield fact("Size of the data", counted(len(told.data), "byte", "bytes"), place=place)
    if told.data:
        yield fact("Data", told.data.hex(), "hex", place=place)


def _account_fact(label: str, account: Account, place: str) -> Fact:
    symbol = MINTS.get(account.text, ("",))[0]
    after = this_key(own=account.own) or (f": {words(symbol)}" if symbol else "")
    return fact(label, account.text, "text" if account.key is None else "address", place=place, after=after)


def _field_facts(told: Told, place: str) -> Iterator[Fact]:
    for name, kind in _fields(told.known) if told.known else ():
        if kind != "decimals" and kind[0] != "=":  # they are in how the amount is written
            label, after, text, drawn = _shown(told, name, kind)
            yield fact(label, text, drawn, place=place, after=after)


def _shown(told: Told, name: str, kind: str) -> tuple[str, str, str, FactKind]:
    """A field: its label and what stands behind that, its text and how it is drawn."""
    value, label = told.values[name], LABELS[name]
    if kind == "units":
        return "How much" if told.approves else label, "", told.tokens(name), "text"
    if isinstance(value, bytes):
        named = f": {words(NAMES[value])}" if name == "owner" and value in NAMES else ""
        return label, this_key(own=value == told.own) or named, encode_base58(value), "address"
    if isinstance(value, int):
        return label, "", _IN_WORDS[kind](value) if kind in _IN_WORDS else str(value), "text" if kind in _IN_WORDS else "number"
    if isinstance(value, tuple):
        return label, "", "\n".join(map(encode_base58, value)) or words("none"), "message"
    return label, "", words(_NOBODY) if value is None else value, "text"


_IN_WORDS: dict[str, Callable[[int], str]] = {
    "lamports": sol_and_lamports,
    "time": lambda seconds: moment(seconds) if seconds else words("not locked"),
    "authority": lambda number: words(_TOKEN_AUTHORITIES[number]),
    "stake_authority": lambda number: words(_STAKE_AUTHORITIES[number]),
}


def _further(label: str, told: Told, place: str) -> Fact:
    lines = []
    for account in told.further:
        marks = [
            words(text)
            for holds, text in ((account.own, "this key"), (account.signs, "signs"), (account.can_change, "can be changed"))
            if holds
        ]
        lines.append(f"{account.text} ({', '.join(marks)})" if marks else account.text)
    return fact(label, "\n".join(lines), "message", place=place)


def _fields(known: Known) -> list[tuple[str, str]]:
    return [(name, kind) for name, _, kind in (one.partition(":") for one in known.fields.split())]


def _named(known: Known, accounts: list[Account]) -> tuple[dict[str, Account], tuple[Account, ...]]:
    """The accounts that the row has names for, and those that come after them."""
    named: dict[str, Account] = {}
    at = 0
    for one in known.accounts.split():
        name = one.lstrip("?=~")
        account = accounts[at] if at < len(accounts) else None
        is_fixed = account is not None and name in FIXED and account.key == FIXED[name]
        if (account is None and one[0] not in "?~") or (account is not None and "=" in one and not is_fixed):
            raise _NotRead
        if account is not None and (one[0] != "~" or is_fixed):
            at += 1
            if not is_fixed:
                named[name] = account
    return named, tuple(accounts[at:])


def _values(known: Known, data: bytes) -> dict[str, Field]:
    values: dict[str, Field] = {}
    for name, kind in _fields(known):
        values[name], data = _value(kind, data)
    if data:
        raise _NotRead
    return values


def _value(kind: str, data: bytes) -> tuple[Field, bytes]:
    """A field, and what follows it."""
    match kind:
        case "key":
            return _split(data, _KEY_BYTES)
        case "option":
            present, rest = _split(data, 1)
            if present not in (b"\0", b"\1"):
                raise _NotRead
            return _split(rest, _KEY_BYTES) if present == b"\1" else (None, rest)
        case "text":
            length, rest = _split(data, 8)
            text, rest = _split(rest, int.from_bytes(length, "little"))
            return _text(text), rest
        case "keys":
            length, rest = _split(data, 8)
            joined, rest = _split(rest, int.from_bytes(length, "little") * _KEY_BYTES)
            return tuple(joined[at : at + _KEY_BYTES] for at in range(0, len(joined), _KEY_BYTES)), rest
        case _ if kind[0] == "=":
            number, rest = _split(data, 1)
            if number[0] != int(kind[1:]):
                raise _NotRead
            return None, rest
        case _:
            number, rest = _split(data, _SIZES[kind])
            value = int.from_bytes(number, "little", signed=kind in _SIGNED)
            most = {"authority": len(_TOKEN_AUTHORITIES), "stake_authority": len(_STAKE_AUTHORITIES)}.get(kind)
            if most is not None and value >= most:
                raise _NotRead
            return value, rest


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise _NotRead from None


def _split(data: bytes, size: int) -> tuple[bytes, bytes]:
    if len(data) < size:
        raise _NotRead
    return data[:size], data[size:]
