"""secp256k1 (SEC 2 section 2.4.1) on libsecp256k1: the only module that imports its binding.

The binding's own wrappers copy a secret into ``bytes``, which cannot be wiped, so the library's functions are called
directly: they read secrets from the caller's buffer. Every length is checked before a pointer crosses, and every
object handed to the library came out of one of its parsers.
"""

from __future__ import annotations

from typing import Any

from btclib_secp256k1 import ffi, lib

from native_host.secret import wipe
from native_host.sodium import random_bytes
from native_host.suites.fault import SigningFault

SECRET_BYTES = 32
SIGNATURE_BYTES = 64
DIGEST_BYTES = 32
COMPRESSED_BYTES = 33
UNCOMPRESSED_BYTES = 65
XONLY_BYTES = 32
AUX_BYTES = 32

_COMPRESSED_FLAG = 258  # SECP256K1_EC_COMPRESSED
_UNCOMPRESSED_FLAG = 2  # SECP256K1_EC_UNCOMPRESSED
_DER_BYTES = 72
_EXTRAPARAMS_MAGIC = b"\xda\x6f\xb3\x8c"

Secret = bytes | bytearray | memoryview

_context = lib.secp256k1_context_create(1)
if not lib.secp256k1_context_randomize(_context, random_bytes(32)):
    raise ImportError("libsecp256k1 could not blind its context")


def _scalar(secret: Secret) -> Any:
    if len(secret) != SECRET_BYTES:
        raise ValueError("the secret is not 32 bytes")
    return ffi.from_buffer(secret)


def _digest(digest: bytes) -> bytes:
    if len(digest) != DIGEST_BYTES:
        raise ValueError("the digest is not 32 bytes")
    return digest


def _point(public: bytes) -> Any:
    point = ffi.new("secp256k1_pubkey *")
    if not lib.secp256k1_ec_pubkey_parse(_context, point, public, len(public)):
        raise ValueError("not a point of secp256k1")
    return point


def _point_of(secret: Secret) -> Any:
    point = ffi.new("secp256k1_pubkey *")
    if not lib.secp256k1_ec_pubkey_create(_context, point, _scalar(secret)):
        raise ValueError("the secret is not a secp256k1 key")
    return point


def _serialize(point: Any, size: int, flag: int) -> bytes:
    out = ffi.new("unsigned char[]", size)
    lib.secp256k1_ec_pubkey_serialize(_context, out, ffi.new("size_t *", size), point, flag)
    return bytes(ffi.buffer(out))


def is_secret(secret: Secret) -> bool:
    """Whether 32 bytes are a number from 1 to n-1."""
    return bool(lib.secp256k1_ec_seckey_verify(_context, _scalar(secret)))


def public_key(secret: Secret) -> bytes:
    """The SEC 1 compressed public key (33 bytes)."""
    return _serialize(_point_of(secret), COMPRESSED_BYTES, _COMPRESSED_FLAG)


def compress(public: bytes) -> bytes:
    """A SEC 1 public key, compressed or not, as its 33 bytes.

    Raises:
        ValueError: if it is no point of the curve.
    """
    if len(public) == UNCOMPRESSED_BYTES and public[:1] != b"\x04":  # libsecp256k1 also reads SEC 1's hybrid form
        raise ValueError("not a point of secp256k1")
    return _serialize(_point(public), COMPRESSED_BYTES, _COMPRESSED_FLAG)


def uncompress(public: bytes) -> bytes:
    """The 65 bytes 04 ‖ x ‖ y of a compressed public key."""
    return _serialize(_point(public), UNCOMPRESSED_BYTES, _UNCOMPRESSED_FLAG)


def add_to_secret(secret: bytearray, tweak: Secret) -> bool:
    """Replace ``secret`` by (secret + tweak) mod n, in place; false, and zeros, when tweak ≥ n or the sum is 0."""
    return bool(lib.secp256k1_ec_seckey_tweak_add(_context, _scalar(secret), _scalar(tweak)))


def add_to_public(public: bytes, tweak: Secret) -> bytes | None:
    """The compressed key of P + tweak·G; ``None`` when tweak ≥ n or the sum is no point.

    Raises:
        ValueError: if ``public`` is no point of the curve.
    """
    point = _point(public)
    if not lib.secp256k1_ec_pubkey_tweak_add(_context, point, _scalar(tweak)):
        return None
    return _serialize(point, COMPRESSED_BYTES, _COMPRESSED_FLAG)


