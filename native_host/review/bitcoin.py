"""What a person reads of a Bitcoin transaction before it is signed: where the money goes, what comes back, the fee, and who else signs. Pure.

Made from the PSBT's own bytes (BIP174, BIP370) and from what was found to be ours by its keys (``encodings.spending``). An output is a
payment unless it is proven to be ours, and change only where a wallet finds it again; every address stands there whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from native_host.encodings.bitcoin_script import address_of, carried_data, kind_of
from native_host.encodings.bitcoin_transaction import TransactionOutput
from native_host.encodings.psbt import decode_base64, parse_psbt
from native_host.encodings.psbt_checks import check_psbt
from native_host.encodings.spending import Spending
from native_host.language import say, whole, words
from native_host.protocol.approver import Fact, FactKind
from native_host.review import bitcoin_warnings
from native_host.review.bitcoin_amounts import Amounts, amounts_of, in_coins, rate_of
from native_host.review.text import describe_message, visible

if TYPE_CHECKING:
    from native_host.encodings.psbt_checks import Checked
    from native_host.encodings.spending import OwnOutput, Path
    from native_host.protocol.transactions import SignPsbtParams
    from native_host.review.subject import Described, Subject

NETWORKS = {
    False: "Bitcoin, the main network (bip122:000000000019d6689c085ae165831e93)",
    True: "a test network of Bitcoin, whose coins are worth nothing",
    None: "not known: the key's path does not tell. Addresses are shown as those of Bitcoin's main network",
}
_HARDENED = 1 << 31
_REPLACEABLE_BELOW = 0xFFFFFFFE
_LOCK_TIME_THRESHOLD = 500_000_000
_FINAL = 0xFFFFFFFF
_ACCOUNT_LEVELS_BELOW = 2
_NOTHING = Spending(inputs=(), outputs=(), deceiving=(), unproven=(), testnet=None)


def describe_psbt(params: SignPsbtParams, subject: Subject | None) -> Described:
    """The title, the facts and the warnings of a PSBT that was found to be one that can be signed; what nobody proved to be ours is not."""
    spending = subject.spending if subject is not None else None
    return describe(check_psbt(parse_psbt(decode_base64(params.psbt))), spending or _NOTHING)


def describe(checked: Checked, spending: Spending) -> Described:
    """The title, the facts and the warnings; ``spending`` is what of it is ours."""
    amounts = amounts_of(checked, spending)
    facts = (
        fact("Network", words(NETWORKS[spending.testnet])),
        *_outputs(checked, spending),
        *_back(spending, amounts),
        _fee(checked, spending, amounts),
        *_inputs(spending, amounts),
        *_signers(spending),
        *_accounts(spending),
        *_timing(checked),
    )
    return _title(checked, spending, amounts), facts, bitcoin_warnings.warnings_of(checked, spending, amounts)


def fact(label: str, value: str, kind: FactKind = "text", *, after: str = "") -> Fact:
    """A fact whose value cannot deceive. ``label`` is put into the language in use; ``after`` stands behind it."""
    return Fact(label=words(label) + after, value=visible(value), kind=kind)


def path_text(path: Path) -> str:
    """A path as wallets write it."""
    return "/".join(["m", *(f"{index - _HARDENED}'" if index >= _HARDENED else f"{index}" for index in path)])


def _title(checked: Checked, spending: Spending, amounts: Amounts) -> str:
    payments = len(checked.outputs) - len(spending.outputs)
    if amounts.others_inputs:
        given, back = in_coins(amounts.given, spending), in_coins(amounts.back, spending)
        return say("Sign your part of a transaction of several: you give {given} and get {back}", given=given, back=back)
    if not payments:
        return say("Move {amount} within your own wallet", amount=in_coins(amounts.back, spending))
    paid = in_coins(amounts.paid, spending)
    return say("Pay {amount} to an address" if payments == 1 else "Pay {amount} to {count} places", amount=paid, count=payments)


def _outputs(checked: Checked, spending: Spending) -> tuple[Fact, ...]:
    own = {one.index: one for one in spending.outputs}
    outputs = checked.psbt.transaction.outputs
    order = sorted(range(len(outputs)), key=lambda index: (index in own, index))  # payments first
    shown: list[Fact] = []
    for index in order:
        number = f" ({words('output')} {index + 1})" if len(outputs) > 1 else ""
        place = own.get(index)
        if place is not None:
            shown += _own_output(outputs[index], place, number, spending)
        else:
            shown += _payment(outputs[index], number, spending)
    return tuple(shown)


def _own_output(output: TransactionOutput, own: OwnOutput, number: str, spending: Spending) -> list[Fact]:
    label = "Change, back to you" if own.change else "To another address of your own"
    address = address_of(output.script, testnet=bool(spending.testnet))
    shown: tuple[str, FactKind] = (output.script.hex(), "hex") if address is None else (address, "address")
    where = fact(label, *shown, after=number)
    path = [] if own.path is None or own.change else [fact("Its path", path_text(own.path), "path", after=number)]
    return [where, *path, _amount(output, number, spending)]


def _payment(output: TransactionOutput, number: str, spending: Spending) -> list[Fact]:
    if kind_of(output.script) == "data":
        described = describe_message(carried_data(output.script))
        label = words("Written into the chain for everybody to read") + number
        data = Fact(label=label, value=described.text or words("(nothing)"), kind=described.kind)
        return [data, *([_amount(output, number, spending)] if output.amount else [])]
    address = address_of(output.script, testnet=bool(spending.testnet))
    if address is None:
        return [
            fact("Pay to a script that has no address", output.script.hex() or words("(empty)"), "hex", after=number),
            _amount(output, number, spending),
        ]
    return [fact("Pay to", address, "address", after=number), _amount(output, number, spending)]


def _amount(output: TransactionOutput, number: str, spending: Spending) -> Fact:
    return fact("Amount", both_units(output.amount, spending), after=number)


def both_units(satoshi: int, spending: Spending) -> str:
    """An amount in coins and in satoshi."""
    return f"{in_coins(satoshi, spending)} ({satoshi} sat)"


def _back(spending: Spending, amounts: Amounts) -> tuple[Fact, ...]:
    """That nothing does; what does stands among the outputs."""
    is_gone = bitcoin_warnings.is_all_gone(spending, amounts)
    return (fact("Comes back to you", words("nothing of what is spent")),) if is_gone else ()


def _fee(checked: Checked, spending: Spending, amounts: Amounts) -> Fact:
    if checked.fee is None:
        return fact("Fee", words("not known: the PSBT does not say what every input spends"))
    label = "Fee" if amounts.proven else "Fee, as the PSBT claims"
    return fact(label, say("{fee}, about {rate} sat/vB", fee=both_units(checked.fee, spending), rate=rate_of(checked.fee, amounts)))


def _inputs(spending: Spending, amounts: Amounts) -> tuple[Fact, ...]:
    shown = [fact("Spent of yours", _together(len(spending.inputs), both_units(amounts.given, spending)))]
    if amounts.others_inputs:
        known = words("an unknown amount") if amounts.others is None else both_units(amounts.others, spending)
        claim = "" if amounts.proven or amounts.others is None else words(", as the PSBT claims")
        shown.append(fact("Spent of others", _together(amounts.others_inputs, known) + claim))
        change = amounts.back - amounts.given
        shown.append(fact("You gain" if change > 0 else "You lose", both_units(abs(change), spending)))
    return tuple(shown)


def _signers(spending: Spending) -> tuple[Fact, ...]:
    told: dict[str, bool] = {}
    for own in spending.to_sign:
        if own.multisig is not None:
            already = words("none has signed yet") if not own.others else say("{count} signed before you", count=own.others)
            count, required = len(own.multisig.keys), own.multisig.required
            told[say("{required} of {count} have to sign, {already}", required=required, count=count, already=already)] = True
    return (fact("Signers", "; ".join(told)),) if told else ()


def _accounts(spending: Spending) -> tuple[Fact, ...]:
    """The accounts whose inputs are signed, each once."""
    paths = {path_text(own.path[:-_ACCOUNT_LEVELS_BELOW]): True for own in spending.to_sign if own.path is not None}
    return (fact("From the account" if len(paths) == 1 else "From the accounts", ", ".join(paths), "path"),) if paths else ()


def _timing(checked: Checked) -> tuple[Fact, ...]:
    transaction = checked.psbt.transaction
    shown = []
    if any(one.sequence < _REPLACEABLE_BELOW for one in transaction.inputs):
        shown.append(fact("Until it is mined", words("it can be replaced by one with a higher fee (BIP125)")))
    if transaction.lock_time and any(one.sequence != _FINAL for one in transaction.inputs):
        if transaction.lock_time < _LOCK_TIME_THRESHOLD:
            shown.append(fact("Not to be mined before", say("block {number}", number=whole(transaction.lock_time + 1))))
        else:
            shown.append(fact("Not to be mined before", _utc(transaction.lock_time), "time"))
    return tuple(shown)


def _utc(seconds: int) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def _together(count: int, amount: str) -> str:
    return say("1 input, together {amount}" if count == 1 else "{count} inputs, together {amount}", count=count, amount=amount)
