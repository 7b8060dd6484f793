"""Every algorithm of the table, from the outside: keys made and keys brought in, used through frames, against other libraries."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from jwcrypto.jwe import JWE
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS

from native_host.suites import jwe_content
from native_host.suites.table import SUITES, UNSUPPORTED, Suite
from native_host.testing.port import HostError, Port
from tests import independent
from tests.homes import Home, b64, refusal, unb64
from tests.host.calls import FAILED, generate, import_jwk, invalid, refused, unsupported

DATA, AAD = b"Strongroom: the bytes of a test.", b"associated"
GENERATED = [suite for suite in SUITES.values() if suite.generated and suite.kind != "seed"]
IMPORTED = [suite for suite in SUITES.values() if suite.imported and suite.kind != "seed"]
NAMES = [
    "Ed25519", "Ed448", "ES256", "ES384", "ES512", "ES224", "ES256K", "ES256K-R", "BIP340", "BLS12381G2", "ML-DSA-44", "ML-DSA-65",
    "ML-DSA-87", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "HS256", "HS384", "HS512", "A128GCM", "A192GCM", "A256GCM",
    "A128CBC", "A192CBC", "A256CBC", "A128CTR", "A192CTR", "A256CTR", "A128ECB", "A256ECB", "C20P", "XC20P", "A128KW", "A192KW",
    "A256KW", "RSA-OAEP", "RSA-OAEP-256", "X25519", "X448", "ECDH-P256", "ECDH-P384", "ECDH-P521", "ML-KEM-512", "ML-KEM-768",
    "ML-KEM-1024",
]  # fmt: skip
"""Protocol section 7, its list of ``alg`` names written out."""


def of_kind(*kinds: str, rows: list[Suite] = GENERATED) -> list[str]:
    return [suite.alg for suite in rows if suite.kind in kinds]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """One home for all: keys of different algorithms do not meet."""
    made = Home(tmp_path_factory.mktemp("home"))
    made.attach()
    made.set_up()
    yield made
    made.quit()


@pytest.fixture(scope="module")
def port(home: Home) -> Port:
    return home.open()


IMPORTED_KEYS: dict[tuple[int, str], str] = {}


def imported(port: Port, alg: str, **members: Any) -> str:
    """The id of the key whose secret is known, which is brought in once."""
    place = (id(port), alg + str(members))
    if place not in IMPORTED_KEYS:
        IMPORTED_KEYS[place] = import_jwk(port, independent.private_jwk(alg), alg, **members)["keyId"]
    return IMPORTED_KEYS[place]


def sign(port: Port, key: str, alg: str, data: bytes = DATA, **more: str) -> bytes:
    result = port.request("sign", {"keyId": key, "alg": alg, **more} | ({} if "digest" in more else {"data": b64(data)}))
    assert alg == result["alg"]
    return unb64(result["signature"])


def is_valid(port: Port, alg: str, signature: bytes, data: bytes = DATA, **key: Any) -> bool:
    valid: bool = port.request("verify", {"alg": alg, "data": b64(data), "signature": b64(signature), **key})["valid"]
    return valid


def test_every_algorithm_of_the_protocol_is_here_or_named(port: Port) -> None:
    """None is missing in silence: what is not here is unsupported, by name and with the reason."""
    missing = set(NAMES) - set(SUITES)
    assert {"ML-KEM-512"} == missing == set(UNSUPPORTED)
    for alg in missing:
        with pytest.raises(HostError, match=re.escape(UNSUPPORTED[alg])) as caught:
            port.request("generateKey", {"alg": alg})
        assert unsupported(alg) == refusal(caught.value)


def test_hello_offers_what_is_here(home: Home) -> None:
    """Every row, and nothing else."""
    offered = home.start().hello()["algorithms"]
    assert set(SUITES) == set(offered)
    assert len(offered) == len(SUITES)


@pytest.mark.parametrize("suite", GENERATED, ids=lambda suite: suite.alg)
def test_a_key_is_made(port: Port, suite: Suite) -> None:
    """It is described as its row says: usages, labels, the public part in each of its forms."""
    key = generate(port, suite.alg, label="made")
    assert (suite.alg, list(suite.usages), "generated", "active", 1) == tuple(
        key[member] for member in ("alg", "usages", "provenance", "state", "version")
    )
    assert list(suite.labels) == key.get("labels", [])
    assert set() == {"expiresAt", "usesLeft", "address", "derivedFrom"} & set(key)
    if not suite.has_public:
        assert set() == {"publicKeyJwk", "multikey"} & set(key)
        assert invalid("keyId") == refused(port, "getPublicKey", keyId=key["keyId"])
        return
    public = port.request("getPublicKey", {"keyId": key["keyId"]})
    assert (key["publicKeyJwk"], key.get("multikey")) == (public["publicKeyJwk"], public.get("multikey"))
    assert suite.kty == key["publicKeyJwk"]["kty"]
    assert set() == {"d", "k", "p", "q", "priv"} & set(key["publicKeyJwk"])
    assert (suite.multicodec is not None) is ("multikey" in key)
    assert public.get("did") == (f"did:key:{key['multikey']}" if "multikey" in key else None)


@pytest.mark.parametrize("suite", GENERATED, ids=lambda suite: suite.alg)
def test_usages_of_another_kind_are_refused(port: Port, suite: Suite) -> None:
    """A key is made for what its algorithm does, and for one of the sets of usages that it may have together."""
    for usage in {"sign", "encrypt", "wrapKey", "deriveSecret", "deriveKey"} - {one for usages in suite.usage_sets() for one in usages}:
        assert invalid("usages") == refused(port, "generateKey", alg=suite.alg, usages=[usage])
    for one, other in pairwise(suite.usage_sets()):
        assert invalid("usages") == refused(port, "generateKey", alg=suite.alg, usages=[one[0], other[0]])
        assert list(other) == generate(port, suite.alg, usages=list(other))["usages"]


@pytest.mark.parametrize("alg", of_kind("signature"))
def test_signatures(port: Port, alg: str) -> None:
    """Found valid here, by key and by public key, and by another library; of other data, and changed, by neither."""
    key = generate(port, alg)
    jwk = key["publicKeyJwk"]
    signature = sign(port, key["keyId"], alg)
    changed = bytes((signature[0] ^ 1,)) + signature[1:]
    assert independent.verifies(alg, jwk, DATA, signature)
    for named in ({"keyId": key["keyId"]}, {"publicKeyJwk": jwk}):
        assert is_valid(port, alg, signature, **named)
        assert not is_valid(port, alg, signature, DATA + b".", **named)
        assert not is_valid(port, alg, changed, **named)
        assert not is_valid(port, alg, b"", **named)


@pytest.mark.parametrize("alg", of_kind("signature", rows=IMPORTED))
def test_a_known_key_signs_as_itself(port: Port, alg: str) -> None:
    """Brought in, it has the public part that another library computes, and that finds its signatures valid."""
    key = imported(port, alg)
    jwk = independent.private_jwk(alg)
    public = port.request("getPublicKey", {"keyId": key})["publicKeyJwk"]
    assert {name: jwk[name] for name in ("kty", "crv", "x", "y", "n", "e", "pub") if name in jwk} == {
        name: value for name, value in public.items() if name != "alg"
    }
    assert independent.verifies(alg, jwk, DATA, sign(port, key, alg))


@pytest.mark.parametrize("suite", [SUITES[alg] for alg in of_kind("signature")], ids=lambda suite: suite.alg)
def test_digests_and_encodings(port: Port, suite: Suite) -> None:
    """What a row takes is signed and verified; what it does not is refused."""
    key = imported(port, suite.alg)
    for length in (28, 32, 48, 64):
        digest = {"digest": b64(b"\x01" * length)}
        if length == suite.digest_bytes:
            made = port.request("sign", {"keyId": key, **digest})
            assert {"valid": True} == port.request("verify", {"keyId": key, **made, **digest})
        else:
            assert invalid("digest") == refused(port, "sign", keyId=key, **digest)
    if "der" in suite.encodings:
        signature = sign(port, key, suite.alg, encoding="der")
        assert b"\x30" == signature[:1]
        assert is_valid(port, suite.alg, signature, keyId=key, encoding="der")
        assert not is_valid(port, suite.alg, signature, keyId=key)
    else:
        assert invalid("encoding") == refused(port, "sign", keyId=key, data=b64(DATA), encoding="der")


@pytest.mark.parametrize("alg", of_kind("mac"))
def test_macs(port: Port, alg: str) -> None:
    """A known key's code is the one that hmac computes; it is verified by its own key, and there is no public one."""
    key = imported(port, alg)
    mac = sign(port, key, alg)
    assert independent.verifies(alg, independent.private_jwk(alg), DATA, mac)
    assert is_valid(port, alg, mac, keyId=key)
    assert not is_valid(port, alg, mac, keyId=generate(port, alg)["keyId"])
    assert not is_valid(port, alg, mac[:-1], keyId=key)
    jwk = generate(port, "ES256")["publicKeyJwk"]
    assert invalid("keyId") == refused(port, "verify", publicKeyJwk=jwk, alg=alg, data=b64(DATA), signature=b64(mac))


