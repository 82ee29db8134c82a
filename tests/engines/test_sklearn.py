"""The metrics are scikit-learn's own, to the last digit, weighted or not, and the shortcuts of the bootstrap agree."""

import warnings

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from pavedroad.engines.sklearn.metrics import prepare, score
from pavedroad.foundation.evaluation.metrics import METRICS, Predictions
from pavedroad.foundation.evaluation.resampling import MOST_UNITS, deal_groups, score_resamples

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
    labels = list(made.labels)
    one = {"pos_label": positive, "zero_division": 0}
    several = {"labels": labels, "zero_division": 0}
    ways = {
        "f1_score": lambda: sk.f1_score(actual, made.values, **one, **options),
        "precision_score": lambda: sk.precision_score(actual, made.values, **one, **options),
        "recall_score": lambda: sk.recall_score(actual, made.values, **one, **options),
        "f1_macro": lambda: sk.f1_score(actual, made.values, average="macro", **several, **options),
        "f1_weighted": lambda: sk.f1_score(actual, made.values, average="weighted", **several, **options),
        "roc_auc_score": lambda: sk.roc_auc_score(actual, chance, **options),
        "roc_auc_ovr": lambda: np.mean(
            [sk.roc_auc_score(actual == labels[i], made.probabilities[:, i], **options) for i in range(len(labels))]
        ),
        "brier_score_loss": lambda: sk.brier_score_loss(actual, chance, pos_label=positive, **options),
        "average_precision_score": lambda: sk.average_precision_score(actual, chance, pos_label=positive, **options),
        "log_loss": lambda: sk.log_loss(actual, made.probabilities, labels=labels, **options),
    }
    return ways.get(name, lambda: getattr(sk, name)(actual, made.values, **options))()


CASES = [(metric, problem) for metric in METRICS.values() for problem in sorted(metric.problems)]
IDS = [f"{metric.name}-{problem}" for metric, problem in CASES]


@pytest.mark.parametrize(("metric", "problem"), CASES, ids=IDS)
@pytest.mark.parametrize("weighted", [False, True], ids=["each row once", "rows counted"])
@pytest.mark.parametrize("names", [False, True], ids=["numbers", "words"])
def test_every_metric_is_scikit_learns(metric, problem, weighted, names):
    for seed in range(3):
        actual, made = case(problem, seed, names)
        weights = np.random.default_rng(seed).integers(0, 4, ROWS).astype(float) if weighted else None
        found = score(metric, actual, made.take(metric.needs), made.labels, weights)
        assert found == pytest.approx(by_hand(metric.name, actual, made, weights), rel=1e-12)


@pytest.mark.parametrize(("metric", "problem"), CASES, ids=IDS)
def test_rows_that_are_counted_twice_are_as_good_as_rows_that_stand_twice(metric, problem):
    actual, made = case(problem)
    counts = np.random.default_rng(1).integers(0, 3, ROWS)
    twice = np.repeat(np.arange(ROWS), counts)
    predicted = made.take(metric.needs)
    weighted = score(metric, actual, predicted, made.labels, counts.astype(float))
    assert weighted == pytest.approx(score(metric, actual[twice], predicted[twice], made.labels), rel=1e-9)


def test_of_more_than_two_classes_the_area_is_scikit_learns_mean_of_one_against_the_rest():
    actual, made = case("multiclass")
    expected = sk.roc_auc_score(actual, made.probabilities, multi_class="ovr", average="macro")
    assert score(METRICS["roc_auc_ovr"], actual, made.probabilities, made.labels) == pytest.approx(expected)


@st.composite
def _draws(draw, problem):
    """Actual values, predictions with many ties, and how often each row is drawn."""
    rows = draw(st.integers(2, 30))
    counts = np.array(draw(st.lists(st.integers(0, 3), min_size=rows, max_size=rows)))
    assume(counts.sum() >= 2)
    if problem == "regression":
        numbers = st.floats(-1e3, 1e3, allow_subnormal=False).map(lambda number: round(number, 3))
        actual, values = (np.array(draw(st.lists(numbers, min_size=rows, max_size=rows))) for _ in range(2))
        return actual, Predictions(values), counts
    classes = 2 if problem == "binary" else 3
    labels = np.array(["a", "b", "c"] if draw(st.booleans()) else [0, 1, 2])[:classes]
    actual = labels[draw(st.lists(st.integers(0, classes - 1), min_size=rows, max_size=rows))]
    raw = draw(st.lists(st.lists(st.integers(1, 5), min_size=classes, max_size=classes), min_size=rows, max_size=rows))
    shares = np.array(raw) / np.sum(raw, axis=1, keepdims=True)
    return actual, Predictions(labels[shares.argmax(axis=1)], shares, tuple(labels.tolist())), counts


