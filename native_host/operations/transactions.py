"""Signing what the host has decoded: transactions, typed data, PSBTs. Which code does it, by the kind of chain.

Whoever is asked was shown what was decoded, and that is what is signed: each place here decodes in ``prepare`` what it signs in ``sign``,
from the params alone, and refuses in ``prepare`` what it cannot decode, before anybody is asked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from native_host.errors import InvalidParams, Unsupported
from native_host.protocol.transactions import SignPsbtParams, SignTransactionParams, SignTypedDataParams
from native_host.value import Value

if TYPE_CHECKING:
    from native_host.approval.permit import Permit
    from native_host.keystore.records import Record
    from native_host.operations.house import House
    from native_host.protocol.wire import Message
    from native_host.session import Session

Params = SignTransactionParams | SignTypedDataParams | SignPsbtParams


class Place(Value, frozen=True, kw_only=True):
    """``prepare`` gives the key of a call, everything checked that needs no secret; ``sign`` the result of what was reviewed.

    Raises:
        UnknownKey, KeyState, UsageNotAllowed, InvalidParams, Unsupported, TooLarge
    """

    prepare: Callable[[House, Session, Any], Record]
    sign: Callable[[House, Permit, Any], Message]


# One function a place, so that the code of a chain is imported when a call needs it.


def _ethereum() -> Place:
    from native_host.operations import ethereum

    return Place(prepare=ethereum.prepare, sign=ethereum.sign)


def _typed_data() -> Place:
    from native_host.operations import ethereum

    return Place(prepare=ethereum.prepare_typed_data, sign=ethereum.sign_typed_data)


def _solana() -> Place:
    from native_host.operations import solana

    return Place(prepare=solana.prepare, sign=solana.sign)


def _psbt() -> Place:
    from native_host.operations import psbt

    return Place(prepare=lambda house, session, params: psbt.prepare(house, session, params)[0], sign=psbt.sign)


_CHAINS: dict[str, Callable[[], Place]] = {
    "eip155": _ethereum,
    "solana": _solana,
}
"""By the namespace of CAIP-2."""


def prepare(house: House, session: Session, params: Params) -> Record:
    """The key that a call signs with; raises what ``Place.prepare`` raises."""
    return _place(params).prepare(house, session, params)


def authorities(params: Params) -> tuple[str | None, ...]:
    """The accounts that an Ethereum transaction which was prepared hands over to code; raises nothing."""
    if not isinstance(params, SignTransactionParams) or isinstance(params.transaction, str):
        return ()
    from native_host.operations import ethereum

    return ethereum.authorities(params)


def sign(house: House, permit: Permit, params: Params) -> Message:
    """What was reviewed, signed."""
    return _place(params).sign(house, permit, params)


def _place(params: Params) -> Place:
    match params:
        case SignTransactionParams():
            return _chain(params.chain)
        case SignTypedDataParams():
            return _typed_data()
        case SignPsbtParams():
            return _psbt()


def _chain(chain: str) -> Place:
    namespace, separator, reference = chain.partition(":")
    if not (namespace and separator and reference) or ":" in reference:
        raise InvalidParams("A chain is named as CAIP-2 does, such as eip155:1.", path="chain")
    place = _CHAINS.get(namespace)
    if place is None:
        raise Unsupported("This host does not sign transactions of that chain.", detail=chain)
    return place()
