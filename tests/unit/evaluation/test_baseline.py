"""Baselines: predictions that need no model, made from what is known when a row is predicted."""

import msgspec
import numpy as np
import pandas as pd
import pytest

from pavedroad.config import default_settings
from pavedroad.errors import ConfigError
from pavedroad.foundation.data.split import Split
from pavedroad.foundation.evaluation.baseline import TITLES, choose_baseline, predict_baseline, sort_labels
from pavedroad.settings import BASELINES, Objective


def objective(problem="regression", metric="mean_absolute_error", baseline="auto", season=7):
    given = {"problem": problem, "target": "y", "metric": metric, "baseline": baseline, "season": season}
    return msgspec.convert({**default_settings()["objective"], **given}, Objective)


def by_time(rows, held):
    return Split(train=np.arange(rows - held), holdout=np.arange(rows - held, rows), how="time")


@pytest.mark.parametrize(
    ("problem", "metric", "name"),
    [
        ("regression", "mean_absolute_error", "median"),
        ("regression", "root_mean_squared_error", "mean"),
        ("regression", "r2_score", "mean"),
        ("binary", "accuracy_score", "prior"),
        ("multiclass", "log_loss", "prior"),
    ],
)
def test_the_best_constant_for_the_metric_is_chosen_unless_one_is_said(problem, metric, name):
    assert choose_baseline(objective(problem, metric)) == name


@pytest.mark.parametrize("metric", ["mean_absolute_error", "root_mean_squared_error"])
def test_no_constant_beats_the_one_that_is_chosen(metric):
    known = pd.Series(np.random.default_rng(0).lognormal(size=300))
    name = choose_baseline(objective(metric=metric))
    value = predict_baseline(name, known, by_time(300, 1), 1).values[0]
    power = 1 if metric == "mean_absolute_error" else 2

    def loss(constant):
        return (np.abs(known.iloc[:-1] - constant) ** power).mean()

    assert all(loss(value) <= loss(other) + 1e-12 for other in np.linspace(0, 5, 500))


@pytest.mark.parametrize(
    ("problem", "metric", "baseline"),
    [
        ("regression", "mean_absolute_error", "prior"),
        ("regression", "mean_absolute_error", "most-frequent"),
        ("binary", "accuracy_score", "mean"),
        ("multiclass", "accuracy_score", "seasonal-naive"),
        ("binary", "accuracy_score", "persistence"),
        ("regression", "mean_absolute_error", "stratified"),
    ],
)
def test_a_baseline_that_does_not_fit_the_problem_is_refused(problem, metric, baseline):
    with pytest.raises(ConfigError, match="does not fit"):
        choose_baseline(objective(problem, metric, baseline))


def test_every_baseline_that_can_be_chosen_has_a_name_for_people():
    assert set(BASELINES.split("|")) == {"auto", *TITLES}


# --- predictions ----------------------------------------------------------------------------------------------------

TARGET = pd.Series([1.0, 2.0, 6.0, 4.0, 100.0, 200.0, 300.0])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mean", [3.25, 3.25, 3.25]),
        ("median", [3.0, 3.0, 3.0]),
        ("persistence", [4.0, 100.0, 200.0]),
        ("seasonal-naive", [2.0, 6.0, 4.0]),
    ],
)
def test_numbers_are_predicted_from_the_past_alone(name, expected):
    assert predict_baseline(name, TARGET, by_time(7, 3), 3).values.tolist() == expected


@pytest.mark.parametrize("name", ["mean", "median"])
def test_what_is_held_out_does_not_move_a_constant(name):
    other = TARGET.copy()
    other.iloc[4:] = -1e9
    before, after = (predict_baseline(name, target, by_time(7, 3), 3).values.tolist() for target in (TARGET, other))
    assert before == after


@pytest.mark.parametrize("name", ["seasonal-naive", "persistence"])
def test_a_baseline_of_time_needs_rows_in_the_order_of_time(name):
    split = Split(train=np.array([0, 1, 2, 3]), holdout=np.array([4, 5, 6]), how="random")
    with pytest.raises(ConfigError, match="order of time"):
        predict_baseline(name, TARGET, split, 3)


def test_a_season_longer_than_the_past_is_refused():
    assert predict_baseline("seasonal-naive", TARGET, by_time(7, 3), 4).values.tolist() == [1.0, 2.0, 6.0]
    with pytest.raises(ConfigError, match="before a season of 5 rows"):
        predict_baseline("seasonal-naive", TARGET, by_time(7, 3), 5)


CLASSES = pd.Series(["b", "a", "b", "c", "a", "a"])


def test_the_most_frequent_class_is_certain():
    found = predict_baseline("most-frequent", CLASSES, by_time(6, 2), 1)
    assert found.values.tolist() == ["b", "b"]
    assert found.probabilities.tolist() == [[0.0, 1.0, 0.0]] * 2
    assert found.labels == ("a", "b", "c")


def test_the_prior_gives_every_class_its_share_of_training():
    found = predict_baseline("prior", CLASSES, by_time(6, 2), 1)
    assert found.values.tolist() == ["b", "b"]
    assert found.probabilities.tolist() == [[0.25, 0.5, 0.25]] * 2


@pytest.mark.parametrize("target", [[0, 1, 1, 1], [False, True, True, True], ["no", "yes", "yes", "yes"]], ids=str)
def test_classes_keep_their_type(target):
    series = pd.Series(target)
    found = predict_baseline("prior", series, by_time(4, 1), 1)
    assert found.values.tolist() == [target[1]]
    assert (found.values == series.to_numpy()[3:]).all()


@pytest.mark.parametrize(
    ("target", "labels"),
    [
        ([2, 0, 1, 0], (0, 1, 2)),
        (["yes", "no"], ("no", "yes")),
        ([True, False], (False, True)),
        ([1.0, 0.0], (0.0, 1.0)),
    ],
)
def test_classes_are_sorted_and_of_two_the_second_is_the_positive_one(target, labels):
    found = sort_labels(pd.Series(target))
    assert found == labels
    assert [type(label) for label in found] == [type(label) for label in labels]
