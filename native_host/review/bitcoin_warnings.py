"""What to warn of in a Bitcoin transaction, the gravest first. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from native_host.encodings.bitcoin_script import kind_of
from native_host.encodings.spending import ANYONE_CAN_PAY, HIGHEST_CHANGE_INDEX, SIGHASH_OUTPUTS, SIGHASH_SINGLE, OwnInput
from native_host.language import say
from native_host.review.bitcoin_amounts import in_coins

if TYPE_CHECKING:
    from native_host.encodings.psbt_checks import Checked
    from native_host.encodings.spending import OwnOutput, Path, Spending
    from native_host.review.bitcoin_amounts import Amounts

SINGLE = (
    "The signature covers one output only, and whoever gets it can change all others: what stands here need not be what is mined."
    " Refuse unless you know why you are asked for SIGHASH_SINGLE."
)
ANYONE = (
    "The signature covers none of the other inputs, and whoever gets it can add, change or leave out inputs: the fee that stands here need"
    " not be the one that is paid. Refuse unless you know why you are asked for SIGHASH_ANYONECANPAY."
)
DECEIVING = (
    "An output says that it comes back to you, and does not: it is no key of yours. A program on this computer may be tampering with your"
    " payments. Refuse, and check your wallet."
)
NOT_MINE = (
    "An output has a key of yours beside keys that nothing proves to be your fellow signers'. It is shown as a payment, not as change."
)
FEE_UNKNOWN = "The fee is not known, because the PSBT does not say what every input spends. It could be everything that is left over."
FEE_CLAIMED = "The fee rests on what the PSBT claims of inputs that are not yours, without their previous transactions. What you give and get is proven."
FEE_HIGH = "The fee, {fee}, is more than a tenth of the amount."
NOTHING_BACK = "Nothing comes back to you: all of what is spent goes to others and to the fee."
RATE_HIGH = "The fee is more than 1,000 sat/vB, which is far more than miners ask for."
NETWORK_UNKNOWN = "The key's path does not say whether this is Bitcoin's main network or a test network. It may be real money."
ODD_PATH = "An input's key is at a path at which wallets do not keep such addresses. Other wallets may not find what is left there."
FAR_OUT = "An address of your own is so far out on its path that wallets will not look there: what is paid to it would be hard to find."
BURNT = "Money is paid to an output that carries data: it is lost for everybody."
ANYBODY = "Money is paid to an output that anybody can spend."
NO_RULES = "Money is paid to a kind of address that has no rules yet: until it has, anybody could take it."
NO_ADDRESS = "Money is paid to a script that has no address, and that Strongroom cannot read for you."

_TENTH = 10
_HIGHEST_RATE = 1000
_HARDENED = 1 << 31
_PURPOSES = {
    "p2pkh": {44},
    "p2sh-p2wpkh": {49},
    "p2wpkh": {84},
    "p2tr": {86},
    "p2sh": {45, 48},
    "p2sh-p2wsh": {45, 48},
    "p2wsh": {45, 48, 87},
}
_KINDS = {"anchor": ANYBODY, "witness": NO_RULES, "other": NO_ADDRESS}
_COINS = (_HARDENED, _HARDENED + 1)
_LEVELS_BELOW_PURPOSE = 4
_ACCOUNT = 2


def warnings_of(checked: Checked, spending: Spending, amounts: Amounts) -> tuple[str, ...]:
    """The warnings about a checked PSBT."""
    found = (
        (any(one.sighash & SIGHASH_OUTPUTS == SIGHASH_SINGLE for one in spending.to_sign), SINGLE),
        (any(one.sighash & ANYONE_CAN_PAY for one in spending.to_sign), ANYONE),
        (bool(spending.deceiving), DECEIVING),
        *_about_fee(checked, spending, amounts),
        (bool(spending.unproven), NOT_MINE),
        *_about_outputs(checked, spending),
        (any(_is_odd(one) for one in spending.to_sign), ODD_PATH),
        (spending.testnet is None, NETWORK_UNKNOWN),
    )
    return tuple(dict.fromkeys(text for holds, text in found if holds))


def is_all_gone(spending: Spending, amounts: Amounts) -> bool:
    """Whether no output is the signer's own, although they spend, nor may be. To send all that one has is nothing to be warned of."""
    return bool(amounts.given) and not spending.outputs and not spending.unproven


def _about_fee(checked: Checked, spending: Spending, amounts: Amounts) -> tuple[tuple[bool, str], ...]:
    fee = checked.fee
    if fee is None:
        return ((True, FEE_UNKNOWN),)
    moved = amounts.paid if amounts.paid and not amounts.others_inputs else checked.paid
    high, beyond_reason = fee * _TENTH > moved, fee > _HIGHEST_RATE * amounts.virtual_size
    return (
        (high, say(FEE_HIGH, fee=in_coins(fee, spending))),
        (beyond_reason, RATE_HIGH),
        ((high or beyond_reason) and is_all_gone(spending, amounts), NOTHING_BACK),
        (not amounts.proven, FEE_CLAIMED),
    )


def _about_outputs(checked: Checked, spending: Spending) -> tuple[tuple[bool, str], ...]:
    own = {one.index for one in spending.outputs}
    payments = [one for index, one in enumerate(checked.psbt.transaction.outputs) if index not in own]
    kinds = {kind_of(one.script) for one in payments if one.amount}
    return (
        ("data" in kinds, BURNT),
        *((kind in kinds, text) for kind, text in _KINDS.items()),
        (any(is_far_out(one) for one in spending.outputs), FAR_OUT),
    )


def is_far_out(own: OwnOutput) -> bool:
    """Whether no wallet would look for an output of the signer's own there."""
    return not own.change and own.path is not None and any(index % _HARDENED > HIGHEST_CHANGE_INDEX for index in own.path)


def _is_odd(own: OwnInput) -> bool:
    """Not where BIP44, 45, 48, 49, 84, 86 or 87 has such addresses."""
    path = own.path
    if path is None:
        return False
    purpose = path[0] - _HARDENED if path else -1
    if purpose not in _PURPOSES[own.kind]:
        return True
    return not (purpose == 45 or _is_account(path))  # noqa: PLR2004  # BIP45 has neither coins nor accounts


def _is_account(path: Path) -> bool:
    """A coin of Bitcoin's, an account, and below it a chain (0 or 1) and an index; BIP48 has a level of its own between."""
    if len(path) <= _LEVELS_BELOW_PURPOSE or path[1] not in _COINS:
        return False
    hardened, (chain, index) = path[_ACCOUNT:-2], path[-2:]
    depth = 2 if path[0] == _HARDENED + 48 else 1
    return len(hardened) == depth and min(hardened) >= _HARDENED and chain in {0, 1} and index <= HIGHEST_CHANGE_INDEX
