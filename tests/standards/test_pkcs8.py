"""RFC 5958 (PKCS #8), RFC 8018 (PBES2), RFC 5915 (SEC 1), RFC 8017 (PKCS #1), RFC 8410, RFC 9881, RFC 9935 as PEM (RFC 7468)."""

from __future__ import annotations

from base64 import b64decode, encodebytes
from typing import Any

import pytest
from Crypto.PublicKey import ECC, RSA
from Crypto.Util.asn1 import DerBitString, DerInteger, DerNull, DerObject, DerObjectId, DerOctetString, DerSequence
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, mldsa, mlkem, rsa, x448, x25519
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.hazmat.primitives.serialization import load_pem_public_key as load_public
from hypothesis import given, settings
from hypothesis import strategies as st

from native_host.encodings.der import INTEGER, SEQUENCE, read_element, read_only, read_unsigned
from native_host.encodings.jwk import Jwk
from native_host.suites.importing.imported import CannotImport, ChooseAlgorithm, KeyMismatch, NotThisForm, TooCostly, WrongPassword
from native_host.suites.importing.pem import needs_password, read_pem
from native_host.suites.importing.spki import spki_pem
from native_host.suites.table import SUITES

SEED = bytes(range(1, 33))
ED25519 = ed25519.Ed25519PrivateKey.from_private_bytes(SEED)
P256 = ec.derive_private_key(5, ec.SECP256R1())
RSA_2048 = rsa.generate_private_key(65537, 2048)
# RFC 8410 section 10.3, the key with attributes and its public key.
RFC8410 = b64decode(
    "MHICAQEwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhCoB8wHQYKKoZIhvcNAQkJFDEPDA1DdXJkbGUgQ2hhaXJzgSEAGb9ECWmEzf6F"
    "QbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="
)
KEYS: dict[str, Any] = {
    "ES224": ec.derive_private_key(5, ec.SECP224R1()),
    "ES256": P256,
    "ES384": ec.derive_private_key(5, ec.SECP384R1()),
    "ES512": ec.derive_private_key(5, ec.SECP521R1()),
    "ECDH-P256": P256,
    "ES256K": ec.derive_private_key(5, ec.SECP256K1()),
    "BIP340": ec.derive_private_key(5, ec.SECP256K1()),
    "RS256": RSA_2048,
    "PS512": RSA_2048,
    "RSA-OAEP-256": RSA_2048,
    "Ed25519": ED25519,
    "Ed448": ed448.Ed448PrivateKey.from_private_bytes(bytes(range(57))),
    "X25519": x25519.X25519PrivateKey.from_private_bytes(SEED),
    "X448": x448.X448PrivateKey.from_private_bytes(bytes(range(56))),
    "ML-DSA-44": mldsa.MLDSA44PrivateKey.from_seed_bytes(SEED),
    "ML-DSA-65": mldsa.MLDSA65PrivateKey.from_seed_bytes(SEED),
    "ML-DSA-87": mldsa.MLDSA87PrivateKey.from_seed_bytes(SEED),
    "ML-KEM-768": mlkem.MLKEM768PrivateKey.from_seed_bytes(SEED * 2),
    "ML-KEM-1024": mlkem.MLKEM1024PrivateKey.from_seed_bytes(SEED * 2),
}


def pem(der: bytes, label: str = "PRIVATE KEY") -> bytes:
    """A PEM text."""
    return f"-----BEGIN {label}-----\n{encodebytes(der).decode()}-----END {label}-----\n".encode()


def der_of(key: Any, form: PrivateFormat = PrivateFormat.PKCS8) -> bytes:
    """A key as DER."""
    der = key.private_bytes(Encoding.DER, form, NoEncryption())
    assert isinstance(der, bytes)
    return der


def sequence(*parts: Any) -> DerSequence:
    """A SEQUENCE."""
    return DerSequence(list(parts))


