"""Functions with which routers swap tokens: Uniswap's (V2, V3, SwapRouter02) and 1inch's (5, 6), and which contracts they are. Data.

A row is found by its selector, which is computed from its signature. Addresses are their makers', and no more of them than are certain.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Literal

from msgspec import field

from native_host.encodings.abi import Function, parse_function
from native_host.review.evm_parameters import ALIASES, CALLER, ROUTER
from native_host.value import Value


class Swap(Value, frozen=True, kw_only=True):
    """The other texts name a parameter, one within a tuple by its way (``params, amountIn``). ``exact``: which of the amounts is met exactly.
    ``path``: the parameter that holds the route, of which ``route`` tells the form. ``coins``: the side on which the chain's own coin is;
    without a parameter for it, its amount is what the call sends. ``head``: so many words at the beginning are read, and nothing else.
    """

    text: str
    standard: str
    exact: Literal["in", "out"]
    amount_in: str = ""
    amount_out: str = ""
    token_in: str = ""
    token_out: str = ""
    path: str = ""
    route: Literal["addresses", "packed", "packed backwards"] = "addresses"
    recipient: str = ""
    until: str = ""
    coins: Literal["", "in", "out"] = ""
    aliases: dict[int, str] = field(default_factory=dict)
    head: int = 0

    @property
    def function(self) -> Function:
        return parse_function(self.text)


def _v2(name: str, amounts: str, *, coins: Literal["", "in", "out"] = "", until: str = ",uint256 deadline") -> Swap:
    """Uniswap V2's, whose first amount is the one that is met exactly; where coins are given, the call itself says how many."""
    names = amounts.split()
    return Swap(
        text=f"{name}({','.join(f'uint256 {one}' for one in names)},address[] path,address to{until})",
        standard="Uniswap V2's router" if until else "Uniswap's SwapRouter02",
        exact="out" if names[0] == "amountOut" else "in",
        amount_in=next((one for one in names if "In" in one), ""),
        amount_out=next((one for one in names if "Out" in one), ""),
        path="path",
        recipient="to",
        until="deadline" if until else "",
        coins=coins,
        aliases={} if until else ALIASES,
    )


def _v3(name: str, members: str, *, exact: Literal["in", "out"], until: bool) -> Swap:
    """``exactInputSingle`` and its like, of both routers: the newer has no deadline."""
    single = name.endswith("Single")
    amounts = ("amountIn", "amountOutMinimum") if exact == "in" else ("amountInMaximum", "amountOut")
    return Swap(
        text=f"{name}(({members}) params)",
        standard="Uniswap V3's router" if until else "Uniswap's SwapRouter02",
        exact=exact,
        amount_in=f"params, {amounts[0]}",
        amount_out=f"params, {amounts[1]}",
        token_in="params, tokenIn" if single else "",
        token_out="params, tokenOut" if single else "",
        path="" if single else "params, path",
        route="packed" if exact == "in" else "packed backwards",
        recipient="params, recipient",
        until="params, deadline" if until else "",
        aliases={0: ROUTER} if until else ALIASES,
    )


def _v3_rows() -> Iterator[Swap]:
    for until in ("uint256 deadline,", ""):
        is_old = bool(until)
        one = f"address tokenIn,address tokenOut,uint24 fee,address recipient,{until}"
        many = f"bytes path,address recipient,{until}"
        in_amounts, out_amounts = "uint256 amountIn,uint256 amountOutMinimum", "uint256 amountOut,uint256 amountInMaximum"
        yield _v3("exactInputSingle", f"{one}{in_amounts},uint160 sqrtPriceLimitX96", exact="in", until=is_old)
        yield _v3("exactInput", f"{many}{in_amounts}", exact="in", until=is_old)
        yield _v3("exactOutputSingle", f"{one}{out_amounts},uint160 sqrtPriceLimitX96", exact="out", until=is_old)
        yield _v3("exactOutput", f"{many}{out_amounts}", exact="out", until=is_old)


_DESCRIPTION = (
    "(address srcToken,address dstToken,address srcReceiver,address dstReceiver,uint256 amount,uint256 minReturnAmount,uint256 flags) desc"
)


def _1inch(version: int, rest: str) -> Swap:
    """Its data for the executor may end in a mark of 1inch's own, as no encoder writes it: only what stands at fixed places is read."""
    return Swap(
        text=f"swap(address executor,{_DESCRIPTION},{rest})",
        standard=f"1inch's router {version}",
        exact="in",
        amount_in="desc, amount",
        amount_out="desc, minReturnAmount",
        token_in="desc, srcToken",
        token_out="desc, dstToken",
        recipient="desc, dstReceiver",
        aliases={0: CALLER},
        head=8,
    )


_ROWS = (
    _v2("swapExactTokensForTokens", "amountIn amountOutMin"),
    _v2("swapTokensForExactTokens", "amountOut amountInMax"),
    _v2("swapExactETHForTokens", "amountOutMin", coins="in"),
    _v2("swapTokensForExactETH", "amountOut amountInMax", coins="out"),
    _v2("swapExactTokensForETH", "amountIn amountOutMin", coins="out"),
    _v2("swapETHForExactTokens", "amountOut", coins="in"),
    _v2("swapExactTokensForTokensSupportingFeeOnTransferTokens", "amountIn amountOutMin"),
    _v2("swapExactETHForTokensSupportingFeeOnTransferTokens", "amountOutMin", coins="in"),
    _v2("swapExactTokensForETHSupportingFeeOnTransferTokens", "amountIn amountOutMin", coins="out"),
    _v2("swapExactTokensForTokens", "amountIn amountOutMin", until=""),
    _v2("swapTokensForExactTokens", "amountOut amountInMax", until=""),
    *_v3_rows(),
    _1inch(5, "bytes permit,bytes data"),
    _1inch(6, "bytes data"),
)

_ROUTERS: dict[str, tuple[str, tuple[int, ...]]] = {
    "0x7a250d5630B4cF539739dF2C5dAcb4c659F2488D": ("Uniswap V2's router", (1,)),
    "0xE592427A0AEce92De3Edee1F18E0157C05861564": ("Uniswap V3's router", (1, 10, 137, 42161)),
    "0x68b3465833fb72A70ecDF485E0e4C7bD8665Fc45": ("Uniswap's SwapRouter02", (1, 10, 137, 42161)),
    "0x2626664c2603336E57B271c5C0b26F421741e481": ("Uniswap's SwapRouter02", (8453,)),
    "0xEf1c6E67703c7BD7107eed8303Fbe6EC2554BF6B": ("Uniswap's Universal Router", (1,)),
    "0x3fC91A3afd70395Cd496C647d5a6CC9D4B2b7FAD": ("Uniswap's Universal Router", (1,)),
    "0x66a9893cC07D91D95644AEDD05D03f95e1dBA8Af": ("Uniswap's Universal Router", (1,)),
    "0x1111111254EEB25477B68fb85Ed929f73A960582": ("1inch's router 5", (1, 10, 56, 100, 137, 8453, 42161, 43114)),
    "0x111111125421cA6dc452d289314280a0f8842A65": ("1inch's router 6", (1, 10, 56, 100, 137, 8453, 42161, 43114)),
}
ROUTERS = {(chain_id, bytes.fromhex(address[2:])): name for address, (name, chains) in _ROUTERS.items() for chain_id in chains}
"""By chain id and address: their makers', and no more than is certain."""


@lru_cache(maxsize=1)
def swap_functions() -> dict[bytes, Swap]:
    """The rows by selector."""
    return {row.function.selector: row for row in _ROWS}
