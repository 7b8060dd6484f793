"""The table of algorithms: each row's code is what its kind says, and nothing heavy comes with the table."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any, get_args

import pytest

from native_host.encodings.multikey import decode_multikey
from native_host.errors import BackendUnavailable
from native_host.protocol.messages import AlgorithmLabel, Scheme, Usage
from native_host.suites import kinds, known_answers
from native_host.suites.answers import ANSWERS
from native_host.suites.hd import derivation
from native_host.suites.jws import ALGORITHMS as JWS_ALGORITHMS
from native_host.suites.table import INTENTS, SUITES, UNSUPPORTED, Suite, _checked

COMPUTED = [suite for suite in SUITES.values() if suite.kind not in {"jwe", "seed"}]
SIGNING = [suite for suite in SUITES.values() if suite.signs]
PAIRS = [suite for suite in COMPUTED if suite.has_public]
FAST = [suite for suite in COMPUTED if suite.kty != "RSA"]
"""Whose keys are made in no time."""
PROTOCOLS: dict[str, type] = {
    "signature": kinds.Signatures,
    "mac": kinds.Macs,
    "cipher": kinds.Ciphers,
    "publicCipher": kinds.PublicCiphers,
    "agreement": kinds.Agreements,
    "kem": kinds.Kems,
    "wrap": kinds.Wraps,
}
MESSAGE = b"message"
HEAVY = {"cryptography", "btclib_secp256k1", "_btclib_secp256k1", "nacl", "_cffi_backend", "Crypto", "jwcrypto", "mnemonic"}


def test_importing_is_cheap() -> None:
    """Importing the table imports no cryptography."""
    program = "import sys, native_host.suites.table; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()

    assert "msgspec" in loaded
    assert set() == HEAVY & set(loaded)


@pytest.mark.parametrize("suite", SUITES.values(), ids=SUITES.keys())
def test_rows(suite: Suite) -> None:
    """A row speaks the protocol's words, and its variants are rows: other signatures on the same curve, or JWEs to such a key."""
    assert suite is SUITES[suite.alg]
    assert {usage for usages in suite.usage_sets() for usage in usages} <= set(get_args(Usage))
    assert set(suite.derived_usages) <= set(suite.usages)
    assert set(suite.labels) <= set(get_args(AlgorithmLabel))
    assert bool(suite.schemes) is bool(suite.derived_usages)
    for variant in suite.variants:
        other = SUITES[variant]
        assert (suite.kind, suite.crv) == (other.kind, other.crv) or (suite.kind, other.kind) == ("agreement", "jwe")
    assert suite.allows(suite.alg)
    assert suite.alg not in UNSUPPORTED


@pytest.mark.parametrize("suite", SUITES.values(), ids=SUITES.keys())
def test_what_moves_keys_does_nothing_else(suite: Suite) -> None:
    """wrapKey, unwrapKey and deriveSecret combine with no other usage (protocol section 7)."""
    for usages in map(set, suite.usage_sets()):
        for alone in ({"wrapKey", "unwrapKey"}, {"deriveSecret"}, {"deriveKey"}):
            assert not usages & alone or usages <= alone


@pytest.mark.parametrize("suite", SUITES.values(), ids=SUITES.keys())
def test_schemes(suite: Suite) -> None:
    """A row has just the schemes that derive it, all of which the protocol names."""
    assert {scheme for scheme, algs in derivation.SCHEMES.items() if suite.alg in algs} == set(suite.schemes)
    assert set(suite.schemes) <= set(get_args(Scheme))
    assert len(suite.schemes) == len(set(suite.schemes))


@pytest.mark.parametrize("suite", SUITES.values(), ids=SUITES.keys())
def test_names_in_jws(suite: Suite) -> None:
    """Whatever a key's JWS is called is a name that JWS has; one that signs no JWS has none."""
    assert suite.jws_alg is None or suite.jws_alg in JWS_ALGORITHMS
    if suite.jws_alg is not None:
        assert "jws" in suite.usages


def test_every_algorithm_of_jws_has_a_key() -> None:
    """None is signed under that no key has."""
    assert JWS_ALGORITHMS == {suite.jws_alg for suite in SUITES.values() if suite.jws_alg}


