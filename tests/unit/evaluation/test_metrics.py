"""Estimates: the key metric with honest intervals, for model and baseline on the same rows."""

import numpy as np
import pytest

from pavedroad.errors import ConfigError, JudgementError
from pavedroad.foundation.evaluation import metrics, resampling
from pavedroad.foundation.evaluation.metrics import (
    METRICS,
    Predictions,
    compare,
    estimate,
    find_metric,
    load_metric_engine,
)

MAE, R2, ACCURACY, AUC = (
    METRICS[name] for name in ("mean_absolute_error", "r2_score", "accuracy_score", "roc_auc_score")
)


@pytest.fixture
def few(monkeypatch):
    """A tenth of the resamples: enough to compare two ways to the same numbers."""
    monkeypatch.setattr(metrics, "RESAMPLES", 200)


def regression(seed=0, rows=100, noise=0.5):
    rng = np.random.default_rng(seed)
    actual = rng.normal(size=rows)
    return actual, Predictions(actual + rng.normal(size=rows) * noise), Predictions(np.zeros(rows))


def binary(seed=0, rows=100):
    rng = np.random.default_rng(seed)
    actual = rng.integers(0, 2, rows)
    chance = np.clip(0.5 + 0.3 * (actual - 0.5) + rng.normal(size=rows) * 0.2, 0.01, 0.99)
    both = np.column_stack([1 - chance, chance])
    half = np.full((rows, 2), 0.5)
    return (
        actual,
        Predictions((chance > 0.5).astype(int), both, (0, 1)),
        Predictions(np.zeros(rows, dtype=int), half, (0, 1)),
    )


# --- finding --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "problem", "meant"),
    [
        ("mean_absolut_error", "regression", "'mean_absolute_error'"),
        ("accuracy", "binary", "'accuracy_score'"),
        ("mean_absolute_error", "binary", "Valid here"),
        ("f1_score", "multiclass", "'f1_macro'"),
        ("roc_auc_score", "multiclass", ""),
        ("__class__", "regression", "Valid here"),
    ],
)
def test_a_metric_that_does_not_fit_the_problem_is_refused_with_one_that_does(name, problem, meant):
    with pytest.raises(ConfigError, match="is not a metric for a") as caught:
        find_metric(name, problem)
    assert meant in caught.value.next_step


def test_every_problem_has_metrics_and_each_is_found_by_its_name():
    for metric in METRICS.values():
        for problem in metric.problems:
            assert find_metric(metric.name, problem) is metric
    assert {problem for metric in METRICS.values() for problem in metric.problems} == {
        "regression",
        "binary",
        "multiclass",
    }


# --- what a metric takes --------------------------------------------------------------------------------------------


def test_of_two_classes_the_second_ones_probability_is_taken_and_of_more_all():
    two = Predictions(np.zeros(2), np.array([[0.9, 0.1], [0.2, 0.8]]), ("no", "yes"))
    three = Predictions(np.zeros(1), np.array([[0.2, 0.3, 0.5]]), ("a", "b", "c"))
    assert two.take("probability").tolist() == [0.1, 0.8]
    assert three.take("probability").tolist() == [[0.2, 0.3, 0.5]]
    assert two.take("label").tolist() == [0, 0]


def test_a_metric_of_probabilities_without_any_is_refused():
    with pytest.raises(JudgementError, match="the model gives none"):
        Predictions(np.zeros(2), labels=(0, 1)).take("probability")


# --- the bootstrap --------------------------------------------------------------------------------------------------


def loop(metric, actual, side, labels, seed):
    """The bootstrap as a textbook has it: draw rows, score, again."""
    engine, rng = load_metric_engine(), np.random.default_rng(seed)
    predicted = side.take(metric.needs)
    scores = []
    for _ in range(metrics.RESAMPLES):
        drawn = rng.integers(0, len(actual), len(actual))
        if metric.needs == "probability" and len(set(actual[drawn])) < 2:
            scores.append(np.nan)
        else:
            scores.append(engine.score(metric, actual[drawn], predicted[drawn], labels))
    return np.array(scores)


@pytest.mark.parametrize(
    ("metric", "case"),
    [(MAE, regression), (METRICS["root_mean_squared_error"], regression), (R2, regression)]
    + [(METRICS[name], binary) for name in ("accuracy_score", "log_loss", "f1_score", "average_precision_score")],
    ids=lambda item: getattr(item, "name", ""),
)
def test_the_bootstrap_is_the_textbooks_loop(few, metric, case):
    actual, model, baseline = case(rows=25)
    found = estimate(metric, actual, model, baseline, confidence=0.9, seed=3)
    sides = [loop(metric, actual, side, model.labels, 3) for side in (model, baseline)]
    sign = 1 if metric.better == "higher" else -1
    kept = np.isfinite(sides[0])
    for interval, scores in (
        (found.model, sides[0]),
        (found.baseline, sides[1]),
        (found.improvement, sign * (sides[0] - sides[1])),
    ):
        low, high = np.quantile(scores[kept], [0.05, 0.95])
        assert (interval.low, interval.high) == pytest.approx((min(low, interval.value), max(high, interval.value)))
    assert found.resamples == kept.sum()


