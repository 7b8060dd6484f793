"""RFC 9180: HPKE, with the suites of draft-ietf-jose-hpke-encrypt and draft-ietf-jose-hpke-pq-pqt."""

from __future__ import annotations

from hashlib import shake_256
from typing import Any, cast

import pytest
from Crypto.Protocol import HPKE as pycryptodome  # noqa: N811  # a module
from Crypto.PublicKey import ECC
from cryptography.hazmat.primitives import hpke as openssl
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from native_host.encodings.jwk import Jwk, encode_members
from native_host.suites import x25519
from native_host.suites.ecdh import ECDH_P256
from native_host.suites.hpke import HPKE_0, HPKE_3, HPKE_4, HPKE_7, HPKE_9, AuthHpke, Hpke, shake256
from native_host.suites.kinds import CannotDecrypt

SUITES: dict[str, Hpke] = {"HPKE-0": HPKE_0, "HPKE-3": HPKE_3, "HPKE-4": HPKE_4, "HPKE-7": HPKE_7, "HPKE-9": HPKE_9}
WITH_AUTH = {name: suite for name, suite in SUITES.items() if isinstance(suite, AuthHpke)}
OURS, THEIRS = bytes(range(1, 33)), bytes(range(2, 34))
TEXT, AAD = b"plaintext", b"associated"
SMALL = bytes(32)  # a u-coordinate of small order

_KDF, _AEAD, _KEM = openssl.KDF, openssl.AEAD, openssl.KEM
OPENSSL = {
    "HPKE-0": openssl.Suite(_KEM.P256, _KDF.HKDF_SHA256, _AEAD.AES_128_GCM),
    "HPKE-3": openssl.Suite(_KEM.X25519, _KDF.HKDF_SHA256, _AEAD.AES_128_GCM),
    "HPKE-4": openssl.Suite(_KEM.X25519, _KDF.HKDF_SHA256, _AEAD.CHACHA20_POLY1305),
    "HPKE-7": openssl.Suite(_KEM.P256, _KDF.HKDF_SHA256, _AEAD.AES_256_GCM),
    "HPKE-9": openssl.Suite(_KEM.MLKEM768_X25519, _KDF.SHAKE256, _AEAD.AES_256_GCM),
}
PYCRYPTODOME = {
    "HPKE-0": pycryptodome.AEAD.AES128_GCM,
    "HPKE-3": pycryptodome.AEAD.AES128_GCM,
    "HPKE-4": pycryptodome.AEAD.CHACHA20_POLY1305,
    "HPKE-7": pycryptodome.AEAD.AES256_GCM,
}
each = pytest.mark.parametrize("name", SUITES)
each_with_auth = pytest.mark.parametrize("name", WITH_AUTH)


def _openssl_private(name: str, secret: bytes) -> Any:
    if name in {"HPKE-0", "HPKE-7"}:
        return ec.derive_private_key(int.from_bytes(secret, "big"), ec.SECP256R1())
    if name != "HPKE-9":
        return X25519PrivateKey.from_private_bytes(secret)
    both = shake_256(secret).digest(96)
    keys = MLKEM768PrivateKey.from_seed_bytes(both[:64]), X25519PrivateKey.from_private_bytes(both[64:])
    return openssl.MLKEM768X25519PrivateKey(*keys)


@each
@given(plaintext=st.binary(max_size=200), info=st.binary(max_size=50))
def test_against_openssl(name: str, plaintext: bytes, info: bytes) -> None:
    """What cryptography encrypts is decrypted, and what is encrypted here it decrypts."""
    suite, other, key = SUITES[name], OPENSSL[name], _openssl_private(name, OURS)

    assert suite.decrypt_with(OURS, other.encrypt(plaintext, key.public_key(), info), aad=b"", info=info) == plaintext
    assert other.decrypt(suite.encrypt_to(suite.public_key(OURS), plaintext, aad=b"", info=info), key, info) == plaintext


