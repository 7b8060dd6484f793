"""EIP-191 version 0x45: personal messages."""

from __future__ import annotations

import pytest
from eth_account import Account
from eth_account.messages import _hash_eip191_message, encode_defunct
from hypothesis import given
from hypothesis import strategies as st

from native_host.suites import eip191, es256k, signed_message

SECRET = bytes(31) + b"\x07"

secrets = st.integers(1, 2**256 - 2**130).map(lambda number: number.to_bytes(32, "big"))


@given(secrets, st.binary(max_size=300))
def test_against_eth_account(secret: bytes, message: bytes) -> None:
    """An independent implementation hashes the same, makes the same signature, and recovers the address that we name."""
    theirs = encode_defunct(primitive=message)
    signature, address = signed_message.sign("eip191", "ES256K", "m/44'/60'/0'/0/0", es256k.public_key(secret), bytearray(secret), message)

    assert _hash_eip191_message(theirs) == eip191.digest_of_message(message)
    assert Account.sign_message(theirs, secret).signature == signature
    assert Account.recover_message(theirs, signature=signature) == address
    assert Account.from_key(secret).address == address
    assert signature[64] in (27, 28)


@pytest.mark.parametrize("path", [None, "m", "m/44'/60'/0'/0/0", "m/44'/61'/0'/0/0", "m/0/1"])
@pytest.mark.parametrize("alg", ["ES256K", "ES256K-R"])
def test_keys(alg: str, path: str | None) -> None:
    """Every secp256k1 key signs that is not another chain's: generated, imported, at Ethereum's paths and at unknown ones."""
    public = es256k.public_key(SECRET)
    signed_message.check("eip191", alg, path, public, b"message")

    assert Account.from_key(SECRET).address == signed_message.sign("eip191", alg, path, public, SECRET, b"message")[1]


@pytest.mark.parametrize(
    ("alg", "path"),
    [
        ("ES256K", "m/84'/0'/0'/0/0"),
        ("ES256K", "m/44'/0'/0'/0/0"),
        ("ES256K", "m/44'/1'/0'/0/0"),
        ("BIP340", None),
        ("Ed25519", None),
        ("ES256", None),
    ],
)
def test_wrong_keys(alg: str, path: str | None) -> None:
    """Bitcoin's keys and other algorithms' do not sign Ethereum's messages."""
    with pytest.raises(signed_message.WrongKey):
        signed_message.check("eip191", alg, path, es256k.public_key(SECRET), b"message")
    with pytest.raises(signed_message.WrongKey):
        signed_message.sign("eip191", alg, path, es256k.public_key(SECRET), SECRET, b"message")
