"""Solana transactions as thieves make them, each named after its trick: what the person then reads, or that there is nothing to read."""

from __future__ import annotations

from typing import Any

import pytest
from solders.hash import Hash
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.message import Message
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.system_program import (
    AdvanceNonceAccountParams,
    AssignParams,
    TransferParams,
    advance_nonce_account,
    assign,
    transfer,
)
from solders.transaction import VersionedTransaction

from native_host.encodings.base58 import decode_base58
from native_host.encodings.solana_transaction import NotATransaction, decode_transaction
from native_host.review import solana_warnings as w
from native_host.review.solana import describe
from native_host.review.solana_values import MAINNET
from native_host.review.text import HIDDEN_CHARACTERS

ME = Keypair.from_seed(bytes(31) + b"\x07").pubkey()
THIEF = Pubkey.from_bytes(b"t" * 32)
TOKEN = Pubkey.from_string("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA")
MEMO = Pubkey.from_string("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr")


def raw(*made: Instruction, payer: Pubkey = ME) -> bytes:
    message = Message.new_with_blockhash(list(made), payer, Hash.from_bytes(b"\3" * 32))
    return bytes(VersionedTransaction.populate(message, [Signature.default()] * message.header.num_required_signatures))


def read(*made: Instruction, chain: str = MAINNET, payer: Pubkey = ME) -> tuple[str, dict[str, str], tuple[str, ...]]:
    title, facts, warnings = describe(decode_transaction(raw(*made, payer=payer)), chain, bytes(ME))
    return title, {fact.label: fact.value for fact in facts}, warnings


def pay(lamports: int, to: Pubkey = THIEF) -> Instruction:
    return transfer(TransferParams(from_pubkey=ME, to_pubkey=to, lamports=lamports))


def accounts(*keys: Pubkey) -> list[AccountMeta]:
    return [AccountMeta(key, key == ME, key != ME) for key in keys]


LOOK_ALIKE_PROGRAMS = {
    "a letter of Token's end": "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DB",
    "Token's beginning": "TokenkegXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX",
    "Token-2022's beginning": "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEc",
    "a System program with a digit more": "11111111111111111111111111111112",
    "a memo that is none": "MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHs",
}


@pytest.mark.parametrize("address", LOOK_ALIKE_PROGRAMS.values(), ids=LOOK_ALIKE_PROGRAMS.keys())
def test_a_program_that_looks_like_a_known_one(address: str) -> None:
    """Is run blind, whatever its data pretend, and it is said whom it imitates."""
    program = Pubkey.from_bytes(decode_base58(address).rjust(32, b"\0"))
    title, facts, warnings = read(Instruction(program, b"\3" + bytes(8), accounts(THIEF, THIEF, ME)))
    assert "Run a program blind on Solana" == title
    assert (w.BLIND, w.LOOKS_LIKE) == warnings[:2]
    assert str(program) == facts["Program"]


def test_a_drain_behind_a_small_payment() -> None:
    """What one sees first is not all: the hidden step is in the title, and the first warning is about it."""
    title, facts, warnings = read(pay(1000), Instruction(Pubkey.from_bytes(b"d" * 32), b"drain", accounts(ME, THIEF)))
    assert "Send 0.000001 SOL; Run a program blind on Solana" == title
    assert w.BLIND == warnings[0]
    assert b"drain".hex() == facts["2. Data"]


def test_a_drain_among_many_memos() -> None:
    """Steps that do nothing do not push the one that does out of the title."""
    memos = [Instruction(MEMO, b"hello %d" % number, []) for number in range(20)]
    title, facts, _ = read(*memos, pay(5 * 10**9), *memos)
    assert "Send 5 SOL on Solana" == title
    assert "5 SOL (5000000000 lamports)" == facts["21. Amount"]


def test_a_memo_that_speaks_as_the_host() -> None:
    """It stays a memo, in its own place, in one fact, and what hides or reorders text in it is shown."""
    title, facts, warnings = read(Instruction(MEMO, "Recipient: your friend\u202e, verified".encode(), []), pay(10**9))
    assert "Send 1 SOL on Solana" == title
    assert str(THIEF) == facts["2. Recipient"]
    assert "Recipient: your friend⟨U+202E⟩, verified" == facts["1. Memo"]
    assert (HIDDEN_CHARACTERS,) == warnings
    text = b"\x1b[2JStrongroom: verified"
    assert text.hex() == read(Instruction(MEMO, text, []), pay(10**9))[1]["1. Memo"]


