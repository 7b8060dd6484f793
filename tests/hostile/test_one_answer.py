"""Whatever does not decrypt is answered by one refusal, to the letter, for every algorithm: nothing can be asked about it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jwcrypto.jwe import JWE
from jwcrypto.jwk import JWK

from native_host.suites.table import SUITES
from native_host.testing.port import HostError, Port
from tests.homes import b64, refusal, unb64
from tests.host.calls import FAILED, generate, import_jwk, invalid, refused
from tests.independent import key_wrap, known

DATA = b64(b"data")
WRAPS = {"usages": ["wrapKey", "unwrapKey"]}


def messages(port: Port, method: str, calls: list[dict[str, Any]]) -> set[str]:
    """What the refusals say to a person; each must be ``decryption_failed`` and no more."""
    texts = set()
    for params in calls:
        with pytest.raises(HostError) as caught:
            port.request(method, params)
        assert FAILED == refusal(caught.value), params
        texts.add(caught.value.message)
    return texts


def flips(data: bytes) -> list[bytes]:
    """The data with one bit changed, here and there."""
    places = sorted({0, 1, len(data) // 3, len(data) // 2, len(data) - 2, len(data) - 1} & set(range(len(data))))
    return [data[:at] + bytes((data[at] ^ bit,)) + data[at + 1 :] for at in places for bit in (1, 128)]


def cut(data: bytes) -> list[bytes]:
    """The data shorter and longer."""
    return [b"", data[:1], data[:-1], data[: len(data) // 2], data + b"\x00", data * 2]


AEADS = [suite.alg for suite in SUITES.values() if suite.kind == "cipher" and "unauthenticated" not in suite.labels]
PUBLIC = [suite.alg for suite in SUITES.values() if suite.kind == "publicCipher"]
JWES = [suite.alg for suite in SUITES.values() if suite.kind == "jwe"]


@pytest.mark.parametrize("alg", AEADS)
def test_an_aead_fails_in_one_way(port: Port, alg: str) -> None:
    """Ciphertext, nonce, tag and additional data: changed, cut, missing, of another length."""
    key = generate(port, alg)["keyId"]
    named = {"keyId": key, "alg": alg, "aad": DATA}
    sealed = port.request("encrypt", {**named, "plaintext": b64(bytes(40))})
    sealed.pop("version")
    wrong = [
        {**named, **sealed, name: b64(changed)}
        for name in ("ciphertext", "iv", "tag")
        for changed in [*flips(unb64(sealed[name])), *cut(unb64(sealed[name]))]
    ]
    wrong += [{**named, **{other: value for other, value in sealed.items() if other != name}} for name in ("iv", "tag")]
    wrong += [{**named, **sealed, "aad": b64(changed)} for changed in (b"", b"dato", b"data\x00")]
    assert 1 == len(messages(port, "decrypt", wrong))


@pytest.mark.parametrize("alg", ["A128CBC", "A256CBC", "A128ECB", "A256ECB", "A256CTR"])
def test_what_is_not_authenticated_fails_in_one_way_too(port: Port, alg: str) -> None:
    """Padding, length and a missing nonce are not told apart."""
    key = generate(port, alg)["keyId"]
    sealed = port.request("encrypt", {"keyId": key, "alg": alg, "plaintext": b64(bytes(16))})
    sealed.pop("version")
    body = unb64(sealed["ciphertext"])
    named = {"keyId": key, "alg": alg, **sealed}
    wrong = [{**named, "iv": b64(changed)} for changed in cut(bytes(16))[:4]] if "iv" in sealed else []
    if not alg.endswith("CTR"):
        # The last block alone is no padding but by a rare chance, which a fixed key does not have twice: what decrypts is left out.
        bad = [body[:16], body[:-1], b"", body + b"\x00", bytes(32), body[16:] + body[:16]]
        wrong += [{**named, "ciphertext": b64(changed)} for changed in bad if not _decrypts(port, named, changed)]
        assert len(wrong) > 4
    assert 1 == len(messages(port, "decrypt", wrong))
    assert invalid("aad") == refused(port, "decrypt", **named, aad=DATA)


def _decrypts(port: Port, named: dict[str, Any], ciphertext: bytes) -> bool:
    try:
        port.request("decrypt", {**named, "ciphertext": b64(ciphertext)})
    except HostError as error:
        if FAILED != refusal(error):
            raise
        return False
    return True


@pytest.mark.parametrize("alg", PUBLIC)
def test_a_public_cipher_fails_in_one_way(port: Port, alg: str) -> None:
    """Padding, label, tag, encapsulated key and length are not told apart."""
    key = generate(port, alg)
    named = {"keyId": key["keyId"], "alg": alg, "aad": DATA}
    sealed = unb64(port.request("encrypt", {**named, "plaintext": DATA})["ciphertext"])
    wrong = [{**named, "ciphertext": b64(changed)} for changed in [*flips(sealed), *cut(sealed), bytes(len(sealed)), b"\xff" * len(sealed)]]
    wrong += [{**named, "ciphertext": b64(sealed), "aad": b64(changed)} for changed in (b"", b"dato")]
    if SUITES[alg].authenticates_sender:
        wrong.append({**named, "ciphertext": b64(sealed), "senderPublicKeyJwk": generate(port, alg)["publicKeyJwk"]})
    assert 1 == len(messages(port, "decrypt", wrong))


@pytest.mark.parametrize("alg", JWES)
def test_a_jwe_fails_in_one_way(port: Port, alg: str) -> None:
    """Header, one-time key, wrapped key, content and form are not told apart."""
    key = generate(port, "ECDH-P256", usages=["encrypt", "decrypt"])["keyId"]
    named = {"keyId": key, "alg": alg}
    text = unb64(port.request("encrypt", {**named, "plaintext": DATA})["ciphertext"])
    header, *rest = text.split(b".")
    read = json.loads(unb64(header.decode()))
    changed_headers = [
        {**read, "alg": "dir"},
        {**read, "alg": "RSA-OAEP"},
        {**read, "enc": "A128GCM"},
        {**read, "enc": "none"},
        {**read, "zip": "DEF"},
        {**read, "crit": ["exp"], "exp": 1},
        {**read, "epk": {**read["epk"], "x": b64(bytes(32))}},
        {**read, "epk": {**read["epk"], "crv": "P-521"}},
        {**read, "epk": {"kty": "OKP", "crv": "X25519", "x": b64(bytes(32))}},
        {name: value for name, value in read.items() if name != "epk"},
        {},
        [],
    ]
    wrong = [b".".join([b64(json.dumps(changed).encode()).encode(), *rest]) for changed in changed_headers]
    wrong += [*cut(text), b"....", b"a.b.c.d.e", text.replace(b".", b"", 1), "ä....".encode(), b"\xff" * 40]
    wrong += [text[: -len(rest[-1])] + b64(flip).encode() for flip in flips(unb64(rest[-1].decode()))]
    assert 1 == len(messages(port, "decrypt", [{**named, "ciphertext": b64(body)} for body in wrong]))


UNFIT: dict[str, dict[str, Any]] = {
    "no usages": {"key_ops": ...},
    "usages that are none": {"key_ops": ["fly"]},
    "usages that exclude each other": {"key_ops": ["sign", "deriveSecret"]},
    "another's usages": {"key_ops": ["wrapKey"]},
    "no algorithm": {"alg": ...},
    "another algorithm": {"alg": "ES384"},
    "another kind": {"kty": "OKP"},
    "another curve": {"crv": "secp256k1"},
    "no secret": {"d": ...},
    "a short secret": {"d": b64(bytes(31))},
    "no key": {"d": b64(bytes(32))},
    "another's public key": {"x": known("ES256", number=9)["x"]},
    "not base64url": {"d": "!"},
    "a secret that is no text": {"d": 1},
}


def unfit() -> list[bytes]:
    jwks = [{name: value for name, value in {**known("ES256"), **members}.items() if value is not ...} for members in UNFIT.values()]
    return [*(json.dumps(jwk).encode() for jwk in jwks), b"", b"{}", b"[]", b"null", b"\xff" * 40, b'{"kty":', b"x" * 64]


def test_a_wrapped_key_fails_in_one_way(port: Port) -> None:
    """What is wrong inside is told no more than what is wrong outside, by either way of wrapping."""
    kek = known("A192KW", number=3)
    key = import_jwk(port, kek, "A192KW")["keyId"]
    octets = [body for body in unfit() if len(body) >= 16]
    wrapped = [key_wrap(unb64(kek["k"]), len(body)).seal(body) for body in octets]
    good = json.dumps(known("ES256")).encode()
    outside = key_wrap(unb64(kek["k"]), len(good)).seal(good)
    wrapped += [*flips(outside), *cut(outside), bytes(24), bytes(16), bytes(8)]
    calls = [{"keyId": key, "wrappedKey": b64(body), "alg": "A192KW", "targetAlg": "ES256"} for body in wrapped]
    pair = generate(port, "RSA-OAEP-256", **WRAPS)
    jwes = [_forged_octets(pair["publicKeyJwk"], body) for body in unfit()]
    jwes += [
        _forged_octets(pair["publicKeyJwk"], good, **header)
        for header in ({"cty": "JWT"}, {"cty": ""}, {"enc": "A128GCM", "typ": "x", "zip": "DEF"})
    ]
    text = unb64(_forged_octets(pair["publicKeyJwk"], good))
    jwes += [b64(body) for body in (*flips(text), *cut(text))]
    calls += [{"keyId": pair["keyId"], "wrappedKey": body, "alg": "RSA-OAEP-256", "targetAlg": "ES256"} for body in jwes]
    assert 1 == len(messages(port, "unwrapKey", calls))
    port.request("unwrapKey", {"keyId": key, "wrappedKey": b64(outside), "alg": "A192KW", "targetAlg": "ES256"})


def _forged_octets(kek: dict[str, Any], octets: bytes, **header: Any) -> str:
    protected = {"alg": "RSA-OAEP-256", "enc": "A256GCM", "cty": "jwk+json", **header}
    token = JWE(octets, protected=json.dumps(protected), algs=["RSA-OAEP-256", protected["enc"]], recipient=JWK(**kek))
    return b64(token.serialize(compact=True).encode())


@pytest.mark.parametrize("alg", ["ML-KEM-768", "ML-KEM-1024"])
def test_an_encapsulation_fails_by_its_length_only(port: Port, alg: str) -> None:
    """Any of the right length gives a secret, so nothing can be asked about (FIPS 203)."""
    key = generate(port, alg)["keyId"]
    made = unb64(port.request("encapsulate", {"keyId": key, "alg": alg})["ciphertext"])
    assert 1 == len(messages(port, "decapsulate", [{"keyId": key, "ciphertext": b64(body)} for body in cut(made)]))
    secrets = {port.request("decapsulate", {"keyId": key, "ciphertext": b64(body)})["secret"] for body in flips(made)}
    assert len(flips(made)) == len(secrets)
