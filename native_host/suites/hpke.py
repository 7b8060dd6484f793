"""HPKE (RFC 9180) in one shot, with the suites and names that JOSE gives it for integrated encryption.

HPKE-0, -3, -4 and -7 are draft-ietf-jose-hpke-encrypt's, HPKE-9 is draft-ietf-jose-hpke-pq-pqt-01's: the hybrid of ML-KEM-768 and
X25519 (draft-ietf-hpke-pq, also known as X-Wing) with SHAKE256, as draft-ietf-hpke-hpke has it. Ciphertexts are enc ‖ ct. The
authenticated mode is RFC 9180's own: JOSE has no name for it, and the hybrid has none.

The primitives are libsodium's and OpenSSL's. What RFC 9180 builds of them stands here, because ``cryptography`` offers neither
the authenticated mode nor, publicly, additional data, and the libraries that do neither know the hybrid nor work in buffers that
can be wiped. It is compared with ``cryptography``, with Pycryptodome and with the drafts' and the RFC's vectors.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha3_256, shake_256
from hmac import new as hmac

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from native_host import sodium
from native_host.encodings.jwk import Jwk
from native_host.secret import wipe
from native_host.suites import x25519
from native_host.suites.ecdh import ECDH_P256
from native_host.suites.kinds import Agreements, CannotDecrypt, RandomBytes, Secret
from native_host.suites.ml_kem import ML_KEM_768
from native_host.value import Value

NONCE_BYTES = 12
TAG_BYTES = 16
_BASE, _AUTH = 0, 2
_VERSION = b"HPKE-v1"
_HYBRID_LABEL = b"\\.//^\\"
_SEED_BYTES = 32
_EXPORTER_BYTES = 64
"""Nh of SHAKE256: the exporter secret goes into the length that is derived, though nothing is exported here."""


class Dhkem(Value, frozen=True, kw_only=True):
    """DHKEM with HKDF-SHA256 (section 4.1). ``encode`` makes of a public key what goes over the wire, ``decode`` undoes that."""

    kem_id: int
    enc_bytes: int
    agreement: Agreements
    encode: Callable[[bytes], bytes] = bytes
    decode: Callable[[bytes], bytes] = bytes

    def generate_secret(self, random_bytes: RandomBytes) -> bytearray:
        return self.agreement.generate_secret(random_bytes)

    def public_key(self, secret: Secret) -> bytes:
        return self.agreement.public_key(secret)

    def parse_public(self, jwk: Jwk) -> bytes:
        return self.agreement.parse_public(jwk)

    def public_jwk(self, public: bytes) -> Jwk:
        return self.agreement.public_jwk(public)

    def encapsulate(self, public: bytes, ephemeral: Secret, sender: Secret | None = None) -> tuple[bytes, bytes]:
        """``enc`` and the shared secret (32 bytes); ``ephemeral`` is a secret that is used once, ``sender`` the sender's own."""
        enc = self.encode(self.agreement.public_key(ephemeral))
        context = enc + self.encode(public)
        dh = self.agreement.shared_secret(ephemeral, public)
        if sender is not None:
            dh += self.agreement.shared_secret(sender, public)
            context += self.encode(self.agreement.public_key(sender))
        return enc, self._derive(dh, context)

    def decapsulate(self, secret: Secret, enc: bytes, sender: bytes | None = None) -> bytes:
        """The shared secret (32 bytes); ``sender`` is the sender's public key. ``ValueError`` if one is no key."""
        context = enc + self.encode(self.agreement.public_key(secret))
        dh = self.agreement.shared_secret(secret, self.decode(enc))
        if sender is not None:
            dh += self.agreement.shared_secret(secret, sender)
            context += self.encode(sender)
        return self._derive(dh, context)

    def _derive(self, dh: bytearray, context: bytes) -> bytes:
        suite_id = b"KEM" + self.kem_id.to_bytes(2, "big")
        try:
            return bytes(_expand(_extract(b"", suite_id, b"eae_prk", dh), suite_id, b"shared_secret", context, 32))
        finally:
            wipe(dh)


