"""Solana through a real host: what the person is shown is what is signed, and Solana's own runtime carries it out.

LiteSVM runs the chain's real programs in this process: a signature of anything else, or a changed byte, would not pass it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from solders.address_lookup_table_account import AddressLookupTableAccount
from solders.hash import Hash
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.litesvm import LiteSVM
from solders.message import Message, MessageV0, MessageV1, to_bytes_versioned
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.system_program import CreateAccountParams, TransferParams, create_account, transfer
from solders.token.associated import get_associated_token_address
from solders.token.state import TokenAccount
from solders.transaction import Transaction, VersionedTransaction
from solders.transaction_metadata import TransactionMetadata

from native_host.audit import entries
from native_host.review import solana_warnings
from native_host.testing.port import Port
from tests.homes import ADDON, Home, b64, origin_of, unb64, unlock
from tests.host.calls import NOT_ALLOWED, generate, invalid, refused, restore, unsupported

WORDS = "abandon " * 11 + "about"
ADDRESS = "HAgk14JpMQLgt6rVgv7cBQFJWFto5Dqxi472uT3DKpqk"  # what every wallet shows for these words
ME = Pubkey.from_string(ADDRESS)
MAINNET = "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp"
DEVNET = "solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1"
TOKEN = Pubkey.from_string("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA")
ASSOCIATED = Pubkey.from_string("ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL")
SYSTEM = Pubkey.default()
SOL = 10**9
FRIEND = Keypair.from_seed(b"f" * 32)
ISSUER = Keypair.from_seed(b"i" * 32)
MINT = Keypair.from_seed(b"m" * 32)


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
def account(home: Home, port: Port) -> str:
    key = port.request("deriveKey", {"keyId": restore(home, port, WORDS), "path": "m/44'/501'/0'/0'", "alg": "Ed25519", "label": "Solana"})
    assert ADDRESS == key["address"]
    key_id: str = key["keyId"]
    return key_id


@pytest.fixture
def chain() -> LiteSVM:
    made = LiteSVM()
    for one in (ME, FRIEND.pubkey(), ISSUER.pubkey()):
        made.airdrop(one, 10 * SOL)
    return made


def pay(lamports: int, to: Pubkey | None = None, source: Pubkey = ME) -> Instruction:
    return transfer(TransferParams(from_pubkey=source, to_pubkey=to or FRIEND.pubkey(), lamports=lamports))


def unsigned(message: Message | MessageV0 | MessageV1, signatures: list[Signature] | None = None) -> bytes:
    places = [Signature.default()] * message.header.num_required_signatures
    return bytes(VersionedTransaction.populate(message, signatures or places))


def legacy(chain: LiteSVM, *made: Instruction, payer: Pubkey = ME) -> bytes:
    return unsigned(Message.new_with_blockhash(list(made), payer, chain.latest_blockhash()))


def sign(port: Port, account: str, raw: bytes, network: str = MAINNET, **more: Any) -> dict[str, Any]:
    result: dict[str, Any] = port.request("signTransaction", {"keyId": account, "chain": network, "transaction": b64(raw), **more})
    return result


def carried_out(chain: LiteSVM, result: dict[str, Any]) -> TransactionMetadata:
    """Send what the host returned, with whatever else is missing signed by nobody."""
    sent = chain.send_transaction(VersionedTransaction.from_bytes(unb64(result["signedTransaction"])))
    assert isinstance(sent, TransactionMetadata), sent
    return sent


def last_review(home: Home) -> dict[str, Any]:
    return next(ask for ask in reversed(home.approver.asked) if ask["kind"] == "review")


def shown(review: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {fact["label"]: (fact["value"], fact["kind"]) for fact in review["facts"]}


def test_a_payment(home: Home, port: Port, account: str, chain: LiteSVM) -> None:
    """The person sees the amount, the recipient, the fee and the network, from the bytes alone; the runtime moves just that."""
    raw = legacy(chain, pay(3 * SOL // 2))
    result = sign(port, account, raw, page={"origin": "https://shop.example"})
    review = last_review(home)
    assert ("signTransaction", "Send 1.5 SOL on Solana", origin_of(ADDON)) == (
        review["method"],
        review["title"],
        review["caller"]["origin"],
    )
    assert ({"label": "Solana", "alg": "Ed25519"}, [], []) == (review["key"], review["warnings"], review["grants"])
    facts = shown(review)
    assert (str(FRIEND.pubkey()), "address") == facts["Recipient"]
    assert "1.5 SOL (1500000000 lamports)" == facts["Amount"][0]
    assert "0.000005 SOL (5000 lamports)" == facts["Highest fee"][0]
    assert MAINNET in facts["Chain, as the extension claims"][0]
    assert ("https://shop.example", "origin") == facts["Web page, as the extension claims"]
    sent = carried_out(chain, result)
    assert str(sent.signature()) == result["transactionId"]
    assert 23 * SOL // 2 == chain.get_balance(FRIEND.pubkey())
    assert 17 * SOL // 2 - 5000 == chain.get_balance(ME)
    assert raw[65:] == unb64(result["signedTransaction"])[65:]


def test_a_payment_by_version_0(port: Port, account: str, chain: LiteSVM) -> None:
    """The versioned message is signed as it stands, its first byte too."""
    raw = unsigned(MessageV0.try_compile(ME, [pay(SOL)], [], chain.latest_blockhash()))
    carried_out(chain, sign(port, account, raw))
    assert 11 * SOL == chain.get_balance(FRIEND.pubkey())


def token(data: bytes, *accounts: AccountMeta) -> Instruction:
    return Instruction(TOKEN, data, list(accounts))


def associated(wallet: Pubkey, payer: Pubkey) -> Instruction:
    account = get_associated_token_address(wallet, MINT.pubkey())
    metas = [AccountMeta(payer, True, True), AccountMeta(account, False, True)]
    return Instruction(ASSOCIATED, b"\1", [*metas, *(AccountMeta(one, False, False) for one in (wallet, MINT.pubkey(), SYSTEM, TOKEN))])


def issue(chain: LiteSVM, units: int) -> None:
    """A new token with two decimals, of which the account gets some."""
    issuer, mint = ISSUER.pubkey(), MINT.pubkey()
    made = [
        create_account(CreateAccountParams(from_pubkey=issuer, to_pubkey=mint, lamports=SOL, space=82, owner=TOKEN)),
        token(b"\x14\2" + bytes(issuer) + b"\0", AccountMeta(mint, False, True)),
        associated(ME, issuer),
        token(
            b"\7" + units.to_bytes(8, "little"),
            AccountMeta(mint, False, True), AccountMeta(get_associated_token_address(ME, mint), False, True), AccountMeta(issuer, True, False),
        ),
    ]  # fmt: skip
    message = Message.new_with_blockhash(made, issuer, chain.latest_blockhash())
    sent = chain.send_transaction(Transaction([ISSUER, MINT], message, chain.latest_blockhash()))
    assert isinstance(sent, TransactionMetadata), sent


def units_of(chain: LiteSVM, wallet: Pubkey) -> int:
    found = chain.get_account(get_associated_token_address(wallet, MINT.pubkey()))
    return TokenAccount.from_bytes(found.data).amount if found else 0


def test_tokens(home: Home, port: Port, account: str, chain: LiteSVM) -> None:
    """SPL tokens go to a wallet whose token account is made on the way: amount, token and both addresses are shown, and it happens."""
    issue(chain, 100_000)
    source, target = (get_associated_token_address(wallet, MINT.pubkey()) for wallet in (ME, FRIEND.pubkey()))
    metas = [AccountMeta(source, False, True), AccountMeta(MINT.pubkey(), False, False), AccountMeta(target, False, True)]
    send = token(b"\x0c" + (12_345).to_bytes(8, "little") + b"\2", *metas, AccountMeta(ME, True, False))
    result = sign(port, account, legacy(chain, associated(FRIEND.pubkey(), ME), send))
    review, facts = last_review(home), shown(last_review(home))
    assert ("Send 123.45 of an unlisted token on Solana", []) == (review["title"], review["warnings"])
    assert f"123.45 of the token {MINT.pubkey()} (12345 of its smallest units)" == facts["2. Amount"][0]
    assert (str(FRIEND.pubkey()), "address") == facts["2. Recipient, the wallet whose token account it is"]
    assert (str(target), "address") == facts["2. Recipient's token account"]
    carried_out(chain, result)
    assert (100_000 - 12_345, 12_345) == (units_of(chain, ME), units_of(chain, FRIEND.pubkey()))


def test_what_another_pays(home: Home, port: Port, account: str, chain: LiteSVM) -> None:
    """The key signs in its own place; without the one who pays there is no id yet, and with their signature it is carried out."""
    raw = legacy(chain, pay(SOL), payer=FRIEND.pubkey())
    result = sign(port, account, raw)
    assert "" == result["transactionId"]
    assert [solana_warnings.OTHERS_SIGN, solana_warnings.ANOTHER_PAYS] == last_review(home)["warnings"]
    half = VersionedTransaction.from_bytes(unb64(result["signedTransaction"]))
    whole = [FRIEND.sign_message(to_bytes_versioned(half.message)), half.signatures[1]]
    carried_out(chain, {"signedTransaction": b64(unsigned(half.message, whole))})
    assert (11 * SOL - 10_000, 9 * SOL) == (chain.get_balance(FRIEND.pubkey()), chain.get_balance(ME))


def test_what_another_has_signed(home: Home, port: Port, account: str, chain: LiteSVM) -> None:
    """Their signature stays as it is, it is said that it is there, and the id is theirs."""
    message = Message.new_with_blockhash([pay(SOL)], FRIEND.pubkey(), chain.latest_blockhash())
    theirs = FRIEND.sign_message(to_bytes_versioned(message))
    result = sign(port, account, unsigned(message, [theirs, Signature.default()]))
    assert str(theirs) == result["transactionId"]
    assert str(FRIEND.pubkey()) == shown(last_review(home))["Signs too (1), and has done so"][0]
    assert str(theirs) == str(carried_out(chain, result).signature())


def test_a_key_of_no_chain(home: Home, port: Port, chain: LiteSVM) -> None:
    """A key that was made here, without a path, is an account by its public part, and is pointed out as the person's own."""
    key = generate(port, "Ed25519")
    own = Pubkey.from_bytes(unb64(key["publicKeyJwk"]["x"]))
    chain.airdrop(own, SOL)
    carried_out(chain, sign(port, key["keyId"], legacy(chain, pay(SOL // 2, source=own), payer=own)))
    assert str(own) == shown(last_review(home))["From (this key)"][0]


def test_devnet_is_the_extensions_word(home: Home, port: Port, account: str, chain: LiteSVM) -> None:
    """What is signed for a test network is what would be signed for the main one: the same bytes, and a warning."""
    raw = legacy(chain, pay(SOL))
    assert sign(port, account, raw) == sign(port, account, raw, DEVNET)
    assert solana_warnings.NO_CHAIN in last_review(home)["warnings"]


def test_a_lookup_table(home: Home, port: Port, account: str, chain: LiteSVM) -> None:
    """Who is paid does not stand in the transaction, and that is the first that is said."""
    table = AddressLookupTableAccount(ISSUER.pubkey(), [FRIEND.pubkey()])
    sign(port, account, unsigned(MessageV0.try_compile(ME, [pay(SOL)], [table], chain.latest_blockhash())))
    assert [solana_warnings.HIDDEN_PARTY, solana_warnings.LOOKED_UP] == last_review(home)["warnings"]
    assert f"number 0 in the lookup table {ISSUER.pubkey()}" in shown(last_review(home))["Recipient"][0]


def test_denied(home: Home, port: Port, account: str, chain: LiteSVM) -> None:
    """A no is a no; and no yes is remembered for the next."""
    home.approver.deny(kind="review", method="signTransaction")
    try:
        params = {"keyId": account, "chain": MAINNET, "transaction": b64(legacy(chain, pay(1)))}
        assert (4001, {"reason": "user_rejected"}) == refused(port, "signTransaction", **params)
    finally:
        home.approver.allow(kind="review", method="signTransaction")


NOWHERE = Hash.from_bytes(b"\1" * 32)
GOOD = unsigned(Message.new_with_blockhash([pay(1)], ME, NOWHERE))
REFUSED: dict[str, tuple[dict[str, Any], tuple[int, dict[str, Any]]]] = {
    "another's transaction": ({"transaction": b64(unsigned(Message.new_with_blockhash([], FRIEND.pubkey(), NOWHERE)))}, invalid("keyId")),
    "the message alone": ({"transaction": b64(GOOD[65:])}, invalid("transaction")),
    "a byte too many": ({"transaction": b64(GOOD + b"\0")}, invalid("transaction")),
    "another version": ({"transaction": b64(GOOD[:65] + b"\x81" + GOOD[65:] + b"\0")}, unsupported("transaction version")),
    "more than a packet": ({"transaction": b64(GOOD + bytes(1100))}, (5005, {"reason": "too_large"})),
    "text": ({"transaction": "not base64url!"}, invalid("transaction")),
    "nothing": ({"transaction": ""}, invalid("transaction")),
    "an object": ({"transaction": {"nonce": "0x0", "gas": "0x0"}}, invalid("transaction")),
    "a name that CAIP-2 does not have": ({"chain": "solana:mainnet"}, invalid("chain")),
    "no genesis hash": ({"chain": "solana:" + "0" * 32}, invalid("chain")),
    "a chain of another kind": ({"chain": "eip155:1"}, invalid("keyId")),
    "an unknown chain": ({"chain": "sui:mainnet"}, unsupported("sui:mainnet")),
}


@pytest.mark.parametrize(("changed", "refusal"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(home: Home, port: Port, account: str, changed: dict[str, Any], refusal: tuple[int, dict[str, Any]]) -> None:
    """Before anybody is asked."""
    before = len(home.approver.asked)
    params = {"keyId": account, "chain": MAINNET, "transaction": b64(GOOD), **changed}
    assert refusal == refused(port, "signTransaction", **params)
    assert before == len(home.approver.asked)


def test_another_key(home: Home, port: Port) -> None:
    """Of another algorithm, of another chain, or that may not: none signs."""
    params = {"chain": MAINNET, "transaction": b64(GOOD)}
    assert invalid("keyId") == refused(port, "signTransaction", keyId=generate(port, "ES256K")["keyId"], **params)
    only_messages = generate(port, "Ed25519", usages=["message"])
    assert NOT_ALLOWED == refused(port, "signTransaction", keyId=only_messages["keyId"], **params)


def test_it_is_written_down(home: Home, port: Port, account: str, chain: LiteSVM) -> None:
    """Each signature of a transaction has its entry in the log."""
    sign(port, account, legacy(chain, pay(SOL)))
    with home.store() as store:
        unlock(store)
        last = list(entries(store))[-1].entry
    assert last is not None
    assert ("signTransaction", account) == (last.method, last.key_id)
