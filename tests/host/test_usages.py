"""What types cannot see: no sequence of calls makes a key do more than it may, or another wallet's key do anything."""

from __future__ import annotations

from typing import Any

import pytest
from solders.hash import Hash
from solders.keypair import Keypair
from solders.message import Message, MessageV0, to_bytes_versioned
from solders.system_program import TransferParams, transfer

from native_host.testing.port import HostError, Port
from tests.homes import OTHER_ADDON, Home, b64, refusal, unb64

MNEMONIC = "abandon " * 11 + "about"
ETHEREUM = "m/44'/60'/0'/0/0"
SOLANA = "m/44'/501'/0'/0'"
INTENTS = ["message", "typedData", "transaction", "jws"]
DATA = b64(b"data")


def refused(port: Port, method: str, **params: Any) -> tuple[int, dict[str, Any]]:
    with pytest.raises(HostError) as caught:
        port.request(method, params)
    return refusal(caught.value)


def seed_of(home: Home, port: Port) -> str:
    home.approver.type_secret("mnemonic", MNEMONIC)
    key_id: str = port.request("restoreSeed")["keyId"]
    return key_id


def derive(port: Port, seed: str, path: str = ETHEREUM, alg: str = "ES256K", **more: Any) -> dict[str, Any]:
    key: dict[str, Any] = port.request("deriveKey", {"keyId": seed, "path": path, "alg": alg, **more})
    return key


@pytest.fixture
def port(home: Home) -> Port:
    return home.open()


@pytest.fixture
def seed(home: Home, port: Port) -> str:
    return seed_of(home, port)


WIDER: dict[str, dict[str, Any]] = {
    "as it was": {},
    "by another algorithm": {"alg": "ES256K-R"},
    "by yet another": {"alg": "BIP340"},
    "by another scheme": {"scheme": "SLIP10"},
    "by another spelling": {"path": "m/44h/60h/0h/0/0"},
}


@pytest.mark.parametrize("again", WIDER.values(), ids=WIDER.keys())
def test_deriving_again_does_not_widen(port: Port, seed: str, again: dict[str, Any]) -> None:
    """A place that was derived with intents gives no raw signing later, under whatever name, even to a person who would allow it."""
    first = derive(port, seed)
    assert INTENTS == first["usages"]
    port.request("destroyKey", {"keyId": first["keyId"]})
    call = {"keyId": seed, "path": ETHEREUM, "alg": "ES256K", **again}
    assert (5004, {"reason": "usage_not_allowed"}) == refused(port, "deriveKey", **call, usages=["sign", *INTENTS])
    assert (5004, {"reason": "usage_not_allowed"}) == refused(port, "deriveKey", **call, usages=["verify"])
    assert INTENTS == port.request("deriveKey", call)["usages"]


@pytest.mark.parametrize("again", WIDER.values(), ids=WIDER.keys())
def test_narrowing_lasts(port: Port, seed: str, again: dict[str, Any]) -> None:
    """What was taken from a place by updateKey does not come back when its key is destroyed and derived again."""
    first = derive(port, seed)
    port.request("updateKey", {"keyId": first["keyId"], "usages": ["message"]})
    port.request("destroyKey", {"keyId": first["keyId"]})
    call = {"keyId": seed, "path": ETHEREUM, "alg": "ES256K", **again}
    assert (5004, {"reason": "usage_not_allowed"}) == refused(port, "deriveKey", **call, usages=["transaction"])
    assert ["message"] == port.request("deriveKey", call)["usages"]


def test_narrowing_one_name_narrows_the_others(port: Port, seed: str) -> None:
    """Two keys at one place are one key: what is taken from one cannot be done with the other."""
    one, other = derive(port, seed), derive(port, seed, alg="ES256K-R")
    port.request("updateKey", {"keyId": one["keyId"], "usages": ["transaction"]})
    assert (5004, {"reason": "usage_not_allowed"}) == refused(port, "signMessage", keyId=other["keyId"], format="eip191", message=DATA)
    assert [["transaction"]] * 2 == [key["usages"] for key in port.request("listKeys")["keys"] if "derivedFrom" in key]


