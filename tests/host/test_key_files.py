"""Key files of other programs, given in the host's own window: the extension learns that a key came in, or that none did."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from eth_account import Account

from native_host.testing.port import HostError, Port
from tests.homes import Home, b64, refusal

FAILED = (5012, {"reason": "decryption_failed"})
PASSWORD = "what opens the file"
SECRET = bytes(range(1, 33))
WIF = "KwdMAjGmerYanjeui5SHS7JkmpZvVipYvB2LJGU1ZxJwYvP98617"  # Bitcoin Wiki, Wallet import format
WORDS = "legal winner thank year wave sausage worth useful legal winner thank yellow"  # BIP39, trezor vectors, 2nd of 12 words


def pem(key: Any, password: str | None = None) -> str:
    lock = BestAvailableEncryption(password.encode()) if password else NoEncryption()
    text: str = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock).decode()
    return text


def keystore(**changed: Any) -> str:
    """An Ethereum keystore, made by a library that is not the host's own code; as cheap as it lets."""
    made = Account.encrypt(SECRET, PASSWORD, kdf="pbkdf2", iterations=1000)
    return json.dumps({**made, **changed})


def refused(port: Port, **params: Any) -> tuple[int, dict[str, Any]]:
    with pytest.raises(HostError) as caught:
        port.request("importKeyFile", params)
    return refusal(caught.value)


def asked(home: Home, purpose: str) -> list[str]:
    """The hints with which something was asked for."""
    return [ask.get("hint", "") for ask in home.approver.asked if ask.get("purpose") == purpose]


@pytest.fixture
def port(home: Home) -> Port:
    return home.open()


def test_an_ethereum_keystore(home: Home, port: Port) -> None:
    """Comes in as the account that it is, and signs as it; the person was told where file and password go."""
    home.approver.type_secret("keyFile", keystore())
    home.approver.type_secret("keyFilePassword", PASSWORD)
    key = port.request("importKeyFile", {"label": "old wallet"})
    address = Account.from_key(SECRET).address
    assert ("ES256K", "imported", "active", "old wallet", address) == tuple(
        key[member] for member in ("alg", "provenance", "state", "label", "address")
    )
    assert address == port.request("signMessage", {"keyId": key["keyId"], "format": "eip191", "message": b64(b"x")})["address"]
    review = next(ask for ask in home.approver.asked if ask["kind"] == "review")
    assert "importKeyFile" == review["method"]
    assert "The extension gets neither" in review["warnings"][0]
    assert [] == review["grants"]


FILES = {
    "WIF": (WIF, {}, "ES256K"),
    "PEM of the only algorithm": (pem(Ed25519PrivateKey.from_private_bytes(SECRET)), {}, "Ed25519"),
    "PEM of one of two": (pem(generate_private_key(SECP256R1())), {"alg": "ES256"}, "ES256"),
    "the other of two": (pem(generate_private_key(SECP256R1())), {"alg": "ECDH-P256"}, "ECDH-P256"),
    "encrypted PEM": (pem(Ed25519PrivateKey.generate(), PASSWORD), {"usages": ["sign"]}, "Ed25519"),
    "a symmetric JWK": (json.dumps({"kty": "oct", "k": b64(SECRET), "alg": "HS256"}), {}, "HS256"),
    "a raw seed": (json.dumps({"kty": "oct", "k": b64(SECRET)}), {"alg": "SEED"}, "SEED"),
}


@pytest.mark.parametrize(("text", "params", "alg"), FILES.values(), ids=FILES.keys())
def test_other_forms(home: Home, port: Port, text: str, params: dict[str, Any], alg: str) -> None:
    """Each with the usages that were asked for, and once in a wallet."""
    home.approver.type_secret("keyFile", text)
    home.approver.type_secret("keyFilePassword", PASSWORD)
    key = port.request("importKeyFile", params)
    assert (alg, "imported", None) == (key["alg"], key["provenance"], key.get("address"))
    assert params.get("usages", key["usages"]) == key["usages"]
    assert (5011, {"reason": "duplicate"}) == refused(port, **params)


def test_a_wrong_password_is_asked_for_again(home: Home, port: Port) -> None:
    """And the person reads how many tries are left."""
    home.approver.type_secret("keyFile", keystore())
    home.approver.type_secret("keyFilePassword", PASSWORD)
    home.approver.type_secret("keyFilePassword", "something else", times=2)
    assert "ES256K" == port.request("importKeyFile")["alg"]
    first, second, third = asked(home, "keyFilePassword")
    assert "" == first
    assert second.endswith("2 tries left.")
    assert third.endswith("1 try left.")


