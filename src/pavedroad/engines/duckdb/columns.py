"""Expectations about a column or a table as a whole, in DuckDB: one number, or a few, held against bounds."""

import math
from collections.abc import Callable, Mapping
from typing import Any

from pavedroad.engines.duckdb.conditions import write_bound, write_condition, write_set
from pavedroad.engines.duckdb.plan import Ask, Draft, LeftError, Plan, Query, Steps
from pavedroad.engines.duckdb.quantiles import find_ranks
from pavedroad.engines.duckdb.table import Column
from pavedroad.foundation.validation.judging import readable
from pavedroad.foundation.validation.suite import Expectation
from pavedroad.report import Scalar, Value

_SHOWN = 20
_NUMBERS = {"whole", "real"}
_DIGITS = 12
"""Sums of floats depend on the order of adding in their last digits; these are shown, and all are judged by."""

_PANDAS_TYPES = {
    "TINYINT": "int8", "SMALLINT": "int16", "INTEGER": "int32", "BIGINT": "int64", "UTINYINT": "uint8",
    "USMALLINT": "uint16", "UINTEGER": "uint32", "UBIGINT": "uint64", "FLOAT": "float32", "DOUBLE": "float64",
}  # fmt: skip
_KNOWN_TYPES = {*_PANDAS_TYPES.values(), "bool", "str", "datetime64", "datetime64[ns]"}


def _bounds(plan: Plan, expectation: Expectation, column: Column | None) -> tuple[list[str], str]:
    """The bounds of an expectation as comparisons in SQL, to be written after a value, and in words."""
    kwargs = expectation.kwargs
    found, words = [], []
    for key, sign in (("min", ">"), ("max", "<")):
        given = kwargs.get(f"{key}_value")
        if given is None:
            continue
        if column is None and (isinstance(given, bool) or not isinstance(given, int | float)):
            raise LeftError("A number is compared with text.")
        bound = "" if column is None else write_bound(plan, column, given)
        operator = sign if kwargs.get(f"strict_{key}") else f"{sign}="
        found.append(f"{operator} {bound}")
        words.append(f"{operator} {given}")
    return found, " and ".join(words)


def _number(plan: Plan, expectation: Expectation) -> Column:
    column = plan.table.columns[expectation.kwargs["column"]]
    if column.sort not in _NUMBERS:
        raise LeftError("Only numbers have such a statistic in DuckDB.")
    return column


def _filter(plan: Plan, expectation: Expectation) -> str:
    condition = write_condition(plan, expectation.kwargs)
    return f" FILTER (WHERE {condition})" if condition else ""


def _compare(expectation: Expectation, value: object) -> Draft:
    """Hold a number against the bounds of its expectation."""
    kwargs = expectation.kwargs
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return Draft(success=False, observed=None, reason="There is no value to judge by.")
    low, high = kwargs.get("min_value"), kwargs.get("max_value")
    number: Any = value
    above = low is None or (number > low if kwargs.get("strict_min") else number >= low)
    below = high is None or (number < high if kwargs.get("strict_max") else number <= high)
    return _show(bool(above and below), _shorten(value))


def _show(success: bool, observed: Value) -> Draft:
    return Draft(success=success, observed=observed, reason="" if success else f"The observed value is {observed}.")


def _shorten(value: object) -> Scalar:
    shown = readable(value)
    return float(f"{shown:.{_DIGITS}g}") if isinstance(shown, float) else shown


def _extreme(plan: Plan, expectation: Expectation) -> Steps:
    column = plan.table.columns[expectation.kwargs["column"]]
    if column.sort not in {"whole", "real", "time", "zoned"}:
        raise LeftError("Such a column has no least or greatest value.")
    bounds, _ = _bounds(plan, expectation, column)
    name = "min" if expectation.type == "expect_column_min_to_be_between" else "max"
    return _judge_extreme(f"{name}({column.sql}){_filter(plan, expectation)}", bounds)


def _judge_extreme(value: str, bounds: list[str]) -> Steps:
    held = " AND ".join(f"{value} {bound}" for bound in bounds) or "true"
    shown, success = yield [value, held]
    if shown is None:
        return Draft(success=False, observed=None, reason="There is no value to judge by.")
    return _show(bool(success), _shorten(shown))


