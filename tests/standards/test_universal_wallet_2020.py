"""Universal Wallet 2020: containers of its reference implementation are read, and ours by a library for JOSE."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jwcrypto import jwa
from jwcrypto.jwe import JWE
from jwcrypto.jwk import JWK

from native_host.backups import universal_wallet, wallet_lock
from native_host.backups.refused import BackupRefused, DoesNotOpen
from native_host.secret import SecretBytes
from tests.homes import b64
from tests.vector_files import load

VECTORS = load("universal_wallet_2020")
PUBLISHED, EXPORTED = VECTORS["published"], VECTORS["exported"]
PASSWORD = "a pässword"
CONTENTS = [{"type": "Mnemonic", "name": "words", "value": "legal winner"}, {"type": "Connection"}]


def opened(container: Any, password: str) -> list[dict[str, Any]]:
    return universal_wallet.unlocked(universal_wallet.read(json.dumps(container).encode()), SecretBytes(password.encode()))


def ours() -> dict[str, Any]:
    text = universal_wallet.locked(CONTENTS, SecretBytes(PASSWORD.encode()), wallet_id="urn:uuid:0", issued="2026-11-25T00:00:00Z")
    made: dict[str, Any] = json.loads(text)
    return made


OURS = ours()


def test_published() -> None:
    """The specification's own locked wallet opens, and its keys are what they say; so does the one thing that is locked by itself."""
    items = [universal_wallet.item_of(content) for content in opened(PUBLISHED["credential"], PUBLISHED["password"])]
    assert [("entropy", "Entropy"), ("key", "Ed25519VerificationKey2018"), ("key", "X25519KeyAgreementKey2019")] == [
        (item.kind, item.what) for item in items
    ]
    for item in items[1:]:
        jwk = json.loads(item.text)
        key = JWK(**jwk)
        public = key.export_public(as_dict=True)
        assert jwk["x"] == public["x"]
    alone = {"type": ["UniversalWallet2020"], **PUBLISHED["locked"]}
    assert PUBLISHED["unlocked"]["contents"] == opened(alone, PUBLISHED["password"])
    assert PUBLISHED["unlocked"]["contents"] == opened({"type": "UniversalWallet2020", **PUBLISHED["unlocked"]}, "")


def test_exported_by_the_reference_implementation() -> None:
    """A key as a JWK and recovery words; another password is told."""
    key, words = (universal_wallet.item_of(content) for content in opened(EXPORTED["credential"], EXPORTED["password"]))
    assert ("key", "My Test Key 1", "tP7VWE16yMQWUO2G250yvoevfbfxY25GjHglTP3ZOyU") == (key.kind, key.label, json.loads(key.text)["d"])
    assert ("words", b"humble piece toy mimic miss hurdle smile awkward patch drama hurry mixture") == (words.kind, bytes(words.text))
    with pytest.raises(DoesNotOpen):
        opened(EXPORTED["credential"], "another")


def test_as_the_specification_places_it() -> None:
    """One JWE for each thing, under ``contents``."""
    credential = copy.deepcopy(OURS)
    subject = credential["credentialSubject"]
    jwe = wallet_lock.lock(json.dumps(CONTENTS[0]).encode(), SecretBytes(PASSWORD.encode()))
    credential["credentialSubject"] = {"id": "urn:uuid:0", "contents": [{"id": "x", "jwe": jwe}]}
    assert CONTENTS[:1] == opened(credential, PASSWORD)
    credential["credentialSubject"] = {"contents": [{"id": "x", "jwe": subject["encryptedWalletContents"]}] * 17}
    with pytest.raises(BackupRefused, match="one password's work"):
        opened(credential, PASSWORD)


def test_ours_opens_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """jwcrypto decrypts it with the password, once it is let do as many rounds; it tells nothing of what is in it."""
    monkeypatch.setattr(jwa, "default_max_pbkdf2_iterations", wallet_lock.ROUNDS)
    locked = OURS["credentialSubject"]["encryptedWalletContents"]
    jwe = JWE(algs=[wallet_lock.ALG, wallet_lock.ENC])
    jwe.deserialize(json.dumps(locked))
    jwe.decrypt(JWK(kty="oct", k=b64(PASSWORD.encode())))
    assert {"contents": CONTENTS} == json.loads(jwe.payload)
    assert CONTENTS == opened(OURS, PASSWORD)
    assert ["VerifiableCredential", "EncryptedWallet"] == OURS["type"]
    assert "Mnemonic" not in json.dumps(OURS)


