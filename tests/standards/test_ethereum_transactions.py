"""Ethereum's transactions: EIP-155, EIP-2930, EIP-1559, EIP-4844, EIP-7702; what is signed, and what is refused before."""

from __future__ import annotations

from typing import Any

import pytest
from eth_account import Account
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import convert

from native_host.encodings.ethereum_transaction import Transaction, decode_signed, signed_transaction, signing_hash
from native_host.encodings.rlp import NotRlp
from native_host.protocol.ethereum import MAX_CHAIN_ID, UnknownType, WrongMember, chain_id_of, read_transaction
from native_host.protocol.transactions import EthereumTransaction
from native_host.suites import es256k, ethereum
from native_host.suites.fault import SigningFault
from tests.parts.npm import ethers_vectors

SECRET = b"\x46" * 32
ADDRESS = f"0x{'35' * 20}"
CHECKSUMMED = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"  # EIP-55
WORD = f"0x{'22' * 32}"
BLOB = f"0x01{'33' * 31}"
AUTHORIZATION = {"chainId": "0x1", "address": ADDRESS, "nonce": "0x0", "yParity": "0x0", "r": "0x1", "s": "0x1"}
BASE: dict[str, Any] = {"nonce": "0x9", "gas": "0x5208", "to": ADDRESS, "value": "0xde0b6b3a7640000"}
LEGACY = {**BASE, "gasPrice": "0x4a817c800"}
DYNAMIC = {**BASE, "maxFeePerGas": "0x5", "maxPriorityFeePerGas": "0x1"}
OF_TYPE: list[dict[str, Any]] = [
    LEGACY,
    {**LEGACY, "accessList": [{"address": ADDRESS, "storageKeys": [WORD]}]},
    DYNAMIC,
    {**DYNAMIC, "maxFeePerBlobGas": "0x3", "blobVersionedHashes": [BLOB]},
    {**DYNAMIC, "authorizationList": [AUTHORIZATION]},
]


def read(members: dict[str, Any], chain_id: int = 1) -> Transaction:
    return read_transaction(convert(members, EthereumTransaction), chain_id)


def sign(transaction: Transaction, secret: bytes = SECRET) -> bytes:
    public = es256k.public_key(secret)
    signature = ethereum.signature_of(signing_hash(transaction), ethereum.local_signer(secret, public), public)
    raw = signed_transaction(transaction, *signature)
    assert (transaction, *signature) == decode_signed(raw)
    return raw


def test_the_example_of_eip_155() -> None:
    """The hash and the signed transaction that the EIP prints."""
    transaction = read(LEGACY)
    assert "daf5a779ae972f972197303d7b574746c7ef83eadac0f2791ad23db92e4c8e53" == signing_hash(transaction).hex()
    assert (
        "f86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a76400008025a028ef61340bd939bc2195fe53756786600"
        "3e1a15d3c71ff63e1590620aa636276a067cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83"
    ) == sign(transaction).hex()


def test_vectors_of_ethers() -> None:
    """Legacy transactions for chain 5, and those of types 1 and 2: read, hashed, signed again, to the last byte."""
    vectors = [(one["signedTransactionChainId5"], one["privateKey"]) for one in ethers_vectors("transactions")]
    vectors += [(one["signed"], one["key"]) for one in ethers_vectors("typed-transactions")]
    assert len(vectors) > 2800
    for signed, secret in vectors:
        raw = bytes.fromhex(signed[2:])
        assert raw == sign(decode_signed(raw)[0], bytes.fromhex(secret[2:]))


def test_a_transaction_for_every_chain_is_none() -> None:
    """Those from before EIP-155."""
    vectors = ethers_vectors("transactions")
    for one in vectors[:50]:
        with pytest.raises(NotRlp):
            decode_signed(bytes.fromhex(one["signedTransaction"][2:]))


