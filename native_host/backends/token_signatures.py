"""Signatures by keys in tokens: the token signs what the suite would, and the suite verifies it.

Digests, DigestInfo (RFC 8017 section 9.2) and encodings are made here. With secp256k1 s is made low, and the recovery id found: a token
gives neither.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from native_host.backends.pkcs11 import encode_reference
from native_host.backends.token_suite import TRIED, TokenSuite
from native_host.suites.fault import SigningFault

if TYPE_CHECKING:
    from native_host.backends.pkcs11 import Reference
    from native_host.suites.kinds import Secret

_DIGEST_INFO = {
    "SHA-256": bytes.fromhex("3031300d060960864801650304020105000420"),
    "SHA-384": bytes.fromhex("3041300d060960864801650304020205000430"),
    "SHA-512": bytes.fromhex("3051300d060960864801650304020305000440"),
}
_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141  # of secp256k1, SEC 2 section 2.4.1
_COORDINATE = 32


class TokenSignatures(TokenSuite):
    """Signatures; each is verified here before it is handed out."""

    def sign(
        self,
        secret: Secret,
        *,
        data: bytes | None = None,
        digest: bytes | None = None,
        encoding: str = "jose",
        public: bytes | None = None,
    ) -> bytes:
        """A signature as the suite of this algorithm makes it, but for its nonce, which is the token's own affair."""
        key = public or self._public or b""
        local: Any = self._suite.signatures()
        if self._suite.kty == "EC":
            signature = self._ecdsa(secret, self._digest(local, data, digest), encoding, key)
        elif self._suite.kty == "OKP":
            if data is None:
                raise ValueError("it signs the message itself")
            signature = self._call(secret, "sign_eddsa", data=data, curve=self.form.curve)
        else:
            signature = self._rsa(secret, local, self._digest(local, data, digest))
        if not local.verify(key, data=data, digest=digest, signature=signature, encoding=encoding):
            raise SigningFault
        return signature

    def verify(
        self, public: bytes, *, data: bytes | None = None, digest: bytes | None = None, signature: bytes, encoding: str = "jose"
    ) -> bool:
        return self._suite.signatures().verify(public, data=data, digest=digest, signature=signature, encoding=encoding)

    def prove(self, reference: Reference) -> None:
        self.sign(encode_reference(reference), data=TRIED)

    def _digest(self, local: Any, data: bytes | None, digest: bytes | None) -> bytes:
        if self.form.curve == "secp256k1":
            from native_host.suites.digest import sha256_digest

            return sha256_digest(data=data, digest=digest)
        from native_host.suites.ecdsa import message_digest

        return message_digest(local.hash, data=data, digest=digest)

    def _rsa(self, secret: Secret, local: Any, digest: bytes) -> bytes:
        if local.pss:
            return self._call(secret, "sign_pss", data=digest, hash=self.form.hash)
        return self._call(secret, "sign_pkcs1", data=_DIGEST_INFO[self.form.hash] + digest)

    def _ecdsa(self, secret: Secret, digest: bytes, encoding: str, public: bytes) -> bytes:
        compact = self._call(secret, "sign_ecdsa", data=digest)
        if self.form.curve == "secp256k1":
            return _as_secp256k1(self._suite.alg, low_s(compact), digest, encoding, public)
        if encoding != "der":
            return compact
        from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

        half = len(compact) // 2
        return encode_dss_signature(int.from_bytes(compact[:half], "big"), int.from_bytes(compact[half:], "big"))


def low_s(compact: bytes) -> bytes:
    """r ‖ s of secp256k1 with the lower of the two values of s that are as good as each other (BIP62 rule 5)."""
    s = int.from_bytes(compact[_COORDINATE:], "big")
    if len(compact) != 2 * _COORDINATE or not 0 < s < _ORDER:
        raise SigningFault
    return compact if 2 * s < _ORDER else compact[:_COORDINATE] + (_ORDER - s).to_bytes(_COORDINATE, "big")


def _as_secp256k1(alg: str, compact: bytes, digest: bytes, encoding: str, public: bytes) -> bytes:
    from native_host.suites import secp256k1

    try:
        if alg == "ES256K":
            return secp256k1.to_der(compact) if encoding == "der" else compact
        # A token does not say which of the points with that x coordinate it met: the one that gives the key is it.
        for recovery_id in range(4):
            if secp256k1.ecdsa_recover(digest, compact, recovery_id) == public:
                return compact + bytes((recovery_id,))
    except ValueError:
        raise SigningFault from None
    raise SigningFault