SIGNS_JWS = [suite for suite in IMPORTED if suite.jws_alg]


@pytest.mark.parametrize("suite", SIGNS_JWS, ids=lambda suite: suite.alg)
def test_jws(port: Port, suite: Suite) -> None:
    """The compact form, whose algorithm is the key's; jwcrypto verifies those that it knows, other libraries the rest."""
    key, jwk = imported(port, suite.alg), independent.private_jwk(suite.alg)
    text = port.request("signJws", {"keyId": key, "payload": b64(b'{"iss":"me"}'), "header": {"typ": "JWT", "kid": "1"}})["jws"]
    protected, payload, signature = text.split(".")
    assert {"alg": suite.jws_alg, "typ": "JWT", "kid": "1"} == json.loads(unb64(protected))
    assert b'{"iss":"me"}' == unb64(payload)
    signed = f"{protected}.{payload}".encode()
    assert independent.verifies(suite.alg, jwk, signed, unb64(signature))
    if suite.alg in JWCRYPTO:
        token = JWS()
        token.allowed_algs = [suite.alg]
        token.deserialize(text, JWK(**{name: value for name, value in jwk.items() if suite.kty == "oct" or name not in PRIVATE}))
        assert b'{"iss":"me"}' == token.payload


JWCRYPTO = {f"{kind}{size}" for kind in ("ES", "RS", "PS", "HS") for size in (256, 384, 512)} | {"ES256K"}
PRIVATE = {"d", "p", "q", "dp", "dq", "qi"}


