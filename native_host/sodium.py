"""The few libsodium primitives that the host's own start stands on, through PyNaCl's compiled module.

XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03), Argon2id (RFC 9106), HMAC-SHA-256 (RFC 2104), sealed boxes
(libsodium ``crypto_box_seal``: X25519, XSalsa20-Poly1305), Ed25519 (RFC 8032), its points and scalars, and X25519 (RFC 7748).

The compiled module is imported without PyNaCl's package of wrappers for two reasons: the wrappers return secrets as
``bytes``, which cannot be wiped, where here they are written into a buffer of ours; and they cost several
milliseconds at each start. PyNaCl's version is pinned, and a test checks that the names used here are there.
"""

from __future__ import annotations

from hmac import digest as hmac_digest
from os import urandom

from nacl._sodium import ffi, lib

KEY_BYTES = 32
NONCE_BYTES = 24
TAG_BYTES = 16
SALT_BYTES = 16
BOX_OVERHEAD_BYTES = 48

Buffer = bytes | bytearray | memoryview

if lib.sodium_init() < 0:
    raise ImportError("libsodium could not initialise itself")


def random_bytes(length: int) -> bytes:
    """Bytes of the operating system's generator."""
    return urandom(length)


class Forged(Exception):
    """A ciphertext that does not authenticate: a wrong key, or a changed text; the two cannot be told apart."""


def aead_encrypt(key: Buffer, plaintext: Buffer, *, aad: bytes) -> bytes:
    """XChaCha20-Poly1305: nonce (24 bytes) ‖ ciphertext ‖ tag (16 bytes), the nonce fresh and random.

    192-bit nonces can be drawn at random under one key for as long as a store lives without fear of a repeat.
    """
    nonce = urandom(NONCE_BYTES)
    return nonce + aead_encrypt_with(key, nonce, plaintext, aad=aad)


def aead_encrypt_with(key: Buffer, nonce: bytes, plaintext: Buffer, *, aad: bytes) -> bytes:
    """XChaCha20-Poly1305 with a nonce from elsewhere: ciphertext ‖ tag (16 bytes). Two texts with one nonce give each other away.

    Raises:
        ValueError: if ``nonce`` has not 24 bytes; the library would read past its end.
    """
    if len(nonce) != NONCE_BYTES:
        raise ValueError("a nonce of XChaCha20-Poly1305 has 24 bytes")
    out = bytearray(len(plaintext) + TAG_BYTES)
    lib.crypto_aead_xchacha20poly1305_ietf_encrypt(
        ffi.from_buffer(out), ffi.NULL, ffi.from_buffer(plaintext), len(plaintext), aad, len(aad), ffi.NULL, nonce, ffi.from_buffer(key)
    )
    return bytes(out)


def aead_decrypt(key: Buffer, sealed: bytes, *, aad: bytes) -> bytearray:
    """The plaintext, in a buffer of its own that the caller may wipe.

    Raises:
        Forged: if it does not authenticate.
    """
    length = len(sealed) - NONCE_BYTES - TAG_BYTES
    if length < 0:
        raise Forged
    out = bytearray(length)
    body = memoryview(sealed)[NONCE_BYTES:]
    if lib.crypto_aead_xchacha20poly1305_ietf_decrypt(
        ffi.from_buffer(out),
        ffi.NULL,
        ffi.NULL,
        ffi.from_buffer(body),
        len(body),
        aad,
        len(aad),
        sealed[:NONCE_BYTES],
        ffi.from_buffer(key),
    ):
        raise Forged
    return out


def argon2id(passphrase: Buffer, salt: bytes, *, iterations: int, memory_kib: int) -> bytearray:
    """32 bytes by Argon2id version 1.3 with one lane; holds the interpreter lock for none of its time.

    Raises:
        MemoryError: if ``memory_kib`` KiB cannot be had.
    """
    out = bytearray(KEY_BYTES)
    if lib.crypto_pwhash(
        ffi.from_buffer(out),
        KEY_BYTES,
        ffi.from_buffer("char[]", passphrase),
        len(passphrase),
        salt,
        iterations,
        memory_kib * 1024,
        lib.crypto_pwhash_alg_argon2id13(),
    ):
        raise MemoryError("not enough memory to derive the key from the passphrase")
    return out


def derive_key(key: Buffer, info: bytes) -> bytes:
    """HKDF-Expand (RFC 5869) of one SHA-256 block: 32 bytes from a uniformly random ``key`` and a label."""
    return hmac_digest(key, info + b"\x01", "sha256")


def generate_box_key() -> tuple[bytearray, bytes]:
    """A secret and a public X25519 key, for sealed boxes."""
    secret, public = bytearray(KEY_BYTES), bytearray(KEY_BYTES)
    lib.crypto_box_keypair(ffi.from_buffer(public), ffi.from_buffer(secret))
    return secret, bytes(public)


def box_seal(public: bytes, plaintext: bytes) -> bytes:
    """``plaintext`` encrypted to ``public``; its sender is anonymous and unauthenticated.

    Raises:
        ValueError: if ``public`` has not the length of a key; it comes from a file that others may have edited.
    """
    if len(public) != KEY_BYTES:
        raise ValueError("a public key of X25519 has 32 bytes")
    out = bytearray(len(plaintext) + BOX_OVERHEAD_BYTES)
    lib.crypto_box_seal(ffi.from_buffer(out), plaintext, len(plaintext), public)
    return bytes(out)


