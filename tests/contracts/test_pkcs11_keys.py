"""Keys in a PKCS#11 token (SoftHSM 2): what the token does with them, other libraries and the suites understand."""

from __future__ import annotations

import os
from typing import Any

import pytest
from coincurve import PublicKey
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature

from native_host.backends import TOKEN_ALGS, pkcs11, token_signatures
from native_host.backends.pkcs11 import Reference, Tokens, decode_reference, encode_reference
from native_host.backends.token_forms import public_of
from native_host.backends.token_suite import token_suite
from native_host.errors import CannotUnseal, InvalidParams, Unsupported
from native_host.secret import SecretBytes
from native_host.suites.fault import SigningFault
from native_host.suites.kinds import CannotDecrypt, Sealed
from native_host.suites.table import SUITES
from native_host.tokens import client
from native_host.tokens.errors import MechanismMissing, ModuleBroken, NotLoggedIn, PinWrong, TokenAbsent, TokenRefuses
from tests.parts.softhsm import PIN, SoftHsm, shared_softhsm, softhsm

__all__ = ["shared_softhsm", "softhsm"]

MESSAGE = b"what is signed"
Made = tuple[Any, bytearray, bytes]
_made: dict[str, Made] = {}


def logged_in(hsm: SoftHsm) -> Tokens:
    tokens = Tokens(hsm.settings.pkcs11)
    with SecretBytes(PIN.encode()) as pin:
        tokens.log_in(tokens.choose(None), pin)
    return tokens


@pytest.fixture(scope="module")
def tokens(shared_softhsm: SoftHsm) -> Tokens:
    _made.clear()
    return logged_in(shared_softhsm)


def key_of(tokens: Tokens, alg: str) -> Made:
    """A key of that algorithm, made once: its code, its reference, its public key."""
    if alg not in _made:
        code = token_suite(tokens, SUITES[alg], token=tokens.choose(None))
        options = {"modulus_length": 2048} if SUITES[alg].kty == "RSA" else {}
        reference = code.generate_secret(os.urandom, **options)
        _made[alg] = code, reference, code.public_key(reference)
    return _made[alg]


def ecdsa_key(alg: str, public: bytes) -> ec.EllipticCurvePublicKey:
    curve = {"ES256": ec.SECP256R1(), "ES384": ec.SECP384R1(), "ES512": ec.SECP521R1()}[alg]
    return ec.EllipticCurvePublicKey.from_encoded_point(curve, public)


def rsa_key(alg: str, public: bytes) -> Any:
    jwk = SUITES[alg].pairs().public_jwk(public)
    return RSAPublicNumbers(int.from_bytes(jwk.e, "big"), int.from_bytes(jwk.n, "big")).public_key()


@pytest.mark.parametrize(("alg", "digest"), [("ES256", hashes.SHA256()), ("ES384", hashes.SHA384()), ("ES512", hashes.SHA512())])
def test_ecdsa(tokens: Tokens, alg: str, digest: hashes.HashAlgorithm) -> None:
    """cryptography verifies both encodings, of data and of a digest."""
    code, key, public = key_of(tokens, alg)
    other = ecdsa_key(alg, public)
    other.verify(code.sign(key, data=MESSAGE, encoding="der"), MESSAGE, ec.ECDSA(digest))
    hashed = os.urandom(digest.digest_size)
    compact = code.sign(key, digest=hashed)
    half = len(compact) // 2
    der = encode_dss_signature(int.from_bytes(compact[:half], "big"), int.from_bytes(compact[half:], "big"))
    other.verify(der, hashed, ec.ECDSA(Prehashed(digest)))


def test_es256k(tokens: Tokens) -> None:
    """coincurve verifies each signature, and takes no high s."""
    code, key, public = key_of(tokens, "ES256K")
    for number in range(12):
        message = b"%d" % number
        assert PublicKey(public).verify(code.sign(key, data=message, encoding="der"), message)