def test_the_same_seed_from_elsewhere_is_the_same_seed(home: Home, port: Port, seed: str) -> None:
    """Destroyed and restored under another key id, its places are as narrow as before."""
    derive(port, seed)
    port.request("destroyKey", {"keyId": seed})
    again = port.request("restoreSeed")["keyId"]
    assert seed != again
    call = {"keyId": again, "path": ETHEREUM, "alg": "ES256K"}
    assert (5004, {"reason": "usage_not_allowed"}) == refused(port, "deriveKey", **call, usages=["sign"])
    assert INTENTS == port.request("deriveKey", call)["usages"]


def test_raw_signing_is_asked_for(home: Home, port: Port, seed: str) -> None:
    """An account that can sign anything is made only by the person, who is told what it is; intents need nobody."""
    asked = len(home.approver.asked)
    derive(port, seed, path="m/44'/60'/0'/0/1")
    assert asked == len(home.approver.asked)
    home.approver.deny(kind="review", method="deriveKey")
    assert 4001 == refused(port, "deriveKey", keyId=seed, path=ETHEREUM, alg="ES256K", usages=["sign"])[0]
    home.approver.allow(kind="review", method="deriveKey")
    key = derive(port, seed, usages=["sign"])
    assert ["sign"] == key["usages"]
    review = home.approver.asked[-1]
    assert [ETHEREUM] == [fact["value"] for fact in review["facts"] if fact["kind"] == "path"]
    assert "transactions" in review["warnings"][0]


def test_a_transactions_preimage_is_not_signed_raw(port: Port, seed: str) -> None:
    """An account key with its usual usages signs no bytes, be they data or digest: nobody is even asked."""
    account = derive(port, seed)["keyId"]
    for member in ({"data": DATA}, {"digest": b64(bytes(32))}):
        for alg in ({}, {"alg": "ES256K-R"}, {"alg": "BIP340"}):
            assert (5004, {"reason": "usage_not_allowed"}) == refused(port, "sign", keyId=account, **member, **alg)


def test_a_seed_signs_nothing(port: Port, seed: str) -> None:
    """Not by any method, and not as any algorithm."""
    assert (5004, {"reason": "usage_not_allowed"}) == refused(port, "sign", keyId=seed, data=DATA)
    assert (5004, {"reason": "usage_not_allowed"}) == refused(port, "sign", keyId=seed, data=DATA, alg="Ed25519")
    assert (5004, {"reason": "usage_not_allowed"}) == refused(port, "signMessage", keyId=seed, format="eip191", message=DATA)


def solana_transactions() -> dict[str, bytes]:
    payer = Keypair.from_seed(bytes(range(32)))
    instruction = transfer(TransferParams(from_pubkey=payer.pubkey(), to_pubkey=Keypair.from_seed(bytes(32)).pubkey(), lamports=1))
    legacy = Message.new_with_blockhash([instruction], payer.pubkey(), Hash.default())
    versioned = MessageV0.try_compile(payer.pubkey(), [instruction], [], Hash.default())
    return {"legacy": bytes(legacy), "version 0": to_bytes_versioned(versioned)}


@pytest.mark.parametrize("kind", ["legacy", "version 0"])
def test_a_solana_transaction_is_no_message(home: Home, port: Port, seed: str, kind: str) -> None:
    """Its signature would be a signature of the transaction; nobody is asked."""
    account = derive(port, seed, SOLANA, "Ed25519")["keyId"]
    asked = len(home.approver.asked)
    message = b64(solana_transactions()[kind])
    expected = (-32602, {"reason": "invalid_params", "path": "message"})
    assert expected == refused(port, "signMessage", keyId=account, format="solana", message=message)
    assert asked == len(home.approver.asked)


