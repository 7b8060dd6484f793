"""The demonstration's signatures, verified by libraries that are not ours and that did not make them.

Ethereum: eth-account recovers the signer (EIP-191). Bitcoin: embit builds BIP322's two transactions, its sighash and the
address. Solana: OpenSSL, through ``cryptography``, checks the Ed25519 signature under the address itself.
"""

from __future__ import annotations


def verify_ethereum(address: str, message: bytes, signature: bytes) -> str:
    """The name of the library that agrees; ``AssertionError`` if it does not."""
    from eth_account import Account
    from eth_account.messages import encode_defunct

    signer = Account.recover_message(encode_defunct(primitive=message), signature=signature)
    _agree(signer == address)
    return "eth-account"


def verify_bitcoin(address: str, message: bytes, signature: bytes) -> str:
    """The name of the library that agrees; ``AssertionError`` if it does not. P2WPKH addresses only."""
    from embit import ec, hashes
    from embit.script import Witness, address_to_scriptpubkey, p2wpkh
    from embit.transaction import SIGHASH, Transaction, TransactionInput, TransactionOutput

    der, public = Witness.parse(signature).items
    script = address_to_scriptpubkey(address)
    key = ec.PublicKey.parse(public)
    _agree(p2wpkh(key).data == script.data)
    push = b"\x00\x20" + hashes.tagged_hash("BIP0322-signed-message", message)
    spend = TransactionInput(bytes(32), 0xFFFFFFFF, script_sig=_script(push), sequence=0)
    to_spend = Transaction(version=0, vin=[spend], vout=[TransactionOutput(0, script)])
    to_sign = Transaction(version=0, vin=[TransactionInput(to_spend.txid(), 0, sequence=0)], vout=[TransactionOutput(0, _script(b"\x6a"))])
    digest = to_sign.sighash_segwit(0, _script(b"\x76\xa9\x14" + script.data[2:] + b"\x88\xac"), 0, SIGHASH.ALL)
    _agree(der[-1] == SIGHASH.ALL and key.verify(ec.Signature.parse(der[:-1]), digest))
    return "embit"


def verify_solana(address: str, message: bytes, signature: bytes) -> str:
    """The name of the library that agrees; ``AssertionError`` if it does not."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from embit.base58 import decode

    try:
        Ed25519PublicKey.from_public_bytes(decode(address)).verify(signature, message)
    except InvalidSignature:
        _agree(False)
    return "OpenSSL"


def missing_libraries() -> list[str]:
    """The distributions that the demonstration needs and that are not installed."""
    from importlib.util import find_spec

    return [name for name, module in (("eth-account", "eth_account"), ("embit", "embit")) if find_spec(module) is None]


def _script(data: bytes) -> object:
    from embit.script import Script

    return Script(data)


def _agree(agrees: bool) -> None:
    if not agrees:
        raise AssertionError("the other library does not accept the signature")
