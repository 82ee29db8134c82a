"""Evidently's distances, by the real Evidently: the same numbers as SciPy's, one clean column at a time."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.spatial.distance import jensenshannon

from pavedroad.foundation.drift import find_drift, load_drift_engine
from pavedroad.settings import Drift

RNG = np.random.default_rng(5)


@pytest.fixture(scope="module")
def engine():
    return load_drift_engine("evidently")


@pytest.mark.parametrize("rows", [50, 2000])
def test_numbers_have_scipys_wasserstein_distance_in_standard_deviations(engine, rows):
    reference, current = RNG.normal(10, 3, size=rows), RNG.normal(11, 3, size=rows // 2)
    found = engine.compare(pd.Series(reference), pd.Series(current), "number")
    expected = stats.wasserstein_distance(reference, current) / reference.std()
    assert found.effect == pytest.approx(expected, rel=0.02)
    assert found.p_value is None
    assert "wasserstein" in found.method


@pytest.mark.parametrize("rows", [50, 2000])
def test_categories_have_scipys_jensen_shannon_distance(engine, rows):
    reference, current = RNG.choice(list("abc"), rows), RNG.choice(list("abc"), rows, p=[0.6, 0.3, 0.1])
    found = engine.compare(pd.Series(reference), pd.Series(current), "category")
    shares = [[np.mean(side == name) for name in "abc"] for side in (reference, current)]
    assert found.effect == pytest.approx(jensenshannon(*shares), rel=0.02)
    assert "jensenshannon" in found.method


def test_the_road_decides_by_the_distance_alone(engine):
    settings = Drift("evidently", [], false_alarm_rate=0.05, min_effect=0.1, fail_effect=0.5, min_rows=2)
    reference = pd.DataFrame({"same": RNG.normal(size=500), "moved": RNG.normal(size=500)})
    current = pd.DataFrame({"same": RNG.permutation(reference["same"]), "moved": reference["moved"] + 1})
    found = find_drift(reference, current, ["same", "moved"], settings, engine)
    assert [item.drifted for item in found] == [False, True]
    assert [item.adjusted_p for item in found] == [None, None]


def test_gaps_are_compared_as_yes_and_no(engine):
    settings = Drift("evidently", [], false_alarm_rate=0.05, min_effect=0.1, fail_effect=0.5, min_rows=2)
    reference = pd.DataFrame({"x": np.linspace(-2, 2, 200)})
    current = reference.mask(np.arange(200)[:, np.newaxis] % 2 == 0)  # every second value: the rest are spread alike
    found = {item.about: item.drifted for item in find_drift(reference, current, ["x"], settings, engine)}
    assert found == {"empty cells": True, "values": False}


def test_a_constant_column_gets_a_number_too(engine):
    found = engine.compare(pd.Series([1.0] * 50), pd.Series([1.0] * 50), "number")
    assert found.effect == 0.0
