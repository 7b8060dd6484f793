"""Private keys as PEM (RFC 7468): PKCS #8 (RFC 5958), also encrypted, SEC 1 (RFC 5915) and PKCS #1 (RFC 8017 appendix A).

OpenSSL reads RSA and EC keys, by cryptography, which also sees that a public key beside a private one is its own. An RSA modulus is
measured before that: the primes of a long enough one take minutes to check. Keys that are bytes and no more are taken out here,
as cryptography knows neither a public key beside an Ed25519 key (RFC 8410 section 10.3) nor seed and expanded key of ML-DSA and
ML-KEM in one (RFC 9881 and RFC 9935 section 6), as OpenSSL writes them. What stands beside is compared: an expanded key as far as
hashing goes, as only its seed is kept.
"""

from __future__ import annotations

from binascii import Error as Base64Error
from binascii import a2b_base64
from typing import TYPE_CHECKING

from native_host.encodings.der import OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, read_element, read_only, read_unsigned
from native_host.secret import wipe
from native_host.suites.importing.imported import CannotImport, Imported, KeyMismatch, NotThisForm, checked_text, choose, imported
from native_host.suites.importing.pbes2 import decrypt_private_key
from native_host.suites.kinds import Secret
from native_host.value import Value

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

MAX_DER_BYTES = 5632

_PKCS8 = "PRIVATE KEY"
_ENCRYPTED = "ENCRYPTED PRIVATE KEY"
_READ = frozenset({_PKCS8, _ENCRYPTED, "EC PRIVATE KEY", "RSA PRIVATE KEY"})
_CURVES = {
    "secp224r1": "P-224", "secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521", "secp256k1": "secp256k1",
}  # fmt: skip
_RSA = bytes.fromhex("2a864886f70d010101")
_RSA_PSS = bytes.fromhex("2a864886f70d01010a")
_CURVES_OF_BYTES = {
    bytes.fromhex("2b656e"): "X25519", bytes.fromhex("2b656f"): "X448", bytes.fromhex("2b6570"): "Ed25519", bytes.fromhex("2b6571"): "Ed448",
}  # fmt: skip
_SEED = 0x80
_ATTRIBUTES = 0xA0
_PUBLIC_KEY = 0x81
_DAMAGED = "This private key is damaged or incomplete. Export it again from the program it came from."


class _Info(Value, frozen=True, kw_only=True):
    """A PrivateKeyInfo, or OneAsymmetricKey: its algorithm's object identifier, the private key, and a public one as BIT STRING."""

    name: bytes
    parameters: memoryview
    contents: memoryview
    public: memoryview | None


class _Seeded(Value, frozen=True, kw_only=True):
    """An algorithm whose secret is a seed; ``rows`` and ``columns`` of its matrix, bytes of the seed and of the expanded key."""

    alg: str
    rows: int
    columns: int
    seed_bytes: int
    expanded_bytes: int


_NIST = bytes.fromhex("6086480165030403")
_NIST_KEM = bytes.fromhex("6086480165030404")
_SEEDED = {
    _NIST + b"\x11": _Seeded(alg="ML-DSA-44", rows=4, columns=4, seed_bytes=32, expanded_bytes=2560),
    _NIST + b"\x12": _Seeded(alg="ML-DSA-65", rows=6, columns=5, seed_bytes=32, expanded_bytes=4032),
    _NIST + b"\x13": _Seeded(alg="ML-DSA-87", rows=8, columns=7, seed_bytes=32, expanded_bytes=4896),
    _NIST_KEM + b"\x02": _Seeded(alg="ML-KEM-768", rows=3, columns=3, seed_bytes=64, expanded_bytes=2400),
    _NIST_KEM + b"\x03": _Seeded(alg="ML-KEM-1024", rows=4, columns=4, seed_bytes=64, expanded_bytes=3168),
}


