"""BIP340: Schnorr signatures over secp256k1."""

from __future__ import annotations

from typing import Any

import pytest
from coincurve import PrivateKey, PublicKeyXOnly
from hypothesis import given
from hypothesis import strategies as st

from native_host.suites import bip340, es256k, secp256k1
from tests.vector_files import load

VECTORS = load("bip340")["vectors"]
SIGNING = [vector for vector in VECTORS if vector["secret"]]

secrets = st.integers(1, 2**256 - 2**130).map(lambda number: number.to_bytes(32, "big"))


def _name(vector: dict[str, Any]) -> str:
    return f"{vector['index']} {vector['comment']}"


@pytest.mark.parametrize("vector", SIGNING, ids=_name)
def test_published_signatures(vector: dict[str, Any]) -> None:
    """A secret, a message and the auxiliary randomness give the published key and signature."""
    secret = bytes.fromhex(vector["secret"])
    signature = bip340.sign(secret, data=bytes.fromhex(vector["message"]), aux=bytes.fromhex(vector["aux"]))

    assert vector["public"] == bip340.public_key(secret).hex()
    assert vector["signature"] == signature.hex()


@pytest.mark.parametrize("vector", VECTORS, ids=_name)
def test_published_verdicts(vector: dict[str, Any]) -> None:
    """Each signature is valid or not as published; a key that is no point is an error rather than a verdict."""
    public, message, signature = (bytes.fromhex(vector[member]) for member in ("public", "message", "signature"))
    if vector["comment"].startswith("public key"):
        with pytest.raises(ValueError, match="not the x coordinate"):
            bip340.verify(public, data=message, signature=signature)
        return

    assert vector["valid"] is bip340.verify(public, data=message, signature=signature)


@given(secrets, st.binary(min_size=32, max_size=32))
def test_against_coincurve(secret: bytes, digest: bytes) -> None:
    """An independent binding accepts our signatures, and we accept its."""
    public = bip340.public_key(secret)

    assert PublicKeyXOnly.from_secret(secret).format() == public
    assert PublicKeyXOnly(public).verify(bip340.sign(secret, digest=digest), digest)
    assert bip340.verify(public, digest=digest, signature=PrivateKey(secret).sign_schnorr(digest))


def test_digest_is_the_message() -> None:
    """32 bytes of data and the same digest are one message: nothing is hashed beforehand."""
    secret, aux = bytes(31) + b"\x07", bytes(32)

    assert bip340.sign(secret, data=b"d" * 32, aux=aux) == bip340.sign(secret, digest=b"d" * 32, aux=aux)


def test_fresh_randomness() -> None:
    """Two signatures of one message differ."""
    secret = bytes(31) + b"\x07"

    assert bip340.sign(secret, data=b"message") != bip340.sign(secret, data=b"message")


@pytest.mark.parametrize("number", range(1, 9))
def test_key_of_es256k(number: int) -> None:
    """A compressed key of ES256K, of either parity, verifies what its secret signed here, and shares its JWK's x."""
    secret = number.to_bytes(32, "big")
    compressed = es256k.public_key(secret)

    assert bip340.verify(compressed, data=b"message", signature=bip340.sign(secret, data=b"message", public=compressed))
    assert bip340.public_key(secret) == bip340.parse_public(es256k.public_jwk(compressed))
    assert b"\x02" + bip340.public_key(secret) == es256k.parse_public(bip340.public_jwk(bip340.public_key(secret)))


@pytest.mark.parametrize("signature", [b"", bytes(63), bytes(64), bytes(65), b"\xff" * 64])
def test_malformed_signature(signature: bytes) -> None:
    """What is no signature is not valid."""
    assert bip340.verify(bip340.public_key(bytes(31) + b"\x07"), data=b"message", signature=signature) is False


@pytest.mark.parametrize(
    "refused",
    [
        {},
        {"data": b"", "digest": bytes(32)},
        {"digest": bytes(31)},
        {"digest": bytes(33)},
        {"data": b"", "encoding": "der"},
        {"data": b"", "aux": b""},
    ],
    ids=["neither", "both", "short digest", "long digest", "DER", "short aux"],
)
def test_refused(refused: dict[str, Any]) -> None:
    """Neither or both of data and digest, a digest of another length, DER, and short randomness are refused."""
    with pytest.raises(ValueError, match=r"exactly one|32 bytes|DER"):
        bip340.sign(bytes(31) + b"\x07", **refused)


@given(secrets, st.binary(min_size=32, max_size=32))
def test_taproot_secret_and_key_agree(secret: bytes, tweak: bytes) -> None:
    """Tweaking the secret and tweaking the key by BIP341 lead to one key."""
    tweak = b"\x00" + tweak[1:]

    assert secp256k1.add_to_xonly(bip340.public_key(secret), tweak) == bip340.public_key(secp256k1.add_to_even_secret(secret, tweak))


def test_taproot_tweak_too_large() -> None:
    """A tweak that is not below the group order is refused for the key as for the secret."""
    with pytest.raises(ValueError, match="tweak"):
        secp256k1.add_to_xonly(bip340.public_key(bytes(31) + b"\x07"), b"\xff" * 32)
    with pytest.raises(ValueError, match="tweak"):
        secp256k1.add_to_even_secret(bytes(31) + b"\x07", b"\xff" * 32)
