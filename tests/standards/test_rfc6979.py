"""RFC 6979, FIPS 186-5 and RFC 7518: deterministic ECDSA over P-224, P-256, P-384 and P-521."""

from __future__ import annotations

from typing import Any

import pytest
from Crypto.Hash import SHA224, SHA256, SHA384, SHA512
from Crypto.PublicKey import ECC
from Crypto.Signature import DSS
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from native_host.encodings.base64url import decode_base64url
from native_host.encodings.jwk import Jwk
from native_host.suites.ecdsa import ES224, ES256, ES384, ES512, NistEcdsa
from native_host.suites.fault import SigningFault
from native_host.suites.kinds import Signatures
from tests.vector_files import load

JWK = load("jwk")
VECTORS = {vector["alg"]: vector for vector in load("rfc6979")["vectors"]}
ALGORITHMS = {"ES224": ES224, "ES256": ES256, "ES384": ES384, "ES512": ES512}
ORDERS = {
    "ES224": 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFF16A2E0B8F03E13DD29455C5C2A3D,
    "ES256": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    "ES384": 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
    "ES512": 0x1FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFA51868783BF2F966B7FCC0148F709A5D03BB5C9B8899C47AEBB6FB71E91386409,
}
ORACLE_HASHES = {"ES224": SHA224, "ES256": SHA256, "ES384": SHA384, "ES512": SHA512}

every = pytest.mark.parametrize("alg", ALGORITHMS)


def example(alg: str) -> tuple[NistEcdsa, bytes, bytes, bytes]:
    """An algorithm, a secret, its public key, and a signature of ``message``."""
    suite, secret = ALGORITHMS[alg], bytes.fromhex(VECTORS[alg]["secret"])
    return suite, secret, suite.public_key(secret), suite.sign(secret, data=b"message")


def der(*integers: bytes) -> bytes:
    """A SEQUENCE of INTEGERs with contents as given, canonical or not."""
    body = b"".join(b"\x02" + bytes((len(one),)) + one for one in integers)
    return b"\x30" + bytes((len(body),)) + body


@every
def test_published(alg: str) -> None:
    """The public key and the nonce, and so the signature, are the published ones; the signature verifies, in both encodings."""
    vector, (suite, secret, public, _) = VECTORS[alg], example(alg)

    assert suite.public_jwk(public) == Jwk(kty="EC", crv=suite.crv, x=bytes.fromhex(vector["x"]), y=bytes.fromhex(vector["y"]))
    for one in vector["signatures"]:
        message, signature = one["message"].encode(), bytes.fromhex(one["r"] + one["s"])
        encoded = suite.sign(secret, data=message, encoding="der")
        assert signature == suite.sign(bytearray(secret), data=message, public=public)
        assert suite.verify(public, data=message, signature=signature) is True
        assert suite.verify(public, data=message, signature=encoded, encoding="der") is True


def test_published_jws() -> None:
    """The signature of RFC 7515 appendix A.3 verifies under its key, and not over another text."""
    head, payload, signature = JWK["es256_jws"].split(".")
    key = JWK["es256_key"]
    public = ES256.parse_public(Jwk(kty="EC", crv="P-256", x=decode_base64url(key["x"]), y=decode_base64url(key["y"])))

    assert public == ES256.public_key(decode_base64url(key["d"]))
    assert ES256.verify(public, data=f"{head}.{payload}".encode(), signature=decode_base64url(signature)) is True
    assert ES256.verify(public, data=f"{head}.{payload}A".encode(), signature=decode_base64url(signature)) is False


@every
@given(st.data())
def test_signs_as_pycryptodome(alg: str, data: st.DataObject) -> None:
    """PyCryptodome's own curve arithmetic gives the same public key and the same deterministic signature."""
    suite, order = ALGORITHMS[alg], ORDERS[alg]
    number, message = data.draw(st.integers(1, order - 1)), data.draw(st.binary(max_size=200))
    secret, theirs = number.to_bytes(suite.size, "big"), ECC.construct(curve=suite.crv, d=number)
    digest = ORACLE_HASHES[alg].new(message)

    assert theirs.public_key().export_key(format="SEC1", compress=True) == suite.public_key(secret)
    for encoding, name in (("jose", "binary"), ("der", "der")):
        signature = DSS.new(theirs, "deterministic-rfc6979", encoding=name).sign(digest)
        assert signature == suite.sign(secret, data=message, encoding=encoding)
        assert signature == suite.sign(secret, digest=digest.digest(), encoding=encoding)


