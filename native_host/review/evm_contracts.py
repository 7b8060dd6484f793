"""Functions of contracts that Strongroom knows how to put in words: data, in the manner of ERC-7730's descriptors.

A row is found by its selector, which is computed from its signature. What it says is what the standard named beside it says of such a
function; a contract can do anything else under the same name, which every review of a contract that is not listed says. Every parameter is
shown, also one that no row gives a label.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Literal

from msgspec import field

from native_host.encodings.abi import Function, parse_function
from native_host.value import Value

Format = Literal["address", "recipient", "payee", "token", "token or id", "coins", "time", "number", "bytes", "nested"]
"""``token``: units of the contract that is called, or of the token that the parameter ``token`` names. ``token or id``: ERC-20 and ERC-721
have the same function for both. ``payee``: who gets what is paid;
``recipient``: the same, where a router has words of its own for some. ``time``: seconds since 1970. ``nested``: shown as calls of their own.
"""

Inner = Literal["", "same contract", "one", "safe", "batch", "packed", "targets", "targets with value", "target arrays"]
"""How the calls that a call makes stand in its parameters, see ``evm_calls``."""

CONTROL = "This hands over control of the contract. Whoever gets it can do with it what you can now."
NEW_CODE = "This exchanges the contract's code. What it holds is then in the hands of whoever wrote the new code."
SAFE_OWNERS = "This changes who controls the Safe."
SAFE_MODULE = "A module can move everything that the Safe holds, without any owner's signature."
SAFE_GUARD = "This changes what every later transaction of the Safe has to pass, or how it answers calls."
SAFE_REFUND = (
    "The Safe also pays fees back, in the token, at the price and to the one that are named: that can be far more than any fee. Usually the"
    " price is 0."
)
SAFE_BATCHES = frozenset(
    bytes.fromhex(address)
    for address in (
        "A238CBeb142c10Ef7Ad8442C6D1f9E89e07e7761",
        "40A2aCCbd92BCA938b02010E17A5b8929b49130D",
        "38869bf66a61cF6bDB996A6aE40D5853Fd43B526",
        "9641d764fc13c8B624c04430C7356C1C7C8102e2",
    )
)
"""MultiSend and MultiSendCallOnly of Safe's versions 1.3.0 and 1.4.1, the same on every chain: they only make the calls that they are given."""
VOTES = "Whoever is named votes with your tokens. They cannot move them."


class Known(Value, frozen=True, kw_only=True):
    """``title``: ``{name}`` is a parameter in short. ``labels``: name to label and format. ``amount`` names the parameter that says how much
    ``spender`` may take from then on; ``operator`` one that says whether they may take all.
    """

    text: str
    standard: str
    title: str
    labels: Mapping[str, tuple[str, Format]] = field(default_factory=dict)
    spender: str = ""
    amount: str = ""
    operator: str = ""
    token: str = ""
    inner: Inner = ""
    payable: bool = False
    warning: str = ""

    @property
    def function(self) -> Function:
        return parse_function(self.text)


_TO: dict[str, tuple[str, Format]] = {"to": ("Recipient", "address")}
_FROM_TO: dict[str, tuple[str, Format]] = {"from": ("Taken from", "address"), "to": ("Recipient", "address")}
_SPENDER: dict[str, tuple[str, Format]] = {"spender": ("Who may take it", "address")}
_OWNER: dict[str, tuple[str, Format]] = {"owner": ("Whose tokens", "address"), **_SPENDER, "deadline": ("This may be used until", "time")}
_CALL: dict[str, tuple[str, Format]] = {"data": ("Call", "nested")}