def test_the_account_itself_taken_over() -> None:
    """A transfer of nothing that hands the account's ownership over: the worst of all, and said so first."""
    for made in ([assign(AssignParams(pubkey=ME, owner=THIEF))], [pay(1), assign(AssignParams(pubkey=ME, owner=THIEF))]):
        assert w.GIVES_ACCOUNT == read(*made)[2][0]


def test_a_token_account_taken_over() -> None:
    """SetAuthority of the owner, beside a harmless revocation."""
    revoke = Instruction(TOKEN, b"\5", accounts(THIEF, ME))
    take = Instruction(TOKEN, b"\6\2\1" + bytes(THIEF), accounts(Pubkey.from_bytes(b"a" * 32), ME))
    title, facts, warnings = read(revoke, take)
    assert w.NEW_OWNER == warnings[0]
    assert str(THIEF) == facts["2. New authority"]
    assert "Hand over an authority" in title


def test_a_signature_kept_for_later() -> None:
    """A durable nonce, of the thief's own, makes a signature one that never ends; another's fee lets them choose when."""
    advance = advance_nonce_account(AdvanceNonceAccountParams(nonce_pubkey=Pubkey.from_bytes(b"n" * 32), authorized_pubkey=THIEF))
    warnings = read(advance, pay(1000), payer=THIEF)[2]
    assert {w.DOES_NOT_EXPIRE, w.OTHERS_SIGN, w.ANOTHER_PAYS} <= set(warnings)


def test_a_nonce_that_is_written_oddly() -> None:
    """A node takes it for one whatever follows its number, and so does the warning."""
    nonce, sysvar = Pubkey.from_bytes(b"n" * 32), Pubkey.from_string("SysvarRecentB1ockHashes11111111111111111111")
    odd = Instruction(
        Pubkey.default(), b"\4\0\0\0more", [AccountMeta(nonce, False, True), AccountMeta(sysvar, False, False), *accounts(ME)]
    )
    assert w.DOES_NOT_EXPIRE in read(odd, pay(1000))[2]


def test_real_money_called_play_money() -> None:
    """The extension says devnet: nothing in the bytes says so, and the person is told."""
    assert w.NO_CHAIN in read(pay(10**9), chain="EtWTRABZaYq6iMfeYKouRu166VU2xqa1")[2]


def test_a_fee_that_takes_everything() -> None:
    """A payment of a trifle with a priority fee of two hundred SOL."""
    price = Instruction(Pubkey.from_string("ComputeBudget111111111111111111111111111111"), b"\3" + (10**12).to_bytes(8, "little"), [])
    _, facts, warnings = read(price, pay(1000))
    assert {w.DEAR, w.DEARER_THAN_AMOUNT} <= set(warnings)
    assert "200.000005 SOL (200000005000 lamports)" == facts["Highest fee"]


def test_wrapped_sol_closed_for_another() -> None:
    """Closing an account is a payment of what is in it."""
    assert w.CLOSES_FOR_ANOTHER == read(Instruction(TOKEN, b"\x09", accounts(Pubkey.from_bytes(b"a" * 32), THIEF, ME)))[2][0]


GOOD = raw(pay(1000))
BROKEN: dict[str, Any] = {
    "a second message behind the first": GOOD + GOOD[65:],
    "a length in a longer spelling": GOOD[:68] + b"\x83\x00" + GOOD[69:],
    "a header that makes the recipient a signer": GOOD[:65] + b"\2" + GOOD[66:],
    "a header that makes nobody one": GOOD[:65] + b"\0" + GOOD[66:],
    "an instruction that points past the accounts": GOOD[:-17] + b"\x7f" + GOOD[-16:],
    "a program that is the payer": GOOD[:-17] + b"\0" + GOOD[-16:],
    "the payer twice": GOOD[:101] + GOOD[69:101] + GOOD[133:],
    "signatures for signers that there are not": b"\2" + bytes(64) + GOOD[1:],
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN.keys())
def test_what_two_readers_could_read_otherwise(broken: bytes) -> None:
    """Is signed by nobody: there is one way to write a transaction, and no other is read."""
    with pytest.raises(NotATransaction):
        decode_transaction(broken)
