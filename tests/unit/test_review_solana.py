"""What a person reads of a Solana transaction: amounts, parties and fees from its bytes, and each danger said, the gravest first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from solders.address_lookup_table_account import AddressLookupTableAccount
from solders.compute_budget import request_heap_frame, set_compute_unit_limit, set_compute_unit_price, set_loaded_accounts_data_size_limit
from solders.hash import Hash
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.system_program import (
    AdvanceNonceAccountParams,
    AssignParams,
    TransferParams,
    UpgradeNonceAccountParams,
    advance_nonce_account,
    assign,
    transfer,
    upgrade_nonce_account,
)
from solders.token.associated import get_associated_token_address
from solders.transaction import VersionedTransaction

from native_host.encodings.solana_transaction import decode_transaction
from native_host.protocol.approver import Fact
from native_host.review import solana_warnings as w
from native_host.review.solana import describe
from native_host.review.solana_values import CHAINS, MAINNET
from native_host.review.text import MIXED_ALPHABETS

ME = Keypair.from_seed(bytes(31) + b"\x07").pubkey()
DEVNET = "EtWTRABZaYq6iMfeYKouRu166VU2xqa1"
TOKEN = Pubkey.from_string("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA")
TOKEN_2022 = Pubkey.from_string("TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb")
ASSOCIATED = Pubkey.from_string("ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL")
MEMO = Pubkey.from_string("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr")
STAKE = Pubkey.from_string("Stake11111111111111111111111111111111111111")
USDC = Pubkey.from_string("EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v")


def k(number: int) -> Pubkey:
    return Pubkey.from_bytes(bytes([number]) * 32)


def meta(key: Pubkey, marks: str = "") -> AccountMeta:
    """``s``: it signs; ``w``: it can be changed."""
    return AccountMeta(key, "s" in marks, "w" in marks)


def token(data: bytes, *accounts: AccountMeta, program: Pubkey = TOKEN) -> Instruction:
    return Instruction(program, data, list(accounts))


def u64(number: int) -> bytes:
    return number.to_bytes(8, "little")


def pay(lamports: int, to: Pubkey | None = None) -> Instruction:
    return transfer(TransferParams(from_pubkey=ME, to_pubkey=to or k(2), lamports=lamports))


class Made:
    """A transaction as it is described."""

    def __init__(self, *made: Instruction, payer: Pubkey = ME, tables: Sequence[Any] = (), chain: str = MAINNET, own: Pubkey = ME) -> None:
        sdk = MessageV0.try_compile(payer, list(made), list(tables), Hash.from_bytes(b"\3" * 32))
        raw = bytes(VersionedTransaction.populate(sdk, [Signature.default()] * sdk.header.num_required_signatures))
        self.title, facts, self.warnings = describe(decode_transaction(raw), chain, bytes(own))
        assert len(facts) == len({fact.label for fact in facts})
        self.facts: dict[str, Fact] = {fact.label: fact for fact in facts}

    def __getitem__(self, label: str) -> str:
        return self.facts[label].value


def test_a_payment() -> None:
    """What, to whom, how much in both units, the fee, who pays it, the network: and no warning."""
    made = Made(pay(1_500_000_000))
    assert "Send 1.5 SOL on Solana" == made.title
    assert () == made.warnings
    assert (str(k(2)), "address") == (made["Recipient"], made.facts["Recipient"].kind)
    assert "1.5 SOL (1500000000 lamports)" == made["Amount"]
    assert "0.000005 SOL (5000 lamports)" == made["Highest fee"]
    assert str(ME) == made["From (this key)"] == made["The fee is paid by (this key)"]
    assert f"Solana's main network (solana:{MAINNET})" == made["Chain, as the extension claims"]
    assert str(Hash.from_bytes(b"\3" * 32)) == made["Recent block, by its hash"]


@pytest.mark.parametrize("chain", [*list(CHAINS)[1:], "A" * 32])
def test_a_network_is_a_claim(chain: str) -> None:
    """The bytes would be the same for the main network: a test network, or an unknown one, is no reason to be careless."""
    made = Made(pay(5), chain=chain)
    assert w.NO_CHAIN in made.warnings
    assert f"(solana:{chain})" in made["Chain, as the extension claims"]
    assert (chain == "A" * 32) == ("not known" in made["Chain, as the extension claims"])


def test_highest_fee() -> None:
    """So much a signature, and for priority a price that is said whole; it is compared with what is sent."""
    made = Made(set_compute_unit_limit(200_000), set_compute_unit_price(50_000), pay(1000))
    assert "0.000015 SOL (15000 lamports)" == made["Highest fee"]
    assert "200000 compute units at most, 50000 millionths of a lamport each" in made["How the fee is made up"]
    assert (w.DEARER_THAN_AMOUNT,) == made.warnings
    assert () == Made(set_compute_unit_limit(200_000), set_compute_unit_price(50_000), pay(1_000_000)).warnings


def test_a_fee_without_a_limit() -> None:
    """Is bounded by what each instruction may use, and in all."""
    assert "0.000405 SOL (405000 lamports)" == Made(set_compute_unit_price(1_000_000), pay(10**9), pay(10**9, k(3)))["Highest fee"]
    made = Made(set_compute_unit_price(2**64 - 1), *[pay(1, k(number)) for number in range(2, 12)])
    assert w.DEAR in made.warnings
    assert made["Highest fee"].endswith(f"({5000 + -(-1_400_000 * (2**64 - 1) // 10**6)} lamports)")


def test_a_fee_that_is_given_twice() -> None:
    """A price that a later one seems to take back is still counted, and the oddity is said."""
    made = Made(set_compute_unit_price(10**9), set_compute_unit_price(0), set_compute_unit_limit(1_000_000), pay(10**12))
    assert "1.000005 SOL (1000005000 lamports)" == made["Highest fee"]
    assert (w.DEAR, w.ODD_BUDGET) == made.warnings


def test_limits_are_shown() -> None:
    """Those that cost nothing too."""
    made = Made(request_heap_frame(65536), set_loaded_accounts_data_size_limit(1000), pay(1_000_000))
    assert "65536 bytes of memory and 1000 bytes of accounts' data" == made["Asks for at most"]


def test_precompiles_are_paid_for() -> None:
    """Signatures that a program checks cost as the transaction's own."""
    check = Instruction(Pubkey.from_string("Ed25519SigVerify111111111111111111111111111"), b"\x03\x00", [])
    assert "0.00002 SOL (20000 lamports)" == Made(check, pay(10**9))["Highest fee"]


