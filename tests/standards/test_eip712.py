"""EIP-712: typed data is read in one way, and hashed as everybody hashes it."""

from __future__ import annotations

from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import _hash_eip191_message, encode_typed_data
from hypothesis import given, settings
from hypothesis import strategies as st

from native_host.encodings import eip712
from native_host.encodings.eip712 import NotTypedData, Read, TooManyFields
from native_host.encodings.keccak import keccak256
from native_host.suites import es256k, ethereum
from tests.parts.npm import ethers_vectors

PERSON = (("name", "string"), ("wallet", "address"))
DOMAIN = (("name", "string"), ("version", "string"), ("chainId", "uint256"), ("verifyingContract", "address"))
COW, BOB = "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826", "0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB"
TYPES: dict[str, Any] = {"EIP712Domain": DOMAIN, "Person": PERSON, "Mail": (("from", "Person"), ("to", "Person"), ("contents", "string"))}
IN_DOMAIN = {"name": "Ether Mail", "version": "1", "chainId": 1, "verifyingContract": "0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC"}
MAIL = {"from": {"name": "Cow", "wallet": COW}, "to": {"name": "Bob", "wallet": BOB}, "contents": "Hello, Bob!"}


def read(kind: str, value: object, *, types: dict[str, Any] | None = None) -> Read:
    """One member of a type of its own."""
    return eip712.read({"EIP712Domain": (), "A": (("a", kind),), **(types or {})}, "A", {}, {"a": value})


def test_the_example_of_the_eip() -> None:
    """Every value that the EIP's own test prints, and its signature."""
    mail = eip712.read(TYPES, "Mail", IN_DOMAIN, MAIL)
    assert "Mail(Person from,Person to,string contents)Person(string name,address wallet)" == mail.encoded_type
    assert "a0cedeb2dc280ba39b857546d74f5549c3a1d7bdc2dd96bf881f76108e23dac2" == keccak256(mail.encoded_type.encode()).hex()
    assert "be609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2" == mail.digest.hex()
    secret = keccak256(b"cow")
    public = es256k.public_key(secret)
    r, s, y_parity = ethereum.signature_of(mail.digest, ethereum.local_signer(secret, public), public)
    assert 0x4355C47D63924E8A72E509B65029052EB6C299D53A04E167C5775FD466751C9D == r
    assert 0x07299936D304C153F6443DFA05F40FF007D72911B6F72307F996231605B91562 == s
    assert 28 == 27 + y_parity


def test_vectors_of_ethers() -> None:
    """A thousand types with values, five domains' members in all combinations: the digest of each."""
    vectors = ethers_vectors("eip712")
    assert len(vectors) > 1000
    order = {"name": "string", "version": "string", "chainId": "uint256", "verifyingContract": "address", "salt": "bytes32"}
    for vector in vectors:
        types: dict[str, Any] = {name: tuple((one["name"], one["type"]) for one in members) for name, members in vector["types"].items()}
        types["EIP712Domain"] = tuple((name, kind) for name, kind in order.items() if name in vector["domain"])
        found = eip712.read(types, vector["primaryType"], vector["domain"], vector["data"])
        assert vector["digest"] == f"0x{found.digest.hex()}", vector["name"]


LEAVES: dict[str, st.SearchStrategy[Any]] = {
    "uint8": st.integers(0, 255),
    "uint256": st.integers(0, 2**256 - 1),
    "int16": st.integers(-(2**15), 2**15 - 1),
    "bool": st.booleans(),
    "address": st.binary(min_size=20, max_size=20).map(lambda drawn: f"0x{drawn.hex()}"),
    "bytes": st.binary(max_size=40).map(lambda drawn: f"0x{drawn.hex()}"),
    "bytes7": st.binary(min_size=7, max_size=7).map(lambda drawn: f"0x{drawn.hex()}"),
    "string": st.text(max_size=12),
}


@st.composite
def typed(draw: st.DrawFn) -> dict[str, Any]:
    """Types that hold each other, without cycles, and values of them."""
    types: dict[str, list[dict[str, str]]] = {}
    for index in range(draw(st.integers(1, 3))):
        usable = [*LEAVES, *(kind for kind in types)]
        members = draw(st.lists(st.tuples(st.sampled_from(usable), st.sampled_from(["", "[]", "[2]"])), min_size=1, max_size=4))
        types[f"T{index}"] = [{"name": f"m{place}", "type": kind + array} for place, (kind, array) in enumerate(members)]

    def value(kind: str) -> Any:
        if kind.endswith("]"):
            item, _, size = kind[:-1].rpartition("[")
            return [value(item) for _ in range(int(size) if size else draw(st.integers(0, 2)))]
        return {one["name"]: value(one["type"]) for one in types[kind]} if kind in types else draw(LEAVES[kind])

    primary = list(types)[-1]
    message = value(primary)
    domain = {"name": draw(st.text(max_size=8)), "chainId": draw(st.integers(0, 2**64))}
    types["EIP712Domain"] = [{"name": "name", "type": "string"}, {"name": "chainId", "type": "uint256"}]
    return {"types": types, "primaryType": primary, "domain": domain, "message": message}


