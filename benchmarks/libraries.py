"""What each algorithm costs in process: the library's own public functions with their defaults, the key loaded beforehand.

Of one message of 32 bytes. BIP32-Ed25519 is missing: no library offers it whole.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Mapping
from functools import partial
from hashlib import sha256
from typing import Any

import sr25519
from btclib_secp256k1 import dsa, keys, recovery, ssa, xonly
from cryptography.hazmat.primitives import hashes, hpke
from cryptography.hazmat.primitives.asymmetric import ec, ed448, mldsa, mlkem, padding, rsa, x448, x25519
from cryptography.hazmat.primitives.ciphers import Cipher, aead, algorithms, modes
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap, aes_key_wrap
from cryptography.hazmat.primitives.padding import PKCS7
from jwcrypto.jwe import JWE
from jwcrypto.jwk import JWK
from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_decrypt, crypto_aead_xchacha20poly1305_ietf_encrypt
from nacl.signing import SigningKey
from pyblst import BlstP1Element, BlstP2Element, final_verify, miller_loop

Operations = Mapping[str, Callable[[], object]]

DATA = b"\x2a" * 32
CURVES: dict[str, tuple[ec.EllipticCurve, hashes.HashAlgorithm]] = {
    "ES224": (ec.SECP224R1(), hashes.SHA224()),
    "ES256": (ec.SECP256R1(), hashes.SHA256()),
    "ES384": (ec.SECP384R1(), hashes.SHA384()),
    "ES512": (ec.SECP521R1(), hashes.SHA512()),
}
AGREEMENTS: dict[str, ec.EllipticCurve] = {"ECDH-P256": ec.SECP256R1(), "ECDH-P384": ec.SECP384R1(), "ECDH-P521": ec.SECP521R1()}
HASHES: dict[str, hashes.HashAlgorithm] = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}
ML_DSA: dict[str, Any] = {"ML-DSA-44": mldsa.MLDSA44PrivateKey, "ML-DSA-65": mldsa.MLDSA65PrivateKey, "ML-DSA-87": mldsa.MLDSA87PrivateKey}
ML_KEM: dict[str, Any] = {"ML-KEM-768": mlkem.MLKEM768PrivateKey, "ML-KEM-1024": mlkem.MLKEM1024PrivateKey}


def _hybrid() -> hpke.MLKEM768X25519PrivateKey:
    return hpke.MLKEM768X25519PrivateKey(mlkem.MLKEM768PrivateKey.generate(), x25519.X25519PrivateKey.generate())


HPKES: dict[str, tuple[Any, hpke.KEM, hpke.KDF, hpke.AEAD]] = {
    "HPKE-0": (partial(ec.generate_private_key, ec.SECP256R1()), hpke.KEM.P256, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_128_GCM),
    "HPKE-3": (x25519.X25519PrivateKey.generate, hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_128_GCM),
    "HPKE-4": (x25519.X25519PrivateKey.generate, hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.CHACHA20_POLY1305),
    "HPKE-9": (_hybrid, hpke.KEM.MLKEM768_X25519, hpke.KDF.SHAKE256, hpke.AEAD.AES_256_GCM),
    "HPKE-7": (partial(ec.generate_private_key, ec.SECP256R1()), hpke.KEM.P256, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM),
}
BLS_TAG = b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_"
BLS_GENERATOR = BlstP1Element.uncompress(
    bytes.fromhex("97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb")
)


def of(alg: str) -> Operations:  # noqa: C901, PLR0911  # one line a family
    """The operations of an algorithm by name; none if no library stands here for it."""
    if alg in {"ES256K", "ES256K-R", "BIP340"}:
        return _secp256k1(alg)
    if alg in CURVES:
        return _ecdsa(*CURVES[alg])
    if alg in AGREEMENTS:
        private, other = (ec.generate_private_key(AGREEMENTS[alg]) for _ in range(2))
        return {"agree": partial(private.exchange, ec.ECDH(), other.public_key())}
    if alg in ML_DSA:
        return _signs(ML_DSA[alg].generate())
    if alg in ML_KEM:
        kem = ML_KEM[alg].generate()
        public = kem.public_key()
        return {"encapsulate": public.encapsulate, "decapsulate": partial(kem.decapsulate, public.encapsulate()[1])}
    if alg in HPKES:
        return _hpke(*HPKES[alg])
    if alg.startswith("RSA-OAEP"):
        return _rsa_oaep(hashes.SHA256() if alg.endswith("256") else hashes.SHA1())  # noqa: S303  # what is measured
    if alg.startswith("ECDH-ES"):
        return _jwe(alg)
    family, size = alg[:2], alg[2:]
    if family in {"RS", "PS"}:
        return _rsa(family, HASHES[size])
    if family == "HS":
        return {"sign": partial(hmac.digest, secrets.token_bytes(int(size) // 8), DATA, f"sha{size}")}
    if family in {"A1", "A2"}:
        return _aes(int(alg[1:4]) // 8, alg[4:])
    return _OTHERS[alg]() if alg in _OTHERS else {}


def _secp256k1(alg: str) -> Operations:
    secret = secrets.token_bytes(32)
    public = keys.pubkey_from_prvkey(secret)
    if alg == "BIP340":
        only_x = xonly.from_prvkey(secret)[0]
        return {"sign": partial(ssa.sign, DATA, secret), "verify": partial(ssa.verify, DATA, only_x, ssa.sign(DATA, secret))}
    digest = sha256(DATA).digest()
    if alg == "ES256K-R":
        signature, recid = recovery.sign(digest, secret)
        return {"sign": partial(recovery.sign, digest, secret), "verify": partial(recovery.recover, digest, signature, recid)}
    return {"sign": partial(dsa.sign, digest, secret), "verify": partial(dsa.verify, digest, public, dsa.sign(digest, secret))}


def _signs(private: Any, *scheme: object) -> Operations:
    signature = private.sign(DATA, *scheme)
    return {"sign": partial(private.sign, DATA, *scheme), "verify": partial(private.public_key().verify, signature, DATA, *scheme)}


def _ecdsa(curve: ec.EllipticCurve, hashed: hashes.HashAlgorithm) -> Operations:
    return _signs(ec.generate_private_key(curve), ec.ECDSA(hashed))


def _rsa(family: str, hashed: hashes.HashAlgorithm) -> Operations:
    pss = padding.PSS(padding.MGF1(hashed), hashed.digest_size)
    return _signs(rsa.generate_private_key(65537, 2048), pss if family == "PS" else padding.PKCS1v15(), hashed)


def _rsa_oaep(hashed: hashes.HashAlgorithm) -> Operations:
    private = rsa.generate_private_key(65537, 2048)
    oaep = padding.OAEP(padding.MGF1(hashed), hashed, None)
    public = private.public_key()
    return {"encrypt": partial(public.encrypt, DATA, oaep), "decrypt": partial(private.decrypt, public.encrypt(DATA, oaep), oaep)}


def _hpke(generate: Any, kem: hpke.KEM, kdf: hpke.KDF, cipher: hpke.AEAD) -> Operations:
    suite, private = hpke.Suite(kem, kdf, cipher), generate()
    sealed = suite.encrypt(DATA, private.public_key())
    return {"encrypt": lambda: suite.encrypt(DATA, private.public_key()), "decrypt": lambda: suite.decrypt(sealed, private)}


def _jwe(alg: str) -> Operations:
    key = JWK.generate(kty="OKP", crv="X25519")
    header = f'{{"alg":"{alg}","enc":"A256GCM"}}'

    def encrypt() -> str:
        made = JWE(DATA, header)
        made.add_recipient(key)
        return str(made.serialize(compact=True))

    sealed = encrypt()
    return {"encrypt": encrypt, "decrypt": lambda: JWE.from_jose_token(sealed).decrypt(key)}


def _aes(key_bytes: int, mode: str) -> Operations:
    key = secrets.token_bytes(key_bytes)
    if mode == "KW":
        return {"wrap": partial(aes_key_wrap, key, DATA), "unwrap": partial(aes_key_unwrap, key, aes_key_wrap(key, DATA))}
    if mode == "GCM":
        return _aead(aead.AESGCM(key))
    made: dict[str, Callable[[bytes], modes.Mode]] = {"CBC": modes.CBC, "CTR": modes.CTR, "ECB": lambda _: modes.ECB()}  # noqa: S305  # what is measured

    def crypt(data: bytes, iv: bytes, *, encrypting: bool) -> bytes:
        cipher: Cipher[Any] = Cipher(algorithms.AES(key), made[mode](iv))
        context = cipher.encryptor() if encrypting else cipher.decryptor()
        padder = None if mode == "CTR" else (PKCS7(128).padder() if encrypting else PKCS7(128).unpadder())
        if padder is None:
            return context.update(data) + context.finalize()
        if encrypting:
            return context.update(padder.update(data) + padder.finalize()) + context.finalize()
        return bytes(padder.update(context.update(data) + context.finalize()) + padder.finalize())

    fixed = secrets.token_bytes(16)
    return {
        "encrypt": lambda: crypt(DATA, secrets.token_bytes(16), encrypting=True),
        "decrypt": partial(crypt, crypt(DATA, fixed, encrypting=True), fixed, encrypting=False),
    }


def _aead(cipher: Any) -> Operations:
    nonce = secrets.token_bytes(12)
    return {
        "encrypt": lambda: cipher.encrypt(secrets.token_bytes(12), DATA, None),
        "decrypt": partial(cipher.decrypt, nonce, cipher.encrypt(nonce, DATA, None), None),
    }


def _xchacha() -> Operations:
    key, nonce = secrets.token_bytes(32), secrets.token_bytes(24)
    sealed = crypto_aead_xchacha20poly1305_ietf_encrypt(DATA, None, nonce, key)
    return {
        "encrypt": lambda: crypto_aead_xchacha20poly1305_ietf_encrypt(DATA, None, secrets.token_bytes(24), key),
        "decrypt": partial(crypto_aead_xchacha20poly1305_ietf_decrypt, sealed, None, nonce, key),
    }


def _ed25519() -> Operations:
    key = SigningKey.generate()
    return {"sign": partial(key.sign, DATA), "verify": partial(key.verify_key.verify, key.sign(DATA))}


def _sr25519() -> Operations:
    pair = sr25519.pair_from_seed(secrets.token_bytes(32))
    return {"sign": partial(sr25519.sign, pair, DATA), "verify": partial(sr25519.verify, sr25519.sign(pair, DATA), DATA, pair[0])}


def _bls() -> Operations:
    scalar = int.from_bytes(secrets.token_bytes(31), "big") + 1
    public = BLS_GENERATOR.scalar_mul(scalar)

    def sign() -> bytes:
        return bytes(BlstP2Element.hash_to_group(DATA, BLS_TAG).scalar_mul(scalar).compress())

    def verify() -> bool:
        point = BlstP2Element.hash_to_group(DATA, BLS_TAG)
        return bool(final_verify(miller_loop(BLS_GENERATOR, BlstP2Element.uncompress(signature)), miller_loop(public, point)))

    signature = sign()
    return {"sign": sign, "verify": verify}


def _x25519() -> Operations:
    private, other = (x25519.X25519PrivateKey.generate() for _ in range(2))
    return {"agree": partial(private.exchange, other.public_key())}


def _x448() -> Operations:
    private, other = (x448.X448PrivateKey.generate() for _ in range(2))
    return {"agree": partial(private.exchange, other.public_key())}


_OTHERS: dict[str, Callable[[], Operations]] = {
    "Ed25519": _ed25519,
    "Ed448": lambda: _signs(ed448.Ed448PrivateKey.generate()),
    "sr25519": _sr25519,
    "BLS12381G2": _bls,
    "C20P": lambda: _aead(aead.ChaCha20Poly1305(secrets.token_bytes(32))),
    "XC20P": _xchacha,
    "X25519": _x25519,
    "X448": _x448,
}
