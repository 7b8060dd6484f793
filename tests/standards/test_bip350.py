"""BIP173 and BIP350: segregated witness addresses."""

from __future__ import annotations

import pytest
from embit import bech32 as oracle
from hypothesis import given
from hypothesis import strategies as st

from native_host.encodings.bech32 import decode_segwit, encode_segwit
from tests.vector_files import load

BIP350 = load("bip350")
ADDRESS = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"

programs = st.one_of(
    st.tuples(st.just(0), st.sampled_from([20, 32]).flatmap(lambda length: st.binary(min_size=length, max_size=length))),
    st.tuples(st.integers(1, 16), st.binary(min_size=2, max_size=40)),
)


def _script(version: int, program: bytes) -> str:
    return (bytes((version + 0x50 if version else 0, len(program))) + program).hex()


@pytest.mark.parametrize("vector", BIP350["valid"], ids=lambda vector: vector["address"])
def test_published_valid(vector: dict[str, str]) -> None:
    """A valid address reads as the published script, and is written again in lower case."""
    hrp = vector["address"][:2].lower()
    version, program = decode_segwit(hrp, vector["address"])

    assert vector["script"] == _script(version, program)
    assert vector["address"].lower() == encode_segwit(hrp, version, program)


@pytest.mark.parametrize("vector", BIP350["invalid"], ids=lambda vector: vector["reason"] + " " + vector["address"][:4])
def test_published_invalid(vector: dict[str, str]) -> None:
    """An invalid address is refused on either network."""
    for hrp in ("bc", "tb"):
        with pytest.raises(ValueError, match=r"segwit|witness"):
            decode_segwit(hrp, vector["address"])


@given(st.sampled_from(["bc", "tb"]), programs)
def test_against_embit(hrp: str, program: tuple[int, bytes]) -> None:
    """An independent implementation writes the same address, and ours is read back, in capitals too."""
    address = encode_segwit(hrp, *program)

    assert oracle.encode(hrp, program[0], program[1]) == address
    assert program == decode_segwit(hrp, address)
    assert program == decode_segwit(hrp, address.upper())


@given(programs, st.data())
def test_one_letter_wrong(program: tuple[int, bytes], data: st.DataObject) -> None:
    """One wrong letter is always found."""
    address = encode_segwit("bc", *program)
    position = data.draw(st.integers(3, len(address) - 1))
    letter = data.draw(st.sampled_from("qpzry9x8gf2tvdw0s3jn54khce6mua7l").filter(lambda one: one != address[position]))

    with pytest.raises(ValueError, match=r"segwit|witness"):
        decode_segwit("bc", address[:position] + letter + address[position + 1 :])


@pytest.mark.parametrize(
    "text",
    ["", "1", "bc1", "bc1q", "bc", ADDRESS[3:], "tb" + ADDRESS[2:], ADDRESS.capitalize(), ADDRESS[:-1], ADDRESS + "q", " " + ADDRESS, ADDRESS + "\n",
     "bc1" + "q" * 100, ADDRESS.replace("q", "\uff51"), "b\u00e7" + ADDRESS[2:], ADDRESS.replace("k", "\u212a")],
)  # fmt: skip
def test_refused(text: str) -> None:
    """Another network, mixed case, another length and foreign letters are refused."""
    with pytest.raises(ValueError, match=r"segwit|witness"):
        decode_segwit("bc", text)


@pytest.mark.parametrize(("version", "length"), [(0, 19), (0, 21), (0, 2), (0, 40), (1, 1), (1, 41), (16, 0), (17, 32), (-1, 20)])
def test_no_program(version: int, length: int) -> None:
    """What is no witness program has no address."""
    with pytest.raises(ValueError, match="witness program"):
        encode_segwit("bc", version, bytes(length))


@given(st.text(max_size=90))
def test_hostile(text: str) -> None:
    """No text breaks the reader."""
    with pytest.raises(ValueError, match=r"segwit|witness"):
        decode_segwit("bc", text)