@every
@given(st.data(), st.binary(max_size=64), st.sampled_from(["jose", "der"]))
def test_round_trip(alg: str, data: st.DataObject, message: bytes, encoding: str) -> None:
    """A signature is valid for its key and message, and for no other message or key; the key survives its JWK."""
    suite: Signatures = ALGORITHMS[alg]
    secret = data.draw(st.integers(2, ORDERS[alg] - 1)).to_bytes(ALGORITHMS[alg].size, "big")
    public, other = suite.public_key(secret), suite.public_key(bytes(len(secret) - 1) + b"\x01")
    signature = suite.sign(bytearray(secret), data=message, encoding=encoding)

    assert signature == suite.sign(secret, data=message, encoding=encoding, public=public)
    assert suite.verify(public, data=message, signature=signature, encoding=encoding) is True
    assert suite.verify(public, data=message + b"\x00", signature=signature, encoding=encoding) is False
    assert suite.verify(other, data=message, signature=signature, encoding=encoding) is False
    assert public == suite.parse_public(suite.public_jwk(public))


@every
def test_malformed_jose(alg: str) -> None:
    """What is no r ‖ s of the curve's length, or has r or s outside 1 to n-1, is not valid."""
    suite, _, public, good = example(alg)
    size, n = suite.size, ORDERS[alg].to_bytes(suite.size, "big")
    r, s = good[:size], good[size:]
    past = (ORDERS[alg] + int.from_bytes(s, "big")).to_bytes(size + 1, "big")[-size:]
    ones = b"\xff" * size

    for bad in (b"", r, good[:-1], good + b"\x00", b"\x00" + good, bytes(2 * size), bytes(size) + s, r + bytes(size), n + s, r + n, ones + s,
                r + ones, r + past, s + r):  # fmt: skip
        assert suite.verify(public, data=b"message", signature=bad) is False
    assert suite.verify(public, data=b"message", signature=good) is True


@every
def test_only_strict_der(alg: str) -> None:
    """A signature in BER that is not DER, cut short, or with something after it, is not valid; nor is a JOSE signature as DER."""
    suite, secret, public, jose = example(alg)
    good = suite.sign(secret, data=b"message", encoding="der")
    start = 3 if good[1] == 0x81 else 2
    body = good[start:]
    length, numbers = body[1], body[: body[1] + 2]
    padded = b"\x02" + bytes((length + 1,)) + b"\x00" + numbers[2:] + body[length + 2 :]
    longer = bytes((0x81, len(body))) if start == 2 else bytes((0x82, 0, len(body)))

    for bad in (b"", jose, good[:-1], good + b"\x00", b"\x31" + good[1:], b"\x30\x80" + body + b"\x00\x00", b"\x30" + longer + body,
                b"\x30" + (b"\x81" if len(padded) > 127 else b"") + bytes((len(padded),)) + padded, b"\x30\x00", der(b"\x00", b"\x00"),
                der(b"\x01"), der(b"\x01", b"\x01", b"\x01"), der(b"", b""), der(b"\xff", b"\x01"), b"\x30" + good[1:start]):  # fmt: skip
        assert suite.verify(public, data=b"message", signature=bad, encoding="der") is False
    assert suite.verify(public, data=b"message", signature=good, encoding="der") is True
    assert suite.verify(public, data=b"message", signature=good) is False


@every
@given(st.binary(max_size=150), st.sampled_from(["jose", "der"]))
def test_hostile_signatures(alg: str, signature: bytes, encoding: str) -> None:
    """No bytes break verifying."""
    suite, _, public, _ = example(alg)

    assert suite.verify(public, data=b"other message", signature=signature, encoding=encoding) is False


@every
def test_malformed_secret(alg: str) -> None:
    """A secret has the curve's length and is from 1 to n-1."""
    suite, n = ALGORITHMS[alg], ORDERS[alg]
    size = suite.size

    for secret in (b"", bytes(size - 1), bytes(size), bytes(size) + b"\x01", b"\x01" * (size + 1), n.to_bytes(size, "big"), b"\xff" * size):
        with pytest.raises(ValueError, match="secret"):
            suite.public_key(secret)
        with pytest.raises(ValueError, match="secret"):
            suite.sign(secret, data=b"")
    assert suite.public_key((n - 1).to_bytes(size, "big"))[1:] == suite.public_key(bytes(size - 1) + b"\x01")[1:]


