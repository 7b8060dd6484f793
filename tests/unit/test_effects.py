"""What a signature lets leave the account, in numbers: what is bounded, what is counted, what is not guessed. Every chain by a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from eth_abi.abi import encode
from msgspec import convert
from solders.compute_budget import set_compute_unit_limit, set_compute_unit_price
from solders.hash import Hash
from solders.instruction import AccountMeta, Instruction
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.system_program import TransferParams, transfer
from solders.transaction import VersionedTransaction

from native_host.encodings.keccak import keccak256
from native_host.encodings.solana_transaction import decode_transaction
from native_host.protocol.methods import METHODS
from native_host.protocol.wire import decode_hook
from native_host.review import effects_bitcoin, effects_solana
from native_host.review.assets import BITCOIN, HIGHEST, SOLANA, SOLANA_CHAIN, solana_token
from native_host.review.effect import Effect, Movement
from native_host.review.effects import effect_of
from tests import psbts
from tests.homes import b64

ETH = 10**18
TO = f"0x{'11' * 20}"
USDC, UNLISTED = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48", f"0x{'33' * 20}"
PERMIT2 = "0x000000000022D473030F116dDEE9F6B43aC78BA3"
FEE = 21000 * 2 * 10**9
NATIVE = "eip155:1/slip44:60"


def read(method: str, params: dict[str, Any]) -> Any:
    return convert(params, METHODS[method].params, dec_hook=decode_hook)


def ethereum(chain: str = "eip155:1", **members: Any) -> Effect:
    fees = {} if "gasPrice" in members else {"maxFeePerGas": hex(2 * 10**9), "maxPriorityFeePerGas": hex(10**9)}
    params = {"keyId": "k", "chain": chain, "transaction": {"nonce": "0x7", "gas": "0x5208", **fees, **members}}
    return effect_of(read("signTransaction", params), public=None, spending=None)


def call(signature: str, *values: Any) -> str:
    types = signature.partition("(")[2][:-1].split(",")
    return "0x" + (keccak256(signature.encode())[:4] + encode(types, values)).hex()


def sent(amount: int, asset: str = NATIVE, to: str = TO) -> Movement:
    return Movement(asset=asset, amount=amount, recipient=to)


TRANSFER, APPROVE = "transfer(address,uint256)", "approve(address,uint256)"
TOKEN = f"eip155:1/erc20:{USDC}"
DELEGATION = {"chainId": "0x1", "address": TO, "nonce": "0x0", "yParity": "0x0", "r": "0x1", "s": "0x1"}
EVM: dict[str, tuple[dict[str, Any], bool, tuple[Movement, ...], str | None]] = {
    "a payment": ({"to": TO, "value": hex(ETH)}, True, (sent(ETH),), None),
    "a payment of nothing": ({"to": TO}, True, (), None),
    "a legacy payment": ({"to": TO, "value": "0x1", "gasPrice": hex(2 * 10**9)}, True, (sent(1),), None),
    "a listed token": ({"to": USDC, "input": call(TRANSFER, TO, 5)}, True, (sent(5, TOKEN),), "0xa9059cbb"),
    "a listed token, all of it": ({"to": USDC, "input": call(TRANSFER, TO, HIGHEST)}, True, (sent(HIGHEST, TOKEN),), "0xa9059cbb"),
    "a listed token with coins": ({"to": USDC, "value": "0x1", "input": call(TRANSFER, TO, 5)}, True, (sent(1, to=USDC), sent(5, TOKEN)), "0xa9059cbb"),
    "an unlisted contract under the name of a token's": ({"to": UNLISTED, "input": call(TRANSFER, TO, 5)}, False, (sent(5, f"eip155:1/erc20:{UNLISTED}"),), "0xa9059cbb"),
    "a listed token, written oddly": ({"to": USDC, "input": call(TRANSFER, TO, 5) + "00"}, False, (), "0xa9059cbb"),
    "an allowance": ({"to": USDC, "input": call(APPROVE, TO, 7)}, False, (sent(7, TOKEN),), "0x095ea7b3"),
    "the end of an allowance": ({"to": USDC, "input": call(APPROVE, TO, 0)}, True, (), "0x095ea7b3"),
    "the end of an allowance of an unlisted token": ({"to": UNLISTED, "input": call(APPROVE, TO, 0)}, False, (), "0x095ea7b3"),
    "an allowance through Permit2": ({"to": PERMIT2, "input": call("approve(address,address,uint160,uint48)", USDC, TO, 9, 1)}, False, (sent(9, TOKEN),), "0x87517c45"),
    "what names another token and is not Permit2": ({"to": UNLISTED, "input": call("approve(address,address,uint160,uint48)", USDC, TO, 9, 1)}, False, (), "0x87517c45"),
    "a whole collection": ({"to": USDC, "input": call("setApprovalForAll(address,bool)", TO, True)}, False, (), "0xa22cb465"),
    "an unknown function": ({"to": USDC, "value": "0x2", "input": "0x12345678"}, False, (sent(2, to=USDC),), "0x12345678"),
    "data without a function": ({"to": TO, "value": "0x2", "input": "0x1234"}, False, (sent(2),), None),
    "a call of calls": ({"to": TO, "input": call("multicall(bytes[])", [bytes.fromhex(call(TRANSFER, TO, 5)[2:])])}, False, (), "0xac9650d8"),
    "a contract is made": ({"value": "0x3", "input": "0x6000"}, False, (sent(3, to=""),), None),
    "accounts are handed over": ({"to": TO, "authorizationList": [DELEGATION]}, False, (), None),
    "blobs": ({"to": TO, "maxFeePerBlobGas": "0x1", "blobVersionedHashes": [f"0x01{'00' * 31}"]}, False, (), None),
}  # fmt: skip


@pytest.mark.parametrize(("members", "bounded", "movements", "selector"), EVM.values(), ids=EVM.keys())
def test_ethereum(members: dict[str, Any], movements: tuple[Movement, ...], selector: str | None, *, bounded: bool) -> None:
    """Bounded is what a listed contract or a plain payment does, and nothing else."""
    found = ethereum(**members)
    assert (bounded, movements, selector) == (found.bounded, found.movements, found.selector)
    assert ("eip155:1", NATIVE) == (found.chain, found.native)
    assert found.fee >= FEE


@pytest.mark.parametrize(
    ("chain", "bounded"),
    [("eip155:1", True), ("eip155:137", True), ("eip155:42220", True), ("eip155:8453", False), ("eip155:987654321", False)],
)
def test_a_fee_that_the_transaction_does_not_bound_bounds_nothing(chain: str, *, bounded: bool) -> None:
    """Of an unknown chain it is not known."""
    assert bounded == ethereum(chain, to=TO, value="0x1").bounded


def test_totals_have_the_fee_with_the_coin() -> None:
    """And each token for itself."""
    assert {NATIVE: ETH + FEE} == ethereum(to=TO, value=hex(ETH)).totals()
    assert {NATIVE: FEE, TOKEN: 5} == ethereum(to=USDC, input=call(TRANSFER, TO, 5)).totals()


DOMAIN = {"name": "string", "chainId": "uint256", "verifyingContract": "address"}


def typed(primary: str, types: dict[str, str], message: dict[str, Any], **domain: Any) -> Effect:
    def members(text: str) -> list[dict[str, str]]:
        return [dict(zip(("type", "name"), one.split(" "), strict=True)) for one in text.split(",")]

    data = {
        "types": {
            **{name: members(text) for name, text in types.items()},
            "EIP712Domain": [{"name": name, "type": DOMAIN[name]} for name in DOMAIN if name in domain],
        },
        "primaryType": primary,
        "domain": domain,
        "message": message,
    }
    params = read("signTypedData", {"keyId": "k", "typedData": data})
    return effect_of(params, public=None, spending=None)


PERMIT = {"Permit": "address owner,address spender,uint256 value,uint256 nonce,uint256 deadline"}
PERMITTED = {"owner": TO, "spender": TO, "value": "12", "nonce": 0, "deadline": 1}
BATCH = {
    "PermitBatch": "PermitDetails[] details,address spender,uint256 sigDeadline",
    "PermitDetails": "address token,uint160 amount,uint48 expiration,uint48 nonce",
}
DAI = {"Permit": "address holder,address spender,uint256 nonce,uint256 expiry,bool allowed"}
TYPED: dict[str, tuple[Effect, tuple[Movement, ...]]] = {
    "a permit": (typed("Permit", PERMIT, PERMITTED, chainId=1, verifyingContract=USDC), (sent(12, TOKEN),)),
    "a permit of any amount": (
        typed("Permit", DAI, {"holder": TO, "spender": TO, "nonce": 0, "expiry": 0, "allowed": True}, chainId=1, verifyingContract=USDC),
        (sent(HIGHEST, TOKEN),),
    ),
    "the end of one": (
        typed("Permit", DAI, {"holder": TO, "spender": TO, "nonce": 0, "expiry": 0, "allowed": False}, chainId=1, verifyingContract=USDC),
        (),
    ),
    "several tokens": (
        typed(
            "PermitBatch",
            BATCH,
            {
                "details": [{"token": token, "amount": "3", "expiration": 1, "nonce": 0} for token in (USDC, UNLISTED)],
                "spender": TO,
                "sigDeadline": 1,
            },
            chainId=1,
            verifyingContract=PERMIT2,
        ),
        (sent(3, TOKEN), sent(3, f"eip155:1/erc20:{UNLISTED}")),
    ),
    "an unknown kind": (typed("Thing", {"Thing": "uint256 value"}, {"value": "5"}, chainId=1, verifyingContract=USDC), ()),
}


@pytest.mark.parametrize(("found", "movements"), TYPED.values(), ids=TYPED.keys())
def test_typed_data_is_never_bounded(found: Effect, movements: tuple[Movement, ...]) -> None:
    """What its known fields say is counted all the same."""
    assert (False, movements, 0, "eip155:1") == (found.bounded, found.movements, found.fee, found.chain)


def test_typed_data_of_no_chain_is_of_every_chain() -> None:
    assert "eip155:0" == typed("Permit", PERMIT, PERMITTED, verifyingContract=USDC).chain


MINE, OTHER, CHANGE = psbts.mine(), psbts.elsewhere(), psbts.mine(below="1/0")
FAR, LOST = psbts.mine(below="1/2147483647"), psbts.mine(account="m/84h/0h/2147483647h", below="1/0")
THEIRS = psbts.Spend(psbts.elsewhere(number=5), 70_000)


def spends(**members: Any) -> list[psbts.Spend]:
    return [psbts.Spend(members.pop("lock", MINE), 60_000, **members)]


CHANGED = [psbts.Pay(OTHER, 20_000), psbts.Pay(CHANGE, 39_000, known=True)]
PSBTS: dict[str, tuple[Any, bool, dict[str, int]]] = {
    "a payment": (psbts.make(spends(), CHANGED), True, {BITCOIN: 21_000}),
    "within the wallet": (psbts.make(spends(), [psbts.Pay(CHANGE, 59_000, known=True)]), True, {BITCOIN: 1000}),
    "change that nobody proves": (psbts.make(spends(), [psbts.Pay(OTHER, 20_000), psbts.Pay(CHANGE, 39_000)]), True, {BITCOIN: 60_000}),
    "change that no wallet finds": (psbts.make(spends(), [psbts.Pay(FAR, 59_000, known=True)]), True, {BITCOIN: 60_000}),
    "an account that no wallet finds": (psbts.make(spends(), [psbts.Pay(LOST, 59_000, known=True)]), True, {BITCOIN: 60_000}),
    "a test network's path": (psbts.make(spends(lock=psbts.mine(account="m/84h/1h/0h")), CHANGED), True, {BITCOIN: 21_000}),
    "ALL said out loud": (psbts.make(spends(sighash=1), CHANGED), True, {BITCOIN: 21_000}),
    "SINGLE": (psbts.make(spends(sighash=3), CHANGED), False, {BITCOIN: 21_000}),
    "ANYONECANPAY": (psbts.make(spends(sighash=0x81), CHANGED), False, {BITCOIN: 21_000}),
    "of several": (psbts.make([*spends(), THEIRS], [psbts.Pay(OTHER, 100_000), psbts.Pay(CHANGE, 25_000, known=True)]), False, {BITCOIN: 35_000}),
    "of several, to one's gain": (psbts.make([*spends(), THEIRS], [psbts.Pay(CHANGE, 100_000, known=True)]), False, {}),
    "others' amounts are claims": (psbts.make([*spends(), psbts.Spend(psbts.elsewhere(number=5), 70_000, previous=False)], CHANGED), False, {BITCOIN: 21_000}),
    "Taproot": (psbts.make([psbts.Spend(psbts.mine("p2tr"), 60_000, previous=False)], [psbts.Pay(OTHER, 59_000)]), True, {BITCOIN: 60_000}),
}  # fmt: skip


@pytest.mark.parametrize(("made", "bounded", "totals"), PSBTS.values(), ids=PSBTS.keys())
def test_bitcoin(made: Any, totals: dict[str, int], *, bounded: bool) -> None:
    """What is given and does not come back, the fee with it; nothing that rests on the PSBT's word."""
    spending = psbts.spending_of(made)
    assert spending.to_sign
    found = effects_bitcoin.effect(psbts.checked_of(made), spending)
    assert (bounded, totals) == (found.bounded, found.totals())


