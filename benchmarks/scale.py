"""To unlock and to sign cost the same with one key and with a hundred thousand, in time and in memory."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial

from house import Place, place
from measure import Client, Figure, in_turn, milliseconds, show, until

ROUNDS = 15
SIZES = (1, 1_000, 100_000)
BATCH = 32
DATA = {"data": "c3Ryb25ncm9vbQ"}


def figures(rounds: int = ROUNDS) -> tuple[list[Figure], list[Figure]]:
    """Time in milliseconds (Argon2id of the same round taken off) and resident memory in megabytes."""
    resident: dict[int, list[float]] = {size: [] for size in SIZES}
    with ExitStack() as stack:
        homes = {size: stack.enter_context(place()) for size in SIZES}
        keys = {size: _fill(homes[size], size) for size in SIZES}
        contenders = {
            str(size): partial(until, homes[size].start, partial(_sign_first, key=keys[size], resident=resident[size])) for size in SIZES
        }
        samples = in_turn({"kdf": lambda: milliseconds(homes[1].derive_kek), **contenders}, rounds=rounds)
    times = [
        _figure(size, "ms", [total - kdf for total, kdf in zip(samples[str(size)], samples["kdf"], strict=True)], 1.1) for size in SIZES
    ]
    return times, [_figure(size, "MB", resident[size][1:], None) for size in SIZES]


def _figure(size: int, unit: str, samples: list[float], aim: float | None) -> Figure:
    first = size == SIZES[0]
    return Figure(_name(size), unit, samples, "" if first else _name(SIZES[0]), None if first else aim)


def _name(size: int) -> str:
    return "1 key" if size == 1 else f"{size:,} keys"


def _fill(home: Place, size: int) -> str:
    """Generate ``size`` keys through the protocol and return the id of one from the middle."""
    with home.start() as client:
        client.hello()
        client.call("unlock")
        made: list[str] = []
        while len(made) < size:
            many = min(BATCH, size - len(made))
            made += [info["keyId"] for info in client.batch("generateKey", [{"alg": "ES256K"}] * many)]
    return made[len(made) // 2]


def _sign_first(client: Client, key: str, resident: list[float]) -> None:
    client.hello()
    client.call("unlock")
    client.call("sign", keyId=key, **DATA)
    resident.append(client.resident_megabytes())


if __name__ == "__main__":
    times, memory = figures()
    print(show("Unlock and first signature, without Argon2id", times))
    print(show("Resident memory after the first signature (aim: at most 40 MB)", memory))
