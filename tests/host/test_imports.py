"""Keys that come from elsewhere by JWE: an import key is good for one try, and one answer hides every fault."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

import pytest
from coincurve import PrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from embit.bip32 import HDKey

from native_host.opening import now
from native_host.testing.port import HostError, Port
from tests.homes import ADDON, OTHER_ADDON, Home, b64, origin_of, refusal, seal_for_import, unb64

SECRET = bytes(range(1, 33))
BIP32_VECTOR_1 = "xpub6ASuArnXKPbfEwhqN6e3mwBcDTgzisQN1wXN9BJcM47sSikHjJf3UFHKkNAWbWMiGj7Wf5uMash7SyYq527Hqck2AxYysAA7xmALppuCkwQ"  # m/0'/1
FAILED = (5012, {"reason": "decryption_failed"})
SPENT = (-32602, {"reason": "invalid_params", "path": "importKeyId"})


def ed25519_jwk(**members: Any) -> bytes:
    public = Ed25519PrivateKey.from_private_bytes(SECRET).public_key().public_bytes_raw()
    return json.dumps({"kty": "OKP", "crv": "Ed25519", "x": b64(public), "d": b64(SECRET), **members}).encode()


def secp256k1_jwk(secret: bytes = SECRET, **members: Any) -> bytes:
    public = PrivateKey(secret).public_key.format(compressed=False)
    return json.dumps(
        {"kty": "EC", "crv": "secp256k1", "x": b64(public[1:33]), "y": b64(public[33:]), "d": b64(secret), **members}
    ).encode()


def import_key(port: Port, plaintext: bytes, alg: str, offer: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    offer = offer or port.request("getImportKey")
    key: dict[str, Any] = port.request(
        "importKey", {"importKeyId": offer["importKeyId"], "jwe": seal_for_import(offer, plaintext), "alg": alg, **more}
    )
    return key


def refused(port: Port, method: str, **params: Any) -> tuple[int, dict[str, Any]]:
    with pytest.raises(HostError) as caught:
        port.request(method, params)
    return refusal(caught.value)


def refused_import(port: Port, offer: dict[str, Any], plaintext: bytes, alg: str = "Ed25519", **more: Any) -> tuple[int, dict[str, Any]]:
    return refused(port, "importKey", importKeyId=offer["importKeyId"], jwe=seal_for_import(offer, plaintext), alg=alg, **more)


@pytest.fixture
def port(home: Home) -> Port:
    return home.open()


KEYS = {
    "Ed25519": ed25519_jwk(),
    "Ed25519 by its old name": ed25519_jwk(alg="EdDSA"),
    "ES256K": secp256k1_jwk(alg="ES256K"),
    "with members that are not looked at": secp256k1_jwk(kid="k", use="sig", key_ops=["sign"], ext=True),
}


@pytest.mark.parametrize("jwk", KEYS.values(), ids=KEYS.keys())
def test_a_key_comes_in(home: Home, port: Port, jwk: bytes) -> None:
    """After the person's approval, who is told that the sender knows it; it signs as the key that it is."""
    alg = "ES256K" if b"secp256k1" in jwk else "Ed25519"
    key = import_key(port, jwk, alg, label="from elsewhere")
    assert ("imported", "from elsewhere", "active") == (key["provenance"], key["label"], key["state"])
    assert json.loads(jwk)["x"] == key["publicKeyJwk"]["x"]
    (review,) = [ask for ask in home.approver.asked if ask["kind"] == "review"]
    assert "importKey" == review["method"]
    assert "knows it already" in review["warnings"][0]
    assert [] == review["grants"]
    signed = port.request("sign", {"keyId": key["keyId"], "data": b64(b"x")})
    assert {"valid": True} == port.request(
        "verify", {"publicKeyJwk": key["publicKeyJwk"], "alg": alg, "data": b64(b"x"), "signature": signed["signature"]}
    )


@pytest.mark.parametrize("size", [16, 64])
def test_a_seed_of_raw_bytes_comes_in(port: Port, size: int) -> None:
    """BIP32's test vector 1 (16 bytes), and the most that there can be: it derives, and shows nothing of itself."""
    seed = bytes(range(size))
    key = import_key(port, json.dumps({"kty": "oct", "k": b64(seed)}).encode(), "SEED")
    assert ("SEED", ["deriveKey"], None) == (key["alg"], key["usages"], key.get("publicKeyJwk"))
    raw = unb64(port.request("getPublicKey", {"keyId": key["keyId"], "path": "m/0'/1", "alg": "ES256K"})["raw"])
    assert HDKey.from_seed(seed).derive("m/0h/1").sec() == raw
    if size == 16:
        assert HDKey.from_base58(BIP32_VECTOR_1).sec() == raw


