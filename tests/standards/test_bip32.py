"""BIP32: private derivation."""

from __future__ import annotations

from typing import Any

import pytest
from embit.bip32 import HDKey
from hypothesis import given
from hypothesis import strategies as st

from native_host.suites import secp256k1
from native_host.suites.hd import bip32, derivation
from native_host.suites.hd.path import HARDENED, format_path, parse_path
from tests.vector_files import load

ORDER = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141
CASES = [(vector["seed"], chain) for vector in load("bip32")["vectors"] for chain in vector["chains"]]

indices = st.integers(0, 2 * HARDENED - 1)
paths = st.lists(indices, max_size=6).map(tuple)


@pytest.mark.parametrize(("seed", "chain"), CASES, ids=[f"{seed[:8]} {chain['path']}" for seed, chain in CASES])
def test_published(seed: str, chain: dict[str, Any]) -> None:
    """A seed and a path give the published private and public key."""
    secret = derivation.derive("ES256K", "BIP32", bytes.fromhex(seed), chain["path"])

    assert chain["private"] == secret.hex()
    assert chain["public"] == secp256k1.public_key(secret).hex()


@given(st.binary(min_size=16, max_size=64), paths)
def test_against_embit(seed: bytes, path: tuple[int, ...]) -> None:
    """An independent implementation derives the same secret."""
    assert HDKey.from_seed(seed).derive(list(path)).key.serialize() == bip32.derive(seed, path)


@pytest.mark.parametrize(
    "left",
    [ORDER.to_bytes(32, "big"), b"\xff" * 32, (ORDER - 1).to_bytes(32, "big")],
    ids=["the order", "above it", "the sum is zero"],
)
def test_no_key(left: bytes) -> None:
    """Where I_L is not below the order, or the sum is zero, there is no key, and the parent's is not left behind."""
    secret = bytearray((1).to_bytes(32, "big"))

    with pytest.raises(bip32.InvalidChild):
        bip32.settle(secret, left + bytes(32))
    assert bytes(32) == secret


@pytest.mark.parametrize("length", [0, 15, 65])
def test_seed_length(length: int) -> None:
    """A seed has 16 to 64 bytes."""
    with pytest.raises(ValueError, match="16 to 64"):
        bip32.derive(bytes(length), ())


def test_seed_is_left_alone() -> None:
    """Deriving does not change the seed's buffer."""
    seed = bytearray(range(64))
    bip32.derive(seed, parse_path("m/0'/1"))

    assert bytearray(range(64)) == seed


@given(paths)
def test_path_round_trip(path: tuple[int, ...]) -> None:
    """A path's text reads as the path, with ``h`` as with ``'``."""
    assert path == parse_path(format_path(path))
    assert path == parse_path(format_path(path).replace("'", "h"))


@pytest.mark.parametrize(
    "text",
    [
        "", "/", "m/", "m//0", "M", "M/0", "0", "/0", "m0", "m/0/", " m", "m ", "m/ 0", "m/-1", "m/+1", "m/1_0", "m/0x1", "m/a", "m/'", "m/h",
        "m/0''", "m/0'h", "m/0H", "m/2147483648", "m/2147483648'", "m/4294967296", "m/00", "m/01", "m/٣", "m/²", "m/1e3", "m/1.0", "n/0", "m\\0",
        "m/0\n", "m/0\u2019", "m/" + "9" * 5000, "m" + "/0" * 256,
    ],
)  # fmt: skip
def test_path_refused(text: str) -> None:
    """What is not written as a path is refused."""
    with pytest.raises(ValueError, match="path"):
        parse_path(text)


def test_deepest_path() -> None:
    """255 levels, the most that BIP32's depth byte can say."""
    assert (0,) * 255 == parse_path("m" + "/0" * 255)


@given(st.text(alphabet="m/0123456789'h", max_size=40))
def test_path_hostile(text: str) -> None:
    """A text is a path of that very text, or refused."""
    try:
        path = parse_path(text)
    except ValueError:
        return
    assert text.replace("h", "'") == format_path(path)


@pytest.mark.parametrize(
    ("alg", "scheme", "path"),
    [("Ed25519", "SLIP10", "m/0"), ("Ed25519", "SLIP10", "m/44'/501'/0"), ("Ed25519", "BIP32", "m/0'"), ("ES256", "SLIP10", "m/0'"),
     ("ES256K", "EIP2333", "m/0"), ("BIP39", "BIP32", "m/0")],
)  # fmt: skip
def test_not_derivable(alg: str, scheme: str, path: str) -> None:
    """A path that the algorithm cannot derive by the scheme is refused before a seed is needed."""
    with pytest.raises(ValueError, match=r"scheme|hardened"):
        derivation.canonical_path(path, scheme=scheme, alg=alg)
    with pytest.raises(ValueError, match=r"scheme|hardened"):
        derivation.derive(alg, scheme, bytes(64), path)