@pytest.mark.parametrize("alg", of_kind("cipher"))
def test_ciphers(port: Port, alg: str) -> None:
    """Both ways with another library, and the host's own nonces never alike."""
    suite, key = SUITES[alg], imported(port, alg)
    secret = unb64(independent.private_jwk(alg)["k"])
    aad = AAD if suite.aad else b""
    named = {"keyId": key, "alg": alg, **({"aad": b64(AAD)} if suite.aad else {})}
    for plaintext in (b"", DATA, bytes(100)):
        sealed = port.request("encrypt", {**named, "plaintext": b64(plaintext)})
        assert 1 == sealed.pop("version")
        assert ("tag" in sealed, "iv" in sealed) == (suite.aad, not alg.endswith("ECB"))
        assert plaintext == independent.decrypt(alg, secret, sealed, aad=aad)
        assert plaintext == unb64(port.request("decrypt", {**named, **sealed})["plaintext"])
        theirs = independent.encrypt(alg, secret, plaintext, aad=aad, iv=bytes(range(24)))
        assert plaintext == unb64(port.request("decrypt", {**named, **theirs})["plaintext"])
    if not alg.endswith("ECB"):
        assert 5 == len({port.request("encrypt", {**named, "plaintext": b64(DATA)})["iv"] for _ in range(5)})
    if suite.aad:
        wrong = {"keyId": key, "alg": alg, **independent.encrypt(alg, secret, DATA, aad=aad, iv=bytes(24))}
        assert [FAILED] * 2 == [refused(port, "decrypt", **wrong), refused(port, "decrypt", **wrong, aad=b64(b"other"))]
    else:
        assert invalid("aad") == refused(port, "encrypt", keyId=key, alg=alg, plaintext="", aad=b64(AAD))


