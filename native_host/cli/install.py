"""``strongroom install``: register the host for browsers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from native_host.install.manifests import Step

_SAID = {
    "write": "written",
    "update": "updated",
    "replace": "replaced",
    "keep": "unchanged",
    "refuse": "refused",
    "remove": "removed",
    "skip": "skipped",
}


def install(
    *,
    system: Annotated[bool, typer.Option("--system/--user", help="For every account of this machine, or for you alone.")] = False,
    browser: Annotated[list[str] | None, typer.Option(metavar="NAME", help="Only this browser; may be given again.")] = None,
    origin: Annotated[list[str] | None, typer.Option(metavar="ORIGIN", help="Let this extension reach the host too.")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Replace files that are not ours, keeping a backup of each.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be done and do nothing.")] = False,
) -> None:
    """Register the host, so that browsers find it. Run it again at any time: what is right stays as it is."""
    import sys

    from native_host.cli.here import check_shared, runnable, this_machine
    from native_host.install import InstallError
    from native_host.install.launcher import check_interpreter
    from native_host.install.machine import named_browsers
    from native_host.install.manifests import check_origins, plan_install
    from native_host.opening import attached_origins

    check_origins(origin or ())
    origins = [*attached_origins(), *(origin or ())]
    steps = plan_install(
        this_machine(),
        "system" if system else "user",
        origins=origins,
        python=sys.executable,
        browsers=named_browsers(tuple(browser or ())),
        replace=replace,
    )
    if not any(step.titles for step in steps):
        raise InstallError("No browser was found to register with.", mend="Name one: strongroom install --browser chromium")
    if not dry_run:
        check_interpreter(sys.executable)
        if system:
            check_shared()
    carry_out(steps, dry_run=dry_run)
    if not origins:
        print("\nNo extension is attached to a wallet yet, so the host refuses every one. Next:")
        print(f"  {runnable('strongroom origins add ORIGIN')}\n  {runnable('strongroom install')}")
    if any(step.action == "refuse" for step in steps):
        raise typer.Exit(1)


def carry_out(steps: Sequence[Step], *, dry_run: bool) -> None:
    """Do the steps, or only show them, a line each; the last line says whether anything changed."""
    from native_host.install.manifests import apply

    for step in steps:
        if not dry_run:
            apply(step)
        readers = f"  ({', '.join(step.titles)})" if step.titles else ""
        print(f"{step.action if dry_run else _SAID[step.action]:<9}  {step.path}{readers}")
        if step.note:
            print(f"{'':<11}{step.note}")
    if all(step.action in {"keep", "refuse", "skip"} for step in steps):
        print("Nothing was changed.")
    elif dry_run:
        print("Nothing was done: this was a rehearsal.")
