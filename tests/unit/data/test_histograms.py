"""The bins of histograms: of times they follow the clock and the calendar, whatever the range."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pavedroad.foundation.data.histograms import (
    BINS,
    DAY,
    FIRST,
    HOUR,
    LAST,
    MAX_BARS,
    choose_edges,
    choose_moments,
    draw_moments,
    draw_values,
    find_quantiles,
    name_moment,
    name_time_of_day,
)


def moment(text):
    return (datetime.fromisoformat(text).replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(
        microseconds=1
    )


@pytest.mark.parametrize(
    ("low", "high", "first", "bins", "width"),
    [
        ("2024-02-29", "2024-02-29", "2024-02-29", 1, "1 day"),
        ("2024-02-29T10:00", "2024-02-29T10:00", "2024-02-29", 1, "1 day"),
        ("1969-12-31T23:59:50", "1970-01-01T00:00:09", "1969-12-31 23:59:50", 20, "1 s"),
        ("2024-02-28T20:10", "2024-02-29T20:10", "2024-02-28 20:00", 13, "2 h"),
        ("2024-02-28", "2024-03-10", "2024-02-28", 23, "12 h"),
        ("2024-02-28", "2024-05-10", "2024-02-26", 11, "7 days"),
        ("2023-01-31", "2024-02-29", "2023-01-01", 14, "1 month"),
        ("1966-05-05", "1971-01-01", "1966-04-01", 20, "3 months"),
        ("1931-05-05", "2024-01-01", "1930-01-01", 19, "5 years"),
        ("0002-01-01", "9998-12-31", "0002-01-01", 20, "500 years"),
    ],
)
def test_bins_begin_where_the_calendar_does(low, high, first, bins, width):
    edges = choose_moments(moment(low), moment(high))
    assert name_moment(edges[0]) == first
    assert len(edges) - 1 == bins
    number, unit = width.split()
    steps = {after - before for before, after in pairwise(edges[1:-1])} or {edges[-1] - edges[0]}
    days = {"s": (1 / 86_400,) * 2, "h": (1 / 24,) * 2, "month": (28, 31), "months": (29.5, 31), "years": (365, 366)}
    least, most = days.get(unit, (1, 1))
    assert all(least * int(number) * DAY <= step <= most * int(number) * DAY for step in steps)


def test_no_bin_is_narrower_than_what_the_moments_are_multiples_of():
    assert len(choose_moments(moment("2024-02-27"), moment("2024-03-02"), DAY)) - 1 == 5
    assert len(choose_moments(moment("2024-02-27"), moment("2024-03-02"), HOUR)) - 1 == 17


MOMENTS = st.integers(FIRST, LAST - 1)


@given(one=MOMENTS, length=st.integers(0, 10**6) | st.integers(0, LAST - FIRST), grain=st.sampled_from([1, HOUR, DAY]))
def test_bins_of_any_range_hold_both_ends_and_are_few(one, length, grain):
    low, high = one // grain * grain, min(one + length, LAST - 1) // grain * grain
    low, high = max(low, FIRST), max(low, FIRST, high)
    edges = choose_moments(low, high, grain)
    assert edges[0] <= low < edges[1]
    assert edges[-2] <= high < edges[-1]
    assert len(edges) - 1 <= BINS
    assert all(before < after for before, after in pairwise(edges))
    assert all(name_moment(edge) for edge in edges)


@given(rows=st.integers(1, 10**6))
def test_the_quantiles_stand_among_the_values(rows):
    low, high = find_quantiles(rows)
    assert 0 <= low <= high < rows
    assert low + 1 >= rows * 5 / 1000 > low
    assert high + 1 >= rows * 995 / 1000 > high


def test_whole_numbers_share_bins_evenly_and_huge_ones_do_not_overflow():
    assert choose_edges(1, 100, 0, 500, whole=True)[:2] == [0.5, 5.5]
    assert choose_edges(1, 100, 0, 500, whole=False)[:2] == [1, 1 + 99 / BINS]
    assert choose_edges(-1.7e308, 1.7e308, -1.7e308, 1.7e308, whole=False)[0] == -1.7e308


def test_moments_are_named_as_people_write_them():
    named = ["2024-02-29", "2024-02-29 01:02", "2024-02-29 01:02:03", "2024-02-29 01:02:03.5", "0002-01-01"]
    assert [name_moment(moment(text)) for text in named] == named
    assert name_moment(1e300) == "1e+300"
    assert [name_time_of_day(part * HOUR // 2) for part in (0, 17, 48)] == ["00:00", "08:30", "24:00"]


def test_what_has_no_date_stands_apart_from_the_bins():
    edges = [0, DAY, 2 * DAY]
    figure = draw_moments("x", ["a note"], edges, {0: 1, 1: 2}, "time", (3, 4))
    assert figure.data["bin"][2:] == ["before year 2", "year 9999 or later"]
    assert figure.data["share"] == [0.1, 0.2, 0.3, 0.4]
    assert figure.data["low"] == [0.0, 86_400_000.0, None, None]
    assert figure.title == "x (a note)"
    assert len(draw_moments("x", [], edges, {0: 1}, "time", (0, 0)).data["bin"]) == 2


@pytest.mark.parametrize("distinct", [MAX_BARS, MAX_BARS + 1, 1000])
def test_the_bars_of_categories_hold_every_row(distinct):
    counts = {f"k{number}": 3 for number in range(MAX_BARS)}
    figure = draw_values("x", [], counts, 3 * distinct, distinct)
    assert len(figure.data["bin"]) == MAX_BARS
    assert sum(figure.data["share"]) == pytest.approx(1, abs=1e-4)
    others = f"({distinct - MAX_BARS + 1:,} others)"
    assert figure.data["bin"][-1] == (others if distinct > MAX_BARS else f"k{MAX_BARS - 1}")