def test_a_cipher_needs_a_key_of_the_host(port: Port) -> None:
    """There is no public key to encrypt to."""
    jwk = generate(port, "ES256")["publicKeyJwk"]
    assert invalid("keyId") == refused(port, "encrypt", publicKeyJwk=jwk, alg="A256GCM", plaintext="")
    assert invalid("publicKeyJwk") == refused(port, "encrypt", alg="A256GCM", plaintext="")


@pytest.mark.parametrize("alg", of_kind("publicCipher"))
def test_public_ciphers(port: Port, alg: str) -> None:
    """To a key of the host by its id and by its public key, and both ways with another library."""
    key, jwk = imported(port, alg), independent.private_jwk(alg)
    public = port.request("getPublicKey", {"keyId": key})["publicKeyJwk"]
    # cryptography's HPKE with ML-KEM takes no additional data
    aad = b"" if alg == "HPKE-9" else AAD
    for name in ({"keyId": key}, {"publicKeyJwk": public}):
        sealed = port.request("encrypt", {**name, "alg": alg, "plaintext": b64(DATA), "aad": b64(aad)})
        assert ("version" in sealed) is ("keyId" in name)
        ciphertext = sealed["ciphertext"]
        assert DATA == independent.decrypt_with(alg, jwk, unb64(ciphertext), aad=aad)
        assert DATA == unb64(port.request("decrypt", {"keyId": key, "alg": alg, "ciphertext": ciphertext, "aad": b64(aad)})["plaintext"])
    theirs = b64(independent.encrypt_to(alg, jwk, DATA, aad=aad))
    assert DATA == unb64(port.request("decrypt", {"keyId": key, "alg": alg, "ciphertext": theirs, "aad": b64(aad)})["plaintext"])
    assert FAILED == refused(port, "decrypt", keyId=key, alg=alg, ciphertext=theirs, aad=b64(b"other"))
    assert invalid("iv") == refused(port, "decrypt", keyId=key, alg=alg, ciphertext=theirs, iv="")


WITH_SENDER = [suite.alg for suite in GENERATED if suite.authenticates_sender]


@pytest.mark.parametrize("alg", WITH_SENDER)
def test_a_sender_is_authenticated(home: Home, port: Port, alg: str) -> None:
    """With a private key of the sender's, which the person is asked about; only from that sender does it then decrypt."""
    receiver, jwk = imported(port, alg), independent.private_jwk(alg)
    sender, other = generate(port, alg), generate(port, alg)
    asked = len(home.approver.asked)
    sealed = {"alg": alg, "plaintext": b64(DATA), "aad": b64(AAD), "keyId": receiver, "senderKeyId": sender["keyId"]}
    ciphertext = port.request("encrypt", sealed)["ciphertext"]
    assert ["encrypt"] == [ask["method"] for ask in home.approver.asked[asked:]]
    assert DATA == independent.decrypt_with(alg, jwk, unb64(ciphertext), aad=AAD, sender=sender["publicKeyJwk"])
    named = {"keyId": receiver, "alg": alg, "ciphertext": ciphertext, "aad": b64(AAD)}
    assert DATA == unb64(port.request("decrypt", {**named, "senderPublicKeyJwk": sender["publicKeyJwk"]})["plaintext"])
    assert FAILED == refused(port, "decrypt", **named, senderPublicKeyJwk=other["publicKeyJwk"])
    assert FAILED == refused(port, "decrypt", **named)


