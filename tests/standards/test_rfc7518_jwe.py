"""RFC 7516, RFC 7518 sections 4 and 5, RFC 8037: compact JWEs of contents and of wrapped keys.

The RFCs print few JWEs, so there is a second sender and a second receiver here, put together from primitives as they say.
"""

from __future__ import annotations

import hmac
import json
from hashlib import sha256
from itertools import product
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.x448 import X448PrivateKey, X448PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap, aes_key_wrap
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_der_private_key
from hypothesis import given
from hypothesis import strategies as st
from jwcrypto.jwe import JWE
from jwcrypto.jwk import JWK

from native_host.encodings.base64url import decode_base64url, encode_base64url
from native_host.encodings.jwk import Jwk, encode_members
from native_host.suites import x448, x25519
from native_host.suites.answers import RSA_SECRET
from native_host.suites.ecdh import ECDH_P256, ECDH_P384, ECDH_P521
from native_host.suites.jwe import CannotOpen, open_jwe
from native_host.suites.jwe_content import ECDH_ALGS, LENGTHS, RSA_ALGS, decrypt_jwe, encrypt_jwe, read_header
from native_host.suites.kinds import CannotDecrypt
from tests.vector_files import load

VECTORS = load("jwe")
CURVES: dict[str, Any] = {"X25519": x25519, "X448": x448, "P-256": ECDH_P256, "P-384": ECDH_P384, "P-521": ECDH_P521}
SIZES = {"X25519": 32, "X448": 56, "P-256": 32, "P-384": 48, "P-521": 66}
SECRETS = {curve: bytes(range(1, 1 + size)) for curve, size in SIZES.items()} | {"": RSA_SECRET}
_RSA = load_der_private_key(RSA_SECRET, None)
assert isinstance(_RSA, rsa.RSAPrivateKey)
RSA: rsa.RSAPrivateKey = _RSA
RSA_JWK = Jwk(kty="RSA", n=RSA.public_key().public_numbers().n.to_bytes(256, "big"), e=b"\x01\x00\x01")
PUBLIC = {curve: CURVES[curve].public_jwk(CURVES[curve].public_key(SECRETS[curve])) for curve in CURVES} | {"": RSA_JWK}
ALL = [*product(sorted(ECDH_ALGS), CURVES, LENGTHS), *product(sorted(RSA_ALGS), [""], LENGTHS)]
HASHES = {"A128CBC-HS256": "sha256", "A192CBC-HS384": "sha384", "A256CBC-HS512": "sha512"}
OAEP: dict[str, Any] = {
    "RSA-OAEP": padding.OAEP(padding.MGF1(SHA1()), SHA1(), None),  # RFC 7518 section 4.3
    "RSA-OAEP-256": padding.OAEP(padding.MGF1(SHA256()), SHA256(), None),
}
TEXT = b'{"kty":"oct","k":"AAAA"}'
every = pytest.mark.parametrize(("alg", "curve", "enc"), ALL, ids=lambda value: value or "RSA")


def _key_bytes(enc: str) -> int:
    return int(enc[1:4]) // 8 * (1 if enc.endswith("GCM") else 2)


def _private(curve: str, secret: bytes) -> Any:
    if curve[0] == "P":
        kind: Any = {"P-256": ec.SECP256R1, "P-384": ec.SECP384R1, "P-521": ec.SECP521R1}[curve]
        return ec.derive_private_key(int.from_bytes(secret, "big"), kind())
    return (X25519PrivateKey if curve == "X25519" else X448PrivateKey).from_private_bytes(secret)


def _exchange(private: Any, jwk: dict[str, str]) -> bytes:
    x = decode_base64url(jwk["x"])
    if jwk["crv"][0] == "P":
        point = b"\x04" + x + decode_base64url(jwk["y"])
        shared: bytes = private.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(private.curve, point))
    else:
        shared = private.exchange((X25519PublicKey if jwk["crv"] == "X25519" else X448PublicKey).from_public_bytes(x))
    return shared


