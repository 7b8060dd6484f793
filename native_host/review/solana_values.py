"""Solana's chains, its coin and tokens that are widely used on it: what numbers and addresses are called. Data, and pure.

Chains are named by CAIP-2, the first 32 characters of the genesis block's hash. Addresses of tokens (mints) are their issuers'. What is
not listed is said to be unknown; nothing is looked up anywhere.
"""

from __future__ import annotations

from native_host.encodings.base58 import encode_base58
from native_host.language import say, words
from native_host.protocol.approver import Fact, FactKind
from native_host.review.text import time_in_words, visible, visible_block

SOL_DECIMALS = 9
UNLIMITED = (1 << 64) - 1
MAINNET = "5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp"
CHAINS = {
    MAINNET: "Solana's main network",
    "EtWTRABZaYq6iMfeYKouRu166VU2xqa1": "Solana's test network devnet",
    "4uhcVJyU9pJkvQyUS88uRDiswHXSGkY3": "Solana's test network testnet",
}
"""By the reference of CAIP-2."""
MINTS = {
    "So11111111111111111111111111111111111111112": ("wrapped SOL", 9),
    "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v": ("USDC", 6),
    "Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB": ("USDT", 6),
    "HzwqbKZw8HxMN6bF2yFZNrht3c2iXXzpKcFu7uBEDKtr": ("EURC", 6),
    "2b1kV6DkPAnxd5ixfnxCpjxmKwqjjaYmCZfHsFu24GXo": ("PYUSD", 6),
}
"""Symbol and decimals. The main network's; an address is made by a key pair, so that no other network has another token there."""


def fact(label: str, value: str, kind: FactKind = "text", *, place: str = "", after: str = "") -> Fact:
    """A fact whose text is made harmless; of a ``message`` the lines stay. ``label`` is put into the language in use; ``place`` stands before
    it, ``after`` behind it."""
    return Fact(label=place + words(label) + after, value=visible_block(value) if kind == "message" else visible(value), kind=kind)


def this_key(*, own: bool) -> str:
    """What stands behind the label of an address that is the key's own."""
    return f" ({words('this key')})" if own else ""


def decimal(units: int, decimals: int) -> str:
    """A number of smallest units as a number of whole ones, exactly."""
    whole, part = divmod(units, 10**decimals)
    return f"{whole}.{part:0{decimals}d}".rstrip("0") if part else str(whole)


def sol(lamports: int) -> str:
    """An amount in SOL."""
    return f"{decimal(lamports, SOL_DECIMALS)} SOL"


def sol_and_lamports(lamports: int) -> str:
    """An amount in SOL and, as it stands in the transaction, in lamports."""
    return f"{sol(lamports)} ({lamports} {words('lamport' if lamports == 1 else 'lamports')})"


def counted(number: int, one: str, many: str) -> str:
    """A number with what it counts."""
    return f"{number} {words(one if number == 1 else many)}"


def token_amount(units: int, mint: bytes | None, decimals: int | None, *, short: bool = False) -> str:
    """An amount of a token. ``mint`` and ``decimals`` as far as the instruction carries them; the chain refuses one with wrong decimals."""
    name = None if mint is None else encode_base58(mint)
    symbol, listed = MINTS.get(name or "", ("", None))
    if decimals is None:
        whole = "{units} units of a token whose decimals are not in the transaction"
        return say("{units} units of a token" if short else whole, units=units)
    amount = decimal(units, decimals)
    if symbol and listed == decimals:
        text = f"{amount} {words(symbol)}"
    elif short or name is None:
        text = say("{amount} of an unlisted token", amount=amount)
    else:
        text = say("{amount} of the token {name}", amount=amount, name=name)
    return text if short else say("{text} ({value} of its smallest units)", text=text, value=units)


def moment(seconds: int) -> str:
    """A time that a program compares with its cluster's clock."""
    try:
        return time_in_words(seconds * 1000)
    except (ValueError, OverflowError):
        return say("{seconds} seconds after 1970", seconds=seconds)