def test_the_person_says_no(home: Home, port: Port) -> None:
    """Nothing is kept, and the import key is spent."""
    home.approver.deny(kind="review", method="importKey")
    offer = port.request("getImportKey")
    assert (4001, {"reason": "user_rejected"}) == refused_import(port, offer, ed25519_jwk())
    assert [] == port.request("listKeys")["keys"]
    assert SPENT == refused_import(port, offer, ed25519_jwk())


FAILING: dict[str, dict[str, Any]] = {
    "what is inside": {"plaintext": b"rubbish"},
    "an algorithm that is not here": {"alg": "ML-KEM-512"},
    "one that is not imported": {"alg": "BIP39"},
    "usages that it cannot have": {"usages": ["wrapKey"]},
}


@pytest.mark.parametrize("fault", FAILING.values(), ids=FAILING.keys())
def test_an_import_key_is_spent_by_the_first_try(port: Port, fault: dict[str, Any]) -> None:
    """Also by one that fails, for whatever reason."""
    offer = port.request("getImportKey")
    assert SPENT != refused_import(port, offer, **{"plaintext": ed25519_jwk(), **fault})
    assert SPENT == refused_import(port, offer, ed25519_jwk())
    assert [] == port.request("listKeys")["keys"]


def test_an_import_key_is_spent_by_success(port: Port) -> None:
    """And no two keys come in by it."""
    offer = port.request("getImportKey")
    import_key(port, ed25519_jwk(), "Ed25519", offer)
    assert SPENT == refused_import(port, offer, secp256k1_jwk(), "ES256K")


ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
WRONG: dict[str, tuple[bytes, str]] = {
    "not JSON": (b"{", "Ed25519"),
    "an array": (b"[]", "Ed25519"),
    "nothing": (b"", "Ed25519"),
    "nested too deep": (b'{"a":' * 5000 + b"1" + b"}" * 5000, "Ed25519"),
    "not UTF-8": (b'{"kty":"\xff"}', "Ed25519"),
    "no secret": (json.dumps({"kty": "OKP", "crv": "Ed25519", "x": b64(SECRET)}).encode(), "Ed25519"),
    "a short secret": (ed25519_jwk(d=b64(SECRET[:31])), "Ed25519"),
    "a long secret": (ed25519_jwk(d=b64(SECRET + b"x")), "Ed25519"),
    "another's public key": (ed25519_jwk(x=b64(SECRET)), "Ed25519"),
    "no public key": (json.dumps({"kty": "OKP", "crv": "Ed25519", "d": b64(SECRET)}).encode(), "Ed25519"),
    "another y": (secp256k1_jwk(y=b64(bytes(32))), "ES256K"),
    "the other y": (secp256k1_jwk(y=b64((2**256 - 2**32 - 977 - int.from_bytes(PrivateKey(SECRET).public_key.format(False)[33:], "big")).to_bytes(32, "big"))), "ES256K"),
    "a zero": (secp256k1_jwk(d=b64(bytes(32))), "ES256K"),
    "the group order": (secp256k1_jwk(d=b64(ORDER.to_bytes(32, "big"))), "ES256K"),
    "another curve": (secp256k1_jwk(crv="P-256"), "ES256K"),
    "another kind": (ed25519_jwk(), "ES256K"),
    "another algorithm's name": (secp256k1_jwk(alg="ES256"), "ES256K"),
    "padded base64": (ed25519_jwk(d=b64(SECRET) + "="), "Ed25519"),
    "a seed too short": (json.dumps({"kty": "oct", "k": b64(bytes(15))}).encode(), "SEED"),
    "a seed too long": (json.dumps({"kty": "oct", "k": b64(bytes(65))}).encode(), "SEED"),
}  # fmt: skip


@pytest.mark.parametrize(("plaintext", "alg"), WRONG.values(), ids=WRONG.keys())
def test_whatever_is_wrong_inside_has_one_answer(home: Home, port: Port, plaintext: bytes, alg: str) -> None:
    """A JWK that is none, or whose members do not fit together, is told apart by nobody; the person is not asked."""
    offer = port.request("getImportKey")
    with pytest.raises(HostError) as caught:
        port.request("importKey", {"importKeyId": offer["importKeyId"], "jwe": seal_for_import(offer, plaintext), "alg": alg})
    assert (FAILED, "This could not be decrypted.") == (refusal(caught.value), caught.value.message)
    assert [] == [ask for ask in home.approver.asked if ask["kind"] == "review"]


