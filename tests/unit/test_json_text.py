"""A secret comes out of JSON and goes into it through buffers, and is the text that a JSON library reads and writes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from native_host.encodings.json_text import json_of_text, text_of_json
from native_host.secret import SecretBytes

TEXT = st.text(st.characters(codec="utf-8"))


def read(token: bytes) -> bytes:
    with text_of_json(memoryview(token)) as text:
        return bytes(text.buffer)


@given(TEXT)
def test_what_a_library_writes_is_read(text: str) -> None:
    """With every other character escaped, and with as few as there must be."""
    for ascii_only in (True, False):
        assert text.encode() == read(json.dumps(text, ensure_ascii=ascii_only).encode())


@given(TEXT)
def test_a_library_reads_what_is_written(text: str) -> None:
    """Whatever is in it."""
    with SecretBytes(text.encode()) as secret, json_of_text(secret) as token:
        assert text == json.loads(bytes(token.buffer))


REFUSED = {
    "no string": b"[1]",
    "nothing": b"",
    "one quote": b'"',
    "no end": b'"abc',
    "a quote inside": b'"a"b"',
    "a line break": b'"a\nb"',
    "an escape of nothing": b'"\\"',
    "an escape that there is not": b'"\\x41"',
    "a short escape": b'"\\u004"',
    "no hexadecimal": b'"\\u00g1"',
    "a sign": b'"\\u+041"',
    "half of a pair, the first": b'"\\ud83d"',
    "half of a pair, the second": b'"\\ude00"',
    "two first halves": b'"\\ud83d\\ud83d"',
    "a half and a letter": b'"\\ud83dabcdef"',
    "a half and another escape": b'"\\ud83d\\n12345"',
    "not UTF-8": b'"\xff"',
    "a lone continuation": b'"\x80"',
    "cut off": b'"\xe2\x82"',
    "overlong": b'"\xc0\xaf"',
    "a surrogate in UTF-8": b'"\xed\xa0\x80"',
    "beyond Unicode": b'"\xf4\x90\x80\x80"',
}


@pytest.mark.parametrize("token", REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_text_is_refused(token: bytes) -> None:
    """And the refusal holds nothing of it."""
    with pytest.raises(ValueError, match=r"^not (text|a JSON string)$") as caught:
        read(token)
    assert caught.value.__cause__ is None
