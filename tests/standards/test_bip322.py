"""BIP322: simple signatures of messages by Bitcoin addresses; with them BIP143's and BIP341's digests."""

from __future__ import annotations

from base64 import b64decode
from hashlib import sha256
from io import BytesIO

import pytest
from coincurve import PublicKey, PublicKeyXOnly
from embit.ec import PublicKey as EmbitPublicKey
from embit.script import Script, Witness, p2wpkh
from embit.transaction import SIGHASH, Transaction, TransactionInput, TransactionOutput
from hypothesis import given
from hypothesis import strategies as st

from native_host.encodings.base58 import decode_base58check
from native_host.suites import bip322, bip340, es256k, signed_message
from native_host.suites.hd.accounts import taproot_output_key
from tests.vector_files import load

BIP322 = load("bip322")
SECRET = decode_base58check(BIP322["secret_wif"])[1:33]
PUBLIC, INTERNAL = es256k.public_key(SECRET), bip340.public_key(SECRET)
P2WPKH, P2TR = "m/84'/0'/0'/0/0", "m/86'/0'/0'/0/0"
MESSAGES = ["", "Hello World"]

secrets = st.integers(1, 2**256 - 2**130).map(lambda number: number.to_bytes(32, "big"))


def _txid(transaction: bytes) -> str:
    return sha256(sha256(transaction).digest()).digest()[::-1].hex()


def _oracle_to_sign(message: bytes, script: Script) -> Transaction:
    """BIP322's two transactions, as embit builds and serialises them."""
    tag = sha256(b"BIP0322-signed-message").digest()
    commitment = Script(b"\x00\x20" + sha256(tag + tag + message).digest())
    to_spend = Transaction(0, [TransactionInput(bytes(32), 0xFFFFFFFF, commitment, sequence=0)], [TransactionOutput(0, script)])
    return Transaction(0, [TransactionInput(to_spend.txid(), 0, sequence=0)], [TransactionOutput(0, Script(b"\x6a"))])


@pytest.mark.parametrize("message", MESSAGES)
def test_published_transactions(message: str) -> None:
    """The message's hash and both transactions have the published values."""
    script = bip322.p2wpkh_script(PUBLIC)

    assert BIP322["message_hashes"][message] == bip322.message_hash(message.encode()).hex()
    assert BIP322["to_spend"][message] == _txid(bip322.to_spend(message.encode(), script))
    assert BIP322["to_sign"][message] == _txid(bip322.to_sign(message.encode(), script))


@pytest.mark.parametrize("message", MESSAGES)
def test_published_p2wpkh(message: str) -> None:
    """Our signature is one of the two that the BIP gives for each message (the other searches for a small r)."""
    signature, address = signed_message.sign("bip322", "ES256K", P2WPKH, PUBLIC, bytearray(SECRET), message.encode())

    assert BIP322["p2wpkh"]["address"] == address
    assert signature in [b64decode(text) for text in BIP322["p2wpkh"]["signatures"][message]]


def test_published_p2tr() -> None:
    """With auxiliary randomness of zeros, our signature is the published one."""
    signature = bip322.sign_p2tr(SECRET, b"Hello World", internal=INTERNAL, aux=bytes(32))

    assert b64decode(BIP322["p2tr"]["signatures"]["Hello World"][0]) == signature
    assert BIP322["p2tr"]["address"] == signed_message.sign("bip322", "BIP340", P2TR, INTERNAL, SECRET, b"Hello World")[1]


@given(secrets, st.binary(max_size=300))
def test_p2wpkh_against_embit(secret: bytes, message: bytes) -> None:
    """An independent implementation builds the same digest (BIP143), and the signature verifies over it."""
    public = es256k.public_key(secret)
    script = p2wpkh(EmbitPublicKey.parse(public))
    digest = _oracle_to_sign(message, script).sighash_segwit(0, Script(b"\x76\xa9\x14" + script.data[2:] + b"\x88\xac"), 0)
    signature, key = Witness.read_from(BytesIO(signed_message.sign("bip322", "ES256K", P2WPKH, public, secret, message)[0])).items

    assert script.data == bip322.p2wpkh_script(public)
    assert digest == bip322.p2wpkh_sighash(message, public)
    assert (signature[-1], key) == (SIGHASH.ALL, public)
    assert PublicKey(public).verify(signature[:-1], digest, hasher=None)


@given(secrets, st.binary(max_size=300))
def test_p2tr_against_embit(secret: bytes, message: bytes) -> None:
    """An independent implementation builds the same digest (BIP341), and the signature verifies under the output key."""
    internal = bip340.public_key(secret)
    script = Script(b"\x51\x20" + taproot_output_key(internal))
    digest = _oracle_to_sign(message, script).sighash_taproot(0, [script], [0], SIGHASH.ALL)
    (signature,) = Witness.read_from(BytesIO(signed_message.sign("bip322", "BIP340", P2TR, internal, secret, message)[0])).items

    assert script.data == bip322.p2tr_script(internal)
    assert digest == bip322.p2tr_sighash(message, internal)
    assert (signature[-1], len(signature)) == (SIGHASH.ALL, 65)
    assert PublicKeyXOnly(taproot_output_key(internal)).verify(signature[:-1], digest)


def test_networks() -> None:
    """The signature is the same on the test networks, whose addresses begin with tb1."""
    main, test = (signed_message.sign("bip322", "ES256K", path, PUBLIC, SECRET, b"m") for path in (P2WPKH, "m/84'/1'/0'/0/0"))

    assert main[0] == test[0]
    assert (main[1][:4], test[1][:4]) == ("bc1q", "tb1q")


@pytest.mark.parametrize(
    ("alg", "path"),
    [
        ("ES256K", None),
        ("BIP340", None),
        ("ES256K", "m/44'/0'/0'/0/0"),
        ("ES256K", "m/44'/60'/0'/0/0"),
        ("ES256K", "m/84'/0'/0'/0"),
        ("ES256K", "m/86'/0'/0'/0/0"),
        ("BIP340", "m/84'/0'/0'/0/0"),
        ("Ed25519", "m/44'/501'/0'"),
    ],
)
def test_wrong_keys(alg: str, path: str | None) -> None:
    """Without a BIP84 or BIP86 path it is not known which address is meant; P2PKH has no witness to sign with."""
    with pytest.raises(signed_message.WrongKey):
        signed_message.check("bip322", alg, path, PUBLIC, b"message")
    with pytest.raises(signed_message.WrongKey):
        signed_message.sign("bip322", alg, path, PUBLIC, SECRET, b"message")
