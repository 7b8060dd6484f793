"""SLIP-0010: private derivation over four curves, and what is done where there is no key."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Any

import pytest
import slip10 as oracle
from hypothesis import given
from hypothesis import strategies as st

from native_host.suites import ed25519, secp256k1, x25519
from native_host.suites.ecdsa import ES256
from native_host.suites.hd import bip32, derivation, slip10
from native_host.suites.hd.path import HARDENED
from tests.vector_files import load

ORDER = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141
SLIP10 = load("slip10")
SECP256K1 = [(vector["seed"], chain) for vector in SLIP10["secp256k1"] for chain in vector["chains"]]
ED25519 = [(vector["seed"], chain) for vector in SLIP10["ed25519"] for chain in vector["chains"]]
NIST256P1 = [(vector["seed"], chain) for vector in SLIP10["nist256p1"] for chain in vector["chains"]]
CURVE25519 = [(vector["seed"], chain) for vector in SLIP10["curve25519"] for chain in vector["chains"]]
P256_ORDER = 0xFFFFFFFF_00000000_FFFFFFFF_FFFFFFFF_BCE6FAAD_A7179E84_F3B9CAC2_FC632551

INVALID = [ORDER.to_bytes(32, "big"), b"\xff" * 32]


@pytest.mark.parametrize(("seed", "chain"), SECP256K1, ids=[f"{seed[:8]} {chain['path']}" for seed, chain in SECP256K1])
def test_published_secp256k1(seed: str, chain: dict[str, Any]) -> None:
    """A seed and a path give the published keys."""
    secret = derivation.derive("ES256K", "SLIP10", bytes.fromhex(seed), chain["path"])

    assert chain["private"] == secret.hex()
    assert chain["public"] == secp256k1.public_key(secret).hex()


@pytest.mark.parametrize(("seed", "chain"), ED25519, ids=[f"{seed[:8]} {chain['path']}" for seed, chain in ED25519])
def test_published_ed25519(seed: str, chain: dict[str, Any]) -> None:
    """A seed and a hardened path give the published keys, whose public ones SLIP-0010 writes with 00 before them."""
    secret = derivation.derive("Ed25519", "SLIP10", bytes.fromhex(seed), chain["path"])

    assert chain["private"] == secret.hex()
    assert chain["public"] == "00" + ed25519.public_key(secret).hex()


@pytest.mark.parametrize(("seed", "chain"), NIST256P1, ids=[f"{seed[:8]} {chain['path']}" for seed, chain in NIST256P1])
def test_published_nist256p1(seed: str, chain: dict[str, Any]) -> None:
    """A seed and a path give the published keys, also where a hash is no key: at m/28578', below it, and for the last seed."""
    secret = derivation.derive("ES256", "SLIP10", bytes.fromhex(seed), chain["path"])

    assert chain["private"] == secret.hex()
    assert chain["public"] == ES256.public_key(secret).hex()


@pytest.mark.parametrize(("seed", "chain"), CURVE25519, ids=[f"{seed[:8]} {chain['path']}" for seed, chain in CURVE25519])
def test_published_curve25519(seed: str, chain: dict[str, Any]) -> None:
    """A seed and a hardened path give the published keys, whose public ones SLIP-0010 writes with 00 before them."""
    secret = derivation.derive("X25519", "SLIP10", bytes.fromhex(seed), chain["path"])

    assert chain["private"] == secret.hex()
    assert chain["public"] == "00" + x25519.public_key(secret).hex()


@given(st.binary(min_size=16, max_size=64), st.lists(st.integers(0, 2 * HARDENED - 1), max_size=3).map(tuple))
def test_nist256p1_against_slip10(seed: bytes, path: tuple[int, ...]) -> None:
    """An independent implementation derives the same secret on P-256."""
    assert oracle.SLIP10.from_seed(seed, curve_name="secp256r1").get_privkey_from_path(list(path)) == slip10.derive_nist256p1(seed, path)


@given(st.binary(min_size=16, max_size=64), st.lists(st.integers(HARDENED, 2 * HARDENED - 1), max_size=4).map(tuple))
def test_curve25519_against_slip10(seed: bytes, path: tuple[int, ...]) -> None:
    """An independent implementation derives the same secret on Curve25519."""
    assert oracle.SLIP10.from_seed(seed, curve_name="curve25519").get_privkey_from_path(list(path)) == slip10.derive_curve25519(seed, path)


