"""Solana's serialized transactions: what the Solana SDK writes is read as it means it, and nothing else is read at all.

solders is the SDK's own Rust code: it compiles the messages, serializes them and says who signs and what can be changed.
"""

from __future__ import annotations

from contextlib import suppress
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from solders.address_lookup_table_account import AddressLookupTableAccount
from solders.hash import Hash
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.message import Message, MessageV0, MessageV1, TransactionConfig, to_bytes_versioned
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.transaction import VersionedTransaction

from native_host.encodings.solana_transaction import (
    MAX_BYTES,
    UNSIGNED,
    NotATransaction,
    UnknownVersion,
    decode_message,
    decode_transaction,
)
from native_host.suites import ed25519, solana
from native_host.suites.fault import SigningFault

SECRET = bytes(31) + b"\x07"
PUBLIC = ed25519.public_key(SECRET)
PAYER = Keypair.from_seed(SECRET)
OTHER = Keypair.from_seed(bytes(31) + b"\x08")
TABLE = b"T" * 32

addresses = st.integers(0, 12).map(lambda number: Pubkey.from_bytes(sha256(b"account %d" % number).digest()))
programs = st.integers(0, 3).map(lambda number: Pubkey.from_bytes(sha256(b"program %d" % number).digest()))
metas = st.builds(AccountMeta, addresses, st.just(False), st.booleans())
instructions = st.lists(st.builds(Instruction, programs, st.binary(max_size=60), st.lists(metas, max_size=6)), max_size=5)
hashes = st.binary(min_size=32, max_size=32).map(Hash.from_bytes)
TABLES = [
    AddressLookupTableAccount(
        Pubkey.from_bytes(TABLE), [Pubkey.from_bytes(sha256(b"account %d" % number).digest()) for number in range(12, 4, -1)]
    )
]


def key(number: int) -> bytes:
    return bytes([number]) * 32


def compact(number: int) -> bytes:
    return bytes([number]) if number < 0x80 else bytes([number & 0x7F | 0x80, number >> 7])


def message(
    header: bytes = b"\1\0\1",
    keys: tuple[bytes, ...] = (PUBLIC, key(2), key(9)),
    body: bytes = b"\x01\x02\x02\x00\x01\x03abc",
    tail: bytes = b"",
) -> bytes:
    """A legacy message, by hand: one instruction of the third account, with the first and the second."""
    return header + compact(len(keys)) + b"".join(keys) + key(200) + body + tail


def whole(signed: bytes, signatures: int = 1) -> bytes:
    return compact(signatures) + bytes(64 * signatures) + signed


def versioned(lookups: bytes = b"\0", **members: object) -> bytes:
    return b"\x80" + message(**members) + lookups  # type: ignore[arg-type]


@given(instructions, hashes, st.sampled_from(["legacy", "0"]))
def test_as_the_sdk_has_it(made: list[Instruction], blockhash: Hash, version: str) -> None:
    """Every part, of both versions, and who signs and what can be changed; and written again it is the same bytes."""
    sdk: Message | MessageV0
    if version == "legacy":
        sdk = Message.new_with_blockhash(made, PAYER.pubkey(), blockhash)
    else:
        sdk = MessageV0.try_compile(PAYER.pubkey(), made, TABLES, blockhash)
    raw = bytes(VersionedTransaction.populate(sdk, [Signature.default()]))
    if len(raw) > MAX_BYTES:
        with pytest.raises(NotATransaction):
            decode_transaction(raw)
        return
    one = decode_transaction(raw)
    found = one.message
    assert raw == one.encoded()
    assert to_bytes_versioned(sdk) == one.signed
    assert [bytes(account) for account in sdk.account_keys] == list(found.keys)
    assert (sdk.header.num_required_signatures, bytes(blockhash)) == (found.signers, found.blockhash)
    assert [(each.program_id_index, bytes(each.accounts), each.data) for each in sdk.instructions] == [
        (each.program, bytes(each.accounts), each.data) for each in found.instructions
    ]
    tables = [] if isinstance(sdk, Message) else sdk.address_table_lookups
    assert [(bytes(each.account_key), bytes(each.writable_indexes), bytes(each.readonly_indexes)) for each in tables] == [
        (each.table, bytes(each.writable), bytes(each.readonly)) for each in found.lookups
    ]
    for index in range(len(found.keys)):
        assert sdk.is_signer(index) == found.signs(index)
        asked = {meta.is_writable for each in made for meta in each.accounts if meta.pubkey == sdk.account_keys[index]}
        assert (index == 0 or True in asked) == found.can_change(index)


@given(st.binary(max_size=400))
def test_any_bytes(data: bytes) -> None:
    """Bytes are a transaction, or are refused: nothing else happens, and what is read is written the same."""
    with suppress(NotATransaction):
        assert data == decode_transaction(data).encoded()


