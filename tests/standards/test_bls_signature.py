"""draft-irtf-cfrg-bls-signature: the proof-of-possession ciphersuite over BLS12-381, as Ethereum's consensus layer uses it."""

from __future__ import annotations

import os
from collections import Counter
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from py_ecc.bls.ciphersuites import G2ProofOfPossession

from native_host.encodings.jwk import Jwk
from native_host.selftest import bls as vectors
from native_host.selftest.case import Case, judge
from native_host.selftest.files import folder
from native_host.suites import bls12381
from native_host.suites.fault import SigningFault

ORACLE: Any = G2ProofOfPossession
ORDER = 52435875175126190479447740508185965837690552500527637822603658699938581184513
PRIME = 0x1A0111EA397FE69A4B1BA7B6434BACD764774B84F38512BF6730D2A0F6B0F6241EABFFFEB153FFFFB9FEFFFFFFFFAAAB
SECRET = bytes.fromhex("263dbd792f5b1be47ed85f8938c0f29586af0d3ac7b977f21c278fe1462040e3")
OTHER = bytes.fromhex("47b8192d77bf871b62e87859d653922725724a5c031afeabc60bcef5ff665138")
PUBLIC = bls12381.public_key(SECRET)
GOOD = bls12381.sign(SECRET, data=b"message")
INFINITY = b"\xc0" + bytes(47)
INFINITE_SIGNATURE = b"\xc0" + bytes(95)

REFUSED = {
    "infinity": INFINITY,
    "infinity with a sign": b"\xe0" + bytes(47),
    "infinity, not compressed": b"\x40" + bytes(47),
    "not compressed": bytes((PUBLIC[0] & 0x7F,)) + PUBLIC[1:],
    "x is p": bytes((0x80 | PRIME >> 376,)) + PRIME.to_bytes(48, "big")[1:],
    "x is p+1": bytes((0x80 | PRIME >> 376,)) + (PRIME + 1).to_bytes(48, "big")[1:],
    "not on the curve": bytes.fromhex("8" + ("0123456789abcdef" * 6)[1:-1] + "0"),
    "outside the group": bytes.fromhex("8" + ("0123456789abcdef" * 6)[1:]),
    "order 3": b"\x80" + bytes(47),
    "zeros": bytes(48),
    "ones": b"\xff" * 48,
    "short": PUBLIC[:-1],
    "long": PUBLIC + b"\x00",
    "empty": b"",
}
MALFORMED = {
    "empty": b"",
    "short": GOOD[:-1],
    "long": GOOD + b"\x00",
    "zeros": bytes(96),
    "ones": b"\xff" * 96,
    "infinity": INFINITE_SIGNATURE,
    "a public key": PUBLIC,
    "not compressed": bytes((GOOD[0] & 0x7F,)) + GOOD[1:],
    "negated": bytes((GOOD[0] ^ 0x20,)) + GOOD[1:],
    "outside the group": bytes.fromhex("8" + ("0123456789abcdef" * 12)[1:]),
    "of another": bls12381.sign(OTHER, data=b"message"),
}


def cases() -> list[Case]:
    (check,) = vectors.CHECKS
    return list(check.cases(os.path.join(folder("") or "", check.path)))


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_published(case: Case) -> None:
    """Every vector that Ethereum's clients share comes out as published; the one difference is a key that is infinity."""
    assert judge(case) != "failed"


def test_published_counts() -> None:
    """The shared vectors are there, all ninety, and one is answered otherwise."""
    verdicts = Counter(map(judge, cases()))

    assert verdicts == {"accepted": 31, "refused": 58, "different": 1}


def test_control() -> None:
    """Were a vector marked the other way round, it would be seen."""
    flipped = [msgspec.structs.replace(case, valid=not case.valid) for case in cases() if not case.difference]

    assert {judge(case) for case in flipped} == {"failed"}


@settings(max_examples=5, deadline=None)
@given(st.integers(1, ORDER - 1), st.binary(max_size=300))
def test_against_py_ecc(scalar: int, message: bytes) -> None:
    """An independent implementation makes the same key, signature and proof, and verifies them as we do its own."""
    secret = scalar.to_bytes(32, "big")
    public, signature, proof = bls12381.public_key(secret), bls12381.sign(secret, data=message), bls12381.prove_possession(secret)

    assert (ORACLE.SkToPk(scalar), ORACLE.Sign(scalar, message), ORACLE.PopProve(scalar)) == (public, signature, proof)
    assert bls12381.verify(public, data=message, signature=signature) is True
    assert bls12381.verify(public, data=message + b"\x00", signature=signature) is False
    assert bls12381.verify_possession(public, proof) is True


