"""did:jwk: identifiers that are a public JWK."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from native_host.encodings.base64url import decode_base64url, encode_base64url
from native_host.encodings.did import decode_did_jwk, encode_did_jwk
from native_host.encodings.jwk import Jwk
from tests.vector_files import load

VECTORS = load("did_jwk")["vectors"]
GOOD: dict[str, Any] = {"crv": "Ed25519", "kty": "OKP", "x": encode_base64url(bytes(32))}
BYTES = st.binary(min_size=1, max_size=70)
NUMBER = BYTES.filter(lambda data: data[0] != 0)
KEYS = (
    st.builds(lambda x, y: Jwk(kty="EC", crv="P-521", x=x, y=y), BYTES, BYTES)
    | st.builds(lambda x: Jwk(kty="OKP", crv="Ed448", x=x), BYTES)
    | st.builds(lambda n, e: Jwk(kty="RSA", n=n, e=e), NUMBER, NUMBER)
    | st.builds(lambda pub: Jwk(kty="AKP", alg="ML-DSA-44", pub=pub), BYTES)
)


def did_of(document: Any) -> str:
    """A did:jwk of a JSON document, or of a text."""
    text = document if isinstance(document, str) else json.dumps(document, separators=(",", ":"))
    return "did:jwk:" + encode_base64url(text.encode())


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["jwk"]["crv"])
def test_published(vector: dict[str, Any]) -> None:
    """A published did:jwk reads as its key, and is written again where its members are sorted and no more than the key."""
    members = vector["jwk"]
    jwk = Jwk(
        kty=members["kty"],
        crv=members["crv"],
        x=decode_base64url(members["x"]),
        y=decode_base64url(members["y"]) if "y" in members else None,
    )

    assert decode_did_jwk(vector["did"]) == jwk
    assert (encode_did_jwk(jwk) == vector["did"]) is vector["sorted"]


@given(KEYS)
def test_round_trip(jwk: Jwk) -> None:
    """A key of each kind is read back."""
    assert decode_did_jwk(encode_did_jwk(jwk)) == jwk


def test_other_members() -> None:
    """What is not of the key is ignored, as RFC 7517 section 4 has it."""
    assert decode_did_jwk(did_of({**GOOD, "use": "sig", "key_ops": ["verify"], "kid": "0", "own": {"d": 1}})).x == bytes(32)


REFUSED: dict[str, Any] = {
    "no JSON": "x",
    "array": [GOOD],
    "two names": '{"kty":"OKP","kty":"OKP","crv":"Ed25519","x":"AA"}',
    "two names within": '{"kty":"OKP","crv":"Ed25519","x":"AA","own":{"a":1,"a":2}}',
    "something after": json.dumps(GOOD) + "x",
    "nested without end": "[" * 5000,
    "endless number": '{"kty":' + "1" * 5000 + "}",
    "symmetric": {"kty": "oct", "k": "AAAA"},
    "no kind": {"crv": "Ed25519", "x": "AAAA"},
    "kind of another type": {**GOOD, "kty": ["OKP"]},
    "no member": {"crv": "Ed25519", "kty": "OKP"},
    "empty member": {**GOOD, "x": ""},
    "member of another type": {**GOOD, "x": 1},
    "padded member": {**GOOD, "x": "AAA="},
    "loose bits": {**GOOD, "x": "AAB"},
    "leading zeros": {"kty": "RSA", "n": "AAAA", "e": "AQAB"},
    **{f"private {name}": {**GOOD, name: "AAAA"} for name in ("d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv")},
}


@pytest.mark.parametrize("document", REFUSED.values(), ids=REFUSED.keys())
def test_refused(document: Any) -> None:
    """What is no public key, is one twice, or holds a private one is refused."""
    with pytest.raises(ValueError, match=r"did:jwk|base64url"):
        decode_did_jwk(did_of(document))


@pytest.mark.parametrize(
    "did",
    [
        "",
        "did:key:" + did_of(GOOD)[8:],
        did_of(GOOD) + "#0",
        did_of(GOOD) + "=",
        "did:jwk:",
        did_of({**GOOD, "own": "x" * 9000}),
        "did:jwk:_w",
    ],
    ids=["empty", "another method", "fragment", "padded", "no key", "long", "not UTF-8"],
)
def test_not_one(did: str) -> None:
    """What is no did:jwk is refused."""
    with pytest.raises(ValueError, match=r"did:jwk|base64url"):
        decode_did_jwk(did)


@given(
    st.binary(max_size=60)
    | st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=9),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["kty", "crv", "x", "y", "n", "e", "OKP"]), inner),
    ).map(lambda value: json.dumps(value).encode())
)
def test_hostile(text: bytes) -> None:
    """Anything is a key or refused, never a crash."""
    try:
        jwk = decode_did_jwk("did:jwk:" + encode_base64url(text))
    except ValueError:
        return
    assert decode_did_jwk(encode_did_jwk(jwk)) == jwk
