"""A key by algorithm, scheme and path: the door to BIP32 and SLIP-0010 for who does not care which."""

from __future__ import annotations

from native_host.suites.hd import accounts
from native_host.suites.hd.path import HARDENED, Path, format_path, parse_path
from native_host.suites.table import SUITES


def canonical_path(path: str, *, scheme: str, alg: str) -> str:
    """The path as it is kept and compared: hardened indices with ``'``.

    Raises:
        ValueError: if it is no path, or not one that ``alg`` can derive by ``scheme``.
    """
    return format_path(_indices(path, scheme=scheme, alg=alg))


def derive(alg: str, scheme: str, seed: bytes | bytearray | memoryview, path: str) -> bytearray:
    """The 32-byte secret of ``alg`` at ``path`` under a seed of 16 to 64 bytes; the caller wipes it.

    Raises:
        ValueError: if the path is none, ``alg`` cannot derive it by ``scheme``, or BIP32 has no key there.
    """
    indices = _indices(path, scheme=scheme, alg=alg)
    if scheme == "BIP32":
        from native_host.suites.hd import bip32

        return bip32.derive(seed, indices)
    from native_host.suites.hd import slip10

    return slip10.derive_ed25519(seed, indices) if alg == "Ed25519" else slip10.derive_secp256k1(seed, indices)


def address(alg: str, path: str | None, public: bytes) -> str | None:
    """The address of a key, if its path says which chain it is for."""
    account = accounts.account_at(alg, parse_path(path)) if path is not None else None
    return None if account is None else accounts.address_of(account, public)


def _indices(path: str, *, scheme: str, alg: str) -> Path:
    indices = parse_path(path)
    if scheme not in SUITES[alg].schemes:
        raise ValueError("the algorithm is not derived by that scheme")
    if alg == "Ed25519" and any(index < HARDENED for index in indices):
        raise ValueError("Ed25519 has hardened children only")
    return indices
