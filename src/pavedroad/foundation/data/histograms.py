"""The histogram of a column: its bins and its figure, the same whichever engine counts what lies in them.

A moment is a whole number of microseconds since 1970, in UTC where the times have a zone; a time of day counts them
since midnight.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from pavedroad.report import Figure, Scalar

BINS = 24
MAX_BARS = 12
EXACT = 2.0**52
"""Below, floats tell every whole number from the half beside it."""
TOLD = 0.05
"""Bars for a few of very many values say nothing when all of them together hold less than this share of the rows."""

MILLISECOND = 1_000
SECOND = 1_000 * MILLISECOND
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
GRAINS = (DAY, HOUR, MINUTE, SECOND, MILLISECOND)
"""What all moments of a column may be multiples of; a bin that is narrower would leave gaps between full ones."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
FIRST = (datetime(2, 1, 1, tzinfo=UTC) - _EPOCH) // _MICROSECOND
LAST = (datetime(9999, 1, 1, tzinfo=UTC) - _EPOCH) // _MICROSECOND
"""Moments before the first and from the last on are no dates of anything, but mean "always" or "never ends"."""
_BEFORE, _FROM = "before year 2", "year 9999 or later"
_TENS = [digit * 10**power for power in range(6) for digit in (1, 2, 5)]
_CLOCK = [count * unit for unit in (SECOND, MINUTE) for count in (1, 2, 5, 10, 15, 30)]
_STEPS = [*_TENS, *_CLOCK, *(hours * HOUR for hours in (1, 2, 3, 6, 12)), *(days * DAY for days in (1, 2, 7, 14))]
_MONTHS = (1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200, 2400, 6000, 12_000, 24_000, 60_000, 120_000)
_MONDAY = 4 * DAY
"""Weeks begin here."""
CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?")
"""A time of day as every engine writes it."""


def choose_edges(low: float, high: float, least: float, most: float, *, whole: bool) -> list[float]:
    """Equal bins of numbers between two quantiles; the outermost hold all beyond, so that no outlier hides the rest.

    Args:
        low: the 0.5 % quantile.
        high: the 99.5 % quantile.
        least: the least value.
        most: the greatest value.
        whole: whether all values are whole numbers; then each bin holds equally many of them.
    """
    if low == high:
        low, high = least, most
    if low == high:
        low, high = low - 0.5, high + 0.5
    if whole and max(abs(low), abs(high)) < EXACT:
        low, high = math.floor(low) - 0.5, math.ceil(high) + 0.5
        step = math.ceil((high - low) / BINS)
        return [low + step * number for number in range(math.ceil((high - low) / step) + 1)]
    width = high / BINS - low / BINS
    if not math.isfinite(width) or width <= 0:
        return [low, high]
    return [low + width * number for number in range(BINS + 1)]


