"""What a person reads of an Ethereum transaction: what happens, to whom, how much, at what cost, and what to beware of."""

from __future__ import annotations

from typing import Any

import pytest
from eth_abi.abi import encode
from msgspec import convert

from native_host.encodings.abi import Decoded, Type
from native_host.encodings.abi import encode as encode_ours
from native_host.encodings.eip55 import decode_address, encode_address
from native_host.encodings.keccak import keccak256
from native_host.protocol.methods import METHODS
from native_host.protocol.wire import decode_hook
from native_host.review import ethereum, evm_calls, evm_chains
from native_host.review.evm_chains import decimal
from native_host.review.evm_contracts import Known, known_functions
from native_host.review.requests import review
from native_host.review.subject import Review, Subject

OTHER = f"0x{'11' * 20}"
OWN = encode_address(b"\x22" * 20)
USDC = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"
FEES = {"maxFeePerGas": hex(2 * 10**9), "maxPriorityFeePerGas": hex(10**9)}
MOST = 2**256 - 1


def made(chain: str = "eip155:1", authorities: tuple[str | None, ...] = (), **members: Any) -> Review:
    if "gasPrice" not in members:
        members = {**FEES, **members}
    params = {"keyId": "k", "chain": chain, "transaction": {"nonce": "0x7", "gas": "0x5208", **members}}
    return review(convert(params, METHODS["signTransaction"].params, dec_hook=decode_hook), Subject(address=OWN, authorities=authorities))


def facts(found: Review) -> dict[str, tuple[str, str]]:
    assert len(found.facts) == len({fact.label for fact in found.facts})
    return {fact.label: (fact.value, fact.kind) for fact in found.facts}


def call(signature: str, *values: Any) -> bytes:
    types = signature.partition("(")[2][:-1]
    kinds: list[str] = []
    depth = 0
    for part in types.split(",") if types else []:
        kinds[-1:] = [f"{kinds[-1]},{part}"] if depth else [*kinds[-1:], part]
        depth += part.count("(") - part.count(")")
    return keccak256(signature.encode())[:4] + encode(kinds, values)


def text(data: bytes) -> str:
    return f"0x{data.hex()}"


def test_a_payment() -> None:
    """All of it, and nothing to beware of."""
    found = made(to=OTHER, value=hex(15 * 10**17))
    assert "Send 1.5 ETH on Ethereum" == found.title
    assert () == found.warnings
    assert {
        "Address": (OWN, "address"),
        "Chain": ("Ethereum, number 1", "text"),
        "Recipient": (OTHER, "address"),
        "Amount": ("1.5 ETH (1500000000000000000 wei)", "text"),
        "Highest fee": ("0.000042 ETH (42000000000000 wei)", "text"),
        "How the fee is made up": ("21000 gas at most, each at most 2 gwei, of which 1 gwei go first to whoever includes it", "text"),
        "Nonce": ("7", "number"),
        "Type of the transaction": ("2, with a priority fee (EIP-1559)", "text"),
    } == facts(found)


def test_a_chain_that_is_not_known() -> None:
    """Is said to be so, in the title too; its coins have no name."""
    found = made("eip155:424242", to=OTHER, value="0x1")
    assert "Send 0.000000000000000001 of this chain's own coin on an unknown chain" == found.title
    assert ("Unknown chain, number 424242", "text") == facts(found)["Chain"]
    assert ethereum.UNKNOWN_CHAIN in found.warnings


def test_a_test_network() -> None:
    assert "no value" in facts(made("eip155:11155111", to=OTHER, value="0x1"))["Chain"][0]


@pytest.mark.parametrize(("chain", "unbounded"), [("eip155:8453", True), ("eip155:10", True), ("eip155:1", False), ("eip155:42220", False)])
def test_a_fee_that_the_transaction_does_not_bound(chain: str, *, unbounded: bool) -> None:
    """Rollups take more for the data."""
    assert unbounded == (ethereum.UNBOUNDED_FEE in facts(made(chain, to=OTHER, value="0x1"))["Highest fee"][0])


