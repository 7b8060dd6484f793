"""Solana's signMessage: messages are signed, transactions are not.

Transactions are built by solders, the Solana SDK's own code.
"""

from __future__ import annotations

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

from native_host.suites import ed25519, signed_message
from native_host.suites.solana_message import is_transaction

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
    if is_transaction(message):
        with pytest.raises(signed_message.NotAMessage):
            signed_message.check("solana", "Ed25519", None, PUBLIC, message)
    else:
        assert ed25519.verify(PUBLIC, data=message, signature=signed_message.sign("solana", "Ed25519", None, PUBLIC, SECRET, message)[0])


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
