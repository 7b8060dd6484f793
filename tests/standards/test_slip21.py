"""SLIP-0021: symmetric keys from a seed and labels."""

from __future__ import annotations

import hmac
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from native_host.suites.hd import bip39, slip21
from tests.vector_files import load

SLIP21 = load("slip21")


@pytest.mark.parametrize("vector", SLIP21["vectors"], ids=lambda vector: "/".join(["m", *vector["labels"]]))
def test_published(vector: dict[str, Any]) -> None:
    """The example's seed and labels give its keys."""
    seed = bip39.seed_of_mnemonic(SLIP21["mnemonic"], "")

    assert bytes.fromhex(SLIP21["seed"]) == seed
    assert bytes.fromhex(vector["key"]) == slip21.derive(seed, [label.encode() for label in vector["labels"]])


@given(st.binary(min_size=16, max_size=64), st.lists(st.binary(max_size=20), min_size=1, max_size=3))
def test_a_key_is_half_a_node(seed: bytes, labels: list[bytes]) -> None:
    """A node is hashed from the first half of its parent, and a key is the second half, which leads nowhere."""
    node = hmac.digest(b"Symmetric key seed", seed, "sha512")
    for label in labels:
        node = hmac.digest(node[:32], b"\x00" + label, "sha512")

    assert node[32:] == slip21.derive(seed, labels)


def test_labels_are_not_joined() -> None:
    """Labels are steps: the same bytes cut in another way are another key."""
    keys = {bytes(slip21.derive(bytes(16), labels)) for labels in ([], [b""], [b"ab"], [b"a", b"b"], [b"b", b"a"], [b"", b"ab"])}
    assert len(keys) == 6


@pytest.mark.parametrize("length", [0, 15, 65])
def test_seed_length(length: int) -> None:
    """A seed has 16 to 64 bytes."""
    with pytest.raises(ValueError, match="16 to 64"):
        slip21.derive(bytes(length), [])
