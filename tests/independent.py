"""What other libraries than the host's make of its keys, signatures and ciphertexts: keys come and go as JWKs, as JSON has them.

pycryptodome where it can; else cryptography, coincurve, embit, py_ecc and dilithium-py. Of sr25519 and ML-KEM there is no second
library here: there the host's own one is asked directly.
"""

from __future__ import annotations

import hmac
from functools import cache
from hashlib import shake_256
from typing import Any

import sr25519 as schnorrkel
from coincurve import PrivateKey, PublicKey
from Crypto.Cipher import AES, PKCS1_OAEP, ChaCha20_Poly1305
from Crypto.Hash import SHA1, SHA224, SHA256, SHA384, SHA512
from Crypto.Protocol import DH, HPKE
from Crypto.PublicKey import ECC, RSA
from Crypto.Signature import DSS, eddsa, pkcs1_15, pss
from Crypto.Util.Padding import pad, unpad
from cryptography.hazmat.primitives import hpke as openssl
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA65PrivateKey, MLDSA87PrivateKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM1024PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from dilithium_py import ml_dsa as dilithium
from embit import ec as embit
from py_ecc.bls.ciphersuites import G2ProofOfPossession

from native_host.suites.table import SUITES
from tests.homes import b64, unb64

BLS: Any = G2ProofOfPossession
ECDSA: dict[str, tuple[Any, int]] = {"P-224": (SHA224, 28), "P-256": (SHA256, 32), "P-384": (SHA384, 48), "P-521": (SHA512, 66)}
EDWARDS = {"Ed25519": "Ed25519", "Ed448": "Ed448", "X25519": "Curve25519", "X448": "Curve448"}
HASHES: dict[str, Any] = {"256": SHA256, "384": SHA384, "512": SHA512}
AKP: dict[str, Any] = {
    "ML-DSA-44": MLDSA44PrivateKey,
    "ML-DSA-65": MLDSA65PrivateKey,
    "ML-DSA-87": MLDSA87PrivateKey,
    "ML-KEM-768": MLKEM768PrivateKey,
    "ML-KEM-1024": MLKEM1024PrivateKey,
}
DILITHIUM: dict[str, Any] = {name: getattr(dilithium, name.replace("-", "_")) for name in AKP if "DSA" in name}
HPKE_AEADS = {"HPKE-0": "AES128_GCM", "HPKE-3": "AES128_GCM", "HPKE-4": "CHACHA20_POLY1305", "HPKE-7": "AES256_GCM"}
HPKE_9 = openssl.Suite(openssl.KEM.MLKEM768_X25519, openssl.KDF.SHAKE256, openssl.AEAD.AES_256_GCM)
HPKE_9_ENC = 1088 + 32


@cache
def rsa_key(number: int) -> RSA.RsaKey:
    """One of as many keys as are wanted."""
    return RSA.generate(2048)


def secret_bytes(length: int) -> bytes:
    """A known secret that is one of every algorithm here: no two bytes alike, and below every order."""
    return bytes((0, 1, *range(3, length + 1)))[-length:] if length == 66 else bytes(range(1, length + 1))


def private_jwk(alg: str, number: int = 0) -> dict[str, Any]:
    """A private key of an algorithm whose secret is known, with the public members that another library computes; of RSA several."""
    suite = SUITES[alg]
    secret = secret_bytes(suite.secret_bytes[0] if suite.secret_bytes else 0)
    match suite.kty:
        case "oct":
            return {"kty": "oct", "k": b64(secret)}
        case "RSA":
            return rsa_jwk(rsa_key(number))
        case "AKP":
            return {"kty": "AKP", "alg": alg, "pub": b64(akp_public(alg, secret)), "priv": b64(secret)}
    return {"kty": suite.kty, "crv": suite.crv, **curve_members(suite.crv, secret), "d": b64(secret)}