def ecdsa_sign(secret: Secret, digest: bytes, public: bytes | None) -> bytes:
    """The signature r ‖ s (64 bytes), s low, the nonce by RFC 6979; checked under the public key, which is derived unless given."""
    signature = ffi.new("secp256k1_ecdsa_signature *")
    point = _point(public) if public is not None else _point_of(secret)
    if not lib.secp256k1_ecdsa_sign(_context, signature, _digest(digest), _scalar(secret), ffi.NULL, ffi.NULL):
        raise ValueError("the secret is not a secp256k1 key")
    if not lib.secp256k1_ecdsa_verify(_context, signature, digest, point):
        raise SigningFault
    return _compact(signature)


def ecdsa_sign_recoverable(secret: Secret, digest: bytes, public: bytes | None) -> tuple[bytes, int]:
    """The signature r ‖ s as ``ecdsa_sign`` makes it, and the recovery id; checked by recovering the public key."""
    expected = public if public is not None else public_key(secret)
    signature = ffi.new("secp256k1_ecdsa_recoverable_signature *")
    if not lib.secp256k1_ecdsa_sign_recoverable(_context, signature, _digest(digest), _scalar(secret), ffi.NULL, ffi.NULL):
        raise ValueError("the secret is not a secp256k1 key")
    if _recover(signature, digest) != expected:
        raise SigningFault
    out, recovery_id = ffi.new("unsigned char[64]"), ffi.new("int *")
    lib.secp256k1_ecdsa_recoverable_signature_serialize_compact(_context, out, recovery_id, signature)
    return bytes(ffi.buffer(out)), int(recovery_id[0])


def ecdsa_recover(digest: bytes, compact: bytes, recovery_id: int) -> bytes | None:
    """The compressed public key that a signature recovers to, if there is one."""
    if len(compact) != SIGNATURE_BYTES or recovery_id not in range(4):
        return None
    signature = ffi.new("secp256k1_ecdsa_recoverable_signature *")
    if not lib.secp256k1_ecdsa_recoverable_signature_parse_compact(_context, signature, compact, recovery_id):
        return None
    return _recover(signature, digest)


def _recover(signature: Any, digest: bytes) -> bytes | None:
    point = ffi.new("secp256k1_pubkey *")
    if not lib.secp256k1_ecdsa_recover(_context, point, signature, _digest(digest)):
        return None
    return _serialize(point, COMPRESSED_BYTES, _COMPRESSED_FLAG)


def ecdsa_verify(public: bytes, digest: bytes, compact: bytes) -> bool:
    """Whether r ‖ s is a signature; a high s is as good as a low one (SEC 1 section 4.1.4)."""
    point, signature = _point(public), ffi.new("secp256k1_ecdsa_signature *")
    if len(compact) != SIGNATURE_BYTES or not lib.secp256k1_ecdsa_signature_parse_compact(_context, signature, compact):
        return False
    lib.secp256k1_ecdsa_signature_normalize(_context, signature, signature)
    return bool(lib.secp256k1_ecdsa_verify(_context, signature, _digest(digest), point))


def to_der(compact: bytes) -> bytes:
    """The signature r ‖ s as an ASN.1 DER ``ECDSA-Sig-Value`` (SEC 1 section C.8)."""
    signature, out = ffi.new("secp256k1_ecdsa_signature *"), ffi.new("unsigned char[]", _DER_BYTES)
    length = ffi.new("size_t *", _DER_BYTES)
    if len(compact) != SIGNATURE_BYTES or not lib.secp256k1_ecdsa_signature_parse_compact(_context, signature, compact):
        raise ValueError("not a secp256k1 signature")
    lib.secp256k1_ecdsa_signature_serialize_der(_context, out, length, signature)
    return bytes(ffi.buffer(out, length[0]))


def from_der(der: bytes) -> bytes | None:
    """The signature r ‖ s of a DER ``ECDSA-Sig-Value``, if it is one."""
    signature = ffi.new("secp256k1_ecdsa_signature *")
    if not lib.secp256k1_ecdsa_signature_parse_der(_context, signature, der, len(der)):
        return None
    return _compact(signature)


