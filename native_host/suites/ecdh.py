"""ECDH with the cofactor (SP 800-56A section 5.7.1.2, where it is 1) over P-256, P-384 and P-521, on OpenSSL.

Public keys are SEC 1 compressed; secrets are big-endian, 32, 48 or 66 bytes. A shared secret is the x coordinate of the
common point in the curve's full length (RFC 7518 section 4.6.2): no key, only what a key is derived from.
"""

from __future__ import annotations

from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric import ec

from native_host.encodings.jwk import Jwk
from native_host.secret import wipe
from native_host.suites.key_forms import Encoding, PublicFormat, load_der_private_key
from native_host.value import Value

_COMPRESSED = (2, 3)
_UNCOMPRESSED = 4


class Ecdh(Value, frozen=True, kw_only=True):
    """The agreement over one curve. ``size`` is the length of a coordinate and of a secret, in bytes.

    ``named_curve`` is the curve as the parameters of an ECPrivateKey (RFC 5915 section 3).
    """

    crv: str
    curve: ec.EllipticCurve
    size: int
    named_curve: bytes

    def generate_secret(self, random_bytes: Callable[[int], bytes]) -> bytearray:
        """A secret from 1 to n-1 (FIPS 186-5 section A.2.2), by rejection."""
        while True:
            secret = bytearray(random_bytes(self.size))
            # P-521's order is not of whole bytes: without this, one draw in 128 would do.
            secret[0] &= 0xFF >> (8 * self.size - self.curve.key_size)
            try:
                self._private(secret)
            except ValueError:
                continue
            return secret

    def public_key(self, secret: bytes | bytearray | memoryview) -> bytes:
        """The SEC 1 compressed public key; ``ValueError`` if the secret is none."""
        return _encoded(self._private(secret).public_key(), PublicFormat.CompressedPoint)

    def parse_public(self, jwk: Jwk) -> bytes:
        """The compressed public key of an EC JWK; ``ValueError`` if it is no point of the curve."""
        if (jwk.kty, jwk.crv) != ("EC", self.crv) or jwk.y is None or (len(jwk.x), len(jwk.y)) != (self.size, self.size):
            raise ValueError(f"not an EC key on {self.crv}")
        return self.compressed(bytes((_UNCOMPRESSED,)) + jwk.x + jwk.y)

    def public_jwk(self, public: bytes) -> Jwk:
        """The JWK of a compressed public key."""
        point = self.uncompressed(public)
        return Jwk(kty="EC", crv=self.crv, x=point[1 : 1 + self.size], y=point[1 + self.size :])

    def shared_secret(self, secret: bytes | bytearray | memoryview, public: bytes) -> bytearray:
        """The x coordinate of the common point; ``ValueError`` if the secret is none or ``public`` no compressed point."""
        # OpenSSL hands it out as bytes, of which ours is a copy: that one cannot be wiped.
        return bytearray(self._private(secret).exchange(ec.ECDH(), self._point(public)))

    def compressed(self, point: bytes) -> bytes:
        """The compressed form of an uncompressed point; ``ValueError`` if it is none."""
        if len(point) != 1 + 2 * self.size or point[0] != _UNCOMPRESSED:
            raise ValueError(f"not an uncompressed point of {self.crv}")
        return _encoded(self._decoded(point), PublicFormat.CompressedPoint)

    def uncompressed(self, public: bytes) -> bytes:
        """The uncompressed form of a public key; ``ValueError`` if it is none."""
        return _encoded(self._point(public), PublicFormat.UncompressedPoint)

    def _point(self, public: bytes) -> ec.EllipticCurvePublicKey:
        if len(public) != 1 + self.size or public[0] not in _COMPRESSED:
            raise ValueError(f"not a compressed point of {self.crv}")
        return self._decoded(public)

    def _decoded(self, point: bytes) -> ec.EllipticCurvePublicKey:
        try:
            return ec.EllipticCurvePublicKey.from_encoded_point(self.curve, point)
        except ValueError:
            raise ValueError(f"not a point of {self.crv}") from None

    def _private(self, secret: bytes | bytearray | memoryview) -> ec.EllipticCurvePrivateKey:
        if len(secret) != self.size:
            raise ValueError(f"the secret is not {self.size} bytes")
        # The DER form, as a buffer can be wiped and the integer of the other way in cannot.
        head = bytes((0x30, 7 + self.size + len(self.named_curve), 2, 1, 1, 4, self.size))
        der = bytearray(len(head) + self.size) + bytes((0xA0, len(self.named_curve))) + self.named_curve
        der[: len(head)] = head
        der[len(head) : len(head) + self.size] = secret
        try:
            key = load_der_private_key(der, None)
        except ValueError:
            raise ValueError(f"the secret is not a {self.crv} key") from None
        finally:
            wipe(der)
        assert isinstance(key, ec.EllipticCurvePrivateKey)  # noqa: S101  # the type of what the parameters name
        return key


def _encoded(key: ec.EllipticCurvePublicKey, form: PublicFormat) -> bytes:
    return key.public_bytes(Encoding.X962, form)


ECDH_P256 = Ecdh(crv="P-256", curve=ec.SECP256R1(), size=32, named_curve=bytes.fromhex("06082a8648ce3d030107"))
ECDH_P384 = Ecdh(crv="P-384", curve=ec.SECP384R1(), size=48, named_curve=bytes.fromhex("06052b81040022"))
ECDH_P521 = Ecdh(crv="P-521", curve=ec.SECP521R1(), size=66, named_curve=bytes.fromhex("06052b81040023"))