def quantity(most: int) -> st.SearchStrategy[str]:
    return st.one_of(st.integers(0, min(most, 300)), st.integers(0, most)).map(hex)


def data(size: int) -> st.SearchStrategy[str]:
    return st.binary(min_size=size, max_size=size).map(lambda drawn: f"0x{drawn.hex()}")


ACCESS_LISTS = st.lists(st.fixed_dictionaries({"address": data(20), "storageKeys": st.lists(data(32), max_size=2)}), max_size=3)


@st.composite
def transactions(draw: st.DrawFn) -> tuple[int, int, dict[str, Any]]:
    """A type, a chain, and the members of a transaction."""
    kind, chain_id = draw(st.integers(0, 4)), draw(st.one_of(st.sampled_from([1, 10, 31337]), st.integers(1, 2**53)))
    members: dict[str, Any] = {
        "nonce": draw(quantity(2**64 - 2)),
        "gas": draw(quantity(2**64 - 1)),
        "value": draw(quantity(2**128)),
        "input": f"0x{draw(st.binary(max_size=80)).hex()}",
        "to": draw(data(20)),
    }
    price = draw(st.integers(0, 2**96))
    if kind < 2:
        members["gasPrice"] = hex(price)
    else:
        members |= {"maxFeePerGas": hex(price), "maxPriorityFeePerGas": hex(draw(st.integers(0, price)))}
    if kind:
        members["accessList"] = draw(ACCESS_LISTS)
    if kind == 3:
        hashes = st.lists(st.binary(min_size=31, max_size=31).map(lambda drawn: f"0x01{drawn.hex()}"), min_size=1, max_size=3)
        members |= {"maxFeePerBlobGas": draw(quantity(2**64)), "blobVersionedHashes": draw(hashes)}
    return kind, chain_id, members


@settings(max_examples=150)
@given(transactions(), st.integers(1, 2**200))
def test_against_another_implementation(drawn: tuple[int, int, dict[str, Any]], key: int) -> None:
    """The same signed bytes as eth-account's, which recovers the account from them; the type may be left to the members."""
    kind, chain_id, members = drawn
    secret = key.to_bytes(32, "big")
    theirs = {**members, "chainId": chain_id, "type": kind}
    theirs |= {"data": theirs.pop("input"), "to": bytes.fromhex(members["to"][2:])}
    if not kind:
        del theirs["type"]
    if kind == 4:
        authorization = Account.sign_authorization({"chainId": chain_id, "address": members["to"], "nonce": 7}, secret)
        theirs["authorizationList"] = [authorization]
        given_list = {"yParity": hex(authorization.y_parity), "r": hex(authorization.r), "s": hex(authorization.s)}
        members["authorizationList"] = [{"chainId": hex(chain_id), "address": members["to"], "nonce": "0x7", **given_list}]
    raw = sign(read(members, chain_id), secret)
    assert raw == sign(read({**members, "type": hex(kind), "chainId": hex(chain_id)}, chain_id), secret)
    signed = Account.sign_transaction(theirs, secret)
    assert raw == bytes(signed.raw_transaction)
    assert Account.from_key(secret).address == Account.recover_transaction(raw)


def test_a_contract_is_created_without_a_recipient() -> None:
    """Which a node takes for what it is, in every type that may."""
    for members in OF_TYPE[:3]:
        created = {**members, "input": "0x6001"}
        del created["to"]
        assert sign(read(created)) == bytes(
            Account.sign_transaction(
                {**{k: v for k, v in created.items() if k != "input"}, "data": "0x6001", "chainId": 1, "to": ""}, SECRET
            ).raw_transaction
        )


def test_the_highest_fee_is_all_that_can_be_taken() -> None:
    """Gas at its highest price, and blobs."""
    assert [0x5208 * 0x4A817C800, 0x5208 * 0x4A817C800, 0x5208 * 5, 0x5208 * 5 + 131072 * 3, 0x5208 * 5] == [
        read(members).highest_fee for members in OF_TYPE
    ]