def _moment(plan: Plan, expectation: Expectation) -> Steps:
    """Sum, mean or standard deviation, over finite numbers; infinities then have their say as they do in pandas."""
    column, condition = _number(plan, expectation), write_condition(plan, expectation.kwargs)
    _bounds(plan, expectation, None)
    kind = expectation.type.removeprefix("expect_column_").removesuffix("_to_be_between")
    return _judge_moment(expectation, column, kind, condition)


def _judge_moment(expectation: Expectation, column: Column, kind: str, condition: str) -> Steps:
    chosen = f" FILTER (WHERE {condition})" if condition else ""
    asks: list[Ask] = [f"count({column.sql}){chosen}"]
    if column.sort == "real":
        also = f" AND {condition}" if condition else ""
        call = {"sum": "fsum", "mean": "favg", "stdev": "stddev_samp"}[kind]
        asks.append(f"{call}({column.sql}) FILTER (WHERE isfinite({column.sql}){also})")
        asks += [f"{extreme}({column.sql}){chosen}" for extreme in ("min", "max")]
    else:
        call = {"sum": "sum", "mean": "avg", "stdev": "stddev_samp"}[kind]
        asks.append(f"{call}({column.sql}){chosen}")
    rows, value, *extremes = yield asks
    if kind == "sum" and rows == 0:
        value = 0
    endless = [end for end in extremes if end is not None and math.isinf(end)]
    if endless:
        value = math.nan if kind == "stdev" or len(set(endless)) == 2 else endless[0]
    return _compare(expectation, value)


def _median(plan: Plan, expectation: Expectation) -> Steps:
    column = _number(plan, expectation)
    _bounds(plan, expectation, None)
    return _judge_median(plan, expectation, column, _order(plan, expectation))


def _order(plan: Plan, expectation: Expectation) -> str:
    """The condition of an expectation for which a column is put in order, which takes memory."""
    condition = write_condition(plan, expectation.kwargs)
    plan.ordered += 1
    return condition


