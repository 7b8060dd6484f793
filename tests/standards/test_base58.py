"""Base58 and Base58Check as Bitcoin writes them."""

from __future__ import annotations

import pytest
from embit import base58 as oracle
from hypothesis import given
from hypothesis import strategies as st

from native_host.encodings.base58 import MAX_LENGTH, decode_base58, decode_base58check, encode_base58, encode_base58check
from native_host.encodings.hash160 import hash160, ripemd160, ripemd160_without_openssl
from tests.vector_files import load


@pytest.mark.parametrize("vector", load("base58")["vectors"], ids=lambda vector: vector["text"][:12] or "empty")
def test_published(vector: dict[str, str]) -> None:
    """Bytes are written as published, and read back."""
    raw = bytes.fromhex(vector["raw"])

    assert vector["text"] == encode_base58(raw)
    assert vector["check"] == encode_base58check(raw)
    assert raw == decode_base58(vector["text"])
    assert raw == decode_base58check(vector["check"])


@given(st.binary(max_size=82))
def test_against_embit(data: bytes) -> None:
    """An independent implementation writes the same, and every text is read back."""
    assert oracle.encode(data) == encode_base58(data)
    assert oracle.encode_check(data) == encode_base58check(data)
    assert data == decode_base58(encode_base58(data))
    assert data == decode_base58check(encode_base58check(data))


@given(st.text(alphabet="123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz", max_size=60))
def test_one_spelling(text: str) -> None:
    """Every text of the alphabet is the one spelling of its bytes."""
    assert text == encode_base58(decode_base58(text))


@pytest.mark.parametrize("text", ["0", "O", "I", "l", "+", " 2g", "2g ", "2g\n", "2 g", "\uff12", "é", "\x00", "2" * (MAX_LENGTH + 1)])
def test_refused(text: str) -> None:
    """Letters outside the alphabet, and texts too long to read quickly, are refused."""
    with pytest.raises(ValueError, match="Base58"):
        decode_base58(text)


@pytest.mark.parametrize("text", ["", "1", "2g", "3QJmni", "1NS17iag9jJgTHD1VXjvLCEnZuQ3rJDE9M", "NS17iag9jJgTHD1VXjvLCEnZuQ3rJDE9L"])
def test_checksum_refused(text: str) -> None:
    """A wrong checksum, or none, is refused."""
    with pytest.raises(ValueError, match="checksum"):
        decode_base58check(text)


@pytest.mark.parametrize(
    ("message", "digest"),
    [
        (b"", "9c1185a5c5e9fc54612808977ee8f548b2258d31"),
        (b"abc", "8eb208f7e05d987a9b044a8e98c6b087f15a0bfc"),
        (b"message digest", "5d0689ef49d2fae572b881b123a85ffa21595f36"),
    ],
)
def test_ripemd160(message: bytes, digest: str) -> None:
    """RIPEMD-160's published digests (Dobbertin, Bosselaers, Preneel 1996, appendix B), with OpenSSL's legacy part or without."""
    assert digest == ripemd160(message).hex()
    assert digest == ripemd160_without_openssl(message).hex()


def test_hash160() -> None:
    """BIP141's example key (P2WPKH test vectors of BIP173) hashes to its program."""
    public = bytes.fromhex("0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798")

    assert hash160(public).hex() == "751e76e8199196d454941c45d1b3a323f1433bd6"
