"""What a signature lets leave an account, in numbers: for policy, grants and limits, beside the words that a person reads. Pure.

Assets are named as CAIP-19 does: ``eip155:1/slip44:60`` for a chain's own coin, ``eip155:1/erc20:0x…`` for a token, in its smallest unit
(wei, satoshi, lamport; a token's own). What cannot be told in numbers makes the effect unbounded: it is never guessed.
"""

from __future__ import annotations

from native_host.value import Value


class Movement(Value, frozen=True, kw_only=True):
    """``amount`` of ``asset``, in its smallest unit, that may leave to ``recipient``: an address as its chain writes it, empty if unknown."""

    asset: str
    amount: int
    recipient: str


class Effect(Value, frozen=True, kw_only=True):
    """What one signature lets leave. ``chain`` by CAIP-2; ``native`` is the chain's own coin, of which ``fee`` is the most that can be paid.

    ``selector`` is that of a contract call (``0x`` and eight digits). ``bounded``: the movements and the fee are all that can leave the
    account by this signature; otherwise nothing is known of how much it can be, and no grant and no amount applies to it. ``most``: how much of
    its coin can leave all the same, where that is known and can be more than the movements say.
    """

    chain: str
    native: str
    movements: tuple[Movement, ...] = ()
    fee: int = 0
    selector: str | None = None
    bounded: bool = False
    most: int = 0

    def totals(self) -> dict[str, int]:
        """The most that can leave, by asset, the fee with its coin."""
        found = {self.native: self.fee} if self.fee else {}
        for one in self.movements:
            found[one.asset] = found.get(one.asset, 0) + one.amount
        return found
