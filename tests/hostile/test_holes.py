"""Ways around what keys may do, how long and how often: each was open once."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from jwcrypto.jwk import JWK

from native_host.testing.port import HostError, Port
from tests.homes import Home, b64, frame, refusal, seal_for_import, until


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    home = Home(tmp_path)
    home.attach()
    home.set_up()
    yield home
    home.quit()


@pytest.fixture
def port(home: Home) -> Port:
    return home.open()


def refused(port: Port, method: str, **params: Any) -> tuple[int, dict[str, Any]]:
    with pytest.raises(HostError) as caught:
        port.request(method, params)
    return refusal(caught.value)


def generate(port: Port, alg: str, **members: Any) -> str:
    key_id: str = port.request("generateKey", {"alg": alg, **members})["keyId"]
    return key_id


def test_a_key_that_takes_long_holds_nobody_up(home: Home, port: Port) -> None:
    """An RSA key is made outside the transaction of the read that asked for it: what came with it is answered first, and so is
    another host on the same store."""
    other = home.open()
    calls = [("quick", "generateKey", {"alg": "Ed25519"}), ("slow", "generateKey", {"alg": "RS256", "modulusLength": 4096})]
    bodies = [{"jsonrpc": "2.0", "id": name, "method": method, "params": params} for name, method, params in calls]
    port.post_bytes(b"".join(frame(json.dumps(body).encode()) for body in bodies))
    port.reply_to("quick")
    assert "active" == other.request("generateKey", {"alg": "Ed25519"})["state"]
    assert "slow" not in {message.get("id") for message in port.messages}
    assert "active" == port.reply_to("slow")["result"]["state"]
    assert 3 == len(port.request("listKeys")["keys"])
    rotated = port.request("rotateKey", {"keyId": generate(port, "RSA-OAEP", modulusLength=2048)})
    assert 2 == rotated["version"]


def soon(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


def seed_of(home: Home, port: Port) -> str:
    home.approver.type_secret("mnemonic", "abandon " * 11 + "about")
    key_id: str = port.request("restoreSeed")["keyId"]
    return key_id


def derive(port: Port, seed: str, alg: str = "ES256K", **members: Any) -> dict[str, Any]:
    key: dict[str, Any] = port.request("deriveKey", {"keyId": seed, "path": "m/44'/60'/0'/0/0", "alg": alg, **members})
    return key


def sign_message(port: Port, key: dict[str, Any]) -> Any:
    return port.request("signMessage", {"keyId": key["keyId"], "format": "eip191", "message": b64(b"hello")})


def state_refusal(port: Port, key: dict[str, Any]) -> int:
    return refused(port, "signMessage", keyId=key["keyId"], format="eip191", message=b64(b"hello"))[0]


def test_uses_are_counted_at_the_place(home: Home, port: Port) -> None:
    """Another name of a derived key, or the same key derived again, has no uses more."""
    seed = seed_of(home, port)
    first, other = derive(port, seed, maxUses=2), derive(port, seed, "ES256K-R")
    assert 5004 == refused(port, "deriveKey", keyId=seed, path="m/44'/60'/0'/0/0", alg="BIP340", maxUses=1)[0]
    assert [2, 2] == [key["usesLeft"] for key in port.request("listKeys")["keys"] if "derivedFrom" in key]
    sign_message(port, first)
    sign_message(port, first)
    assert 5003 == state_refusal(port, first)
    assert 5003 == state_refusal(port, other)
    port.request("destroyKey", {"keyId": first["keyId"]})
    again = derive(port, seed, maxUses=100)
    assert 0 == again["usesLeft"]
    assert 5003 == state_refusal(port, again)


def test_an_end_belongs_to_the_place(home: Home, port: Port) -> None:
    """The end of a derived key is the end of every key at its path, made before or after."""
    seed = seed_of(home, port)
    before = derive(port, seed, "ES256K-R")
    first = derive(port, seed)
    port.request("updateKey", {"keyId": first["keyId"], "expiresAt": soon(1)})
    time.sleep(1.1)
    after = derive(port, seed, "BIP340", expiresAt=soon(1000))
    assert {"expired"} == {key["state"] for key in port.request("listKeys")["keys"] if "derivedFrom" in key}
    assert [5003] * 2 == [state_refusal(port, key) for key in (first, before)]
    assert "expired" == after["state"]


def test_a_disabled_key_is_not_derived_anew(home: Home, port: Port) -> None:
    """Enabling a disabled key is the person's: deriving it under another name gives a disabled one, until the person has enabled it."""
    seed = seed_of(home, port)
    first = derive(port, seed)
    port.request("updateKey", {"keyId": first["keyId"], "state": "disabled"})
    other = derive(port, seed, "ES256K-R")
    assert ("disabled", 5003) == (other["state"], state_refusal(port, other))
    home.approver.deny(kind="review", method="updateKey")
    assert 4001 == refused(port, "updateKey", keyId=other["keyId"], state="active")[0]


