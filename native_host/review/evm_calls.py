"""What a call of a contract does, in words: its calldata decoded by the functions that are known, the calls within it too. Pure.

What is unknown, or written otherwise than an encoder writes it, is said to be so and shown as it is.
"""

from __future__ import annotations

from collections.abc import Iterator

from native_host.encodings.abi import SELECTOR_BYTES, Decoded, NotAbi, Type, decode_call
from native_host.encodings.eip55 import encode_address
from native_host.protocol.approver import Fact, FactKind
from native_host.review.evm_chains import PERMIT2, TOKENS, coins, coins_and_wei
from native_host.review.evm_contracts import Known, known_functions
from native_host.review.evm_values import fact, is_unlimited, moment, plain, scalars, token_amount
from native_host.value import Value

_MAX_DEPTH = 4
_MAX_CALLS = 32
_DELEGATE_CALL = 1
_MULTISEND_HEAD = 85  # operation, address, value, length

UNKNOWN_CALL = (
    "Strongroom cannot read what this call of a contract does. It can move everything that this account holds there, or has allowed that"
    " contract to take. Refuse unless you know exactly why you are asked."
)
ODD_CALL = (
    "The call names a function that Strongroom knows, but its data is not written as programs write it, so that it could be read in more"
    " than one way. It is not put in words."
)
TOO_MANY_CALLS = "The call holds more calls, or calls nested deeper, than a person could read. They are not put in words."
UNLIMITED = "The one named may take any amount of the token, now and later, until you end it: everything you have of it and will ever have."
ALL_OF_COLLECTION = "The one named may move every token of the collection that you have and will ever have, until you end it."
LETS_TAKE = "The one named may take the tokens without asking you again. Check who it is."
DELEGATE_CALL = (
    "A call within this one is a delegate call: the code of another contract runs as if it were the caller's own, and can change who controls it"
    " or take everything it holds."
)
COINS_TOO = "The call sends coins to a contract that by its standard takes none there. They can be lost."
TO_THE_TOKEN = "The tokens are sent to the token's own contract, from where they mostly never come back."
TO_NOBODY = "The recipient is the zero address. What is sent there is lost."


class Call(Value, frozen=True, kw_only=True):
    """``operation`` 1 is a delegate call."""

    to: bytes
    value: int
    data: bytes
    operation: int = 0


class Told(Value, frozen=True, kw_only=True):
    """The title, the facts, the warnings: the gravest first."""

    title: str
    facts: tuple[Fact, ...]
    warnings: tuple[str, ...]


class _Uncountable(ValueError):
    """More calls than are shown."""


