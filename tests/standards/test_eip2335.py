"""EIP-2335: key files of validators."""

from __future__ import annotations

from hashlib import sha256
from typing import Any, Literal

import pytest
from eth_keyfile.keyfile import create_keyfile_json
from hypothesis import given, settings
from hypothesis import strategies as st

from native_host.suites.importing.eip2335 import prepare_password, read_eip2335
from native_host.suites.importing.imported import CannotImport, KeyMismatch, NotThisForm, TooCostly, WrongPassword
from native_host.suites.kinds import Secret
from tests.keystore_makers import changed, eip2335, text
from tests.vector_files import load

VECTORS = load("eip2335")
SECRET = bytes(range(1, 33))
Kdf = Literal["pbkdf2", "scrypt"]
KDFS: st.SearchStrategy[tuple[Kdf, int]] = st.sampled_from([("pbkdf2", 1), ("scrypt", 2)])
ORDER = 0x73EDA753299D7D483339D80809A1D80553BDA402FFFE5BFEFFFFFFFF00000001


def public_of(secret: Secret) -> bytes:
    """In place of a public key of 48 bytes."""
    return sha256(secret).digest() + bytes(16)


GOOD = eip2335(SECRET, pubkey=public_of(SECRET).hex())


def test_public() -> None:
    """The public key is the published one."""
    key = read_eip2335(text(VECTORS["vectors"][1]["keystore"]), VECTORS["password"].encode())

    assert (key.alg, key.public.hex()) == ("BLS12381G2", VECTORS["public"])


def test_password() -> None:
    """A password is compatibility-decomposed, and control codes are stripped."""
    assert prepare_password(VECTORS["password"].encode()).hex() == VECTORS["encoded"]
    assert prepare_password("a\x00\x1f \x7f\x80\x9f\xa0é".encode()) == "a  e\u0301".encode()


@settings(max_examples=10)
@given(st.text(min_size=1, max_size=20), KDFS)
def test_against_eth_keyfile(password: str, kdf: tuple[Kdf, int]) -> None:
    """What another library writes is read, under whatever password both prepare alike."""
    prepared = bytes(prepare_password(password.encode()))
    made = create_keyfile_json(SECRET, prepared, version=4, kdf=kdf[0], iterations=kdf[1])
    made = changed(made, "pubkey", to="")

    assert read_eip2335(text(made), password.encode(), public_of).secret == SECRET


@pytest.mark.parametrize("kdf", ["scrypt", "pbkdf2"])
def test_remarks(kdf: str) -> None:
    """A file without a public key, and a key with a place in a tree, are remarked."""
    named = eip2335(SECRET, kdf=kdf, pubkey="0x" + public_of(SECRET).hex(), path="m/12381/3600/0/0/0")
    bare = eip2335(SECRET, kdf=kdf)

    assert ["tree" in remark for remark in read_eip2335(text(named), b"password", public_of).remarks] == [True]
    assert ["compare" in remark for remark in read_eip2335(text(bare), b"password", public_of).remarks] == [True]
    assert read_eip2335(text(GOOD), b"password", public_of).remarks == ()


@pytest.mark.parametrize("password", [b"", b"Password", b"\xff"])
def test_wrong_password(password: bytes) -> None:
    """Another password does not open it, nor what is no text."""
    with pytest.raises(WrongPassword, match="Type it again"):
        read_eip2335(text(GOOD), password, public_of)


def test_another_public_key() -> None:
    """A key of another public key than the file names is not imported, nor one of a changed nonce."""
    for file in (
        changed(GOOD, "pubkey", to="00" * 48),
        changed(GOOD, "pubkey", to=public_of(SECRET).hex()[:-2]),
        changed(GOOD, "crypto", "cipher", "params", "iv", to="00" * 16),
    ):
        with pytest.raises(KeyMismatch, match="not the one of the public key"):
            read_eip2335(text(file), b"password", public_of)


def test_no_key() -> None:
    """A number that is no key of BLS12-381 is not imported."""
    for secret in (bytes(32), ORDER.to_bytes(32, "big"), b"\xff" * 32):
        with pytest.raises(CannotImport, match="not a key of its kind"):
            read_eip2335(text(eip2335(secret)), b"password")


REFUSED: dict[str, tuple[Any, type[CannotImport]]] = {
    "no object": ([GOOD], NotThisForm),
    "version 3": (changed(GOOD, "version", to=3), NotThisForm),
    "nothing encrypted": ({"version": 4}, NotThisForm),
    "no checksum": (changed(GOOD, "crypto", to={"kdf": GOOD["crypto"]["kdf"], "cipher": GOOD["crypto"]["cipher"]}), NotThisForm),
    "another cipher": (changed(GOOD, "crypto", "cipher", "function", to="xor"), CannotImport),
    "another checksum": (changed(GOOD, "crypto", "checksum", "function", to="keccak256"), CannotImport),
    "no nonce": (changed(GOOD, "crypto", "cipher", "params", to={}), CannotImport),
    "short nonce": (changed(GOOD, "crypto", "cipher", "params", to={"iv": "00"}), CannotImport),
    "short secret": (eip2335(SECRET[:31]), CannotImport),
    "long secret": (eip2335(SECRET * 2), CannotImport),
    "public key of no digits": (changed(GOOD, "pubkey", to="xyz"), CannotImport),
    "another function": (changed(GOOD, "crypto", "kdf", "function", to="argon2id"), CannotImport),
    "short key": (changed(GOOD, "crypto", "kdf", "params", "dklen", to=16), CannotImport),
    "much memory": (changed(GOOD, "crypto", "kdf", "params", "n", to=1 << 40), TooCostly),
    "much time": (changed(eip2335(SECRET, kdf="pbkdf2"), "crypto", "kdf", "params", "c", to=1 << 40), TooCostly),
}  # fmt: skip


@pytest.mark.parametrize(("file", "error"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(file: Any, error: type[CannotImport]) -> None:
    """What is no such file, or asks for too much, is refused."""
    with pytest.raises(error):
        read_eip2335(text(file), b"password", public_of)