def test_a_key_signs_its_own_chains_messages_only(port: Port, seed: str) -> None:
    """The format must be that of the account's path."""
    accounts = {
        "eip191": derive(port, seed)["keyId"],
        "bip322": derive(port, seed, "m/84'/0'/0'/0/0")["keyId"],
        "solana": derive(port, seed, SOLANA, "Ed25519")["keyId"],
    }
    for own, account in accounts.items():
        for message_format in accounts:
            if message_format == own:
                assert port.request("signMessage", {"keyId": account, "format": message_format, "message": DATA})["signature"]
            else:
                expected = (-32602, {"reason": "invalid_params", "path": "format"})
                assert expected == refused(port, "signMessage", keyId=account, format=message_format, message=DATA)


def test_a_message_too_long_to_read_is_not_signed(port: Port, seed: str) -> None:
    """64 KiB is the most."""
    account = derive(port, seed)["keyId"]
    assert (5005, {"reason": "too_large"}) == refused(port, "signMessage", keyId=account, format="eip191", message=b64(b"a" * 65537))


OWN_KEY_CALLS: dict[str, dict[str, Any]] = {
    "sign": {"data": DATA},
    "signJws": {"payload": DATA},
    "encrypt": {"alg": "A256GCM", "plaintext": DATA},
    "decrypt": {"alg": "A256GCM", "ciphertext": DATA},
    "encapsulate": {"alg": "ML-KEM-768"},
    "decapsulate": {"ciphertext": DATA},
    "deriveSecret": {"publicKeyJwk": {"kty": "OKP", "crv": "X25519", "x": DATA}},
    "wrapKey": {"targetKeyId": DATA, "alg": "A256KW"},
    "unwrapKey": {"wrappedKey": DATA, "alg": "A256KW", "targetAlg": "ES256"},
    "getExtendedPublicKey": {"path": "m"},
    "rotateKey": {},
    "signMessage": {"format": "eip191", "message": DATA},
    "verify": {"alg": "ES256K", "data": DATA, "signature": DATA},
    "getPublicKey": {},
    "updateKey": {"label": "mine"},
    "destroyKey": {},
    "deriveKey": {"path": ETHEREUM, "alg": "ES256K"},
}


@pytest.mark.parametrize("method", OWN_KEY_CALLS)
def test_another_wallets_key_is_unknown(home: Home, method: str) -> None:
    """It is answered exactly as a key that never was, and nobody is asked; its own wallet still has it as it was."""
    home.attach(OTHER_ADDON, wallet="other")
    own, other = home.open(), home.open(OTHER_ADDON)
    key = own.request("generateKey", {"alg": "ES256K"})
    asked = len(home.approver.asked)
    never = refused(other, method, keyId=b64(bytes(16)), **OWN_KEY_CALLS[method])
    assert (5002, {"reason": "unknown_key"}) == never
    assert never == refused(other, method, keyId=key["keyId"], **OWN_KEY_CALLS[method])
    assert asked == len(home.approver.asked)
    assert [key] == own.request("listKeys")["keys"]
    assert [] == other.request("listKeys")["keys"]


def test_two_extensions_of_one_wallet_share_its_keys(home: Home) -> None:
    """In every browser the same keys."""
    home.attach(OTHER_ADDON)
    one, other = home.open(), home.open(OTHER_ADDON)
    key = one.request("generateKey", {"alg": "ES256K"})
    assert [key] == other.request("listKeys")["keys"]
    assert "ES256K" == other.request("sign", {"keyId": key["keyId"], "data": DATA})["alg"]


def test_duplicates_are_decided_within_one_wallet(home: Home) -> None:
    """One seed may be in two wallets: neither learns of the other."""
    home.attach(OTHER_ADDON, wallet="other")
    one, other = home.open(), home.open(OTHER_ADDON)
    seeds = [seed_of(home, port) for port in (one, other)]
    assert [INTENTS] * 2 == [derive(port, seed)["usages"] for port, seed in zip((one, other), seeds, strict=True)]
    for port, seed in zip((one, other), seeds, strict=True):
        assert (5011, {"reason": "duplicate"}) == refused(port, "restoreSeed")
        assert (5011, {"reason": "duplicate"}) == refused(port, "deriveKey", keyId=seed, path="m/44h/60h/0h/0/0", alg="ES256K")


