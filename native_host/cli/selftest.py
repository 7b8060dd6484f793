"""``strongroom selftest``: does this installation compute what the standards say?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console
    from rich.table import Table

    from native_host.selftest.run import Difference, Report, Standard

_TABLE_WIDTH, _WIDE = 76, 120
"""Below so many columns the counts of a standard are a sentence; from so many on, its algorithms stand beside it."""
_HEADINGS = ("Cases", "Passed", "Refused", "Either", "Differ", "Failed")
_LEGEND = "Refused: as it must be. Either: published as good both ways. Differ: on purpose, see the notes."
_NAMED = 20
"""So many failures are named; ``--json`` has all."""


def selftest(*, json: Annotated[bool, typer.Option("--json", help="What came of it as JSON, for programs.")] = False) -> None:
    """Ask every published test vector and every algorithm's known answer of this installation.

    Needs no keystore and no network. Ends with status 1 if something is wrong.
    """
    report = _run()
    if json:
        import msgspec

        print(msgspec.json.format(msgspec.json.encode(report)).decode())
    else:
        _show(report)
    _judge(report)


def _run() -> Report:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

    from native_host.selftest.run import Asked, checks, run

    errors = Console(stderr=True)
    columns = (SpinnerColumn(), BarColumn(bar_width=None), TextColumn("{task.completed} of {task.total} files, {task.fields[cases]} cases"))
    with Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal, expand=True) as progress:
        todo, cases = tuple(checks()), 0
        task = progress.add_task("", total=len(todo), cases=0)

        def tell(asked: Asked) -> None:
            nonlocal cases
            cases += sum(asked.verdicts.values())
            progress.update(task, advance=1, cases=cases)

        return run(todo, tell)


def _judge(report: Report) -> None:
    from native_host.install import InstallError

    if report.failed or report.known_answers.failed:
        raise InstallError(
            "This installation does not compute what the standards say. Use no key with it.",
            mend="Install Strongroom anew, with the versions that it asks for; if that does not help, report it with: strongroom selftest --json",
        )
    if not report.passed:
        raise InstallError(
            "The published vectors that come with Strongroom are not all here, so this installation is not whole.",
            mend="Install Strongroom anew.",
        )


def _show(report: Report) -> None:
    from rich.console import Console

    # What is shown are names and numbers: no brackets or colons in them mean anything.
    console = Console(highlight=False, markup=False, emoji=False)
    if console.width < _TABLE_WIDTH:
        for standard in report.standards:
            _show_narrow(console, standard, _notes(report, standard))
    else:
        console.print(_table(report, wide=console.width >= _WIDE))
        console.print(_LEGEND, style="dim")
    if report.differences:
        console.print("\nAnswered otherwise than published, on purpose:", style="bold")
    for number, difference in enumerate(report.differences, 1):
        console.print(_footnote(number, difference))
    console.print()
    for line, style in _ending(report):
        console.print(line, style=style)


def _table(report: Report, *, wide: bool) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), show_footer=True)
    totals = [sum(column) for column in zip(*map(_counts, report.standards), strict=True)] or [0] * len(_HEADINGS)
    table.add_column("Standard", footer="All", min_width=20, overflow="fold")
    if wide:
        table.add_column("Algorithms", ratio=1)
    for heading, total in zip(_HEADINGS, totals, strict=True):
        table.add_column(heading, footer=f"{total}", justify="right", no_wrap=True)
    table.add_column("Note", max_width=8)
    for standard in report.standards:
        algorithms = Text(", ".join(standard.algorithms), style="dim")
        below = Text(standard.standard) if wide or not algorithms else Text.assemble(standard.standard, "\n", algorithms)
        numbers = [Text(f"{number}" if number else "·") for number in _counts(standard)]
        numbers[-1].stylize("bold red" if standard.failed else "dim")
        table.add_row(below, *([algorithms] if wide else []), *numbers, Text(_notes(report, standard), style="dim"))
    return table


def _counts(standard: Standard) -> tuple[int, ...]:
    return (standard.cases, standard.accepted, standard.refused, standard.either, standard.different, standard.failed)


def _notes(report: Report, standard: Standard) -> str:
    return " ".join(f"{number}" for number, difference in enumerate(report.differences, 1) if standard.standard in difference.standards)


def _show_narrow(console: Console, standard: Standard, notes: str) -> None:
    console.print(standard.standard, style="bold")
    if standard.algorithms:
        console.print(", ".join(standard.algorithms), style="dim")
    words = ("passed", "refused as they must be", "either way", f"otherwise (see {notes})", "FAILED")
    counts = zip(_counts(standard)[1:], words, strict=True)
    console.print(", ".join(f"{count} {word}" for count, word in counts if count), style="bold red" if standard.failed else None)


def _footnote(number: int, difference: Difference) -> Table:
    from rich.table import Table

    note = Table.grid(padding=(0, 1, 0, 0))
    note.add_column(justify="right", min_width=3)
    note.add_column(overflow="fold")
    note.add_row(f"{number}", f"{difference.reason} ({_of(difference.cases, 'case')} of {', '.join(difference.standards)})")
    return note


def _of(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _ending(report: Report) -> Iterator[tuple[str, str | None]]:
    """The lines below the table, with their styles."""
    for failure in report.failures[:_NAMED]:
        yield f"Failed: {failure.standard} {failure.algorithm}, {failure.case}, in {failure.file}", "red"
    if len(report.failures) > _NAMED:
        yield f"… and {len(report.failures) - _NAMED} more: strongroom selftest --json", "red"
    for alg in report.known_answers.failed:
        yield f"Failed: {alg} does not load, or does not compute its known answers", "red"
    for absent in report.absent:
        if not absent.package:
            yield f"Not here: {', '.join(absent.files)}", "red"
    brought = [absent for absent in report.absent if absent.package]
    if brought:
        packages = " and ".join(absent.package for absent in brought)
        yield (
            f"Not asked: {_of(sum(len(absent.files) for absent in brought), 'file')} of {packages}, which come with: {_bringing()}",
            "yellow",
        )
    counted = f"{_of(report.cases, 'case')} of {_of(len(report.standards), 'standard')} in {report.seconds} seconds"
    known = f"{_of(report.known_answers.computed, 'algorithm')} with known answers"
    wrong = report.failed + len(report.known_answers.failed)
    yield f"{counted}, {known}: {f'{wrong} failed' if wrong else 'none failed'}.", None if wrong else "green"


def _bringing() -> str:
    """The command for what the vectors are in; quoted, as brackets mean something to shells."""
    return "pip install 'strongroom[selftest]'"
