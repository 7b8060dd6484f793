"""BIP371, Taproot's fields of PSBTs: the vectors that it prints."""

from __future__ import annotations

import pytest

from native_host.encodings.psbt import Refused, decode_base64, encode_base64, encode_psbt, parse_psbt
from native_host.encodings.psbt_checks import check_psbt
from tests.vector_files import load

VECTORS = load("psbt")["bip371"]


def rows(name: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("text", [row["psbt"] for row in VECTORS[name]], ids=[row["description"] for row in VECTORS[name]])


@rows("valid")
def test_a_valid_one_is_read_and_written_again(text: str) -> None:
    """To the same bytes; and nothing in it contradicts anything else."""
    made = parse_psbt(decode_base64(text))
    check_psbt(made)
    assert text == encode_base64(encode_psbt(made))


@rows("invalid")
def test_an_invalid_one_is_refused(text: str) -> None:
    """A key, a signature or a control block of another length."""
    with pytest.raises(Refused):
        parse_psbt(decode_base64(text))