def box_open(secret: Buffer, public: bytes, sealed: bytes) -> bytes:
    """What was sealed to ``public``.

    Raises:
        Forged: if it was not, or was changed.
    """
    length = len(sealed) - BOX_OVERHEAD_BYTES
    out = bytearray(max(length, 0))
    if length < 0 or lib.crypto_box_seal_open(ffi.from_buffer(out), sealed, len(sealed), public, ffi.from_buffer(secret)):
        raise Forged
    return bytes(out)


def ed25519_expand(seed: Buffer) -> tuple[bytes, bytearray]:
    """The public key of a 32-byte Ed25519 seed, and seed ‖ public key, which ``ed25519_sign`` takes; wipe the second."""
    public, expanded = bytearray(32), bytearray(64)
    lib.crypto_sign_seed_keypair(ffi.from_buffer(public), ffi.from_buffer(expanded), ffi.from_buffer(seed))
    return bytes(public), expanded


def ed25519_sign(expanded: bytearray, data: bytes) -> bytes:
    """Ed25519 (RFC 8032 section 5.1.6, pure): 64 bytes.

    ``expanded`` comes from ``ed25519_expand`` and from nowhere else: signing with one seed beside two public keys gives the seed away.
    """
    out = bytearray(64 + len(data))
    lib.crypto_sign(ffi.from_buffer(out), ffi.NULL, data, len(data), ffi.from_buffer(expanded))
    return bytes(out[:64])


def ed25519_verify(public: bytes, data: bytes, signature: bytes) -> bool:
    """RFC 8032 section 5.1.7 without the cofactor; S must be below the group order, small-order points are refused."""
    signed = signature + data
    out = bytearray(len(signed))
    return bool(lib.crypto_sign_open(ffi.from_buffer(out), ffi.NULL, signed, len(signed), public) == 0)


def is_ed25519_point(public: bytes) -> bool:
    """Whether 32 bytes are the canonical encoding of a point of the prime-order group other than its identity."""
    return bool(lib.crypto_core_ed25519_is_valid_point(public))


def x25519_public(secret: Buffer) -> bytes:
    """The public key of a 32-byte X25519 secret (RFC 7748 section 6.1)."""
    out = bytearray(32)
    lib.crypto_scalarmult_base(ffi.from_buffer(out), ffi.from_buffer(secret))
    return bytes(out)


def x25519(secret: Buffer, public: bytes) -> bytearray:
    """The shared secret (RFC 7748 section 6.1).

    Raises:
        ValueError: if it would be all zeros, as it is for every public key of small order.
    """
    out = bytearray(32)
    if lib.crypto_scalarmult(ffi.from_buffer(out), ffi.from_buffer(secret), public):
        raise ValueError("a public key of small order")
    return out


def add(augend: bytearray, addend: Buffer) -> None:
    """Replace ``augend`` by the sum of both as little-endian numbers, without the carry; both of one length, in constant time."""
    if len(augend) != len(addend):
        raise ValueError("the numbers are not of one length")
    lib.sodium_add(ffi.from_buffer(augend), ffi.from_buffer(addend), len(augend))


def ed25519_add(left: bytes, right: bytes) -> bytes:
    """The sum of two points of Ed25519.

    Raises:
        ValueError: if either is not a point of the curve.
    """
    out = bytearray(32)
    if len(left) != len(out) or len(right) != len(out) or lib.crypto_core_ed25519_add(ffi.from_buffer(out), left, right):
        raise ValueError("not a point of Ed25519")
    return bytes(out)


def ed25519_point(scalar: Buffer) -> bytes:
    """The base point times a scalar of 32 little-endian bytes below 2²⁵⁵, neither clamped nor reduced.

    Raises:
        ValueError: if the scalar has another length or the product is the identity.
    """
    out = bytearray(32)
    if len(scalar) != len(out) or lib.crypto_scalarmult_ed25519_base_noclamp(ffi.from_buffer(out), ffi.from_buffer(scalar)):
        raise ValueError("the scalar gives no point of Ed25519")
    return bytes(out)


def ed25519_reduce(number: Buffer) -> bytearray:
    """A little-endian number of at most 64 bytes modulo the group order: 32 bytes."""
    wide, out = bytearray(64), bytearray(32)
    wide[: len(number)] = number
    if len(wide) != 64:  # noqa: PLR2004  # what crypto_core_ed25519_scalar_reduce reads
        raise ValueError("the number is longer than 64 bytes")
    lib.crypto_core_ed25519_scalar_reduce(ffi.from_buffer(out), ffi.from_buffer(wide))
    lib.sodium_memzero(ffi.from_buffer(wide), len(wide))
    return out


def ed25519_multiply_add(left: Buffer, right: Buffer, addend: Buffer) -> bytes:
    """left · right + addend modulo the group order, of numbers below it in 32 bytes each."""
    product, out = bytearray(32), bytearray(32)
    if not len(left) == len(right) == len(addend) == len(out):
        raise ValueError("a scalar is not 32 bytes")
    lib.crypto_core_ed25519_scalar_mul(ffi.from_buffer(product), ffi.from_buffer(left), ffi.from_buffer(right))
    lib.crypto_core_ed25519_scalar_add(ffi.from_buffer(out), ffi.from_buffer(product), ffi.from_buffer(addend))
    lib.sodium_memzero(ffi.from_buffer(product), len(product))
    return bytes(out)
