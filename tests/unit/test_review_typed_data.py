"""What a person reads of typed data: whose it is, every field, and what permits and orders mean."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import convert

from native_host.encodings.eip55 import encode_address
from native_host.encodings.keccak import keccak256
from native_host.protocol.methods import METHODS
from native_host.protocol.wire import decode_hook
from native_host.review import evm_calls, evm_contracts, text, typed_data, typed_data_kinds
from native_host.review.requests import review
from native_host.review.subject import Review, Subject
from native_host.review.typed_data_kinds import KINDS, kind_of

OTHER = f"0x{'11' * 20}"
OWN = encode_address(b"\x22" * 20)
USDC = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"
PERMIT2 = "0x000000000022D473030F116dDEE9F6B43aC78BA3"
ZERO = f"0x{'00' * 20}"
DOMAIN_TYPES = {"name": "string", "version": "string", "chainId": "uint256", "verifyingContract": "address", "salt": "bytes32"}
IN_2030 = 1_900_000_000
MOST = str(2**256 - 1)


def types_of(encoded: str) -> dict[str, list[dict[str, str]]]:
    """The types of a text as ``encodeType`` writes it."""
    types: dict[str, list[dict[str, str]]] = {}
    for part in encoded.split(")")[:-1]:
        name, _, members = part.partition("(")
        types[name] = [dict(zip(("type", "name"), member.split(" "), strict=True)) for member in members.split(",") if member]
    return types


def made(encoded: str, message: dict[str, Any], *, own: str = OWN, **domain: Any) -> Review:
    types = types_of(encoded)
    data = {
        "types": {**types, "EIP712Domain": [{"name": name, "type": kind} for name, kind in DOMAIN_TYPES.items() if name in domain]},
        "primaryType": next(iter(types)),
        "domain": domain,
        "message": message,
    }
    params = convert({"keyId": "k", "typedData": data}, METHODS["signTypedData"].params, dec_hook=decode_hook)
    return review(params, Subject(address=own))


def facts(found: Review) -> dict[str, tuple[str, str]]:
    assert len(found.facts) == len({fact.label for fact in found.facts})
    return {fact.label: (fact.value, fact.kind) for fact in found.facts}


# What the contracts themselves compare with: each is in their published sources.
TYPE_HASHES = {
    "6e71edae12b1b97f4d1f60370fef10105fa2faae0126114a169c64845d6126c9": "ERC-2612",
    "ea2aa0a1be11a07ed86d755c93467f4f82362b452371d1ba94d1715123511acb": "the DAI token",
    "f3841cd1ff0085026a6327b620b67997ce40f282c88a8e905a7a5626e310f3d0": "Permit2",
    "af1b0d30d2cab0380e68f0689007e3254993c596f2fdd0aaa7f4d04f79440863": "Permit2",
    "939c21a48a8dbe3a9a2404a1d46691e4d39f6583d6ec6b35714604c986d80106": "Permit2",
    "fcf35f5ac6a2c28868dc44c302166470266239195f02b0ee408334829333b766": "Permit2",
    "7c7c6cdb67a18743f49ec6fa9b35f50d52ed05cbed4cc592e13b44501c1a2267": "ERC-3009",
    "d099cc98ef71107a616c4f0f941f04c322d8e254fe26b3c6668db87aae413de8": "ERC-3009",
    "fa445660b7e21515a59617fcd68910b487aa5808b8abda3d78bc85df364b2c2f": "Seaport",
    "d5a25ba2e97094ad7d83dc28a6572da797d6b3e7fc6663bd93efb789fc17e489": "CoW Protocol",
    "ce918627cb55462ddbb85e73de69a8b322f2bc88f4507c52fcad6d4c33c29d49": "0x Protocol",
    "e593d3fdfa8b60e5e17a1b2204662ecbe15c23f2084b9ad5bae40359540a7da9": "0x Protocol",
    "2f754524de756ae72459efbe1ec88c19a745639821de528ac3fb88f9e65e35c8": "0x Protocol",
    "bb8310d486368db6bd6f849402fdd73ad53d316b5a4b2644ad6efe0f941286d8": "Safe",
    "60b3cbf8b4a223d68d641b3b6ddf9a298e7f33710cf3d3a9d1146b5a6150fbca": "Safe",
    "e48329057bfd03d55e49b547132e39cffd9c1820ad7b9d4c5307691425d15adf": "ERC-5805",
}


def test_kinds_are_those_that_contracts_check() -> None:
    """A text of ours that differed in one letter would recognise nothing."""
    hashes = {keccak256(encoded.encode()).hex(): kind.standard for kind in KINDS for encoded in kind.types}
    assert TYPE_HASHES == {one: standard for one, standard in hashes.items() if one in TYPE_HASHES}


PERMIT = KINDS[0].types[0]
PERMITTED = {"owner": OWN, "spender": OTHER, "value": MOST, "nonce": 0, "deadline": IN_2030}
TOKEN: dict[str, Any] = {"name": "USD Coin", "version": "2", "chainId": 1, "verifyingContract": USDC}


def test_a_permit() -> None:
    """Who may take how much of what until when; that it is all comes first."""
    found = made(PERMIT, PERMITTED, **TOKEN)
    assert "Let another take any amount of USDC" == found.title
    assert (evm_calls.UNLIMITED, typed_data_kinds.PERMIT) == found.warnings
    shown = facts(found)
    assert (OTHER, "address") == shown["Who may take it (spender)"]
    assert shown["How much (value)"][0].startswith("any amount of USDC")
    assert ("17 March 2030, 17:46:40 UTC", "time") == shown["This may be used until (deadline)"]
    assert ("USD Coin", USDC, "the token USDC", "Ethereum, number 1") == tuple(
        shown[label][0] for label in ("Application, by its own name", "Contract that checks the signature", "That contract is", "Chain")
    )


def test_a_permit_of_an_amount() -> None:
    """In the token's measure; that the data is another account's is said."""
    found = made(PERMIT, {**PERMITTED, "value": "5000000"}, **TOKEN, own=OTHER)
    assert "5 USDC (5000000 of its smallest units)" == facts(found)["How much (value)"][0]
    assert (typed_data_kinds.PERMIT, typed_data.SIGNED_FOR_ANOTHER) == found.warnings


def test_the_permit_of_dai() -> None:
    """Has no amount: it is all or nothing."""
    message = {"holder": OWN, "spender": OTHER, "nonce": 0, "expiry": 0, "allowed": True}
    assert evm_calls.UNLIMITED == made(KINDS[1].types[0], message, **TOKEN).warnings[0]
    assert evm_calls.UNLIMITED not in made(KINDS[1].types[0], {**message, "allowed": False}, **TOKEN).warnings


def permit2(amount: int, token: str = USDC) -> dict[str, Any]:
    return {"details": {"token": token, "amount": amount, "expiration": 1, "nonce": 0}, "spender": OTHER, "sigDeadline": 1}


def once(amount: int) -> dict[str, Any]:
    return {"permitted": {"token": USDC, "amount": amount}, "spender": OTHER, "nonce": 1, "deadline": 1}


DAI: dict[str, Any] = {"holder": OWN, "spender": OTHER, "nonce": 0, "expiry": 0}
THROUGH: dict[str, Any] = {"name": "Permit2", "chainId": 1, "verifyingContract": PERMIT2}
PERMIT_TITLES: dict[str, tuple[int, dict[str, Any], dict[str, Any], str]] = {
    "an amount": (0, {**PERMITTED, "value": 250_000_000}, TOKEN, "Let another take up to 250 USDC"),
    "none": (0, {**PERMITTED, "value": 0}, TOKEN, "End what another may take"),
    "of an unlisted token": (0, {**PERMITTED, "value": 5}, {**TOKEN, "verifyingContract": OTHER}, "Let another take tokens of yours"),
    "none of an unlisted token": (0, {**PERMITTED, "value": 0}, {**TOKEN, "verifyingContract": OTHER}, "Let another take tokens of yours"),
    "on an unknown chain": (0, PERMITTED, {**TOKEN, "chainId": 987_654_321}, "Let another take tokens of yours"),
    "all that there is": (1, {**DAI, "allowed": True}, TOKEN, "Let another take any amount of USDC"),
    "nothing of it any more": (1, {**DAI, "allowed": False}, TOKEN, "End what another may take"),
    "all of an unlisted token": (
        1, {**DAI, "allowed": True}, {**TOKEN, "verifyingContract": OTHER}, "Let another take tokens of yours, or end that"
    ),
    "through Permit2": (2, permit2(250_000_000), THROUGH, "Let another take up to 250 USDC, through Permit2"),
    "any amount through it": (2, permit2(2**160 - 1), THROUGH, "Let another take any amount of USDC, through Permit2"),
    "none through it": (2, permit2(0), THROUGH, "End what another may take"),
    "through another contract": (2, permit2(5), {**THROUGH, "verifyingContract": OTHER}, "Let another take tokens of yours, through Permit2"),
    "of a token that Permit2 moves and nobody knows": (2, permit2(5, OTHER), THROUGH, "Let another take tokens of yours, through Permit2"),
    "once": (4, once(5_000_000), THROUGH, "Let another take up to 5 USDC once, through Permit2"),
    "nothing, once": (4, once(0), THROUGH, "Let another take up to 0 USDC once, through Permit2"),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "message", "domain", "title"), PERMIT_TITLES.values(), ids=PERMIT_TITLES.keys())
def test_a_permits_title_has_its_amount(kind: int, message: dict[str, Any], domain: dict[str, Any], title: str) -> None:
    """Where it is one, and of a listed token: what an amount of another is worth is not known, nor what another contract does with it."""
    assert title == made(KINDS[kind].types[0], message, **domain).title


DETAILS = {"token": USDC, "amount": str(2**160 - 1), "expiration": IN_2030, "nonce": 0}
PERMITS2: dict[str, tuple[str, dict[str, Any], str]] = {
    "one": (KINDS[2].types[0], {"details": DETAILS, "spender": OTHER, "sigDeadline": IN_2030}, "How much (details.amount)"),
    "several": (KINDS[3].types[0], {"details": [DETAILS], "spender": OTHER, "sigDeadline": IN_2030}, "How much (details[0].amount)"),
    "once": (KINDS[4].types[0], {"permitted": {"token": USDC, "amount": MOST}, "spender": OTHER, "nonce": 1, "deadline": IN_2030}, "How much (permitted.amount)"),
    "once, with a witness": (
        "PermitWitnessTransferFrom(TokenPermissions permitted,address spender,uint256 nonce,uint256 deadline,Order witness)Order(address swapper)TokenPermissions(address token,uint256 amount)",
        {"permitted": {"token": USDC, "amount": MOST}, "spender": OTHER, "nonce": 1, "deadline": IN_2030, "witness": {"swapper": OWN}},
        "How much (permitted.amount)",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("encoded", "message", "label"), PERMITS2.values(), ids=PERMITS2.keys())
def test_permits_through_permit2(encoded: str, message: dict[str, Any], label: str) -> None:
    """The token is the one named beside the amount; a contract that is not Permit2 is warned of."""
    found = made(encoded, message, name="Permit2", chainId=1, verifyingContract=PERMIT2)
    assert (evm_calls.UNLIMITED, typed_data_kinds.PERMIT) == found.warnings
    assert facts(found)[label][0].startswith("any amount of USDC")
    assert "Permit2" == facts(found)["That contract is"][0]
    assert typed_data.ANOTHER_CONTRACT in made(encoded, message, name="Permit2", chainId=1, verifyingContract=OTHER).warnings


def test_an_order_on_a_market() -> None:
    """What is offered and what is asked; an order that asks nothing for its maker is warned of."""
    offered = {"itemType": 2, "token": OTHER, "identifierOrCriteria": "7", "startAmount": "1", "endAmount": "1"}
    asked = {"itemType": 0, "token": ZERO, "identifierOrCriteria": "0", "startAmount": "1", "endAmount": "1", "recipient": OWN}
    order = {
        "offerer": OWN, "zone": ZERO, "offer": [offered], "consideration": [asked], "orderType": 0, "startTime": 0, "endTime": IN_2030,
        "zoneHash": f"0x{'00' * 32}", "salt": 0, "conduitKey": f"0x{'00' * 32}", "counter": 0,
    }  # fmt: skip
    encoded = next(kind.types[0] for kind in KINDS if kind.title == "Offer an exchange on a market")
    domain: dict[str, Any] = {"name": "Seaport", "chainId": 1, "verifyingContract": "0x0000000000000068F116a894984e2DB1123eB395"}
    found = made(encoded, order, **domain)
    assert ("Offer an exchange on a market", (typed_data_kinds.ORDER,)) == (found.title, found.warnings)
    shown = facts(found)
    assert ("7", "number") == shown["You offer token number (offer[0].identifierOrCriteria)"]
    assert (OWN, "address") == shown["Who gets that (consideration[0].recipient)"]
    for nothing in ([], [{**asked, "recipient": OTHER}]):
        assert typed_data.NOTHING_FOR_YOU in made(encoded, {**order, "consideration": nothing}, **domain).warnings


def test_an_order_for_tokens() -> None:
    """Both amounts in their own tokens' measure."""
    order = {
        "sellToken": USDC, "buyToken": "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2", "receiver": ZERO, "sellAmount": "3000000000",
        "buyAmount": "1000000000000000000", "validTo": IN_2030, "appData": f"0x{'00' * 32}", "feeAmount": "0", "kind": "sell",
        "partiallyFillable": False, "sellTokenBalance": "erc20", "buyTokenBalance": "erc20",
    }  # fmt: skip
    encoded = next(kind.types[0] for kind in KINDS if kind.standard == "CoW Protocol")
    shown = facts(
        made(
            encoded, order, name="Gnosis Protocol", version="v2", chainId=1, verifyingContract="0x9008D19f58AAbD9eD0D60971565AA8510560ab41"
        )
    )
    assert ("3000 USDC (3000000000 of its smallest units)", "1 WETH (1000000000000000000 of its smallest units)") == (
        shown["You give (sellAmount)"][0],
        shown["You get (buyAmount)"][0],
    )


