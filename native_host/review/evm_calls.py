"""What a call of a contract does, in words: its calldata decoded by the functions that are known, the calls within it too. Pure.

What is unknown, or written otherwise than an encoder writes it, is said to be so and shown as it is.
"""

from __future__ import annotations

from native_host.encodings.abi import SELECTOR_BYTES, Decoded, NotAbi, decode_call
from native_host.encodings.abi import decode as decode_parameters
from native_host.encodings.eip55 import encode_address
from native_host.language import say, words
from native_host.protocol.approver import Fact
from native_host.review.evm_chains import PERMIT2, TOKENS, coins, coins_and_wei
from native_host.review.evm_contracts import SAFE_BATCHES, SAFE_REFUND, Known, known_functions
from native_host.review.evm_inner import DELEGATE, inner_calls
from native_host.review.evm_parameters import (
    ALL_OF_COLLECTION,
    COINS_TOO,
    LETS_TAKE,
    TO_NOBODY,
    TO_THE_TOKEN,
    UNLIMITED,
    Call,
    Parameters,
    Told,
)
from native_host.review.evm_router import ODD_STEP, Step, command_name, read_steps, step_of, steps_title, without_small_fee
from native_host.review.evm_swaps import about_router, describe_swap, swap_of_call, whose
from native_host.review.evm_values import fact

__all__ = ["ALL_OF_COLLECTION", "COINS_TOO", "LETS_TAKE", "TO_NOBODY", "TO_THE_TOKEN", "UNLIMITED", "Call", "Reader", "Told"]

_MAX_DEPTH = 4
_MAX_CALLS = 32