def reached(types: dict[str, Any], primary: str) -> dict[str, Any]:
    found, waiting = {"EIP712Domain"}, [primary]
    while waiting:
        one = waiting.pop()
        if one in types and one not in found:
            found.add(one)
            waiting += [member["type"].partition("[")[0] for member in types[one]]
    return {name: members for name, members in types.items() if name in found}


@settings(max_examples=150)
@given(typed())
def test_against_another_implementation(data: dict[str, Any]) -> None:
    """eth-account's digest. Types that are not reached change nothing."""
    types = {name: tuple((one["name"], one["type"]) for one in members) for name, members in data["types"].items()}
    theirs = {**data, "types": reached(data["types"], data["primaryType"])}
    expected = _hash_eip191_message(encode_typed_data(full_message=theirs))
    assert expected == eip712.read(types, data["primaryType"], data["domain"], data["message"]).digest


NUMBERS = {
    "a number": 255,
    "a text": "255",
    "hexadecimal": "0xff",
    "hexadecimal in capitals": "0xFF",
    "hexadecimal with zeros": "0x00ff",
}


@pytest.mark.parametrize("value", NUMBERS.values(), ids=NUMBERS.keys())
def test_a_number_may_be_written_as_programs_do(value: object) -> None:
    """And is the same number."""
    assert read("uint8", 255).digest == read("uint8", value).digest


def test_a_type_may_hold_itself_in_a_list() -> None:
    """As the EIP allows; the list comes to an end."""
    node: dict[str, Any] = {"n": 1, "next": [{"n": 2, "next": []}]}
    types = {"EIP712Domain": (), "Node": (("n", "uint8"), ("next", "Node[]"))}
    assert 32 == len(eip712.read(types, "Node", {}, node).digest)


def test_a_name_of_two_parts() -> None:
    """An application's and a type's, parted by a colon."""
    assert "App:Do(uint8 a)" == eip712.read({"EIP712Domain": (), "App:Do": (("a", "uint8"),)}, "App:Do", {}, {"a": 1}).encoded_type


def test_the_domain_is_hashed_in_the_order_of_its_type() -> None:
    """Which is whoever's who made it."""
    one, other = (
        eip712.read({"EIP712Domain": order, "A": (("a", "bool"),)}, "A", IN_DOMAIN, {"a": True}).digest for order in (DOMAIN, DOMAIN[::-1])
    )
    assert one != other


WRONG: dict[str, tuple[str, object]] = {
    "a number too large": ("uint8", 256),
    "a number too large, as a text": ("uint8", "256"),
    "a negative number": ("uint8", -1),
    "a number too small": ("int8", -129),
    "a number over 256 bits": ("uint256", 2**256),
    "a fraction": ("uint256", 1.0),
    "a number with an exponent": ("uint256", "1e3"),
    "a number with a zero before it": ("uint256", "01"),
    "minus zero": ("int8", "-0"),
    "a number with a sign": ("uint256", "+1"),
    "a number with a space": ("uint256", " 1"),
    "a number with underscores": ("uint256", "1_0"),
    "digits of another script": ("uint256", "\u0661"),
    "no hexadecimal": ("uint256", "0x"),
    "a negative hexadecimal number": ("int8", "-0x1"),
    "thousands of digits": ("uint256", "9" * 5000),
    "a truth as a number": ("bool", 1),
    "a truth as a text": ("bool", "true"),
    "a number as a truth": ("uint8", True),
    "no address": ("address", "0x12"),
    "an address with a wrong checksum": ("address", COW[:-1] + "7"),
    "an address by a name": ("address", "vitalik.eth"),
    "a byte too few": ("bytes4", "0x010203"),
    "a byte too many": ("bytes4", "0x0102030405"),
    "half a byte": ("bytes", "0x1"),
    "bytes without 0x": ("bytes", "ff"),
    "bytes as a text": ("bytes", "hello"),
    "a number as a text's value": ("string", 1),
    "nothing": ("string", None),
    "no struct": ("A", None),
    "a list as a struct": ("string", []),
    "a struct as a list": ("string[]", {}),
    "a list too short": ("uint8[2]", [1]),
    "a list too long": ("uint8[2]", [1, 2, 3]),
    "a type without a size": ("uint", 1),
    "a type with a strange size": ("uint12", 12),
    "a type with a zero in its size": ("uint08", 1),
    "a type that is nowhere": ("B", {}),
    "a type that is nowhere, in an empty list": ("B[]", []),
    "a list of no length": ("uint8[0]", []),
    "a list with a space": ("uint8[ 2]", [1, 2]),
    "a list with a zero": ("uint8[02]", [1, 2]),
    "lists in lists in lists": ("uint8" + "[]" * 20, []),
    "no type": ("", 1),
    "only brackets": ("[]", []),
}


