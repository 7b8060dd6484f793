"""Swaps through routers, and Safes: what is given, what must come of it, who gets it; real calldata, made by eth-abi."""

from __future__ import annotations

import random
from typing import Any

import pytest
from eth_abi.abi import encode
from eth_abi.packed import encode_packed
from msgspec import convert

from native_host.encodings.eip55 import decode_address, encode_address
from native_host.encodings.keccak import keccak256
from native_host.protocol.methods import METHODS
from native_host.protocol.wire import decode_hook
from native_host.review import evm_calls, evm_contracts, evm_parameters, evm_router, evm_swaps
from native_host.review.evm_swap_rows import _ROUTERS
from native_host.review.requests import review
from native_host.review.subject import Review, Subject

OWN = encode_address(b"\x22" * 20)
OTHER = f"0x{'11' * 20}"
USDC = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"
WETH = "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2"
DAI = "0x6B175474E89094C44Da98b954EedeAC495271d0F"
UNIVERSAL = "0x66a9893cC07D91D95644AEDD05D03f95e1dBA8Af"
V2, V3 = "0x7a250d5630B4cF539739dF2C5dAcb4c659F2488D", "0xE592427A0AEce92De3Edee1F18E0157C05861564"
V3_02 = "0x68b3465833fb72A70ecDF485E0e4C7bD8665Fc45"
ONEINCH = {5: "0x1111111254EEB25477B68fb85Ed929f73A960582", 6: "0x111111125421cA6dc452d289314280a0f8842A65"}
COIN = "0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE"
ME, ROUTER = f"0x{1:040x}", f"0x{2:040x}"
ZERO = f"0x{0:040x}"
MOST = 2**256 - 1
UNTIL = 1_900_000_000


def made(to: str, data: bytes, value: int = 0, chain: str = "eip155:1") -> Review:
    transaction = {"nonce": "0x7", "gas": "0x5208", "maxFeePerGas": "0x1", "maxPriorityFeePerGas": "0x1"}
    transaction |= {"to": to, "input": f"0x{data.hex()}", "value": hex(value)}
    params = {"keyId": "k", "chain": chain, "transaction": transaction}
    return review(convert(params, METHODS["signTransaction"].params, dec_hook=decode_hook), Subject(address=OWN))


def facts(found: Review) -> dict[str, str]:
    assert len(found.facts) == len({fact.label for fact in found.facts})
    return {fact.label: fact.value for fact in found.facts}


def call(name: str, types: list[str], *values: Any) -> bytes:
    return keccak256(f"{name}({','.join(types)})".encode())[:4] + encode(types, values)


def path(*parts: Any) -> bytes:
    return encode_packed(["address" if number % 2 == 0 else "uint24" for number in range(len(parts))], parts)


# Uniswap's Universal Router


def v3_in(recipient: str, given: int, least: int, route: bytes, *, payer: bool = True) -> bytes:
    return encode(["address", "uint256", "uint256", "bytes", "bool"], [recipient, given, least, route, payer])


def execute(*steps: tuple[int, bytes], until: int | None = UNTIL) -> bytes:
    commands, inputs = bytes(command for command, _ in steps), [data for _, data in steps]
    if until is None:
        return call("execute", ["bytes", "bytes[]"], commands, inputs)
    return call("execute", ["bytes", "bytes[]", "uint256"], commands, inputs, until)


WRAP = (0x0B, encode(["address", "uint256"], [ROUTER, 10**18]))
PERMIT_TYPES = ["((address,uint160,uint48,uint48),address,uint256)", "bytes"]


