"""Cosmos's signatures of arbitrary messages (Cosmos SDK ADR-036), as its wallets make them (``signArbitrary``).

ECDSA over SHA-256 of a transaction's sign document in amino JSON with sorted members: one ``sign/MsgSignData``, and an empty
chain id, account number, sequence and fee, with which no chain takes it. The ADR's text would have ``signature`` for the chain
id; what wallets sign and verifiers expect is the empty one. An empty message is refused by them, and so by the caller here.
"""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256

from native_host.encodings.bech32 import decode_bech32, encode_bech32
from native_host.encodings.hash160 import hash160
from native_host.suites import secp256k1

HRP = "cosmos"
_PARTS = re.compile(r"[a-z][a-z0-9]{0,82}")  # what chains have; nothing in it needs escaping in JSON


def address_of(public: bytes, hrp: str = HRP) -> str:
    """The account address of a compressed key (ADR-028): its HASH160 in Bech32 under a chain's prefix."""
    return encode_bech32(hrp, hash160(public))


def check_address(text: str, public: bytes) -> None:
    """Raise ``ValueError`` unless it is the key's address, under whatever chain's prefix."""
    hrp, data = decode_bech32(text)
    if not _PARTS.fullmatch(hrp) or data != hash160(public) or text != text.lower():
        raise ValueError("an address of another key")


def sign_document(message: bytes, signer: str) -> bytes:
    """The canonical JSON that is signed. No text in it needs escaping: Bech32 and base64 have no such letters."""
    data = b64encode(message).decode("ascii")
    value = f'{{"data":"{data}","signer":"{signer}"}}'
    return (
        '{"account_number":"0","chain_id":"","fee":{"amount":[],"gas":"0"},"memo":"",'
        f'"msgs":[{{"type":"sign/MsgSignData","value":{value}}}],"sequence":"0"}}'
    ).encode("ascii")


def sign(secret: bytes | bytearray | memoryview, message: bytes, *, public: bytes, signer: str) -> bytes:
    """The signature r ‖ s (64 bytes), s low; ``public`` is the secret's own compressed key and ``signer`` its address."""
    return secp256k1.ecdsa_sign(secret, sha256(sign_document(message, signer)).digest(), public)
