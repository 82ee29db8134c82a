"""Pictures of columns from DuckDB: of the whole table where it is small, else of slices spread evenly over it."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from pavedroad.engines.duckdb.table import KINDS, Column, Table
from pavedroad.foundation.data.histograms import (
    CLOCK,
    FIRST,
    GRAINS,
    LAST,
    MAX_BARS,
    choose_edges,
    choose_moments,
    draw_moments,
    draw_numbers,
    draw_values,
    say_little,
)
from pavedroad.report import Figure

WHOLE = 20_000
"""Up to so many rows a picture is of all of them; beyond, it is of about as many."""
SLICES = 5
_FAR = 2**62
"""Microseconds that stand for a time that is infinitely far."""


class _Scale(NamedTuple):
    """Numbers or times to be drawn over an axis: of which column, and as what expression of SQL."""

    name: str
    sql: str
    unit: str = ""
    """That of times; empty for numbers."""
    about: str = ""
    """What the numbers are, where they are not the column's own values."""


def draw(table: Table, rows: int, names: tuple[str, ...]) -> list[Figure]:
    """A picture of the distribution of each named column that has a value."""
    columns = [table.columns[name] for name in names if name in table.columns]
    columns = [column for column in columns if column.sort != "empty"]
    if not columns or not rows:
        return []
    where, note, slices = _choose_slices(table, rows)
    wanted = ", ".join(map(_read, columns))
    table.ask(f"CREATE OR REPLACE TEMP TABLE drawn AS SELECT {wanted}, r FROM t{where}")  # noqa: S608
    moving = _find_moving(table, columns, slices)
    if moving:
        wanted = ", ".join(map(_read, moving))
        table.ask(f"CREATE TEMP TABLE spread AS SELECT {wanted} FROM t WHERE r % {max(1, rows // WHOLE)} = 0")  # noqa: S608
    scales = {column.name: _to_scale(column) for column in columns if _is_ordered(column)}
    still = [scale for name, scale in scales.items() if name not in {column.name for column in moving}]
    figures = _draw_scales(table, "drawn", still, note)
    figures |= _draw_scales(table, "spread", [scales[column.name] for column in moving], note)
    for column in columns:
        if column.name not in scales:
            figures[column.name] = _draw_values(table, column, note)
    found = (figures[column.name] for column in columns)
    return [figure for figure in found if figure is not None]


def _is_ordered(column: Column) -> bool:
    return KINDS[column.sort] in {"number", "time"}


def _to_scale(column: Column) -> _Scale:
    times = {"time": "time in UTC" if column.sort == "zoned" else "time"}
    return _Scale(column.name, column.sql, times.get(KINDS[column.sort], ""))


def _read(column: Column) -> str:
    """A column as it is drawn: finite numbers of double precision, microseconds since 1970, or text."""
    match KINDS[column.sort]:
        case "number":
            value = f"CASE WHEN isfinite({column.sql}::DOUBLE) THEN {column.sql}::DOUBLE END"
        case "time":  # an infinity has no number
            far = f"CASE {column.sql}::VARCHAR WHEN 'infinity' THEN {_FAR} WHEN '-infinity' THEN -{_FAR} END"
            value = f"coalesce(epoch_us({column.sql}), {far})"
        case _:
            value = f"{column.sql}::VARCHAR"
    return f"{value} AS {column.sql}"


