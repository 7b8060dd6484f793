"""Assets by their CAIP-19 names: what they are called, how many decimals they have, and amounts of them in words and back. Pure.

The coin of a chain of Ethereum's kind is always ``eip155:N/slip44:60``: 60 is the coin type under which wallets derive its accounts, on every
one of them. Tokens are ``eip155:N/erc20:0x…`` with the checksum of EIP-55, and ``solana:…/token:<mint>``. Amounts are whole numbers of the
smallest unit, never floats; a unit that is not listed in the tables is not guessed.
"""

from __future__ import annotations

import re
from functools import lru_cache

from native_host.encodings.base58 import decode_base58
from native_host.encodings.eip55 import encode_address
from native_host.language import say
from native_host.protocol.ethereum import address_of
from native_host.review.evm_chains import CHAINS, COIN_DECIMALS, TOKENS, decimal
from native_host.review.solana_values import MAINNET, MINTS, SOL_DECIMALS
from native_host.value import Value

BITCOIN_CHAIN = "bip122:000000000019d6689c085ae165831e93"
BITCOIN = f"{BITCOIN_CHAIN}/slip44:0"
SOLANA_CHAIN = f"solana:{MAINNET}"
SOLANA = f"{SOLANA_CHAIN}/slip44:501"
BITCOIN_DECIMALS = 8
HIGHEST = (1 << 256) - 1
"""No amount on any of these chains is larger."""
_EVM = re.compile(r"eip155:([1-9][0-9]{0,18})/(?:slip44:60|erc20:(0x[0-9a-fA-F]{40}))", re.ASCII)
_AMOUNT = re.compile(r"([0-9]{1,78})(?:\.([0-9]{1,36}))? +([0-9A-Za-z]{1,64})(?: +on +([a-z0-9]{3,8}:[A-Za-z0-9]{1,32}))?", re.ASCII)
_KEY_BYTES = 32
EXPECTED = "An amount is a number, a unit and, but for BTC, SOL and ETH, a chain: 0.5 ETH, or 100 USDC on eip155:8453."
WHOLE_UNITS = "Of a token that is not listed, the number is of its smallest units: a whole number."


class NotAnAmount(ValueError):
    """The text is no amount of something known; the sentence says what is expected."""


class Unit(Value, frozen=True, kw_only=True):
    """``place`` names the chain where the symbol alone does not. ``listed``: the symbol and decimals are ones of our tables."""

    symbol: str
    decimals: int
    place: str = ""
    listed: bool = True


def evm_coin(chain_id: int) -> str:
    """The coin of a chain of Ethereum's kind."""
    return f"eip155:{chain_id}/slip44:60"


def evm_token(chain_id: int, address: bytes) -> str:
    """A token by its contract's address."""
    return f"eip155:{chain_id}/erc20:{encode_address(address)}"


def solana_token(mint: str) -> str:
    """A token by its mint's address."""
    return f"{SOLANA_CHAIN}/token:{mint}"


@lru_cache(maxsize=256)
def unit_of(asset: str) -> Unit:
    """What an asset is counted in; the smallest units of one that is not listed."""
    if asset == BITCOIN:
        return Unit(symbol="BTC", decimals=BITCOIN_DECIMALS)
    if asset == SOLANA:
        return Unit(symbol="SOL", decimals=SOL_DECIMALS)
    prefix = solana_token("")
    if asset.startswith(prefix) and asset.removeprefix(prefix) in MINTS:
        symbol, decimals = MINTS[asset.removeprefix(prefix)]
        return Unit(symbol=symbol, decimals=decimals, place="Solana")
    found = _EVM.fullmatch(asset)
    chain = CHAINS.get(int(found[1])) if found else None
    if found is None or chain is None:
        return _unlisted(asset)
    if found[2] is None:
        return Unit(symbol=chain.coin, decimals=COIN_DECIMALS, place=chain.name)
    token = TOKENS.get((int(found[1]), bytes.fromhex(found[2][2:])))
    return Unit(symbol=token.symbol, decimals=token.decimals, place=chain.name) if token else _unlisted(asset)


def _unlisted(asset: str) -> Unit:
    return Unit(symbol=f"units of {asset}", decimals=0, listed=False)


def amount_text(asset: str, amount: int) -> str:
    """An amount as ``0.5 ETH on Ethereum``."""
    unit = unit_of(asset)
    return f"{decimal(amount, unit.decimals)} {unit.symbol}{f' on {unit.place}' if unit.place else ''}"


def amount_in_words(asset: str, amount: int) -> str:
    """The same in the language in use, for what only a person reads."""
    unit = unit_of(asset)
    number = decimal(amount, unit.decimals)
    if not unit.listed:
        return say("{number} units of {asset}", number=number, asset=asset)
    template = "{number} {symbol} on {place}" if unit.place else "{number} {symbol}"
    return say(template, number=number, symbol=unit.symbol, place=unit.place)


