"""Public keys as PEM: SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7, RFC 7468 section 13), by cryptography.

RSA RFC 3279, EC RFC 5480, EdDSA and XDH RFC 8410, ML-DSA RFC 9881, ML-KEM RFC 9935.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from native_host.encodings.jwk import Jwk

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes


def spki_pem(jwk: Jwk) -> str:
    """The PEM text of a public key.

    Raises:
        ValueError: if it is no key, or of a kind that has no such form here.
    """
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    try:
        key = _key(jwk)
    except (KeyError, ValueError):
        raise ValueError("a key that has no SubjectPublicKeyInfo") from None
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")


def _key(jwk: Jwk) -> PublicKeyTypes:
    from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, mldsa, mlkem, rsa, x448, x25519

    if jwk.kty == "RSA":
        return rsa.RSAPublicNumbers(int.from_bytes(jwk.e, "big"), int.from_bytes(jwk.n, "big")).public_key()
    if jwk.kty == "EC":
        curves: dict[str, ec.EllipticCurve] = {
            "P-224": ec.SECP224R1(), "P-256": ec.SECP256R1(), "P-384": ec.SECP384R1(), "P-521": ec.SECP521R1(), "secp256k1": ec.SECP256K1(),
        }  # fmt: skip
        return ec.EllipticCurvePublicKey.from_encoded_point(curves[jwk.crv], b"\x04" + jwk.x + (jwk.y or b""))
    raw: dict[tuple[str, str], Callable[[bytes], PublicKeyTypes]] = {
        ("OKP", "Ed25519"): ed25519.Ed25519PublicKey.from_public_bytes,
        ("OKP", "Ed448"): ed448.Ed448PublicKey.from_public_bytes,
        ("OKP", "X25519"): x25519.X25519PublicKey.from_public_bytes,
        ("OKP", "X448"): x448.X448PublicKey.from_public_bytes,
        ("AKP", "ML-DSA-44"): mldsa.MLDSA44PublicKey.from_public_bytes,
        ("AKP", "ML-DSA-65"): mldsa.MLDSA65PublicKey.from_public_bytes,
        ("AKP", "ML-DSA-87"): mldsa.MLDSA87PublicKey.from_public_bytes,
        ("AKP", "ML-KEM-768"): mlkem.MLKEM768PublicKey.from_public_bytes,
        ("AKP", "ML-KEM-1024"): mlkem.MLKEM1024PublicKey.from_public_bytes,
    }
    return raw[jwk.kty, jwk.crv or jwk.alg](jwk.x or jwk.pub)