def _concat_kdf(shared: bytes, header: dict[str, Any]) -> bytes:
    """RFC 7518 section 4.6.2: for the content encryption alone, or for the key wrap."""
    alone = header["alg"] == "ECDH-ES"
    name = header["enc"] if alone else header["alg"]
    size = _key_bytes(name) if alone else int(name[9:12]) // 8
    parties = [decode_base64url(header.get(party, "")) for party in ("apu", "apv")]
    info = b"".join(len(part).to_bytes(4, "big") + part for part in (name.encode(), *parties)) + (8 * size).to_bytes(4, "big")
    return b"".join(sha256(number.to_bytes(4, "big") + shared + info).digest() for number in (1, 2))[:size]


def _cbc(key: bytes, iv: bytes, enc: str, aad: bytes) -> tuple[Any, Any]:
    """The cipher of RFC 7518 section 5.2, and the tag of a ciphertext."""
    half = len(key) // 2

    def tag(ciphertext: bytes) -> bytes:
        length = (8 * len(aad)).to_bytes(8, "big")
        return hmac.digest(key[:half], aad + iv + ciphertext + length, HASHES[enc])[:half]

    return Cipher(algorithms.AES(key[half:]), modes.CBC(iv)), tag


def _seal_content(key: bytes, plaintext: bytes, enc: str, aad: bytes, iv: bytes) -> tuple[bytes, bytes]:
    if enc.endswith("GCM"):
        sealed = AESGCM(key).encrypt(iv, plaintext, aad)
        return sealed[:-16], sealed[-16:]
    cipher, tag = _cbc(key, iv, enc, aad)
    padder, encryptor = PKCS7(128).padder(), cipher.encryptor()
    ciphertext = encryptor.update(padder.update(plaintext) + padder.finalize()) + encryptor.finalize()
    return ciphertext, tag(ciphertext)


def _open_content(key: bytes, parts: list[bytes], enc: str, aad: bytes) -> bytes:
    iv, ciphertext, tag = parts
    if enc.endswith("GCM"):
        return AESGCM(key).decrypt(iv, ciphertext + tag, aad)
    cipher, tag_of = _cbc(key, iv, enc, aad)
    assert tag == tag_of(ciphertext)
    decryptor, unpadder = cipher.decryptor(), PKCS7(128).unpadder()
    return unpadder.update(decryptor.update(ciphertext) + decryptor.finalize()) + unpadder.finalize()


def seal(
    alg: str, curve: str, enc: str, plaintext: bytes = TEXT, *, iv: bytes | None = None, cek: bytes | None = None, **changes: Any
) -> bytes:
    """A compact JWE from primitives; a change to None takes a header parameter out."""
    header: dict[str, Any] = {"alg": alg, "enc": enc}
    ephemeral = b"\x01" + bytes(SIZES.get(curve, 2) - 2) + b"\x07"
    if curve:
        header["epk"] = encode_members(CURVES[curve].public_jwk(CURVES[curve].public_key(ephemeral)))
    header = {name: value for name, value in (header | changes).items() if value is not None}
    key, encrypted = cek or bytes(range(100, 100 + _key_bytes(enc))), b""
    if curve:
        derived = _concat_kdf(_exchange(_private(curve, ephemeral), encode_members(PUBLIC[curve])), header | {"alg": alg, "enc": enc})
        key, encrypted = (derived, b"") if alg == "ECDH-ES" else (key, aes_key_wrap(derived, key))
    else:
        encrypted = RSA.public_key().encrypt(key, OAEP[alg])
    protected = encode_base64url(json.dumps(header).encode())
    iv = iv or b"i" * LENGTHS[enc][0]
    content = _seal_content(key, plaintext, enc, protected.encode(), iv)
    return ".".join([protected, *map(encode_base64url, (encrypted, iv, *content))]).encode()


def open_(compact: bytes, curve: str) -> bytes:
    """What a compact JWE holds, by primitives."""
    protected, encrypted, *parts = compact.decode().split(".")
    header, cek = json.loads(decode_base64url(protected)), decode_base64url(encrypted)
    if curve:
        derived = _concat_kdf(_exchange(_private(curve, SECRETS[curve]), header["epk"]), header)
        key = derived if header["alg"] == "ECDH-ES" else aes_key_unwrap(derived, cek)
        assert bool(cek) == (header["alg"] != "ECDH-ES")
    else:
        key = RSA.decrypt(cek, OAEP[header["alg"]])
    return _open_content(key, [decode_base64url(part) for part in parts], header["enc"], protected.encode())


