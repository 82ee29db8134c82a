"""Outlines of tables by DuckDB: every column is read once, and again where it has few values, to count these."""

import math
from collections.abc import Collection
from typing import Any

from pavedroad.engines.duckdb.plan import Ask, Draft, Plan, Steps
from pavedroad.engines.duckdb.quantiles import find_ranks, fits
from pavedroad.engines.duckdb.table import KINDS, Column, Table
from pavedroad.foundation.data.source import Source
from pavedroad.foundation.validation.judging import Limits
from pavedroad.foundation.validation.outline import FEW, ColumnOutline, Outline

_TOGETHER = (12, 6, 3, 2, 1)
"""Columns of one scan, as many as memory allows. DuckDB plans a query in a time that grows with the square of its
aggregates, so that more would not be faster."""
_SCALE = 2**40
"""Sums are taken of values divided by this power of two, so that they cannot overflow; it changes no digit."""


def outline(source: Source, limits: Limits, most: int, also: Collection[str]) -> Outline:
    """Outline a table where it lies; see ``foundation.validation.outline.Outliner``."""
    with Table(source, limits) as table:
        ((rows,),) = table.ask("SELECT count(*) FROM t")
        columns = list(table.columns.values())
        chosen = [column for place, column in enumerate(columns) if place < most or column.name in also]
        detailed = {column.name for column in chosen}
        rest = [column for column in columns if column.name not in detailed]
        together = next(size for size in _TOGETHER if size == 1 or fits(table, rows, size))
        found: dict[str, ColumnOutline] = {}
        for start in range(0, len(chosen), together):
            plan = Plan(table, 0)
            plan.ordered = together
            some = chosen[start : start + together]
            plan.run({column.name: _outline(plan, column, rows, found) for column in some})
        known: dict[str, int] = {}
        Plan(table, 0).run({column.name: _count(column, known) for column in rest})
        known |= {name: rows - column.nulls for name, column in found.items()}
        return Outline(rows, {c.name: rows - known[c.name] for c in columns}, [found[c.name] for c in chosen])


def _count(column: Column, known: dict[str, int]) -> Steps:
    (known[column.name],) = yield [f"count({column.sql})"]
    return Draft(success=True)


def _outline(plan: Plan, column: Column, rows: int, found: dict[str, ColumnOutline]) -> Steps:
    """Everything about one column in one question, and a second one for what is few or does not fit into memory."""
    name, kind = column.sql, KINDS[column.sort]
    finite = f" FILTER (WHERE isfinite({name}))" if column.sort == "real" else ""
    hashed = f"{name}::TIMESTAMP" if column.sort == "time" else name  # times in any unit have one hash
    asks: list[Ask] = [f"count({name})", f"count({name}){finite}", f"approx_count_distinct({hashed}){finite}"]
    middle = f"quantile_disc({name}, 0.5){finite}"
    ordered = fits(plan.table, rows, plan.ordered)
    if kind == "number":
        asks += [f"min({name}){finite}", f"max({name}){finite}", f"favg({name}::DOUBLE / {_SCALE}){finite}"]
        asks += [middle] if ordered else []
    elif kind == "time":
        asks += [_write_time(column, "min"), _write_time(column, "max")]
    known, usable, distinct, *rest = yield asks
    categories: tuple[str, ...] = ()
    few = 0 < distinct <= FEW
    if few and column.sort == "text":
        (counts,) = yield [f"histogram({name})"]
        categories, distinct = tuple(sorted(counts)), len(counts)
    elif few:
        (distinct,) = yield [f"count(DISTINCT {name}){finite}"]
    more: dict[str, Any] = {}
    if kind == "number" and usable:
        least, most, mean, *median = rest
        if not ordered:
            condition = f"isfinite({name})" if finite else ""
            median = yield from find_ranks(plan, column, [(usable - 1) // 2], usable, condition)
        more = {"least": float(least), "median": float(median[0]), "most": float(most), "mean": mean * _SCALE}
    elif kind == "time" and usable:
        more = {"earliest": rest[0], "latest": rest[1]}
    found[column.name] = ColumnOutline(
        name=column.name,
        kind=kind,
        nulls=rows - known,
        not_finite=known - usable,
        distinct=distinct if few or not distinct else _round(distinct),
        estimated=not few and distinct > 0,
        categories=categories,
        **more,
    )
    return Draft(success=True)


def _write_time(column: Column, extreme: str) -> str:
    """The first or last time of a column as text, in UTC where it has a zone, whatever the zone of the machine."""
    if column.sort == "zoned":
        return f"make_timestamp(epoch_us({extreme}({column.sql})))::VARCHAR || '+00:00'"
    return f"{extreme}({column.sql})::TIMESTAMP::VARCHAR"


def _round(estimate: int) -> int:
    """An estimate with the two digits that it is good for."""
    step = int(10 ** max(0, math.floor(math.log10(estimate)) - 1))
    return round(estimate / step) * step