@every
def test_malformed_key(alg: str) -> None:
    """A key that is no compressed point of the curve is an error, not a verdict; infinity is none."""
    suite, _, public, good = example(alg)
    jwk = suite.public_jwk(public)
    whole = jwk.x + (jwk.y or b"")

    for bad in (b"", b"\x00", public[1:], public[:-1], public + b"\x00", bytes(len(public)), b"\x04" + public[1:], b"\x02" + b"\xff" * suite.size,
                b"\x04" + whole, b"\x06" + whole, b"\x07" + whole):  # fmt: skip
        with pytest.raises(ValueError, match="not a point"):
            suite.verify(bad, data=b"message", signature=good)
        with pytest.raises(ValueError, match="not a point"):
            suite.public_jwk(bad)


@every
@given(st.data())
def test_hostile_keys(alg: str, data: st.DataObject) -> None:
    """Bytes of a compressed key's length are a point or a ``ValueError``; a point reads back as itself."""
    suite = ALGORITHMS[alg]
    encoded = data.draw(st.sampled_from([b"\x02", b"\x03"])) + data.draw(st.binary(min_size=suite.size, max_size=suite.size))
    try:
        jwk = suite.public_jwk(encoded)
    except ValueError:
        return
    assert suite.parse_public(jwk) == encoded


@every
def test_jwk_refused(alg: str) -> None:
    """A JWK of another kind, of other lengths, or of no point of the curve is refused."""
    suite, _, public, _ = example(alg)
    jwk = suite.public_jwk(public)
    x, y, zeros = jwk.x, jwk.y or b"", bytes(suite.size)
    other = "P-256" if suite.crv != "P-256" else "secp256k1"

    for kty, crv, bad_x, bad_y in (
        ("OKP", suite.crv, x, y), ("EC", other, x, y), ("EC", "", x, y), ("EC", suite.crv, x, None), ("EC", suite.crv, x[:-1], y),
        ("EC", suite.crv, x, b"\x00" + y), ("EC", suite.crv, x + y[:1], y[1:]), ("EC", suite.crv, y, x), ("EC", suite.crv, zeros, zeros),
        ("EC", suite.crv, x, zeros), ("EC", suite.crv, b"\xff" * suite.size, y),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=r"not an EC key|not a point"):
            suite.parse_public(Jwk(kty=kty, crv=crv, x=bad_x, y=bad_y))


@every
def test_neither_data_nor_digest(alg: str) -> None:
    """Exactly one of data and a digest of the hash's own length is signed, in one of two encodings."""
    suite, secret, public, good = example(alg)
    size = suite.hash.digest_size
    refusals: tuple[dict[str, Any], ...] = (
        {}, {"data": b"", "digest": bytes(size)}, {"digest": b""}, {"digest": bytes(size - 1)}, {"digest": bytes(size + 1)},
        {"data": b"", "encoding": "raw"}, {"data": b"", "encoding": ""},
    )  # fmt: skip

    for refused in refusals:
        with pytest.raises(ValueError, match=r"exactly one|not \d\d bytes|jose or der"):
            suite.sign(secret, **refused)
        with pytest.raises(ValueError, match=r"exactly one|not \d\d bytes|jose or der"):
            suite.verify(public, signature=good, **refused)


@every
def test_another_public_key(alg: str) -> None:
    """A secret beside another's public key signs nothing."""
    suite, secret, _, _ = example(alg)

    with pytest.raises(SigningFault):
        suite.sign(secret, data=b"message", public=suite.public_key(bytes(suite.size - 1) + b"\x01"))


@every
def test_generated_by_rejection(alg: str) -> None:
    """Random bytes that are no secret are drawn again."""
    suite, secret, _, _ = example(alg)
    draws = iter([bytes(suite.size), ORDERS[alg].to_bytes(suite.size, "big"), secret])

    assert suite.generate_secret(lambda _: next(draws)) == secret


def test_spare_bits() -> None:
    """P-521's first byte holds one bit of the number."""
    assert ES512.generate_secret(lambda size: b"\xff" + bytes(size - 2) + b"\x05") == b"\x01" + bytes(64) + b"\x05"


def test_key_of_the_library() -> None:
    """The key built from bytes is the one that the library derives from the number."""
    for suite in ALGORITHMS.values():
        numbers = ec.derive_private_key(5, suite.curve).public_key().public_numbers()
        jwk = suite.public_jwk(suite.public_key(bytes(suite.size - 1) + b"\x05"))
        assert (numbers.x, numbers.y) == (int.from_bytes(jwk.x, "big"), int.from_bytes(jwk.y or b"", "big"))