class HybridKem(Value, frozen=True, kw_only=True):
    """MLKEM768-X25519 (draft-ietf-hpke-pq section 4). A secret is a 32-byte seed of both keys; public keys and ``enc`` are both, joined."""

    alg: str
    kem_id: int = 0x647A
    enc_bytes: int = ML_KEM_768.ciphertext_bytes + x25519.KEY_BYTES

    def generate_secret(self, random_bytes: RandomBytes) -> bytearray:
        return bytearray(random_bytes(_SEED_BYTES))

    def public_key(self, secret: Secret) -> bytes:
        lattice, curve = self._secrets(secret)
        try:
            return ML_KEM_768.public_key(lattice) + x25519.public_key(curve)
        finally:
            wipe(lattice)
            wipe(curve)

    def parse_public(self, jwk: Jwk) -> bytes:
        if (jwk.kty, jwk.alg) != ("AKP", self.alg) or len(jwk.pub) != ML_KEM_768.public_bytes + x25519.KEY_BYTES:
            raise ValueError(f"not an AKP key of {self.alg}")
        lattice, curve = jwk.pub[: ML_KEM_768.public_bytes], jwk.pub[ML_KEM_768.public_bytes :]
        return ML_KEM_768.parse_public(ML_KEM_768.public_jwk(lattice)) + x25519.parse_public(x25519.public_jwk(curve))

    def public_jwk(self, public: bytes) -> Jwk:
        return Jwk(kty="AKP", alg=self.alg, pub=public)

    def encapsulate(self, public: bytes, ephemeral: Secret) -> tuple[bytes, bytes]:
        """``enc`` and the shared secret (32 bytes); ``ephemeral`` is an X25519 secret that is used once."""
        curve = public[ML_KEM_768.public_bytes :]
        ciphertext, shared = ML_KEM_768.encapsulate(public[: ML_KEM_768.public_bytes])
        ours = x25519.public_key(ephemeral)
        return ciphertext + ours, _combine(shared, x25519.shared_secret(ephemeral, curve), ours, curve)

    def decapsulate(self, secret: Secret, enc: bytes) -> bytes:
        """The shared secret (32 bytes). ML-KEM's part cannot fail: what is wrong with it shows in the AEAD."""
        theirs = enc[ML_KEM_768.ciphertext_bytes :]
        lattice, curve = self._secrets(secret)
        try:
            shared = ML_KEM_768.decapsulate(lattice, enc[: ML_KEM_768.ciphertext_bytes])
            return _combine(shared, x25519.shared_secret(curve, theirs), theirs, x25519.public_key(curve))
        finally:
            wipe(lattice)
            wipe(curve)

    def _secrets(self, seed: Secret) -> tuple[bytearray, bytearray]:
        if len(seed) != _SEED_BYTES:
            raise ValueError("the secret is not 32 bytes")
        both = bytearray(shake_256(seed).digest(64 + x25519.KEY_BYTES))
        return both[:64], both[64:]


def _combine(lattice: bytearray, curve: bytearray, ciphertext: bytes, public: bytes) -> bytes:
    try:
        combined = sha3_256(lattice)
        for part in (curve, ciphertext, public, _HYBRID_LABEL):
            combined.update(part)
        return combined.digest()
    finally:
        wipe(lattice)
        wipe(curve)


def _extract(salt: bytes, suite_id: bytes, label: bytes, ikm: bytes | bytearray) -> bytes:
    """LabeledExtract (section 4): HKDF-Extract is one HMAC (RFC 5869 section 2.2)."""
    extracted = hmac(salt, _VERSION + suite_id + label, "sha256")
    extracted.update(ikm)
    return extracted.digest()


