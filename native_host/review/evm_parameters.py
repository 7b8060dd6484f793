"""The parameters of one call of a known function, in words: labels, amounts in their token's measure, and what to beware of. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from native_host.encodings.abi import Decoded, Type
from native_host.encodings.eip55 import encode_address
from native_host.language import say, words
from native_host.protocol.approver import Fact, FactKind
from native_host.review.evm_chains import coins, coins_and_wei
from native_host.review.evm_contracts import Known
from native_host.review.evm_values import is_unlimited, moment, plain, scalars, token_amount
from native_host.value import Value

UNLIMITED = "The one named may take any amount of the token, now and later, until you end it: everything you have of it and will ever have."
ALL_OF_COLLECTION = "The one named may move every token of the collection that you have and will ever have, until you end it."
LETS_TAKE = "The one named may take the tokens without asking you again. Check who it is."
COINS_TOO = "The call sends coins to a contract that by its standard takes none there. They can be lost."
TO_THE_TOKEN = "The tokens are sent to the token's own contract, from where they mostly never come back."
TO_NOBODY = "The recipient is the zero address. What is sent there is lost."
OTHER_RECIPIENT = "What comes out of this goes to another account than the one that pays for it. Check whose it is."

CALLER = "whoever calls the router"
ROUTER = "the router itself, for a later step"
OR_END = ", or end that"
"""Behind what a function allows or ends, as its parameter says."""
ALIASES = {1: CALLER, 2: ROUTER}
"""Recipients that Uniswap's newer routers do not take as addresses."""
_ALIASES_OF: dict[str, dict[int, str]] = {"recipient": ALIASES, "payee": {}}


class Call(Value, frozen=True, kw_only=True):
    """``operation`` 1 is a delegate call. ``sender`` is who makes the call, as far as that is known."""

    to: bytes
    value: int
    data: bytes
    operation: int = 0
    sender: bytes | None = None


class Told(Value, frozen=True, kw_only=True):
    """The title, the facts, the warnings: the gravest first."""

    title: str
    facts: tuple[Fact, ...]
    warnings: tuple[str, ...]


def recipient_text(address: bytes, aliases: dict[int, str]) -> tuple[str, FactKind]:
    """Who gets something, where a router has words of its own for some."""
    alias = aliases.get(int.from_bytes(address, "big"))
    return (encode_address(address), "address") if alias is None else (words(alias), "text")


def is_another(address: bytes, sender: bytes | None, aliases: dict[int, str]) -> bool:
    """Whether a recipient is known to be another than who pays."""
    return sender not in (None, address) and int.from_bytes(address, "big") not in aliases


def amount_of(chain_id: int, token: bytes, value: int, *, short: bool = False) -> str:
    """An amount of a token; the zero address stands for the chain's coin."""
    if not any(token):
        return coins(value, chain_id) if short else coins_and_wei(value, chain_id)
    return token_amount(chain_id, token, value, short=short)


def without_bound(title: str) -> str:
    """A title whose amount is any, which is none that something goes up to."""
    return title.replace(words("up to any"), words("any"))


class Parameters:
    """``named``: the values by the names of the function's parameters. What stands within them is named by its way, such as ``order, amount``."""

    def __init__(self, chain_id: int, call: Call, known: Known, named: dict[str, Decoded]) -> None:
        self._chain_id, self._call, self._known = chain_id, call, known
        members = known.function.parameters.members
        self._leaves = {
            f"{member.name}{where}": (kind, value) for member in members for where, kind, value in scalars(member, named[member.name])
        }
        token = self._value(known.token)
        self._token = token if isinstance(token, bytes) else call.to

    def facts(self, member: Type, value: Decoded) -> Iterator[tuple[str, str, FactKind]]:
        """How a parameter is shown: labels, texts, kinds; nothing where its calls are shown in its place."""
        label, kind = self._label(member.name, say("Parameter {name}", name=member.name), "")
        if kind == "nested":
            return
        for where, scalar, one in scalars(member, value):
            own, drawn_as = self._label(f"{member.name}{where}", f"{label}{where}", kind)
            text, drawn = self._text(drawn_as, scalar, one)
            yield own, text, drawn

    def _label(self, name: str, otherwise: str, kind: str) -> tuple[str, str]:
        """What the row calls a value, and how it is drawn."""
        found = self._known.labels.get(name)
        return (otherwise, kind) if found is None else (words(found[0]), found[1])

    def title(self) -> str:
        """The row's, with its parameters in short."""
        known = self._known
        if known.amount and self._value(known.amount) == 0:
            return words("End what another may take")
        if known.operator:
            given = known.title.removesuffix(OR_END)
            return words(given if self._value(known.operator) else "End what another may take or move")
        amounts = {
            name.rpartition(", ")[2]: self._amount(known.labels[name][1], kind, value, short=True)
            for name, (kind, value) in self._leaves.items()
            if isinstance(value, int) and name in known.labels
        }
        return without_bound(say(known.title, **amounts))

    def warnings(self) -> Iterator[str]:
        """What to know before agreeing to it, the gravest first."""
        known = self._known
        if known.warning:
            yield known.warning
        if known.amount and self._value(known.amount):
            yield UNLIMITED if self._is_unlimited(known.amount) else LETS_TAKE
        if known.operator and self._value(known.operator):
            yield ALL_OF_COLLECTION if known.spender == "operator" else UNLIMITED
        if self._call.value and not known.payable:
            yield COINS_TOO
        yield from self._about_recipients()

    def _about_recipients(self) -> Iterator[str]:
        recipient = self._value("to")
        if recipient == self._call.to and self._known.function.name.startswith(("transfer", "safeTransfer")):
            yield TO_THE_TOKEN
        if isinstance(recipient, bytes) and not any(recipient):
            yield TO_NOBODY
        for name, (_, drawn_as) in self._known.labels.items():
            value = self._value(name)
            aliases = _ALIASES_OF.get(drawn_as)
            if aliases is not None and isinstance(value, bytes) and is_another(value, self._call.sender, aliases):
                yield OTHER_RECIPIENT if any(value) else TO_NOBODY

    def _value(self, name: str) -> Decoded | None:
        found = self._leaves.get(name)
        return None if found is None else found[1]

    def _is_unlimited(self, name: str) -> bool:
        kind, value = self._leaves[name]
        return isinstance(value, int) and is_unlimited(value, kind.size)

    def _text(self, kind: str, member: Type, value: Decoded) -> tuple[str, FactKind]:
        if isinstance(value, int) and not isinstance(value, bool) and kind in {"token", "token or id", "coins", "time"}:
            return self._amount(kind, member, value), "time" if kind == "time" else "text"
        if kind == "recipient" and isinstance(value, bytes):
            return recipient_text(value, ALIASES)
        return plain(member, value)

    def _amount(self, kind: str, member: Type, value: int, *, short: bool = False) -> str:
        match kind:
            case "coins":
                return coins(value, self._chain_id) if short else coins_and_wei(value, self._chain_id)
            case "time":
                return moment(value)
            case "token" | "token or id" if any(self._token):
                allowed = bool(self._known.amount) and is_unlimited(value, member.size)
                return token_amount(self._chain_id, self._token, value, short=short, unlimited=allowed, or_id=kind == "token or id")
            case "token" | "token or id":
                return amount_of(self._chain_id, self._token, value, short=short)
            case _:
                return str(value)