class Reader:
    """Puts the calls of one transaction in words; it counts them, so that no nest of calls fills the screen."""

    def __init__(self, chain_id: int) -> None:
        self._chain_id = chain_id
        self._left = _MAX_CALLS

    def describe(self, call: Call) -> Told:
        """A call of a contract, or a payment."""
        try:
            return self._describe(call, "", 0)
        except _Uncountable:
            return self._unread(call, "", TOO_MANY_CALLS)

    def _describe(self, call: Call, place: str, depth: int) -> Told:
        self._left -= 1
        if self._left < 0 or depth > _MAX_DEPTH:
            raise _Uncountable
        if not call.data:
            return self._payment(call)
        known = known_functions().get(call.data[:SELECTOR_BYTES])
        if known is None:
            return self._unread(call, place, UNKNOWN_CALL)
        try:
            values = decode_call(known.function, call.data)
            inner = tuple(inner_calls(known, call, values))
        except NotAbi:
            return self._unread(call, place, ODD_CALL)
        named = dict(zip((member.name for member in known.function.parameters.members), values, strict=True))
        return self._known(call, known, named, inner, place, depth)

    def _payment(self, call: Call) -> Told:
        title = f"Send {coins(call.value, self._chain_id)}" if call.value else "Send nothing, to an address"
        return Told(title=title, facts=(), warnings=() if any(call.to) else (TO_NOBODY,))

    def _unread(self, call: Call, place: str, warning: str) -> Told:
        size = len(call.data)
        facts = (
            fact(f"{place}Function, by its selector", call.data[:SELECTOR_BYTES].hex(), "hex"),
            fact(f"{place}Size of the data", "1 byte" if size == 1 else f"{size} bytes"),
            fact(f"{place}Data", call.data.hex(), "hex"),
        )
        return Told(title="Call a contract blind", facts=facts, warnings=(warning,))

    def _known(self, call: Call, known: Known, named: dict[str, Decoded], inner: tuple[Call, ...], place: str, depth: int) -> Told:
        shown = _Parameters(self._chain_id, call, known, named)
        facts = [fact(f"{place}What it is", f"{known.function.name}, read as {known.standard} has it{_listed(self._chain_id, call.to)}")]
        facts += [
            fact(f"{place}{label}", text, kind)
            for member in known.function.parameters.members
            for label, text, kind in shown.facts(member, named[member.name])
        ]
        warnings = list(shown.warnings())
        titles = []
        for number, one in enumerate(inner, start=1):
            inside = f"{place}{number}. "
            told = self._describe(one, inside, depth + 1)
            titles.append(told.title)
            facts += (fact(f"{inside}Call", told.title), *self._target(one, inside), *told.facts)
            warnings += ([DELEGATE_CALL] if one.operation == _DELEGATE_CALL else []) + list(told.warnings)
        title = f"{known.title}: {titles[0]}" if len(titles) == 1 else shown.title()
        return Told(title=title, facts=tuple(facts), warnings=tuple(dict.fromkeys(warnings)))

    def _target(self, call: Call, place: str) -> tuple[Fact, ...]:
        facts = (fact(f"{place}Calls", encode_address(call.to), "address"),)
        return (*facts, fact(f"{place}Sends", coins_and_wei(call.value, self._chain_id))) if call.value else facts


class _Parameters:
    """The parameters of one call of a known function."""

    def __init__(self, chain_id: int, call: Call, known: Known, named: dict[str, Decoded]) -> None:
        self._chain_id, self._call, self._known, self._named = chain_id, call, known, named
        token = named.get(known.token)
        self._token = token if isinstance(token, bytes) else call.to

    def facts(self, member: Type, value: Decoded) -> Iterator[tuple[str, str, FactKind]]:
        """How a parameter is shown: labels, texts, kinds; nothing where its calls are shown in its place."""
        label, kind = self._known.labels.get(member.name, (f"Parameter {member.name}", ""))
        if kind == "nested":
            return
        for where, scalar, one in scalars(member, value):
            text, drawn = self._text(kind, scalar, one)
            yield f"{label}{where}", text, drawn

    def title(self) -> str:
        """The row's, with its parameters in short."""
        known = self._known
        if known.amount and self._named[known.amount] == 0:
            return "End what another may take"
        if known.operator:
            return known.title.removesuffix(", or end that") if self._named[known.operator] else "End what another may take or move"
        amounts = {
            member.name: self._amount(known.labels[member.name][1], member, value, short=True)
            for member in known.function.parameters.members
            if isinstance(value := self._named[member.name], int) and member.name in known.labels
        }
        return known.title.format_map(amounts).replace("up to any", "any")

    def warnings(self) -> Iterator[str]:
        """What to know before agreeing to it, the gravest first."""
        known, named = self._known, self._named
        if known.warning:
            yield known.warning
        if known.amount and named[known.amount]:
            yield UNLIMITED if self._is_unlimited(known.amount) else LETS_TAKE
        if known.operator and named[known.operator]:
            yield ALL_OF_COLLECTION if known.spender == "operator" else UNLIMITED
        if self._call.value and not known.payable:
            yield COINS_TOO
        recipient = named.get("to")
        if recipient == self._call.to and known.function.name.startswith(("transfer", "safeTransfer")):
            yield TO_THE_TOKEN
        if isinstance(recipient, bytes) and not any(recipient):
            yield TO_NOBODY

    def _is_unlimited(self, name: str) -> bool:
        member = next(member for member in self._known.function.parameters.members if member.name == name)
        value = self._named[name]
        return isinstance(value, int) and is_unlimited(value, member.size)

    def _text(self, kind: str, member: Type, value: Decoded) -> tuple[str, FactKind]:
        if isinstance(value, int) and not isinstance(value, bool) and kind in {"token", "token or id", "coins", "time"}:
            return self._amount(kind, member, value), "time" if kind == "time" else "text"
        return plain(member, value)

    def _amount(self, kind: str, member: Type, value: int, *, short: bool = False) -> str:
        match kind:
            case "coins":
                return coins(value, self._chain_id) if short else coins_and_wei(value, self._chain_id)
            case "time":
                return moment(value)
            case "token" | "token or id":
                allowed = bool(self._known.amount) and is_unlimited(value, member.size)
                return token_amount(self._chain_id, self._token, value, short=short, unlimited=allowed, or_id=kind == "token or id")
            case _:
                return str(value)