def send_usdc(to: Pubkey, program: Pubkey = TOKEN, decimals: int = 6) -> Instruction:
    data = b"\x0c" + u64(2_500_000) + bytes([decimals])
    return token(data, meta(k(11), "w"), meta(USDC), meta(to, "w"), meta(ME, "s"), program=program)


def test_a_token_that_is_listed() -> None:
    """In its own measure, with the smallest units beside it."""
    made = Made(send_usdc(k(13)))
    assert ("Send 2.5 USDC on Solana", "2.5 USDC (2500000 of its smallest units)") == (made.title, made["Amount"])
    assert str(USDC) == made["Token (address of its mint): USDC"]
    assert str(k(13)) == made["Recipient's token account"]
    assert () == made.warnings


def test_a_listed_token_with_other_decimals() -> None:
    """Is not called by its name: no such token is there, and no amount of it."""
    assert "Send 25000 of an unlisted token on Solana" == Made(send_usdc(k(13), decimals=2)).title


def test_a_token_without_decimals() -> None:
    """Is counted in units, and that this says little is said."""
    made = Made(token(b"\3" + u64(7), meta(k(11), "w"), meta(k(13), "w"), meta(ME, "s")))
    assert ("Send 7 units of a token on Solana", (w.UNKNOWN_TOKEN,)) == (made.title, made.warnings)
    assert "7 units of a token whose decimals are not in the transaction" == made["Amount"]


