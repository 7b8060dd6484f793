"""RFC 9052, RFC 9053, RFC 8812, RFC 8230, RFC 9864 and RFC 9964: public COSE_Keys."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from native_host.encodings.cose import MAX_BYTES, CoseKey, decode_cose_key, encode_cose_key
from native_host.encodings.jwk import Jwk
from tests.vector_files import load

VECTORS = load("rfc9052")
X, Y = (bytes.fromhex(VECTORS["keys"][0][name]) for name in ("x", "y"))
P256 = {1: 2, -1: 1, -2: X, -3: Y}
ED25519 = {1: 1, -1: 6, -2: bytes(32)}
RSA = {1: 3, -1: b"\xff" * 256, -2: b"\x01\x00\x01"}

KEYS = {
    "ES256": (Jwk(kty="EC", crv="P-256", x=X, y=Y), {1: 2, 3: -9, -1: 1, -2: X, -3: Y}),
    "ES384": (Jwk(kty="EC", crv="P-384", x=bytes(48), y=bytes(48)), {1: 2, 3: -51, -1: 2, -2: bytes(48), -3: bytes(48)}),
    "ES512": (Jwk(kty="EC", crv="P-521", x=bytes(66), y=bytes(66)), {1: 2, 3: -52, -1: 3, -2: bytes(66), -3: bytes(66)}),
    "ES256K": (Jwk(kty="EC", crv="secp256k1", x=bytes(32), y=bytes(32)), {1: 2, 3: -47, -1: 8, -2: bytes(32), -3: bytes(32)}),
    "Ed25519": (Jwk(kty="OKP", crv="Ed25519", x=bytes(32)), {1: 1, 3: -19, -1: 6, -2: bytes(32)}),
    "Ed448": (Jwk(kty="OKP", crv="Ed448", x=bytes(57)), {1: 1, 3: -53, -1: 7, -2: bytes(57)}),
    **{
        alg: (Jwk(kty="RSA", n=b"\xff" * 256, e=b"\x01\x00\x01"), {1: 3, 3: number, -1: b"\xff" * 256, -2: b"\x01\x00\x01"})
        for alg, number in (("RS256", -257), ("RS384", -258), ("RS512", -259), ("PS256", -37), ("PS384", -38), ("PS512", -39),
                            ("RSA-OAEP", -40), ("RSA-OAEP-256", -41))
    },
    **{
        alg: (Jwk(kty="AKP", alg=alg, pub=bytes(size)), {1: 7, 3: number, -1: bytes(size)})
        for alg, number, size in (("ML-DSA-44", -48, 1312), ("ML-DSA-65", -49, 1952), ("ML-DSA-87", -50, 2592))
    },
}  # fmt: skip


def published(index: int) -> CoseKey:
    """A key of RFC 9052."""
    key = VECTORS["keys"][index]
    jwk = Jwk(kty="EC", crv=key["crv"], x=bytes.fromhex(key["x"]), y=bytes.fromhex(key["y"]))
    return CoseKey(jwk=jwk, kid=key["kid"].encode())


def canonical(members: Any) -> bytes:
    """Deterministic CBOR, by the library."""
    return cbor2.dumps(members, canonical=True)


def test_deterministic() -> None:
    """The key of RFC 9679 section 6 is encoded as it is there, to the byte; its hash is the published one."""
    encoded = encode_cose_key(CoseKey(jwk=published(0).jwk))

    assert encoded.hex() == VECTORS["encoded"]
    assert sha256(encoded).hexdigest() == VECTORS["sha256"]


@pytest.mark.parametrize("index", range(len(VECTORS["keys"])))
def test_published(index: int) -> None:
    """The keys of RFC 9052 are read back, with their identifiers."""
    key = published(index)
    encoded = encode_cose_key(key)

    assert decode_cose_key(encoded) == key
    assert cbor2.loads(encoded)[2] == key.kid


def test_one_bit_of_y() -> None:
    """Where y is one bit, as in RFC 9052's key of Bilbo, y is computed."""
    key = published(2)
    odd = bool(key.jwk.y and key.jwk.y[-1] & 1)

    assert decode_cose_key(canonical({1: 2, 2: key.kid, -1: 3, -2: key.jwk.x, -3: odd})) == key
    assert decode_cose_key(canonical({1: 2, 2: key.kid, -1: 3, -2: key.jwk.x, -3: not odd})).jwk.y != key.jwk.y


