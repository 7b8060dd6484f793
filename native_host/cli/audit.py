"""``strongroom audit``: what was decided, and whether the record of it is whole."""

from __future__ import annotations

import typer

from native_host.cli.store import AsJson, SecretFromStdin

audit = typer.Typer(help="The record of every decision.", no_args_is_help=True)


@audit.command()
def verify() -> None:
    """Check the chain of the record without a secret; ends with status 1 if it is broken."""
    from native_host.person import at_desk

    with at_desk() as desk:
        count, broken = desk.verify_audit()
    if broken is not None:
        print(f"Broken at entry {broken.seq}: {broken.text}. The keystore was changed by something other than Strongroom.")
        raise typer.Exit(1)
    entries = "1 entry" if count == 1 else f"{count} entries"
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
                how = f"by {entry.approved_by}: {entry.rule}" if entry.rule else f"by {entry.approved_by}"
                print(f"{one.seq:>6}  {at}  {entry.method:<12}  {entry.outcome:<16}  {how}  {entry.origin}  {entry.key_id or ''}".rstrip())
