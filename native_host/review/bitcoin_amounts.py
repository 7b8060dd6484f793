"""What a Bitcoin transaction moves, from the side of whoever signs: given, coming back, paid, and how large it will be. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from native_host.encodings.bitcoin_script import kind_of, multisig_of
from native_host.encodings.bitcoin_transaction import encode_unsigned
from native_host.encodings.spending import ANYONE_CAN_PAY
from native_host.language import whole
from native_host.value import Value

if TYPE_CHECKING:
    from native_host.encodings.psbt_checks import Checked, Input, Scripts
    from native_host.encodings.spending import Spending

COIN = 100_000_000

# In weight units (BIP141): of a script four a byte, of a witness one. A signature in DER has 72 bytes with its type, a key 33.
_SIGNATURE, _KEY = 1 + 72, 1 + 33
_TAPROOT_WITNESS = 1 + 1 + 64
_KEY_WITNESS = 1 + _SIGNATURE + _KEY
_MARKER = 2
_P2WPKH_IN_P2SH, _P2WSH_IN_P2SH = 1 + 22, 1 + 34


class Amounts(Value, frozen=True, kw_only=True):
    """In satoshi. ``given``: inputs of ours. ``back``: outputs of ours. ``paid``: all other outputs. ``others``: inputs of others, ``None`` where an
    amount is missing. ``proven``: no amount of an input rests on the PSBT's word. ``virtual_size``: in vB, estimated.
    """

    given: int
    back: int
    paid: int
    others: int | None
    others_inputs: int
    proven: bool
    virtual_size: int


def amounts_of(checked: Checked, spending: Spending) -> Amounts:
    """What a checked PSBT moves."""
    own = {one.index for one in spending.inputs}
    back = sum(checked.psbt.transaction.outputs[one.index].amount for one in spending.outputs)
    given = sum(checked.inputs[index].amount or 0 for index in own)
    return Amounts(
        given=given,
        back=back,
        paid=checked.paid - back,
        others=None if checked.spent is None else checked.spent - given,
        others_inputs=len(checked.inputs) - len(own),
        proven=_are_proven(checked, spending),
        virtual_size=_virtual_size(checked),
    )


def in_coins(satoshi: int, spending: Spending) -> str:
    """An amount in coins, all eight decimals, with the coin's name."""
    return f"{satoshi // COIN}.{satoshi % COIN:08} {'tBTC' if spending.testnet else 'BTC'}"


def rate_of(fee: int, amounts: Amounts) -> str:
    """The fee in satoshi per virtual byte, to a tenth."""
    tenths = (fee * 10 + amounts.virtual_size // 2) // amounts.virtual_size
    return f"{whole(tenths // 10)}.{tenths % 10}"


def _are_proven(checked: Checked, spending: Spending) -> bool:
    """By previous transactions; or a signature that will be made covers the amounts of all inputs, and is void if one is a lie (BIP341)."""
    if all(one.proven for one in checked.inputs):
        return True
    return checked.spent is not None and any(own.kind == "p2tr" and not own.sighash & ANYONE_CAN_PAY for own in spending.to_sign)


def _virtual_size(checked: Checked) -> int:
    parts = [_satisfaction(one) for one in checked.inputs]
    segwit = any(witness for _, witness in parts)
    weight = 4 * (len(encode_unsigned(checked.psbt.transaction)) + sum(script for script, _ in parts))
    weight += _MARKER + sum(witness or 1 for _, witness in parts) if segwit else 0
    return (weight + 3) // 4


def _satisfaction(one: Input) -> tuple[int, int]:
    """The bytes in the script and in the witness that will satisfy an input, as far as its kind tells."""
    scripts = one.scripts
    if scripts is None:
        return 0, 0
    match kind_of(scripts.script):
        case "p2pkh":
            return _SIGNATURE + _KEY, 0
        case "p2wpkh":
            return 0, _KEY_WITNESS
        case "p2tr":
            return 0, _TAPROOT_WITNESS
        case "p2wsh":
            return 0, _several(scripts)
        case "p2sh" if scripts.witness is not None:
            return _P2WSH_IN_P2SH, _several(scripts)
        case "p2sh" if scripts.redeem is not None and multisig_of(scripts.redeem) is not None:
            return _several(scripts), 0
        case "p2sh":
            return _P2WPKH_IN_P2SH, _KEY_WITNESS
    return 0, 0


def _several(scripts: Scripts) -> int:
    """The empty element that OP_CHECKMULTISIG takes, the signatures, and the script with its length."""
    multisig = multisig_of(scripts.lock)
    return 2 + (multisig.required if multisig else 1) * _SIGNATURE + 3 + len(scripts.lock)
