"""What typed data (EIP-712) lets leave its account. Pure.

Never bounded: whoever has the signature decides what is done with it and when, and the contract that takes it may take it for more than its
fields say. What the known kinds say of amounts are the movements; the chain is the domain's, and ``eip155:0`` where it names none, which is
every chain.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from native_host.encodings.eip55 import encode_address
from native_host.encodings.eip712 import member
from native_host.protocol.ethereum import read_typed_data
from native_host.review.assets import HIGHEST, evm_coin, evm_token
from native_host.review.effect import Effect, Movement
from native_host.review.typed_data import amounts_of
from native_host.review.typed_data_kinds import kind_of

if TYPE_CHECKING:
    from native_host.encodings.eip712 import Read
    from native_host.protocol.transactions import SignTypedDataParams
    from native_host.review.typed_data_kinds import Kind

_LEAVES = frozenset(
    {
        "value",
        "details.amount",
        "details[].amount",
        "permitted.amount",
        "permitted[].amount",
        "sellAmount",
        "feeAmount",
        "makerAmount",
    }
)
"""Paths of amounts that leave whoever signs; a Safe's coins are not the account's."""


def effect_of_typed_data(params: SignTypedDataParams) -> Effect:
    """The effect of typed data that was found to be sound."""
    read = read_typed_data(params.typed_data)
    named, kind = read.domain_member("chainId"), kind_of(read.encoded_type)
    chain_id = named if isinstance(named, int) else 0
    return Effect(
        chain=f"eip155:{chain_id}",
        native=evm_coin(chain_id),
        movements=() if kind is None else (*_amounts(read, kind, chain_id), *_any_amount(read, kind, chain_id)),
    )


def _amounts(read: Read, kind: Kind, chain_id: int) -> tuple[Movement, ...]:
    recipient = _recipient(read)
    return tuple(
        Movement(asset=evm_token(chain_id, token), amount=amount, recipient=recipient)
        for pattern, token, amount in amounts_of(read, kind)
        if pattern in _LEAVES and amount and token is not None
    )


def _any_amount(read: Read, kind: Kind, chain_id: int) -> tuple[Movement, ...]:
    """DAI's permit has no amount: all or none."""
    contract = read.domain_member("verifyingContract")
    if not kind.allowed or not member(read.message, kind.allowed) or not isinstance(contract, bytes):
        return ()
    return (Movement(asset=evm_token(chain_id, contract), amount=HIGHEST, recipient=_recipient(read)),)


def _recipient(read: Read) -> str:
    """Who may take it, or gets it; nobody in particular of an order."""
    found = next((value for name in ("spender", "to") if isinstance(value := member(read.message, name), bytes)), None)
    return "" if found is None else encode_address(found)