_ROWS = (
    Known(text="transfer(address to,uint256 value)", standard="ERC-20", title="Send {value}", labels={**_TO, "value": ("Amount of tokens", "token")}),
    Known(
        text="transferFrom(address from,address to,uint256 value)",
        standard="ERC-20 or ERC-721",
        title="Move {value}",
        labels={**_FROM_TO, "value": ("Amount of tokens", "token or id")},
    ),
    Known(
        text="approve(address spender,uint256 value)",
        standard="ERC-20 or ERC-721",
        title="Let another take up to {value}",
        labels={**_SPENDER, "value": ("How much", "token or id")},
        spender="spender",
        amount="value",
    ),
    Known(
        text="increaseAllowance(address spender,uint256 more)",
        standard="ERC-20, as OpenZeppelin has it",
        title="Let another take {more} more",
        labels={**_SPENDER, "more": ("How much more", "token")},
        spender="spender",
        amount="more",
    ),
    Known(
        text="decreaseAllowance(address spender,uint256 less)",
        standard="ERC-20, as OpenZeppelin has it",
        title="Let another take {less} less",
        labels={**_SPENDER, "less": ("How much less", "token")},
    ),
    Known(
        text="permit(address owner,address spender,uint256 value,uint256 deadline,uint8 v,bytes32 r,bytes32 s)",
        standard="ERC-2612",
        title="Let another take up to {value}",
        labels={**_OWNER, "value": ("How much", "token")},
        spender="spender",
        amount="value",
    ),
    Known(
        text="permit(address owner,address spender,uint256 nonce,uint256 deadline,bool allowed,uint8 v,bytes32 r,bytes32 s)",
        standard="the DAI token",
        title="Let another take any amount of this token, or end that",
        labels={**_OWNER, "allowed": ("May take any amount", "number")},
        spender="spender",
        operator="allowed",
    ),
    Known(
        text="setApprovalForAll(address operator,bool approved)",
        standard="ERC-721 and ERC-1155",
        title="Let another move all your tokens of a collection, or end that",
        labels={"operator": ("Who may move them", "address"), "approved": ("May move all", "number")},
        spender="operator",
        operator="approved",
    ),
    Known(
        text="safeTransferFrom(address from,address to,uint256 id)",
        standard="ERC-721",
        title="Send token number {id} of a collection",
        labels={**_FROM_TO, "id": ("Token number", "number")},
    ),
    Known(
        text="safeTransferFrom(address from,address to,uint256 id,bytes data)",
        standard="ERC-721",
        title="Send token number {id} of a collection",
        labels={**_FROM_TO, "id": ("Token number", "number"), "data": ("Data for the recipient", "bytes")},
    ),
    Known(
        text="safeTransferFrom(address from,address to,uint256 id,uint256 count,bytes data)",
        standard="ERC-1155",
        title="Send {count} of token number {id} of a collection",
        labels={**_FROM_TO, "id": ("Token number", "number"), "count": ("How many", "number"), "data": ("Data for the recipient", "bytes")},
    ),
    Known(
        text="safeBatchTransferFrom(address from,address to,uint256[] ids,uint256[] counts,bytes data)",
        standard="ERC-1155",
        title="Send several tokens of a collection",
        labels={**_FROM_TO, "ids": ("Token numbers", "number"), "counts": ("How many of each", "number"), "data": ("Data for the recipient", "bytes")},
    ),
    Known(text="deposit()", standard="wrapped coins (WETH)", title="Wrap coins into tokens", payable=True),
    Known(text="withdraw(uint256 amount)", standard="wrapped coins (WETH)", title="Unwrap {amount} into coins", labels={"amount": ("Amount of tokens", "token")}),
    Known(
        text="approve(address token,address spender,uint160 value,uint48 deadline)",
        standard="Permit2",
        title="Let another take up to {value}, through Permit2",
        labels={"token": ("Token", "address"), **_SPENDER, "value": ("How much", "token"), "deadline": ("Until", "time")},
        spender="spender",
        amount="value",
        token="token",
    ),
    Known(text="delegate(address delegatee)", standard="ERC-5805", title="Let another vote with your tokens", labels={"delegatee": ("Who votes", "address")}, warning=VOTES),
    Known(text="transferOwnership(address newOwner)", standard="ERC-173", title="Give a contract another owner", labels={"newOwner": ("New owner", "address")}, warning=CONTROL),
    Known(text="renounceOwnership()", standard="ERC-173, as OpenZeppelin has it", title="Leave a contract without an owner", warning=CONTROL),
    Known(text="grantRole(bytes32 role,address account)", standard="ERC-5982", title="Give another a role in a contract", labels={"account": ("Who gets it", "address")}, warning=CONTROL),
    Known(text="upgradeTo(address implementation)", standard="ERC-1822 and ERC-1967", title="Exchange a contract's code", labels={"implementation": ("New code", "address")}, warning=NEW_CODE),
    Known(
        text="upgradeToAndCall(address implementation,bytes data)",
        standard="ERC-1822 and ERC-1967",
        title="Exchange a contract's code",
        labels={"implementation": ("New code", "address"), "data": ("First call of it", "bytes")},
        payable=True,
        warning=NEW_CODE,
    ),
    Known(text="multicall(bytes[] data)", standard="Multicall, as OpenZeppelin and Uniswap have it", title="Call a contract several times", labels=_CALL, inner="same contract", payable=True),
    Known(
        text="multicall(uint256 deadline,bytes[] data)",
        standard="Multicall, as Uniswap has it",
        title="Call a contract several times",
        labels={**_CALL, "deadline": ("This may be used until", "time")},
        inner="same contract",
        payable=True,
    ),
    Known(text="multicall(bytes32 previousBlockhash,bytes[] data)", standard="Multicall, as Uniswap has it", title="Call a contract several times", labels=_CALL, inner="same contract", payable=True),
    Known(text="unwrapWETH9(uint256 least,address recipient)", standard="Uniswap's routers", title="Unwrap all that the router has into coins, at least {least}", labels={"least": ("At least", "coins"), "recipient": ("Who gets it", "payee")}, payable=True),
    Known(text="unwrapWETH9(uint256 least)", standard="Uniswap's SwapRouter02", title="Unwrap all that the router has into coins, at least {least}, for whoever calls it", labels={"least": ("At least", "coins")}, payable=True),
    Known(
        text="sweepToken(address token,uint256 least,address recipient)",
        standard="Uniswap's routers",
        title="Pay out all that the router has, at least {least}",
        labels={"token": ("Token", "address"), "least": ("At least", "token"), "recipient": ("Who gets it", "payee")},
        token="token",
        payable=True,
    ),
    Known(text="sweepToken(address token,uint256 least)", standard="Uniswap's SwapRouter02", title="Pay out all that the router has, at least {least}, to whoever calls it", labels={"token": ("Token", "address"), "least": ("At least", "token")}, token="token", payable=True),
    Known(text="refundETH()", standard="Uniswap's routers", title="Give coins that are left back to whoever calls the router", payable=True),
    Known(text="wrapETH(uint256 value)", standard="Uniswap's SwapRouter02", title="Wrap {value} into tokens", labels={"value": ("How much", "coins")}, payable=True),
    Known(text="pull(address token,uint256 value)", standard="Uniswap's SwapRouter02", title="Give the router {value}", labels={"token": ("Token", "address"), "value": ("How much", "token")}, token="token", payable=True),
    Known(
        text="selfPermit(address token,uint256 value,uint256 deadline,uint8 v,bytes32 r,bytes32 s)",
        standard="Uniswap's routers",
        title="Let the router take up to {value}",
        labels={"token": ("Token", "address"), "value": ("How much", "token"), "deadline": ("This may be used until", "time")},
        amount="value",
        token="token",
        payable=True,
    ),
    Known(text="aggregate((address to,bytes data)[] calls)", standard="Multicall3", title="Call several contracts", labels={"calls": ("Calls", "nested")}, inner="targets", payable=True),
    Known(
        text="aggregate3((address to,bool mayFail,bytes data)[] calls)",
        standard="Multicall3",
        title="Call several contracts",
        labels={"calls": ("Calls", "nested")},
        inner="targets",
        payable=True,
    ),
    Known(
        text="aggregate3Value((address to,bool mayFail,uint256 value,bytes data)[] calls)",
        standard="Multicall3",
        title="Call several contracts",
        labels={"calls": ("Calls", "nested")},
        inner="targets with value",
        payable=True,
    ),
    Known(
        text="execTransaction(address to,uint256 value,bytes data,uint8 operation,uint256 safeTxGas,uint256 baseGas,uint256 gasPrice,address gasToken,address refundReceiver,bytes signatures)",
        standard="Safe",
        title="Have a Safe do something",
        labels={"to": ("The Safe calls", "address"), "value": ("The Safe sends", "coins"), "data": ("Call", "nested")},
        inner="safe",
        payable=True,
    ),
    Known(text="multiSend(bytes transactions)", standard="Safe", title="Call several contracts", labels={"transactions": ("Calls", "nested")}, inner="packed", payable=True),
    Known(
        text="execute(address to,uint256 value,bytes data)",
        standard="smart accounts (ERC-4337)",
        title="Have a smart account do something",
        labels={"to": ("The account calls", "address"), "value": ("The account sends", "coins"), "data": ("Call", "nested")},
        inner="one",
        payable=True,
    ),
    Known(
        text="executeBatch(address[] to,uint256[] value,bytes[] data)",
        standard="smart accounts (ERC-4337)",
        title="Have a smart account do several things",
        labels={"to": ("The account calls", "nested"), "value": ("The account sends", "nested"), "data": ("Calls", "nested")},
        inner="target arrays",
        payable=True,
    ),
    Known(
        text="executeBatch((address to,uint256 value,bytes data)[] calls)",
        standard="smart accounts (ERC-4337)",
        title="Have a smart account do several things",
        labels={"calls": ("Calls", "nested")},
        inner="batch",
        payable=True,
    ),
    Known(text="addOwnerWithThreshold(address owner,uint256 threshold)", standard="Safe", title="Add an owner to a Safe", labels={"owner": ("New owner", "address"), "threshold": ("Owners that must sign", "number")}, warning=SAFE_OWNERS),
    Known(
        text="removeOwner(address previous,address owner,uint256 threshold)",
        standard="Safe",
        title="Remove an owner of a Safe",
        labels={"owner": ("Removed owner", "address"), "threshold": ("Owners that must sign", "number")},
        warning=SAFE_OWNERS,
    ),
    Known(
        text="swapOwner(address previous,address oldOwner,address newOwner)",
        standard="Safe",
        title="Exchange an owner of a Safe",
        labels={"oldOwner": ("Removed owner", "address"), "newOwner": ("New owner", "address")},
        warning=SAFE_OWNERS,
    ),
    Known(text="changeThreshold(uint256 threshold)", standard="Safe", title="Change how many owners of a Safe must sign", labels={"threshold": ("Owners that must sign", "number")}, warning=SAFE_OWNERS),
    Known(text="enableModule(address module)", standard="Safe", title="Let a module move what a Safe holds", labels={"module": ("Module", "address")}, warning=SAFE_MODULE),
    Known(text="setGuard(address guard)", standard="Safe", title="Change the guard of a Safe", labels={"guard": ("Guard", "address")}, warning=SAFE_GUARD),
    Known(text="setFallbackHandler(address handler)", standard="Safe", title="Change how a Safe answers calls", labels={"handler": ("Handler", "address")}, warning=SAFE_GUARD),
    Known(text="approveHash(bytes32 hash)", standard="Safe", title="Agree blind to a transaction of a Safe", warning="Only the hash of that transaction is here. Strongroom cannot tell what you would agree to."),
)  # fmt: skip


@lru_cache(maxsize=1)
def known_functions() -> dict[bytes, Known]:
    """The rows by selector."""
    return {row.function.selector: row for row in _ROWS}
