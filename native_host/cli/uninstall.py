"""``strongroom uninstall``: take the host out of browsers again."""

from __future__ import annotations

from typing import Annotated

import typer


def uninstall(
    *,
    system: Annotated[bool, typer.Option("--system/--user", help="For every account of this machine, or for you alone.")] = False,
    browser: Annotated[list[str] | None, typer.Option(metavar="NAME", help="Only this browser; may be given again.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be done and do nothing.")] = False,
) -> None:
    """Remove what install wrote, and nothing else. Keys stay where they are."""
    from native_host.cli.here import this_machine
    from native_host.cli.install import carry_out
    from native_host.install.machine import named_browsers
    from native_host.install.manifests import plan_uninstall

    machine = this_machine()
    carry_out(plan_uninstall(machine, "system" if system else "user", browsers=named_browsers(tuple(browser or ()))), dry_run=dry_run)
    if not system and any(step.titles for step in plan_uninstall(machine, "system")):
        print("\nThe whole machine still has it. To remove it there:\n  sudo strongroom uninstall --system")