def _judge_median(plan: Plan, expectation: Expectation, column: Column, condition: str) -> Steps:
    (rows,) = yield [_count(column, condition)]
    if not rows:
        return _compare(expectation, None)
    low, high = yield from find_ranks(plan, column, [(rows - 1) // 2, rows // 2], rows, condition)
    return _compare(expectation, low if low == high else (low + high) / 2)


def _quantiles(plan: Plan, expectation: Expectation) -> Steps:
    column, ranges = _number(plan, expectation), expectation.kwargs["quantile_ranges"]
    if expectation.kwargs.get("allow_relative_error"):
        raise LeftError("Only exact quantiles are taken in DuckDB.")
    shares, bounds = ranges["quantiles"], ranges["value_ranges"]
    return _judge_quantiles(plan, column, shares, bounds, _order(plan, expectation))


def _judge_quantiles(
    plan: Plan, column: Column, shares: list[float], bounds: list[list[float | None]], condition: str
) -> Steps:
    (rows,) = yield [_count(column, condition)]
    if not rows:
        return Draft(success=False, observed=None, reason="There is no value to judge by.")
    ranks = [round(share * (rows - 1)) for share in shares]  # the nearest, and the even one of two: as numpy has it
    values = yield from find_ranks(plan, column, ranks, rows, condition)
    held = []
    for value, (low, high) in zip(values, bounds, strict=True):
        at_least, at_most = -math.inf if low is None else low, math.inf if high is None else high
        near = any(math.isfinite(b) and abs(value - b) <= 1e-4 * abs(b) + 1e-8 for b in (at_least, at_most))
        held.append(near or at_least <= value <= at_most)
    shown: dict[str, Scalar] = {f"{share:g}": _shorten(value) for share, value in zip(shares, values, strict=True)}
    return _show(all(held), shown)


def _count(column: Column, condition: str) -> str:
    return f"count({column.sql})" + (f" FILTER (WHERE {condition})" if condition else "")


def _groups(plan: Plan, expectation: Expectation) -> tuple[Column, str]:
    column = plan.table.columns[expectation.kwargs["column"]]
    if column.sort == "empty":
        raise LeftError("The column holds nothing at all.")
    condition = write_condition(plan, expectation.kwargs)
    where = f"{column.sql} IS NOT NULL" + (f" AND {condition}" if condition else "")
    return column, f"SELECT {column.sql} AS v, count(*) AS n FROM t WHERE {where} GROUP BY v"  # noqa: S608


def _distinct(plan: Plan, expectation: Expectation) -> Steps:
    _, groups = _groups(plan, expectation)
    _bounds(plan, expectation, None)
    return _judge_distinct(expectation, groups)


def _judge_distinct(expectation: Expectation, groups: str) -> Steps:
    (((values, rows),),) = yield [Query(f"SELECT count(*), coalesce(sum(n), 0)::BIGINT FROM ({groups})")]  # noqa: S608
    share = expectation.type == "expect_column_proportion_of_unique_values_to_be_between"
    return _compare(expectation, (values / rows if rows else 0) if share else values)


def _known(plan: Plan, expectation: Expectation) -> Steps:
    column = plan.table.columns[expectation.kwargs["column"]]
    _bounds(plan, expectation, None)
    chosen = _filter(plan, expectation)
    return _judge_known(expectation, f"count({column.sql}){chosen}", f"count(*){chosen}")


def _judge_known(expectation: Expectation, known: str, rows: str) -> Steps:
    have, of = yield [known, rows]
    return _compare(expectation, have / of if of else 0)


def _distinct_set(plan: Plan, expectation: Expectation) -> Steps:
    column, groups = _groups(plan, expectation)
    values = expectation.kwargs["value_set"]
    written = write_set(plan, column, values)
    if column.sort == "boolean":
        raise LeftError("Booleans are compared by the other engine.")
    return _judge_distinct_set(expectation.type, list(dict.fromkeys(values)), groups, written)


def _judge_distinct_set(kind: str, values: list[Any], groups: str, written: str) -> Steps:
    outside = f"SELECT v FROM ({groups}) WHERE NOT (v IN {written})" if values else f"SELECT v FROM ({groups})"  # noqa: S608
    found = new = 0
    shown: list[Scalar] = []
    if kind != "expect_column_distinct_values_to_contain_set":
        listed = f"(SELECT list(v ORDER BY v) FROM (SELECT v FROM ({outside}) ORDER BY v LIMIT {_SHOWN}))"  # noqa: S608
        (((new, some),),) = yield [Query(f"SELECT count(*), {listed} FROM ({outside})")]  # noqa: S608
        shown = [readable(value) for value in some or []]
    if kind != "expect_column_distinct_values_to_be_in_set" and values:
        (((found,),),) = yield [Query(f"SELECT count(*) FROM ({groups}) WHERE v IN {written}")]  # noqa: S608
    else:
        found = len(values)
    missing = len(values) - found
    reasons = [f"{new:,} values are not in the set."] * bool(new) + [f"{missing:,} of the set are absent."] * bool(
        missing
    )
    evidence: dict[str, Value] = {"unexpected": new, "missing": missing, **({"values": shown} if shown else {})}
    return Draft(not new and not missing, f"{new:,} unexpected, {missing:,} missing", " ".join(reasons), evidence)


def _most_common(plan: Plan, expectation: Expectation) -> Steps:
    column, groups = _groups(plan, expectation)
    values = expectation.kwargs["value_set"]
    write_set(plan, column, values)
    if column.sort == "boolean":
        raise LeftError("Booleans are compared by the other engine.")
    return _judge_most_common(values, groups, ties_okay=bool(expectation.kwargs.get("ties_okay")))


def _judge_most_common(values: list[Any], groups: str, *, ties_okay: bool) -> Steps:
    most = f"SELECT v FROM ({groups}) QUALIFY n = max(n) OVER ()"  # noqa: S608
    (rows,) = yield [Query(f"SELECT v FROM ({most}) ORDER BY v LIMIT 10000")]  # noqa: S608
    modes = [row[0] for row in rows]
    common = len(set(values) & set(modes))
    return _show(common > 0 if ties_okay else len(modes) == 1 and common == 1, [readable(v) for v in modes[:_SHOWN]])


def _type(plan: Plan, expectation: Expectation) -> Steps:
    column, kwargs = plan.table.columns[expectation.kwargs["column"]], expectation.kwargs
    wanted = [kwargs["type_"]] if "type_" in kwargs else kwargs["type_list"]
    if not wanted or not set(wanted) <= _KNOWN_TYPES or column.sort in {"zoned", "empty"}:
        raise LeftError("A type is named that only pandas can tell.")
    return _judge_type(column, {name.removesuffix("[ns]") for name in wanted})


def _judge_type(column: Column, wanted: set[str]) -> Steps:
    """Compare with the type that the column has in pandas, where it is trained on: gaps make whole numbers floats."""
    rows, known = yield ["count(*)", f"count({column.sql})"]
    if column.sort == "whole":
        found = _PANDAS_TYPES[column.type] if known == rows else "float64"
    elif column.sort == "boolean":
        found = "bool"  # with gaps it is a column of objects, each of which is a bool
        if known == 0 < rows:
            return _show(True, "no value")
    else:
        found = {"real": _PANDAS_TYPES.get(column.type, "float64"), "text": "str"}.get(column.sort, "datetime64")
    return _show(found in wanted, found)


def _rows(plan: Plan, expectation: Expectation) -> Steps:
    _bounds(plan, expectation, None)
    return _judge_rows(expectation, f"count(*){_filter(plan, expectation)}")


def _judge_rows(expectation: Expectation, count: str) -> Steps:
    (rows,) = yield [count]
    if "value" in expectation.kwargs:
        return _show(rows == expectation.kwargs["value"], rows)
    return _compare(expectation, rows)


def _shape(plan: Plan, expectation: Expectation) -> Steps:
    names, kwargs = list(plan.table.columns), expectation.kwargs
    kind = expectation.type
    if kind == "expect_column_to_exist":
        place, name = kwargs.get("column_index"), kwargs["column"]
        there = name in names and (not place or names.index(name) == (place if place >= 0 else len(names) + place))
        draft = Draft(
            there, observed=there, reason="" if there else f"The column {name!r} is not there, or not at its place."
        )
    elif kind == "expect_table_column_count_to_equal":
        draft = _show(len(names) == kwargs["value"], len(names))
    elif kind == "expect_table_column_count_to_be_between":
        draft = _compare(expectation, len(names))
    elif kind == "expect_table_columns_to_match_ordered_list":
        draft = _tell_difference(names, kwargs["column_list"], ok=names == list(kwargs["column_list"]), exact=True)
    else:
        exact, wanted = kwargs.get("exact_match", True), list(dict.fromkeys(kwargs["column_set"]))
        ok = set(wanted) <= set(names) and (not exact or set(names) <= set(wanted))
        draft = _tell_difference(names, wanted, ok=ok, exact=bool(exact))
    return _settle(draft)


def _tell_difference(names: list[str], wanted: list[str], *, ok: bool, exact: bool) -> Draft:
    missing: list[Scalar] = []
    missing += [name for name in wanted if name not in names][:_SHOWN]
    new: list[Scalar] = []
    new += [name for name in names if exact and name not in wanted][:_SHOWN]
    reasons = [f"Missing: {', '.join(map(str, missing))}."] * bool(missing) + [
        f"New: {', '.join(map(str, new))}."
    ] * bool(new)
    reason = "" if ok else " ".join(reasons) or "The columns are there in another order."
    return Draft(
        ok,
        observed=f"{len(names):,} columns",
        reason=reason,
        evidence={"missing": missing, "new": new} if not ok else {},
    )


def _settle(draft: Draft) -> Steps:
    yield []
    return draft


COLUMNS: Mapping[str, Callable[[Plan, Expectation], Steps]] = {
    "expect_column_min_to_be_between": _extreme,
    "expect_column_max_to_be_between": _extreme,
    "expect_column_mean_to_be_between": _moment,
    "expect_column_sum_to_be_between": _moment,
    "expect_column_stdev_to_be_between": _moment,
    "expect_column_median_to_be_between": _median,
    "expect_column_quantile_values_to_be_between": _quantiles,
    "expect_column_unique_value_count_to_be_between": _distinct,
    "expect_column_proportion_of_unique_values_to_be_between": _distinct,
    "expect_column_proportion_of_non_null_values_to_be_between": _known,
    "expect_column_distinct_values_to_be_in_set": _distinct_set,
    "expect_column_distinct_values_to_contain_set": _distinct_set,
    "expect_column_distinct_values_to_equal_set": _distinct_set,
    "expect_column_most_common_value_to_be_in_set": _most_common,
    "expect_column_values_to_be_of_type": _type,
    "expect_column_values_to_be_in_type_list": _type,
    "expect_table_row_count_to_be_between": _rows,
    "expect_table_row_count_to_equal": _rows,
    "expect_table_column_count_to_be_between": _shape,
    "expect_table_column_count_to_equal": _shape,
    "expect_table_columns_to_match_ordered_list": _shape,
    "expect_table_columns_to_match_set": _shape,
    "expect_column_to_exist": _shape,
}
"""How each expectation about a column or the table is judged. A generator made without LeftError will answer."""
