"""Intervals hold the truth about as often as they say: at 95 %, between 92 and 97 times of a hundred."""

import numpy as np
import pytest

from pavedroad.foundation.evaluation import metrics
from pavedroad.foundation.evaluation.metrics import Predictions, compare, find_metric, load_metric_engine

RUNS, RESAMPLES, LOWEST, HIGHEST = 500, 400, 0.92, 0.97
NUMBERS = ["mean_absolute_error", "root_mean_squared_error", "median_absolute_error", "r2_score"]
CLASSES = [
    "accuracy_score",
    "f1_score",
    "matthews_corrcoef",
    "roc_auc_score",
    "average_precision_score",
    "brier_score_loss",
    "log_loss",
]


def world(metric, rows, seed):
    """Rows with a model that knows something and a baseline that knows less, drawn from one fixed truth."""
    rng = np.random.default_rng(seed)
    if "regression" in metric.problems:
        signal = rng.normal(size=rows)
        actual = signal + rng.normal(size=rows)
        return actual, Predictions(signal), Predictions(0.5 * signal)
    chance = 1 / (1 + np.exp(-1.5 * rng.normal(size=rows)))
    actual = (rng.uniform(size=rows) < chance).astype(int)
    duller = np.clip(0.25 + 0.5 * chance + rng.normal(size=rows) * 0.1, 0.01, 0.99)
    return actual, *(
        Predictions(
            (share + rng.normal(size=rows) * 0.1 > 0.5).astype(int), np.column_stack([1 - share, share]), (0, 1)
        )
        for share in (chance, duller)
    )


def find_truth(metric):
    """The metric and the difference on a million rows."""
    actual, model, baseline = world(metric, 1_000_000, 10**6)
    engine = load_metric_engine()
    one, other = (engine.score(metric, actual, side.take(metric.needs), side.labels) for side in (model, baseline))
    return one, (one - other if metric.better == "higher" else other - one)


@pytest.mark.slow
@pytest.mark.parametrize("rows", [250, 4_000], ids=["rows", "groups of rows"])
@pytest.mark.parametrize("name", [*NUMBERS, *CLASSES])
def test_an_interval_holds_the_truth_as_often_as_it_says(name, rows, monkeypatch):
    monkeypatch.setattr(metrics, "RESAMPLES", RESAMPLES)
    metric = find_metric(name, "regression" if name in NUMBERS else "binary")
    truth, gain = find_truth(metric)
    held = np.zeros(2)
    for seed in range(RUNS):
        actual, model, baseline = world(metric, rows, seed)
        found = compare(metric, actual, model, {"": baseline}, confidence=0.95, seed=seed)[""]
        held += [
            found.model.low <= truth <= found.model.high,
            found.improvement.low <= gain <= found.improvement.high,
        ]
    assert LOWEST <= held[0] / RUNS <= HIGHEST
    assert LOWEST <= held[1] / RUNS <= HIGHEST
