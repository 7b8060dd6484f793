"""Twelve requests as wallets send them, and what somebody who sees only the window has to find there.

Run as a program it makes docs/requests.md's pictures anew: ``python -m tests.window.sample_requests docs/screenshots/requests``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from eth_abi.abi import encode
from eth_account import Account
from solders.hash import Hash
from solders.message import Message
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer
from solders.transaction import Transaction

from native_host.encodings.keccak import keccak256
from native_host.review import bitcoin_warnings, ethereum, evm_calls, typed_data_kinds
from native_host.review.requests import BLIND
from native_host.testing.port import Port
from native_host.value import Value
from tests import psbts
from tests.homes import Home, b64
from tests.host.calls import restore

AUTHORIZATION_MEMBERS = {"chainId": "chain_id", "nonce": "nonce", "yParity": "y_parity", "r": "r", "s": "s"}
PAGE = {"origin": "https://app.example"}
OTHER = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
SPENDER = "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359"
UNKNOWN = "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb"
USDC = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"
PERMIT2 = "0x000000000022D473030F116dDEE9F6B43aC78BA3"
SAFE = "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB"
ETHEREUM, SOLANA = "eip155:1", "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp"
FRIEND = Pubkey.from_string("4fYNw3dojWmQ4dXtSGE9epjRGy9pFSx62YypT7avPYvA")
ME = Pubkey.from_string("HAgk14JpMQLgt6rVgv7cBQFJWFto5Dqxi472uT3DKpqk")
EVIDENCE = [
    "This extension is paired with Strongroom (since 2026-11-20).",
    "The extension's files are those that were seen before (version 1.4.0).",
    "Started by Chromium (/usr/lib/chromium/chromium).",
]
"""In place of what is true of the machine that the pictures are made on."""


class Sample(Value, frozen=True, kw_only=True):
    """``params`` takes the ids of the keys by name. ``shows``: texts that title and facts have to hold; ``warns``: beginnings of every warning,
    in their order, and no others may be there."""

    name: str
    method: str
    params: Callable[[dict[str, str]], dict[str, Any]]
    shows: tuple[str, ...]
    warns: tuple[str, ...] = ()


def call(signature: str, *arguments: Any) -> str:
    """Calldata by eth-abi, which is not the host's own code."""
    types = signature[signature.index("(") + 1 : -1].split(",")
    return "0x" + (keccak256(signature.encode())[:4] + encode(types, arguments)).hex()


def transaction(**members: Any) -> Callable[[dict[str, str]], dict[str, Any]]:
    fees = {"nonce": "0x7", "gas": "0x1d4c0", "maxFeePerGas": "0x77359400", "maxPriorityFeePerGas": "0x3b9aca00"}
    return lambda keys: {"keyId": keys["ethereum"], "chain": ETHEREUM, "transaction": {**fees, **members}, "page": PAGE}


def typed(primary: str, domain: dict[str, Any], message: dict[str, Any], **types: str) -> Callable[[dict[str, str]], dict[str, Any]]:
    kinds = {"name": "string", "version": "string", "chainId": "uint256", "verifyingContract": "address"}
    listed = {
        name: [dict(zip(("type", "name"), member.split(), strict=True)) for member in text.split(", ")] for name, text in types.items()
    }
    listed["EIP712Domain"] = [{"name": name, "type": kind} for name, kind in kinds.items() if name in domain]
    data = {"types": listed, "primaryType": primary, "domain": domain, "message": message}
    return lambda keys: {"keyId": keys["ethereum"], "typedData": data, "page": PAGE}


def siwe(keys: dict[str, str]) -> dict[str, Any]:
    text = (
        f"app.example wants you to sign in with your Ethereum account:\n{keys['address']}\n\nSign in to the example app.\n\n"
        "URI: https://app.example/login\nVersion: 1\nChain ID: 1\nNonce: 32891756\nIssued At: 2026-11-25T09:30:00Z"
    )
    return {"keyId": keys["ethereum"], "format": "siwe", "message": b64(text.encode()), "page": PAGE}


def psbt(*spends: psbts.Spend, pays: tuple[psbts.Pay, ...]) -> Callable[[dict[str, str]], dict[str, Any]]:
    text = psbts.text_of(psbts.make(list(spends), list(pays)))
    return lambda keys: {"keyId": keys["seed"], "psbt": text, "page": PAGE}