def test_a_psbt_of_which_nothing_is_known_to_be_ours_is_unbounded() -> None:
    """Never taken for one that moves nothing."""
    params = read("signPsbt", {"keyId": "k", "psbt": psbts.text_of(psbts.make(spends(), CHANGED))})
    assert not effect_of(params, public=None, spending=None).bounded


ME = Pubkey.from_bytes(bytes([7]) * 32)
SPL = Pubkey.from_string("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA")
SPL_2022 = Pubkey.from_string("TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb")
ASSOCIATED = Pubkey.from_string("ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL")
MEMO = Pubkey.from_string("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr")
MINT = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"
SYSTEM = Pubkey.from_bytes(bytes(32))


def k(number: int) -> Pubkey:
    return Pubkey.from_bytes(bytes([number]) * 32)


def meta(key: Pubkey, marks: str = "") -> AccountMeta:
    return AccountMeta(key, "s" in marks, "w" in marks)


def paid(lamports: int, to: Pubkey | None = None, source: Pubkey = ME) -> Instruction:
    return transfer(TransferParams(from_pubkey=source, to_pubkey=to or k(2), lamports=lamports))


def token(data: bytes, *accounts: AccountMeta, program: Pubkey = SPL) -> Instruction:
    return Instruction(program, data, list(accounts))


