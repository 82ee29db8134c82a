"""Champion against challenger: the paired interval, the second tests, the rows that are lacking, the looks."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pavedroad.errors import JudgementError
from pavedroad.foundation.evaluation.metrics import METRICS, Predictions
from pavedroad.foundation.gate.challenge import challenge, count_rows_needed, find_delong_p, find_mcnemar_p

MAE, ACCURACY, AUC = METRICS["mean_absolute_error"], METRICS["accuracy_score"], METRICS["roc_auc_score"]
TERMS = {"confidence": 0.95, "seed": 3, "resamples": 2000}


def forecast(rows=600, better=0.0, seed=0):
    """Two forecasts whose errors share most of their noise; the challenger's are smaller by ``better``."""
    rng = np.random.default_rng(seed)
    actual = rng.normal(100, 20, rows)
    shared = np.abs(rng.normal(0, 5, rows)) + 2
    old = Predictions(actual + shared + rng.normal(0, 0.5, rows))
    new = Predictions(actual + shared - better + rng.normal(0, 0.5, rows))
    return actual, new, old


def test_a_better_model_is_better_whichever_way_the_metric_goes():
    found = challenge(MAE, *forecast(better=1.0), **TERMS)
    assert found.gain.low > 0.8
    assert found.gain.value == pytest.approx(found.champion - found.challenger)
    assert found.gain.high < 1.2
    actual, new, old = forecast(better=1.0)
    assert challenge(METRICS["r2_score"], actual, new, old, **TERMS).gain.low > 0


def test_what_both_share_cancels_out():
    actual, new, old = forecast(better=0.3)
    paired = challenge(MAE, actual, new, old, **TERMS)
    alone = np.abs(actual - new.values).std() / math.sqrt(len(actual))
    assert paired.error < alone / 3


def test_the_same_predictions_differ_by_nothing():
    actual, new, _ = forecast()
    found = challenge(MAE, actual, new, new, **TERMS)
    assert (found.gain.low, found.gain.value, found.gain.high) == (0.0, 0.0, 0.0)


def test_the_interval_is_that_of_the_textbook():
    actual, new, old = forecast(rows=5000, better=0.1)
    gains = np.abs(actual - old.values) - np.abs(actual - new.values)
    error = gains.std(ddof=1) / math.sqrt(len(gains))
    found = challenge(MAE, actual, new, old, confidence=0.95, seed=1)
    assert found.error == pytest.approx(error, rel=0.05)
    assert found.gain.low == pytest.approx(gains.mean() - 1.96 * error, abs=0.15 * error)
    assert found.gain.high == pytest.approx(gains.mean() + 1.96 * error, abs=0.15 * error)


def test_each_look_is_paid_for():
    one = challenge(MAE, *forecast(better=0.1), **TERMS)
    five = challenge(MAE, *forecast(better=0.1), looks=5, **TERMS)
    many = challenge(MAE, *forecast(better=0.1), looks=1000, **TERMS)
    assert five.confidence == pytest.approx(0.99)
    assert one.gain.low > five.gain.low > many.gain.low
    assert one.gain.value == many.gain.value
    assert many.gain.low == pytest.approx(many.gain.value - 4.056 * many.error, rel=0.01)


def test_two_models_that_know_different_classes_are_not_compared():
    actual = np.array([0, 1, 0, 1])
    sides = [Predictions(actual, labels=labels) for labels in ((0, 1), (0, 1, 2))]
    with pytest.raises(JudgementError, match="different classes"):
        challenge(ACCURACY, actual, *sides, **TERMS)


def test_a_metric_without_a_value_is_refused():
    actual = np.array([1.0, 2.0, 3.0])
    nothing = Predictions(np.array([1.0, np.nan, 3.0]))
    with pytest.raises((JudgementError, ValueError)):
        challenge(MAE, actual, nothing, Predictions(actual), **TERMS)


# --- how many rows --------------------------------------------------------------------------------------------------


def test_the_rows_that_are_named_are_enough():
    actual, new, old = forecast(rows=150, better=0.05, seed=0)
    found = challenge(MAE, actual, new, old, **TERMS)
    assert found.gain.low < 0 < found.gain.value
    wanted = count_rows_needed(found.gain.value, found.error, found.rows, found.confidence, 0.0)
    assert wanted > 150
    shrunk = found.error * math.sqrt(150 / wanted)
    assert found.gain.value - (1.96 + 0.84) * shrunk == pytest.approx(0, abs=0.1 * shrunk)


