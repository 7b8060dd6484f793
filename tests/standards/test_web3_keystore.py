"""Web3 Secret Storage Definition, version 3: Ethereum's key files."""

from __future__ import annotations

import json
from typing import Any, Literal

import pytest
from eth_keyfile.keyfile import create_keyfile_json
from eth_keys.datatypes import PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from native_host.suites import secp256k1
from native_host.suites.importing.imported import CannotImport, KeyMismatch, NotThisForm, TooCostly, WrongPassword
from native_host.suites.importing.web3_keystore import read_web3_keystore
from tests.keystore_makers import changed, text, web3

SECRET = bytes(range(1, 33))
Kdf = Literal["pbkdf2", "scrypt"]
KDFS: st.SearchStrategy[tuple[Kdf, int]] = st.sampled_from([("pbkdf2", 1), ("scrypt", 2)])
ADDRESS = PrivateKey(SECRET).public_key.to_checksum_address()
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
GOOD = web3(SECRET, address=ADDRESS)


@settings(max_examples=20)
@given(st.integers(1, ORDER - 1), st.text(max_size=20), KDFS)
def test_against_eth_keyfile(number: int, password: str, kdf: tuple[Kdf, int]) -> None:
    """What another library writes is read, its address too."""
    secret = number.to_bytes(32, "big")
    made = create_keyfile_json(secret, password.encode(), kdf=kdf[0], iterations=kdf[1])

    key = read_web3_keystore(json.dumps(made).encode(), password.encode())

    assert (key.alg, bytes(key.secret), key.public) == ("ES256K", secret, secp256k1.public_key(secret))
    assert key.remarks == ()


@pytest.mark.parametrize("kdf", ["scrypt", "pbkdf2"])
def test_made_here(kdf: str) -> None:
    """A file is read whether or not it names its address, in whatever case; without one, that is remarked."""
    for address in (ADDRESS, ADDRESS.lower(), ADDRESS[2:].lower(), ADDRESS[2:].upper()):
        assert read_web3_keystore(text(web3(SECRET, kdf=kdf, address=address)), b"password").secret == SECRET
    for none in ("", None):
        assert "compare" in read_web3_keystore(text(web3(SECRET, kdf=kdf, address=none)), b"password").remarks[0]


def test_capital_crypto() -> None:
    """Some wallets write ``Crypto``."""
    file = {("Crypto" if name == "crypto" else name): value for name, value in GOOD.items()}

    assert read_web3_keystore(text(file), b"password").secret == SECRET


@pytest.mark.parametrize("length", [1, 30, 31])
def test_short_keys(length: int) -> None:
    """Early wallets left leading zero bytes away; the key is the number all the same."""
    secret = SECRET[:length].rjust(32, b"\x00")

    assert read_web3_keystore(text(web3(SECRET[:length])), b"password").secret == secret


def test_words_stay_behind() -> None:
    """A file that holds recovery words too says that they are not imported."""
    key = read_web3_keystore(text({**GOOD, "x-ethers": {"version": "0.1", "mnemonicCiphertext": "00"}}), b"password")

    assert "recovery words" in key.remarks[0]


@pytest.mark.parametrize("password", [b"", b"Password", b"password ", "passwörd".encode(), b"\xff"])
def test_wrong_password(password: bytes) -> None:
    """Another password does not open it."""
    with pytest.raises(WrongPassword, match="Type it again"):
        read_web3_keystore(text(GOOD), password)


@pytest.mark.parametrize("path", [("crypto", "mac"), ("crypto", "ciphertext"), ("crypto", "kdfparams", "salt")])
def test_damaged(path: tuple[str, ...]) -> None:
    """What the MAC covers cannot be told from a wrong password."""
    value = GOOD
    for name in path:
        value = value[name]
    with pytest.raises(WrongPassword):
        read_web3_keystore(text(changed(GOOD, *path, to="00" + str(value)[2:])), b"password")


def test_another_address() -> None:
    """A key of another address than the file names is not imported: nor one of a changed nonce, which the MAC does not cover."""
    for file in (
        changed(GOOD, "address", to="00" * 20),
        changed(GOOD, "address", to=ADDRESS[:-2]),
        changed(GOOD, "crypto", "cipherparams", "iv", to="00" * 16),
    ):
        with pytest.raises(KeyMismatch, match="not the one of the address"):
            read_web3_keystore(text(file), b"password")


