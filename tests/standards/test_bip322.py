"""BIP322: simple and full signatures of messages by Bitcoin addresses; with them BIP143's and BIP341's digests."""

from __future__ import annotations

from base64 import b64decode, b64encode
from hashlib import sha256
from io import BytesIO
from typing import Any

import pytest
from bip322 import VerificationError, verify_simple_encoded
from coincurve import PublicKey, PublicKeyXOnly
from embit import script as embit_script
from embit.ec import PublicKey as EmbitPublicKey
from embit.networks import NETWORKS
from embit.script import Script, Witness
from embit.transaction import SIGHASH, Transaction, TransactionInput, TransactionOutput
from hypothesis import given
from hypothesis import strategies as st

from native_host.encodings.base58 import decode_base58check
from native_host.suites import bip322, bip340, es256k, signed_message
from native_host.suites.hd.accounts import taproot_output_key
from tests.vector_files import load

BIP322 = load("bip322")
GENERATED = BIP322["generated"]
FIELDS = bip322.Fields(**GENERATED["fields"])
SECRET = decode_base58check(BIP322["secret_wif"])[1:33]
PUBLIC, INTERNAL = es256k.public_key(SECRET), bip340.public_key(SECRET)
PATHS = {
    "p2pkh": "m/44'/0'/0'/0/0",
    "p2sh-p2wpkh": "m/49'/0'/0'/0/0",
    "p2wpkh": "m/84'/0'/0'/0/0",
    "p2tr": "m/86'/0'/0'/0/0",
}
KINDS: tuple[bip322.Kind, ...] = ("p2pkh", "p2sh-p2wpkh", "p2wpkh", "p2tr")

secrets = st.integers(1, 2**256 - 2**130).map(lambda number: number.to_bytes(32, "big"))
kinds = st.sampled_from(KINDS)


def _public(kind: str, secret: bytes) -> bytes:
    return bip340.public_key(secret) if kind == "p2tr" else es256k.public_key(secret)


def _sign(message_format: str, kind: str, secret: bytes, message: bytes) -> tuple[bytes, str]:
    alg = "BIP340" if kind == "p2tr" else "ES256K"
    return signed_message.sign(message_format, alg, PATHS[kind], _public(kind, secret), bytearray(secret), message)


def _txid(transaction: bytes) -> str:
    return sha256(sha256(transaction).digest()).digest()[::-1].hex()


def _oracle_script(kind: str, secret: bytes) -> Script:
    public = EmbitPublicKey.parse(es256k.public_key(secret))
    if kind == "p2sh-p2wpkh":
        return embit_script.p2sh(embit_script.p2wpkh(public))
    return getattr(embit_script, kind)(public)


def _oracle_to_sign(message: bytes, script: Script, fields: bip322.Fields = bip322.ZERO) -> Transaction:
    """BIP322's two transactions, as embit builds and serialises them."""
    tag = sha256(b"BIP0322-signed-message").digest()
    commitment = Script(b"\x00\x20" + sha256(tag + tag + message).digest())
    to_spend = Transaction(0, [TransactionInput(bytes(32), 0xFFFFFFFF, commitment, sequence=0)], [TransactionOutput(0, script)])
    spent = TransactionInput(to_spend.txid(), 0, sequence=fields.sequence)
    return Transaction(fields.version, [spent], [TransactionOutput(0, Script(b"\x6a"))], locktime=fields.lock_time)


def _oracle_verifies(kind: str, script: Script, message: bytes, signed: Transaction) -> bool:
    """Whether a ``to_sign`` is one: what satisfies the script is taken out of it, and verified over embit's digest by libsecp256k1."""
    fields = bip322.Fields(version=signed.version, lock_time=signed.locktime, sequence=signed.vin[0].sequence)
    expected = _oracle_to_sign(message, script, fields)
    stack, script_sig = signed.vin[0].witness.items, signed.vin[0].script_sig.data
    if kind == "p2tr":
        ((signature,), sighash_type) = stack, SIGHASH.DEFAULT if len(stack[0]) == 64 else stack[0][-1]
        digest = expected.sighash_taproot(0, [script], [0], sighash_type)
        proved = PublicKeyXOnly(script.data[2:]).verify(signature[:64], digest)
    else:
        if kind == "p2pkh":
            cursor = BytesIO(script_sig)
            stack = [cursor.read(cursor.read(1)[0]), cursor.read(cursor.read(1)[0])]
            assert cursor.read() == b""
        signature, public = stack
        hashed = embit_script.p2pkh(EmbitPublicKey.parse(public))
        if kind == "p2pkh":
            digest, own = expected.sighash_legacy(0, script), hashed
        else:
            digest = expected.sighash_segwit(0, hashed, 0)
            own = embit_script.p2wpkh(EmbitPublicKey.parse(public))
        if kind == "p2sh-p2wpkh":
            assert script_sig == bytes((len(own.data),)) + own.data
            own = embit_script.p2sh(own)
        proved = own == script and signature[-1] == SIGHASH.ALL and PublicKey(public).verify(signature[:-1], digest, hasher=None)
    expected.vin[0].witness, expected.vin[0].script_sig = signed.vin[0].witness, signed.vin[0].script_sig
    return proved and expected.serialize() == signed.serialize()