UNKNOWN_CALL = (
    "Strongroom cannot read what this call of a contract does. It can move everything that this account holds there, or has allowed that"
    " contract to take. Refuse unless you know exactly why you are asked."
)
ODD_CALL = (
    "The call names a function that Strongroom knows, but its data is not written as programs write it, so that it could be read in more"
    " than one way. It is not put in words."
)
TOO_MANY_CALLS = "The call holds more calls, or calls nested deeper, than a person could read. They are not put in words."
DELEGATE_CALL = (
    "A call within this one is a delegate call: the code of another contract runs as if it were the caller's own. It can change who controls it"
    " and take everything it holds, whatever else is shown here. The largest theft of coins so far (Bybit, 2025) was signed like this, by"
    " people whose pages showed a plain transfer. Refuse, unless you know that code."
)
BATCH_CALL = (
    "A call within this one is a delegate call to the contract with which Safes usually make several calls at once. What they do stands below:"
    " check each."
)


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
        try:
            if known is None:
                told = swap_of_call(self._chain_id, call, place) or self._routed(call, place, depth)
                return told or self._unread(call, place, UNKNOWN_CALL)
            values = decode_call(known.function, call.data)
            inner = tuple(inner_calls(known, call, values))
        except NotAbi:
            return self._unread(call, place, ODD_CALL)
        named = dict(zip((member.name for member in known.function.parameters.members), values, strict=True))
        return self._known(call, known, named, inner, place, depth)

    def _payment(self, call: Call) -> Told:
        title = say("Send {amount}", amount=coins(call.value, self._chain_id)) if call.value else words("Send nothing, to an address")
        return Told(title=title, facts=(), warnings=() if any(call.to) else (TO_NOBODY,))

    def _unread(self, call: Call, place: str, warning: str) -> Told:
        size = len(call.data)
        facts = (
            fact("Function, by its selector", call.data[:SELECTOR_BYTES].hex(), "hex", place=place),
            fact("Size of the data", say("1 byte" if size == 1 else "{size} bytes", size=size), place=place),
            fact("Data", call.data.hex(), "hex", place=place),
        )
        return Told(title=words("Call a contract blind"), facts=facts, warnings=(warning,))

    def _known(self, call: Call, known: Known, named: dict[str, Decoded], inner: tuple[Call, ...], place: str, depth: int) -> Told:
        shown = Parameters(self._chain_id, call, known, named)
        told_of = _listed(self._chain_id, call.to)
        what = say("{name}, read as {standard} has it{listed}", name=known.function.name, standard=words(known.standard), listed=told_of)
        facts = [fact("What it is", what, place=place)]
        facts += [
            fact(label, text, kind, place=place)
            for member in known.function.parameters.members
            for label, text, kind in shown.facts(member, named[member.name])
        ]
        warnings = list(shown.warnings()) + ([SAFE_REFUND] if known.inner == "safe" and named.get("gasPrice") else [])
        titles = []
        for number, one in enumerate(inner, start=1):
            inside = f"{place}{number}. "
            told = self._describe(one, inside, depth + 1)
            titles.append(told.title)
            facts += (fact("Call", told.title, place=inside), *self._target(one, inside), *told.facts)
            grave = [about_delegation(one)] if one.operation == DELEGATE else []
            warnings = [*grave, *warnings, *told.warnings]
        title = f"{words(known.title)}: {titles[0]}" if len(titles) == 1 else shown.title()
        return Told(title=title, facts=tuple(facts), warnings=tuple(dict.fromkeys(warnings)))

    def _routed(self, call: Call, place: str, depth: int) -> Told | None:
        """The steps of a Universal Router; ``None`` for another call. Raises ``NotAbi``."""
        found = read_steps(call.data)
        if found is None:
            return None
        steps, until = found
        told = self._steps(call, steps, place, depth)
        standard, known = words("Uniswap's Universal Router"), whose(self._chain_id, call.to)
        what = say("{name}, read as {standard} has it{listed}", name="execute", standard=standard, listed=known)
        first = fact("What it is", what, place=place)
        return Told(
            title=told.title,
            facts=(first, *(fact(label, text, kind, place=place) for label, text, kind in until), *told.facts),
            warnings=(*about_router(self._chain_id, call.to), *told.warnings),
        )

    def _steps(self, call: Call, steps: tuple[Step, ...], place: str, depth: int) -> Told:
        facts: list[Fact] = []
        warnings: list[str] = []
        titles: list[str] = []
        for number, step in enumerate(steps, start=1):
            inside = f"{place}{number}. "
            told = self._step(call, step, inside, depth + 1)
            titles.append(told.title)
            facts += (fact("Step", told.title, place=inside), *told.facts)
            facts += [fact("If it fails", words("the other steps are done all the same"), place=inside)] if step.may_fail else []
            warnings += told.warnings
        return Told(title=steps_title(titles), facts=tuple(facts), warnings=tuple(dict.fromkeys(warnings)))

    def _step(self, call: Call, step: Step, place: str, depth: int) -> Told:
        self._left -= 1
        if self._left < 0 or depth > _MAX_DEPTH:
            raise _Uncountable
        # A step is paid out of what the router got with the call.
        within = Call(to=call.to, value=0, data=b"", sender=call.sender)
        try:
            row = step_of(step)
            if isinstance(row, tuple):
                return self._steps(call, row, place, depth)
            if isinstance(row, Known):
                values = decode_parameters(row.function.parameters, step.data)
                named = dict(zip((member.name for member in row.function.parameters.members), values, strict=True))
                return without_small_fee(row, named, self._known(within, row, named, (), place, depth))
            if row is not None:
                return describe_swap(row, self._chain_id, within, step.data, place)
        except NotAbi:
            pass
        return Told(title=command_name(step), facts=(fact("Data", step.data.hex(), "hex", place=place),), warnings=(ODD_STEP,))

    def _target(self, call: Call, place: str) -> tuple[Fact, ...]:
        facts = (fact("Calls", encode_address(call.to), "address", place=place),)
        return (*facts, fact("Sends", coins_and_wei(call.value, self._chain_id), place=place)) if call.value else facts


def _listed(chain_id: int, to: bytes) -> str:
    if to == PERMIT2:
        return words(" (the contract Permit2)")
    token = TOKENS.get((chain_id, to))
    if token is None:
        return words("; the contract is not listed, and may do something else")
    return say(" (the token {symbol})", symbol=token.symbol)


def about_delegation(call: Call) -> str:
    """What to know of a call that is a delegate call."""
    return BATCH_CALL if call.to in SAFE_BATCHES else DELEGATE_CALL
