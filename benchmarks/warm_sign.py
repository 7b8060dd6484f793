"""Once a grant stands, a signature over the pipe costs little more than the library's own, the audit commit apart.

The commit is what makes an answered signature durable in the log; it waits for the disk, and calls that arrive together
share one. ``without_commit.py`` is the same host with the commit left out.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

from btclib_secp256k1 import dsa
from house import place
from measure import WITHOUT_COMMIT, Client, Figure, in_turn, microseconds_each, one_core, show
from nacl.signing import SigningKey

ROUNDS = 11
TIMES = 200
IN_FLIGHT = 32
FORMATS = {"ES256K": "eip191", "Ed25519": "solana"}
DATA = b"\x2a" * 32
DATA_TEXT = "KioqKioqKioqKioqKioqKioqKioqKioqKioqKioqKio"


def figures(rounds: int = ROUNDS) -> list[Figure]:
    """The table's lines, in microseconds for one signature."""
    with hosts() as (committing, uncommitted):
        lines: list[Figure] = []
        for alg in FORMATS:
            lines += _of_one(alg, committing, uncommitted, rounds)
    return lines


def _of_one(alg: str, committing: Client, uncommitted: Client, rounds: int) -> list[Figure]:
    library = f"{alg}: the library in process"
    names = {
        f"{alg}: over the pipe, without the commit": (uncommitted, _one_by_one, 2.0),
        f"{alg}: over the pipe": (committing, _one_by_one, None),
        f"{alg}: over the pipe, {IN_FLIGHT} in flight, without the commit": (uncommitted, _in_flight, None),
        f"{alg}: over the pipe, {IN_FLIGHT} in flight": (committing, _in_flight, None),
    }
    bodies = {name: _body(client, alg) for name, (client, _, _) in names.items()}
    samples = in_turn(
        {
            library: partial(_in_process, _library(alg)),
            **{name: partial(way, client, bodies[name]) for name, (client, way, _) in names.items()},
        },
        rounds=rounds,
    )
    base = Figure(library, "µs", samples[library])
    return [base, *(Figure(name, "µs", samples[name], library, aim) for name, (_, _, aim) in names.items())]


@contextmanager
def hosts() -> Iterator[tuple[Client, Client]]:
    """Two hosts with an open store each: the product, and the one that never commits."""
    with ExitStack() as stack:
        homes = (stack.enter_context(place()), stack.enter_context(place()))
        clients = tuple(stack.enter_context(home.start(argv)) for home, argv in zip(homes, ((), WITHOUT_COMMIT), strict=True))
        for client in clients:
            client.hello()
            client.call("unlock")
        yield clients[0], clients[1]


def _body(client: Client, alg: str) -> bytes:
    # As a message: raw signing by such a key is blind, and asked about each time.
    key = client.call("generateKey", alg=alg)["keyId"]
    return client.request("signMessage", {"keyId": key, "format": FORMATS[alg], "message": DATA_TEXT})


def _library(alg: str) -> Callable[[], object]:
    secret = secrets.token_bytes(32)
    if alg == "ES256K":
        return partial(dsa.sign, DATA, secret)
    return partial(SigningKey(secret).sign, DATA)


def _in_process(sign: Callable[[], object]) -> float:
    with one_core():
        return microseconds_each(sign, times=TIMES)


def _one_by_one(client: Client, body: bytes) -> float:
    with one_core(client.process.pid):
        return microseconds_each(partial(client.exchange, body), times=TIMES)


def _in_flight(client: Client, body: bytes) -> float:
    bodies = [body.replace(b'"id":', b'"id":9%03d' % number, 1) for number in range(IN_FLIGHT)]
    return microseconds_each(partial(client.volley, bodies), times=TIMES // IN_FLIGHT) / IN_FLIGHT


if __name__ == "__main__":
    print(show("Signing under a grant", figures()))
