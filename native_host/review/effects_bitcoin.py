"""What a Bitcoin transaction lets leave the account of whoever signs it. Pure.

Counted as bitcoins of the main network, whatever network a path points at: a signature names none, and is good on every one.
An output that is the signer's own but so far out on its path that no wallet looks there is not one that comes back.

Bounded is only what spends nothing but inputs of ours. Whoever makes the PSBT decides which of our inputs look like somebody else's, and could
have a transaction signed in parts: what comes back would be set off against each of them. The most that can leave by such a signature is all
that is given.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from native_host.encodings.bitcoin_script import address_of
from native_host.encodings.psbt import decode_base64, parse_psbt
from native_host.encodings.psbt_checks import check_psbt
from native_host.encodings.spending import SIGHASH_ALL, SIGHASH_DEFAULT, Spending
from native_host.review.assets import BITCOIN, BITCOIN_CHAIN
from native_host.review.bitcoin_amounts import amounts_of
from native_host.review.bitcoin_warnings import is_far_out
from native_host.review.effect import Effect, Movement

if TYPE_CHECKING:
    from native_host.encodings.psbt_checks import Checked
    from native_host.protocol.transactions import SignPsbtParams

_WHOLE = (SIGHASH_DEFAULT, SIGHASH_ALL)


def effect_of_psbt(params: SignPsbtParams, spending: Spending | None) -> Effect:
    """The effect of a PSBT that was found to be one that can be signed; what nobody proved to be ours comes back to nobody."""
    own = spending or Spending(inputs=(), outputs=(), deceiving=(), unproven=(), testnet=None)
    return effect(check_psbt(parse_psbt(decode_base64(params.psbt))), own)


def effect(checked: Checked, spending: Spending) -> Effect:
    """The effect of a checked PSBT; ``spending`` is what of it is ours."""
    amounts = amounts_of(checked, spending)
    back = {one.index for one in spending.outputs if not is_far_out(one)}
    outputs = checked.psbt.transaction.outputs
    movements: tuple[Movement, ...]
    if amounts.others_inputs:
        # Of several, it cannot be told whose money pays whom: what is given and does not come back is gone, by this signature alone.
        lost = max(0, amounts.given - sum(outputs[index].amount for index in back))
        movements, fee = ((Movement(asset=BITCOIN, amount=lost, recipient=""),) if lost else ()), 0
    else:
        movements = tuple(
            Movement(asset=BITCOIN, amount=one.amount, recipient=address_of(one.script, testnet=bool(spending.testnet)) or "")
            for index, one in enumerate(outputs)
            if index not in back and one.amount
        )
        fee = checked.fee or 0
    whole = bool(spending.to_sign) and all(one.sighash in _WHOLE for one in spending.to_sign)
    known = amounts.proven and checked.fee is not None and bool(spending.inputs) and not amounts.others_inputs
    most = 0 if whole and known else amounts.given
    return Effect(chain=BITCOIN_CHAIN, native=BITCOIN, movements=movements, fee=fee, bounded=whole and known, most=most)