@pytest.mark.parametrize("members", OF_TYPE)
def test_data_has_two_names(members: dict[str, Any]) -> None:
    """Both may be given, if they are the same."""
    expected = read({**members, "input": "0x01"})
    assert expected == read({**members, "data": "0x01"}) == read({**members, "data": "0x01", "input": "0x01"})


@pytest.mark.parametrize("text", [CHECKSUMMED, CHECKSUMMED.lower(), f"0x{CHECKSUMMED[2:].upper()}"])
def test_addresses_in_one_case_have_no_checksum(text: str) -> None:
    assert bytes.fromhex(CHECKSUMMED[2:]) == read({**LEGACY, "to": text}).to


def without(members: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in members.items() if name not in names}


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a number in decimal": ({**LEGACY, "value": "100"}, "value"),
    "a number with a leading zero": ({**LEGACY, "value": "0x01"}, "value"),
    "a number in capitals": ({**LEGACY, "value": "0xA"}, "value"),
    "no digits": ({**LEGACY, "value": "0x "}, "value"),
    "a negative number": ({**LEGACY, "value": "-0x1"}, "value"),
    "a number with underscores": ({**LEGACY, "value": "0x1_0"}, "value"),
    "digits of another script": ({**LEGACY, "value": "0x\uff11"}, "value"),
    "amount and fee over 2^256": ({**LEGACY, "value": hex(2**256 - 1)}, "value"),
    "a fee over 2^256": ({**LEGACY, "gasPrice": hex(2**256 - 1)}, "value"),
    "a nonce that is none (EIP-2681)": ({**LEGACY, "nonce": hex(2**64 - 1)}, "nonce"),
    "gas over 2^64": ({**LEGACY, "gas": hex(2**64)}, "gas"),
    "another chain": ({**LEGACY, "chainId": "0x2"}, "chainId"),
    "chain 0, which is every chain": ({**LEGACY, "chainId": "0x0"}, "chainId"),
    "a wrong checksum": ({**LEGACY, "to": CHECKSUMMED[:-1] + "D"}, "to"),
    "an address that is none": ({**LEGACY, "to": f"0y{'35' * 20}"}, "to"),
    "half a byte": ({**LEGACY, "input": "0x123"}, "input"),
    "bytes that are none": ({**LEGACY, "input": "0xzz"}, "input"),
    "two different data": ({**LEGACY, "input": "0x01", "data": "0x02"}, "data"),
    "too much data": ({**LEGACY, "input": f"0x{'00' * (120 * 1024 + 1)}"}, "input"),
    "nobody and nothing": (without(LEGACY, "to"), "to"),
    "no fee": (BASE, "type"),
    "fees of two types": ({**DYNAMIC, "gasPrice": "0x1"}, "type"),
    "half of a type's fees": (without(DYNAMIC, "maxPriorityFeePerGas"), "type"),
    "blobs and authorizations": ({**OF_TYPE[3], "authorizationList": [AUTHORIZATION]}, "type"),
    "a member of another type": ({**LEGACY, "type": "0x0", "accessList": []}, "accessList"),
    "a fee of another type": ({**LEGACY, "type": "0x2"}, "gasPrice"),
    "a type's member missing": ({**DYNAMIC, "type": "0x4"}, "authorizationList"),
    "a priority above the highest fee": ({**DYNAMIC, "maxPriorityFeePerGas": "0x6"}, "maxPriorityFeePerGas"),
    "a key of storage of 31 bytes": ({**LEGACY, "accessList": [{"address": ADDRESS, "storageKeys": [f"0xg{WORD[3:]}"]}]}, "accessList.0.storageKeys.0"),
    "no blob": ({**OF_TYPE[3], "blobVersionedHashes": []}, "blobVersionedHashes"),
    "a blob of another version": ({**OF_TYPE[3], "blobVersionedHashes": [f"0x02{'33' * 31}"]}, "blobVersionedHashes.0"),
    "a contract made with blobs": ({**without(OF_TYPE[3], "to"), "input": "0x00"}, "to"),
    "no authorization": ({**OF_TYPE[4], "authorizationList": []}, "authorizationList"),
    "a contract made with authorizations": ({**without(OF_TYPE[4], "to"), "input": "0x00"}, "to"),
    "an authorization's number": ({**OF_TYPE[4], "authorizationList": [{**AUTHORIZATION, "nonce": hex(2**64)}]}, "authorizationList.0.nonce"),
    "an authorization's parity": ({**OF_TYPE[4], "authorizationList": [{**AUTHORIZATION, "yParity": "0x100"}]}, "authorizationList.0.yParity"),
}  # fmt: skip