def solana(keys: dict[str, str]) -> dict[str, Any]:
    paid = transfer(TransferParams(from_pubkey=ME, to_pubkey=FRIEND, lamports=1_250_000_000))
    made = Transaction.new_unsigned(Message.new_with_blockhash([paid], ME, Hash.from_bytes(b"\x07" * 32)))
    return {"keyId": keys["solana"], "chain": SOLANA, "transaction": b64(bytes(made)), "page": PAGE}


PERMIT = {
    "owner": "0x9858EfFD232B4033E47d90003D41EC34EcaEda94",
    "spender": SPENDER,
    "value": 250_000_000,
    "nonce": 0,
    "deadline": 1798758000,
}
SAFE_TX = {
    "to": UNKNOWN,
    "value": 0,
    "data": call("transfer(address,uint256)", OTHER, 0),
    "operation": 1,
    "safeTxGas": 45746,
    "baseGas": 0,
    "gasPrice": 0,
    "gasToken": f"0x{'00' * 20}",
    "refundReceiver": f"0x{'00' * 20}",
    "nonce": 71,
}
AUTHORITY = Account.from_key(b"\x01" * 32)
SIGNED = AUTHORITY.sign_authorization({"chainId": 0, "address": UNKNOWN, "nonce": 8})
AUTHORIZATION = {"address": UNKNOWN, **{name: hex(getattr(SIGNED, kind)) for name, kind in AUTHORIZATION_MEMBERS.items()}}
FEE = "0.01000000 BTC"
SAMPLES = (
    Sample(
        name="pay-ether",
        method="signTransaction",
        params=transaction(to=OTHER, value="0x6f05b59d3b20000", gas="0x5208"),
        shows=("Ethereum", OTHER, "0.5 ETH", "Highest fee", "0.000042 ETH"),
    ),
    Sample(
        name="pay-usdc",
        method="signTransaction",
        params=transaction(to=USDC, input=call("transfer(address,uint256)", OTHER, 1_250_000_000)),
        shows=("Ethereum", OTHER, "1250 USDC", USDC, "Highest fee", "0.00024 ETH"),
    ),
    Sample(
        name="approve-unlimited",
        method="signTransaction",
        params=transaction(to=USDC, input=call("approve(address,uint256)", SPENDER, 2**256 - 1)),
        shows=("Ethereum", SPENDER, USDC, "any amount of USDC", "0.00024 ETH"),
        warns=(evm_calls.UNLIMITED,),
    ),
    Sample(
        name="call-unknown",
        method="signTransaction",
        params=transaction(to=UNKNOWN, value="0x16345785d8a0000", input="0xdeadbeef" + "00" * 31 + "2a"),
        shows=("Ethereum", UNKNOWN, "0.1 ETH", "deadbeef", "0.00024 ETH"),
        warns=(evm_calls.UNKNOWN_CALL,),
    ),
    Sample(
        name="hand-account-over",
        method="signTransaction",
        params=transaction(
            to=OTHER,
            type="0x4",
            authorizationList=[AUTHORIZATION],
        ),
        shows=("Ethereum", OTHER, UNKNOWN, AUTHORITY.address, "every chain", "0.00024 ETH"),
        warns=(ethereum.SETS_CODE, ethereum.EVERY_CHAIN),
    ),
    Sample(
        name="permit-usdc",
        method="signTypedData",
        params=typed(
            "Permit",
            {"name": "USD Coin", "version": "2", "chainId": 1, "verifyingContract": USDC},
            PERMIT,
            Permit="address owner, address spender, uint256 value, uint256 nonce, uint256 deadline",
        ),
        shows=("Ethereum", SPENDER, "250 USDC", USDC, "31 December 2026"),
        warns=(typed_data_kinds.PERMIT,),
    ),
    Sample(
        name="safe-delegatecall",
        method="signTypedData",
        params=typed(
            "SafeTx",
            {"chainId": 1, "verifyingContract": SAFE},
            SAFE_TX,
            SafeTx="address to, uint256 value, bytes data, uint8 operation, uint256 safeTxGas, uint256 baseGas, uint256 gasPrice,"
            " address gasToken, address refundReceiver, uint256 nonce",
        ),
        shows=("Ethereum", SAFE, UNKNOWN, "delegate call"),
        warns=(evm_calls.DELEGATE_CALL, typed_data_kinds.SAFE),
    ),
    Sample(
        name="sign-in",
        method="signMessage",
        params=siwe,
        shows=("app.example", "0x9858EfFD232B4033E47d90003D41EC34EcaEda94", "https://app.example/login", "Ethereum"),
    ),
    Sample(
        name="pay-bitcoin",
        method="signPsbt",
        params=psbt(
            psbts.Spend(psbts.mine(), 60_000),
            psbts.Spend(psbts.mine(below="0/1"), 50_000),
            pays=(psbts.Pay(psbts.elsewhere(), 80_000), psbts.Pay(psbts.mine(below="1/3"), 29_500, known=True)),
        ),
        shows=("Bitcoin", "0.00080000 BTC", "80000 sat", "0.00000500 BTC (500 sat)", "Change, back to you", "0.00029500 BTC"),
    ),
    Sample(
        name="bitcoin-without-change",
        method="signPsbt",
        params=psbt(
            psbts.Spend(psbts.mine(), 5_000_000),
            pays=(psbts.Pay(psbts.elsewhere(), 1_000_000), psbts.Pay(psbts.elsewhere(number=1), 3_000_000)),
        ),
        shows=("Bitcoin", "0.01000000 BTC", "0.03000000 BTC", "0.01000000 BTC (1000000 sat)"),
        warns=(bitcoin_warnings.FEE_HIGH.format(fee=FEE), bitcoin_warnings.RATE_HIGH, bitcoin_warnings.NOTHING_BACK),
    ),
    Sample(
        name="pay-sol",
        method="signTransaction",
        params=solana,
        shows=("Solana", str(FRIEND), "1.25 SOL", "0.000005 SOL"),
    ),
    Sample(
        name="blind",
        method="sign",
        params=lambda keys: {"keyId": keys["raw"], "digest": b64(bytes(range(32))), "page": PAGE},
        shows=("000102030405",),
        warns=(BLIND,),
    ),
)
assert len(SAMPLES) == 12


