"""What no suite should have to say: there are rows, the columns exist, and they hold usable values.

Most expectations hold for an empty table and for a column without values, so these checks come first, in every run.
"""

from collections.abc import Iterable

from pavedroad.foundation.suite import Suite
from pavedroad.foundation.validation import ColumnFacts, TableFacts
from pavedroad.report import Check, judge
from pavedroad.settings import Validation

_SHOWN = 20
_ABOUT_GAPS = {
    "expect_column_values_to_not_be_null",
    "expect_column_values_to_be_null",
    "expect_column_proportion_of_non_null_values_to_be_between",
}
"""Expectations that say how many values of a column may be missing."""


def guard(facts: TableFacts, named: Iterable[str], suite: Suite, settings: Validation) -> list[Check]:
    """Check the rows, the presence of the named columns, their gaps and their infinities."""
    named = list(named)
    checks = [_check_rows(facts.rows, settings.min_rows), _check_columns(facts, named)]
    if facts.rows:
        here = {name: facts.columns[name] for name in named if name in facts.columns}
        checks += [_check_gaps(facts.rows, here, suite, settings.max_nulls), _check_finite(here)]
    return checks


def _check_rows(rows: int, least: int) -> Check:
    return judge(
        "guard.rows",
        "The table has enough rows",
        ok=rows >= least,
        observed=rows,
        expected=f"at least {least:,}",
        reason="" if rows >= least else "Too few rows to judge anything by.",
    )


def _check_columns(facts: TableFacts, named: list[str]) -> Check:
    missing = [name for name in named if name not in facts.names]
    return judge(
        "guard.columns",
        "Every column that the suite or the config names is there",
        ok=not missing,
        observed=f"{len(named) - len(missing)} of {len(named)} columns",
        expected=f"{len(named)} columns",
        reason="" if not missing else f"Missing: {_list(missing)}.",
        evidence={"missing": list(missing[:_SHOWN])} if missing else {},
    )


def _check_gaps(rows: int, columns: dict[str, ColumnFacts], suite: Suite, most: float) -> Check:
    """No column is empty in every row, and none lacks nearly all values unless the suite says that it may."""
    told = {item.kwargs.get("column") for item in suite.expectations if item.type in _ABOUT_GAPS}
    meant = {item.kwargs.get("column") for item in suite.expectations if item.type == "expect_column_values_to_be_null"}
    empty = [name for name, column in columns.items() if column.nulls == rows and name not in meant]
    sparse = [name for name, column in columns.items() if most * rows < column.nulls < rows and name not in told]
    reasons = [f"Empty: {_list(empty)}."] * bool(empty)
    reasons += [f"More than {most:.0%} of the values are missing in: {_list(sparse)}."] * bool(sparse)
    return judge(
        "guard.values",
        "No column of the suite is empty, or all but empty",
        ok=not empty and not sparse,
        observed=f"{len(empty)} empty and {len(sparse)} sparse columns",
        expected="none",
        reason=" ".join(reasons),
        evidence={name: columns[name].nulls for name in [*empty, *sparse][:_SHOWN]},
    )


def _check_finite(columns: dict[str, ColumnFacts]) -> Check:
    strange = {name: column.not_finite for name, column in columns.items() if column.not_finite}
    return judge(
        "guard.finite",
        "Numbers are finite",
        ok=not strange,
        observed=f"{sum(strange.values()):,} infinite values",
        expected="none",
        reason="" if not strange else f"Infinity stands in: {_list(list(strange))}.",
        evidence=dict(list(strange.items())[:_SHOWN]),
    )


def _list(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
