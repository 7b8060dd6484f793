"""ECDSA (FIPS 186-5 section 6) over P-224, P-256, P-384 and P-521, nonces by RFC 6979, on OpenSSL.

ES256, ES384 and ES512 are RFC 7518 section 3.4; ES224 is made in their manner: P-224 with SHA-224. Secrets are the scalar,
big-endian, of the curve's own length; public keys are SEC 1 compressed. Signatures are r ‖ s of twice that length, or DER; s is
left as it comes, as the standard has no low-s rule.
"""

from __future__ import annotations

import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA224, SHA256, SHA384, SHA512, HashAlgorithm

from native_host.encodings.jwk import Jwk
from native_host.secret import wipe
from native_host.suites.fault import SigningFault
from native_host.suites.key_forms import Encoding, PublicFormat, load_der_private_key
from native_host.suites.kinds import RandomBytes, Secret
from native_host.value import Value

_COMPRESSED = (2, 3)  # SEC 1 section 2.3.3, by y's parity


def message_digest(algorithm: HashAlgorithm, *, data: bytes | None, digest: bytes | None) -> bytes:
    """``digest``, or the hash (FIPS 180-4) of ``data``.

    Raises:
        ValueError: unless exactly one of the two is given, and a digest has the hash's length.
    """
    if (data is None) == (digest is None):
        raise ValueError("exactly one of data and digest is signed")
    if data is not None:
        return hashlib.new(algorithm.name, data).digest()
    if digest is None or len(digest) != algorithm.digest_size:
        raise ValueError(f"the digest is not {algorithm.digest_size} bytes")
    return digest


class NistEcdsa(Value, frozen=True, kw_only=True):
    """A signature algorithm: ``crv`` as in a JWK, the curve, ``oid`` its identifier as DER contents (RFC 5480), the hash."""

    crv: str
    curve: ec.EllipticCurve
    oid: bytes
    hash: HashAlgorithm

    @property
    def size(self) -> int:
        """The length of a secret, of a coordinate, and of r and s, in bytes."""
        return (self.curve.key_size + 7) // 8

    def generate_secret(self, random_bytes: RandomBytes) -> bytearray:
        """A secret from 1 to n-1 (FIPS 186-5 section A.2.2), by rejection."""
        spare_bits = 8 * self.size - self.curve.key_size
        while True:
            secret = bytearray(random_bytes(self.size))
            secret[0] &= 0xFF >> spare_bits
            try:
                self._private(secret)
            except ValueError:
                continue
            return secret

    def public_key(self, secret: Secret) -> bytes:
        """The SEC 1 compressed public key; ``ValueError`` if the secret is none."""
        return _compressed(self._private(secret).public_key())

    def parse_public(self, jwk: Jwk) -> bytes:
        """The compressed public key of an EC JWK on the curve; ``ValueError`` if it is no point of it."""
        if (jwk.kty, jwk.crv) != ("EC", self.crv) or jwk.y is None or (len(jwk.x), len(jwk.y)) != (self.size, self.size):
            raise ValueError(f"not an EC key on {self.crv}")
        return _compressed(self._decode(b"\x04" + jwk.x + jwk.y))

    def public_jwk(self, public: bytes) -> Jwk:
        """The JWK of a compressed public key."""
        point = self._point(public).public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return Jwk(kty="EC", crv=self.crv, x=point[1 : 1 + self.size], y=point[1 + self.size :])

    def sign(
        self,
        secret: Secret,
        *,
        data: bytes | None = None,
        digest: bytes | None = None,
        encoding: str = "jose",
        public: bytes | None = None,
    ) -> bytes:
        """A signature of the hash of ``data``, or of ``digest``; ``public``, where given, must be the secret's own key.

        It is verified before it is handed out: with deterministic nonces, a wrong signature beside a right one of the same
        message gives the secret away.
        """
        message = message_digest(self.hash, data=data, digest=digest)
        self._check_encoding(encoding)
        key = self._private(secret)
        own, prehashed = key.public_key(), Prehashed(self.hash)
        if public is not None and public != _compressed(own):
            raise SigningFault
        der = key.sign(message, ec.ECDSA(prehashed, deterministic_signing=True))
        try:
            own.verify(der, message, ec.ECDSA(prehashed))
        except InvalidSignature:
            raise SigningFault from None
        if encoding == "der":
            return der
        r, s = decode_dss_signature(der)
        return r.to_bytes(self.size, "big") + s.to_bytes(self.size, "big")

    def verify(
        self,
        public: bytes,
        *,
        data: bytes | None = None,
        digest: bytes | None = None,
        signature: bytes,
        encoding: str = "jose",
    ) -> bool:
        """Whether ``signature`` is one; what is no signature at all is not valid, ``ValueError`` is for a key that is no point."""
        key, message = self._point(public), message_digest(self.hash, data=data, digest=digest)
        self._check_encoding(encoding)
        if encoding == "jose":
            if len(signature) != 2 * self.size:
                return False
            r, s = (int.from_bytes(half, "big") for half in (signature[: self.size], signature[self.size :]))
            signature = encode_dss_signature(r, s)
        try:
            key.verify(signature, message, ec.ECDSA(Prehashed(self.hash)))
        except InvalidSignature:
            return False
        return True

    def _check_encoding(self, encoding: str) -> None:
        if encoding not in {"jose", "der"}:
            raise ValueError("an ECDSA signature is encoded as jose or der")

    def _private(self, secret: Secret) -> ec.EllipticCurvePrivateKey:
        """The key, by an ECPrivateKey (RFC 5915 section 3): a buffer can be wiped, the integer of the other way in cannot."""
        if len(secret) != self.size:
            raise ValueError(f"the secret is not {self.size} bytes")
        head = b"\x02\x01\x01\x04" + bytes((self.size,))
        tail = b"\xa0" + bytes((len(self.oid) + 2,)) + b"\x06" + bytes((len(self.oid),)) + self.oid
        head = b"\x30" + bytes((len(head) + self.size + len(tail),)) + head
        der = bytearray(head + bytes(self.size) + tail)
        der[len(head) : len(head) + self.size] = secret
        try:
            key = load_der_private_key(der, None)
        except ValueError:
            raise ValueError(f"the secret is not a {self.crv} key") from None
        finally:
            wipe(der)
        assert isinstance(key, ec.EllipticCurvePrivateKey)  # noqa: S101  # the type of what ``oid`` names
        return key

    def _point(self, public: bytes) -> ec.EllipticCurvePublicKey:
        if len(public) != 1 + self.size or public[0] not in _COMPRESSED:
            raise ValueError(f"not a point of {self.crv}")
        return self._decode(public)

    def _decode(self, encoded: bytes) -> ec.EllipticCurvePublicKey:
        try:
            return ec.EllipticCurvePublicKey.from_encoded_point(self.curve, encoded)
        except ValueError:
            raise ValueError(f"not a point of {self.crv}") from None


def _compressed(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)


ES224 = NistEcdsa(crv="P-224", curve=ec.SECP224R1(), oid=bytes.fromhex("2b81040021"), hash=SHA224())
ES256 = NistEcdsa(crv="P-256", curve=ec.SECP256R1(), oid=bytes.fromhex("2a8648ce3d030107"), hash=SHA256())
ES384 = NistEcdsa(crv="P-384", curve=ec.SECP384R1(), oid=bytes.fromhex("2b81040022"), hash=SHA384())
ES512 = NistEcdsa(crv="P-521", curve=ec.SECP521R1(), oid=bytes.fromhex("2b81040023"), hash=SHA512())