def read_pem(text: Secret, *, alg: str = "", password: Secret = b"") -> Imported:
    """The private key of a PEM text for ``alg``, or for the only algorithm that takes such a key. ``password`` opens an encrypted one.

    Raises:
        NotThisForm: if there is no private key in it, or more than one.
        WrongPassword: if the password does not open it.
        KeyMismatch: if a public or an expanded key beside the private one is not its own.
        TooCostly: see ``kdf``.
        ChooseAlgorithm: if ``alg`` is empty and several take such a key.
        CannotImport: for anything else.
    """
    label, der = _unarmour(checked_text(text))
    try:
        if label != _ENCRYPTED:
            return _read(label, memoryview(der), alg)
        plain = decrypt_private_key(memoryview(der), password)
        try:
            return _read(_PKCS8, memoryview(plain), alg)
        finally:
            wipe(plain)
    finally:
        wipe(der)


def needs_password(text: Secret) -> bool:
    """Whether a PEM text holds an encrypted private key of the form that is read here."""
    return f"-----BEGIN {_ENCRYPTED}-----" in checked_text(text)


def _unarmour(text: str) -> tuple[str, bytearray]:
    parts = text.split("-----")
    blocks = [
        (begin.removeprefix("BEGIN "), body)
        for begin, body, end in zip(parts, parts[1:], parts[2:], strict=False)
        if begin.startswith("BEGIN ") and "PRIVATE KEY" in begin and end == "END " + begin.removeprefix("BEGIN ")
    ]
    if not blocks:
        raise NotThisForm("There is no private key in this file, at most a public one. Choose the file that says PRIVATE KEY.")
    if len(blocks) > 1:
        raise NotThisForm("There are several private keys in this file. Save each in a file of its own, and import them one by one.")
    label, body = blocks[0]
    if label == "OPENSSH PRIVATE KEY":
        raise CannotImport("This is an OpenSSH key. Turn a copy of it into PKCS #8 with: ssh-keygen -p -m PKCS8 -f COPY")
    if label not in _READ:
        raise CannotImport("This is a private key of a kind that is not kept here. Leave it where it is.")
    if ":" in body:
        raise CannotImport("This private key is encrypted in an old way. Encrypt it anew with: openssl pkey -aes256 -in FILE -out NEW-FILE")
    try:
        der = bytearray(a2b_base64("".join(body.split()), strict_mode=True))
    except (Base64Error, ValueError):
        raise CannotImport(_DAMAGED) from None
    if len(der) > MAX_DER_BYTES:
        raise CannotImport("This private key is longer than any that is kept here. Choose the file that holds one key of a usual length.")
    return label, der


def _read(label: str, der: memoryview, alg: str) -> Imported:
    if label == _PKCS8:
        info = _info(der)
        if info.name in _SEEDED:
            return _read_seeded(_SEEDED[info.name], info.contents, alg)
        if info.name in _CURVES_OF_BYTES:
            return _read_bytes(_CURVES_OF_BYTES[info.name], info, alg)
        if info.name == _RSA_PSS:
            if len(info.parameters):
                raise CannotImport("This RSA key is restricted to one hash, which is not recorded here. Make a key without restriction.")
            if not alg.startswith("PS"):
                raise CannotImport("This RSA key is for RSA-PSS signatures alone. Choose PS256, PS384 or PS512.")
        if info.name in {_RSA, _RSA_PSS}:
            _check_modulus(info.contents)
    elif label == "RSA PRIVATE KEY":
        _check_modulus(der)
    return _read_key(_load(der), alg)


def _check_modulus(der: memoryview) -> None:
    """Refuse an RSAPrivateKey by the length of its modulus, before its primes are checked."""
    from native_host.suites.rsa import MODULUS_LENGTHS

    try:
        _, rest = read_unsigned(read_only(der, SEQUENCE))
        modulus, _ = read_unsigned(rest)
    except ValueError:
        raise CannotImport(_DAMAGED) from None
    if modulus.bit_length() not in MODULUS_LENGTHS:
        raise CannotImport("An RSA key must have 2048, 3072 or 4096 bits. Make a new one of such a length.")


def _info(der: memoryview) -> _Info:
    try:
        version, rest = read_unsigned(read_only(der, SEQUENCE))
        algorithm, rest = read_element(rest, SEQUENCE)
        name, parameters = read_element(algorithm, OBJECT_IDENTIFIER)
        contents, rest = read_element(rest, OCTET_STRING)
        if rest and rest[0] == _ATTRIBUTES:
            _, rest = read_element(rest, _ATTRIBUTES)
        public = read_only(rest, _PUBLIC_KEY) if rest else None
    except ValueError:
        raise CannotImport(_DAMAGED) from None
    if version not in {0, 1}:
        raise CannotImport(_DAMAGED)
    return _Info(name=bytes(name), parameters=parameters, contents=contents, public=public)