def test_keys_end_with_their_seed(home: Home, port: Port) -> None:
    """A seed can have an end, also one from words or by BIP85; what is derived from it ends then. It has no number of uses."""
    assert (-32602, "maxUses") == invalid(port, "generateKey", alg="BIP39", maxUses=1)
    seed = port.request("generateKey", {"alg": "BIP39", "expiresAt": soon(2)})
    assert (-32602, "maxUses") == invalid(port, "updateKey", keyId=seed["keyId"], maxUses=1)
    child = port.request("deriveKey", {"keyId": seed["keyId"], "path": "m/83696968'/39'/0'/12'/0'", "alg": "BIP39"})
    keys = [derive(port, parent["keyId"]) for parent in (seed, child)]
    for key in keys:
        sign_message(port, key)
    time.sleep(2.1)
    assert [5003] * 2 == [state_refusal(port, key) for key in keys]
    assert 5003 == refused(port, "deriveKey", keyId=child["keyId"], path="m/0", alg="ES256K")[0]


@pytest.mark.parametrize("end", ["9999-12-31T23:59:59-14:00", "9999-12-31T23:59:59.999999-00:01"])
def test_an_end_that_cannot_be_written(port: Port, end: str) -> None:
    """A time past the year 9999 is refused: a key with it could never be listed again, nor any other of the wallet."""
    assert (-32602, "expiresAt") == invalid(port, "generateKey", alg="Ed25519", expiresAt=end)
    assert [] == port.request("listKeys")["keys"]


def invalid(port: Port, method: str, **params: Any) -> tuple[int, str]:
    code, data = refused(port, method, **params)
    return code, data["path"]


def test_what_does_not_decrypt_counts(port: Port) -> None:
    """Whoever may decrypt twice may not ask a hundred times which ciphertexts are refused."""
    cipher, wrapping = (generate(port, alg, maxUses=2) for alg in ("A128CBC", "A128KW"))
    guess = {"keyId": cipher, "alg": "A128CBC", "ciphertext": b64(bytes(15)), "iv": b64(bytes(16))}
    wrapped = {"keyId": wrapping, "alg": "A128KW", "targetAlg": "Ed25519", "wrappedKey": b64(bytes(32))}
    for method, params in (("decrypt", guess), ("unwrapKey", wrapped)):
        assert [5012, 5012, 5003] == [refused(port, method, **params)[0] for _ in range(3)]


def test_a_key_that_ends_does_not_leave(port: Port) -> None:
    """Wrapped, destroyed and unwrapped it would have no end."""
    wrapping = generate(port, "A256KW")
    for bound in ({"maxUses": 1}, {"expiresAt": soon(1000)}):
        target = generate(port, "Ed25519", **bound)
        assert 5004 == refused(port, "wrapKey", keyId=wrapping, targetKeyId=target, alg="A256KW")[0]


def test_the_key_that_was_shown_is_the_one_that_leaves(home: Home, port: Port) -> None:
    """A target that was renamed or rotated while the person read about it is not wrapped."""
    wrapping, target = generate(port, "A256KW"), generate(port, "ES256", label="of no worth")
    for change, params in (("updateKey", {"label": "all my money"}), ("rotateKey", {})):
        gate = home.approver.hold(kind="review", method="wrapKey")
        asked = len(home.approver.asked)
        waiting = port.begin("wrapKey", {"keyId": wrapping, "targetKeyId": target, "alg": "A256KW"})
        until(lambda count=asked: len(home.approver.asked) > count, what="the review")
        port.request(change, {"keyId": target, **params})
        gate.release()
        with pytest.raises(HostError) as caught:
            waiting.result()
        assert 5003 == caught.value.code


