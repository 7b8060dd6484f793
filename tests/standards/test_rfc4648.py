"""RFC 4648 section 5: base64url, without padding and canonical."""

from __future__ import annotations

from base64 import urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from native_host.encodings.base64url import decode_base64url, decode_secret, encode_base64url


@pytest.mark.parametrize(
    ("data", "text"),
    [(b"", ""), (b"f", "Zg"), (b"fo", "Zm8"), (b"foo", "Zm9v"), (b"foob", "Zm9vYg"), (b"fooba", "Zm9vYmE"), (b"foobar", "Zm9vYmFy")],
)
def test_published(data: bytes, text: str) -> None:
    """Section 10's examples, their padding taken off as RFC 7515 section 2 does."""
    assert text == encode_base64url(data)
    assert data == decode_base64url(text)


def test_rfc7515_example() -> None:
    """RFC 7515 appendix C."""
    assert encode_base64url(bytes((3, 236, 255, 224, 193))) == "A-z_4ME"


@given(st.binary(max_size=100))
def test_against_the_standard_library(data: bytes) -> None:
    """The standard library writes the same but for the padding."""
    assert urlsafe_b64encode(data).rstrip(b"=").decode() == encode_base64url(data)
    assert data == decode_base64url(encode_base64url(data))


@pytest.mark.parametrize(
    "text", ["A", "Zg==", "Zg=", "Zh", "Zm9", "A+", "A/", "Zg\n", " Zg", "Z g", "Zg\x00", "\uff3ag", "é", "AAAAA", "-", "=" * 4]
)
def test_refused(text: str) -> None:
    """Padding, the other alphabet, white space, left-over bits that are not zero and impossible lengths are refused."""
    with pytest.raises(ValueError, match="base64url"):
        decode_base64url(text)


@given(st.text(max_size=40))
def test_hostile(text: str) -> None:
    """A text is the one spelling of what it reads as, or refused."""
    try:
        data = decode_base64url(text)
    except ValueError:
        return
    assert text == encode_base64url(data)


@given(st.text(st.sampled_from("ABYZabyz0189-_+/= \n"), max_size=9))
def test_a_secret_is_read_as_any_text_is(text: str) -> None:
    """The decoder that writes into a buffer takes and refuses what the library's does."""
    try:
        decoded = decode_base64url(text)
    except ValueError:
        with pytest.raises(ValueError, match="not canonical base64url"):
            decode_secret(memoryview(text.encode()))
    else:
        assert decoded == decode_secret(memoryview(text.encode()))