def _compact(signature: Any) -> bytes:
    out = ffi.new("unsigned char[64]")
    lib.secp256k1_ecdsa_signature_serialize_compact(_context, out, signature)
    return bytes(ffi.buffer(out))


def schnorr_sign(secret: Secret, message: bytes, *, aux: bytes) -> bytes:
    """A BIP340 signature (64 bytes) of a message of any length, checked as the BIP's last step says."""
    if len(aux) != AUX_BYTES:
        raise ValueError("the auxiliary randomness is not 32 bytes")
    keypair = ffi.new("secp256k1_keypair *")
    try:
        if not lib.secp256k1_keypair_create(_context, keypair, _scalar(secret)):
            raise ValueError("the secret is not a secp256k1 key")
        return _schnorr_sign(keypair, message, aux)
    finally:
        wipe(ffi.buffer(keypair))


def _schnorr_sign(keypair: Any, message: bytes, aux: bytes) -> bytes:
    out, xonly, aux_buffer = ffi.new("unsigned char[64]"), ffi.new("secp256k1_xonly_pubkey *"), ffi.from_buffer(aux)
    params = ffi.new("secp256k1_schnorrsig_extraparams *")
    ffi.memmove(params.magic, _EXTRAPARAMS_MAGIC, len(_EXTRAPARAMS_MAGIC))
    params.ndata = aux_buffer
    lib.secp256k1_keypair_xonly_pub(_context, xonly, ffi.NULL, keypair)
    if not lib.secp256k1_schnorrsig_sign_custom(_context, out, message, len(message), keypair, params):
        raise SigningFault
    if not lib.secp256k1_schnorrsig_verify(_context, out, message, len(message), xonly):
        raise SigningFault
    return bytes(ffi.buffer(out))


def _xonly(public: bytes) -> Any:
    xonly = ffi.new("secp256k1_xonly_pubkey *")
    if len(public) != XONLY_BYTES or not lib.secp256k1_xonly_pubkey_parse(_context, xonly, public):
        raise ValueError("not the x coordinate of a point of secp256k1")
    return xonly


def schnorr_verify(xonly: bytes, message: bytes, signature: bytes) -> bool:
    """Whether 64 bytes are a BIP340 signature of ``message``."""
    key = _xonly(xonly)
    return len(signature) == SIGNATURE_BYTES and bool(lib.secp256k1_schnorrsig_verify(_context, signature, message, len(message), key))


def add_to_xonly(xonly: bytes, tweak: bytes) -> bytes:
    """The x-only key of P + tweak·G, where P is the even point of ``xonly`` (BIP341 ``taproot_tweak_pubkey``).

    Raises:
        ValueError: if the tweak is not below the group order or the sum is no point.
    """
    point, out = ffi.new("secp256k1_pubkey *"), ffi.new("secp256k1_xonly_pubkey *")
    if not lib.secp256k1_xonly_pubkey_tweak_add(_context, point, _xonly(xonly), _scalar(tweak)):
        raise ValueError("the tweak gives no point of secp256k1")
    lib.secp256k1_xonly_pubkey_from_pubkey(_context, out, ffi.NULL, point)
    tweaked = ffi.new("unsigned char[32]")
    lib.secp256k1_xonly_pubkey_serialize(_context, tweaked, out)
    return bytes(ffi.buffer(tweaked))


def add_to_even_secret(secret: Secret, tweak: bytes) -> bytearray:
    """The secret of ``add_to_xonly``'s key: the secret of the even point, plus the tweak (BIP341 ``taproot_tweak_seckey``)."""
    keypair, tweaked = ffi.new("secp256k1_keypair *"), bytearray(SECRET_BYTES)
    try:
        if not lib.secp256k1_keypair_create(_context, keypair, _scalar(secret)):
            raise ValueError("the secret is not a secp256k1 key")
        if not lib.secp256k1_keypair_xonly_tweak_add(_context, keypair, _scalar(tweak)):
            raise ValueError("the tweak gives no point of secp256k1")
        lib.secp256k1_keypair_sec(_context, ffi.from_buffer(tweaked), keypair)
    finally:
        wipe(ffi.buffer(keypair))
    return tweaked
