"""FIPS 204: ML-DSA as RFC 9964 uses it, with the empty context and a seed for a secret."""

from __future__ import annotations

import os
from collections import Counter
from typing import Any

import pytest
from dilithium_py import ml_dsa as oracle
from hypothesis import given, settings
from hypothesis import strategies as st

from native_host.encodings.base64url import encode_base64url
from native_host.encodings.jwk import Jwk, thumbprint
from native_host.selftest import ml_dsa as vectors
from native_host.selftest.case import Case, Check, judge
from native_host.selftest.files import folder
from native_host.suites import ml_dsa
from native_host.suites.fault import SigningFault

SUITES = (ml_dsa.ML_DSA_44, ml_dsa.ML_DSA_65, ml_dsa.ML_DSA_87)
ORACLES = (oracle.ML_DSA_44, oracle.ML_DSA_65, oracle.ML_DSA_87)
SUITE = ml_dsa.ML_DSA_44
SEED = bytes(range(32))
PUBLIC = SUITE.public_key(SEED)
GOOD = SUITE.sign(SEED, data=b"message")


def cases_of(check: Check) -> list[Case]:
    return list(check.cases(os.path.join(folder(check.package) or "", check.path)))


def test_published_counts() -> None:
    """What is left out by a difference is not most of what there is: hundreds of vectors are accepted, and refused."""
    verdicts = Counter(judge(case) for check in vectors.CHECKS for case in cases_of(check))

    assert verdicts["accepted"] > 700
    assert verdicts["refused"] > 400


def test_thumbprint() -> None:
    """The key of 32 zero bytes has the ``kid`` that RFC 9964 prints, the thumbprint of its section 6."""
    jwk = SUITE.public_jwk(SUITE.public_key(bytes(32)))

    assert encode_base64url(thumbprint(jwk)) == "T4xl70S7MT6Zeq6r9V9fPJGVn76wfnXJ21-gyo0Gu6o"
    assert (jwk.kty, jwk.alg) == ("AKP", "ML-DSA-44")


@pytest.mark.parametrize(("suite", "other"), list(zip(SUITES, ORACLES, strict=True)), ids=("44", "65", "87"))
@settings(max_examples=8, deadline=None)
@given(seed=st.binary(min_size=32, max_size=32), message=st.binary(max_size=200))
def test_against_dilithium_py(suite: ml_dsa.MlDsa, other: Any, seed: bytes, message: bytes) -> None:
    """An independent implementation makes the same key, verifies our signatures, and we verify its own."""
    public, expanded = other.key_derive(seed)

    assert public == suite.public_key(seed)
    assert other.verify(public, message, suite.sign(bytearray(seed), data=message, public=public))
    assert suite.verify(public, data=message, signature=other.sign(expanded, message, deterministic=True)) is True
    assert suite.verify(public, data=message, signature=other.sign(expanded, message, ctx=b"context")) is False


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.alg)
def test_lengths(suite: ml_dsa.MlDsa) -> None:
    """Keys and signatures have the lengths of FIPS 204 table 2, and a fresh secret is 32 bytes."""
    secret = suite.generate_secret(lambda length: bytes(range(length)))

    assert len(secret) == 32
    assert len(suite.public_key(secret)) == suite.public_bytes
    assert len(suite.sign(secret, data=b"")) == suite.signature_bytes


def test_hedged() -> None:
    """No two signatures of a message are alike, and each verifies."""
    signatures = {SUITE.sign(SEED, data=b"message") for _ in range(4)}

    assert len(signatures) == 4
    assert all(SUITE.verify(PUBLIC, data=b"message", signature=signature) for signature in signatures)


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.alg)
def test_jwk(suite: ml_dsa.MlDsa) -> None:
    """A JWK read back is the key; that of another parameter set is not taken."""
    public = suite.public_key(SEED)
    jwk = suite.public_jwk(public)

    assert suite.parse_public(jwk) == public
    for other in SUITES:
        if other is not suite:
            with pytest.raises(ValueError, match="not an AKP key"):
                other.parse_public(jwk)