GOOD = whole(message())


@given(st.integers(0, len(GOOD) - 1), st.integers(1, 255))
def test_any_byte_changed(place: int, by: int) -> None:
    """Two texts are never one transaction."""
    changed = GOOD[:place] + bytes([GOOD[place] ^ by]) + GOOD[place + 1 :]
    with suppress(NotATransaction):
        assert decode_transaction(changed) != decode_transaction(GOOD)
        assert changed == decode_transaction(changed).encoded()


@given(st.integers(0, len(GOOD) - 1))
def test_cut_short(length: int) -> None:
    """What ends early is none."""
    with pytest.raises(NotATransaction):
        decode_transaction(GOOD[:length])


REFUSED = {
    "nothing": b"",
    "bytes after the end": GOOD + b"\0",
    "bytes after the end of a version 0": whole(versioned()) + b"\0",
    "a message alone": message(),
    "no signatures": whole(message(), 0),
    "fewer signatures than signers": whole(message(header=b"\2\0\1"), 1),
    "more signatures than signers": whole(message(), 2),
    "a number of signatures in a longer spelling": b"\x81\x00" + GOOD[1:],
    "a number of keys in a longer spelling": whole(b"\1\0\1\x83\x00" + message()[4:]),
    "a number of keys in the longest spelling": whole(b"\1\0\1\x83\x80\x00" + message()[4:]),
    "a number that is no 16 bits": whole(b"\1\0\1\xff\xff\x04" + message()[4:]),
    "a number in four bytes": whole(b"\1\0\1\xff\xff\xff\x01" + message()[4:]),
    "a number of instructions in a longer spelling": whole(message(body=b"\x81\x00\x02\x02\x00\x01\x03abc")),
    "a length of data in a longer spelling": whole(message(body=b"\x01\x02\x02\x00\x01\x83\x00abc")),
    "a header without signers": whole(message(header=b"\0\0\1"), 0),
    "a header with nobody who can pay": whole(message(header=b"\1\1\1")),
    "a header with more signers than accounts": whole(message(header=b"\4\0\0"), 4),
    "a header with more read-only accounts than there are": whole(message(header=b"\1\0\3")),
    "more keys than there are": whole(b"\1\0\1\x08" + message()[4:]),
    "an account twice": whole(message(keys=(PUBLIC, PUBLIC, key(9)))),
    "a signer twice": whole(message(header=b"\2\0\1", keys=(PUBLIC, PUBLIC, key(9))), 2),
    "a program out of range": whole(message(body=b"\x01\x03\x02\x00\x01\x03abc")),
    "a program that pays the fee": whole(message(body=b"\x01\x00\x02\x00\x01\x03abc")),
    "an account out of range": whole(message(body=b"\x01\x02\x02\x00\x03\x03abc")),
    "more instructions than are run": whole(message(body=b"\x41" + b"\x02\x00\x00" * 65)),
    "lookups in a legacy message": whole(message(tail=b"\x01" + TABLE + b"\x01\x00\x00")),
    "a lookup of nothing": whole(versioned(b"\x01" + TABLE + b"\x00\x00")),
    "an entry of a table twice": whole(versioned(b"\x01" + TABLE + b"\x01\x05\x01\x05")),
    "an entry of a table twice, by two lookups": whole(versioned(b"\x02" + (TABLE + b"\x01\x05\x00") * 2)),
    "a program from a table": whole(versioned(b"\x01" + TABLE + b"\x01\x05\x00", body=b"\x01\x03\x02\x00\x01\x03abc")),
    "an account beyond the tables": whole(versioned(b"\x01" + TABLE + b"\x01\x05\x00", body=b"\x01\x02\x02\x00\x04\x03abc")),
    "more accounts than there can be": whole(versioned(b"\x01" + TABLE + b"\xfe\x01" + bytes(range(254)) + b"\x00")),
    "more bytes than a packet": whole(message(body=b"\x01\x02\x02\x00\x01\xd0\x08" + bytes(1104))),
}  # fmt: skip


@pytest.mark.parametrize("raw", REFUSED.values(), ids=REFUSED.keys())
def test_refused(raw: bytes) -> None:
    """It is no transaction that a node would take, or not in its one encoding."""
    with pytest.raises(NotATransaction):
        decode_transaction(raw)


def test_a_message_alone() -> None:
    """Is called that, of both versions."""
    for signed in (message(), versioned()):
        with pytest.raises(NotATransaction, match="without the places for its signatures"):
            decode_transaction(signed)


