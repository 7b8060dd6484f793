"""EIP-2333: BLS12-381 secrets from a seed."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mnemonic import Mnemonic
from py_ecc.bls.ciphersuites import G2ProofOfPossession

from native_host.suites import bls12381
from native_host.suites.hd import eip2333
from tests.vector_files import load

ORACLE: Any = G2ProofOfPossession
EIP2333 = load("eip2333")
STEP = EIP2333["intermediate"]


def secret_of(decimal: str) -> bytes:
    return int(decimal).to_bytes(32, "big")


@pytest.mark.parametrize("case", EIP2333["cases"], ids=range(4))
def test_published(case: dict[str, Any]) -> None:
    """A seed gives the published master secret, and that with an index the published child."""
    master = eip2333.derive_master_sk(bytes.fromhex(case["seed"]))
    child = eip2333.derive_child_sk(master, case["child_index"])

    assert master == secret_of(case["master_SK"])
    assert child == secret_of(case["child_SK"])


def test_mnemonic() -> None:
    """The whole way from the published words to the published child."""
    case = EIP2333["cases"][0]
    seed = Mnemonic.to_seed(**EIP2333["mnemonic"])

    assert seed.hex() == case["seed"]
    assert eip2333.derive(seed, (0,)) == secret_of(case["child_SK"])


def test_intermediate() -> None:
    """The Lamport secrets, what they are compressed to, and the child made of that are as published."""
    parent = secret_of(STEP["parent_SK"])
    flipped = bytes(byte ^ 0xFF for byte in parent)
    lamport = eip2333.ikm_to_lamport_sk(flipped, STEP["index"].to_bytes(4, "big"))

    assert len(lamport) == 255 * 32
    assert lamport[-32 * len(STEP["lamport_1_end"]) :].hex() == "".join(STEP["lamport_1_end"])
    assert eip2333.parent_sk_to_lamport_pk(parent, STEP["index"]).hex() == STEP["compressed_lamport_PK"]
    assert eip2333.hkdf_mod_r(bytes.fromhex(STEP["compressed_lamport_PK"])) == secret_of(STEP["child_SK"])


@settings(deadline=None)
@given(st.binary(min_size=32, max_size=80), st.binary(max_size=40))
def test_key_gen_against_py_ecc(ikm: bytes, key_info: bytes) -> None:
    """HKDF_mod_r is KeyGen of the BLS draft, as another implementation computes it."""
    secret = eip2333.hkdf_mod_r(bytearray(ikm), key_info)

    assert ORACLE.KeyGen(ikm, key_info).to_bytes(32, "big") == secret


@given(st.binary(min_size=32, max_size=64), st.lists(st.integers(0, 2**31 - 1), max_size=3).map(tuple))
def test_always_a_secret(seed: bytes, path: tuple[int, ...]) -> None:
    """Whatever the seed and the path, what is derived is a secret, and the same each time."""
    secret = eip2333.derive(seed, path)

    assert len(bls12381.public_key(secret)) == 48
    assert eip2333.derive(seed, path) == secret


def test_zero_is_hashed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A multiple of r is no secret: the salt is hashed again (HKDF_mod_r, step 3). No input that gives one is known."""
    real, salts = eip2333._okm, []

    def zero_at_first(ikm: bytes, salt: bytes, key_info: bytes) -> bytearray:
        salts.append(salt)
        return bytearray((7 * bls12381.ORDER).to_bytes(48, "big")) if len(salts) == 1 else real(ikm, salt, key_info)

    monkeypatch.setattr(eip2333, "_okm", zero_at_first)
    secret = eip2333.hkdf_mod_r(bytes(32))

    assert salts == [(first := sha256(b"BLS-SIG-KEYGEN-SALT-").digest()), sha256(first).digest()]
    assert int.from_bytes(secret, "big") == int.from_bytes(real(bytes(32), salts[1], b""), "big") % bls12381.ORDER


@pytest.mark.parametrize("length", [0, 16, 31])
def test_short_seed(length: int) -> None:
    """A seed has at least 256 bits, here too where a keystore takes 128."""
    with pytest.raises(ValueError, match="at least 32 bytes"):
        eip2333.derive(bytes(length), ())


@pytest.mark.parametrize(
    ("parent", "index"),
    [(bytes(31), 0), (bytes(33), 0), (b"", 0), (bytes(32), -1), (bytes(32), 2**32)],
    ids=["short", "long", "empty", "negative", "2^32"],
)
def test_child_refused(parent: bytes, index: int) -> None:
    """A parent is 32 bytes, an index 32 bits."""
    with pytest.raises(ValueError, match="not a secret and an index"):
        eip2333.derive_child_sk(parent, index)


def test_parent_untouched() -> None:
    """The parent's secret is the caller's own, and is neither changed nor wiped."""
    parent = bytearray(range(1, 33))

    eip2333.derive_child_sk(parent, 0)

    assert parent == bytes(range(1, 33))
