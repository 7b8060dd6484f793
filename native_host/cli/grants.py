"""``strongroom grants``: what an extension may pay without asking, as you allowed it in the host's window."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, Any

import typer

from native_host.cli.limits import Wallet, as_json, opened
from native_host.cli.store import AsJson, SecretFromStdin

if TYPE_CHECKING:
    from native_host.policy.grants import PaymentGrant

grants = typer.Typer(
    help="Payments that you allowed an extension to make without asking. They are given in the host's window.", no_args_is_help=True
)


@grants.command("list")
def list_grants(*, wallet: Wallet = "main", secret_from_stdin: SecretFromStdin = False, json: AsJson = False) -> None:
    """Every grant that is not over: for whom, how much, until when; asks for the passphrase."""
    from native_host.operations import grants as kept
    from native_host.operations import ledger
    from native_host.operations.records import rfc3339
    from native_host.review.assets import amount_text

    rows = []
    with opened(secret_from_stdin=secret_from_stdin) as desk:
        wallet_id = desk.wallet_id(wallet)
        book = ledger.read(desk.store, wallet_id)
        now = book.now(desk.house.clock())
        for one in kept.read(desk.store, wallet_id):
            if one.expires_at > now:
                spent = {asset: book.total(one.meter(asset), now) for asset in one.amounts}
                rows.append((one, spent, kept.is_suspended(one, kept.installed_now(desk.house, one.origin, os.environ))))
    if json:
        as_json([_row(one, spent, suspended=suspended) for one, spent, suspended in rows])
        return
    if not rows:
        print("No extension may pay anything without asking.")
    for one, spent, suspended in rows:
        used = " and ".join(amount_text(asset, amount) for asset, amount in spent.items())
        print(f"{one.grant_id}  {one.words()}")
        print(f"              Extension {one.origin}, key {one.key_id}, until {rfc3339(one.expires_at)}; used by now: {used}")
        if suspended:
            print(
                "              Suspended: the extension is not, file by file, what it was when you gave this, or was changed less than a day ago."
            )


@grants.command("remove")
def remove_grant(
    grant: Annotated[str, typer.Argument(metavar="ID", help="As the list shows it.")],
    *,
    wallet: Wallet = "main",
    secret_from_stdin: SecretFromStdin = False,
) -> None:
    """Remove a grant: what it allowed is asked about again; asks for the passphrase."""
    from native_host.operations import grants as kept

    with opened(secret_from_stdin=secret_from_stdin) as desk:
        wallet_id = desk.wallet_id(wallet)
        found = next((one for one in kept.read(desk.store, wallet_id) if one.grant_id == grant), None)
        if found is None:
            raise typer.BadParameter("There is no grant of that id. See which there are with: strongroom grants list")
        kept.remove(desk.house, wallet_id, found)
    print(f"Removed: {found.words()}.")


def _row(one: PaymentGrant, spent: dict[str, int], *, suspended: bool) -> dict[str, Any]:
    """A grant for programs. Amounts are text, since JSON's readers round numbers of such a size."""
    from native_host.operations.records import rfc3339

    return {
        "id": one.grant_id,
        "origin": one.origin,
        "pairing": one.pairing,
        "keyId": one.key_id,
        "method": one.method,
        "page": one.page,
        "amounts": {asset: str(amount) for asset, amount in one.amounts.items()},
        "spent": {asset: str(amount) for asset, amount in spent.items()},
        "seconds": one.window,
        "givenAt": rfc3339(one.given_at),
        "expiresAt": rfc3339(one.expires_at),
        "suspended": suspended,
    }
