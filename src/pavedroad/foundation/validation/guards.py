"""What no suite should have to say: there are rows, the columns exist, and they hold usable values of their kind.

Most expectations hold for an empty table and for a column without values, so these checks come first, in every run.
"""

from collections.abc import Iterable, Mapping

from pavedroad.foundation.data.profile import Kind
from pavedroad.foundation.validation.judging import ColumnFacts, TableFacts
from pavedroad.foundation.validation.kinds import find_kinds
from pavedroad.foundation.validation.suite import Suite
from pavedroad.report import Check, Value, judge
from pavedroad.settings import Validation

_SHOWN = 20
_LISTED = 200
"""Columns whose kind or share of gaps is listed; what is amiss comes first."""
_ABOUT_GAPS = {
    "expect_column_values_to_not_be_null",
    "expect_column_values_to_be_null",
    "expect_column_proportion_of_non_null_values_to_be_between",
}
"""Expectations that say how many values of a column may be missing."""
_WORDS: Mapping[Kind, str] = {"number": "numbers", "boolean": "yes and no", "time": "times", "category": "text"}


def guard(
    facts: TableFacts, named: Iterable[str], suite: Suite, settings: Validation, kinds: Mapping[str, Kind] | None = None
) -> list[Check]:
    """Check the rows, and of the named columns: their presence, kinds, gaps and infinities.

    Args:
        facts: what an engine found.
        named: the columns that the suite or the config names.
        suite: what is expected; it says which kind of values its columns hold, and which may lack values.
        settings: how many rows are enough, and how many gaps too many.
        kinds: what else is known of the columns' kinds, for example that the target of a regression is a number.
    """
    named = list(named)
    checks = [_check_rows(facts.rows, settings.min_rows), _check_columns(facts, named)]
    if facts.rows:
        here = {name: facts.columns[name] for name in named if name in facts.columns}
        checks.append(_check_kinds(facts.rows, here, {**find_kinds(suite), **(kinds or {})}))
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


def _check_kinds(rows: int, columns: dict[str, ColumnFacts], expected: Mapping[str, Kind]) -> Check:
    """Every column holds the kind of values that the suite speaks of; an empty one holds none, which is no kind."""
    told = {name: expected[name] for name, column in columns.items() if name in expected and column.nulls < rows}
    wrong = {name: kind for name, kind in told.items() if not _fits(columns[name].kind, kind)}
    reasons = [f"{name} holds {_WORDS[columns[name].kind]} instead of {_WORDS[kind]}" for name, kind in wrong.items()]
    silent = "Neither the suite nor the profile in it says what kind of values any of its columns holds."
    evidence: dict[str, Value] = {
        name: columns[name].kind for name in [*wrong, *(n for n in columns if n not in wrong)]
    }
    return judge(
        "guard.kinds",
        "Columns hold the kind of values that the suite or the config speaks of",
        ok=not wrong,
        observed=f"{len(told) - len(wrong):,} of {len(told):,} columns",
        expected=f"{len(told):,} columns",
        reason=f"{_list(reasons)}." if wrong else "" if told else silent,
        evidence=dict(list(evidence.items())[:_LISTED]),
    )


def _fits(found: Kind, expected: Kind) -> bool:
    """Yes and no count as 1 and 0 wherever numbers are asked for, in pandas as in SQL."""
    return found == expected or (found == "boolean" and expected == "number")


def _check_gaps(rows: int, columns: dict[str, ColumnFacts], suite: Suite, most: float) -> Check:
    """No column is empty in every row, and none lacks nearly all values unless the suite says that it may."""
    told = {item.kwargs.get("column") for item in suite.expectations if item.type in _ABOUT_GAPS}
    meant = {item.kwargs.get("column") for item in suite.expectations if item.type == "expect_column_values_to_be_null"}
    empty = [name for name, column in columns.items() if column.nulls == rows and name not in meant]
    sparse = [name for name, column in columns.items() if most * rows < column.nulls < rows and name not in told]
    reasons = [f"Empty: {_list(empty)}."] * bool(empty)
    reasons += [f"More than {most:.0%} of the values are missing in: {_list(sparse)}."] * bool(sparse)
    most_gaps = max((column.nulls for column in columns.values()), default=0)
    order = dict.fromkeys([*empty, *sparse, *sorted(columns, key=lambda name: -columns[name].nulls)])
    return judge(
        "guard.values",
        "No column of the suite is empty, or all but empty",
        ok=not empty and not sparse,
        observed=f"{len(empty)} empty and {len(sparse)} sparse columns; at most {_share(most_gaps, rows)} missing",
        expected=f"none empty, and none with more than {most:.0%} missing unless the suite says so",
        reason=" ".join(reasons),
        evidence={name: f"{_share(columns[name].nulls, rows)} missing" for name in list(order)[:_LISTED]},
    )


def _share(part: int, whole: int) -> str:
    """A share in percent that says 0 and 100 only where it is so."""
    shown = f"{part / whole:.2%}" if part else "0%"
    return f"< {shown}" if part < whole and shown == "100.00%" else f"> {shown}" if part and shown == "0.00%" else shown


def _check_finite(columns: dict[str, ColumnFacts]) -> Check:
    numbers = [name for name, column in columns.items() if column.kind == "number"]
    strange = {name: columns[name].not_finite for name in columns if columns[name].not_finite}
    return judge(
        "guard.finite",
        "Numbers are finite",
        ok=not strange,
        observed=f"{sum(strange.values()):,} infinite values in {len(numbers):,} columns of numbers",
        expected="none",
        reason="" if not strange else f"Infinity stands in: {_list(list(strange))}.",
        evidence=dict(list(strange.items())[:_LISTED]),
    )


def _list(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