def test_coins_for_tokens() -> None:
    """As Uniswap's own page makes it: wrap, swap, take a small fee, pay out. Title, steps, until when; nothing to warn of."""
    data = execute(
        WRAP,
        (0x00, v3_in(ROUTER, 2**255, 3_000_000_000, path(WETH, 500, USDC), payer=False)),
        (0x06, encode(["address", "address", "uint256"], [USDC, OTHER, 25])),
        (0x04, encode(["address", "address", "uint256"], [USDC, ME, 2_992_500_000])),
    )
    found = made(UNIVERSAL, data, 10**18)
    assert "Swap all that the router has of WETH for at least 3000 USDC on Ethereum" == found.title
    assert () == found.warnings
    shown = facts(found)
    assert "execute, read as Uniswap's Universal Router has it (the contract is Uniswap's Universal Router)" == shown["What it is"]
    assert ("Wrap 1 ETH into tokens", "the router itself, for a later step") == (shown["1. Step"], shown["1. Who gets it"])
    assert f"{WETH} (WETH), then a pool with a fee of 0.05 %\n{USDC} (USDC)" == shown["2. By way of"]
    assert "no" == shown["2. Parameter payerIsUser"]
    assert (OTHER, "25") == (shown["3. Who gets it"], shown["3. Part, in ten-thousandths"])
    assert "Pay out all that the router has left, at least 2992.5 USDC" == shown["4. Step"]
    assert "whoever calls the router" == shown["4. Who gets it"]
    assert "2030" in shown["This may be used until"]


def test_tokens_with_a_permit() -> None:
    """The permit is called what it is, by whom and how much may be taken, before the swap that uses it."""
    permit = [((USDC, 2**160 - 1, UNTIL, 0), UNIVERSAL, UNTIL), b"\x01" * 65]
    data = execute((0x0A, encode(PERMIT_TYPES, permit)), (0x00, v3_in(ME, 5_000_000, 10**15, path(USDC, 3000, WETH))), until=None)
    found = made(UNIVERSAL, data)
    assert "Swap 5 USDC for at least 0.001 WETH on Ethereum" == found.title
    assert (evm_parameters.UNLIMITED,) == found.warnings
    shown = facts(found)
    assert "Let another take any amount of USDC, through Permit2" == shown["1. Step"]
    assert (UNIVERSAL, USDC) == (shown["1. Who may take it"], shown["1. Token"])
    assert shown["1. How much"].startswith("any amount of USDC (")


def test_exact_amounts_out() -> None:
    """What may be given at most; a packed route of it stands backwards."""
    v3 = encode(["address", "uint256", "uint256", "bytes", "bool"], [ME, 10**18, 4_000_000_000, path(WETH, 500, DAI, 100, USDC), True])
    v2 = encode(["address", "uint256", "uint256", "address[]", "bool"], [ME, 10**18, 4_000_000_000, [USDC, DAI, WETH], True])
    for command, data in ((0x01, v3), (0x09, v2)):
        found = made(UNIVERSAL, execute((command, data)))
        assert ("Swap at most 4000 USDC for 1 WETH on Ethereum", ()) == (found.title, found.warnings)
        tokens = [line.partition(" ")[0] for line in facts(found)["1. By way of"].splitlines()]
        assert [USDC, DAI, WETH] == tokens
    assert f"{USDC} (USDC), then a pool with a fee of 0.01 %" in facts(made(UNIVERSAL, execute((0x01, v3))))["1. By way of"]


