"""The fields of a PSBT by their numbers: which map and which version has them, and what form they have.

BIP174 (version 0), BIP370 (version 2), BIP371 (Taproot), BIP373 (MuSig2), BIP375 (silent payments), BIP353 (names). Pure.
"""

from __future__ import annotations

from collections.abc import Callable

from native_host.encodings.bitcoin_transaction import Reader
from native_host.value import Value

_KEY = frozenset({33, 65})
_XONLY = frozenset({32})
_ANY = frozenset(range(1 << 10))
_EMPTY = frozenset({0})
_INDEX_BYTES = 4
_LONGEST_PATH = _INDEX_BYTES * (1 + 255)


class Field(Value, frozen=True, kw_only=True):
    """``key_sizes``: how long what follows the number in the key may be. ``form`` says whether a value has its form. ``versions``: of PSBT.
    ``unsupported`` names what a signer would have to know for it, and this one does not.
    """

    name: str
    key_sizes: frozenset[int] = _EMPTY
    form: Callable[[bytes], bool] = lambda _value: True
    versions: tuple[int, ...] = (0, 2)
    unsupported: str | None = None


def _of(*sizes: int) -> Callable[[bytes], bool]:
    return lambda value: len(value) in sizes


def _path(value: bytes) -> bool:
    """A fingerprint and indices."""
    return _INDEX_BYTES <= len(value) <= _LONGEST_PATH and len(value) % _INDEX_BYTES == 0


def _tap_path(value: bytes) -> bool:
    reader = Reader(value)
    try:
        reader.take(32 * reader.compact_size())
    except ValueError:
        return False
    return _path(value[reader.place :])


def _number(value: bytes) -> bool:
    reader = Reader(value)
    try:
        reader.compact_size()
    except ValueError:
        return False
    return reader.at_end()


_SILENT = "silent payments"

GLOBAL: dict[int, Field] = {
    0x00: Field(name="unsigned transaction", versions=(0,)),
    0x01: Field(name="extended public key", key_sizes=frozenset({78}), form=_path),
    0x02: Field(name="transaction version", form=_of(4), versions=(2,)),
    0x03: Field(name="fallback lock time", form=_of(4), versions=(2,)),
    0x04: Field(name="number of inputs", form=_number, versions=(2,)),
    0x05: Field(name="number of outputs", form=_number, versions=(2,)),
    0x06: Field(name="what may be changed", form=_of(1), versions=(2,)),
    0x07: Field(name="silent payment share", key_sizes=_ANY, unsupported=_SILENT),
    0x08: Field(name="silent payment proof", key_sizes=_ANY, unsupported=_SILENT),
    0x09: Field(name="signed message", key_sizes=_ANY, unsupported="messages in a PSBT"),
    0xFB: Field(name="version", form=_of(4)),
    0xFC: Field(name="proprietary", key_sizes=_ANY),
}
INPUT: dict[int, Field] = {
    0x00: Field(name="previous transaction"),
    0x01: Field(name="spent output"),
    0x02: Field(name="signature", key_sizes=_KEY),
    0x03: Field(name="sighash type", form=_of(4)),
    0x04: Field(name="redeem script"),
    0x05: Field(name="witness script"),
    0x06: Field(name="derivation", key_sizes=_KEY, form=_path),
    0x07: Field(name="final script"),
    0x08: Field(name="final witness"),
    0x09: Field(name="proof of reserves", unsupported="proofs of reserves"),
    0x0A: Field(name="preimage of RIPEMD-160", key_sizes=frozenset({20})),
    0x0B: Field(name="preimage of SHA-256", key_sizes=frozenset({32})),
    0x0C: Field(name="preimage of HASH160", key_sizes=frozenset({20})),
    0x0D: Field(name="preimage of double SHA-256", key_sizes=frozenset({32})),
    0x0E: Field(name="previous transaction id", form=_of(32), versions=(2,)),
    0x0F: Field(name="previous output", form=_of(4), versions=(2,)),
    0x10: Field(name="sequence", form=_of(4), versions=(2,)),
    0x11: Field(name="required time", form=_of(4), versions=(2,)),
    0x12: Field(name="required height", form=_of(4), versions=(2,)),
    0x13: Field(name="Taproot key signature", form=_of(64, 65)),
    0x14: Field(name="Taproot script signature", key_sizes=frozenset({64}), form=_of(64, 65)),
    0x15: Field(name="Taproot leaf script", key_sizes=frozenset(range(33, 33 + 32 * 129, 32)), form=bool),
    0x16: Field(name="Taproot derivation", key_sizes=_XONLY, form=_tap_path),
    0x17: Field(name="Taproot internal key", form=_of(32)),
    0x18: Field(name="Taproot merkle root", form=_of(32)),
    0x1A: Field(name="MuSig2 keys", key_sizes=frozenset({33})),
    0x1B: Field(name="MuSig2 nonce", key_sizes=frozenset({66, 98})),
    0x1C: Field(name="MuSig2 signature", key_sizes=frozenset({66, 98})),
    0x1D: Field(name="silent payment share", key_sizes=_ANY, unsupported=_SILENT),
    0x1E: Field(name="silent payment proof", key_sizes=_ANY, unsupported=_SILENT),
    0xFC: Field(name="proprietary", key_sizes=_ANY),
}
OUTPUT: dict[int, Field] = {
    0x00: Field(name="redeem script"),
    0x01: Field(name="witness script"),
    0x02: Field(name="derivation", key_sizes=_KEY, form=_path),
    0x03: Field(name="amount", form=_of(8), versions=(2,)),
    0x04: Field(name="script", versions=(2,)),
    0x05: Field(name="Taproot internal key", form=_of(32)),
    0x06: Field(name="Taproot tree", form=bool),
    0x07: Field(name="Taproot derivation", key_sizes=_XONLY, form=_tap_path),
    0x08: Field(name="MuSig2 keys", key_sizes=frozenset({33})),
    0x09: Field(name="silent payment address", unsupported=_SILENT),
    0x0A: Field(name="silent payment label", unsupported=_SILENT),
    0x35: Field(name="proof of a name"),
    0xFC: Field(name="proprietary", key_sizes=_ANY),
}