SAFE = next(kind.types[0] for kind in KINDS if kind.title == "Agree to what a Safe does")
SAFE_TX: dict[str, Any] = {
    "to": USDC, "value": "0", "data": f"0x095ea7b3{'00' * 12}{'11' * 20}{'ff' * 32}", "operation": 0, "safeTxGas": 0, "baseGas": 0, "gasPrice": 0,
    "gasToken": ZERO, "refundReceiver": ZERO, "nonce": 3,
}  # fmt: skip


def test_what_a_safe_is_to_do() -> None:
    """Its call is decoded as a transaction's is."""
    found = made(SAFE, SAFE_TX, chainId=1, verifyingContract=OTHER)
    assert (evm_calls.UNLIMITED, typed_data_kinds.SAFE) == found.warnings
    shown = facts(found)
    assert ("Let another take any amount of USDC", OTHER) == (shown["Call (data)"][0], shown["Who may take it"][0])


def test_a_safe_that_lends_itself_to_another_code() -> None:
    """As in the theft from Bybit: the delegate call is the first that is said, and the call is called blind."""
    found = made(SAFE, {**SAFE_TX, "to": OTHER, "operation": 1, "data": "0xdeadbeef"}, chainId=1, verifyingContract=OTHER)
    assert (evm_calls.DELEGATE_CALL, evm_calls.UNKNOWN_CALL) == found.warnings[:2]
    assert "Call a contract blind" == facts(found)["Call (data)"][0]
    assert typed_data.DELEGATED == found.title