GOOD = v3_in(ME, 5_000_000, 10**15, path(USDC, 3000, WETH))
STEALS: dict[str, tuple[list[tuple[int, bytes]], str]] = {
    "another gets what comes": ([(0x00, v3_in(OTHER, 5, 5, path(USDC, 3000, WETH)))], evm_parameters.OTHER_RECIPIENT),
    "another gets it by V2": ([(0x08, encode(["address", "uint256", "uint256", "address[]", "bool"], [OTHER, 5, 5, [USDC, WETH], True]))],
                              evm_parameters.OTHER_RECIPIENT),
    "another is paid out": ([(0x00, v3_in(ROUTER, 5, 5, path(USDC, 3000, WETH))), (0x04, encode(["address"] * 2 + ["uint256"], [WETH, OTHER, 0]))],
                            evm_parameters.OTHER_RECIPIENT),
    "another gets the coins": ([(0x0C, encode(["address", "uint256"], [OTHER, 0]))], evm_parameters.OTHER_RECIPIENT),
    "another is paid": ([(0x05, encode(["address"] * 2 + ["uint256"], [ZERO, OTHER, 10**18]))], evm_parameters.OTHER_RECIPIENT),
    "another gets all as a fee": ([(0x06, encode(["address"] * 2 + ["uint256"], [WETH, OTHER, 10_000]))], evm_parameters.OTHER_RECIPIENT),
    "yours goes to another": ([(0x02, encode(["address"] * 2 + ["uint160"], [USDC, OTHER, 5]))], evm_parameters.OTHER_RECIPIENT),
    "nobody gets it": ([(0x0C, encode(["address", "uint256"], [ZERO, 0]))], evm_parameters.TO_NOBODY),
    "nothing is enough": ([(0x00, v3_in(ME, 5, 0, path(USDC, 3000, WETH)))], evm_swaps.NO_LEAST),
    "anything may be taken": ([(0x01, encode(["address", "uint256", "uint256", "bytes", "bool"], [ME, 5, MOST, path(WETH, 500, USDC), True]))],
                              evm_swaps.NO_MOST),
    "a permit for another": ([(0x0A, encode(PERMIT_TYPES, [((USDC, 7, UNTIL, 0), OTHER, UNTIL), b""])), (0x00, GOOD)], evm_parameters.LETS_TAKE),
    "a step of version 4": ([(0x10, encode(["bytes", "bytes[]"], [b"\x06", [b""]])), (0x00, GOOD)], evm_router.ODD_STEP),
    "a step that nobody knows": ([(0x00, GOOD), (0x3E, b"")], evm_router.ODD_STEP),
    "a step with a bit that is not known": ([(0x40, GOOD)], evm_router.ODD_STEP),
    "a step cut short": ([(0x00, GOOD[:-32])], evm_router.ODD_STEP),
    "a step with bytes behind it": ([(0x00, GOOD + bytes(32))], evm_router.ODD_STEP),
    "a route that is none": ([(0x00, v3_in(ME, 5, 5, path(USDC, 3000, WETH)[:-1]))], evm_router.ODD_STEP),
    "a route of one token": ([(0x08, encode(["address", "uint256", "uint256", "address[]", "bool"], [ME, 5, 5, [USDC], True]))], evm_router.ODD_STEP),
    "a route of none": ([(0x08, encode(["address", "uint256", "uint256", "address[]", "bool"], [ME, 5, 5, [], True]))], evm_router.ODD_STEP),
}  # fmt: skip


@pytest.mark.parametrize(("steps", "warning"), STEALS.values(), ids=STEALS.keys())
def test_steps_that_steal(steps: list[tuple[int, bytes]], warning: str) -> None:
    """Warned of; what cannot be read is shown as it is, and makes the whole blind."""
    found = made(UNIVERSAL, execute(*steps))
    assert warning in found.warnings
    if warning == evm_router.ODD_STEP:
        assert found.title.startswith("Call a router blind")
        assert any(label.endswith(". Data") for label in facts(found))


def test_steps_within_a_step() -> None:
    """A plan of steps, one of which may fail."""
    inner = encode(["bytes", "bytes[]"], [bytes((0x80, 0x0C)), [GOOD, encode(["address", "uint256"], [OTHER, 5])]])
    found = made(UNIVERSAL, execute((0xA1, inner)))
    shown = facts(found)
    assert "Swap 5 USDC for at least 0.001 WETH" == shown["1. 1. Step"]
    assert {"1. If it fails", "1. 1. If it fails"} <= shown.keys()
    assert "1. 2. If it fails" not in shown
    assert evm_parameters.OTHER_RECIPIENT in found.warnings


def test_steps_without_end() -> None:
    """More, or deeper, than a person could follow are not put in words."""
    deep = encode(["bytes", "bytes[]"], [b"\x00", [GOOD]])
    for _ in range(6):
        deep = encode(["bytes", "bytes[]"], [b"\x21", [deep]])
    for data in (execute(*[(0x00, GOOD)] * 40), execute((0x21, deep))):
        found = made(UNIVERSAL, data)
        assert ("Call a contract blind on Ethereum", evm_calls.TOO_MANY_CALLS) == (found.title, found.warnings[0])


def test_commands_and_inputs_of_different_numbers() -> None:
    data = call("execute", ["bytes", "bytes[]", "uint256"], b"\x00\x00", [GOOD], UNTIL)
    assert evm_calls.ODD_CALL == made(UNIVERSAL, data).warnings[0]


