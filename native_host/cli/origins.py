"""``strongroom origins``: which extensions are attached to which wallet."""

from __future__ import annotations

from typing import Annotated

import typer

origins = typer.Typer(help="The extensions that may speak with the host, and whose keys they see.", no_args_is_help=True)

LONGEST_NAME = 64
Origin = Annotated[str, typer.Argument(metavar="ORIGIN", help="chrome-extension://<id>/ or moz-extension:<add-on id>")]


@origins.command("list")
def list_origins() -> None:
    """Every attached extension."""
    from native_host.operations.records import rfc3339
    from native_host.person import at_desk

    with at_desk(make=True) as desk:
        attached = desk.attachments()
    if not attached:
        print("No extension is attached. Attach one with: strongroom origins add ORIGIN")
    for one in attached:
        until = f"development build, until {rfc3339(one.expires_at)}" if one.expires_at is not None else ""
        confirmed = "" if one.mac is not None else "not confirmed yet: the host asks when it first unlocks"
        print("  ".join(part for part in (one.origin, f"wallet {one.wallet}", until, confirmed) if part))


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
