"""What a Solana key signs besides messages: the message of a transaction, by pure Ed25519 over its own bytes, as nodes verify it."""

from __future__ import annotations

from collections.abc import Callable

from native_host.encodings.solana_transaction import UNSIGNED, Transaction, decode_transaction
from native_host.suites import ed25519
from native_host.suites.fault import SigningFault
from native_host.suites.hd.accounts import account_at
from native_host.suites.hd.path import parse_path

Signer = Callable[[bytes], bytes]
"""From the bytes of a message to a signature (64 bytes), wherever the key is."""


class NotASigner(ValueError):
    """The transaction does not ask for the key's signature."""


class WrongSignature(ValueError):
    """What stands in the place of another's signature is none of the message."""


def is_account(alg: str, path: str | None) -> bool:
    """Whether a key is an account of Solana's, or of no chain in particular: never another chain's."""
    account = None if path is None else account_at(alg, parse_path(path))
    return alg == "Ed25519" and (account is None or account.kind == "solana")


def check(transaction: Transaction, public: bytes) -> None:
    """See that the key is one of the signers, and that what others have signed is this very message.

    Raises:
        NotASigner, WrongSignature
    """
    signers = transaction.message.keys[: transaction.message.signers]
    if public not in signers:
        raise NotASigner
    for key, signature in zip(signers, transaction.signatures, strict=True):
        if signature != UNSIGNED and key != public and not _is_valid(key, transaction.signed, signature):
            raise WrongSignature


def sign(transaction: Transaction, public: bytes, signer: Signer) -> Transaction:
    """The transaction with the key's signature in its place; every other place stays as it is.

    Raises:
        SigningFault: what came back is no signature of the message, or what would leave is not what was read.
    """
    place = transaction.message.keys.index(public)
    signature = signer(transaction.signed)
    signatures = (*transaction.signatures[:place], signature, *transaction.signatures[place + 1 :])
    made = Transaction(signatures=signatures, message=transaction.message, signed=transaction.signed)
    if not _is_valid(public, transaction.signed, signature) or decode_transaction(made.encoded()) != made:
        raise SigningFault
    return made


def _is_valid(public: bytes, message: bytes, signature: bytes) -> bool:
    try:
        return ed25519.verify(public, data=message, signature=signature)
    except ValueError:  # no point of the curve: a program's address, which never signs
        return False