def test_only_hpke_has_senders(port: Port) -> None:
    """Elsewhere the member is refused, not passed over."""
    key, sender = generate(port, "RSA-OAEP-256")["keyId"], generate(port, "HPKE-0")["keyId"]
    assert invalid("senderKeyId") == refused(port, "encrypt", keyId=key, alg="RSA-OAEP-256", plaintext="", senderKeyId=sender)
    assert invalid("senderKeyId") == refused(port, "encrypt", keyId=key, alg="HPKE-0", plaintext="", senderKeyId=key)
    other = generate(port, "HPKE-3")
    assert invalid("senderKeyId") == refused(
        port, "encrypt", publicKeyJwk=other["publicKeyJwk"], alg="HPKE-3", plaintext="", senderKeyId=sender
    )


AGREEMENTS = of_kind("agreement")
JWES = [(alg, jwe) for alg in AGREEMENTS for jwe in ("ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A192KW", "ECDH-ES+A256KW")]


@pytest.mark.parametrize(("alg", "jwe"), JWES, ids=[f"{alg} {jwe}" for alg, jwe in JWES])
def test_jwe(port: Port, alg: str, jwe: str) -> None:
    """To every curve, by every way of agreeing and with every content encryption: jwcrypto reads ours, and we read its."""
    key, jwk = imported(port, alg, usages=["encrypt", "decrypt"]), independent.private_jwk(alg)
    public = port.request("getPublicKey", {"keyId": key})["publicKeyJwk"]
    assert "A256GCM" == _header(port.request("encrypt", {"keyId": key, "alg": jwe, "plaintext": ""}))["enc"]
    for enc in jwe_content.LENGTHS:
        for name in ({"keyId": key}, {"publicKeyJwk": public}):
            ciphertext = unb64(port.request("encrypt", {**name, "alg": jwe, "enc": enc, "plaintext": b64(DATA)})["ciphertext"]).decode()
            theirs = JWE(algs=[jwe, enc])
            theirs.deserialize(ciphertext, JWK(**jwk))
            assert DATA == theirs.payload
        made = JWE(DATA, protected=json.dumps({"alg": jwe, "enc": enc}), algs=[jwe, enc], recipient=JWK(**public))
        ciphertext = b64(made.serialize(compact=True).encode())
        assert DATA == unb64(port.request("decrypt", {"keyId": key, "alg": jwe, "ciphertext": ciphertext})["plaintext"])
        # The algorithm is the caller's word and the header's: they must be the same.
        other = "ECDH-ES" if jwe != "ECDH-ES" else "ECDH-ES+A256KW"
        assert FAILED == refused(port, "decrypt", keyId=key, alg=other, ciphertext=ciphertext)
    assert unsupported("A512GCM") == refused(port, "encrypt", keyId=key, alg=jwe, enc="A512GCM", plaintext="")


def _header(sealed: dict[str, Any]) -> dict[str, Any]:
    header: dict[str, Any] = json.loads(unb64(unb64(sealed["ciphertext"]).decode().split(".")[0]))
    return header