def encrypted(
    plain: bytes = der_of(ED25519), *, kdf: tuple[str, DerSequence] | None = None, cipher: str = "2.16.840.1.101.3.4.1.42", iv: bytes = bytes(16), key: bytes = b"",
    scheme: str = "1.2.840.113549.1.5.13",
) -> bytes:  # fmt: skip
    """An EncryptedPrivateKeyInfo; by default one round of PBKDF2 with SHA-1 and AES-256."""
    name, parameters = kdf or ("1.2.840.113549.1.5.12", sequence(DerOctetString(b"salt"), 1))
    key = key or PBKDF2HMAC(SHA1(), 32, b"salt", 1).derive(b"password")
    padding = 16 - len(plain) % 16
    encryptor = Cipher(AES(key), CBC(iv if len(iv) == 16 else bytes(16))).encryptor()
    ciphertext = encryptor.update(plain + bytes((padding,)) * padding)
    schemes = sequence(sequence(DerObjectId(name), parameters), sequence(DerObjectId(cipher), DerOctetString(iv)))
    return sequence(sequence(DerObjectId(scheme), schemes), DerOctetString(ciphertext)).encode()


def by_pbkdf2(*parts: Any) -> tuple[str, DerSequence]:
    """PBKDF2's parameters."""
    return "1.2.840.113549.1.5.12", sequence(*parts)


def by_scrypt(*parts: Any) -> tuple[str, DerSequence]:
    """scrypt's parameters."""
    return "1.3.6.1.4.1.11591.4.11", sequence(DerOctetString(b"salt"), *parts)


@pytest.mark.parametrize("alg", KEYS)
def test_each_algorithm(alg: str) -> None:
    """A key of each kind is read, encrypted or not, in the form and with the public key that its algorithm takes."""
    key = KEYS[alg]
    texts = [pem(der_of(key)), key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"password"))]
    if isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        texts.append(key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()))
    for text in texts:
        read = read_pem(text, alg=alg, password=b"password")

        assert alg == read.alg
        assert needs_password(text) is (b"ENCRYPTED" in text)
        assert bytes(read.secret) == secret_of(key)
        if alg != "BIP340":
            expected = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
            assert spki_pem(SUITES[alg].pairs().public_jwk(read.public)) == expected
            assert spki_pem(SUITES[alg].pairs().public_jwk(read.public)) == spki_pem(jwk_of(key))


def secret_of(key: Any) -> bytes:
    """The secret of a key, by other means."""
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.private_numbers().private_value.to_bytes((key.key_size + 7) // 8, "big")
    if isinstance(key, rsa.RSAPrivateKey):
        return RSA.import_key(der_of(key)).export_key("DER")
    raw: bytes = key.private_bytes_raw()
    return raw


def jwk_of(key: Any) -> Jwk:
    """The public JWK of a key, by its numbers."""
    public = key.public_key()
    if isinstance(public, rsa.RSAPublicKey):
        numbers = public.public_numbers()
        return Jwk(kty="RSA", n=numbers.n.to_bytes(256, "big"), e=numbers.e.to_bytes(3, "big"))
    if isinstance(public, ec.EllipticCurvePublicKey):
        names = {"secp224r1": "P-224", "secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521", "secp256k1": "secp256k1"}
        point, size = public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint), (public.key_size + 7) // 8
        return Jwk(kty="EC", crv=names[public.curve.name], x=point[1 : 1 + size], y=point[1 + size :])
    alg = next(name for name, one in KEYS.items() if one is key)
    raw = public.public_bytes_raw()
    return Jwk(kty="AKP", alg=alg, pub=raw) if alg.startswith("ML") else Jwk(kty="OKP", crv=alg, x=raw)


