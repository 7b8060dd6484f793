"""Signing a message in a chain's own format: which key may, what is no message of it, the signature, and the address it is by.

======================  ======================================  ==========================  ====================================
format                  keys                                    at paths                    signature
======================  ======================================  ==========================  ====================================
``eip191``              ES256K, ES256K-R                        Ethereum's or of no chain   r ‖ s ‖ v (65 bytes, v 27 or 28)
``siwe``                ES256K, ES256K-R                        Ethereum's or of no chain   as ``eip191``
``bip322``              ES256K, ES256K-R; BIP340                BIP84; BIP86                the witness stack, serialized
``bip322-full``         ES256K, ES256K-R; BIP340                BIP44, 49, 84; BIP86        the transaction ``to_sign``
``bip137``              ES256K, ES256K-R                        BIP44, 49, 84               header ‖ r ‖ s (65 bytes)
``solana``              Ed25519                                 any                         64 bytes
``solana-offchain``     Ed25519                                 Solana's or of no chain     64 bytes
``cip8``                Ed25519, Ed25519-BIP32                  Cardano's or of no chain    COSE_Sign1 (see ``companion``)
``adr36``               ES256K, ES256K-R                        Cosmos's or of no chain     r ‖ s (64 bytes)
======================  ======================================  ==========================  ====================================

Only the path says which address of a Bitcoin key is meant, so there is no signing without one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from native_host.encodings.base58 import encode_base58
from native_host.suites.hd.accounts import Account, account_at, address_of, cardano_address, ethereum_address
from native_host.suites.hd.path import parse_path
from native_host.value import Value

if TYPE_CHECKING:
    from native_host.suites import bip137, bip322

Secret = bytes | bytearray | memoryview

_SECP256K1 = ("ES256K", "ES256K-R")


class WrongKey(ValueError):
    """The key's algorithm or path does not go with the format."""


class NotAMessage(ValueError):
    """The bytes are a transaction: signed as a message they would be a signed transaction."""


class NotThisFormat(NotAMessage):
    """The bytes are no message of this format."""


class AnotherSigner(NotAMessage):
    """The message, or the caller, names a signer that the key is not."""


class _Key(Value, frozen=True, kw_only=True):
    """``account`` is ``None`` where no chain is known; ``claimed`` is the address that the caller names."""

    alg: str
    account: Account | None
    public: bytes
    claimed: str | None

    @property
    def kind(self) -> str:
        """The kind of its account, empty without one."""
        return "" if self.account is None else self.account.kind

    def require(self, algs: tuple[str, ...], *kinds: str) -> None:
        if self.alg not in algs or self.kind not in kinds:
            raise WrongKey


class _Form(Value, frozen=True, kw_only=True):
    """``check`` gives the address that signs, or raises; ``sign`` the signature by a key and an address that were checked."""

    check: Callable[[_Key, bytes], str]
    sign: Callable[[_Key, Secret, bytes, str], bytes]
    companion: Callable[[bytes], bytes] | None = None


def check(message_format: str, alg: str, path: str | None, public: bytes, message: bytes, *, address: str | None = None) -> str:
    """The address that ``sign`` would sign by. ``public`` is the raw key of ``alg``.

    ``address`` is the signer as the caller names it: the key's own address, or in ``cip8`` and ``adr36`` another that is the key's
    too (with a staking part; under another chain's prefix).

    Raises:
        WrongKey, NotAMessage, NotThisFormat, AnotherSigner
    """
    return _checked(message_format, alg, path, public, message, address)[1]


def sign(
    message_format: str, alg: str, path: str | None, public: bytes, secret: Secret, message: bytes, *, address: str | None = None
) -> tuple[bytes, str]:
    """The signature in the format's own encoding, and the address it is by.

    Raises:
        WrongKey, NotAMessage, NotThisFormat, AnotherSigner, SigningFault
    """
    key, signer = _checked(message_format, alg, path, public, message, address)
    return _FORMS[message_format].sign(key, secret, message, signer), signer


def companion(message_format: str, public: bytes) -> bytes | None:
    """What is handed over with the signature: in ``cip8`` the COSE_Key of the public key, in other formats nothing."""
    made = _FORMS[message_format].companion
    return None if made is None else made(public)


def _checked(message_format: str, alg: str, path: str | None, public: bytes, message: bytes, claimed: str | None) -> tuple[_Key, str]:
    account = None if path is None else account_at(alg, parse_path(path))
    key = _Key(alg=alg, account=account, public=public, claimed=claimed)
    signer = _FORMS[message_format].check(key, message)
    if claimed not in {None, signer}:
        raise AnotherSigner
    return key, signer


def _check_eip191(key: _Key, message: bytes) -> str:
    del message
    key.require(_SECP256K1, "", "ethereum")
    return ethereum_address(key.public)


def _check_siwe(key: _Key, message: bytes) -> str:
    from native_host.encodings.siwe import parse_siwe

    address = _check_eip191(key, message)
    try:
        named = parse_siwe(message).address
    except ValueError:
        raise NotThisFormat from None
    if named != address:
        raise AnotherSigner
    return address