@pytest.mark.parametrize(
    ("jwk", "refusal"),
    [
        (Jwk(kty="OKP", alg="ML-DSA-44", pub=PUBLIC), "not an AKP"),
        (Jwk(kty="AKP", pub=PUBLIC), "not an AKP"),
        (Jwk(kty="AKP", alg="ML-DSA-44", crv="P-256", pub=PUBLIC), "not an AKP"),
        (Jwk(kty="AKP", alg="ML-DSA-44", x=b"x", pub=PUBLIC), "not an AKP"),
        (Jwk(kty="AKP", alg="ML-DSA-44", y=b"y", pub=PUBLIC), "not an AKP"),
        (Jwk(kty="AKP", alg="ML-DSA-44"), "1312 bytes"),
        (Jwk(kty="AKP", alg="ML-DSA-44", pub=PUBLIC[1:]), "1312 bytes"),
        (Jwk(kty="AKP", alg="ML-DSA-44", pub=PUBLIC + b"\x00"), "1312 bytes"),
    ],
    ids=["kty", "no alg", "curve", "x", "y", "no key", "short", "long"],
)
def test_jwk_refused(jwk: Jwk, refusal: str) -> None:
    """A JWK of another kind, or whose key has another length, is refused."""
    with pytest.raises(ValueError, match=refusal):
        SUITE.parse_public(jwk)


@pytest.mark.parametrize(
    "signature",
    [b"", GOOD[:-1], GOOD + b"\x00", bytes(2420), b"\xff" * 2420, GOOD[:-1] + b"\xff", bytes((GOOD[0] ^ 1,)) + GOOD[1:]],
    ids=["empty", "short", "long", "zeros", "ones", "hints", "commitment"],
)
def test_malformed_signature(signature: bytes) -> None:
    """What is no signature is not valid."""
    assert SUITE.verify(PUBLIC, data=b"message", signature=signature) is False


@given(st.binary(max_size=2500))
def test_any_signature(signature: bytes) -> None:
    """Whatever is offered as a signature is answered."""
    assert SUITE.verify(PUBLIC, data=b"message", signature=signature) is False


@pytest.mark.parametrize(
    "public", [b"", PUBLIC[:-1], PUBLIC + b"\x00", ml_dsa.ML_DSA_65.public_key(SEED)], ids=["empty", "short", "long", "65"]
)
def test_key_refused(public: bytes) -> None:
    """A public key of another length is an error."""
    with pytest.raises(ValueError, match="1312 bytes"):
        SUITE.verify(public, data=b"message", signature=GOOD)
    with pytest.raises(ValueError, match="1312 bytes"):
        SUITE.public_jwk(public)


@pytest.mark.parametrize(
    "refused",
    [{}, {"digest": bytes(32)}, {"data": b"", "digest": bytes(32)}, {"data": b"", "encoding": "der"}],
    ids=["nothing", "digest", "both", "DER"],
)
def test_data_only(refused: dict[str, Any]) -> None:
    """ML-DSA signs data; it has no digest and no DER form."""
    with pytest.raises(ValueError, match=r"digest|DER"):
        SUITE.sign(SEED, **refused)
    with pytest.raises(ValueError, match=r"digest|DER"):
        SUITE.verify(PUBLIC, signature=GOOD, **refused)


@pytest.mark.parametrize("length", [0, 31, 33, 64, 2560])
def test_malformed_secret(length: int) -> None:
    """A secret is a seed of 32 bytes; an expanded key is none."""
    with pytest.raises(ValueError, match="32 bytes"):
        SUITE.sign(bytes(length), data=b"")
    with pytest.raises(ValueError, match="32 bytes"):
        SUITE.public_key(bytes(length))


def test_another_public_key() -> None:
    """A record that mixes two keys signs nothing."""
    with pytest.raises(SigningFault):
        SUITE.sign(SEED, data=b"message", public=SUITE.public_key(bytes(32)))


def test_faulty_signature(monkeypatch: pytest.MonkeyPatch) -> None:
    """A signature that does not verify is not handed out."""
    monkeypatch.setattr(ml_dsa, "_verifies", lambda *_: False)

    with pytest.raises(SigningFault):
        SUITE.sign(SEED, data=b"message")