def number_text(asset: str, amount: int) -> str:
    """The number alone, as it is typed."""
    return decimal(amount, unit_of(asset).decimals)


def chain_of(asset: str) -> str:
    """The chain of an asset, by CAIP-2."""
    return asset.partition("/")[0]


def has_unbounded_fee(asset: str) -> bool:
    """Whether what a transaction on the asset's chain costs is bounded by no member of it, so that no amount there can be counted."""
    namespace, _, number = chain_of(asset).partition(":")
    if namespace != "eip155":
        return False
    chain = CHAINS.get(int(number))
    return chain is None or chain.l1_fee


def parse_amount(text: str) -> tuple[str, int]:
    """Asset and amount of ``0.5 ETH``, ``0.5 ETH on eip155:10``, ``100 USDC on eip155:8453`` or, of a token by its address, ``100 0x… on
    eip155:1``. Without a chain, the main network of the coin is meant.

    Raises:
        NotAnAmount: it is none, is zero, is finer than the unit can be divided, or names what is not listed.
    """
    found = _AMOUNT.fullmatch(text.strip())
    if found is None:
        raise NotAnAmount(EXPECTED)
    whole, part, name, chain = found[1], found[2] or "", found[3], found[4]
    asset = _asset(name, chain)
    unit = unit_of(asset)
    decimals = unit.decimals
    if len(part) > decimals:
        raise NotAnAmount(f"{unit.symbol} has {decimals} decimals, and no more." if decimals else WHOLE_UNITS)
    amount = int(whole + part.ljust(decimals, "0"))
    if not 0 < amount <= HIGHEST:
        raise NotAnAmount("An amount is more than nothing, and less than 2 to the power of 256 of the smallest units.")
    return asset, amount


def _asset(name: str, chain: str | None) -> str:
    """The one asset of that name on a chain.

    Raises:
        NotAnAmount: none, or none that is listed.
    """
    if chain is None and name in ("BTC", "SOL", "ETH"):
        return {"BTC": BITCOIN, "SOL": SOLANA, "ETH": evm_coin(1)}[name]
    if chain is None:
        raise NotAnAmount(_what_is_meant(name))
    namespace, _, reference = chain.partition(":")
    if namespace == "eip155" and reference.isdecimal() and not reference.startswith("0"):
        return _evm_asset(name, int(reference))
    if chain == SOLANA_CHAIN:
        return _solana_asset(name)
    if (name, chain) == ("BTC", BITCOIN_CHAIN):
        return BITCOIN
    raise NotAnAmount(
        "That chain has no amounts here. Name it as CAIP-2 does, such as eip155:1; Solana and Bitcoin are counted on their main networks."
    )


def _what_is_meant(name: str) -> str:
    """What to write for a name without a chain that says too little."""
    known = (
        {token.symbol for token in TOKENS.values()} | {chain.coin for chain in CHAINS.values()} | {symbol for symbol, _ in MINTS.values()}
    )
    right = next((symbol for symbol in sorted(known | {"BTC", "SOL"}) if symbol.upper() == name.upper()), None)
    if right in {"BTC", "SOL", "ETH"}:
        return f"Write the unit as {right}."
    if right is None and not name.startswith("0x"):
        return f"Strongroom knows no unit called {name[:20]}. A token is named by the address of its contract, and its chain: 100 0x… on eip155:1."
    return f"Say on which chain: an amount such as 100 {(right or name)[:44]} on eip155:1."


def _evm_asset(name: str, chain_id: int) -> str:
    if name.startswith("0x"):
        try:
            return evm_token(chain_id, address_of(name, "token"))
        except ValueError:
            raise NotAnAmount("That is no address of a token, or its capital letters are not those of its checksum.") from None
    chain = CHAINS.get(chain_id)
    if chain is not None and name == chain.coin:
        return evm_coin(chain_id)
    found = [address for (where, address), token in TOKENS.items() if where == chain_id and token.symbol == name]
    if len(found) != 1:
        raise NotAnAmount("Strongroom knows no coin or token of that name on that chain. Name a token by the address of its contract.")
    return evm_token(chain_id, found[0])


def _solana_asset(name: str) -> str:
    if name == "SOL":
        return SOLANA
    found = [mint for mint, (symbol, _) in MINTS.items() if symbol == name]
    if found:
        return solana_token(found[0])
    try:
        whole = len(decode_base58(name)) == _KEY_BYTES
    except ValueError:
        whole = False
    if not whole:
        raise NotAnAmount("Strongroom knows no token of that name on Solana. Name it by the address of its mint.")
    return solana_token(name)
