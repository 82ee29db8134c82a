"""Axes of times: where their marks stand, how these are written, and what the marks leave unsaid."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from pavedroad.foundation.data.histograms import BINS, DAY, FIRST, LAST, MILLISECOND, MINUTE, SECOND, choose_moments
from pavedroad.render.palette import Row

UNITS = ("time", "time in UTC", "time of day")
"""Units of figures whose places are milliseconds since 1970, or since midnight."""
NEARLY = 1.15
"""Months, quarters and years count as of one width."""
_MOST_MARKS = 6
_FORMATS = (
    (360 * DAY, "%Y"),
    (28 * DAY, "%b %Y"),
    (DAY, "%-d %b"),
    (MINUTE, "%H:%M"),
    (SECOND, "%H:%M:%S"),
    (0, "%S.%L"),
)
"""How a mark is written, by how far the marks are from each other at least."""
_LABELS: Row = {"grid": False, "labelFlush": False, "labelSeparation": 6}
_SCALE: Row = {"zero": False, "nice": False}


def have_dates(moments: Sequence[float]) -> bool:
    """Whether all moments, in milliseconds, lie where there are dates."""
    return all(FIRST <= moment * MILLISECOND <= LAST for moment in moments)


def to_axis(rows: list[Row], unit: str) -> tuple[list[Row], Row, list[str]]:
    """Bins of milliseconds over an axis of times: their rows, its encoding, and what has to be said beside its marks.

    Marks follow the clock and the calendar and are no closer than the narrowest bin is wide. A range of few of the
    milliseconds in which the renderer counts time is moved to a second, and the axis is one of numbers.
    """
    low, high = min(row["low"] for row in rows), max(row["high"] for row in rows)
    first, last = round(low * MILLISECOND), max(round(high * MILLISECOND) - 1, round(low * MILLISECOND))
    narrowest = max(1, round(min(row["high"] - row["low"] for row in rows) / NEARLY * MILLISECOND))
    if high - low < BINS:
        start = first // SECOND * SECOND
        rows = [{**row, **{end: row[end] - start / MILLISECOND for end in ("low", "high")}} for row in rows]
        plain = {"grid": False, "tickCount": 4}
        return rows, {"type": "quantitative", "scale": _SCALE, "axis": plain}, [f"milliseconds after {_tell(start)}"]
    marks = [mark for mark in choose_moments(first, last, narrowest, _MOST_MARKS) if first <= mark <= last + 1]
    step = min((after - before for before, after in pairwise(marks)), default=narrowest)
    pattern = next(pattern for least, pattern in _FORMATS if step >= least)
    told = [_tell_range(first, last, days=step < DAY)] if pattern not in {"%Y", "%b %Y"} else []
    text = f"utcFormat(datum.value, '{pattern}')"
    if unit == "time of day":
        text, told = f"time(datum.value) == {DAY // MILLISECOND} ? '24:00' : {text}", []
    if unit == "time in UTC" and step < DAY:
        told = [" ".join([*told, "UTC"])]
    axis: Row = {**_LABELS, "values": [mark / MILLISECOND for mark in marks], "labelExpr": text}
    return rows, {"type": "temporal", "scale": {**_SCALE, "type": "utc"}, "axis": axis}, told


def _tell(moment: int) -> str:
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=moment)
    return f"{at.day} {at:%b} {at.year} {at:%H:%M:%S}"


def _tell_range(first: int, last: int, *, days: bool) -> str:
    """The years or the days that two moments lie in."""
    ends = [datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=moment) for moment in (first, last)]
    told = [f"{end.day} {end:%b} {end.year}" if days else str(end.year) for end in ends]
    return " to ".join(dict.fromkeys(told))
