"""Expectations about every row, in DuckDB: how many values are unexpected, and which rows they stand in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from pavedroad.engines.duckdb.conditions import write_bound, write_condition, write_in
from pavedroad.engines.duckdb.plan import Ask, Draft, LeftError, Plan, Query, Steps
from pavedroad.engines.duckdb.table import Column
from pavedroad.foundation.validation.suite import Expectation

if TYPE_CHECKING:
    from pavedroad.report import Value

_MAX_WIDE = 8
"""Columns that are added up or compared with each other; beyond, pandas adds in an order of its own."""
_NUMBERS = {"whole", "real"}


@dataclass(frozen=True)
class _Rows:
    """Which rows count and which of them are unexpected, as conditions in SQL; an empty one holds for every row."""

    chosen: str = ""
    considered: str = ""
    unexpected: str = ""
    impossible: str = ""
    """An aggregate that is true when no row can be unexpected, which spares the count."""


def _judge(plan: Plan, expectation: Expectation, rows: _Rows) -> Steps:
    """Count the rows in question and the unexpected ones among them; name some of these when they are too many."""
    considered = _both(rows.chosen, rows.considered)
    unexpected = _both(rows.chosen, rows.unexpected)
    counts: list[Ask] = [_count(rows.chosen), _count(considered)]
    if rows.impossible and not rows.chosen:
        everything, usable, none = yield [*counts, rows.impossible]
        found = 0 if none else (yield [_count(unexpected)])[0]
    else:
        everything, usable, found = yield [*counts, _count(unexpected)]
    draft = draw_up(expectation, everything, usable, found)
    if draft.success or not found:
        return draft
    (numbers,) = yield [f"min(r, {plan.most_keys}) FILTER (WHERE {unexpected})"]
    return name_failing(draft, numbers)


def draw_up(expectation: Expectation, rows: int, usable: int, found: int) -> Draft:
    """What counts come to; ``mostly`` is a share of the values that are not missing, as for Great Expectations."""
    mostly = expectation.kwargs.get("mostly", 1)
    success = usable == 0 or (float(usable) - float(found)) / float(usable) >= mostly
    evidence: dict[str, Value] = {"rows": rows, "unexpected": found, "nulls": rows - usable}
    if found:
        evidence["share"] = round(found / usable, 6)
    return Draft(
        success=success,
        observed=f"{found:,} of {usable:,} values unexpected",
        reason="" if success else f"{found:,} of {usable:,} values are not as expected.",
        evidence=evidence,
    )


def name_failing(draft: Draft, numbers: list[int] | None) -> Draft:
    """The draft with the numbers of failing rows."""
    return Draft(draft.success, draft.observed, draft.reason, draft.evidence, tuple(numbers or ()))


def _count(condition: str) -> str:
    """Count rows; of no rows ``count_if`` is NULL. As a FILTER of ``count(*)`` a whole query took a quarter longer."""
    return f"coalesce(count_if({condition}), 0)" if condition else "count(*)"


def _both(first: str, second: str) -> str:
    return f"({first}) AND ({second})" if first and second else first or second


def _column(plan: Plan, expectation: Expectation, *, key: str = "column") -> Column:
    column = plan.table.columns[expectation.kwargs[key]]
    if column.sort == "empty":
        raise LeftError("The column holds nothing at all.")
    return column


def _values(plan: Plan, expectation: Expectation, column: Column, ok: str, *, impossible: str = "") -> Steps:
    """Judge the values of one column that are not missing by a condition that is unknown for missing ones at most."""
    chosen = write_condition(plan, expectation.kwargs)
    return _judge(plan, expectation, _Rows(chosen, f"{column.sql} IS NOT NULL", f"NOT ({ok})", impossible))


def _not_null(plan: Plan, expectation: Expectation) -> Steps:
    column = plan.table.columns[expectation.kwargs["column"]].sql
    return _judge(plan, expectation, _Rows(write_condition(plan, expectation.kwargs), "", f"{column} IS NULL"))


def _null(plan: Plan, expectation: Expectation) -> Steps:
    column = plan.table.columns[expectation.kwargs["column"]].sql
    return _judge(plan, expectation, _Rows(write_condition(plan, expectation.kwargs), "", f"{column} IS NOT NULL"))


def _range(plan: Plan, expectation: Expectation, column: Column, value: str, *, lengths: bool) -> tuple[str, str]:
    """A range as a condition on a value, and as one on the least and the greatest value."""
    kwargs = expectation.kwargs
    each, extremes = [], []
    for key, sign, extreme in (("min", ">", "min"), ("max", "<", "max")):
        given = kwargs.get(f"{key}_value")
        if given is None:
            continue
        bound = plan.write(given) if lengths else write_bound(plan, column, given)
        operator = sign if kwargs.get(f"strict_{key}") else f"{sign}="
        each.append(f"{value} {operator} {bound}")
        extremes.append(f"{extreme}({value}) {operator} {bound}")
    if not each:
        raise LeftError("The range has no bound.")
    return " AND ".join(each), " AND ".join(extremes)


def _between(plan: Plan, expectation: Expectation) -> Steps:
    column = _column(plan, expectation)
    if column.sort in {"text", "boolean"}:
        raise LeftError("Only numbers and times lie between bounds.")
    each, extremes = _range(plan, expectation, column, column.sql, lengths=False)
    return _values(plan, expectation, column, each, impossible=extremes)


def _lengths(plan: Plan, expectation: Expectation) -> Steps:
    column = _text(plan, expectation)
    if "value" in expectation.kwargs:
        value = plan.write(expectation.kwargs["value"])
        each = f"length({column.sql}) = {value}"
        extremes = f"min(length({column.sql})) = {value} AND max(length({column.sql})) = {value}"
    else:
        each, extremes = _range(plan, expectation, column, f"length({column.sql})", lengths=True)
    return _values(plan, expectation, column, each, impossible=extremes)


def _text(plan: Plan, expectation: Expectation) -> Column:
    column = _column(plan, expectation)
    if column.sort != "text":
        raise LeftError("Only text is compared with patterns and lengths in DuckDB.")
    return column


def _in_set(plan: Plan, expectation: Expectation) -> Steps:
    column = _column(plan, expectation)
    return _values(plan, expectation, column, write_in(plan, column, expectation.kwargs["value_set"]))


def _not_in_set(plan: Plan, expectation: Expectation) -> Steps:
    column = _column(plan, expectation)
    return _values(plan, expectation, column, f"NOT ({write_in(plan, column, expectation.kwargs['value_set'])})")


def _regex(plan: Plan, expectation: Expectation) -> Steps:
    column, kwargs = _text(plan, expectation), expectation.kwargs
    patterns = [kwargs["regex"]] if "regex" in kwargs else list(kwargs["regex_list"])
    if not patterns:
        raise LeftError("The list of patterns is empty.")
    tests = []
    for pattern in patterns:
        if not _is_understood(plan, pattern):
            raise LeftError("The pattern says what RE2 cannot, such as a look-ahead or a back-reference.")
        tests.append(f"regexp_matches({column.sql}, {plan.bind(pattern)})")
    return _values(plan, expectation, column, _combine(tests, expectation))


def _like(plan: Plan, expectation: Expectation) -> Steps:
    column, kwargs = _text(plan, expectation), expectation.kwargs
    patterns = [kwargs["like_pattern"]] if "like_pattern" in kwargs else list(kwargs["like_pattern_list"])
    if not patterns:
        raise LeftError("The list of patterns is empty.")
    escape = f" ESCAPE {plan.bind(kwargs['escape'])}" if kwargs.get("escape") else ""
    tests = [f"{column.sql} LIKE {plan.bind(pattern)}{escape}" for pattern in patterns]
    return _values(plan, expectation, column, _combine(tests, expectation))


def _combine(tests: list[str], expectation: Expectation) -> str:
    if "_not_match_" in expectation.type:
        return f"NOT ({' OR '.join(tests)})"
    return f"({(' AND ' if expectation.kwargs.get('match_on') == 'all' else ' OR ').join(tests)})"


def _is_understood(plan: Plan, pattern: str) -> bool:
    import duckdb

    try:
        plan.table.connection.execute("SELECT regexp_matches('', $pattern)", {"pattern": pattern}).fetchall()
    except duckdb.Error:
        return False
    return True


def _unique(plan: Plan, expectation: Expectation) -> Steps:
    if "column_list" in expectation.kwargs:
        columns = [plan.table.columns[name] for name in expectation.kwargs["column_list"]]
        considered = _ignore(expectation, columns)
    else:
        columns = [_column(plan, expectation)]
        considered = f"{columns[0].sql} IS NOT NULL"
    return _judge_unique(plan, expectation, columns, considered, write_condition(plan, expectation.kwargs))


def _judge_unique(plan: Plan, expectation: Expectation, columns: list[Column], considered: str, chosen: str) -> Steps:
    usable_rows = _both(chosen, considered)
    where = f" WHERE {usable_rows}" if usable_rows else ""
    names = ", ".join(column.sql for column in columns)
    alone = len(columns) == 1 and columns[0].sort != "text"
    everything, usable = yield [_count(chosen), _count(usable_rows)]
    if alone and not chosen and usable == everything:
        # A key is often written in order, and order is seen in a fraction of the time that a hash of all values takes.
        (((ordered,),),) = yield [Query(_write_order_test(columns[0].sql))]
        if ordered:
            return draw_up(expectation, everything, usable, 0)
    groups = f"SELECT count(*) AS n FROM t{where} GROUP BY {names}"  # noqa: S608
    (((found,),),) = yield [Query(f"SELECT coalesce(sum(n) FILTER (WHERE n > 1), 0)::BIGINT FROM ({groups})")]  # noqa: S608
    draft = draw_up(expectation, everything, usable, found)
    if draft.success or not found:
        return draft
    same = f"SELECT min(r, {plan.most_keys}) AS firsts FROM t{where} GROUP BY {names} HAVING count(*) > 1"  # noqa: S608
    rows = f"SELECT unnest(firsts) AS r FROM ({same})"  # noqa: S608
    (numbers,) = yield [Query(f"SELECT r FROM ({rows}) ORDER BY r LIMIT {plan.most_keys}")]  # noqa: S608
    return name_failing(draft, [number for (number,) in numbers])


def _write_order_test(column: str) -> str:
    """Whether every value is greater than the one before; the first rows tell whether it is worth a look at all."""
    pairs = f"SELECT {column} AS v, lag({column}) OVER () AS p FROM"
    test = "SELECT coalesce(bool_and(v > p), true) FROM"
    some, all_ = (f"{test} ({pairs} {rows}) WHERE p IS NOT NULL" for rows in ("(FROM t LIMIT 10000)", "t"))
    return f"SELECT CASE WHEN ({some}) THEN ({all_}) ELSE false END"


def _order(plan: Plan, expectation: Expectation) -> Steps:
    column = _column(plan, expectation)
    if column.sort not in {"whole", "real", "time", "zoned"}:
        raise LeftError("Only numbers and times have an order here.")
    chosen = write_condition(plan, expectation.kwargs)
    where = _both(chosen, f"{column.sql} IS NOT NULL")
    sign = "<" if expectation.type.endswith("decreasing") else ">"
    operator = sign if expectation.kwargs.get("strictly") else f"{sign}="
    # The difference of two infinities is no number, and then pandas lets the row pass.
    unknown = " OR isnan(v - p)" if column.sort == "real" else ""
    pairs = f"SELECT r, {column.sql} AS v, lag({column.sql}) OVER () AS p FROM t WHERE {where}"  # noqa: S608
    bad = f"p IS NOT NULL AND NOT (v {operator} p{unknown})"
    return _judge_order(plan, expectation, chosen, where, f"FROM ({pairs}) WHERE {bad}")


def _judge_order(plan: Plan, expectation: Expectation, chosen: str, where: str, unexpected: str) -> Steps:
    everything, usable, ((found,),) = yield [_count(chosen), _count(where), Query(f"SELECT count(*) {unexpected}")]
    draft = draw_up(expectation, everything, usable, found)
    if draft.success or not found:
        return draft
    (((numbers,),),) = yield [Query(f"SELECT min(r, {plan.most_keys}) {unexpected}")]
    return name_failing(draft, numbers)


def _pair(plan: Plan, expectation: Expectation) -> Steps:
    kwargs = expectation.kwargs
    a, b = (_column(plan, expectation, key=key) for key in ("column_A", "column_B"))
    if "value_pairs_set" in kwargs:
        ok = _write_pairs(plan, a, b, kwargs["value_pairs_set"])
    else:
        if a.sort != b.sort and not {a.sort, b.sort} <= _NUMBERS:
            raise LeftError("The two columns hold different sorts of values.")
        if "boolean" in {a.sort, b.sort}:
            raise LeftError("Booleans are compared by the other engine.")
        operator = "=" if expectation.type.endswith("equal") else ">=" if kwargs.get("or_equal") else ">"
        if operator != "=" and a.sort == "text":
            raise LeftError("Text is compared by the other engine.")
        ok = f"{a.sql} {operator} {b.sql}"
    considered = _ignore(expectation, [a, b])
    bad = _both(considered, f"NOT coalesce({ok}, false)")
    return _judge(plan, expectation, _Rows(write_condition(plan, kwargs), considered, bad))


def _write_pairs(plan: Plan, a: Column, b: Column, pairs: object) -> str:
    if not isinstance(pairs, list) or not pairs or len(pairs) > 200:
        raise LeftError("The set of pairs is empty or long.")
    either = []
    for pair in pairs:
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            raise LeftError("The set of pairs holds something else.")
        both = [
            f"{column.sql} IS NULL"
            if value is None
            else f"coalesce({column.sql} = {_write_one(plan, column, value)}, false)"
            for column, value in zip((a, b), pair, strict=True)
        ]
        either.append(f"({' AND '.join(both)})")
    return " OR ".join(either)


def _write_one(plan: Plan, column: Column, value: object) -> str:
    return write_in(plan, column, [value]).partition(" IN ")[2]


def _ignore(expectation: Expectation, columns: list[Column]) -> str:
    """Which rows of several columns count: those with a value in one of them, in all of them, or every row."""
    rule = expectation.kwargs.get("ignore_row_if") or ""
    if rule in {"neither", "never"}:
        return ""
    word = " AND " if rule in {"either_value_is_missing", "any_value_is_missing"} else " OR "
    return word.join(f"{column.sql} IS NOT NULL" for column in columns)


def _several(plan: Plan, expectation: Expectation) -> Steps:
    columns = [plan.table.columns[name] for name in expectation.kwargs["column_list"]]
    sorts = {column.sort for column in columns}
    if len(columns) > _MAX_WIDE:
        raise LeftError(f"More than {_MAX_WIDE} columns are compared by the other engine.")
    if not (sorts <= _NUMBERS or sorts in ({"text"}, {"time"})):
        raise LeftError("The columns hold different sorts of values.")
    names = [column.sql for column in columns]
    if expectation.type == "expect_multicolumn_sum_to_equal":
        total = expectation.kwargs["sum_total"]
        if not sorts <= _NUMBERS or isinstance(total, bool) or not isinstance(total, int | float):
            raise LeftError("Only numbers are added up.")
        kind = "DOUBLE" if "real" in sorts else "HUGEINT"
        ok = f"{' + '.join(f'{name}::{kind}' for name in names)} = {plan.write(total)}"
    elif expectation.type == "expect_multicolumn_values_to_be_equal":
        ok = " AND ".join(f"{name} IS NOT DISTINCT FROM {names[0]}" for name in names[1:])
    else:
        ok = " AND ".join(f"{a} IS DISTINCT FROM {b}" for a, b in combinations(names, 2))
    considered = _ignore(expectation, columns)
    bad = _both(considered, f"NOT coalesce({ok}, false)")
    return _judge(plan, expectation, _Rows(write_condition(plan, expectation.kwargs), considered, bad))


ROWS: Mapping[str, Callable[[Plan, Expectation], Steps]] = {
    "expect_column_values_to_not_be_null": _not_null,
    "expect_column_values_to_be_null": _null,
    "expect_column_values_to_be_between": _between,
    "expect_column_value_lengths_to_be_between": _lengths,
    "expect_column_value_lengths_to_equal": _lengths,
    "expect_column_values_to_be_in_set": _in_set,
    "expect_column_values_to_not_be_in_set": _not_in_set,
    "expect_column_values_to_match_regex": _regex,
    "expect_column_values_to_not_match_regex": _regex,
    "expect_column_values_to_match_regex_list": _regex,
    "expect_column_values_to_not_match_regex_list": _regex,
    "expect_column_values_to_match_like_pattern": _like,
    "expect_column_values_to_not_match_like_pattern": _like,
    "expect_column_values_to_match_like_pattern_list": _like,
    "expect_column_values_to_not_match_like_pattern_list": _like,
    "expect_column_values_to_be_unique": _unique,
    "expect_compound_columns_to_be_unique": _unique,
    "expect_column_values_to_be_increasing": _order,
    "expect_column_values_to_be_decreasing": _order,
    "expect_column_pair_values_to_be_equal": _pair,
    "expect_column_pair_values_a_to_be_greater_than_b": _pair,
    "expect_column_pair_values_to_be_in_set": _pair,
    "expect_multicolumn_sum_to_equal": _several,
    "expect_multicolumn_values_to_be_equal": _several,
    "expect_select_column_values_to_be_unique_within_record": _several,
}
"""How each expectation about rows is judged. A generator that is made without LeftError will answer."""
