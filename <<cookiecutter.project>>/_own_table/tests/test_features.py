"""Your promise about features: whole rows in, whole rows out, each from itself alone."""

import pandas as pd

from <<cookiecutter.__package>>.features import features

ROWS = pd.DataFrame(
    {
        "number": [1, 2, 3],
        "gap": [0.5, None, 2.5],
        "flag": [True, False, True],
        "text": ["a", None, "b"],
        "when": pd.to_datetime(["2024-02-29", "2025-01-01", None]),
    }
)


def test_every_column_leaves_a_trace():
    found = features(ROWS)
    assert list(found.index) == list(ROWS.index)
    assert all(any(name.startswith(column) for name in found) for column in ROWS)
    assert found["when_dayofweek"].iloc[0] == 3.0  # a Thursday


def test_one_row_alone_has_the_same_features_as_among_others():
    for position in range(len(ROWS)):
        alone = features(ROWS.iloc[[position]])
        pd.testing.assert_frame_equal(alone, features(ROWS).iloc[[position]])


def test_the_table_that_was_given_is_left_alone():
    before = ROWS.copy()
    features(ROWS)
    pd.testing.assert_frame_equal(ROWS, before)