def test_a_router_that_nobody_knows() -> None:
    """The same words at another address, or on another chain, are another's."""
    for to, chain in ((OTHER, "eip155:1"), (UNIVERSAL, "eip155:56")):
        found = made(to, execute((0x00, GOOD)), chain=chain)
        assert evm_swaps.UNKNOWN_ROUTER == found.warnings[0]
        assert facts(found)["What it is"].endswith("; Strongroom does not know whose this contract is")


@pytest.mark.parametrize("address", _ROUTERS)
def test_who_routers_are(address: str) -> None:
    """By addresses whose checksums hold as they are written."""
    assert address == encode_address(decode_address(address))


# Uniswap's other routers

SINGLE = ["(address,address,uint24,address,uint256,uint256,uint256,uint160)"]
SINGLE_02 = ["(address,address,uint24,address,uint256,uint256,uint160)"]
SWAPS: dict[str, tuple[str, bytes, int, str]] = {
    "exactInputSingle": (V3, call("exactInputSingle", SINGLE, (USDC, WETH, 500, OWN, UNTIL, 5_000_000, 10**15, 0)), 0, "Swap 5 USDC for at least 0.001 WETH"),
    "exactInputSingle, new": (V3_02, call("exactInputSingle", SINGLE_02, (USDC, WETH, 500, ME, 5_000_000, 10**15, 0)), 0, "Swap 5 USDC for at least 0.001 WETH"),
    "exactOutputSingle": (V3, call("exactOutputSingle", SINGLE, (USDC, WETH, 500, OWN, UNTIL, 10**15, 5_000_000, 0)), 0, "Swap at most 5 USDC for 0.001 WETH"),
    "exactInput": (V3, call("exactInput", ["(bytes,address,uint256,uint256,uint256)"], (path(USDC, 100, DAI, 500, WETH), OWN, UNTIL, 5_000_000, 10**15)), 0, "Swap 5 USDC for at least 0.001 WETH"),
    "exactInput, new": (V3_02, call("exactInput", ["(bytes,address,uint256,uint256)"], (path(USDC, 100, DAI, 500, WETH), OWN, 5_000_000, 10**15)), 0, "Swap 5 USDC for at least 0.001 WETH"),
    "exactOutput": (V3, call("exactOutput", ["(bytes,address,uint256,uint256,uint256)"], (path(WETH, 500, USDC), OWN, UNTIL, 10**15, 5_000_000)), 0, "Swap at most 5 USDC for 0.001 WETH"),
    "tokens for tokens": (V2, call("swapExactTokensForTokens", ["uint256", "uint256", "address[]", "address", "uint256"], 5_000_000, 10**15, [USDC, WETH], OWN, UNTIL), 0, "Swap 5 USDC for at least 0.001 WETH"),
    "tokens for tokens, new": (V3_02, call("swapExactTokensForTokens", ["uint256", "uint256", "address[]", "address"], 5_000_000, 10**15, [USDC, WETH], ME), 0, "Swap 5 USDC for at least 0.001 WETH"),
    "tokens for exact tokens": (V2, call("swapTokensForExactTokens", ["uint256", "uint256", "address[]", "address", "uint256"], 10**15, 5_000_000, [USDC, WETH], OWN, UNTIL), 0, "Swap at most 5 USDC for 0.001 WETH"),
    "coins for tokens": (V2, call("swapExactETHForTokens", ["uint256", "address[]", "address", "uint256"], 5_000_000, [WETH, USDC], OWN, UNTIL), 10**18, "Swap 1 ETH for at least 5 USDC"),
    "coins for exact tokens": (V2, call("swapETHForExactTokens", ["uint256", "address[]", "address", "uint256"], 5_000_000, [WETH, USDC], OWN, UNTIL), 10**18, "Swap at most 1 ETH for 5 USDC"),
    "tokens for coins": (V2, call("swapExactTokensForETHSupportingFeeOnTransferTokens", ["uint256", "uint256", "address[]", "address", "uint256"], 5_000_000, 10**18, [USDC, WETH], OWN, UNTIL), 0, "Swap 5 USDC for at least 1 ETH"),
    "tokens for exact coins": (V2, call("swapTokensForExactETH", ["uint256", "uint256", "address[]", "address", "uint256"], 10**18, 5_000_000, [USDC, WETH], OWN, UNTIL), 0, "Swap at most 5 USDC for 1 ETH"),
}  # fmt: skip


