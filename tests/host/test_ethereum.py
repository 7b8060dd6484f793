"""Ethereum through a real host: what the person is shown is what is signed, and a real node takes it."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import ckzg  # type: ignore[import-not-found]  # a binary without stubs
import eth_account
import pytest
import rlp  # type: ignore[import-untyped]
from embit.bip32 import HDKey
from embit.bip39 import mnemonic_to_seed
from eth_account import Account
from eth_account.messages import encode_typed_data

from native_host.audit import entries
from native_host.encodings.keccak import keccak256
from native_host.review import ethereum, evm_calls, typed_data_kinds
from native_host.testing.port import Port
from tests.homes import ADDON, Home, b64, origin_of, unb64, unlock
from tests.host.calls import NOT_ALLOWED, invalid, refused, restore, unsupported
from tests.parts.anvil import CHAIN_ID, Anvil, anvil

WORDS = "abandon " * 11 + "about"
ADDRESS = "0x9858EfFD232B4033E47d90003D41EC34EcaEda94"  # what every wallet shows for these words
SECRET = HDKey.from_seed(mnemonic_to_seed(WORDS)).derive("m/44h/60h/0h/0/0").key.secret
OTHER = f"0x{'11' * 20}"
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
TRUSTED_SETUP = Path(eth_account.__file__).parent / "typed_transactions" / "blob_transactions" / "kzg_trusted_setup.txt"
USDC = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"
PAYMENT: dict[str, Any] = {"nonce": "0x0", "gas": "0x5208", "maxFeePerGas": "0x77359400", "maxPriorityFeePerGas": "0x0", "to": OTHER, "value": "0xde0b6b3a7640000"}  # fmt: skip
MAIL: dict[str, Any] = {
    "types": {
        "EIP712Domain": [{"name": "name", "type": "string"}, {"name": "chainId", "type": "uint256"}],
        "Mail": [{"name": "to", "type": "address"}, {"name": "contents", "type": "string"}],
    },
    "primaryType": "Mail",
    "domain": {"name": "Ether Mail", "chainId": 1},
    "message": {"to": OTHER, "contents": "Hello"},
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    made = Home(tmp_path_factory.mktemp("home"))
    made.attach()
    made.set_up()
    yield made
    made.quit()


@pytest.fixture(scope="module")
def port(home: Home) -> Port:
    return home.open()


@pytest.fixture(scope="module")
def seed(home: Home, port: Port) -> str:
    return restore(home, port, WORDS)


@pytest.fixture(scope="module")
def account(port: Port, seed: str) -> str:
    key = port.request("deriveKey", {"keyId": seed, "path": "m/44'/60'/0'/0/0", "alg": "ES256K"})
    assert ADDRESS == key["address"]
    key_id: str = key["keyId"]
    return key_id


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Anvil]:
    with anvil(tmp_path_factory.mktemp("anvil")) as running:
        running.fund(ADDRESS)
        yield running


def last_review(home: Home) -> dict[str, Any]:
    return next(ask for ask in reversed(home.approver.asked) if ask["kind"] == "review")


def shown(review: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {fact["label"]: (fact["value"], fact["kind"]) for fact in review["facts"]}


def test_what_is_shown_is_what_is_signed(home: Home, port: Port, account: str) -> None:
    """Recipient, amount with its unit, the most that it costs, the chain and who asks; another library reads just that from the bytes."""
    signed = port.request(
        "signTransaction", {"keyId": account, "chain": "eip155:1", "transaction": PAYMENT, "page": {"origin": "https://shop.example"}}
    )
    review = last_review(home)
    assert ("signTransaction", "Send 1 ETH on Ethereum") == (review["method"], review["title"])
    assert ([], []) == (review["warnings"], review["grants"])
    assert origin_of(ADDON) == review["caller"]["origin"]
    facts = shown(review)
    assert (ADDRESS, "address") == facts["Address"]
    assert ("m/44'/60'/0'/0/0", "path") == facts["Derivation path"]
    assert (OTHER, "address") == facts["Recipient"]
    assert "1 ETH (1000000000000000000 wei)" == facts["Amount"][0]
    assert "0.000042 ETH (42000000000000 wei)" == facts["Highest fee"][0]
    assert "Ethereum, number 1" == facts["Chain"][0]
    assert ("https://shop.example", "origin") == facts["Web page, as the extension claims"]
    raw = unb64(signed["signedTransaction"])
    assert ADDRESS == Account.recover_transaction(raw)
    assert f"0x{keccak256(raw).hex()}" == signed["transactionId"]
    theirs = Account.from_key(SECRET).sign_transaction({**PAYMENT, "to": bytes.fromhex(OTHER[2:]), "type": 2, "chainId": 1})
    assert bytes(theirs.raw_transaction) == raw


def test_an_unlimited_approval_is_warned_of(home: Home, port: Port, account: str) -> None:
    """Before anything else that is shown."""
    call = f"0x095ea7b3{'00' * 12}{'11' * 20}{'ff' * 32}"
    transaction = {**PAYMENT, "gas": "0xea60", "to": USDC, "value": "0x0", "input": call, "from": ADDRESS, "chainId": "0x1"}
    port.request("signTransaction", {"keyId": account, "chain": "eip155:1", "transaction": transaction})
    review = last_review(home)
    assert ("Let another take any amount of USDC on Ethereum", [evm_calls.UNLIMITED]) == (review["title"], review["warnings"])
    assert (OTHER, "address") == shown(review)["Who may take it"]


def test_the_person_says_no(home: Home, port: Port, account: str) -> None:
    """And nothing is signed."""
    home.approver.deny(kind="review", method="signTransaction", times=1)
    call = {"keyId": account, "chain": "eip155:1", "transaction": PAYMENT}
    assert (4001, {"reason": "user_rejected"}) == refused(port, "signTransaction", **call)


def test_it_is_written_down(home: Home, port: Port, account: str) -> None:
    """Each signature of a transaction has its entry in the log."""
    port.request("signTransaction", {"keyId": account, "chain": "eip155:1", "transaction": PAYMENT})
    with home.store() as store:
        unlock(store)
        last = list(entries(store))[-1].entry
    assert last is not None
    assert ("signTransaction", account) == (last.method, last.key_id)


def test_typed_data(home: Home, port: Port, account: str) -> None:
    """Recovered by another library from its own digest; the person saw every field."""
    signed = port.request("signTypedData", {"keyId": account, "typedData": MAIL})
    assert ADDRESS == signed["address"]
    signature = unb64(signed["signature"])
    assert signature[64] in (27, 28)
    assert ADDRESS == Account.recover_message(encode_typed_data(full_message=MAIL), signature=signature)
    review = last_review(home)
    assert ("signTypedData", "Sign data of the kind Mail", []) == (review["method"], review["title"], review["grants"])
    assert ((OTHER, "address"), ("Hello", "message"), "Ethereum, number 1") == (
        shown(review)["Field to"],
        shown(review)["Field contents"],
        shown(review)["Chain"][0],
    )


def test_a_permit(home: Home, port: Port, account: str) -> None:
    """What it lets another do comes first."""
    members = [("owner", "address"), ("spender", "address"), ("value", "uint256"), ("nonce", "uint256"), ("deadline", "uint256")]
    types = {
        "EIP712Domain": [{"name": "chainId", "type": "uint256"}, {"name": "verifyingContract", "type": "address"}],
        "Permit": [{"name": name, "type": kind} for name, kind in members],
    }
    domain, message = (
        {"chainId": 1, "verifyingContract": USDC},
        {"owner": ADDRESS, "spender": OTHER, "value": 2**256 - 1, "nonce": 0, "deadline": 1900000000},
    )
    as_programs_send_it = {**message, "value": str(message["value"]), "nonce": "0"}
    permit = {"types": types, "primaryType": "Permit", "domain": domain, "message": as_programs_send_it}
    signed = port.request("signTypedData", {"keyId": account, "typedData": permit})
    theirs = encode_typed_data(full_message={**permit, "message": message})
    assert ADDRESS == Account.recover_message(theirs, signature=unb64(signed["signature"]))
    assert [evm_calls.UNLIMITED, typed_data_kinds.PERMIT] == last_review(home)["warnings"]


REFUSED: dict[str, tuple[dict[str, Any], Any]] = {
    "chain 0, which would be every chain": ({"chain": "eip155:0"}, invalid("chain")),
    "no chain": ({"chain": "eip155"}, invalid("chain")),
    "a chain with more than CAIP-2 has": ({"chain": "eip155:1:2"}, invalid("chain")),
    "an unknown kind of chain": ({"chain": "cosmos:x"}, unsupported("cosmos:x")),
    "a transaction for another chain": ({"transaction": {**PAYMENT, "chainId": "0xa"}}, invalid("transaction.chainId")),
    "from another account": ({"transaction": {**PAYMENT, "from": OTHER}}, invalid("transaction.from")),
    "from an address with a wrong checksum": ({"transaction": {**PAYMENT, "from": f"{ADDRESS[:-1]}5"}}, invalid("transaction.from")),
    "an amount over 2^256": ({"transaction": {**PAYMENT, "value": hex(2**256)}}, invalid("transaction.value")),
    "an amount that is no text": ({"transaction": {**PAYMENT, "value": 1}}, invalid("transaction.value")),
    "a member that is unknown": ({"transaction": {**PAYMENT, "gasLimit": "0x1"}}, invalid("transaction.gasLimit")),
    "a member that is null": ({"transaction": {**PAYMENT, "to": None}}, invalid("transaction.to")),
    "no nonce": ({"transaction": {name: value for name, value in PAYMENT.items() if name != "nonce"}}, invalid("transaction.nonce")),
    "a type that is not known": ({"transaction": {**PAYMENT, "type": "0x7e"}}, unsupported("type")),
    "bytes, where an object belongs": ({"transaction": b64(b"x")}, invalid("transaction")),
    "a request key that is too long": ({"requestKey": "r" * 65}, invalid("requestKey")),
}


@pytest.mark.parametrize(("members", "expected"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(home: Home, port: Port, account: str, members: dict[str, Any], expected: Any) -> None:
    """Before the person is asked."""
    before = len(home.approver.asked)
    call = {"keyId": account, "chain": "eip155:1", "transaction": PAYMENT, **members}
    assert expected == refused(port, "signTransaction", **call)
    assert before == len(home.approver.asked)


REFUSED_DATA: dict[str, tuple[dict[str, Any], Any]] = {
    "a member missing": ({"message": {"to": OTHER}}, invalid("typedData.message")),
    "a value of another type": ({"message": {"to": "Bob", "contents": "x"}}, invalid("typedData.message.to")),
    "null": ({"message": {"to": OTHER, "contents": None}}, invalid("typedData.message.contents")),
    "a type missing": ({"primaryType": "Male"}, invalid("typedData.message")),
    "a sixth member of the domain": ({"domain": {**MAIL["domain"], "owner": OTHER}}, invalid("typedData.domain.owner")),
    "a member of the domain that its type has not": ({"domain": {**MAIL["domain"], "version": "1"}}, invalid("typedData.domain")),
    "a member of the whole that is unknown": ({"hint": "x"}, invalid("typedData.hint")),
    "more than could be read": (
        {"types": {**MAIL["types"], "Mail": [{"name": "a", "type": "uint8[]"}]}, "message": {"a": [0] * 3000}},
        (5005, {"reason": "too_large"}),
    ),
}


@pytest.mark.parametrize(("members", "expected"), REFUSED_DATA.values(), ids=REFUSED_DATA.keys())
def test_refused_typed_data(home: Home, port: Port, account: str, members: dict[str, Any], expected: Any) -> None:
    """Before the person is asked."""
    before = len(home.approver.asked)
    assert expected == refused(port, "signTypedData", keyId=account, typedData={**MAIL, **members})
    assert before == len(home.approver.asked)


def test_keys_that_sign_none(port: Port, seed: str) -> None:
    """Another chain's, another algorithm's, one without the usage, a seed."""
    call = {"chain": "eip155:1", "transaction": PAYMENT}
    bitcoin = port.request("deriveKey", {"keyId": seed, "path": "m/84'/0'/0'/0/0", "alg": "ES256K"})["keyId"]
    ed25519 = port.request("generateKey", {"alg": "Ed25519"})["keyId"]
    messages = port.request("generateKey", {"alg": "ES256K", "usages": ["message"]})["keyId"]
    for key in (bitcoin, ed25519):
        assert invalid("keyId") == refused(port, "signTransaction", keyId=key, **call)
        assert invalid("keyId") == refused(port, "signTypedData", keyId=key, typedData=MAIL)
    for key in (messages, seed):
        assert NOT_ALLOWED == refused(port, "signTransaction", keyId=key, **call)
        assert NOT_ALLOWED == refused(port, "signTypedData", keyId=key, typedData=MAIL)


# A contract that answers nothing: its code is one STOP, stored by PUSH1 0, PUSH1 0, MSTORE8, PUSH1 1, PUSH1 0, RETURN.
CREATION = "0x600060005360016000f3"


def send(port: Port, node: Anvil, account: str, **members: Any) -> dict[str, Any]:
    """Sign by the host, have the node take and mine it."""
    nonce = node.call("eth_getTransactionCount", ADDRESS, "latest")
    transaction = {"nonce": nonce, "gas": "0x186a0", "value": "0x0", **members}
    signed = port.request("signTransaction", {"keyId": account, "chain": f"eip155:{CHAIN_ID}", "transaction": transaction})
    receipt = node.send(unb64(signed["signedTransaction"]))
    assert signed["transactionId"] == receipt["transactionHash"]
    assert ADDRESS.lower() == receipt["from"]
    assert "0x1" == receipt["status"]
    return receipt


PRICE = {"gasPrice": hex(10**10)}
FEES = {"maxFeePerGas": hex(10**10), "maxPriorityFeePerGas": "0x1"}
OF_TYPES: dict[str, dict[str, Any]] = {
    "0x0": {**PRICE},
    "0x1": {**PRICE, "accessList": [{"address": USDC, "storageKeys": [f"0x{'00' * 32}"]}]},
    "0x2": {**FEES, "accessList": []},
}


@pytest.mark.parametrize(("kind", "members"), OF_TYPES.items(), ids=OF_TYPES.keys())
def test_a_node_mines_a_payment(port: Port, node: Anvil, account: str, kind: str, members: dict[str, Any]) -> None:
    """Of each type; the recipient has the amount."""
    before = int(node.call("eth_getBalance", OTHER, "latest"), 16)
    receipt = send(port, node, account, to=OTHER, value=hex(10**15), **members)
    assert kind == receipt["type"]
    assert before + 10**15 == int(node.call("eth_getBalance", OTHER, "latest"), 16)


def test_a_node_creates_a_contract(home: Home, port: Port, node: Anvil, account: str) -> None:
    """Which the person was told of."""
    receipt = send(port, node, account, input=CREATION, **FEES)
    assert "0x00" == node.call("eth_getCode", receipt["contractAddress"], "latest")
    review = last_review(home)
    assert review["title"].startswith("Create a contract")
    assert ethereum.CREATES == review["warnings"][0]


def test_a_node_takes_an_authorization_of_code(home: Home, port: Port, node: Anvil, account: str, tmp_path: Path) -> None:
    """EIP-7702: the other account runs the contract's code from then on; the person was told."""
    other = Account.create()
    contract = send(port, node, account, input=CREATION, **FEES)["contractAddress"]
    given = Account.sign_authorization({"chainId": CHAIN_ID, "address": contract, "nonce": 0}, other.key)
    authorization = {"chainId": hex(CHAIN_ID), "address": contract, "nonce": "0x0", "yParity": hex(given.y_parity), "r": hex(given.r), "s": hex(given.s)}  # fmt: skip
    receipt = send(port, node, account, to=OTHER, authorizationList=[authorization], **FEES)
    assert "0x4" == receipt["type"]
    assert f"0xef0100{contract[2:].lower()}" == node.call("eth_getCode", other.address, "latest")
    review = last_review(home)
    assert ethereum.SETS_CODE == review["warnings"][0]
    shown = {one["label"]: one["value"] for one in review["facts"]}
    assert other.address == shown["Authorization 1, account that hands itself over"]


