"""What a person reads of an Ethereum transaction, all of it from the members that will be signed. Pure.

First what happens and to whom, then what it can cost, then what is left; nothing of the transaction is left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from native_host.encodings.eip55 import decode_address, encode_address
from native_host.encodings.ethereum_transaction import ACCESS_LIST, BLOB, DYNAMIC_FEE, GAS_OF_A_BLOB, LEGACY, SET_CODE, Transaction
from native_host.encodings.keccak import keccak256
from native_host.language import say, words
from native_host.protocol.ethereum import chain_id_of, read_transaction
from native_host.protocol.transactions import EthereumTransaction
from native_host.review.evm_calls import Call, Reader, Told
from native_host.review.evm_chains import CHAINS, COIN_DECIMALS, chain_name, coins_and_wei, decimal
from native_host.review.evm_values import fact

if TYPE_CHECKING:
    from native_host.protocol.approver import Fact, FactKind
    from native_host.protocol.transactions import SignTransactionParams
    from native_host.review.subject import Described, Subject

_TYPES = {
    LEGACY: "0, legacy (EIP-155)",
    ACCESS_LIST: "1, with an access list (EIP-2930)",
    DYNAMIC_FEE: "2, with a priority fee (EIP-1559)",
    BLOB: "3, with blobs (EIP-4844)",
    SET_CODE: "4, with authorizations of code (EIP-7702)",
}
_GWEI_DECIMALS = 9

CREATES = "This creates a contract from the code in the transaction, which Strongroom cannot read. What it does as it is created it does in your name."
SETS_CODE = (
    "This carries authorizations by which accounts hand themselves over to a contract's code: it can then move everything that they hold."
    " Check each contract."
)
HANDS_OVER_YOURSELF = (
    "The account that you sign with hands itself over: from then on the contract's code can move everything that it holds, on any request."
    " Refuse unless you know that code."
)
SIGNED_BY_NOBODY = "An authorization has a signature that is no account's, and so no effect. A wallet that works does not make such a one."
EVERY_CHAIN = "An authorization holds on every chain, and not on this one alone."
ANOTHER_CHAIN = "An authorization is for another chain, and has no effect on this one."
UNKNOWN_CHAIN = (
    "Strongroom does not know this chain. Check its number: the same account exists on every chain, with other coins of other worth."
)
DEAR = "The highest fee is far above what is usual. Unless you know why, refuse."
DEARER_THAN_AMOUNT = "The highest fee is more than the amount that is sent."
TO_YOURSELF = "The recipient is this account itself."
NOBODY = "none: no account has signed it"
NOT_FOUND = "not known"
UNBOUNDED_FEE = "more is taken for the data's way to another chain, which the transaction does not bound"


def describe_transaction(params: SignTransactionParams, subject: Subject | None) -> Described:
    """What is shown of a call that was found to be one that can be signed."""
    if not isinstance(params.transaction, EthereumTransaction):
        raise TypeError
    one = read_transaction(params.transaction, chain_id_of(params.chain))
    told = _created(one) if one.to is None else Reader(one.chain_id).describe(_call(one, one.to, subject))
    authorities = subject.authorities if subject else ()
    warnings = (*_about_code(one, subject), *told.warnings, *_about_money(one, subject))
    facts = (fact("Chain", _chain(one.chain_id)), *_to(one), *told.facts, *_fees(one), *_rest(one, authorities))
    return _title(one, told), facts, tuple(dict.fromkeys(warnings))


def _call(one: Transaction, to: bytes, subject: Subject | None) -> Call:
    own = subject.address if subject else None
    return Call(to=to, value=one.value, data=one.data, sender=None if own is None else decode_address(own))


def _title(one: Transaction, told: Told) -> str:
    name = words(CHAINS[one.chain_id].name if one.chain_id in CHAINS else "an unknown chain")
    if one.type == SET_CODE:
        return say("Hand accounts over to contracts on {chain}, and: {title}", chain=name, title=told.title)
    return say("{title} on {chain}", title=told.title, chain=name)


def _created(one: Transaction) -> Told:
    """A contract that the transaction creates."""
    facts = (
        fact("Size of the code", say("{size} bytes", size=len(one.data))),
        fact("Hash of the code (Keccak-256)", keccak256(one.data).hex(), "hex"),
        fact("Code", one.data.hex(), "hex"),
    )
    return Told(title=words("Create a contract"), facts=facts, warnings=(CREATES,))


def _chain(chain_id: int) -> str:
    chain = CHAINS.get(chain_id)
    name = chain_name(chain_id)
    return say("{chain} (a test network: its coins have no value)", chain=name) if chain and chain.test else name


def _to(one: Transaction) -> tuple[Fact, ...]:
    amount = fact("Amount", coins_and_wei(one.value, one.chain_id))
    if one.to is None:
        return (amount,) if one.value else ()
    if not one.data:
        return fact("Recipient", encode_address(one.to), "address"), amount
    contract = fact("Contract", encode_address(one.to), "address")
    return (contract, fact("Amount sent with the call", coins_and_wei(one.value, one.chain_id))) if one.value else (contract,)


def _fees(one: Transaction) -> tuple[Fact, ...]:
    chain = CHAINS.get(one.chain_id)
    highest = coins_and_wei(one.highest_fee, one.chain_id)
    facts = [fact("Highest fee", f"{highest}; {words(UNBOUNDED_FEE)}" if chain and chain.l1_fee else highest)]
    price = say("{gas} gas at most, each at most {price} gwei", gas=one.gas, price=decimal(one.gas_price, _GWEI_DECIMALS))
    priority = say(", of which {price} gwei go first to whoever includes it", price=decimal(one.priority_fee, _GWEI_DECIMALS))
    facts.append(fact("How the fee is made up", price if one.type in (LEGACY, ACCESS_LIST) else price + priority))
    if one.type == BLOB:
        blob_price, count = decimal(one.blob_price, _GWEI_DECIMALS), len(one.blob_hashes)
        blobs = say("{count} of {gas} gas, each at most {price} gwei", count=count, gas=GAS_OF_A_BLOB, price=blob_price)
        facts.append(fact("Blobs, within the fee", blobs))
    return tuple(facts)


def _rest(one: Transaction, authorities: tuple[str | None, ...]) -> tuple[Fact, ...]:
    facts = [fact("Nonce", str(one.nonce), "number"), fact("Type of the transaction", words(_TYPES[one.type]))]
    accounts = authorities if len(authorities) == len(one.authorizations) else ("",) * len(one.authorizations)
    for number, (given, account) in enumerate(zip(one.authorizations, accounts, strict=True), start=1):
        where = words("every chain") if given.chain_id == 0 else chain_name(given.chain_id)
        place = f"{words('Authorization')} {number}, "
        facts += [
            fact("account that hands itself over", *_account(account), place=place),
            fact("contract", encode_address(given.address), "address", place=place),
            fact("for", say("{chain}; the account's nonce {nonce}", chain=where, nonce=given.nonce), place=place),
        ]
    if one.access_list:
        entries = ((encode_address(entry.address), len(entry.storage_keys)) for entry in one.access_list)
        lines = "\n".join(say("{address}: {count} storage keys", address=address, count=count) for address, count in entries)
        facts.append(fact("Access list (makes access cheaper, does nothing else)", lines, "message"))
    if one.blob_hashes:
        facts.append(fact("Hashes of the blobs", "\n".join(one_hash.hex() for one_hash in one.blob_hashes), "message"))
    return tuple(facts)


def _account(address: str | None) -> tuple[str, FactKind]:
    return (address, "address") if address else (words(NOBODY if address is None else NOT_FOUND), "text")


def _about_code(one: Transaction, subject: Subject | None) -> tuple[str, ...]:
    own, authorities = (subject.address, subject.authorities) if subject else (None, ())
    found = (
        (own is not None and own in authorities, HANDS_OVER_YOURSELF),
        (bool(one.authorizations), SETS_CODE),
        (None in authorities, SIGNED_BY_NOBODY),
        (any(given.chain_id == 0 for given in one.authorizations), EVERY_CHAIN),
        (any(given.chain_id not in (0, one.chain_id) for given in one.authorizations), ANOTHER_CHAIN),
    )
    return tuple(text for holds, text in found if holds)


def _about_money(one: Transaction, subject: Subject | None) -> tuple[str, ...]:
    chain = CHAINS.get(one.chain_id)
    dear = (chain.dear if chain else 1) * 10**COIN_DECIMALS
    own = subject.address if subject else None
    found = (
        (chain is None, UNKNOWN_CHAIN),
        (one.highest_fee >= dear and not (chain and chain.test), DEAR),
        (0 < one.value < one.highest_fee, DEARER_THAN_AMOUNT),
        (one.to is not None and own == encode_address(one.to), TO_YOURSELF),
    )
    return tuple(text for holds, text in found if holds)
