"""Multikey (W3C Controlled Identifiers 1.0 section 2.2.2): multicodec code ‖ public key, as multibase base58btc (``z…``).

Codes are those of the multicodec table, each an unsigned varint of two bytes. EC keys are SEC 1 compressed, BIP340 x-only,
RSA the DER of ``RSAPublicKey`` (RFC 8017 section A.1.1), BLS12-381 G1 the compressed point, all others their standard's bytes.
"""

from __future__ import annotations

from native_host.encodings.base58 import MAX_LENGTH, decode_base58, encode_base58
from native_host.encodings.der import SEQUENCE, read_only, read_unsigned

SECP256K1 = 0xE7
BLS12381_G1 = 0xEA
X25519 = 0xEC
ED25519 = 0xED
SR25519 = 0xEF
P256 = 0x1200
P384 = 0x1201
P521 = 0x1202
ED448 = 0x1203
X448 = 0x1204
RSA = 0x1205
ML_KEM_512 = 0x120B
ML_KEM_768 = 0x120C
ML_KEM_1024 = 0x120D
ML_DSA_44 = 0x1210
ML_DSA_65 = 0x1211
ML_DSA_87 = 0x1212
BIP340 = 0x1340

KEY_BYTES = {
    SECP256K1: 33, BIP340: 32, P256: 33, P384: 49, P521: 67, ED25519: 32, X25519: 32, ED448: 57, X448: 56, BLS12381_G1: 48, SR25519: 32,
    ML_DSA_44: 1312, ML_DSA_65: 1952, ML_DSA_87: 2592, ML_KEM_512: 800, ML_KEM_768: 1184, ML_KEM_1024: 1568,
}  # fmt: skip
"""How long a public key is, by its code; an RSA key has no length of its own."""

MIN_RSA_BITS = 2048
MAX_RSA_BITS = 16384

_MAX_LETTERS = 4096
_MIN_RSA_EXPONENT = 3
_PREFIX_BYTES = 2
# Seven bits a byte, the lowest first; every code here is from 2⁷ to 2¹⁴ - 1, so two bytes are its only canonical varint.
_PREFIX = {code: bytes((code & 0x7F | 0x80, code >> 7)) for code in (*KEY_BYTES, RSA)}
_CODE = {prefix: code for code, prefix in _PREFIX.items()}


def encode_multikey(code: int, public: bytes) -> str:
    """The Multikey text of a public key in its code's own form.

    Raises:
        ValueError: if the code is not one of the above, or the key has not the length, or for RSA the form, of its kind.
    """
    if code not in _PREFIX:
        raise ValueError("a kind of key that has no Multikey here")
    _check(code, public)
    return "z" + _encode_long(_PREFIX[code] + public)


def decode_multikey(text: str) -> tuple[int, bytes]:
    """The multicodec code and the public key bytes, which are not yet known to be a point or a good modulus.

    Raises:
        ValueError: if it is not base58btc, of another kind, or of another length than its kind has.
    """
    if not text.startswith("z"):
        raise ValueError("not multibase base58btc")
    data = _decode_long(text[1:])
    code = _CODE.get(data[:_PREFIX_BYTES])
    if code is None:
        raise ValueError("not a public key of a kind that is known here")
    _check(code, data[_PREFIX_BYTES:])
    return code, data[_PREFIX_BYTES:]


def _check(code: int, public: bytes) -> None:
    if code != RSA:
        if len(public) != KEY_BYTES[code]:
            raise ValueError("the public key has not the length of its kind")
        return
    modulus, rest = read_unsigned(read_only(memoryview(public), SEQUENCE))
    exponent, rest = read_unsigned(rest)
    if rest or not MIN_RSA_BITS <= modulus.bit_length() <= MAX_RSA_BITS or exponent < _MIN_RSA_EXPONENT:
        raise ValueError("not an RSA public key of 2048 to 16384 bits")


# Base58 is quadratic in the length, and post-quantum keys are long: in parts, dividing by a large power first, they take a
# fraction of the time. No code begins with a zero byte, so neither does what is written, and no ``1`` stands for one.
_PART = 64


def _encode_long(data: bytes) -> str:
    number, parts = int.from_bytes(data, "big"), []
    while number:
        number, part = divmod(number, 58**_PART)
        letters = encode_base58(part.to_bytes((part.bit_length() + 7) // 8, "big"))
        parts.append(letters.rjust(_PART, "1") if number else letters)
    return "".join(reversed(parts))


def _decode_long(text: str) -> bytes:
    if len(text) > _MAX_LETTERS:
        raise ValueError("the Base58 text is too long")
    number = 0
    for start in range(0, len(text), MAX_LENGTH):
        part = text[start : start + MAX_LENGTH]
        number = number * 58 ** len(part) + int.from_bytes(decode_base58(part), "big")
    if text.startswith("1"):
        raise ValueError("not a public key of a kind that is known here")
    return number.to_bytes((number.bit_length() + 7) // 8, "big")