def test_es256k_r(tokens: Tokens) -> None:
    """coincurve recovers the key from each signature, with either recovery id."""
    code, key, public = key_of(tokens, "ES256K-R")
    seen: set[int] = set()
    while seen != {0, 1}:
        digest = os.urandom(32)
        signature = code.sign(key, digest=digest)
        assert PublicKey.from_signature_and_message(signature, digest, hasher=None).format() == public
        seen.add(signature[64])


@pytest.mark.parametrize(("alg", "kind"), [("Ed25519", Ed25519PublicKey), ("Ed448", Ed448PublicKey)])
def test_eddsa(tokens: Tokens, alg: str, kind: Any) -> None:
    """cryptography verifies it."""
    code, key, public = key_of(tokens, alg)
    kind.from_public_bytes(public).verify(code.sign(key, data=MESSAGE), MESSAGE)


@pytest.mark.parametrize("size", [256, 384, 512])
@pytest.mark.parametrize("scheme", ["RS", "PS"])
def test_rsa_signatures(tokens: Tokens, scheme: str, size: int) -> None:
    """cryptography verifies PKCS#1 v1.5 and PSS, of data and of a digest."""
    alg = f"{scheme}{size}"
    code, key, public = key_of(tokens, alg)
    digest: hashes.HashAlgorithm = {256: hashes.SHA256(), 384: hashes.SHA384(), 512: hashes.SHA512()}[size]
    form = padding.PKCS1v15() if scheme == "RS" else padding.PSS(padding.MGF1(digest), digest.digest_size)
    rsa_key(alg, public).verify(code.sign(key, data=MESSAGE), MESSAGE, form, digest)
    hashed = os.urandom(digest.digest_size)
    rsa_key(alg, public).verify(code.sign(key, digest=hashed), hashed, form, Prehashed(digest))


@pytest.mark.parametrize("bits", [2048, 3072])
def test_the_size_of_an_rsa_key(tokens: Tokens, bits: int) -> None:
    """As it was asked for."""
    code = token_suite(tokens, SUITES["RS256"], token=tokens.choose(None))
    public = code.public_key(code.generate_secret(os.urandom, modulus_length=bits))
    assert bits == rsa_key("RS256", public).key_size


def test_rsa_oaep(tokens: Tokens) -> None:
    """The token decrypts what cryptography encrypted."""
    code, key, public = key_of(tokens, "RSA-OAEP")
    digest = hashes.SHA1()  # RFC 7518 section 4.3
    sealed = rsa_key("RSA-OAEP", public).encrypt(MESSAGE, padding.OAEP(padding.MGF1(digest), digest, None))
    assert code.decrypt_with(key, sealed, aad=b"") == MESSAGE
    assert code.decrypt_with(key, code.encrypt_to(public, b"", aad=b""), aad=b"") == b""


def test_a_hash_that_the_token_lacks(tokens: Tokens) -> None:
    """SoftHSM has OAEP by SHA-1 alone: the first try of a new key says so, and the token keeps nothing of it."""
    before = len(tokens.keys(tokens.choose(None)))
    with pytest.raises(MechanismMissing, match="RSA-OAEP-256"):
        key_of(tokens, "RSA-OAEP-256")
    assert before == len(tokens.keys(tokens.choose(None)))


@pytest.mark.parametrize("alg", ["ECDH-P256", "ECDH-P384", "ECDH-P521"])
def test_key_agreement(tokens: Tokens, alg: str) -> None:
    """The token's secret is that of the other side, by the suite; points that are none never reach the token."""
    code, key, public = key_of(tokens, alg)
    local = SUITES[alg].agreements()
    theirs = local.generate_secret(os.urandom)
    assert code.shared_secret(key, local.public_key(theirs)) == local.shared_secret(theirs, public)
    for point in (public[:-1], b"\x02" + b"\xff" * (len(public) - 1), b""):
        with pytest.raises(ValueError, match="point"):
            code.shared_secret(key, point)


