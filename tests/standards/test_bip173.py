"""BIP173: Bech32 of any bytes."""

from __future__ import annotations

import pytest
from embit import bech32 as oracle
from hypothesis import given
from hypothesis import strategies as st

from native_host.encodings.bech32 import decode_bech32, encode_bech32

parts = st.text(alphabet=[chr(number) for number in range(33, 127) if not chr(number).isupper()], min_size=1, max_size=20)


@given(parts, st.binary(max_size=35))
def test_against_embit(hrp: str, data: bytes) -> None:
    """An independent implementation writes the same text, and it reads as what was written, in small letters or capitals."""
    text = encode_bech32(hrp, data)

    assert oracle.bech32_encode(oracle.Encoding.BECH32, hrp, oracle.convertbits(data, 8, 5)) == text
    assert (hrp, data) == decode_bech32(text) == decode_bech32(text.upper())


@pytest.mark.parametrize(
    ("text", "hrp", "size"),
    [
        ("A12UEL5L", "a", 0),
        ("a12uel5l", "a", 0),
        ("an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio1tt5tgs",
         "an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio", 0),
        ("abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw", "abcdef", 20),
        ("11" + "q" * 82 + "c8247j", "1", 51),
        ("split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w", "split", 30),
        ("?1ezyfcl", "?", 0),
    ],
)  # fmt: skip
def test_published_valid(text: str, hrp: str, size: int) -> None:
    """BIP173's valid texts are read, and written again in small letters, which are all whole bytes."""
    part, data = decode_bech32(text)

    assert (hrp, size) == (part, len(data))
    assert text.lower() == encode_bech32(part, data)


@pytest.mark.parametrize(
    "text",
    [
        "\x201nwldj5", "\x7f1axkwrx", "\x801eym55h", "an84characterslonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio1569pvx",
        "pzry9x0s0muk", "1pzry9x0s0muk", "x1b4n0q5v", "li1dgmt3", "de1lg7wt\xff", "A1G7SGD8", "10a06t8", "1qzzfhee",
    ],
)  # fmt: skip
def test_published_invalid(text: str) -> None:
    """BIP173's invalid texts are refused."""
    with pytest.raises(ValueError, match="Bech32"):
        decode_bech32(text)


@pytest.mark.parametrize(
    "text",
    [
        "", "1", "a", "a1", "A12uel5l", "a12UEL5L", "a1lqfn3a", "é12uel5l",
        "a12uel5l ", "a12uel5l\n", "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
    ],
)  # fmt: skip
def test_refused(text: str) -> None:
    """Mixed case, spaces, what is missing, and another checksum (Bech32m) are refused."""
    with pytest.raises(ValueError, match="Bech32"):
        decode_bech32(text)


@pytest.mark.parametrize("values", [[0], [0, 1], [0] * 9, [0] * 3 + [8]])
def test_not_whole_bytes(values: list[int]) -> None:
    """Letters that are no whole number of bytes, or that hide something in the padding, are refused."""
    with pytest.raises(ValueError, match="padding"):
        decode_bech32(oracle.bech32_encode(oracle.Encoding.BECH32, "a", values))


@pytest.mark.parametrize("hrp", ["", "A", "aB", "a b", "a\x7f", "é", "a" * 84])
def test_part_refused(hrp: str) -> None:
    """What is no human-readable part is not written."""
    with pytest.raises(ValueError, match="part"):
        encode_bech32(hrp, b"")


def test_length() -> None:
    """90 letters are read, more only where they are asked for."""
    text, longer = encode_bech32("a", bytes(51)), encode_bech32("a", bytes(52))

    assert (len(text), len(longer)) == (90, 92)
    assert decode_bech32(text) == ("a", bytes(51))
    assert decode_bech32(longer, max_length=92) == ("a", bytes(52))
    with pytest.raises(ValueError, match="Bech32"):
        decode_bech32(longer)


@given(st.text(alphabet="a1qpzry9x8gf2tvdw0s3jn54khce6mu7l", max_size=40))
def test_hostile(text: str) -> None:
    """A text is Bech32 of that very text, or refused."""
    try:
        hrp, data = decode_bech32(text)
    except ValueError:
        return
    assert text == encode_bech32(hrp, data)
