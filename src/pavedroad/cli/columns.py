"""What was found in each column, as a short table for people at a terminal."""

from typing import TYPE_CHECKING

from pavedroad.render import words
from pavedroad.render.columns import Group, group_checks
from pavedroad.report import Outcome, Report

if TYPE_CHECKING:
    from rich.console import Console

MOST = 15
"""Rows of the table: columns that did not pass come first."""


def print_columns(report: Report, console: "Console") -> None:
    """Print the columns that a report has checks about: kind, gaps, how many checks hold, and the worst of them."""
    from rich.markup import escape
    from rich.table import Table

    groups = [group for group in group_checks(report.checks, report.figures)[1] if group.checks]
    if not groups:
        return
    table = Table(box=None, pad_edge=False, show_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for name in ("", "column", "holds", "checks that hold", "what was seen"):
        table.add_column(name, overflow="fold")
    for group in groups[:MOST]:
        cells = (
            words.SYMBOLS[group.outcome],
            words.clean(group.name, 40),
            _tell_facts(group),
            _count(group),
            _see(group),
        )
        table.add_row(*(escape(cell) for cell in cells))
    console.print(table)
    if len(groups) > MOST:
        console.print(f"{len(groups) - MOST:,} more columns are in the report.", markup=False)


def _tell_facts(group: Group) -> str:
    return ", ".join(words.clean(fact, 40) for fact in group.facts)


def _count(group: Group) -> str:
    hold = sum(check.outcome is Outcome.PASS for check in group.checks)
    return f"{hold:,} of {len(group.checks):,}"


def _see(group: Group) -> str:
    """What the worst check saw; nothing where all hold."""
    worst = group.checks[0]
    if worst.outcome is Outcome.PASS:
        return ""
    place = words.place(worst.where)
    return f"{words.words(worst.observed)}{f' ({place})' if place else ''}"
