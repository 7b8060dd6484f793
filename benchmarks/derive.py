"""An account at the end of a full BIP44 path is derived at the speed of libsecp256k1, not of Python's integers."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial

from embit.bip32 import HDKey
from measure import Figure, in_turn, microseconds_each, show
from slip10 import SLIP10

from native_host.suites.hd import derivation

ROUNDS = 9
TIMES = 50
PATH = "m/44'/60'/0'/0/7"
OURS = "Strongroom"


def figures(rounds: int = ROUNDS) -> list[Figure]:
    """The table's lines, in microseconds for seed → child at ``PATH``."""
    seed = os.urandom(64)
    ways: dict[str, Callable[[], object]] = {
        OURS: partial(derivation.derive, "ES256K", "BIP32", seed, PATH),
        "embit": lambda: HDKey.from_seed(seed).derive(PATH),
        "slip10": lambda: SLIP10.from_seed(seed, curve_name="secp256k1").get_child_from_path(PATH),
    }
    samples = in_turn({name: partial(microseconds_each, way, times=TIMES) for name, way in ways.items()}, rounds=rounds)
    return [Figure(name, "µs", taken, "" if name == OURS else OURS) for name, taken in samples.items()]


if __name__ == "__main__":
    print(show(f"Derivation of {PATH}", figures()))
