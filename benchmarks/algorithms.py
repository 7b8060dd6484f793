"""What every algorithm of the host costs: over the pipe, next to the library in process and to what wallets use today.

Private keys are used under a grant that stands. *Over the pipe* is the product, whose every use of a private key is committed
to the audit log; the same host without that commit (``without_commit.py``) tells how much of it that is.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import libraries
from measure import Client, Figure, in_turn, microseconds_each, one_core, show
from others import IN_NODE, Others, started
from warm_sign import hosts

from native_host.suites.table import SUITES, Suite

ROUNDS = 5
TIMES = 30
PEER_TIMES = 10
DATA = "KioqKioqKioqKioqKioqKioqKioqKioqKioqKioqKio"
MESSAGES = {"ES256K": "eip191", "Ed25519": "solana"}
BY_PIPE = "over the pipe"
BY_PIPE_ALONE = "over the pipe, without the commit"
IN_PROCESS = "the library in process"
IN_FLIGHT = 32
BY_VOLLEY = f"over the pipe, {IN_FLIGHT} in flight"
BY_VOLLEY_ALONE = f"{BY_VOLLEY}, without the commit"
AIMED = ("ES256K", "Ed25519")
BESIDE = (*AIMED, "ES256K-R")
NEXT_TO_NOBLE = 1 / 6
PATHS = {"ES256K": "m/44'/60'/0'/0/7", "ES256": "m/44'/1'/0'", "Ed25519": "m/44'/501'/0'/0'", "X25519": "m/44'/1'/0'", "BLS12381G2": "m/12381/3600/0/0/0", "Ed25519-BIP32": "m/1852'/1815'/0'/0/0"}  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One operation of one algorithm: its samples in microseconds by way; ways that there are not are missing."""

    alg: str
    operation: str
    samples: Mapping[str, Sequence[float]]
    asks: bool

    def figure(self, way: str, base: str = "", *, aim: float | None = None) -> Figure:
        """The samples of a way as a figure of a table."""
        prefix = f"{self.alg} {self.operation}: "
        return Figure(prefix + way, "µs", self.samples[way], prefix + base if base else "", aim)


def rows(others: Others, rounds: int = ROUNDS) -> list[Row]:
    """Every operation of every algorithm."""
    with hosts() as clients:
        ways = dict(zip((BY_PIPE, BY_PIPE_ALONE), (Caller(client) for client in clients), strict=True))
        return [row for suite in SUITES.values() for row in _of_one(suite, ways, others, rounds)]


def _of_one(suite: Suite, ways: Mapping[str, Caller], others: Others, rounds: int) -> Iterator[Row]:
    in_process = libraries.of(suite.alg)
    bodies = {way: caller.bodies(suite) for way, caller in ways.items()}
    for operation in bodies[BY_PIPE]:
        contenders: dict[str, Callable[[], float]] = {}
        if operation in in_process:
            contenders[IN_PROCESS] = partial(_in_process, in_process[operation])
        for way, caller in ways.items():
            contenders[way] = partial(caller.each, bodies[way][operation])
        if suite.alg in BESIDE and operation == "sign":
            contenders[BY_VOLLEY] = partial(ways[BY_PIPE].each_of_many, bodies[BY_PIPE][operation])
            contenders[BY_VOLLEY_ALONE] = partial(ways[BY_PIPE_ALONE].each_of_many, bodies[BY_PIPE_ALONE][operation])
        for library in others.of(f"{suite.alg} {operation}"):
            contenders[library] = partial(others.each, library, f"{suite.alg} {operation}", PEER_TIMES)
        asks = ways[BY_PIPE].asks(bodies[BY_PIPE][operation])
        yield Row(suite.alg, operation, in_turn(contenders, rounds=rounds), asks)


def _in_process(work: Callable[[], object]) -> float:
    with one_core():
        return microseconds_each(work, times=TIMES)


