"""Asks about money as the host makes them: the reviews are the host's own, of transactions that other libraries made."""

from __future__ import annotations

from typing import Any

import msgspec
from eth_abi.abi import encode
from solders.hash import Hash
from solders.instruction import AccountMeta, Instruction
from solders.message import Message as SolanaMessage
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer
from solders.transaction import Transaction

from native_host.encodings.keccak import keccak256
from native_host.protocol.approver import CallerFacts, GrantOffer, KeyFacts, ReviewAsk, TypedText
from native_host.protocol.methods import METHODS
from native_host.protocol.wire import decode_hook
from native_host.review.requests import review
from native_host.review.subject import Subject
from tests import psbts
from tests.homes import b64

OWN = "0x52908400098527886E0F7030069857D2E4169EE7"  # EIP-55, test cases
FRIEND = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
SPENDER = "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359"
UNKNOWN = "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb"
USDC = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"
SOLANA = "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp"
ME, PAYEE = Pubkey.from_bytes(b"\x07" * 32), Pubkey.from_string("4fYNw3dojWmQ4dXtSGE9epjRGy9pFSx62YypT7avPYvA")
ORIGIN = "chrome-extension://knldjmfmopnpolahpmmgbagdohdnhkik/"
EVIDENCE = [
    "This extension is paired with Strongroom (since 2026-11-20).",
    "The extension's files are those that were seen before (version 1.4.0).",
    "Started by Chromium (/usr/lib/chromium/chromium).",
]
FEES = {"nonce": "0x7", "gas": "0x1d4c0", "maxFeePerGas": "0x77359400", "maxPriorityFeePerGas": "0x3b9aca00"}
OFFERS = [
    GrantOffer(
        id="10", text="Also allow payments of up to 100 USDC in all to this address with this key without asking, until locked, today"
    ),
    GrantOffer(id="100", text="Also allow the next 100 payments to this address with this key without asking, until locked"),
]


def asked(method: str, params: dict[str, Any], subject: Subject, typed: TypedText | None = None, grants: int = 0) -> ReviewAsk:
    """The ask that the host makes of a call."""
    page = {"page": {"origin": "https://app.example"}}
    made = review(msgspec.convert({"keyId": "k", **params, **page}, METHODS[method].params, dec_hook=decode_hook), subject)
    return ReviewAsk(
        id=1,
        method=method,
        title=made.title,
        caller=CallerFacts(origin=ORIGIN, browser="Chromium", evidence=EVIDENCE),
        key=KeyFacts(label="Savings", alg="ES256K"),
        facts=list(made.facts),
        warnings=list(made.warnings),
        grants=OFFERS[:grants],
        typed=typed or msgspec.UNSET,
    )


def message_of(ask: ReviewAsk) -> dict[str, Any]:
    """The ask as it goes to an approver."""
    decoded: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(ask))
    return decoded


def call(signature: str, *arguments: Any) -> str:
    """Calldata by eth-abi."""
    types = signature[signature.index("(") + 1 : -1].split(",")
    return "0x" + (keccak256(signature.encode())[:4] + encode(types, arguments)).hex()


def ethereum(typed: TypedText | None = None, grants: int = 0, **members: Any) -> ReviewAsk:
    params = {"chain": "eip155:1", "transaction": {**FEES, **members}}
    return asked("signTransaction", params, Subject(address=OWN, path="m/44'/60'/0'/0/0"), typed, grants)


def permit(**members: Any) -> ReviewAsk:
    """ERC-2612, the one that thieves like most."""
    fields = "address owner,address spender,uint256 value,uint256 nonce,uint256 deadline"
    domain = {"name": "string", "version": "string", "chainId": "uint256", "verifyingContract": "address"}
    data = {
        "types": {
            "Permit": [dict(zip(("type", "name"), field.split(), strict=True)) for field in fields.split(",")],
            "EIP712Domain": [{"name": name, "type": kind} for name, kind in domain.items()],
        },
        "primaryType": "Permit",
        "domain": {"name": "USD Coin", "version": "2", "chainId": 1, "verifyingContract": USDC, **members},
        "message": {"owner": OWN, "spender": SPENDER, "value": 12_345_678_900_000, "nonce": 0, "deadline": 1798758000},
    }
    return asked("signTypedData", {"typedData": data}, Subject(address=OWN, path="m/44'/60'/0'/0/0"))


def bitcoin(*pays: psbts.Pay) -> ReviewAsk:
    made = psbts.make([psbts.Spend(psbts.mine(), 5_000_000)], list(pays))
    return asked("signPsbt", {"psbt": psbts.text_of(made)}, Subject(spending=psbts.spending_of(made)))


def solana(*instructions: Instruction) -> ReviewAsk:
    made = Transaction.new_unsigned(SolanaMessage.new_with_blockhash(list(instructions), ME, Hash.from_bytes(b"\x07" * 32)))
    params = {"chain": SOLANA, "transaction": b64(bytes(made))}
    return asked("signTransaction", params, Subject(address=str(ME), path="m/44'/501'/0'/0'", public=bytes(ME)))


_UNKNOWN_PROGRAM = Instruction(
    Pubkey.from_bytes(b"\x09" * 32),
    bytes(range(200)),
    [AccountMeta(Pubkey.from_bytes(bytes([n]) * 32), False, True) for n in range(20, 28)],
)
TYPED = TypedText(prompt="Above 1000 USDC: type the amount, 12500.5, to approve.", expected="12500.5")
CHANGE = psbts.Pay(psbts.mine(below="1/3"), 4_189_000, known=True)
ASKS: dict[str, ReviewAsk] = {
    "pay": ethereum(to=FRIEND, value="0x6f05b59d3b20000"),
    "pay-token": ethereum(to=USDC, input=call("transfer(address,uint256)", FRIEND, 12_500_500_000)),
    "pay-typed": ethereum(TYPED, to=USDC, input=call("transfer(address,uint256)", FRIEND, 12_500_500_000)),
    "pay-granted": ethereum(grants=2, to=USDC, input=call("transfer(address,uint256)", FRIEND, 99_000_000)),
    "approve": ethereum(to=USDC, input=call("approve(address,uint256)", SPENDER, 2**256 - 1)),
    "blind": ethereum(to=UNKNOWN, value="0x16345785d8a0000", input="0xdeadbeef" + bytes(range(256)).hex() * 8),
    "create": ethereum(value="0x0", input="0x" + "6001600201" * 300),
    "permit": permit(),
    "bitcoin": bitcoin(psbts.Pay(psbts.elsewhere(), 800_000), CHANGE),
    "bitcoin-several": bitcoin(
        psbts.Pay(psbts.elsewhere(), 10_000),
        psbts.Pay(psbts.elsewhere("p2tr", 1), 3_800_000),
        psbts.Pay(psbts.elsewhere("p2pkh", 2), 90_000),
    ),
    "solana": solana(transfer(TransferParams(from_pubkey=ME, to_pubkey=PAYEE, lamports=1_250_000_000))),
    "solana-blind": solana(_UNKNOWN_PROGRAM),
}
