"""A PSBT of a hundred inputs is read, proven and described in less than 50 ms, before anybody waits for its window; and signed in less than that.

Beside it, in the same run, what embit and libwally need to read the same bytes and to sign them; neither proves change or describes.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import wallycore
from embit.psbt import PSBT
from measure import Figure, in_turn, microseconds_each, one_core, show

sys.path.insert(0, str(Path(__file__).parents[1]))

from native_host.encodings.psbt import decode_base64, encode_base64, encode_psbt, parse_psbt
from native_host.encodings.psbt_checks import check_psbt
from native_host.review.bitcoin import describe
from native_host.suites.hd import bip32
from native_host.suites.psbt_keys import find_own
from native_host.suites.psbt_signing import Digests, sign_input, with_signatures
from tests import psbts

# Its table of types outlives Python: SWIG takes it apart after the types that it names are gone, and crashes.
ctypes.pythonapi.Py_IncRef(ctypes.py_object(sys.modules["swig_runtime_data4"].type_pointer_capsule))

ROUNDS = 7
TIMES = 2
INPUTS = 100
REVIEW = "Strongroom, read, prove and describe"
SIGN = "Strongroom, read, prove and sign"


def figures(rounds: int = ROUNDS) -> list[Figure]:
    """The table's lines, in milliseconds for a PSBT of ``INPUTS`` P2WPKH inputs with their previous transactions, at paths of their own."""
    spends = [psbts.Spend(psbts.mine(below=f"0/{number}"), 60_000) for number in range(INPUTS)]
    made = psbts.make(spends, [psbts.Pay(psbts.elsewhere(), 5_000_000), psbts.Pay(psbts.mine(below="1/0"), 990_000, known=True)])
    data = made.serialize()
    master = wallycore.bip32_key_from_seed(psbts.SEED, wallycore.BIP32_VER_MAIN_PRIVATE, 0)
    text = psbts.text_of(made)
    ways: dict[str, Callable[[], object]] = {
        REVIEW: lambda: _review(text),
        SIGN: lambda: _sign(text),
        "embit, read": lambda: PSBT.parse(data),
        "embit, read and sign": lambda: PSBT.parse(data).sign_with(psbts.ROOT),
        "libwally, read": lambda: wallycore.psbt_from_bytes(data, 0),
        "libwally, read and sign": lambda: wallycore.psbt_sign_bip32(wallycore.psbt_from_bytes(data, 0), master, 0),
    }
    samples = in_turn({name: partial(_milliseconds, way) for name, way in ways.items()}, rounds=rounds)
    return [Figure(name, "ms", samples[name]) for name in ways]


def _review(text: str) -> object:
    checked = check_psbt(parse_psbt(decode_base64(text)))
    return describe(checked, find_own(checked, psbts.seed_keys()))


def _sign(text: str) -> str:
    checked = check_psbt(parse_psbt(decode_base64(text)))
    digests, signatures = Digests(checked), {}
    for own in find_own(checked, psbts.seed_keys()).to_sign:
        signatures[own.index] = sign_input(digests, checked, own, bip32.derive(psbts.SEED, own.path or ()))
    return encode_base64(encode_psbt(with_signatures(checked.psbt, signatures, {1})))


def _milliseconds(way: Callable[[], object]) -> float:
    with one_core():
        return microseconds_each(way, times=TIMES) / 1000


if __name__ == "__main__":
    print(show(f"A PSBT of {INPUTS} inputs", figures()))