def test_a_safe_that_lends_itself_with_an_empty_call() -> None:
    """The code that is called has a function for that too."""
    found = made(SAFE, {**SAFE_TX, "operation": 1, "data": "0x"}, chainId=1, verifyingContract=OTHER)
    assert evm_calls.DELEGATE_CALL == found.warnings[0]


def test_a_safe_that_makes_several_calls_at_once() -> None:
    """By the contract that Safes use for it: that is said, and nothing worse."""
    batch = {**SAFE_TX, "to": "0x9641d764fc13c8B624c04430C7356C1C7C8102e2", "operation": 1}
    batch["data"] = f"0x8d80ff0a{32:064x}{85:064x}00{USDC[2:]}{0:064x}{0:064x}{'00' * 11}"
    found = made(SAFE, batch, chainId=1, verifyingContract=OTHER)
    assert (evm_calls.BATCH_CALL, typed_data_kinds.SAFE) == found.warnings
    assert "Agree to what a Safe does" == found.title


def test_a_safe_that_pays_fees_back() -> None:
    """At a price and in a token that whoever asks has chosen."""
    found = made(SAFE, {**SAFE_TX, "gasPrice": "1"}, chainId=1, verifyingContract=OTHER)
    assert evm_contracts.SAFE_REFUND in found.warnings