def checked(amount: int, *more: AccountMeta, by: Pubkey = ME, program: Pubkey = SPL) -> Instruction:
    accounts = (meta(k(3), "w"), meta(Pubkey.from_string(MINT)), meta(k(4), "w"), meta(by, "s"), *more)
    return token(bytes([12]) + amount.to_bytes(8, "little") + b"\x06", *accounts, program=program)


def associated(program: Pubkey = SPL, number: int = 1) -> Instruction:
    accounts = (meta(ME, "sw"), meta(k(5), "w"), meta(k(2)), meta(Pubkey.from_string(MINT)), meta(SYSTEM), meta(program))
    return Instruction(ASSOCIATED, bytes([number]), list(accounts))


def solana(*made: Instruction, payer: Pubkey = ME) -> Effect:
    sdk = MessageV0.try_compile(payer, list(made), [], Hash.from_bytes(b"\3" * 32))
    raw = bytes(VersionedTransaction.populate(sdk, [Signature.default()] * sdk.header.num_required_signatures))
    return effects_solana.effect(decode_transaction(raw), bytes(ME))


USDC_SOLANA = solana_token(MINT)
AUTHORITY = token(bytes([6, 2, 1]) + bytes(k(9)), meta(k(3), "w"), meta(ME, "s"))
SOLANAS: dict[str, tuple[Sequence[Instruction], bool, dict[str, int]]] = {
    "a payment": ([paid(9)], True, {SOLANA: 5009}),
    "two payments and a memo": ([paid(9), paid(1, k(6)), Instruction(MEMO, b"hello", [])], True, {SOLANA: 5010}),
    "to oneself": ([paid(9, ME)], True, {SOLANA: 5000}),
    "a priority fee": ([set_compute_unit_limit(1000), set_compute_unit_price(2_000_000), paid(9)], True, {SOLANA: 7009}),
    "an odd word about the fee": ([set_compute_unit_limit(1000), set_compute_unit_limit(2000), paid(9)], False, {SOLANA: 5009}),
    "a token": ([checked(8)], True, {SOLANA: 5000, USDC_SOLANA: 8}),
    "a token of Token-2022": ([checked(8, program=SPL_2022)], True, {SOLANA: 5000, USDC_SOLANA: 8}),
    "a token, by an account of several signers": ([checked(8, meta(ME, "s"), by=k(8))], False, {SOLANA: 10_000}),
    "a token that is not named": ([token(bytes([3]) + bytes(8), meta(k(3), "w"), meta(k(4), "w"), meta(ME, "s"))], False, {SOLANA: 5000}),
    "an allowance": ([token(bytes([13]) + (8).to_bytes(8, "little") + b"\x06", meta(k(3), "w"), meta(Pubkey.from_string(MINT)), meta(k(4)), meta(ME, "s"))], False, {SOLANA: 5000, USDC_SOLANA: 8}),
    "another authority": ([AUTHORITY], False, {SOLANA: 5000}),
    "a token account and a token": ([associated(), checked(8)], True, {SOLANA: 5000 + 2_039_280, USDC_SOLANA: 8}),
    "a token account of unknown size": ([associated(SPL_2022)], False, {SOLANA: 5000 + 2_039_280}),
    "a program that is not known": ([paid(9), Instruction(k(9), b"", [meta(ME, "sw")])], False, {SOLANA: 5009}),
    "the account itself": ([Instruction(SYSTEM, b"\1\0\0\0" + bytes(k(9)), [meta(ME, "sw")])], False, {SOLANA: 5000}),
    "an account is made": ([Instruction(SYSTEM, bytes(4) + (5).to_bytes(8, "little") + bytes(8) + bytes(k(9)), [meta(ME, "sw"), meta(k(4), "sw")])], False, {SOLANA: 10_005}),
}  # fmt: skip