def test_baselines_together_are_as_each_alone(few):
    actual, model, baseline = regression()
    other = Predictions(np.full(100, 0.3))
    both = compare(MAE, actual, model, {"zero": baseline, "other": other}, confidence=0.9, seed=4)
    assert both["zero"] == estimate(MAE, actual, model, baseline, confidence=0.9, seed=4)
    assert both["other"] == estimate(MAE, actual, model, other, confidence=0.9, seed=4)
    assert both["zero"].baseline != both["other"].baseline


def test_drawing_in_small_portions_changes_nothing(monkeypatch):
    actual, model, baseline = regression()
    whole = estimate(MAE, actual, model, baseline, confidence=0.95, seed=1)
    monkeypatch.setattr(resampling, "CELLS_AT_ONCE", 777)
    assert estimate(MAE, actual, model, baseline, confidence=0.95, seed=1) == whole


def test_the_same_seed_gives_the_same_estimate_and_another_seed_another():
    actual, model, baseline = regression()
    first, again, other = (estimate(MAE, actual, model, baseline, confidence=0.95, seed=seed) for seed in (1, 1, 2))
    assert first == again
    assert first.model.low != other.model.low


@pytest.mark.parametrize(("metric", "case"), [(MAE, regression), (R2, regression), (ACCURACY, binary), (AUC, binary)])
def test_better_is_above_zero_whichever_way_the_metric_runs(few, metric, case):
    actual, model, baseline = case(rows=60)
    forth = estimate(metric, actual, model, baseline, confidence=0.95, seed=0)
    back = estimate(metric, actual, baseline, model, confidence=0.95, seed=0)
    assert forth.improvement.value > 0 > back.improvement.value
    assert forth.improvement.low == pytest.approx(-back.improvement.high)
    better = (
        forth.model.value < forth.baseline.value
        if metric.better == "lower"
        else forth.model.value > forth.baseline.value
    )
    assert better


def test_a_model_that_is_its_own_baseline_is_better_by_exactly_nothing():
    actual, model, _ = regression()
    found = estimate(MAE, actual, model, model, confidence=0.95, seed=0).improvement
    assert (found.low, found.value, found.high) == (0.0, 0.0, 0.0)


def test_pairing_makes_the_difference_more_certain_than_its_parts():
    rng = np.random.default_rng(0)
    actual = rng.normal(size=200)
    noise = rng.normal(size=200) * 3
    model, baseline = Predictions(actual + noise), Predictions(actual + noise * 1.05)
    found = estimate(MAE, actual, model, baseline, confidence=0.95, seed=0)
    width = found.improvement.high - found.improvement.low
    assert width < (found.model.high - found.model.low) / 3


def test_the_interval_holds_the_truth_about_as_often_as_it_says():
    # A standard normal error has a mean absolute size of sqrt(2 / pi).
    truth, held, runs = np.sqrt(2 / np.pi), 0, 300
    for seed in range(runs):
        actual, model, baseline = regression(seed, rows=150, noise=1.0)
        found = estimate(MAE, actual, model, baseline, confidence=0.9, seed=seed).model
        held += found.low <= truth <= found.high
    assert 0.84 <= held / runs <= 0.95


def test_the_interval_grows_with_the_confidence_and_shrinks_with_the_rows():
    def width(confidence, rows):
        actual, model, baseline = regression(rows=rows)
        found = estimate(MAE, actual, model, baseline, confidence=confidence, seed=0).model
        return found.high - found.low

    assert width(0.5, 100) < width(0.9, 100) < width(0.99, 100)
    assert width(0.9, 1600) < width(0.9, 100) / 2


# --- where a metric is not defined ----------------------------------------------------------------------------------


def test_resamples_of_one_class_are_left_out_and_counted(few):
    actual = np.array([0] * 11 + [1])
    chance = np.linspace(0.1, 0.9, 12)
    model = Predictions((chance > 0.5).astype(int), np.column_stack([1 - chance, chance]), (0, 1))
    found = estimate(AUC, actual, model, model, confidence=0.95, seed=0)
    # A row is missing from a resample of 12 with probability (11/12)^12 = 0.35.
    assert 0.55 * 200 < found.resamples < 0.75 * 200


def test_a_holdout_of_one_class_has_no_ranking_to_judge():
    actual = np.zeros(20, dtype=int)
    half = Predictions(actual, np.full((20, 2), 0.5), (0, 1))
    with pytest.raises(JudgementError, match="not a finite number"):
        estimate(AUC, actual, half, half, confidence=0.95, seed=0)


def test_too_few_resamples_on_which_the_metric_is_defined_are_refused():
    def judge(lone):
        actual = np.zeros(60, dtype=int)
        actual[:lone] = 1
        chance = np.linspace(0.9, 0.1, 60)
        model = Predictions(actual, np.column_stack([1 - chance, chance]), (0, 1))
        return estimate(AUC, actual, model, model, confidence=0.95, seed=0)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(metrics, "RESAMPLES", 200)
        assert judge(2).resamples > judge(1).resamples > 100
        patch.setattr(metrics, "score_resamples", lambda scorers, *_: np.full((len(scorers), 200), np.nan))
        with pytest.raises(JudgementError, match="defined on only 0 of"):
            judge(1)


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_a_prediction_that_is_no_number_gives_no_estimate(wrong):
    actual, model, baseline = regression()
    model.values[3] = wrong
    with pytest.raises((JudgementError, ValueError)):
        estimate(MAE, actual, model, baseline, confidence=0.95, seed=0)
