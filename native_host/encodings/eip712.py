"""Typed data (EIP-712): types, a domain and a message read strictly, and the digest of what was read.

Every member that a type names is there and no other; numbers are in the range of their type; a member is never ``null``, so that a type that
holds itself other than in an array has no value. Of the domain the EIP's five members are known, with the EIP's types. Types that the
primary type does not reach are no part of what is signed, and are not looked at.

Names are identifiers of ASCII letters, digits, ``_`` and ``$``; those of structs may hold ``:`` too, which programs use to part an
application's name from a type's, and which cannot be taken for anything else in the encoding of a type.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from native_host.encodings.abi import NotAbi, scalar
from native_host.encodings.eip55 import decode_address
from native_host.encodings.keccak import keccak256
from native_host.value import Value

Types = Mapping[str, Sequence[tuple[str, str]]]
"""From the name of a struct to its members: name and type."""

DOMAIN = "EIP712Domain"
_DOMAIN_MEMBERS = {"name": "string", "version": "string", "chainId": "uint256", "verifyingContract": "address", "salt": "bytes32"}
_MAX_DEPTH = 16
_MAX_ARRAYS = 4
_MAX_NODES = 512
_WORD = 32
_HEX = frozenset("0123456789abcdefABCDEF")
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_$")
_NAME = _LETTERS | frozenset("0123456789")
_ADDRESS_DIGITS = 40
_MOST_DIGITS = 80  # of a number of 256 bits there are 78; Python refuses to read thousands


class NotTypedData(ValueError):
    """``path`` is the member that is wrong, dotted, within the typed data."""

    def __init__(self, path: str, text: str) -> None:
        super().__init__(text)
        self.path, self.text = path, text


class TooManyFields(NotTypedData):
    """More than a person could read before signing it."""


class Node(Value, frozen=True, kw_only=True):
    """A value with its type. ``value`` of a struct and of an array is their members; of anything else a number, a truth, text, bytes.
    ``name`` is that of a member, empty within an array.
    """

    name: str
    type: str
    value: int | bool | str | bytes | tuple[Node, ...]


class Read(Value, frozen=True, kw_only=True):
    """``encoded_type`` is the primary type's, as it is hashed: with all types that it needs."""

    domain: Node
    message: Node
    encoded_type: str
    digest: bytes

    def domain_member(self, name: str) -> object:
        """The value of a member of the domain, ``None`` if it has none of that name."""
        return member(self.domain, name)


def member(node: Node, name: str) -> object:
    """The value of a member of a struct, ``None`` if it has none of that name."""
    values = node.value if isinstance(node.value, tuple) else ()
    return next((one.value for one in values if one.name == name), None)


def read(types: Types, primary: str, domain: Mapping[str, object], message: Mapping[str, object]) -> Read:
    """What would be signed, and its digest.

    Raises:
        NotTypedData
    """
    if primary == DOMAIN:
        raise NotTypedData("primaryType", "The domain is no message.")
    _check_domain(types)
    reader = _Reader(types)
    domain_node = reader.node("", DOMAIN, domain, "domain", 0)
    message_node = reader.node("", primary, message, "message", 0)
    digest = keccak256(b"\x19\x01" + reader.hash(domain_node) + reader.hash(message_node))
    return Read(domain=domain_node, message=message_node, encoded_type=reader.encoded_type(primary), digest=digest)


def _check_domain(types: Types) -> None:
    members = types.get(DOMAIN)
    if members is None:
        raise NotTypedData("types", "The types do not hold EIP712Domain.")
    for name, kind in members:
        if _DOMAIN_MEMBERS.get(name) != kind:
            raise NotTypedData(f"types.{DOMAIN}", "The domain has a member that EIP-712 does not know, or one of another type.")


