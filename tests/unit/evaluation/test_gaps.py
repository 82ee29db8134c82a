"""The gap of a metric between groups: its limits hold the truth as often as they say, with groups alike and not."""

import numpy as np
import pytest

from pavedroad.errors import JudgementError
from pavedroad.foundation.evaluation.gaps import Resampled, find_gap, resample_group
from pavedroad.foundation.evaluation.metrics import METRICS, Predictions

MAE, AUC = METRICS["mean_absolute_error"], METRICS["roc_auc_score"]


def draw(means, rows, seed, resamples=400):
    """Groups whose metric is a mean of unit variance, and resamples of those means as the bootstrap draws them."""
    rng = np.random.default_rng(seed)
    groups = []
    for mean in means:
        sample = rng.normal(mean, 1.0, rows)
        scores = sample[rng.integers(0, rows, (resamples, rows))].mean(axis=1)
        groups.append(Resampled(float(sample.mean()), scores))
    return groups


def test_a_gap_is_that_between_the_highest_and_the_lowest():
    found = find_gap(draw([0.0, 2.0, 1.0], 400, 0), 0.95)
    values = [group.value for group in draw([0.0, 2.0, 1.0], 400, 0)]
    assert found.value == pytest.approx(max(values) - min(values))
    assert 1.7 < found.low < found.value < found.high < 2.3


def test_two_groups_get_the_interval_of_the_textbook():
    one, other = draw([0.0, 1.0], 2_000, 3, resamples=4_000)
    found = find_gap([one, other], 0.95)
    error = np.sqrt(2 / 2_000)
    assert found.high - found.value == pytest.approx(1.96 * error, rel=0.08)
    assert found.value - found.low == pytest.approx(1.96 * error, rel=0.08)


def test_more_groups_and_more_confidence_widen_it():
    few, many = find_gap(draw([0.0, 1.0], 200, 1), 0.95), find_gap(draw([0.0, 1.0, *[0.5] * 10], 200, 1), 0.95)
    assert many.high - many.value > 1.3 * (few.high - few.value)
    sure = find_gap(draw([0.0, 1.0], 200, 1), 0.99)
    assert sure.low < few.low < few.high < sure.high


def test_groups_that_are_alike_may_have_no_gap_at_all():
    found = find_gap(draw([1.0, 1.0, 1.0], 100, 5), 0.95)
    assert found.low == 0.0 < found.value < found.high


def test_what_does_not_vary_is_certain():
    still = [Resampled(value, np.full(100, value)) for value in (1.0, 0.75)]
    found = find_gap(still, 0.95)
    assert (found.low, found.value, found.high) == (0.25, 0.25, 0.25)
    moving = draw([0.0], 50, 2)[0]
    mixed = find_gap([*still, moving], 0.95)
    assert mixed.low < mixed.value < mixed.high


def test_resamples_that_were_left_out_of_one_group_do_not_matter():
    groups = draw([0.0, 1.0], 100, 4)
    shorter = [groups[0], Resampled(groups[1].value, groups[1].scores[:250])]
    assert find_gap(shorter, 0.95).value == find_gap(groups, 0.95).value


def test_a_group_is_drawn_by_its_own_rows_and_seed():
    rng = np.random.default_rng(0)
    actual, predicted = rng.normal(size=200), Predictions(rng.normal(size=200))
    rows = np.arange(50, 120)
    found = resample_group(MAE, actual, predicted, rows, seed=1)
    assert found.value == pytest.approx(np.abs(actual - predicted.values)[rows].mean())
    assert found.estimate(0.9).low < found.value < found.estimate(0.9).high
    same, other = (resample_group(MAE, actual, predicted, rows, seed=seed).scores for seed in (1, 2))
    assert (same == found.scores).all()
    assert abs(np.corrcoef(other, found.scores)[0, 1]) < 0.2


def test_a_group_without_a_value_says_so():
    chance = np.linspace(0.1, 0.9, 40)
    model = Predictions((chance > 0.5).astype(int), np.column_stack([1 - chance, chance]), (0, 1))
    with pytest.raises((JudgementError, ValueError)):
        resample_group(AUC, np.zeros(40, dtype=int), model, np.arange(40), seed=0)


TRUTHS = [[0.0, 0.0], [0.0, 0.0, 0.0, 0.0], [0.0, 0.1, 0.2, 0.3], [0.0, 0.0, 0.0, 2.0]]


@pytest.mark.slow
@pytest.mark.parametrize("means", TRUTHS, ids=str)
def test_the_limits_hold_the_truth_at_least_as_often_as_they_say(means):
    truth = max(means) - min(means)
    found = [find_gap(draw(means, 100, seed), 0.95) for seed in range(600)]
    assert sum(gap.low <= truth <= gap.high for gap in found) / 600 >= 0.92


@pytest.mark.slow
def test_a_percentile_interval_of_the_gap_itself_would_not():
    held = 0
    for seed in range(200):
        drawn = np.stack([group.scores for group in draw([0.0] * 4, 100, seed)])
        held += np.quantile(drawn.max(axis=0) - drawn.min(axis=0), 0.025) <= 0.0
    assert held == 0