def test_data_of_no_known_kind() -> None:
    """Every field by its path, in its type's form; what is not known is said."""
    encoded = "Vote(Choice[] choices,bytes proof,bool final,int8 weight,string comment,uint8[2][] more,string[] none)Choice(address who)"
    message = {
        "choices": [{"who": OTHER}, {"who": OWN}],
        "proof": "0x1234",
        "final": True,
        "weight": -3,
        "comment": "a\nb",
        "more": [[1, 2]],
        "none": [],
    }
    found = made(encoded, message, name="App", chainId=1, verifyingContract=OTHER)
    assert "Sign data of the kind Vote" == found.title
    assert (typed_data.UNKNOWN_KIND, typed_data.OPAQUE) == found.warnings
    assert {
        "Field choices[0].who": (OTHER, "address"),
        "Field choices[1].who": (OWN, "address"),
        "Field proof": ("1234", "hex"),
        "Field final": ("yes", "text"),
        "Field weight": ("-3", "number"),
        "Field comment": ("a\nb", "message"),
        "Field more[0][0]": ("1", "number"),
        "Field more[0][1]": ("2", "number"),
        "Field none": ("(an empty list)", "text"),
    } == dict(list(facts(found).items())[-9:])


def test_names_of_fields_that_imitate_ours() -> None:
    """An asker who calls a field as we call a recipient or an amount has said that they named it."""
    found = made("Login(string Recipient,string Amount)", {"Recipient": "you", "Amount": "0 ETH"}, name="App", chainId=1)
    assert {"Recipient", "Amount"}.isdisjoint(facts(found))
    assert ("0 ETH", "message") == facts(found)["Field Amount"]


