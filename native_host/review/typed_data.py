"""What a person reads of typed data (EIP-712): whose it is, every field with its path, and what permits and orders mean. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from native_host.encodings.abi import scalar
from native_host.encodings.eip55 import encode_address
from native_host.encodings.eip712 import Node, Read, member
from native_host.language import say, words
from native_host.protocol.approver import Fact
from native_host.protocol.ethereum import read_typed_data
from native_host.review.evm_calls import UNLIMITED, Call, Reader, about_delegation
from native_host.review.evm_chains import CHAINS, PERMIT2, TOKENS, chain_name, coins_and_wei
from native_host.review.evm_contracts import SAFE_BATCHES, SAFE_REFUND
from native_host.review.evm_parameters import without_bound
from native_host.review.evm_values import fact, is_unlimited, moment, plain, token_amount
from native_host.review.text import describe_message, visible, visible_block
from native_host.review.typed_data_kinds import ONCE, Kind, kind_of

if TYPE_CHECKING:
    from native_host.protocol.approver import FactKind
    from native_host.protocol.transactions import SignTypedDataParams
    from native_host.review.subject import Described, Subject

UNKNOWN_KIND = (
    "Strongroom shows what is signed, but does not know what this kind of data is used for. It can be a permit or an order: whoever has the"
    " signature may then act with it without asking you."
)
NO_CHAIN = "The data names no chain: the signature can be good on every chain."
UNKNOWN_CHAIN = "Strongroom does not know the chain that the data names."
NO_CONTRACT = "The data names no contract or program that the signature is for: others may accept it too."
ANOTHER_CONTRACT = (
    "The data is of a kind that a well-known contract uses, but it is for another contract. Refuse unless you know that contract."
)
OPAQUE = "A field holds bytes that Strongroom cannot read for you. They can mean anything to the contract that reads them."
NOTHING_FOR_YOU = "The order asks nothing for this account in return for what it offers."
SIGNED_FOR_ANOTHER = "The data names another account than this one as its owner."
DELEGATED = "Let another contract's code act as a Safe"
_OWNERS = ("owner", "holder", "from", "offerer", "maker")
_DELEGATE_CALL = 1


def describe_typed_data(params: SignTypedDataParams, subject: Subject | None) -> Described:
    """What is shown of a call that was found to be one that can be signed."""
    read = read_typed_data(params.typed_data)
    kind = kind_of(read.encoded_type)
    shown = _Message(read, kind)
    facts, grave, light = shown.described()
    title = shown.title() if kind else say("Sign data of the kind {kind}", kind=read.message.type)
    warnings = (*grave, *_about_kind(read, kind), *_about_accounts(read, kind, subject), *_about_domain(read), *light)
    return title, (*_domain(read, kind), *facts), tuple(dict.fromkeys(warnings))


def amounts_of(read: Read, kind: Kind) -> Iterator[tuple[str, bytes | None, int]]:
    """Every amount of tokens in the message: its path with ``[]`` for each index, the token, the amount in its smallest unit."""
    return _Message(read, kind).amounts()


def _domain(read: Read, kind: Kind | None) -> tuple[Fact, ...]:
    facts = []
    chain_id, contract = read.domain_member("chainId"), read.domain_member("verifyingContract")
    for name, label in (("name", "Application, by its own name"), ("version", "Its version")):
        text = read.domain_member(name)
        if isinstance(text, str):
            facts.append(fact(label, text or words("(empty)")))
    if isinstance(chain_id, int):
        facts.append(fact("Chain", chain_name(chain_id)))
    if isinstance(contract, bytes):
        facts.append(fact("Contract that checks the signature", encode_address(contract), "address"))
        known = _known_contract(chain_id, contract)
        facts += [fact("That contract is", known)] if known else []
    salt = read.domain_member("salt")
    if isinstance(salt, bytes):
        facts.append(fact("Salt of the domain", salt.hex(), "hex"))
    what = say("{kind}, as {standard} has it", kind=read.message.type, standard=words(kind.standard)) if kind else read.message.type
    return (*facts, fact("Kind of data", what))


def _known_contract(chain_id: object, contract: bytes) -> str:
    if contract == PERMIT2:
        return "Permit2"
    token = TOKENS.get((chain_id, contract)) if isinstance(chain_id, int) else None
    return say("the token {symbol}", symbol=token.symbol) if token else ""


def _about_kind(read: Read, kind: Kind | None) -> tuple[str, ...]:
    if kind is None:
        return (UNKNOWN_KIND,)
    other = _is_anothers(read, kind)
    return (*((ANOTHER_CONTRACT,) if other else ()), *((kind.warning,) if kind.warning else ()))


def _is_anothers(read: Read, kind: Kind) -> bool:
    """Whether another contract than those of the kind checks the signature."""
    return bool(kind.contracts) and read.domain_member("verifyingContract") not in kind.contracts


def _about_domain(read: Read) -> tuple[str, ...]:
    chain_id, contract = read.domain_member("chainId"), read.domain_member("verifyingContract")
    found = (
        (chain_id is None, NO_CHAIN),
        (chain_id is not None and chain_id not in CHAINS, UNKNOWN_CHAIN),
        (contract is None and read.domain_member("salt") is None, NO_CONTRACT),
    )
    texts = "\n".join(str(read.domain_member(name) or "") for name in ("name", "version"))
    return (*(text for holds, text in found if holds), *describe_message(texts.encode()).warnings)


def _about_accounts(read: Read, kind: Kind | None, subject: Subject | None) -> tuple[str, ...]:
    own = subject.address if subject else None
    if kind is None or own is None:
        return ()
    named = [encode_address(value) for name in _OWNERS if isinstance(value := member(read.message, name), bytes) and any(value)]
    other = (SIGNED_FOR_ANOTHER,) if named and own not in named else ()
    items = member(read.message, "consideration")
    if not isinstance(items, tuple):
        return other
    gets = {encode_address(value) for item in items if isinstance(value := member(item, "recipient"), bytes)}
    return other if own in gets else (NOTHING_FOR_YOU, *other)


class _Message:
    """The fields of a message, in words."""

    def __init__(self, read: Read, kind: Kind | None) -> None:
        self._read, self._kind = read, kind or Kind(types=(), title="", standard="")
        chain_id, contract = read.domain_member("chainId"), read.domain_member("verifyingContract")
        self._chain_id = chain_id if isinstance(chain_id, int) else 0
        self._contract = contract if isinstance(contract, bytes) else None
        self._fields = tuple(_fields(read.message, ""))
        self._values = {path: node.value for path, _, node in self._fields}

    def described(self) -> tuple[tuple[Fact, ...], tuple[str, ...], tuple[str, ...]]:
        """A fact a field; the warnings about what it does, and those about how it is written."""
        facts: list[Fact] = []
        grave: list[str] = []
        light: list[str] = []
        for path, pattern, node in self._fields:
            label, drawn = self._kind.fields.get(pattern, ("", None))
            name = f"{words(label)} ({path})" if label else self._own_name(path)
            if drawn == "call" and isinstance(node.value, bytes):
                more, about = self._call(node.value)
                facts += more
                grave += about
                continue
            text, kind = self._text(path, pattern, node, drawn)
            # Not by ``fact``: the label can be a name of the asker's, which is never translated.
            facts.append(Fact(label=visible(name), value=visible_block(text) if kind == "message" else visible(text), kind=kind))
            grave += (UNLIMITED,) if self._lets_take_any(pattern, node.value) else ()
            light += _about_writing(node)
        return tuple(facts), tuple(grave), tuple(light)

    def title(self) -> str:
        """The kind's; with the amount that another may take, if there is one, and what it is worth is known."""
        kind = self._kind
        if self._is_delegated():
            return words(DELEGATED)
        found = [one for one in self._fields if one[1] in {*kind.allowances, kind.allowed}]
        if not kind.title_of_amount or len(found) != 1 or _is_anothers(self._read, kind):
            return words(kind.title)
        path, pattern, node = found[0]
        token, value = self._token(path, pattern), node.value
        if token is None or not isinstance(value, int) or (self._chain_id, token) not in TOKENS:
            return words(kind.title)
        if not value and kind.title_of_amount != ONCE:
            return words("End what another may take")
        amount = token_amount(self._chain_id, token, value, short=True, unlimited=self._lets_take_any(pattern, value))
        return without_bound(say(kind.title_of_amount, amount=amount))

    def _is_delegated(self) -> bool:
        """Whether it has a Safe run another contract's code, and not only one that makes several calls."""
        to, operation = (member(self._read.message, name) for name in ("to", "operation"))
        is_call = any(drawn == "call" for _, drawn in self._kind.fields.values())
        return is_call and operation == _DELEGATE_CALL and to not in SAFE_BATCHES

    def _own_name(self, path: str) -> str:
        """How a field is called that only the asker has named: not so that it could be taken for a name of ours."""
        return say("Field {name}", name=path) if path else words("Message")

    def amounts(self) -> Iterator[tuple[str, bytes | None, int]]:
        for path, pattern, node in self._fields:
            drawn = self._kind.fields.get(pattern, ("", None))[1]
            if drawn == "token" and isinstance(node.value, int):
                yield pattern, self._token(path, pattern), node.value

    def _text(self, path: str, pattern: str, node: Node, drawn: str | None) -> tuple[str, FactKind]:
        value = node.value
        if isinstance(value, tuple):
            return words("(an empty list)" if node.type.endswith("]") else "(no members)"), "text"
        if isinstance(value, int) and not isinstance(value, bool):
            match drawn:
                case "time":
                    return moment(value), "time"
                case "coins":
                    return coins_and_wei(value, self._chain_id), "text"
                case "token":
                    return self._amount(path, pattern, value), "text"
        return plain(scalar(node.type), value)

    def _amount(self, path: str, pattern: str, value: int) -> str:
        token = self._token(path, pattern)
        unlimited = pattern in self._kind.allowances and self._is_unlimited(pattern, value)
        return str(value) if token is None else token_amount(self._chain_id, token, value, unlimited=unlimited)

    def _token(self, path: str, pattern: str) -> bytes | None:
        """The token that an amount is of: beside it, in the same item of a list, or the contract that checks the signature."""
        named = self._kind.tokens.get(pattern)
        if named is None:
            return self._contract
        beside = f"{path.rpartition('.')[0]}.{named.rpartition('.')[2]}" if "." in named else named
        value = self._values.get(beside)
        return value if isinstance(value, bytes) else None

    def _is_unlimited(self, pattern: str, value: int) -> bool:
        return is_unlimited(value, 160 if pattern.startswith("details") else 256)

    def _lets_take_any(self, pattern: str, value: object) -> bool:
        if pattern == self._kind.allowed and pattern:
            return bool(value)
        return pattern in self._kind.allowances and isinstance(value, int) and self._is_unlimited(pattern, value)

    def _call(self, data: bytes) -> tuple[tuple[Fact, ...], tuple[str, ...]]:
        """The call that a Safe is to make."""
        to, value, operation = (member(self._read.message, name) for name in ("to", "value", "operation"))
        if not (isinstance(to, bytes) and isinstance(value, int)):
            raise TypeError
        call = Call(to=to, value=value, data=data, operation=int(operation == _DELEGATE_CALL), sender=self._contract)
        told = Reader(self._chain_id).describe(call)
        grave = (about_delegation(call),) if call.operation else ()
        refund = (SAFE_REFUND,) if member(self._read.message, "gasPrice") else ()
        warnings = (*grave, *refund, *told.warnings)
        return (fact("Call", told.title, after=" (data)"), *told.facts), warnings


def _about_writing(node: Node) -> Iterator[str]:
    if isinstance(node.value, str):
        yield from describe_message(node.value.encode()).warnings
    if node.type == "bytes" and node.value:
        yield OPAQUE


def _fields(node: Node, path: str) -> Iterator[tuple[str, str, Node]]:
    """Every value that has no members, with its path, and the path with ``[]`` for each index."""
    if not isinstance(node.value, tuple) or not node.value:
        yield path, re.sub(r"\[\d+\]", "[]", path), node
        return
    for index, one in enumerate(node.value):
        inner = f"{path}[{index}]" if node.type.endswith("]") else f"{path}.{one.name}".removeprefix(".")
        yield from _fields(one, inner)
