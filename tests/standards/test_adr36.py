"""ADR-036: Cosmos's signatures of arbitrary messages."""

from __future__ import annotations

import json
from base64 import b64encode
from hashlib import sha256
from typing import Any

import pytest
from coincurve import PublicKey
from hypothesis import given
from hypothesis import strategies as st

from native_host.encodings.bech32 import encode_bech32
from native_host.encodings.hash160 import hash160
from native_host.suites import adr36, es256k, secp256k1, signed_message
from tests.vector_files import load

VECTORS = load("adr36")["vectors"]
SECRET = bytes(31) + b"\x07"
PUBLIC = es256k.public_key(SECRET)
PATH = "m/44'/118'/0'/0/0"
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141

secrets = st.integers(1, 2**256 - 2**130).map(lambda number: number.to_bytes(32, "big"))


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["address"][:9])
def test_against_cosmjs_and_keplr(vector: dict[str, Any]) -> None:
    """Other implementations have the same address, sign document and signature, under each chain's prefix."""
    secret, message = bytes.fromhex(vector["secret"]), vector["message"].encode()
    public = es256k.public_key(secret)
    made = signed_message.sign("adr36", "ES256K", PATH, public, bytearray(secret), message, address=vector["address"])

    assert (bytes.fromhex(vector["signature"]), vector["address"]) == made
    assert vector["address"] == adr36.address_of(public, vector["hrp"])
    assert vector["document"] == adr36.sign_document(message, vector["address"]).decode()


@given(secrets, st.binary(min_size=1, max_size=300), st.sampled_from([None, PATH]), st.sampled_from(["ES256K", "ES256K-R"]))
def test_verifies(secret: bytes, message: bytes, path: str | None, alg: str) -> None:
    """The signature is valid over the canonical JSON of the document that the ADR prints, s is low, the address the key's."""
    public = es256k.public_key(secret)
    signature, address = signed_message.sign("adr36", alg, path, public, secret, message)
    document = {
        "chain_id": "",
        "account_number": "0",
        "sequence": "0",
        "fee": {"gas": "0", "amount": []},
        "msgs": [{"type": "sign/MsgSignData", "value": {"signer": address, "data": b64encode(message).decode()}}],
        "memo": "",
    }
    text = json.dumps(document, sort_keys=True, separators=(",", ":")).encode()

    assert text == adr36.sign_document(message, address)
    assert PublicKey(public).verify(secp256k1.to_der(signature), sha256(text).digest(), hasher=None)
    assert int.from_bytes(signature[32:], "big") <= ORDER // 2
    assert address == encode_bech32("cosmos", hash160(public))


def test_empty() -> None:
    """An empty message is refused, as verifiers refuse it."""
    with pytest.raises(signed_message.NotThisFormat):
        signed_message.check("adr36", "ES256K", PATH, PUBLIC, b"")
    with pytest.raises(signed_message.NotThisFormat):
        signed_message.sign("adr36", "ES256K", PATH, PUBLIC, SECRET, b"")


OWN = hash160(PUBLIC)
REFUSED = {
    "another key": encode_bech32("cosmos", hash160(b"other")),
    "short": encode_bech32("cosmos", OWN[:-1]),
    "long": encode_bech32("cosmos", OWN + b"\x00"),
    "capitals": encode_bech32("cosmos", OWN).upper(),
    "quote in the prefix": encode_bech32('cos"mos', OWN),
    "digit first": encode_bech32("0smo", OWN),
    "wrong checksum": encode_bech32("cosmos", OWN)[:-1] + "q",
    "segwit": "bc1q9vza2e8x573nczrlzms0wvx3gsqjx7vavgkx0l",
    "hexadecimal": "0x" + OWN.hex(),
    "empty": "",
}


@pytest.mark.parametrize("address", REFUSED.values(), ids=REFUSED.keys())
def test_another_signer(address: str) -> None:
    """Any other text is no address of the key, and none that could write into the document is."""
    with pytest.raises(signed_message.AnotherSigner):
        signed_message.check("adr36", "ES256K", PATH, PUBLIC, b"m", address=address)
    with pytest.raises(signed_message.AnotherSigner):
        signed_message.sign("adr36", "ES256K", PATH, PUBLIC, SECRET, b"m", address=address)


@pytest.mark.parametrize(
    ("alg", "path"),
    [
        ("ES256K", "m/44'/60'/0'/0/0"),
        ("ES256K", "m/84'/0'/0'/0/0"),
        ("ES256K", "m/44'/0'/0'/0/0"),
        ("BIP340", None),
        ("Ed25519", None),
        ("ES256", None),
    ],
)
def test_wrong_keys(alg: str, path: str | None) -> None:
    """Other chains' keys and other algorithms' do not sign Cosmos's messages."""
    with pytest.raises(signed_message.WrongKey):
        signed_message.check("adr36", alg, path, PUBLIC, b"message")
    with pytest.raises(signed_message.WrongKey):
        signed_message.sign("adr36", alg, path, PUBLIC, SECRET, b"message")
