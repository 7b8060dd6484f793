"""RSA (RFC 8017): signatures by PKCS#1 v1.5 and PSS and encryption by OAEP, as RFC 7518 names them, on OpenSSL.

A secret is the DER of a two-prime ``RSAPrivateKey`` (section A.1.2), a public key that of ``RSAPublicKey`` (A.1.1), each in its
only form. Moduli have 2048, 3072 or 4096 bits. Public exponents are those of FIPS 186-5 section A.1.1, odd and above 2^16, but
below 2^32: smaller ones have made sloppy padding checks forgeable, larger ones serve nobody and make verifying slow.

Whatever a key is to be is checked when it comes in, primes too, which takes 25 to 180 milliseconds; after that a stored secret is
trusted to be what ``public_key`` accepted, and what is computed with it is verified.
"""

from __future__ import annotations

from collections.abc import Sequence

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, SHA384, SHA512, HashAlgorithm

from native_host.encodings.der import INTEGER, SEQUENCE, read_element, read_only
from native_host.encodings.jwk import Jwk
from native_host.secret import wipe
from native_host.suites.ecdsa import message_digest
from native_host.suites.fault import SigningFault
from native_host.suites.key_forms import Encoding, NoEncryption, PrivateFormat, load_der_private_key
from native_host.suites.kinds import CannotDecrypt, RandomBytes, Secret
from native_host.value import Value

MODULUS_LENGTHS = (2048, 3072, 4096)
DEFAULT_MODULUS_LENGTH = 3072
EXPONENTS = range(65537, 1 << 32, 2)

_PUBLIC = ("n", "e")
_PRIVATE = (*_PUBLIC, "d", "p", "q", "dp", "dq", "qi")
_TWO_PRIMES = b"\x02\x01\x00"  # the version 0
_SIGN_BIT = 0x80
_TOP_BYTES = 12


def secret_of_members(n: Secret, e: Secret, d: Secret, p: Secret, q: Secret, dp: Secret, dq: Secret, qi: Secret) -> bytearray:
    """The secret whose numbers these are, big-endian (RFC 7518 section 6.3).

    Raises:
        ValueError: if one is zero or has leading zeros, or together they are no key: the primes are none, or not half as long as
            the modulus, n ≠ p·q, or an exponent or the coefficient does not belong to them.
    """
    secret = _encode((n, e, d, p, q, dp, dq, qi), _TWO_PRIMES)
    try:
        _check(secret)
    except ValueError:
        wipe(secret)
        raise
    return secret


def members_of_secret(secret: Secret) -> dict[str, bytes]:
    """The numbers of a secret by their names in a JWK, big-endian without leading zeros."""
    return {name: bytes(number) for name, number in _read_secret(secret).items()}


class _Keys(Value, frozen=True, kw_only=True):
    """Keys are the same for every algorithm; the table says which of them a key is for."""

    def generate_secret(self, random_bytes: RandomBytes, *, modulus_length: int = DEFAULT_MODULUS_LENGTH) -> bytearray:
        """A fresh secret with the public exponent 65537, by OpenSSL's generator and its own random bytes.

        Raises:
            ValueError: for another length than 2048, 3072 or 4096 bits.
        """
        del random_bytes
        if modulus_length not in MODULUS_LENGTHS:
            raise ValueError("a modulus has 2048, 3072 or 4096 bits")
        key = rsa.generate_private_key(EXPONENTS.start, modulus_length)
        # The library hands it out as ``bytes``, which cannot be wiped, and has no other way.
        return bytearray(key.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption()))

    def public_key(self, secret: Secret) -> bytes:
        """The ``RSAPublicKey``; ``ValueError`` unless the secret is a key in every respect."""
        numbers = _check(secret)
        return bytes(_encode((numbers["n"], numbers["e"])))

    def parse_public(self, jwk: Jwk) -> bytes:
        """The ``RSAPublicKey`` of an RSA JWK; ``ValueError`` if its modulus or exponent is none of those above."""
        if jwk.kty != "RSA":
            raise ValueError("not an RSA key")
        public = bytes(_encode((jwk.n, jwk.e)))
        _read_public(public)
        return public

    def public_jwk(self, public: bytes) -> Jwk:
        """The JWK of an ``RSAPublicKey``."""
        numbers = _read_public(public)
        return Jwk(kty="RSA", n=bytes(numbers["n"]), e=bytes(numbers["e"]))