@pytest.mark.parametrize("alg", ["A128GCM", "A192GCM", "A256GCM"])
@pytest.mark.parametrize("size", [0, 1, 100_000])
def test_aes_gcm(tokens: Tokens, alg: str, size: int) -> None:
    """What it encrypts it decrypts, with its additional data and not with other; two nonces are never one."""
    code, key, _ = key_of(tokens, alg)
    plaintext = os.urandom(size)
    sealed, again = (code.encrypt(key, plaintext, aad=b"aad", random_bytes=os.urandom) for _ in range(2))
    assert code.decrypt(key, sealed, aad=b"aad") == plaintext
    assert sealed.iv != again.iv
    with pytest.raises(CannotDecrypt):
        code.decrypt(key, sealed, aad=b"other")


@pytest.mark.parametrize("alg", ["A128KW", "A192KW", "A256KW"])
def test_aes_key_wrap(tokens: Tokens, alg: str) -> None:
    """What it wraps it unwraps, and it is longer by what RFC 3394 says."""
    code, key, _ = key_of(tokens, alg)
    for size in (16, 24, 640):
        octets = os.urandom(size)
        wrapped = code.wrap(key, octets)
        assert len(wrapped) == size + 8
        assert code.unwrap(key, wrapped) == octets
    with pytest.raises(ValueError, match="multiples"):
        code.wrap(key, bytes(17))


BAD_SEALED = {
    "changed": lambda sealed: Sealed(ciphertext=bytes((sealed.ciphertext[0] ^ 1,)) + sealed.ciphertext[1:], iv=sealed.iv, tag=sealed.tag),
    "another nonce": lambda sealed: Sealed(ciphertext=sealed.ciphertext, iv=bytes(12), tag=sealed.tag),
    "a long nonce": lambda sealed: Sealed(ciphertext=sealed.ciphertext, iv=bytes(16), tag=sealed.tag),
    "a short tag": lambda sealed: Sealed(ciphertext=sealed.ciphertext, iv=sealed.iv, tag=sealed.tag[:12]),
    "nothing": lambda _sealed: Sealed(ciphertext=b""),
}


@pytest.mark.parametrize("change", BAD_SEALED.values(), ids=BAD_SEALED.keys())
def test_what_does_not_decrypt(tokens: Tokens, change: Any) -> None:
    """Is one answer, whatever the module says of it."""
    code, key, _ = key_of(tokens, "A256GCM")
    with pytest.raises(CannotDecrypt):
        code.decrypt(key, change(code.encrypt(key, MESSAGE, aad=b"", random_bytes=os.urandom)), aad=b"")


@pytest.mark.parametrize("wrong", [b"", b"x", bytes(24), os.urandom(256), b"\xff" * 256, os.urandom(257)])
def test_what_is_no_ciphertext(tokens: Tokens, wrong: bytes) -> None:
    """Nor what an RSA key or a wrapping key is given."""
    oaep, key, _ = key_of(tokens, "RSA-OAEP")
    with pytest.raises(CannotDecrypt):
        oaep.decrypt_with(key, wrong, aad=b"")
    wrap, key, _ = key_of(tokens, "A256KW")
    with pytest.raises(CannotDecrypt):
        wrap.unwrap(key, wrong)


def test_no_signature_is_not_one(tokens: Tokens) -> None:
    """The independent verifiers above can fail."""
    code, key, public = key_of(tokens, "ES256")
    with pytest.raises(InvalidSignature):
        ecdsa_key("ES256", public).verify(code.sign(key, data=b"other", encoding="der"), MESSAGE, ec.ECDSA(hashes.SHA256()))


def test_every_algorithm_is_tried_here() -> None:
    """The table of what tokens have is covered by the tests above."""
    assert set(TOKEN_ALGS) == {*_made, "RSA-OAEP-256"}


def test_keys_stay_in_the_token(tokens: Tokens) -> None:
    """Every one is sensitive and not extractable, needs no PIN at each use, does one thing, and bears no name of a wallet's."""
    found = tokens.keys(tokens.choose(None))
    assert len(found) >= len(_made)
    uses = {"sign": ["sign"], "decrypt": ["decrypt"], "derive": ["derive"], "wrap": ["wrap", "unwrap"]}
    assert all(key.stays and not key.always and key.label == "Strongroom" and key.flags in uses.values() for key in found)


