"""The table of algorithms, and that nothing heavy comes with it."""

from __future__ import annotations

import subprocess
import sys
from typing import get_args

import pytest

from native_host.encodings.multikey import decode_multikey
from native_host.protocol.messages import Scheme, Usage
from native_host.suites.table import INTENTS, SUITES, Suite

SIGNING = [suite for suite in SUITES.values() if suite.signs]
SECRET = bytes(31) + b"\x07"


def test_importing_is_cheap() -> None:
    """Importing the table imports no cryptography."""
    program = "import sys, native_host.suites.table; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()

    assert "msgspec" in loaded
    assert set() == {
        "cryptography",
        "btclib_secp256k1",
        "_btclib_secp256k1",
        "nacl",
        "_cffi_backend",
        "Crypto",
        "jwcrypto",
        "mnemonic",
    } & set(loaded)


@pytest.mark.parametrize("suite", SUITES.values(), ids=SUITES.keys())
def test_rows(suite: Suite) -> None:
    """A row speaks the protocol's words, and its variants are rows on the same curve."""
    assert suite is SUITES[suite.alg]
    assert set(suite.usages) <= set(get_args(Usage))
    assert set(suite.derived_usages) <= set(suite.usages)
    assert set(suite.schemes) <= set(get_args(Scheme))
    assert bool(suite.schemes) is bool(suite.derived_usages)
    assert all(SUITES[variant].crv == suite.crv and SUITES[variant].signs for variant in suite.variants)
    assert suite.allows(suite.alg)


@pytest.mark.parametrize(
    ("key_alg", "allowed"),
    [
        ("ES256K", {"ES256K", "ES256K-R", "BIP340"}),
        ("ES256K-R", {"ES256K-R"}),
        ("BIP340", {"BIP340"}),
        ("Ed25519", {"Ed25519"}),
        ("ES256", {"ES256"}),
    ],
)
def test_variants(key_alg: str, allowed: set[str]) -> None:
    """A key of ES256K signs in three ways; every other key does one thing."""
    assert allowed == {alg for alg in SUITES if SUITES[key_alg].allows(alg)}


def test_account_keys_do_not_sign_blindly() -> None:
    """A key derived from a seed gets the intents, and never raw ``sign``, unless it is asked for."""
    assert {INTENTS} == {suite.derived_usages for suite in SUITES.values() if suite.schemes}
    assert "sign" not in INTENTS


@pytest.mark.parametrize("alg", ["BIP39", "SEED"])
def test_seeds_only_derive(alg: str) -> None:
    """A seed signs nothing."""
    assert SUITES[alg].usages == ("deriveKey",)
    assert not SUITES[alg].signs


@pytest.mark.parametrize("suite", SIGNING, ids=lambda suite: suite.alg)
def test_modules(suite: Suite) -> None:
    """Each signing row's code makes keys and signatures through the same functions, in the encodings that the row has."""
    module = suite.code()
    secret = module.generate_secret(lambda length: b"\x07" * length)
    public = module.public_key(secret)

    for encoding in suite.encodings:
        signature = module.sign(secret, data=b"message", encoding=encoding, public=public)
        assert module.verify(public, data=b"message", signature=signature, encoding=encoding)
    assert public == module.parse_public(module.public_jwk(public))
    assert (suite.kty, suite.crv) == (module.public_jwk(public).kty, module.public_jwk(public).crv)
    assert (suite.multicodec, public) == decode_multikey(suite.multikey(public) or "")


@pytest.mark.parametrize("suite", SIGNING, ids=lambda suite: suite.alg)
def test_digest_bytes(suite: Suite) -> None:
    """A digest of the row's length is signed, and of no other; a row without one signs data only."""
    module = suite.code()
    for length in (0, 20, 28, 31, 32, 33, 48, 64):
        if length == suite.digest_bytes:
            assert module.verify(module.public_key(SECRET), digest=bytes(length), signature=module.sign(SECRET, digest=bytes(length)))
        else:
            with pytest.raises(ValueError, match="digest"):
                module.sign(SECRET, digest=bytes(length))


@pytest.mark.parametrize("suite", SIGNING, ids=lambda suite: suite.alg)
def test_secret_is_left_alone(suite: Suite) -> None:
    """Signing reads the secret from the caller's buffer and does not change it; views will do."""
    secret = bytearray(SECRET)
    suite.code().sign(secret, data=b"message")
    suite.code().sign(memoryview(secret), data=b"message")

    assert SECRET == secret


def test_no_multikey_of_a_seed() -> None:
    """A seed has no public key to write."""
    assert SUITES["BIP39"].multikey(b"") is None
