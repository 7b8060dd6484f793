"""ML-KEM-768 and ML-KEM-1024 (FIPS 203), on OpenSSL.

A secret is the seed d ‖ z (64 bytes, FIPS 203 section 7.1), from which the decapsulation key is made anew at each use: it
is the short form, and one that cannot be inconsistent. Expanded decapsulation keys are not read. Public keys are
encapsulation keys, whose modulus check (section 7.2) is OpenSSL's; JWKs are AKP (RFC 9964 section 3, with the ``alg`` names of
draft-ietf-jose-pqc-kem). Encapsulation draws its randomness inside OpenSSL.
"""

from __future__ import annotations

from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.mlkem import (
    MLKEM768PrivateKey,
    MLKEM768PublicKey,
    MLKEM1024PrivateKey,
    MLKEM1024PublicKey,
)

from native_host.encodings.jwk import Jwk
from native_host.value import Value

SECRET_BYTES = 64


class MlKem(Value, frozen=True, kw_only=True):
    """One parameter set. The lengths are of an encapsulation key and of a ciphertext, in bytes (FIPS 203 table 3)."""

    alg: str
    private: type[MLKEM768PrivateKey | MLKEM1024PrivateKey]
    public: type[MLKEM768PublicKey | MLKEM1024PublicKey]
    public_bytes: int
    ciphertext_bytes: int

    def generate_secret(self, random_bytes: Callable[[int], bytes]) -> bytearray:
        """A secret: the 64 random bytes d ‖ z."""
        return bytearray(random_bytes(SECRET_BYTES))

    def public_key(self, secret: bytes | bytearray | memoryview) -> bytes:
        """The encapsulation key; ``ValueError`` if the secret is not 64 bytes."""
        return self._private(secret).public_key().public_bytes_raw()

    def parse_public(self, jwk: Jwk) -> bytes:
        """The encapsulation key of an AKP JWK; ``ValueError`` if it is of another kind or fails the checks of section 7.2."""
        if (jwk.kty, jwk.alg) != ("AKP", self.alg):
            raise ValueError(f"not an AKP key of {self.alg}")
        self._public(jwk.pub)
        return jwk.pub

    def public_jwk(self, public: bytes) -> Jwk:
        """The JWK of an encapsulation key."""
        return Jwk(kty="AKP", alg=self.alg, pub=public)

    def encapsulate(self, public: bytes) -> tuple[bytes, bytearray]:
        """A ciphertext and the shared secret (32 bytes); ``ValueError`` if ``public`` is no encapsulation key."""
        shared, ciphertext = self._public(public).encapsulate()
        return ciphertext, bytearray(shared)

    def decapsulate(self, secret: bytes | bytearray | memoryview, ciphertext: bytes) -> bytearray:
        """The shared secret (32 bytes). A ciphertext that is not one gives another secret, never an error.

        Raises:
            ValueError: for a secret or a ciphertext of a wrong length.
        """
        key = self._private(secret)
        if len(ciphertext) != self.ciphertext_bytes:
            raise ValueError(f"not a ciphertext of {self.alg}")
        return bytearray(key.decapsulate(ciphertext))

    def _public(self, public: bytes) -> MLKEM768PublicKey | MLKEM1024PublicKey:
        """The key object of an encapsulation key; ``ValueError`` if it is of a wrong length or not reduced."""
        try:
            return self.public.from_public_bytes(public)
        except ValueError:
            raise ValueError(f"not an encapsulation key of {self.alg}") from None

    def _private(self, secret: bytes | bytearray | memoryview) -> MLKEM768PrivateKey | MLKEM1024PrivateKey:
        if len(secret) != SECRET_BYTES:
            raise ValueError("the secret is not 64 bytes")
        return self.private.from_seed_bytes(secret)


ML_KEM_768 = MlKem(alg="ML-KEM-768", private=MLKEM768PrivateKey, public=MLKEM768PublicKey, public_bytes=1184, ciphertext_bytes=1088)
ML_KEM_1024 = MlKem(alg="ML-KEM-1024", private=MLKEM1024PrivateKey, public=MLKEM1024PublicKey, public_bytes=1568, ciphertext_bytes=1568)
