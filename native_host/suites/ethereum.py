"""What an Ethereum key signs besides messages: the hash of a transaction or of typed data, which the host computed from what it decoded.

s is low (EIP-2) and the recovery id one of the two that Ethereum knows. The signature is checked by what a node does: the key is recovered.
"""

from __future__ import annotations

from collections.abc import Callable

from native_host.suites import secp256k1
from native_host.suites.fault import SigningFault
from native_host.suites.hd.accounts import account_at, ethereum_address
from native_host.suites.hd.path import parse_path

_ALGS = ("ES256K", "ES256K-R")
_LOW_S = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
_SIGNATURE_BYTES = 65
_WORD_BITS = 256

Signer = Callable[[bytes], bytes]
"""From a digest to r ‖ s ‖ recovery id (65 bytes), wherever the key is."""


def is_account(alg: str, path: str | None) -> bool:
    """Whether a key is an account of Ethereum's, or of no chain in particular: never another chain's."""
    account = None if path is None else account_at(alg, parse_path(path))
    return alg in _ALGS and (account is None or account.kind == "ethereum")


def local_signer(secret: bytes | bytearray | memoryview, public: bytes) -> Signer:
    """Signs with a secret that is here; ``public`` is its compressed key."""

    def sign(digest: bytes) -> bytes:
        compact, recovery_id = secp256k1.ecdsa_sign_recoverable(secret, digest, public)
        return compact + bytes((recovery_id,))

    return sign


def authority_of(digest: bytes, r: int, s: int, y_parity: int) -> str | None:
    """The address of the account that signed an authorization (EIP-7702), as nodes find it; ``None`` if none did: it has no effect then."""
    if y_parity > 1 or not 0 < s <= _LOW_S or r >> _WORD_BITS:
        return None
    public = secp256k1.ecdsa_recover(digest, r.to_bytes(32, "big") + s.to_bytes(32, "big"), y_parity)
    return None if public is None else ethereum_address(public)


def signature_of(digest: bytes, signer: Signer, public: bytes) -> tuple[int, int, int]:
    """r, s and the y parity of a signature of ``digest`` by ``public``.

    Raises:
        SigningFault: what came back is no such signature.
    """
    signature = signer(digest)
    if len(signature) != _SIGNATURE_BYTES:
        raise SigningFault
    compact, y_parity = signature[:-1], signature[-1]
    s = int.from_bytes(compact[32:], "big")
    if y_parity > 1 or s > _LOW_S or secp256k1.ecdsa_recover(digest, compact, y_parity) != public:
        raise SigningFault
    return int.from_bytes(compact[:32], "big"), s, y_parity