def keys_of(home: Home, port: Port) -> dict[str, str]:
    """The keys that the samples name, from the published test words."""
    seed = restore(home, port, psbts.WORDS)
    ethereum_key = port.request("deriveKey", {"keyId": seed, "path": "m/44'/60'/0'/0/0", "alg": "ES256K", "label": "Savings"})
    solana_key = port.request("deriveKey", {"keyId": seed, "path": "m/44'/501'/0'/0'", "alg": "Ed25519", "label": "Solana"})
    raw = port.request("generateKey", {"alg": "ES256K", "label": "Raw key"})
    return {
        "seed": seed,
        "ethereum": ethereum_key["keyId"],
        "address": ethereum_key["address"],
        "solana": solana_key["keyId"],
        "raw": raw["keyId"],
    }


def asked(home: Home, port: Port, keys: dict[str, str], sample: Sample) -> dict[str, Any]:
    """What a real host puts to the person for a sample; they say yes, as ten refusals would lock the extension out."""
    port.request(sample.method, sample.params(keys))
    ask = next(one for one in reversed(home.approver.asked) if one["kind"] == "review" and one["method"] == sample.method)
    return dict(ask)


def for_picture(ask: dict[str, Any]) -> dict[str, Any]:
    """The ask as it would be on a person's computer."""
    return {**ask, "id": 1, "caller": {**ask["caller"], "browser": "Chromium", "evidence": EVIDENCE}}


def main(folder: Path) -> None:
    """Make the pictures anew."""
    from tests.window.conftest import Screen, Window

    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as base, Screen(dpi=96, width=1024, height=900) as screen:
        home = Home(Path(base))
        home.attach()
        home.set_up()
        port = home.open()
        keys = keys_of(home, port)
        for sample in SAMPLES:
            with Window(screen, GTK_THEME="Adwaita") as window:
                window.ask(for_picture(asked(home, port, keys, sample)))
                (folder / f"{sample.name}.png").write_bytes(window.picture())
        home.quit()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