def test_a_key_that_is_destroyed(tokens: Tokens) -> None:
    """Is gone with its public part, and says so."""
    code = token_suite(tokens, SUITES["Ed25519"], token=tokens.choose(None))
    key = code.generate_secret(os.urandom)
    tokens.call(decode_reference(key), "destroy_key")
    for method in ("describe_key", "destroy_key"):
        with pytest.raises(TokenRefuses, match="does not hold"):
            tokens.call(decode_reference(key), method)
    with pytest.raises(TokenRefuses, match="does not hold"):
        code.sign(key, data=MESSAGE)


def test_another_key_in_its_place(tokens: Tokens) -> None:
    """A signature of a key that is not the record's never leaves: whoever has the PIN can exchange keys in the token."""
    code, _, public = key_of(tokens, "ES256")
    another = code.generate_secret(os.urandom)
    with pytest.raises(SigningFault):
        code.sign(another, data=MESSAGE, public=public)
    recoverable, _, public = key_of(tokens, "ES256K-R")
    another = recoverable.generate_secret(os.urandom)
    with pytest.raises(SigningFault):
        recoverable.sign(another, data=MESSAGE, public=public)


def test_the_higher_s() -> None:
    """Is made the lower; what is no s at all is a fault."""
    order = token_signatures._ORDER
    r = bytes(31) + b"\x01"
    assert r + bytes(31) + b"\x05" == token_signatures.low_s(r + (order - 5).to_bytes(32, "big"))
    assert r + bytes(31) + b"\x05" == token_signatures.low_s(r + bytes(31) + b"\x05")
    for wrong in (r + bytes(32), r + order.to_bytes(32, "big"), r, b""):
        with pytest.raises(SigningFault):
            token_signatures.low_s(wrong)


WRONG_REFERENCES = [
    b"",
    b"\xc1",
    b"\x80",
    os.urandom(64),
    encode_reference(Reference(serial="00", manufacturer="x", key_id=b"1", kind="EC"))[:-1],
]


@pytest.mark.parametrize("sealed", WRONG_REFERENCES)
def test_what_is_no_reference(sealed: bytes) -> None:
    """Is a record that cannot be unsealed."""
    with pytest.raises(CannotUnseal):
        decode_reference(sealed)


DESCRIBED: dict[str, Any] = {
    "kind": "EC", "id": b"1", "label": "", "flags": ["sign"], "stays": True, "always": False, "params": bytes.fromhex("06082a8648ce3d030107"),
    "point": b"", "modulus": b"", "exponent": b"", "size": 0,
}  # fmt: skip
HOSTILE: dict[str, Any] = {
    "nothing": None,
    "a list": [],
    "a long point": {**DESCRIBED, "point": bytes(5000)},
    "a number as a label": {**DESCRIBED, "label": 1},
    "a missing member": {name: value for name, value in DESCRIBED.items() if name != "stays"},
    "a member too many": {**DESCRIBED, "more": 1},
    "a negative length": {**DESCRIBED, "size": -1},
}


@pytest.mark.parametrize("told", HOSTILE.values(), ids=HOSTILE.keys())
def test_descriptions_that_are_none(told: Any) -> None:
    """Are a module that is broken."""
    with pytest.raises(ModuleBroken):
        Tokens.described(told)


POINTS = {
    "none": b"",
    "short": b"\x04\x05hello",
    "not on the curve": b"\x04\x41\x04" + bytes(63) + b"\x01",
    "compressed": b"\x04\x21\x02" + bytes(32),
    "raw and not on the curve": b"\x04" + bytes(64),
    "with something behind it": b"\x04\x41\x04" + bytes(65),
}