HEADERS: dict[str, dict[str, Any]] = {
    "compressed": {"zip": "DEF"},
    "something critical": {"crit": ["exp"], "exp": 1},
    "an unknown parameter": {"jku": "https://example.org/"},
    "another content encryption": {"enc": "A128CBC-HS256"},
    "the key agreed on directly": {"alg": "ECDH-ES"},
    "a shorter wrapping": {"alg": "ECDH-ES+A128KW"},
}


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS.keys())
def test_another_kind_of_jwe(port: Port, header: dict[str, Any]) -> None:
    """Only what getImportKey says, without compression and critical parameters."""
    offer = port.request("getImportKey")
    text = seal_for_import(offer, ed25519_jwk(), **header)
    assert FAILED == refused(port, "importKey", importKeyId=offer["importKeyId"], jwe=text, alg="Ed25519")


@pytest.mark.parametrize("part", range(5))
def test_a_changed_jwe(port: Port, part: int) -> None:
    """A change of any of its five parts."""
    offer = port.request("getImportKey")
    parts = seal_for_import(offer, ed25519_jwk()).split(".")
    middle = len(parts[part]) // 2
    parts[part] = parts[part][:middle] + ("A" if parts[part][middle] != "A" else "B") + parts[part][middle + 1 :]
    assert FAILED == refused(port, "importKey", importKeyId=offer["importKeyId"], jwe=".".join(parts), alg="Ed25519")


def test_an_import_key_belongs_to_its_wallet(home: Home, port: Port) -> None:
    """Nobody else can use it, or use it up."""
    home.attach(OTHER_ADDON, wallet="other")
    other = home.open(OTHER_ADDON)
    offer = port.request("getImportKey")
    assert SPENT == refused_import(other, offer, ed25519_jwk())
    assert "Ed25519" == import_key(port, ed25519_jwk(), "Ed25519", offer)["alg"]


def test_a_lock_ends_import_keys(home: Home, port: Port) -> None:
    """Also one by another host."""
    offers = [port.request("getImportKey")]
    port.request("lock")
    port.request("unlock")
    offers.append(port.request("getImportKey"))
    home.open().request("lock")
    port.request("unlock")
    assert [SPENT] * 2 == [refused_import(port, offer, ed25519_jwk()) for offer in offers]


def test_import_keys_are_few(port: Port) -> None:
    """The oldest give way: the seventeenth ends the first."""
    offers = [port.request("getImportKey") for _ in range(17)]
    assert 17 == len({offer["publicKeyJwk"]["x"] for offer in offers})
    assert SPENT == refused_import(port, offers[0], ed25519_jwk())
    assert "Ed25519" == import_key(port, ed25519_jwk(), "Ed25519", offers[1])["alg"]


def test_a_key_that_is_there_already(port: Port) -> None:
    """Once in a wallet."""
    import_key(port, ed25519_jwk(), "Ed25519")
    assert (5011, {"reason": "duplicate"}) == refused_import(port, port.request("getImportKey"), ed25519_jwk())


def test_an_imported_seed_is_the_seed_that_it_is(home: Home, port: Port) -> None:
    """A wallet's words and the same seed as raw bytes share what their places may be used for."""
    home.approver.type_secret("mnemonic", "abandon " * 11 + "about")
    words = port.request("restoreSeed")["keyId"]
    port.request("deriveKey", {"keyId": words, "path": "m/44'/60'/0'/0/0", "alg": "ES256K"})
    # BIP39's first vector without a passphrase.
    seed = bytes.fromhex(
        "5eb00bbddcf069084889a8ab9155568165f5c453ccb85e70811aaed6f6da5fc19a5ac40b389cd370d086206dec8aa6c43daea6690f20ad3d8d48b2d2ce9e38e4"
    )
    raw = import_key(port, json.dumps({"kty": "oct", "k": b64(seed)}).encode(), "SEED")["keyId"]
    call = {"keyId": raw, "path": "m/44'/60'/0'/0/0", "alg": "ES256K"}
    assert (5004, {"reason": "usage_not_allowed"}) == refused(port, "deriveKey", **call, usages=["sign"])


def test_what_is_locked_out_brings_nothing_in(home: Home, port: Port) -> None:
    """An origin in lock-out cannot fill the memory with keys that wait for nobody."""
    offer = port.request("getImportKey")
    database = sqlite3.connect(home.database)
    with database:
        database.execute("INSERT INTO counters VALUES (?, 10, ?)", (f"refused:{origin_of(ADDON)}", now() + 600_000))
    database.close()
    assert "busy" == refused_import(port, offer, ed25519_jwk())[1]["reason"]
    assert SPENT == refused_import(port, offer, ed25519_jwk())