@pytest.mark.slow
def test_the_rows_that_were_said_to_be_lacking_settle_it_four_times_in_five():
    true = 0.1
    error = challenge(MAE, *forecast(rows=100, better=true), **TERMS).error
    wanted = count_rows_needed(true, error, 100, 0.95, 0.0)
    settled = [challenge(MAE, *forecast(wanted, true, seed), **TERMS).gain.low > 0 for seed in range(1, 101)]
    assert 65 <= sum(settled) <= 92


@pytest.mark.parametrize(("gain", "bound"), [(-0.1, 0.0), (0.0, 0.0), (-1.0, -0.5)])
def test_no_number_of_rows_makes_worse_better(gain, bound):
    assert count_rows_needed(gain, 1.0, 100, 0.95, bound) is None


def test_a_margin_needs_fewer_rows():
    assert count_rows_needed(0.1, 1.0, 100, 0.95, -1.0) < count_rows_needed(0.1, 1.0, 100, 0.95, 0.0)
    assert count_rows_needed(5.0, 1.0, 100, 0.95, 0.0) == 100
    assert count_rows_needed(1.0, 0.0, 100, 0.95, 0.0) is None


# --- the second tests -----------------------------------------------------------------------------------------------


@given(st.integers(0, 80), st.integers(0, 80))
@settings(max_examples=200)
def test_mcnemar_is_the_exact_binomial_test(first, second):
    from scipy.stats import binomtest

    expected = binomtest(first, first + second).pvalue if first + second else 1.0
    assert find_mcnemar_p(first, second) == pytest.approx(expected, abs=1e-9)


def test_mcnemar_bears_many_rows():
    assert find_mcnemar_p(50_000, 50_000) == pytest.approx(1.0, abs=0.01)
    assert find_mcnemar_p(51_000, 49_000) < 1e-8


def ranking(rows=400, skill=1.0, seed=0):
    rng = np.random.default_rng(seed)
    positive = rng.random(rows) < 0.4
    shared = rng.normal(0, 1, rows)
    return positive, positive * skill + shared, positive * 1.0 + 0.8 * shared + 0.6 * rng.normal(0, 1, rows)


def test_delong_finds_the_variance_that_the_bootstrap_finds():
    from sklearn.metrics import roc_auc_score

    positive, first, second = ranking(skill=1.3, seed=2)
    rng = np.random.default_rng(1)
    gains = []
    for _ in range(1500):
        at = rng.integers(0, len(positive), len(positive))
        gains.append(roc_auc_score(positive[at], first[at]) - roc_auc_score(positive[at], second[at]))
    gain = roc_auc_score(positive, first) - roc_auc_score(positive, second)
    p = math.erfc(abs(gain) / np.std(gains) / math.sqrt(2))
    assert find_delong_p(positive, first, second) == pytest.approx(p, rel=0.35)


def test_delong_at_its_edges():
    positive, first, _ = ranking()
    assert find_delong_p(positive, first, first) == 1.0
    assert find_delong_p(np.array([True, False]), np.array([1.0, 0.0]), np.array([0.0, 1.0])) == 1.0
    perfect, wrong = positive.astype(float), 1.0 - positive
    assert find_delong_p(positive, perfect, wrong) == 0.0


@pytest.mark.slow
def test_delong_alarms_as_often_as_it_says():
    alarms = [find_delong_p(*ranking(rows=300, skill=1.0, seed=seed)) < 0.05 for seed in range(600)]
    assert 0.025 <= np.mean(alarms) <= 0.085


def test_the_second_test_stands_beside_the_first():
    rng = np.random.default_rng(0)
    actual = rng.integers(0, 2, 500)
    good = np.where(rng.random(500) < 0.9, actual, 1 - actual)
    poor = np.where(rng.random(500) < 0.7, actual, 1 - actual)
    found = challenge(ACCURACY, actual, Predictions(good, labels=(0, 1)), Predictions(poor, labels=(0, 1)), **TERMS)
    assert found.test.name == "McNemar"
    assert found.test.p < 1e-6
    assert found.gain.low > 0
    chances = [np.column_stack([1 - side, side]).astype(float) for side in (good, poor)]
    sides = [Predictions(side, chance, (0, 1)) for side, chance in zip((good, poor), chances, strict=True)]
    assert challenge(AUC, actual, *sides, **TERMS).test.name == "DeLong"
    assert challenge(MAE, *forecast(), **TERMS).test is None
