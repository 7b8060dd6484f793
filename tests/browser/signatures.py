"""Signed messages checked with libraries that are not ours: eth-account, embit and solders."""

from __future__ import annotations

import hashlib
from base64 import b64decode


def derive_addresses(words: str) -> dict[str, str]:
    """The first account of each chain, from the recovery words: BIP44, BIP84, and SLIP-0010 for Solana."""
    from embit import bip32, bip39, script
    from eth_account import Account
    from solders.keypair import Keypair

    Account.enable_unaudited_hdwallet_features()
    seed = bip39.mnemonic_to_seed(words)
    bitcoin = bip32.HDKey.from_seed(seed).derive("m/84h/0h/0h/0/0")
    return {
        "Ethereum": str(Account.from_mnemonic(words, account_path="m/44'/60'/0'/0/0").address),
        "Bitcoin": str(script.p2wpkh(bitcoin.get_public_key()).address()),
        "Solana": str(Keypair.from_seed_and_derivation_path(seed, "m/44'/501'/0'/0'").pubkey()),
    }


def is_valid(chain: str, address: str, message: str, signature: str) -> bool:
    """Whether ``signature``, in the text form of its chain, is one of ``message`` by the owner of ``address``."""
    return {"Ethereum": _is_eip191, "Bitcoin": _is_bip322, "Solana": _is_solana}[chain](address, message.encode(), signature)


def _is_eip191(address: str, message: bytes, signature: str) -> bool:
    from eth_account import Account
    from eth_account.messages import encode_defunct

    return bool(Account.recover_message(encode_defunct(message), signature=signature) == address)


def _is_solana(address: str, message: bytes, signature: str) -> bool:
    from solders.pubkey import Pubkey
    from solders.signature import Signature

    return bool(Signature.from_string(signature).verify(Pubkey.from_string(address), message))


def _is_bip322(address: str, message: bytes, signature: str) -> bool:
    """BIP322 simple, for P2WPKH: the witness that would spend ``to_spend``'s only output."""
    from embit import ec, script
    from embit.transaction import Transaction, TransactionInput, TransactionOutput

    tag = hashlib.sha256(b"BIP0322-signed-message").digest()
    challenge = script.address_to_scriptpubkey(address)
    commitment = script.Script(b"\x00\x20" + hashlib.sha256(tag * 2 + message).digest())
    to_spend = Transaction(
        version=0,
        vin=[TransactionInput(bytes(32), 0xFFFFFFFF, script_sig=commitment, sequence=0)],
        vout=[TransactionOutput(0, challenge)],
        locktime=0,
    )
    to_sign = Transaction(
        version=0, vin=[TransactionInput(to_spend.txid(), 0, sequence=0)], vout=[TransactionOutput(0, script.Script(b"\x6a"))], locktime=0
    )
    der, public_key_bytes = script.Witness.parse(b64decode(signature, validate=True)).items
    public_key = ec.PublicKey.parse(public_key_bytes)
    digest = to_sign.sighash_segwit(0, script.p2pkh_from_p2wpkh(challenge), 0)
    # The last byte of the signature says what it signs: 1, everything.
    right_owner = script.p2wpkh(public_key) == challenge and der[-1] == 1
    return bool(right_owner and public_key.verify(ec.Signature.parse(der[:-1]), digest))
