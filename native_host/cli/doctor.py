"""``strongroom doctor``: why a browser does or does not reach the host."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from native_host.install.checks import Finding


def doctor(
    *,
    json: Annotated[bool, typer.Option("--json", help="Findings as JSON, for programs.")] = False,
    timeout: Annotated[float, typer.Option(min=1, max=120, metavar="SECONDS", help="How long a host may take to answer.")] = 10,
) -> None:
    """Look at every browser of this machine, start the host as each would, and say what is wrong and what mends it.

    Ends with status 1 if something is wrong.
    """
    from msgspec.structs import replace

    from native_host.cli import callers
    from native_host.cli.findings import keystore, surroundings
    from native_host.cli.here import runnable, this_machine
    from native_host.install.doctor import examine
    from native_host.opening import attached_origins

    machine = this_machine()
    findings = (
        *keystore(),
        *surroundings(),
        *callers.extensions(machine),
        *examine(machine, origins=attached_origins(), timeout_seconds=timeout),
        *callers.programs(machine),
    )
    order = dict.fromkeys(finding.browser for finding in findings)
    findings = tuple(replace(one, mend=runnable(one.mend)) for browser in order for one in findings if one.browser == browser)
    if json:
        import msgspec

        print(msgspec.json.format(msgspec.json.encode(findings)).decode())
    else:
        _show(findings)
    if any(finding.verdict == "fail" for finding in findings):
        raise typer.Exit(1)


def _show(findings: Sequence[Finding]) -> None:
    from rich.console import Console
    from rich.text import Text

    from native_host.install.browsers import BY_NAME

    # A wrapped line could not be copied as a command.
    console = Console(soft_wrap=True, highlight=False)
    colours = {"ok": "green", "warn": "yellow", "fail": "bold red"}
    shown = None
    for finding in findings:
        if finding.browser != shown:
            shown = finding.browser
            console.print(Text(f"\n{BY_NAME[shown].title}" if shown else "This machine", style="bold"))
        console.print(Text.assemble("  ", (f"{finding.verdict:<5}", colours[finding.verdict]), f"{finding.check:<12}{finding.text}"))
        if finding.mend:
            console.print(Text(f"{'':<19}{finding.mend}", style="cyan"))