@pytest.mark.parametrize("point", POINTS.values(), ids=POINTS.keys())
def test_points_that_are_none(point: bytes) -> None:
    """Are no public key, and so are keys of another curve or kind."""
    with pytest.raises(ValueError, match=r".+"):
        public_of(SUITES["ES256"], Tokens.described({**DESCRIBED, "point": point}))


def test_keys_of_another_kind() -> None:
    """Are none of the algorithm."""
    key = ec.generate_private_key(ec.SECP256R1()).public_key().public_numbers()
    point = b"\x04\x41\x04" + key.x.to_bytes(32, "big") + key.y.to_bytes(32, "big")
    described = Tokens.described({**DESCRIBED, "point": point})
    assert 33 == len(public_of(SUITES["ES256"], described) or b"")
    for alg in ("ES384", "ES256K", "RS256", "Ed25519", "A256GCM"):
        with pytest.raises(ValueError, match=r".+"):
            public_of(SUITES[alg], described)


@pytest.mark.parametrize("alg", ["BIP340", "X25519", "HS256", "ML-DSA-65", "BLS12381G2", "A256CBC", "ES224", "ECDH-ES", "BIP39"])
def test_what_tokens_do_not_have(tokens: Tokens, alg: str) -> None:
    """Is unsupported, by name."""
    with pytest.raises(Unsupported) as caught:
        token_suite(tokens, SUITES[alg])
    assert alg == caught.value.detail


def test_which_token(softhsm: SoftHsm) -> None:
    """By its label or serial number, as text or in hex; with several, one has to be named."""
    tokens = Tokens(softhsm.settings.pkcs11)
    first = tokens.choose(None)
    softhsm.add_token("second")
    assert (
        first.serial
        == tokens.choose("wallet").serial
        == tokens.choose(first.serial).serial
        == tokens.choose(pkcs11.serial_text(first)).serial
    )
    with pytest.raises(InvalidParams):
        tokens.choose(None)
    with pytest.raises(TokenAbsent) as caught:
        tokens.choose("third")
    assert "token" == caught.value.detail


def test_a_token_that_goes_and_comes_back(softhsm: SoftHsm) -> None:
    """Its use is refused while it is away; after it is back it wants its PIN once more, and signs."""
    tokens = logged_in(softhsm)
    code = token_suite(tokens, SUITES["ES256"], token=tokens.choose(None))
    key = code.generate_secret(os.urandom)
    softhsm.take_away()
    with pytest.raises((TokenAbsent, NotLoggedIn, TokenRefuses, ModuleBroken)) as caught:
        code.sign(key, data=MESSAGE)
    assert "token" == caught.value.detail
    softhsm.bring_back()
    with SecretBytes(PIN.encode()) as pin:
        tokens.log_in(tokens.find(decode_reference(key)), pin)
    assert code.sign(key, data=MESSAGE)


def test_a_worker_that_dies(softhsm: SoftHsm) -> None:
    """Takes the login with it and nothing else."""
    tokens = logged_in(softhsm)
    code = token_suite(tokens, SUITES["Ed25519"], token=tokens.choose(None))
    key = code.generate_secret(os.urandom)
    softhsm.worker.close()
    with pytest.raises(NotLoggedIn):
        code.sign(key, data=MESSAGE)
    assert not tokens.is_ready(decode_reference(key))
    with SecretBytes(PIN.encode()) as pin:
        tokens.log_in(tokens.choose(None), pin)
    assert code.sign(key, data=MESSAGE)


def test_logging_out(softhsm: SoftHsm) -> None:
    """Nothing is done afterwards, and a wrong PIN opens nothing."""
    tokens = logged_in(softhsm)
    code = token_suite(tokens, SUITES["Ed25519"], token=tokens.choose(None))
    key = code.generate_secret(os.urandom)
    tokens.forget()
    client.close_all()
    assert not tokens.is_open(tokens.choose(None))
    with pytest.raises(NotLoggedIn):
        code.sign(key, data=MESSAGE)
    with SecretBytes(b"9999") as pin, pytest.raises(PinWrong):
        tokens.log_in(tokens.choose(None), pin)
    assert not tokens.is_ready(decode_reference(key))