below_p256 = st.one_of(st.integers(0, P256_ORDER - 1), st.sampled_from([0, 1, P256_ORDER - 1, P256_ORDER // 2, P256_ORDER // 2 + 1]))


@given(below_p256, below_p256)
def test_addition_modulo_p256(left: int, right: int) -> None:
    """Two numbers below the order of P-256 are added modulo it, and are left as they were."""
    buffers = bytearray(left.to_bytes(32, "big")), bytearray(right.to_bytes(32, "big"))

    assert ((left + right) % P256_ORDER).to_bytes(32, "big") == slip10.add_p256(*buffers)
    assert (left, right) == tuple(int.from_bytes(buffer, "big") for buffer in buffers)


def test_addition_meets_the_order() -> None:
    """A sum that is the order is zero, and one less and one more are what they are."""
    most = bytearray((P256_ORDER - 1).to_bytes(32, "big"))
    for number, expected in ((0, P256_ORDER - 1), (1, 0), (2, 1), (P256_ORDER - 1, P256_ORDER - 2)):
        assert expected.to_bytes(32, "big") == slip10.add_p256(most, bytearray(number.to_bytes(32, "big")))


@given(st.binary(min_size=16, max_size=64), st.lists(st.integers(HARDENED, 2 * HARDENED - 1), max_size=4).map(tuple))
def test_ed25519_against_slip10(seed: bytes, path: tuple[int, ...]) -> None:
    """An independent implementation derives the same secret."""
    assert oracle.SLIP10.from_seed(seed, curve_name="ed25519").get_privkey_from_path(list(path)) == slip10.derive_ed25519(seed, path)


@given(st.binary(min_size=16, max_size=64), st.lists(st.integers(0, 2 * HARDENED - 1), max_size=4).map(tuple))
def test_secp256k1_is_bip32(seed: bytes, path: tuple[int, ...]) -> None:
    """Where BIP32 has a key, SLIP-0010 has the same."""
    assert bip32.derive(seed, path) == slip10.derive_secp256k1(seed, path)


@pytest.mark.parametrize("left", [bytes(32), *INVALID], ids=["zero", "the order", "above it"])
def test_master_hashed_again(left: bytes) -> None:
    """No master key in I: I is the next seed (step 4). No seed with that I is known, so the step itself is fed with one."""
    digest = left + bytes(range(32))
    again = hmac.digest(b"Bitcoin seed", digest, "sha512")

    assert (bytearray(again[:32]), again[32:]) == slip10.settle_master(digest)


@pytest.mark.parametrize("left", [*INVALID, (ORDER - 5).to_bytes(32, "big")], ids=["the order", "above it", "the sum is zero"])
def test_child_hashed_again(left: bytes) -> None:
    """No child in I: HMAC(chain code, 01 ‖ I_R ‖ index) is the next I (step 5), and the parent's secret is wiped."""
    secret, chain_code, right = bytearray((5).to_bytes(32, "big")), b"c" * 32, b"r" * 32
    again = hmac.digest(chain_code, b"\x01" + right + b"\x80\x00\x00\x07", "sha512")
    expected = (int.from_bytes(again[:32], "big") + 5) % ORDER

    child, child_chain_code = slip10.settle_child(secret, chain_code, HARDENED + 7, left + right)

    assert (expected.to_bytes(32, "big"), again[32:]) == (bytes(child), child_chain_code)
    assert bytes(32) == secret


@pytest.mark.parametrize("derive", [slip10.derive_ed25519, slip10.derive_curve25519])
def test_hardened_only(derive: Callable[[bytes, tuple[int, ...]], bytearray]) -> None:
    """Ed25519 and Curve25519 have no other children."""
    with pytest.raises(ValueError, match="hardened"):
        derive(bytes(64), (HARDENED, 0))


@pytest.mark.parametrize("length", [0, 15, 65])
@pytest.mark.parametrize("derive", [slip10.derive_secp256k1, slip10.derive_nist256p1, slip10.derive_ed25519, slip10.derive_curve25519])
def test_seed_length(derive: Callable[[bytes, tuple[int, ...]], bytearray], length: int) -> None:
    """A seed has 16 to 64 bytes."""
    with pytest.raises(ValueError, match="16 to 64"):
        derive(bytes(length), ())
