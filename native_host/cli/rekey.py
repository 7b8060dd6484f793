"""``strongroom rekey``: new keys for the keystore itself. The keys of the wallets stay what they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from native_host.cli.store import SecretFromStdin, need_store

if TYPE_CHECKING:
    from collections.abc import Sequence

rekey = typer.Typer(help="New keys for the keystore itself; the keys of your wallets stay what they are.", no_args_is_help=True)


@rekey.command()
def root(
    *,
    drop: Annotated[bool, typer.Option("--drop", help="Leave out, without asking, every way in that cannot be opened now.")] = False,
    secret_from_stdin: SecretFromStdin = False,
) -> None:
    """Exchange the root key. Every way in is opened for it in turn; one that cannot be is left out once you say so."""
    from native_host.cli.asking import TerminalPerson
    from native_host.operations import rekeying, unlocking
    from native_host.person import at_desk

    def leaves_out(absent: Sequence[object]) -> bool:
        names = ", ".join(getattr(slot, "label", "") for slot in absent)
        print(f"These ways in could not be opened, and would be gone: {names}")
        return drop or (not secret_from_stdin and typer.confirm("Go on without them?", default=False))

    with at_desk(TerminalPerson(secret_from_stdin=secret_from_stdin)) as desk:
        need_store(desk.state)
        with unlocking.opened_root(desk.house, desk.caller) as old:
            kept, gone = rekeying.exchange_root(desk.house, old, desk.caller, drop=leaves_out)
    print(f"The keystore has a new root key. Ways in: {', '.join(slot.label for slot in kept)}.")
    if gone:
        print(f"Gone: {', '.join(slot.label for slot in gone)}.")


@rekey.command()
def records(
    *,
    alg: Annotated[str, typer.Option(metavar="XC20P|A256GCM", help="How records are sealed from now on.")] = "XC20P",
    secret_from_stdin: SecretFromStdin = False,
) -> None:
    """Seal every record anew, under new keys. Can be stopped and goes on the next time; the keystore works meanwhile."""
    from rich.progress import Progress

    from native_host.cli.asking import TerminalPerson
    from native_host.operations import rekeying, unlocking
    from native_host.person import at_desk

    with at_desk(TerminalPerson(secret_from_stdin=secret_from_stdin)) as desk:
        need_store(desk.state)
        with unlocking.opened_root(desk.house, desk.caller) as root_key:
            if not rekeying.begin(desk.house, root_key, desk.caller, alg):
                print("The last time was not finished: going on with it.")
        with Progress(transient=True) as bar:
            task = bar.add_task("Sealing records anew", total=None)
            whole: list[int] = []

            def show(left: int) -> None:
                whole.append(left)
                bar.update(task, total=whole[0], completed=whole[0] - left)

            number = rekeying.go_on(desk.house, show)
        sealed_by = desk.store.keys.record_alg
    print(f"{number} {'record is' if number == 1 else 'records are'} sealed anew by {sealed_by}, under new keys.")
    print("Other hosts were locked, and open the keystore again at the next unlocking.")
