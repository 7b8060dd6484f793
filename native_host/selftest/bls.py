"""BLS signatures against the vectors that Ethereum's clients share. None of them proves possession: tests do, beside py-ecc."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from importlib import import_module
from typing import Any

from native_host.selftest.case import Case, Check
from native_host.selftest.files import load_json

_INFINITE_KEY = "draft-irtf-cfrg-bls-signature section 2.5: the identity is no public key, though it is a point"


def _code() -> Any:
    return import_module("native_host.suites.bls12381")


def _bytes(texts: list[str]) -> list[bytes]:
    return [bytes.fromhex(text) for text in texts]


def _sign(vector: dict[str, Any]) -> Case:
    code, secret, message = _code(), bytes.fromhex(vector["privkey"]), bytes.fromhex(vector["message"])
    expected = bytes.fromhex(vector["output"] or "")

    def run() -> bool:
        return bool(code.sign(bytearray(secret), data=message) == expected)

    return Case(name=vector["name"], valid=vector["output"] is not None, run=run)


def _aggregate(vector: dict[str, Any]) -> Case:
    code, signatures, expected = _code(), _bytes(vector["signatures"]), bytes.fromhex(vector["output"] or "")

    def run() -> bool:
        return bool(code.aggregate(signatures) == expected)

    return Case(name=vector["name"], valid=vector["output"] is not None, run=run)


def _verify(vector: dict[str, Any]) -> Case:
    public, message, signature = _bytes([vector[name] for name in ("pubkey", "message", "signature")])
    run = partial(_code().verify, public, data=message, signature=signature)
    return Case(name=vector["name"], valid=vector["output"], run=run)


def _aggregate_verify(vector: dict[str, Any]) -> Case:
    run = partial(_code().aggregate_verify, _bytes(vector["pubkeys"]), _bytes(vector["messages"]), bytes.fromhex(vector["signature"]))
    return Case(name=vector["name"], valid=vector["output"], run=run)


def _fast_aggregate_verify(vector: dict[str, Any]) -> Case:
    message, signature = bytes.fromhex(vector["message"]), bytes.fromhex(vector["signature"])
    run = partial(_code().fast_aggregate_verify, _bytes(vector["pubkeys"]), message, signature)
    return Case(name=vector["name"], valid=vector["output"], run=run)


def _public(vector: dict[str, Any]) -> Case:
    code, point = _code(), bytes.fromhex(vector["point"])

    def run() -> bool:
        return bool(code.public_jwk(point).x == point)

    difference = _INFINITE_KEY if vector["output"] and point[0] & 0x40 else ""
    return Case(name=vector["name"], valid=vector["output"], run=run, difference=difference)


def _signature(vector: dict[str, Any]) -> Case:
    code, point = _code(), bytes.fromhex(vector["point"])

    def run() -> bool:
        return bool(code.aggregate([point]) == point)

    return Case(name=vector["name"], valid=vector["output"], run=run)


_HANDLERS = {
    "sign": _sign,
    "verify": _verify,
    "aggregate": _aggregate,
    "aggregate_verify": _aggregate_verify,
    "fast_aggregate_verify": _fast_aggregate_verify,
    "deserialization_G1": _public,
    "deserialization_G2": _signature,
}


def _cases(path: str) -> Iterator[Case]:
    vectors = load_json(path)
    for handler, case in _HANDLERS.items():
        for vector in vectors[handler]:
            yield case({**vector, "name": f"{handler}/{vector['name']}"})


CHECKS: tuple[Check, ...] = (
    Check(standard="draft-irtf-cfrg-bls-signature, Ethereum", alg="BLS12381G2", package="", path="bls12381.json", cases=_cases),
)
