"""What a Solana transaction costs at most: so much a signature, and the priority fee that its Compute Budget instructions set. Pure.

A price is in millionths of a lamport for a compute unit. Without a limit of its own a transaction has 200,000 units for each instruction
that is not one of these, and never more than 1,400,000.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from native_host.encodings.base58 import decode_base58
from native_host.review.solana_programs import COMPUTE_BUDGET
from native_host.value import Value

if TYPE_CHECKING:
    from native_host.encodings.solana_transaction import Message

LAMPORTS_A_SIGNATURE = 5000
_UNITS_AN_INSTRUCTION, _MOST_UNITS = 200_000, 1_400_000
_MICRO = 1_000_000
_HEAP, _LIMIT, _PRICE, _DATA = 1, 2, 3, 4
_SIZES = {_HEAP: 4, _LIMIT: 4, _PRICE: 8, _DATA: 4}
_CHECKERS = {
    decode_base58("Ed25519SigVerify111111111111111111111111111"),
    decode_base58("KeccakSecp256k11111111111111111111111111111"),
    decode_base58("Secp256r1SigVerify1111111111111111111111111"),
}
"""Programs that check further signatures, whose number is their data's first byte, and that are paid for as the transaction's own."""


class Fees(Value, frozen=True, kw_only=True):
    """Amounts in lamports, ``price`` in millionths of one. ``odd``: a Compute Budget instruction that no node would take."""

    signatures: int
    units: int
    price: int
    heap: int = 0
    data: int = 0
    odd: bool = False

    @property
    def priority(self) -> int:
        return -(-self.units * self.price // _MICRO)

    @property
    def highest(self) -> int:
        return self.signatures * LAMPORTS_A_SIGNATURE + self.priority


def fees_of(message: Message) -> Fees:
    """What the transaction costs at most, whoever pays it."""
    found: dict[int, int] = {}
    others = checked = 0
    odd = False
    for one in message.instructions:
        program = message.keys[one.program]
        if program != COMPUTE_BUDGET:
            others += 1
            checked += one.data[0] if program in _CHECKERS and one.data else 0
            continue
        kind = one.data[0] if one.data else 0
        if kind not in _SIZES or len(one.data) != 1 + _SIZES[kind] or kind in found:
            odd = True
        # A bound stays one if an instruction is written oddly: what it could mean at most is taken.
        found[kind] = max(found.get(kind, 0), int.from_bytes(one.data[1 : 1 + _SIZES.get(kind, 0)], "little"))
    units = min(found.get(_LIMIT, others * _UNITS_AN_INSTRUCTION), _MOST_UNITS)
    return Fees(
        signatures=message.signers + checked, units=units, price=found.get(_PRICE, 0), heap=found.get(_HEAP, 0), data=found.get(_DATA, 0), odd=odd
    )  # fmt: skip