def rsa_jwk(key: Any) -> dict[str, Any]:
    numbers = {"n": key.n, "e": key.e, "d": key.d, "p": key.p, "q": key.q, "dp": key.dp, "dq": key.dq, "qi": pow(key.q, -1, key.p)}
    return {"kty": "RSA", **{name: b64(value.to_bytes((value.bit_length() + 7) // 8, "big")) for name, value in numbers.items()}}


def akp_public(alg: str, secret: bytes) -> bytes:
    if alg != "HPKE-9":
        found: bytes = AKP[alg].from_seed_bytes(secret).public_key().public_bytes_raw()
        return found
    lattice, curve = hybrid(secret)
    return lattice.public_key().public_bytes_raw() + curve.public_key().public_bytes_raw()


def hybrid(secret: bytes) -> tuple[MLKEM768PrivateKey, X25519PrivateKey]:
    both = shake_256(secret).digest(96)
    return MLKEM768PrivateKey.from_seed_bytes(both[:64]), X25519PrivateKey.from_private_bytes(both[64:])


def curve_members(curve: str, secret: bytes) -> dict[str, str]:
    if curve == "secp256k1":
        point = PrivateKey(secret).public_key.format(compressed=False)[1:]
        return {"x": b64(point[:32]), "y": b64(point[32:])}
    if curve == "BLS12381G1":
        return {"x": b64(BLS.SkToPk(int.from_bytes(secret, "big")))}
    if curve == "sr25519":
        return {"x": b64(schnorrkel.pair_from_seed(secret)[0])}
    key = ecc_private(curve, secret).public_key()
    if curve in EDWARDS:
        return {"x": b64(key.export_key(format="raw"))}
    size = ECDSA[curve][1]
    return {"x": b64(int(key.pointQ.x).to_bytes(size, "big")), "y": b64(int(key.pointQ.y).to_bytes(size, "big"))}


def ecc_private(curve: str, secret: bytes) -> Any:
    construct: Any = ECC.construct  # its type says that a seed is text
    if curve in EDWARDS:
        return construct(curve=EDWARDS[curve], seed=secret)
    return construct(curve=curve, d=int.from_bytes(secret, "big"))


def ecc_public(jwk: dict[str, Any]) -> Any:
    curve, x = jwk["crv"], unb64(jwk["x"])
    if curve in {"Ed25519", "Ed448"}:
        return eddsa.import_public_key(x)
    if curve in EDWARDS:
        return (DH.import_x25519_public_key if curve == "X25519" else DH.import_x448_public_key)(x)
    return ECC.construct(curve=curve, point_x=int.from_bytes(x, "big"), point_y=int.from_bytes(unb64(jwk["y"]), "big"))


def rsa_public(jwk: dict[str, Any]) -> RSA.RsaKey:
    return RSA.construct(tuple(int.from_bytes(unb64(jwk[name]), "big") for name in ("n", "e")))  # type: ignore[arg-type]


def verifies(alg: str, jwk: dict[str, Any], message: bytes, signature: bytes) -> bool:
    """Whether another library finds a signature of ``message`` valid; ``jwk`` of a MAC is the secret one. BIP340: 32 bytes."""
    try:
        return bool(_verify(alg, jwk, message, signature))
    except ValueError:
        return False


def _verify(alg: str, jwk: dict[str, Any], message: bytes, signature: bytes) -> Any:
    if alg in DILITHIUM:
        return DILITHIUM[alg].verify(unb64(jwk["pub"]), message, signature)
    if alg[:2] == "HS":
        return hmac.compare_digest(hmac.digest(unb64(jwk["k"]), message, f"sha{alg[2:]}"), signature)
    if alg[:2] in {"RS", "PS"}:
        signer: Any = pkcs1_15 if alg[:2] == "RS" else pss
        return accepts(signer.new(rsa_public(jwk)), HASHES[alg[2:]].new(message), signature)
    curve = jwk["crv"]
    match alg:
        case "BLS12381G2":
            return BLS.Verify(unb64(jwk["x"]), message, signature)
        case "sr25519":
            return schnorrkel.verify(signature, message, unb64(jwk["x"]))
        case "Ed25519" | "Ed448" | "Ed25519-BIP32":
            return accepts(eddsa.new(ecc_public(jwk), "rfc8032"), message, signature)
        case "ES256K":
            return _secp256k1(jwk).verify(_der(signature), message)
        case "ES256K-R":
            return PublicKey.from_signature_and_message(signature, message) == _secp256k1(jwk)
        case "BIP340":
            return embit.PublicKey.from_xonly(unb64(jwk["x"])).schnorr_verify(embit.SchnorrSig(signature), message)
    return accepts(DSS.new(ecc_public(jwk), "fips-186-3"), ECDSA[curve][0].new(message), signature)


def accepts(verifier: Any, message: Any, signature: bytes) -> bool:
    """pycryptodome's verifiers raise ``ValueError`` at what is not valid; what they return says nothing."""
    verifier.verify(message, signature)
    return True


def _secp256k1(jwk: dict[str, Any]) -> PublicKey:
    return PublicKey(b"\x04" + unb64(jwk["x"]) + unb64(jwk["y"]))


def _der(signature: bytes) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    return encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))


def encrypt(alg: str, key: bytes, plaintext: bytes, *, aad: bytes, iv: bytes) -> dict[str, str]:
    """As the host's ``encrypt`` answers, by pycryptodome; ``iv`` as long as is wanted is cut from what is given."""
    if alg.endswith("GCM") or alg in {"C20P", "XC20P"}:
        nonce = iv[: 24 if alg == "XC20P" else 12]
        cipher: Any = AES.new(key, AES.MODE_GCM, nonce=nonce) if alg.endswith("GCM") else ChaCha20_Poly1305.new(key=key, nonce=nonce)
        cipher.update(aad)
        ciphertext, tag = cipher.encrypt_and_digest(plaintext)
        return {"iv": b64(nonce), "ciphertext": b64(ciphertext), "tag": b64(tag)}
    if alg.endswith("ECB"):
        return {"ciphertext": b64(AES.new(key, AES.MODE_ECB).encrypt(pad(plaintext, 16)))}
    text = pad(plaintext, 16) if alg.endswith("CBC") else plaintext
    return {"iv": b64(iv[:16]), "ciphertext": b64(_block_cipher(alg, key, iv[:16]).encrypt(text))}


def decrypt(alg: str, key: bytes, sealed: dict[str, str], *, aad: bytes) -> bytes:
    """The plaintext of what the host encrypted."""
    ciphertext, iv, tag = (unb64(sealed.get(name, "")) for name in ("ciphertext", "iv", "tag"))
    if tag:
        cipher: Any = AES.new(key, AES.MODE_GCM, nonce=iv) if alg.endswith("GCM") else ChaCha20_Poly1305.new(key=key, nonce=iv)
        cipher.update(aad)
        found: bytes = cipher.decrypt_and_verify(ciphertext, tag)
        return found
    if alg.endswith("ECB"):
        return unpad(AES.new(key, AES.MODE_ECB).decrypt(ciphertext), 16)
    text: bytes = _block_cipher(alg, key, iv).decrypt(ciphertext)
    return unpad(text, 16) if alg.endswith("CBC") else text


def _block_cipher(alg: str, key: bytes, iv: bytes) -> Any:
    return AES.new(key, AES.MODE_CBC, iv=iv) if alg.endswith("CBC") else AES.new(key, AES.MODE_CTR, nonce=b"", initial_value=iv)


def oaep(alg: str, key: RSA.RsaKey, aad: bytes) -> Any:
    return PKCS1_OAEP.new(key, hashAlgo=SHA1 if alg == "RSA-OAEP" else SHA256, label=aad)


def encrypt_to(alg: str, jwk: dict[str, Any], plaintext: bytes, *, aad: bytes, sender: dict[str, Any] | None = None) -> bytes:
    """Encrypted to a public key of RSA-OAEP or HPKE."""
    if alg.startswith("RSA"):
        found: bytes = oaep(alg, rsa_public(jwk), aad).encrypt(plaintext)
        return found
    if alg == "HPKE-9":
        lattice, curve = hybrid(unb64(jwk["priv"]))
        return HPKE_9.encrypt(plaintext, openssl.MLKEM768X25519PrivateKey(lattice, curve).public_key(), b"")
    more = {"sender_key": ecc_private(sender["crv"], unb64(sender["d"]))} if sender else {}
    cipher = HPKE.new(receiver_key=ecc_public(jwk), aead_id=HPKE.AEAD[HPKE_AEADS[alg]], **more)
    return bytes(cipher.enc + cipher.seal(plaintext, aad))


def decrypt_with(alg: str, jwk: dict[str, Any], ciphertext: bytes, *, aad: bytes, sender: dict[str, Any] | None = None) -> bytes:
    """Decrypted with a private key of RSA-OAEP or HPKE."""
    if alg.startswith("RSA"):
        found: bytes = oaep(alg, rsa_key(0), aad).decrypt(ciphertext)
        return found
    if alg == "HPKE-9":
        return HPKE_9.decrypt(ciphertext, openssl.MLKEM768X25519PrivateKey(*hybrid(unb64(jwk["priv"]))), b"")
    size = 65 if jwk["crv"] == "P-256" else 32
    more = {"sender_key": ecc_public(sender)} if sender else {}
    key = ecc_private(jwk["crv"], unb64(jwk["d"]))
    cipher = HPKE.new(receiver_key=key, enc=ciphertext[:size], aead_id=HPKE.AEAD[HPKE_AEADS[alg]], **more)
    return bytes(cipher.unseal(ciphertext[size:], aad))


def agree(own: dict[str, Any], other: dict[str, Any]) -> bytes:
    """The shared secret of a private and a public JWK."""
    private = ecc_private(own["crv"], unb64(own["d"]))
    return bytes(DH.key_agreement(static_priv=private, static_pub=ecc_public(other), kdf=lambda shared: shared))


def key_wrap(key: bytes, wrapped_length: int) -> Any:
    """AES key wrap of RFC 3394, or with padding where what is wrapped is not in blocks of 8 bytes."""
    return AES.new(key, AES.MODE_KWP if wrapped_length % 8 else AES.MODE_KW)


def known(alg: str, *, number: int = 0, **members: Any) -> dict[str, Any]:
    """A private JWK whose secret is known and differs by ``number``, as a wrapped key has it."""
    suite = SUITES[alg]
    size = suite.secret_bytes[0] if suite.secret_bytes else 0
    secret = bytes((1 + number % 200, number // 200, *range(2, size)))[:size]
    jwk = {"kty": "oct", "k": b64(secret)} if suite.kty == "oct" else private_jwk(alg)
    if suite.kty in {"EC", "OKP"}:
        jwk |= {"d": b64(secret), **curve_members(suite.crv, secret)}
    return {**jwk, "alg": alg, "key_ops": list(suite.usages), **members}
