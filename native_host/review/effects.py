"""What a transaction, typed data or a PSBT lets leave the account, in numbers: which module reads it. Pure.

Each reads the bytes that will be signed, by the decoders of the reviews. What is not known to be all that can leave is ``bounded`` false.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from native_host.protocol.transactions import SignPsbtParams, SignTransactionParams, SignTypedDataParams

if TYPE_CHECKING:
    from collections.abc import Callable

    from native_host.encodings.spending import Spending
    from native_host.review.effect import Effect

# One function a place, so that the code of a chain is imported when a call needs it.


def _ethereum(params: SignTransactionParams, _public: bytes | None) -> Effect:
    from native_host.review.effects_ethereum import effect_of_transaction

    return effect_of_transaction(params)


def _solana(params: SignTransactionParams, public: bytes | None) -> Effect:
    from native_host.review.effects_solana import effect_of_transaction

    return effect_of_transaction(params, public)


_CHAINS: dict[str, Callable[[SignTransactionParams, bytes | None], Effect]] = {
    "eip155": _ethereum,
    "solana": _solana,
}
"""By the namespace of CAIP-2."""


def effect_of(
    params: SignTransactionParams | SignTypedDataParams | SignPsbtParams, *, public: bytes | None, spending: Spending | None
) -> Effect:
    """The effect of a call that was found to be one that can be signed. ``public``: the raw public key that signs; ``spending``: what of a
    PSBT is its own."""
    match params:
        case SignTransactionParams():
            return _CHAINS[params.chain.partition(":")[0]](params, public)
        case SignTypedDataParams():
            from native_host.review.effects_typed_data import effect_of_typed_data

            return effect_of_typed_data(params)
        case SignPsbtParams():
            from native_host.review.effects_bitcoin import effect_of_psbt

            return effect_of_psbt(params, spending)
