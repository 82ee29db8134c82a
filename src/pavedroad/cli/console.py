"""Printing: verdicts, errors and progress, as tables on a terminal and as plain lines elsewhere.

Everything shown may hold text from data, so control characters are written out and rich's markup is never interpreted.
"""

import contextlib
import json
import os
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from pavedroad.errors import ExitCode, PavedroadError
from pavedroad.render import words
from pavedroad.report import Check, Outcome, Report, is_note

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

EXIT_CODES = {
    Outcome.PASS: ExitCode.OK,
    Outcome.WARN: ExitCode.OK,
    Outcome.FAIL: ExitCode.NO,
    Outcome.ERROR: ExitCode.CANNOT_JUDGE,
    Outcome.SKIPPED: ExitCode.CANNOT_JUDGE,
}

_ROWS = 3
"""Failing rows that a line names; the report has more."""
_COLOURS = {
    Outcome.PASS: "green",
    Outcome.WARN: "yellow",
    Outcome.FAIL: "red",
    Outcome.ERROR: "magenta",
    Outcome.SKIPPED: "bright_black",
}


def print_json(document: object) -> None:
    """Print a document as strict JSON."""
    import msgspec

    click.echo(json.dumps(msgspec.to_builtins(document), indent=2, ensure_ascii=False, allow_nan=False))


def print_error(error: PavedroadError, *, as_json: bool) -> None:
    """Say what happened, where, and what to do next."""
    if as_json:
        print_json_error(error)
    click.secho("Error: ", fg="red", bold=True, nl=False, err=True)
    click.echo(words.clean(error.what, 1000), err=True)
    if error.where is not None:
        click.echo(f"  where  {words.clean(error.where)}{f':{error.line}' if error.line else ''}", err=True)
    if error.next_step is not None:
        click.echo(f"  next   {words.clean(error.next_step, 600)}", err=True)


def print_json_error(error: PavedroadError) -> None:
    """Print an error as the one document of a command that was asked for JSON."""
    print_json(
        {
            "error": {
                "kind": type(error).__name__,
                "what": error.what,
                "where": error.where,
                "line": error.line,
                "next_step": error.next_step,
            },
            "exit_code": int(error.exit_code),
        }
    )


@contextlib.contextmanager
def set_aside(*, wanted: bool) -> Iterator[None]:
    """Send what is printed meanwhile, by anybody's code or process, to standard error, where it spoils no document."""
    if not wanted:
        yield
        return
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def print_stage(report: Report) -> None:
    """Print one stage: a line for the whole and some for every check that did not pass, or that has a note."""
    click.echo(style_outcome(report.outcome, f"{words.SYMBOLS[report.outcome]} {report.stage}"), nl=False)
    click.echo(f"  {words.clean(report.summary)}{_spell_duration(report)}")
    for check in report.checks:
        if check.outcome is not Outcome.PASS or is_note(check):
            print_check(check)


def print_check(check: Check) -> None:
    """Print one check: what it asserts, why it does not hold and where it is written."""
    place = words.place(check.where)
    click.echo(f"    {style_outcome(check.outcome, words.SYMBOLS[check.outcome])} {words.clean(check.title)}", nl=False)
    click.echo(f"  ({place})" if place else "")
    if check.reason:
        click.echo(f"      {words.clean(check.reason)}")
    failing = check.evidence.get("failing_rows")
    if isinstance(failing, list) and failing:
        more = f" and {len(failing) - _ROWS} more in the report" if len(failing) > _ROWS else ""
        click.echo(f"      {words.clean('; '.join(map(str, failing[:_ROWS])))}{more}")


def print_verdict(reports: Sequence[Report], console: "Console") -> None:
    """Print the road as a table, and the decision in one sentence."""
    from rich.markup import escape

    from pavedroad.render.verdict import to_rows, to_verdict

    table = load_table()(box=None, pad_edge=False, show_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for name in ("", "stage", "outcome", "what it found"):
        table.add_column(name, overflow="fold")
    table.add_column("time", justify="right")
    for row in to_rows(reports):
        colour = _COLOURS[row.outcome]
        table.add_row(
            f"[{colour}]{row.symbol}[/]",
            escape(row.stage),
            f"[{colour}]{row.word}[/]",
            escape(row.summary),
            row.duration,
        )
    console.print(table)
    verdict = to_verdict(reports)
    console.print()
    console.print(
        f"[bold {_COLOURS[verdict.outcome]}]{verdict.headline}.[/] {escape(verdict.sentence)}", soft_wrap=True
    )


def load_table() -> "type[Table]":
    """Load what lays out a table, which takes a moment."""
    from rich.table import Table

    return Table


def style_outcome(outcome: Outcome, text: str) -> str:
    """Colour a text by an outcome; click drops the colour where there is no terminal."""
    return click.style(text, fg=_COLOURS[outcome])


def _spell_duration(report: Report) -> str:
    return "" if report.run is None else f"  ({words.duration(report.run.duration_s)})"
