"""RFC 7517, RFC 7518, RFC 8037, RFC 8812: JSON Web Keys, public and private; RFC 7638: their thumbprints."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jwcrypto import jwk as oracle

from native_host.encodings.base64url import decode_base64url, encode_base64url
from native_host.encodings.jwk import Jwk, encode_members, thumbprint
from native_host.suites import ed25519
from native_host.suites.private_jwk import parse_private_jwk
from native_host.suites.table import SUITES
from tests.vector_files import load

VECTORS = load("jwk")
P256, ED25519 = VECTORS["p256"], VECTORS["ed25519"]
SECRET = bytes(31) + b"\x07"
SIGNING = ["ES256K", "ES256K-R", "BIP340", "Ed25519", "ES256"]


def _private(kind: str, /, **changes: Any) -> dict[str, Any]:
    """The members of a private JWK of a kind; a change to None takes the member out."""
    module = SUITES[kind].code()
    members: dict[str, Any] = encode_members(module.public_jwk(module.public_key(SECRET)))
    members |= {"d": encode_base64url(SECRET)} | changes
    return {name: value for name, value in members.items() if value is not None}


def _parse(members: object, alg: str) -> bytearray:
    return parse_private_jwk(json.dumps(members).encode(), SUITES[alg])


def test_published_private_keys() -> None:
    """The private keys that RFC 7517 and RFC 8037 print are read."""
    assert decode_base64url(P256["d"]) == _parse(P256, "ES256")
    assert decode_base64url(ED25519["d"]) == _parse(ED25519, "Ed25519")


def test_published_thumbprint() -> None:
    """RFC 8037 appendix A.3."""
    jwk = Jwk(kty="OKP", crv="Ed25519", x=decode_base64url(ED25519["x"]))

    assert VECTORS["ed25519_thumbprint"] == encode_base64url(thumbprint(jwk))


def test_published_jws() -> None:
    """RFC 8037 appendix A.4: the signature is the published one, and verifies (A.5)."""
    text, _, signature = VECTORS["ed25519_jws"].rpartition(".")
    secret = decode_base64url(ED25519["d"])

    assert signature == encode_base64url(ed25519.sign(secret, data=text.encode()))
    assert ed25519.verify(decode_base64url(ED25519["x"]), data=text.encode(), signature=decode_base64url(signature))


@pytest.mark.parametrize("alg", SIGNING)
def test_thumbprint_against_jwcrypto(alg: str) -> None:
    """An independent implementation computes the same thumbprint."""
    module = SUITES[alg].code()
    jwk = module.public_jwk(module.public_key(SECRET))

    assert oracle.JWK(**encode_members(jwk)).thumbprint() == encode_base64url(thumbprint(jwk))


@pytest.mark.parametrize("alg", SIGNING)
def test_private_round_trip(alg: str) -> None:
    """A private JWK is read, with the further members that senders put there."""
    assert SECRET == _parse(_private(alg), alg)
    assert SECRET == _parse(_private(alg, kid="a", use="sig", key_ops=["sign"], ext=True, other={"a": [1]}), alg)
    assert SECRET == _parse(_private(alg, alg=alg), alg)


def test_other_names_of_an_algorithm() -> None:
    """A key that was made when Ed25519 was called EdDSA is read; secp256k1 keys are exchanged as ES256K."""
    assert SECRET == _parse(_private("Ed25519", alg="EdDSA"), "Ed25519")
    assert SECRET == _parse(_private("ES256K", alg="ES256K"), "ES256K-R")
    assert SECRET == _parse(_private("ES256K", alg="ES256K"), "BIP340")


@pytest.mark.parametrize("length", [16, 32, 64])
def test_seed(length: int) -> None:
    """A seed comes as an ``oct`` key."""
    assert bytes(length) == _parse({"kty": "oct", "k": encode_base64url(bytes(length))}, "SEED")


OTHER = encode_members(SUITES["ES256K"].code().public_jwk(SUITES["ES256K"].code().public_key(bytes(31) + b"\x08")))


@pytest.mark.parametrize(
    ("alg", "changes"),
    [
        ("ES256K", {"kty": "OKP"}),
        ("ES256K", {"kty": "oct"}),
        ("ES256K", {"kty": None}),
        ("ES256K", {"crv": "P-256"}),
        ("ES256K", {"crv": None}),
        ("ES256K", {"alg": "ES256"}),
        ("ES256K", {"alg": "BIP340"}),
        ("ES256K", {"d": None}),
        ("ES256K", {"d": ""}),
        ("ES256K", {"d": encode_base64url(SECRET[1:])}),
        ("ES256K", {"d": encode_base64url(b"\x00" + SECRET)}),
        ("ES256K", {"d": encode_base64url(bytes(32))}),
        ("ES256K", {"d": encode_base64url(b"\xff" * 32)}),
        ("ES256K", {"d": encode_base64url(SECRET) + "="}),
        ("ES256K", {"d": 7}),
        ("ES256K", {"x": None}),
        ("ES256K", {"y": None}),
        ("ES256K", {"x": OTHER["x"], "y": OTHER["y"]}),
        ("ES256K", {"x": OTHER["x"]}),
        ("Ed25519", {"x": None}),
        ("Ed25519", {"x": encode_base64url(bytes(32))}),
        ("Ed25519", {"x": ED25519["x"]}),
        ("Ed25519", {"y": "AA"}),
        ("Ed25519", {"crv": "X25519"}),
        ("Ed25519", {"alg": "Ed448"}),
        ("ES256", {"crv": "secp256k1"}),
        ("ES256", {"x": P256["x"], "y": P256["y"]}),
        ("BIP340", {"x": OTHER["x"], "y": OTHER["y"]}),
    ],
)
def test_private_refused(alg: str, changes: dict[str, Any]) -> None:
    """A key of another kind, an incomplete one, one out of range, and one whose public part is another's are refused."""
    with pytest.raises(ValueError, match=r".") as caught:
        _parse(_private(alg, **changes), alg)
    assert encode_base64url(SECRET) not in str(caught.value)


@pytest.mark.parametrize("k", [None, "", encode_base64url(bytes(15)), encode_base64url(bytes(65)), "A"])
def test_seed_refused(k: str | None) -> None:
    """A seed has 16 to 64 bytes."""
    with pytest.raises(ValueError, match=r"."):
        _parse({"kty": "oct"} | ({} if k is None else {"k": k}), "SEED")


@pytest.mark.parametrize("plaintext", [b"", b"null", b"[]", b'"kty"', b"{", b"\xff", b'{"kty":"EC"', b"[" * 100_000, b'{"kty":1}'])
def test_not_a_jwk(plaintext: bytes) -> None:
    """What is no JSON object of this kind is refused with the one error."""
    with pytest.raises(ValueError, match=r"^not a JWK$"):
        parse_private_jwk(plaintext, SUITES["ES256K"])


@given(st.binary(max_size=200))
def test_hostile(plaintext: bytes) -> None:
    """No bytes break the reader."""
    with pytest.raises(ValueError, match=r"."):
        parse_private_jwk(plaintext, SUITES["Ed25519"])