def test_variants_of_a_key(port: Port) -> None:
    """A key of ES256K gives its public key, and signs, as each of its variants too; no other key does."""
    key_id = port.request("generateKey", {"alg": "ES256K"})["keyId"]
    for alg, size in (("ES256K", 33), ("ES256K-R", 33), ("BIP340", 32)):
        public = port.request("getPublicKey", {"keyId": key_id, "alg": alg})
        assert size == len(unb64(public["raw"]))
        signed = port.request("sign", {"keyId": key_id, "digest": b64(bytes(32)), "alg": alg})
        given = {"alg": alg, "digest": b64(bytes(32)), "signature": signed["signature"]}
        assert {"valid": True} == port.request("verify", {**given, "publicKeyJwk": public["publicKeyJwk"]})
        assert {"valid": True} == port.request("verify", {**given, "keyId": key_id})
    other = port.request("generateKey", {"alg": "BIP340"})["keyId"]
    for method, more in (("getPublicKey", {}), ("sign", {"digest": b64(bytes(32))})):
        expected = (-32602, {"reason": "invalid_params", "path": "alg"})
        assert expected == refused(port, method, keyId=other, alg="ES256K", **more)


UNSUPPORTED: dict[str, tuple[str, dict[str, Any], str]] = {
    "an algorithm of the protocol": ("generateKey", {"alg": "ML-KEM-512"}, "ML-KEM-512"),
    "encapsulating with it": ("encapsulate", {"keyId": "$seed", "alg": "ML-KEM-512"}, "ML-KEM-512"),
    "a seed of raw bytes": ("generateKey", {"alg": "SEED"}, "SEED"),
    "a key that is only derived": ("generateKey", {"alg": "Ed25519-BIP32"}, "Ed25519-BIP32"),
    "a key for one way of using others": ("generateKey", {"alg": "ECDH-ES"}, "ECDH-ES"),
    "a backend": ("generateKey", {"alg": "ES256K", "backend": "pkcs11"}, "pkcs11"),
    "an algorithm that never was": ("generateKey", {"alg": "ROT13"}, "ROT13"),
    "a derivation scheme": ("deriveKey", {"keyId": "$seed", "path": "m/0", "alg": "ES256K", "scheme": "EIP2333"}, "EIP2333"),
    "an algorithm that is not derived": ("deriveKey", {"keyId": "$seed", "path": "m/0'", "alg": "ES384"}, "ES384"),
    "rotating a seed": ("rotateKey", {"keyId": "$seed"}, "rotateKey"),
    "rotating what comes from one": ("rotateKey", {"keyId": "$account"}, "rotateKey"),
    "a format": ("signMessage", {"keyId": "$account", "format": "morse", "message": ""}, "morse"),
    "an import": ("importKey", {"importKeyId": "x", "jwe": "x", "alg": "ML-KEM-512"}, "ML-KEM-512"),
    "aggregating": ("aggregateSignatures", {"alg": "Ed25519", "signatures": [""]}, "Ed25519"),
    "a chain": ("signTransaction", {"keyId": "$account", "chain": "fax:1", "transaction": ""}, "fax:1"),
}


@pytest.mark.parametrize(("method", "params", "detail"), UNSUPPORTED.values(), ids=UNSUPPORTED.keys())
def test_what_is_not_here_is_named(port: Port, seed: str, method: str, params: dict[str, Any], detail: str) -> None:
    """It is unsupported, and ``data.detail`` says what."""
    names = {"$seed": seed, "$account": derive(port, seed, path="m/44'/60'/0'/0/7")["keyId"]}
    given = {name: names.get(value, value) if isinstance(value, str) else value for name, value in params.items()}
    assert (4200, {"reason": "unsupported", "detail": detail}) == refused(port, method, **given)
