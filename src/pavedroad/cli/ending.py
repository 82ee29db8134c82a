"""How a command ends that judged one thing: its report is shown, the host hears of it, and the exit code says so."""

from collections.abc import Callable

import click

from pavedroad.cli.console import EXIT_CODES, print_json, print_stage
from pavedroad.cli.host import tell_stage
from pavedroad.foundation.project import Project
from pavedroad.report import Outcome, Report


def end_stage(project: Project, report: Report, *, as_json: bool, show: Callable[[Report], None] = print_stage) -> None:
    """Print a report, as one JSON document or with ``show`` for people, tell the host and end the command."""
    if as_json:
        print_json(report)
    else:
        show(report)
    tell_stage(project, report)
    exit_with(report.outcome)


def exit_with(outcome: Outcome) -> None:
    """End the command with the exit code that says the outcome."""
    click.get_current_context().exit(int(EXIT_CODES[outcome]))