def test_whose_authorizations_they_are(home: Home, port: Port, account: str) -> None:
    """Found by the key that signed each, as a node finds it: this account itself; nobody, where the signature is none that a node takes."""
    given = Account.sign_authorization({"chainId": CHAIN_ID, "address": OTHER, "nonce": 7}, SECRET)
    own = {"chainId": hex(CHAIN_ID), "address": OTHER, "nonce": "0x7", "yParity": hex(given.y_parity), "r": hex(given.r), "s": hex(given.s)}
    nobodys = [{**own, "yParity": "0x2"}, {**own, "r": "0x0"}, {**own, "s": "0x0"}, {**own, "s": hex(ORDER - given.s), "yParity": hex(1 - given.y_parity)},
               {**own, "r": hex(2**256 - 1)}, {**own, "s": hex(2**256 - 1)}]  # fmt: skip
    transaction = {"nonce": "0x0", "gas": "0x186a0", **FEES, "to": OTHER, "authorizationList": [own, *nobodys]}
    port.request("signTransaction", {"keyId": account, "chain": f"eip155:{CHAIN_ID}", "transaction": transaction})
    review = last_review(home)
    found = [one["value"] for one in review["facts"] if one["label"].endswith("account that hands itself over")]
    assert [ADDRESS, *[ethereum.NOBODY] * 6] == found
    assert (ethereum.HANDS_OVER_YOURSELF, ethereum.SIGNED_BY_NOBODY) == (review["warnings"][0], review["warnings"][2])