@pytest.mark.parametrize(("to", "data", "value", "title"), SWAPS.values(), ids=SWAPS.keys())
def test_swaps(to: str, data: bytes, value: int, title: str) -> None:
    """Nothing to warn of where it is the maker's router, and the account's own; another recipient, or another contract, is warned of."""
    found = made(to, data, value)
    assert (f"{title} on Ethereum", ()) == (found.title, found.warnings)
    assert "Who gets it" in facts(found)
    assert (evm_swaps.UNKNOWN_ROUTER,) == made(OTHER, data, value).warnings
    stolen = data.replace(bytes.fromhex(OWN[2:]), bytes.fromhex(OTHER[2:])).replace(
        bytes(31) + b"\x01", bytes(12) + bytes.fromhex(OTHER[2:])
    )
    assert evm_parameters.OTHER_RECIPIENT in made(to, stolen, value).warnings


def test_every_parameter_of_a_swap_is_shown() -> None:
    """Also those that no words are made of."""
    shown = facts(made(V3, SWAPS["exactInputSingle"][1]))
    assert {
        "Gives",
        "Gets at least",
        "Who gets it",
        "Parameter params, fee",
        "This may be used until",
        "Parameter params, sqrtPriceLimitX96",
    } <= shown.keys()


def test_several_calls_of_the_router() -> None:
    """Swap to the router, unwrap for the person: who gets the coins is what counts."""
    swap = call("exactInputSingle", SINGLE, (USDC, WETH, 500, ZERO, UNTIL, 5_000_000, 0, 0))
    for who, warnings in ((OWN, ()), (OTHER, (evm_parameters.OTHER_RECIPIENT,)), (ZERO, (evm_parameters.TO_NOBODY,))):
        data = call("multicall", ["bytes[]"], [swap, call("unwrapWETH9", ["uint256", "address"], 10**15, who)])
        found = made(V3, data)
        assert warnings == found.warnings
        shown = facts(found)
        assert ("the router itself, for a later step", "Unwrap all that the router has into coins, at least 0.001 ETH") == (
            shown["1. Who gets it"], shown["2. Call"],
        )  # fmt: skip


# 1inch

DESCRIPTION = "(address,address,address,address,uint256,uint256,uint256)"


def oneinch(version: int, receiver: str = OWN, least: int = 10**15, token: str = USDC) -> bytes:
    description = (token, COIN, OTHER, receiver, 5_000_000, least, 4)
    if version == 5:
        return call("swap", ["address", DESCRIPTION, "bytes", "bytes"], OTHER, description, b"", b"\x01\x02")
    return call("swap", ["address", DESCRIPTION, "bytes"], OTHER, description, b"\x01\x02")


@pytest.mark.parametrize("version", [5, 6])
def test_1inch(version: int) -> None:
    """Tokens, amounts and who gets it; the mark that 1inch puts behind its data is no reason not to read the rest."""
    assert {5: "12aa3caf", 6: "07ed2379"}[version] == oneinch(version)[:4].hex()
    for data in (oneinch(version), oneinch(version) + bytes.fromhex("b1ccac80"), oneinch(version, receiver=ZERO)):
        found = made(ONEINCH[version], data)
        assert ("Swap 5 USDC for at least 0.001 ETH on Ethereum", ()) == (found.title, found.warnings)
        shown = facts(found)
        assert OTHER == shown["Parameter executor"] == shown["Parameter desc, srcReceiver"]
        assert shown["The rest, for the executor, which Strongroom does not read"].startswith("0" * 60)
    assert (evm_parameters.OTHER_RECIPIENT,) == made(ONEINCH[version], oneinch(version, receiver=OTHER)).warnings
    assert (evm_swaps.NO_LEAST,) == made(ONEINCH[version], oneinch(version, least=0)).warnings
    assert evm_calls.ODD_CALL == made(ONEINCH[version], oneinch(version)[:200]).warnings[0]
    dirty = bytearray(oneinch(version))
    dirty[4 + 32] = 1  # above an address
    assert evm_calls.ODD_CALL == made(ONEINCH[version], bytes(dirty)).warnings[0]


