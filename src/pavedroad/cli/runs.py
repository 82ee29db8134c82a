"""``pavedroad runs``: which models were made here, side by side, and bringing them to a tracker."""

import sys
from pathlib import Path

import click

from pavedroad.cli.console import print_json, set_aside
from pavedroad.cli.options import json_option
from pavedroad.errors import EvidenceError, MissingExtraError, TrackingError, UsageError
from pavedroad.foundation.project import Project, find_project
from pavedroad.foundation.tracking import OWN, TrackedRun, find_unsent, list_runs, send
from pavedroad.render import words
from pavedroad.report import write_whole

PAGE = "runs.html"
_PIPED_WIDTH = 1_000
"""Columns of text where no terminal says how many: a program that reads the table wants each run on one line."""


@click.group(invoke_without_command=True)
@click.option("--html", "as_page", is_flag=True, help="Write a page with a parallel plot of all runs.")
@json_option
@click.pass_context
def runs(context: click.Context, as_page: bool, as_json: bool) -> None:
    """List the models that were made here, with what tells them apart.

    Every package that `pavedroad package` makes is recorded in .pavedroad/runs, next to git and never in it; so is what
    training or evaluation said no to, with the reason.
    """
    if context.invoked_subcommand is not None:
        return
    project = find_project(Path.cwd())
    found = list_runs(project)
    if as_page:
        from pavedroad.render.tracked import to_page

        page = project.root / OWN / PAGE
        write_whole(page, to_page(found).encode())
        if not as_json:
            click.echo(f"Page: {page}")
    if as_json:
        print_json({"runs": found, "page": str(page) if as_page else None})
    elif not as_page:
        _print_table(found)


@runs.command()
@click.argument("ids", nargs=-1, required=True, metavar="RUN RUN...")
@json_option
def compare(ids: tuple[str, ...], as_json: bool) -> None:
    """Tell what differs between runs: parameters, data, code, packages and metrics. The start of an id is enough."""
    from pavedroad.render.tracked import to_differences

    if len(ids) < 2:
        raise UsageError("One run cannot be compared.", next_step="Name two or more; pavedroad runs lists them.")
    known = list_runs(find_project(Path.cwd()))
    chosen = [_find(known, name) for name in ids]
    differences = to_differences(chosen)
    if as_json:
        print_json({"runs": [run.id for run in chosen], "differences": differences})
        return
    if not differences:
        click.echo("Nothing that is recorded differs.")
        return
    rows = [(name, *values) for name, values in differences.items()]
    _print_rows(("", *(run.id for run in chosen)), rows)


@runs.command(name="send")
@json_option
def send_runs(as_json: bool) -> None:
    """Bring the runs that the tracker of [tracking] has not heard of to it, for example after it was down."""
    project = find_project(Path.cwd())
    if project.config.tracking.engine == "files":
        raise UsageError(
            "There is no tracker to send to.", next_step='Name one in pavedroad.toml: engine = "mlflow" in [tracking].'
        )
    sent = []
    with set_aside(wanted=True):  # trackers print addresses of their own
        for run in list(find_unsent(project)):
            send(project, run)
            sent.append(run.id)
    if as_json:
        print_json({"sent": sent})
    else:
        click.echo(f"{words.plural(len(sent), 'run')} sent." if sent else "The tracker knows every run.")


def tell_tracker(project: Project) -> None:
    """Tell the tracker of what it has not heard of; one that is down is told later, and the command goes on."""
    try:
        with set_aside(wanted=True):
            for run in list(find_unsent(project)):
                send(project, run)
    except (TrackingError, MissingExtraError, EvidenceError) as error:
        click.echo(f"Not sent to the tracker: {words.clean(str(error), 1000)}", err=True)


def _find(known: list[TrackedRun], name: str) -> TrackedRun:
    found = [run for run in known if run.id.startswith(name)]
    if len(found) != 1:
        raise UsageError(
            f"{len(found)} runs begin with {words.clean(name)!r}.", next_step="List them with: pavedroad runs."
        )
    return found[0]


def _print_table(found: list[TrackedRun]) -> None:
    from pavedroad.render.tracked import to_table

    if not found:
        click.echo("No run was recorded here yet. Make one with: pavedroad check.")
        return
    head, rows = to_table(found)
    _print_rows(head, rows)


def _print_rows(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, pad_edge=False, show_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for place, name in enumerate(head):
        table.add_column(escape(name), overflow="fold", no_wrap=place == 0)  # an id is there to be copied
    for row in rows:
        table.add_row(*(escape(cell) for cell in row))
    Console(highlight=False, width=None if sys.stdout.isatty() else _PIPED_WIDTH).print(table)
