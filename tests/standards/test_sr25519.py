"""sr25519: schnorrkel's signatures as Substrate makes them."""

from __future__ import annotations

import os
from collections import Counter
from typing import Any

import msgspec
import pytest
import sr25519 as schnorrkel
from hypothesis import given
from hypothesis import strategies as st

from native_host.encodings.jwk import Jwk
from native_host.selftest import sr25519 as vectors
from native_host.selftest.case import Case, judge
from native_host.selftest.files import folder
from native_host.suites import sr25519
from native_host.suites.fault import SigningFault
from tests.vector_files import load

SR25519 = load("sr25519")
ORDER = 2**252 + 27742317777372353535851937790883648493
SECRET = bytes.fromhex(SR25519["keys"][0]["secret"])
PUBLIC = sr25519.public_key(SECRET)
GOOD = sr25519.sign(SECRET, data=b"message")
SCALAR = int.from_bytes(GOOD[32:], "little") - 2**255


def marked(scalar: int) -> bytes:
    return (scalar + 2**255).to_bytes(32, "little")


REFUSED = {text[:8] + text[-2:]: bytes.fromhex(text) for text in SR25519["not_canonical"]} | {
    "identity": bytes(32),
    "ones": b"\xff" * 32,
    "short": PUBLIC[:-1],
    "long": PUBLIC + b"\x00",
    "empty": b"",
}
MALFORMED = {
    "empty": b"",
    "short": GOOD[:-1],
    "long": GOOD + b"\x00",
    "zeros": bytes(64),
    "zeros, marked": bytes(63) + b"\x80",
    "ones": b"\xff" * 64,
    "without the mark": GOOD[:32] + SCALAR.to_bytes(32, "little"),
    "s + L": GOOD[:32] + marked(SCALAR + ORDER),
    "R is no point": b"\x01" + bytes(31) + GOOD[32:],
}


def cases() -> list[Case]:
    (check,) = vectors.CHECKS
    return list(check.cases(os.path.join(folder("") or "", check.path)))


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_published(case: Case) -> None:
    """Substrate's keys, the signatures of others, and encodings of no point come out as published."""
    assert judge(case) in {"accepted", "refused"}


def test_control() -> None:
    """Were a vector marked the other way round, it would be seen."""
    verdicts = Counter(judge(msgspec.structs.replace(case, valid=not case.valid)) for case in cases())

    assert verdicts == {"failed": 18}


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=300))
def test_round_trip(secret: bytes, message: bytes) -> None:
    """What is signed verifies, and nothing else does."""
    public = sr25519.public_key(secret)
    signature = sr25519.sign(bytearray(secret), data=message, public=public)

    assert sr25519.verify(public, data=message, signature=signature) is True
    assert sr25519.verify(public, data=message + b"\x00", signature=signature) is False
    assert sr25519.verify(PUBLIC, data=message, signature=signature) is (public == PUBLIC)


def test_hedged() -> None:
    """No two signatures of a message are alike, and each verifies."""
    signatures = {sr25519.sign(SECRET, data=b"message") for _ in range(4)}

    assert len(signatures) == 4
    assert all(sr25519.verify(PUBLIC, data=b"message", signature=signature) for signature in signatures)


@pytest.mark.parametrize("signature", MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed_signature(signature: bytes) -> None:
    """What is no signature is not valid, nor is a second spelling of one."""
    assert sr25519.verify(PUBLIC, data=b"message", signature=signature) is False


def test_identity() -> None:
    """Anyone could sign for the identity: as a key it is refused, though the library would let the signature pass."""
    forged = bytes(63) + b"\x80"

    assert schnorrkel.verify(forged, b"any message", bytes(32)) is True
    with pytest.raises(ValueError, match="not a public key"):
        sr25519.verify(bytes(32), data=b"any message", signature=forged)


@pytest.mark.parametrize("public", REFUSED.values(), ids=REFUSED.keys())
def test_key_refused(public: bytes) -> None:
    """What is no canonical point of the group, and the identity, are errors wherever a key is read."""
    uses: list[Any] = [
        lambda: sr25519.parse_public(Jwk(kty="OKP", crv="sr25519", x=public)),
        lambda: sr25519.public_jwk(public),
        lambda: sr25519.verify(public, data=b"message", signature=GOOD),
    ]
    for use in uses:
        with pytest.raises(ValueError, match="not a public key"):
            use()


def test_jwk() -> None:
    """A JWK read back is the key."""
    jwk = sr25519.public_jwk(PUBLIC)

    assert (jwk.kty, jwk.crv, jwk.x, jwk.y) == ("OKP", "sr25519", PUBLIC, None)
    assert sr25519.parse_public(jwk) == PUBLIC


@pytest.mark.parametrize(
    "jwk",
    [Jwk(kty="EC", crv="sr25519", x=PUBLIC), Jwk(kty="OKP", crv="Ed25519", x=PUBLIC), Jwk(kty="OKP", crv="sr25519", x=PUBLIC, y=PUBLIC)],
    ids=["kty", "curve", "y"],
)
def test_jwk_refused(jwk: Jwk) -> None:
    """A JWK of another kind is refused."""
    with pytest.raises(ValueError, match="not an OKP key"):
        sr25519.parse_public(jwk)


@pytest.mark.parametrize(
    "refused",
    [{}, {"digest": bytes(32)}, {"data": b"", "digest": bytes(32)}, {"data": b"", "encoding": "der"}],
    ids=["nothing", "digest", "both", "DER"],
)
def test_data_only(refused: dict[str, Any]) -> None:
    """It signs data; it has no digest and no DER form."""
    with pytest.raises(ValueError, match=r"digest|DER"):
        sr25519.sign(SECRET, **refused)
    with pytest.raises(ValueError, match=r"digest|DER"):
        sr25519.verify(PUBLIC, signature=GOOD, **refused)


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_malformed_secret(length: int) -> None:
    """A secret is a mini-secret of 32 bytes; an expanded one is none."""
    with pytest.raises(ValueError, match="32 bytes"):
        sr25519.sign(bytes(length), data=b"")
    with pytest.raises(ValueError, match="32 bytes"):
        sr25519.public_key(bytes(length))


def test_generated_secret() -> None:
    """A fresh secret is 32 random bytes."""
    assert sr25519.generate_secret(lambda length: bytes(range(length))) == bytes(range(32))


def test_another_public_key() -> None:
    """A record that mixes two keys signs nothing."""
    with pytest.raises(SigningFault):
        sr25519.sign(SECRET, data=b"message", public=sr25519.public_key(bytes(32)))


def test_faulty_signature(monkeypatch: pytest.MonkeyPatch) -> None:
    """A signature that does not verify is not handed out."""
    monkeypatch.setattr(sr25519, "_verifies", lambda *_: False)

    with pytest.raises(SigningFault):
        sr25519.sign(SECRET, data=b"message")