def refuses(compact: bytes, alg: str, curve: str, secret: bytes | None = None, **named: Any) -> None:
    """Exactly one error, with one text and nothing behind it."""
    with pytest.raises(CannotDecrypt) as caught:
        decrypt_jwe(compact, SECRETS[curve] if secret is None else secret, alg=alg, curve=curve, **named)
    assert (caught.type, str(caught.value)) == (CannotDecrypt, "it does not decrypt")
    assert caught.value.__suppress_context__


def _published_secret(jwk: dict[str, str]) -> bytes:
    number = {name: int.from_bytes(decode_base64url(text), "big") for name, text in jwk.items() if name not in {"kty", "crv"}}
    if jwk["kty"] != "RSA":
        return decode_base64url(jwk["d"])
    public = rsa.RSAPublicNumbers(number["e"], number["n"])
    p, q, d, dp, dq, qi = (number[name] for name in ("p", "q", "d", "dp", "dq", "qi"))
    key = rsa.RSAPrivateNumbers(p, q, d, dp, dq, qi, public).private_key()
    return key.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption())


@pytest.mark.parametrize("vector", VECTORS["compact"], ids=lambda vector: vector["section"])
def test_published(vector: dict[str, Any]) -> None:
    """The JWEs that RFC 7516 and RFC 7520 print are decrypted."""
    compact, secret = vector["compact"].encode(), _published_secret(vector["jwk"])

    assert vector["plaintext"].encode() == decrypt_jwe(compact, secret, alg=vector["alg"], curve=vector["curve"], enc=vector["enc"])
    refuses(compact, vector["alg"], vector["curve"])


@pytest.mark.parametrize("vector", VECTORS["agreements"], ids=lambda vector: vector["section"])
def test_published_agreement(vector: dict[str, Any]) -> None:
    """From the published header and secret comes the published key, or one by the published shared secret."""
    header = vector["header"]
    alone = header["alg"] == "ECDH-ES"
    derived = decode_base64url(vector["derived"]) if alone else _concat_kdf(decode_base64url(vector["shared"]), header)
    key = derived if alone else b"k" * _key_bytes(header["enc"])
    protected, iv = encode_base64url(json.dumps(header).encode()), b"i" * 12
    content = _seal_content(key, TEXT, header["enc"], protected.encode(), iv)
    parts = (b"" if alone else aes_key_wrap(derived, key), iv, *content)
    compact = ".".join([protected, *map(encode_base64url, parts)]).encode()

    assert decrypt_jwe(compact, decode_base64url(vector["secret"]), alg=header["alg"], curve=vector["curve"]) == TEXT


@every
def test_from_primitives(alg: str, curve: str, enc: str) -> None:
    """A JWE put together as the RFCs say is decrypted."""
    assert decrypt_jwe(seal(alg, curve, enc), bytearray(SECRETS[curve]), alg=alg, curve=curve) == TEXT


@every
def test_to_primitives(alg: str, curve: str, enc: str) -> None:
    """What is encrypted here decrypts as the RFCs say, and its header holds what was given and no more."""
    compact = encrypt_jwe(bytearray(TEXT), PUBLIC[curve], alg=alg, enc=enc, cty="jwk+json", kid="k")
    header = json.loads(decode_base64url(compact.decode().split(".")[0]))
    names = {"alg", "enc", "cty", "kid"} | ({"epk"} if curve else set())

    assert open_(compact, curve) == TEXT == decrypt_jwe(compact, SECRETS[curve], alg=alg, curve=curve, enc=enc)
    assert set(header) == names
    assert set(header.get("epk", {})) <= {"kty", "crv", "x", "y"}
    assert (read_header(compact).alg, read_header(compact).enc, read_header(compact).cty) == (alg, enc, "jwk+json")


@pytest.mark.parametrize("plaintext", [b"", b"a", bytes(16), bytes(100_000)], ids=len)
def test_lengths(plaintext: bytes) -> None:
    """Nothing, whole blocks and much come back from a JWE to an RSA key too."""
    for enc in ("A128GCM", "A192CBC-HS384"):
        assert decrypt_jwe(encrypt_jwe(plaintext, RSA_JWK, alg="RSA-OAEP-256", enc=enc), RSA_SECRET, alg="RSA-OAEP-256") == plaintext


