"""A browser starts the host on demand, and the person does not notice: spawn to the first answer, and to the first signature."""

from __future__ import annotations

from functools import partial

from house import Place, place
from measure import BARE, Client, Figure, in_turn, milliseconds, show, until

ROUNDS = 31
DATA = {"data": "c3Ryb25ncm9vbQ"}
BARE_NAME = "bare `python -I -S`"


def figures(rounds: int = ROUNDS) -> list[Figure]:
    """The table's lines, in milliseconds; Argon2id's time of the same round is taken off the two signatures."""
    with place() as home:
        keys = _make_keys(home)
        start = home.start
        samples = in_turn(
            {
                BARE_NAME: lambda: until(lambda: Client(BARE), lambda client: client.exchange(b'{"hello":1}')),
                "kdf": lambda: milliseconds(home.derive_kek),
                "hello": lambda: until(start, Client.hello),
                **{alg: partial(until, start, partial(_sign_first, key=key)) for alg, key in keys.items()},
            },
            rounds=rounds,
        )
    kdf = samples["kdf"]
    signed = [
        Figure(
            f"spawn → unlocked → first `{alg}` signature, without Argon2id",
            "ms",
            [total - derived for total, derived in zip(samples[alg], kdf, strict=True)],
            BARE_NAME,
            6,
        )
        for alg in keys
    ]
    return [
        Figure(BARE_NAME, "ms", samples[BARE_NAME]),
        Figure("spawn → `hello`", "ms", samples["hello"], BARE_NAME, 4.5),
        *signed,
        Figure("Argon2id at its floor (19 MiB, 2 passes)", "ms", kdf),
    ]


def _make_keys(home: Place) -> dict[str, str]:
    with home.start() as client:
        client.hello()
        client.call("unlock")
        return {alg: client.call("generateKey", alg=alg)["keyId"] for alg in ("ES256K", "Ed25519")}


def _sign_first(client: Client, key: str) -> None:
    client.hello()
    client.call("unlock")
    client.call("sign", keyId=key, **DATA)


if __name__ == "__main__":
    print(show("Start-up", figures()))
