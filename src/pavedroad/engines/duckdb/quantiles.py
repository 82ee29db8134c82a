"""Values at given places in the order of a column, exactly, in a memory that does not grow with the table.

DuckDB's own exact quantile holds all values of the column in memory and does not move them to disk. Where they fit, it
is the fastest way. Beyond, a sample tells between which two values each place probably lies, one scan counts how many
values lie below a few such bounds, and one more groups the few values between the two bounds in which the place does
lie. The sample decides the speed and never the result; grouping moves to disk when it must. The idea is selection by
sampling (Floyd and Rivest, "Expected time bounds for selection", 1975).
"""

from collections.abc import Generator
from itertools import pairwise
from typing import Any

from pavedroad.engines.duckdb.plan import Ask, Plan, Query
from pavedroad.engines.duckdb.table import Column, Table

HELD = 0.5
"""The share of the memory that values in order may take."""
_BYTES = 16
"""What DuckDB needs for one value in order: 8 bytes, in a list that grows by doubling."""
_SAMPLE = 200_000
_AROUND = (0.002, 0.02)
"""Bounds are taken from the sample at these distances on both sides of a place, as shares of the rows."""

Asking = Generator[list[Ask], list[Any], list[Any]]


def fits(table: Table, rows: int, columns: int) -> bool:
    """Whether so many columns of so many values can be put in order at once without more than their share of memory."""
    return rows * columns * _BYTES <= table.memory * HELD


def find_ranks(plan: Plan, column: Column, ranks: list[int], rows: int, condition: str) -> Asking:
    """Find the values at ``ranks`` (from 0) in ascending order among the ``rows`` values that a condition chooses.

    Args:
        plan: whose ``ordered`` says how many columns are put in order at once, which share the memory.
        column: numbers; values that are missing do not count.
        ranks: places from 0 to ``rows`` - 1, in any order.
        rows: how many values there are.
        condition: which rows count, in SQL; all where it is empty.
    """
    if fits(plan.table, rows, plan.ordered):
        chosen = f" FILTER (WHERE {condition})" if condition else ""
        places = ", ".join(f"{(rank + 0.5) / rows!r}" for rank in ranks)
        (values,) = yield [f"quantile_disc({column.sql}, [{places}]){chosen}"]
        return list(values)
    where = f"{column.sql} IS NOT NULL" + (f" AND ({condition})" if condition else "")
    bounds = yield from _sample_bounds(column, ranks, rows, where)
    below = yield [f"count(*) FILTER (WHERE {where} AND {column.sql} <= {_write(bound)})" for bound in bounds]
    steps = list(pairwise([(None, 0), *zip(bounds, below, strict=True), (None, rows)]))
    asks: list[Ask] = []
    for rank in ranks:
        (low, before), (high, _) = next(step for step in steps if step[1][1] > rank)
        between = [where, *([f"{column.sql} > {_write(low)}"] if low is not None else [])]
        between += [f"{column.sql} <= {_write(high)}"] if high is not None else []
        groups = f"SELECT {column.sql} AS v, count(*) AS n FROM t WHERE {' AND '.join(between)} GROUP BY v"  # noqa: S608
        places = f"SELECT v, sum(n) OVER (ORDER BY v) AS upto FROM ({groups})"  # noqa: S608
        asks.append(Query(f"SELECT min(v) FROM ({places}) WHERE upto > {rank - before}"))  # noqa: S608
    found = yield asks
    return [value for ((value,),) in found]


def _sample_bounds(column: Column, ranks: list[int], rows: int, where: str) -> Asking:
    """Values around each place by a sample of the rows, in ascending order; none where the sample is empty."""
    shares = {rank / rows + sign * around for rank in ranks for around in _AROUND for sign in (-1, 1)}
    wanted = ", ".join(repr(share) for share in sorted(shares) if 0 < share < 1)
    percent = min(100.0, 100 * _SAMPLE / rows)
    sample = f"SELECT * FROM t USING SAMPLE {percent!r}% (system)"  # noqa: S608
    if not wanted:
        return []
    ((row,),) = yield [Query(f"SELECT quantile_disc({column.sql}, [{wanted}]) FROM ({sample}) WHERE {where}")]  # noqa: S608
    return sorted(set(row[0] or ()))


def _write(value: float) -> str:
    """A value of the table as SQL that means exactly this value."""
    return f"({value})::HUGEINT" if isinstance(value, int) else f"'{value!r}'::DOUBLE"