@pytest.mark.parametrize(("members", "path"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(members: dict[str, Any], path: str) -> None:
    """By the member that is wrong."""
    with pytest.raises(WrongMember) as caught:
        read(members)
    assert path == caught.value.path


@pytest.mark.parametrize("kind", ["0x5", "0x7e", "0xff"])
def test_a_type_that_is_not_known(kind: str) -> None:
    """A rollup's deposit, and what is to come."""
    with pytest.raises(UnknownType):
        read({**LEGACY, "type": kind})


@pytest.mark.parametrize(
    "chain", ["eip155:0", "eip155:01", "eip155:-1", "eip155:0x1", "eip155:", "eip155:\uff11", "solana:1", f"eip155:{MAX_CHAIN_ID + 1}"]
)
def test_no_chain(chain: str) -> None:
    with pytest.raises(ValueError, match="not a chain"):
        chain_id_of(chain)


def test_chains() -> None:
    assert [1, MAX_CHAIN_ID] == [chain_id_of("eip155:1"), chain_id_of(f"eip155:{MAX_CHAIN_ID}")]


@pytest.mark.parametrize("cut", range(1, 40))
def test_a_signed_transaction_cut_short_is_none(cut: int) -> None:
    raw = sign(read(OF_TYPE[4]))
    with pytest.raises(NotRlp):
        decode_signed(raw[:-cut])


FAULTS = {
    "a signature of something else": lambda digest, signer: signer(bytes(32)),
    "a high s": lambda digest, signer: _high(signer(digest)),
    "a recovery id that Ethereum does not know": lambda digest, signer: signer(digest)[:-1] + b"\x02",
    "the other recovery id": lambda digest, signer: signer(digest)[:-1] + bytes((1 - signer(digest)[-1],)),
    "a byte too few": lambda digest, signer: signer(digest)[:-1],
}


def _high(signature: bytes) -> bytes:
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    return signature[:32] + (order - int.from_bytes(signature[32:64], "big")).to_bytes(32, "big") + bytes((1 - signature[64],))


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_a_signature_is_checked_before_it_leaves(fault: Any) -> None:
    """Whatever made it: a token, a fault in memory."""
    public = es256k.public_key(SECRET)
    signer = ethereum.local_signer(SECRET, public)
    with pytest.raises(SigningFault):
        ethereum.signature_of(b"\x07" * 32, lambda digest: fault(digest, signer), public)


@pytest.mark.parametrize(
    ("alg", "path", "expected"),
    [
        ("ES256K", None, True),
        ("ES256K-R", "m/44'/60'/0'/0/0", True),
        ("ES256K", "m/0/1", True),
        ("ES256K", "m/84'/0'/0'/0/0", False),
        ("ES256K", "m/44'/118'/0'/0/0", False),
        ("BIP340", None, False),
        ("Ed25519", None, False),
        ("ES256", None, False),
    ],
)
def test_accounts(alg: str, path: str | None, *, expected: bool) -> None:
    """Ethereum's, and those of no chain in particular."""
    assert expected == ethereum.is_account(alg, path)