@pytest.mark.parametrize(
    ("key_alg", "allowed"),
    [
        ("ES256K", {"ES256K", "ES256K-R", "BIP340"}),
        ("ES256K-R", {"ES256K-R"}),
        ("BIP340", {"BIP340"}),
        ("Ed25519", {"Ed25519"}),
        ("ES256", {"ES256"}),
        ("RSA-OAEP", {"RSA-OAEP"}),
        ("A128CBC", {"A128CBC"}),
        ("HPKE-3", {"HPKE-3"}),
        *((alg, {alg, "ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A192KW", "ECDH-ES+A256KW"}) for alg in ("X25519", "X448", "ECDH-P256")),
    ],
)
def test_variants(key_alg: str, allowed: set[str]) -> None:
    """A key of ES256K signs in three ways, one of an agreement is also written to by JWE; every other key does one thing."""
    assert allowed == {alg for alg in SUITES if SUITES[key_alg].allows(alg)}


def test_account_keys_do_not_sign_blindly() -> None:
    """A key derived from a seed gets intents, never raw ``sign``, unless it is asked for."""
    derived = {suite.alg: suite.derived_usages for suite in SIGNING if suite.schemes}
    accounts = {"ES256K", "ES256K-R", "BIP340", "Ed25519", "Ed25519-BIP32"}
    assert {**dict.fromkeys(accounts, INTENTS), "ES256": ("jws",), "BLS12381G2": ("verify",)} == derived
    assert all("sign" not in usages for usages in derived.values())


@pytest.mark.parametrize("alg", ["BIP39", "SEED"])
def test_seeds_only_derive(alg: str) -> None:
    """A seed signs nothing."""
    assert SUITES[alg].usage_sets() == (("deriveKey",),)
    assert not SUITES[alg].signs


@pytest.mark.parametrize("suite", COMPUTED, ids=lambda suite: suite.alg)
def test_code_is_of_its_kind(suite: Suite) -> None:
    """It has every function that its kind's Protocol names."""
    names = {name for base in PROTOCOLS[suite.kind].__mro__ for name, value in vars(base).items() if name[0] != "_" and callable(value)}
    assert names
    assert set() == {name for name in names if not callable(getattr(suite.code(), name, None))}


@pytest.mark.parametrize("suite", FAST, ids=lambda suite: suite.alg)
def test_secrets(suite: Suite) -> None:
    """A new secret is of the length that the row says, in a buffer that can be wiped, and never the same twice."""
    code = suite.code()
    secrets = [code.generate_secret(os.urandom) for _ in range(4)]
    for secret in secrets:
        assert isinstance(secret, bytearray)
        if suite.secret_bytes:
            assert suite.secret_bytes[0] <= len(secret) <= suite.secret_bytes[1]
        if not suite.has_public:
            code.check_secret(secret)
    assert len(secrets) == len(set(map(bytes, secrets)))


@pytest.mark.parametrize("suite", [suite for suite in COMPUTED if suite.secret_bytes], ids=lambda suite: suite.alg)
def test_secrets_of_another_length(suite: Suite) -> None:
    """Are refused."""
    code, (shortest, _) = suite.code(), suite.secret_bytes or (0, 0)
    for length in (0, 1, shortest - 1):
        with pytest.raises(ValueError, match=r"."):
            code.public_key(bytes(length)) if suite.has_public else code.check_secret(bytes(length))


@pytest.mark.parametrize("suite", PAIRS, ids=lambda suite: suite.alg)
def test_public_keys(suite: Suite) -> None:
    """A public key comes back from its JWK, which is of the row's kind, and from its Multikey where the kind has one."""
    code = suite.code()
    public = code.public_key(known_answers.secret_of(suite))
    jwk = code.public_jwk(public)
    assert public == code.parse_public(jwk)
    assert (suite.kty, suite.crv) == (jwk.kty, jwk.crv)
    if suite.multicodec is None:
        assert suite.multikey(public) is None
    else:
        assert (suite.multicodec, public) == decode_multikey(suite.multikey(public) or "")


def test_what_has_no_multikey() -> None:
    """P-224 and HPKE's hybrid, which have no code in the table of multicodec."""
    assert {"ES224", "HPKE-9"} == {suite.alg for suite in PAIRS if suite.multicodec is None}


@pytest.mark.parametrize("suite", SIGNING, ids=lambda suite: suite.alg)
def test_signatures(suite: Suite) -> None:
    """Each signing row's code makes signatures through the same functions, in the encodings that the row has."""
    code, secret = suite.code(), known_answers.secret_of(suite)
    public = code.public_key(secret)
    for encoding in suite.encodings:
        signature = code.sign(secret, data=MESSAGE, encoding=encoding, public=public)
        assert code.verify(public, data=MESSAGE, signature=signature, encoding=encoding)
        assert not code.verify(public, data=MESSAGE + b".", signature=signature, encoding=encoding)


