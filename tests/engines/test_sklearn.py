"""The metrics are scikit-learn's own, to the last digit, weighted or not, and the shortcuts of the bootstrap agree."""

import warnings

import numpy as np
import pytest
from sklearn import metrics as sk

from pavedroad.engines.sklearn import row_losses, score
from pavedroad.foundation.metrics import METRICS, Predictions

ROWS = 120


def case(problem, seed=0, names=False):
    """Actual values and a model's predictions for a kind of problem."""
    rng = np.random.default_rng(seed)
    if problem == "regression":
        actual = rng.normal(10, 3, ROWS)
        return actual, Predictions(actual + rng.normal(size=ROWS))
    labels = np.array(["a", "b", "c"] if names else [0, 1, 2])[: 2 if problem == "binary" else 3]
    actual = rng.choice(labels, ROWS)
    raw = rng.uniform(0.05, 1, (ROWS, len(labels))) + 0.8 * (actual[:, None] == labels)
    shares = raw / raw.sum(axis=1, keepdims=True)
    return actual, Predictions(labels[shares.argmax(axis=1)], shares, tuple(labels.tolist()))


def by_hand(name, actual, made, weights):
    """What a scikit-learn user would write."""
    positive = made.labels[-1] if made.labels else None
    chance = made.probabilities[:, 1] if made.probabilities is not None else None
    options = {"sample_weight": weights}
    match name:
        case "f1_score":
            return sk.f1_score(actual, made.values, pos_label=positive, **options)
        case "f1_macro":
            return sk.f1_score(actual, made.values, average="macro", **options)
        case "roc_auc_score":
            return sk.roc_auc_score(actual, chance, **options)
        case "average_precision_score":
            return sk.average_precision_score(actual, chance, pos_label=positive, **options)
        case "log_loss":
            return sk.log_loss(actual, made.probabilities, labels=list(made.labels), **options)
    return getattr(sk, name)(actual, made.values, **options)


CASES = [(metric, problem) for metric in METRICS.values() for problem in sorted(metric.problems)]


@pytest.mark.parametrize(("metric", "problem"), CASES, ids=[f"{metric.name}-{problem}" for metric, problem in CASES])
@pytest.mark.parametrize("weighted", [False, True], ids=["each row once", "rows counted"])
@pytest.mark.parametrize("names", [False, True], ids=["numbers", "words"])
def test_every_metric_is_scikit_learns(metric, problem, weighted, names):
    for seed in range(3):
        actual, made = case(problem, seed, names)
        weights = np.random.default_rng(seed).integers(0, 4, ROWS).astype(float) if weighted else None
        found = score(metric, actual, made.take(metric.needs), made.labels, weights)
        assert found == pytest.approx(by_hand(metric.name, actual, made, weights), rel=1e-12)


@pytest.mark.parametrize(("metric", "problem"), CASES, ids=[f"{metric.name}-{problem}" for metric, problem in CASES])
def test_rows_that_are_counted_twice_are_as_good_as_rows_that_stand_twice(metric, problem):
    actual, made = case(problem)
    counts = np.random.default_rng(1).integers(0, 3, ROWS)
    twice = np.repeat(np.arange(ROWS), counts)
    predicted = made.take(metric.needs)
    weighted = score(metric, actual, predicted, made.labels, counts.astype(float))
    assert weighted == pytest.approx(score(metric, actual[twice], predicted[twice], made.labels), rel=1e-9)


def shortcut(metric, problem, names=False):
    actual, made = case(problem, 2, names)
    return row_losses(metric, actual, made.take(metric.needs), made.labels)


SHORTCUTS = [(metric, problem) for metric, problem in CASES if shortcut(metric, problem)]


def test_these_metrics_have_a_shortcut_and_the_others_have_none():
    names = {metric.name for metric, _ in SHORTCUTS}
    assert names == set(METRICS) - {"roc_auc_score", "average_precision_score"}


@pytest.mark.parametrize(("metric", "problem"), SHORTCUTS, ids=[f"{m.name}-{p}" for m, p in SHORTCUTS])
@pytest.mark.parametrize("names", [False, True], ids=["numbers", "words"])
def test_a_shortcut_gives_what_scikit_learn_gives(metric, problem, names):
    actual, made = case(problem, 2, names)
    predicted = made.take(metric.needs)
    losses, finish = shortcut(metric, problem, names)
    assert len(losses) == ROWS
    assert float(finish(losses.mean(axis=0)[np.newaxis])[0]) == pytest.approx(
        score(metric, actual, predicted, made.labels)
    )


def test_certainty_that_is_wrong_costs_much_but_not_everything():
    actual, predicted = np.array([0, 1]), np.array([1.0, 0.0])
    metric = METRICS["log_loss"]
    losses, _ = row_losses(metric, actual, predicted, (0, 1))
    assert np.isfinite(losses).all()
    assert losses.mean() == pytest.approx(score(metric, actual, predicted, (0, 1)))


def test_scikit_learns_warnings_do_not_reach_the_user():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert score(METRICS["f1_score"], np.array([0, 1]), np.array([0, 0]), (0, 1)) == 0.0
