"""``strongroom limits``: how much a key may spend within a time, and from which amount on it is typed."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from native_host.cli.store import AsJson, SecretFromStdin, need_store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from native_host.person import Desk
    from native_host.policy.limits import Limit, Threshold

limits = typer.Typer(
    help="How much a key may spend, or how often it may sign, whoever asks and whatever allows it.",
    no_args_is_help=True,
)

PERIODS = {"minute": 60, "hour": 3600, "day": 86_400, "week": 604_800, "month": 2_592_000}
Wallet = Annotated[str, typer.Option(metavar="NAME", help="Whose keys.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask again whether to.")]


@limits.command("list")
def list_limits(*, wallet: Wallet = "main", secret_from_stdin: SecretFromStdin = False, json: AsJson = False) -> None:
    """Every limit of a wallet, with what is spent under it by now; asks for the passphrase."""
    from native_host.operations import ledger
    from native_host.operations import limits as kept
    from native_host.review.assets import amount_text

    with opened(secret_from_stdin=secret_from_stdin) as desk:
        wallet_id = desk.wallet_id(wallet)
        found, book = kept.read(desk.store, wallet_id), ledger.read(desk.store, wallet_id)
        now = book.now(desk.house.clock())
    if json:
        thresholds = [{"id": one.threshold_id, "asset": one.asset, "amount": str(one.amount)} for one in found.thresholds]
        as_json({"limits": [_row(one, book.total(one.meter, now)) for one in found.limits], "thresholds": thresholds})
        return
    if not found.limits and not found.thresholds:
        print('There are no limits. Set one with: strongroom limits set --amount "0.5 ETH" --per day')
    for one in found.limits:
        spent = book.total(one.meter, now)
        told = str(spent) if one.asset is None else amount_text(one.asset, spent)
        print(f"{one.limit_id}  {one.words()}{f' ({one.key_id})' if one.key_id else ''}; used by now: {told}")
    for threshold in found.thresholds:
        print(f"{threshold.threshold_id}  {threshold.words()}")


@limits.command("set")
def set_limit(
    *,
    amount: Annotated[
        str | None,
        typer.Option(metavar='"0.5 ETH"', help='How much, with its unit and, if need be, on which chain; or how often: "10 signatures".'),
    ] = None,
    per: Annotated[Literal["minute", "hour", "day", "week", "month"], typer.Option(help="Within which time.")] = "day",
    key: Annotated[
        str | None, typer.Option(metavar="LABEL|ID", help="Of this key; without this, of all keys of the wallet together.")
    ] = None,
    page: Annotated[str | None, typer.Option(metavar="ORIGIN", help="Only for what an extension says that this web page asks for.")] = None,
    type_above: Annotated[
        str | None, typer.Option(metavar='"1 ETH"', help="From this amount on, you type it before you can allow it.")
    ] = None,
    wallet: Wallet = "main",
    yes: Yes = False,
    secret_from_stdin: SecretFromStdin = False,
) -> None:
    """Set a limit, or change one of the same to another amount; asks for the passphrase, and again before a limit is loosened."""
    from native_host.operations import limits as kept

    if (amount is None) == (type_above is None):
        raise typer.BadParameter("Give one of --amount and --type-above.")
    if amount is None or type_above is not None:
        _set_threshold(type_above or "", wallet, yes=yes, alone=key is None and page is None, secret_from_stdin=secret_from_stdin)
        return
    asset, units = _amount_or_count(amount)
    with opened(secret_from_stdin=secret_from_stdin) as desk:
        wallet_id = desk.wallet_id(wallet)
        wanted = _limit(desk, wallet, asset, units, PERIODS[per], key, _page(page))
        before = next((one for one in kept.read(desk.store, wallet_id).limits if one.is_like(wanted)), None)
        if before is not None and before.amount < wanted.amount:
            confirm(f"This loosens the limit of {before.words()} to {wanted.words()}. Do it?", yes=yes)
        made = kept.set_limit(desk.house, wallet_id, wanted)
    print(f"{made.limit_id}  {made.words()}")
    _explain(made)


@limits.command("remove")
def remove_limit(
    limit: Annotated[str, typer.Argument(metavar="ID", help="As the list shows it.")],
    *,
    wallet: Wallet = "main",
    yes: Yes = False,
    secret_from_stdin: SecretFromStdin = False,
) -> None:
    """Remove a limit, with the count of what was spent under it; asks for the passphrase, and whether to."""
    from native_host.operations import limits as kept

    with opened(secret_from_stdin=secret_from_stdin) as desk:
        wallet_id = desk.wallet_id(wallet)
        found = kept.read(desk.store, wallet_id)
        rows: dict[str, Limit | Threshold] = {one.limit_id: one for one in found.limits}
        rows |= {one.threshold_id: one for one in found.thresholds}
        if limit not in rows:
            raise typer.BadParameter("There is no limit of that id. See which there are with: strongroom limits list")
        confirm(f"This removes: {rows[limit].words()}. Do it?", yes=yes)
        kept.remove(desk.house, wallet_id, rows[limit])
    print(f"Removed: {rows[limit].words()}.")


def _row(one: Limit, spent: int) -> dict[str, Any]:
    """A limit for programs: amounts in the smallest unit, or numbers of signatures where there is no asset. They are text, since JSON's
    readers round numbers of such a size.
    """
    amounts = {"asset": one.asset, "amount": str(one.amount), "spent": str(spent)}
    return {"id": one.limit_id, **amounts, "seconds": one.window, "keyId": one.key_id, "page": one.page}


def as_json(rows: Any) -> None:
    """Print for programs, one member a line."""
    from msgspec import json

    print(json.format(json.encode(rows)).decode())


def _set_threshold(text: str, wallet: str, *, yes: bool, alone: bool, secret_from_stdin: bool) -> None:
    from native_host.operations import limits as kept
    from native_host.policy.limits import Threshold

    if not alone:
        raise typer.BadParameter("What is typed is typed for every key and every page: leave --key and --page out.")
    asset, units = _amount(text)
    with opened(secret_from_stdin=secret_from_stdin) as desk:
        wallet_id = desk.wallet_id(wallet)
        before = next((one for one in kept.read(desk.store, wallet_id).thresholds if one.asset == asset), None)
        if before is not None and before.amount < units:
            confirm(f"This loosens what is set: {before.words()}. Do it?", yes=yes)
        made = kept.set_threshold(desk.house, wallet_id, Threshold(asset=asset, amount=units))
    print(f"{made.threshold_id}  {made.words()}")


def _limit(desk: Desk, wallet: str, asset: str | None, amount: int, window: int, key: str | None, page: str | None) -> Limit:
    from native_host.policy.limits import Limit, account_of

    limit = Limit(limit_id="", asset=asset, amount=amount, window=window, page=page)
    if key is None:
        return limit
    from msgspec.structs import replace

    view = desk.key_named(wallet, key)
    return replace(limit, key_id=view.key_id, account=account_of(view), seed=view.parent)


def _explain(limit: Limit) -> None:
    from native_host.review.assets import has_unbounded_fee

    if limit.asset is None:
        return
    print("Fees count. What cannot be counted, such as an unknown call of a contract or an allowance, is refused under it.")
    if has_unbounded_fee(limit.asset):
        print("On this chain no transaction bounds its own fee, so that nothing can be counted there: every transaction is refused.")
    if limit.page is not None:
        print("It rests on the extension's word that a page asks: it stops a page, and no extension that lies.")


def _amount_or_count(text: str) -> tuple[str | None, int]:
    if not re.search(r"signatures?\s*$", text, re.IGNORECASE):
        return _amount(text)
    found = re.fullmatch(r"([1-9][0-9]{0,5}) +signatures?", text.strip(), re.ASCII)
    if found is None:
        raise typer.BadParameter("How often is a whole number from 1 to 999999: 10 signatures")
    return None, int(found[1])


def _amount(text: str) -> tuple[str, int]:
    from native_host.review.assets import NotAnAmount, parse_amount

    try:
        return parse_amount(text)
    except NotAnAmount as wrong:
        raise typer.BadParameter(str(wrong)) from None


def _page(text: str | None) -> str | None:
    from native_host.encodings.web_origin import canonical_origin

    try:
        return None if text is None else canonical_origin(text)
    except ValueError:
        raise typer.BadParameter("A page is named by its origin, as browsers write it: https://app.example") from None


def confirm(question: str, *, yes: bool) -> None:
    """Have the person say yes; raises ``UserRejected``."""
    from native_host.errors import UserRejected

    try:
        sure = yes or typer.confirm(question)
    except typer.Abort:  # the end of standard input, or Ctrl-C
        raise UserRejected from None
    if not sure:
        raise UserRejected


@contextmanager
def opened(*, secret_from_stdin: bool) -> Iterator[Desk]:
    """The desk with its keystore open, for a block."""
    from native_host.cli.asking import TerminalPerson
    from native_host.person import at_desk

    with at_desk(TerminalPerson(secret_from_stdin=secret_from_stdin)) as desk:
        need_store(desk.state)
        desk.unlock()
        yield desk