def _read_bytes(crv: str, info: _Info, alg: str) -> Imported:
    """A CurvePrivateKey (RFC 8410 section 7), and the public key that may stand beside it."""
    try:
        secret = bytearray(read_only(info.contents, OCTET_STRING))
    except ValueError:
        raise CannotImport(_DAMAGED) from None
    key = imported(choose(alg, "OKP", crv), secret)
    if info.public is not None and info.public != b"\x00" + key.public:
        wipe(secret)
        raise KeyMismatch("The public key in this file is not the private key's. Do not use the file; get another copy.")
    return key


def _load(der: memoryview) -> PrivateKeyTypes:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_der_private_key

    try:
        return load_der_private_key(der, None)
    except (ValueError, TypeError):
        raise CannotImport(
            "This private key is damaged, or the public key beside it is another's. Export it again from the program it came from."
        ) from None
    except UnsupportedAlgorithm:
        raise CannotImport("This is a private key of a kind that is not kept here. Leave it where it is.") from None


def _read_key(key: PrivateKeyTypes, alg: str) -> Imported:
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    # What the library returns is bytes, which cannot be wiped.
    if isinstance(key, rsa.RSAPrivateKey):
        secret = key.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption())
        return imported(choose(alg, "RSA", ""), bytearray(secret))
    if isinstance(key, ec.EllipticCurvePrivateKey):
        chosen = choose(alg, "EC", _CURVES.get(key.curve.name, key.curve.name))
        sequence = read_only(memoryview(key.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption())), SEQUENCE)
        return imported(chosen, bytearray(read_element(read_unsigned(sequence)[1], OCTET_STRING)[0]))
    raise CannotImport("This is a private key of a kind that is not kept here. Leave it where it is.")


def _read_seeded(kind: _Seeded, contents: memoryview, alg: str) -> Imported:
    """A seed (``[0]``), or a seed and the expanded key; an expanded key alone does not give its seed."""
    expanded = memoryview(b"")
    try:
        if contents[:1] == bytes((OCTET_STRING,)):
            raise CannotImport(
                "This file holds the expanded key without the seed that it came from, which cannot be found again. Export the key as a seed."
            )
        if contents[:1] == bytes((SEQUENCE,)):
            seed, rest = read_element(read_only(contents, SEQUENCE), OCTET_STRING)
            expanded = read_only(rest, OCTET_STRING)
        else:
            seed = read_only(contents, _SEED)
    except CannotImport:
        raise
    except ValueError:
        raise CannotImport(_DAMAGED) from None
    if len(seed) != kind.seed_bytes or len(expanded) not in {0, kind.expanded_bytes}:
        raise CannotImport(_DAMAGED)
    key = imported(choose(alg, "AKP", "", named=kind.alg), bytearray(seed))
    if expanded and not _agrees(kind, key, expanded):
        wipe(key.secret)
        raise KeyMismatch("The seed and the expanded key in this file are not of one key. Do not use the file; get another copy.")
    return key


def _agrees(kind: _Seeded, key: Imported, expanded: memoryview) -> bool:
    """Whether an expanded key is the seed's, but for what only key generation could tell (s₁, s₂ and t₀; ŝ)."""
    from hashlib import sha3_256, shake_256
    from hmac import compare_digest

    if kind.alg.startswith("ML-DSA"):
        # rho ‖ K ‖ tr ‖ … (FIPS 204 algorithms 6 and 24).
        inner = shake_256(bytes(key.secret) + bytes((kind.rows, kind.columns))).digest(128)
        return compare_digest(expanded[:128], inner[:32] + inner[96:] + shake_256(key.public).digest(64))
    # dk_PKE ‖ ek ‖ H(ek) ‖ z (FIPS 203 algorithm 16).
    tail = key.public + sha3_256(key.public).digest() + bytes(key.secret[32:])
    return compare_digest(expanded[-len(tail) :], tail)
