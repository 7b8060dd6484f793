"""``strongroom audit``: what was decided, whether the record of it is whole, and what to do if it is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from native_host.cli.store import AsJson, SecretFromStdin, need_store

if TYPE_CHECKING:
    from collections.abc import Iterable

CHECKPOINT_BYTES = 4096
CHANGED = "The keystore was changed by something other than Strongroom."
WHAT_TO_DO = "Keep a copy of the folder. If you have a newer one, put it back; to go on with what is there: strongroom audit accept"

audit = typer.Typer(help="The record of every decision.", no_args_is_help=True)


@audit.command()
def verify(
    *,
    checkpoint: Annotated[str | None, typer.Option(metavar="FILE", help="A checkpoint of earlier, which this record must contain.")] = None,
    public_key: Annotated[
        str | None, typer.Option(metavar="KEY", help="The key that signed it: strongroom audit checkpoint --public")
    ] = None,
) -> None:
    """Check the record, and the keys and ways in against it, without a secret; ends with status 1 if something was changed."""
    from native_host.person import at_desk

    if (checkpoint is None) != (public_key is None):
        raise typer.BadParameter("A checkpoint is checked with the key that signed it: give --checkpoint and --public-key.")
    with at_desk() as desk:
        count, found = desk.examine()
        if checkpoint and public_key:
            found += desk.check_checkpoint(_read(checkpoint), public_key)
    if found:
        _tell(found)
        raise typer.Exit(1)
    entries = "1 entry" if count == 1 else f"{count} entries"
    if checkpoint:
        print(f"The record contains what the checkpoint says, and the checkpoint is signed by this key. The chain of {entries} is whole.")
        return
    print(f"The chain of {entries} is whole. Only the chain was checked: that its end is authentic is checked at every unlocking.")


@audit.command()
def show(*, secret_from_stdin: SecretFromStdin = False, json: AsJson = False) -> None:
    """Every entry, oldest first; asks for the passphrase."""
    from native_host.cli.asking import TerminalPerson
    from native_host.operations.records import rfc3339
    from native_host.person import at_desk
    from native_host.protocol.wire import encode_hook

    with at_desk(TerminalPerson(secret_from_stdin=secret_from_stdin)) as desk:
        if desk.state == "uninitialized":
            print("There is no keystore yet, and so no record.")
            return
        desk.unlock()
        for one in desk.audit():
            at = rfc3339(one.at)
            if json:
                from msgspec.json import encode

                print(
                    encode({"seq": one.seq, "at": at, "whileLocked": one.while_locked, "entry": one.entry}, enc_hook=encode_hook).decode()
                )
            elif one.entry is None:
                print(f"{one.seq:>6}  {at}  cannot be read")
            else:
                entry = one.entry
                by = "" if entry.approved_by == "nobody" and entry.outcome == "done" else f"by {entry.approved_by}"
                # A rule such as "grant: 9b1c33ab0f42" begins with what decided already.
                said = entry.rule.removeprefix(f"{entry.approved_by}: ")
                how = ": ".join(part for part in (by, said) if part)
                print(f"{one.seq:>6}  {at}  {entry.method:<16}  {entry.outcome:<14}  {how}  {entry.origin}  {entry.key_id or ''}".rstrip())


@audit.command("checkpoint")
def print_checkpoint(
    *,
    public: Annotated[bool, typer.Option("--public", help="Print the public key that checkpoints are checked with.")] = False,
    secret_from_stdin: SecretFromStdin = False,
) -> None:
    """Print a signed checkpoint of the record, to be kept elsewhere; asks for the passphrase.

    Whoever keeps it sees later whether entries were changed or taken away since.
    """
    from native_host.cli.asking import TerminalPerson
    from native_host.person import at_desk

    with at_desk(TerminalPerson(secret_from_stdin=secret_from_stdin)) as desk:
        need_store(desk.state)
        desk.unlock()
        print(desk.store.checkpoint_key() if public else desk.store.checkpoint(), end="\n" if public else "")


@audit.command()
def accept() -> None:
    """Go on with a keystore that was changed from outside, once you have seen what was found; only at a terminal.

    Nothing is deleted. A key that does not open stays refused.
    """
    import sys

    from native_host.cli.deciding import DecidingPerson
    from native_host.person import at_desk

    if not sys.stdin.isatty():
        print("This is decided by a person at a terminal, not by a script.", file=sys.stderr)
        raise typer.Exit(1)
    with at_desk(DecidingPerson(secret_from_stdin=False)) as desk:
        need_store(desk.state)
        accepted = desk.accept()
        _, left = desk.examine()
    if not accepted:
        print("Nothing was found that is yours to accept. Nothing was changed.")
    else:
        print("Accepted; the record says so. The keystore is used as it is now.")
    if left:
        print("These stay refused:")
        _tell(left)


def _tell(found: Iterable[str]) -> None:
    for text in found:
        print(text)
    print(f"{CHANGED} {WHAT_TO_DO}")


def _read(name: str) -> bytes:
    from pathlib import Path

    with Path(name).open("rb") as file:
        return file.read(CHECKPOINT_BYTES + 1)