def _choose_slices(table: Table, rows: int) -> tuple[str, str, list[int]]:
    """Which rows are drawn, a note that says so, and the rows at which slices of them start."""
    if rows <= WHOLE or len(table.source.files) > 1:
        return (f" LIMIT {WHOLE}" if rows > WHOLE else ""), ("" if rows <= WHOLE else f"first {WHOLE:,} rows"), []
    each = WHOLE // SLICES
    starts = [slice_ * (rows - each) // (SLICES - 1) for slice_ in range(SLICES)]
    ranges = " OR ".join(f"r BETWEEN {start} AND {start + each - 1}" for start in starts)
    return f" WHERE {ranges}", f"{WHOLE:,} of {rows:,} rows", starts


def _find_moving(table: Table, columns: list[Column], starts: list[int]) -> list[Column]:
    """The columns of numbers or times that move along the rows, as counted ids do; slices give holes in their pictures.

    A column moves when the middle halves of the values in two slices have nothing in common. Such a column is then
    drawn of single rows all over the table, which takes a scan, though of that column only.
    """
    ordered = [column for column in columns if _is_ordered(column)]
    if not ordered or not starts:
        return []
    halves = ", ".join(f"quantile_disc({column.sql}, [0.25, 0.75])" for column in ordered)
    slices = " + ".join(f"(r >= {start})::INTEGER" for start in starts)
    found = table.ask(f"SELECT {halves} FROM drawn GROUP BY {slices}")  # noqa: S608
    moving = []
    for column, ends in zip(ordered, zip(*found, strict=True), strict=True):
        known = [half for half in ends if half]
        if known and max(low for low, _ in known) > min(high for _, high in known):
            moving.append(column)
    return moving


def _draw_scales(table: Table, place: str, scales: Sequence[_Scale], note: str) -> dict[str, Figure | None]:
    """The pictures of numbers and times by their columns' names, from two queries; None where there is no value."""
    if not scales:
        return {}
    found = dict(zip(scales, _describe(table, place, scales), strict=True))
    edges = {scale: _choose(scale, told) for scale, told in found.items() if told.known}
    counts = _count(table, place, edges)
    figures: dict[str, Figure | None] = {}
    for scale, told in found.items():
        notes = [*([scale.about] if scale.about else []), note]
        ends = edges.get(scale, [])
        if ends:
            ends = [min(ends[0], told.low), *ends[1:-1], max(ends[-1], told.high)]
        if scale.unit:
            drawn = draw_moments(scale.name, notes, ends, counts.get(scale, {}), scale.unit, told.beyond)
            figures[scale.name] = drawn if ends or any(told.beyond) else None
        else:
            figures[scale.name] = draw_numbers(scale.name, notes, ends, counts[scale]) if ends else None
    return figures


class _Told(NamedTuple):
    """How many values there are, where most and all of them lie, which grains they are multiples of."""

    known: int
    most: Sequence[Any]
    low: Any
    high: Any
    fits: Sequence[bool]
    beyond: tuple[int, int]
    """How many are before and after all dates of anything."""


def _describe(table: Table, place: str, scales: Sequence[_Scale]) -> list[_Told]:
    asked: list[str] = []
    for _, v, unit, _ in scales:
        within = f" FILTER (WHERE {_say_within(v)})" if unit else ""
        fits = [f"{v} % {grain} = 0" for grain in GRAINS] if unit else [f"{v} = round({v})"]
        asked += [f"count({v}){within}", f"quantile_{'disc' if unit else 'cont'}({v}, [0.005, 0.995]){within}"]
        asked += [f"min({v}){within}", f"max({v}){within}"]
        asked.append(f"[{', '.join(f'bool_and({fit}){within}' for fit in fits)}]")
        beyond = [f"{v} < {FIRST}", f"{v} >= {LAST}"] if unit else ["false", "false"]
        asked.append(f"[{', '.join(f'count({v}) FILTER (WHERE {test})' for test in beyond)}]")
    (answers,) = table.ask(f"SELECT {', '.join(asked)} FROM {place}")  # noqa: S608
    width = len(_Told._fields)
    return [_Told(*answers[start : start + width]) for start in range(0, len(answers), width)]


def _choose(scale: _Scale, told: _Told) -> list[Any]:
    if not scale.unit:
        return [*choose_edges(told.most[0], told.most[1], told.low, told.high, whole=told.fits[0])]
    grain = next((grain for grain, fits in zip(GRAINS, told.fits, strict=True) if fits), 1)
    return [*choose_moments(told.most[0], told.most[1], grain)]


def _count(table: Table, place: str, edges: Mapping[_Scale, list[Any]]) -> dict[_Scale, dict[int, int]]:
    """How many of the values of each scale lie in each bin; the outermost hold all beyond."""
    if not edges:
        return {}
    asked = []
    for (_, v, unit, _), ends in edges.items():
        # DuckDB's own bins hold their upper end; ours hold the lower one, so all is counted the other way round.
        kind = "BIGINT" if unit else "DOUBLE"
        turned = ", ".join(f"{-end!r}::{kind}" for end in reversed(ends[1:-1]))
        within = f" FILTER (WHERE {_say_within(v)})" if unit else ""
        asked.append(f"histogram(-{v}, [{turned}]::{kind}[]){within}")
    (answers,) = table.ask(f"SELECT {', '.join(asked)} FROM {place}")  # noqa: S608
    found = {}
    for (scale, ends), counted in zip(edges.items(), answers, strict=True):
        places = {-end: number for number, end in enumerate(ends[1:-1], 1)}
        found[scale] = {places.get(end, 0): count for end, count in counted.items() if count}
    return found


def _say_within(value: str) -> str:
    return f"{value} >= {FIRST} AND {value} < {LAST}"


def _draw_values(table: Table, column: Column, note: str) -> Figure | None:
    present = f"SELECT {column.sql} AS v FROM drawn WHERE {column.sql} IS NOT NULL"  # noqa: S608
    found = table.ask(
        f"SELECT v, n, sum(n) OVER (), count(*) OVER () FROM (SELECT v, count(*) AS n FROM ({present}) GROUP BY v)"  # noqa: S608
        f" ORDER BY n DESC, v LIMIT {MAX_BARS}"
    )
    if not found:
        return None
    name = column.name
    counts, total, distinct = {value: count for value, count, _, _ in found}, int(found[0][2]), found[0][3]
    if distinct > MAX_BARS and all(map(CLOCK.fullmatch, counts)):
        ((all_of_day,),) = table.ask(f"SELECT bool_and(regexp_full_match(v, '{CLOCK.pattern}')) FROM ({present})")  # noqa: S608
        if all_of_day:
            times = f"(SELECT epoch_us(v::TIME) AS v FROM ({present}))"  # noqa: S608
            return _draw_scales(table, times, [_Scale(name, "v", "time of day")], note)[name]
    if say_little(counts.values(), total, distinct):
        lengths = f"(SELECT length(v)::DOUBLE AS v FROM ({present}))"  # noqa: S608
        return _draw_scales(table, lengths, [_Scale(name, "v", about="length of the text")], note)[name]
    return draw_values(name, [note], counts, total, distinct)
