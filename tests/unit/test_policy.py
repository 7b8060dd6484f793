"""What is allowed, what is denied, what the person is asked: every method, by a table."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import convert
from msgspec.structs import replace

from native_host.caller.identity import Caller
from native_host.policy import BLIND_ALGS, GRANT_USES, Allow, Ask, Deny, Facts, Grant, KeyView, decide, offered_uses
from native_host.protocol.methods import METHODS
from native_host.protocol.wire import decode_hook
from native_host.session import Session
from native_host.transport.jsonrpc import Call

SESSION = Session(
    caller=Caller(origin="chrome-extension://x/"),
    wallet_id=b"w",
    wallet="main",
    development=False,
    state="unlocked",
    greeted=True,
    unattended=False,
)
KEY = KeyView(key_id="k", revision=1, alg="ES256K", usages=("sign",), state="active", label="", address=None, derived=False, path=None)


def key(**members: Any) -> KeyView:
    return replace(KEY, **members)


def call(method: str, **params: Any) -> Call:
    return Call(id=1, method=method, params=convert(params, METHODS[method].params, dec_hook=decode_hook))


ACCOUNT = {"derived": True, "path": "m/44'/60'/0'/0/0"}
SEED = {"alg": "BIP39", "usages": ("deriveKey",)}
DERIVE = {"keyId": "k", "path": "m/0", "alg": "ES256K"}

TRANSACTION = {"keyId": "k", "chain": "solana:x", "transaction": ""}
TYPED_DATA = {"keyId": "k", "typedData": {"types": {"A": []}, "primaryType": "A", "domain": {}, "message": {}}}

NOTHING = Facts()
MINE = Facts(key=KEY)
TABLE: dict[str, tuple[Call, Facts, type, bool]] = {
    "hello": (call("hello", protocol=["1"], client={"name": "n", "version": "1"}), NOTHING, Allow, False),
    "getStatus": (call("getStatus"), NOTHING, Allow, False),
    "unlock": (call("unlock"), NOTHING, Allow, False),
    "lock": (call("lock"), NOTHING, Allow, False),
    "beginPairing": (call("beginPairing", message="AA"), NOTHING, Allow, False),
    "finishPairing": (call("finishPairing", message="AA"), NOTHING, Allow, False),
    "openChannel": (call("openChannel", pairingId="AA", message="AA"), NOTHING, Allow, False),
    "generateKey": (call("generateKey", alg="ES256K"), NOTHING, Allow, False),
    "generateKey, a seed": (call("generateKey", alg="BIP39"), NOTHING, Allow, False),
    "getImportKey": (call("getImportKey"), NOTHING, Allow, False),
    "importKey": (call("importKey", importKeyId="i", jwe="j", alg="ES256K"), Facts(imported=KEY), Ask, False),
    "importKeyFile": (call("importKeyFile"), NOTHING, Ask, False),
    "restoreSeed": (call("restoreSeed"), NOTHING, Ask, False),
    "deriveKey": (call("deriveKey", **DERIVE), Facts(key=key(**SEED)), Allow, False),
    "deriveKey, intents": (call("deriveKey", **DERIVE, usages=["message", "jws"]), Facts(key=key(**SEED)), Allow, False),
    "deriveKey, raw signing": (call("deriveKey", **DERIVE, usages=["sign"]), Facts(key=key(**SEED)), Ask, False),
    "deriveKey, raw signing among others": (call("deriveKey", **DERIVE, usages=["message", "sign"]), Facts(key=key(**SEED)), Ask, False),
    "getPublicKey": (call("getPublicKey", keyId="k"), NOTHING, Allow, False),
    "getExtendedPublicKey": (call("getExtendedPublicKey", keyId="k", path="m/84'/0'/0'"), Facts(key=key(**SEED)), Ask, False),
    "listKeys": (call("listKeys"), NOTHING, Allow, False),
    "rotateKey": (call("rotateKey", keyId="k"), Facts(key=key(usages=("encrypt", "decrypt"))), Allow, False),
    "rotateKey, an account": (call("rotateKey", keyId="k"), Facts(key=key(usages=("sign", "transaction"))), Ask, False),
    "updateKey, ending by time": (call("updateKey", keyId="k", expiresAt="2030-01-01T00:00:00Z"), MINE, Ask, False),
    "updateKey, ending by uses": (call("updateKey", keyId="k", maxUses=3), MINE, Ask, False),
    "updateKey, its name": (call("updateKey", keyId="k", label="l"), MINE, Allow, False),
    "updateKey, disabling": (call("updateKey", keyId="k", state="disabled"), MINE, Allow, False),
    "updateKey, enabling": (call("updateKey", keyId="k", state="active"), Facts(key=key(state="disabled")), Ask, False),
    "updateKey, enabling and naming": (
        call("updateKey", keyId="k", state="active", label="l"),
        Facts(key=key(state="disabled")),
        Ask,
        False,
    ),
    "updateKey, active already": (call("updateKey", keyId="k", state="active"), MINE, Allow, False),
    "updateKey, confirming": (call("updateKey", keyId="k", state="active"), Facts(key=key(**SEED, state="unconfirmed")), Allow, False),
    "destroyKey": (call("destroyKey", keyId="k"), MINE, Ask, False),
    "sign, data": (call("sign", keyId="k", data=""), Facts(key=key(alg="ES256")), Ask, True),
    "sign, a digest": (call("sign", keyId="k", digest=""), Facts(key=key(alg="ES256")), Ask, True),
    **{f"sign, blind, {alg}": (call("sign", keyId="k", data=""), Facts(key=key(alg=alg)), Ask, False) for alg in sorted(BLIND_ALGS)},
    "sign, with an account": (call("sign", keyId="k", data=""), Facts(key=key(**ACCOUNT)), Ask, False),
    "sign, with a seed": (call("sign", keyId="k", data=""), Facts(key=key(**SEED)), Deny, False),
    "sign, with a raw seed": (call("sign", keyId="k", data=""), Facts(key=key(alg="SEED")), Deny, False),
    "verify": (call("verify", keyId="k", alg="ES256K", data="", signature=""), NOTHING, Allow, False),
    "randomBytes": (call("randomBytes", length=1), NOTHING, Allow, False),
    "signMessage": (call("signMessage", keyId="k", format="eip191", message=""), MINE, Ask, True),
    "signMessage, with an account": (call("signMessage", keyId="k", format="eip191", message=""), Facts(key=key(**ACCOUNT)), Ask, True),
    "signMessage, with a seed": (call("signMessage", keyId="k", format="eip191", message=""), Facts(key=key(**SEED)), Deny, False),
    "signJws": (call("signJws", keyId="k", payload=""), MINE, Ask, False),
    "signJws, with a seed": (call("signJws", keyId="k", payload=""), Facts(key=key(**SEED)), Deny, False),
    "signTransaction": (call("signTransaction", **TRANSACTION), Facts(key=key(**ACCOUNT)), Ask, False),
    "signTransaction, granted": (
        call("signTransaction", **TRANSACTION),
        Facts(key=key(**ACCOUNT), grant=Grant(key_id="k", method="signTransaction", uses=1)),
        Ask,
        False,
    ),
    "signTransaction, with a seed": (call("signTransaction", **TRANSACTION), Facts(key=key(**SEED)), Deny, False),
    "signTypedData": (call("signTypedData", **TYPED_DATA), Facts(key=key(**ACCOUNT)), Ask, False),
    "signTypedData, granted": (
        call("signTypedData", **TYPED_DATA),
        Facts(key=key(**ACCOUNT), grant=Grant(key_id="k", method="signTypedData", uses=1)),
        Ask,
        False,
    ),
    "signTypedData, with a seed": (call("signTypedData", **TYPED_DATA), Facts(key=key(**SEED)), Deny, False),
    "signPsbt": (call("signPsbt", keyId="k", psbt="cHNidP8="), Facts(key=key(**ACCOUNT)), Ask, False),
    "signPsbt, granted": (
        call("signPsbt", keyId="k", psbt="cHNidP8="),
        Facts(key=key(**ACCOUNT), grant=Grant(key_id="k", method="signPsbt", uses=1)),
        Ask,
        False,
    ),
    "signPsbt, with a seed": (call("signPsbt", keyId="k", psbt="cHNidP8="), Facts(key=key(**SEED)), Ask, False),
    "encrypt": (call("encrypt", keyId="k", alg="A256GCM", plaintext=""), NOTHING, Allow, False),
    "encrypt, as a sender": (call("encrypt", keyId="k", alg="HPKE-0", plaintext="", senderKeyId="s"), MINE, Ask, False),
    "decrypt": (call("decrypt", keyId="k", alg="A256GCM", ciphertext=""), Facts(key=key(alg="A256GCM")), Ask, True),
    "decrypt, unauthenticated": (
        call("decrypt", keyId="k", alg="A256CBC", ciphertext=""),
        Facts(key=key(alg="A256CBC", labels=("legacy", "unauthenticated"))),
        Ask,
        False,
    ),
    "wrapKey": (call("wrapKey", keyId="k", targetKeyId="t", alg="A256KW"), MINE, Ask, False),
    "unwrapKey": (call("unwrapKey", keyId="k", wrappedKey="", alg="A256KW", targetAlg="ES256"), MINE, Ask, False),
    "encapsulate": (call("encapsulate", keyId="k", alg="ML-KEM-768"), NOTHING, Allow, False),
    "decapsulate": (call("decapsulate", keyId="k", ciphertext=""), MINE, Ask, False),
    "deriveSecret": (call("deriveSecret", keyId="k", publicKeyJwk={"kty": "OKP"}), MINE, Ask, False),
    "aggregateSignatures": (call("aggregateSignatures", alg="BLS12381G2", signatures=[""]), NOTHING, Allow, False),
    "aggregateVerify": (
        call("aggregateVerify", alg="BLS12381G2", publicKeyJwks=[{"kty": "OKP"}], data=[""], signature=""),
        NOTHING,
        Allow,
        False,
    ),
}


@pytest.mark.parametrize(("asked", "facts", "expected", "offers"), TABLE.values(), ids=TABLE.keys())
def test_the_table(asked: Call, facts: Facts, expected: type, *, offers: bool) -> None:
    """The decision, and whether grants are offered with it."""
    decision = decide(SESSION, asked, facts)
    assert expected is type(decision)
    assert offers == bool(isinstance(decision, Ask) and decision.offers)


def test_the_table_has_every_method() -> None:
    """Also those that are not here yet."""
    assert set(METHODS) == {asked.method for asked, *_ in TABLE.values()}


NEVER_GRANTED: dict[str, dict[str, Any]] = {
    "signJws": {"payload": ""},
    "wrapKey": {"targetKeyId": "t", "alg": "A256KW"},
    "unwrapKey": {"wrappedKey": "", "alg": "A256KW", "targetAlg": "ES256"},
    "decapsulate": {"ciphertext": ""},
    "deriveSecret": {"publicKeyJwk": {"kty": "OKP"}},
    "getExtendedPublicKey": {"path": "m"},
}
GRANTED: dict[str, tuple[Call, Facts, type]] = {
    "sign": (call("sign", keyId="k", data=""), Facts(key=key(alg="ES256"), grant=Grant(key_id="k", method="sign", uses=1)), Allow),
    "blind": (call("sign", keyId="k", data=""), Facts(key=key(alg="ES256K"), grant=Grant(key_id="k", method="sign", uses=1)), Ask),
    "signMessage": (
        call("signMessage", keyId="k", format="eip191", message=""),
        Facts(key=key(**ACCOUNT), grant=Grant(key_id="k", method="signMessage", uses=1)),
        Allow,
    ),
    "none left": (call("sign", keyId="k", data=""), Facts(key=KEY, grant=Grant(key_id="k", method="sign", uses=0)), Ask),
    "another method's": (call("sign", keyId="k", data=""), Facts(key=KEY, grant=Grant(key_id="k", method="signMessage", uses=9)), Ask),
    "another key's": (call("sign", keyId="k", data=""), Facts(key=KEY, grant=Grant(key_id="other", method="sign", uses=9)), Ask),
    "raw signing with an account": (
        call("sign", keyId="k", data=""),
        Facts(key=key(**ACCOUNT), grant=Grant(key_id="k", method="sign", uses=9)),
        Ask,
    ),
    "a seed": (call("sign", keyId="k", data=""), Facts(key=key(**SEED), grant=Grant(key_id="k", method="sign", uses=9)), Deny),
    "decrypting": (
        call("decrypt", keyId="k", alg="A256GCM", ciphertext=""),
        Facts(key=key(alg="A256GCM"), grant=Grant(key_id="k", method="decrypt", uses=1)),
        Allow,
    ),
    "decrypting what nothing authenticates": (
        call("decrypt", keyId="k", alg="A256CBC", ciphertext=""),
        Facts(key=key(alg="A256CBC", labels=("unauthenticated",)), grant=Grant(key_id="k", method="decrypt", uses=9)),
        Ask,
    ),
    **{
        method: (call(method, keyId="k", **params), Facts(key=KEY, grant=Grant(key_id="k", method=method, uses=9)), Ask)
        for method, params in NEVER_GRANTED.items()
    },
    "destroying": (call("destroyKey", keyId="k"), Facts(key=KEY, grant=Grant(key_id="k", method="destroyKey", uses=9)), Ask),
    "enabling": (
        call("updateKey", keyId="k", state="active"),
        Facts(key=key(state="disabled"), grant=Grant(key_id="k", method="updateKey", uses=9)),
        Ask,
    ),
}


@pytest.mark.parametrize(("asked", "facts", "expected"), GRANTED.values(), ids=GRANTED.keys())
def test_grants(asked: Call, facts: Facts, expected: type) -> None:
    """A grant covers one key, one method, while it has uses, and no more than grants may ever cover."""
    assert expected is type(decide(SESSION, asked, facts))


def test_what_an_offer_stands_for() -> None:
    """Only ids that were ever offered count."""
    decision = decide(SESSION, *TABLE["sign, data"][:2])
    assert isinstance(decision, Ask)
    assert list(GRANT_USES) == [offered_uses(offer.id) for offer in decision.offers]
    assert [None] * 5 == [offered_uses(text) for text in ("", "uses:", "uses:11", "uses:1000000", "uses:10 ")]
