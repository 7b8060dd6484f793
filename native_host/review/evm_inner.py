"""The calls that a call makes, by its parameters: batches, accounts, a Safe. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from native_host.encodings.abi import Decoded, NotAbi
from native_host.review.evm_contracts import Known
from native_host.review.evm_parameters import Call

DELEGATE = 1
_MULTISEND_HEAD = 85  # operation, address, value, length


def inner_calls(known: Known, call: Call, values: tuple[Decoded, ...]) -> Iterator[Call]:
    """Each of them, with who makes it; raises ``NotAbi`` if they cannot be read."""
    # Code that is called by delegation runs as its caller.
    sender = call.sender if call.operation == DELEGATE else call.to
    match known.inner, values:
        case "same contract", (*_, tuple() as datas):
            yield from (_inner(call.to, 0, data, sender=call.sender) for data in datas)
        case "one", (to, value, data):
            yield _inner(to, value, data, sender=sender)
        case "safe", (to, value, data, operation, *_):
            yield _inner(to, value, data, operation, sender=sender)
        case "packed", (bytes() as packed,):
            yield from _packed(packed, sender)
        case "target arrays", (tuple() as targets, tuple() as amounts, tuple() as datas):
            if not len(targets) == len(amounts) == len(datas):
                raise NotAbi("arrays of different lengths")
            for to, value, data in zip(targets, amounts, datas, strict=True):
                yield _inner(to, value, data, sender=sender)
        case (("targets" | "targets with value" | "batch"), (tuple() as calls,)):
            for one in calls:
                yield _of_tuple(known.inner, one, sender)
        case _:
            return


def _of_tuple(inner: str, one: Decoded, sender: bytes | None) -> Call:
    match inner, one:
        case "targets", (to, *_, data):
            return _inner(to, 0, data, sender=sender)
        case _, (to, *_, value, data):
            return _inner(to, value, data, sender=sender)
        case _:
            raise NotAbi("no call")


def _inner(to: Decoded, value: Decoded, data: Decoded, operation: Decoded = 0, *, sender: bytes | None) -> Call:
    if not (isinstance(to, bytes) and isinstance(value, int) and isinstance(data, bytes) and isinstance(operation, int)):
        raise NotAbi("no call")
    return Call(to=to, value=value, data=data, operation=_operation(operation), sender=sender)


def _operation(operation: int) -> int:
    if operation > DELEGATE:
        raise NotAbi("neither a call nor a delegate call")
    return operation


def _packed(packed: bytes, sender: bytes | None) -> Iterator[Call]:
    """Safe's MultiSend: operation (1), address (20), value (32), length (32), data; one after another."""
    at = 0
    while at < len(packed):
        head = packed[at : at + _MULTISEND_HEAD]
        length = int.from_bytes(head[53:], "big")
        at += len(head) + length
        if len(head) != _MULTISEND_HEAD or at > len(packed):
            raise NotAbi("cut short")
        data = packed[at - length : at]
        yield Call(to=head[1:21], value=int.from_bytes(head[21:53], "big"), data=data, operation=_operation(head[0]), sender=sender)