@pytest.mark.parametrize("alg", KEYS)
def test_numbers(alg: str) -> None:
    """Each algorithm has the number that IANA gave it, and each kind its labels."""
    jwk, members = KEYS[alg]

    assert encode_cose_key(CoseKey(jwk=jwk, alg=alg)) == canonical(members)
    assert decode_cose_key(canonical(members)) == CoseKey(jwk=jwk, alg=alg)


@pytest.mark.parametrize(
    ("alg", "number"), [("ES256", -7), ("ES384", -35), ("ES512", -36), ("Ed25519", -8), ("Ed448", -8)]
)  # fmt: skip
def test_polymorphic(alg: str, number: int) -> None:
    """The numbers that RFC 9864 deprecates are read, not written."""
    jwk, members = KEYS[alg]

    assert decode_cose_key(canonical({**members, 3: number})) == CoseKey(jwk=jwk, alg=alg)


@pytest.mark.parametrize(("crv", "number", "size"), [("X25519", 4, 32), ("X448", 5, 56)])
def test_agreement(crv: str, number: int, size: int) -> None:
    """Keys for agreement have a curve and no algorithm."""
    key = CoseKey(jwk=Jwk(kty="OKP", crv=crv, x=bytes(size)))

    assert encode_cose_key(key) == canonical({1: 1, -1: number, -2: bytes(size)})
    assert decode_cose_key(encode_cose_key(key)) == key


def test_akp_names_itself() -> None:
    """An AKP key's algorithm is in its JWK already."""
    jwk = KEYS["ML-DSA-44"][0]

    assert encode_cose_key(CoseKey(jwk=jwk)) == encode_cose_key(CoseKey(jwk=jwk, alg="ML-DSA-44"))


REFUSED = {
    "empty": b"",
    "not a map": canonical([1, 2]),
    "cut off": canonical(P256)[:-1],
    "something after": canonical(P256) + b"\x00",
    "long": canonical({**P256, 2: bytes(MAX_BYTES)}),
    "another order": cbor2.dumps({-1: 1, 1: 2, -2: X, -3: Y}),
    "indefinite map": b"\xbf" + canonical(P256)[1:] + b"\xff",
    "longer integer": b"\xa4\x18\x01" + canonical(P256)[2:],
    "longer length": canonical(P256).replace(b"\x58\x20", b"\x59\x00\x20", 1),
    "indefinite string": canonical(ED25519).replace(b"\x58\x20" + bytes(32), b"\x5f\x58\x20" + bytes(32) + b"\xff"),
    "label twice": b"\xa4\x01\x01\x01\x01\x20\x06\x21\x58\x20" + bytes(32),
    "true as label": b"\xa3\xf5\x01\x20\x06\x21\x58\x20" + bytes(32),
    "true as kind": b"\xa3\x01\xf5\x20\x06\x21\x58\x20" + bytes(32),
    "true as curve": canonical({**P256, -1: True}),
    "float as algorithm": canonical({**P256, 3: -7.0}),
    "text as label": canonical({**P256, "x": 1}),
    "text as curve": canonical({**P256, -1: "P-256"}),
    "text as algorithm": canonical({**P256, 3: "ES256"}),
    "text as identifier": canonical({**P256, 2: "11"}),
    "empty identifier": canonical({**P256, 2: b""}),
    "nested": canonical({**P256, -2: [X]}),
    "tagged": b"\xd8\x40" + canonical(P256),
    "tag within": canonical({**ED25519, -2: cbor2.CBORTag(35, "(a+)+")}),
    "big number": canonical({**P256, -1: 1 << 70}),
    "null": canonical({**P256, -3: None}),
    "private EC": canonical({**P256, -4: bytes(32)}),
    "private OKP": canonical({**ED25519, -4: bytes(32)}),
    "private RSA": canonical({**RSA, -3: bytes(256)}),
    "private AKP": canonical({1: 7, 3: -48, -1: bytes(1312), -2: bytes(32)}),
    "symmetric": canonical({1: 4, -1: bytes(32)}),
    "operations": canonical({**P256, 4: [2]}),
    "no kind": canonical({-1: 1, -2: X, -3: Y}),
    "unknown kind": canonical({**P256, 1: 5}),
    "no y": canonical({1: 2, -1: 1, -2: X}),
    "y of OKP": canonical({**ED25519, -3: Y}),
    "unknown curve": canonical({**P256, -1: 4}),
    "curve of another kind": canonical({**ED25519, -1: 1}),
    "short x": canonical({**P256, -2: X[1:]}),
    "long x": canonical({**P256, -2: b"\x00" + X}),
    "short y": canonical({**P256, -3: Y[1:]}),
    "x of no point": canonical({1: 2, -1: 1, -2: bytes(31) + b"\x01", -3: True}),
    "x beyond the field": canonical({1: 2, -1: 1, -2: b"\xff" * 32, -3: True}),
    "algorithm of another curve": canonical({**P256, 3: -51}),
    "algorithm of another kind": canonical({**P256, 3: -8}),
    "unknown algorithm": canonical({**P256, 3: -25}),
    "AKP without algorithm": canonical({1: 7, -1: bytes(1312)}),
    "AKP of another length": canonical({1: 7, 3: -49, -1: bytes(1312)}),
    "RSA with leading zeros": canonical({**RSA, -1: b"\x00" + b"\xff" * 256}),
    "RSA without exponent": canonical({**RSA, -2: b""}),
}  # fmt: skip