@pytest.mark.parametrize("alg", AGREEMENTS)
def test_agreement(home: Home, alg: str) -> None:
    """Two keys of the host agree, and a known one agrees as another library does; its own public key is refused elsewhere."""
    port = home.open()
    one, other = generate(port, alg), generate(port, alg)
    secrets = {
        port.request("deriveSecret", {"keyId": own["keyId"], "publicKeyJwk": theirs["publicKeyJwk"]})["secret"]
        for own, theirs in ((one, other), (other, one))
    }
    assert 1 == len(secrets)
    jwk = independent.private_jwk(alg)
    known = {name: value for name, value in jwk.items() if name != "d"}
    assert (
        b64(independent.agree(jwk, one["publicKeyJwk"]))
        == port.request("deriveSecret", {"keyId": one["keyId"], "publicKeyJwk": known})["secret"]
    )
    for bad in ({**known, "x": b64(bytes(len(unb64(known["x"]))))}, {**known, "crv": "secp256k1"}, {**known, "kty": "RSA"}):
        assert invalid("publicKeyJwk") == refused(port, "deriveSecret", keyId=one["keyId"], publicKeyJwk=bad)


@pytest.mark.parametrize("alg", of_kind("kem"))
def test_kems(port: Port, alg: str) -> None:
    """What is encapsulated is decapsulated, here and by OpenSSL; another ciphertext of that length gives another secret."""
    key, jwk = imported(port, alg), independent.private_jwk(alg)
    private = independent.AKP[alg].from_seed_bytes(unb64(jwk["priv"]))
    public = port.request("getPublicKey", {"keyId": key})["publicKeyJwk"]
    for name in ({"keyId": key}, {"publicKeyJwk": public}):
        made = port.request("encapsulate", {**name, "alg": alg})
        assert made["secret"] == port.request("decapsulate", {"keyId": key, "ciphertext": made["ciphertext"]})["secret"]
        assert unb64(made["secret"]) == private.decapsulate(unb64(made["ciphertext"]))
    secret, ciphertext = private.public_key().encapsulate()
    assert b64(secret) == port.request("decapsulate", {"keyId": key, "ciphertext": b64(ciphertext), "alg": alg})["secret"]
    assert b64(secret) != port.request("decapsulate", {"keyId": key, "ciphertext": b64(bytes(len(ciphertext)))})["secret"]
    assert FAILED == refused(port, "decapsulate", keyId=key, ciphertext=b64(ciphertext[:-1]))
    assert FAILED == refused(port, "decapsulate", keyId=key, ciphertext="")


WRAPPING = ["A128KW", "A192KW", "A256KW", "RSA-OAEP", "RSA-OAEP-256"]
TARGETS = ["ES256K", "Ed25519", "PS256", "ML-DSA-44", "A256GCM", "HS512", "X25519", "ML-KEM-768", "A128KW", "BLS12381G2"]


@pytest.mark.parametrize("alg", WRAPPING)
def test_wrapping(port: Port, alg: str) -> None:
    """A wrapped key comes back as itself, with its usages, once its first self is gone; while that is there, it is a duplicate."""
    wrapping = generate(port, alg, usages=["wrapKey", "unwrapKey"])["keyId"]
    for target in TARGETS:
        key = generate(port, target, label="first")
        wrapped = port.request("wrapKey", {"keyId": wrapping, "targetKeyId": key["keyId"], "alg": alg})["wrappedKey"]
        named = {"keyId": wrapping, "wrappedKey": wrapped, "alg": alg}
        assert (5011, {"reason": "duplicate"}) == refused(port, "unwrapKey", **named, targetAlg=target)
        port.request("destroyKey", {"keyId": key["keyId"]})
        again = port.request("unwrapKey", {**named, "targetAlg": target, "label": "second"})
        assert ("unwrapped", "second", target, key["usages"]) == tuple(again[name] for name in ("provenance", "label", "alg", "usages"))
        assert key.get("publicKeyJwk") == again.get("publicKeyJwk")