def _pycryptodome_private(name: str, secret: bytes) -> ECC.EccKey:
    if name in {"HPKE-0", "HPKE-7"}:
        return ECC.construct(curve="P-256", d=int.from_bytes(secret, "big"))
    construct: Any = ECC.construct  # its type says that a seed is text
    return cast("ECC.EccKey", construct(curve="Curve25519", seed=secret))


@each_with_auth
@given(plaintext=st.binary(max_size=200), aad=st.binary(max_size=50), info=st.binary(max_size=50))
def test_against_pycryptodome(name: str, plaintext: bytes, aad: bytes, info: bytes) -> None:
    """Pycryptodome comes to the same in both modes and both directions, with additional data."""
    suite, aead = WITH_AUTH[name], PYCRYPTODOME[name]
    receiver, sender = _pycryptodome_private(name, OURS), _pycryptodome_private(name, THEIRS)
    public, sender_public = suite.public_key(OURS), suite.public_key(THEIRS)
    size = suite.kem.enc_bytes

    sealing = pycryptodome.new(receiver_key=receiver.public_key(), aead_id=aead, info=info)
    assert suite.decrypt_with(OURS, sealing.enc + sealing.seal(plaintext, aad), aad=aad, info=info) == plaintext
    sealing = pycryptodome.new(receiver_key=receiver.public_key(), sender_key=sender, aead_id=aead, info=info)
    sealed = sealing.enc + sealing.seal(plaintext, aad)
    assert suite.auth_decrypt_with(OURS, sealed, sender_public=sender_public, aad=aad, info=info) == plaintext

    ours = suite.encrypt_to(public, plaintext, aad=aad, info=info)
    opening = pycryptodome.new(receiver_key=receiver, enc=ours[:size], aead_id=aead, info=info)
    assert opening.unseal(ours[size:], aad) == plaintext
    ours = suite.auth_encrypt_to(public, plaintext, sender_secret=bytearray(THEIRS), aad=aad, info=info)
    opening = pycryptodome.new(receiver_key=receiver, sender_key=sender.public_key(), enc=ours[:size], aead_id=aead, info=info)
    assert opening.unseal(ours[size:], aad) == plaintext


def _refuses(decrypt: Any, *arguments: Any, **named: Any) -> None:
    """Exactly one error, with one text and nothing behind it."""
    with pytest.raises(CannotDecrypt) as caught:
        decrypt(*arguments, **named)
    assert (caught.type, str(caught.value)) == (CannotDecrypt, "it does not decrypt")
    assert caught.value.__suppress_context__


