"""RFC 8017 section 3 and appendix A.1, RFC 7518 section 6.3, FIPS 186-5 section A.1: RSA keys."""

from __future__ import annotations

import os
from contextlib import suppress
from math import gcd

import pytest
from Crypto.PublicKey import RSA
from Crypto.Util.number import isPrime
from hypothesis import given, settings
from hypothesis import strategies as st

from native_host.encodings.base64url import decode_base64url
from native_host.encodings.jwk import Jwk
from native_host.suites import rsa
from native_host.suites.answers import RSA_SECRET as SECRET
from native_host.suites.fault import SigningFault
from tests.vector_files import load

VECTORS = load("rsa_jose")
NAMES = ("n", "e", "d", "p", "q", "dp", "dq", "qi")
PUBLIC = rsa.RS256.public_key(SECRET)
MEMBERS = rsa.members_of_secret(SECRET)
N = int.from_bytes(MEMBERS["n"], "big")

each_length = pytest.mark.parametrize("length", [2048, 3072, 4096])


def secret_with(**changed: bytes) -> bytearray:
    """The secret with other numbers, whatever they are."""
    return rsa._encode(tuple((MEMBERS | changed).values()), b"\x02\x01\x00")


def big(number: int) -> bytes:
    """A number as its big-endian bytes."""
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def number(name: str) -> int:
    """A number of the example key."""
    return int.from_bytes(MEMBERS[name], "big")


def integer(contents: bytes) -> bytes:
    """An INTEGER with these contents, canonical or not."""
    return b"\x02\x82" + len(contents).to_bytes(2, "big") + contents


def sequence(*parts: bytes) -> bytes:
    """A SEQUENCE of these parts."""
    body = b"".join(parts)
    return b"\x30\x82" + len(body).to_bytes(2, "big") + body


@each_length
def test_generated(length: int) -> None:
    """A generated secret has the length asked for and the exponent 65537, is accepted, and survives its members and its JWK."""
    secret = rsa.RS256.generate_secret(os.urandom, modulus_length=length)
    members = rsa.members_of_secret(secret)
    public = rsa.RSA_OAEP.public_key(secret)

    assert (length, b"\x01\x00\x01") == (int.from_bytes(members["n"], "big").bit_length(), members["e"])
    assert NAMES == tuple(members)
    assert secret == rsa.secret_of_members(**members)
    assert public == rsa.RS256.parse_public(rsa.PS512.public_jwk(public))
    assert Jwk(kty="RSA", n=members["n"], e=members["e"]) == rsa.RS256.public_jwk(public)


def test_default_length() -> None:
    """3072 bits are what is made if nobody asks."""
    assert 384 == len(rsa.members_of_secret(rsa.PS256.generate_secret(os.urandom))["n"])


@pytest.mark.parametrize("length", [0, 1024, 2047, 2049, 8192, -2048])
def test_other_lengths(length: int) -> None:
    """Other lengths are not generated."""
    with pytest.raises(ValueError, match="2048, 3072 or 4096"):
        rsa.RS256.generate_secret(os.urandom, modulus_length=length)


def test_as_pycryptodome_encodes() -> None:
    """PyCryptodome writes the same DER of the key."""
    key = RSA.import_key(SECRET)

    assert SECRET == key.export_key("DER", pkcs=1)
    assert MEMBERS["n"] == big(int(key.n))
    assert PUBLIC == sequence(integer(b"\x00" + MEMBERS["n"]), b"\x02\x03\x01\x00\x01")


D, P, Q, DP, DQ, QI = (number(name) for name in ("d", "p", "q", "dp", "dq", "qi"))
PHI = (P - 1) * (Q - 1)

