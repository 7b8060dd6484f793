"""Solana's signMessage: messages are signed, transactions are not; and off-chain messages.

Transactions are built by solders, the Solana SDK's own code.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from solders.hash import Hash
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.message import Message, MessageV0, to_bytes_versioned
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.system_program import TransferParams, transfer
from solders.transaction import Transaction, VersionedTransaction

from native_host.suites import cip8, ed25519, jws, signed_message, solana_offchain
from native_host.suites.solana_message import is_signed_elsewhere, is_transaction
from tests.vector_files import load

SECRET = bytes(31) + b"\x07"
PUBLIC = ed25519.public_key(SECRET)
PAYER = Keypair.from_seed(SECRET)

keys = st.binary(min_size=32, max_size=32).map(Pubkey.from_bytes)
metas = st.builds(AccountMeta, keys, st.booleans(), st.booleans())
instructions = st.lists(st.builds(Instruction, keys, st.binary(max_size=200), st.lists(metas, max_size=5)), max_size=4)
hashes = st.binary(min_size=32, max_size=32).map(Hash.from_bytes)


def _transfer() -> Message:
    params = TransferParams(from_pubkey=PAYER.pubkey(), to_pubkey=Pubkey.from_bytes(b"t" * 32), lamports=1_000_000)
    return Message.new_with_blockhash([transfer(params)], PAYER.pubkey(), Hash.from_bytes(b"h" * 32))


TRANSFER = bytes(_transfer())


@given(st.text(max_size=2000).map(str.encode))
def test_text(message: bytes) -> None:
    """Text is signed: Ed25519 over its own bytes, by the address that is the key, as the Solana SDK verifies it."""
    signature, address = signed_message.sign("solana", "Ed25519", "m/44'/501'/0'/0'", PUBLIC, bytearray(SECRET), message)

    assert Signature.from_bytes(signature).verify(PAYER.pubkey(), message)
    assert PAYER.sign_message(message) == Signature.from_bytes(signature)
    assert str(PAYER.pubkey()) == address


@given(instructions, hashes)
def test_legacy_message(made: list[Instruction], blockhash: Hash) -> None:
    """Any legacy transaction message is refused."""
    assert is_transaction(bytes(Message.new_with_blockhash(made, PAYER.pubkey(), blockhash)))


@given(instructions, hashes)
def test_versioned_message(made: list[Instruction], blockhash: Hash) -> None:
    """Any version 0 transaction message is refused."""
    assert is_transaction(to_bytes_versioned(MessageV0.try_compile(PAYER.pubkey(), made, [], blockhash)))


@given(st.binary(max_size=100))
def test_followed_by_anything(tail: bytes) -> None:
    """A transaction message is refused whatever follows it."""
    assert is_transaction(TRANSFER + tail)


def test_whole_transactions() -> None:
    """A transaction with its signatures in front is refused, legacy or version 0."""
    versioned = MessageV0.try_compile(PAYER.pubkey(), [], [], Hash.default())

    assert is_transaction(bytes(Transaction([PAYER], _transfer(), Hash.from_bytes(b"h" * 32))))
    assert is_transaction(bytes(VersionedTransaction(versioned, [PAYER])))


def test_other_spellings_of_a_length() -> None:
    """A number of keys in a longer compact-u16 is still that number."""
    longer = TRANSFER[:3] + bytes((TRANSFER[3] | 0x80, 0)) + TRANSFER[4:]

    assert is_transaction(longer)
    assert is_transaction(TRANSFER[:3] + bytes((TRANSFER[3] | 0x80, 0x80, 0)) + TRANSFER[4:])


@pytest.mark.parametrize("version", [0, 1, 2, 63])
def test_versions_to_come(version: int) -> None:
    """A message of a version that does not exist yet is refused unread."""
    assert is_transaction(bytes((0x80 | version,)) + bytes(80))


@pytest.mark.parametrize("length", range(len(TRANSFER)))
def test_cut_short(length: int) -> None:
    """What ends before its instructions do is no transaction message."""
    assert not is_transaction(TRANSFER[:length])


@pytest.mark.parametrize(
    "changed",
    [
        bytes((0,)) + TRANSFER[1:],
        bytes((1, 1)) + TRANSFER[2:],
        bytes((4,)) + TRANSFER[1:],
        TRANSFER[:2] + bytes((3,)) + TRANSFER[3:],
        TRANSFER[:-17] + bytes((3,)) + TRANSFER[-16:],
        b" " + TRANSFER,
        b"\xffsolana offchain" + TRANSFER,
    ],
    ids=[
        "no signer",
        "no writable signer",
        "more signers than keys",
        "more read-only keys than keys",
        "account out of range",
        "behind a space",
        "off-chain",
    ],
)
def test_not_accepted_by_the_network(changed: bytes) -> None:
    """What the network drops unsigned by its own check, and what stands behind other bytes, is no transaction message."""
    assert not is_transaction(changed)


@given(st.binary(max_size=300))
def test_hostile(message: bytes) -> None:
    """No bytes break the check, and what it calls a message is signed."""
    if is_transaction(message) or is_signed_elsewhere(message):
        with pytest.raises(signed_message.NotAMessage):
            signed_message.check("solana", "Ed25519", None, PUBLIC, message)
    else:
        assert ed25519.verify(PUBLIC, data=message, signature=signed_message.sign("solana", "Ed25519", None, PUBLIC, SECRET, message)[0])


@given(st.binary(max_size=200), st.text(max_size=20))
def test_other_formats(payload: bytes, kid: str) -> None:
    """What a JWS or a COSE message signs is not signed as a message: the key may be one of those too."""
    for to_sign in (
        jws.signing_input("Ed25519", payload, {"kid": kid})[1],
        cip8.sig_structure(b"\x61" + bytes(28), payload),
    ):
        with pytest.raises(signed_message.NotThisFormat):
            signed_message.check("solana", "Ed25519", None, PUBLIC, to_sign)


@pytest.mark.parametrize(
    "text", ["hello.world", "Pay 1.5", "eyJ", "a.b.c", "e30", ".e30", "e30.e30.", "e30 .e30", "strongroom.example", ""]
)
def test_not_a_jws(text: str) -> None:
    """A text with a point in it is no JWS, unless an object in base64url stands before it."""
    assert not is_signed_elsewhere(text.encode())


@pytest.mark.parametrize("text", ["e30.", "e30.e30", "IHsgfQ.YQ"])
def test_a_jws(text: str) -> None:
    """Also one that would have no meaning."""
    assert is_signed_elsewhere(text.encode())


def test_refused() -> None:
    """A transaction is refused by the check before the review and by the signing after it."""
    with pytest.raises(signed_message.NotAMessage):
        signed_message.check("solana", "Ed25519", "m/44'/501'/0'/0'", PUBLIC, TRANSFER)
    with pytest.raises(signed_message.NotAMessage):
        signed_message.sign("solana", "Ed25519", "m/44'/501'/0'/0'", PUBLIC, SECRET, TRANSFER)


@pytest.mark.parametrize("alg", ["ES256K", "BIP340", "ES256"])
def test_wrong_keys(alg: str) -> None:
    """Only an Ed25519 key signs Solana's messages."""
    with pytest.raises(signed_message.WrongKey):
        signed_message.check("solana", alg, None, PUBLIC, b"message")


