"""FIPS 203: ML-KEM-768 and ML-KEM-1024."""

from __future__ import annotations

from contextlib import suppress

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from native_host.encodings.jwk import Jwk, encode_members
from native_host.suites.ml_kem import ML_KEM_768, ML_KEM_1024, MlKem

BOTH = [ML_KEM_768, ML_KEM_1024]
SECRET = bytes(range(64))
each = pytest.mark.parametrize("kem", BOTH, ids=lambda kem: kem.alg)


@each
@given(secret=st.binary(min_size=64, max_size=64))
def test_round_trip(kem: MlKem, secret: bytes) -> None:
    """What is encapsulated to a key is decapsulated with its secret, and is another secret each time."""
    public = kem.parse_public(kem.public_jwk(kem.public_key(bytearray(secret))))
    ciphertext, shared = kem.encapsulate(public)
    again, other = kem.encapsulate(public)

    assert kem.decapsulate(memoryview(secret), ciphertext) == shared
    assert (len(public), len(ciphertext), len(shared)) == (kem.public_bytes, kem.ciphertext_bytes, 32)
    assert ciphertext != again
    assert shared != other


@each
@given(data=st.data())
def test_implicit_rejection(kem: MlKem, data: st.DataObject) -> None:
    """Any other ciphertext of the right length gives a secret, always the same one, that is not the sender's (section 6.3)."""
    ciphertext, shared = kem.encapsulate(kem.public_key(SECRET))
    at, change = data.draw(st.integers(0, kem.ciphertext_bytes - 1)), data.draw(st.integers(1, 255))
    wrong = ciphertext[:at] + bytes((ciphertext[at] ^ change,)) + ciphertext[at + 1 :]
    rejected = kem.decapsulate(SECRET, wrong)

    assert rejected == kem.decapsulate(SECRET, wrong)
    assert len(rejected) == 32
    assert rejected != shared
    assert rejected != kem.decapsulate(SECRET[:32] + bytes(32), wrong), "it comes from z"


@each
def test_jwk(kem: MlKem) -> None:
    """The JWK is AKP, with the algorithm and the encapsulation key."""
    jwk = kem.public_jwk(kem.public_key(SECRET))

    assert set(encode_members(jwk)) == {"kty", "alg", "pub"}
    assert (jwk.kty, jwk.alg, jwk.pub) == ("AKP", kem.alg, kem.public_key(SECRET))


@each
def test_modulus_check(kem: MlKem) -> None:
    """An encapsulation key with a coefficient that is not reduced is refused (section 7.2)."""
    public = kem.public_key(SECRET)
    # The first two coefficients are in the first three bytes; 0xD01 is the modulus.
    for not_reduced in (b"\x01\x0d\x00", b"\xff\xff\xff", b"\x00\x10\xd0"):
        with pytest.raises(ValueError, match="not an encapsulation key"):
            kem.encapsulate(not_reduced + public[3:])
        with pytest.raises(ValueError, match="not an encapsulation key"):
            kem.parse_public(Jwk(kty="AKP", alg=kem.alg, pub=not_reduced + public[3:]))
    kem.encapsulate(b"\x00\x0d\x00" + public[3:])


@each
@pytest.mark.parametrize(
    "change",
    [{"kty": "OKP"}, {"alg": ""}, {"alg": "ML-KEM-512"}, {"alg": "ML-DSA-65"}, {"pub": b""}, {"pub": bytes(800)}, {"pub": bytes(1185)}],
    ids=str,
)
def test_jwk_refused(kem: MlKem, change: dict[str, object]) -> None:
    """A JWK of another kind, algorithm or length is refused."""
    with pytest.raises(ValueError, match=r"^not an (AKP|encapsulation) key of ML-KEM-"):
        kem.parse_public(msgspec.structs.replace(kem.public_jwk(kem.public_key(SECRET)), **change))


def test_other_set() -> None:
    """Keys and ciphertexts of one parameter set are none of the other."""
    public = ML_KEM_768.public_key(SECRET)
    with pytest.raises(ValueError, match="not an encapsulation key"):
        ML_KEM_1024.encapsulate(public)
    with pytest.raises(ValueError, match="not a ciphertext"):
        ML_KEM_1024.decapsulate(SECRET, ML_KEM_768.encapsulate(public)[0])


@each
@pytest.mark.parametrize("length", [0, 32, 63, 65, 2400])
def test_secret_length(kem: MlKem, length: int) -> None:
    """A secret is the 64-byte seed; an expanded decapsulation key is none."""
    with pytest.raises(ValueError, match="64 bytes"):
        kem.public_key(bytes(length))
    with pytest.raises(ValueError, match="64 bytes"):
        kem.decapsulate(bytes(length), bytes(kem.ciphertext_bytes))


@each
@pytest.mark.parametrize("by", [-1088, -1, 1])
def test_ciphertext_length(kem: MlKem, by: int) -> None:
    """A ciphertext of another length is refused (section 7.3)."""
    with pytest.raises(ValueError, match="not a ciphertext"):
        kem.decapsulate(SECRET, bytes(kem.ciphertext_bytes + by))


@each
@given(public=st.binary(max_size=1600) | st.binary(min_size=1184, max_size=1184))
def test_hostile(kem: MlKem, public: bytes) -> None:
    """Bytes are an encapsulation key, or refused; nothing else."""
    with suppress(ValueError):
        kem.encapsulate(public)


@each
def test_generated(kem: MlKem) -> None:
    """A secret is 64 of the bytes it is given."""
    assert kem.generate_secret(lambda length: b"r" * length) == b"r" * 64