@pytest.mark.parametrize("data", REFUSED.values(), ids=REFUSED.keys())
def test_refused(data: bytes) -> None:
    """What is not deterministic, not public or not whole is refused."""
    with pytest.raises(ValueError, match=r"COSE_Key"):
        decode_cose_key(data)


UNWRITABLE = {
    "symmetric": CoseKey(jwk=Jwk(kty="oct")),
    "P-224": CoseKey(jwk=Jwk(kty="EC", crv="P-224", x=bytes(28), y=bytes(28))),
    "BLS12-381": CoseKey(jwk=Jwk(kty="OKP", crv="BLS12381G1", x=bytes(48))),
    "ML-KEM": CoseKey(jwk=Jwk(kty="AKP", alg="ML-KEM-768", pub=bytes(1184))),
    "another curve's algorithm": CoseKey(jwk=KEYS["ES256"][0], alg="ES384"),
    "another AKP algorithm": CoseKey(jwk=KEYS["ML-DSA-44"][0], alg="ML-DSA-65"),
    "short x": CoseKey(jwk=Jwk(kty="EC", crv="P-256", x=X[1:], y=Y)),
    "no y": CoseKey(jwk=Jwk(kty="EC", crv="P-256", x=X)),
    "no modulus": CoseKey(jwk=Jwk(kty="RSA", e=b"\x03")),
}


@pytest.mark.parametrize("key", UNWRITABLE.values(), ids=UNWRITABLE.keys())
def test_not_written(key: CoseKey) -> None:
    """A kind that COSE has no number for, or a key that would not be read, is not written."""
    with pytest.raises(ValueError, match="COSE_Key"):
        encode_cose_key(key)


@given(
    st.binary(max_size=80)
    | st.dictionaries(
        st.sampled_from([1, 2, 3, -1, -2, -3, -4, True]),
        st.sampled_from([1, 2, 3, 6, 7, 8, -7, -9, -47, X, Y, bytes(57), True, None, 1.0, "x"]) | st.binary(max_size=40),
    ).map(canonical)
)
def test_hostile(data: bytes) -> None:
    """Anything is refused or a key that is read from what is written of it."""
    try:
        key = decode_cose_key(data)
    except ValueError:
        return
    assert decode_cose_key(encode_cose_key(key)) == key