def choose_moments(low: int, high: int, grain: int = 1, most: int = BINS) -> list[int]:
    """The edges of at most so many bins that follow the clock and the calendar and hold both moments.

    All are of one length, from a microsecond to many years, and begin where a second, a day, a Monday, a month … does.

    Args:
        low: a moment from :data:`FIRST` on and before :data:`LAST`.
        high: a later one, or the same.
        grain: microseconds that a bin has at least; the moments are multiples of it.
        most: bins at most.
    """
    if low == high:
        grain = max(grain, DAY)
    for step in _STEPS:
        start = _MONDAY if step % (7 * DAY) == 0 else 0
        first, last = (low - start) // step, (high - start) // step
        if step >= grain and last - first < most:
            return [start + step * number for number in range(first, last + 2)]
    first, last = _find_month(low), _find_month(high)
    step = next(step for step in _MONTHS if last // step - first // step < most and step * 28 * DAY >= grain)
    return [_start_month(number * step) for number in range(first // step, last // step + 2)]


def _find_month(moment: int) -> int:
    day = _EPOCH + timedelta(microseconds=moment)
    return day.year * 12 + day.month - 1


def _start_month(number: int) -> int:
    """The moment at which a month begins, though none before the first or after the last there is."""
    if not 2 * 12 <= number < 9999 * 12:
        return FIRST if number < 2 * 12 else LAST
    return (datetime(number // 12, number % 12 + 1, 1, tzinfo=UTC) - _EPOCH) // _MICROSECOND


def find_quantiles(rows: int) -> tuple[int, int]:
    """Where the 0.5 % and the 99.5 % quantile stand among so many values in ascending order; each is one of them."""
    return max(0, -(-5 * rows // 1000) - 1), max(0, -(-995 * rows // 1000) - 1)


def draw_numbers(name: str, notes: Iterable[str], edges: Sequence[float], counts: Mapping[int, int]) -> Figure:
    """The figure of a column of numbers, with how many of them lie in each bin by its place.

    Args:
        name: the column.
        notes: what else its title says.
        edges: of the bins, from the least to the greatest number.
        counts: numbers in a bin; none where a bin has none.
    """
    total = max(1, sum(counts.values()))
    bins = [f"{low:.6g} to {high:.6g}" for low, high in pairwise(edges)]
    data: dict[str, list[Scalar]] = {
        "bin": [*bins],
        "share": [round(counts.get(place, 0) / total, 6) for place in range(len(bins))],
        "side": ["current"] * len(bins),
        "low": [float(edge) for edge in edges[:-1]],
        "high": [float(edge) for edge in edges[1:]],
    }
    return _make(name, notes, data)


def draw_moments(
    name: str, notes: Iterable[str], edges: Sequence[int], counts: Mapping[int, int], unit: str, beyond: tuple[int, int]
) -> Figure:
    """The figure of a column of times, in milliseconds, with how many of them lie in each bin by its place.

    Args:
        name: the column.
        notes: what else its title says.
        edges: of the bins, from the least to the greatest moment.
        counts: moments in a bin; none where a bin has none.
        unit: ``time``, ``time in UTC`` or ``time of day``.
        beyond: how many are before :data:`FIRST`, and how many from :data:`LAST` on; they stand apart from the bins.
    """
    total = max(1, sum(counts.values()) + sum(beyond))
    tell = name_time_of_day if unit == "time of day" else name_moment
    bins = [f"{tell(low)} to {tell(high)}" for low, high in pairwise(edges)]
    apart = [(told, count) for told, count in zip((_BEFORE, _FROM), beyond, strict=True) if count]
    shares = [counts.get(place, 0) for place in range(len(bins))] + [count for _, count in apart]
    data: dict[str, list[Scalar]] = {
        "bin": [*bins, *(told for told, _ in apart)],
        "share": [round(count / total, 6) for count in shares],
        "side": ["current"] * len(shares),
        "low": [*(edge / MILLISECOND for edge in edges[:-1]), *[None] * len(apart)],
        "high": [*(edge / MILLISECOND for edge in edges[1:]), *[None] * len(apart)],
    }
    return _make(name, notes, data, unit)


def draw_values(name: str, notes: Iterable[str], counts: Mapping[str, int], total: int, distinct: int) -> Figure:
    """The figure of a column of categories: its most frequent values, and all others in one bar.

    Args:
        name: the column.
        notes: what else its title says.
        counts: the most frequent values and how often they stand there, the most frequent first.
        total: of all values.
        distinct: how many values there are.
    """
    shown = dict([*counts.items()][: MAX_BARS if distinct <= MAX_BARS else MAX_BARS - 1])
    if distinct > len(shown):
        shown[f"({distinct - len(shown):,} others)"] = total - sum(shown.values())
    data: dict[str, list[Scalar]] = {
        "bin": [*shown],
        "share": [round(count / total, 6) for count in shown.values()],
        "side": ["current"] * len(shown),
    }
    return _make(name, notes, data)


def say_little(counts: Iterable[int], total: int, distinct: int) -> bool:
    """Whether bars of the most frequent values would say nothing, because nearly every value is another."""
    return distinct > MAX_BARS and sum(counts) < TOLD * total


def _make(name: str, notes: Iterable[str], data: dict[str, list[Scalar]], unit: str = "") -> Figure:
    told = ", ".join(filter(None, notes))
    return Figure(
        id=f"column.{name}", kind="distribution", title=f"{name} ({told})" if told else name, data=data, unit=unit
    )


def name_moment(moment: float) -> str:
    """A moment as people write it: the date, and the time where it is not midnight; a number where there is no date."""
    try:
        at = _EPOCH + timedelta(microseconds=int(moment))
    except (OverflowError, ValueError):
        return f"{moment:.6g}"
    day = at.date().isoformat()
    return day if int(moment) % DAY == 0 else f"{day} {_write_clock(int(moment) % DAY)}"


def name_time_of_day(moment: int) -> str:
    """Microseconds since midnight as a time of day; the end of the day is 24:00."""
    return _write_clock(moment)


def _write_clock(moment: int) -> str:
    seconds, fraction = divmod(moment, SECOND)
    text = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}"
    if seconds % 60 or fraction:
        text += f":{seconds % 60:02d}"
    return f"{text}.{fraction:06d}".rstrip("0") if fraction else text
