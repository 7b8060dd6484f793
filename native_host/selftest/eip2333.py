"""EIP-2333 and EIP-2334 against the vectors of the one and two other implementations of the other."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from importlib import import_module
from typing import Any

from native_host.selftest.case import Case, Check
from native_host.selftest.files import load_json


def _code() -> Any:
    return import_module("native_host.suites.hd.eip2333")


def _secret(decimal: str) -> bytes:
    return int(decimal).to_bytes(32, "big")


def _derives(seed: bytes, master: bytes, index: int, child: bytes) -> bool:
    code = _code()
    return bool(code.derive_master_sk(seed) == master and code.derive_child_sk(master, index) == child)


def _compresses(parent: bytes, index: int, public: bytes, child: bytes) -> bool:
    code = _code()
    return bool(code.parent_sk_to_lamport_pk(parent, index) == public and code.hkdf_mod_r(public) == child)


def _reaches(seed: bytes, path: str, secret: bytes) -> bool:
    indices = import_module("native_host.suites.hd.path").parse_path(path)
    return bool(_code().derive(seed, indices) == secret)


def _cases(path: str) -> Iterator[Case]:
    vectors = load_json(path)
    for number, case in enumerate(vectors["cases"]):
        run = partial(_derives, bytes.fromhex(case["seed"]), _secret(case["master_SK"]), case["child_index"], _secret(case["child_SK"]))
        yield Case(name=f"test case {number}", valid=True, run=run)
    step = vectors["intermediate"]
    public = bytes.fromhex(step["compressed_lamport_PK"])
    yield Case(
        name="intermediate values",
        valid=True,
        run=partial(_compresses, _secret(step["parent_SK"]), step["index"], public, _secret(step["child_SK"])),
    )
    seed = bytes.fromhex(vectors["cases"][0]["seed"])
    for case in vectors["paths"]:
        yield Case(name=case["path"], valid=True, run=partial(_reaches, seed, case["path"], bytes.fromhex(case["secret"])))


CHECKS: tuple[Check, ...] = (Check(standard="EIP-2333, EIP-2334", alg="BLS12381G2", package="", path="eip2333.json", cases=_cases),)
