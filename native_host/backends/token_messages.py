"""Messages in a chain's own format, signed by keys in tokens: what is signed is the formats' own, the signature the token's."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from native_host.backends import TOKEN_FORMATS
from native_host.backends.token_suite import token_suite
from native_host.errors import Unsupported
from native_host.suites.fault import SigningFault
from native_host.suites.table import SUITES

if TYPE_CHECKING:
    from native_host.backends.pkcs11 import Tokens
    from native_host.suites.kinds import Secret

_ETHEREUM_V = 27


def sign_message(tokens: Tokens, message_format: str, public: bytes, reference: Secret, message: bytes, *, signer: str) -> bytes:
    """The signature in the format's own encoding; the format, the message and ``signer`` were checked by ``suites.signed_message``.

    Raises:
        Unsupported: the format needs more of a key than a signature.
    """
    if message_format not in TOKEN_FORMATS:
        raise Unsupported("Keys in tokens do not sign messages of that format.", detail=message_format)
    match message_format:
        case "eip191" | "siwe":
            return _eip191(tokens, public, reference, message)
        case "adr36":
            from native_host.suites import adr36

            digest = sha256(adr36.sign_document(message, signer)).digest()
            return _signed(tokens, "ES256K", public, reference, digest=digest)
        case "solana":
            return _signed(tokens, "Ed25519", public, reference, data=message)
        case _:
            from native_host.suites import solana_offchain

            return _signed(tokens, "Ed25519", public, reference, data=solana_offchain.to_sign(message, public))


def _eip191(tokens: Tokens, public: bytes, reference: Secret, message: bytes) -> bytes:
    from native_host.suites import eip191

    signature = _signed(tokens, "ES256K-R", public, reference, digest=eip191.digest_of_message(message))
    if signature[-1] > 1:
        raise SigningFault  # Ethereum knows the first two recovery ids only
    return signature[:-1] + bytes((_ETHEREUM_V + signature[-1],))


def _signed(tokens: Tokens, alg: str, public: bytes, reference: Secret, *, data: bytes | None = None, digest: bytes | None = None) -> bytes:
    signature: bytes = token_suite(tokens, SUITES[alg], public).sign(reference, data=data, digest=digest)
    return signature
