"""A key's life: its last day, its number of uses, what updateKey may take away, and what stays of the versions it had."""

from __future__ import annotations

import json
import sqlite3
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from native_host.testing.port import Port
from tests.homes import OTHER_ADDON, Home, b64, unb64
from tests.host.calls import FAILED, NOT_ALLOWED, STATE, generate, import_jwk, invalid, refused, restore, unsupported
from tests.independent import key_wrap, private_jwk, verifies

DATA = b64(b"data")
ABANDON = "abandon " * 11 + "about"
HOUR = 3600
LATER = """
import native_host.opening as opening
seconds = opening.time
opening.time = lambda: seconds() + {offset}
from native_host.__main__ import main
main()
"""
"""The host as it will be after some time."""


def later(home: Home, offset: int, addon: str | None = None) -> Port:
    command = [sys.executable, "-c", LATER.format(offset=offset)]
    return home.open(addon, command=command) if addon else home.open(command=command)


def at(offset: int) -> str:
    return (datetime.now(UTC) + timedelta(seconds=offset)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@pytest.fixture
def port(home: Home) -> Port:
    return home.open()


def uses_of(port: Port, key_id: str) -> dict[str, Any]:
    (info,) = [key for key in port.request("listKeys")["keys"] if key["keyId"] == key_id]
    return {name: info[name] for name in ("state", "usesLeft", "expiresAt", "version") if name in info}


# --- its last day


def test_a_key_ends(home: Home, port: Port) -> None:
    """At the time that it was given: it then does nothing by any way, and is called expired; what it signed stays valid."""
    end = at(HOUR)
    key = generate(port, "Ed25519", expiresAt=end)
    assert (end, "active") == (key["expiresAt"], key["state"])
    signature = port.request("sign", {"keyId": key["keyId"], "data": DATA})["signature"]
    future = later(home, HOUR + 60)
    assert STATE == refused(future, "sign", keyId=key["keyId"], data=DATA)
    assert STATE == refused(future, "signJws", keyId=key["keyId"], payload=DATA)
    assert STATE == refused(future, "rotateKey", keyId=key["keyId"])
    assert {"state": "expired", "expiresAt": end, "version": 1} == uses_of(future, key["keyId"])
    checked = {"keyId": key["keyId"], "alg": "Ed25519", "data": DATA, "signature": signature}
    assert {"valid": True} == future.request("verify", checked)
    assert invalid("expiresAt") == refused(future, "updateKey", keyId=key["keyId"], expiresAt=at(9 * HOUR))
    assert "Ed25519" == port.request("sign", {"keyId": key["keyId"], "data": DATA})["alg"]
    assert {} == future.request("destroyKey", {"keyId": key["keyId"]})


@pytest.mark.parametrize("alg", ["A256GCM", "X25519", "ML-KEM-768", "A256KW", "RSA-OAEP-256", "HS256"])
def test_whatever_its_kind(home: Home, port: Port, alg: str) -> None:
    """No method uses a key after its end, not even what needs nobody's approval."""
    key = generate(port, alg, expiresAt=at(HOUR))
    jwk = key.get("publicKeyJwk", {})
    calls: dict[str, dict[str, Any]] = {
        "A256GCM": {"encrypt": {"alg": alg, "plaintext": ""}, "decrypt": {"alg": alg, "ciphertext": ""}},
        "X25519": {"deriveSecret": {"publicKeyJwk": jwk}},
        "ML-KEM-768": {"encapsulate": {"alg": alg}, "decapsulate": {"ciphertext": ""}},
        "A256KW": {
            "wrapKey": {"alg": alg, "targetKeyId": key["keyId"]},
            "unwrapKey": {"alg": alg, "wrappedKey": "", "targetAlg": "ES256"},
        },
        "RSA-OAEP-256": {"encrypt": {"alg": alg, "plaintext": ""}, "decrypt": {"alg": alg, "ciphertext": ""}},
        "HS256": {"sign": {"data": ""}, "verify": {"alg": alg, "data": "", "signature": ""}, "signJws": {"payload": ""}},
    }
    future = later(home, 2 * HOUR)
    asked = len(home.approver.asked)
    for method, params in calls[alg].items():
        assert STATE == refused(future, method, keyId=key["keyId"], **params)
    assert asked == len(home.approver.asked)


def test_a_key_that_ended_is_not_wrapped(home: Home, port: Port) -> None:
    """It would come back without its end."""
    wrapping, key = generate(port, "A256KW")["keyId"], generate(port, "ES256", expiresAt=at(HOUR))["keyId"]
    assert STATE == refused(later(home, 2 * HOUR), "wrapKey", keyId=wrapping, targetKeyId=key, alg="A256KW")


def test_a_seeds_end_is_that_of_its_keys(home: Home, port: Port) -> None:
    """What is derived from it does nothing more, whatever end it has itself."""
    seed = port.request("generateKey", {"alg": "BIP39"})["keyId"]
    account = port.request("deriveKey", {"keyId": seed, "path": "m/44'/60'/0'/0/0", "alg": "ES256K"})["keyId"]
    port.request("updateKey", {"keyId": seed, "expiresAt": at(HOUR)})
    message = {"keyId": account, "format": "eip191", "message": DATA}
    assert port.request("signMessage", message)["signature"]
    future = later(home, 2 * HOUR)
    assert STATE == refused(future, "signMessage", **message)
    assert STATE == refused(future, "deriveKey", keyId=seed, path="m/0", alg="ES256K")


def test_an_imported_and_a_derived_key_end_too(home: Home, port: Port) -> None:
    """The end is given where the key comes from."""
    seed = restore(home, port, ABANDON)
    derived = {"keyId": seed, "path": "m/44'/60'/0'/0/0", "alg": "ES256K", "expiresAt": at(HOUR)}
    keys = [import_jwk(port, private_jwk("ES256"), "ES256", expiresAt=at(HOUR)), port.request("deriveKey", derived)]
    future = later(home, 2 * HOUR)
    assert ["expired"] * 2 == [uses_of(future, key["keyId"])["state"] for key in keys]
    for key in keys:
        assert STATE == refused(future, "signJws", keyId=key["keyId"], payload=DATA)


def test_an_end_only_comes_earlier(port: Port) -> None:
    """And is a time to come, with its offset from UTC."""
    key = generate(port, "Ed25519", expiresAt=at(2 * HOUR))["keyId"]
    for wrong in (at(3 * HOUR), at(-60), "2099-01-01T00:00:00", "2099-01-01 00:00:00+00:00", "tomorrow, at noon or so"):
        assert invalid("expiresAt") == refused(port, "updateKey", keyId=key, expiresAt=wrong)
    end = at(HOUR)
    assert end == port.request("updateKey", {"keyId": key, "expiresAt": end})["expiresAt"]
    assert invalid("expiresAt") == refused(port, "generateKey", alg="Ed25519", expiresAt=at(-60))
    # Any offset is read, and written as UTC.
    assert "2099-01-01T00:00:00.000Z" == generate(port, "Ed25519", expiresAt="2099-01-01T02:00:00+02:00")["expiresAt"]


# --- how often


def test_uses_are_counted(port: Port) -> None:
    """By every method that uses the private key, and by no other; a refusal is no use."""
    key = generate(port, "Ed25519", maxUses=3)
    assert 3 == key["usesLeft"]
    signature = port.request("sign", {"keyId": key["keyId"], "data": DATA})["signature"]
    assert STATE != refused(port, "sign", keyId=key["keyId"], digest=DATA)
    checked = {"keyId": key["keyId"], "alg": "Ed25519", "data": DATA, "signature": signature}
    assert {"valid": True} == port.request("verify", checked)
    port.request("getPublicKey", {"keyId": key["keyId"]})
    assert 2 == uses_of(port, key["keyId"])["usesLeft"]
    port.request("signJws", {"keyId": key["keyId"], "payload": DATA})
    port.request("sign", {"keyId": key["keyId"], "data": DATA})
    assert {"state": "active", "usesLeft": 0, "version": 1} == uses_of(port, key["keyId"])
    assert STATE == refused(port, "sign", keyId=key["keyId"], data=DATA)
    assert {"valid": True} == port.request("verify", checked)


COUNTED: dict[str, tuple[str, str]] = {
    "decrypt": ("A256GCM", "decrypt"),
    "unwrapKey": ("A256KW", "unwrap"),
    "wrapKey": ("A256KW", "wrap"),
    "deriveSecret": ("ECDH-P256", "agree"),
    "decapsulate": ("ML-KEM-768", "decapsulate"),
    "encrypt as a sender": ("HPKE-0", "send"),
}


@pytest.mark.parametrize(("alg", "what"), COUNTED.values(), ids=COUNTED)
def test_every_use_counts(port: Port, alg: str, what: str) -> None:
    """Once for each, and the last is the last."""
    key_id = generate(port, alg, maxUses=1)["keyId"]
    other = generate(port, "ECDH-P256" if what == "agree" else "ES256")
    match what:
        case "decrypt":
            sealed = port.request("encrypt", {"keyId": key_id, "alg": alg, "plaintext": DATA})
            sealed.pop("version")
            call = ("decrypt", {"alg": alg, **sealed})
        case "wrap":
            call = ("wrapKey", {"targetKeyId": other["keyId"], "alg": alg})
        case "unwrap":
            kek, jwk = private_jwk(alg), json.dumps({**private_jwk("ES384"), "alg": "ES384", "key_ops": ["sign"]}).encode()
            key_id = import_jwk(port, kek, alg, maxUses=1)["keyId"]
            wrapped = key_wrap(unb64(kek["k"]), len(jwk)).seal(jwk)
            call = ("unwrapKey", {"wrappedKey": b64(wrapped), "alg": alg, "targetAlg": "ES384"})
        case "agree":
            call = ("deriveSecret", {"publicKeyJwk": other["publicKeyJwk"]})
        case "decapsulate":
            call = ("decapsulate", {"ciphertext": port.request("encapsulate", {"keyId": key_id, "alg": alg})["ciphertext"]})
        case _:
            receiver = generate(port, alg)["publicKeyJwk"]
            call = ("encrypt", {"publicKeyJwk": receiver, "alg": alg, "plaintext": DATA})
    name = "senderKeyId" if what == "send" else "keyId"
    assert 1 == uses_of(port, key_id)["usesLeft"]
    port.request(call[0], {name: key_id, **call[1]})
    assert 0 == uses_of(port, key_id)["usesLeft"]
    assert STATE == refused(port, call[0], **{name: key_id, **call[1]})


def test_what_does_not_decrypt_is_a_use_too(port: Port) -> None:
    """Whoever may try so many times has tried."""
    for alg, method, params in (
        ("A256GCM", "decrypt", {"alg": "A256GCM", "ciphertext": ""}),
        ("ML-KEM-768", "decapsulate", {"ciphertext": ""}),
        ("A256KW", "unwrapKey", {"wrappedKey": b64(bytes(24)), "alg": "A256KW", "targetAlg": "ES256"}),
    ):
        key = generate(port, alg, maxUses=2)["keyId"]
        for left in (1, 0):
            assert FAILED == refused(port, method, keyId=key, **params)
            assert left == uses_of(port, key)["usesLeft"]
        assert STATE == refused(port, method, keyId=key, **params)


def test_uses_are_counted_across_hosts_and_locks(home: Home) -> None:
    """Two browsers have one number between them, and a lock gives none back."""
    home.attach(OTHER_ADDON)
    one, other = home.open(), home.open(OTHER_ADDON)
    key = generate(one, "Ed25519", maxUses=4)["keyId"]
    for port in (one, other, one):
        port.request("sign", {"keyId": key, "data": DATA})
    assert [1, 1] == [uses_of(port, key)["usesLeft"] for port in (one, other)]
    one.request("lock")
    one.request("unlock")
    assert 1 == uses_of(one, key)["usesLeft"]
    one.request("sign", {"keyId": key, "data": DATA})
    home.quit()
    again = home.open()
    assert 0 == uses_of(again, key)["usesLeft"]
    assert STATE == refused(again, "sign", keyId=key, data=DATA)


def test_many_at_once_are_no_more(home: Home) -> None:
    """Calls that wait for the person together do not all get the last use."""
    port = home.open()
    key = generate(port, "Ed25519", maxUses=3)["keyId"]
    calls = [port.begin("sign", {"keyId": key, "data": DATA}) for _ in range(8)]
    done = 0
    for call in calls:
        reply = port.reply_to(call.id)
        done += "result" in reply
        assert "result" in reply or "key_state" == reply["error"]["data"]["reason"]
    assert 3 == done


def test_a_place_has_its_uses_once(home: Home, port: Port) -> None:
    """Another name of the same place under a seed, or the place derived again, has no uses more."""
    seed = restore(home, port, ABANDON)
    derived = {"keyId": seed, "path": "m/44'/60'/0'/0/0", "alg": "ES256K", "maxUses": 1}
    key = port.request("deriveKey", derived)["keyId"]
    message = {"format": "eip191", "message": DATA}
    port.request("signMessage", {"keyId": key, **message})
    port.request("destroyKey", {"keyId": key})
    for again in ({}, {"scheme": "SLIP10"}):
        key = port.request("deriveKey", {**derived, **again})["keyId"]
        assert STATE == refused(port, "signMessage", keyId=key, **message)
        port.request("destroyKey", {"keyId": key})


# --- only less


def test_updating_only_takes_away(port: Port) -> None:
    """Usages and uses become fewer, never more."""
    key = generate(port, "ES256", maxUses=5)["keyId"]
    assert NOT_ALLOWED == refused(port, "updateKey", keyId=key, usages=["sign", "decrypt"])
    assert ["sign", "verify"] == port.request("updateKey", {"keyId": key, "usages": ["verify", "sign"]})["usages"]
    assert NOT_ALLOWED == refused(port, "updateKey", keyId=key, usages=["sign", "jws"])
    assert invalid("maxUses") == refused(port, "updateKey", keyId=key, maxUses=6)
    port.request("sign", {"keyId": key, "data": DATA})
    assert 1 == port.request("updateKey", {"keyId": key, "maxUses": 2})["usesLeft"]
    assert 0 == port.request("updateKey", {"keyId": key, "maxUses": 1})["usesLeft"]
    assert invalid("maxUses") == refused(port, "updateKey", keyId=key, maxUses=2)
    assert NOT_ALLOWED == refused(port, "signJws", keyId=key, payload=DATA) or STATE == refused(port, "signJws", keyId=key, payload=DATA)


# --- its versions

CIPHERS = ["A256GCM", "XC20P", "RSA-OAEP-256", "HPKE-4", "HPKE-9"]


def test_old_signatures_stay_valid(port: Port) -> None:
    """By the key's id and by the public key that was; the version says which, and a wrong one is named."""
    key = generate(port, "ES256", label="signs", usages=["sign", "verify"])
    key_id, versions = key["keyId"], [key]
    signatures = [port.request("sign", {"keyId": key_id, "data": DATA})["signature"]]
    for _ in range(2):
        versions.append(port.request("rotateKey", {"keyId": key_id}))
        signatures.append(port.request("sign", {"keyId": key_id, "data": DATA})["signature"])
    assert [1, 2, 3] == [version["version"] for version in versions]
    assert 3 == len({version["publicKeyJwk"]["x"] for version in versions})
    kept = ("keyId", "alg", "label", "usages", "createdAt", "state")
    assert 1 == len({str([version[name] for name in kept]) for version in versions})
    for number, (version, signature) in enumerate(zip(versions, signatures, strict=True), start=1):
        checked = {"alg": "ES256", "data": DATA, "signature": signature}
        assert {"valid": True} == port.request("verify", {**checked, "keyId": key_id})
        assert {"valid": True} == port.request("verify", {**checked, "publicKeyJwk": version["publicKeyJwk"]})
        assert [number == asked for asked in (1, 2, 3)] == [
            port.request("verify", {**checked, "keyId": key_id, "version": asked})["valid"] for asked in (1, 2, 3)
        ]
        assert verifies("ES256", version["publicKeyJwk"], unb64(DATA), unb64(signature))
    for wrong in (4, 2**31 - 1):
        assert invalid("version") == refused(port, "verify", keyId=key_id, version=wrong, alg="ES256", data=DATA, signature="")
    assert 1 == len(port.request("listKeys")["keys"])


@pytest.mark.parametrize("alg", CIPHERS)
def test_old_ciphertexts_are_decrypted(port: Port, alg: str) -> None:
    """By whichever version made them, without being told; told another, not. New ones are the new key's."""
    key = generate(port, alg)["keyId"]
    sealed = [port.request("encrypt", {"keyId": key, "alg": alg, "plaintext": DATA})]
    assert 2 == port.request("rotateKey", {"keyId": key})["version"]
    sealed.append(port.request("encrypt", {"keyId": key, "alg": alg, "plaintext": DATA}))
    assert [1, 2] == [one.pop("version") for one in sealed]
    for number, one in enumerate(sealed, start=1):
        named = {"keyId": key, "alg": alg, **one}
        assert [DATA] * 2 == [port.request("decrypt", {**named, **more})["plaintext"] for more in ({}, {"version": number})]
        assert FAILED == refused(port, "decrypt", **named, version=3 - number)
        assert invalid("version") == refused(port, "decrypt", **named, version=3)


def test_without_authentication_a_version_is_named(port: Port) -> None:
    """Nothing tells a wrong key from a right one: only the newest is tried, unless the call says which."""
    key = generate(port, "A128CTR")["keyId"]
    sealed = port.request("encrypt", {"keyId": key, "alg": "A128CTR", "plaintext": DATA})
    assert 1 == sealed.pop("version")
    port.request("rotateKey", {"keyId": key})
    named = {"keyId": key, "alg": "A128CTR", **sealed}
    assert DATA != port.request("decrypt", named)["plaintext"]
    assert DATA == port.request("decrypt", {**named, "version": 1})["plaintext"]


def test_old_secrets_are_agreed_and_opened(port: Port) -> None:
    """Of agreements, encapsulations, codes and wrapped keys too."""
    agreement, other = generate(port, "X25519")["keyId"], generate(port, "X25519")["publicKeyJwk"]
    agreed = port.request("deriveSecret", {"keyId": agreement, "publicKeyJwk": other})
    kem = generate(port, "ML-KEM-768")["keyId"]
    made = port.request("encapsulate", {"keyId": kem, "alg": "ML-KEM-768"})
    mac = generate(port, "HS256")["keyId"]
    code = port.request("sign", {"keyId": mac, "data": DATA})["signature"]
    wrapping, target = generate(port, "A256KW")["keyId"], generate(port, "ES256")
    wrapped = port.request("wrapKey", {"keyId": wrapping, "targetKeyId": target["keyId"], "alg": "A256KW"})["wrappedKey"]
    for key in (agreement, kem, mac, wrapping):
        port.request("rotateKey", {"keyId": key})
    given = {"keyId": agreement, "publicKeyJwk": other}
    assert agreed != port.request("deriveSecret", given)
    assert agreed == port.request("deriveSecret", {**given, "version": 1})
    opened = {"keyId": kem, "ciphertext": made["ciphertext"]}
    assert made["secret"] != port.request("decapsulate", opened)["secret"]
    assert made["secret"] == port.request("decapsulate", {**opened, "version": made["version"]})["secret"]
    assert {"valid": True} == port.request("verify", {"keyId": mac, "alg": "HS256", "data": DATA, "signature": code})
    port.request("destroyKey", {"keyId": target["keyId"]})
    unwrap = {"keyId": wrapping, "wrappedKey": wrapped, "alg": "A256KW", "targetAlg": "ES256"}
    assert FAILED == refused(port, "unwrapKey", **unwrap, version=2)
    assert target["publicKeyJwk"] == port.request("unwrapKey", unwrap)["publicKeyJwk"]
    for method, params in (("deriveSecret", given), ("decapsulate", opened), ("unwrapKey", unwrap)):
        assert invalid("version") == refused(port, method, **params, version=3)


def test_rotating_an_imported_key_makes_it_the_hosts(port: Port) -> None:
    """Its new secret is nobody else's; what its old one signed is still its own."""
    key = import_jwk(port, private_jwk("PS256"), "PS256")
    signature = port.request("sign", {"keyId": key["keyId"], "data": DATA})["signature"]
    assert "imported" == key["provenance"]
    rotated = port.request("rotateKey", {"keyId": key["keyId"]})
    assert ("generated", 2) == (rotated["provenance"], rotated["version"])
    assert len(key["publicKeyJwk"]["n"]) == len(rotated["publicKeyJwk"]["n"])
    assert key["publicKeyJwk"]["n"] != rotated["publicKeyJwk"]["n"]
    checked = {"keyId": key["keyId"], "alg": "PS256", "data": DATA, "signature": signature}
    assert {"valid": True} == port.request("verify", checked)


def test_rotating_gives_no_uses_and_no_time_back(home: Home, port: Port) -> None:
    """A new version has the old one's end, and its uses go on."""
    end = at(HOUR)
    key = generate(port, "Ed25519", maxUses=2, expiresAt=end)["keyId"]
    port.request("sign", {"keyId": key, "data": DATA})
    rotated = port.request("rotateKey", {"keyId": key})
    assert (1, end) == (rotated["usesLeft"], rotated["expiresAt"])
    port.request("sign", {"keyId": key, "data": DATA})
    assert STATE == refused(port, "sign", keyId=key, data=DATA)
    assert STATE == refused(port, "rotateKey", keyId=key)


def test_seeds_are_not_rotated(home: Home, port: Port) -> None:
    """Nor what comes from them: another path is another key. Nobody is asked about what cannot be."""
    seed = restore(home, port, ABANDON)
    account = port.request("deriveKey", {"keyId": seed, "path": "m/0", "alg": "ES256K"})["keyId"]
    asked = len(home.approver.asked)
    assert [unsupported("rotateKey")] * 2 == [refused(port, "rotateKey", keyId=key) for key in (seed, account)]
    assert asked == len(home.approver.asked)


def test_destroying_takes_every_version(home: Home, port: Port) -> None:
    """Nothing of it decrypts or verifies any more, and no record keeps its secret."""
    key = generate(port, "A256GCM")["keyId"]
    sealed = port.request("encrypt", {"keyId": key, "alg": "A256GCM", "plaintext": DATA})
    sealed.pop("version")
    for _ in range(2):
        port.request("rotateKey", {"keyId": key})
    assert 3 == secrets_in(home)
    port.request("destroyKey", {"keyId": key})
    for more in ({}, {"version": 1}):
        assert STATE == refused(port, "decrypt", keyId=key, alg="A256GCM", **sealed, **more)
    assert 0 == secrets_in(home)


def secrets_in(home: Home) -> int:
    """How many records hold a secret."""
    with closing(sqlite3.connect(home.database)) as connection:
        (count,) = connection.execute("SELECT count(*) FROM records WHERE secret IS NOT NULL").fetchone()
    return int(count)


# --- disabled

DISABLED: dict[str, tuple[str, dict[str, Any]]] = {
    "sign": ("Ed25519", {"data": DATA}),
    "signJws": ("Ed25519", {"payload": DATA}),
    "rotateKey": ("Ed25519", {}),
    "encrypt": ("A256GCM", {"alg": "A256GCM", "plaintext": DATA}),
    "decrypt": ("A256GCM", {"alg": "A256GCM", "ciphertext": DATA}),
    "encapsulate": ("ML-KEM-768", {"alg": "ML-KEM-768"}),
    "decapsulate": ("ML-KEM-768", {"ciphertext": DATA}),
    "wrapKey": ("A256KW", {"alg": "A256KW", "targetKeyId": "$self"}),
    "unwrapKey": ("A256KW", {"alg": "A256KW", "wrappedKey": DATA, "targetAlg": "ES256"}),
    "deriveSecret": ("X25519", {"publicKeyJwk": {"kty": "OKP", "crv": "X25519", "x": b64(bytes(31) + b"\x09")}}),
}


@pytest.mark.parametrize("method", DISABLED)
def test_a_disabled_key_does_nothing(home: Home, port: Port, method: str) -> None:
    """Whatever it is for, until the person enables it; nobody is asked about using it."""
    alg, params = DISABLED[method]
    key = generate(port, alg)["keyId"]
    given = {name: key if value == "$self" else value for name, value in params.items()}
    port.request("updateKey", {"keyId": key, "state": "disabled"})
    asked = len(home.approver.asked)
    assert STATE == refused(port, method, keyId=key, **given)
    assert asked == len(home.approver.asked)
    port.request("updateKey", {"keyId": key, "state": "active"})
    assert ["updateKey"] == [ask["method"] for ask in home.approver.asked[asked:]]


def test_a_disabled_key_is_not_wrapped(port: Port) -> None:
    """It would come back enabled."""
    wrapping, key = generate(port, "A256KW")["keyId"], generate(port, "ES256")["keyId"]
    port.request("updateKey", {"keyId": key, "state": "disabled"})
    assert STATE == refused(port, "wrapKey", keyId=wrapping, targetKeyId=key, alg="A256KW")


def test_a_disabled_sender_sends_nothing(port: Port) -> None:
    """A key that is used beside another must be active too."""
    receiver, sender = generate(port, "HPKE-3"), generate(port, "HPKE-3")["keyId"]
    port.request("updateKey", {"keyId": sender, "state": "disabled"})
    named = {"keyId": receiver["keyId"], "alg": "HPKE-3", "plaintext": DATA, "senderKeyId": sender}
    assert STATE == refused(port, "encrypt", **named)


def test_no_key_id_looks_like_an_option() -> None:
    """A command that is given one takes it for what it is."""
    from types import SimpleNamespace

    from native_host.operations.keep import new_id

    drawn = iter((b"\xf8" + bytes(15), b"\xfb" + bytes(15), b"\xfc" + bytes(15)))
    house = SimpleNamespace(random_bytes=lambda length: next(drawn))
    assert b"\xfc" + bytes(15) == new_id(house)  # type: ignore[arg-type]