def _sign_eip191(key: _Key, secret: Secret, message: bytes, address: str) -> bytes:
    from native_host.suites import eip191

    del address
    return eip191.sign(secret, message, public=key.public)


_BIP322: dict[str, bip322.Kind] = {"p2wpkh": "p2wpkh", "p2tr": "p2tr"}
_BIP322_FULL: dict[str, bip322.Kind] = {**_BIP322, "p2pkh": "p2pkh", "p2sh-p2wpkh": "p2sh-p2wpkh"}
_BIP137: dict[str, bip137.Kind] = {"p2pkh": "p2pkh", "p2sh-p2wpkh": "p2sh-p2wpkh", "p2wpkh": "p2wpkh"}


def _check_bitcoin(kinds: dict[str, bip322.Kind] | dict[str, bip137.Kind]) -> Callable[[_Key, bytes], str]:
    def check_bitcoin(key: _Key, message: bytes) -> str:
        del message
        if key.kind not in kinds or key.account is None:
            raise WrongKey
        return address_of(key.account, key.public)

    return check_bitcoin


def _sign_bip322(key: _Key, secret: Secret, message: bytes, address: str) -> bytes:
    from native_host.suites import bip322

    del address
    return bip322.sign_simple(_BIP322[key.kind], secret, message, public=key.public)


def _sign_bip322_full(key: _Key, secret: Secret, message: bytes, address: str) -> bytes:
    from native_host.suites import bip322

    del address
    return bip322.sign_full(_BIP322_FULL[key.kind], secret, message, public=key.public)


def _sign_bip137(key: _Key, secret: Secret, message: bytes, address: str) -> bytes:
    from native_host.suites import bip137

    del address
    return bip137.sign(_BIP137[key.kind], secret, message, public=key.public)


def _check_solana(key: _Key, message: bytes) -> str:
    from native_host.suites.solana_message import is_signed_elsewhere, is_transaction

    if key.alg != "Ed25519":
        raise WrongKey
    if is_signed_elsewhere(message):
        raise NotThisFormat
    if is_transaction(message):
        raise NotAMessage
    return encode_base58(key.public)


def _sign_solana(key: _Key, secret: Secret, message: bytes, address: str) -> bytes:
    from native_host.suites import ed25519

    del address
    return ed25519.sign(secret, data=message, public=key.public)


def _check_solana_offchain(key: _Key, message: bytes) -> str:
    from native_host.suites import solana_offchain

    key.require(("Ed25519",), "", "solana")
    try:
        solana_offchain.to_sign(message, key.public)
    except ValueError:
        raise NotThisFormat from None
    return encode_base58(key.public)


def _sign_solana_offchain(key: _Key, secret: Secret, message: bytes, address: str) -> bytes:
    from native_host.suites import solana_offchain

    return _sign_solana(key, secret, solana_offchain.to_sign(message, key.public), address)


def _check_cip8(key: _Key, message: bytes) -> str:
    from native_host.suites import cip8

    del message
    key.require(("Ed25519", "Ed25519-BIP32"), "", "cardano", "cardano-stake")
    if key.claimed is None:
        return cardano_address(key.public) if key.account is None else address_of(key.account, key.public)
    try:
        cip8.parse_address(key.claimed, key.public)
    except ValueError:
        raise AnotherSigner from None
    return key.claimed


def _sign_cip8(key: _Key, secret: Secret, message: bytes, address: str) -> bytes:
    from native_host.suites import cip8

    return cip8.sign(key.alg, secret, message, public=key.public, address=cip8.parse_address(address, key.public))


def _cose_key(public: bytes) -> bytes:
    from native_host.suites import cip8

    return cip8.cose_key(public)


def _check_adr36(key: _Key, message: bytes) -> str:
    from native_host.suites import adr36

    key.require(_SECP256K1, "", "cosmos")
    if not message:
        raise NotThisFormat
    if key.claimed is None:
        return adr36.address_of(key.public)
    try:
        adr36.check_address(key.claimed, key.public)
    except ValueError:
        raise AnotherSigner from None
    return key.claimed


def _sign_adr36(key: _Key, secret: Secret, message: bytes, address: str) -> bytes:
    from native_host.suites import adr36

    return adr36.sign(secret, message, public=key.public, signer=address)


_FORMS = {
    "eip191": _Form(check=_check_eip191, sign=_sign_eip191),
    "siwe": _Form(check=_check_siwe, sign=_sign_eip191),
    "bip322": _Form(check=_check_bitcoin(_BIP322), sign=_sign_bip322),
    "bip322-full": _Form(check=_check_bitcoin(_BIP322_FULL), sign=_sign_bip322_full),
    "bip137": _Form(check=_check_bitcoin(_BIP137), sign=_sign_bip137),
    "solana": _Form(check=_check_solana, sign=_sign_solana),
    "solana-offchain": _Form(check=_check_solana_offchain, sign=_sign_solana_offchain),
    "cip8": _Form(check=_check_cip8, sign=_sign_cip8, companion=_cose_key),
    "adr36": _Form(check=_check_adr36, sign=_sign_adr36),
}

FORMATS = tuple(_FORMS)
