"""What else a seed gives: symmetric keys by SLIP-0021, and seeds of their own by BIP85."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from native_host.suites.hd import slip21
from native_host.testing.port import HostError, Port
from tests.homes import Home, b64, refusal, unb64

MNEMONIC = "abandon " * 11 + "about"
SLIP21_PATH = "m/SLIP-0021/Backup of notes"
BIP85_PATH = "m/83696968'/39'/0'/12'/0'"


def refused(port: Port, method: str, **params: Any) -> tuple[int, dict[str, Any]]:
    with pytest.raises(HostError) as caught:
        port.request(method, params)
    return refusal(caught.value)


@pytest.fixture
def port(home: Home) -> Port:
    return home.open()


@pytest.fixture
def seed(home: Home, port: Port) -> str:
    home.approver.type_secret("mnemonic", MNEMONIC)
    key_id: str = port.request("restoreSeed")["keyId"]
    return key_id


def derive(port: Port, seed: str, path: str, alg: str, **more: Any) -> dict[str, Any]:
    key: dict[str, Any] = port.request("deriveKey", {"keyId": seed, "path": path, "alg": alg, **more})
    return key


def test_a_symmetric_key_is_slip21s(port: Port, seed: str) -> None:
    """What it encrypts, the key that SLIP-0021 gives for the label decrypts."""
    from mnemonic import Mnemonic

    key = derive(port, seed, SLIP21_PATH, "A256GCM")
    made = port.request("encrypt", {"keyId": key["keyId"], "alg": "A256GCM", "plaintext": b64(b"note"), "aad": b64(b"about")})
    secret = slip21.derive(Mnemonic.to_seed(MNEMONIC), (b"SLIP-0021", b"Backup of notes"))
    assert b"note" == AESGCM(secret).decrypt(unb64(made["iv"]), unb64(made["ciphertext"]) + unb64(made["tag"]), b"about")


def test_the_same_label_does_nothing_else(port: Port, seed: str) -> None:
    """The bytes are the same for every algorithm, so only one use of a label is given."""
    derive(port, seed, SLIP21_PATH, "A256GCM")
    assert (5004, {"reason": "usage_not_allowed"}) == refused(port, "deriveKey", keyId=seed, path=SLIP21_PATH, alg="HS256")
    assert (5011, {"reason": "duplicate"}) == refused(port, "deriveKey", keyId=seed, path=SLIP21_PATH, alg="A256GCM")


@pytest.mark.parametrize("path", ["m", "m/", "m/a//b", "n/a", "m/ a", "m/a\tb", "m/ü", "m/" + "/".join("a" * 17)])
def test_what_is_no_path_of_labels(port: Port, seed: str, path: str) -> None:
    """Is refused by its member."""
    assert (-32602, {"reason": "invalid_params", "path": "path"}) == refused(port, "deriveKey", keyId=seed, path=path, alg="A256GCM")


def test_a_seed_from_a_seed(home: Home, port: Port, seed: str) -> None:
    """Its keys are those of the words that BIP85 gives: another wallet that is told the words has the same address."""
    from embit import bip39, bip85
    from embit.bip32 import HDKey
    from eth_account import Account

    child = derive(port, seed, BIP85_PATH, "BIP39")
    words = bip85.derive_mnemonic(HDKey.from_seed(bip39.mnemonic_to_seed(MNEMONIC)), 12, 0)
    Account.enable_unaudited_hdwallet_features()
    account = derive(port, child["keyId"], "m/44'/60'/0'/0/0", "ES256K")
    assert Account.from_mnemonic(words).address == account["address"]
    assert ("derived", "active", BIP85_PATH) == (child["provenance"], child["state"], child["derivedFrom"]["path"])


def test_it_ends_with_the_seed_that_it_comes_from(port: Port, seed: str) -> None:
    """Disabled with it, enabled with it, destroyed with it and with all its own keys."""
    child = derive(port, seed, BIP85_PATH, "BIP39")
    account = derive(port, child["keyId"], "m/44'/60'/0'/0/0", "ES256K")
    port.request("updateKey", {"keyId": seed, "state": "disabled"})
    for method, params in (
        ("deriveKey", {"keyId": child["keyId"], "path": "m/44'/60'/0'/0/1", "alg": "ES256K"}),
        ("signMessage", {"keyId": account["keyId"], "format": "eip191", "message": b64(b"hi")}),
    ):
        assert (5003, {"reason": "key_state"}) == refused(port, method, **params)
    port.request("updateKey", {"keyId": seed, "state": "active"})
    port.request("signMessage", {"keyId": account["keyId"], "format": "eip191", "message": b64(b"hi")})
    port.request("destroyKey", {"keyId": seed})
    assert [] == port.request("listKeys")["keys"]


@pytest.mark.parametrize(
    "path",
    [
        "m",
        "m/83696968'/39'/0'/12'",
        "m/83696968'/39'/0'/13'/0'",
        "m/83696968'/39'/99'/12'/0'",
        "m/83696968'/32'/0'/12'/0'",
        "m/83696968/39'/0'/12'/0'",
    ],
)
def test_what_is_no_path_of_words(port: Port, seed: str, path: str) -> None:
    """Another application, number or language, or an index that is not hardened."""
    assert (-32602, {"reason": "invalid_params", "path": "path"}) == refused(port, "deriveKey", keyId=seed, path=path, alg="BIP39")