@pytest.mark.parametrize("message", BIP322["message_hashes"])
def test_published_transactions(message: str) -> None:
    """The message's hash and both transactions have the published values."""
    script = bip322.script_of("p2wpkh", PUBLIC)

    assert BIP322["message_hashes"][message] == bip322.message_hash(message.encode()).hex()
    assert BIP322["to_spend"][message] == _txid(bip322.to_spend(message.encode(), script))
    assert BIP322["to_sign"][message] == _txid(bip322.to_sign(message.encode(), script))


@pytest.mark.parametrize("message", BIP322["p2wpkh"]["signatures"])
def test_published_p2wpkh(message: str) -> None:
    """Our signature is one of the two that the BIP gives for each message (the other searches for a small r)."""
    signature, address = _sign("bip322", "p2wpkh", SECRET, message.encode())

    assert BIP322["p2wpkh"]["address"] == address
    assert signature in [b64decode(text) for text in BIP322["p2wpkh"]["signatures"][message]]


def test_published_p2tr() -> None:
    """With auxiliary randomness of zeros, our signature is the published one."""
    signature = bip322.sign_simple("p2tr", SECRET, b"Hello World", public=INTERNAL, aux=bytes(32))

    assert b64decode(BIP322["p2tr"]["signatures"]["Hello World"][0]) == signature
    assert BIP322["p2tr"]["address"] == _sign("bip322", "p2tr", SECRET, b"Hello World")[1]


@pytest.mark.parametrize("vector", GENERATED["simple"] + GENERATED["full"], ids=lambda vector: f"{vector['kind']} {vector['message'][:6]}")
def test_published_generated(vector: dict[str, Any]) -> None:
    """The BIP's generated vectors have our addresses and are valid; those by ECDSA, which has one nonce, are ours to the byte."""
    secret, message, published = decode_base58check(vector["secret_wif"])[1:33], vector["message"].encode(), b64decode(vector["signature"])
    kind, public, is_full = vector["kind"], _public(vector["kind"], secret), vector in GENERATED["full"]
    script = _oracle_script(kind, secret)

    assert vector["address"] == script.address(NETWORKS["main"]) == _sign("bip322-full", kind, secret, message)[1]
    if kind != "p2tr" and is_full:
        assert published == bip322.sign_full(kind, secret, message, public=public, fields=FIELDS)
    if kind != "p2tr" and not is_full:
        assert published == bip322.sign_simple(kind, secret, message, public=public)
    if is_full:
        assert _oracle_verifies(kind, script, message, Transaction.parse(published))
        assert not _oracle_verifies(kind, script, message + b".", Transaction.parse(published))
    else:
        assert verify_simple_encoded(vector["address"], vector["message"], vector["signature"]) is None


@given(kinds, secrets, st.binary(max_size=300))
def test_digests_against_embit(kind: bip322.Kind, secret: bytes, message: bytes) -> None:
    """An independent implementation has the same output script and the same digest (BIP143, BIP341, the first one)."""
    script, code = _oracle_script(kind, secret), embit_script.p2pkh(EmbitPublicKey.parse(es256k.public_key(secret)))
    theirs = _oracle_to_sign(message, script)
    digest = {
        "p2pkh": lambda: theirs.sighash_legacy(0, script),
        "p2tr": lambda: theirs.sighash_taproot(0, [script], [0], SIGHASH.ALL),
    }.get(kind, lambda: theirs.sighash_segwit(0, code, 0))()

    assert script.data == bip322.script_of(kind, _public(kind, secret))
    assert digest == bip322.sighash(kind, message, _public(kind, secret))


@given(kinds, secrets, st.binary(max_size=300))
def test_full_against_embit(kind: str, secret: bytes, message: bytes) -> None:
    """An independent implementation reads the whole transaction, and its signature verifies; it is the address's own."""
    signature, address = _sign("bip322-full", kind, secret, message)
    script = _oracle_script(kind, secret)
    signed = Transaction.parse(signature)

    assert script.address(NETWORKS["main"]) == address
    assert (signed.version, signed.locktime, signed.vin[0].sequence) == (0, 0, 0)
    assert _oracle_verifies(kind, script, message, signed)
    assert not _oracle_verifies(kind, script, message + b".", signed)


