"""ML-DSA (FIPS 204, pure, with the empty context) as JOSE and COSE use it (RFC 9964), on cryptography (OpenSSL).

A secret is the 32-byte seed ξ of FIPS 204 algorithm 1, the only form that RFC 9964 allows; expanded keys are not taken. Public
keys and signatures are the standard's own bytes. Signing is hedged (FIPS 204 section 3.4): OpenSSL mixes 32 random bytes in, so
no two signatures are alike, and a fault in one of two equal computations gives nothing away. Every signature is verified before
it is handed out. COSE calls the algorithms −48, −49 and −50.
"""

from __future__ import annotations

from hmac import compare_digest

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.mldsa import (
    MLDSA44PrivateKey,
    MLDSA44PublicKey,
    MLDSA65PrivateKey,
    MLDSA65PublicKey,
    MLDSA87PrivateKey,
    MLDSA87PublicKey,
)

from native_host.encodings.jwk import Jwk
from native_host.suites.fault import SigningFault
from native_host.suites.kinds import RandomBytes, Secret
from native_host.value import Value

SEED_BYTES = 32
_PrivateKey = MLDSA44PrivateKey | MLDSA65PrivateKey | MLDSA87PrivateKey
_PublicKey = MLDSA44PublicKey | MLDSA65PublicKey | MLDSA87PublicKey


class MlDsa(Value, frozen=True, kw_only=True):
    """One parameter set. ``public_bytes`` and ``signature_bytes`` are lengths (FIPS 204 table 2)."""

    alg: str
    private: type[_PrivateKey]
    public: type[_PublicKey]
    public_bytes: int
    signature_bytes: int

    def generate_secret(self, random_bytes: RandomBytes) -> bytearray:
        """A seed: 32 random bytes (FIPS 204 algorithm 1)."""
        return bytearray(random_bytes(SEED_BYTES))

    def public_key(self, secret: Secret) -> bytes:
        """The public key; ``ValueError`` if the secret is not 32 bytes."""
        return self._private(secret).public_key().public_bytes_raw()

    def parse_public(self, jwk: Jwk) -> bytes:
        """The key of an AKP JWK; ``ValueError`` unless it names this algorithm and has its length: every such key is one."""
        if (jwk.kty, jwk.alg, jwk.crv, jwk.x, jwk.y) != ("AKP", self.alg, "", b"", None):
            raise ValueError(f"not an AKP key of {self.alg}")
        return self._checked(jwk.pub)

    def public_jwk(self, public: bytes) -> Jwk:
        """The JWK of a public key."""
        return Jwk(kty="AKP", alg=self.alg, pub=self._checked(public))

    def sign(
        self,
        secret: Secret,
        *,
        data: bytes | None = None,
        digest: bytes | None = None,
        encoding: str = "jose",
        public: bytes | None = None,
    ) -> bytes:
        """A hedged signature of ``data``; ``public``, where given, must be the secret's own key.

        Raises:
            SigningFault: if it is not, or what was computed does not verify.
        """
        message = _message(data=data, digest=digest, encoding=encoding)
        key = self._private(secret)
        derived = key.public_key()
        if public is not None and not compare_digest(public, derived.public_bytes_raw()):
            raise SigningFault
        signature = key.sign(message)
        if not _verifies(derived, signature, message):
            raise SigningFault
        return signature

    def verify(
        self, public: bytes, *, data: bytes | None = None, digest: bytes | None = None, signature: bytes, encoding: str = "jose"
    ) -> bool:
        """Whether ``signature`` is one; ``ValueError`` is for a key of another length."""
        message = _message(data=data, digest=digest, encoding=encoding)
        key = self.public.from_public_bytes(self._checked(public))
        return len(signature) == self.signature_bytes and _verifies(key, signature, message)

    def _private(self, secret: Secret) -> _PrivateKey:
        if len(secret) != SEED_BYTES:
            raise ValueError("the secret is not 32 bytes")
        return self.private.from_seed_bytes(secret)

    def _checked(self, public: bytes) -> bytes:
        if len(public) != self.public_bytes:
            raise ValueError(f"a public key of {self.alg} has {self.public_bytes} bytes")
        return public


def _verifies(key: _PublicKey, signature: bytes, message: bytes) -> bool:
    try:
        key.verify(signature, message)
    except InvalidSignature:
        return False
    return True


def _message(*, data: bytes | None, digest: bytes | None, encoding: str) -> bytes:
    if encoding != "jose":
        raise ValueError("an ML-DSA signature has no DER form")
    if data is None or digest is not None:
        raise ValueError("ML-DSA signs data, not a digest")
    return data


ML_DSA_44 = MlDsa(alg="ML-DSA-44", private=MLDSA44PrivateKey, public=MLDSA44PublicKey, public_bytes=1312, signature_bytes=2420)
ML_DSA_65 = MlDsa(alg="ML-DSA-65", private=MLDSA65PrivateKey, public=MLDSA65PublicKey, public_bytes=1952, signature_bytes=3309)
ML_DSA_87 = MlDsa(alg="ML-DSA-87", private=MLDSA87PrivateKey, public=MLDSA87PublicKey, public_bytes=2592, signature_bytes=4627)
