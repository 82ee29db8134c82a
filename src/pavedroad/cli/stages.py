"""The single stages: each reads the repo, judges, writes ``reports/<stage>.json`` and prints what it found."""

import importlib
import sys
from collections.abc import Callable
from pathlib import Path

import click

from pavedroad.cli.console import print_stage, set_aside
from pavedroad.cli.ending import end_stage
from pavedroad.cli.options import json_option
from pavedroad.foundation.project import Project, find_project
from pavedroad.report import Outcome, Report
from pavedroad.stages.runner import run_stage

YES, NO = frozenset({Outcome.PASS, Outcome.WARN}), frozenset({Outcome.FAIL})


def _run(
    stage: str, *, as_json: bool, then: Callable[[Project], None] | None = None, when: frozenset[Outcome] = YES
) -> None:
    """Run a stage, then something more where it came to one of the outcomes, and end the command."""
    module = importlib.import_module(f"pavedroad.stages.{stage}")
    project = find_project(Path.cwd())
    with set_aside(wanted=as_json):  # the repo's own functions may print
        report = run_stage(project, stage, getattr(module, stage))
        if then is not None and report.outcome in when:
            then(project)
    end_stage(project, report, as_json=as_json)


def _tell_tracker(project: Project) -> None:
    if project.config.tracking.engine != "files":
        from pavedroad.cli.runs import tell_tracker

        tell_tracker(project)


def _keep_refused(stage: str) -> Callable[[Project], None]:
    """Record a run that a stage says no to; what keeps it from that is told, and the no stands."""

    def keep(project: Project) -> None:
        from pavedroad.errors import PavedroadError
        from pavedroad.render import words
        from pavedroad.stages.refused import keep_refused

        try:
            keep_refused(project, stage)
        except (PavedroadError, OSError) as error:
            click.echo(f"Not recorded among the runs: {words.clean(str(error), 1000)}", err=True)
        else:
            _tell_tracker(project)

    return keep


@click.command()
@json_option
def validate(as_json: bool) -> None:
    """Judge the training data by guards and by its suite of expectations.

    Reads the table that [data] train names and the suite that [validation] suite names. Rows, missing columns, empty
    columns and infinite numbers are judged whatever the suite says. A table that passes gets a receipt, which training
    asks for.
    """
    from functools import partial

    from pavedroad.cli.progress import show_progress
    from pavedroad.stages.validate import validate as judge_data

    project = find_project(Path.cwd())
    with set_aside(wanted=as_json), show_progress("validate") as watch:
        report = run_stage(project, "validate", partial(judge_data, watch=watch))
    end_stage(project, report, as_json=as_json, show=_print_with_columns)


def _print_with_columns(report: Report) -> None:
    print_stage(report)
    if sys.stdout.isatty():
        from rich.console import Console

        from pavedroad.cli.columns import print_columns

        print_columns(report, Console(highlight=False))


@click.command()
@click.option(
    "--base",
    default="",
    help="The revision to compare with, e.g. origin/main.  [default: where this branch left the default branch]",
)
@json_option
def contract(base: str, as_json: bool) -> None:
    """Tell what this change promises about the data: what became looser or stricter since a revision.

    Compares the suite, and the table's schema: columns that came or went, other types, values that are missing now. The
    schema of the past is the one on record (reports/schema.json) or that of the table, where git holds it. What became
    looser is a warning, because bad data may now pass.
    """
    from functools import partial

    from pavedroad.errors import UsageError
    from pavedroad.stages.base import find_base
    from pavedroad.stages.contract import contract as compare

    project = find_project(Path.cwd())
    found = find_base(project, base)
    if not found:
        raise UsageError(
            "This is the default branch, or its history is not here, so there is nothing to compare with.",
            next_step="Name a revision, for example: pavedroad contract --base HEAD~1.",
        )
    report = run_stage(project, "contract", partial(compare, base=found))
    end_stage(project, report, as_json=as_json)


@click.command()
@json_option
def train(as_json: bool) -> None:
    """Train the model with the repo's own two functions, on the training rows alone.

    The model, its signature and the profile of its training rows go to model/. Needs a table that passed validation.
    """
    _run("train", as_json=as_json, then=_keep_refused("train"), when=NO)


@click.command()
@json_option
def evaluate(as_json: bool) -> None:
    """Score the model on rows it never saw, beside the baseline, with confidence intervals.

    The numbers also go to reports/metrics.json, which is small enough to commit.
    """
    _run("evaluate", as_json=as_json, then=_keep_refused("evaluate"), when=NO)


@click.command()
@click.option("--page", is_flag=True, help="Also draw Evidently's own page: reports/drift-evidently.html.")
@json_option
def drift(page: bool, as_json: bool) -> None:
    """Compare the current data with the rows the model was trained on, column by column.

    The current data is the table that [data] current names, or the holdout; [drift] reference says what it is compared
    with. A column has drifted when the change is both significant (at [drift] false_alarm_rate over the whole run) and
    material (from [drift] min_effect on).
    """

    def draw(project: Project) -> None:
        if page or project.config.drift.page:
            from pavedroad.stages.drift_page import draw_page

            click.echo(f"Evidently's page: {draw_page(project)}")

    _run("drift", as_json=as_json, then=draw, when=YES | NO)


@click.command()
@json_option
def package(as_json: bool) -> None:
    """Put the model and all that is needed to trust it into package/, sealed by a manifest of SHA-256 sums."""
    _run("package", as_json=as_json, then=_tell_tracker)


@click.command()
@click.option("--when-told", is_flag=True, hidden=True, help="Load first, then wait for a line on standard input.")
@json_option
def latency(when_told: bool, as_json: bool) -> None:
    """Time single predictions, features included, on this machine."""
    if when_told and not _is_told():
        return
    _run("latency", as_json=as_json)


def _is_told() -> bool:
    """Whether whoever started this process wants it to begin, once everything is loaded; not, when they are gone."""
    from pavedroad.stages.latency import prepare

    prepare(find_project(Path.cwd()))
    return bool(sys.stdin.readline())