def test_absurd_fees() -> None:
    """Above what anybody pays, and above the amount."""
    assert ethereum.DEAR in made(to=OTHER, value=hex(10**20), gasPrice=hex(10**18 // 21000 + 1)).warnings
    assert ethereum.DEARER_THAN_AMOUNT in made(to=OTHER, value="0x1").warnings


def test_to_oneself_and_to_nobody() -> None:
    assert (ethereum.TO_YOURSELF,) == made(to=OWN, value=hex(10**18)).warnings
    assert (evm_calls.TO_NOBODY,) == made(to=f"0x{'00' * 20}", value=hex(10**18)).warnings


def test_creating_a_contract() -> None:
    """In the title, with the code, its size and hash, and a warning before all others."""
    found = made(input="0x6001600201", value="0x0")
    assert "Create a contract on Ethereum" == found.title
    assert ethereum.CREATES == found.warnings[0]
    shown = facts(found)
    assert (("5 bytes", "text"), (keccak256(bytes.fromhex("6001600201")).hex(), "hex"), ("6001600201", "hex")) == (
        shown["Size of the code"],
        shown["Hash of the code (Keccak-256)"],
        shown["Code"],
    )
    assert "Recipient" not in shown


def test_a_call_that_is_not_known() -> None:
    """It is called blind, with selector, size and all of the data."""
    found = made(to=OTHER, input="0xdeadbeef0102")
    assert "Call a contract blind on Ethereum" == found.title
    assert evm_calls.UNKNOWN_CALL == found.warnings[0]
    shown = facts(found)
    assert ("deadbeef", "6 bytes", "deadbeef0102") == tuple(
        shown[label][0] for label in ("Function, by its selector", "Size of the data", "Data")
    )
    assert (OTHER, "address") == shown["Contract"]


ODD = {
    "an argument with bits before it": call("transfer(address,uint256)", OTHER, 1)[:4] + b"\x01" + call("transfer(address,uint256)", OTHER, 1)[5:],
    "a byte after it": call("transfer(address,uint256)", OTHER, 1) + b"\x00",
    "a word after it": call("transfer(address,uint256)", OTHER, 1) + bytes(32),
    "cut short": call("transfer(address,uint256)", OTHER, 1)[:-1],
    "only the selector": call("transfer(address,uint256)", OTHER, 1)[:4],
    "calls within it that are no calls": call("multiSend(bytes)", b"\x00" * 84),
    "an operation that is none": call("multiSend(bytes)", b"\x02" + bytes(84)),
    "arrays of different lengths": call("executeBatch(address[],uint256[],bytes[])", [OTHER], [], [b""]),
}  # fmt: skip


@pytest.mark.parametrize("data", ODD.values(), ids=ODD.keys())
def test_calldata_that_could_be_read_in_two_ways(data: bytes) -> None:
    """It is not read at all, and that is said."""
    found = made(to=OTHER, input=text(data))
    assert "Call a contract blind on Ethereum" == found.title
    assert evm_calls.ODD_CALL == found.warnings[0]


def test_tokens_that_are_listed() -> None:
    """In their own measure and in units, with their name."""
    found = made(to=USDC, input=text(call("transfer(address,uint256)", OTHER, 1_234_560)))
    assert "Send 1.23456 USDC on Ethereum" == found.title
    shown = facts(found)
    assert ("1.23456 USDC (1234560 of its smallest units)", "text") == shown["Amount of tokens"]
    assert (OTHER, "address") == shown["Recipient"]
    assert "the token USDC" in shown["What it is"][0]
    assert () == found.warnings


@pytest.mark.parametrize(("chain", "contract"), [("eip155:1", OTHER), ("eip155:10", USDC)])
def test_tokens_that_are_not(chain: str, contract: str) -> None:
    """Units, of a token by its address, decimals unknown; also where another chain has a token of that address."""
    recipient = f"0x{'33' * 20}"
    found = made(chain, to=contract, input=text(call("transfer(address,uint256)", recipient, 5)))
    assert found.title.startswith("Send 5 units of an unlisted token on ")
    assert (f"5 units of token {contract} (decimals unknown)", "text") == facts(found)["Amount of tokens"]
    assert "may do something else" in facts(found)["What it is"][0]


def test_a_function_that_two_standards_share() -> None:
    """An amount of ERC-20, or one token of ERC-721: both are said."""
    found = made(to=OTHER, input=text(call("transferFrom(address,address,uint256)", OWN, f"0x{'33' * 20}", 9)))
    assert "or the single token of that number" in found.title
    assert facts(found)["Amount of tokens"][0].endswith("or the single token of that number")


UNLIMITED: dict[str, tuple[str, bytes]] = {
    "approve": (USDC, call("approve(address,uint256)", OTHER, MOST)),
    "approve, nearly": (USDC, call("approve(address,uint256)", OTHER, 2**255)),
    "approve, more than there is of anything": (USDC, call("approve(address,uint256)", OTHER, 2**128)),
    "approve, of 96 bits": (OTHER, call("approve(address,uint256)", OTHER, 2**96 - 1)),
    "increaseAllowance": (USDC, call("increaseAllowance(address,uint256)", OTHER, MOST)),
    "permit": (USDC, call("permit(address,address,uint256,uint256,uint8,bytes32,bytes32)", OWN, OTHER, MOST, MOST, 27, b"r" * 32, b"s" * 32)),
    "DAI's permit": (OTHER, call("permit(address,address,uint256,uint256,bool,uint8,bytes32,bytes32)", OWN, OTHER, 0, 0, True, 27, b"r" * 32, b"s" * 32)),
    "Permit2": (text(evm_chains.PERMIT2), call("approve(address,address,uint160,uint48)", USDC, OTHER, 2**160 - 1, 2**48 - 1)),
}  # fmt: skip


@pytest.mark.parametrize(("contract", "data"), UNLIMITED.values(), ids=UNLIMITED.keys())
def test_unlimited_approvals(contract: str, data: bytes) -> None:
    """By whatever function: the first warning, and "any amount" in place of a number in the title."""
    found = made(to=contract, input=text(data))
    assert evm_calls.UNLIMITED == found.warnings[0]
    assert "any amount" in found.title
    assert OTHER in {value for value, _ in facts(found).values()}


def test_limited_approvals() -> None:
    """Say how much; one of nothing ends what was allowed."""
    found = made(to=USDC, input=text(call("approve(address,uint256)", OTHER, 5_000_000)))
    assert ("Let another take up to 5 USDC on Ethereum", (evm_calls.LETS_TAKE,)) == (found.title, found.warnings)
    ended = made(to=USDC, input=text(call("approve(address,uint256)", OTHER, 0)))
    assert ("End what another may take on Ethereum", ()) == (ended.title, ended.warnings)


def test_all_of_a_collection() -> None:
    """Or the end of it."""
    found = made(to=OTHER, input=text(call("setApprovalForAll(address,bool)", f"0x{'33' * 20}", True)))
    assert ("Let another move all your tokens of a collection on Ethereum", (evm_calls.ALL_OF_COLLECTION,)) == (found.title, found.warnings)
    ended = made(to=OTHER, input=text(call("setApprovalForAll(address,bool)", f"0x{'33' * 20}", False)))
    assert ("End what another may take or move on Ethereum", ()) == (ended.title, ended.warnings)


def test_coins_and_tokens_that_would_be_lost() -> None:
    """Coins sent along to a function that takes none; tokens sent to their own contract, or to nobody."""
    assert evm_calls.COINS_TOO in made(to=USDC, value="0x1", input=text(call("transfer(address,uint256)", OTHER, 1))).warnings
    assert evm_calls.TO_THE_TOKEN in made(to=USDC, input=text(call("transfer(address,uint256)", USDC, 1))).warnings
    assert evm_calls.TO_NOBODY in made(to=USDC, input=text(call("transfer(address,uint256)", f"0x{'00' * 20}", 1))).warnings
    assert () == made(to=OTHER, value=hex(10**18), input=text(call("deposit()"))).warnings


def packed(operation: int, to: str, value: int, data: bytes) -> bytes:
    return bytes((operation,)) + bytes.fromhex(to[2:]) + value.to_bytes(32, "big") + len(data).to_bytes(32, "big") + data


def safe(to: str, data: bytes, operation: int) -> bytes:
    signature = "execTransaction(address,uint256,bytes,uint8,uint256,uint256,uint256,address,address,bytes)"
    return call(signature, to, 0, data, operation, 0, 0, 0, f"0x{'00' * 20}", f"0x{'00' * 20}", b"")


def test_calls_within_calls() -> None:
    """A Safe that calls several contracts by a delegate call: each call is shown, with its warnings, down to the last."""
    approval = call("approve(address,uint256)", OTHER, MOST)
    many = call("multiSend(bytes)", packed(0, OTHER, 5, b"") + packed(0, USDC, 0, approval) + packed(1, OTHER, 0, b"\xde\xad\xbe\xef"))
    found = made(to=f"0x{'44' * 20}", input=text(safe(f"0x{'55' * 20}", many, 1)))
    assert "Have a Safe do something: Call several contracts on Ethereum" == found.title
    assert {evm_calls.DELEGATE_CALL, evm_calls.UNLIMITED, evm_calls.UNKNOWN_CALL} == set(found.warnings)
    shown = facts(found)
    assert ("Send 0.000000000000000005 ETH", "text") == shown["1. 1. Call"]
    assert ("Let another take any amount of USDC", "text") == shown["1. 2. Call"]
    assert (USDC, "address") == shown["1. 2. Calls"]
    assert (OTHER, "address") == shown["1. 2. Who may take it"]
    assert ("deadbeef", "hex") == shown["1. 3. Data"]


def test_a_call_that_calls_once_is_called_what_it_does() -> None:
    """And is no delegate call where it is none."""
    found = made(to=OTHER, input=text(safe(USDC, call("transfer(address,uint256)", OTHER, 7_000_000), 0)))
    assert "Have a Safe do something: Send 7 USDC on Ethereum" == found.title
    assert () == found.warnings


NESTS = {
    "multicall": call("multicall(bytes[])", [call("approve(address,uint256)", OTHER, MOST)]),
    "multicall with a deadline": call("multicall(uint256,bytes[])", 1, [call("approve(address,uint256)", OTHER, MOST)]),
    "aggregate3": call("aggregate3((address,bool,bytes)[])", [(USDC, True, call("approve(address,uint256)", OTHER, MOST))]),
    "aggregate3Value": call("aggregate3Value((address,bool,uint256,bytes)[])", [(USDC, True, 1, call("approve(address,uint256)", OTHER, MOST))]),
    "aggregate": call("aggregate((address,bytes)[])", [(USDC, call("approve(address,uint256)", OTHER, MOST))]),
    "an account": call("execute(address,uint256,bytes)", USDC, 0, call("approve(address,uint256)", OTHER, MOST)),
    "an account, several": call("executeBatch(address[],uint256[],bytes[])", [USDC], [0], [call("approve(address,uint256)", OTHER, MOST)]),
    "an account, several at once": call("executeBatch((address,uint256,bytes)[])", [(USDC, 0, call("approve(address,uint256)", OTHER, MOST))]),
}  # fmt: skip


@pytest.mark.parametrize("data", NESTS.values(), ids=NESTS.keys())
def test_an_approval_within_whatever(data: bytes) -> None:
    """It is found and warned of in all that carries calls."""
    found = made(to=OTHER, input=text(data))
    assert evm_calls.UNLIMITED == found.warnings[0]
    assert "any amount of" in facts(found)["1. How much"][0]


def test_calls_without_end() -> None:
    """More, or deeper, than a person could follow are not put in words."""
    many = call("multicall(bytes[])", [call("deposit()")] * 40)
    deep = call("deposit()")
    for _ in range(7):
        deep = call("multicall(bytes[])", [deep])
    for data in (many, deep):
        found = made(to=OTHER, input=text(data))
        assert ("Call a contract blind on Ethereum", evm_calls.TOO_MANY_CALLS) == (found.title, found.warnings[0])
        assert data.hex() == facts(found)["Data"][0]


def test_authorizations_of_code() -> None:
    """Each contract is shown; that one holds everywhere, or not here, is said."""
    one = {"address": OTHER, "nonce": "0x0", "yParity": "0x0", "r": "0x1", "s": "0x1"}
    found = made(to=OTHER, value="0x0", authorizationList=[{**one, "chainId": "0x0"}, {**one, "chainId": "0xa"}])
    assert found.title.startswith("Hand accounts over to contracts on Ethereum")
    assert (ethereum.SETS_CODE, ethereum.EVERY_CHAIN, ethereum.ANOTHER_CHAIN) == found.warnings[:3]
    shown = facts(found)
    assert (OTHER, "address") == shown["Authorization 1, contract"]
    assert "every chain; the account's nonce 0" == shown["Authorization 1, for"][0]
    assert "OP Mainnet, number 10; the account's nonce 0" == shown["Authorization 2, for"][0]


def test_whose_accounts_are_handed_over() -> None:
    """As operations found them: this account itself is the gravest, and one that nobody signed is said to be so."""
    one = {"address": OTHER, "chainId": "0x1", "nonce": "0x0", "yParity": "0x0", "r": "0x1", "s": "0x1"}
    given: dict[str, Any] = {"to": OTHER, "value": "0x0", "authorizationList": [one, one, one]}
    found = made(authorities=(OTHER, OWN, None), **given)
    assert (ethereum.HANDS_OVER_YOURSELF, ethereum.SETS_CODE, ethereum.SIGNED_BY_NOBODY) == found.warnings[:3]
    shown = facts(found)
    label = "Authorization {}, account that hands itself over"
    assert [(OTHER, "address"), (OWN, "address"), (ethereum.NOBODY, "text")] == [shown[label.format(number)] for number in (1, 2, 3)]
    assert ethereum.HANDS_OVER_YOURSELF not in made(authorities=(OTHER, OTHER, OTHER), **given).warnings
    assert (ethereum.NOT_FOUND, "text") == facts(made(**given))[label.format(1)]


def test_nothing_of_a_transaction_is_left_out() -> None:
    """Access lists and blobs."""
    accessed = made(to=OTHER, value="0x0", accessList=[{"address": USDC, "storageKeys": [f"0x{'00' * 32}"]}])
    assert (f"{USDC}: 1 storage keys", "message") == facts(accessed)["Access list (makes access cheaper, does nothing else)"]
    blobs = made(to=OTHER, value="0x0", maxFeePerBlobGas="0x3b9aca00", blobVersionedHashes=[f"0x01{'33' * 31}"])
    assert ("1 of 131072 gas, each at most 1 gwei", "text") == facts(blobs)["Blobs, within the fee"]
    assert (f"01{'33' * 31}", "message") == facts(blobs)["Hashes of the blobs"]
    assert "0.000173072 ETH" in facts(blobs)["Highest fee"][0]


CONTROL = {
    "another owner": call("transferOwnership(address)", OTHER),
    "a role": call("grantRole(bytes32,address)", b"r" * 32, OTHER),
    "new code": call("upgradeToAndCall(address,bytes)", OTHER, b""),
    "a Safe's owner": call("swapOwner(address,address,address)", OTHER, OTHER, OTHER),
    "a Safe's module": call("enableModule(address)", OTHER),
    "a Safe's transaction by its hash": call("approveHash(bytes32)", b"h" * 32),
    "votes": call("delegate(address)", OTHER),
}


@pytest.mark.parametrize("data", CONTROL.values(), ids=CONTROL.keys())
def test_what_hands_over_control(data: bytes) -> None:
    """Is warned of, one by one."""
    assert 1 == len(made(to=OTHER, input=text(data)).warnings)


@pytest.mark.parametrize(
    ("units", "decimals", "shown"),
    [(0, 18, "0"), (1, 18, "0.000000000000000001"), (10**18, 18, "1"), (10**19, 18, "10"), (1_500_000, 6, "1.5"), (7, 0, "7"), (MOST, 0, str(MOST))],
)  # fmt: skip
def test_amounts_are_exact(units: int, decimals: int, shown: str) -> None:
    assert shown == decimal(units, decimals)


def test_listed_tokens_are_written_with_their_checksum() -> None:
    """A digit that is wrong would be another contract."""
    addresses = [address for tokens in evm_chains._TOKENS.values() for address in tokens]
    assert len(addresses) == len([decode_address(address) for address in addresses])
    assert set(evm_chains._TOKENS) <= set(evm_chains.CHAINS)


def filled(kind: Type, number: int) -> Decoded:
    """A value of a type."""
    if kind.kind == "tuple":
        return tuple(filled(member, number) for member in kind.members)
    if kind.kind == "array":
        return (filled(kind.members[0], number),)
    simple: dict[str, Decoded] = {
        "uint": number,
        "int": number,
        "bool": bool(number),
        "address": b"\x33" * 20,
        "bytes": b"",
        "bytesN": bytes(kind.size),
        "string": "text",
    }
    return simple[kind.kind]


@pytest.mark.parametrize("row", known_functions().values(), ids=lambda row: row.text.replace(" ", "_"))
@pytest.mark.parametrize("number", [0, 1])
def test_every_known_function_is_put_in_words(row: Known, number: int) -> None:
    """None of its parameters is without a fact, unless it is a call, which has its own; no placeholder is left in the title."""
    data = row.function.selector + encode_ours(row.function.parameters, filled(row.function.parameters, number))
    found = made(to=OTHER, input=text(data))
    shown = facts(found)
    assert shown["What it is"][0].startswith(f"{row.function.name}, read as ")
    assert not {"{", "}"} & set(found.title)
    for member in row.function.parameters.members:
        label, kind = row.labels.get(member.name, (f"Parameter {member.name}", ""))
        assert kind == "nested" or any(one.startswith(label) for one in shown)
    assert bool(row.inner) == any(label.startswith("1. ") for label in shown) or row.inner == "packed"
