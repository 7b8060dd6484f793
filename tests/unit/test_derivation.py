"""The one door to the derivation schemes: the published vectors of each are in `tests/standards`."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from native_host.suites.hd import bip32, bip39, cip3, derivation, eip2333, slip10, slip21
from native_host.suites.hd.path import HARDENED, MAX_DEPTH
from native_host.suites.table import SUITES

ENTROPY = bytes(range(16))
SEED = bytes(bip39.seed_of_mnemonic(bip39.mnemonic_of_entropy(ENTROPY), ""))
HARDENED_ONLY = {("SLIP10", "Ed25519"), ("SLIP10", "X25519")}
WAYS = [(scheme, alg) for scheme, algs in derivation.SCHEMES.items() for alg in sorted(algs) if scheme not in {"SLIP21", "BIP85"}]


def test_the_table_promises_what_there_is() -> None:
    """No row of the table names a scheme by which its algorithm is not derived."""
    for suite in SUITES.values():
        for scheme in suite.schemes:
            assert suite.alg in derivation.SCHEMES[scheme]


@pytest.mark.parametrize(("scheme", "alg"), WAYS, ids=[f"{scheme} {alg}" for scheme, alg in WAYS])
def test_each_way(scheme: str, alg: str) -> None:
    """Each algorithm is derived by each of its schemes as the scheme's own code derives it."""
    hardened = (scheme, alg) in HARDENED_ONLY
    path = tuple(index + HARDENED * hardened for index in (1, 2, 3, 4))
    text = "m/1'/2'/3'/4'" if hardened else "m/1/2/3/4"
    expected = {
        "BIP32": lambda: bip32.derive(SEED, path),
        "EIP2333": lambda: eip2333.derive(SEED, path),
        "CIP1852": lambda: cip3.derive(ENTROPY, "", path),
        "SLIP10": lambda: {
            "ES256": slip10.derive_nist256p1,
            "Ed25519": slip10.derive_ed25519,
            "X25519": slip10.derive_curve25519,
        }.get(alg, slip10.derive_secp256k1)(SEED, path),
    }[scheme]()

    assert expected == derivation.derive(alg, scheme, memoryview(SEED), text, entropy=ENTROPY)
    assert text == derivation.canonical_path(text.replace("'", "h"), scheme=scheme, alg=alg)


@pytest.mark.parametrize(("scheme", "alg"), WAYS, ids=[f"{scheme} {alg}" for scheme, alg in WAYS])
@pytest.mark.parametrize("path", ["", "m/", "m/x", "0", "m/2147483648", "m/-1", "m" + "/0'" * (MAX_DEPTH + 1), "m/0\u0660"])
def test_no_path(scheme: str, alg: str, path: str) -> None:
    """What is no path is refused by every scheme, before the seed is read."""
    with pytest.raises(ValueError, match="path"):
        derivation.derive(alg, scheme, b"", path, entropy=ENTROPY)
    with pytest.raises(ValueError, match="path"):
        derivation.canonical_path(path, scheme=scheme, alg=alg)


@pytest.mark.parametrize(("scheme", "alg"), WAYS, ids=[f"{scheme} {alg}" for scheme, alg in WAYS])
@pytest.mark.parametrize("seed", [b"", bytes(15)], ids=["empty", "short"])
def test_no_seed(scheme: str, alg: str, seed: bytes) -> None:
    """What is too short for a seed is refused by every scheme."""
    with pytest.raises(ValueError, match="seed"):
        derivation.derive(alg, scheme, seed, "m", entropy=ENTROPY)


@pytest.mark.parametrize("alg", sorted(derivation.SCHEMES["SLIP21"]))
def test_labels(alg: str) -> None:
    """SLIP-0021 has labels in place of indices, and one key a path whatever it is for."""
    assert slip21.derive(SEED, (b"SLIP-0021", b"a'h b")) == derivation.derive(alg, "SLIP21", SEED, "m/SLIP-0021/a'h b")
    assert "m/SLIP-0021/a'h b" == derivation.canonical_path("m/SLIP-0021/a'h b", scheme="SLIP21", alg=alg)


@pytest.mark.parametrize("path", ["", "m", "m/", "m/ a", "m/a ", "m/a\u0660", "m/a\n", "x/a", "m" + "/a" * 17])
def test_no_labels(path: str) -> None:
    """What is no path of labels is refused."""
    with pytest.raises(ValueError, match=r"SLIP-0021"):
        derivation.derive("A256GCM", "SLIP21", SEED, path)


def test_bip85_has_no_secret_of_a_path() -> None:
    """It gives recovery words: a seed, which is made elsewhere."""
    path = "m/83696968'/39'/1'/24'/7'"
    assert ("japanese", 24, 7) == derivation.bip85_words(path)
    assert path == derivation.canonical_path(path, scheme="BIP85", alg="BIP39")
    with pytest.raises(ValueError, match="a seed of its own"):
        derivation.derive("BIP39", "BIP85", SEED, path, entropy=ENTROPY)


@given(st.text(max_size=10), st.sampled_from(["", "BIP32", "SLIP10", "EIP2333", "CIP1852", "bip32", "BIP44"]))
def test_other_algorithms(alg: str, scheme: str) -> None:
    """An algorithm that no scheme derives is refused, and so is one by another's scheme."""
    with pytest.raises(ValueError, match="not derived by that scheme"):
        derivation.derive(alg + "?", scheme, SEED, "m")


@given(st.text(alphabet="m/0123456789'h", max_size=30), st.sampled_from(WAYS))
def test_hostile_paths(path: str, way: tuple[str, str]) -> None:
    """A canonical path stays as it is, and any other text is refused."""
    scheme, alg = way
    try:
        canonical = derivation.canonical_path(path, scheme=scheme, alg=alg)
    except ValueError:
        return
    assert path.replace("h", "'") == canonical == derivation.canonical_path(canonical, scheme=scheme, alg=alg)