def test_a_node_mines_blobs(port: Port, node: Anvil, account: str) -> None:
    """EIP-4844: the transaction that was signed, in the form that networks pass on, with the blobs, their commitments and their proofs."""
    blob = b"".join(bytes((0, *bytes(30), number % 256)) for number in range(4096))
    setup = ckzg.load_trusted_setup(str(TRUSTED_SETUP), 0)
    commitment = ckzg.blob_to_kzg_commitment(blob, setup)
    proof = ckzg.compute_blob_kzg_proof(blob, commitment, setup)
    versioned = f"0x01{sha256(commitment).hexdigest()[2:]}"
    nonce = node.call("eth_getTransactionCount", ADDRESS, "latest")
    members = {**FEES, "maxFeePerBlobGas": hex(10**9), "blobVersionedHashes": [versioned], "to": OTHER, "value": "0x1"}
    call = {"keyId": account, "chain": f"eip155:{CHAIN_ID}", "transaction": {"nonce": nonce, "gas": "0x186a0", **members}}
    signed = port.request("signTransaction", call)
    raw = unb64(signed["signedTransaction"])
    receipt = node.send(raw[:1] + rlp.encode([rlp.decode(raw[1:]), [blob], [commitment], [proof]]))
    assert (signed["transactionId"], "0x3", "0x1", ADDRESS.lower()) == (
        receipt["transactionHash"], receipt["type"], receipt["status"], receipt["from"],
    )  # fmt: skip
    assert hex(131_072) == receipt["blobGasUsed"]
    assert [versioned] == node.call("eth_getTransactionByHash", receipt["transactionHash"])["blobVersionedHashes"]


def test_blobs_are_signed_as_a_node_recovers_them(port: Port, node: Anvil, account: str) -> None:
    """EIP-4844: without the blobs beside it no node takes it, but each tells whose it is."""
    members = {**FEES, "maxFeePerBlobGas": "0x1", "blobVersionedHashes": [f"0x01{'33' * 31}"], "to": OTHER}
    transaction = {"nonce": "0x0", "gas": "0x186a0", **members}
    signed = port.request("signTransaction", {"keyId": account, "chain": f"eip155:{CHAIN_ID}", "transaction": transaction})
    assert ADDRESS == Account.recover_transaction(unb64(signed["signedTransaction"]))
