"""HMAC with SHA-2 against RFC 4868 (keys as long as a MAC) and RFC 4231, four of whose six keys are too short here."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from native_host.selftest.case import Case, Check
from native_host.selftest.files import load_json, rsp
from native_host.selftest.symmetric import suite_object
from native_host.suites.kinds import Macs

_SHORT_KEY = "RFC 7518 section 3.2: a key shorter than the hash output must not be used"


def _case(code: Macs, name: str, key: bytes, data: bytes, mac: bytes) -> Case:
    run = partial(_computes, code, key, data, mac)
    return Case(name=name, valid=True, run=run, difference=_SHORT_KEY if len(key) < len(mac) else "")


def _computes(code: Macs, key: bytes, data: bytes, mac: bytes) -> bool:
    return code.mac(key, data) == mac and code.verify_mac(key, data, mac)


def _rfc4231(alg: str, path: str) -> Iterator[Case]:
    code = suite_object(f"hmac_sha2:{alg}")
    for number, (_, block) in enumerate(rsp(path)):
        yield _case(code, str(number), *(bytes.fromhex(block[name]) for name in ("Key", "Msg", "MD")))


def _printed(alg: str, path: str) -> Iterator[Case]:
    code = suite_object(f"hmac_sha2:{alg}")
    for vector in load_json(path)["vectors"]:
        if vector["alg"] == alg:
            yield _case(code, vector["name"], *(bytes.fromhex(vector[name]) for name in ("key", "data", "mac")))


CHECKS: tuple[Check, ...] = tuple(
    check
    for bits in (256, 384, 512)
    for check in (
        Check(standard="RFC 4868", alg=f"HS{bits}", package="", path="rfc4868.json", cases=partial(_printed, f"HS{bits}")),
        Check(
            standard="RFC 4231",
            alg=f"HS{bits}",
            package="cryptography_vectors",
            path=f"HMAC/rfc-4231-sha{bits}.txt",
            cases=partial(_rfc4231, f"HS{bits}"),
        ),
    )
)