@pytest.mark.parametrize(("made", "bounded", "totals"), SOLANAS.values(), ids=SOLANAS.keys())
def test_solana(made: Sequence[Instruction], totals: dict[str, int], *, bounded: bool) -> None:
    """Bounded is what consists of nothing but instructions that move what they say."""
    found = solana(*made)
    assert (bounded, totals, SOLANA_CHAIN) == (found.bounded, found.totals(), found.chain)


def test_what_another_pays_is_not_ours() -> None:
    """Neither the fee nor the amount."""
    found = solana(paid(9, source=k(8)), paid(1), payer=k(8))
    assert (True, {SOLANA: 1}) == (found.bounded, found.totals())


def test_without_the_key_nothing_is_bounded() -> None:
    """What is whose cannot be told then."""
    sdk = MessageV0.try_compile(ME, [paid(9)], [], Hash.from_bytes(b"\3" * 32))
    raw = bytes(VersionedTransaction.populate(sdk, [Signature.default()]))
    assert not effects_solana.effect(decode_transaction(raw), None).bounded


@pytest.mark.parametrize("chain", ["5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp", "EtWTRABZaYq6iMfeYKouRu166VU2xqa1"])
def test_a_transaction_that_is_said_to_be_for_a_test_network_counts(chain: str) -> None:
    """It does not name its network, so that it would move real money on the main one."""
    sdk = MessageV0.try_compile(ME, [paid(9)], [], Hash.from_bytes(b"\3" * 32))
    raw = bytes(VersionedTransaction.populate(sdk, [Signature.default()]))
    params = {"keyId": "k", "chain": f"solana:{chain}", "transaction": b64(raw)}
    found = effect_of(read("signTransaction", params), public=bytes(ME), spending=None)
    assert {SOLANA: 5009} == found.totals()
