"""BIP174, version 0 of PSBTs: the vectors that it prints."""

from __future__ import annotations

import pytest

from native_host.encodings.psbt import Refused, decode_base64, encode_base64, encode_psbt, parse_psbt
from native_host.encodings.psbt_checks import check_psbt
from tests.vector_files import load

VECTORS = load("psbt")["bip174"]


def rows(name: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("text", [row["psbt"] for row in VECTORS[name]], ids=[row["description"] for row in VECTORS[name]])


@rows("valid")
def test_a_valid_one_is_read_and_written_again(text: str) -> None:
    """To the same bytes, unknown fields with it; and nothing in it contradicts anything else."""
    made = parse_psbt(decode_base64(text))
    check_psbt(made)
    assert text == encode_base64(encode_psbt(made))


@rows("invalid")
def test_an_invalid_one_is_refused(text: str) -> None:
    """With a sentence of its own."""
    with pytest.raises(Refused):
        parse_psbt(decode_base64(text))


@rows("signer refuses")
def test_what_a_signer_must_check_is_checked(text: str) -> None:
    """These are well formed, and lie."""
    made = parse_psbt(decode_base64(text))
    with pytest.raises(Refused):
        check_psbt(made)