def test_what_the_domain_leaves_open() -> None:
    """A chain, a contract: without them a signature can be good elsewhere."""
    found = made("A(uint8 a)", {"a": 1}, name="App")
    assert {typed_data.NO_CHAIN, typed_data.NO_CONTRACT} <= set(found.warnings)
    assert typed_data.UNKNOWN_CHAIN in made("A(uint8 a)", {"a": 1}, chainId=424242).warnings
    salted = made("A(uint8 a)", {"a": 1}, salt=f"0x{'ab' * 32}")
    assert typed_data.NO_CONTRACT not in salted.warnings
    assert ("ab" * 32, "hex") == facts(salted)["Salt of the domain"]


def test_texts_that_deceive() -> None:
    """What hides or turns around is shown, in the domain and in the message, and warned of."""
    found = made("A(string a)", {"a": "Pay\u202e 1"}, name="Uni\u200bswap", chainId=1)
    shown = facts(found)
    assert ("Uni⟨U+200B⟩swap", "Pay⟨U+202E⟩ 1") == (shown["Application, by its own name"][0], shown["Field a"][0])
    assert text.HIDDEN_CHARACTERS in found.warnings
    assert text.MIXED_ALPHABETS in made("A(string a)", {"a": "P\u0430ypal"}, chainId=1).warnings


def test_a_type_that_only_looks_like_a_permit() -> None:
    """One member of another type, and it is of no known kind."""
    assert kind_of(PERMIT) is not None
    assert kind_of(PERMIT.replace("uint256 value", "uint128 value")) is None
    assert kind_of(PERMIT.replace("Permit(", "Permits(")) is None
    assert kind_of(PERMIT + "X()") is None