def test_version_1() -> None:
    """Has its version before everything, and can be longer than a packet was: it is not called too long."""
    config = TransactionConfig(compute_unit_limit=200_000)
    signed = MessageV1.try_compile(PAYER.pubkey(), [Instruction(Pubkey.from_bytes(key(9)), bytes(2000), [])], Hash.default(), config)
    for raw in (bytes(VersionedTransaction(signed, [PAYER])), b"\x81" + bytes(100)):
        with pytest.raises(UnknownVersion):
            decode_transaction(raw)


def test_versions_to_come() -> None:
    """A version that came after is called that; the first byte of an off-chain message is one."""
    for first in range(0x81, 0x100):
        with pytest.raises(UnknownVersion):
            decode_message(bytes([first]) + message() + b"\0")


@pytest.mark.parametrize(
    "begin", [b"\x84\x6aSignature1", b"\x85\x69Signature", b"\xffsolana offchain", b"eyJhbGciOiJFZERTQSJ9.", b"Sign in: "]
)
def test_nothing_else_that_the_key_signs(begin: bytes) -> None:
    """What a JWS, COSE or a message signs with the same key is no transaction's message, whatever follows within a packet."""
    for filler in (b"\0", b"A", b"\1", b"\xff"):
        for length in (100, 500, 1200):
            with pytest.raises(NotATransaction):
                decode_transaction(whole(begin + filler * length, 1))


def test_lookups_come_after_the_keys() -> None:
    """First all that can be changed, then all that are read; and only the first of them can be."""
    other = b"U" * 32
    one = decode_transaction(whole(versioned(b"\x02" + TABLE + b"\x01\x05\x01\x06" + other + b"\x01\x07\x00"))).message
    assert ((TABLE, 5), (other, 7), (TABLE, 6)) == one.looked_up
    assert [True, True, False] == [one.can_change(index) for index in (3, 4, 5)]


def both() -> VersionedTransaction:
    """Two signers: the other pays."""
    made = [Instruction(Pubkey.from_bytes(key(9)), b"abc", [AccountMeta(PAYER.pubkey(), True, True)])]
    sdk = MessageV0.try_compile(OTHER.pubkey(), made, [], Hash.from_bytes(key(200)))
    return VersionedTransaction.populate(sdk, [OTHER.sign_message(to_bytes_versioned(sdk)), Signature.default()])


def test_signed() -> None:
    """Ed25519 over the message, in the key's place; the SDK verifies it, and what the other has signed stays."""
    one = decode_transaction(bytes(both()))
    solana.check(one, PUBLIC)
    made = solana.sign(one, PUBLIC, lambda data: ed25519.sign(SECRET, data=data))
    sdk = VersionedTransaction.from_bytes(made.encoded())
    assert [True, True] == sdk.verify_with_results()
    assert both().signatures[0] == sdk.signatures[0]
    assert both().message == sdk.message


def test_not_a_signer() -> None:
    """A key that the transaction knows, but not as a signer, signs nothing of it."""
    for public in (key(9), key(2), bytes(32)):
        with pytest.raises(solana.NotASigner):
            solana.check(decode_transaction(bytes(both())), public)


def test_a_signature_of_something_else() -> None:
    """What stands in another's place must be their signature of this message, so that it is not said that they have signed."""
    raw = bytes(both())
    for wrong in (raw[:1] + bytes([raw[1] ^ 1]) + raw[2:], raw[:1] + bytes(63) + b"\1" + raw[65:]):
        with pytest.raises(solana.WrongSignature):
            solana.check(decode_transaction(wrong), PUBLIC)


def test_a_program_that_signs() -> None:
    """An address that is no point of the curve has never signed."""
    off_curve = Pubkey.find_program_address([b"x"], Pubkey.from_bytes(key(9)))[0]
    signed = message(header=b"\2\0\1", keys=(PUBLIC, bytes(off_curve), key(9)))
    solana.check(decode_transaction(whole(signed, 2)), PUBLIC)
    with pytest.raises(solana.WrongSignature):
        solana.check(decode_transaction(b"\x02" + bytes(64) + b"\1" * 64 + signed), PUBLIC)


def test_a_token_that_lies() -> None:
    """A signature of something else, or none at all, does not leave."""
    one = decode_transaction(bytes(both()))
    for wrong in (UNSIGNED, b"", ed25519.sign(SECRET, data=b"something else")):
        with pytest.raises(SigningFault):
            solana.sign(one, PUBLIC, lambda _, wrong=wrong: wrong)  # type: ignore[misc]


def test_accounts() -> None:
    """Solana's keys and those of no chain; never another chain's, nor another algorithm's."""
    assert solana.is_account("Ed25519", None)
    assert solana.is_account("Ed25519", "m/44'/501'/0'/0'")
    assert not solana.is_account("Ed25519-BIP32", None)
    assert not solana.is_account("ES256K", "m/44'/60'/0'/0/0")