def test_proof_is_no_signature() -> None:
    """A proof of possession is not a signature of the public key, nor a signature of it a proof."""
    proof, signature = bls12381.prove_possession(SECRET), bls12381.sign(SECRET, data=PUBLIC)

    assert bls12381.verify(PUBLIC, data=PUBLIC, signature=proof) is False
    assert bls12381.verify_possession(PUBLIC, signature) is False
    assert bls12381.verify_possession(bls12381.public_key(OTHER), proof) is False
    assert ORACLE.PopVerify(PUBLIC, proof) is True


def test_aggregates() -> None:
    """Signatures added up verify for their keys and messages, in either way of asking, here and in py-ecc."""
    publics, messages = [PUBLIC, bls12381.public_key(OTHER)], [b"one", b"two"]
    different = bls12381.aggregate([bls12381.sign(secret, data=message) for secret, message in zip((SECRET, OTHER), messages, strict=True)])
    equal = bls12381.aggregate([bls12381.sign(secret, data=b"one") for secret in (SECRET, OTHER)])

    assert bls12381.aggregate_verify(publics, messages, different) is ORACLE.AggregateVerify(publics, messages, different) is True
    assert bls12381.aggregate_verify(publics, messages[::-1], different) is False
    assert bls12381.fast_aggregate_verify(publics, b"one", equal) is ORACLE.FastAggregateVerify(publics, b"one", equal) is True
    assert bls12381.aggregate_verify(publics, [b"one", b"one"], equal) is True
    assert bls12381.fast_aggregate_verify(publics[:1], b"one", equal) is False


def test_keys_that_cancel() -> None:
    """Two keys whose sum is infinity sign nothing together, though infinity would be the sum of their signatures."""
    negative = (ORDER - int.from_bytes(SECRET, "big")).to_bytes(32, "big")
    publics = [PUBLIC, bls12381.public_key(negative)]
    signature = bls12381.aggregate([GOOD, bls12381.sign(negative, data=b"message")])

    assert signature == INFINITE_SIGNATURE
    assert bls12381.fast_aggregate_verify(publics, b"message", signature) is False
    assert bls12381.fast_aggregate_verify(publics, b"any other", INFINITE_SIGNATURE) is False


def test_nothing_to_aggregate() -> None:
    """No keys have signed nothing, whatever the signature; no signatures have no sum."""
    assert bls12381.aggregate_verify([], [], INFINITE_SIGNATURE) is False
    assert bls12381.fast_aggregate_verify([], b"", INFINITE_SIGNATURE) is False
    with pytest.raises(ValueError, match="no signature"):
        bls12381.aggregate([])
    with pytest.raises(ValueError, match="as many"):
        bls12381.aggregate_verify([PUBLIC], [], GOOD)


