"""EIP-2334: paths of BLS12-381 keys."""

from __future__ import annotations

import os
from collections import Counter

import msgspec
import pytest

from native_host.selftest import eip2333 as vectors
from native_host.selftest.case import Case, judge
from native_host.selftest.files import folder
from native_host.suites.hd import eip2333
from native_host.suites.hd.path import parse_path
from tests.vector_files import load

EIP2333 = load("eip2333")
SEED = bytes.fromhex(EIP2333["cases"][0]["seed"])


def cases() -> list[Case]:
    (check,) = vectors.CHECKS
    return list(check.cases(os.path.join(folder("") or "", check.path)))


@pytest.mark.parametrize("case", EIP2333["paths"], ids=lambda case: case["path"])
def test_paths(case: dict[str, str]) -> None:
    """Two other implementations have the same secrets at the paths of validators."""
    assert eip2333.derive(SEED, parse_path(case["path"])).hex() == case["secret"]


@pytest.mark.parametrize("validator", [0, 1, 2**31 - 1])
def test_signing_key(validator: int) -> None:
    """A validator's signing key is child 0 of its withdrawal key."""
    withdrawal = eip2333.derive(SEED, (eip2333.PURPOSE, eip2333.COIN_TYPE, validator, 0))
    signing = eip2333.derive(SEED, parse_path(f"m/12381/3600/{validator}/0/0"))

    assert eip2333.derive_child_sk(withdrawal, 0) == signing


def test_selftest() -> None:
    """The shipped vectors come out as published, and would be seen if they did not."""
    assert Counter(map(judge, cases())) == {"accepted": 11}
    assert {judge(msgspec.structs.replace(case, valid=False)) for case in cases()} == {"failed"}


@pytest.mark.parametrize("path", ["m/12381/3600/0'/0", "m/12381'/3600/0/0", "m/12381/3600/0/0h", "m/0'"])
def test_no_hardened_index(path: str) -> None:
    """The mark of a hardened index is no part of such a path, though every child here is what it stands for."""
    with pytest.raises(ValueError, match="no hardened index"):
        eip2333.derive(SEED, parse_path(path))


@pytest.mark.parametrize("path", ["m/12381", "m/12381/3600", "m/12381/3600/0"])
def test_too_few_levels(path: str) -> None:
    """A path of this purpose has four levels or more: what is above would give away every account."""
    with pytest.raises(ValueError, match="four levels"):
        eip2333.derive(SEED, parse_path(path))


def test_too_many_levels() -> None:
    """A path is as long as a path may be."""
    with pytest.raises(ValueError, match="too many levels"):
        eip2333.derive(SEED, (0,) * 256)
    with pytest.raises(ValueError, match="no hardened index"):
        eip2333.derive(SEED, (-1,))
