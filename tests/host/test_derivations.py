"""Every derivation scheme through frames, with the vectors that its standard prints, and extended public keys as other wallets read them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from embit.bip32 import HDKey
from mnemonic import Mnemonic

from native_host.suites.hd import derivation
from native_host.suites.table import SUITES
from native_host.testing.port import Port
from tests import independent
from tests.homes import Home, b64, unb64
from tests.host.calls import DUPLICATE, NOT_ALLOWED, import_jwk, invalid, refused, restore, unsupported
from tests.vector_files import load

ABANDON = "abandon " * 11 + "about"
DATA = b"Strongroom: the bytes of a test."
SLIP10_ALGS = {"secp256k1": "ES256K", "nist256p1": "ES256", "ed25519": "Ed25519", "curve25519": "X25519"}
SLIP10 = [
    (SLIP10_ALGS[curve], vector["seed"], chain)
    for curve, vectors in load("slip10").items()
    if curve in SLIP10_ALGS
    for vector in vectors
    for chain in vector["chains"]
]
BIP32 = [(vector["seed"], chain) for vector in load("bip32")["vectors"] for chain in vector["chains"]]
EIP2333, CIP1852, SLIP132, JAPANESE = load("eip2333"), load("cip1852"), load("slip132"), load("bip39_japanese")
SLIP21, BIP85 = load("slip21"), load("bip85")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """One home for all: what is derived is derived by its own seed."""
    made = Home(tmp_path_factory.mktemp("home"))
    made.attach()
    made.set_up()
    yield made
    made.quit()


@pytest.fixture(scope="module")
def port(home: Home) -> Port:
    return home.open()


SEEDS: dict[tuple[int, str], str] = {}


def raw_seed(port: Port, seed: str) -> str:
    """A seed of bytes, brought in once."""
    place = (id(port), seed)
    if place not in SEEDS:
        SEEDS[place] = import_jwk(port, {"kty": "oct", "k": b64(bytes.fromhex(seed))}, "SEED")["keyId"]
    return SEEDS[place]


@pytest.fixture(scope="module")
def words(home: Home, port: Port) -> str:
    """BIP39's first vector without a passphrase, as BIP84, BIP86 and SLIP-0132 use it."""
    return restore(home, port, ABANDON)


def public_at(port: Port, seed: str, path: str, alg: str, **more: str) -> bytes:
    return unb64(port.request("getPublicKey", {"keyId": seed, "path": path, "alg": alg, **more})["raw"])


@pytest.mark.parametrize(("alg", "seed", "chain"), SLIP10, ids=[f"{alg} {seed[:6]} {chain['path']}" for alg, seed, chain in SLIP10])
def test_slip10(port: Port, alg: str, seed: str, chain: dict[str, str]) -> None:
    """Its vectors on every curve, whose public keys it writes with 00 before those that need no sign."""
    more = {"scheme": "SLIP10"} if alg == "ES256K" else {}
    raw = public_at(port, raw_seed(port, seed), chain["path"], alg, **more)
    assert chain["public"] == raw.hex().rjust(66, "0")


@pytest.mark.parametrize(("seed", "chain"), BIP32, ids=[f"{seed[:6]} {chain['path']}" for seed, chain in BIP32])
def test_bip32(port: Port, seed: str, chain: dict[str, str]) -> None:
    """Its vectors, as public keys everywhere and as extended ones where the last index is hardened."""
    key, path = raw_seed(port, seed), chain["path"].replace("H", "'").replace("h", "'")
    expected = HDKey.from_base58(chain["xpub"])
    assert expected.sec() == public_at(port, key, path, "ES256K")
    named = {"keyId": key, "path": path, "format": "xpub"}
    if path == "m" or path.endswith("'"):
        assert {"xpub": chain["xpub"], "format": "xpub"} == port.request("getExtendedPublicKey", named)
    else:
        assert invalid("path") == refused(port, "getExtendedPublicKey", **named)


@pytest.mark.parametrize("vector", SLIP132["vectors"], ids=lambda vector: vector["path"])
def test_slip132(port: Port, words: str, vector: dict[str, str]) -> None:
    """An account's extended public key in the form of its purpose, without being asked for (BIP84's is the zpub), or as it is asked."""
    letter = vector["public"][:4]
    named = {"keyId": words, "path": vector["path"]}
    assert {"xpub": vector["public"], "format": letter} == port.request("getExtendedPublicKey", named)
    for form in ("xpub", "tpub", "ypub", "zpub"):
        found = port.request("getExtendedPublicKey", {**named, "format": form})
        assert (form, form) == (found["format"], found["xpub"][:4])
        assert HDKey.from_base58(vector["public"]).sec() == HDKey.from_base58(found["xpub"]).sec()


def test_a_test_networks_account_says_so(port: Port, words: str) -> None:
    """By its coin type."""
    for path, form in (("m/84'/1'/0'", "vpub"), ("m/44'/1'/0'", "tpub"), ("m/86'/0'/0'", "xpub"), ("m", "xpub"), ("m/44'", "xpub")):
        assert form == port.request("getExtendedPublicKey", {"keyId": words, "path": path})["format"]


