"""What of a Bitcoin transaction is the signer's own: found by whoever has the keys, read by whoever describes it. Pure."""

from __future__ import annotations

from typing import Literal

from native_host.encodings.bitcoin_script import Multisig
from native_host.value import Value

OwnKind = Literal["p2pkh", "p2sh-p2wpkh", "p2wpkh", "p2tr", "p2sh", "p2sh-p2wsh", "p2wsh"]
"""The last three of several signers."""
Path = tuple[int, ...]

SIGHASH_DEFAULT, SIGHASH_ALL, SIGHASH_NONE, SIGHASH_SINGLE, ANYONE_CAN_PAY = 0, 1, 2, 3, 0x80
SIGHASH_OUTPUTS = 0x1F
"""The bits of a sighash type that say which outputs it covers."""

HIGHEST_CHANGE_INDEX = 50_000
"""Change further out is not found again by a wallet that looks for it: it would be held to ransom by who knows the index."""


class OwnInput(Value, frozen=True, kw_only=True):
    """An input that a key of ours can sign. ``public``: SEC 1 compressed, of Taproot the internal key (x-only). ``path`` under the seed, if it
    is a seed that signs. ``sighash``: the type that will be signed. ``others`` of several signers have signed already; ``done``: we have.
    """

    index: int
    kind: OwnKind
    public: bytes
    path: Path | None
    sighash: int
    multisig: Multisig | None = None
    others: int = 0
    done: bool = False


class OwnOutput(Value, frozen=True, kw_only=True):
    """An output that is proven to be ours. ``change``: it goes back to where inputs of ours come from, and will be found there."""

    index: int
    change: bool
    path: Path | None


class Spending(Value, frozen=True, kw_only=True):
    """``inputs`` and ``outputs`` that are ours. By index: ``deceiving`` outputs claim to be and are not; ``unproven`` ones have a key of ours
    beside others, of which nothing proves whose they are. ``testnet`` is ``None`` where no path tells.
    """

    inputs: tuple[OwnInput, ...]
    outputs: tuple[OwnOutput, ...]
    deceiving: tuple[int, ...]
    unproven: tuple[int, ...]
    testnet: bool | None

    @property
    def to_sign(self) -> tuple[OwnInput, ...]:
        """The inputs that will get a signature."""
        return tuple(one for one in self.inputs if not one.done)
