"""CIP-8 and CIP-30: Cardano's message signatures."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from native_host.encodings.bech32 import encode_bech32
from native_host.suites import cip8, ed25519, ed25519_bip32, signed_message
from tests.vector_files import load

VECTORS = load("cip8")
SECRET = bytes(31) + b"\x07"
PUBLIC = ed25519.public_key(SECRET)
HASH = blake2b(PUBLIC, digest_size=28).digest()
OTHER = blake2b(b"other", digest_size=28).digest()
PAYMENT, STAKE = "m/1852'/1815'/0'/0/0", "m/1852'/1815'/0'/2/0"


def _verified(signature: bytes, key: bytes) -> tuple[bytes, bytes]:
    """Address and message of a COSE_Sign1 that is valid under a COSE_Key, from RFC 9052's text and OpenSSL."""
    protected, unprotected, payload, made = cbor2.loads(signature)
    headers, cose_key = cbor2.loads(protected), cbor2.loads(key)
    assert (headers.pop(1), unprotected, list(headers)) == (-8, {"hashed": False}, ["address"])
    assert {label: value for label, value in cose_key.items() if label != -2} == {1: 1, 3: -8, -1: 6}
    to_verify = cbor2.dumps(["Signature1", protected, b"", payload])
    Ed25519PublicKey.from_public_bytes(cose_key[-2]).verify(made, to_verify)
    return headers["address"], payload


@pytest.mark.parametrize("vector", VECTORS["made"], ids=lambda vector: f"{vector['alg']} {vector['address'][:5]} {len(vector['message'])}")
def test_against_pycardano(vector: dict[str, Any]) -> None:
    """Another implementation makes the same COSE_Sign1, COSE_Key and address, by plain and by extended keys, payment and staking."""
    public, secret = bytes.fromhex(vector["public"]), bytes.fromhex(vector["secret"])
    made = signed_message.sign("cip8", vector["alg"], vector["path"], public, bytearray(secret), vector["message"].encode())

    assert (bytes.fromhex(vector["signature"]), vector["address"]) == made
    assert bytes.fromhex(vector["key"]) == signed_message.companion("cip8", public)


@pytest.mark.parametrize("vector", VECTORS["published"], ids=lambda vector: vector["message"][:5])
def test_published(vector: dict[str, Any]) -> None:
    """Published signatures of wallets, also by base addresses, are signatures of what would be signed here."""
    key, signature, message = bytes.fromhex(vector["key"]), bytes.fromhex(vector["signature"]), vector["message"].encode()
    address = cip8.parse_address(vector["address"], key[-32:])

    assert cip8.cose_key(key[-32:]) == key
    assert _verified(signature, key) == (address, message)
    assert ed25519.verify(key[-32:], data=cip8.sig_structure(address, message), signature=signature[-64:])


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=300))
def test_verifies(secret: bytes, message: bytes) -> None:
    """Any message verifies, and what was signed is the message and the address that is named."""
    public = ed25519.public_key(secret)
    signature, address = signed_message.sign("cip8", "Ed25519", None, public, secret, message)
    key = signed_message.companion("cip8", public)

    assert key is not None
    assert _verified(signature, key) == (cip8.parse_address(address, public), message)
    assert address.startswith("addr1v")


def test_claimed_addresses() -> None:
    """The caller may name any address whose payment key, or staking key of a reward address, the key is."""
    secret = ed25519_bip32.generate_secret(lambda length: b"\x05" * length)
    public = ed25519_bip32.public_key(secret)
    own = blake2b(public, digest_size=28).digest()
    for hrp, data in [
        ("addr", b"\x01" + own + OTHER),
        ("addr", b"\x21" + own + OTHER),
        ("addr_test", b"\x00" + own + OTHER),
        ("addr", b"\x61" + own),
        ("addr_test", b"\x60" + own),
        ("stake", b"\xe1" + own),
        ("stake_test", b"\xe0" + own),
    ]:
        claimed = encode_bech32(hrp, data)
        signature, address = signed_message.sign("cip8", "Ed25519-BIP32", PAYMENT, public, secret, b"m", address=claimed)
        assert (claimed, (data, b"m")) == (address, _verified(signature, cip8.cose_key(public)))


REFUSED = {
    "another payment key": encode_bech32("addr", b"\x01" + OTHER + HASH),
    "another staking key": encode_bech32("stake", b"\xe1" + OTHER),
    "payment script": encode_bech32("addr", b"\x11" + HASH + OTHER),
    "two scripts": encode_bech32("addr", b"\x31" + HASH + OTHER),
    "pointer": encode_bech32("addr", b"\x41" + HASH + b"\x01\x02\x03"),
    "enterprise script": encode_bech32("addr", b"\x71" + HASH),
    "reward of a script": encode_bech32("stake", b"\xf1" + HASH),
    "network and prefix differ": encode_bech32("addr_test", b"\x61" + HASH),
    "unknown network": encode_bech32("addr", b"\x62" + HASH),
    "reward address under addr": encode_bech32("addr", b"\xe1" + HASH),
    "enterprise address under stake": encode_bech32("stake", b"\x61" + HASH),
    "unknown prefix": encode_bech32("drep", b"\x61" + HASH),
    "short": encode_bech32("addr", b"\x61" + HASH[:-1]),
    "long": encode_bech32("addr", b"\x61" + HASH + b"\x00"),
    "nothing in it": encode_bech32("addr", b""),
    "capitals": encode_bech32("addr", b"\x61" + HASH).upper(),
    "wrong checksum": encode_bech32("addr", b"\x61" + HASH)[:-1] + "q",
    "Byron": "Ae2tdPwUPEZFRbyhz3cpfC2CumGzNkFBN2L42rcUc2yjQpEkxDbkPodpMAi",
    "empty": "",
    "of another kind": "cosmos1thklh702txwafc72d2qtxv7ywt7sk0mfjt997f",
}


@pytest.mark.parametrize("address", REFUSED.values(), ids=REFUSED.keys())
def test_another_signer(address: str) -> None:
    """Any other text is no address of the key."""
    with pytest.raises(ValueError, match=r"address|Bech32|padding"):
        cip8.parse_address(address, PUBLIC)
    with pytest.raises(signed_message.AnotherSigner):
        signed_message.check("cip8", "Ed25519", None, PUBLIC, b"m", address=address)


@given(st.text(max_size=120))
def test_hostile_address(text: str) -> None:
    """No text breaks the reading of an address."""
    with pytest.raises(ValueError, match=r"address|Bech32|padding|part"):
        cip8.parse_address(text, PUBLIC)


@pytest.mark.parametrize(
    ("alg", "path"), [("Ed25519", "m/44'/501'/0'"), ("ES256K", None), ("BIP340", None), ("ES256", None), ("Ed448", None)]
)
def test_wrong_keys(alg: str, path: str | None) -> None:
    """Other chains' keys and other algorithms' do not sign Cardano's messages."""
    with pytest.raises(signed_message.WrongKey):
        signed_message.check("cip8", alg, path, PUBLIC, b"message")
    with pytest.raises(signed_message.WrongKey):
        signed_message.sign("cip8", alg, path, PUBLIC, SECRET, b"message")


def test_staking_path() -> None:
    """A staking key signs by its reward address."""
    assert signed_message.check("cip8", "Ed25519-BIP32", STAKE, PUBLIC, b"m") == encode_bech32("stake", b"\xe1" + HASH)
    assert signed_message.check("cip8", "Ed25519-BIP32", PAYMENT, PUBLIC, b"m") == encode_bech32("addr", b"\x61" + HASH)
