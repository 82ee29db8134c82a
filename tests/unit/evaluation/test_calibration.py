"""Chances that mean what they say, errors that go one way, and what a model leans on."""

import time

import numpy as np
import pandas as pd
import pytest

from pavedroad.errors import UserCodeError
from pavedroad.foundation.evaluation.calibration import draw_reliability, measure_bias, measure_calibration
from pavedroad.foundation.evaluation.metrics import METRICS
from pavedroad.foundation.package.importance import MOST_PREDICTIONS, REPEATS, measure_importance
from pavedroad.foundation.package.model import Signature

TERMS = {"confidence": 0.95, "seed": 0}


def chances(rows, bend=1.0, seed=0):
    """Chances, and what happened by them; ``bend`` makes the stated ones more extreme than the true ones."""
    rng = np.random.default_rng(seed)
    logit = rng.normal(size=rows)
    happened = (rng.uniform(size=rows) < 1 / (1 + np.exp(-logit))).astype("float64")
    return 1 / (1 + np.exp(-bend * logit)), happened


@pytest.mark.parametrize("rows", [1_500, 20_000])
def test_true_chances_are_near_what_came_true_and_bent_ones_are_not(rows):
    honest = measure_calibration(*chances(rows), **TERMS)
    bent = measure_calibration(*chances(rows, bend=4.0), **TERMS)
    assert honest.low <= honest.value <= honest.high < bent.low
    assert honest.value < 0.05
    assert bent.value > 0.1


def test_the_error_is_the_mean_distance_over_bins_of_equal_mass():
    chance = np.repeat([0.1, 0.4, 0.8], 100)
    happened = np.concatenate([np.arange(100) < count for count in (10, 60, 70)]).astype("float64")
    found = measure_calibration(chance, happened, **TERMS)
    assert found.value == pytest.approx((0.0 + 0.2 + 0.1) / 3)


def test_a_single_chance_for_all_is_one_bin():
    found = measure_calibration(np.full(100, 0.5), np.arange(100) % 2.0, **TERMS)
    assert found.value == pytest.approx(0.0, abs=1e-12)
    figure = draw_reliability(np.full(100, 0.5), np.arange(100) % 2.0)
    assert figure.data == {"chance": [0.5], "share": [0.5], "rows": [100]}


def test_the_picture_of_reliability_holds_chance_and_share_of_each_bin():
    chance, happened = chances(5_000, bend=4.0)
    figure = draw_reliability(chance, happened)
    assert figure.kind == "reliability"
    assert figure.data["rows"] == [500] * 10
    assert figure.data["chance"] == sorted(figure.data["chance"])
    assert figure.data["chance"][0] < figure.data["share"][0]  # said to be rarer than it was
    assert figure.data["chance"][-1] > figure.data["share"][-1]


def test_errors_that_go_one_way_are_told_from_those_that_do_not():
    rng = np.random.default_rng(0)
    actual, noise = rng.normal(size=400), rng.normal(size=400)
    fair = measure_bias(actual, actual + noise - noise.mean(), **TERMS)
    high = measure_bias(actual, actual + noise + 0.5, **TERMS)
    assert fair.low < 0 < fair.high
    assert high.low > 0
    assert high.value == pytest.approx((noise + 0.5).mean())


# --- what a model leans on ------------------------------------------------------------------------------------------


class Model:
    def __init__(self):
        self.asked = 0

    def predict(self, table):
        self.asked += len(table)
        return 3 * table["much"].to_numpy() + 0.3 * table["little"].to_numpy()


def features(rows=300, more=0):
    rng = np.random.default_rng(0)
    names = ["little", "much", "none", *(f"x{number}" for number in range(more))]
    return pd.DataFrame({name: rng.normal(size=rows) for name in names})


SIGNATURE = Signature(problem="regression", target="y", labels=[], inputs=[], features=[])


def rank(table, model=None, seed=0):
    actual = Model().predict(table)
    return measure_importance(model or Model(), table, actual, SIGNATURE, METRICS["mean_absolute_error"], seed=seed)


def test_features_are_ranked_by_what_the_model_loses_without_them():
    found = rank(features())
    assert [item.feature for item in found] == ["much", "little", "none"]
    assert found[0].value > 5 * found[1].value > 0
    assert (found[2].low, found[2].value, found[2].high) == (0.0, 0.0, 0.0)
    assert all(item.low <= item.value <= item.high for item in found)


def test_the_same_seed_ranks_alike_and_the_table_is_left_alone():
    table = features()
    before = table.copy()
    assert rank(table) == rank(table)
    assert rank(table) != rank(table, seed=1)
    pd.testing.assert_frame_equal(table, before)


def test_a_large_and_wide_table_costs_no_more_than_it_may():
    model = Model()
    rank(features(rows=5_000, more=100), model)
    assert model.asked <= MOST_PREDICTIONS + MOST_PREDICTIONS // REPEATS


def test_a_model_that_cannot_predict_is_blamed():
    class Broken:
        def predict(self, table):
            raise ValueError(f"no {len(table)}")

    with pytest.raises(UserCodeError, match="predict failed"):
        rank(features(), Broken())


def test_a_model_that_takes_too_long_for_other_rows_is_blamed():
    class Slow(Model):
        def predict(self, table):
            while self.asked:
                time.sleep(0.01)
            return super().predict(table)

    table = features()
    metric = METRICS["mean_absolute_error"]
    with pytest.raises(UserCodeError, match=r"took longer than 0\.2 seconds"):
        measure_importance(Slow(), table, Model().predict(table), SIGNATURE, metric, seed=0, seconds=0.2)
