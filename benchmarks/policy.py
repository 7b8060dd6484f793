"""A decision under a policy takes at most 150 µs more than one without, once the policy is parsed; the first one is what the import and parsing cost.

In process, from the call's facts to the decision, with the policy read from an open keystore as at every call. Beside it Cedar's own
evaluation of the same question, as cedarpy gives it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from time import time_ns

import cedarpy
import msgspec
from measure import Figure, in_turn, microseconds_each, one_core, show

from native_host.caller.identity import Caller
from native_host.kek import passphrase
from native_host.kek.symmetric import SymmetricKek
from native_host.keystore.store import KeyStore
from native_host.operations.policies import KIND, Policies, PolicyDocument, SystemPolicy
from native_host.policy import Ask, Facts, KeyView
from native_host.policy.requests import entities, question, request_of
from native_host.protocol.transactions import SignTransactionParams
from native_host.review.effect import Effect, Movement
from native_host.secret import SecretBytes
from native_host.session import Session
from native_host.transport.jsonrpc import Call

ROUNDS = 11
TIMES = 200
LIMIT = 150.0
MAY = "what a decision may take"
FIRST = "import cedarpy, parse and validate 10 policies, decide once, in a new process"
TO = "0x52908400098527886E0F7030069857D2E4169EE7"
COIN = "eip155:1/slip44:60"
CALL = Call(id=1, method="signTransaction", params=SignTransactionParams(key_id="k", chain="eip155:1", transaction=""))
FACTS = Facts(
    key=KeyView(
        key_id="k", revision=1, alg="ES256K", usages=("transaction",), state="active", label="", address=TO, derived=True, path="m/0"
    ),
    effect=Effect(chain="eip155:1", native=COIN, movements=(Movement(asset=COIN, amount=10**15, recipient=TO),), fee=10**13, bounded=True),
)
SESSION = Session(
    caller=Caller(origin="chrome-extension://x/", family="chromium"),
    wallet_id=b"w",
    wallet="main",
    development=False,
    state="unlocked",
    greeted=True,
    unattended=False,
    pairing=b"p",
)
OWN = Ask(rule="use of a private key")


def policies(number: int, *, of_one_wallet: bool = False) -> str:
    """As many policies, of which the last matches: each for a wallet of its own, or for one chain after another of the same wallet, so that
    none can be left out by its scope."""
    one = (
        '@id("{id}") permit(principal, action == Action::"signTransaction", resource in Keyring::"{wallet}") when {{ context.chain == "eip155:{chain}"'
        ' && context.total + context.spentToday <= 50000000 && ["{to}"].containsAll(context.recipients) }};'
    )
    wallets = ["main" if of_one_wallet or place == number else f"w{place}" for place in range(1, number + 1)]
    chains = [1 if not of_one_wallet or place == number else place + 1 for place in range(1, number + 1)]
    return "\n".join(
        one.format(id=f"p{place}", wallet=wallet, chain=chain, to=TO)
        for place, (wallet, chain) in enumerate(zip(wallets, chains, strict=True), start=1)
    )


def clock() -> int:
    """Milliseconds since 1970."""
    return time_ns() // 1_000_000


@contextmanager
def store() -> Iterator[KeyStore]:
    """An open keystore."""
    with tempfile.TemporaryDirectory() as folder:
        made = KeyStore(str(Path(folder) / "keystore.db"), clock)
        parameters = passphrase.floor_parameters(os.urandom(16))
        with SymmetricKek(SecretBytes(os.urandom(32))) as kek, made.transaction():
            made.create(kek, kind=passphrase.KIND, label="", parameters=msgspec.msgpack.encode(parameters), unattended=True)
            made.append_audit(b"")
        yield made
        made.close()


def figures(rounds: int = ROUNDS) -> list[Figure]:
    """The table's lines."""
    with store() as none, store() as few, store() as many, store() as alike:
        ways = {
            "no policy": _decides(none, ""),
            "10 policies": _decides(few, policies(10)),
            "256 policies, of a wallet each": _decides(many, policies(256)),
            "256 policies, all of one wallet and action": _decides(alike, policies(256, of_one_wallet=True)),
            "10 policies, Cedar alone": _alone(10),
            "256 policies, Cedar alone": _alone(256),
        }
        with one_core():
            samples = in_turn({name: partial(microseconds_each, way, times=TIMES) for name, way in ways.items()}, rounds=rounds)
    first = in_turn({FIRST: _first}, rounds=min(rounds, 5))[FIRST]
    return [
        Figure(MAY, "µs", [LIMIT] * rounds),
        *(Figure(name, "µs", samples[name], MAY, None if "alone" in name else 1.0) for name in ways),
        Figure(FIRST, "ms", first),
    ]


def _decides(opened: KeyStore, text: str) -> Callable[[], object]:
    if text:
        with opened.transaction():
            opened.write_document(msgspec.msgpack.encode(PolicyDocument(text=text, loaded_at=0)), KIND)
            opened.append_audit(b"")
    layers = Policies(opened, SystemPolicy(), clock)
    decided = layers.decide(SESSION, CALL, FACTS, OWN)
    assert decided.rule == (f"policy: p{text.count('@id')}" if text else OWN.rule)
    return lambda: layers.decide(SESSION, CALL, FACTS, OWN)


def _alone(number: int) -> Callable[[], object]:
    parsed, request = cedarpy.PolicySet.from_str(policies(number)), request_of(SESSION, CALL, FACTS, clock())
    asked, known = question(request), entities(request)
    return lambda: cedarpy.is_authorized(asked, parsed, known)


def _first() -> float:
    """In a process of its own, by its own clock, which begins when all is imported that a host has by then."""
    program = """
import sys, time
from native_host.operations.policies import PolicyDocument, rules_of
from native_host.policy.requests import Context, Extension, Key, Request
import native_host.stages
text = sys.stdin.read()
request = Request(principal=Extension(origin="o"), action="decrypt", key=Key(id="k"), context=Context(authenticated=True))
began = time.perf_counter()
rules_of(PolicyDocument(text=text, loaded_at=0)).judge(request)
print((time.perf_counter() - began) * 1e3)
"""
    here = str(Path(__file__).parents[1])
    done = subprocess.run([sys.executable, "-c", program], input=policies(10), capture_output=True, text=True, check=True, cwd=here)
    return float(done.stdout)


if __name__ == "__main__":
    print(show("A decision under a policy", figures()))
