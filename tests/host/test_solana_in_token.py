"""Solana's transactions signed by a key in a PKCS#11 token: the token signs the message that was shown, and nothing leaves unchecked."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from solders.litesvm import LiteSVM
from solders.message import Message
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.system_program import TransferParams, transfer
from solders.transaction import VersionedTransaction
from solders.transaction_metadata import TransactionMetadata

from tests.homes import Home, b64, unb64
from tests.host.calls import generate
from tests.parts.softhsm import PIN, SoftHsm, softhsm

__all__ = ["softhsm"]

MAINNET = "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp"


@pytest.fixture
def home(tmp_path: Path, softhsm: SoftHsm) -> Iterator[Home]:
    """A keystore, and a list of modules with SoftHSM on it in the host's own folder."""
    listed = tmp_path / "home" / "strongroom" / "modules.toml"
    home = Home(tmp_path / "home", config=f'[pkcs11]\nmodules = "{listed}"\n')
    shutil.copy(str(softhsm.settings.pkcs11.modules), listed)
    home.attach()
    home.set_up()
    home.approver.type_secret("pin", PIN)
    yield home
    home.quit()


def test_a_payment(home: Home) -> None:
    """The runtime carries it out; the review says where the key is, and which of the accounts it is."""
    port = home.open()
    key = generate(port, "Ed25519", backend="pkcs11")
    assert ["sign", "verify", "message", "transaction", "jws"] == key["usages"]
    own, other = Pubkey.from_bytes(unb64(key["publicKeyJwk"]["x"])), Pubkey.from_bytes(b"o" * 32)
    chain = LiteSVM()
    chain.airdrop(own, 10**9)
    payment = transfer(TransferParams(from_pubkey=own, to_pubkey=other, lamports=10**8))
    message = Message.new_with_blockhash([payment], own, chain.latest_blockhash())
    raw = bytes(VersionedTransaction.populate(message, [Signature.default()]))
    signed = port.request("signTransaction", {"keyId": key["keyId"], "chain": MAINNET, "transaction": b64(raw)})
    review = next(ask for ask in reversed(home.approver.asked) if ask["kind"] == "review")
    facts = {fact["label"]: fact["value"] for fact in review["facts"]}
    assert ("Send 0.1 SOL on Solana", []) == (review["title"], review["warnings"])
    assert facts["Where the key is"].startswith("In a token")
    assert str(own) == facts["From (this key)"]
    sent = chain.send_transaction(VersionedTransaction.from_bytes(unb64(signed["signedTransaction"])))
    assert isinstance(sent, TransactionMetadata)
    assert 10**8 == chain.get_balance(other)
