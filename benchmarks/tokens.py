"""A signature by a key in a token: through the host, beside the module in process and the ways in which others keep keys outside.

The token is SoftHSM 2, whose signatures take next to no time: what is measured is the way there. Which others there are, and how each is
asked, is in ``keepers``. The host's figures hold a commit to the audit log.
"""

from __future__ import annotations

import base64
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import keepers
import others
import pkcs11
import pytest
from house import Way, place
from keepers import DATA, RSA_BITS
from measure import BARE, Client, Figure, in_turn, microseconds_each, milliseconds, one_core, show, until
from pkcs11 import Attribute, KeyType, Mechanism, MechanismFlag

from native_host.tokens.client import TokenWorker
from tests.parts.softhsm import PIN, SoftHsm

ROUNDS = 7
STARTS = 15
TIMES = 50
DATA_TEXT = base64.urlsafe_b64encode(DATA).decode().rstrip("=")
KEY_LABEL = "bench"
IN_PROCESS, BARE_NAME = "the module in process", "bare `python -I -S`"
P256, SECP256K1, ED25519 = "06082a8648ce3d030107", "06052b8104000a", "06032b6570"
KINDS: dict[str, tuple[KeyType, str, Mechanism]] = {
    "ES256": (KeyType.EC, P256, Mechanism.ECDSA),
    "ES256K": (KeyType.EC, SECP256K1, Mechanism.ECDSA),
    "Ed25519": (KeyType.EC_EDWARDS, ED25519, Mechanism.EDDSA),
    "RS256": (KeyType.RSA, "", Mechanism.SHA256_RSA_PKCS),
}
"""Of each algorithm the kind of key, its curve (CKA_EC_PARAMS) and what signs with it."""

OWN = "spawn → unlocked → first `ES256` signature, a key of its own, without Argon2id"
TOKEN = "spawn → unlocked → PIN → first `ES256` signature, a key in the token, without Argon2id and the token's time"
BY_ITSELF = "the token's time: open a session, log in, sign, in a Python that runs already"
WORKER = "the process that holds the module: spawn → its tokens are known"


def figures(peers: others.Others, rounds: int = ROUNDS) -> list[Figure]:
    """One signature, in microseconds, by algorithm and way."""
    lines: list[Figure] = []
    with ExitStack() as stack:
        stack.enter_context(one_core())  # what is started from here on stays on it too
        hsm = stack.enter_context(token())
        client = stack.enter_context(_open_host(hsm))
        session = stack.enter_context(_token_of(hsm.module.path, hsm).open(rw=True, user_pin=PIN))
        outside = [
            stack.enter_context(keeper()) for keeper in (partial(keepers.p11_kit, hsm.label, PIN), keepers.ssh_agent, keepers.openbao)
        ]
        for alg in KINDS:
            ways: dict[str, Callable[[], object]] = {
                IN_PROCESS: _signing(session, alg),
                "the host, a key in the token": _through(client, alg, backend="pkcs11"),
                "the host, a key of its own": _through(client, alg),
            }
            for offered in outside:
                ways |= offered(alg)
            samples = in_turn(
                {
                    **{name: partial(microseconds_each, way, times=TIMES) for name, way in ways.items()},
                    **{
                        name: partial(peers.each, name, f"{alg} sign", TIMES)
                        for name in peers.of(f"{alg} sign")
                        if name.startswith("Askar")
                    },
                },
                rounds=rounds,
            )
            lines += [
                Figure(f"{alg}: {name}", "µs", samples[name], f"{alg}: {IN_PROCESS}" if name != IN_PROCESS else "") for name in samples
            ]
    return lines