class RsaSignatures(_Keys, frozen=True, kw_only=True):
    """RSASSA-PSS (section 8.1; MGF1 with the same hash, a salt as long as it), or RSASSA-PKCS1-v1_5 (section 8.2)."""

    hash: HashAlgorithm
    pss: bool

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

        It is verified before it is handed out: of a signature that went wrong, one modulo one prime but not the other, a prime
        can be computed.
        """
        message, numbers = self._message(data=data, digest=digest, encoding=encoding), _read_secret(secret)
        if public is not None and public != _encode((numbers["n"], numbers["e"])):
            raise SigningFault
        signature = _private(secret).sign(message, self._padding(), Prehashed(self.hash))
        if not self._holds(_public(numbers), message, signature):
            raise SigningFault
        return signature

    def verify(
        self,
        public: bytes,
        *,
        data: bytes | None = None,
        digest: bytes | None = None,
        signature: bytes,
        encoding: str = "jose",
    ) -> bool:
        """Whether ``signature`` is one, and as long as the modulus; ``ValueError`` is for a key that is none."""
        numbers, message = _read_public(public), self._message(data=data, digest=digest, encoding=encoding)
        return len(signature) == len(numbers["n"]) and self._holds(_public(numbers), message, signature)

    def _message(self, *, data: bytes | None, digest: bytes | None, encoding: str) -> bytes:
        if encoding != "jose":
            raise ValueError("an RSA signature has no DER form")
        return message_digest(self.hash, data=data, digest=digest)

    def _padding(self) -> padding.AsymmetricPadding:
        return padding.PSS(padding.MGF1(self.hash), self.hash.digest_size) if self.pss else padding.PKCS1v15()

    def _holds(self, key: rsa.RSAPublicKey, message: bytes, signature: bytes) -> bool:
        try:
            key.verify(signature, message, self._padding(), Prehashed(self.hash))
        except InvalidSignature:
            return False
        return True


class RsaOaep(_Keys, frozen=True, kw_only=True):
    """RSAES-OAEP (section 7.1), MGF1 with the same hash. ``aad`` is the label L, which both sides must know."""

    hash: HashAlgorithm

    def encrypt_to(self, public: bytes, plaintext: bytes, *, aad: bytes) -> bytes:
        """A ciphertext as long as the modulus; ``ValueError`` if the plaintext does not fit, which is two hashes and two bytes less."""
        numbers = _read_public(public)
        if len(plaintext) > len(numbers["n"]) - 2 * self.hash.digest_size - 2:
            raise ValueError("the plaintext is too long for the modulus")
        return _public(numbers).encrypt(plaintext, self._padding(aad))

    def decrypt_with(self, secret: Secret, ciphertext: bytes, *, aad: bytes) -> bytearray:
        """The plaintext.

        OpenSSL decodes in constant time, and nothing here tells apart what went wrong (section 7.1.2, Manger's attack).

        Raises:
            CannotDecrypt: for a wrong length, a number not below the modulus, another label, or a wrong padding.
            ValueError: if the secret is none.
        """
        _read_secret(secret)
        key = _private(secret)
        try:
            return bytearray(key.decrypt(ciphertext, self._padding(aad)))
        except ValueError:
            raise CannotDecrypt("it does not decrypt") from None

    def _padding(self, label: bytes) -> padding.OAEP:
        return padding.OAEP(padding.MGF1(self.hash), self.hash, label)


def _private(secret: Secret) -> rsa.RSAPrivateKey:
    """The key of a secret that ``_read_secret`` has read, and that ``_check`` checked once."""
    try:
        key = load_der_private_key(secret, None, unsafe_skip_rsa_key_validation=True)
    except ValueError:
        raise ValueError("the secret is not an RSA key") from None
    assert isinstance(key, rsa.RSAPrivateKey)  # noqa: S101  # the library reads nothing else into eight such numbers
    return key


def _public(numbers: dict[str, memoryview]) -> rsa.RSAPublicKey:
    n, e = (int.from_bytes(numbers[name], "big") for name in _PUBLIC)
    return rsa.RSAPublicNumbers(e, n).public_key()


def _check(secret: Secret) -> dict[str, memoryview]:
    """The numbers of a secret that are a key: what ``_read_secret`` says, and FIPS 186-5 section A.1.1 and RFC 8017 section 3.2.

    OpenSSL checks the primes, the product, and that d, dp, dq and qi are inverses; it leaves open whether d is below n and above
    its square root, and how far the primes are apart. For that, 2^(nlen/2-96), their beginnings are compared.
    """
    numbers = _read_secret(secret)
    n, d = numbers["n"], numbers["d"]
    apart = int.from_bytes(numbers["p"][:_TOP_BYTES], "big") - int.from_bytes(numbers["q"][:_TOP_BYTES], "big")
    too_large = len(d) == len(n) and next((ours > theirs for ours, theirs in zip(d, n, strict=True) if ours != theirs), True)
    if too_large or len(d) <= len(n) // 2 or abs(apart) <= 1:
        raise ValueError("the secret is not an RSA key")
    try:
        load_der_private_key(secret, None)
    except ValueError:
        raise ValueError("the secret is not an RSA key") from None
    return numbers


def _read_secret(secret: Secret) -> dict[str, memoryview]:
    """The numbers of an ``RSAPrivateKey``, of right lengths and odd where the library's arithmetic needs it."""
    numbers = _read(secret, _PRIVATE, _TWO_PRIMES)
    half = len(numbers["n"]) // 2
    for name in ("p", "q"):
        prime = numbers[name]
        if len(prime) != half or prime[0] < _SIGN_BIT or not prime[-1] & 1:
            raise ValueError("the secret is not an RSA key of two primes of one length")
    if len(numbers["d"]) > 2 * half or any(len(numbers[name]) > half for name in ("dp", "dq", "qi")):
        raise ValueError("the secret is not an RSA key")
    return numbers


def _read_public(public: bytes) -> dict[str, memoryview]:
    return _read(public, _PUBLIC)


def _read(der: Secret, names: Sequence[str], head: bytes = b"") -> dict[str, memoryview]:
    """The positive INTEGERs of a SEQUENCE after ``head``, by name, without their sign bytes; the public ones are checked."""
    body = read_only(memoryview(der), SEQUENCE)
    if bytes(body[: len(head)]) != head:
        raise ValueError("not an RSA key")
    body, numbers = body[len(head) :], {}
    for name in names:
        contents, body = read_element(body, INTEGER)
        number = contents[1:] if contents and contents[0] == 0 else contents
        # A sign byte is there if it is needed, and only then (X.690 section 8.3.2); none of the numbers is zero.
        if not number or (number[0] >= _SIGN_BIT) is not (contents[0] == 0):
            raise ValueError("not an RSA key")
        numbers[name] = number
    n, e = numbers["n"], numbers["e"]
    if body or len(n) * 8 not in MODULUS_LENGTHS or n[0] < _SIGN_BIT or not n[-1] & 1 or int.from_bytes(e, "big") not in EXPONENTS:
        raise ValueError("not an RSA key of 2048, 3072 or 4096 bits with an odd exponent from 65537 to 2^32-1")
    return numbers


def _encode(numbers: Sequence[Secret], head: bytes = b"") -> bytearray:
    """The SEQUENCE of ``head`` and the numbers, in one buffer that is not copied on the way."""
    if any(not number or not number[0] for number in numbers):
        raise ValueError("a number of an RSA key is zero, or has leading zeros")
    parts = [
        (_head(INTEGER, len(number) + 1) + b"\x00" if number[0] >= _SIGN_BIT else _head(INTEGER, len(number)), number) for number in numbers
    ]
    size = len(head) + sum(len(start) + len(number) for start, number in parts)
    der = bytearray(len(_head(SEQUENCE, size)) + size)
    at = 0
    for piece in (_head(SEQUENCE, size), head, *(piece for part in parts for piece in part)):
        der[at : at + len(piece)] = piece
        at += len(piece)
    return der


def _head(tag: int, length: int) -> bytes:
    if length < _SIGN_BIT:
        return bytes((tag, length))
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((tag, _SIGN_BIT | len(octets))) + octets


RS256, RS384, RS512 = (RsaSignatures(hash=algorithm, pss=False) for algorithm in (SHA256(), SHA384(), SHA512()))
PS256, PS384, PS512 = (RsaSignatures(hash=algorithm, pss=True) for algorithm in (SHA256(), SHA384(), SHA512()))
RSA_OAEP = RsaOaep(hash=SHA1())  # noqa: S303  # RFC 7518 section 4.3 says SHA-1; OAEP does not rest on collisions
RSA_OAEP_256 = RsaOaep(hash=SHA256())
