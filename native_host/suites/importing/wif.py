"""Bitcoin's wallet import format: Base58Check of a version byte, 32 bytes and, for a compressed public key, 01.

As Bitcoin Core writes it (``dumpprivkey``), for the main network and the test networks. On its way through Base58 the secret is
text and an integer, which cannot be wiped.
"""

from __future__ import annotations

from native_host.encodings.base58 import decode_base58check
from native_host.suites.importing.imported import CannotImport, Imported, NotThisForm, checked_text, imported
from native_host.suites.kinds import Secret

SECRET_BYTES = 32
LENGTHS = (51, 52)
_NETWORKS = {0x80: "", 0xEF: "The key is of a Bitcoin test network, where coins have no value."}
_COMPRESSED = b"\x01"


def read_wif(text: Secret) -> Imported:
    """The ``ES256K`` key of a private key as Bitcoin wallets write it.

    Raises:
        NotThisForm: if it has not the length of one.
        CannotImport: if its checksum is wrong, it is of another coin, or it belongs to an uncompressed public key.
    """
    letters = checked_text(text)
    if len(letters) not in LENGTHS or not letters.isascii() or not letters.isalnum():
        raise NotThisForm("This is not a Bitcoin private key. Such a key has 52 letters and digits and begins with K, L or c.")
    try:
        payload = decode_base58check(letters)
    except ValueError:
        raise CannotImport("A letter of this private key is wrong: its checksum does not come out. Copy it again, whole.") from None
    if payload[0] not in _NETWORKS:
        raise CannotImport("This private key is of another coin than Bitcoin. Import it in a wallet of that coin.")
    if len(payload) == 1 + SECRET_BYTES:
        raise CannotImport(
            "This private key belongs to an uncompressed public key, whose addresses are not made here, so that its coins would not be"
            " found. Move them to a new address with the wallet that holds them."
        )
    if len(payload) != 1 + SECRET_BYTES + len(_COMPRESSED) or not payload.endswith(_COMPRESSED):
        raise NotThisForm("This is not a Bitcoin private key. Such a key has 52 letters and digits and begins with K, L or c.")
    return imported("ES256K", bytearray(payload[1:-1]), _NETWORKS[payload[0]])