def test_the_wallet_behind_a_token_account() -> None:
    """Is shown as the recipient where the same transaction has it checked by the Associated Token Account program."""
    account = get_associated_token_address(k(2), USDC)
    accounts = [meta(ME, "sw"), meta(account, "w"), meta(k(2)), meta(USDC), meta(Pubkey.default()), meta(TOKEN)]
    for data in (b"", b"\0", b"\1"):
        made = Made(Instruction(ASSOCIATED, data, accounts), send_usdc(account))
        assert "Send 2.5 USDC on Solana" == made.title
        assert str(k(2)) == made["2. Recipient, the wallet whose token account it is"]
    assert (
        "2. Recipient, the wallet whose token account it is" not in Made(Instruction(ASSOCIATED, b"\1", accounts), send_usdc(k(13))).facts
    )


def test_token_2022() -> None:
    """That its tokens can have rules of their own is said."""
    assert (w.FEE_ON_TRANSFER,) == Made(send_usdc(k(13), TOKEN_2022)).warnings
    made = Made(
        token(b"\x1a\x01" + u64(1000) + b"\2" + u64(10), meta(k(11), "w"), meta(k(10)), meta(k(13), "w"), meta(ME, "s"), program=TOKEN_2022)
    )
    assert "0.1 of the token" in made["Fee of the token, taken off the amount"]


AUTHORITIES = {"owner": (2, w.NEW_OWNER), "close": (3, w.HANDS_OVER), "mint": (0, w.HANDS_OVER)}


@pytest.mark.parametrize(("kind", "warning"), AUTHORITIES.values(), ids=AUTHORITIES.keys())
def test_authority(kind: int, warning: str) -> None:
    """Whoever gets it is named, and what it means is said first."""
    made = Made(token(bytes([6, kind, 1]) + bytes(k(5)), meta(k(11), "w"), meta(ME, "s")))
    assert (warning,) == made.warnings
    assert str(k(5)) == made["New authority"]
    assert () == Made(token(bytes([6, kind, 1]) + bytes(ME), meta(k(11), "w"), meta(ME, "s"))).warnings
    assert "nobody, for good" == Made(token(bytes([6, kind, 0]), meta(k(11), "w"), meta(ME, "s")))["New authority"]


def test_approval() -> None:
    """Of any amount, of some, and of none, which ends it."""
    accounts = (meta(k(11), "w"), meta(USDC), meta(k(14)), meta(ME, "s"))
    made = Made(token(b"\x0d" + u64(2**64 - 1) + b"\6", *accounts))
    assert ("Let another take any amount of a token on Solana", (w.UNLIMITED_TAKE,)) == (made.title, made.warnings)
    assert "any amount" in made["How much"]
    made = Made(token(b"\x0d" + u64(5_000_000) + b"\6", *accounts))
    assert ("Let another take up to 5 USDC on Solana", (w.LETS_TAKE,)) == (made.title, made.warnings)
    assert str(k(14)) == made["Who may take the tokens"]
    assert () == Made(token(b"\x0d" + u64(0) + b"\6", *accounts)).warnings


def test_closing() -> None:
    """For oneself, and for another."""
    assert () == Made(token(b"\x09", meta(k(11), "w"), meta(ME, "w"), meta(ME, "s"))).warnings
    assert (w.CLOSES_FOR_ANOTHER,) == Made(token(b"\x09", meta(k(11), "w"), meta(k(2), "w"), meta(ME, "s"))).warnings


def test_an_account_that_is_handed_over() -> None:
    """One's own is the worst that a transfer of nothing can do."""
    assert (w.GIVES_ACCOUNT,) == Made(assign(AssignParams(pubkey=ME, owner=k(9)))).warnings
    assert w.GIVES_AWAY in Made(assign(AssignParams(pubkey=k(4), owner=k(9)))).warnings