OFFCHAIN = load("solana_offchain")


def _offchain_text(text: Any) -> bytes:
    return (text if isinstance(text, str) else text["repeat"] * text["times"]).encode()


@pytest.mark.parametrize("vector", OFFCHAIN["vectors"], ids=lambda vector: f"{vector['format']} {len(_offchain_text(vector['text']))}")
def test_offchain_against_solana_kit(vector: dict[str, Any]) -> None:
    """Solana's own library makes the same preamble, in the most restricted format that fits, and the same signature."""
    message = _offchain_text(vector["text"])
    to_sign = solana_offchain.to_sign(message, PUBLIC)

    assert vector["sha256"] == sha256(to_sign).hexdigest()
    assert vector.get("signed") in {None, to_sign.hex()}
    expected = (bytes.fromhex(vector["signature"]), str(PAYER.pubkey()))
    assert expected == signed_message.sign("solana-offchain", "Ed25519", "m/44'/501'/0'", PUBLIC, bytearray(SECRET), message)


@given(st.text(min_size=1, max_size=400))
def test_offchain_is_no_transaction(text: str) -> None:
    """What is signed is no transaction of any version, whatever the message, and the message stands in it whole."""
    to_sign = solana_offchain.to_sign(text.encode(), PUBLIC)

    assert to_sign[0] == 0xFF
    assert not is_transaction(to_sign)
    assert to_sign[85:] == text.encode()
    assert int.from_bytes(to_sign[83:85], "little") == len(text.encode())


@pytest.mark.parametrize(
    "message", [b"", b"\xff", TRANSFER + b"\x80", b"a" * 65451, b"a" * 70000], ids=["empty", "bytes", "transaction", "long", "longer"]
)
def test_offchain_refused(message: bytes) -> None:
    """A message is text, and fits."""
    with pytest.raises(signed_message.NotThisFormat):
        signed_message.check("solana-offchain", "Ed25519", None, PUBLIC, message)
    with pytest.raises(signed_message.NotThisFormat):
        signed_message.sign("solana-offchain", "Ed25519", None, PUBLIC, SECRET, message)


def test_offchain_longest() -> None:
    """Preamble and message fill 65535 bytes."""
    assert len(solana_offchain.to_sign(b"a" * 65450, PUBLIC)) == 65535


@pytest.mark.parametrize(("alg", "path"), [("Ed25519-BIP32", "m/1852'/1815'/0'/0/0"), ("ES256K", None), ("BIP340", None), ("ES256", None)])
def test_offchain_wrong_keys(alg: str, path: str | None) -> None:
    """Only an Ed25519 key signs Solana's messages."""
    with pytest.raises(signed_message.WrongKey):
        signed_message.check("solana-offchain", alg, path, PUBLIC, b"message")
