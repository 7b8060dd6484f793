"""FIPS 186-5 and the standards beside it (RFC 8032, RFC 8812, RFC 8017, BIP340): every published vector of the classical signatures, and of RSA-OAEP."""

from __future__ import annotations

import pytest

from native_host.selftest import ecdsa, ed448, ed25519, rsa, secp256k1
from native_host.selftest.case import Check
from tests.symmetric_checks import assert_judged, assert_published

CHECKS = (*ecdsa.CHECKS, *secp256k1.CHECKS, *ed25519.CHECKS, *ed448.CHECKS, *rsa.CHECKS)


every = pytest.mark.parametrize("check", CHECKS, ids=lambda check: f"{check.alg} {check.package} {check.path.rpartition('/')[2]}")


@every
def test_published(check: Check) -> None:
    """What was published is what is computed here, but for the differences that have a reason."""
    assert_published(check)


@every
def test_judged(check: Check) -> None:
    """Were the opposite published, every case would fail: no case passes whatever is computed."""
    assert_judged(check)
