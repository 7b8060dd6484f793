"""Signing a message in a chain's own format: which key may, what is no message, and the signature with its address.

``eip191``: a secp256k1 key whose path is Ethereum's or of no chain known here. ``solana``: an Ed25519 key likewise.
``bip322``: a key at a BIP84 or BIP86 path, as only the path says which address is meant.
"""

from __future__ import annotations

from collections.abc import Callable

from native_host.encodings.base58 import encode_base58
from native_host.suites.hd.accounts import Account, account_at, address_of, ethereum_address
from native_host.suites.hd.path import parse_path

FORMATS = ("eip191", "bip322", "solana")

Secret = bytes | bytearray | memoryview


class WrongKey(ValueError):
    """The key's algorithm or path does not go with the format."""


class NotAMessage(ValueError):
    """The bytes are a transaction: signed as a message they would be a signed transaction."""


def check(message_format: str, alg: str, path: str | None, public: bytes, message: bytes) -> None:
    """Raise ``WrongKey`` or ``NotAMessage`` if ``sign`` would. ``public`` is the raw key of ``alg``."""
    _FORMS[message_format][0](alg, _account(alg, path), public, message)


def sign(message_format: str, alg: str, path: str | None, public: bytes, secret: Secret, message: bytes) -> tuple[bytes, str]:
    """The signature in the format's own encoding, and the address it is by.

    Encodings: ``eip191`` r ‖ s ‖ v (65 bytes, v 27 or 28), ``bip322`` the serialized witness stack, ``solana`` 64 bytes.

    Raises:
        WrongKey, NotAMessage, SigningFault
    """
    checked, signed = _FORMS[message_format]
    account = _account(alg, path)
    checked(alg, account, public, message)
    return signed(account, public, secret, message)


def _account(alg: str, path: str | None) -> Account | None:
    return None if path is None else account_at(alg, parse_path(path))


def _check_eip191(alg: str, account: Account | None, public: bytes, message: bytes) -> None:
    del public, message
    if alg not in ("ES256K", "ES256K-R") or (account is not None and account.kind != "ethereum"):
        raise WrongKey


def _sign_eip191(account: Account | None, public: bytes, secret: Secret, message: bytes) -> tuple[bytes, str]:
    from native_host.suites import eip191

    del account
    return eip191.sign(secret, message, public=public), ethereum_address(public)


def _check_bip322(alg: str, account: Account | None, public: bytes, message: bytes) -> None:
    del alg, public, message
    if account is None or account.kind not in ("p2wpkh", "p2tr"):
        raise WrongKey


def _sign_bip322(account: Account | None, public: bytes, secret: Secret, message: bytes) -> tuple[bytes, str]:
    from native_host.suites import bip322

    if account is None:
        raise WrongKey
    if account.kind == "p2tr":
        return bip322.sign_p2tr(secret, message, internal=public), address_of(account, public)
    return bip322.sign_p2wpkh(secret, message, public=public), address_of(account, public)


def _check_solana(alg: str, account: Account | None, public: bytes, message: bytes) -> None:
    from native_host.suites.solana_message import is_transaction

    del account, public
    if alg != "Ed25519":
        raise WrongKey
    if is_transaction(message):
        raise NotAMessage


def _sign_solana(account: Account | None, public: bytes, secret: Secret, message: bytes) -> tuple[bytes, str]:
    from native_host.suites import ed25519

    del account
    return ed25519.sign(secret, data=message, public=public), encode_base58(public)


_Check = Callable[[str, Account | None, bytes, bytes], None]
_Sign = Callable[[Account | None, bytes, Secret, bytes], tuple[bytes, str]]

_FORMS: dict[str, tuple[_Check, _Sign]] = {
    "eip191": (_check_eip191, _sign_eip191),
    "bip322": (_check_bip322, _sign_bip322),
    "solana": (_check_solana, _sign_solana),
}