def test_against_pycryptodome() -> None:
    """What another library writes is read, with each of its ways to make a key of a password."""
    key = ECC.generate(curve="p256")
    secret = int(key.d).to_bytes(32, "big")
    for protection in (
        "PBKDF2WithHMAC-SHA1AndAES128-CBC",
        "PBKDF2WithHMAC-SHA512AndAES256-CBC",
        "scryptAndAES256-CBC",
        "PBKDF2WithHMAC-SHA1AndDES-EDE3-CBC",
    ):
        text = key.export_key(format="PEM", passphrase=b"password", protection=protection, prot_params={"iteration_count": 1024})
        assert bytes(read_pem(text.encode(), alg="ES256", password=b"password").secret) == secret


def test_choices() -> None:
    """A key that is good for several algorithms asks for which; one that is good for one does not."""
    with pytest.raises(ChooseAlgorithm) as caught:
        read_pem(pem(der_of(RSA_2048)))
    assert {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "RSA-OAEP", "RSA-OAEP-256"} == set(caught.value.choices)
    with pytest.raises(ChooseAlgorithm) as caught:
        read_pem(pem(der_of(P256)))
    assert {"ES256", "ECDH-P256"} <= set(caught.value.choices)
    assert read_pem(pem(der_of(KEYS["ES256K"]))).alg == "ES256K"
    assert read_pem(pem(der_of(ED25519))).alg == "Ed25519"
    assert read_pem(pem(der_of(KEYS["ML-DSA-65"]))).alg == "ML-DSA-65"


@pytest.mark.parametrize("alg", ["ES384", "RS256", "Ed25519", "HS256", "BIP39", "none", "ML-DSA-44"])
def test_another_algorithm(alg: str) -> None:
    """A key is not imported for an algorithm that takes other keys."""
    with pytest.raises(CannotImport, match="cannot be used for"):
        read_pem(pem(der_of(P256)), alg=alg)


def test_public_key_beside() -> None:
    """RFC 8410's key with its public key is read; beside another's, or with attributes out of place, it is not."""
    key = read_pem(pem(RFC8410))

    assert key.secret[:4].hex() == "d4ee72db"
    assert key.public[:4].hex() == "19bf4409"
    with pytest.raises(KeyMismatch, match="not the private key's"):
        read_pem(pem(RFC8410[:-1] + bytes((RFC8410[-1] ^ 1,))))
    with pytest.raises(CannotImport, match="damaged"):
        read_pem(pem(b"\x30\x74" + RFC8410[2:] + b"\x05\x00"))


def test_public_point_beside() -> None:
    """An EC key beside another's point is refused."""
    other = ec.derive_private_key(6, ec.SECP256R1()).public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    own = P256.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    for label, form in (("PRIVATE KEY", PrivateFormat.PKCS8), ("EC PRIVATE KEY", PrivateFormat.TraditionalOpenSSL)):
        with pytest.raises(CannotImport, match="another's"):
            read_pem(pem(der_of(P256, form).replace(own, other), label), alg="ES256")


def test_what_stands_around() -> None:
    """Text, certificates, parameters and Windows' line ends around a key do no harm."""
    key = pem(der_of(ED25519))
    around = pem(b"\x30\x00", "EC PARAMETERS") + b"Bag Attributes\n" + key + pem(b"\x30\x00", "CERTIFICATE")

    assert read_pem(around).secret == SEED
    assert read_pem(around.replace(b"\n", b"\r\n")).secret == SEED


ONE = DerOctetString(b"salt")
PBES2_READ = {
    "default": encrypted(),
    "length of the key": encrypted(kdf=by_pbkdf2(ONE, 1, 32)),
    "SHA-256": encrypted(
        kdf=by_pbkdf2(ONE, 1, sequence(DerObjectId("1.2.840.113549.2.9"), DerNull())), key=PBKDF2HMAC(SHA256(), 32, b"salt", 1).derive(b"password")
    ),
}  # fmt: skip


@pytest.mark.parametrize("der", PBES2_READ.values(), ids=PBES2_READ.keys())
def test_pbes2(der: bytes) -> None:
    """Each optional parameter may be there or not."""
    assert read_pem(pem(der, "ENCRYPTED PRIVATE KEY"), password=b"password").secret == SEED


