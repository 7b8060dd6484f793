"""Multikey: public keys as multicodec and multibase."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from native_host.encodings import multikey
from native_host.encodings.base58 import encode_base58
from native_host.encodings.base64url import decode_base64url
from native_host.encodings.multikey import KEY_BYTES, RSA, decode_multikey, encode_multikey
from native_host.suites.table import SUITES
from tests.vector_files import load

VECTORS = load("multikey")["vectors"]
CODES = {"ES256K": 0xE7, "ES256": 0x1200, "ES384": 0x1201, "ES512": 0x1202, "Ed25519": 0xED, "X25519": 0xEC, "RS256": 0x1205}
CURVES = {"secp256k1": ec.SECP256K1(), "P-256": ec.SECP256R1(), "P-384": ec.SECP384R1(), "P-521": ec.SECP521R1()}
MODULUS = (1 << 2047) + 1


def raw_of(jwk: dict[str, str]) -> bytes:
    """The raw form of a published key, by OpenSSL."""
    members = {name: decode_base64url(value) for name, value in jwk.items() if name in {"x", "y", "n", "e"}}
    if jwk["kty"] == "RSA":
        numbers = rsa.RSAPublicNumbers(int.from_bytes(members["e"], "big"), int.from_bytes(members["n"], "big"))
        return numbers.public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1)
    if jwk["kty"] == "OKP":
        return members["x"]
    point = ec.EllipticCurvePublicKey.from_encoded_point(CURVES[jwk["crv"]], b"\x04" + members["x"] + members["y"])
    return point.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)


def rsa_der(modulus: int, exponent: int = 65537) -> bytes:
    """An ``RSAPublicKey`` as DER, whether or not it is a key."""
    body = b"".join(der_element(2, number.to_bytes(number.bit_length() // 8 + 1, "big")) for number in (modulus, exponent))
    return der_element(0x30, body)


def der_element(tag: int, body: bytes) -> bytes:
    """One element of DER."""
    if len(body) < 0x80:
        return bytes((tag, len(body))) + body
    length = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 + len(length))) + length + body


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["multikey"][:10])
def test_published(vector: dict[str, Any]) -> None:
    """A published key is written as its published Multikey, and that reads as the key."""
    public = raw_of(vector["jwk"])

    assert vector["multikey"] == encode_multikey(CODES[vector["alg"]], public)
    assert (CODES[vector["alg"]], public) == decode_multikey(vector["multikey"])


@pytest.mark.parametrize(
    "suite", [suite for suite in SUITES.values() if suite.multicodec and suite.kty != "RSA"], ids=lambda suite: suite.alg
)
def test_suites(suite: Any) -> None:
    """What an algorithm calls its raw public key is what its code is for."""
    code = suite.pairs()
    secret = code.generate_secret(lambda length: bytes(range(1, length + 1)))
    public = code.public_key(secret)

    assert (suite.multicodec, public) == decode_multikey(suite.multikey(public))


@given(
    st.sampled_from(sorted(KEY_BYTES)).flatmap(
        lambda code: st.tuples(st.just(code), st.binary(min_size=KEY_BYTES[code], max_size=KEY_BYTES[code]))
    )
)
def test_round_trip(key: tuple[int, bytes]) -> None:
    """A key of each kind is read back."""
    assert key == decode_multikey(encode_multikey(*key))


@given(st.sampled_from(sorted(KEY_BYTES)), st.integers(0, 255), st.integers(0, 2592))
def test_parts(code: int, byte: int, zeros: int) -> None:
    """Written in parts, a long key is the Base58 of the whole, also where a part is zero."""
    public = bytes((byte,)).ljust(zeros + 1, b"\x00")[: KEY_BYTES[code]].rjust(KEY_BYTES[code], bytes((byte,)))

    assert encode_multikey(code, public) == "z" + encode_base58(multikey._PREFIX[code] + public)


@pytest.mark.parametrize("bits", [2048, 3072, 4096, 8192, 16384])
def test_rsa(bits: int) -> None:
    """An RSA key may be as long as it is."""
    der = rsa_der((1 << bits - 1) + 1)

    assert decode_multikey(encode_multikey(RSA, der)) == (RSA, der)


@pytest.mark.parametrize(
    ("code", "start"),
    [(multikey.SECP256K1, "zQ3s"), (multikey.P256, "zDna"), (multikey.P384, "z82L"), (multikey.P521, "z2J9"), (multikey.ED25519, "z6Mk"),
     (multikey.X25519, "z6LS"), (multikey.BLS12381_G1, "z3tE")],
)  # fmt: skip
def test_prefixes(code: int, start: str) -> None:
    """Each kind has its well-known beginning."""
    public = (
        (b"\x02" + b"k" * 66)[: KEY_BYTES[code]] if code in {multikey.SECP256K1, multikey.P256, multikey.P384, multikey.P521} else b"k" * 48
    )

    assert encode_multikey(code, public[: KEY_BYTES[code]]).startswith(start)


def test_varints() -> None:
    """A code is written as a varint: seven bits a byte, the lowest first."""
    for code in (*KEY_BYTES, RSA):
        assert multikey._PREFIX[code] == bytes((code % 128 + 128, code // 128))
        assert 0 < code // 128 < 128


@pytest.mark.parametrize(
    "data",
    [b"", b"\xed", b"\xed\x81\x00" + bytes(32), b"\x80\x26" + bytes(32), b"\xec\x00" + bytes(32), b"\x12\x00" + bytes(33), b"\x00\xed\x01" + bytes(32),
     b"\xeb\x01" + bytes(96)],
    ids=["nothing", "half a code", "longer varint", "secret key", "other code", "not a varint", "leading zero", "G2"],
)  # fmt: skip
def test_another_kind(data: bytes) -> None:
    """Another kind and another spelling of the code are refused."""
    with pytest.raises(ValueError, match="kind"):
        decode_multikey("z" + encode_base58(data))


@pytest.mark.parametrize("code", sorted(KEY_BYTES))
@pytest.mark.parametrize("by", [-1, 1])
def test_length(code: int, by: int) -> None:
    """A key of another length than its kind's is neither written nor read."""
    public = bytes(KEY_BYTES[code] + by)
    with pytest.raises(ValueError, match="length"):
        encode_multikey(code, public)
    with pytest.raises(ValueError, match="length"):
        decode_multikey("z" + encode_base58(multikey._PREFIX[code] + public))