@pytest.mark.parametrize("alg", WRAPPING)
def test_a_wrapped_key_is_a_jwk(port: Port, alg: str) -> None:
    """Wrapped by another library to a key that came in, it is taken in, and does what its secret does."""
    kek = independent.private_jwk(alg, 1)
    wrapping = import_jwk(port, kek, alg, usages=["wrapKey", "unwrapKey"])["keyId"]
    jwk = {**independent.private_jwk("ES384"), "d": b64(bytes(range(10, 58))), "alg": "ES384", "key_ops": ["sign", "verify"]}
    jwk |= independent.curve_members("P-384", unb64(jwk["d"]))
    octets = json.dumps(jwk).encode()
    if alg.startswith("RSA"):
        header = {"alg": alg, "enc": "A256GCM", "cty": "jwk+json"}
        token = JWE(octets, protected=json.dumps(header), algs=[alg, "A256GCM"], recipient=JWK(**kek))
        wrapped = token.serialize(compact=True).encode()
    else:
        wrapped = independent.key_wrap(unb64(kek["k"]), len(octets)).seal(octets)
    key = port.request("unwrapKey", {"keyId": wrapping, "wrappedKey": b64(wrapped), "alg": alg, "targetAlg": "ES384"})
    assert ["sign", "verify"] == key["usages"]
    assert independent.verifies("ES384", jwk, DATA, sign(port, key["keyId"], "ES384"))
    port.request("destroyKey", {"keyId": key["keyId"]})


def test_aggregates(port: Port) -> None:
    """BLS signatures are made one, of many messages and of the same one, as py_ecc verifies them."""
    alg, bls = "BLS12381G2", independent.BLS
    keys = [generate(port, alg) for _ in range(3)]
    jwks = [key["publicKeyJwk"] for key in keys]
    publics = [unb64(jwk["x"]) for jwk in jwks]
    first = b64(sign(port, keys[0]["keyId"], alg))
    for messages in ([b"one", b"two", b"three"], [b"same"] * 3):
        signatures = [b64(sign(port, key["keyId"], alg, message)) for key, message in zip(keys, messages, strict=True)]
        one = port.request("aggregateSignatures", {"alg": alg, "signatures": signatures})["signature"]
        data = [b64(messages[0])] if messages[0] == messages[1] else [b64(message) for message in messages]
        params = {"alg": alg, "publicKeyJwks": jwks, "data": data, "signature": one}
        assert {"valid": True} == port.request("aggregateVerify", params)
        assert {"valid": False} == port.request("aggregateVerify", {**params, "publicKeyJwks": [*jwks[:2], jwks[0]]})
        assert {"valid": False} == port.request("aggregateVerify", {**params, "signature": signatures[0]})
        if len(data) == 1:
            assert bls.FastAggregateVerify(publics, messages[0], unb64(one))
        else:
            assert bls.AggregateVerify(publics, messages, unb64(one))
            assert invalid("data") == refused(port, "aggregateVerify", **{**params, "data": data[:2]})
    assert invalid("signatures") == refused(port, "aggregateSignatures", alg=alg, signatures=[first, b64(bytes(96))])
    for other in ("Ed25519", "BIP340"):
        assert unsupported(other) == refused(port, "aggregateSignatures", alg=other, signatures=[first])


def test_rsa_of_every_length(port: Port) -> None:
    """3072 bits unless another is asked for; only an RSA key has a modulus, and of three lengths."""
    assert 3072 == 8 * len(unb64(port.request("generateKey", {"alg": "PS256"})["publicKeyJwk"]["n"]))
    assert 2048 == 8 * len(unb64(generate(port, "PS256")["publicKeyJwk"]["n"]))
    assert invalid("modulusLength") == refused(port, "generateKey", alg="PS256", modulusLength=2560)
    assert invalid("modulusLength") == refused(port, "generateKey", alg="ES256", modulusLength=2048)


def test_the_protocols_names_are_those_above() -> None:
    """The reference names every algorithm of the protocol."""
    text = (Path(__file__).parents[2] / "docs" / "algorithms.md").read_text(encoding="utf-8")
    assert set() == {alg for alg in NAMES if not re.search(rf"`{re.escape(alg)}`", text)}
