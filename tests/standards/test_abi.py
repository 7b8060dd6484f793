"""The contract ABI of Solidity: what it says, and that calldata which could be read in two ways is not read."""

from __future__ import annotations

import json
from typing import Any

import pytest
from eth_abi.abi import encode as encode_theirs
from hypothesis import given
from hypothesis import strategies as st

from native_host.encodings.abi import Decoded, Function, NotAbi, Type, decode, decode_call, encode, parse_function, scalar
from native_host.review.evm_contracts import known_functions
from tests.parts.npm import ethers_vectors

ADDRESS = b"\x11" * 20

# The specification's own examples.
PUBLISHED: dict[str, tuple[str, tuple[Decoded, ...], str]] = {
    "baz": ("baz(uint32 x,bool y)", (69, True), "cdcd77c0" + f"{69:064x}" + f"{1:064x}"),
    "bar": ("bar(bytes3[2] xy)", ((b"abc", b"def"),), "fce353f6" + "616263".ljust(64, "0") + "646566".ljust(64, "0")),
    "sam": (
        "sam(bytes name,bool z,uint256[] data)",
        (b"dave", True, (1, 2, 3)),
        "a5643bf2" + "".join(f"{word:064x}" for word in (0x60, 1, 0xA0, 4)) + b"dave".hex().ljust(64, "0") + "".join(f"{word:064x}" for word in (3, 1, 2, 3)),
    ),
    "f": (
        "f(uint256 a,uint32[] b,bytes10 c,bytes d)",
        (0x123, (0x456, 0x789), b"1234567890", b"Hello, world!"),
        "8be65246" + f"{0x123:064x}{0x80:064x}" + b"1234567890".hex().ljust(64, "0") + f"{0xE0:064x}{2:064x}{0x456:064x}{0x789:064x}{0xD:064x}" + b"Hello, world!".hex().ljust(64, "0"),
    ),
    "g": (
        "g(uint256[][] a,string[] b)",
        (((1, 2), (3,)), ("one", "two", "three")),
        "2289b18c" + "".join(f"{word:064x}" for word in (0x40, 0x140, 2, 0x40, 0xA0, 2, 1, 2, 1, 3, 3, 0x60, 0xA0, 0xE0, 3))
        + b"one".hex().ljust(64, "0") + f"{3:064x}" + b"two".hex().ljust(64, "0") + f"{5:064x}" + b"three".hex().ljust(64, "0"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "values", "data"), PUBLISHED.values(), ids=PUBLISHED.keys())
def test_published_examples(text: str, values: tuple[Decoded, ...], data: str) -> None:
    """Selector and arguments, both ways."""
    function = parse_function(text)
    assert data == (function.selector + encode(function.parameters, values)).hex()
    assert values == decode_call(function, bytes.fromhex(data))


SCALARS: dict[str, st.SearchStrategy[Any]] = {
    "address": st.binary(min_size=20, max_size=20),
    "bool": st.booleans(),
    "bytes": st.binary(max_size=70),
    "string": st.text(max_size=20),
    "uint256": st.integers(0, 2**256 - 1),
    "uint8": st.integers(0, 255),
    "int24": st.integers(-(2**23), 2**23 - 1),
    "int256": st.integers(-(2**255), 2**255 - 1),
    "bytes4": st.binary(min_size=4, max_size=4),
    "bytes32": st.binary(min_size=32, max_size=32),
}


def _types(depth: int) -> st.SearchStrategy[Type]:
    leaves = st.sampled_from(list(SCALARS)).map(scalar)
    if not depth:
        return leaves
    inner = _types(depth - 1)
    arrays = st.builds(lambda item, size: Type(kind="array", size=size, members=(item,)), inner, st.sampled_from([-1, 1, 2]))
    tuples = st.lists(inner, min_size=1, max_size=3).map(lambda members: Type(kind="tuple", members=tuple(members)))
    return st.one_of(leaves, arrays, tuples)


@st.composite
def _valued(draw: st.DrawFn) -> tuple[Type, tuple[Decoded, ...]]:
    kind = Type(kind="tuple", members=tuple(draw(st.lists(_types(3), min_size=1, max_size=3))))

    def value(one: Type) -> Decoded:
        if one.kind == "tuple":
            return tuple(map(value, one.members))
        if one.kind == "array":
            length = one.size if one.size >= 0 else draw(st.integers(0, 2))
            return tuple(value(one.members[0]) for _ in range(length))
        drawn: Decoded = draw(SCALARS[one.canonical])
        return drawn

    return kind, tuple(map(value, kind.members))


def theirs(kind: Type, value: Decoded) -> Any:
    if isinstance(value, tuple):
        members = kind.members * len(value) if kind.kind == "array" else kind.members
        return [theirs(member, one) for member, one in zip(members, value, strict=True)]
    return f"0x{value.hex()}" if kind.kind == "address" and isinstance(value, bytes) else value


@given(_valued())
def test_against_another_implementation(valued: tuple[Type, tuple[Decoded, ...]]) -> None:
    """The same bytes for the same values, and the values back from the bytes."""
    kind, values = valued
    data = encode_theirs([member.canonical for member in kind.members], theirs(kind, values))
    assert data == encode(kind, values)
    assert values == decode(kind, data)


@given(_types(3), st.lists(st.one_of(st.integers(0, 256), st.integers(0, 2**256 - 1)), max_size=20))
def test_what_is_read_is_what_would_be_written(kind: Type, words: list[int]) -> None:
    """No two texts are read as the same arguments, whatever stands in them."""
    data = b"".join(word.to_bytes(32, "big") for word in words)
    parameters = Type(kind="tuple", members=(kind,))
    try:
        values = decode(parameters, data)
    except NotAbi:
        return
    assert data == encode(parameters, values)


def test_vectors_of_ethers() -> None:
    """What compiled contracts return, for thousands of types."""
    read = 0
    for vector in ethers_vectors("contract-interface-abi2") + ethers_vectors("contract-interface"):
        outputs = next(one for one in json.loads(vector["interface"]) if one.get("name", "test") == "test")["outputs"]
        try:
            kind = Type(kind="tuple", members=tuple(map(_parameter, outputs)))
            values = decode(kind, bytes.fromhex(vector["result"][2:]))
        except NotAbi as error:
            pytest.fail(f"{vector['name']}: {error}")
        assert vector["result"][2:] == encode(kind, values).hex()
        read += 1
    assert read > 3900


def _parameter(output: dict[str, Any]) -> Type:
    base, *sizes = output["type"].split("[")
    kind = Type(kind="tuple", members=tuple(map(_parameter, output["components"]))) if base == "tuple" else scalar(base)
    for size in sizes:
        kind = Type(kind="array", size=int(size.rstrip("]") or "-1"), members=(kind,))
    return kind


def _call(text: str, *words: int | str) -> tuple[Function, bytes]:
    function = parse_function(text)
    return function, function.selector + b"".join(
        bytes.fromhex(word) if isinstance(word, str) else word.to_bytes(32, "big") for word in words
    )


REFUSED = {
    "another function": (parse_function("approve(address a,uint256 b)"), _call("transfer(address a,uint256 b)", 1, 2)[1]),
    "no arguments": _call("f(uint256 a)"),
    "half a word": _call("f(uint256 a)", "00" * 31),
    "a word too many": _call("f(uint256 a)", 1, 2),
    "a number too large": _call("f(uint8 a)", 256),
    "a number not extended by its sign": _call("f(int8 a)", 0xFF),
    "a number too small": _call("f(int8 a)", 2**256 - 129),
    "a truth that is 2": _call("f(bool a)", 2),
    "an address with bits before it": _call("f(address a)", 1 << 160),
    "bytes with bits after them": _call("f(bytes4 a)", "6162636401".ljust(64, "0")),
    "padding that is not zero": _call("f(bytes a)", 0x20, 1, "6101".ljust(64, "0")),
    "text that is none": _call("f(string a)", 0x20, 1, "ff".ljust(64, "0")),
    "an offset to itself": _call("f(bytes a)", 0, 0),
    "an offset behind a gap": _call("f(bytes a)", 0x40, 0, 0),
    "an offset beyond the end": _call("f(bytes a)", 2**255),
    "two members at one place": _call("f(bytes a,bytes b)", 0x40, 0x40, 0),
    "members in another order": _call("f(bytes a,bytes b)", 0x60, 0x40, 0, 0),
    "an array longer than everything": _call("f(uint256[] a)", 0x20, 2**255),
    "a length beyond the end": _call("f(bytes a)", 0x20, 33, 0),
    "an array cut short": _call("f(uint256[] a)", 0x20, 2, 1),
    "arrays within arrays that share one place": _call("f(uint256[][] a)", 0x20, 3, 0x60, 0x60, 0x60, 0),
}  # fmt: skip


@pytest.mark.parametrize(("function", "data"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(function: Function, data: bytes) -> None:
    """Whatever another reader could take for something else."""
    with pytest.raises(NotAbi):
        decode_call(function, data)


NO_TYPES = ["uint", "int", "uint7", "uint264", "uint08", "bytes0", "bytes33", "byte", "fixed128x18", "function", "", "uint256 "]


@pytest.mark.parametrize("text", NO_TYPES)
def test_no_type(text: str) -> None:
    with pytest.raises(NotAbi):
        scalar(text)


def test_no_two_known_functions_have_one_selector() -> None:
    """A row would hide another."""
    assert len(known_functions()) == len({row.text for row in known_functions().values()})
    from native_host.review.evm_contracts import _ROWS

    assert len(_ROWS) == len(known_functions())


# 4byte.directory and the standards themselves name these.
SELECTORS = {
    "transfer(address to,uint256 value)": "a9059cbb",
    "transferFrom(address from,address to,uint256 value)": "23b872dd",
    "approve(address spender,uint256 value)": "095ea7b3",
    "setApprovalForAll(address operator,bool approved)": "a22cb465",
    "permit(address owner,address spender,uint256 value,uint256 deadline,uint8 v,bytes32 r,bytes32 s)": "d505accf",
    "multicall(bytes[] data)": "ac9650d8",
    "aggregate3((address to,bool mayFail,bytes data)[] calls)": "82ad56cb",
    "multiSend(bytes transactions)": "8d80ff0a",
    "deposit()": "d0e30db0",
}


@pytest.mark.parametrize(("text", "selector"), SELECTORS.items())
def test_selectors(text: str, selector: str) -> None:
    """Names of parameters are no part of them, and tuples are."""
    assert selector == known_functions()[bytes.fromhex(selector)].function.selector.hex() == parse_function(text).selector.hex()