@pytest.mark.parametrize("suite", SIGNING, ids=lambda suite: suite.alg)
def test_digest_bytes(suite: Suite) -> None:
    """A digest of the row's length is signed, and of no other; a row without one signs data only."""
    code, secret = suite.code(), known_answers.secret_of(suite)
    public = code.public_key(secret)
    for length in (0, 20, 28, 31, 32, 33, 48, 64):
        digest = b"\x01" * length
        if length == suite.digest_bytes:
            assert code.verify(public, digest=digest, signature=code.sign(secret, digest=digest, public=public))
        else:
            with pytest.raises(ValueError, match="digest"):
                code.sign(secret, digest=digest, public=public)


def use(suite: Suite, code: Any, secret: Any) -> None:
    """Whatever reads the secret."""
    match suite.kind:
        case "signature":
            code.sign(secret, data=MESSAGE)
        case "mac":
            code.mac(secret, MESSAGE)
        case "cipher":
            code.decrypt(secret, code.encrypt(secret, MESSAGE, aad=b"", random_bytes=os.urandom), aad=b"")
        case "publicCipher":
            code.decrypt_with(secret, code.encrypt_to(code.public_key(secret), MESSAGE, aad=b""), aad=b"")
        case "agreement":
            code.shared_secret(secret, code.public_key(secret))
        case "kem":
            code.decapsulate(secret, code.encapsulate(code.public_key(secret))[0])
        case "wrap":
            code.unwrap(secret, code.wrap(secret, bytes(16)))


@pytest.mark.parametrize("suite", COMPUTED, ids=lambda suite: suite.alg)
def test_secret_is_left_alone(suite: Suite) -> None:
    """Using it reads the secret from the caller's buffer and does not change it; views will do."""
    given = known_answers.secret_of(suite)
    secret = bytearray(given)
    use(suite, suite.code(), secret)
    use(suite, suite.code(), memoryview(secret))
    assert given == secret


def test_no_multikey_of_a_seed() -> None:
    """A seed has no public key to write."""
    assert SUITES["BIP39"].multikey(b"") is None


def test_every_algorithm_has_a_known_answer() -> None:
    """And no answer belongs to nothing."""
    assert {suite.alg for suite in COMPUTED} == set(ANSWERS)


class Broken:
    """The code of an algorithm with a bit of every result flipped; what it was made of is untouched."""

    def __init__(self, code: Any) -> None:
        self._code = code

    def __getattr__(self, name: str) -> Any:
        function = getattr(self._code, name)
        return (lambda *given, **named: flipped(function(*given, **named))) if callable(function) else function


def flipped(result: Any) -> Any:
    match result:
        case bool():
            return not result
        case bytes() | bytearray() if result:
            return type(result)(bytes((result[0] ^ 1,)) + result[1:])
        case tuple():
            return tuple(map(flipped, result))
        case kinds.Sealed():
            return kinds.Sealed(ciphertext=flipped(result.ciphertext), iv=result.iv, tag=result.tag)
    return result


@pytest.mark.parametrize("suite", COMPUTED, ids=lambda suite: suite.alg)
def test_a_broken_algorithm_is_not_used(suite: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its known answer does not come out: it is refused by name, now and at every later use."""
    broken = Broken(suite.loaded())
    monkeypatch.setattr(Suite, "loaded", lambda _: broken)
    monkeypatch.delitem(_checked, suite.alg, raising=False)
    for _ in range(2):
        with pytest.raises(BackendUnavailable) as caught:
            suite.code()
        assert {"reason": "backend_unavailable", "detail": suite.alg} == caught.value.data()
    assert suite.alg not in _checked


class Crashing:
    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)


def test_an_algorithm_that_crashes_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it raises."""
    monkeypatch.setattr(Suite, "loaded", lambda _: Crashing())
    monkeypatch.delitem(_checked, "A256GCM", raising=False)
    with pytest.raises(BackendUnavailable):
        SUITES["A256GCM"].code()


def test_a_working_algorithm_is_checked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """At its first use."""
    checks: list[str] = []
    monkeypatch.setattr(known_answers, "check", lambda suite, _: checks.append(suite.alg))
    monkeypatch.delitem(_checked, "HS256", raising=False)
    assert SUITES["HS256"].code() is SUITES["HS256"].code()
    assert ["HS256"] == checks


def test_a_library_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """Is said to be, by the algorithm that needs it."""
    import sys

    from native_host.errors import Unsupported
    from native_host.suites import table

    monkeypatch.setattr(table, "_checked", {})
    monkeypatch.setitem(sys.modules, "native_host.suites.bls12381", None)
    with pytest.raises(Unsupported) as caught:
        SUITES["BLS12381G2"].code()
    assert caught.value.detail == "BLS12381G2"