def starts(rounds: int = STARTS) -> list[Figure]:
    """From a browser's start of the host to a first signature, in milliseconds; what is taken off is of the same round."""
    with token() as hsm, place(_around(hsm)) as home:
        with home.start() as client:
            _open(client)
            keys = {
                name: client.call("generateKey", alg="ES256", **more)["keyId"] for name, more in ((OWN, {}), (TOKEN, {"backend": "pkcs11"}))
            }
        by_itself = _by_itself(hsm)
        samples = in_turn(
            {
                BARE_NAME: lambda: until(lambda: Client(BARE), lambda client: client.exchange(b'{"hello":1}')),
                "kdf": lambda: milliseconds(home.derive_kek),
                **{name: partial(until, home.start, partial(_sign_first, key=key)) for name, key in keys.items()},
                BY_ITSELF: partial(milliseconds, by_itself),
                WORKER: partial(_worker_up, hsm),
            },
            rounds=rounds,
        )
    samples[OWN] = _without(samples[OWN], samples["kdf"])
    samples[TOKEN] = _without(samples[TOKEN], samples["kdf"], samples[BY_ITSELF])
    return [
        Figure(BARE_NAME, "ms", samples[BARE_NAME]),
        Figure(OWN, "ms", samples[OWN], BARE_NAME),
        Figure(TOKEN, "ms", samples[TOKEN], BARE_NAME, 3),
        Figure(f"{TOKEN} (next to a key of its own)", "ms", samples[TOKEN], OWN),
        Figure(BY_ITSELF, "ms", samples[BY_ITSELF]),
        Figure(WORKER, "ms", samples[WORKER], BARE_NAME),
    ]


def _without(samples: list[float], *taken: list[float]) -> list[float]:
    return [total - sum(parts) for total, *parts in zip(samples, *taken, strict=True)]


@contextmanager
def token() -> Iterator[SoftHsm]:
    """A token, for the block that of this process as well."""
    with TemporaryDirectory(prefix="strongroom-token-") as folder, pytest.MonkeyPatch.context() as monkeypatch:
        hsm = SoftHsm(Path(folder))
        for name, value in hsm.module.environment.items():
            monkeypatch.setenv(name, value)
        yield hsm


def _around(hsm: SoftHsm) -> Way:
    return Way(config=f'[pkcs11]\nmodules = "{hsm.settings.pkcs11.modules}"\n', typed={"pin": PIN})


@contextmanager
def _open_host(hsm: SoftHsm) -> Iterator[Client]:
    with place(_around(hsm)) as home, home.start() as client:
        _open(client)
        yield client


def _token_of(module: str, hsm: SoftHsm) -> Any:
    library = pkcs11.lib(module)
    library.reinitialize()  # another token may have been this process's
    return library.get_token(token_label=hsm.label)


def _open(client: Client) -> None:
    client.hello()
    client.call("unlock")


def _sign_first(client: Client, key: str) -> None:
    _open(client)
    client.call("sign", keyId=key, data=DATA_TEXT)


def _through(client: Client, alg: str, **more: Any) -> Callable[[], object]:
    if alg == "RS256":
        more["modulusLength"] = RSA_BITS
    key = client.call("generateKey", alg=alg, **more)["keyId"]
    return partial(client.call, "sign", keyId=key, data=DATA_TEXT)


def _signing(session: Any, alg: str, **more: Any) -> Callable[[], object]:
    kind, curve, mechanism = KINDS[alg]
    made: Any = {"public_template": {Attribute.EC_PARAMS: bytes.fromhex(curve)}} if curve else {"key_length": RSA_BITS}
    _, private = session.generate_keypair(kind, store=bool(more), capabilities=MechanismFlag.SIGN, **made, **more)
    return partial(private.sign, DATA, mechanism=mechanism)


def _by_itself(hsm: SoftHsm) -> Callable[[], None]:
    one = _token_of(hsm.module.path, hsm)
    with one.open(rw=True, user_pin=PIN) as session:
        _signing(session, "ES256", label=KEY_LABEL)

    def work() -> None:
        with one.open(rw=True, user_pin=PIN) as session:
            key = session.get_key(object_class=pkcs11.ObjectClass.PRIVATE_KEY, label=KEY_LABEL)
            key.sign(DATA, mechanism=Mechanism.ECDSA)

    return work


def _worker_up(hsm: SoftHsm) -> float:
    worker = TokenWorker(hsm.module)
    try:
        return milliseconds(worker.tokens)
    finally:
        worker.close()


if __name__ == "__main__":
    quick = {"rounds": int(sys.argv[1])} if len(sys.argv) > 1 else {}
    if os.getuid():
        sys.exit("A list of PKCS#11 modules belongs to root, and this writes one: run it as root.")
    with others.started() as peers:
        print(show("A signature by a key in a token", figures(peers, **quick)))
    print(show("A first signature by a key in a token", starts(**quick)))
