"""Swaps of tokens through a router, in words: what is given, what must come of it at least, and who gets that. Pure.

Every parameter is shown. Whose a contract is, is known of few; any other can have functions of the same names that do something else, and is
warned of.
"""

from __future__ import annotations

from collections.abc import Iterator

from native_host.encodings.abi import SELECTOR_BYTES, WORD, Decoded, NotAbi, Type, decode
from native_host.encodings.eip55 import encode_address
from native_host.language import say, words
from native_host.protocol.approver import Fact
from native_host.review.evm_chains import TOKENS
from native_host.review.evm_parameters import (
    ALIASES,
    OTHER_RECIPIENT,
    ROUTER,
    TO_NOBODY,
    Call,
    Told,
    amount_of,
    is_another,
    recipient_text,
)
from native_host.review.evm_swap_rows import ROUTERS, Swap, swap_functions
from native_host.review.evm_values import fact, is_unlimited, moment, plain, scalars

COIN = bytes(20)
_COIN_OF_1INCH = bytes.fromhex("EeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE")
_ADDRESS, _FEE = 20, 3
_ALL = 1 << 255

NO_LEAST = "The swap takes whatever it gets: nothing at all is enough. Whoever stands between can keep nearly all of what you give."
NO_MOST = "The swap has no bound to what it takes from you."
UNKNOWN_ROUTER = (
    "The call is written as one of a well-known router, but Strongroom does not know whose this contract is. It can have functions of the"
    " same names, and do with what it gets whatever it likes."
)


def whose(chain_id: int, to: bytes) -> str:
    """Which router a contract is."""
    name = ROUTERS.get((chain_id, to))
    if name is None:
        return words("; Strongroom does not know whose this contract is")
    return say(" (the contract is {name})", name=words(name))


def about_router(chain_id: int, to: bytes) -> tuple[str, ...]:
    """What to know of a contract that is called as a router."""
    return () if (chain_id, to) in ROUTERS else (UNKNOWN_ROUTER,)


def describe_swap(swap: Swap, chain_id: int, call: Call, data: bytes, place: str) -> Told:
    """A swap by its parameters, ``data``; raises ``NotAbi`` if they cannot be read."""
    return _Shown(swap, chain_id, call, data).told(place)


