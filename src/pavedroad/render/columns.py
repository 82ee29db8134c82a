"""A stage's checks by the column that they are about: what was found in a column stands beside its picture."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from pavedroad.render.verdict import sort_checks
from pavedroad.report import Check, Figure, Outcome, worst

_FACTS = ("guard.kinds", "guard.values")
"""Checks of the whole table whose evidence says something about every column, by its name."""


@dataclass(frozen=True)
class Group:
    """The checks of one column, worst first, its picture, and what the checks of the whole table say about it."""

    name: str
    outcome: Outcome
    checks: list[Check]
    figure: Figure | None
    facts: list[str] = field(default_factory=list)


def group_checks(checks: Sequence[Check], figures: Sequence[Figure]) -> tuple[list[Check], list[Group]]:
    """Part checks into those about the whole table or several columns, and those about one column each.

    A check is about the column it names as its only one. Columns with a picture and no check of their own have a group
    when there are groups at all. Columns that failed come first, otherwise the order of their first mention stays.
    """
    by_column: dict[str, list[Check]] = {}
    wide: list[Check] = []
    for check in checks:
        if len(check.columns) == 1:
            by_column.setdefault(check.columns[0], []).append(check)
        else:
            wide.append(check)
    if not by_column:
        return wide, []
    drawn = {figure.id.removeprefix("column."): figure for figure in figures if figure.id.startswith("column.")}
    told = [check.evidence for check in checks if check.id in _FACTS]
    groups = [
        Group(
            name=name,
            outcome=worst(check.outcome for check in by_column.get(name, [])),
            checks=sort_checks(by_column.get(name, [])),
            figure=drawn.get(name),
            facts=[fact for fact in (evidence.get(name) for evidence in told) if isinstance(fact, str)],
        )
        for name in dict.fromkeys([*by_column, *drawn])
    ]
    bad = (Outcome.ERROR, Outcome.FAIL, Outcome.WARN)
    return wide, sorted(groups, key=lambda group: bad.index(group.outcome) if group.outcome in bad else len(bad))