@pytest.mark.parametrize(("kind", "value"), WRONG.values(), ids=WRONG.keys())
def test_wrong_values(kind: str, value: object) -> None:
    """A value of another type, and one that could be read in two ways."""
    with pytest.raises(NotTypedData):
        read(kind, value)


CLOSED: dict[str, tuple[dict[str, Any], str, dict[str, Any], dict[str, Any]]] = {
    "no type of the domain": ({"A": ()}, "A", {}, {}),
    "no primary type": ({"EIP712Domain": ()}, "A", {}, {}),
    "the domain as the message": ({"EIP712Domain": ()}, "EIP712Domain", {}, {}),
    "a value as the message": ({"EIP712Domain": ()}, "string", {}, {}),
    "a list as the message": ({"EIP712Domain": (), "A": ()}, "A[]", {}, {}),
    "a member missing": ({"EIP712Domain": (), "A": (("a", "bool"),)}, "A", {}, {}),
    "a member too many": ({"EIP712Domain": (), "A": ()}, "A", {}, {"a": True}),
    "another member": ({"EIP712Domain": (), "A": (("a", "bool"),)}, "A", {}, {"b": True}),
    "a member twice": ({"EIP712Domain": (), "A": (("a", "bool"), ("a", "bool"))}, "A", {}, {"a": True}),
    "a member of the domain missing": ({"EIP712Domain": (("name", "string"),), "A": ()}, "A", {}, {}),
    "a member of the domain too many": ({"EIP712Domain": (), "A": ()}, "A", {"name": "n"}, {}),
    "a sixth member of the domain": ({"EIP712Domain": (("owner", "address"),), "A": ()}, "A", {"owner": COW}, {}),
    "a member of the domain of another type": ({"EIP712Domain": (("chainId", "string"),), "A": ()}, "A", {"chainId": "1"}, {}),
    "a type that is itself": ({"EIP712Domain": (), "A": (("a", "A"),)}, "A", {}, {"a": {"a": {"a": {}}}}),
    "types that are each other": ({"EIP712Domain": (), "A": (("b", "B"),), "B": (("a", "A"),)}, "A", {}, {"b": {"a": {"b": {}}}}),
    "a type called as one of the ABI": ({"EIP712Domain": (), "A": (("a", "address"),), "address": (("x", "bool"),)}, "A", {}, {"a": {"x": True}}),
    "a type called as a list": ({"EIP712Domain": (), "A": (("a", "bool[]"),), "bool[]": ()}, "A", {}, {"a": {}}),
    "a name that ends its type": ({"EIP712Domain": (), "A)B(": ()}, "A)B(", {}, {}),
    "a member that is two": ({"EIP712Domain": (), "A": (("a,bool b", "bool"),)}, "A", {}, {"a,bool b": True}),
    "a member that is turned around": ({"EIP712Domain": (), "A": (("\u202etnuoma", "bool"),)}, "A", {}, {"\u202etnuoma": True}),
    "a member of look-alike letters": ({"EIP712Domain": (), "A": (("sp\u0435nder", "bool"),)}, "A", {}, {"sp\u0435nder": True}),
    "a type without a name": ({"EIP712Domain": (), "": ()}, "", {}, {}),
    "a member without a name": ({"EIP712Domain": (), "A": (("", "bool"),)}, "A", {}, {"": True}),
}  # fmt: skip


@pytest.mark.parametrize(("types", "primary", "domain", "message"), CLOSED.values(), ids=CLOSED.keys())
def test_types_are_closed(types: dict[str, Any], primary: str, domain: dict[str, Any], message: dict[str, Any]) -> None:
    """Every member is there and no other, every type is known, and no name is anything but a name."""
    with pytest.raises(NotTypedData):
        eip712.read(types, primary, domain, message)


def test_nested_without_end() -> None:
    """Types may hold themselves in lists; values are no deeper than a person could follow."""
    message: dict[str, Any] = {"a": []}
    for _ in range(5000):
        message = {"a": [message]}
    with pytest.raises(NotTypedData):
        eip712.read({"EIP712Domain": (), "A": (("a", "A[]"),)}, "A", {}, message)


def test_more_than_could_be_read() -> None:
    """Of whatever sort."""
    with pytest.raises(TooManyFields):
        read("uint8[]", [0] * 600)
    with pytest.raises(TooManyFields):
        read("B[]", [{}] * 600, types={"B": ()})


def test_the_example_is_what_the_library_signs() -> None:
    """Account by account: the recovered signer is the EIP's."""
    secret = keccak256(b"cow")
    full = {
        "types": {name: [{"name": one, "type": kind} for one, kind in members] for name, members in TYPES.items()},
        "primaryType": "Mail",
        "domain": IN_DOMAIN,
        "message": MAIL,
    }
    assert COW == Account.from_key(secret).address
    assert _hash_eip191_message(encode_typed_data(full_message=full)) == eip712.read(TYPES, "Mail", IN_DOMAIN, MAIL).digest
