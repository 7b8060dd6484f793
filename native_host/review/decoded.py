"""What a person reads of a transaction, of typed data and of a PSBT: which module decodes and describes it. Pure.

Each describes the bytes that will be signed, decoded by the same code as signs them; what could not be decoded was refused before.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from native_host.protocol.transactions import SignPsbtParams, SignTransactionParams, SignTypedDataParams

if TYPE_CHECKING:
    from native_host.review.subject import Described, Subject

# One function a place, so that the code of a chain is imported when a call needs it.


def _ethereum(params: SignTransactionParams, subject: Subject | None) -> Described:
    from native_host.review.ethereum import describe_transaction

    return describe_transaction(params, subject)


def _solana(params: SignTransactionParams, subject: Subject | None) -> Described:
    from native_host.review.solana import describe_transaction

    return describe_transaction(params, subject)


_CHAINS: dict[str, Callable[[SignTransactionParams, Subject | None], Described]] = {
    "eip155": _ethereum,
    "solana": _solana,
}
"""By the namespace of CAIP-2."""


def describe(params: SignTransactionParams | SignTypedDataParams | SignPsbtParams, subject: Subject | None) -> Described:
    """What is shown of a call that was found to be one that can be signed."""
    match params:
        case SignTransactionParams():
            return _CHAINS[params.chain.partition(":")[0]](params, subject)
        case SignTypedDataParams():
            from native_host.review.typed_data import describe_typed_data

            return describe_typed_data(params, subject)
        case SignPsbtParams():
            from native_host.review.bitcoin import describe_psbt

            return describe_psbt(params, subject)