def _expand(prk: bytes, suite_id: bytes, label: bytes, info: bytes, length: int) -> bytearray:
    """LabeledExpand (section 4)."""
    out = bytearray(length)
    HKDFExpand(SHA256(), length, length.to_bytes(2, "big") + _VERSION + suite_id + label + info).derive_into(prk, out)
    return out


def hkdf_sha256(suite_id: bytes, mode: int, shared: bytes, info: bytes, key_bytes: int) -> tuple[bytearray, bytearray]:
    """The key and the nonce of the key schedule without a pre-shared key (section 5.1)."""
    context = bytes((mode,)) + _extract(b"", suite_id, b"psk_id_hash", b"") + _extract(b"", suite_id, b"info_hash", info)
    secret = _extract(shared, suite_id, b"secret", b"")
    return _expand(secret, suite_id, b"key", context, key_bytes), _expand(secret, suite_id, b"base_nonce", context, NONCE_BYTES)


def shake256(suite_id: bytes, mode: int, shared: bytes, info: bytes, key_bytes: int) -> tuple[bytearray, bytearray]:
    """The same with a KDF of one stage (draft-ietf-hpke-hpke section 5.1, CombineSecrets_OneStage)."""
    length = key_bytes + NONCE_BYTES + _EXPORTER_BYTES
    secrets, context = _prefixed(b"") + _prefixed(shared), bytes((mode,)) + _prefixed(b"") + _prefixed(info)
    out = bytearray(shake_256(secrets + _VERSION + suite_id + _prefixed(b"secret") + length.to_bytes(2, "big") + context).digest(length))
    return out[:key_bytes], out[key_bytes : key_bytes + NONCE_BYTES]


def _prefixed(data: bytes) -> bytes:
    if len(data) >= 1 << 16:
        raise ValueError("HPKE's info is too long")
    return len(data).to_bytes(2, "big") + data


class Hpke(Value, frozen=True, kw_only=True):
    """A suite: a ``PublicCiphers``. Everything is done in one shot, so a key encrypts one message and its nonce is never used again."""

    kem: Dhkem | HybridKem
    kdf_id: int
    schedule: Callable[[bytes, int, bytes, bytes, int], tuple[bytearray, bytearray]]
    aead_id: int
    aead: type[AESGCM | ChaCha20Poly1305]
    key_bytes: int

    def generate_secret(self, random_bytes: RandomBytes) -> bytearray:
        """A secret of the suite's KEM; 32 bytes in all of them."""
        return self.kem.generate_secret(random_bytes)

    def public_key(self, secret: Secret) -> bytes:
        """The public key, on P-256 compressed; ``ValueError`` if the secret is none."""
        return self.kem.public_key(secret)

    def parse_public(self, jwk: Jwk) -> bytes:
        """The public key of a JWK: EC, OKP, or AKP for the hybrid; ``ValueError`` if it is none."""
        return self.kem.parse_public(jwk)

    def public_jwk(self, public: bytes) -> Jwk:
        """The JWK of a public key."""
        return self.kem.public_jwk(public)

    def encrypt_to(self, public: bytes, plaintext: bytes, *, aad: bytes, info: bytes = b"") -> bytes:
        """enc ‖ ct in mode_base: anyone can have made it. ``ValueError`` if ``public`` is no key."""
        ephemeral = _ephemeral(self.kem)
        try:
            enc, shared = self.kem.encapsulate(public, ephemeral)
        finally:
            wipe(ephemeral)
        return enc + self._seal(_BASE, shared, plaintext, aad, info)

    def decrypt_with(self, secret: Secret, ciphertext: bytes, *, aad: bytes, info: bytes = b"") -> bytearray:
        """The plaintext of enc ‖ ct in mode_base. Raises ``CannotDecrypt``, whatever is wrong."""
        enc, body = self._parts(ciphertext)
        return self._open(_BASE, lambda: self.kem.decapsulate(secret, enc), body, aad, info)

    def _seal(self, mode: int, shared: bytes, plaintext: bytes, aad: bytes, info: bytes) -> bytes:
        key, nonce = self.schedule(self._suite_id(), mode, shared, info, self.key_bytes)
        try:
            return self.aead(key).encrypt(nonce, plaintext, aad)
        finally:
            wipe(key)

    def _open(self, mode: int, decapsulate: Callable[[], bytes], body: bytes, aad: bytes, info: bytes) -> bytearray:
        out = bytearray(max(len(body) - TAG_BYTES, 0))
        try:
            key, nonce = self.schedule(self._suite_id(), mode, decapsulate(), info, self.key_bytes)
            try:
                self.aead(key).decrypt_into(nonce, body, aad, out)
            finally:
                wipe(key)
        except (ValueError, InvalidTag):
            wipe(out)  # of what does not authenticate, nothing is left
            raise CannotDecrypt("it does not decrypt") from None
        return out

    def _parts(self, ciphertext: bytes) -> tuple[bytes, bytes]:
        return ciphertext[: self.kem.enc_bytes], ciphertext[self.kem.enc_bytes :]

    def _suite_id(self) -> bytes:
        return b"HPKE" + b"".join(number.to_bytes(2, "big") for number in (self.kem.kem_id, self.kdf_id, self.aead_id))


