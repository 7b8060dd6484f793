"""What to know before signing a Solana transaction, the gravest first. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from native_host.encodings.base58 import encode_base58
from native_host.review.solana_programs import NAMES, SYSTEM, TOKEN_2022
from native_host.review.solana_values import MAINNET, UNLIMITED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from native_host.encodings.solana_transaction import Message
    from native_host.review.solana_fees import Fees
    from native_host.review.solana_instructions import Told

BLIND = (
    "Strongroom cannot read what a program in this does, and the program is given your signature. It can move everything of yours among the"
    " accounts that it is given: SOL, and tokens. Refuse unless you know exactly why you are asked."
)
BLIND_WITHOUT_YOURS = "Strongroom cannot read what a program in this does. It is not given your signature, but others' accounts."
ODD = (
    "An instruction is for a program that Strongroom knows, but it is none that it knows of it, or is not written as programs write it. It is"
    " not put in words."
)
LOOKS_LIKE = "The address of a program looks like that of a known one, and is another. This is how people are deceived."
GIVES_ACCOUNT = "This hands your account itself over to a program. From then on the program decides about its SOL, and your key alone moves nothing of it."
GIVES_AWAY = "This hands an account over to a program, which from then on decides about it."
NEW_OWNER = "This makes another the owner of a token account and of everything in it, for good."
HANDS_OVER = "This hands over an authority, or gives it up, for good. Whoever gets it can do what you could."
STAKE_OVER = "Whoever gets the authority to withdraw a stake account gets everything in it."
UNLIMITED_TAKE = "The one named may take any amount of the token from this token account, now and later, until you end it."
LETS_TAKE = "The one named may take the tokens without asking you again. Check who it is."
CLOSES_FOR_ANOTHER = "A token account is closed and what SOL it holds goes to another. Of wrapped SOL, that is everything in the account, and not a deposit only."
LEAVES_TO_ANOTHER = "What SOL is left in an account that ends goes to another."
BURNS = "Tokens are destroyed for good."
FOR_GOOD = "A lookup table that is frozen cannot be changed or closed any more; its deposit is lost."
HIDDEN_PARTY = (
    "Who gets or may take something does not stand in the transaction: it is looked up in a table on the chain, which can hold any address."
)
LOOKED_UP = (
    "Some accounts do not stand in the transaction: they are looked up in a table on the chain. Strongroom cannot tell which they are."
)
DOES_NOT_EXPIRE = (
    "This does not expire: it is tied to a durable nonce, and whoever has it can carry it out whenever they like, tomorrow or in a year."
)
OTHERS_SIGN = "Others sign this too, and it is carried out only if all have signed. Check what they and you get."
ANOTHER_PAYS = "The fee is paid by another, who therefore decides whether and when this is carried out."
UNKNOWN_TOKEN = "The transaction does not say which token is meant, nor how many decimals it has. The amount can be any number of tokens."
DEAR = "The highest fee is far above what is usual. Unless you know why, refuse."
DEARER_THAN_AMOUNT = "The highest fee is more than the amount that is sent."
ODD_BUDGET = "The instructions about the fee are not written as programs write them. No node is likely to take this."
TO_YOURSELF = "The recipient is this account itself."
LIKE_YOURS = "An address looks like yours, and is another. This is how people are deceived into paying a stranger."
TO_NOBODY = "The recipient is the System program's address. What is sent there is lost."
NO_CHAIN = (
    "A Solana transaction does not name its network. The extension says that it is for a test network, or for one that Strongroom does not know;"
    " carried out on the main network, it moves real money."
)
FEE_ON_TRANSFER = (
    "Tokens of SPL Token-2022 can have rules of their own: a fee on each transfer, someone who may take them back, a program that runs."
)
DEAR_LAMPORTS = 100_000_000
"""A tenth of a SOL."""
_ALIKE = 4
_ACCOUNT_OWNER = 2
_RECEIVES = (
    "to", "to_token", "delegate", "destination", "new_authority", "owner", "new", "associated", "wallet", "staker", "withdrawer", "token_owner",
    "into", "vote", "split", "account",
)  # fmt: skip
"""Names of whoever gets something, or may take it."""


def warnings_of(
    message: Message, told: Sequence[Told], fees: Fees, *, chain: str, own: bytes | None, sent: int, durable: bool
) -> tuple[str, ...]:
    """``sent``: lamports that leave for others, as far as it is known."""
    found = [
        *_blind(told, own),
        *sorted((text for one in told for text in _about(one, own)), key=_GRAVEST_FIRST.index),
        *_parties(told, own),
        *_whole(message, own, durable=durable),
        *_money(fees, sent),
        *((NO_CHAIN,) if chain != MAINNET else ()),
        *(text for one in told if one.memo for text in one.memo.warnings),
    ]
    return tuple(dict.fromkeys(found))


def _blind(told: Sequence[Told], own: bytes | None) -> Iterator[str]:
    unread = [one for one in told if one.known is None]
    if any(account.own and account.signs for one in unread for account in one.further) or (unread and own is None):
        yield BLIND
    elif unread:
        yield BLIND_WITHOUT_YOURS
    if any(one.odd for one in unread):
        yield ODD
    known = {encode_base58(program)[:_ALIKE] for program in NAMES}
    if any(encode_base58(one.program)[:_ALIKE] in known for one in unread if not one.odd):
        yield LOOKS_LIKE


def _about(one: Told, own: bytes | None) -> Iterator[str]:
    name = one.known.name if one.known else ""
    if name in _ALWAYS:
        yield _ALWAYS[name]
    if name in ("assign", "assignWithSeed"):
        yield GIVES_ACCOUNT if one.key("account") == own else GIVES_AWAY
    if name == "setAuthority" and one.key("new_authority") != own:
        yield NEW_OWNER if one.number("kind") == _ACCOUNT_OWNER else HANDS_OVER
    if one.approves and one.number("amount"):
        yield UNLIMITED_TAKE if one.number("amount") == UNLIMITED else LETS_TAKE
    if name in _LEFTOVERS and one.key("destination") != own:
        yield _LEFTOVERS[name]
    if name in ("transfer", "approve") and one.program != SYSTEM:
        yield UNKNOWN_TOKEN
    if name.startswith("transfer"):
        yield from _about_transfer(one, own)


def _about_transfer(one: Told, own: bytes | None) -> Iterator[str]:
    if one.program == SYSTEM and one.key("to") in (own, SYSTEM):
        yield TO_NOBODY if one.key("to") == SYSTEM else TO_YOURSELF
    if one.program == TOKEN_2022:
        yield FEE_ON_TRANSFER


_GRAVEST_FIRST = (
    GIVES_ACCOUNT, NEW_OWNER, STAKE_OVER, UNLIMITED_TAKE, LETS_TAKE, HANDS_OVER, CLOSES_FOR_ANOTHER, TO_NOBODY, GIVES_AWAY, BURNS, FOR_GOOD,
    LEAVES_TO_ANOTHER, UNKNOWN_TOKEN, FEE_ON_TRANSFER, TO_YOURSELF,
)  # fmt: skip
_ALWAYS = {
    "authorize": STAKE_OVER,
    "authorizeChecked": STAKE_OVER,
    "authorizeNonceAccount": HANDS_OVER,
    "freezeLookupTable": FOR_GOOD,
    "burn": BURNS,
    "burnChecked": BURNS,
}
_LEFTOVERS = {"closeAccount": CLOSES_FOR_ANOTHER, "closeLookupTable": LEAVES_TO_ANOTHER}


def _parties(told: Sequence[Told], own: bytes | None) -> Iterator[str]:
    """Who gets something: not in the transaction, or made to look like another."""
    parties = [one.accounts[name] for one in told for name in _RECEIVES if name in one.accounts]
    if any(account.key is None for account in parties):
        yield HIDDEN_PARTY
    keys = {key for one in told for name in _RECEIVES if (key := one.key(name)) is not None and key not in NAMES}
    mine = "" if own is None else encode_base58(own)
    texts = [encode_base58(key) for key in keys if key != own]
    if mine and any(text[:_ALIKE] == mine[:_ALIKE] or text[-_ALIKE:] == mine[-_ALIKE:] for text in texts):
        yield LIKE_YOURS


def _whole(message: Message, own: bytes | None, *, durable: bool) -> Iterator[str]:
    if message.lookups:
        yield LOOKED_UP
    if durable:
        yield DOES_NOT_EXPIRE
    if message.signers > 1:
        yield OTHERS_SIGN
    if message.fee_payer != own:
        yield ANOTHER_PAYS


def _money(fees: Fees, sent: int) -> Iterator[str]:
    if fees.highest >= DEAR_LAMPORTS:
        yield DEAR
    if 0 < sent < fees.highest:
        yield DEARER_THAN_AMOUNT
    if fees.odd:
        yield ODD_BUDGET