def test_stake() -> None:
    """Whoever may withdraw it has it."""
    clock = Pubkey.from_string("SysvarC1ock11111111111111111111111111111111")
    data = b"\1\0\0\0" + bytes(k(5)) + b"\1\0\0\0"
    made = Made(Instruction(STAKE, data, [meta(k(20), "w"), meta(clock), meta(ME, "s")]))
    assert ("Hand over a stake account on Solana", (w.STAKE_OVER,)) == (made.title, made.warnings)
    assert "to withdraw the stake" == made["What authority"]


def test_durable_nonce() -> None:
    """It does not expire, and only if the nonce comes first."""
    advance = advance_nonce_account(AdvanceNonceAccountParams(nonce_pubkey=k(4), authorized_pubkey=ME))
    made = Made(advance, pay(10**9))
    assert ("Send 1 SOL on Solana", (w.DOES_NOT_EXPIRE,)) == (made.title, made.warnings)
    assert "at any time, until its nonce is used up" == made["Can be carried out"]
    assert () == Made(pay(10**9), advance).warnings
    assert "Renew a nonce account on Solana" == Made(upgrade_nonce_account(UpgradeNonceAccountParams(nonce_pubkey=k(4)))).title


def test_other_signers() -> None:
    """Each is shown, and whether they have signed; who pays the fee is, too."""
    made = Made(pay(10**9), payer=k(33))
    assert (w.OTHERS_SIGN, w.ANOTHER_PAYS) == made.warnings
    assert str(k(33)) == made["Signs too (1), and has not yet"] == made["The fee is paid by"]


UNKNOWN = Instruction(k(77), b"hello", [meta(ME, "sw"), meta(k(50), "w"), meta(k(51))])


def test_an_unknown_program() -> None:
    """Is called that, with its address, every account and all of its data."""
    made = Made(UNKNOWN)
    assert ("Run a program blind on Solana", (w.BLIND,)) == (made.title, made.warnings)
    assert (str(k(77)), b"hello".hex()) == (made["Program"], made["Data"])
    assert f"{ME} (this key, signs, can be changed)\n{k(50)} (can be changed)\n{k(51)}" == made["Accounts that it is given"]


def test_an_unknown_program_without_the_signature() -> None:
    """Can do less, and that is said."""
    made = Made(Instruction(k(77), b"", [meta(k(50), "w")]), pay(10**9))
    assert (w.BLIND_WITHOUT_YOURS,) == made.warnings
    assert "1. Data" not in made.facts


ODD = {
    "a number that it does not know": token(b"\xff", meta(k(11), "w"), meta(ME, "s")),
    "no number": token(b"", meta(ME, "s")),
    "fields cut short": token(b"\3" + u64(1)[:7], meta(k(11), "w"), meta(k(13), "w"), meta(ME, "s")),
    "fields and more": token(b"\3" + u64(1) + b"\0", meta(k(11), "w"), meta(k(13), "w"), meta(ME, "s")),
    "an account too few": token(b"\3" + u64(1), meta(k(11), "w"), meta(ME, "s")),
    "another account where the system's must be": Instruction(Pubkey.default(), b"\4\0\0\0", [meta(k(4), "w"), meta(k(5)), meta(ME, "s")]),
    "an option that is neither": token(b"\6\0\2" + bytes(32), meta(k(11), "w"), meta(ME, "s")),
    "an authority that there is not": token(b"\6\x40\0", meta(k(11), "w"), meta(ME, "s")),
    "a seed that is no text": Instruction(Pubkey.default(), b"\x0a\0\0\0" + bytes(32) + u64(1) + b"\xff" + bytes(32), [meta(k(4), "w"), meta(ME, "s")]),
    "a seed that has no end": Instruction(Pubkey.default(), b"\x0a\0\0\0" + bytes(32) + u64(2**63) + b"s", [meta(k(4), "w"), meta(ME, "s")]),
}  # fmt: skip


