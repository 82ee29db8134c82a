"""Rows to predict against the signature: each finding has a twin that is as training saw it."""

import msgspec
import numpy as np
import pandas as pd
import pytest

from pavedroad.errors import DataError
from pavedroad.foundation.data.profile import MAX_CATEGORIES, profile_table
from pavedroad.foundation.package.inputs import check_inputs, require_inputs
from pavedroad.foundation.package.model import write_signature


def training():
    return pd.DataFrame(
        {
            "rain": [0.0, 1.5, 4.0],
            "wind": [1.0, None, 2.0],
            "stars": [1, 2, 5],
            "shop": ["north", "south", "north"],
            "open": [True, False, True],
            "day": pd.to_datetime(["2024-01-01", "2024-01-05", "2024-01-09"]),
            "sent": pd.to_datetime(["2024-01-01", "2024-01-05", "2024-01-09"], utc=True).tz_convert("Europe/Berlin"),
            "sold": [1, 2, 3],
        }
    )


SIGNATURE = write_signature(profile_table(training()), "regression", "sold", (), ["x"])


def look(**columns):
    """What is found in rows that are training's own but for these columns."""
    return [(found.column, found.rows, found.words) for found in check_inputs(SIGNATURE, training().assign(**columns))]


def test_what_training_saw_is_like_itself_in_any_order_with_or_without_its_target():
    assert look() == []
    table = training().drop(columns="sold")
    assert check_inputs(SIGNATURE, table[table.columns[::-1]].iloc[:1]) == []
    assert check_inputs(SIGNATURE, table.head(0)) == []


OTHER = {
    "a number below": ({"rain": [-0.1, 1, 2]}, ("rain", 1, "outside of what training saw, 0 to 4")),
    "numbers above": ({"rain": [5, 6, 2]}, ("rain", 2, "outside of what training saw, 0 to 4")),
    "infinite": ({"rain": [np.inf, 1, 2]}, ("rain", 1, "outside of what training saw, 0 to 4")),
    "whole numbers above": ({"stars": [6, 1, 1]}, ("stars", 1, "outside of what training saw, 1 to 5")),
    "an empty number": ({"rain": [None, 1, 2]}, ("rain", 1, "empty, and training saw no empty cell")),
    "all empty": ({"rain": [None] * 3}, ("rain", 3, "empty, and training saw no empty cell")),
    "an empty time": (
        {"day": pd.to_datetime([None, "2024-01-01", "2024-01-01"])},
        ("day", 1, "empty, and training saw no empty cell"),
    ),
    "a time before": (
        {"day": pd.to_datetime(["2023-12-31", "2024-01-01", "2024-01-09"])},
        ("day", 1, "outside of what training saw, 2024-01-01T00:00:00 to 2024-01-09T00:00:00"),
    ),
    "times after, by a moment": (
        {"day": pd.to_datetime(["2024-01-09 00:00:00.000001"] * 2 + ["2024-01-09"], format="mixed")},
        ("day", 2, "outside of what training saw, 2024-01-01T00:00:00 to 2024-01-09T00:00:00"),
    ),
    "a time with a zone after": (
        {"sent": pd.to_datetime(["2024-01-01", "2024-01-05", "2024-01-10"], utc=True)},
        ("sent", 1, "outside of what training saw, 2024-01-01T01:00:00+01:00 to 2024-01-09T01:00:00+01:00"),
    ),
    "a new category": (
        {"shop": ["north", "east", "west"]},
        ("shop", 2, "a category that training never saw: 'east'"),
    ),
}


@pytest.mark.parametrize(("columns", "found"), OTHER.values(), ids=OTHER)
def test_what_training_never_saw_is_told_with_its_rows_and_can_be_predicted(columns, found):
    assert look(**columns) == [found]
    assert require_inputs(SIGNATURE, training().assign(**columns))


LIKE = {
    "the bounds themselves": {"rain": [0.0, 4.0, 4.0]},
    "whole numbers for real ones": {"rain": [0, 1, 4]},
    "an empty cell where there was one": {"wind": [None, 1.0, 2.0]},
    "all empty where there was one": {"wind": [None] * 3},
    "another zone": {"sent": pd.to_datetime(["2024-01-01", "2024-01-05", "2024-01-09"], utc=True)},
    "other units of time": {"day": training()["day"].astype("datetime64[s]")},
    "categories as a type": {"shop": pd.Categorical(["north", "south", "north"])},
}


@pytest.mark.parametrize("columns", LIKE.values(), ids=LIKE)
def test_what_is_written_otherwise_is_the_same(columns):
    assert look(**columns) == []


BROKEN = {
    "words for numbers": ({"rain": ["a", "b", "c"]}, "'rain' holds category values, not number"),
    "numbers for words": ({"shop": [1, 2, 3]}, "'shop' holds number values, not category"),
    "numbers for yes and no": ({"open": [1, 0, 1]}, "'open' holds number values, not boolean"),
    "words for times": ({"day": ["2024-01-01", "2024-01-02", "x"]}, "'day' holds category values, not time"),
    "a zone where there was none": (
        {"day": pd.to_datetime(["2024-01-01"] * 3, utc=True)},
        "'day' holds times with a zone, not without",
    ),
    "no zone where there was one": (
        {"sent": pd.to_datetime(["2024-01-01"] * 3)},
        "'sent' holds times without a zone, not Europe/Berlin",
    ),
}


@pytest.mark.parametrize(("columns", "why"), BROKEN.values(), ids=BROKEN)
def test_what_cannot_be_used_is_refused(columns, why):
    with pytest.raises(DataError, match=why):
        require_inputs(SIGNATURE, training().assign(**columns))


def test_a_column_that_was_empty_in_training_may_hold_anything():
    signature = write_signature(profile_table(training().assign(wind=None)), "regression", "sold", (), ["x"])
    for values in ([1.0, 2.0, 3.0], ["a", "b", "c"], [None] * 3):
        assert check_inputs(signature, training().assign(wind=values)) == []


def test_times_in_a_signature_of_an_older_road_are_held_against_nothing():
    columns = [msgspec.structs.replace(column, timezone="", earliest=None, latest=None) for column in SIGNATURE.inputs]
    older = msgspec.structs.replace(SIGNATURE, inputs=columns)
    assert check_inputs(older, training().assign(day=pd.to_datetime(["2034-01-01"] * 3, utc=True))) == []


def test_missing_columns_are_refused_by_name_and_number():
    with pytest.raises(DataError, match=r"'rain' is missing \(and 1 more\)"):
        require_inputs(SIGNATURE, training().drop(columns=["rain", "day"]))


@pytest.mark.parametrize(("count", "known"), [(MAX_CATEGORIES - 1, True), (MAX_CATEGORIES + 1, False)])
def test_a_category_is_new_only_where_all_are_known(count, known):
    table = pd.DataFrame({"name": [f"n{number}" for number in range(count)], "y": range(count)})
    signature = write_signature(profile_table(table), "regression", "y", (), ["x"])
    assert bool(check_inputs(signature, table.assign(name="new"))) is known
