"""``strongroom origins``: which extensions are attached to which wallet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from native_host.review.text import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from native_host.person import Desk

origins = typer.Typer(help="The extensions that may speak with the host, and whose keys they see.", no_args_is_help=True)

LONGEST_NAME = 64
Origin = Annotated[str, typer.Argument(metavar="ORIGIN", help="chrome-extension://<id>/ or moz-extension:<add-on id>")]


@origins.command("list")
def list_origins() -> None:
    """Every attached extension."""
    from native_host.operations.records import rfc3339
    from native_host.person import at_desk

    with at_desk(make=True) as desk:
        attached = [(one, list(_files(desk, one.origin))) for one in desk.attachments()]
    if not attached:
        print("No extension is attached. Attach one with: strongroom origins add ORIGIN")
    for one, files in attached:
        until = f"development build, until {rfc3339(one.expires_at)}" if one.expires_at is not None else ""
        confirmed = "" if one.mac is not None else "not confirmed yet: the host asks when it first unlocks"
        print("  ".join(part for part in (one.origin, f"wallet {one.wallet}", until, confirmed) if part))
        for text in files:
            print(f"    {text}")


@origins.command("add")
def add(
    origin: Origin,
    *,
    wallet: Annotated[
        str, typer.Option(metavar="NAME", help="The wallet whose keys it sees; made if there is none of that name.")
    ] = "main",
    development: Annotated[
        bool, typer.Option("--development", help="An unpacked build: expires after 30 days, and every window says so.")
    ] = False,
) -> None:
    """Attach an extension to a wallet. You confirm it in the host's window, when it first unlocks the keystore."""
    from native_host.caller.origin import family_of
    from native_host.person import at_desk

    if family_of(origin) is None:
        raise typer.BadParameter("An origin is chrome-extension://<id>/ (with the slash at its end) or moz-extension:<add-on id>.")
    if not wallet or len(wallet) > LONGEST_NAME or not wallet.isprintable():
        raise typer.BadParameter(f"A wallet's name has 1 to {LONGEST_NAME} printable characters.")
    with at_desk(make=True) as desk:
        desk.attach(origin, wallet, development=development)
    print(f"{origin} is attached to the wallet {wallet}. You will be asked to confirm it when it first unlocks the keystore.")
    if not _refresh_manifests():
        print("No browser knows the host yet. Next: strongroom install")


@origins.command("remove")
def remove(origin: Origin) -> None:
    """Detach an extension; its wallet's keys stay."""
    from native_host.person import at_desk

    with at_desk(make=True) as desk:
        if not desk.detach(origin):
            print("That extension is not attached.")
            raise typer.Exit(1)
    _refresh_manifests()
    print(f"{origin} is no longer attached, and is refused from now on.")


@origins.command("accept")
def accept(origin: Origin) -> None:
    """Go on with an extension or a browser that was refused because of what Strongroom saw of it. You decide about each by itself.

    What is accepted is exactly what is shown; anything else that is seen later is refused again.
    """
    import sys

    from native_host.cli.deciding import DecidingPerson
    from native_host.cli.store import need_store
    from native_host.operations import extension_files
    from native_host.person import at_desk
    from native_host.review.extension_files import accept_review

    if not sys.stdin.isatty():
        print("This is decided by a person at a terminal, not by a script.", file=sys.stderr)
        raise typer.Exit(1)
    with at_desk(DecidingPerson(secret_from_stdin=False)) as desk:
        need_store(desk.state)
        desk.unlock()
        found = extension_files.refused(desk.house, origin, desk.audit())
        for one in found:
            desk.house.approver.review("unlock", accept_review(origin, one.text), desk.caller, None, ())
            extension_files.accept(desk.house, origin, (one,))
    if found:
        print("Accepted; the record says so. Close and reopen the browser's extension, or the browser.")
    else:
        print("Nothing was refused that is yours to accept. An extension whose files were changed asks when you unlock for it.")


def _files(desk: Desk, origin: str) -> Iterator[str]:
    """What is known of an extension's files, and how they are now. Of a locked store it is worth no more than the file."""
    import os

    from native_host.operations.caller_evidence import look_at_extension
    from native_host.operations.extension_files import remembered
    from native_host.operations.records import rfc3339
    from native_host.operations.seen_extension import versions

    known = remembered(desk.store, origin)
    for copy in known.copies or ():
        since = "" if known.seen_at is None else f", known since {rfc3339(known.seen_at)}"
        yield f"{versions([copy.version])}, sha256 {copy.digest.hex()}{since}"
    if known.changed_at is not None:
        yield f"a change of its files was accepted on {rfc3339(known.changed_at)}"
    for one in look_at_extension(desk.store, origin, os.environ):
        yield visible(one.text)


def _refresh_manifests() -> bool:
    """Bring the manifests that are ours in line with what is attached; whether there are any."""
    from native_host.cli.here import this_machine
    from native_host.install.manifests import apply, own_manifests, plan_refresh
    from native_host.opening import attached_origins

    machine = this_machine()
    for step in plan_refresh(machine, origins=attached_origins()):
        try:
            apply(step)
        except PermissionError:
            print(f"{step.path} is the whole machine's. Bring it up to date with: sudo strongroom install --system --origin ORIGIN")
    return bool(own_manifests(machine))