@pytest.mark.parametrize("made", ODD.values(), ids=ODD.keys())
def test_a_known_program_that_is_not_understood(made: Instruction) -> None:
    """Is not put in words, however near it comes."""
    found = Made(made)
    assert "Run a program blind on Solana" == found.title
    assert (w.BLIND, w.ODD) == found.warnings[:2]
    assert "this instruction of it is not known" in found["What is known of it"]


def test_looked_up_accounts() -> None:
    """Are said to be unknown; a recipient among them most of all."""
    tables = [AddressLookupTableAccount(k(60), [k(50), k(52)])]
    made = Made(pay(10**9, k(52)), tables=tables)
    assert (w.HIDDEN_PARTY, w.LOOKED_UP) == made.warnings
    assert ("text", f"not in the transaction: number 1 in the lookup table {k(60)}") == (made.facts["Recipient"].kind, made["Recipient"])
    assert f"{k(60)}: 1 that can be changed, 0 that are read" == made["Lookup tables, and how many accounts are from them"]
    made = Made(Instruction(k(77), b"", [meta(k(50), "w")]), pay(10**9), tables=tables)
    assert (w.BLIND_WITHOUT_YOURS, w.LOOKED_UP) == made.warnings


def test_a_memo() -> None:
    """Is shown as the text that it is, with what deceives in it shown; it is the title only if it is alone."""
    made = Made(Instruction(MEMO, "pay \u0430pple\u202e".encode(), [meta(ME, "s")]), pay(10**9))
    assert "Send 1 SOL on Solana" == made.title
    assert ("pay \u0430pple⟨U+202E⟩", "message") == (made["1. Memo"], made.facts["1. Memo"].kind)
    assert MIXED_ALPHABETS in made.warnings
    assert "Write a memo into the chain on Solana" == Made(Instruction(MEMO, b"", [])).title


def test_several_payments() -> None:
    """Each is a step, their sum is there, and of many the title says how many."""
    made = Made(pay(10**9), pay(2 * 10**9, k(3)))
    assert "Send 1 SOL; Send 2 SOL on Solana" == made.title
    assert "3 SOL (3000000000 lamports)" == made["Leaves this account in all, without the fee"]
    assert (str(k(2)), str(k(3))) == (made["1. Recipient"], made["2. Recipient"])
    assert "Do 5 things at once on Solana, some of them blind" == Made(*[pay(10**9 * n, k(n)) for n in range(2, 6)], UNKNOWN).title


def test_the_gravest_first() -> None:
    """In whatever order it happens."""
    burn = token(b"\x08" + u64(1), meta(k(11), "w"), meta(k(10), "w"), meta(ME, "s"))
    hand_over = assign(AssignParams(pubkey=ME, owner=k(9)))
    assert (w.GIVES_ACCOUNT, w.BURNS) == Made(burn, hand_over).warnings
    assert w.BLIND == Made(burn, hand_over, UNKNOWN).warnings[0]


def test_nothing() -> None:
    """A transaction that only costs its fee is called that."""
    assert "Pay a fee for nothing on Solana" == Made().title


def test_recipients_that_are_none() -> None:
    """Oneself, and the address of a program."""
    assert (w.TO_YOURSELF,) == Made(pay(10**9, ME)).warnings
    assert (w.TO_NOBODY,) == Made(pay(10**9, Pubkey.default())).warnings


NUMBER = int.from_bytes(bytes(ME))


@pytest.mark.parametrize("alike", [bytes(ME)[:4] + bytes(28), (NUMBER - 58**4 * 10**65).to_bytes(32)], ids=["begins alike", "ends alike"])
def test_poisoned_address(alike: bytes) -> None:
    """A recipient that begins or ends as the person's own address does is pointed at."""
    assert w.LIKE_YOURS in Made(pay(10**9, Pubkey.from_bytes(alike))).warnings