@pytest.mark.parametrize(("alg", "curve", "enc"), [row for row in ALL[::13] if row[1]], ids=str)
@given(plaintext=st.binary(max_size=200))
def test_any_plaintext(alg: str, curve: str, enc: str, plaintext: bytes) -> None:
    """Any plaintext comes back, also none; no two JWEs of it are alike."""
    first, second = (encrypt_jwe(plaintext, PUBLIC[curve], alg=alg, enc=enc) for _ in range(2))

    assert first != second
    assert open_(first, curve) == plaintext
    for compact in (first, second, seal(alg, curve, enc, plaintext)):
        assert decrypt_jwe(compact, SECRETS[curve], alg=alg, curve=curve) == plaintext


@pytest.mark.parametrize("curve", CURVES)
def test_party_info(curve: str) -> None:
    """``apu`` and ``apv`` go into the key derivation, and must be base64url."""
    assert decrypt_jwe(seal("ECDH-ES", curve, "A256GCM", apu="QWxpY2U", apv="Qm9i"), SECRETS[curve], alg="ECDH-ES", curve=curve) == TEXT
    for apu in ("QWxpY2V", "QWxpY2U=", "Q", "*"):
        with pytest.raises(CannotDecrypt):
            decrypt_jwe(_reheaded(curve, apu=apu), SECRETS[curve], alg="ECDH-ES", curve=curve)


def _reheaded(curve: str, **changes: Any) -> bytes:
    """A JWE with another header than the one it was made with."""
    protected, *others = seal("ECDH-ES", curve, "A256GCM").decode().split(".")
    header = json.loads(decode_base64url(protected)) | changes
    return ".".join([encode_base64url(json.dumps(header).encode()), *others]).encode()


