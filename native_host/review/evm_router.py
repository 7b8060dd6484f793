"""The steps of Uniswap's Universal Router: commands of one byte each, with an input each, as its versions 1 and 2 have them. Pure.

A number that is not here, or that means something else in another version, is named and not put in words.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from native_host.encodings.abi import SELECTOR_BYTES, Decoded, NotAbi, decode, decode_call, parse_function
from native_host.language import say, words
from native_host.protocol.approver import FactKind
from native_host.review.evm_contracts import Format, Known
from native_host.review.evm_parameters import ALIASES, OTHER_RECIPIENT, Told
from native_host.review.evm_swap_rows import Swap
from native_host.review.evm_values import moment
from native_host.value import Value

_MAY_FAIL, _RESERVED, _NUMBER = 0x80, 0x40, 0x3F
_SUB_PLAN = 0x21
_SMALL_FEE = 100
"""In ten-thousandths: what the pages that make such calls take for themselves."""
_STANDARD = "Uniswap's Universal Router"

ODD_STEP = (
    "A step of this call is one that Strongroom cannot read. It can move everything that the router holds or may take. Refuse unless you know"
    " exactly why you are asked."
)
MOVES_YOURS = "This moves tokens of yours that you have let Permit2 move for this contract."


class Step(Value, frozen=True, kw_only=True):
    """One command with its input."""

    command: int
    data: bytes

    @property
    def may_fail(self) -> bool:
        return bool(self.command & _MAY_FAIL)


_WHO: tuple[str, Format] = ("Who gets it", "recipient")
_TOKEN: tuple[str, Format] = ("Token", "address")


def _swap(name: str, amounts: str, path: str) -> Swap:
    first, second = amounts.split()
    is_in, is_packed = first == "amountIn", path.startswith("bytes")
    return Swap(
        text=f"{name}(address recipient,uint256 {first},uint256 {second},{path} path,bool payerIsUser)",
        standard=_STANDARD,
        exact="in" if is_in else "out",
        amount_in=first if is_in else second,
        amount_out=second if is_in else first,
        path="path",
        route=("packed" if is_in else "packed backwards") if is_packed else "addresses",
        recipient="recipient",
        aliases=ALIASES,
    )


_COMMANDS: dict[int, Swap | Known] = {
    0x00: _swap("V3_SWAP_EXACT_IN", "amountIn amountOutMin", "bytes"),
    0x01: _swap("V3_SWAP_EXACT_OUT", "amountOut amountInMax", "bytes"),
    0x02: Known(
        text="PERMIT2_TRANSFER_FROM(address token,address recipient,uint160 value)",
        standard=_STANDARD,
        title="Move {value} of yours, through Permit2",
        labels={"token": _TOKEN, "recipient": _WHO, "value": ("How much", "token")},
        token="token",
        warning=MOVES_YOURS,
    ),
    0x04: Known(
        text="SWEEP(address token,address recipient,uint256 least)",
        standard=_STANDARD,
        title="Pay out all that the router has left, at least {least}",
        labels={"token": ("Token (zero: coins)", "address"), "recipient": _WHO, "least": ("At least", "token")},
        token="token",
    ),
    0x05: Known(
        text="TRANSFER(address token,address recipient,uint256 value)",
        standard=_STANDARD,
        title="Pay {value} out of the router",
        labels={"token": ("Token (zero: coins)", "address"), "recipient": _WHO, "value": ("How much", "token")},
        token="token",
    ),
    0x06: Known(
        text="PAY_PORTION(address token,address recipient,uint256 portion)",
        standard=_STANDARD,
        title="Pay {portion} ten-thousandths of what the router has, a fee",
        labels={"token": ("Token (zero: coins)", "address"), "recipient": _WHO, "portion": ("Part, in ten-thousandths", "number")},
    ),
    0x08: _swap("V2_SWAP_EXACT_IN", "amountIn amountOutMin", "address[]"),
    0x09: _swap("V2_SWAP_EXACT_OUT", "amountOut amountInMax", "address[]"),
    0x0A: Known(
        text="PERMIT2_PERMIT(((address token,uint160 amount,uint48 expiration,uint48 nonce) details,address spender,uint256 sigDeadline) permit,bytes signature)",
        standard=_STANDARD,
        title="Let another take up to {amount}, through Permit2",
        labels={
            "permit, details, token": _TOKEN,
            "permit, details, amount": ("How much", "token"),
            "permit, details, expiration": ("May be taken until", "time"),
            "permit, spender": ("Who may take it", "address"),
            "permit, sigDeadline": ("This may be used until", "time"),
        },
        spender="permit, spender",
        amount="permit, details, amount",
        token="permit, details, token",
    ),
    0x0B: Known(
        text="WRAP_ETH(address recipient,uint256 value)",
        standard=_STANDARD,
        title="Wrap {value} into tokens",
        labels={"recipient": _WHO, "value": ("How much", "coins")},
    ),
    0x0C: Known(
        text="UNWRAP_WETH(address recipient,uint256 least)",
        standard=_STANDARD,
        title="Unwrap all tokens that the router has into coins, at least {least}",
        labels={"recipient": _WHO, "least": ("At least", "coins")},
    ),
    0x0E: Known(
        text="BALANCE_CHECK_ERC20(address owner,address token,uint256 least)",
        standard=_STANDARD,
        title="Go on only if somebody has at least {least}",
        labels={"owner": ("Whose balance", "address"), "token": _TOKEN, "least": ("At least", "token")},
        token="token",
    ),
}  # fmt: skip
_NAMES = {
    0x03: "PERMIT2_PERMIT_BATCH",
    0x0D: "PERMIT2_TRANSFER_FROM_BATCH",
    0x10: "V4_SWAP, in version 1 SEAPORT",
    0x11: "V3_POSITION_MANAGER_PERMIT, in version 1 of a market",
    0x12: "V3_POSITION_MANAGER_CALL, in version 1 of a market",
    0x13: "V4_INITIALIZE_POOL, in version 1 of a market",
    0x14: "V4_POSITION_MANAGER_CALL, in version 1 of a market",
    _SUB_PLAN: "EXECUTE_SUB_PLAN",
}


@lru_cache(maxsize=1)
def _functions() -> dict[bytes, str]:
    texts = ("execute(bytes commands,bytes[] inputs,uint256 deadline)", "execute(bytes commands,bytes[] inputs)")
    return {parse_function(text).selector: text for text in texts}


_PLAN = parse_function("plan(bytes commands,bytes[] inputs)").parameters


def read_steps(data: bytes) -> tuple[tuple[Step, ...], tuple[tuple[str, str, FactKind], ...]] | None:
    """The steps of a call of the router, and until when it may be used, as a fact; ``None`` for another call. Raises ``NotAbi``."""
    text = _functions().get(data[:SELECTOR_BYTES])
    if text is None:
        return None
    commands, inputs, *until = decode_call(parse_function(text), data)
    shown: list[tuple[str, str, FactKind]] = [("This may be used until", moment(one), "time") for one in until if isinstance(one, int)]
    return _paired(commands, inputs), tuple(shown)


def step_of(step: Step) -> Swap | Known | tuple[Step, ...] | None:
    """How a step is read: as a row, or as steps of its own; ``None`` if it is not. Raises ``NotAbi``."""
    if step.command & _RESERVED:
        return None
    if step.command & _NUMBER == _SUB_PLAN:
        return _paired(*decode(_PLAN, step.data))
    return _COMMANDS.get(step.command & _NUMBER)


def command_name(step: Step) -> str:
    """A step that is not put in words."""
    number = step.command & ~_MAY_FAIL
    row = _COMMANDS.get(number)
    name = row.function.name if row is not None else words(_NAMES.get(number, "unknown"))
    return say("A step that Strongroom cannot read: number {number:#04x} ({name})", number=number, name=name)


def steps_title(titles: Sequence[str]) -> str:
    """What the steps come to; a step that could not be read makes it blind."""
    if any(title.startswith((words("A step that"), words("Call a router blind"))) for title in titles):
        return words("Call a router blind, in part")
    swaps = [title for title in titles if title.startswith(words("Swap"))]
    if len(swaps) == 1:
        return swaps[0]
    if len(titles) == 1:
        return titles[0]
    return words("Swap by several ways" if swaps else "Have a router do several things")


def without_small_fee(row: Known, named: dict[str, Decoded], told: Told) -> Told:
    """A small part that a page takes for itself goes to another, as everybody's does: that is shown, and not warned of."""
    portion = named.get("portion")
    if row.function.name != "PAY_PORTION" or not isinstance(portion, int) or portion > _SMALL_FEE:
        return told
    return Told(title=told.title, facts=told.facts, warnings=tuple(text for text in told.warnings if text != OTHER_RECIPIENT))


def _paired(commands: Decoded, inputs: Decoded) -> tuple[Step, ...]:
    if not isinstance(commands, bytes) or not isinstance(inputs, tuple) or len(commands) != len(inputs):
        raise NotAbi("commands and inputs of different numbers")
    return tuple(Step(command=command, data=data) for command, data in zip(commands, inputs, strict=True) if isinstance(data, bytes))
