"""RFC 2104: HMAC, with SHA-2 and the keys of RFC 7518 section 3.2; vectors of RFC 4231 and RFC 4868."""

from __future__ import annotations

import os

import pytest
from Crypto.Hash import HMAC, SHA256, SHA384, SHA512
from hypothesis import given
from hypothesis import strategies as st

from native_host.selftest.case import judge
from native_host.selftest.hmac_sha2 import CHECKS
from native_host.suites.hmac_sha2 import HS256, HS384, HS512
from native_host.suites.kinds import Macs
from tests import symmetric_checks as shared

MACS: dict[int, Macs] = {32: HS256, 48: HS384, 64: HS512}
OTHER = {32: SHA256, 48: SHA384, 64: SHA512}
each = pytest.mark.parametrize(("size", "code"), MACS.items(), ids=["HS256", "HS384", "HS512"])
SIZES = st.sampled_from(sorted(MACS))


def test_short_keys_differ() -> None:
    """Only RFC 4231's four keys that are shorter than a MAC are refused, with each hash."""
    verdicts = [(check.standard, judge(case)) for check in CHECKS for case in shared.cases_of(check)]
    assert 12 == verdicts.count(("RFC 4231", "different"))
    assert 6 == verdicts.count(("RFC 4231", "accepted"))
    assert 12 == verdicts.count(("RFC 4868", "accepted"))
    assert 30 == len(verdicts)


@given(st.data(), SIZES, st.binary(max_size=300))
def test_against_pycryptodome(data: st.DataObject, size: int, text: bytes) -> None:
    """Another implementation makes the same MAC with keys below, at and above the hash's block, and ours verifies."""
    key = data.draw(st.binary(min_size=size, max_size=300) | st.sampled_from([b"k" * length for length in (64, 65, 128, 129, 1023, 1024)]))
    mac = MACS[size].mac(bytearray(key), text)

    assert HMAC.new(key, text, OTHER[size]).digest() == mac
    assert size == len(mac)
    assert MACS[size].verify_mac(memoryview(key), text, mac) is True


@given(SIZES, st.binary(max_size=40))
def test_whatever_is_changed(size: int, text: bytes) -> None:
    """Each bit of MAC, data and key: not valid, and no error."""
    code, key = MACS[size], os.urandom(size)
    mac = code.mac(key, text)
    assert not any(code.verify_mac(key, text, changed) for changed in shared.flipped(mac))
    assert not any(code.verify_mac(key, changed, mac) for changed in (*shared.flipped(text), text + b"\x00"))
    assert not any(code.verify_mac(changed, text, mac) for changed in shared.flipped(key))


@each
def test_macs_of_another_length(size: int, code: Macs) -> None:
    """A MAC cut off, which RFC 2104 section 5 allows, or continued, or of another hash, is not valid."""
    key = bytes(64)
    mac = code.mac(key, b"text")
    for other in (
        *(mac[:length] for length in range(size)),
        mac + b"\x00",
        mac + mac,
        *(o.mac(key, b"text") for o in MACS.values() if o != code),
    ):
        assert code.verify_mac(key, b"text", other) is False


@each
def test_keys(size: int, code: Macs) -> None:
    """A key has as many bytes as a MAC or more, up to 1024, in generating, making and verifying."""
    shared.assert_keys(code, set(range(size, 1025)))
    for length in (0, 1, size - 1, 1025, 4096):
        with pytest.raises(ValueError, match=f"has not {size} to 1024 bytes"):
            code.mac(bytes(length), b"text")
        with pytest.raises(ValueError, match=f"has not {size} to 1024 bytes"):
            code.verify_mac(bytes(length), b"text", bytes(size))