PBES2_REFUSED: dict[str, tuple[bytes, type[CannotImport]]] = {
    "another password": (encrypted(key=bytes(32)), WrongPassword),
    "no key within": (encrypted(b"\x30\x01"), WrongPassword),
    "empty within": (encrypted(b""), WrongPassword),
    "scrypt with much memory": (encrypted(kdf=by_scrypt(1 << 24, 8, 1)), TooCostly),
    "scrypt with much work": (encrypted(kdf=by_scrypt(1 << 20, 8, 1 << 10)), TooCostly),
    "scrypt with huge numbers": (encrypted(kdf=by_scrypt(1 << 2000, 1 << 2000, 1)), TooCostly),
    "scrypt with N of no power": (encrypted(kdf=by_scrypt(1000, 8, 1)), CannotImport),
    "scrypt with zero": (encrypted(kdf=by_scrypt(1024, 0, 1)), CannotImport),
    "scrypt with another length": (encrypted(kdf=by_scrypt(1024, 8, 1, 16)), CannotImport),
    "scrypt with more": (encrypted(kdf=by_scrypt(1024, 8, 1, 32, DerNull())), CannotImport),
    "PBKDF2 with many rounds": (encrypted(kdf=by_pbkdf2(ONE, 10_000_001)), TooCostly),
    "PBKDF2 with huge numbers": (encrypted(kdf=by_pbkdf2(ONE, 1 << 4000)), TooCostly),
    "PBKDF2 without rounds": (encrypted(kdf=by_pbkdf2(ONE, 0)), CannotImport),
    "PBKDF2 with negative rounds": (encrypted(kdf=by_pbkdf2(ONE, -1)), CannotImport),
    "PBKDF2 with another length": (encrypted(kdf=by_pbkdf2(ONE, 1, 16)), CannotImport),
    "PBKDF2 with another function": (encrypted(kdf=by_pbkdf2(ONE, 1, sequence(DerObjectId("1.2.3")))), CannotImport),
    "PBKDF2 with a long salt": (encrypted(kdf=by_pbkdf2(DerOctetString(bytes(1025)), 1)), CannotImport),
    "PBKDF2 without salt": (encrypted(kdf=by_pbkdf2(1)), CannotImport),
    "another function": (encrypted(kdf=("1.2.3", sequence())), CannotImport),
    "another cipher": (encrypted(cipher="2.16.840.1.101.3.4.1.46"), CannotImport),
    "another scheme": (encrypted(scheme="1.2.840.113549.1.5.3"), CannotImport),
    "short nonce": (encrypted(iv=bytes(15)), CannotImport),
    "cut off": (encrypted()[:-1], CannotImport),
    "something after": (encrypted() + b"\x00", CannotImport),
    "nothing": (b"", CannotImport),
    "not encrypted": (der_of(ED25519), CannotImport),
}  # fmt: skip


@pytest.mark.parametrize(("der", "error"), PBES2_REFUSED.values(), ids=PBES2_REFUSED.keys())
def test_pbes2_refused(der: bytes, error: type[CannotImport]) -> None:
    """Wrong passwords, other schemes and demands beyond bounds are refused, each as what it is."""
    with pytest.raises(CannotImport) as caught:
        read_pem(pem(der, "ENCRYPTED PRIVATE KEY"), password=b"password")
    assert error is caught.type


def both(algorithm: str, seed: bytes, expanded: bytes) -> bytes:
    """A key of seed and expanded key."""
    inner = sequence(DerOctetString(seed), DerOctetString(expanded)).encode()
    return sequence(0, sequence(DerObjectId(algorithm)), DerOctetString(inner)).encode()


