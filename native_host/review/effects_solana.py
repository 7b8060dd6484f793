"""What a Solana transaction lets leave the account of the key that signs. Pure.

Counted as of the main network, whatever network the extension names: a transaction does not name its own, and one that is said to be for a
test network moves real money on the main one. Bounded are transactions of nothing but the instructions below, which move no more than they
say. A program that is not known can move everything of the signer's among the accounts that it is given.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from native_host.encodings.base58 import encode_base58
from native_host.encodings.base64url import decode_base64url
from native_host.encodings.solana_transaction import Transaction, decode_transaction
from native_host.review.assets import SOLANA, SOLANA_CHAIN, solana_token
from native_host.review.effect import Effect, Movement
from native_host.review.solana_fees import fees_of
from native_host.review.solana_instructions import Told, read_instruction
from native_host.review.solana_programs import ASSOCIATED, COMPUTE_BUDGET, SYSTEM, TOKEN, TOKEN_2022

if TYPE_CHECKING:
    from native_host.protocol.transactions import SignTransactionParams

_DEPOSIT = (128 + 165) * 3480 * 2
"""Lamports that an account of SPL Token's 165 bytes holds so that it pays no rent: two years of it, at the cluster's rate, with 128 bytes over."""
_HARMLESS = frozenset({"memo", "advanceNonceAccount", "syncNative"})
_CHECKED = frozenset({"transferChecked", "transferCheckedWithFee"})


def effect_of_transaction(params: SignTransactionParams, own: bytes | None) -> Effect:
    """The effect of a transaction that was found to be one that can be signed; ``own``: the key that is to sign."""
    if not isinstance(params.transaction, str):
        raise TypeError
    return effect(decode_transaction(decode_base64url(params.transaction)), own)


def effect(one: Transaction, own: bytes | None) -> Effect:
    """The effect of a decoded transaction."""
    message, fees = one.message, fees_of(one.message)
    told = [read_instruction(message, each, own) for each in message.instructions if message.keys[each.program] != COMPUTE_BUDGET]
    return Effect(
        chain=SOLANA_CHAIN,
        native=SOLANA,
        movements=tuple(movement for each in told for movement in _moved(each, own)),
        fee=fees.highest if message.fee_payer == own else 0,
        bounded=own is not None and not fees.odd and all(map(_is_bounded, told)),
    )


def _is_bounded(told: Told) -> bool:
    """Whether an instruction moves nothing of the key's but what its movements say."""
    if told.known is None or (told.memo is None and any(account.own for account in told.further)):
        return False
    name, program = told.known.name, told.program
    if name in _HARMLESS:
        return True
    if program == SYSTEM:
        return name == "transfer"
    if program == ASSOCIATED:
        # An account of Token-2022 has a size, and so a deposit, that its token decides about.
        return name in ("create", "createIdempotent") and told.key("token_program") == TOKEN
    return program in (TOKEN, TOKEN_2022) and name in _CHECKED and told.key("mint") is not None


def _moved(told: Told, own: bytes | None) -> tuple[Movement, ...]:
    if told.known is None or own is None:
        return ()
    name, program = told.known.name, told.program
    if program == SYSTEM and told.key("from") == own and told.number("lamports"):
        recipient = told.accounts.get("to") or told.accounts.get("new")
        if recipient is None or recipient.key == own:
            return ()
        return (Movement(asset=SOLANA, amount=told.number("lamports"), recipient=recipient.text if recipient.key else ""),)
    if program == ASSOCIATED and name.startswith("create") and told.key("funder") == own:
        return (Movement(asset=SOLANA, amount=_DEPOSIT, recipient=told.accounts["associated"].text),)
    mint = told.key("mint")
    if program in (TOKEN, TOKEN_2022) and name in (*_CHECKED, "approveChecked") and told.key("authority") == own and mint is not None:
        to = told.accounts.get("to_token") or told.accounts.get("delegate")
        amount = told.number("amount")
        return (
            (Movement(asset=solana_token(encode_base58(mint)), amount=amount, recipient=to.text if to and to.key else ""),)
            if amount
            else ()
        )
    return ()