RSA_REFUSED = {
    "empty": b"",
    "short modulus": rsa_der((1 << 2046) + 1),
    "long modulus": rsa_der(1 << 16384),
    "exponent of one": rsa_der(MODULUS, 1),
    "something after": rsa_der(MODULUS) + b"\x00",
    "something within": der_element(0x30, rsa_der(MODULUS)[4:] + b"\x05\x00"),
    "cut off": rsa_der(MODULUS)[:-1],
    "no exponent": der_element(0x30, der_element(2, b"\x00" + MODULUS.to_bytes(256, "big"))),
    "negative modulus": der_element(0x30, der_element(2, MODULUS.to_bytes(256, "big")) + b"\x02\x03\x01\x00\x01"),
    "leading zeros": der_element(0x30, der_element(2, b"\x00\x00" + MODULUS.to_bytes(256, "big")) + b"\x02\x03\x01\x00\x01"),
    "indefinite length": b"\x30\x80" + rsa_der(MODULUS)[4:] + b"\x00\x00",
    "longer length": b"\x30\x83\x00" + rsa_der(MODULUS)[2:],
    "SubjectPublicKeyInfo": der_element(0x30, bytes.fromhex("300d06092a864886f70d0101010500") + der_element(3, b"\x00" + rsa_der(MODULUS))),
}


@pytest.mark.parametrize("public", RSA_REFUSED.values(), ids=RSA_REFUSED.keys())
def test_rsa_refused(public: bytes) -> None:
    """What is not the DER of a usable RSAPublicKey is neither written nor read."""
    with pytest.raises(ValueError, match=r"DER|RSA|cut off|element"):
        encode_multikey(RSA, public)
    with pytest.raises(ValueError, match=r"DER|RSA|cut off|element|long"):
        decode_multikey("z" + encode_base58(multikey._PREFIX[RSA] + public))


@pytest.mark.parametrize("text", ["", "z", "6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp", "u7QE", "z0", "Z6Mk", "z" * 600, "z" * 5000])
def test_not_multibase(text: str) -> None:
    """What is not base58btc is refused."""
    with pytest.raises(ValueError, match=r"multibase|Base58|kind"):
        decode_multikey(text)


def test_unknown_code() -> None:
    """A kind without a Multikey here is not written."""
    with pytest.raises(ValueError, match="no Multikey"):
        encode_multikey(0xEB, bytes(96))


@given(
    st.text(max_size=80) | st.text(alphabet="123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz", max_size=900).map("z{}".format)
)
def test_hostile(text: str) -> None:
    """A text is the Multikey of what it reads as, or refused."""
    try:
        code, public = decode_multikey(text)
    except ValueError:
        return
    assert text == encode_multikey(code, public)
