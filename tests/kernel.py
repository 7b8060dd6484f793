"""Whether a finished transaction is valid by Bitcoin Core's own rules, by libbitcoinkernel, which is Bitcoin Core's consensus code."""

from __future__ import annotations

import pbk  # type: ignore[import-untyped]
from embit import finalizer
from embit.psbt import PSBT


def check(made: PSBT, finished: bytes) -> None:
    """Every input of the transaction that was made satisfies what it spends; raises otherwise."""
    psbt = PSBT.parse(finished)
    transaction = finalizer.finalize_psbt(psbt)
    assert transaction is not None
    asked = made.tx
    assert [(one.txid, one.vout, one.sequence) for one in asked.vin] == [(one.txid, one.vout, one.sequence) for one in transaction.vin]
    assert [(one.value, one.script_pubkey) for one in asked.vout] == [(one.value, one.script_pubkey) for one in transaction.vout]
    assert (asked.version, asked.locktime) == (transaction.version, transaction.locktime)
    final = pbk.Transaction(transaction.serialize())
    spent = [one.utxo for one in made.inputs]
    data = pbk.script.PrecomputedTransactionData(
        final, [pbk.TransactionOutput(pbk.ScriptPubkey(one.script_pubkey.data), one.value) for one in spent]
    )
    for index, one in enumerate(spent):
        assert pbk.ScriptPubkey(one.script_pubkey.data).verify(one.value, final, data, index, pbk.ScriptVerificationFlags.ALL)