def test_what_is_derived_only_is_not_unwrapped(home: Home, port: Port) -> None:
    """An algorithm whose keys cannot come in does not come in wrapped either; nobody is asked."""
    wrapping, asked = generate(port, "A256KW"), len(home.approver.asked)
    params = {"keyId": wrapping, "wrappedKey": b64(bytes(32)), "alg": "A256KW", "targetAlg": "Ed25519-BIP32"}
    assert (-32602, "targetAlg") == invalid(port, "unwrapKey", **params)
    assert asked == len(home.approver.asked)


def test_a_senders_key_that_is_none_is_refused_at_once(home: Home, port: Port) -> None:
    """Nobody is asked about a decryption that cannot be."""
    key, asked = generate(port, "HPKE-3"), len(home.approver.asked)
    sender = {"kty": "OKP", "crv": "X25519", "x": b64(bytes(31))}
    params = {"keyId": key, "alg": "HPKE-3", "ciphertext": b64(bytes(64)), "senderPublicKeyJwk": sender}
    assert (-32602, "senderPublicKeyJwk") == invalid(port, "decrypt", **params)
    assert asked == len(home.approver.asked)


def test_only_the_person_ends_a_key(home: Home, port: Port) -> None:
    """Giving a key an end, or an account another key, is as good as destroying it: no extension does it alone."""
    key = generate(port, "ES256K")
    home.approver.deny(kind="review")
    for method, params in (("rotateKey", {}), ("updateKey", {"maxUses": 1}), ("updateKey", {"expiresAt": soon(9)})):
        assert 4001 == refused(port, method, keyId=key, **params)[0]
    assert "1" in [fact["value"] for fact in home.approver.asked[-2]["facts"]]
    assert ["Replace an account's key for good", "Give a key an end", "Give a key an end"] == [
        ask["title"] for ask in home.approver.asked[-3:]
    ]
    assert 2 == port.request("rotateKey", {"keyId": generate(port, "A256GCM")})["version"]


def test_a_wrapping_key_goes_to_nobody_else(port: Port) -> None:
    """Under somebody else's key, that one's owner would know all that it wraps from then on, without another fingerprint."""
    offer = port.request("getImportKey")
    jwk = JWK.generate(kty="RSA", size=2048, alg="RSA-OAEP-256").export(private_key=True)
    params = {"importKeyId": offer["importKeyId"], "jwe": seal_for_import(offer, jwk.encode()), "alg": "RSA-OAEP-256"}
    theirs = port.request("importKey", {**params, "usages": ["wrapKey", "unwrapKey"]})["keyId"]
    ours, target = generate(port, "A256KW"), generate(port, "Ed25519")
    assert port.request("wrapKey", {"keyId": theirs, "targetKeyId": target, "alg": "RSA-OAEP-256"})["wrappedKey"]
    assert 5004 == refused(port, "wrapKey", keyId=theirs, targetKeyId=ours, alg="RSA-OAEP-256")[0]


def test_labels_that_look_like_indices(home: Home, port: Port) -> None:
    """A symmetric key at labels that read like the path of a seed by BIP85 takes nothing from that seed."""
    seed, path = seed_of(home, port), "m/83696968'/39'/0'/12'/0'"
    port.request("deriveKey", {"keyId": seed, "path": path, "alg": "HS256"})
    child = port.request("deriveKey", {"keyId": seed, "path": path, "alg": "BIP39"})
    assert ["deriveKey"] == child["usages"]
    assert "active" == derive(port, child["keyId"])["state"]


def test_an_answer_too_long_ends_nothing(port: Port) -> None:
    """What does not fit into a reply, as a JWE that is a third longer than its request, is refused by name, and the port goes on."""
    key = generate(port, "X25519", usages=["encrypt", "decrypt"])
    assert 5005 == refused(port, "encrypt", keyId=key, alg="ECDH-ES", plaintext=b64(bytes(700_000)))[0]
    assert 1 == len(port.request("listKeys")["keys"])


@pytest.mark.parametrize("path", ["m/44'/60'/0'/0", "m/0", "x"])
def test_no_extended_key_from_which_a_parent_follows(home: Home, port: Port, path: str) -> None:
    """Below a hardened index only: and nobody is asked about another."""
    seed, asked = seed_of(home, port), len(home.approver.asked)
    assert (-32602, "path") == invalid(port, "getExtendedPublicKey", keyId=seed, path=path)
    assert asked == len(home.approver.asked)
