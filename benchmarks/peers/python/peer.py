"""What wallets and agents of Python compute with, each as its own documentation says. Run in the environment of ``requirements.txt``.

A line of standard input is a question, one of standard output its answer: ``{"list": true}`` names the operations;
``{"name": …, "times": n}`` is answered with the median microseconds of one run.
"""

# Its libraries are in an environment of their own, where nobody looks for types.
# mypy: disable-error-code="import-not-found,import-untyped,no-any-return,misc"

from __future__ import annotations

import asyncio
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from time import perf_counter

from aries_askar import Key, KeyAlg, Store
from bip32 import BIP32
from eth_account import Account

DATA = b"\x2a" * 32
PATH = "m/44'/60'/0'/0/7"
WARM_UP = 20
ASKAR_SIGNS = {"ES256K": KeyAlg.K256, "Ed25519": KeyAlg.ED25519, "ES256": KeyAlg.P256, "ES384": KeyAlg.P384}
ASKAR_ENCRYPTS = {"A128GCM": KeyAlg.A128GCM, "A256GCM": KeyAlg.A256GCM, "C20P": KeyAlg.C20P, "XC20P": KeyAlg.XC20P}


def operations(loop: asyncio.AbstractEventLoop, folder: str) -> dict[str, Callable[[], object]]:
    """Every operation by ``peer: algorithm operation``; ``folder`` is for stores."""
    seed = os.urandom(64)
    account = Account.create()
    made: dict[str, Callable[[], object]] = {
        "bip32: seed to key": lambda: BIP32.from_seed(seed).get_privkey_from_path(PATH),
        "eth-account: ES256K-R sign": lambda: Account.unsafe_sign_hash(DATA, account.key),
    }
    for alg, name in ASKAR_SIGNS.items():
        key = Key.generate(name)
        made[f"Askar, key in memory: {alg} sign"] = partial(key.sign_message, DATA)
        made[f"Askar, key in memory: {alg} verify"] = partial(key.verify_signature, DATA, key.sign_message(DATA))
    for alg, name in ASKAR_ENCRYPTS.items():
        made |= _encrypts(alg, Key.generate(name))
    store = loop.run_until_complete(_store())
    for alg in ASKAR_SIGNS:
        made[f"Askar, key in its store: {alg} sign"] = lambda alg=alg: loop.run_until_complete(_fetch_and_sign(store, alg))
    for name, method, pass_key in (("raw key", "raw", Store.generate_raw_key()), ("Argon2i, interactive", "kdf:argon2i:int", "measured")):
        place = f"sqlite://{folder}/{method.partition(':')[0]}.db"
        loop.run_until_complete(_provision(place, method, pass_key))
        made[f"Askar: open its store, {name}"] = lambda place=place, key=pass_key: loop.run_until_complete(_open_and_close(place, key))
    return made


def _encrypts(alg: str, key: Key) -> dict[str, Callable[[], object]]:
    sealed = key.aead_encrypt(DATA)
    return {
        f"Askar, key in memory: {alg} encrypt": lambda: key.aead_encrypt(DATA),
        f"Askar, key in memory: {alg} decrypt": lambda: key.aead_decrypt(sealed.ciphertext, nonce=sealed.nonce, tag=sealed.tag),
    }


async def _store() -> Store:
    store = await Store.provision("sqlite://:memory:", "raw", Store.generate_raw_key())
    async with store.session() as session:
        for alg, name in ASKAR_SIGNS.items():
            await session.insert_key(alg, Key.generate(name))
    return store


async def _provision(place: str, method: str, pass_key: str) -> None:
    await (await Store.provision(place, method, pass_key)).close()


async def _open_and_close(place: str, pass_key: str) -> None:
    await (await Store.open(place, None, pass_key)).close()


async def _fetch_and_sign(store: Store, alg: str) -> bytes:
    async with store.session() as session:
        entry = await session.fetch_key(alg)
        return entry.key.sign_message(DATA)


def _median(work: Callable[[], object], times: int) -> float:
    samples = []
    for _ in range(times):
        started = perf_counter()
        work()
        samples.append(perf_counter() - started)
    return statistics.median(samples) * 1e6


def main() -> None:
    """Answer until the input ends."""
    loop = asyncio.new_event_loop()
    with tempfile.TemporaryDirectory(prefix="strongroom-peer-") as folder:
        known = operations(loop, folder)
        for work in known.values():
            _median(work, WARM_UP)
        for line in sys.stdin:
            question = json.loads(line)
            answer = {"names": list(known)} if question.get("list") else {"each": _median(known[question["name"]], question["times"])}
            print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