class AuthHpke(Hpke, frozen=True, kw_only=True):
    """A suite whose KEM has the authenticated mode too (section 5.1.3).

    It tells the receiver who sent, and no third party: the receiver could have made the same, and so could whoever has the
    receiver's secret (section 9.1.1).
    """

    kem: Dhkem

    def auth_encrypt_to(self, public: bytes, plaintext: bytes, *, sender_secret: Secret, aad: bytes, info: bytes = b"") -> bytes:
        """enc ‖ ct in mode_auth. ``ValueError`` if one of the keys is none."""
        ephemeral = _ephemeral(self.kem)
        try:
            enc, shared = self.kem.encapsulate(public, ephemeral, sender_secret)
        finally:
            wipe(ephemeral)
        return enc + self._seal(_AUTH, shared, plaintext, aad, info)

    def auth_decrypt_with(self, secret: Secret, ciphertext: bytes, *, sender_public: bytes, aad: bytes, info: bytes = b"") -> bytearray:
        """The plaintext of enc ‖ ct in mode_auth from ``sender_public``. Raises ``CannotDecrypt``, whatever is wrong."""
        enc, body = self._parts(ciphertext)
        return self._open(_AUTH, lambda: self.kem.decapsulate(secret, enc, sender_public), body, aad, info)


def _ephemeral(kem: Dhkem | HybridKem) -> bytearray:
    return (kem.agreement if isinstance(kem, Dhkem) else x25519).generate_secret(sodium.random_bytes)


DHKEM_X25519 = Dhkem(kem_id=0x20, enc_bytes=32, agreement=x25519)
DHKEM_P256 = Dhkem(kem_id=0x10, enc_bytes=65, agreement=ECDH_P256, encode=ECDH_P256.uncompressed, decode=ECDH_P256.compressed)

HPKE_0 = AuthHpke(kem=DHKEM_P256, kdf_id=1, schedule=hkdf_sha256, aead_id=1, aead=AESGCM, key_bytes=16)
HPKE_3 = AuthHpke(kem=DHKEM_X25519, kdf_id=1, schedule=hkdf_sha256, aead_id=1, aead=AESGCM, key_bytes=16)
HPKE_4 = AuthHpke(kem=DHKEM_X25519, kdf_id=1, schedule=hkdf_sha256, aead_id=3, aead=ChaCha20Poly1305, key_bytes=32)
HPKE_7 = AuthHpke(kem=DHKEM_P256, kdf_id=1, schedule=hkdf_sha256, aead_id=2, aead=AESGCM, key_bytes=32)
HPKE_9 = Hpke(kem=HybridKem(alg="HPKE-9"), kdf_id=0x11, schedule=shake256, aead_id=2, aead=AESGCM, key_bytes=32)