@pytest.mark.parametrize("alg", ["PBES2-HS256+A128KW", "PBES2-HS384+A192KW", "PBES2-HS512+A256KW"])
@pytest.mark.parametrize("enc", ["A128GCM", "A192GCM", "A256GCM"])
def test_locked_by_another_library(alg: str, enc: str) -> None:
    """Every one of PBES2 and AES-GCM, general and flattened."""
    jwe = JWE(json.dumps({"contents": CONTENTS}), protected=json.dumps({"alg": alg, "enc": enc}), algs=[alg, enc])
    jwe.add_recipient(JWK(kty="oct", k=b64(PASSWORD.encode())))
    container = {"type": ["EncryptedWallet"], "credentialSubject": {"encryptedWalletContents": json.loads(jwe.serialize())}}
    assert CONTENTS == opened(container, PASSWORD)


def _with(change: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    """Our container with its JWE changed."""
    made = copy.deepcopy(OURS)
    change(made["credentialSubject"]["encryptedWalletContents"])
    return made


def _header(**members: Any) -> dict[str, Any]:
    def change(jwe: dict[str, Any]) -> None:
        salt = b64(b"0123456789abcdef")
        jwe["protected"] = b64(json.dumps({"alg": wallet_lock.ALG, "enc": "A256GCM", "p2s": salt, "p2c": 1000, **members}).encode())

    return _with(change)


HOSTILE: dict[str, tuple[Any, str]] = {
    "not an object": ([], "no Universal Wallet"),
    "no type": ({"credentialSubject": {}}, "no Universal Wallet"),
    "a type of numbers": ({"type": [1]}, "no Universal Wallet"),
    "another credential": ({"type": ["VerifiableCredential"]}, "no Universal Wallet"),
    "nothing locked": ({"type": ["EncryptedWallet"], "credentialSubject": {}}, "damaged"),
    "a subject that is a list": ({"type": ["EncryptedWallet"], "credentialSubject": []}, "damaged"),
    "contents of numbers": ({"type": ["UniversalWallet2020"], "contents": [1]}, "damaged"),
    "no contents": ({"type": ["UniversalWallet2020"]}, "damaged"),
    "far too many": ({"type": ["UniversalWallet2020"], "contents": [{}] * 10_001}, "more than 10000"),
    "a billion rounds": (_header(p2c=1_000_000_000), "ten million rounds"),
    "rounds beyond all numbers": (_header(p2c=10**30), "ten million rounds"),
    "fewer than none": (_header(p2c=-1), "damaged"),
    "no rounds": (_header(p2c=0), "damaged"),
    "a short salt": (_header(p2s="AAAA"), "damaged"),
    "no algorithm": (_header(alg="none"), "not read here"),
    "the password itself": (_header(alg="dir"), "not read here"),
    "compressed": (_header(zip="DEF"), "not read here"),
    "critical": (_header(crit=["b64"]), "not read here"),
    "another content encryption": (_header(enc="A256CBC-HS512"), "not read here"),
    "a header that is none": (_with(lambda jwe: jwe.update(protected="!")), "damaged"),
    "a short tag": (_with(lambda jwe: jwe.update(tag="AAAA")), "damaged"),
    "a short iv": (_with(lambda jwe: jwe.update(iv="AAAA")), "damaged"),
    "more that is authenticated": (_with(lambda jwe: jwe.update(aad="AAAA")), "not read here"),
    "another header": (_with(lambda jwe: jwe.update(unprotected={"alg": "none"})), "not read here"),
    "two recipients": (_with(lambda jwe: jwe.update(recipients=jwe["recipients"] * 2)), "not read here"),
    "no recipient": (_with(lambda jwe: jwe.update(recipients=[])), "damaged"),
    "a member twice": (_with(lambda jwe: jwe["recipients"][0].update(header={"alg": wallet_lock.ALG})), "damaged"),
    "a point of small order": (
        {
            "type": "EncryptedWallet",
            "credentialSubject": {
                "encryptedWalletContents": {
                    "protected": b64(b'{"enc":"XC20P"}'), "iv": b64(bytes(24)), "ciphertext": "", "tag": b64(bytes(16)),
                    "recipients": [
                        {"header": {"alg": "ECDH-ES+A256KW", "epk": {"kty": "OKP", "crv": "X25519", "x": b64(bytes(32))}}}
                    ],
                }
            },
        },
        "damaged",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("container", "said"), HOSTILE.values(), ids=HOSTILE.keys())
def test_what_is_refused(container: Any, said: str) -> None:
    """In plain words, and before any work that it asks for."""
    with pytest.raises(BackupRefused, match=said):
        opened(container, PASSWORD)


@pytest.mark.parametrize("member", ["ciphertext", "tag", "iv", "encrypted_key"])
def test_a_changed_member(member: str) -> None:
    """Is told as a wrong password is: nobody can tell the two apart."""

    def change(jwe: dict[str, Any]) -> None:
        place = jwe["recipients"][0] if member == "encrypted_key" else jwe
        place[member] = ("A" if place[member][0] != "A" else "B") + place[member][1:]

    with pytest.raises(DoesNotOpen):
        opened(_with(change), PASSWORD)


def test_too_deep_and_too_long() -> None:
    """Neither nesting nor length ends the program."""
    for text in (b'{"type":' + b"[" * 100_000, b" " * (universal_wallet.MAX_FILE_BYTES + 1), b"\xff\xfe"):
        with pytest.raises(BackupRefused):
            universal_wallet.read(text)


ITEMS: dict[str, tuple[dict[str, Any], str]] = {
    "nothing": ({}, "other"),
    "a credential": ({"type": ["VerifiableCredential"]}, "other"),
    "a key elsewhere": ({"type": "Ed25519VerificationKey2018", "privateKeyWebKms": "http://example.com/keys/0"}, "reference"),
    "a connection": ({"type": "Connection", "connection": {}}, "connection"),
    "money": ({"type": "Currency", "amount": "7"}, "other"),
    "a key that is a number": ({"type": "Key", "privateKeyJwk": 1}, "reference"),
    "base58 that is none": ({"type": "Ed25519VerificationKey2018", "privateKeyBase58": "0OIl"}, "other"),
    "base58 of no known kind": ({"type": "Key", "privateKeyBase58": "z", "publicKeyBase58": "z"}, "other"),
    "words that are a number": ({"type": "Mnemonic", "value": 7}, "other"),
    "short entropy": ({"type": "Entropy", "seed": "00"}, "other"),
    "entropy": ({"type": "Entropy", "multibase": "f" + "11" * 32}, "entropy"),
    "entropy in base 58": ({"type": "Entropy", "multibase": "z4vJ9JU1bJJE96FWSJKvHsmmFADCg4gpZQff4P3bkLKi"}, "entropy"),
    "a type of lists": ({"type": [["Key"], 1]}, "other"),
    "a name of another kind": ({"type": "Mnemonic", "value": "x", "name": ["x"]}, "words"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "kind"), ITEMS.values(), ids=ITEMS.keys())
def test_what_is_in_it(content: dict[str, Any], kind: str) -> None:
    """Each object is what it can be taken for, and anything else is left."""
    item = universal_wallet.item_of(content)
    assert kind == item.kind
    assert (kind in {"key", "words", "entropy"}) == bool(item.text)


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda some: st.lists(some) | st.dictionaries(st.text(), some))
MEMBERS = st.sampled_from(
    ["type", "name", "privateKeyJwk", "privateKeyBase58", "publicKeyBase58", "value", "seed", "multibase", "contents"]
)


@given(st.dictionaries(MEMBERS, JSON | st.sampled_from(["Mnemonic", "Entropy", "Ed25519VerificationKey2018", "UniversalWallet2020"])))
def test_any_json(content: dict[str, Any]) -> None:
    """Is an item or a refusal."""
    universal_wallet.item_of(content)
    try:
        universal_wallet.unlocked(universal_wallet.read(json.dumps(content).encode()), None)
    except BackupRefused:
        return