class _Reader:
    def __init__(self, types: Types) -> None:
        self._types = types
        self._hashes: dict[str, bytes] = {}
        self._definitions: dict[str, tuple[str, frozenset[str]]] = {}
        self._left = _MAX_NODES

    def node(self, name: str, kind: str, value: object, path: str, depth: int) -> Node:
        """A value of a type; raises ``NotTypedData``."""
        if depth > _MAX_DEPTH:
            raise NotTypedData(path, "The message is nested too deep.")
        self._left -= 1
        if self._left < 0:
            raise TooManyFields(path, "The data has more fields than a person could read before signing it.")
        if kind.endswith("]"):
            return self._array(name, kind, value, path, depth)
        if kind in self._types:
            return self._struct(name, kind, value, path, depth)
        return Node(name=name, type=kind, value=_leaf(kind, value, path))

    def _array(self, name: str, kind: str, value: object, path: str, depth: int) -> Node:
        item, size = _array_of(kind, path)
        if not isinstance(value, list) or (size is not None and len(value) != size):
            raise NotTypedData(path, "That is no list, or one of another length than its type has.")
        if not value:
            self._check(item, path)
        items = tuple(self.node("", item, one, f"{path}.{index}", depth + 1) for index, one in enumerate(value))
        return Node(name=name, type=kind, value=items)

    def _struct(self, name: str, kind: str, value: object, path: str, depth: int) -> Node:
        members = self._members(kind)
        if not isinstance(value, dict) or len(value) != len(members):
            raise NotTypedData(path, "That is not a value of its type: a member is missing, or there is one too many.")
        nodes = []
        for own, own_kind in members:
            inner = f"{path}.{own}"
            if own not in value:
                raise NotTypedData(inner, "This member is missing.")
            nodes.append(self.node(own, own_kind, value[own], inner, depth + 1))
        return Node(name=name, type=kind, value=tuple(nodes))

    def _members(self, kind: str) -> Sequence[tuple[str, str]]:
        """The members of a struct whose definition is sound; raises ``NotTypedData``."""
        members = self._types[kind]
        path = f"types.{kind}"
        names = [name for name, _ in members]
        if not _is_name(kind, _NAME | {":"}) or _is_scalar(kind) or not all(_is_name(name, _NAME) for name in names):
            raise NotTypedData(path, "A name in the types is none that a type or a member can have.")
        if len(set(names)) != len(names):
            raise NotTypedData(path, "A type has two members of one name.")
        return members

    def _check(self, kind: str, path: str) -> None:
        """See that a type exists of which there is no value."""
        if self._base(kind, path) not in self._types and not _is_scalar(kind.partition("[")[0]):
            raise NotTypedData(path, "The types do not hold this member's type.")

    def _base(self, kind: str, path: str) -> str:
        for _ in range(_MAX_ARRAYS + 1):
            if not kind.endswith("]"):
                return kind
            kind, _size = _array_of(kind, path)
        raise NotTypedData(path, "The message is nested too deep.")

    def encoded_type(self, kind: str) -> str:
        """``encodeType`` of the EIP: the type, and after it those that it needs, by name."""
        found: dict[str, str] = {}
        waiting = {kind}
        while waiting:
            one = waiting.pop()
            found[one], needed = self._definition(one)
            waiting |= needed - found.keys()
        first = found.pop(kind)
        return first + "".join(found[name] for name in sorted(found))

    def _definition(self, kind: str) -> tuple[str, frozenset[str]]:
        """A struct as it is written in the encoding of a type, and the structs that its members are of; looked at once."""
        made = self._definitions.get(kind)
        if made is None:
            members, path = self._members(kind), f"types.{kind}"
            for _, of in members:
                self._check(of, path)
            needed = frozenset(self._base(of, path) for _, of in members) & self._types.keys()
            made = self._definitions[kind] = f"{kind}({','.join(f'{of} {name}' for name, of in members)})", needed
        return made

    def hash(self, node: Node) -> bytes:
        """``hashStruct`` of a struct."""
        type_hash = self._hashes.get(node.type)
        if type_hash is None:
            type_hash = self._hashes[node.type] = keccak256(self.encoded_type(node.type).encode())
        return keccak256(type_hash + self._encoded(node.value))

    def _encoded(self, members: object) -> bytes:
        return b"".join(self._word(one) for one in members) if isinstance(members, tuple) else b""

    def _word(self, node: Node) -> bytes:
        """``encodeData`` of one value: 32 bytes."""
        value = node.value
        if isinstance(value, tuple):
            return keccak256(self._encoded(value)) if node.type.endswith("]") else self.hash(node)
        if isinstance(value, str):
            return keccak256(value.encode())
        if isinstance(value, bytes):
            return keccak256(value) if node.type == "bytes" else _padded(node.type, value)
        return (value % (1 << 256)).to_bytes(_WORD, "big")


