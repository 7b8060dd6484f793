"""RFC 8017 as RFC 7518 names it: RSA signatures (RS256…PS512), and RSA-OAEP."""

from __future__ import annotations

import os
from functools import cache
from typing import Any

import pytest
from Crypto.Cipher import PKCS1_OAEP
from Crypto.Hash import SHA1, SHA256, SHA384, SHA512
from Crypto.PublicKey import RSA
from Crypto.Signature import pkcs1_15, pss
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from native_host.encodings.base64url import decode_base64url
from native_host.suites import rsa
from native_host.suites.answers import RSA_SECRET as SECRET
from native_host.suites.fault import SigningFault
from native_host.suites.kinds import PublicCiphers, Signatures
from tests.symmetric_checks import assert_cannot_decrypt
from tests.vector_files import load

VECTORS = load("rsa_jose")
NAMES = ("n", "e", "d", "p", "q", "dp", "dq", "qi")
SIGNATURES = {name: getattr(rsa, name) for name in ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")}
CIPHERS = {"RSA-OAEP": rsa.RSA_OAEP, "RSA-OAEP-256": rsa.RSA_OAEP_256}
HASHES: dict[str, Any] = {"1": SHA1, "256": SHA256, "384": SHA384, "512": SHA512}
PUBLIC = rsa.RS256.public_key(SECRET)
MEMBERS = rsa.members_of_secret(SECRET)
N = int.from_bytes(MEMBERS["n"], "big")

each_signature = pytest.mark.parametrize("alg", SIGNATURES)
each_cipher = pytest.mark.parametrize("alg", CIPHERS)
each_length = pytest.mark.parametrize("length", [2048, 3072, 4096])
unhurried = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@cache
def generated(length: int) -> bytes:
    """A secret of a length, made once."""
    return bytes(rsa.RS256.generate_secret(os.urandom, modulus_length=length))


def big(number: int) -> bytes:
    """A number as its big-endian bytes."""
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


# Published


@pytest.mark.parametrize("vector", VECTORS["jws"], ids=lambda vector: vector["name"])
def test_published_jws(vector: dict[str, Any]) -> None:
    """A published signature verifies, and not over another text; what is deterministic is signed alike."""
    suite: Signatures = SIGNATURES[vector["alg"]]
    secret = rsa.secret_of_members(*(decode_base64url(vector["key"][name]) for name in NAMES))
    signed, _, last = vector["jws"].rpartition(".")
    signature, public = decode_base64url(last), suite.public_key(secret)

    assert suite.verify(public, data=signed.encode(), signature=signature) is True
    assert suite.verify(public, data=signed.encode() + b"A", signature=signature) is False
    if vector["alg"] == "RS256":
        assert signature == suite.sign(secret, data=signed.encode(), public=public)


@pytest.mark.parametrize("vector", VECTORS["oaep"], ids=lambda vector: vector["name"])
def test_published_oaep(vector: dict[str, Any]) -> None:
    """A published ciphertext decrypts to the published plaintext."""
    secret = rsa.secret_of_members(*(decode_base64url(vector["key"][name]) for name in NAMES))
    plaintext = CIPHERS[vector["alg"]].decrypt_with(secret, decode_base64url(vector["ciphertext"]), aad=b"")

    assert decode_base64url(vector["plaintext"]) == plaintext


# Signatures


@each_signature
@given(st.binary(max_size=200))
@unhurried
def test_against_pycryptodome(alg: str, data: bytes) -> None:
    """PyCryptodome verifies ours, we verify its; PKCS#1 v1.5 gives the same bytes; a digest is as good as the data."""
    suite, theirs, digest = SIGNATURES[alg], RSA.import_key(SECRET), HASHES[alg[2:]].new(data)
    scheme: Any = pkcs1_15 if alg.startswith("RS") else pss
    ours, other = suite.sign(SECRET, data=data), scheme.new(theirs).sign(digest)

    scheme.new(theirs).verify(digest, ours)
    assert suite.verify(PUBLIC, data=data, signature=other) is True
    assert suite.verify(PUBLIC, digest=digest.digest(), signature=ours) is True
    assert suite.verify(PUBLIC, data=data, signature=suite.sign(bytearray(SECRET), digest=digest.digest(), public=PUBLIC)) is True
    assert suite.verify(PUBLIC, data=data + b"\x00", signature=ours) is False
    assert (ours == other) is alg.startswith("RS")


@each_length
def test_each_length(length: int) -> None:
    """Keys of each length sign with every algorithm, and each signature is valid by that algorithm alone."""
    secret = generated(length)
    public = rsa.RS256.public_key(secret)

    for alg, suite in SIGNATURES.items():
        signature = suite.sign(secret, data=b"message", public=public)
        assert length // 8 == len(signature)
        assert [alg] == [name for name, other in SIGNATURES.items() if other.verify(public, data=b"message", signature=signature)]
        assert suite.verify(PUBLIC, data=b"message", signature=signature) is False


@pytest.mark.parametrize("alg", ["PS256", "PS384", "PS512"])
def test_pss_salt_is_as_long_as_the_hash(alg: str) -> None:
    """A salt of another length is not valid (RFC 7518 section 3.5), nor is MGF1 with another hash."""
    digest, key = HASHES[alg[2:]].new(b"message"), RSA.import_key(SECRET)
    size = digest.digest_size

    for salt in (0, 20, size - 1, size + 1, 256 - size - 2):
        signature = pss.new(key, salt_bytes=salt).sign(digest)
        assert SIGNATURES[alg].verify(PUBLIC, data=b"message", signature=signature) is False
    mask: Any = lambda seed, length: pss.MGF1(seed, length, HASHES["1"])  # noqa: E731
    other = pss.new(key, salt_bytes=size, mask_func=mask).sign(digest)
    assert SIGNATURES[alg].verify(PUBLIC, data=b"message", signature=other) is False
    assert SIGNATURES[alg].verify(PUBLIC, data=b"message", signature=pss.new(key, salt_bytes=size).sign(digest)) is True


@each_signature
def test_malformed_signature(alg: str) -> None:
    """What has not the modulus' length, or is not below it, is not valid, even where the number would be right."""
    suite, data, good = SIGNATURES[alg], b"", b"\xff"
    while good[0]:  # until the number has a leading zero that can be left out
        data += b"."
        good = suite.sign(SECRET, data=data)
    plus_n = int.from_bytes(good, "big") + N

    for bad in (b"", good.lstrip(b"\x00"), good[:-1], good + b"\x00", b"\x00" + good, bytes(256), b"\xff" * 256, MEMBERS["n"], plus_n.to_bytes(257, "big"),
                plus_n.to_bytes(257, "big")[-256:], big(N - 1), bytes(255) + b"\x01"):  # fmt: skip
        assert suite.verify(PUBLIC, data=data, signature=bad) is False
    assert suite.verify(PUBLIC, data=data, signature=good) is True


@each_signature
@given(st.one_of(st.binary(max_size=300), st.binary(min_size=256, max_size=256)))
@settings(deadline=None)
def test_hostile_signatures(alg: str, signature: bytes) -> None:
    """No bytes break verifying."""
    assert SIGNATURES[alg].verify(PUBLIC, data=b"other message", signature=signature) is False


@each_signature
def test_neither_data_nor_digest(alg: str) -> None:
    """Exactly one of data and a digest of the hash's own length is signed, and there is no DER form."""
    suite, size = SIGNATURES[alg], int(alg[2:]) // 8
    refusals: tuple[dict[str, Any], ...] = (
        {}, {"data": b"", "digest": bytes(size)}, {"digest": b""}, {"digest": bytes(size - 1)}, {"digest": bytes(size + 1)},
        {"data": b"", "encoding": "der"}, {"data": b"", "encoding": ""},
    )  # fmt: skip

    for refused in refusals:
        with pytest.raises(ValueError, match=r"exactly one|not \d\d bytes|DER"):
            suite.sign(SECRET, **refused)
        with pytest.raises(ValueError, match=r"exactly one|not \d\d bytes|DER"):
            suite.verify(PUBLIC, signature=bytes(256), **refused)


@each_signature
def test_another_public_key(alg: str) -> None:
    """A secret beside another's public key signs nothing."""
    with pytest.raises(SigningFault):
        SIGNATURES[alg].sign(SECRET, data=b"message", public=rsa.RS256.public_key(generated(2048)))


@each_signature
def test_fault_is_caught(alg: str) -> None:
    """A secret that was damaged after it was accepted gives no signature out: one that is wrong modulo one prime would be enough."""
    damaged = rsa._encode(
        tuple(MEMBERS[name][:-1] + bytes((MEMBERS[name][-1] ^ 2 * (name in {"d", "dp"}),)) for name in NAMES), b"\x02\x01\x00"
    )

    with pytest.raises(SigningFault):
        SIGNATURES[alg].sign(damaged, data=b"message", public=PUBLIC)


# OAEP


@each_cipher
@given(st.binary(max_size=190), st.binary(max_size=40))
@unhurried
def test_oaep_against_pycryptodome(alg: str, plaintext: bytes, label: bytes) -> None:
    """PyCryptodome decrypts ours and we its, the label being the additional data."""
    cipher: PublicCiphers = CIPHERS[alg]
    algorithm: Any = SHA1 if alg == "RSA-OAEP" else SHA256
    theirs = PKCS1_OAEP.new(RSA.import_key(SECRET), algorithm, label=label)

    assert plaintext == theirs.decrypt(cipher.encrypt_to(PUBLIC, plaintext, aad=label))
    decrypted = cipher.decrypt_with(SECRET, theirs.encrypt(plaintext), aad=label)
    assert isinstance(decrypted, bytearray)
    assert plaintext == decrypted


@each_cipher
@each_length
def test_oaep_lengths(alg: str, length: int) -> None:
    """The longest plaintext fits, one byte more does not, none at all does."""
    cipher, secret = CIPHERS[alg], generated(length)
    public, longest = cipher.public_key(secret), length // 8 - 2 * cipher.hash.digest_size - 2

    for size in (0, longest):
        ciphertext = cipher.encrypt_to(public, b"\x07" * size, aad=b"")
        assert length // 8 == len(ciphertext)
        assert b"\x07" * size == cipher.decrypt_with(bytearray(secret), ciphertext, aad=b"")
    with pytest.raises(ValueError, match="too long"):
        cipher.encrypt_to(public, bytes(longest + 1), aad=b"")


@each_cipher
def test_oaep_refusals(alg: str) -> None:
    """Whatever is wrong with a ciphertext, the answer is the same."""
    cipher = CIPHERS[alg]
    good = cipher.encrypt_to(PUBLIC, b"plaintext", aad=b"label")
    other = CIPHERS["RSA-OAEP" if alg == "RSA-OAEP-256" else "RSA-OAEP-256"]
    plus_n = (int.from_bytes(good, "big") + N).to_bytes(257, "big")
    # Numbers whose plaintext begins with something else than 00: the one that Manger's attack asks about.
    raw = [pow(block, 65537, N).to_bytes(256, "big") for block in (1, 1 << 2040, (1 << 2040) - 1, N - 1)]

    for bad in (b"", good[:-1], good + b"\x00", b"\x00" + good, bytes(256), bytes(255) + b"\x01", b"\xff" * 256, MEMBERS["n"], big(N - 1), plus_n,
                *raw, bytes((good[0] ^ 1,)) + good[1:], good[:-1] + bytes((good[-1] ^ 1,))):  # fmt: skip
        assert_cannot_decrypt(cipher.decrypt_with, SECRET, bad, aad=b"label")
    for aad in (b"", b"labe", b"label\x00"):
        assert_cannot_decrypt(cipher.decrypt_with, SECRET, good, aad=aad)
    assert_cannot_decrypt(other.decrypt_with, SECRET, good, aad=b"label")
    assert_cannot_decrypt(cipher.decrypt_with, generated(2048), good, aad=b"label")
    assert_cannot_decrypt(cipher.decrypt_with, generated(3072), good, aad=b"label")
    assert b"plaintext" == cipher.decrypt_with(SECRET, good, aad=b"label")


@each_cipher
@given(st.one_of(st.binary(max_size=300), st.binary(min_size=256, max_size=256)))
@unhurried
def test_oaep_hostile(alg: str, ciphertext: bytes) -> None:
    """No bytes break decrypting."""
    assert_cannot_decrypt(CIPHERS[alg].decrypt_with, SECRET, ciphertext, aad=b"")
