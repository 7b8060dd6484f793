"""Typed data that Strongroom knows how to put in words: permits, orders and what a Safe's owners sign. Data.

A row is found by the whole text of its type, as it is hashed: a type that differs in one member is another, and is shown field by field
under its own names. ``*`` ends a text whose rest is the asker's (Permit2's witness).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import field

from native_host.review.evm_chains import PERMIT2
from native_host.value import Value

Format = Literal["token", "time", "coins", "call"]
"""``token``: units of the token that ``tokens`` names for the field, else of the verifying contract. ``call``: calldata of a call."""

PERMIT = "Whoever has this signature may take the tokens, without asking you and without a transaction of yours. Check who is named."
ORDER = (
    "Whoever has this signature may carry out the exchange: what you offer is taken for what you ask. Check both, and until when it holds."
)
PAYMENT = "Whoever has this signature can carry out the payment."
SAFE = "With enough owners' signatures the Safe does this. Check the call, and not what a page says about it."
SAFE_MESSAGE = "The Safe vouches for bytes that Strongroom cannot read for you: they can be a permit or an order."
VOTES = "Whoever is named votes with your tokens. They cannot move them."
MANY_ORDERS = "This one signature is good for every order in it."
ONCE = "Let another take up to {amount} once, through Permit2"

_PERMIT_DETAILS = "PermitDetails(address token,uint160 amount,uint48 expiration,uint48 nonce)"
_TOKEN_PERMISSIONS = "TokenPermissions(address token,uint256 amount)"
_CONSIDERATION = (
    "ConsiderationItem(uint8 itemType,address token,uint256 identifierOrCriteria,uint256 startAmount,uint256 endAmount,address recipient)"
)
_OFFER = "OfferItem(uint8 itemType,address token,uint256 identifierOrCriteria,uint256 startAmount,uint256 endAmount)"
_ORDER = "OrderComponents(address offerer,address zone,OfferItem[] offer,ConsiderationItem[] consideration,uint8 orderType,uint256 startTime,uint256 endTime,bytes32 zoneHash,uint256 salt,bytes32 conduitKey,uint256 counter)"
_SEAPORT = frozenset(
    bytes.fromhex(address)
    for address in (
        "00000000006c3852cbEf3e08E8dF289169EdE581",
        "00000000000001ad428e4906aE43D8F9852d0dD6",
        "00000000000000ADc04C56Bf30aC9d3c0aAF14dC",
        "0000000000000068F116a894984e2DB1123eB395",
    )
)
_COW = bytes.fromhex("9008D19f58AAbD9eD0D60971565AA8510560ab41")


class Kind(Value, frozen=True, kw_only=True):
    """Paths of fields are dotted, an item of a list is ``[]``. ``fields``: a path to a label and a format, which may be none. ``tokens``: the
    path of an amount to the path beside it that names its token. ``allowances``: the paths of amounts that another may take, ``allowed`` that of
    whether they may take any. ``contracts``: those that check such signatures; any, if there are none. ``title_of_amount``: the title where
    there is one amount, of a listed token.
    """

    types: tuple[str, ...]
    title: str
    title_of_amount: str = ""
    standard: str
    warning: str = ""
    fields: Mapping[str, tuple[str, Format | None]] = field(default_factory=dict)
    tokens: Mapping[str, str] = field(default_factory=dict)
    allowances: frozenset[str] = frozenset()
    allowed: str = ""
    contracts: frozenset[bytes] = frozenset()


_SPENDER: dict[str, tuple[str, Format | None]] = {"spender": ("Who may take it", None)}


def _details(path: str) -> dict[str, tuple[str, Format | None]]:
    return {
        f"{path}.token": ("Token", None),
        f"{path}.amount": ("How much", "token"),
        f"{path}.expiration": ("May be taken until", "time"),
    }


_ITEMS: dict[str, tuple[str, Format | None]] = {
    "offer[].token": ("You offer of contract", None),
    "offer[].identifierOrCriteria": ("You offer token number", None),
    "offer[].startAmount": ("You offer at first", None),
    "offer[].endAmount": ("You offer at last", None),
    "consideration[].token": ("Asked for, of contract", None),
    "consideration[].identifierOrCriteria": ("Asked for, token number", None),
    "consideration[].startAmount": ("Asked for at first", None),
    "consideration[].endAmount": ("Asked for at last", None),
    "consideration[].recipient": ("Who gets that", None),
    "startTime": ("Holds from", "time"),
    "endTime": ("Holds until", "time"),
    "zone": ("Who may cancel it", None),
}


def _transfer(title: str) -> Kind:
    name = title.partition(" ")[0]
    return Kind(
        types=(f"{name}WithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)",),
        title="Send tokens, by a signature",
        standard="ERC-3009",
        warning=PAYMENT,
        fields={
            "from": ("Taken from", None),
            "to": ("Recipient", None),
            "value": ("Amount of tokens", "token"),
            "validAfter": ("Holds from", "time"),
            "validBefore": ("Holds until", "time"),
        },
    )


KINDS = (
    Kind(
        types=("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)",),
        title="Let another take tokens of yours",
        title_of_amount="Let another take up to {amount}",
        standard="ERC-2612",
        warning=PERMIT,
        fields={"owner": ("Whose tokens", None), **_SPENDER, "value": ("How much", "token"), "deadline": ("This may be used until", "time")},
        allowances=frozenset({"value"}),
    ),
    Kind(
        types=("Permit(address holder,address spender,uint256 nonce,uint256 expiry,bool allowed)",),
        title="Let another take tokens of yours, or end that",
        title_of_amount="Let another take up to {amount}",
        standard="the DAI token",
        warning=PERMIT,
        fields={"holder": ("Whose tokens", None), **_SPENDER, "expiry": ("This may be used until (0 is forever)", "time"), "allowed": ("May take any amount", None)},
        allowed="allowed",
    ),
    Kind(
        types=(f"PermitSingle(PermitDetails details,address spender,uint256 sigDeadline){_PERMIT_DETAILS}",),
        title="Let another take tokens of yours, through Permit2",
        title_of_amount="Let another take up to {amount}, through Permit2",
        standard="Permit2",
        warning=PERMIT,
        fields={
            **_SPENDER,
            **_details("details"),
            "sigDeadline": ("This may be used until", "time"),
        },
        tokens={"details.amount": "details.token"},
        allowances=frozenset({"details.amount"}),
        contracts=frozenset({PERMIT2}),
    ),
    Kind(
        types=(f"PermitBatch(PermitDetails[] details,address spender,uint256 sigDeadline){_PERMIT_DETAILS}",),
        title="Let another take several tokens of yours, through Permit2",
        standard="Permit2",
        warning=PERMIT,
        fields={
            **_SPENDER,
            **_details("details[]"),
            "sigDeadline": ("This may be used until", "time"),
        },
        tokens={"details[].amount": "details[].token"},
        allowances=frozenset({"details[].amount"}),
        contracts=frozenset({PERMIT2}),
    ),
    Kind(
        types=(
            f"PermitTransferFrom(TokenPermissions permitted,address spender,uint256 nonce,uint256 deadline){_TOKEN_PERMISSIONS}",
            "PermitWitnessTransferFrom(TokenPermissions permitted,address spender,uint256 nonce,uint256 deadline,*",
        ),
        title="Let another take tokens of yours once, through Permit2",
        title_of_amount=ONCE,
        standard="Permit2",
        warning=PERMIT,
        fields={**_SPENDER, "permitted.token": ("Token", None), "permitted.amount": ("How much", "token"), "deadline": ("This may be used until", "time")},
        tokens={"permitted.amount": "permitted.token"},
        allowances=frozenset({"permitted.amount"}),
        contracts=frozenset({PERMIT2}),
    ),
    Kind(
        types=(
            f"PermitBatchTransferFrom(TokenPermissions[] permitted,address spender,uint256 nonce,uint256 deadline){_TOKEN_PERMISSIONS}",
            "PermitBatchWitnessTransferFrom(TokenPermissions[] permitted,address spender,uint256 nonce,uint256 deadline,*",
        ),
        title="Let another take several tokens of yours once, through Permit2",
        standard="Permit2",
        warning=PERMIT,
        fields={**_SPENDER, "permitted[].token": ("Token", None), "permitted[].amount": ("How much", "token"), "deadline": ("This may be used until", "time")},
        tokens={"permitted[].amount": "permitted[].token"},
        allowances=frozenset({"permitted[].amount"}),
        contracts=frozenset({PERMIT2}),
    ),
    _transfer("Transfer tokens"),
    _transfer("Receive tokens"),
    Kind(
        types=(f"{_ORDER}{_CONSIDERATION}{_OFFER}",),
        title="Offer an exchange on a market",
        standard="Seaport",
        warning=ORDER,
        fields={"offerer": ("Who offers", None), **_ITEMS},
        contracts=_SEAPORT,
    ),
    Kind(
        types=tuple(f"BulkOrder(OrderComponents{'[2]' * height} tree){_CONSIDERATION}{_OFFER}{_ORDER}" for height in range(1, 5)),
        title="Offer many exchanges on a market",
        standard="Seaport",
        warning=MANY_ORDERS,
        contracts=_SEAPORT,
    ),
    Kind(
        types=(
            "Order(address sellToken,address buyToken,address receiver,uint256 sellAmount,uint256 buyAmount,uint32 validTo,bytes32 appData,uint256 feeAmount,string kind,bool partiallyFillable,string sellTokenBalance,string buyTokenBalance)",
        ),
        title="Offer to exchange tokens",
        standard="CoW Protocol",
        warning=ORDER,
        fields={
            "sellToken": ("Token you give", None),
            "buyToken": ("Token you get", None),
            "receiver": ("Who gets it (zero: you)", None),
            "sellAmount": ("You give", "token"),
            "buyAmount": ("You get", "token"),
            "feeAmount": ("Fee", "token"),
            "validTo": ("Holds until", "time"),
        },
        tokens={"sellAmount": "sellToken", "buyAmount": "buyToken", "feeAmount": "sellToken"},
        contracts=frozenset({_COW}),
    ),
    Kind(
        types=(
            "LimitOrder(address makerToken,address takerToken,uint128 makerAmount,uint128 takerAmount,uint128 takerTokenFeeAmount,address maker,address taker,address sender,address feeRecipient,bytes32 pool,uint64 expiry,uint256 salt)",
            "RfqOrder(address makerToken,address takerToken,uint128 makerAmount,uint128 takerAmount,address maker,address taker,address txOrigin,bytes32 pool,uint64 expiry,uint256 salt)",
            "OtcOrder(address makerToken,address takerToken,uint128 makerAmount,uint128 takerAmount,address maker,address taker,address txOrigin,uint256 expiryAndNonce)",
        ),
        title="Offer to exchange tokens",
        standard="0x Protocol",
        warning=ORDER,
        fields={
            "makerToken": ("Token of the maker", None),
            "takerToken": ("Token of the taker", None),
            "makerAmount": ("The maker gives", "token"),
            "takerAmount": ("The taker gives", "token"),
            "takerTokenFeeAmount": ("Fee", "token"),
            "maker": ("Maker", None),
            "taker": ("Taker (zero: anybody)", None),
            "expiry": ("Holds until", "time"),
        },
        tokens={"makerAmount": "makerToken", "takerAmount": "takerToken", "takerTokenFeeAmount": "takerToken"},
    ),
    Kind(
        types=(
            "SafeTx(address to,uint256 value,bytes data,uint8 operation,uint256 safeTxGas,uint256 baseGas,uint256 gasPrice,address gasToken,address refundReceiver,uint256 nonce)",
        ),
        title="Agree to what a Safe does",
        standard="Safe",
        warning=SAFE,
        fields={"to": ("The Safe calls", None), "value": ("The Safe sends", "coins"), "data": ("Call", "call"), "operation": ("0 a call, 1 a delegate call", None)},
    ),
    Kind(types=("SafeMessage(bytes message)",), title="Have a Safe vouch for a message", standard="Safe", warning=SAFE_MESSAGE),
    Kind(
        types=("Delegation(address delegatee,uint256 nonce,uint256 expiry)",),
        title="Let another vote with your tokens",
        standard="ERC-5805",
        warning=VOTES,
        fields={"delegatee": ("Who votes", None), "expiry": ("This may be used until", "time")},
    ),
)  # fmt: skip


def kind_of(encoded_type: str) -> Kind | None:
    """The row of a type, if there is one."""
    for kind in KINDS:
        for text in kind.types:
            if encoded_type == text or (text.endswith("*") and encoded_type.startswith(text[:-1])):
                return kind
    return None
