"""Profiles: what a column looks like, in numbers that JSON can hold."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pavedroad.foundation.data.pictures import draw_distribution
from pavedroad.foundation.data.profile import (
    MAX_CATEGORIES,
    count_categories,
    kind_of,
    profile_column,
    profile_table,
    read_quantiles,
)
from pavedroad.report import encode


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, 2], "number"),
        ([1.5, None], "number"),
        ([True, False], "boolean"),
        ([True, None], "boolean"),
        (pd.array([True, None], dtype="boolean"), "boolean"),
        (["a", None], "category"),
        ([None, None], "category"),
        ([True, "x"], "category"),
        (pd.Series(["a", "b"], dtype="category"), "category"),
        (pd.to_datetime(["2012-01-01", None]), "time"),
        (pd.to_datetime(["2012-01-01"], utc=True), "time"),
    ],
    ids=str,
)
def test_the_kind_follows_from_the_values(values, kind):
    assert kind_of(pd.Series(values)) == kind


def test_a_column_of_numbers_is_kept_as_quantiles():
    found = profile_column(pd.Series([*range(101)], name="x"))
    assert found.quantiles == pytest.approx(list(range(101)))
    assert (found.rows, found.nulls, found.distinct, found.mean) == (101, 0, 101, 50.0)
    assert found.std == pytest.approx(np.std(range(101), ddof=1))


@pytest.mark.parametrize("size", [1.0, 1e100, 1e155, 1e300, 8e307])
def test_numbers_of_any_size_keep_their_spread(size):
    found = profile_column(pd.Series([size, -size, size / 2, 0.0], name="x"))
    assert found.std == pytest.approx(size * np.std([1, -1, 0.5, 0], ddof=1))
    assert found.mean == pytest.approx(size / 8)
    assert found.quantiles == pytest.approx(
        list(np.quantile([size / 4, -size / 4, size / 8, 0], np.linspace(0, 1, 101)) * 4)
    )


def test_a_spread_beyond_all_floats_is_left_out():
    assert profile_column(pd.Series([1.7e308, -1.7e308], name="x")).std is None


def test_gaps_and_infinities_are_counted_and_left_out():
    found = profile_column(pd.Series([1.0, None, np.inf, -np.inf, 3.0], name="x"))
    assert (found.nulls, found.not_finite, found.distinct, found.mean) == (1, 2, 2, 2.0)
    assert found.quantiles[0] == 1.0
    assert found.quantiles[-1] == 3.0


@pytest.mark.parametrize("values", [[], [None, None], [np.nan, np.inf]])
def test_a_column_without_a_finite_number_has_no_statistics(values):
    found = profile_column(pd.Series(values, dtype="float64", name="x"))
    assert (found.mean, found.quantiles, found.distinct) == (None, [], 0)


def test_categories_come_most_frequent_first_and_then_by_name():
    found = count_categories(pd.Series(["b", "a", "c", "c", None, "b"]))
    assert list(found.items()) == [("b", 2), ("c", 2), ("a", 1)]


def test_only_so_many_categories_are_kept_but_all_are_counted():
    found = profile_column(pd.Series([str(number) for number in range(200)], name="x"))
    assert (found.distinct, len(found.categories)) == (200, MAX_CATEGORIES)


def test_times_are_kept_by_their_ends():
    found = profile_column(pd.Series(pd.to_datetime(["2012-03-01", "2012-01-01", None]), name="x"))
    assert (found.earliest, found.latest, found.nulls) == ("2012-01-01 00:00:00", "2012-03-01 00:00:00", 1)


COLUMNS = st.one_of(
    st.lists(st.floats() | st.none(), max_size=30).map(lambda values: pd.Series(values, dtype="float64")),
    st.lists(st.integers(-(2**62), 2**62), max_size=30).map(lambda values: pd.Series(values, dtype="int64")),
    st.lists(st.booleans() | st.none(), max_size=30).map(lambda values: pd.Series(values, dtype="object")),
    st.lists(st.text(max_size=5) | st.none(), max_size=30).map(lambda values: pd.Series(values, dtype="object")),
    st.lists(st.datetimes(pd.Timestamp(1900, 1, 1), pd.Timestamp(2100, 1, 1)), max_size=30).map(
        lambda values: pd.Series(values, dtype="datetime64[us]")
    ),
)


@given(column=COLUMNS)
def test_any_column_gives_a_profile_that_json_can_hold(column):
    found = profile_table(pd.DataFrame({"x": column}))
    assert encode(found)
    assert found.columns[0].rows == len(column)


@given(column=COLUMNS)
def test_any_column_gives_a_picture_whose_columns_are_of_one_length(column):
    figure = draw_distribution(column.rename("x"))
    if figure is not None:
        assert len({len(values) for values in figure.data.values()}) == 1
        assert all(0 <= share <= 1 for share in figure.data["share"])
        assert sum(figure.data["share"]) == pytest.approx(1, abs=1e-4)
        assert encode(figure)


def test_a_picture_of_numbers_covers_all_of_them():
    figure = draw_distribution(pd.Series([*np.linspace(0, 1, 500), 1000.0], name="x"))
    assert sum(figure.data["share"]) == pytest.approx(1, abs=1e-4)
    assert (figure.data["low"][0], figure.data["high"][-1]) == (0.0, 1000.0)


@pytest.mark.parametrize(
    "column",
    [
        pd.Series([None, None], dtype="float64"),
        pd.Series([np.inf]),
        pd.Series([pd.NaT, pd.NaT]),
        pd.Series([None], dtype="object"),
        pd.Series([], dtype="datetime64[ns, UTC]"),
    ],
)
def test_nothing_is_drawn_of_nothing(column):
    assert draw_distribution(column.rename("x")) is None
    assert draw_distribution(pd.concat([column.dropna()[:0], pd.Series([1.5])]).rename("x")) is not None


@pytest.mark.parametrize("count", [1, 2, 3, 100, 1001])
def test_quantiles_are_those_of_numpy(count):
    values = np.random.default_rng(count).normal(size=count) * 10.0 ** np.arange(count % 7 + 1).repeat(count)[:count]
    levels = np.linspace(0, 1, 101)
    assert read_quantiles(np.sort(values), levels).tolist() == np.quantile(values, levels).tolist()
