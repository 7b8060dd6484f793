"""What the sealed channel costs: the handshake with all that it imports, and what it adds to a message."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import Any

from house import Place, place
from measure import ORIGIN, WITHOUT_COMMIT, Client, Figure, decode, in_turn, microseconds_each, milliseconds, one_core, show

from native_host.testing.pairing import Attempt, Opening, Pairing
from native_host.transport.channel import Channel

ROUNDS = 21
TIMES = 200
DATA = "KioqKioqKioqKioqKioqKioqKioqKioqKioqKioqKio"
HANDSHAKE = "the handshake, with everything that it imports"


def figures(rounds: int = ROUNDS) -> list[Figure]:
    """The table's lines; of a handshake in milliseconds, of messages in microseconds for one."""
    with place() as home, place() as other:
        pairing, key = _pair(home)
        lines = [Figure(HANDSHAKE, "ms", [_handshake(home, pairing) for _ in range(rounds)])]
        with home.start(WITHOUT_COMMIT) as sealed, other.start(WITHOUT_COMMIT) as plain:
            for client in (sealed, plain):
                client.hello()
                client.call("unlock")
            channel = _open(sealed, pairing=pairing)
            lines += _of_messages(sealed, channel, plain, "`randomBytes`", "randomBytes", rounds, {"length": 32}, {"length": 32})
            message = {"format": "solana", "message": DATA}
            inside, outside = {"keyId": key, **message}, {"keyId": plain.call("generateKey", alg="Ed25519")["keyId"], **message}
            name = "a signed message under a grant, `Ed25519`, without the commit"
            lines += _of_messages(sealed, channel, plain, name, "signMessage", rounds, inside, outside)
    return lines


def _of_messages(
    sealed: Client, channel: Channel, plain: Client, name: str, method: str, rounds: int, inside: dict[str, Any], outside: dict[str, Any]
) -> list[Figure]:
    """The same call with and without the channel; what the client's own side of it takes is taken off."""
    with one_core(sealed.process.pid, plain.process.pid):
        samples = in_turn(
            {
                "outside": partial(_each, lambda: decode(plain.exchange(plain.request(method, outside)))),
                "inside": partial(_each, lambda: _call(sealed, channel, method, inside)),
                "client": partial(_client_side, sealed.request(method, inside)),
            },
            rounds=rounds,
        )
    mine = [total - spent for total, spent in zip(samples["inside"], samples["client"], strict=True)]
    without = f"{name}, without the channel"
    return [Figure(without, "µs", samples["outside"]), Figure(f"{name}, in the channel", "µs", mine, without)]


def _handshake(home: Place, pairing: Pairing) -> float:
    """Milliseconds of the call that opens the channel, in a host that has answered a call before."""
    with home.start() as client:
        client.hello()
        client.call("getStatus")
        opening = Opening(pairing)
        return milliseconds(lambda: client.call("openChannel", **opening.params))


def _client_side(body: bytes) -> float:
    """What sealing a call and opening a reply of that length takes at the client."""
    from native_host.noise import CipherState

    key = os.urandom(32)
    one, other = Channel(CipherState(key), CipherState(key)), Channel(CipherState(key), CipherState(key))
    return _each(lambda: one.open(other.seal(body)))


def _each(work: Callable[[], object]) -> float:
    return microseconds_each(work, times=TIMES)


def _open(client: Client, *, pairing: Pairing) -> Channel:
    opening = Opening(pairing)
    return opening.channel(client.call("openChannel", **opening.params)["message"])


def _call(client: Client, channel: Channel, method: str, params: dict[str, Any]) -> Any:
    """The result of one call in the channel; events are passed over."""
    client.send(channel.seal(client.request(method, params)))
    while True:
        answer = decode(channel.open(client.receive()) or b"{}")
        if answer.get("method") != "event":
            return answer["result"]


def _pair(home: Place) -> tuple[Pairing, str]:
    with home.start() as client:
        client.hello()
        client.call("unlock")
        key: str = client.call("generateKey", alg="Ed25519")["keyId"]
        attempt = Attempt(ORIGIN, "chromium")
        answer = client.call("beginPairing", message=attempt.first())["message"]
        return attempt.pairing(client.call("finishPairing", message=attempt.last(answer))["pairingId"]), key


if __name__ == "__main__":
    print(show("The sealed channel", figures()))