def test_password_and_form_are_not_told_apart(home: Home, port: Port) -> None:
    """To the extension: three wrong passwords, a file of no form, a damaged one and recovery words have one answer."""
    home.approver.type_secret("keyFilePassword", "something else")
    answers = []
    another = keystore(address="00" * 20)
    for text in (keystore(), "rubbish", "{", WIF[:-1] + "x", WORDS, another):
        home.approver.type_secret("keyFile", text)
        with pytest.raises(HostError) as caught:
            port.request("importKeyFile")
        answers.append((refusal(caught.value), caught.value.message))
    assert {(json.dumps(FAILED[1]), "This could not be decrypted.")} == {(json.dumps(data), message) for (_, data), message in answers}
    assert [] == port.request("listKeys")["keys"]


def test_the_person_reads_what_is_wrong_with_a_file(home: Home, port: Port) -> None:
    """And may give another one."""
    home.approver.type_secret("keyFile", WIF)
    home.approver.type_secret("keyFile", WORDS, times=1)
    home.approver.type_secret("keyFile", "rubbish", times=1)
    # The rule that was added last answers first.
    assert "ES256K" == port.request("importKeyFile")["alg"]
    _, second, third = asked(home, "keyFile")
    assert "no key file" in second
    assert "recovery words" in third


def test_a_key_of_another_address(home: Home, port: Port) -> None:
    """The right password, but not the account that the file names: refused, and said."""
    home.approver.type_secret("keyFile", WIF)
    home.approver.type_secret("keyFile", keystore(address="00" * 20), times=1)
    home.approver.type_secret("keyFilePassword", PASSWORD)
    port.request("importKeyFile")
    assert "not the one of the address" in asked(home, "keyFile")[1]


@pytest.mark.parametrize("purpose", ["keyFile", "keyFilePassword"])
def test_the_person_closes_the_window(home: Home, port: Port, purpose: str) -> None:
    """Then nothing comes in."""
    home.approver.type_secret("keyFile", keystore())
    home.approver.type_secret("keyFilePassword", PASSWORD)
    home.approver.deny(kind="askSecret", purpose=purpose)
    assert (4001, {"reason": "user_rejected"}) == refused(port)
    assert [] == port.request("listKeys")["keys"]


WISHES: dict[str, tuple[dict[str, Any], tuple[int, dict[str, Any]]]] = {
    "an algorithm that is not here": ({"alg": "XYZ"}, (4200, {"reason": "unsupported", "detail": "XYZ"})),
    "one that has no files": ({"alg": "BIP39"}, (4200, {"reason": "unsupported", "detail": "BIP39"})),
    "usages that it has not": ({"alg": "Ed25519", "usages": ["decrypt"]}, (-32602, {"reason": "invalid_params", "path": "usages"})),
}


@pytest.mark.parametrize(("params", "answer"), WISHES.values(), ids=WISHES.keys())
def test_what_cannot_be(home: Home, port: Port, params: dict[str, Any], answer: tuple[int, dict[str, Any]]) -> None:
    """Is refused before the person is asked for anything."""
    assert answer == refused(port, **params)
    assert [] == [ask for ask in home.approver.asked if ask["kind"] == "review"]


def test_a_key_for_several_algorithms(home: Home, port: Port) -> None:
    """The extension is to say which it wants."""
    home.approver.type_secret("keyFile", pem(generate_private_key(SECP256R1())))
    assert (-32602, {"reason": "invalid_params", "path": "alg"}) == refused(port)


def test_usages_that_the_key_turns_out_not_to_have(home: Home, port: Port) -> None:
    """Found when the file is open, as no algorithm was named."""
    home.approver.type_secret("keyFile", WIF)
    assert (-32602, {"reason": "invalid_params", "path": "usages"}) == refused(port, usages=["decrypt"])
    assert [] == port.request("listKeys")["keys"]


def test_the_extension_is_told_that_keys_changed(home: Home, port: Port) -> None:
    """As after any other way in which a key comes in; a rotated one is changed too."""
    home.approver.type_secret("keyFile", WIF)
    key = port.request("importKeyFile")
    port.request("rotateKey", {"keyId": key["keyId"]})
    assert 2 == [event["type"] for event in port.events].count("keysChanged")