INCONSISTENT: dict[str, dict[str, bytes]] = {
    **{f"{name} and 1": {name: big(number(name) ^ 1)} for name in NAMES},
    **{f"{name} plus 2": {name: big(number(name) + 2)} for name in NAMES},
    "n and 2": {"n": big(N ^ 2)},
    "another e": {"e": big(65539)},
    "e is 3": {"e": b"\x03"},
    "e is 1": {"e": b"\x01"},
    "e is even": {"e": b"\x01\x00\x02"},
    "e is 2^32+1": {"e": b"\x01\x00\x00\x00\x01"},
    "d plus phi": {"d": big(D + PHI)},
    "d is e": {"d": b"\x01\x00\x01"},
    "d is n": {"d": big(N)},
    "dp plus p-1": {"dp": big(DP + P - 1)},
    "dq plus q-1": {"dq": big(DQ + Q - 1)},
    "qi plus p": {"qi": big(QI + P)},
    "the primes swapped": {"p": MEMBERS["q"], "q": MEMBERS["p"]},
    "one prime twice": {"q": MEMBERS["p"]},
    "the square of a prime": {"n": big(P * P), "q": MEMBERS["p"]},
    "a prime is 1": {"p": b"\x01", "q": MEMBERS["n"]},
    "a prime is n": {"p": MEMBERS["n"], "q": b"\x01"},
    "dp is 1": {"dp": b"\x01"},
    "dp is long": {"dp": b"\x01" + MEMBERS["dp"]},
    "d is longer than n": {"d": b"\x01" + MEMBERS["n"]},
    "n has 2047 bits": {"n": big(N >> 1 | 1)},
    "n has 1024 bits": {"n": MEMBERS["p"]},
    "another's n": {"n": decode_base64url(VECTORS["jws"][0]["key"]["n"])},
}


@pytest.mark.parametrize("changed", INCONSISTENT.values(), ids=INCONSISTENT.keys())
def test_inconsistent_secret(changed: dict[str, bytes]) -> None:
    """Numbers that are no key together are refused, as members and as a secret."""
    with pytest.raises(ValueError, match="RSA key"):
        rsa.secret_of_members(**(MEMBERS | changed))
    with pytest.raises(ValueError, match="RSA key"):
        rsa.RS256.public_key(secret_with(**changed))


def of_primes(p: int, q: int, e: int = 65537, d: int | None = None) -> dict[str, bytes]:
    """The members of a key of two primes."""
    if d is None:
        d = pow(e, -1, (p - 1) * (q - 1))
    members = {"n": p * q, "e": e, "d": d, "p": p, "q": q, "dp": d % (p - 1), "dq": d % (q - 1), "qi": pow(q, -1, p)}
    return {name: big(value) for name, value in members.items()}


def next_prime(start: int) -> int:
    """The next prime from an odd number on, but for those that 65537 does not fit."""
    while not isPrime(start) or (start - 1) % 65537 == 0:
        start += 2
    return start


def test_composite_primes() -> None:
    """Numbers that fit but are not prime are refused."""
    composite = P + 2
    while gcd(composite, Q) != 1 or gcd(composite - 1, 65537) != 1 or isPrime(composite):
        composite += 2

    with pytest.raises(ValueError, match="RSA key"):
        rsa.secret_of_members(**of_primes(composite, Q))


def test_close_primes() -> None:
    """Primes so close that Fermat finds them are refused (FIPS 186-5 section A.1.3)."""
    first = next_prime(0xF << 1020 | 1)

    with pytest.raises(ValueError, match="RSA key"):
        rsa.secret_of_members(**of_primes(first, next_prime(first + 2)))
    assert rsa.secret_of_members(**of_primes(first, next_prime(first + (1 << 1010))))


def test_short_private_exponent() -> None:
    """A private exponent not above the square root of the modulus is refused (FIPS 186-5 section A.1.1; Wiener's attack)."""
    with pytest.raises(ValueError, match="RSA key"):
        rsa.secret_of_members(**of_primes(P, Q, d=(1 << 1023) + 1))