def test_no_key() -> None:
    """A number that is no key is not imported."""
    for secret in (bytes(32), ORDER.to_bytes(32, "big"), b"\xff" * 32):
        with pytest.raises(CannotImport, match="not a key of its kind"):
            read_web3_keystore(text(web3(secret)), b"password")


REFUSED: dict[str, tuple[Any, type[CannotImport]]] = {
    "no object": ([GOOD], NotThisForm),
    "no JSON": ("{", NotThisForm),
    "version 1": (changed(GOOD, "version", to=1), NotThisForm),
    "version as text": (changed(GOOD, "version", to="3"), NotThisForm),
    "nothing encrypted": ({"version": 3}, NotThisForm),
    "encrypted twice": ({**GOOD, "Crypto": GOOD["crypto"]}, NotThisForm),
    "another cipher": (changed(GOOD, "crypto", "cipher", to="aes-128-cbc"), CannotImport),
    "another function": (changed(GOOD, "crypto", "kdf", to="argon2id"), CannotImport),
    "another function's settings": (changed(GOOD, "crypto", "kdf", to="pbkdf2"), CannotImport),
    "another hash": (changed(web3(SECRET, kdf="pbkdf2"), "crypto", "kdfparams", "prf", to="hmac-sha512"), CannotImport),
    "short nonce": (changed(GOOD, "crypto", "cipherparams", "iv", to="00"), CannotImport),
    "odd nonce": (changed(GOOD, "crypto", "cipherparams", "iv", to="0"), CannotImport),
    "blanks among digits": (changed(GOOD, "crypto", "cipherparams", "iv", to="00 " * 16), CannotImport),
    "other digits": (changed(GOOD, "crypto", "ciphertext", to="\u0660\u0660" * 32), CannotImport),
    "no ciphertext": (changed(GOOD, "crypto", "ciphertext", to=""), CannotImport),
    "long ciphertext": (changed(GOOD, "crypto", "ciphertext", to="00" * 33), CannotImport),
    "address of no digits": (changed(GOOD, "address", to="xyz"), CannotImport),
    "long salt": (changed(GOOD, "crypto", "kdfparams", "salt", to="00" * 1025), CannotImport),
    **{f"dklen {value}": (changed(GOOD, "crypto", "kdfparams", "dklen", to=value), CannotImport) for value in (0, 16, 31, 33, 64, -1, "32", 1 << 40)},
    **{f"n {value}": (changed(GOOD, "crypto", "kdfparams", "n", to=value), CannotImport) for value in (-2, 0, 1, 3, 1000, "2", None, 2.5)},
    **{f"{name} {value}": (changed(GOOD, "crypto", "kdfparams", name, to=value), CannotImport) for name in "rp" for value in (-1, 0, True)},
    **{
        f"c {value}": (changed(web3(SECRET, kdf="pbkdf2"), "crypto", "kdfparams", "c", to=value), CannotImport) for value in (-1, 0, "1", None)
    },
    **{f"n 2**{bits}": (changed(GOOD, "crypto", "kdfparams", "n", to=1 << bits), TooCostly) for bits in (21, 30, 62, 63)},
    "n beyond 64 bits": (changed(GOOD, "crypto", "kdfparams", "n", to=1 << 70), CannotImport),
    **{f"{name} 2**{bits}": (changed(GOOD, "crypto", "kdfparams", name, to=1 << bits), TooCostly) for name in "rp" for bits in (24, 30, 62)},
    **{
        f"c {value}": (changed(web3(SECRET, kdf="pbkdf2"), "crypto", "kdfparams", "c", to=value), TooCostly)
        for value in (10_000_001, 1 << 31, 1 << 62)
    },
}  # fmt: skip


@pytest.mark.parametrize(("file", "error"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(file: Any, error: type[CannotImport]) -> None:
    """What is no such file, or asks for too much, is refused before anything is computed."""
    with pytest.raises(error):
        read_web3_keystore(file.encode() if isinstance(file, str) else text(file), b"password")
