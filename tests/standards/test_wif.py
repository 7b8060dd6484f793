"""Bitcoin's wallet import format, and extended private keys (BIP32, SLIP-0132) as files of one key."""

from __future__ import annotations

import pytest
from embit.ec import PrivateKey
from embit.networks import NETWORKS
from hypothesis import given
from hypothesis import strategies as st

from native_host.encodings.base58 import encode_base58check
from native_host.suites import secp256k1
from native_host.suites.hd.extended_key import PRIVATE_VERSIONS, ExtendedPrivateKey, encode_extended_private
from native_host.suites.importing.extended_key import read_extended_key
from native_host.suites.importing.imported import CannotImport, NotThisForm
from native_host.suites.importing.wif import read_wif

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
SECRET = bytes(range(1, 33))
SECRETS = st.integers(1, ORDER - 1).map(lambda number: number.to_bytes(32, "big"))
NODE = ExtendedPrivateKey(depth=3, parent_fingerprint=b"four", child_number=1 << 31, chain_code=bytes(32), secret=bytearray(SECRET))


def wif(payload: bytes) -> str:
    """The text of a payload."""
    return encode_base58check(payload)


@given(SECRETS, st.sampled_from(["main", "test"]))
def test_against_embit(secret: bytes, network: str) -> None:
    """What another library writes is read; a key of a test network is remarked."""
    key = read_wif(f" {PrivateKey(secret).wif(NETWORKS[network])}\n".encode())

    assert (key.alg, bytes(key.secret), key.public) == ("ES256K", secret, secp256k1.public_key(secret))
    assert bool(key.remarks) is (network == "test")


def test_uncompressed() -> None:
    """A key of an uncompressed public key is refused with the reason and a way out."""
    with pytest.raises(CannotImport, match=r"uncompressed public key.*Move them"):
        read_wif(wif(b"\x80" + SECRET).encode())


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (wif(b"\x80" + SECRET + b"\x01")[:-1] + "x", CannotImport),
        (wif(b"\x80" + SECRET + b"\x01").replace("w", "W", 1).replace("y", "Y", 1), CannotImport),
        (wif(b"\x80" + SECRET + b"\x02"), NotThisForm),
        (wif(b"\xb0" + SECRET + b"\x01"), CannotImport),
        (wif(b"\x80" + bytes(32) + b"\x01"), CannotImport),
        (wif(b"\x80" + ORDER.to_bytes(32, "big") + b"\x01"), CannotImport),
        (wif(b"\x80" + SECRET[:30] + b"\x01"), NotThisForm),
        (wif(b"\x80" + SECRET + b"\x01")[:26] + " " + wif(b"\x80" + SECRET + b"\x01")[27:], NotThisForm),
        ("", NotThisForm),
        ("0" * 52, CannotImport),
        ("é" * 52, NotThisForm),
        ("6PYNKZ1EAgYgmQfmNVamxyXVWHzK5s6DGhwP4J5o44cvXdoY7sRzhtpUeo", NotThisForm),
    ],
    ids=["checksum", "letters", "flag", "another coin", "zero", "order", "short", "blank", "empty", "no Base58", "not ASCII", "BIP38"],
)
def test_refused(text: str, error: type[CannotImport]) -> None:
    """What is mistyped, of another coin or no key is refused."""
    with pytest.raises(error):
        read_wif(text.encode())


@pytest.mark.parametrize("prefix", PRIVATE_VERSIONS)
def test_extended(prefix: str) -> None:
    """An extended private key gives its key; that nothing below it is imported is remarked, and so is a test network."""
    key = read_extended_key(encode_extended_private(NODE, prefix).encode() + b"\n")

    assert (key.alg, bytes(key.secret), key.public) == ("ES256K", SECRET, secp256k1.public_key(SECRET))
    assert "Only the key at this place" in key.remarks[0]
    assert (len(key.remarks) == 2) is (prefix[0].lower() in "tuv")


@pytest.mark.parametrize(
    ("text", "error", "says"),
    [
        ("xprv", CannotImport, "Copy it again"),
        (encode_extended_private(NODE)[:-1] + "1", CannotImport, "Copy it again"),
        ("xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gZ29ESFjqJoCu1Rupje8YtGqsefD265TMg7usUDFdp6W1EGMcet8", NotThisForm, "public"),
        ("qprv", NotThisForm, "begins with"),
        ("", NotThisForm, "begins with"),
    ],
    ids=["short", "checksum", "public", "another", "empty"],
)  # fmt: skip
def test_extended_refused(text: str, error: type[CannotImport], says: str) -> None:
    """What is mistyped, public or something else is refused."""
    with pytest.raises(error, match=says):
        read_extended_key(text.encode())
