"""What an Ethereum transaction lets leave its account. Pure.

Bounded is a payment of coins, and of a listed token its ``transfer`` and the end of an allowance: what these contracts do is known, as far as
their issuers do not exchange their code. Any other contract can do whatever was allowed to it before, under whatever name its function has;
so can a contract that is created, code that an authorization puts into an account, and a chain takes a fee that it does not bound.
What a contract does in turn is not counted as a movement of this account's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from native_host.encodings.abi import SELECTOR_BYTES, NotAbi, decode_call
from native_host.encodings.eip55 import encode_address
from native_host.encodings.ethereum_transaction import ACCESS_LIST, DYNAMIC_FEE, LEGACY, Transaction
from native_host.protocol.ethereum import chain_id_of, read_transaction
from native_host.protocol.transactions import EthereumTransaction
from native_host.review.assets import evm_coin, evm_token
from native_host.review.effect import Effect, Movement
from native_host.review.evm_chains import CHAINS, PERMIT2, TOKENS
from native_host.review.evm_contracts import known_functions

if TYPE_CHECKING:
    from native_host.encodings.abi import Decoded
    from native_host.protocol.transactions import SignTransactionParams

_PLAIN = (LEGACY, ACCESS_LIST, DYNAMIC_FEE)
_SENT = {
    "transfer(address to,uint256 value)": ("value", "to"),
    "transferFrom(address from,address to,uint256 value)": ("value", "to"),
    "approve(address spender,uint256 value)": ("value", "spender"),
    "increaseAllowance(address spender,uint256 more)": ("more", "spender"),
    "permit(address owner,address spender,uint256 value,uint256 deadline,uint8 v,bytes32 r,bytes32 s)": ("value", "spender"),
    "approve(address token,address spender,uint160 value,uint48 deadline)": ("value", "spender"),
}
"""Functions that move tokens or let another take them: how much, and who gets it."""
_TRANSFER, _APPROVE = "transfer(address to,uint256 value)", "approve(address spender,uint256 value)"


def effect_of_transaction(params: SignTransactionParams) -> Effect:
    """The effect of a transaction that was found to be one that can be signed."""
    if not isinstance(params.transaction, EthereumTransaction):
        raise TypeError
    one = read_transaction(params.transaction, chain_id_of(params.chain))
    function, named = _called(one)
    tokens = _tokens(one, function, named)
    return Effect(
        chain=f"eip155:{one.chain_id}",
        native=evm_coin(one.chain_id),
        movements=(*_coins(one), *tokens),
        fee=one.highest_fee,
        selector=f"0x{one.data[:SELECTOR_BYTES].hex()}" if len(one.data) >= SELECTOR_BYTES and one.to is not None else None,
        bounded=_has_bounded_fee(one) and _is_known(one, function, named),
    )


def _has_bounded_fee(one: Transaction) -> bool:
    """Of a chain that is not listed it is not known."""
    chain = CHAINS.get(one.chain_id)
    return chain is not None and not chain.l1_fee


def _is_known(one: Transaction, function: str, named: dict[str, Decoded]) -> bool:
    """Whether nothing leaves but what the movements say."""
    if one.to is None or one.type not in _PLAIN:
        return False
    if not one.data:
        return True
    if (one.chain_id, one.to) not in TOKENS:
        return False
    return function == _TRANSFER or (function == _APPROVE and named["value"] == 0)


def _called(one: Transaction) -> tuple[str, dict[str, Decoded]]:
    """The function that is called, by its signature, and its parameters; empty if it is none that is known."""
    known = known_functions().get(one.data[:SELECTOR_BYTES]) if one.to is not None and one.data else None
    if known is None:
        return "", {}
    try:
        values = decode_call(known.function, one.data)
    except NotAbi:
        return "", {}
    return known.text, dict(zip((member.name for member in known.function.parameters.members), values, strict=True))


def _coins(one: Transaction) -> tuple[Movement, ...]:
    recipient = "" if one.to is None else encode_address(one.to)
    return (Movement(asset=evm_coin(one.chain_id), amount=one.value, recipient=recipient),) if one.value else ()


def _tokens(one: Transaction, function: str, named: dict[str, Decoded]) -> tuple[Movement, ...]:
    how_much, who = _SENT.get(function, ("", ""))
    amount, recipient, token = named.get(how_much), named.get(who), one.to
    if "token" in named:
        token = named["token"] if one.to == PERMIT2 and isinstance(named["token"], bytes) else None
    if token is None or not isinstance(amount, int) or not isinstance(recipient, bytes) or not amount:
        return ()
    return (Movement(asset=evm_token(one.chain_id, token), amount=amount, recipient=encode_address(recipient)),)
