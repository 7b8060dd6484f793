"""What a person reads of a Solana transaction, all of it from the bytes that will be signed. Pure.

First what happens and to whom, then what it costs, then what is left; no instruction and none of its accounts is left out. A transaction
does not name its network, so that what is said of it is the extension's word and called so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from native_host.encodings.base58 import encode_base58
from native_host.encodings.base64url import decode_base64url
from native_host.encodings.solana_transaction import UNSIGNED, Message, Transaction, decode_transaction
from native_host.language import say, words
from native_host.review.solana_fees import LAMPORTS_A_SIGNATURE, Fees, fees_of
from native_host.review.solana_instructions import Told, facts_of, read_instruction
from native_host.review.solana_programs import ASSOCIATED, COMPUTE_BUDGET, SYSTEM
from native_host.review.solana_values import CHAINS, counted, fact, sol_and_lamports, this_key
from native_host.review.solana_warnings import warnings_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from native_host.protocol.approver import Fact, FactKind
    from native_host.protocol.transactions import SignTransactionParams
    from native_host.review.subject import Described, Subject

SIGNS_LATER, SIGNED = "Signs too ({number}), and has not yet", "Signs too ({number}), and has done so"
_ADVANCE_NONCE = b"\4\0\0\0"
_MOST_IN_TITLE = 3
_LEAVES = frozenset({"transfer", "transferWithSeed", "createAccount", "createAccountWithSeed"})


def describe_transaction(params: SignTransactionParams, subject: Subject | None) -> Described:
    """What is shown of a call that was found to be one that can be signed."""
    if not isinstance(params.transaction, str):
        raise TypeError
    own = subject.public if subject else None
    return describe(decode_transaction(decode_base64url(params.transaction)), params.chain.partition(":")[2], own)


def describe(one: Transaction, chain: str, own: bytes | None) -> Described:
    """``chain``: the reference of CAIP-2. ``own``: the key that is to sign."""
    message = one.message
    shown = [instruction for instruction in message.instructions if message.keys[instruction.program] != COMPUTE_BUDGET]
    told = [read_instruction(message, instruction, own) for instruction in shown]
    fees, durable = fees_of(message), _is_durable(message)
    sent = sum(_leaves(each, own) for each in told)
    facts = (
        fact("Chain, as the extension claims", f"{words(CHAINS.get(chain, 'not known to Strongroom'))} (solana:{chain})"),
        *_instructions(told),
        *_sum(told, sent, own),
        *_fees(message, fees, own),
        *_signers(one, own),
        *_rest(message, durable=durable),
    )
    return _title(told), facts, warnings_of(message, told, fees, chain=chain, own=own, sent=sent, durable=durable)


def _title(told: Sequence[Told]) -> str:
    """What happens, in one sentence; what only goes along is named if nothing else happens."""
    titles = list(dict.fromkeys(one.title for one in told if one.known is None or not one.known.aside))
    titles = titles or list(dict.fromkeys(one.title for one in told)) or [words("Pay a fee for nothing")]
    if len(titles) > _MOST_IN_TITLE:
        blind = any(one.known is None for one in told)
        template = "Do {count} things at once on Solana, some of them blind" if blind else "Do {count} things at once on Solana"
        return say(template, count=len(titles))
    return say("{titles} on Solana", titles="; ".join(titles))


def _instructions(told: Sequence[Told]) -> tuple[Fact, ...]:
    if len(told) == 1:
        return facts_of(told[0], "")
    facts: list[Fact] = []
    for number, one in enumerate(told, start=1):
        place = f"{number}. "
        facts += (fact("Step", one.title, place=place), *_wallet(told, one, place), *facts_of(one, place))
    return tuple(facts)


def _wallet(told: Sequence[Told], one: Told, place: str) -> tuple[Fact, ...]:
    """Whose the token account is that tokens go to, where the same transaction has that checked by Associated Token Account."""
    if one.key("to_token") is None:
        return ()
    for other in told:
        if other.program == ASSOCIATED and other.key("associated") == one.key("to_token") and "wallet" in other.accounts:
            account = other.accounts["wallet"]
            kind: FactKind = "text" if account.key is None else "address"
            return (
                fact("Recipient, the wallet whose token account it is", account.text, kind, place=place, after=this_key(own=account.own)),
            )
    return ()


def _leaves(one: Told, own: bytes | None) -> int:
    """Lamports that go from the key's own account to another, as far as they are known."""
    if one.known is None or one.program != SYSTEM or one.known.name not in _LEAVES or one.key("from") != own:
        return 0
    return one.number("lamports") if one.key("to") != own else 0


def _sum(told: Sequence[Told], sent: int, own: bytes | None) -> tuple[Fact, ...]:
    if sum(_leaves(one, own) > 0 for one in told) < 2:  # noqa: PLR2004  # one amount is its own sum
        return ()
    return (fact("Leaves this account in all, without the fee", sol_and_lamports(sent)),)


def _fees(message: Message, fees: Fees, own: bytes | None) -> tuple[Fact, ...]:
    facts = [fact("Highest fee", sol_and_lamports(fees.highest))]
    signatures = counted(fees.signatures, "signature", "signatures")
    parts = say("{lamports} lamports for each of {signatures}", lamports=LAMPORTS_A_SIGNATURE, signatures=signatures)
    if fees.price:
        paid = sol_and_lamports(fees.priority)
        parts += say(
            ", and for priority {paid}: {units} compute units at most, {price} millionths of a lamport each",
            paid=paid, units=fees.units, price=fees.price,
        )  # fmt: skip
    facts.append(fact("How the fee is made up", parts))
    facts.append(fact("The fee is paid by", encode_base58(message.fee_payer), "address", after=this_key(own=message.fee_payer == own)))
    limits = [
        say(template, size=size)
        for size, template in ((fees.heap, "{size} bytes of memory"), (fees.data, "{size} bytes of accounts' data"))
        if size
    ]
    return (*facts, fact("Asks for at most", words(" and ").join(limits))) if limits else tuple(facts)


def _signers(one: Transaction, own: bytes | None) -> tuple[Fact, ...]:
    """Every other signer; what is no signature of theirs was refused before."""
    others = [(key, signature) for key, signature in zip(one.message.keys, one.signatures, strict=False) if key != own]
    return tuple(
        fact(say(SIGNS_LATER if signature == UNSIGNED else SIGNED, number=number), encode_base58(key), "address")
        for number, (key, signature) in enumerate(others, start=1)
    )


def _rest(message: Message, *, durable: bool) -> tuple[Fact, ...]:
    facts = [
        fact(
            "Can be carried out",
            words("at any time, until its nonce is used up" if durable else "for about a minute and a half after its block"),
        ),
        fact("Value of the durable nonce" if durable else "Recent block, by its hash", encode_base58(message.blockhash), "address"),
        fact("Version of the transaction", "legacy" if message.version == "legacy" else "0"),
    ]
    if message.lookups:
        template = "{table}: {changed} that can be changed, {read} that are read"
        lines = "\n".join(
            say(template, table=encode_base58(one.table), changed=len(one.writable), read=len(one.readonly)) for one in message.lookups
        )
        facts.append(fact("Lookup tables, and how many accounts are from them", lines, "message"))
    return tuple(facts)


def _is_durable(message: Message) -> bool:
    """Whether a node takes the blockhash for a durable nonce: the first instruction uses one up."""
    first = message.instructions[0] if message.instructions else None
    return first is not None and message.keys[first.program] == SYSTEM and first.data.startswith(_ADVANCE_NONCE)