ML_DSA_44 = "2.16.840.1.101.3.4.3.17"
REFUSED: dict[str, tuple[bytes, type[CannotImport], str]] = {
    "empty": (b"", NotThisForm, "no private key"),
    "public": (ED25519.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), NotThisForm, "at most a public one"),
    "two keys": (pem(der_of(ED25519)) * 2, NotThisForm, "several"),
    "OpenSSH": (ED25519.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()), CannotImport, "ssh-keygen"),
    "DSA": (pem(b"\x30\x00", "DSA PRIVATE KEY"), CannotImport, "not kept"),
    "old encryption": (
        P256.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, BestAvailableEncryption(b"password")), CannotImport, "openssl pkey"
    ),
    "labels differ": (pem(der_of(ED25519)).replace(b"END PRIVATE", b"END RSA PRIVATE"), NotThisForm, "no private key"),
    "no end": (pem(der_of(ED25519))[:-20], NotThisForm, "no private key"),
    "no Base64": (pem(der_of(ED25519)).replace(b"\nM", b"\n*"), CannotImport, "damaged"),
    "no padding": (pem(der_of(ED25519) + b"\x00").replace(b"=", b""), CannotImport, "damaged"),
    "not ASCII": (pem(der_of(ED25519)).replace(b"\nM", "\né".encode()), CannotImport, "damaged"),
    "long": (pem(bytes(6000)), CannotImport, "longer"),
    "longer than a file": (pem(bytes(60000)), NotThisForm, "too long"),
    "no DER": (pem(b"x"), CannotImport, "damaged"),
    "something after": (pem(der_of(ED25519) + b"\x00"), CannotImport, "damaged"),
    "version 2": (pem(der_of(ED25519).replace(b"\x02\x01\x00", b"\x02\x01\x02")), CannotImport, "damaged"),
    "short seed": (pem(sequence(0, sequence(DerObjectId("1.3.101.112")), DerOctetString(DerOctetString(SEED[:31]).encode())).encode()), CannotImport, "not a key"),
    "bare seed": (pem(sequence(0, sequence(DerObjectId("1.3.101.112")), DerOctetString(SEED)).encode()), CannotImport, "damaged"),
    "zero": (pem(der_of(P256).replace(bytes(31) + b"\x05", bytes(32))), CannotImport, "damaged"),
    "RSA of 1024 bits": (pem(der_of(rsa.generate_private_key(65537, 1024))), CannotImport, "2048, 3072 or 4096"),
    "RSA of many bits": (
        pem(sequence(0, (1 << 32000) + 1, 65537, 1, 1, 1, 1, 1, 1).encode(), "RSA PRIVATE KEY"), CannotImport, "2048, 3072 or 4096"
    ),
    "RSA of two composites": (pem(sequence(0, (1 << 2047) + 1, 65537, 3, 3, 3, 1, 1, 1).encode(), "RSA PRIVATE KEY"), CannotImport, "damaged"),
    "P-192": (pem(der_of(ec.derive_private_key(5, ec.SECP192R1()))), CannotImport, "not kept"),
    "Brainpool": (pem(der_of(ec.derive_private_key(5, ec.BrainpoolP256R1()))), CannotImport, "not kept"),
    "seed of another length": (
        pem(sequence(0, sequence(DerObjectId(ML_DSA_44)), DerOctetString(DerOctetString(SEED[:31]).encode().replace(b"\x04", b"\x80", 1))).encode()),
        CannotImport, "damaged"
    ),
    "expanded key of another length": (pem(both(ML_DSA_44, SEED, bytes(2559))), CannotImport, "damaged"),
    "expanded key of another": (pem(both(ML_DSA_44, SEED, bytes(2560))), KeyMismatch, "not of one key"),
    "expanded key of another KEM": (pem(both("2.16.840.1.101.3.4.4.2", SEED * 2, bytes(2400))), KeyMismatch, "not of one key"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "error", "says"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(text: bytes, error: type[CannotImport], says: str) -> None:
    """What holds no one whole key of a kind that is kept is refused, with what to do."""
    with pytest.raises(CannotImport, match=says) as caught:
        read_pem(text, alg="RS256" if b"RSA" in text else "")
    assert error is caught.type


@pytest.mark.parametrize(
    "jwk",
    [
        Jwk(kty="oct"),
        Jwk(kty="OKP", crv="BLS12381G1", x=bytes(48)),
        Jwk(kty="OKP", crv="Ed25519", x=bytes(31)),
        Jwk(kty="EC", crv="P-256", x=bytes(32), y=bytes(32)),
        Jwk(kty="EC", crv="P-256", x=bytes(32)),
        Jwk(kty="EC", crv="P-192", x=bytes(24), y=bytes(24)),
        Jwk(kty="RSA", n=b"", e=b""),
        Jwk(kty="RSA", n=b"\xff" * 256, e=b"\x02"),
        Jwk(kty="AKP", alg="ML-KEM-512", pub=bytes(800)),
        Jwk(kty="AKP", alg="ML-DSA-44", pub=bytes(1311)),
    ],
    ids=["oct", "BLS", "short x", "no point", "no y", "P-192", "no numbers", "even exponent", "ML-KEM-512", "short key"],
)
def test_not_written(jwk: Jwk) -> None:
    """What is no key, or has no such form, is not written."""
    with pytest.raises(ValueError, match="no SubjectPublicKeyInfo"):
        spki_pem(jwk)


def test_public_pem() -> None:
    """What is written, OpenSSL reads as the key."""
    for key in KEYS.values():
        assert load_public(spki_pem(jwk_of(key)).encode()) == key.public_key()


@given(st.integers(0, 1 << 600), st.binary(max_size=300))
def test_der(number: int, rest: bytes) -> None:
    """What another library writes as DER is read, as far as its end."""
    integer, data = DerInteger(number).encode(), DerOctetString(rest).encode()

    assert [number, rest] == list(read_unsigned(memoryview(integer + rest)))
    assert read_only(memoryview(data), 4) == rest
    assert [rest, rest] == list(read_element(memoryview(data + rest), 4))


@pytest.mark.parametrize(
    "data",
    ["", "02", "0200", "0280", "020100ff", "02020000", "0202007f", "0201ff", "0281017f", "02820001 7f", "0285000000000101", "02ff", "1f0100", "0301ff",
     "0203ff01", "0284ffffffff00"],
)  # fmt: skip
def test_der_refused(data: str) -> None:
    """What is cut off, longer than it must be, negative or another element is not read."""
    with pytest.raises(ValueError, match="DER"):
        read_unsigned(memoryview(bytes.fromhex(data))) if data != "020100ff" else read_only(memoryview(bytes.fromhex(data)), INTEGER)


@settings(max_examples=300)
@given(st.binary(max_size=40) | st.binary(max_size=200).map(lambda contents: b"\x30" + bytes((len(contents),)) + contents))
def test_der_is_one_spelling(data: bytes) -> None:
    """Whatever is read is what another library would write of it."""
    try:
        contents, rest = read_element(memoryview(data), SEQUENCE)
    except ValueError:
        return
    assert DerObject(0x10, bytes(contents), constructed=True).encode() + bytes(rest) == data


def test_bit_strings() -> None:
    """A public key beside a private one is a BIT STRING of whole bytes."""
    public = DerBitString(ED25519.public_key().public_bytes_raw(), implicit=1).encode()
    der = der_of(ED25519).replace(b"\x02\x01\x00", b"\x02\x01\x01")
    for ending, good in ((public, True), (public.replace(b"\x81\x21\x00", b"\x81\x21\x01"), False)):
        text = pem(b"\x30" + bytes((der[1] + len(ending),)) + der[2:] + ending)
        if good:
            assert read_pem(text).secret == SEED
        else:
            with pytest.raises(KeyMismatch):
                read_pem(text)
