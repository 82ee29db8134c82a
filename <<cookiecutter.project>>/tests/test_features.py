"""Your promise about features: whole rows in, whole rows out, each from itself alone."""

import numpy as np
import pandas as pd

from <<cookiecutter.__package>>.features import features

DAYS = pd.DataFrame(
    {
        "date": ["2015-07-04", "2015-12-31"],
        "precipitation": [0.0, 10.5],
        "temp_max": [30.0, 5.0],
        "temp_min": [15.0, 1.0],
        "wind": [2.0, 6.5],
        "promotion": ["none", "flyer"],
    }
)


def test_every_day_has_finite_features():
    found = features(DAYS)
    assert list(found.index) == list(DAYS.index)
    assert np.isfinite(found.to_numpy()).all()


def test_one_day_alone_has_the_same_features_as_among_others():
    pd.testing.assert_frame_equal(features(DAYS.iloc[[1]]), features(DAYS).iloc[[1]])


def test_promotion_and_weekday_are_seen():
    found = features(DAYS)
    assert found["promotion_flyer"].tolist() == [0.0, 1.0]
    assert found["weekday"].tolist() == [5.0, 3.0]  # a Saturday and a Thursday


def test_the_table_that_was_given_is_left_alone():
    before = DAYS.copy()
    features(DAYS)
    pd.testing.assert_frame_equal(DAYS, before)
