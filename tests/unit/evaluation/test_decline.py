"""The decline of a model: its size, its limits and how often it is seen where there is none."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pavedroad.errors import EvidenceError
from pavedroad.foundation.drift.reference import Reference
from pavedroad.foundation.evaluation.decline import compare_performance, measure_decline, tell_performance
from pavedroad.foundation.evaluation.metrics import METRICS
from pavedroad.foundation.evaluation.predicted import Predicted, read_predicted, write_predicted
from pavedroad.foundation.evaluation.resampling import Interval


def keep(value, low, high, better="lower", lead=1.0):
    metric = {"lower": "mean_absolute_error", "higher": "accuracy_score"}[better]
    return Predicted(
        model="0" * 64, metric=metric, better=better, confidence=0.95, value=value, low=low, high=high,
        baseline="the mean", lead=lead, predictions=Reference(rows=0, about="nothing", columns=[]),
    )  # fmt: skip


def test_an_error_that_grew_is_a_decline_with_limits_from_both_sides():
    found = measure_decline(keep(10, 9, 12), Interval(13, 11.5, 13.5))
    # The decline is least where the holdout was at its upper limit and the current rows are at their lower one.
    assert found.worse.value == 3
    assert found.worse.low == pytest.approx(3 - math.hypot(12 - 10, 13 - 11.5))
    assert found.worse.high == pytest.approx(3 + math.hypot(10 - 9, 13.5 - 13))
    assert found.share == 3


@given(value=st.floats(0.1, 0.9), change=st.floats(-0.05, 0.05), width=st.floats(0.01, 0.1))
def test_a_metric_that_is_better_when_higher_is_the_mirror_image(value, change, width):
    up = measure_decline(
        keep(value, value - width, value + 2 * width, "higher"), Interval(value - change, value - change - width, value)
    )
    down = measure_decline(
        keep(-value, -value - 2 * width, -value + width), Interval(change - value, -value, change - value + width)
    )
    assert up == down


def test_a_gain_is_no_decline():
    found = measure_decline(keep(10, 9, 11), Interval(8, 7, 9))
    assert (found.worse.value, found.share) == (-2, 0)
    assert found.p_value > 0.5


@pytest.mark.parametrize(("now", "p_value"), [(10, 1.0), (9, 1.0), (11, 0.0)])
def test_estimates_without_any_spread_are_certain(now, p_value):
    assert measure_decline(keep(10, 10, 10), Interval(now, now, now)).p_value == p_value


@pytest.mark.parametrize(("lead", "share"), [(4.0, 0.5), (1.0, 2.0), (0.0, 1.0), (-3.0, 1.0)])
def test_the_share_is_of_the_lead_and_all_of_it_where_there_was_none(lead, share):
    assert measure_decline(keep(10, 9, 11, lead=lead), Interval(12, 11, 13)).share == share


def test_rows_in_blocks_make_both_estimates_less_certain():
    one, many = (measure_decline(keep(10, 9, 11), Interval(12, 11, 13), block) for block in (1, 9))
    assert one.p_value < 0.05 < many.p_value
    assert many.worse.value - many.worse.low == pytest.approx(3 * (one.worse.value - one.worse.low))


def bound(errors):
    """A mean with its textbook 95 % limits."""
    mean, error = float(errors.mean()), float(errors.std(ddof=1)) / math.sqrt(errors.size)
    return mean, mean - 1.959964 * error, mean + 1.959964 * error


@pytest.mark.parametrize("sizes", [(400, 400), (400, 50), (60, 1000)])
def test_a_decline_is_seen_by_chance_as_often_as_stated(sizes):
    rng = np.random.default_rng(3)
    draws = [[np.abs(rng.normal(size=size)) for size in sizes] for _ in range(1000)]
    found = [measure_decline(keep(*bound(then)), Interval(*bound(now))).p_value for then, now in draws]
    assert np.mean(np.array(found) <= 0.05) == pytest.approx(0.05, abs=0.025)


def test_the_sentence_tells_both_numbers_and_the_limits():
    told = tell_performance(
        compare_performance(keep(10, 9, 11), Interval(12.5, 11, 14), 300, 1), METRICS["mean_absolute_error"]
    )
    assert told == (
        "The mean absolute error is 12.5 on 300 current rows whose target is known, after 10 on the holdout: worse by "
        "2.5, 95% interval of the decline 0.6972 to 4.303."
    )


def test_what_is_kept_comes_back(tmp_path):
    kept = keep(10, 9, 11)
    write_predicted(tmp_path / "predicted.json", kept)
    assert read_predicted(tmp_path / "predicted.json") == kept


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "cannot be read"),
        (b"{}", "not a valid record of what the model predicted"),
        (b"\xff", "not strict JSON"),
        ("swapped", "contradict each other"),
    ],
)
def test_what_is_no_record_of_an_evaluation_is_refused(content, why, tmp_path):
    path = tmp_path / "predicted.json"
    if content == "swapped":
        write_predicted(path, keep(10, 11, 9))
    elif content is not None:
        path.write_bytes(content)
    with pytest.raises(EvidenceError, match=why):
        read_predicted(path)