# Safe

SAFE = f"0x{'44' * 20}"
MULTISEND = "0x40A2aCCbd92BCA938b02010E17A5b8929b49130D"
EXEC = ["address", "uint256", "bytes", "uint8", "uint256", "uint256", "uint256", "address", "address", "bytes"]
TRANSFER = call("transfer", ["address", "uint256"], OTHER, 7_000_000)


def exec_transaction(to: str, data: bytes, operation: int, price: int = 0) -> bytes:
    return call("execTransaction", EXEC, to, 0, data, operation, 0, 0, price, ZERO, OTHER, b"")


def packed(operation: int, to: str, data: bytes) -> bytes:
    return encode_packed(["uint8", "address", "uint256", "uint256", "bytes"], [operation, to, 0, len(data), data])


def test_the_theft_from_bybit() -> None:
    """A transfer on the page, a delegate call in the bytes: that is said first, whatever else the call looks like."""
    found = made(SAFE, exec_transaction(OTHER, call("transfer", ["address", "uint256"], OTHER, 0), 1))
    assert evm_calls.DELEGATE_CALL == found.warnings[0]
    assert "Bybit" in found.warnings[0]


def test_a_safe_that_does_several_things() -> None:
    """By the contract that is made for it: said, and every call is shown; by another under the same name, it is any foreign code."""
    many = call("multiSend", ["bytes"], packed(0, USDC, TRANSFER) + packed(0, USDC, TRANSFER))
    found = made(SAFE, exec_transaction(MULTISEND, many, 1))
    assert (evm_calls.BATCH_CALL,) == found.warnings
    assert "Send 7 USDC" == facts(found)["1. 2. Call"]
    assert evm_calls.DELEGATE_CALL == made(SAFE, exec_transaction(OTHER, many, 1)).warnings[0]
    within = call("multiSend", ["bytes"], packed(0, USDC, TRANSFER) + packed(1, OTHER, b"\xde\xad\xbe\xef"))
    assert evm_calls.DELEGATE_CALL in made(SAFE, exec_transaction(MULTISEND, within, 1)).warnings
    assert 4 == len(evm_contracts.SAFE_BATCHES)


def test_a_safe_that_pays_fees_back() -> None:
    assert (evm_contracts.SAFE_REFUND,) == made(SAFE, exec_transaction(USDC, TRANSFER, 0, price=1)).warnings
    assert () == made(SAFE, exec_transaction(USDC, TRANSFER, 0)).warnings


def test_a_safe_that_swaps() -> None:
    """What it buys is the Safe's: the signer's own account is another there."""
    for who, warnings in ((SAFE, ()), (OWN, (evm_parameters.OTHER_RECIPIENT,))):
        swap = call("exactInputSingle", SINGLE, (USDC, WETH, 500, who, UNTIL, 5_000_000, 10**15, 0))
        assert warnings == made(SAFE, exec_transaction(V3, swap, 0)).warnings
        batch = call("multiSend", ["bytes"], packed(0, V3, swap))
        assert (evm_calls.BATCH_CALL, *warnings) == made(SAFE, exec_transaction(MULTISEND, batch, 1)).warnings


def test_whatever_is_changed_in_a_call_is_shown_or_called_blind() -> None:
    """No byte of calldata makes the review fail, and none is passed over: what was changed is seen, or the call is not put in words."""
    chance = random.Random(20261125)
    calls = [(to, data) for to, data, _, _ in SWAPS.values()]
    calls += [(UNIVERSAL, execute(WRAP, (0x00, GOOD))), (ONEINCH[6], oneinch(6)), (SAFE, exec_transaction(USDC, TRANSFER, 0))]
    for to, data in calls:
        before = made(to, data)
        for _ in range(60):
            changed = bytearray(data)
            changed[chance.randrange(4, len(changed))] ^= 1 << chance.randrange(8)
            found = made(to, bytes(changed))
            assert (before.title, before.facts, before.warnings) != (found.title, found.facts, found.warnings)