def test_an_extended_public_key_is_the_persons(home: Home, port: Port, words: str) -> None:
    """Who reads what it shows; of what is no seed there is none."""
    home.approver.deny(kind="review", method="getExtendedPublicKey", times=1)
    assert (4001, {"reason": "user_rejected"}) == refused(port, "getExtendedPublicKey", keyId=words, path="m/84'/0'/0'")
    assert "every address" in home.approver.asked[-1]["warnings"][0]
    key = port.request("generateKey", {"alg": "ES256K"})["keyId"]
    assert NOT_ALLOWED == refused(port, "getExtendedPublicKey", keyId=key, path="m")
    assert invalid("path") == refused(port, "getExtendedPublicKey", keyId=words, path="m/x")


def test_a_child_of_what_was_shown_is_the_hosts_own(port: Port, words: str) -> None:
    """A wallet derives by the extended public key what the host signs for."""
    xpub = port.request("getExtendedPublicKey", {"keyId": words, "path": "m/84'/0'/0'"})["xpub"]
    for tail in ("0/0", "1/7"):
        assert HDKey.from_base58(xpub).derive(f"m/{tail}").sec() == public_at(port, words, f"m/84'/0'/0'/{tail}", "ES256K")


@pytest.fixture(scope="module")
def staker(home: Home, port: Port) -> str:
    return restore(home, port, EIP2333["mnemonic"]["mnemonic"], EIP2333["mnemonic"]["passphrase"])


@pytest.mark.parametrize("step", EIP2333["paths"], ids=lambda step: step["path"])
def test_eip2333(port: Port, staker: str, step: dict[str, str]) -> None:
    """Validators' keys from words: the public keys of the published secrets, by py_ecc."""
    expected = independent.BLS.SkToPk(int(step["secret"], 16))
    assert expected == public_at(port, staker, step["path"], "BLS12381G2")


def test_eip2333_child(port: Port, staker: str) -> None:
    """The standard's own test case, which signs when the person made it so."""
    case = EIP2333["cases"][0]
    derived = {"keyId": staker, "path": f"m/{case['child_index']}", "alg": "BLS12381G2"}
    key = port.request("deriveKey", {**derived, "usages": ["sign", "verify"]})
    public = independent.BLS.SkToPk(int(case["child_SK"]))
    assert b64(public) == key["publicKeyJwk"]["x"]
    signature = unb64(port.request("sign", {"keyId": key["keyId"], "data": b64(DATA)})["signature"])
    assert independent.BLS.Verify(public, DATA, signature)
    assert invalid("path") == refused(port, "deriveKey", keyId=staker, path="m/12381'", alg="BLS12381G2")


def test_eip2333_needs_a_long_seed(port: Port) -> None:
    """Of 32 bytes at least."""
    short = raw_seed(port, "000102030405060708090a0b0c0d0e0f")
    assert unsupported("EIP2333") == refused(port, "deriveKey", keyId=short, path="m/0", alg="BLS12381G2")


@pytest.fixture(scope="module")
def cardano(home: Home, port: Port) -> str:
    return restore(home, port, Mnemonic("english").to_mnemonic(bytes.fromhex(CIP1852["entropy"])))


@pytest.mark.parametrize("vector", CIP1852["keys"], ids=lambda vector: vector["path"])
def test_cip1852(port: Port, cardano: str, vector: dict[str, str]) -> None:
    """Cardano's keys and staking address from words; what they sign is Ed25519."""
    key = port.request("deriveKey", {"keyId": cardano, "path": vector["path"], "alg": "Ed25519-BIP32", "usages": ["sign", "jws"]})
    assert vector["public"] == unb64(key["publicKeyJwk"]["x"]).hex()
    if "address" in vector:
        assert vector["address"] == key["address"]
    signature = unb64(port.request("sign", {"keyId": key["keyId"], "data": b64(DATA)})["signature"])
    assert independent.verifies("Ed25519", key["publicKeyJwk"], DATA, signature)


def test_cip1852_needs_words_without_a_passphrase(port: Port, staker: str) -> None:
    """It starts from the words' entropy: a seed of bytes has none, and with a BIP39 passphrase other wallets do otherwise."""
    for seed in (staker, raw_seed(port, "00" * 64)):
        assert unsupported("CIP1852") == refused(port, "deriveKey", keyId=seed, path="m/1852'/1815'/0'", alg="Ed25519-BIP32")


@pytest.fixture(scope="module")
def all_words(home: Home, port: Port) -> str:
    return restore(home, port, SLIP21["mnemonic"])


