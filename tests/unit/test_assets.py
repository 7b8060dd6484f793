"""Amounts with their units: read strictly, written exactly, never floats."""

from __future__ import annotations

import pytest

from native_host.review.assets import BITCOIN, HIGHEST, SOLANA, NotAnAmount, amount_text, evm_coin, has_unbounded_fee, parse_amount, unit_of

USDC = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"
MINT = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"
MAIN = "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp"
UNLISTED = f"0x{'33' * 20}"

READ: dict[str, tuple[str, int]] = {
    "0.5 ETH": ("eip155:1/slip44:60", 5 * 10**17),
    "0.000000000000000001 ETH": ("eip155:1/slip44:60", 1),
    "  1   ETH  on  eip155:10 ": ("eip155:10/slip44:60", 10**18),
    "3 POL on eip155:137": ("eip155:137/slip44:60", 3 * 10**18),
    "100 USDC on eip155:1": (f"eip155:1/erc20:{USDC}", 100_000_000),
    f"100 {USDC} on eip155:1": (f"eip155:1/erc20:{USDC}", 100_000_000),
    f"100 {USDC.lower()} on eip155:1": (f"eip155:1/erc20:{USDC}", 100_000_000),
    f"7 {UNLISTED} on eip155:1": (f"eip155:1/erc20:{UNLISTED}", 7),
    "0.1 BTC": (BITCOIN, 10_000_000),
    "1.000000001 SOL": (SOLANA, 1_000_000_001),
    f"2 USDC on {MAIN}": (f"{MAIN}/token:{MINT}", 2_000_000),
    f"2 {MINT} on {MAIN}": (f"{MAIN}/token:{MINT}", 2_000_000),
    f"{HIGHEST} {UNLISTED} on eip155:1": (f"eip155:1/erc20:{UNLISTED}", HIGHEST),
}


@pytest.mark.parametrize("text", READ)
def test_an_amount_is_read(text: str) -> None:
    assert READ[text] == parse_amount(text)


REFUSED = (
    "", "0.5", "ETH", "0 ETH", "0.0 ETH", "-1 ETH", "+1 ETH", "1e18 ETH", "1_000 ETH", "1,000 ETH", ".5 ETH", "1. ETH", "0x10 ETH", "NaN ETH", "inf ETH",
    "1 eth", "1 ETH on eip155:0", "1 ETH on eip155:01", "1 ETH on eip155:999999", "1 ETH on solana:x", "1 ETH on Ethereum", "1 USDC", "1 BTC on eip155:1",
    "1 DOGE", "0.0000000000000000001 ETH", "0.000000001 BTC", "0.0000001 USDC on eip155:1", f"0.5 {UNLISTED} on eip155:1", f"1 {UNLISTED}",
    f"1 {USDC.swapcase()} on eip155:1", "1 0x33 on eip155:1", f"{HIGHEST + 1} {UNLISTED} on eip155:1", f"1{'0' * 80} ETH", "\u0661 ETH", "1 ETH on eip155:1 or more",
    "1 SOL on solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1", f"1 nothing on {MAIN}", "1\nETH",
)  # fmt: skip


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_amount_is_refused(text: str) -> None:
    """Also what could be read in more than one way, and what is finer than the unit."""
    with pytest.raises(NotAnAmount):
        parse_amount(text)


SAID = {
    "5 DOGE": "no unit called DOGE", "500 gwei": "no unit called gwei", "1 eth": "Write the unit as ETH", "2 usdc": "100 USDC on eip155:1",
    f"5 0x{'33' * 20}": "Say on which chain", "1 POL": "Say on which chain", "0.123456789 BTC": "BTC has 8 decimals",
}  # fmt: skip


@pytest.mark.parametrize("text", SAID)
def test_what_is_meant_is_asked_for(text: str) -> None:
    """By the unit that was written."""
    with pytest.raises(NotAnAmount, match=SAID[text]):
        parse_amount(text)


WRITTEN = {
    "0.5 ETH on Ethereum": (evm_coin(1), 5 * 10**17),
    "1 ETH on Base": (evm_coin(8453), 10**18),
    "0.00000001 BTC": (BITCOIN, 1),
    "1.5 SOL": (SOLANA, 1_500_000_000),
    "2.5 USDC on Ethereum": (f"eip155:1/erc20:{USDC}", 2_500_000),
    "2.5 USDC on Solana": (f"{MAIN}/token:{MINT}", 2_500_000),
    f"7 units of eip155:1/erc20:{UNLISTED}": (f"eip155:1/erc20:{UNLISTED}", 7),
    "7 units of eip155:987654321/slip44:60": (evm_coin(987_654_321), 7),
}


@pytest.mark.parametrize("text", WRITTEN)
def test_an_amount_in_words(text: str) -> None:
    """In the measure of its table, or in smallest units where there is none."""
    asset, amount = WRITTEN[text]
    assert text == amount_text(asset, amount)
    assert unit_of(asset).listed == ("units of" not in text)


def test_where_a_fee_is_bounded_by_nothing() -> None:
    """Or where it is not known whether it is."""
    found = {asset: has_unbounded_fee(asset) for asset in (evm_coin(1), evm_coin(8453), evm_coin(987_654_321), BITCOIN, SOLANA)}
    assert [False, True, True, False, False] == list(found.values())
