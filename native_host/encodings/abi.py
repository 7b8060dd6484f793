"""The contract ABI of Solidity: what calldata says, read strictly (Contract ABI Specification, "Strict Encoding Mode").

The format lets one reader follow offsets that another would not, so only the one encoding is read that an encoder would have written: no
gaps, no shared or backward offsets, no bits in the padding, no bytes after the end. That is checked by encoding what was read.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

from native_host.encodings.keccak import keccak256
from native_host.value import Value

WORD = 32
SELECTOR_BYTES = 4
_MAX_DEPTH = 16
_MAX_BITS = 256
_TRUE = 1
_ADDRESS_BITS = 160

Decoded = int | bool | bytes | str | tuple["Decoded", ...]
"""An address is 20 bytes, a tuple and an array are tuples."""
Kind = Literal["uint", "int", "address", "bool", "bytesN", "bytes", "string", "array", "tuple"]


class NotAbi(ValueError):
    """The bytes are not the one encoding of values of these types; or the text is no type."""


class Type(Value, frozen=True, kw_only=True):
    """``size``: bits of a number, bytes of ``bytesN``, length of an array (-1: any). ``members`` of a tuple, one of an array; ``name``
    is a parameter's.
    """

    kind: Kind
    size: int = 0
    members: tuple[Type, ...] = ()
    name: str = ""

    @property
    def is_dynamic(self) -> bool:
        """Whether its place in the head is an offset."""
        if self.kind == "array":
            return self.size < 0 or self.members[0].is_dynamic
        return self.kind in {"bytes", "string"} or any(member.is_dynamic for member in self.members)

    @property
    def head_bytes(self) -> int:
        """How much room it takes in the head."""
        if self.is_dynamic:
            return WORD
        if self.kind == "array":
            return self.size * self.members[0].head_bytes
        return sum(member.head_bytes for member in self.members) if self.kind == "tuple" else WORD

    @property
    def canonical(self) -> str:
        """The type as it stands in a signature."""
        match self.kind:
            case "uint" | "int" | "bytesN":
                return f"{self.kind.removesuffix('N')}{self.size}"
            case "array":
                return f"{self.members[0].canonical}[{self.size if self.size >= 0 else ''}]"
            case "tuple":
                return f"({','.join(member.canonical for member in self.members)})"
            case _:
                return self.kind


class Function(Value, frozen=True, kw_only=True):
    """A function of a contract, by its name and parameters."""

    name: str
    parameters: Type

    @property
    def selector(self) -> bytes:
        return keccak256(f"{self.name}{self.parameters.canonical}".encode())[:SELECTOR_BYTES]


@lru_cache(maxsize=256)
def parse_function(text: str) -> Function:
    """``name(type name,(type name,…)[] name)``; raises ``NotAbi``. Meant for texts of our own."""
    name, opening, rest = text.partition("(")
    if not opening or not name.isidentifier():
        raise NotAbi("no function")
    parsed, end = _parse(opening + rest, 0, 0)
    if end != len(rest) + 1 or parsed.kind != "tuple":
        raise NotAbi("no function")
    return Function(name=name, parameters=parsed)


def decode_call(function: Function, data: bytes) -> tuple[Decoded, ...]:
    """The arguments of a call of ``function``.

    Raises:
        NotAbi: the calldata is another function's, or not the one encoding of any arguments.
    """
    if data[:SELECTOR_BYTES] != function.selector:
        raise NotAbi("another function")
    return decode(function.parameters, data[SELECTOR_BYTES:])


def decode(parameters: Type, data: bytes) -> tuple[Decoded, ...]:
    """The values of a tuple that ``data`` is the one encoding of; raises ``NotAbi``."""
    if len(data) % WORD:
        raise NotAbi("not whole words")
    try:
        values = _decode(parameters, data, 0, 0)
    except UnicodeDecodeError:
        raise NotAbi("no text") from None
    if not isinstance(values, tuple) or encode(parameters, values) != data:
        raise NotAbi("not the canonical encoding")
    return values


def encode(kind: Type, value: Decoded) -> bytes:
    """The encoding of a value that fits its type."""
    if isinstance(value, tuple):
        if kind.kind == "array":
            prefix = _word(len(value)) if kind.size < 0 else b""
            return prefix + _sequence(kind.members * len(value), value)
        return _sequence(kind.members, value)
    if isinstance(value, str):
        value = value.encode()
    if isinstance(value, bytes):
        if kind.kind == "address":
            return value.rjust(WORD, b"\x00")
        padded = value + bytes(-len(value) % WORD)
        return padded if kind.kind == "bytesN" else _word(len(value)) + padded
    return (value % (1 << _MAX_BITS)).to_bytes(WORD, "big")


def _sequence(kinds: tuple[Type, ...], values: tuple[Decoded, ...]) -> bytes:
    head, tail, size = b"", b"", sum(kind.head_bytes for kind in kinds)
    for kind, value in zip(kinds, values, strict=True):
        encoded = encode(kind, value)
        if kind.is_dynamic:
            head, tail = head + _word(size + len(tail)), tail + encoded
        else:
            head += encoded
    return head + tail


def _word(value: int) -> bytes:
    return value.to_bytes(WORD, "big")


def _decode(kind: Type, data: bytes, at: int, depth: int) -> Decoded:
    """The value whose encoding begins at ``at``."""
    if depth > _MAX_DEPTH:
        raise NotAbi("nested too deep")
    match kind.kind:
        case "tuple":
            return _decode_sequence(kind.members, data, at, depth)
        case "array":
            length = kind.size if kind.size >= 0 else _number(data, at)
            start = at if kind.size >= 0 else at + WORD
            if length * kind.members[0].head_bytes > len(data) - start:  # before anything is made of that length
                raise NotAbi("cut short")
            return _decode_sequence(kind.members * length, data, start, depth)
        case "bytes" | "string":
            length = _number(data, at)
            if length > len(data) - at - WORD:
                raise NotAbi("cut short")
            content = data[at + WORD : at + WORD + length]
            return content if kind.kind == "bytes" else content.decode()
        case _:
            return _decode_word(kind, data, at)


def _decode_sequence(kinds: tuple[Type, ...], data: bytes, start: int, depth: int) -> tuple[Decoded, ...]:
    """Members one after another; offsets count from the first. Each must point where the one before it ended, so that nothing is read
    twice: without that, short calldata could stand for more than could ever be read.
    """
    values: list[Decoded] = []
    at, tail = start, start + sum(kind.head_bytes for kind in kinds)
    for kind in kinds:
        if kind.is_dynamic:
            if _number(data, at) != tail - start:
                raise NotAbi("an offset that no encoder writes")
            value = _decode(kind, data, tail, depth + 1)
            tail += len(encode(kind, value))
        else:
            value = _decode(kind, data, at, depth + 1)
        values.append(value)
        at += kind.head_bytes
    return tuple(values)


def _number(data: bytes, at: int) -> int:
    word = data[at : at + WORD]
    if len(word) != WORD:
        raise NotAbi("cut short")
    return int.from_bytes(word, "big")


def _decode_word(kind: Type, data: bytes, at: int) -> Decoded:
    number = _number(data, at)
    match kind.kind:
        case "uint" if not number >> kind.size:
            return number
        case "int":
            value = number - (number >> (_MAX_BITS - 1) << _MAX_BITS)
            if -(1 << (kind.size - 1)) <= value < 1 << (kind.size - 1):
                return value
        case "bool" if number <= _TRUE:
            return number == _TRUE
        case "address" if not number >> _ADDRESS_BITS:
            return data[at + 12 : at + WORD]
        case "bytesN" if not any(data[at + kind.size : at + WORD]):
            return data[at : at + kind.size]
        case _:
            pass
    raise NotAbi("more than the type holds")


def _parse(text: str, at: int, depth: int) -> tuple[Type, int]:
    """A type with the arrays after it, and the name."""
    if depth > _MAX_DEPTH:
        raise NotAbi("nested too deep")
    if text[at : at + 1] == "(":
        kind, at = _parse_tuple(text, at + 1, depth)
    else:
        end = next((place for place in range(at, len(text)) if text[place] in "[], ()"), len(text))
        kind, at = scalar(text[at:end]), end
    while text[at : at + 1] == "[":
        end = text.index("]", at)
        kind, at = Type(kind="array", size=int(text[at + 1 : end] or "-1"), members=(kind,)), end + 1
    if text[at : at + 1] == " ":
        end = next((place for place in range(at, len(text)) if text[place] in ",)"), len(text))
        kind, at = Type(kind=kind.kind, size=kind.size, members=kind.members, name=text[at + 1 : end]), end
    return kind, at


def _parse_tuple(text: str, at: int, depth: int) -> tuple[Type, int]:
    members: list[Type] = []
    while text[at : at + 1] != ")":
        if members:
            if text[at : at + 1] != ",":
                raise NotAbi("no type")
            at += 1
        member, at = _parse(text, at, depth + 1)
        members.append(member)
    return Type(kind="tuple", members=tuple(members)), at + 1


def scalar(text: str) -> Type:
    """A type that is neither an array nor a tuple, by its canonical name; raises ``NotAbi``."""
    if text in {"address", "bool", "bytes", "string"}:
        return Type(kind=text)  # type: ignore[arg-type]  # one of these four
    for prefix, kind in (("uint", "uint"), ("int", "int"), ("bytes", "bytesN")):
        digits = text.removeprefix(prefix)
        if digits != text and digits.isascii() and digits.isdecimal() and digits[0] != "0" and len(digits) <= 3:  # noqa: PLR2004 - 256
            size = int(digits)
            fits = size <= WORD if kind == "bytesN" else size <= _MAX_BITS and not size % 8
            if fits:
                return Type(kind=kind, size=size)  # type: ignore[arg-type]  # one of these three
    raise NotAbi("no type")