def table(every: Sequence[Row]) -> str:
    """All rows as a Markdown table under a heading."""
    ways = (BY_PIPE, BY_PIPE_ALONE)
    lines = [
        "### Every algorithm: one operation on 32 bytes",
        "",
        f"| algorithm | operation | {IN_PROCESS}, µs | {BY_PIPE}, µs | × library | without the commit, µs | × library | {IN_NODE}, µs | × {BY_PIPE} |",
        "|---|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for row in every:
        cells = [row.alg, row.operation + (" †" if row.asks else ""), _median(row, IN_PROCESS)]
        for way in ways:
            cells += [_median(row, way), _ratio(row, way, IN_PROCESS)]
        cells += [_median(row, IN_NODE), _ratio(row, IN_NODE, BY_PIPE)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n\n† The person is asked each time; the answer of the benchmark, through its relay, is in the figure.\n"


def beside(every: Sequence[Row]) -> list[Figure]:
    """What wallets use today, and Strongroom over the pipe, next to @noble."""
    figures: list[Figure] = []
    for row in every:
        if row.alg not in BESIDE or row.operation not in {"sign", "verify"}:
            continue
        base = IN_NODE if IN_NODE in row.samples else ""
        if base:
            figures.append(row.figure(base))
        aims = dict.fromkeys((BY_PIPE, BY_PIPE_ALONE), NEXT_TO_NOBLE) if row.alg in AIMED else {}
        figures += [row.figure(way, base, aim=aims.get(way)) for way in row.samples if way not in {base, IN_PROCESS}]
    return figures


def _median(row: Row, way: str) -> str:
    return f"{statistics.median(row.samples[way]):,.1f}" if way in row.samples else "–"


def _ratio(row: Row, way: str, base: str) -> str:
    if way not in row.samples or base not in row.samples:
        return "–"
    return f"{row.figure(way).times(row.figure(base)):,.2f}"


class Caller:
    """One host, with keys of every algorithm."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._seed = client.call("generateKey", alg="BIP39")["keyId"]

    def each(self, body: bytes) -> float:
        """Microseconds of one call, client and host on one core."""
        with one_core(self._client.process.pid):
            return microseconds_each(partial(self._client.exchange, body), times=TIMES)

    def each_of_many(self, body: bytes) -> float:
        """Microseconds of one of many calls that are sent together."""
        many = [body.replace(b'"id":', b'"id":9%03d' % number, 1) for number in range(IN_FLIGHT)]
        return microseconds_each(partial(self._client.volley, many), times=5) / IN_FLIGHT

    def asks(self, body: bytes) -> bool:
        """Whether the person is asked, though a grant was given if there is one for this."""
        self._client.send(body)
        asked = False
        while b'"method":"event"' in (answer := self._client.receive())[:64]:
            asked |= b'"approvalWaiting"' in answer
        return asked

    def bodies(self, suite: Suite) -> dict[str, bytes]:
        """A request of each operation of an algorithm, tried once."""
        calls = {**self._uses(suite), **self._derivation(suite)}
        for method, params in calls.values():
            self._client.call(method, **params)
        return {operation: self._client.request(method, params) for operation, (method, params) in calls.items()}

    def _uses(self, suite: Suite) -> dict[str, tuple[str, dict[str, Any]]]:
        match suite.kind:
            case "signature" | "mac":
                return self._signing(suite)
            case "cipher" | "publicCipher" | "jwe":
                return self._encrypting(suite)
            case "wrap":
                return self._wrapping(suite)
            case "agreement":
                key, other = self._key(suite.alg), self._key(suite.alg)
                return {"agree": ("deriveSecret", {"keyId": key["keyId"], "publicKeyJwk": _public(other)})}
            case "kem":
                key = self._key(suite.alg)
                encapsulate = {"publicKeyJwk": _public(key), "alg": suite.alg}
                made = self._client.call("encapsulate", **encapsulate)
                return {"encapsulate": ("encapsulate", encapsulate), "decapsulate": ("decapsulate", {"keyId": key["keyId"], "ciphertext": made["ciphertext"]})}  # fmt: skip
        return {}

    def _signing(self, suite: Suite) -> dict[str, tuple[str, dict[str, Any]]]:
        key = self._key(suite.alg) if suite.generated else self._derived(suite, usages=["sign", "verify"])
        sign: dict[str, Any] = {"keyId": key["keyId"], "data": DATA}
        verifier = {"publicKeyJwk": _public(key)} if suite.has_public else {"keyId": key["keyId"]}
        signature = self._client.call("sign", **sign)["signature"]
        # Raw signing by a key of these is blind, and asked about each time: a message is what can be granted.
        granted = {"keyId": key["keyId"], "format": MESSAGES[suite.alg], "message": DATA} if suite.alg in MESSAGES else None
        return {
            "sign": ("signMessage", granted) if granted else ("sign", sign),
            "verify": ("verify", {**verifier, "alg": suite.alg, "data": DATA, "signature": signature}),
        }

    def _encrypting(self, suite: Suite) -> dict[str, tuple[str, dict[str, Any]]]:
        key = self._key("X25519", usages=["encrypt", "decrypt"]) if suite.kind == "jwe" else self._key(suite.alg)
        recipient = {"keyId": key["keyId"]} if suite.kind == "cipher" else {"publicKeyJwk": _public(key)}
        encrypt = {**recipient, "alg": suite.alg, "plaintext": DATA}
        sealed = {name: value for name, value in self._client.call("encrypt", **encrypt).items() if name != "version"}
        return {"encrypt": ("encrypt", encrypt), "decrypt": ("decrypt", {"keyId": key["keyId"], "alg": suite.alg, **sealed})}

    def _wrapping(self, suite: Suite) -> dict[str, tuple[str, dict[str, Any]]]:
        key, target = self._key(suite.alg), self._key("A256GCM")
        wrap = {"keyId": key["keyId"], "targetKeyId": target["keyId"], "alg": suite.alg}
        return {"wrap": ("wrapKey", wrap)}  # a key is taken in once, so that unwrapping cannot be repeated

    def _derivation(self, suite: Suite) -> dict[str, tuple[str, dict[str, Any]]]:
        if suite.alg not in PATHS:
            return {}
        place = {"keyId": self._seed, "alg": suite.alg, "path": PATHS[suite.alg]}
        return {"derive": ("deriveKey", place), "public key at a path": ("getPublicKey", place)}

    def _key(self, alg: str, **params: object) -> dict[str, Any]:
        made: dict[str, Any] = self._client.call("generateKey", alg=alg, **params)
        return made

    def _derived(self, suite: Suite, **params: object) -> dict[str, Any]:
        path = PATHS[suite.alg].removesuffix("0") + "1"  # where nothing else is derived: what a path may do is settled the first time
        made: dict[str, Any] = self._client.call("deriveKey", keyId=self._seed, alg=suite.alg, path=path, **params)
        return made


def _public(key: Mapping[str, Any]) -> dict[str, Any]:
    jwk: dict[str, Any] = key["publicKeyJwk"]
    return jwk


def main() -> None:
    """Measure and print."""
    with started() as others:
        every = rows(others)
    print(table(every))
    print(show("What wallets use today", beside(every)))


if __name__ == "__main__":
    main()