def _padded(kind: str, value: bytes) -> bytes:
    """Numbers stand at the end of a word, and an address is one; bytes stand at its beginning."""
    return value.rjust(_WORD, b"\x00") if kind == "address" else value.ljust(_WORD, b"\x00")


def _array_of(kind: str, path: str) -> tuple[str, int | None]:
    """The type of an array's items, and how many they are if that is fixed; raises ``NotTypedData``."""
    item, opening, size = kind[:-1].rpartition("[")
    if not opening or not item or (size and not (size.isascii() and size.isdecimal() and len(size) < 5 and size[0] != "0")):  # noqa: PLR2004
        raise NotTypedData(path, "The type of this member is none.")
    return item, int(size) if size else None


def _is_name(text: str, letters: frozenset[str]) -> bool:
    return bool(text) and text[0] in _LETTERS and letters.issuperset(text)


def _is_scalar(kind: str) -> bool:
    """Whether it is a type of the ABI; the EIP knows no ``uint`` and no ``int`` without a size, and nothing may be called so."""
    if kind in {"uint", "int"}:
        return True
    try:
        scalar(kind)
    except NotAbi:
        return False
    return True


def _leaf(kind: str, value: object, path: str) -> int | bool | str | bytes:
    """A value of a type that has no members; raises ``NotTypedData``."""
    try:
        parsed = scalar(kind)
    except NotAbi:
        raise NotTypedData(path, "The types do not hold this member's type.") from None
    match parsed.kind, value:
        case "string", str():
            return value
        case "bool", bool():
            return value
        case "uint" | "int", _:
            number = _number(value)
            low = -(1 << (parsed.size - 1)) if parsed.kind == "int" else 0
            high = 1 << (parsed.size - 1 if parsed.kind == "int" else parsed.size)
            if number is not None and low <= number < high:
                return number
        case "address", str() if (address := _address(value)) is not None:
            return address
        case "bytes" | "bytesN", str():
            data = _bytes(value)
            if data is not None and (parsed.kind == "bytes" or len(data) == parsed.size):
                return data
    raise NotTypedData(path, "That is not a value of this member's type.")


def _number(value: object) -> int | None:
    """A whole number as JSON, or as text in decimal or hexadecimal digits."""
    if isinstance(value, int):
        return None if isinstance(value, bool) else value
    if not isinstance(value, str) or not value.isascii() or len(value) > _MOST_DIGITS:
        return None
    if value.startswith("0x"):
        return int(value, 0) if value[2:] and _HEX.issuperset(value[2:]) else None
    digits = value.removeprefix("-")
    canonical = digits.isdecimal() and (digits[0] != "0" or value == "0")
    return int(value) if canonical else None


def _bytes(value: str) -> bytes | None:
    digits = value[2:]
    return bytes.fromhex(digits) if value.startswith("0x") and len(digits) % 2 == 0 and _HEX.issuperset(digits) else None


def _address(value: str) -> bytes | None:
    """In one case, or in the mixed case that is its checksum."""
    digits = value[2:]
    if digits in (digits.lower(), digits.upper()):
        return _bytes(value) if len(digits) == _ADDRESS_DIGITS else None
    try:
        return decode_address(value)
    except ValueError:
        return None