@pytest.mark.parametrize("signature", MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed_signature(signature: bytes) -> None:
    """What is no signature, or another's, is not valid."""
    assert bls12381.verify(PUBLIC, data=b"message", signature=signature) is False
    assert bls12381.aggregate_verify([PUBLIC], [b"message"], signature) is False
    assert bls12381.fast_aggregate_verify([PUBLIC], b"message", signature) is False
    assert bls12381.verify_possession(PUBLIC, signature) is False


@pytest.mark.parametrize("signature", [b"", bytes(96), MALFORMED["outside the group"], PUBLIC], ids=["empty", "zeros", "group", "key"])
def test_malformed_in_a_sum(signature: bytes) -> None:
    """What is no point of G2 is not added up."""
    with pytest.raises(ValueError, match="not a point of G2"):
        bls12381.aggregate([GOOD, signature])


@given(st.binary(max_size=100))
def test_any_bytes(data: bytes) -> None:
    """Whatever is offered as a signature or a key is answered, or refused in words of ours."""
    assert bls12381.verify(PUBLIC, data=b"message", signature=data) is False
    with pytest.raises(ValueError, match=r"not a point of G1|infinity"):
        bls12381.public_jwk(data)


@pytest.mark.parametrize("public", REFUSED.values(), ids=REFUSED.keys())
def test_key_refused(public: bytes) -> None:
    """Infinity, points outside the group or the curve, and second spellings are errors wherever a key is read."""
    uses: list[Any] = [
        lambda: bls12381.parse_public(Jwk(kty="OKP", crv="BLS12381G1", x=public)),
        lambda: bls12381.public_jwk(public),
        lambda: bls12381.verify(public, data=b"message", signature=GOOD),
        lambda: bls12381.aggregate_verify([PUBLIC, public], [b"message", b"other"], GOOD),
        lambda: bls12381.fast_aggregate_verify([PUBLIC, public], b"message", GOOD),
        lambda: bls12381.verify_possession(public, GOOD),
    ]
    for use in uses:
        with pytest.raises(ValueError, match=r"not a point of G1|infinity"):
            use()


def test_jwk() -> None:
    """A JWK read back is the key."""
    jwk = bls12381.public_jwk(PUBLIC)

    assert (jwk.kty, jwk.crv, jwk.x, jwk.y) == ("OKP", "BLS12381G1", PUBLIC, None)
    assert bls12381.parse_public(jwk) == PUBLIC


@pytest.mark.parametrize(
    "jwk",
    [
        Jwk(kty="EC", crv="BLS12381G1", x=PUBLIC),
        Jwk(kty="OKP", crv="BLS12381G2", x=PUBLIC),
        Jwk(kty="OKP", crv="BLS12381G1", x=PUBLIC, y=PUBLIC),
    ],
    ids=["kty", "curve", "y"],
)
def test_jwk_refused(jwk: Jwk) -> None:
    """A JWK of another kind is refused."""
    with pytest.raises(ValueError, match="not an OKP key"):
        bls12381.parse_public(jwk)


@pytest.mark.parametrize(
    "refused",
    [{}, {"digest": bytes(32)}, {"data": b"", "digest": bytes(32)}, {"data": b"", "encoding": "der"}],
    ids=["nothing", "digest", "both", "DER"],
)
def test_data_only(refused: dict[str, Any]) -> None:
    """BLS signs data; it has no digest and no DER form."""
    with pytest.raises(ValueError, match=r"digest|DER"):
        bls12381.sign(SECRET, **refused)
    with pytest.raises(ValueError, match=r"digest|DER"):
        bls12381.verify(PUBLIC, signature=GOOD, **refused)


@pytest.mark.parametrize(
    "secret",
    [b"", SECRET[:-1], SECRET + b"\x00", bytes(32), ORDER.to_bytes(32, "big"), (ORDER + 1).to_bytes(32, "big"), b"\xff" * 32],
    ids=["empty", "short", "long", "zero", "r", "r+1", "ones"],
)
def test_secret_refused(secret: bytes) -> None:
    """A secret is 32 bytes, from 1 to r-1; none is reduced."""
    for use in (bls12381.public_key, bls12381.prove_possession, lambda secret: bls12381.sign(secret, data=b"")):
        with pytest.raises(ValueError, match=r"the secret is not"):
            use(secret)


@pytest.mark.parametrize("secret", [(1).to_bytes(32, "big"), (ORDER - 1).to_bytes(32, "big")], ids=["1", "r-1"])
def test_secret_bounds(secret: bytes) -> None:
    """The smallest and the largest secret sign."""
    signature = bls12381.sign(bytearray(secret), data=b"message")

    assert bls12381.verify(bls12381.public_key(secret), data=b"message", signature=signature) is True


def test_generated_secret() -> None:
    """What is out of range is drawn again, and one bit that no secret has is left out."""
    draws = [bytes(32), b"\xff" * 32, ORDER.to_bytes(32, "big"), b"\x80" + SECRET[1:]]

    assert bls12381.generate_secret(lambda _: draws.pop(0)) == b"\x00" + SECRET[1:]
    assert draws == []


def test_another_public_key() -> None:
    """A record that mixes two keys signs nothing."""
    assert bls12381.sign(SECRET, data=b"message", public=PUBLIC) == GOOD
    with pytest.raises(SigningFault):
        bls12381.sign(SECRET, data=b"message", public=bls12381.public_key(OTHER))


def test_faulty_signature(monkeypatch: pytest.MonkeyPatch) -> None:
    """A signature that does not verify is not handed out."""
    monkeypatch.setattr(bls12381, "_verifies", lambda *_: False)

    with pytest.raises(SigningFault):
        bls12381.sign(SECRET, data=b"message")
    with pytest.raises(SigningFault):
        bls12381.prove_possession(SECRET)
