"""Multikey: public keys as multicodec and multibase."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from native_host.encodings.base58 import encode_base58
from native_host.encodings.base64url import decode_base64url
from native_host.encodings.jwk import Jwk
from native_host.encodings.multikey import BIP340, ED25519, P256, SECP256K1, X25519, decode_multikey, encode_multikey
from native_host.suites.table import SUITES
from tests.vector_files import load

LENGTHS = {SECP256K1: 33, BIP340: 32, P256: 33, ED25519: 32, X25519: 32}


@pytest.mark.parametrize("vector", load("multikey")["vectors"], ids=lambda vector: vector["alg"])
def test_published(vector: dict[str, Any]) -> None:
    """A published key's JWK is written as its published Multikey, and that reads as the key."""
    members = {name: decode_base64url(vector["jwk"][name]) for name in ("x", "y") if name in vector["jwk"]}
    suite = SUITES[vector["alg"]]
    public = suite.code().parse_public(Jwk(kty=vector["jwk"]["kty"], crv=vector["jwk"]["crv"], x=members["x"], y=members.get("y")))

    assert vector["multikey"] == suite.multikey(public)
    assert (suite.multicodec, public) == decode_multikey(vector["multikey"])


@given(
    st.sampled_from(sorted(LENGTHS)).flatmap(
        lambda code: st.tuples(st.just(code), st.binary(min_size=LENGTHS[code], max_size=LENGTHS[code]))
    )
)
def test_round_trip(key: tuple[int, bytes]) -> None:
    """A key of each kind is read back."""
    assert key == decode_multikey(encode_multikey(*key))


@pytest.mark.parametrize(
    ("code", "start"),
    [(SECP256K1, "zQ3s"), (P256, "zDna"), (ED25519, "z6Mk"), (X25519, "z6LS")],
)
def test_prefixes(code: int, start: str) -> None:
    """Each kind has its well-known beginning."""
    public = (b"\x02" + b"k" * 32)[: LENGTHS[code]] if LENGTHS[code] == 33 else b"k" * 32

    assert encode_multikey(code, public).startswith(start)


@pytest.mark.parametrize(
    "data",
    [b"", b"\xed", b"\xed\x01", b"\xed\x01" + bytes(31), b"\xed\x01" + bytes(33), b"\xe7\x01" + bytes(32), b"\xed\x81\x00" + bytes(32),
     b"\x80\x26" + bytes(32), b"\xec\x00" + bytes(32), b"\x12\x00" + bytes(33)],
    ids=["nothing", "half a code", "no key", "short", "long", "of another length", "longer varint", "secret key", "other code", "not a varint"],
)  # fmt: skip
def test_refused(data: bytes) -> None:
    """Another kind, another length and another spelling of the code are refused."""
    with pytest.raises(ValueError, match="kind"):
        decode_multikey("z" + encode_base58(data))


@pytest.mark.parametrize("text", ["", "z", "6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp", "u7QE", "z0", "Z6Mk", "z" * 600])
def test_not_multibase(text: str) -> None:
    """What is not base58btc is refused."""
    with pytest.raises(ValueError, match=r"multibase|Base58|kind"):
        decode_multikey(text)


@pytest.mark.parametrize("code", sorted(LENGTHS))
def test_length(code: int) -> None:
    """A key of another length than its kind's is not written."""
    with pytest.raises(ValueError, match="length"):
        encode_multikey(code, bytes(LENGTHS[code] + 1))


@given(st.text(max_size=80))
def test_hostile(text: str) -> None:
    """A text is the Multikey of what it reads as, or refused."""
    try:
        code, public = decode_multikey(text)
    except ValueError:
        return
    assert text == encode_multikey(code, public)