@pytest.mark.parametrize(("metric", "problem"), CASES, ids=IDS)
@settings(max_examples=60)
@given(data=st.data())
def test_a_resample_is_scored_as_scikit_learn_scores_the_rows_that_were_drawn(metric, problem, data):
    actual, made, counts = data.draw(_draws(problem))
    drawn = np.repeat(np.arange(len(actual)), counts)
    predicted = made.take(metric.needs)
    (found,) = prepare(metric, actual, predicted, made.labels)(counts[np.newaxis].astype("float64"))
    seen = set(actual[drawn].tolist())
    if metric.needs == "probability" and metric.name not in {"log_loss", "brier_score_loss"}:
        needed = set(made.labels) if metric.name == "roc_auc_ovr" else {made.labels[1]}
        if not needed <= seen or (len(seen) < 2 and metric.name != "average_precision_score"):
            assert not np.isfinite(found)
            return
    if metric.name in {"r2_score", "explained_variance_score"} and np.var(actual[drawn]) < 1e-6:
        return  # scikit-learn says 0 or 1 by convention; here such a resample has no value, or digits are all noise
    if metric.name == "cohen_kappa_score" and len(seen | set(made.values[drawn].tolist())) < 2:
        assert not np.isfinite(found)
        return
    sides = Predictions(
        made.values[drawn], None if made.probabilities is None else made.probabilities[drawn], made.labels
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = by_hand(metric.name, actual[drawn], sides, None)
    assert found == pytest.approx(expected, rel=1e-7, abs=1e-9)


def large(problem, rows=6_000):
    """A table that is too large to be drawn row by row; the rarer class has a tenth of the rows."""
    rng = np.random.default_rng(5)
    if problem == "regression":
        actual = rng.gamma(2.0, 3.0, rows)
        return actual, Predictions(actual + rng.normal(size=rows) * (1 + actual / 5))
    labels = np.arange(2 if problem == "binary" else 3)
    actual = rng.choice(labels, rows, p=[0.9, 0.1] if problem == "binary" else [0.6, 0.3, 0.1])
    raw = rng.uniform(0.05, 1, (rows, len(labels))) + 0.3 * (actual[:, None] == labels)
    shares = np.round(raw / raw.sum(axis=1, keepdims=True), 3)  # with ties
    shares[:, 0] = 1 - shares[:, 1:].sum(axis=1)
    return actual, Predictions(labels[shares.argmax(axis=1)], shares, tuple(labels.tolist()))


@pytest.mark.parametrize(("metric", "problem"), CASES, ids=IDS)
def test_groups_of_rows_vary_as_the_rows_do(metric, problem):
    actual, made = large(problem)
    predicted = made.take(metric.needs)
    groups = deal_groups(len(actual), seed=0)
    by_group = score_resamples([prepare(metric, actual, predicted, made.labels, groups)], MOST_UNITS, 2000, 1)[0]
    by_row = score_resamples([prepare(metric, actual, predicted, made.labels)], len(actual), 2000, 2)[0]
    spread = by_row.std()
    assert by_group.std() == pytest.approx(spread, rel=0.12)
    assert abs(by_group.mean() - by_row.mean()) < 0.2 * spread
    whole = score(metric, actual, predicted, made.labels)
    (once,) = prepare(metric, actual, predicted, made.labels, groups)(np.ones((1, MOST_UNITS)))
    assert once == pytest.approx(whole, rel=1e-9 if metric.name != "median_absolute_error" else 1e-3)


def test_rows_are_dealt_into_groups_of_one_size_at_random_and_the_same_way_each_time():
    groups = deal_groups(6_001, seed=3)
    sizes = np.bincount(groups)
    assert (len(sizes), sizes.min(), sizes.max()) == (MOST_UNITS, 3, 4)
    assert np.array_equal(groups, deal_groups(6_001, seed=3))
    assert not np.array_equal(groups, deal_groups(6_001, seed=4))
    assert abs(np.corrcoef(groups, np.arange(6_001))[0, 1]) < 0.05
    assert deal_groups(MOST_UNITS, seed=3) is None


def test_certainty_that_is_wrong_costs_much_but_not_everything():
    actual, predicted = np.array([0, 1]), np.array([1.0, 0.0])
    metric = METRICS["log_loss"]
    (found,) = prepare(metric, actual, predicted, (0, 1))(np.ones((1, 2)))
    assert np.isfinite(found)
    assert found == pytest.approx(score(metric, actual, predicted, (0, 1)))


def test_scikit_learns_warnings_do_not_reach_the_user():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert score(METRICS["f1_score"], np.array([0, 1]), np.array([0, 0]), (0, 1)) == 0.0
