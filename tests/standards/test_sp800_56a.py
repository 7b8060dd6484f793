"""SP 800-56A: ECDH over P-256, P-384 and P-521."""

from __future__ import annotations

from contextlib import suppress
from os import urandom

import msgspec
import pytest
from Crypto.Protocol.DH import key_agreement
from Crypto.PublicKey import ECC
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from native_host.encodings.jwk import Jwk
from native_host.suites.ecdh import ECDH_P256, ECDH_P384, ECDH_P521, Ecdh

ALL = [ECDH_P256, ECDH_P384, ECDH_P521]
PRIMES = {
    "P-256": 2**256 - 2**224 + 2**192 + 2**96 - 1,
    "P-384": 2**384 - 2**128 - 2**96 + 2**32 - 1,
    "P-521": 2**521 - 1,
}
ORDERS = {
    "P-256": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    "P-384": 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
    "P-521": (1 << 521) - (1 << 260) + 0xA51868783BF2F966B7FCC0148F709A5D03BB5C9B8899C47AEBB6FB71E91386409,
}


def _one(curve: Ecdh) -> bytes:
    return (1).to_bytes(curve.size, "big")


@pytest.mark.parametrize("curve", ALL, ids=lambda curve: curve.crv)
@given(data=st.data())
def test_against_pycryptodome(curve: Ecdh, data: st.DataObject) -> None:
    """Pycryptodome comes to the same public key and shared secret; the JWK reads as the key."""
    ours, theirs = (data.draw(st.integers(1, ORDERS[curve.crv] - 1)) for _ in range(2))
    key, peer = (ECC.construct(curve=curve.crv, d=secret) for secret in (ours, theirs))
    public, other = (curve.public_key(bytearray(secret.to_bytes(curve.size, "big"))) for secret in (ours, theirs))

    assert key.public_key().export_key(format="SEC1", compress=True) == public
    assert key_agreement(static_priv=key, static_pub=peer.public_key(), kdf=bytes) == curve.shared_secret(
        ours.to_bytes(curve.size, "big"), other
    )
    assert public == curve.parse_public(curve.public_jwk(public)) == curve.compressed(curve.uncompressed(public))


@pytest.mark.parametrize("curve", ALL, ids=lambda curve: curve.crv)
def test_secrets(curve: Ecdh) -> None:
    """A secret is from 1 to n-1, of the curve's full length."""
    order = ORDERS[curve.crv]
    for good in (1, order - 1):
        assert len(curve.public_key(good.to_bytes(curve.size, "big"))) == 1 + curve.size
    for value in (0, order, order + 1, 2 ** (8 * curve.size) - 1):
        with pytest.raises(ValueError, match="secret is not a"):
            curve.public_key(value.to_bytes(curve.size, "big"))
        with pytest.raises(ValueError, match="secret is not a"):
            curve.shared_secret(value.to_bytes(curve.size, "big"), curve.public_key(_one(curve)))
    for length in (0, curve.size - 1, curve.size + 1):
        with pytest.raises(ValueError, match=f"secret is not {curve.size} bytes"):
            curve.public_key(b"\x01" * length)


@pytest.mark.parametrize("curve", ALL, ids=lambda curve: curve.crv)
def test_generated(curve: Ecdh) -> None:
    """Draws that are no secret are drawn again; P-521 takes 521 of the 528 bits."""
    draws = [bytes(curve.size), (2 ** (8 * curve.size) - 1).to_bytes(curve.size, "big"), b"\x00" * (curve.size - 1) + b"\x07"]

    assert curve.generate_secret(lambda length: draws.pop(0)[:length])[-1] == 7
    assert not draws
    assert len(curve.generate_secret(urandom)) == curve.size


def _small_x(curve: Ecdh, *, of_point: bool) -> int:
    """A small x that a point has, or that none has."""
    for x in range(2, 100):
        try:
            ec.EllipticCurvePublicKey.from_encoded_point(curve.curve, b"\x02" + x.to_bytes(curve.size, "big"))
        except ValueError:
            if not of_point:
                return x
        else:
            if of_point:
                return x
    raise AssertionError


@pytest.mark.parametrize("curve", ALL, ids=lambda curve: curve.crv)
def test_public_refused(curve: Ecdh) -> None:
    """Infinity, what is on no curve or not reduced, and any other form than the compressed one are no public keys."""
    good = curve.public_key(_one(curve))
    point = curve.uncompressed(good)
    refused = {
        "empty": b"",
        "infinity": b"\x00",
        "padded infinity": bytes(1 + curve.size),
        "no point": b"\x02" + _small_x(curve, of_point=False).to_bytes(curve.size, "big"),
        "p": b"\x02" + PRIMES[curve.crv].to_bytes(curve.size, "big"),
        "not reduced": b"\x02" + (_small_x(curve, of_point=True) + PRIMES[curve.crv]).to_bytes(curve.size, "big"),
        "ones": b"\x02" + b"\xff" * curve.size,
        "uncompressed": point,
        "hybrid": b"\x06" + point[1:],
        "prefix": b"\x05" + good[1:],
        "short": good[:-1],
        "long": good + b"\x00",
    }
    for name, public in refused.items():
        with pytest.raises(ValueError, match=r"not a (compressed )?point"):
            curve.shared_secret(_one(curve), public)
        with pytest.raises(ValueError, match=r"not a (compressed )?point"):
            curve.public_jwk(public)
        assert name


@pytest.mark.parametrize("curve", ALL, ids=lambda curve: curve.crv)
def test_jwk_refused(curve: Ecdh) -> None:
    """A JWK of another kind, curve or length, or of no point, is refused."""
    good = curve.public_jwk(curve.public_key(_one(curve)))
    assert good.y is not None
    changes: list[dict[str, object]] = [
        {"kty": "OKP"}, {"crv": "secp256k1"}, {"crv": ""}, {"y": None}, {"y": b""}, {"x": good.x[1:]}, {"x": b"\x00" + good.x},
        {"y": good.y[:-1]}, {"x": good.y, "y": good.x}, {"x": bytes(curve.size), "y": bytes(curve.size)},
        {"y": good.y[:-1] + bytes((good.y[-1] ^ 1,))}, {"x": PRIMES[curve.crv].to_bytes(curve.size, "big")},
    ]  # fmt: skip

    for change in changes:
        with pytest.raises(ValueError, match=r"not an? "):
            curve.parse_public(msgspec.structs.replace(good, **change))


@pytest.mark.parametrize("curve", ALL, ids=lambda curve: curve.crv)
@given(data=st.data())
def test_hostile(curve: Ecdh, data: st.DataObject) -> None:
    """Bytes are a public key, or refused; nothing else."""
    x, y = data.draw(st.binary(max_size=70)), data.draw(st.none() | st.binary(max_size=70))
    for parse in (lambda: curve.parse_public(Jwk(kty="EC", crv=curve.crv, x=x, y=y)), lambda: curve.shared_secret(_one(curve), x)):
        with suppress(ValueError):
            parse()