@pytest.mark.parametrize(
    "vector", [vector for vector in SLIP21["vectors"] if vector["labels"]], ids=lambda vector: "/".join(vector["labels"])
)
def test_slip21(port: Port, all_words: str, vector: dict[str, Any]) -> None:
    """Symmetric keys by labels: what is encrypted with them, the published key decrypts."""
    path = "/".join(["m", *vector["labels"]])
    key = port.request("deriveKey", {"keyId": all_words, "path": path, "alg": "A256GCM", "scheme": "SLIP21"})["keyId"]
    sealed = port.request("encrypt", {"keyId": key, "alg": "A256GCM", "plaintext": b64(DATA)})
    assert DATA == independent.decrypt("A256GCM", bytes.fromhex(vector["key"]), sealed, aad=b"")
    theirs = independent.encrypt("A256GCM", bytes.fromhex(vector["key"]), DATA, aad=b"", iv=bytes(12))
    assert b64(DATA) == port.request("decrypt", {"keyId": key, "alg": "A256GCM", **theirs})["plaintext"]
    assert DUPLICATE == refused(port, "deriveKey", keyId=all_words, path=path, alg="A256GCM")


def test_slip21_one_place_does_one_thing(port: Port, all_words: str) -> None:
    """The key that encrypts does not also authenticate, whatever algorithm names it; it has no public part and is not wrapped."""
    derived = {"keyId": all_words, "path": "m/Strongroom/one place"}
    key = port.request("deriveKey", {**derived, "alg": "XC20P"})["keyId"]
    assert NOT_ALLOWED == refused(port, "deriveKey", **derived, alg="HS256")
    assert invalid("alg") == refused(port, "getPublicKey", **derived, alg="XC20P")
    wrapping = port.request("generateKey", {"alg": "A256KW"})["keyId"]
    assert NOT_ALLOWED == refused(port, "wrapKey", keyId=wrapping, targetKeyId=key, alg="A256KW")
    for path in ("m", "m/", "m//x", "x/y", "m/ x", "m/é"):
        assert invalid("path") == refused(port, "deriveKey", keyId=all_words, path=path, alg="XC20P")


def bip85_seed(port: Port) -> str:
    """The root of BIP85's vectors is an extended private key, which does not come in: another seed stands for it."""
    return raw_seed(port, bytes(range(32, 96)).hex())


@pytest.mark.parametrize("count", [12, 18, 24])
def test_bip85(port: Port, count: int) -> None:
    """A seed from a seed, which is the one that embit makes, and derives as it does; it ends with the seed that it comes from."""
    from embit import bip39, bip85

    parent = bip85_seed(port)
    made = bip85.derive_mnemonic(HDKey.from_seed(bytes(range(32, 96))), count, 0)
    path = f"m/83696968'/39'/0'/{count}'/0'"
    child = port.request("deriveKey", {"keyId": parent, "path": path, "alg": "BIP39"})
    assert ("BIP39", ["deriveKey"], "derived", {"keyId": parent, "path": path}) == tuple(
        child[name] for name in ("alg", "usages", "provenance", "derivedFrom")
    )
    expected = HDKey.from_seed(bip39.mnemonic_to_seed(made)).derive("m/44h/60h/0h/0/0").sec()
    assert expected == public_at(port, child["keyId"], "m/44'/60'/0'/0/0", "ES256K")
    assert DUPLICATE == refused(port, "deriveKey", keyId=parent, path=path, alg="BIP39")
    wrapping = port.request("generateKey", {"alg": "A256KW"})["keyId"]
    assert NOT_ALLOWED == refused(port, "wrapKey", keyId=wrapping, targetKeyId=child["keyId"], alg="A256KW")


def test_bip85_vectors(port: Port) -> None:
    """The printed words come out of the printed root in embit too, so that the test above is one of BIP85."""
    from embit import bip85

    for vector in BIP85["mnemonic"]:
        assert vector["mnemonic"] == bip85.derive_mnemonic(HDKey.from_base58(BIP85["root"]), vector["words"], vector["index"])


def test_every_scheme_is_tested_here() -> None:
    """And every algorithm that one derives has a default scheme that derives it."""
    assert {"BIP32", "SLIP10", "EIP2333", "CIP1852", "SLIP21", "BIP85"} == set(derivation.SCHEMES)
    assert all(suite.alg in derivation.SCHEMES[suite.schemes[0]] for suite in SUITES.values() if suite.schemes)


@pytest.mark.parametrize("vector", JAPANESE["vectors"], ids=lambda vector: vector["entropy"][:8])
def test_japanese_words_are_restored(home: Home, port: Port, vector: dict[str, str]) -> None:
    """As they are printed, with ideographic spaces and a passphrase that only NFKD makes what it is: the published root key."""
    seed = restore(home, port, vector["mnemonic"], JAPANESE["passphrase"])
    root = HDKey.from_base58(vector["xprv"])
    assert root.to_public().to_base58() == port.request("getExtendedPublicKey", {"keyId": seed, "path": "m"})["xpub"]
    assert root.derive("m/84h/0h/0h/0/0").sec() == public_at(port, seed, "m/84'/0'/0'/0/0", "ES256K")