@pytest.mark.parametrize("kind", ["p2wpkh", "p2tr"])
@given(secret=secrets, message=st.text(max_size=200))
def test_simple_against_rust(kind: str, secret: bytes, message: str) -> None:
    """The crate bip322 verifies a simple signature, and not of another message."""
    signature, address = _sign("bip322", kind, secret, message.encode())
    text = b64encode(signature).decode()

    assert verify_simple_encoded(address, message, text) is None
    with pytest.raises(VerificationError):
        verify_simple_encoded(address, message + ".", text)


@given(st.sampled_from(["p2wpkh", "p2tr"]), secrets, st.binary(max_size=300))
def test_simple_is_the_witness_of_full(kind: bip322.Kind, secret: bytes, message: bytes) -> None:
    """And nothing else: without the witness, the full form says only what the address and the message say."""
    public = _public(kind, secret)
    simple, full = (sign(kind, secret, message, public=public, aux=bytes(32)) for sign in (bip322.sign_simple, bip322.sign_full))

    assert Transaction.parse(full).vin[0].witness == Witness.read_from(BytesIO(simple))
    assert full == bip322.to_sign(message, bip322.script_of(kind, public), witness=simple)


def test_taproot_type_is_spelt_out() -> None:
    """SIGHASH_ALL, as the BIP's required rules name it; 65 bytes, fresh at each signature, all of them valid."""
    first, second = (Witness.read_from(BytesIO(_sign("bip322", "p2tr", SECRET, b"m")[0])).items[0] for _ in range(2))

    assert (len(first), first[-1]) == (65, SIGHASH.ALL)
    assert first != second
    assert bip322.script_of("p2tr", INTERNAL)[2:] == taproot_output_key(INTERNAL)


@pytest.mark.parametrize("kind", KINDS)
def test_networks(kind: str) -> None:
    """The signature is the same on the test networks, whose addresses are other texts."""
    alg, public = "BIP340" if kind == "p2tr" else "ES256K", _public(kind, SECRET)
    path = PATHS[kind].replace("/0'/0'/", "/1'/0'/")
    address = signed_message.sign("bip322-full", alg, path, public, SECRET, b"m")[1]

    assert _oracle_script(kind, SECRET).address(NETWORKS["test"]) == address
    if kind != "p2tr":
        assert signed_message.sign("bip322-full", alg, path, public, SECRET, b"m")[0] == _sign("bip322-full", kind, SECRET, b"m")[0]


@pytest.mark.parametrize("kind", ["p2pkh", "p2sh-p2wpkh"])
def test_no_simple_form(kind: bip322.Kind) -> None:
    """P2PKH has no witness, and what a P2SH address wraps is in no witness: only the full form is theirs."""
    with pytest.raises(ValueError, match="native segwit"):
        bip322.sign_simple(kind, SECRET, b"m", public=PUBLIC)
    with pytest.raises(signed_message.WrongKey):
        _sign("bip322", kind, SECRET, b"m")


@pytest.mark.parametrize("message_format", ["bip322", "bip322-full"])
@pytest.mark.parametrize(
    ("alg", "path"),
    [
        ("ES256K", None),
        ("BIP340", None),
        ("ES256K", "m/44'/60'/0'/0/0"),
        ("ES256K", "m/84'/0'/0'/0"),
        ("ES256K", "m/86'/0'/0'/0/0"),
        ("BIP340", "m/84'/0'/0'/0/0"),
        ("Ed25519", "m/44'/501'/0'"),
    ],
)
def test_wrong_keys(message_format: str, alg: str, path: str | None) -> None:
    """Without a path of BIP44, BIP49, BIP84 or BIP86 it is not known which address is meant."""
    with pytest.raises(signed_message.WrongKey):
        signed_message.check(message_format, alg, path, PUBLIC, b"message")
    with pytest.raises(signed_message.WrongKey):
        signed_message.sign(message_format, alg, path, PUBLIC, SECRET, b"message")


def test_another_signer() -> None:
    """An address that the caller names must be the key's."""
    address = _sign("bip322", "p2wpkh", SECRET, b"m")[1]

    assert address == signed_message.check("bip322", "ES256K", PATHS["p2wpkh"], PUBLIC, b"m", address=address)
    with pytest.raises(signed_message.AnotherSigner):
        signed_message.check("bip322", "ES256K", PATHS["p2wpkh"], PUBLIC, b"m", address=address.upper())