def inner_calls(known: Known, call: Call, values: tuple[Decoded, ...]) -> Iterator[Call]:
    """The calls that a call makes, by its parameters; raises ``NotAbi`` if they cannot be read."""
    match known.inner, values:
        case "same contract", (*_, tuple() as datas):
            yield from (_inner(call.to, 0, data) for data in datas)
        case "one", (to, value, data):
            yield _inner(to, value, data)
        case "safe", (to, value, data, operation, *_):
            yield _inner(to, value, data, operation)
        case "packed", (bytes() as packed,):
            yield from _packed(packed)
        case "target arrays", (tuple() as targets, tuple() as amounts, tuple() as datas):
            if not len(targets) == len(amounts) == len(datas):
                raise NotAbi("arrays of different lengths")
            yield from map(_inner, targets, amounts, datas)
        case (("targets" | "targets with value" | "batch"), (tuple() as calls,)):
            for one in calls:
                yield _of_tuple(known.inner, one)
        case _:
            return


def _of_tuple(inner: str, one: Decoded) -> Call:
    match inner, one:
        case "targets", (to, *_, data):
            return _inner(to, 0, data)
        case _, (to, *_, value, data):
            return _inner(to, value, data)
        case _:
            raise NotAbi("no call")


def _inner(to: Decoded, value: Decoded, data: Decoded, operation: Decoded = 0) -> Call:
    if not (isinstance(to, bytes) and isinstance(value, int) and isinstance(data, bytes) and isinstance(operation, int)):
        raise NotAbi("no call")
    return Call(to=to, value=value, data=data, operation=_operation(operation))


def _operation(operation: int) -> int:
    if operation > _DELEGATE_CALL:
        raise NotAbi("neither a call nor a delegate call")
    return operation


def _packed(packed: bytes) -> Iterator[Call]:
    """Safe's MultiSend: operation (1), address (20), value (32), length (32), data; one after another."""
    at = 0
    while at < len(packed):
        head = packed[at : at + _MULTISEND_HEAD]
        length = int.from_bytes(head[53:], "big")
        at += len(head) + length
        if len(head) != _MULTISEND_HEAD or at > len(packed):
            raise NotAbi("cut short")
        data = packed[at - length : at]
        yield Call(to=head[1:21], value=int.from_bytes(head[21:53], "big"), data=data, operation=_operation(head[0]))


def _listed(chain_id: int, to: bytes) -> str:
    if to == PERMIT2:
        return " (the contract Permit2)"
    token = TOKENS.get((chain_id, to))
    return f" (the token {token.symbol})" if token else "; the contract is not listed, and may do something else"
