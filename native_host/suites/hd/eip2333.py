"""EIP-2333: a tree of BLS12-381 secrets from a seed, and EIP-2334's rules for paths in it.

Every child is derived from its parent's secret, so all are what BIP32 calls hardened; the ``'`` that marks such a child there is
no part of a path here (EIP-2334, "Backwards Compatibility"), and the indices that it stands for are refused. What passes through
is kept in buffers that are wiped, but for the integer that the reduction by r makes, and the digest that a child is made of.
HKDF (RFC 5869) is that of cryptography (OpenSSL), as it writes into a buffer of ours.
"""

from __future__ import annotations

from hashlib import sha256

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from native_host.secret import wipe
from native_host.suites.bls12381 import ORDER
from native_host.suites.hd.path import HARDENED, MAX_DEPTH, Path
from native_host.suites.kinds import Secret

MIN_SEED_BYTES = 32
SECRET_BYTES = 32
PURPOSE = 12381  # EIP-2334
COIN_TYPE = 3600  # Ethereum's consensus layer
PATH_LEVELS = 4  # m / purpose / coin_type / account / use, at least
_INDICES = 1 << 32
_CHUNK = 32
_CHUNKS = 255
_OKM_BYTES = 48


def derive(seed: Secret, path: Path) -> bytearray:
    """The 32-byte secret at ``path`` under ``seed`` (32 bytes or more).

    Raises:
        ValueError: if the seed is too short, or ``check_path`` refuses the path.
    """
    check_path(path)
    secret = derive_master_sk(seed)
    for index in path:
        child = derive_child_sk(secret, index)
        wipe(secret)
        secret = child
    return secret


def check_path(path: Path) -> None:
    """Raise ``ValueError`` if an index is hardened, there are too many, or too few below EIP-2334's purpose."""
    if len(path) > MAX_DEPTH:
        raise ValueError("the path has too many levels")
    if any(not 0 <= index < HARDENED for index in path):
        raise ValueError("EIP-2333 knows no hardened index")
    if path[:1] == (PURPOSE,) and len(path) < PATH_LEVELS:
        raise ValueError("a path of EIP-2334 has four levels or more")


def derive_master_sk(seed: Secret) -> bytearray:
    """``derive_master_SK``: the secret at ``m``.

    Raises:
        ValueError: if the seed has fewer than 32 bytes.
    """
    if len(seed) < MIN_SEED_BYTES:
        raise ValueError("a seed of EIP-2333 has at least 32 bytes")
    return hkdf_mod_r(seed)


def derive_child_sk(parent: Secret, index: int) -> bytearray:
    """``derive_child_SK``: the secret of the child ``index``, 0 to 2³²-1, of the secret ``parent`` (32 bytes).

    Raises:
        ValueError: if the index or the length of the secret is none.
    """
    if len(parent) != SECRET_BYTES or not 0 <= index < _INDICES:
        raise ValueError("not a secret and an index of EIP-2333")
    return hkdf_mod_r(parent_sk_to_lamport_pk(parent, index))


def parent_sk_to_lamport_pk(parent: Secret, index: int) -> bytes:
    """``parent_SK_to_lamport_PK``: 32 bytes, of which whoever knows them computes the child."""
    salt = index.to_bytes(4, "big")
    flipped = bytearray(byte ^ 0xFF for byte in parent)
    public = sha256()
    for ikm in (parent, flipped):
        lamport = ikm_to_lamport_sk(ikm, salt)
        for start in range(0, len(lamport), _CHUNK):
            public.update(sha256(memoryview(lamport)[start : start + _CHUNK]).digest())
        wipe(lamport)
    wipe(flipped)
    return public.digest()


def ikm_to_lamport_sk(ikm: Secret, salt: bytes) -> bytearray:
    """``IKM_to_lamport_SK``: 255 strings of 32 bytes, one after the other."""
    lamport = bytearray(_CHUNK * _CHUNKS)
    HKDF(SHA256(), len(lamport), salt, b"").derive_into(ikm, lamport)
    return lamport


def hkdf_mod_r(ikm: Secret, key_info: bytes = b"") -> bytearray:
    """``HKDF_mod_r``, which is ``KeyGen`` of draft-irtf-cfrg-bls-signature section 2.3: a secret (32 bytes) that is not zero."""
    salt, secret = b"BLS-SIG-KEYGEN-SALT-", 0
    while secret == 0:
        salt = sha256(salt).digest()
        okm = _okm(ikm, salt, key_info)
        secret = int.from_bytes(okm, "big") % ORDER
        wipe(okm)
    return bytearray(secret.to_bytes(SECRET_BYTES, "big"))


def _okm(ikm: Secret, salt: bytes, key_info: bytes) -> bytearray:
    okm, padded = bytearray(_OKM_BYTES), bytearray(len(ikm) + 1)
    padded[:-1] = ikm
    HKDF(SHA256(), _OKM_BYTES, salt, key_info + _OKM_BYTES.to_bytes(2, "big")).derive_into(padded, okm)
    wipe(padded)
    return okm