@each
def test_changed(name: str) -> None:
    """A change anywhere is refused: enc, ciphertext, tag, additional data, info, key."""
    suite = SUITES[name]
    sealed = suite.encrypt_to(suite.public_key(OURS), TEXT, aad=AAD)
    assert suite.decrypt_with(bytearray(OURS), sealed, aad=AAD) == TEXT

    places = {*range(0, len(sealed), 1 + len(sealed) // 300), *range(suite.kem.enc_bytes - 33, len(sealed))}
    for at in sorted(place for place in places if place >= 0):
        for bit in (1, 128):
            _refuses(suite.decrypt_with, OURS, sealed[:at] + bytes((sealed[at] ^ bit,)) + sealed[at + 1 :], aad=AAD)
    for length in {0, 1, suite.kem.enc_bytes - 1, suite.kem.enc_bytes, suite.kem.enc_bytes + 15, len(sealed) - 1}:
        _refuses(suite.decrypt_with, OURS, sealed[:length], aad=AAD)
    _refuses(suite.decrypt_with, OURS, sealed + b"\x00", aad=AAD)
    _refuses(suite.decrypt_with, OURS, sealed, aad=b"")
    _refuses(suite.decrypt_with, OURS, sealed, aad=AAD, info=b"i")
    _refuses(suite.decrypt_with, THEIRS, sealed, aad=AAD)
    for secret in (b"", OURS[:-1], OURS + b"\x00"):
        _refuses(suite.decrypt_with, secret, sealed, aad=AAD)


@each_with_auth
def test_sender(name: str) -> None:
    """Only the named sender's message is decrypted, in its mode; nothing of another mode is."""
    suite = WITH_AUTH[name]
    public, sender = suite.public_key(OURS), suite.public_key(THEIRS)
    sealed = suite.auth_encrypt_to(public, TEXT, sender_secret=THEIRS, aad=AAD)
    assert suite.auth_decrypt_with(OURS, sealed, sender_public=sender, aad=AAD) == TEXT

    _refuses(suite.decrypt_with, OURS, sealed, aad=AAD)
    _refuses(suite.auth_decrypt_with, OURS, suite.encrypt_to(public, TEXT, aad=AAD), sender_public=sender, aad=AAD)
    _refuses(suite.auth_decrypt_with, OURS, sealed, sender_public=public, aad=AAD)
    _refuses(suite.auth_decrypt_with, OURS, sealed, sender_public=sender, aad=b"")
    for at in range(len(sealed)):
        changed = sealed[:at] + bytes((sealed[at] ^ 1,)) + sealed[at + 1 :]
        _refuses(suite.auth_decrypt_with, OURS, changed, sender_public=sender, aad=AAD)
    for wrong in (b"", sender[:-1], sender + b"\x00", bytes(len(sender)), b"\xff" * len(sender)):
        _refuses(suite.auth_decrypt_with, OURS, sealed, sender_public=wrong, aad=AAD)


@each_with_auth
def test_keys_refused(name: str) -> None:
    """Encrypting to what is no public key, or with what is no secret, is an error of its own."""
    suite = WITH_AUTH[name]
    good = suite.public_key(OURS)
    for public in (b"", good[:-1], good + b"\x00", bytes(len(good)), b"\xff" * len(good)):
        for encrypt in (suite.encrypt_to, lambda key, text, aad: suite.auth_encrypt_to(key, text, sender_secret=THEIRS, aad=aad)):
            with pytest.raises(ValueError, match=r"point|X25519|small order") as caught:
                encrypt(public, TEXT, aad=AAD)
            assert caught.type is ValueError
    for secret in (b"", OURS[:-1], OURS + b"\x00"):
        with pytest.raises(ValueError, match=r"32 bytes"):
            suite.auth_encrypt_to(good, TEXT, sender_secret=secret, aad=AAD)


@pytest.mark.parametrize("name", ["HPKE-3", "HPKE-4", "HPKE-9"])
def test_small_order_enc(name: str) -> None:
    """An X25519 part of small order, with which anyone knows the shared secret, or not canonical, is refused."""
    suite = SUITES[name]
    sealed = suite.encrypt_to(suite.public_key(OURS), TEXT, aad=AAD)
    for part in (SMALL, (2**255 - 19).to_bytes(32, "little"), b"\xff" * 32):
        end = suite.kem.enc_bytes
        _refuses(suite.decrypt_with, OURS, sealed[: end - 32] + part + sealed[end:], aad=AAD)


@pytest.mark.parametrize("name", ["HPKE-0", "HPKE-7"])
def test_compressed_enc(name: str) -> None:
    """``enc`` is an uncompressed point, and no other spelling of it."""
    suite = SUITES[name]
    sealed = suite.encrypt_to(suite.public_key(OURS), TEXT, aad=AAD)
    compressed = ECDH_P256.compressed(sealed[:65])

    _refuses(suite.decrypt_with, OURS, compressed + sealed[65:], aad=AAD)
    _refuses(suite.decrypt_with, OURS, compressed + bytes(32) + sealed[65:], aad=AAD)
    _refuses(suite.decrypt_with, OURS, b"\x06" + sealed[1:], aad=AAD)


def test_hybrid_binds_both() -> None:
    """Both halves of ``enc`` go into the key: parts of two ciphertexts to one key make none."""
    sealed, other = (HPKE_9.encrypt_to(HPKE_9.public_key(OURS), TEXT, aad=AAD) for _ in range(2))

    _refuses(HPKE_9.decrypt_with, OURS, sealed[:1088] + other[1088:1120] + sealed[1120:], aad=AAD)
    _refuses(HPKE_9.decrypt_with, OURS, other[:1088] + sealed[1088:], aad=AAD)


@each
def test_jwk(name: str) -> None:
    """JWKs are EC, OKP or AKP, and read as the key they are of."""
    suite = SUITES[name]
    public = suite.public_key(OURS)
    jwk = suite.public_jwk(public)
    members = {"HPKE-9": {"kty", "alg", "pub"}, "HPKE-3": {"kty", "crv", "x"}, "HPKE-4": {"kty", "crv", "x"}}

    assert public == suite.parse_public(jwk)
    assert members.get(name, {"kty", "crv", "x", "y"}) == set(encode_members(jwk))
    assert suite.generate_secret(lambda length: bytes(range(1, 1 + length))) == OURS


def test_hybrid_jwk_refused() -> None:
    """A hybrid key of another kind or length, or of which one half is no key, is refused."""
    good = HPKE_9.public_key(OURS)
    jwks = [
        Jwk(kty="OKP", alg="HPKE-9", pub=good),
        Jwk(kty="AKP", alg="HPKE-10", pub=good),
        Jwk(kty="AKP", alg="ML-KEM-768", pub=good[:1184]),
        Jwk(kty="AKP", alg="HPKE-9", pub=good[:-1]),
        Jwk(kty="AKP", alg="HPKE-9", pub=good + b"\x00"),
        Jwk(kty="AKP", alg="HPKE-9"),
        Jwk(kty="AKP", alg="HPKE-9", pub=b"\xff" * 3 + good[3:]),
        Jwk(kty="AKP", alg="HPKE-9", pub=good[:1184] + SMALL),
        Jwk(kty="AKP", alg="HPKE-9", pub=good[:1184] + b"\xff" * 32),
    ]
    for jwk in jwks:
        with pytest.raises(ValueError, match=r"key of (HPKE-9|ML-KEM-768)|small order|canonical"):
            HPKE_9.parse_public(jwk)
    for public in {jwk.pub for jwk in jwks} - {good}:
        with pytest.raises(ValueError, match=r"key of ML-KEM-768|small order|canonical|32 bytes"):
            HPKE_9.encrypt_to(public, TEXT, aad=AAD)


@each
@given(ciphertext=st.binary(max_size=1200), aad=st.binary(max_size=20))
def test_hostile(name: str, ciphertext: bytes, aad: bytes) -> None:
    """No bytes break decrypting."""
    _refuses(SUITES[name].decrypt_with, OURS, ciphertext, aad=aad)


@each
def test_nothing_inside(name: str) -> None:
    """Nothing can be encrypted too, and no two ciphertexts are alike."""
    suite = SUITES[name]
    first, second = (suite.encrypt_to(suite.public_key(OURS), b"", aad=b"") for _ in range(2))

    assert suite.decrypt_with(OURS, first, aad=b"") == b""
    assert first[: suite.kem.enc_bytes] != second[: suite.kem.enc_bytes]
    assert first != second


def test_long_info() -> None:
    """The lengths that a one-stage KDF writes have 16 bits; a longer info is refused, not cut."""
    with pytest.raises(ValueError, match="too long"):
        shake256(b"", 0, bytes(32), bytes(65536), 32)
    assert shake256(b"", 0, bytes(32), bytes(65535), 32)


def test_ephemeral_is_fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sender's one-time secret comes from the system, and is wiped when it has been used."""
    drawn: list[bytearray] = []
    generate = x25519.generate_secret

    def remember(random_bytes: Any) -> bytearray:
        drawn.append(generate(random_bytes))
        return drawn[-1]

    monkeypatch.setattr(x25519, "generate_secret", remember)
    HPKE_3.encrypt_to(HPKE_3.public_key(OURS), TEXT, aad=AAD)
    HPKE_9.encrypt_to(HPKE_9.public_key(OURS), TEXT, aad=AAD)

    assert drawn == [bytearray(32)] * 2
