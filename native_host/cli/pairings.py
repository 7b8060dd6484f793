"""``strongroom pairings``: which copies of extensions are paired, and removing a pairing."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from native_host.cli.store import AsJson, SecretFromStdin, need_store

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from native_host.operations.pairings import Pairing
    from native_host.person import Desk

pairings = typer.Typer(help="The extensions that are paired, and so known by a key of their own.", no_args_is_help=True)

Which = Annotated[
    str,
    typer.Argument(
        metavar="PAIRING", help="The pairing's id, or its first letters, as the list shows it; or an extension's origin, for all of its."
    ),
]


@pairings.command("list")
def list_pairings(*, secret_from_stdin: SecretFromStdin = False, json: AsJson = False) -> None:
    """Every pairing; asks for the passphrase, for they are sealed."""
    from native_host.operations.pairings import read
    from native_host.operations.records import rfc3339

    with _at_desk(secret_from_stdin=secret_from_stdin) as desk:
        found, wallets = read(desk.store), dict(desk.store.wallets())
    rows = [
        {
            "id": one.pairing_id.hex(),
            "origin": one.origin,
            "browser": one.family,
            "wallet": wallets.get(one.wallet_id, "(removed)"),
            "since": rfc3339(one.created_at),
        }
        for one in found
    ]
    if json:
        from msgspec import json as as_json

        print(as_json.format(as_json.encode(rows)).decode())
        return
    if not rows:
        print("No extension is paired. To pair one, unlock the keystore and choose Pair in the extension.")
    for row in rows:
        print(f"{row['id'][:8]}  {row['origin']}  {row['browser']}  wallet {row['wallet']}  since {row['since']}")


@pairings.command("remove")
def remove(which: Which, *, secret_from_stdin: SecretFromStdin = False) -> None:
    """Remove a pairing: its channel is refused from the next call on, also in a browser that runs."""
    from native_host.operations.pairings import read
    from native_host.operations.pairings import remove as take_back
    from native_host.person import PERSON

    with _at_desk(secret_from_stdin=secret_from_stdin) as desk:
        chosen = _chosen(read(desk.store), which)
        take_back(desk.house, PERSON.origin, chosen)
    for one in chosen:
        print(f"Removed: {one.pairing_id.hex()[:8]}, {one.origin}.")
    print("The extension's other pairings stay. An extension without any can use its wallet as before it was paired; to end that too:")
    print("strongroom origins remove ORIGIN")


@contextmanager
def _at_desk(*, secret_from_stdin: bool) -> Iterator[Desk]:
    from native_host.cli.asking import TerminalPerson
    from native_host.person import at_desk

    with at_desk(TerminalPerson(secret_from_stdin=secret_from_stdin)) as desk:
        need_store(desk.state)
        desk.unlock()
        yield desk


def _chosen(found: Sequence[Pairing], which: str) -> list[Pairing]:
    """The pairings that are meant; ends the program if that is none, or not one alone by its id."""
    of_origin = [one for one in found if one.origin == which]
    by_id = [one for one in found if which and one.pairing_id.hex().startswith(which.lower())]
    if of_origin:
        return of_origin
    if len(by_id) != 1:
        what = "More than one pairing begins so." if by_id else "There is no such pairing."
        raise typer.BadParameter(f"{what} See which there are with: strongroom pairings list")
    return by_id