@pytest.mark.parametrize(("alg", "curve", "enc"), [row for row in ALL if row[1]] + ALL[-1:], ids=lambda value: value or "RSA")
def test_changed(alg: str, curve: str, enc: str) -> None:
    """A change to any of the five parts, more of it or less, is refused."""
    parts = seal(alg, curve, enc).decode().split(".")
    for number, part in enumerate(parts):
        data = decode_base64url(part)
        changed = {data + b"\x00", data[:-1], b"", data[1:]} | {
            data[:at] + bytes((data[at] ^ 1,)) + data[at + 1 :] for at in {0, len(data) // 2, len(data) - 1} if data
        }
        for other in changed - {data}:
            refuses(".".join([*parts[:number], encode_base64url(other), *parts[number + 1 :]]).encode(), alg, curve)


@pytest.mark.parametrize("enc", LENGTHS)
def test_vector_and_tag_lengths(enc: str) -> None:
    """An initialization vector or a tag of another length is refused, though it would authenticate."""
    alg, curve = "ECDH-ES+A256KW", "X25519"
    lengths = {8, 12, 13, 16, 32} if enc.endswith("GCM") else {16}
    for length in lengths:
        compact = seal(alg, curve, enc, iv=b"i" * length)
        if length == LENGTHS[enc][0]:
            assert decrypt_jwe(compact, SECRETS[curve], alg=alg, curve=curve) == TEXT
        else:
            refuses(compact, alg, curve)
    *parts, tag = seal(alg, curve, enc).decode().split(".")
    for size in (0, 4, 8, 12, 15, 17, 24, 32, 48, 64):
        if size != LENGTHS[enc][1]:
            data = (decode_base64url(tag) + bytes(64))[:size]
            refuses(".".join([*parts, encode_base64url(data)]).encode(), alg, curve)


def test_import_lengths() -> None:
    """The door for imports refuses a nonce of another length too."""
    assert open_jwe(seal("ECDH-ES+A256KW", "X25519", "A256GCM").decode(), SECRETS["X25519"]) == TEXT
    for length in (8, 13, 16):
        with pytest.raises(CannotOpen):
            open_jwe(seal("ECDH-ES+A256KW", "X25519", "A256GCM", iv=b"i" * length).decode(), SECRETS["X25519"])


def test_jwcrypto_is_lax() -> None:
    """The control of the last two: the library alone takes a nonce of 16 bytes."""
    compact = seal("ECDH-ES+A256KW", "X25519", "A256GCM", iv=b"i" * 16)
    key = JWK(**encode_members(PUBLIC["X25519"]), d=encode_base64url(SECRETS["X25519"]))
    jwe = JWE(algs=["ECDH-ES+A256KW", "A256GCM"])
    jwe.deserialize(compact.decode(), key)

    assert jwe.payload == TEXT


@pytest.mark.parametrize("enc", HASHES)
def test_padding(enc: str) -> None:
    """Wrong padding under a right tag, and a wrong tag, are the same refusal."""
    alg, curve = "ECDH-ES+A256KW", "X25519"
    cek = bytes(_key_bytes(enc))
    protected, encrypted, iv, *_ = seal(alg, curve, enc, cek=cek).decode().split(".")
    cipher, tag = _cbc(cek, decode_base64url(iv), enc, protected.encode())
    for padded in (bytes(16), b"\x11" * 16, b"a" * 14 + b"\x03\x02", b"a" * 15, b""):
        encryptor = cipher.encryptor() if len(padded) % 16 == 0 else None
        ciphertext = encryptor.update(padded) + encryptor.finalize() if encryptor else padded
        refuses(".".join([protected, encrypted, iv, *map(encode_base64url, (ciphertext, tag(ciphertext)))]).encode(), alg, curve)


@pytest.mark.parametrize("wrong", [0, 8, 16, 24, 31, 33, 40])
def test_key_length(wrong: int) -> None:
    """A content key that is not of its algorithm's length is refused, wrapped or to an RSA key."""
    if wrong >= 16 and wrong % 8 == 0:
        refuses(_with_cek("ECDH-ES+A256KW", "X25519", bytes(wrong)), "ECDH-ES+A256KW", "X25519")
    refuses(_with_cek("RSA-OAEP-256", "", bytes(wrong)), "RSA-OAEP-256", "")


def _with_cek(alg: str, curve: str, cek: bytes) -> bytes:
    """A JWE whose header says A256GCM and whose content key is another one; sealed with a key of zeros."""
    protected, _, iv, *_ = seal(alg, curve, "A256GCM").decode().split(".")
    if curve:
        header = json.loads(decode_base64url(protected))
        encrypted = aes_key_wrap(_concat_kdf(_exchange(_private(curve, SECRETS[curve]), header["epk"]), header), cek)
    else:
        encrypted = RSA.public_key().encrypt(cek, OAEP[alg])
    key = (cek + bytes(32))[:32]
    content = _seal_content(key, TEXT, "A256GCM", protected.encode(), decode_base64url(iv))
    return ".".join([protected, encode_base64url(encrypted), iv, *map(encode_base64url, content)]).encode()


def test_with_cek_control() -> None:
    """The control of the last one: a key of the right length is taken."""
    for alg, curve in (("ECDH-ES+A256KW", "X25519"), ("RSA-OAEP-256", "")):
        assert decrypt_jwe(_with_cek(alg, curve, bytes(32)), SECRETS[curve], alg=alg, curve=curve) == TEXT


@every
def test_other_algorithm(alg: str, curve: str, enc: str) -> None:
    """The header's algorithms must be those asked for, and the key of their kind."""
    compact = seal(alg, curve, enc)
    for other in (ECDH_ALGS | RSA_ALGS | {"dir", "A256KW", "RSA1_5", "none", ""}) - {alg}:
        refuses(compact, other, curve)
    for other in (set(LENGTHS) | {""}) - {enc}:
        refuses(compact, alg, curve, enc=other)
    for other in (set(CURVES) | {""}) - {curve}:
        refuses(compact, alg, other)


EPK = encode_members(PUBLIC["X25519"])
_POINT = encode_members(PUBLIC["P-256"])


@pytest.mark.parametrize(
    "changes",
    [
        {"alg": None}, {"alg": ["ECDH-ES"]}, {"alg": "none"}, {"enc": None}, {"enc": "A256gcm"}, {"enc": "A512GCM"}, {"enc": "dir"},
        {"crit": ["exp"], "exp": 1}, {"crit": []}, {"zip": "DEF"}, {"zip": "none"}, {"b64": False}, {"jku": "https://example.org"},
        {"jwk": EPK}, {"x5c": []}, {"p2c": 1}, {"iv": "AAAA"}, {"cty": 1}, {"kid": None, "typ": []}, {"epk": None}, {"epk": {}}, {"epk": "x"},
        {"epk": EPK | {"crv": "Ed25519"}}, {"epk": EPK | {"crv": "X448"}}, {"epk": EPK | {"kty": "EC"}}, {"epk": EPK | {"y": "AA"}},
        {"epk": EPK | {"d": EPK["x"]}}, {"epk": EPK | {"x": encode_base64url(bytes(32))}}, {"epk": EPK | {"x": encode_base64url(bytes(31))}},
        {"epk": EPK | {"x": encode_base64url(b"\xff" * 32)}}, {"epk": EPK | {"x": EPK["x"] + "="}}, {"epk": EPK | {"x": "*"}}, {"epk": _POINT},
    ],
    ids=str,
)  # fmt: skip
def test_header_refused(changes: dict[str, Any]) -> None:
    """Critical extensions, compression, unknown parameters and other ephemeral keys are refused."""
    refuses(_reheaded("X25519", **changes), "ECDH-ES", "X25519")


@pytest.mark.parametrize(
    "changes",
    [
        {"y": _POINT["x"]}, {"y": None}, {"x": encode_base64url(bytes(32)), "y": encode_base64url(bytes(32))}, {"crv": "P-384"},
        {"crv": "secp256k1"}, {"kty": "OKP"}, {"d": _POINT["x"]}, {"x": encode_base64url(b"\xff" * 32)}, {"x": _POINT["x"][:-2]},
    ],
    ids=str,
)  # fmt: skip
def test_ephemeral_point_refused(changes: dict[str, Any]) -> None:
    """An ephemeral key that is no point of the curve never meets the secret."""
    epk = {name: value for name, value in (_POINT | changes).items() if value is not None}
    refuses(_reheaded("P-256", epk=epk), "ECDH-ES", "P-256")


def test_rsa_header() -> None:
    """A JWE to an RSA key has no ephemeral key."""
    refuses(seal("RSA-OAEP", "", "A256GCM", epk=EPK), "RSA-OAEP", "")
    assert decrypt_jwe(seal("RSA-OAEP", "", "A256GCM", kid="k", typ="JOSE"), RSA_SECRET, alg="RSA-OAEP") == TEXT


def test_direct_with_encrypted_key() -> None:
    """``ECDH-ES`` alone encrypts no key: an encrypted key there is refused (RFC 7516 section 5.2)."""
    protected, _, *others = seal("ECDH-ES", "X25519", "A256GCM").decode().split(".")
    refuses(".".join([protected, "AAAA", *others]).encode(), "ECDH-ES", "X25519")


def test_wrong_secret() -> None:
    """Another secret, or none, is the same refusal."""
    for curve, size in SIZES.items():
        compact = seal("ECDH-ES", curve, "A128GCM")
        for secret in (b"", bytes(size), b"\x01" * (size - 1), b"\x01" * (size + 1), b"\x01" * size, RSA_SECRET):
            refuses(compact, "ECDH-ES", curve, secret)
    for secret in (b"", RSA_SECRET[:-1], RSA_SECRET + b"\x00", bytes(100), RSA_SECRET[:-1] + bytes((RSA_SECRET[-1] ^ 2,))):
        refuses(seal("RSA-OAEP", "", "A128GCM"), "RSA-OAEP", "", secret)
    refuses(seal("ECDH-ES", "X25519", "A128GCM"), "ECDH-ES", "X25519", secret=SECRETS["P-256"][::-1])


def test_small_rsa() -> None:
    """An RSA key of fewer than 2048 bits is used in neither direction (RFC 7518 section 4.3)."""
    small = rsa.generate_private_key(65537, 1024)
    n = small.public_key().public_numbers().n.to_bytes(128, "big")
    with pytest.raises(ValueError, match="2048 bits"):
        encrypt_jwe(TEXT, Jwk(kty="RSA", n=n, e=b"\x01\x00\x01"), alg="RSA-OAEP-256")
    jwe = JWE(TEXT, protected={"alg": "RSA-OAEP-256", "enc": "A256GCM"}, recipient=JWK.from_pyca(small.public_key()))
    der = small.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    refuses(jwe.serialize(compact=True).encode(), "RSA-OAEP-256", "", der)


@pytest.mark.parametrize(
    ("jwk", "named"),
    [
        (PUBLIC["X25519"], {"alg": "RSA-OAEP"}),
        (PUBLIC["X25519"], {"alg": "dir"}),
        (PUBLIC["X25519"], {"alg": "ECDH-ES+A512KW"}),
        (PUBLIC["X25519"], {"alg": "ECDH-ES", "enc": "A256KW"}),
        (PUBLIC["X25519"], {"alg": "ECDH-ES", "enc": ""}),
        (PUBLIC[""], {"alg": "ECDH-ES"}),
        (PUBLIC[""], {"alg": "RSA1_5"}),
        (Jwk(kty="OKP", crv="X25519", x=bytes(32)), {"alg": "ECDH-ES"}),
        (Jwk(kty="OKP", crv="X25519", x=b"\x09" + bytes(30)), {"alg": "ECDH-ES"}),
        (Jwk(kty="OKP", crv="Ed25519", x=b"\x09" + bytes(31)), {"alg": "ECDH-ES"}),
        (Jwk(kty="EC", crv="P-256", x=bytes(32), y=bytes(32)), {"alg": "ECDH-ES"}),
        (Jwk(kty="EC", crv="secp256k1", x=bytes(32), y=bytes(32)), {"alg": "ECDH-ES"}),
        (Jwk(kty="RSA"), {"alg": "RSA-OAEP"}),
        (msgspec.structs.replace(RSA_JWK, e=b"\x02"), {"alg": "RSA-OAEP"}),
        (msgspec.structs.replace(RSA_JWK, e=b"\x01"), {"alg": "RSA-OAEP"}),
        (Jwk(kty="AKP", alg="ML-KEM-768", pub=bytes(1184)), {"alg": "ECDH-ES"}),
    ],
)
def test_encrypting_refused(jwk: Jwk, named: dict[str, str]) -> None:
    """Encrypting to what is no key, or with what is not known for it, is an error of its own."""
    with pytest.raises(ValueError, match=r".") as caught:
        encrypt_jwe(TEXT, jwk, **named)
    assert caught.type is ValueError


def test_json_serialization() -> None:
    """Only the compact form is read."""
    jwe = JWE(TEXT, protected={"alg": "ECDH-ES", "enc": "A256GCM"})
    jwe.add_recipient(JWK(**encode_members(PUBLIC["X25519"])))

    refuses(jwe.serialize().encode(), "ECDH-ES", "X25519")


HOSTILE = st.one_of(
    st.binary(max_size=100),
    st.lists(st.text(alphabet="ABab01-_", max_size=12), min_size=4, max_size=6).map(lambda parts: ".".join(parts).encode()),
)


@given(HOSTILE)
def test_hostile(compact: bytes) -> None:
    """No bytes break decrypting or reading the header, and there is one error for all of them."""
    refuses(compact, "ECDH-ES", "X25519")
    refuses(compact, "RSA-OAEP", "")
    with pytest.raises(CannotDecrypt):
        read_header(compact)


@given(
    st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3), max_leaves=5)
)
def test_hostile_header(value: Any) -> None:
    """No value of a header parameter breaks it."""
    for name in ("alg", "enc", "epk", "apu", "kid"):
        if not (name == "kid" and isinstance(value, str)) and not (name == "apu" and value == ""):
            refuses(_reheaded("X25519", **{name: value}), "ECDH-ES", "X25519")


def test_deep_header() -> None:
    """A header nested as deep as it is long is refused like any other."""
    protected = encode_base64url(b'{"epk":' + b"[" * 100_000)
    refuses(f"{protected}..AAAA.AAAA.AAAA".encode(), "ECDH-ES", "X25519")
    with pytest.raises(CannotDecrypt):
        read_header(f"{protected}..AAAA.AAAA.AAAA".encode())
