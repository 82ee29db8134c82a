"""DuckDB behind ``foundation.validation.judging``: common expectations in few scans, where the table lies.

Nothing of Great Expectations or pandas is imported, and no row reaches Python but the keys of failing ones. What cannot
be expressed is left to another engine, with the reason.
"""

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from pavedroad.engines.duckdb.arguments import check_arguments
from pavedroad.engines.duckdb.columns import COLUMNS
from pavedroad.engines.duckdb.pictures import draw
from pavedroad.engines.duckdb.plan import Ask, Draft, LeftError, Plan, Steps
from pavedroad.engines.duckdb.rows import ROWS
from pavedroad.engines.duckdb.table import KINDS, Column, Table
from pavedroad.foundation.validation.judging import (
    ColumnFacts,
    Finding,
    Judgement,
    Question,
    TableFacts,
    find_missing_column,
)
from pavedroad.foundation.validation.suite import Expectation, Suite

if TYPE_CHECKING:
    from pavedroad.report import Value

EXPRESSED = {**ROWS, **COLUMNS}
"""Every type of expectation that can be judged here."""

_FACTS = ""
"""The name under which the guards' questions go along; no expectation has an empty id."""


def check_suite(suite: Suite) -> dict[str, str]:
    """Refuse arguments that do not fit; tell which expectations are of a type that is not expressed here.

    Raises:
        ConfigError: with the file and line of the expectation.
    """
    left = {}
    for expectation in suite.expectations:
        if expectation.type in EXPRESSED:
            check_arguments(expectation, suite.path)
        else:
            left[expectation.id] = f"DuckDB has no {expectation.type}."
    return left


def judge(question: Question) -> Judgement:
    """Judge a table where it lies; see ``foundation.validation.judging.ValidationEngine``."""
    with Table(question.source, question.limits, question.watch) as table:
        plan = Plan(table, question.limits.keys)
        findings, steps, left = _prepare(plan, question.suite)
        columns = [table.columns[name] for name in question.named if name in table.columns]
        counts: dict[str, tuple[int, int]] = {}
        drafts = plan.run({_FACTS: _count(columns, counts), **steps})
        rows = counts[_FACTS][0]
        facts = TableFacts(
            rows=rows,
            names=tuple(table.columns),
            columns={column.name: ColumnFacts(KINDS[column.sort], *counts[column.sql]) for column in columns},
        )
        if rows == 0:
            return Judgement(facts, [], schema=table.schema)
        names = plan.name_rows({row for draft in drafts.values() for row in draft.failing}, question.keys)
        for expectation in question.suite.expectations:
            if expectation.id in drafts:
                findings[expectation.id] = _finish(expectation, drafts[expectation.id], names)
        ordered = [findings[item.id] for item in question.suite.expectations if item.id in findings]
        return Judgement(facts, ordered, left, draw(table, rows, question.drawn), table.schema)


def _prepare(plan: Plan, suite: Suite) -> tuple[dict[str, Finding], dict[str, Steps], dict[str, str]]:
    """What is known without a scan, the questions to ask, and what is left to another engine."""
    findings: dict[str, Finding] = {}
    steps: dict[str, Steps] = {}
    left: dict[str, str] = {}
    for expectation in suite.expectations:
        missing = find_missing_column(expectation, plan.table.columns)
        make = EXPRESSED.get(expectation.type)
        if missing is not None:
            findings[expectation.id] = missing
        elif make is None:
            left[expectation.id] = f"DuckDB has no {expectation.type}."
        else:
            try:
                steps[expectation.id] = make(plan, expectation)
            except LeftError as reason:
                left[expectation.id] = str(reason)
    return findings, steps, left


def _count(columns: list[Column], counts: dict[str, tuple[int, int]]) -> Steps:
    """Count the rows of the table and, of the columns in question, the gaps and the numbers that are not finite."""
    real = [column for column in columns if column.sort == "real"]
    asks: list[Ask] = ["count(*)", *(f"count({column.sql})" for column in columns)]
    asks += [f"{extreme}({column.sql})" for column in real for extreme in ("min", "max")]
    rows, *answers = yield asks
    known, extremes = answers[: len(columns)], answers[len(columns) :]
    pairs = zip(real, extremes[::2], extremes[1::2], strict=True)
    strange = [column for column, low, high in pairs if math.inf in (high, low) or -math.inf in (low, high)]
    found = yield [f"count(*) FILTER (WHERE isinf({column.sql}))" for column in strange]
    infinite = dict(zip((column.sql for column in strange), found, strict=True))
    counts[_FACTS] = (rows, 0)
    for column, values in zip(columns, known, strict=True):
        counts[column.sql] = (rows - values, infinite.get(column.sql, 0))
    return Draft(success=True)


def _finish(expectation: Expectation, draft: Draft, names: dict[int, str]) -> Finding:
    evidence: dict[str, Value] = dict(draft.evidence)
    if draft.failing:
        evidence["failing_rows"] = [names[row] for row in draft.failing]
    finding = Finding(expectation, draft.success, draft.observed, draft.reason, evidence)
    return replace(finding, evidence={**evidence, "engine": "duckdb"})
