"""An account at the end of a full BIP44 path is derived at the speed of libsecp256k1, not of Python's integers or JavaScript's."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from bip_utils import Bip32Secp256k1
from embit.bip32 import HDKey
from house import place
from measure import Client, Figure, in_turn, microseconds_each, one_core, show
from others import Others, started
from slip10 import SLIP10

from native_host.suites.hd import bip32
from native_host.suites.hd.path import parse_path

ROUNDS = 9
TIMES = 50
PEER_TIMES = 20
PATH = "m/44'/60'/0'/0/7"
OURS = "Strongroom in process"
PUBLIC = "Strongroom over the pipe, `getPublicKey`"
DERIVE = "Strongroom over the pipe, `deriveKey`"
OPERATION = "seed to key"
SCURE, BIP32 = "@scure/bip32", "bip32"
FASTER = {SCURE: 20.0, BIP32: 5.0}


def figures(others: Others, rounds: int = ROUNDS) -> list[Figure]:
    """The table's lines, in microseconds for seed → child at ``PATH``."""
    seed = os.urandom(64)
    ways: dict[str, Callable[[], object]] = {
        OURS: lambda: bip32.derive(seed, parse_path(PATH)),
        "embit": lambda: HDKey.from_seed(seed).derive(PATH),
        "slip10": lambda: SLIP10.from_seed(seed, curve_name="secp256k1").get_child_from_path(PATH),
        "bip-utils": lambda: Bip32Secp256k1.FromSeed(seed).DerivePath(PATH).PrivateKey().Raw().ToBytes(),
    }
    contenders = {name: partial(_in_process, way) for name, way in ways.items()}
    peers = others.of(OPERATION)
    contenders |= {name: partial(others.each, name, OPERATION, PEER_TIMES) for name in peers}
    with _host() as (client, place_of_key):
        for name, method in ((PUBLIC, "getPublicKey"), (DERIVE, "deriveKey")):
            contenders[name] = partial(_over_the_pipe, client, client.request(method, place_of_key))
        samples = in_turn(contenders, rounds=rounds)
    return [
        *(Figure(name, "µs", samples[name], "" if name == OURS else OURS, at_least=FASTER.get(name)) for name in (*ways, *peers)),
        *(Figure(name, "µs", samples[name]) for name in (PUBLIC, DERIVE)),
        *(
            Figure(f"{peer} (next to {ours.rpartition(', ')[2]})", "µs", samples[peer], ours, at_least=FASTER[peer])
            for peer in peers
            if peer in FASTER
            for ours in (PUBLIC, DERIVE)
        ),
    ]


@contextmanager
def _host() -> Iterator[tuple[Client, dict[str, str]]]:
    with place() as home, home.start() as client:
        client.hello()
        client.call("unlock")
        seed = client.call("generateKey", alg="BIP39")["keyId"]
        yield client, {"keyId": seed, "alg": "ES256K", "path": PATH}


def _in_process(way: Callable[[], object]) -> float:
    with one_core():
        return microseconds_each(way, times=TIMES)


def _over_the_pipe(client: Client, body: bytes) -> float:
    with one_core(client.process.pid):
        return microseconds_each(partial(client.exchange, body), times=TIMES)


if __name__ == "__main__":
    with started() as installed:
        print(show(f"Derivation of {PATH}", figures(installed)))