class _Shown:
    """One swap, its parameters read."""

    def __init__(self, swap: Swap, chain_id: int, call: Call, data: bytes) -> None:
        self._swap, self._chain_id, self._call = swap, chain_id, call
        members = swap.function.parameters.members
        self._rest = b""
        if swap.head:
            members = tuple(member for member in members if not member.is_dynamic)
            data, self._rest = data[: swap.head * WORD], data[swap.head * WORD :]
        values = decode(Type(kind="tuple", members=members), data)
        self._leaves: dict[str, tuple[Type, Decoded]] = {
            f"{member.name}{where}": (kind, value)
            for member, one in zip(members, values, strict=True)
            for where, kind, value in scalars(member, one)
        }
        self._route = self._read_route()
        self._tokens = (self._token(swap.token_in, 0, "in"), self._token(swap.token_out, -1, "out"))
        self._amounts = (self._number(swap.amount_in, call.value), self._number(swap.amount_out, 0))
        recipient = self._value(swap.recipient)
        self._recipient = recipient if isinstance(recipient, bytes) else COIN

    def told(self, place: str) -> Told:
        swap = self._swap
        given, got = (self._amount(side, short=True) for side in (0, 1))
        title = say("Swap {given} for at least {got}" if swap.exact == "in" else "Swap at most {given} for {got}", given=given, got=got)
        who, kind = recipient_text(self._recipient, swap.aliases)
        standard, known = words(swap.standard), whose(self._chain_id, self._call.to)
        what = say("{name}, read as {standard} has it{listed}", name=swap.function.name, standard=standard, listed=known)
        facts = [
            fact("What it is", what, place=place),
            fact("Gives" if swap.exact == "in" else "Gives at most", self._amount(0), place=place),
            fact("Gets at least" if swap.exact == "in" else "Gets", self._amount(1), place=place),
            fact("Who gets it", who, kind, place=place),
        ]
        if self._route:
            facts.append(fact("By way of", "\n".join(self._by_way_of()), "message", place=place))
        return Told(title=title, facts=(*facts, *self._others(place)), warnings=tuple(self._warnings()))

    def _warnings(self) -> Iterator[str]:
        swap, (given, got) = self._swap, self._amounts
        is_kept = swap.aliases.get(int.from_bytes(self._recipient, "big")) == ROUTER
        if swap.exact == "in" and not got and not is_kept:
            yield NO_LEAST
        if swap.exact == "out" and is_unlimited(given, 256):
            yield NO_MOST
        if is_another(self._recipient, self._call.sender, swap.aliases):
            yield OTHER_RECIPIENT if any(self._recipient) else TO_NOBODY
        yield from about_router(self._chain_id, self._call.to)

    def _others(self, place: str) -> Iterator[Fact]:
        """What is left of the parameters."""
        swap = self._swap
        said = {swap.amount_in, swap.amount_out, swap.token_in, swap.token_out, swap.path, swap.recipient}
        for name, (kind, value) in self._leaves.items():
            if name == swap.until and isinstance(value, int):
                yield fact("This may be used until", moment(value), "time", place=place)
            elif name not in said and not (swap.path and name.startswith(f"{swap.path} ")):
                text, drawn = plain(kind, value)
                yield fact(say("Parameter {name}", name=name), text, drawn, place=place)
        if self._rest:
            yield fact("The rest, for the executor, which Strongroom does not read", self._rest.hex(), "hex", place=place)

    def _amount(self, side: int, *, short: bool = False) -> str:
        value = self._amounts[side]
        if side == 0 and value == _ALL and self._swap.aliases is ALIASES:
            return say("all that the router has of {token}", token=self._name(self._tokens[0]))
        return amount_of(self._chain_id, self._tokens[side], value, short=short)

    def _name(self, token: bytes) -> str:
        listed = TOKENS.get((self._chain_id, token))
        return listed.symbol if listed else say("token {address}", address=encode_address(token))

    def _by_way_of(self) -> Iterator[str]:
        for token, fee in self._route:
            name = "" if (self._chain_id, token) not in TOKENS else f" ({self._name(token)})"
            shown = f"{encode_address(token)}{name}"
            yield shown if fee is None else say("{token}, then a pool with a fee of {fee:g} %", token=shown, fee=fee / 10_000)

    def _token(self, name: str, at: int, side: str) -> bytes:
        if self._swap.coins == side:
            return COIN
        value = self._value(name) if name else self._route[at][0]
        if not isinstance(value, bytes):
            raise NotAbi("no token")
        return COIN if value == _COIN_OF_1INCH else value

    def _number(self, name: str, otherwise: int) -> int:
        value = self._value(name)
        return value if isinstance(value, int) else otherwise

    def _value(self, name: str) -> Decoded | None:
        found = self._leaves.get(name)
        return None if found is None else found[1]

    def _read_route(self) -> tuple[tuple[bytes, int | None], ...]:
        """Token by token from what is given to what is got, each with the fee (in millionths) of the pool behind it."""
        swap = self._swap
        if not swap.path:
            return ()
        packed = self._value(swap.path)
        if swap.route == "addresses":
            tokens = [value for name, (_, value) in self._leaves.items() if name.startswith(f"{swap.path} ") and isinstance(value, bytes)]
            if len(tokens) < 2:  # noqa: PLR2004 - what is given and what is got
                raise NotAbi("no route")
            return tuple((token, None) for token in tokens)
        if not isinstance(packed, bytes) or len(packed) < 2 * _ADDRESS + _FEE or (len(packed) - _ADDRESS) % (_ADDRESS + _FEE):
            raise NotAbi("no route")
        places = range(0, len(packed), _ADDRESS + _FEE)
        hops = [packed[at : at + _ADDRESS] for at in places]
        fees: list[int | None] = [int.from_bytes(packed[at + _ADDRESS : at + _ADDRESS + _FEE], "big") for at in places[:-1]]
        if swap.route == "packed backwards":
            hops, fees = hops[::-1], fees[::-1]
        return tuple(zip(hops, [*fees, None], strict=True))


def swap_of_call(chain_id: int, call: Call, place: str) -> Told | None:
    """What a call of a known function of a router does; ``None`` for another. Raises ``NotAbi``."""
    swap = swap_functions().get(call.data[:SELECTOR_BYTES])
    return None if swap is None else describe_swap(swap, chain_id, call, call.data[SELECTOR_BYTES:], place)