def test_either_private_exponent() -> None:
    """d modulo (p-1)(q-1) and modulo their least common multiple are both RFC 8017's; either prime may be the first."""
    least = pow(65537, -1, PHI // 2)

    assert rsa.secret_of_members(**of_primes(P, Q, d=least))
    assert rsa.secret_of_members(**of_primes(P, Q, d=pow(65537, -1, PHI)))
    assert rsa.secret_of_members(**of_primes(Q, P))


@pytest.mark.parametrize("name", NAMES)
def test_members_have_one_form(name: str) -> None:
    """A member that is empty, zero, or has a leading zero is refused."""
    for bad in (b"", b"\x00", b"\x00" + MEMBERS[name]):
        with pytest.raises(ValueError, match="zero"):
            rsa.secret_of_members(**(MEMBERS | {name: bad}))


BODY = SECRET[4:]
MALFORMED = {
    "empty": b"",
    "cut off": SECRET[:-1],
    "longer": SECRET + b"\x00",
    "another tag": b"\x31" + SECRET[1:],
    "a length too many": b"\x30\x83\x00" + SECRET[2:],
    "indefinite": b"\x30\x80" + BODY + b"\x00\x00",
    "no version": sequence(BODY[3:]),
    "version 1": sequence(b"\x02\x01\x01", BODY[3:]),
    "version in two bytes": sequence(b"\x02\x02\x00\x00", BODY[3:]),
    "a ninth number": sequence(BODY, b"\x02\x01\x03"),
    "other primes": sequence(b"\x02\x01\x01", BODY[3:], sequence(sequence(b"\x02\x01\x03", b"\x02\x01\x03", b"\x02\x01\x03"))),
    "seven numbers": sequence(b"\x02\x01\x00", *(integer(b"\x00" + MEMBERS[name]) for name in NAMES[:-1])),
    "padded numbers": sequence(b"\x02\x01\x00", *(integer(b"\x00\x00" + MEMBERS[name]) for name in NAMES)),
    "negative n": sequence(b"\x02\x01\x00", *(integer(MEMBERS[name]) for name in NAMES)),
    "PKCS #8": RSA.import_key(SECRET).export_key("DER", pkcs=8),
    "a public key": PUBLIC,
    "PEM": RSA.import_key(SECRET).export_key("PEM"),
    "an empty sequence": b"\x30\x00",
    "eight empty numbers": sequence(b"\x02\x01\x00", b"\x02\x00" * 8),
    "another curve's length": bytes(32),
}


@pytest.mark.parametrize("secret", MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed_secret(secret: bytes) -> None:
    """What is not the one DER of a two-prime key is refused, wherever a secret is taken."""
    for use in (rsa.RS256.public_key, rsa.members_of_secret, lambda one: rsa.PS256.sign(one, data=b""),
                lambda one: rsa.RSA_OAEP.decrypt_with(one, bytes(256), aad=b"")):  # fmt: skip
        with pytest.raises(ValueError, match=r"DER|RSA key"):
            use(secret)


PUBLIC_N, PUBLIC_E = b"\x00" + MEMBERS["n"], b"\x01\x00\x01"
BAD_PUBLIC = {
    "empty": b"",
    "cut off": PUBLIC[:-1],
    "longer": PUBLIC + b"\x00",
    "three numbers": sequence(integer(PUBLIC_N), b"\x02\x03" + PUBLIC_E, b"\x02\x01\x01"),
    "one number": sequence(integer(PUBLIC_N)),
    "long length of e": sequence(integer(PUBLIC_N), b"\x02\x81\x03" + PUBLIC_E),
    "padded e": sequence(integer(PUBLIC_N), b"\x02\x04\x00" + PUBLIC_E),
    "padded n": sequence(integer(b"\x00" + PUBLIC_N), b"\x02\x03" + PUBLIC_E),
    "negative n": sequence(integer(MEMBERS["n"]), b"\x02\x03" + PUBLIC_E),
    "even n": sequence(integer(PUBLIC_N[:-1] + bytes((PUBLIC_N[-1] ^ 1,))), b"\x02\x03" + PUBLIC_E),
    "n of 2047 bits": sequence(integer(big(N >> 1 | 1)), b"\x02\x03" + PUBLIC_E),
    "n of 1024 bits": sequence(integer(b"\x00" + MEMBERS["p"]), b"\x02\x03" + PUBLIC_E),
    "n of 2056 bits": sequence(integer(b"\x00\xff" + MEMBERS["n"]), b"\x02\x03" + PUBLIC_E),
    "n is zero": sequence(b"\x02\x01\x00", b"\x02\x03" + PUBLIC_E),
    "e is zero": sequence(integer(PUBLIC_N), b"\x02\x01\x00"),
    "e is empty": sequence(integer(PUBLIC_N), b"\x02\x00"),
    "e is 1": sequence(integer(PUBLIC_N), b"\x02\x01\x01"),
    "e is 3": sequence(integer(PUBLIC_N), b"\x02\x01\x03"),
    "e is even": sequence(integer(PUBLIC_N), b"\x02\x03\x01\x00\x02"),
    "e is 65535": sequence(integer(PUBLIC_N), b"\x02\x03\x00\xff\xff"),
    "e is 2^32+1": sequence(integer(PUBLIC_N), b"\x02\x05\x01\x00\x00\x00\x01"),
    "e is negative": sequence(integer(PUBLIC_N), b"\x02\x03\x81\x00\x01"),
    "e is n": sequence(integer(PUBLIC_N), integer(PUBLIC_N)),
    "SubjectPublicKeyInfo": RSA.import_key(SECRET).public_key().export_key("DER"),
    "swapped": sequence(b"\x02\x03" + PUBLIC_E, integer(PUBLIC_N)),
    "a secret": SECRET,
}


@pytest.mark.parametrize("public", BAD_PUBLIC.values(), ids=BAD_PUBLIC.keys())
def test_malformed_public(public: bytes) -> None:
    """What is not the one DER of a public key of these lengths is an error, not a verdict."""
    for use in (rsa.RS256.public_jwk, lambda one: rsa.RS256.verify(one, data=b"", signature=bytes(256)),
                lambda one: rsa.PS256.verify(one, data=b"", signature=b""), lambda one: rsa.RSA_OAEP.encrypt_to(one, b"", aad=b"")):  # fmt: skip
        with pytest.raises(ValueError, match=r"DER|RSA key"):
            use(public)


@pytest.mark.parametrize(
    "jwk",
    [
        Jwk(kty="EC", n=MEMBERS["n"], e=PUBLIC_E),
        Jwk(kty="RSA"),
        Jwk(kty="RSA", n=MEMBERS["n"]),
        Jwk(kty="RSA", e=PUBLIC_E),
        Jwk(kty="RSA", n=PUBLIC_N, e=PUBLIC_E),
        Jwk(kty="RSA", n=MEMBERS["n"], e=b"\x00" + PUBLIC_E),
        Jwk(kty="RSA", n=MEMBERS["n"], e=b"\x03"),
        Jwk(kty="RSA", n=MEMBERS["n"], e=b"\x01\x00\x02"),
        Jwk(kty="RSA", n=MEMBERS["n"][:-1], e=PUBLIC_E),
        Jwk(kty="RSA", n=MEMBERS["n"] + b"\x01", e=PUBLIC_E),
        Jwk(kty="RSA", n=MEMBERS["n"][:-1] + b"\x00", e=PUBLIC_E),
        Jwk(kty="RSA", n=MEMBERS["p"], e=PUBLIC_E),
    ],
    ids=["kty", "nothing", "no e", "no n", "padded n", "padded e", "e is 3", "even e", "short n", "long n", "even n", "1024 bits"],
)
def test_jwk_refused(jwk: Jwk) -> None:
    """A JWK of another kind, or whose numbers are none of a key, is refused."""
    with pytest.raises(ValueError, match="RSA key"):
        rsa.RS256.parse_public(jwk)


def test_largest_exponent() -> None:
    """Odd public exponents up to 2^32-1 are read."""
    for e in (b"\x01\x00\x03", b"\xff\xff\xff\xff"):
        jwk = Jwk(kty="RSA", n=MEMBERS["n"], e=e)
        assert jwk == rsa.RS256.public_jwk(rsa.RS256.parse_public(jwk))


@given(st.data())
@settings(deadline=None)
def test_hostile_keys(data: st.DataObject) -> None:
    """A public key with bytes changed, or any bytes, is one in its only form or a ``ValueError``."""
    at, value = data.draw(st.integers(0, len(PUBLIC) - 1)), data.draw(st.binary(max_size=4))
    for public in (
        PUBLIC[:at] + value + PUBLIC[at + len(value) :],
        PUBLIC[:at] + value + PUBLIC[at:],
        value + PUBLIC,
        data.draw(st.binary(max_size=300)),
    ):
        try:
            jwk = rsa.RS256.public_jwk(public)
        except ValueError:
            continue
        assert public == rsa.RS256.parse_public(jwk)


@given(st.data())
@settings(max_examples=30, deadline=None)
def test_hostile_secrets(data: st.DataObject) -> None:
    """A stored secret with bytes changed signs and decrypts rightly, or not at all."""
    at, value = data.draw(st.integers(0, len(SECRET) - 1)), data.draw(st.binary(min_size=1, max_size=4))
    secret = SECRET[:at] + value + SECRET[at + len(value) :]
    ciphertext = rsa.RSA_OAEP_256.encrypt_to(PUBLIC, b"plaintext", aad=b"")
    with suppress(ValueError, SigningFault):
        assert rsa.RS256.verify(PUBLIC, data=b"message", signature=rsa.RS256.sign(secret, data=b"message", public=PUBLIC))
    with suppress(ValueError):
        assert b"plaintext" == rsa.RSA_OAEP_256.decrypt_with(secret, ciphertext, aad=b"")
